"""The bank of chapter 06: what right and wrong preprocessing and initialisation look like.

Long because eight exercises stand here, four of them with random or sign-free results, whose
tolerances are argued for where they are set.
"""

import itertools

import numpy as np

from cs231n_lib.authoring import Bank, Rng

bank = Bank("06_initialization")


# ------------------------------------------------------------------ per_channel_mean

per_channel_mean = bank.exercise("per_channel_mean", points=1, returns=("mean",))


@per_channel_mean.case("five colour images")
def _(rng):
    return dict(images=rng.random((5, 4, 6, 3)) * [1.0, 0.5, 0.1])


@per_channel_mean.case("as many images as rows, columns and channels")
def _(rng):
    return dict(images=rng.normal(size=(4, 4, 4, 4)))


@per_channel_mean.case("one grey image of bytes")
def _(rng):
    return dict(images=rng.integers(100, 256, size=(1, 9, 7, 1)).astype(np.uint8))


@per_channel_mean.case("bytes, four channels", hidden=True)
def _(rng):
    return dict(images=rng.integers(0, 256, size=(20, 8, 5, 4)).astype(np.uint8))


per_channel_mean.edit(
    "one mean over everything", "Every channel has a mean of its own: keep the last axis.",
    ("mean(axis=(0, 1, 2))", "mean()"),
)
per_channel_mean.edit(
    "the mean image", "That averages over the images only; average over rows and columns as well.",
    ("axis=(0, 1, 2)", "axis=0"),
)
per_channel_mean.edit(
    "a mean for each image", "The N images share one mean per channel: average over them too.",
    ("axis=(0, 1, 2)", "axis=(1, 2)"),
)
per_channel_mean.edit(
    "channels taken from the second axis",
    "The images are (N, H, W, C): the channels stand last, not second.",
    ("axis=(0, 1, 2)", "axis=(0, 2, 3)"),
)
per_channel_mean.edit(
    "the averaged axes are kept with size 1", "The result has shape (C,): no axes of size 1.",
    ("axis=(0, 1, 2)", "axis=(0, 1, 2), keepdims=True"),
)
per_channel_mean.edit(
    "a sum in place of a mean", "Divide by the number of pixels, N * H * W.",
    (".mean(axis", ".sum(axis"),
)
per_channel_mean.edit(
    "the standard deviation in place of the mean", "The mean is asked for here, not the spread.",
    (".mean(axis", ".std(axis"),
)
per_channel_mean.edit(
    "a sum divided by the number of images only",
    "Each image has H * W pixels: divide by N * H * W.",
    ("images.mean(axis=(0, 1, 2))", "images.sum(axis=(0, 1, 2)) / len(images)"),
)


@per_channel_mean.mistake(
    "bytes added up as bytes", "A sum of uint8 wraps around at 256: add up as float64.")
def _(images):
    total = np.zeros(images.shape[-1], images.dtype)
    for pixel in images.reshape(-1, images.shape[-1]):
        total = total + pixel
    return total / (images.size / images.shape[-1])


@per_channel_mean.also_right("a loop over channels")
def _(images):
    return [float(np.mean(images[:, :, :, c])) for c in range(images.shape[3])]


@per_channel_mean.also_right("pixels as rows")
def _(images):
    return images.reshape(-1, images.shape[-1]).mean(axis=0)


@per_channel_mean.also_right("einsum")
def _(images):
    N, H, W, _ = images.shape
    return np.einsum("nhwc->c", images.astype(np.float64)) / (N * H * W)


@per_channel_mean.also_right("float32, one axis after the other")
def _(images):
    return images.astype(np.float32).mean(axis=2).mean(axis=1).mean(axis=0)


# ------------------------------------------------------------------ standardize

standardize = bank.exercise(
    "standardize", points=3, driver="ch06.standardize", summary="ch06.comparable_sets", rtol=1e-3,
)


def _table(rng, N, D, *, shift=0.0):
    """Features of different size: means up to 5, stds 0.02 to 4. Up to 1e-5 beside the std is
    harmless (0.05 %) and passes; under the root it would be 1.2 %, and does not."""
    return rng.normal(size=(N, D)) * np.geomspace(0.02, 4.0, D) + np.linspace(-3, 5, D) + shift


@standardize.case("a training and a test set")
def _(rng):
    return dict(X_train=_table(rng, 9, 4), others=[_table(rng, 5, 4, shift=1.0)])


@standardize.case("training, validation and test set")
def _(rng):
    return dict(
        X_train=_table(rng, 12, 5), others=[_table(rng, 4, 5), 2 * _table(rng, 6, 5, shift=-2.0)]
    )


@standardize.case("the training set alone")
def _(rng):
    return dict(X_train=_table(rng, 5, 5), others=[])


@standardize.case("features that are constant in the training set")
def _(rng):
    X_train, other = _table(rng, 8, 5), _table(rng, 6, 5)
    X_train[:, 1], X_train[:, 3] = 3.0, 0.0  # exact in binary, so their std is exactly 0
    return dict(X_train=X_train, others=[other])


@standardize.case("one row in the test set", hidden=True)
def _(rng):
    return dict(X_train=_table(rng, 30, 3), others=[_table(rng, 1, 3, shift=0.5)])


standardize.edit(
    "std with N - 1", "The course divides by N (NumPy's default), not by N - 1.",
    ("X_train.std(axis=0)", "X_train.std(axis=0, ddof=1)"),
)
standardize.edit(
    "every set by its own mean and std",
    "Mean and std come from the training set alone, and move all sets in the same way.",
    ("(X - mean) / std for X in",
     "(X - X.mean(axis=0)) / np.where(X.std(axis=0) == 0, 1.0, X.std(axis=0)) for X in"),
)
standardize.edit(
    "mean and std over all the sets together",
    "The test set must not take part: its statistics would leak into the training.",
    ("X_train.mean(axis=0)", "np.concatenate((X_train, *others)).mean(axis=0)"),
    ("X_train.std(axis=0)", "np.concatenate((X_train, *others)).std(axis=0)"),
)
standardize.edit(
    "one mean and one std for the whole table",
    "Every feature (column) has a mean and a std of its own: average over the rows, axis 0.",
    ("X_train.mean(axis=0)", "X_train.mean()"), ("X_train.std(axis=0)", "X_train.std()"),
)


@standardize.mistake(
    "every row by its own mean and std", "Average over the rows (axis 0), not within each row.")
def _(X_train, *others):
    return tuple(
        (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
        for X in (X_train, *others)
    )


standardize.edit(
    "divided by the variance", "Divide by the standard deviation, the root of the variance.",
    ("X_train.std(axis=0)", "X_train.var(axis=0)"),
)
standardize.edit(
    "only centred", "After subtracting the mean, divide each feature by its std.",
    ("(X - mean) / std", "(X - mean)"),
)
standardize.edit(
    "only scaled", "Subtract the mean before you divide by the std.",
    ("(X - mean) / std", "X / std"),
)
standardize.edit(
    "a constant feature divided by its std of 0",
    "Where the std is 0 there is nothing to scale: divide by 1 there.",
    ("np.where(std == 0, 1.0, std)", "std"),
)
standardize.edit(
    "a constant feature left as it was",
    "A constant feature becomes zeros in the training set: subtract its mean as everywhere else.",
    ("(X - mean) / std for", "np.where(X_train.std(axis=0) == 0, X, (X - mean) / std) for"),
)
standardize.edit(
    "an epsilon of 1e-5 under the root",
    "The std must come out as exactly 1: take the std itself, and treat 0 by itself.",
    ("X_train.std(axis=0)", "np.sqrt(X_train.var(axis=0) + 1e-5)"),
)
standardize.edit(
    "the other sets are only centred", "Divide the other sets by the training set's std as well.",
    ("tuple((X - mean) / std for X in (X_train, *others))",
     "((X_train - mean) / std, *((X - mean) for X in others))"),
)
standardize.edit(
    "the other sets come back as they were",
    "The model will see the other sets too: move them with the training set's mean and std.",
    ("tuple((X - mean) / std for X in (X_train, *others))", "((X_train - mean) / std, *others)"),
)
standardize.edit(
    "a bare array when there is one set", "Return a tuple always: (Z,) when there is one set.",
    ("return tuple((X - mean) / std for X in (X_train, *others))",
     "sets = tuple((X - mean) / std for X in (X_train, *others))\n"
     "    return sets if others else sets[0]"),
)
standardize.edit(
    "mean and std are returned as well", "Return the sets and nothing else.",
    ("return tuple((X - mean) / std for X in (X_train, *others))",
     "return (*((X - mean) / std for X in (X_train, *others)), mean, std)"),
)


@standardize.mistake(
    "the sets are changed in place", "Write X = X - mean: X -= mean changes the caller's array.")
def _(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std[std == 0] = 1.0
    for X in (X_train, *others):
        X -= mean
        X /= std
    return (X_train, *others)


@standardize.mistake(
    "squeezed between 0 and 1", "Standardising is mean 0 and std 1, not smallest 0 and largest 1.")
def _(X_train, *others):
    low, high = X_train.min(axis=0), X_train.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return tuple((X - low) / width for X in (X_train, *others))


@standardize.also_right("an epsilon of 1e-8 beside the std")
def _(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return tuple((X - mean) / (std + 1e-8) for X in [X_train, *others])


@standardize.also_right("an epsilon of 1e-5 beside the std")
def _(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return tuple((X - mean) / (std + 1e-5) for X in [X_train, *others])


@standardize.also_right("a list, written with loops")
def _(X_train, *others):
    out = []
    for X in (X_train,) + others:
        Z = np.zeros_like(X)
        for j in range(X_train.shape[1]):
            m = sum(X_train[:, j]) / len(X_train)
            s = (sum((v - m) ** 2 for v in X_train[:, j]) / len(X_train)) ** 0.5
            for i in range(len(X)):
                Z[i, j] = (X[i, j] - m) / s if s > 0 else 0.0
        out.append(Z)
    return out


@standardize.also_right("infinities in the other sets' constant features")
def _(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    first = np.nan_to_num((X_train - mean) / std, nan=0.0)
    return (first, *((X - mean) / std for X in others))


@standardize.also_right("mean of squares minus square of the mean, float32 result")
def _(X_train, *others):
    mean = X_train.sum(axis=0) / len(X_train)
    std = np.sqrt(np.maximum((X_train**2).mean(axis=0) - mean**2, 0.0))
    std[std == 0] = 1
    return tuple(((X - mean) / std).astype(np.float32) for X in (X_train, *others))


# ------------------------------------------------------------------ pca

# Signs are free: the summary makes each component's largest entry positive. The cases keep the
# variances apart by a factor of 1.5 at least (else directions are not determined) and the largest
# entry 10 % ahead of the next (else rounding would choose the sign).
pca = bank.exercise(
    "pca", points=4, summary="ch06.with_fixed_signs",
    returns=("projected", "components", "explained_variance"),
)


def _cloud(rng, N, D, k, spreads, mean):
    """Draw X (N, D), stretched along turned axes, until its first k components are clear-cut."""
    while True:
        turn = np.linalg.qr(rng.normal(size=(D, D)))[0]
        X = (rng.normal(size=(N, D)) * spreads) @ turn.T + mean
        _, S, Vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        entries = np.sort(np.abs(Vt[:k]), axis=1)
        apart = (S[: k + 1][:-1] ** 2 > 1.5 * S[1 : k + 1] ** 2).all() or k == len(S)
        if apart and (entries[:, -1] > 1.1 * entries[:, -2]).all():
            return X


@pca.case("two of four components, far from the origin")
def _(rng):
    return dict(X=_cloud(rng, 30, 4, 2, [4, 2, 1, 0.5], [5, -4, 3, 6]), num_components=2)


@pca.case("one component")
def _(rng):
    return dict(X=_cloud(rng, 12, 3, 1, [0.3, 2, 0.8], [0, 2, -1]), num_components=1)


@pca.case("a constant feature")
def _(rng):
    X = _cloud(rng, 25, 5, 3, [5, 2.5, 1.2, 0.5, 0.2], 1.0)
    X[:, 2] = 3.0
    return dict(X=X, num_components=2)


@pca.case("fewer examples than features")
def _(rng):
    return dict(X=_cloud(rng, 6, 9, 3, np.geomspace(8, 0.1, 9), -2.0), num_components=3)


@pca.case("features of very different size", hidden=True)
def _(rng):
    X = _cloud(rng, 40, 4, 3, [6, 3, 1.5, 0.5], [1, 2, 3, 4])
    return dict(X=X, num_components=3)


pca.edit(
    "X is not centred",
    "Subtract each feature's mean first, else the first component points at it.",
    ("X - X.mean(axis=0)", "X"),
)
pca.edit(
    "centred for the directions, but not for the projection",
    "Project the centred X, the same that gave the directions.",
    ("projected = X_centred @", "projected = X @"),
)
pca.edit(
    "each row is centred", "The mean of each feature is subtracted: average over the rows, axis 0.",
    ("X.mean(axis=0)", "X.mean(axis=1, keepdims=True)"),
)
pca.edit(
    "one mean for all features", "Each feature has a mean of its own: average over axis 0.",
    ("X.mean(axis=0)", "X.mean()"),
)
pca.edit(
    "variances with N - 1", "The course's variances divide by N.",
    ("** 2 / len(X)", "** 2 / (len(X) - 1)"),
)
pca.edit(
    "singular values in place of variances", "A variance is the squared singular value over N.",
    ("S[:num_components] ** 2 / len(X)", "S[:num_components]"),
)
pca.edit(
    "squared singular values that are not divided by N",
    "A variance is a mean of squares: divide by N.",
    ("** 2 / len(X)", "** 2"),
)
pca.edit(
    "standard deviations in place of variances", "Explained variance is a variance: no root.",
    ("S[:num_components] ** 2 / len(X)", "S[:num_components] / np.sqrt(len(X))"),
)
pca.edit(
    "fractions of the total variance", "The variances themselves are asked for, not their share.",
    ("S[:num_components] ** 2 / len(X)", "S[:num_components] ** 2 / (S**2).sum()"),
)
pca.edit(
    "the variances of all components", "Return the variances of the first num_components only.",
    ("S[:num_components] ** 2", "S ** 2"),
)
pca.edit(
    "components as columns", "components has one direction a row, shape (k, D).",
    ("return projected, components,", "return projected, components.T,"),
)
pca.edit(
    "projection and components swapped", "The order is projected, components, explained_variance.",
    ("return projected, components,", "return components, projected,"),
)
pca.edit(
    "the columns of Vt taken for the directions",
    "np.linalg.svd returns Vt, with a direction in each ROW.",
    ("components = Vt[:num_components]", "components = Vt[:, :num_components].T"),
)
pca.edit(
    "a projection that is scaled to length 1",
    "Project with X_centred @ components.T: U alone has lost the spread along the component.",
    ("projected = X_centred @ components.T", "projected = U[:, :num_components]"),
)
pca.edit(
    "features scaled to std 1 first", "Only centre: PCA works on the features' own spreads.",
    ("X - X.mean(axis=0)", "(X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12)"),
)
pca.edit(
    "the data rebuilt in place of the projection",
    "projected holds k numbers an example: stop before turning back to D features.",
    ("X_centred @ components.T", "X_centred @ components.T @ components"),
)


@pca.mistake(
    "the smallest components first",
    "np.linalg.eigh sorts from small to large: take the last ones, in reverse order.")
def _(X, num_components):
    X_centred = X - X.mean(axis=0)
    variances, directions = np.linalg.eigh(X_centred.T @ X_centred / len(X))
    components = directions[:, :num_components].T
    return X_centred @ components.T, components, variances[:num_components]


@pca.mistake(
    "the right components, but the largest last",
    "np.linalg.eigh sorts from small to large: reverse the order of the last k.")
def _(X, num_components):
    X_centred = X - X.mean(axis=0)
    variances, directions = np.linalg.eigh(X_centred.T @ X_centred / len(X))
    components = directions[:, -num_components:].T
    return X_centred @ components.T, components, variances[-num_components:]


@pca.mistake(
    "the rows of eigh's matrix taken for the directions",
    "np.linalg.eigh has a direction in each COLUMN.")
def _(X, num_components):
    X_centred = X - X.mean(axis=0)
    variances, directions = np.linalg.eigh(X_centred.T @ X_centred / len(X))
    components = directions[::-1][:num_components]
    return X_centred @ components.T, components, variances[::-1][:num_components]


@pca.mistake("X is centred in place", "Write X_centred = X - mean: X -= mean changes the caller's.")
def _(X, num_components):
    X -= X.mean(axis=0)
    _, S, Vt = np.linalg.svd(X, full_matrices=False)
    components = Vt[:num_components]
    return X @ components.T, components, S[:num_components] ** 2 / len(X)


@pca.also_right("eigenvectors of the covariance matrix")
def _(X, num_components):
    covariance = np.cov(X, rowvar=False, bias=True)
    variances, directions = np.linalg.eigh(covariance)
    order = np.argsort(variances)[::-1][:num_components]
    return (X - X.mean(axis=0)) @ directions[:, order], directions[:, order].T, variances[order]


@pca.also_right("all directions mirrored, U times S")
def _(X, num_components):
    U, S, Vt = np.linalg.svd(X - np.mean(X, axis=0))
    k = num_components
    return [-(U[:, :k] * S[:k]), -Vt[:k], list(S[:k] ** 2 / X.shape[0])]


@pca.also_right("eigenvectors of the N x N matrix of dot products")
def _(X, num_components):
    X = X - X.mean(axis=0)
    values, vectors = np.linalg.eigh(X @ X.T)
    values, vectors = values[::-1][:num_components], vectors[:, ::-1][:, :num_components]
    return vectors * np.sqrt(values), (X.T @ vectors / np.sqrt(values)).T, values / len(X)


@pca.also_right("np.linalg.eig, variances measured on the projection")
def _(X, num_components):
    X = X - X.mean(axis=0)
    values, vectors = np.linalg.eig(X.T @ X)
    components = vectors.real[:, np.argsort(-values.real)[:num_components]].T
    projected = X @ components.T
    return projected, components, projected.var(axis=0)


@pca.also_right("one component after the other by power iteration")
def _(X, num_components):
    X = X - X.mean(axis=0)
    rest, found = X.T @ X / len(X), []
    for _ in range(num_components):
        v = np.ones(X.shape[1]) + 0.1 * np.arange(X.shape[1])
        for _ in range(2000):
            v = rest @ v
            v /= np.linalg.norm(v)
        found.append(v)
        rest = rest - (v @ rest @ v) * np.outer(v, v)
    components = np.array(found)
    return X @ components.T, components, (X @ components.T).var(axis=0)


@pca.also_right("float32")
def _(X, num_components):
    X = (X - X.mean(axis=0)).astype(np.float32)
    _, S, Vt = np.linalg.svd(X, full_matrices=False)
    components = Vt[:num_components]
    return X @ components.T, components, S[:num_components] ** 2 / len(X)


# ------------------------------------------------------------------ whiten

# PCA, ZCA and every rotation of them are right: the summary compares what a rotation leaves alone.
# rtol 1e-4: whitening raises the smallest component to the size of the largest, and with it the
# rounding of a float32 solution.
whiten = bank.exercise(
    "whiten", points=4, summary="ch06.without_rotation", returns=("Z",), rtol=1e-4,
    tolerance={"length_of_mean": (0.0, 1e-4)},
)


def _correlated(rng, N, D, spreads, mean):
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return (rng.normal(size=(N, D)) * spreads) @ turn.T + mean


@whiten.case("correlated features")
def _(rng):
    return dict(X=_correlated(rng, 20, 3, [2.0, 1.0, 0.4], [3.0, -1.0, 2.0]))


@whiten.case("an eps of 0.1")
def _(rng):
    return dict(X=_correlated(rng, 15, 4, [3.0, 1.5, 0.7, 0.3], 1.0), eps=0.1)


@whiten.case("small values, eps left at its default")
def _(rng):
    return dict(X=_correlated(rng, 18, 3, [0.02, 0.01, 0.005], 0.1))


@whiten.case("a constant feature")
def _(rng):
    X = _correlated(rng, 20, 4, [2.0, 1.0, 0.7, 0.5], -1.0)
    X[:, -1] = 3.0
    return dict(X=X, eps=1e-3)


@whiten.case("two equal features", hidden=True)
def _(rng):
    X = _correlated(rng, 40, 4, [2.0, 1.0, 0.7, 0.5], 0.5)
    X[:, 1] = X[:, 3]
    return dict(X=X, eps=0.01)


whiten.edit(
    "X is not centred", "Subtract each feature's mean first.", ("X - X.mean(axis=0)", "X"))
whiten.edit(
    "the covariance with N - 1", "The course's variances divide by N.",
    ("/ len(X)", "/ (len(X) - 1)"),
)
whiten.edit(
    "the covariance is not divided by N", "A variance is a mean of squares: divide by N.",
    ("X_centred.T @ X_centred / len(X)", "X_centred.T @ X_centred"),
)
whiten.edit(
    "no eps", "A component without variance would be 0 / 0: divide by sqrt(variance + eps).",
    ("np.sqrt(variances + eps)", "np.sqrt(np.maximum(variances, 0.0))"),
)
whiten.edit(
    "eps stands outside the root", "Divide by sqrt(variance + eps): eps is added to the variance.",
    ("np.sqrt(variances + eps)", "(np.sqrt(np.maximum(variances, 0.0)) + eps)"),
)
whiten.edit(
    "eps is fixed at 1e-5", "Use the parameter eps: the caller may choose another one.",
    ("np.sqrt(variances + eps)", "np.sqrt(variances + 1e-5)"),
)
whiten.edit(
    "divided by the variance", "Divide by the root of variance + eps.",
    ("np.sqrt(variances + eps)", "(variances + eps)"),
)
whiten.edit(
    "multiplied by the root", "Large components must shrink: divide by the root.",
    ("@ directions / np.sqrt", "@ directions * np.sqrt"),
)
whiten.edit(
    "rotated, but not scaled", "After the rotation divide each component by sqrt(variance + eps).",
    (" / np.sqrt(variances + eps)", ""),
)
whiten.edit(
    "the directions taken from the rows",
    "np.linalg.eigh has a direction in each COLUMN: X_centred @ directions.",
    ("X_centred @ directions", "X_centred @ directions.T"),
)
whiten.edit(
    "features scaled to std 1 first", "Only centre first; the scaling comes after the rotation.",
    ("X - X.mean(axis=0)",
     "(X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)"),
)


@whiten.mistake(
    "each feature scaled by itself, without the rotation",
    "That leaves the correlations: rotate to the principal directions before you scale.")
def _(X, eps=1e-5):
    return (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + eps)


@whiten.mistake(
    "singular values taken for variances",
    "np.linalg.svd gives singular values s; the variances are s**2 / N.")
def _(X, eps=1e-5):
    X_centred = X - X.mean(axis=0)
    _, s, Vt = np.linalg.svd(X_centred, full_matrices=False)
    return X_centred @ Vt.T / np.sqrt(s + eps)


@whiten.mistake(
    "divided by the singular values",
    "A coordinate's std is its singular value over the root of N, and eps stands under the root.")
def _(X, eps=1e-5):
    X_centred = X - X.mean(axis=0)
    _, s, Vt = np.linalg.svd(X_centred, full_matrices=False)
    return X_centred @ Vt.T / (s + eps)


@whiten.mistake(
    "U times the root of N, without eps",
    "U has all variances at exactly 1, noise too: eps must hold back the small ones.")
def _(X, eps=1e-5):
    U, _, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return U * np.sqrt(len(X))


@whiten.mistake(
    "X is centred in place", "Write X_centred = X - mean: X -= mean changes the caller's.")
def _(X, eps=1e-5):
    X -= X.mean(axis=0)
    variances, directions = np.linalg.eigh(X.T @ X / len(X))
    return X @ directions / np.sqrt(variances + eps)


@whiten.also_right("ZCA: turned back to the features' axes")
def _(X, eps=1e-5):
    X_centred = X - X.mean(axis=0)
    variances, V = np.linalg.eigh(np.cov(X.T, bias=True))
    return X_centred @ (V / np.sqrt(variances + eps)) @ V.T


@whiten.also_right("PCA by singular values, mirrored")
def _(X, eps=1e-5):
    U, s, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return -U * s / np.sqrt(s**2 / len(X) + eps)


@whiten.also_right("through pca")
def _(X, eps=1e-5):
    projected, _, variances = pca(X, X.shape[1])
    return projected / np.sqrt(variances + eps)


@whiten.also_right("Cholesky factor of the inverse covariance")
def _(X, eps=1e-5):
    X_centred = X - X.mean(axis=0)
    C = X_centred.T @ X_centred / len(X) + eps * np.eye(X.shape[1])
    return X_centred @ np.linalg.cholesky(np.linalg.inv(C))


@whiten.also_right("float32 ZCA")
def _(X, eps=1e-5):
    X_centred = (X - X.mean(axis=0)).astype(np.float32)
    variances, V = np.linalg.eigh(X_centred.T @ X_centred / np.float32(len(X)))
    return X_centred @ V @ np.diag(1 / np.sqrt(variances + np.float32(eps))) @ V.T


# ------------------------------------------------------------------ random weights

# A sample has n = 40,000 weights. Standard errors: of the std, relatively, 1/sqrt(2n) = 0.0035;
# of the mean in stds, 1/sqrt(n) = 0.005; of the kurtosis, sqrt(24/n) = 0.0245. Reference and
# learner draw independently, so the difference has sqrt(2) times as much; tolerances are 6 of
# those, 2e-9 a comparison. Distinct: 40,000 float32 values collide about 15 times, a share of
# 4e-4. The nearest mistakes are 12 % off in std or 0.5 in kurtosis: 4 and 2.4 tolerances.
SHARP = dict(
    driver="ch06.weights", summary="ch06.weight_statistics", rtol=0.0, atol=0.0,
    tolerance={
        "std": (0.030, 0.0), "mean_over_std": (0.0, 0.043), "kurtosis": (0.0, 0.21),
        "distinct": (0.0, 0.01),
    },
)
FANS = ((400, 100), (100, 400), (1000, 40))
HIDDEN_FANS = (50, 800)
# Stands for the global generator, which would differ at each build: another seed at each of the
# four calls that the driver makes for a case, and the same four for the next case.
CALLS = itertools.cycle((1, 2, 3, 4))


def _layer(rng, fan_in, fan_out, **more):
    seeds = rng.choice(2**31, size=2, replace=False)
    return dict(fan_in=fan_in, fan_out=fan_out, **more) | dict(
        rng=Rng(int(seeds[0])), other_rng=Rng(int(seeds[1]))
    )


def _add_cases(entry, stds=(None,) * 4):
    for (fan_in, fan_out), std in zip((*FANS, HIDDEN_FANS), stds):
        more = {} if std is None else {"std": std}

        def make(rng, fan_in=fan_in, fan_out=fan_out, more=more):
            return _layer(rng, fan_in, fan_out, **more)

        entry.case(
            f"{fan_in} inputs, {fan_out} units", hidden=(fan_in, fan_out) == HIDDEN_FANS
        )(make)


def _drawing(name, draw, std_of):
    """Return a function `name` that draws with `draw(rng, fan_in, fan_out, std)`."""
    if name == "init_normal":
        def init(fan_in, fan_out, std, rng):
            return draw(rng, fan_in, fan_out, std)
    else:
        def init(fan_in, fan_out, rng):
            return draw(rng, fan_in, fan_out, std_of(fan_in))
    return {name: init}


def _add_common_mistakes(entry, std, std_of=None):
    """Add what goes wrong in all three: shape, generator, distribution, copies.

    The reference is `rng.normal(0.0, <std>, size=(fan_in, fan_out))`.
    """
    call = f"rng.normal(0.0, {std}, size=(fan_in, fan_out))"

    def unseeded(rng, fan_in, fan_out, std):
        return np.random.default_rng(next(CALLS)).normal(0.0, std, (fan_in, fan_out))

    entry.mistake(
        "rng is not used", "Draw from the rng that is passed in, not from np.random itself.",
        **_drawing(entry.record.name, unseeded, std_of),
    )
    for name, hint, old, new in (
        ("the shape is (fan_out, fan_in)",
         "A row for each input, a column for each unit: x @ W.",
         "size=(fan_in, fan_out)", "size=(fan_out, fan_in)"),
        ("a seed of its own",
         "Draw from the rng that is passed in; a fixed seed gives every layer the same weights.",
         "rng.normal", "np.random.default_rng(231).normal"),
        ("uniform with the right variance",
         "The std is right, but the distribution is flat: draw from a normal distribution.",
         call, f"rng.uniform(-1.0, 1.0, size=(fan_in, fan_out)) * np.sqrt(3.0) * ({std})"),
        ("uniform from 0 to 1",
         "Half of the weights are negative: draw from a normal distribution, rng.normal.",
         call, f"rng.random((fan_in, fan_out)) * ({std})"),
        ("all units get the same weights",
         "Draw fan_in * fan_out numbers, not one column repeated.",
         call, f"rng.normal(0.0, {std}, size=(fan_in, 1)) + np.zeros((fan_in, fan_out))"),
    ):
        entry.edit(name, hint, (old, new))


def _add_other_right(entry, std_of=None):
    """Add other ways to draw. `std_of(fan_in)` is the std, where the caller does not give it."""

    def transposed(rng, fan_in, fan_out, std):
        return (rng.standard_normal((fan_out, fan_in)) * std).T

    def single(rng, fan_in, fan_out, std):
        return rng.standard_normal((fan_in, fan_out), dtype=np.float32) * np.float32(std)

    def numbers(rng, fan_in, fan_out, std):
        return [[rng.normal(0, std) for _ in range(fan_out)] for _ in range(fan_in)]

    def box_muller(rng, fan_in, fan_out, std):
        u, v = 1 - rng.random((fan_in, fan_out)), rng.random((fan_in, fan_out))
        return std * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)

    def old_style(rng, fan_in, fan_out, std):
        return std * np.random.RandomState(rng.integers(2**31)).randn(fan_in, fan_out)

    for name, draw in {
        "drawn transposed": transposed, "float32": single, "a list, number by number": numbers,
        "from uniform numbers": box_muller, "a RandomState seeded from rng": old_style,
    }.items():
        entry.also_right(name, **_drawing(entry.record.name, draw, std_of))


init_normal = bank.exercise("init_normal", points=1, **SHARP)
_add_cases(init_normal, stds=(0.01, 2.0, 0.3, 0.05))
_NORMAL = "rng.normal(0.0, std, size=(fan_in, fan_out))"
_add_common_mistakes(init_normal, "std")
_add_other_right(init_normal)
init_normal.edit(
    "std taken for the variance", "Scale by std itself, not by its root.",
    (_NORMAL, "rng.normal(0.0, np.sqrt(std), size=(fan_in, fan_out))"),
)
init_normal.edit(
    "the variance taken for the std", "Scale by std itself, not by its square.",
    (_NORMAL, "rng.normal(0.0, std**2, size=(fan_in, fan_out))"),
)
init_normal.edit(
    "std is not used", "Multiply the standard normal numbers by std.",
    (_NORMAL, "rng.standard_normal((fan_in, fan_out))"),
)
init_normal.edit(
    "uniform between -std and std", "Draw from a normal distribution of standard deviation std.",
    (_NORMAL, "rng.uniform(-std, std, size=(fan_in, fan_out))"),
)
init_normal.edit(
    "std stands in the place of the mean", "rng.normal takes the mean first: rng.normal(0, std).",
    (_NORMAL, "rng.normal(std, size=(fan_in, fan_out))"),
)
init_normal.edit(
    "only positive weights", "Half of the weights are negative.",
    (_NORMAL, "np.abs(rng.normal(0.0, std, size=(fan_in, fan_out)))"),
)
init_normal.edit(
    "cut off at two stds", "Leave the tails: a plain normal distribution is asked for.",
    (_NORMAL, "np.clip(rng.normal(0.0, std, size=(fan_in, fan_out)), -2 * std, 2 * std)"),
)

init_xavier = bank.exercise("init_xavier", points=2, **SHARP)
_add_cases(init_xavier)
_XAVIER = "rng.normal(0.0, 1.0 / np.sqrt(fan_in), size=(fan_in, fan_out))"
_add_common_mistakes(init_xavier, "1.0 / np.sqrt(fan_in)", lambda fan_in: fan_in**-0.5)
_add_other_right(init_xavier, lambda fan_in: fan_in**-0.5)
for _name, _hint, _std in (
    ("the variance taken for the std", "The VARIANCE is 1/fan_in: the std is its root.",
     "1.0 / fan_in"),
    ("fan_out in the place of fan_in", "A unit adds up fan_in products: divide by fan_in.",
     "1.0 / np.sqrt(fan_out)"),
    ("the average of both fans",
     "That is Glorot and Bengio's compromise with the backward pass; here it is 1/fan_in.",
     "np.sqrt(2.0 / (fan_in + fan_out))"),
    ("both fans added", "The variance is 1/fan_in, without fan_out.",
     "np.sqrt(1.0 / (fan_in + fan_out))"),
    ("He's variance, 2/fan_in", "The 2 belongs to ReLU, the next rule; here it is 1/fan_in.",
     "np.sqrt(2.0 / fan_in)"),
    ("multiplied by the root of fan_in", "The more inputs, the smaller the weights: divide.",
     "np.sqrt(fan_in)"),
    ("not scaled at all", "Scale the standard normal numbers by sqrt(1/fan_in).", "1.0"),
):
    init_xavier.edit(_name, _hint, ("1.0 / np.sqrt(fan_in)", _std))
init_xavier.edit(
    "uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in)",
    "Its variance is 1/(3 fan_in), and it is flat: draw from a normal distribution.",
    (_XAVIER, "rng.uniform(-1.0, 1.0, size=(fan_in, fan_out)) / np.sqrt(fan_in)"),
)

init_he = bank.exercise("init_he", points=2, **SHARP)
_add_cases(init_he)
_add_common_mistakes(init_he, "np.sqrt(2.0 / fan_in)", lambda fan_in: (2 / fan_in) ** 0.5)
_add_other_right(init_he, lambda fan_in: (2 / fan_in) ** 0.5)
for _name, _hint, _std in (
    ("the variance taken for the std", "The VARIANCE is 2/fan_in: the std is its root.",
     "2.0 / fan_in"),
    ("the 2 stands outside the root", "The std is the root of 2/fan_in, so the 2 stands inside.",
     "2.0 / np.sqrt(fan_in)"),
    ("fan_in stands outside the root", "Take the root of the whole of 2/fan_in.",
     "np.sqrt(2.0) / fan_in"),
    ("Xavier's variance, 1/fan_in", "ReLU drops half of the second moment: the 2 makes up for it.",
     "np.sqrt(1.0 / fan_in)"),
    ("half of Xavier's variance", "The 2 makes the weights larger: 2/fan_in, not 1/(2 fan_in).",
     "np.sqrt(0.5 / fan_in)"),
    ("fan_out in the place of fan_in", "A unit adds up fan_in products: divide by fan_in.",
     "np.sqrt(2.0 / fan_out)"),
    ("the average of both fans", "The variance is 2/fan_in, without fan_out.",
     "np.sqrt(4.0 / (fan_in + fan_out))"),
    ("Glorot and Bengio's variance", "That is the rule for tanh; here it is 2/fan_in.",
     "np.sqrt(2.0 / (fan_in + fan_out))"),
):
    init_he.edit(_name, _hint, ("np.sqrt(2.0 / fan_in)", _std))


# ------------------------------------------------------------------ layer_statistics

layer_statistics = bank.exercise("layer_statistics", points=3, driver="ch06.layer_statistics")


def _network(rng, N, sizes, nonlinearity):
    weights = [rng.normal(size=pair) / np.sqrt(pair[0]) for pair in zip(sizes, sizes[1:])]
    x = rng.normal(size=(N, sizes[0])) + 0.5
    return dict(x=x, weights=weights, nonlinearity=nonlinearity)


@layer_statistics.case("tanh, three layers")
def _(rng):
    return _network(rng, 5, (4, 6, 3, 5), "tanh")


@layer_statistics.case("ReLU, four square layers")
def _(rng):
    return _network(rng, 6, (5, 5, 5, 5, 5), "relu")


@layer_statistics.case("one layer")
def _(rng):
    return _network(rng, 3, (4, 2), "tanh")


@layer_statistics.case("a nonlinearity with a mean of its own")
def _(rng):
    return _network(rng, 4, (3, 3, 3), "one minus")


@layer_statistics.case("one example", hidden=True)
def _(rng):
    return _network(rng, 1, (6, 8, 5, 7), "relu")


layer_statistics.edit(
    "measured before the nonlinearity", "Apply the nonlinearity first, then take mean and std.",
    ("x = nonlinearity(x @ W)\n        statistics.append((x.mean(), x.std()))",
     "z = x @ W\n        statistics.append((z.mean(), z.std()))\n        x = nonlinearity(z)"),
)
layer_statistics.edit(
    "the input is among them", "The list begins after the first layer: one pair for each W.",
    ("statistics = []", "statistics = [(x.mean(), x.std())]"),
)
layer_statistics.edit(
    "no nonlinearity", "Each layer is nonlinearity(x @ W).",
    ("nonlinearity(x @ W)", "x @ W"),
)
layer_statistics.edit(
    "each layer sees the input, not the layer before it",
    "A layer's output is the next layer's input: carry it forward.",
    ("x = nonlinearity(x @ W)\n        statistics.append((x.mean(), x.std()))",
     "out = nonlinearity(x @ W)\n        statistics.append((out.mean(), out.std()))"),
)
layer_statistics.edit(
    "std with N - 1", "The course divides by N (NumPy's default).", ("x.std()", "x.std(ddof=1)"))
layer_statistics.edit(
    "the variance in place of the std", "The second number is the standard deviation.",
    ("x.std()", "x.var()"),
)
layer_statistics.edit(
    "std and mean swapped", "The mean stands first.",
    ("(x.mean(), x.std())", "(x.std(), x.mean())"),
)
layer_statistics.edit(
    "the average of the units' stds",
    "One std over all N * H values of the layer, not the mean of one std a unit.",
    ("x.std()", "x.std(axis=0).mean()"),
)
layer_statistics.edit(
    "the root of the mean square in place of the std", "The std is measured from the mean.",
    ("x.std()", "np.sqrt((x**2).mean())"),
)
layer_statistics.edit(
    "the weights are transposed", "W has shape (fan_in, fan_out): x @ W.", ("x @ W", "x @ W.T"))
layer_statistics.edit(
    "the last layer has no nonlinearity", "Every layer here has one, the last as well.",
    ("x = nonlinearity(x @ W)", "x = x @ W if W is weights[-1] else nonlinearity(x @ W)"),
)
layer_statistics.edit(
    "the last layer is missing", "One pair for each W in weights.",
    ("in weights:", "in weights[:-1]:"),
)
layer_statistics.edit(
    "means and stds in two lists", "A list of pairs: one (mean, std) for each layer.",
    ("return statistics", "return [list(values) for values in zip(*statistics)]"),
)
layer_statistics.edit(
    "a mean and a std for each unit", "One pair of numbers a layer, over all examples and units.",
    ("(x.mean(), x.std())", "(x.mean(axis=0), x.std(axis=0))"),
)


@layer_statistics.also_right("an array of pairs")
def _(x, weights, nonlinearity):
    out = np.zeros((len(weights), 2))
    for i, W in enumerate(weights):
        x = nonlinearity(np.einsum("nd,dh->nh", x, W))
        out[i] = np.mean(x), np.sqrt(np.mean((x - np.mean(x)) ** 2))
    return out


@layer_statistics.also_right("all layers first, then their statistics")
def _(x, weights, nonlinearity):
    layers = [x]
    for W in weights:
        layers.append(nonlinearity(np.dot(layers[-1], W)))
    return [[float(layer.mean()), float(layer.std())] for layer in layers[1:]]


@layer_statistics.also_right("float32, recursive, a tuple")
def _(x, weights, nonlinearity):
    if not weights:
        return ()
    h = nonlinearity(x.astype(np.float32) @ weights[0].astype(np.float32))
    return ((h.mean(), h.std()), *layer_statistics(h, weights[1:], nonlinearity))
