"""Bank of chapter 1: cases, known mistakes and other right answers of the distances, the vote and
cross-validation.

Coordinates are drawn from normal distributions, so no two distances are equal by chance: what
ties is made to tie.
"""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("01_knn")


# ------------------------------------------------------------------ points to measure between


def few(rng):
    return dict(X=rng.normal(size=(3, 4)), X_train=rng.normal(size=(5, 4)))


def pixels(rng):
    # More test than training rows; values as in images, all positive.
    return dict(X=rng.uniform(0, 1, size=(7, 12)), X_train=rng.uniform(0, 1, size=(4, 12)))


def lone(rng):
    return dict(X=rng.normal(size=(1, 1)) * 10, X_train=rng.normal(size=(6, 1)) * 10)


def duplicates(rng):
    # Every test point also stands among the training points: the distance is 0 once in each row.
    X = rng.normal(size=(6, 5)) + 1.0
    return dict(X=X, X_train=np.concatenate([X[::-1], rng.normal(size=(3, 5)) + 1.0]))


def many_duplicates(rng):
    # The expanded square of a duplicate comes out below zero about one time in four (measured
    # with three ways to sum squares), so that all 60 come out above in fewer than 1 in 1e6 draws.
    X = rng.normal(size=(60, 50))
    return dict(X=X, X_train=X[::-1].copy())


def square(rng):
    # As many test as training points: here a swapped axis no longer shows in the shape.
    return dict(X=rng.normal(size=(6, 3)), X_train=rng.normal(size=(6, 3)) + 0.5)


def many(rng):
    return dict(
        X=rng.normal(size=(40, 64)), X_train=rng.normal(size=(60, 64)), measure_memory=True
    )


def mixed_sizes(rng):
    # Hidden: features of very different size, and negative numbers only.
    scale = np.array([100.0, 10.0, 1.0])
    return dict(X=-scale * rng.uniform(1, 2, (4, 3)), X_train=-scale * rng.uniform(1, 2, (9, 3)))


# ------------------------------------------------------------------ 1.1 l1_distances

l1 = bank.exercise("l1_distances", points=3, returns=("dists",))
l1.case("3 against 5 points")(few)
l1.case("pixels: more test than training rows")(pixels)
l1.case("one test point, one feature")(lone)
l1.case("as many test as training points")(square)
l1.case("features of different size", hidden=True)(mixed_sizes)


@l1.mistake(
    "the differences are squared and rooted",
    "That is the L2 distance. L1 adds the sizes of the differences, |a| + |b|.",
)
def _(X, X_train):
    return np.sqrt(((X[:, None] - X_train) ** 2).sum(axis=2))


@l1.mistake(
    "the signs of the differences are kept",
    "Positive and negative differences cancel. Take each one's absolute value before adding.",
)
def _(X, X_train):
    return (X[:, None] - X_train).sum(axis=2)


@l1.mistake(
    "the absolute value is taken after the sum",
    "Take the absolute value of each difference first, then add: sums of opposite signs cancel.",
)
def _(X, X_train):
    return np.abs((X[:, None] - X_train).sum(axis=2))


@l1.mistake(
    "the mean over the features is taken",
    "The distance is the sum over the features; the mean is D times smaller.",
)
def _(X, X_train):
    return np.abs(X[:, None] - X_train).mean(axis=2)


@l1.mistake(
    "the largest difference is taken",
    "That is the distance L-infinity. L1 adds all the differences.",
)
def _(X, X_train):
    return np.abs(X[:, None] - X_train).max(axis=2)


@l1.mistake(
    "the differences are squared",
    "That is the squared L2 distance. L1 takes absolute values instead of squares.",
)
def _(X, X_train):
    return ((X[:, None] - X_train) ** 2).sum(axis=2)


@l1.mistake(
    "the rows are training points and the columns test points",
    "dists[i, j] belongs to test point i and training point j: the test points are the rows.",
)
def _(X, X_train):
    return np.abs(X_train[:, None] - X).sum(axis=2)


@l1.mistake(
    "one distance is made of the whole training set",
    "Your sum runs over the training rows as well; say along which axis to add (axis=1).",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        dists[i] = np.sum(np.abs(X_train - X[i]))
    return dists


@l1.mistake(
    "the sum runs over the training points",
    "Of the axes (test, train, feature) the features are the last one: add along axis 2, or -1.",
)
def _(X, X_train):
    return np.abs(X[:, None] - X_train).sum(axis=1)


@l1.mistake(
    "the distances are cut to whole numbers",
    "The array for the result has an integer dtype, so everything behind the point is lost.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)), dtype=int)
    for i in range(len(X)):
        dists[i] = np.abs(X_train - X[i]).sum(axis=1)
    return dists


@l1.mistake(
    "a row of X is used as scratch paper",
    "X[i] is a view of X, so -= changes X itself. Put the difference into a new array.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        for j in range(len(X_train)):
            gap = X[i]
            gap -= X_train[j]
            dists[i, j] = np.abs(gap).sum()
    return dists


@l1.also_right("two loops")
def _(X, X_train):
    dists = np.zeros((X.shape[0], X_train.shape[0]))
    for i in range(X.shape[0]):
        for j in range(X_train.shape[0]):
            dists[i, j] = np.sum(np.abs(X[i] - X_train[j]))
    return dists


@l1.also_right("broadcasting to three axes")
def _(X, X_train):
    return np.abs(X[:, np.newaxis, :] - X_train[np.newaxis, :, :]).sum(axis=-1)


@l1.also_right("nested lists of Python numbers")
def _(X, X_train):
    return [
        [sum(abs(a - b) for a, b in zip(x, t)) for t in X_train.tolist()] for x in X.tolist()
    ]


@l1.also_right("float32")
def _(X, X_train):
    return np.abs(X.astype(np.float32)[:, None] - X_train.astype(np.float32)).sum(axis=2)


@l1.also_right("feature by feature, on the transpose")
def _(X, X_train):
    total = np.zeros((len(X_train), len(X)))
    for d in range(X.shape[1]):
        total += np.abs(np.subtract.outer(X_train[:, d], X[:, d]))
    return total.T


@l1.also_right("scipy")
def _(X, X_train):
    from scipy.spatial.distance import cdist

    return cdist(X, X_train, "cityblock")


# ------------------------------------------------------------------ 1.2 l2_distances_two_loops

two = bank.exercise("l2_distances_two_loops", points=2, returns=("dists",))
two.case("3 against 5 points")(few)
two.case("pixels: more test than training rows")(pixels)
two.case("one test point, one feature")(lone)
two.case("every test point stands in the training set")(duplicates)
two.case("as many test as training points")(square)
two.case("features of different size", hidden=True)(mixed_sizes)

two.edit(
    "the square root is missing",
    "These are squared distances: take the root of each sum.",
    ("np.sqrt(np.sum(difference**2))", "np.sum(difference**2)"),
)
two.edit(
    "the root is taken of each square, before the sum",
    "The root of a square is the absolute value, so this is L1: add first, take the root last.",
    ("np.sqrt(np.sum(difference**2))", "np.sum(np.sqrt(difference**2))"),
)
two.edit(
    "the sum is squared instead of the differences",
    "Differences of opposite sign cancel in the sum. Square each one, then add.",
    ("np.sqrt(np.sum(difference**2))", "np.sqrt(np.sum(difference) ** 2)"),
)
two.edit(
    "the mean over the features is taken",
    "Add the squares over the features: the mean makes every distance sqrt(D) times too small.",
    ("np.sum(difference**2)", "np.mean(difference**2)"),
)
two.edit(
    "the differences are not squared",
    "Square the differences before you add them; what you have is the root of the L1 distance.",
    ("np.sum(difference**2)", "np.sum(np.abs(difference))"),
)
two.edit(
    "the last training point is left out",
    "range(n) already stops at n - 1, so the last column of your result was never filled.",
    ("range(num_train)", "range(num_train - 1)"),
)
two.edit(
    "only the lower triangle is filled",
    "The test points are not the training points, so the matrix is not symmetric: fill all of it.",
    ("range(num_train)", "range(min(i + 1, num_train))"),
)


@two.mistake(
    "dists has a column for each test point",
    "Its shape is (num_test, num_train): the columns are the training points, rows of X_train.",
)
def _(X, X_train):
    dists = np.zeros((X.shape[0], X.shape[0]))
    for i in range(X.shape[0]):
        for j in range(X_train.shape[0]):
            dists[i, j] = np.sqrt(np.sum((X[i] - X_train[j]) ** 2))
    return dists


@two.mistake(
    "the dot product is taken",
    "A dot product tells how much two rows point the same way; a distance needs their difference.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        for j in range(len(X_train)):
            dists[i, j] = np.dot(X[i], X_train[j])
    return dists


@two.mistake(
    "the lengths of the two points are compared",
    "Subtract the points first and measure the difference: two points may be equally long and "
    "far apart.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        for j in range(len(X_train)):
            dists[i, j] = abs(np.linalg.norm(X[i]) - np.linalg.norm(X_train[j]))
    return dists


@two.mistake(
    "the rows are training points and the columns test points",
    "dists[i, j] belongs to test point i and training point j: the test points are the rows.",
)
def _(X, X_train):
    return np.sqrt(((X_train[:, None] - X) ** 2).sum(axis=2))


@two.mistake(
    "a row of X is used as scratch paper",
    "X[i] is a view of X, so -= changes X itself. Put the difference into a new array.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        for j in range(len(X_train)):
            gap = X[i]
            gap -= X_train[j]
            dists[i, j] = np.sqrt(np.sum(gap**2))
    return dists


@two.also_right("np.linalg.norm")
def _(X, X_train):
    return np.array([[np.linalg.norm(x - t) for t in X_train] for x in X])


@two.also_right("a dot product of the difference with itself")
def _(X, X_train):
    dists = np.empty((len(X), len(X_train)))
    for j, t in enumerate(X_train):
        for i, x in enumerate(X):
            gap = t - x
            dists[i, j] = (gap @ gap) ** 0.5
    return dists


@two.also_right("math.dist and lists")
def _(X, X_train):
    import math

    return [[math.dist(x, t) for t in X_train] for x in X]


@two.also_right("float32")
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)), dtype=np.float32)
    for i in range(len(X)):
        for j in range(len(X_train)):
            dists[i, j] = np.sqrt(np.square(X[i] - X_train[j]).sum())
    return dists


# ------------------------------------------------------------------ 1.4 l2_distances_one_loop

one = bank.exercise("l2_distances_one_loop", points=3, returns=("dists",))
one.case("3 against 5 points")(few)
one.case("pixels: more test than training rows")(pixels)
one.case("one test point, one feature")(lone)
one.case("every test point stands in the training set")(duplicates)
one.case("as many test as training points")(square)
one.case("features of different size", hidden=True)(mixed_sizes)

one.edit(
    "the square root is missing",
    "These are squared distances: take the root of each sum.",
    ("np.sqrt(np.sum(differences**2, axis=1))", "np.sum(differences**2, axis=1)"),
)
one.edit(
    "one number is made of the whole training set",
    "Without an axis the sum runs over the training rows too: add along the features, axis=1.",
    ("np.sum(differences**2, axis=1)", "np.sum(differences**2)"),
)
one.edit(
    "the sum runs over the training points",
    "axis=0 adds down the rows, one sum per feature. The features lie along axis 1.",
    ("axis=1", "axis=0"),
)
one.edit(
    "the mean over the features is taken",
    "Add the squares over the features: the mean makes every distance sqrt(D) times too small.",
    ("np.sum(differences**2, axis=1)", "np.mean(differences**2, axis=1)"),
)
one.edit(
    "the sum is squared instead of the differences",
    "Differences of opposite sign cancel in the sum. Square each one, then add.",
    ("np.sum(differences**2, axis=1)", "np.sum(differences, axis=1) ** 2"),
)
one.edit(
    "the absolute differences are added",
    "That is the L1 distance. Square the differences, add them, and take the root.",
    ("np.sqrt(np.sum(differences**2, axis=1))", "np.sum(np.abs(differences), axis=1)"),
)
one.edit(
    "every row holds the last test point's distances",
    "dists[:] overwrites the whole matrix in each round; write into row i only.",
    ("dists[i] =", "dists[:] ="),
)
one.edit(
    "only the first row is filled",
    "The function ends inside the loop, after one test point: its last line is indented too far.",
    ("    return dists", "        return dists"),
)


@one.mistake(
    "a test point's distances are written into a column",
    "Test point i has row i of dists: write into dists[i], not dists[:, i].",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        dists[:, i] = np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))
    return dists


@one.mistake(
    "the rows are training points and the columns test points",
    "dists[i, j] belongs to test point i and training point j: the test points are the rows.",
)
def _(X, X_train):
    dists = np.zeros((len(X_train), len(X)))
    for i in range(len(X_train)):
        dists[i] = np.sqrt(np.sum((X - X_train[i]) ** 2, axis=1))
    return dists


@one.mistake(
    "the training set is used as scratch paper",
    "X_train -= X[i] changes the training set itself, also for the rows after it. Write "
    "X_train - X[i], which is a new array.",
)
def _(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        X_train -= X[i]
        dists[i] = np.sqrt(np.sum(X_train**2, axis=1))
    return dists


@one.also_right("a loop over the training points")
def _(X, X_train):
    dists = np.empty((len(X), len(X_train)))
    for j, t in enumerate(X_train):
        dists[:, j] = np.linalg.norm(X - t, axis=1)
    return dists


@one.also_right("a list of rows, with einsum")
def _(X, X_train):
    gaps = (X_train - x for x in X)
    return [np.sqrt(np.einsum("jd,jd->j", gap, gap)) for gap in gaps]


@one.also_right("float32")
def _(X, X_train):
    X, X_train = X.astype(np.float32), X_train.astype(np.float32)
    return np.stack([np.sqrt(((x - X_train) ** 2).sum(1)) for x in X])


@one.also_right("a loop over the features")
def _(X, X_train):
    total = 0.0
    for d in range(X.shape[1]):
        total = total + (X[:, d : d + 1] - X_train[:, d]) ** 2
    return np.sqrt(total)


# ------------------------------------------------------------------ 1.5 l2_distances_no_loops

# rtol 2e-3: |x|**2 - 2 x.t + |t|**2 of two equal points is rounding error, whose root in float32
# is some 1e-3 of the other distances; solutions in float32 are right.
# Peak memory: in the last case an array (40, 60) counts 1, a copy of X 1.1, of X_train 1.6. A
# solution that keeps seven result-sized arrays and squared copies of both inputs stays below 10;
# an array (40, 60, 64) alone counts 64, in float32 32.
none = bank.exercise(
    "l2_distances_no_loops", points=4, returns=("dists",), driver="ch01.distances", rtol=2e-3,
    bounds={"peak_memory_ratio": (None, 16.0)},
    faster_than="ch01.plain_double_loop", factor=2.0, memory_mb=96,
)
none.case("3 against 5 points")(few)
none.case("one test point, one feature")(lone)
none.case("60 test points that all stand in the training set")(many_duplicates)
none.case("as many test as training points")(square)
none.case("features of different size", hidden=True)(mixed_sizes)


# The ratio is measured in the process of the one who is graded; this limit is not. An array
# (100, 800, 256) takes 164 MB, all that a solution without it needs is below 10 MB.
@none.case("100 against 800 points, with 96 MB to spare", hidden=True)
def _(rng):
    return dict(X=rng.normal(size=(100, 256)), X_train=rng.normal(size=(800, 256)))


none.case("40 against 60 points: memory and time")(many)

none.edit(
    "rounding below zero is not caught",
    "For equal points the three terms cancel up to rounding and may leave -1e-14, whose root is "
    "NaN. Raise negative numbers to 0 before the root.",
    ("    np.maximum(dists, 0.0, out=dists)\n", ""),
)
none.edit(
    "the square root is missing",
    "These are squared distances: take the root at the end.",
    ("np.sqrt(dists, out=dists)", "dists"),
)
none.edit(
    "the dot product is counted once, not twice",
    "(x - t)^2 = x^2 - 2xt + t^2: the middle term has a factor 2.",
    ("dists *= -2.0", "dists *= -1.0"),
)
none.edit(
    "the dot product has the wrong sign",
    "(x - t)^2 = x^2 - 2xt + t^2: the middle term is subtracted.",
    ("dists *= -2.0", "dists *= 2.0"),
)
none.edit(
    "the square of the training points is missing",
    "Three terms: |x|^2 for the rows, |t|^2 for the columns, and the dot products.",
    ("np.vecdot(X_train, X_train)", "0.0"),
)
none.edit(
    "the square of the test points is missing",
    "Three terms: |x|^2 for the rows, |t|^2 for the columns, and the dot products. Without |x|^2 "
    "the order in a row is right, but not the distances.",
    ("np.vecdot(X, X)[:, None]", "0.0"),
)
none.edit(
    "lengths are added instead of squared lengths",
    "The formula has |x|^2 and |t|^2: do not take the root of the sums of squares.",
    ("np.vecdot(X, X)", "np.linalg.norm(X, axis=1)"),
    ("np.vecdot(X_train, X_train)", "np.linalg.norm(X_train, axis=1)"),
)
none.edit(
    "one number is added for all points of a set",
    "The sum of squares runs over the whole matrix; it must run along axis 1, one sum per point.",
    ("np.vecdot(X, X)[:, None]", "np.sum(X**2)"),
    ("np.vecdot(X_train, X_train)", "np.sum(X_train**2)"),
)


@none.mistake(
    "the squares of the two sets are in each other's place",
    "|x|^2 belongs to a row of dists, so it must be a column, shape (num_test, 1); |t|^2 belongs "
    "to a column and keeps the shape (num_train,).",
)
def _(X, X_train):
    square = (X**2).sum(axis=1) - 2 * X @ X_train.T + (X_train**2).sum(axis=1)[:, None]
    return np.sqrt(np.maximum(square, 0))


@none.mistake(
    "the squares of both sets are columns",
    "|t|^2 must run along the columns of dists: keep its shape (num_train,), without keepdims.",
)
def _(X, X_train):
    square = (X**2).sum(1, keepdims=True) - 2 * X @ X_train.T + (X_train**2).sum(1, keepdims=True)
    return np.sqrt(np.maximum(square, 0))


@none.mistake(
    "the squares of both sets are rows",
    "|x|^2 must run down the rows of dists: make it a column of shape (num_test, 1).",
)
def _(X, X_train):
    square = (X**2).sum(axis=1) - 2 * X @ X_train.T + (X_train**2).sum(axis=1)
    return np.sqrt(np.maximum(square, 0))


@none.mistake(
    "the squares are not added up over the features",
    "|x|^2 is one number for each point: sum X**2 along axis 1 before it meets the dot products.",
)
def _(X, X_train):
    return np.sqrt(np.maximum(X**2 - 2 * X @ X_train.T + X_train**2, 0))


@none.mistake(
    "the rows are training points and the columns test points",
    "dists[i, j] belongs to test point i and training point j: X @ X_train.T has that shape.",
)
def _(X, X_train):
    square = np.sum(X_train**2, 1)[:, None] - 2 * X_train @ X.T + np.sum(X**2, 1)
    return np.sqrt(np.maximum(square, 0))


@none.mistake(
    "all differences are held in memory at once",
    "X[:, None] - X_train makes an array (num_test, num_train, D), D times the size of the "
    "result: gigabytes for real images. Expand the square instead.",
)
def _(X, X_train):
    return np.sqrt(((X[:, None, :] - X_train[None, :, :]) ** 2).sum(axis=2))


@none.mistake(
    "the loops over pairs of points are still there",
    "Two loops pay Python's price for every single distance. Let one matrix product X @ X_train.T "
    "do all of them.", slow=True,
)
def _(X, X_train):
    return np.array([[np.sqrt(np.sum((x - t) ** 2)) for t in X_train] for x in X])


@none.mistake(
    "X is squared in place",
    "X **= 2 and X *= X change the caller's array. X**2 makes a new one.",
)
def _(X, X_train):
    cross = X @ X_train.T
    X **= 2
    square = X.sum(axis=1, keepdims=True) - 2 * cross + (X_train**2).sum(axis=1)
    return np.sqrt(np.maximum(square, 0))


@none.also_right("every step an array of its own")
def _(X, X_train):
    rows = np.repeat(np.sum(X**2, axis=1)[:, None], len(X_train), axis=1)
    columns = np.tile(np.sum(X_train**2, axis=1), (len(X), 1))
    dot = np.dot(X, X_train.T)
    twice = 2 * dot
    square = rows + columns - twice
    clipped = np.clip(square, 0, None)
    return np.sqrt(clipped)


@none.also_right("einsum and the absolute value")
def _(X, X_train):
    cross = np.einsum("id,jd->ij", X, X_train)
    own = np.einsum("id,id->i", X, X)[:, None] + np.einsum("jd,jd->j", X_train, X_train)
    return np.sqrt(np.abs(own - 2 * cross))


@none.also_right("float32")
def _(X, X_train):
    X, X_train = X.astype(np.float32), X_train.astype(np.float32)
    square = (X**2).sum(1, keepdims=True) - 2 * X @ X_train.T + (X_train**2).sum(1)
    square[square < 0] = 0
    return np.sqrt(square)


@none.also_right("NaN set to zero")
def _(X, X_train):
    with np.errstate(invalid="ignore"):
        dists = np.sqrt(
            np.sum(X * X, axis=1).reshape(-1, 1) + np.sum(X_train * X_train, axis=1)
            - 2.0 * X.dot(X_train.T)
        )
    return np.nan_to_num(dists)


@none.also_right("blocks of test points")
def _(X, X_train):
    out = np.empty((len(X), len(X_train)))
    own = (X_train**2).sum(axis=1)
    for start in range(0, len(X), 16):
        x = X[start : start + 16]
        square = (x**2).sum(axis=1)[:, None] - 2 * x @ X_train.T + own
        out[start : start + 16] = np.maximum(square, 0) ** 0.5
    return out


@none.also_right("one matrix product of longer vectors")
def _(X, X_train):
    left = np.column_stack([X, (X**2).sum(1), np.ones(len(X))])
    right = np.column_stack([-2 * X_train, np.ones(len(X_train)), (X_train**2).sum(1)])
    return np.sqrt((left @ right.T).clip(min=0))


@none.also_right("moved to the mean first")
def _(X, X_train):
    centre = X_train.mean(axis=0)
    X, X_train = X - centre, X_train - centre
    square = np.add.outer((X**2).sum(1), (X_train**2).sum(1)) - 2 * (X @ X_train.T)
    return np.where(square > 0, square, 0) ** 0.5


# ------------------------------------------------------------------ 1.3 predict_labels


def three_points(rng):
    # Small enough to do by hand; the nearest stands last, in the middle, first.
    return dict(
        dists=np.array([[3.0, 2.0, 1.0], [2.0, 1.0, 3.0], [1.0, 2.0, 3.0]]),
        y_train=np.array([4, 7, 4]), k=1,
    )


def any_votes(rng):
    return dict(dists=rng.uniform(1, 9, size=(8, 20)), y_train=rng.integers(0, 3, size=20), k=5)


def tied_votes(rng):
    # In each row two labels have two votes among the nearest four. The nearest neighbour has the
    # larger of them in the first rows and the smaller in the last two, and the order of the
    # training set does not decide either.
    y_train = np.array([8, 2, 5, 2, 8, 5, 9, 9])
    order = np.array([[0, 1, 4, 3], [2, 3, 5, 1], [6, 2, 7, 5], [1, 0, 3, 4], [5, 6, 7, 2]])
    dists = rng.uniform(10, 20, size=(5, 8))
    near = np.sort(rng.uniform(1, 5, size=(5, 4)), axis=1)
    np.put_along_axis(dists, order, near, axis=1)
    return dict(dists=dists, y_train=y_train, k=4)


def everyone(rng):
    # All training points vote, so every test point gets the same label, and not the nearest's.
    y_train = np.array([3, 11, 11, 6, 3, 11, 6])
    return dict(dists=rng.uniform(0, 1, size=(5, 7)), y_train=y_train, k=7)


def one_row(rng):
    # One test point; zero distances (duplicates with one label) and labels with gaps.
    dists = rng.permutation(np.concatenate([np.zeros(2), rng.uniform(1, 5, size=10)]))
    y_train = rng.permutation(np.array([20, 20, 20, 1, 1, 1, 5, 5, 5, 7, 7, 7]))
    y_train[dists == 0] = 20
    return dict(dists=dists[None], y_train=y_train, k=3)


def big_vote(rng):
    return dict(dists=rng.uniform(0, 1, size=(30, 60)), y_train=rng.integers(0, 4, size=60), k=8)


vote = bank.exercise("predict_labels", points=4, returns=("labels",))
vote.case("three points, k = 1")(three_points)
vote.case("five neighbours vote")(any_votes)
vote.case("tied votes")(tied_votes)
vote.case("all training points vote")(everyone)
vote.case("one test point, labels with gaps")(one_row)
vote.case("30 test points, k = 8", hidden=True)(big_vote)

vote.edit(
    "ties go to the largest label",
    "Where two labels have equally many votes, the smallest of them wins.",
    ("np.bincount(y_train[nearest]).argmax()",
     "len(c := np.bincount(y_train[nearest])) - 1 - c[::-1].argmax()"),
)


@vote.mistake(
    "ties go to the label that comes first among the neighbours",
    "Counter.most_common breaks ties by order of appearance, which is the nearest neighbour's "
    "label here. The smallest label must win.",
)
def _(dists, y_train, k):
    from collections import Counter

    order = np.argsort(dists, axis=1)[:, :k]
    return np.array([Counter(y_train[row].tolist()).most_common(1)[0][0] for row in order])


vote.edit(
    "the farthest points vote",
    "argsort puts the smallest distance first: take the first k, not the last.",
    ("[:k]", "[-k:]"),
)
vote.edit(
    "the nearest neighbour is left out",
    "The test point is not in the training set, so its nearest neighbour counts: start at 0.",
    ("[:k]", "[1 : k + 1]"),
)
vote.edit(
    "one neighbour too many votes",
    "A slice [:n] takes n entries; you have taken k + 1.",
    ("[:k]", "[: k + 1]"),
)
vote.edit(
    "only the nearest neighbour votes",
    "All k nearest neighbours have one vote each, also where k is larger than 1.",
    ("[:k]", "[:1]"),
)
vote.edit(
    "the positions of the neighbours are returned, not their labels",
    "argsort gives positions in the training set; look their labels up in y_train.",
    ("np.bincount(y_train[nearest])", "np.bincount(nearest)"),
)
vote.edit(
    "the winner's votes are returned, not its label",
    "That is how many votes the winner has. Which label has them?",
    (".argmax()", ".max()"),
)
vote.edit(
    "the labels of the neighbours are averaged",
    "Labels are names, not amounts: 3 and 5 do not make a 4. Count votes instead.",
    ("np.bincount(y_train[nearest]).argmax()", "int(np.round(y_train[nearest].mean()))"),
)
vote.edit(
    "the median label is taken",
    "The median is the label in the middle. Count which label occurs most often.",
    ("np.bincount(y_train[nearest]).argmax()", "np.sort(y_train[nearest])[k // 2]"),
)


@vote.mistake(
    "the labels of the k neighbours are returned, without a vote",
    "You have found the voters of each test point. Now count their labels: one label per row.",
)
def _(dists, y_train, k):
    return [y_train[np.argsort(row)[:k]] for row in dists]


@vote.mistake(
    "the test points are sorted instead of the training points",
    "Neighbours of test point i lie along row i, so sort along axis 1.",
)
def _(dists, y_train, k):
    order = np.argsort(dists, axis=0)
    return np.array([np.bincount(y_train[order[i, :k]]).argmax() for i in range(len(dists))])


@vote.mistake(
    "the distances are sorted, but the labels stay where they were",
    "np.sort forgets which training point a distance belongs to. np.argsort keeps it.",
)
def _(dists, y_train, k):
    dists = np.sort(dists, axis=1)
    return np.array([np.bincount(y_train[:k]).argmax() for _ in dists])


@vote.mistake(
    "near neighbours have a heavier vote",
    "Weights of 1/distance are another method (a good one); here each neighbour has one vote.",
)
def _(dists, y_train, k):
    labels = []
    for row in dists:
        near = np.argsort(row)[:k]
        labels.append(np.bincount(y_train[near], weights=1 / (row[near] + 1e-9)).argmax())
    return np.array(labels)


@vote.mistake(
    "the rows of dists are sorted in place",
    "row.sort() changes the caller's matrix and forgets which point is which. Use np.argsort.",
)
def _(dists, y_train, k):
    labels = []
    for row in dists:
        near = np.argsort(row)[:k]
        row.sort()
        labels.append(np.bincount(y_train[near]).argmax())
    return np.array(labels)


@vote.also_right("argpartition and np.unique")
def _(dists, y_train, k):
    labels = np.zeros(dists.shape[0])
    for i in range(dists.shape[0]):
        near = np.argpartition(dists[i], k - 1)[:k]
        names, counts = np.unique(y_train[near], return_counts=True)
        labels[i] = names[np.argmax(counts)]
    return labels


@vote.also_right("one-hot votes in one matrix")
def _(dists, y_train, k):
    names = np.unique(y_train)
    near = y_train[np.argsort(dists, axis=1)[:, :k]]
    return names[(near[:, :, None] == names).sum(axis=1).argmax(axis=1)]


@vote.also_right("sorted and lists")
def _(dists, y_train, k):
    labels = []
    for row in dists.tolist():
        pairs = sorted(zip(row, y_train.tolist()))[:k]
        votes = [label for _, label in pairs]
        labels.append(max(sorted(set(votes)), key=votes.count))
    return labels


@vote.also_right("scipy.stats.mode")
def _(dists, y_train, k):
    from scipy import stats

    return stats.mode(y_train[np.argsort(dists, axis=1)[:, :k]], axis=1).mode


# ------------------------------------------------------------------ 1.6 cross_validate_k


def clouds(rng, N, D, C, spread):
    """Draw labelled clouds in which no point has two neighbours that are almost equally far.

    Then the order of the neighbours, and with it every accuracy, is the same in float32, with
    squared distances and with any way of computing them.
    """
    while True:
        y = rng.integers(0, C, size=N)
        X = rng.normal(size=(C, D))[y] + spread * rng.normal(size=(N, D))
        squares = np.sort(((X[:, None] - X) ** 2).sum(axis=2), axis=1)[:, 1:]
        if (np.diff(squares, axis=1) / squares[:, 1:]).min() > 2e-5:
            return X, y


def even_folds(rng):
    X, y = clouds(rng, N=30, D=3, C=3, spread=0.9)
    return dict(X=X, y=y, k_choices=[1, 3, 5], num_folds=5)


def uneven_folds(rng):
    # Noisy enough that accuracies of 0 and 1, the same for folds of any size, are rare.
    X, y = clouds(rng, N=31, D=2, C=3, spread=1.5)
    return dict(X=X, y=y, k_choices=[4, 1, 3], num_folds=4)


def sorted_labels(rng):
    # In two folds one class is hardly seen in training: shuffling would hide it.
    X, y = clouds(rng, N=24, D=4, C=3, spread=0.7)
    order = np.argsort(y, kind="stable")
    return dict(X=X[order], y=y[order], k_choices=[2, 7], num_folds=3)


def different_scales(rng):
    # L1 and L2 disagree here: one feature is much larger than the others.
    X, y = clouds(rng, N=28, D=6, C=4, spread=1.2)
    return dict(X=X, y=y, k_choices=[1, 2, 6], num_folds=2)


def leave_one_out(rng):
    X, y = clouds(rng, N=12, D=2, C=2, spread=0.9)
    return dict(X=X, y=y, k_choices=[3], num_folds=12)


cross = bank.exercise("cross_validate_k", points=4, returns=("accuracies",))
cross.case("30 points, 5 folds")(even_folds)
cross.case("31 points, 4 folds: not all of one size")(uneven_folds)
cross.case("labels in order, 3 folds")(sorted_labels)
cross.case("28 points, 2 folds")(different_scales)
cross.case("each point a fold of its own", hidden=True)(leave_one_out)

cross.edit(
    "the test fold is among the training points",
    "Every test point finds itself, at distance 0. Leave the fold out of the training points.",
    ("np.delete(everyone, test)", "everyone"),
)
cross.edit(
    "one fold trains and the others test",
    "The other way round: one fold tests, all the others together train.",
    ("in np.array_split(everyone, num_folds):", "in np.array_split(everyone, num_folds):\n"
     "        test = np.delete(everyone, test)"),
)
cross.edit(
    "the accuracy is measured on the training points",
    "Predict the labels of the fold that was left out, not of the points that have been stored.",
    ("l2_distances_no_loops(X[test], X[train])", "l2_distances_no_loops(X[train], X[train])"),
    ("labels == y[test]", "labels == y[train]"),
)
cross.edit(
    "the share of wrong labels is returned",
    "Accuracy is the share of right labels: 1 minus what you have.",
    ("labels == y[test]", "labels != y[test]"),
)
cross.edit(
    "right labels are counted, not their share",
    "Divide by the size of the test fold: an accuracy is between 0 and 1.",
    ("np.mean(labels == y[test])", "np.sum(labels == y[test])"),
)
cross.edit(
    "right labels are divided by the number of all points",
    "Divide by the size of the fold that was tested, len(test).",
    ("np.mean(labels == y[test])", "np.sum(labels == y[test]) / len(X)"),
)
cross.edit(
    "the points are shuffled first",
    "Shuffling is often wise, but here the folds are taken in order, so that the result is one "
    "that can be checked.",
    ("everyone = np.arange(len(X))", "everyone = np.random.default_rng(0).permutation(len(X))"),
    ("np.delete(everyone, test)", "np.setdiff1d(everyone, test)"),
)
cross.edit(
    "the distance is L1",
    "Cross-validate with the Euclidean distance, l2_distances_no_loops.",
    ("l2_distances_no_loops(", "l1_distances("),
)
cross.edit(
    "every num_folds-th point is in a fold",
    "np.array_split cuts the points into consecutive pieces: the first fold holds the first ones.",
    ("in np.array_split(everyone, num_folds):", "in (everyone[f::num_folds] "
     "for f in range(num_folds)):"),
)
cross.edit(
    "the points that do not divide evenly are dropped",
    "len(X) // num_folds loses the rest. np.array_split gives the first folds one point more.",
    ("np.array_split(everyone, num_folds)",
     "everyone[: len(X) // num_folds * num_folds].reshape(num_folds, -1)"),
)
cross.edit(
    "the last fold takes all the points that are left over",
    "np.array_split spreads the rest: the first folds have one point more.",
    ("np.array_split(everyone, num_folds)",
     "np.split(everyone, len(X) // num_folds * np.arange(1, num_folds))"),
)
cross.edit(
    "all k use the first choice of k",
    "Vote anew for every k: only the distances are the same.",
    ("y[train], k)", "y[train], k_choices[0])"),
)
cross.edit(
    "all k share one list",
    "dict.fromkeys(k_choices, []) puts the same list under every key. Make a new list for each k.",
    ("{k: [] for k in k_choices}", "dict.fromkeys(k_choices, [])"),
)
cross.edit(
    "the mean over the folds is returned",
    "Return the list of the folds' accuracies: their spread is half of what you want to know.",
    ("return accuracies", "return {k: float(np.mean(a)) for k, a in accuracies.items()}"),
)
cross.edit(
    "only the last round's accuracy is kept",
    "Each round overwrites the one before. Append it to the list of its k.",
    ("accuracies[k].append(float(np.mean(labels == y[test])))",
     "accuracies[k] = float(np.mean(labels == y[test]))"),
)
cross.edit(
    "the training labels do not belong to the training points",
    "Take the labels with the same positions as the points: y[train] for X[train].",
    ("y[train]", "y[: len(train)]"),
)


@cross.also_right("lists of folds and np.concatenate")
def _(X, y, k_choices, num_folds):
    X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)
    accuracies = {}
    for k in k_choices:
        accuracies[k] = []
        for i in range(num_folds):
            X_train = np.concatenate(X_folds[:i] + X_folds[i + 1 :])
            y_train = np.concatenate(y_folds[:i] + y_folds[i + 1 :])
            labels = predict_labels(l2_distances_one_loop(X_folds[i], X_train), y_train, k)
            accuracies[k].append((labels == y_folds[i]).sum() / len(y_folds[i]))
    return accuracies


@cross.also_right("masks, squared distances in float32, arrays as values")
def _(X, y, k_choices, num_folds):
    fold_of = np.concatenate(
        [np.full(len(part), f) for f, part in enumerate(np.array_split(y, num_folds))]
    )
    accuracies = {int(k): np.zeros(num_folds) for k in k_choices}
    X = X.astype(np.float32)
    for f in range(num_folds):
        out = fold_of == f
        squares = ((X[out][:, None] - X[~out]) ** 2).sum(axis=2)
        for k in k_choices:
            right = predict_labels(squares, y[~out], k) == y[out]
            accuracies[k][f] = right.mean()
    return accuracies


@cross.also_right("one distance matrix for all folds, keys of NumPy, tuples as values")
def _(X, y, k_choices, num_folds):
    dists = np.linalg.norm(X[:, None] - X, axis=2)
    edges = np.cumsum([0] + [len(part) for part in np.array_split(X, num_folds)])
    found = {}
    for k in np.array(k_choices):
        found[k] = ()
        for low, high in zip(edges[:-1], edges[1:]):
            rest = np.r_[0:low, high : len(X)]
            labels = predict_labels(dists[low:high][:, rest], y[rest], int(k))
            found[k] += (1 - np.count_nonzero(labels - y[low:high]) / (high - low),)
    return found
