# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, plots, start_chapter

start_chapter("06_initialization")
plots.use_course_style()


# %% tags=["exercise"]
def per_channel_mean(images):
    """doc"""
    ### BEGIN SOLUTION
    return images.mean(axis=(0, 1, 2))
    ### END SOLUTION


# %% tags=["check"]
check("per_channel_mean", per_channel_mean)


# %% tags=["exercise"]
def standardize(X_train, *others):
    """doc"""
    ### BEGIN SOLUTION
    mean = X_train.mean(axis=0)  # (D,)
    std = X_train.std(axis=0)  # (D,)
    std = np.where(std == 0, 1.0, std)
    return tuple((X - mean) / std for X in (X_train, *others))
    ### END SOLUTION


# %% tags=["check"]
check("standardize", standardize)


# %% tags=["exercise"]
def pca(X, num_components):
    """doc"""
    ### BEGIN SOLUTION
    X_centred = X - X.mean(axis=0)
    U, S, Vt = np.linalg.svd(X_centred, full_matrices=False)
    components = Vt[:num_components]  # (k, D)
    projected = X_centred @ components.T  # (N, k)
    explained_variance = S[:num_components] ** 2 / len(X)  # (k,)
    return projected, components, explained_variance
    ### END SOLUTION


# %% tags=["check"]
check("pca", pca)


# %% tags=["exercise"]
def whiten(X, eps=1e-5):
    """doc"""
    ### BEGIN SOLUTION
    X_centred = X - X.mean(axis=0)
    covariance = X_centred.T @ X_centred / len(X)  # (D, D)
    variances, directions = np.linalg.eigh(covariance)  # (D,), (D, D), one direction a column
    return X_centred @ directions / np.sqrt(variances + eps)
    ### END SOLUTION


# %% tags=["check"]
check("whiten", whiten)


# %% tags=["exercise"]
def init_normal(fan_in, fan_out, std, rng):
    """doc"""
    ### BEGIN SOLUTION
    return rng.normal(0.0, std, size=(fan_in, fan_out))
    ### END SOLUTION


# %% tags=["check"]
check("init_normal", init_normal)


# %% tags=["exercise"]
def layer_statistics(x, weights, nonlinearity):
    """doc"""
    ### BEGIN SOLUTION
    statistics = []
    for W in weights:
        x = nonlinearity(x @ W)
        statistics.append((x.mean(), x.std()))
    return statistics
    ### END SOLUTION


# %% tags=["check"]
check("layer_statistics", layer_statistics)


# %% tags=["exercise"]
def init_xavier(fan_in, fan_out, rng):
    """doc"""
    ### BEGIN SOLUTION
    return rng.normal(0.0, 1.0 / np.sqrt(fan_in), size=(fan_in, fan_out))
    ### END SOLUTION


# %% tags=["check"]
check("init_xavier", init_xavier)


# %% tags=["exercise"]
def init_he(fan_in, fan_out, rng):
    """doc"""
    ### BEGIN SOLUTION
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_in, fan_out))
    ### END SOLUTION


# %% tags=["check"]
check("init_he", init_he)
