"""Drivers and summaries of chapter 06: preprocessing, principal components, random weights.

The bank of `solutions/06_initialization` names them. Drivers run in the learner's kernel or the
grader's sandbox; summaries run where the result is judged.
"""

from __future__ import annotations

import copy

import numpy as np

from cs231n_lib.drivers import call_with

NONLINEARITIES = {
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "none": lambda z: z,
    "one minus": lambda z: 1.0 - z,
}


# ------------------------------------------------------------------ standardize


def standardize(functions, inputs, exercise):
    """Call `standardize(X_train, *others)` and name what comes back train, other_1, other_2, ..."""
    sets = functions[exercise.name](inputs["X_train"], *inputs["others"])
    count = 1 + len(inputs["others"])
    if not isinstance(sets, (tuple, list)) or len(sets) != count:
        got = f"a {type(sets).__name__}"
        if isinstance(sets, (tuple, list)):
            got += f" of {len(sets)}"
        elif isinstance(sets, np.ndarray):
            got = f"an array of shape {sets.shape}"
        plural = "s" if count > 1 else ""
        raise TypeError(
            f"must return a tuple of {count} array{plural}, one for each set it was given, "
            f"got {got}"
        )
    names = ["train"] + [f"other_{i}" for i in range(1, count)]
    return dict(zip(names, sets))


def comparable_sets(outputs, inputs):
    """Set to zero, outside the training set, the features that are constant in it.

    What a constant feature gives in the other sets is left open: 0, a difference, or an infinity.
    """
    X_train = np.asarray(inputs["X_train"])
    constant = X_train.min(axis=0) == X_train.max(axis=0)  # (D,)
    done = {}
    for name, array in outputs.items():
        if name != "train" and array.ndim == 2 and array.shape[1] == len(constant):
            array = np.where(constant, 0.0, array)
        done[name] = array
    return done


# ------------------------------------------------------------------ pca and whiten


def with_fixed_signs(outputs, inputs):
    """Turn each component so that its largest entry is positive, and its projection with it.

    A principal component is a line, and either direction along it is right. The cases are made
    such that the largest entry stands out, so that rounding cannot change which one it is.
    """
    done = dict(outputs)
    components, projected = outputs.get("components"), outputs.get("projected")
    if components is None or projected is None or components.ndim != 2 or projected.ndim != 2:
        return done
    if components.shape[0] != projected.shape[1] or 0 in components.shape:
        return done
    if not np.isfinite(components).all():
        return done
    largest = np.abs(components).argmax(axis=1)  # (k,)
    signs = np.where(components[np.arange(len(components)), largest] < 0, -1.0, 1.0)
    done["components"] = components * signs[:, None]
    done["projected"] = projected * signs
    return done


def without_rotation(outputs, inputs):
    """Describe whitened data by what no rotation of its axes changes.

    PCA and ZCA whitening differ by an orthogonal matrix R, Z' = Z R. The mean's length, the
    eigenvalues of the covariance and the dot products of the rows, Z Z^T, are then the same, and
    equal dot products mean in turn that Z' is Z, turned or mirrored.

    Raises
    ------
    ValueError
        The result has not the shape of X.
    """
    Z, X = np.asarray(outputs["Z"], dtype=np.float64), inputs["X"]
    if Z.shape != X.shape:
        turned = " Transposed?" if Z.shape == X.shape[::-1] else ""
        raise ValueError(f"Z must have the shape of X, {X.shape}, got {Z.shape}.{turned}")
    N, D = X.shape
    if not np.isfinite(Z).all():
        # One column or all of them, depending on the way: say the same of both.
        nan = np.nan
        return {
            "length_of_mean": nan, "variances_of_Z": np.full(D, nan),
            "dot_products_of_rows": np.full((N, N), nan),
        }
    centred = Z - Z.mean(axis=0)
    return {
        "length_of_mean": np.linalg.norm(Z.mean(axis=0)).round(9),  # rounding noise is no news
        "variances_of_Z": np.linalg.eigvalsh(centred.T @ centred / N)[::-1],  # (D,), falling
        "dot_products_of_rows": Z @ Z.T,  # (N, N)
    }


# ------------------------------------------------------------------ random weights


def weights(functions, inputs, exercise):
    """Draw weights four times: from a seed, on from there, from the same seed, from another.

    `inputs["other_rng"]` is the other seed; it is not a parameter of the function.
    """
    function, again = functions[exercise.name], copy.deepcopy(inputs["rng"])
    first = call_with(function, inputs, exercise)
    following = call_with(function, inputs, exercise)
    same = call_with(function, inputs | {"rng": again}, exercise)
    other = call_with(function, inputs | {"rng": inputs["other_rng"]}, exercise)
    return {"first": first, "following": following, "same": same, "other": other}


def weight_statistics(outputs, inputs):
    """Describe a sample of weights by statistics; `solutions/06_.../bank.py` says how sharp.

    Returns
    -------
    dict
        std; mean_over_std; kurtosis (3 for a normal distribution, 1.8 for a uniform one);
        distinct, the share of different values (near 0 when columns are copies of one another);
        and whether the seed decides the result.

    Raises
    ------
    ValueError
        The shape is not (fan_in, fan_out).
    """
    W, wanted = np.asarray(outputs["first"]), (inputs["fan_in"], inputs["fan_out"])
    if W.shape != wanted:
        turned = " Transposed?" if W.shape == wanted[::-1] else ""
        raise ValueError(
            f"the weights must have shape (fan_in, fan_out) = {wanted}, got {W.shape}.{turned}"
        )
    W = W.astype(np.float64)
    std = W.std()
    z = (W - W.mean()) / std if std > 0 else np.zeros(W.shape)

    def equal(name):
        return bool(np.array_equal(outputs["first"], outputs[name]))

    return {
        "std": std,
        "mean_over_std": W.mean() / std if std > 0 else 0.0,
        "kurtosis": (z**4).mean(),
        "distinct": len(np.unique(W)) / W.size,
        "same_seed_same_weights": equal("same"),
        "other_seed_other_weights": not equal("other"),
        "next_draw_other_weights": not equal("following"),
    }


# ------------------------------------------------------------------ layer_statistics


def layer_statistics(functions, inputs, exercise):
    """Call the function with the nonlinearity that the case names; return means and stds."""
    result = functions[exercise.name](
        inputs["x"], inputs["weights"], NONLINEARITIES[inputs["nonlinearity"]]
    )
    if not isinstance(result, (list, tuple, np.ndarray)):
        raise TypeError(f"must return a list of pairs (mean, std), got {type(result).__name__}")
    if any(np.ndim(pair) == 0 for pair in result):
        raise TypeError("must return a list of pairs (mean, std), got a list of single numbers")
    return {"statistics": [tuple(pair) for pair in result]}
