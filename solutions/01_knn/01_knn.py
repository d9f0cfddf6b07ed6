# %% [markdown]
# # 1 · Nearest neighbours
#
# **The question.** Can a program name a picture simply by looking up the most similar picture
# that it has seen? How far does that go, and where does it break?
#
# **What you build.** Two measures of how far apart pictures are, one of them in three versions, the
# last hundreds of times faster than the first; a classifier that lets the nearest neighbours vote;
# and an honest way to choose how many of them.
#
# **You need** Python and NumPy arrays: indexing, `axis=`, broadcasting. Nothing about learning
# machines: this is the first chapter.
#
# **Time** 75 to 90 minutes. **Points** 20, for six exercises.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("01_knn")
plots.use_course_style()

# %% [markdown]
# ## A picture, and a memory full of pictures
#
# Below are 1,797 handwritten digits, each 8 × 8 grey pixels. They came with the course; nothing
# is downloaded. Some of them are our *memory*, the training set: pictures with their names.
# Others are put aside, and we act as if nobody had told us what they show.

# %% tags=["experiment"]
digits = load("digits")
X_train, y_train = digits.X_train, digits.y_train
X_test, y_test = digits.X_test, digits.y_test
print("training pictures:", X_train.shape, " test pictures:", X_test.shape)
print("pixel values from", X_train.min(), "to", X_train.max())

some = np.concatenate([np.flatnonzero(y_train == c)[10:12] for c in range(10)])[:19]
plots.show_images(
    np.concatenate([X_test[39:40], X_train[some]]).reshape(-1, 8, 8),
    titles=["unknown"] + [str(label) for label in y_train[some]],
    colours=[plots.RED] + [plots.BLACK] * 19,
    title="Which of the nineteen is the first one most like?",
)
plt.show()

# %% [markdown]
# You answered without knowing any rule that says what makes a 2 a 2. You compared. That is the
# whole method of this chapter.
#
# To the program a picture is a row of numbers, its pixels one after the other. So the training
# set is a table `X_train` of shape (num_train, D), one picture a row, with D = 64 pixels, and
# `y_train` holds the names, shape (num_train,). The pictures to be named are `X`, shape
# (num_test, D).
#
# A row of 64 numbers is also a *point* in a space of 64 dimensions. "Similar" then means *near*,
# and the first thing to settle is how to measure that.

# %% [markdown]
# ## How far apart are two pictures?
#
# Lay one picture over the other and look at every pixel: by how much do they differ? Add up these
# amounts, and two equal pictures get 0, very different ones a large number.

# %% tags=["experiment"]
three, other_three = X_train[y_train == 3][[10, 6]]
eight = X_train[y_train == 8][0]
row = [three, other_three, np.abs(three - other_three), three, eight, np.abs(three - eight)]
near, far = row[2].sum(), row[5].sum()
plots.show_images(
    np.array(row).reshape(-1, 8, 8), columns=6, size=1.1,
    titles=["a three", "another", f"sum {near:.1f}", "the three", "an eight", f"sum {far:.1f}"],
    title=f"Two threes differ by {near:.1f}, a three and an eight by {far:.1f}",
)
plt.show()

# %% [markdown]
# The third and the last picture show the differences, bright where they are large. Their sums
# are distances:
#
# $$d_1(x, t) = \sum_{d=1}^{D} |x_d - t_d|$$
#
# is called the **L1** distance, or Manhattan distance: the way from corner to corner where all
# streets run north or east. The bars matter. Without them a pixel that is too bright in one place
# would be excused by one that is too dark in another.
#
# For example, $x = (1, 5, 2)$ and $t = (4, 4, 2)$ are $3 + 1 + 0 = 4$ apart.

# %% [markdown]
# ### Exercise 1.1 · L1 distances (3 points)
#
# Write `l1_distances(X, X_train)`. From `X` of shape (num_test, D) and `X_train` of shape
# (num_train, D) make an array `dists` of shape **(num_test, num_train)**, in which `dists[i, j]`
# is the L1 distance between test picture `i` and training picture `j`. Any number of loops is
# fine. Leave `X` and `X_train` as they are.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Make `dists = np.zeros((len(X), len(X_train)))` and fill it with two loops. One entry needs the
# difference of two rows, its absolute values (`np.abs`), and their sum.
# </details>
# <details><summary>Hint 2: with one loop</summary>
#
# `X_train - X[i]` subtracts one test row from *every* training row: the shapes (num_train, D) and
# (D,) broadcast to (num_train, D). Now each row of the result must be added up by itself.
# </details>
# <details><summary>Hint 3: nearly the code</summary>
#
# Inside `for i in range(len(X))`: `dists[i] = np.sum(np.abs(X_train - X[i]), axis=...)`. Which
# axis are the features, 0 or 1?
# </details>

# %% tags=["exercise"]
def l1_distances(X, X_train):
    """Return the L1 distance of every test point from every training point.

    Parameters
    ----------
    X : ndarray, shape (num_test, D)
    X_train : ndarray, shape (num_train, D)

    Returns
    -------
    dists : ndarray, shape (num_test, num_train)
        `dists[i, j] = sum over d of |X[i, d] - X_train[j, d]|`.
    """
    ### BEGIN SOLUTION
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        differences = X_train - X[i]                       # (num_train, D)
        dists[i] = np.sum(np.abs(differences), axis=1)     # (num_train,)
    return dists
    ### END SOLUTION

# %% tags=["check"]
check("l1_distances", l1_distances)

# %% [markdown]
# With distances, the program can do what you did: for each unknown picture, find the training
# pictures with the smallest distance. Each line below begins with a test picture; its five
# nearest follow, with their names. (This experiment uses your `l1_distances`.)

# %% tags=["experiment"]
dists = l1_distances(X_test[:150], X_train)
nearest = np.argsort(dists, axis=1, kind="stable")[:, :5]
wrong_first = np.flatnonzero(y_train[nearest[:, 0]] != y_test[:150])
rows = [39, 17, 56, *wrong_first[:1]]
shown, names, colours = [], [], []
for i in rows:
    shown += [X_test[i], *X_train[nearest[i]]]
    names += [f"test: {y_test[i]}"] + [str(label) for label in y_train[nearest[i]]]
    colours += [plots.BLUE]
    colours += [plots.BLACK if t == y_test[i] else plots.RED for t in y_train[nearest[i]]]
plots.show_images(
    np.array(shown).reshape(-1, 8, 8), titles=names, colours=colours, columns=6,
    title="The nearest neighbours nearly always\nhave the right name (orange: wrong)",
)
plt.show()
print(f"{len(wrong_first)} of 150 test pictures have a nearest neighbour of another class")

# %% [markdown]
# Three lines as they come nearly always, and in the last one the first failure among the 150: an
# eight without holes, which looks like a one to the program, and perhaps to you.

# %% [markdown]
# ## The ruler's distance
#
# On a map the straight line between two corners is shorter than the way along the streets.
# Pythagoras gives its length in two dimensions, and the same formula works in 64:
#
# $$d_2(x, t) = \sqrt{\sum_{d=1}^{D} (x_d - t_d)^2}$$
#
# This is the **L2** or Euclidean distance. For $x = (1, 5, 2)$ and $t = (4, 4, 2)$ it is
# $\sqrt{9 + 1 + 0} \approx 3.16$. The order is: subtract, square, add, and take the root *last*.
# The root of each single square would only be the absolute value again.
#
# You will write it three times. The first version has two loops and is the plainest; the others
# are then compared with it.

# %% [markdown]
# ### Exercise 1.2 · L2 distances with two loops (2 points)
#
# Write `l2_distances_two_loops(X, X_train)` → `dists` of shape (num_test, num_train) with
# `dists[i, j]` the L2 distance between `X[i]` and `X_train[j]`. One loop over the test points,
# inside it one over the training points.
#
# <details><summary>Hint 1</summary>
#
# For one pair: `difference = X[i] - X_train[j]` has shape (D,). Square it, add, take the root.
# </details>
# <details><summary>Hint 2: a trap</summary>
#
# `difference = X[i]` followed by `difference -= X_train[j]` changes `X` itself, because `X[i]` is
# a view and not a copy. `X[i] - X_train[j]` makes a new array.
# </details>

# %% tags=["exercise"]
def l2_distances_two_loops(X, X_train):
    """Return the Euclidean distance of every test point from every training point.

    Parameters
    ----------
    X : ndarray, shape (num_test, D)
    X_train : ndarray, shape (num_train, D)

    Returns
    -------
    dists : ndarray, shape (num_test, num_train)
        `dists[i, j] = sqrt(sum over d of (X[i, d] - X_train[j, d])**2)`.
    """
    ### BEGIN SOLUTION
    num_test, num_train = len(X), len(X_train)
    dists = np.zeros((num_test, num_train))
    for i in range(num_test):
        for j in range(num_train):
            difference = X[i] - X_train[j]                 # (D,)
            dists[i, j] = np.sqrt(np.sum(difference**2))
    return dists
    ### END SOLUTION

# %% tags=["check"]
check("l2_distances_two_loops", l2_distances_two_loops)

# %% [markdown]
# A table of distances can be looked at like a picture. Here test and training pictures are
# sorted by class, so that the picture falls into 10 × 10 blocks: zeros against zeros in the upper
# left corner, nines against nines in the lower right one. (Uses your two loops.)

# %% tags=["experiment"]
rows = np.argsort(y_test[:100], kind="stable")
columns = np.argsort(y_train[:300], kind="stable")
dists = l2_distances_two_loops(X_test[rows], X_train[columns])
same = y_test[rows][:, None] == y_train[columns]
within, between = dists[same].mean(), dists[~same].mean()

figure, axis = plt.subplots(figsize=(8, 3.4))
image = axis.imshow(dists, cmap="viridis", aspect="auto")
figure.colorbar(image, label="L2 distance")
for axis_ticks, labels in ((axis.set_yticks, y_test[rows]), (axis.set_xticks, y_train[columns])):
    axis_ticks([np.flatnonzero(labels == c).mean() for c in range(10)], range(10))
axis.set(xlabel="class of the training picture", ylabel="class of the test picture")
axis.set_title(f"Dark blocks on the diagonal: {within:.1f} within a class, {between:.1f} between")
axis.grid(False)
plt.show()
print(f"mean distance within a class {within:.2f}, between classes {between:.2f}")

# %% [markdown]
# Pictures of one class are nearer to each other, on average. A bright line across the whole
# picture is a digit that is far from everything; a dark spot off the diagonal is a pair of
# classes that look alike.

# %% [markdown]
# ## From distances to a vote
#
# The nearest picture may be an odd one. So ask the $k$ nearest and let each have one vote.
# Say five training pictures have these distances from an unknown one:
#
# | training picture | 0 | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|---|
# | distance | 0.9 | **0.2** | 0.7 | **0.4** | **0.5** |
# | label | 3 | 8 | 3 | 8 | 5 |
#
# With $k = 1$ picture 1 decides: 8. With $k = 3$ pictures 1, 3 and 4 vote: 8, 8, 5, so again 8.
# With $k = 5$ the votes are 8, 8, 5, 3, 3: a **tie** between 3 and 8. Some rule must settle it;
# ours is that **the smallest of the tied labels wins**, so 3: everybody gets the same answer.

# %% [markdown]
# ### Exercise 1.3 · The vote (4 points)
#
# Write `predict_labels(dists, y_train, k)`. `dists` has shape (num_test, num_train), `y_train`
# (num_train,) holds integers ≥ 0, and `k` is between 1 and num_train. Return the predicted
# labels, shape **(num_test,)**: for each row, the most frequent label among the `k` training
# points with the smallest distances; where labels tie, the smallest of them. Do not sort `dists`
# itself. (Equal distances at the k-th place do not occur in the check.)
#
# <details><summary>Hint 1: positions, not distances</summary>
#
# `np.sort` would give the small distances and forget whose they are. `np.argsort(row)` gives the
# *positions* of the entries, smallest distance first.
# </details>
# <details><summary>Hint 2: counting</summary>
#
# With `votes` the labels of the k nearest, `np.bincount(votes)` counts the zeros, ones, twos, … in
# it. The label with most votes is the position of the largest count.
# </details>
# <details><summary>Hint 3: the tie</summary>
#
# `argmax` returns the *first* position of the maximum, and the first is the smallest label. In a
# loop over the rows: `votes = y_train[np.argsort(row)[:k]]`, then `np.bincount(votes).argmax()`.
# </details>

# %% tags=["exercise"]
def predict_labels(dists, y_train, k):
    """Return the label that most of the k nearest training points have.

    Parameters
    ----------
    dists : ndarray, shape (num_test, num_train)
        Distance of every test point from every training point.
    y_train : ndarray of int, shape (num_train,)
        Labels of the training points, at least 0.
    k : int
        How many neighbours vote, from 1 to num_train.

    Returns
    -------
    labels : ndarray of int, shape (num_test,)
        Of labels with equally many votes, the smallest.
    """
    ### BEGIN SOLUTION
    labels = np.zeros(len(dists), dtype=y_train.dtype)
    for i, row in enumerate(dists):
        nearest = np.argsort(row, kind="stable")[:k]       # (k,) positions
        labels[i] = np.bincount(y_train[nearest]).argmax()
    return labels
    ### END SOLUTION

# %% tags=["check"]
check("predict_labels", predict_labels)

# %% [markdown]
# **Predict before you run.** The share of test pictures that get the right name is the
# *accuracy*. Guessing at random would reach 0.1. What will one nearest neighbour ($k = 1$) on raw
# pixels reach?

# %% tags=["predict"]
my_accuracy = None  # a number between 0 and 1

# %% tags=["experiment"]
dists = l2_distances_two_loops(X_test[:200], X_train)
labels = predict_labels(dists, y_train, k=1)
accuracy = float(np.mean(labels == y_test[:200]))
print(f"accuracy on 200 test pictures: {accuracy:.3f}")
check_prediction(my_accuracy, accuracy, within=0.03)

wrong = np.flatnonzero(labels != y_test[:200])
pairs = [p for i in wrong for p in (X_test[i], X_train[dists[i].argmin()])]
names = [n for i in wrong for n in (f"is {y_test[i]}", f"nearest: {labels[i]}")]
plots.show_images(
    np.array(pairs).reshape(-1, 8, 8), titles=names, columns=max(len(names), 6), size=1.0,
    title=f"All {len(wrong)} mistakes in 200, each beside the neighbour that misled it",
)
plt.show()

# %% [markdown]
# No rule about strokes or loops was written down, and nothing was "learned" but the pictures
# themselves. Where it fails, you would have to look twice yourself.

# %% [markdown]
# ## The same numbers without the wait
#
# You noticed the pause. Two hundred test pictures against the training set are some 260,000
# pairs, and for every pair Python starts four small NumPy calls, a few microseconds in all. That
# is nothing, 260,000 times over. On CIFAR-10 (10,000 test and 50,000 training pictures of 3,072
# numbers) the same loops would run for more than an hour.
#
# The arithmetic is not the problem: starting it is. So give NumPy larger pieces. The first step
# takes a whole row of `dists` at once: `X_train - X[i]` **broadcasts**.
#
# | | shape |
# |---|---|
# | `X_train` | (num_train, D) |
# | `X[i]` | (D,) |
# | `X_train - X[i]` | (num_train, D) |
# | its squares, added along axis 1 | (num_train,) |

# %% [markdown]
# ### Exercise 1.4 · L2 distances with one loop (3 points)
#
# Write `l2_distances_one_loop(X, X_train)` with the same result as before, shape
# (num_test, num_train), and a single loop over the test points: each round fills one row of
# `dists`. Leave both inputs as they are.
#
# <details><summary>Hint 1</summary>
#
# Take your two loops, drop the inner one, and replace `X_train[j]` by `X_train`.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.sum` without an axis would add up the whole table. The features of one training point lie
# along axis 1.
# </details>

# %% tags=["exercise"]
def l2_distances_one_loop(X, X_train):
    """Return the Euclidean distances, one row of the result at a time.

    Parameters
    ----------
    X : ndarray, shape (num_test, D)
    X_train : ndarray, shape (num_train, D)

    Returns
    -------
    dists : ndarray, shape (num_test, num_train)
    """
    ### BEGIN SOLUTION
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        differences = X_train - X[i]                       # (num_train, D)
        dists[i] = np.sqrt(np.sum(differences**2, axis=1))
    return dists
    ### END SOLUTION

# %% tags=["check"]
check("l2_distances_one_loop", l2_distances_one_loop)

# %% [markdown]
# ### No loop at all
#
# Broadcasting once more, `X[:, None] - X_train`, would give *all* differences: an array of shape
# (num_test, num_train, D). For 500 against 5,000 pictures of 3,072 numbers that is 61 gigabytes,
# to be reduced to a result of 20 megabytes. There is a better way. Multiply out the square:
#
# $$\|x - t\|^2 = \sum_d (x_d^2 - 2\,x_d t_d + t_d^2) = \|x\|^2 - 2\,x \cdot t + \|t\|^2$$
#
# The first term belongs to a test point alone, the last to a training point alone. Only the dot
# product $x \cdot t$ needs the pair, and **all** dot products together are one matrix product:
# `X @ X_train.T`, of shape (num_test, D) times (D, num_train). Nothing is done faster in NumPy.

# %% [markdown]
# Now shapes. Entry (i, j) is to be
#
# `|X[i]|**2 - 2 * (X @ X_train.T)[i, j] + |X_train[j]|**2`
#
# so the squares of the test points must go *down the rows*, as a column of shape (num_test, 1),
# and those of the training points *along the columns*, as (num_train,). Broadcasting does the rest.
#
# One trap remains. For equal points the three terms cancel, but each has been rounded at the 16th
# digit, and the rest may be a tiny negative number. Its root is not a number:

# %% tags=["experiment", "nbval-ignore-output"]
rng = np.random.default_rng(0)
points = rng.normal(size=(1000, 50))
own = np.sum(points**2, axis=1)
squares = own - 2 * np.sum(points * points, axis=1) + own
matrix = own[:, None] - 2 * points @ points.T + own
print("every square by itself:", squares.min(), "to", squares.max())
print("with a matrix product :", np.diag(matrix).min(), "to", np.diag(matrix).max())
with np.errstate(invalid="ignore"):
    print("roots that are NaN    :", np.isnan(np.sqrt(np.diag(matrix))).sum(), "of 1000")

# %% [markdown]
# All these squared distances are of points from *themselves*: each should be 0. Added up in the
# same order, the terms cancel exactly. The matrix product adds in another order, and a few
# hundred of the thousand come out below zero.

# %% [markdown]
# ### Exercise 1.5 · L2 distances without a loop (4 points)
#
# Write `l2_distances_no_loops(X, X_train)` → (num_test, num_train), with the formula above. It
#
# - never returns NaN: raise negative squares to 0 before the root (the training set may hold a
#   copy of a test point);
# - makes no array (num_test, num_train, D): the check measures the peak memory;
# - is clearly faster than two loops: the check takes the time of the last case.
#
# Rounding makes it slightly less exact than the loops; float32 is accepted too.
#
# <details><summary>Hint 1: the three pieces</summary>
#
# Dot products: `X @ X_train.T`. Squares: `np.sum(X**2, axis=1)` has shape (num_test,); to make it
# a column write `[:, None]` behind it, or `keepdims=True`. The same for `X_train`, without that.
# </details>
# <details><summary>Hint 2: no NaN</summary>
#
# `np.maximum(squares, 0)` compares every entry with 0 and takes the larger.
# </details>
# <details><summary>Hint 3: memory</summary>
#
# `a - 2 * b + c` makes a new array for every operation, each as large as the result. That passes
# the check. To go further, start from the matrix product and change *it*: `dists *= -2`,
# `dists += …`, `np.sqrt(dists, out=dists)`. It is your own array, so this harms nobody.
# </details>

# %% tags=["exercise"]
def l2_distances_no_loops(X, X_train):
    """Return the Euclidean distances from one matrix product.

    |x - t|**2 = |x|**2 - 2 x.t + |t|**2, rounded up to 0 where it comes out negative.

    Parameters
    ----------
    X : ndarray, shape (num_test, D)
    X_train : ndarray, shape (num_train, D)

    Returns
    -------
    dists : ndarray, shape (num_test, num_train)
        Never NaN, never negative.
    """
    ### BEGIN SOLUTION
    dists = X @ X_train.T                                  # (num_test, num_train)
    dists *= -2.0
    dists += np.vecdot(X, X)[:, None]                      # |x|**2, a column
    dists += np.vecdot(X_train, X_train)                   # |t|**2, a row
    np.maximum(dists, 0.0, out=dists)
    return np.sqrt(dists, out=dists)
    ### END SOLUTION

# %% tags=["check"]
check("l2_distances_no_loops", l2_distances_no_loops)

# %% [markdown]
# (The solution uses `np.vecdot(X, X)`, new in NumPy 2: the dot product of each row with itself,
# the same numbers as `np.sum(X**2, axis=1)` without the array of squares.)
#
# **Predict before you run.** Same result, same machine: how many times faster is one matrix
# product than two loops, for 100 test pictures, 1,000 training pictures and D = 64?

# %% tags=["predict"]
my_speedup = None  # a number above 1

# %% tags=["experiment", "timing", "nbval-ignore-output"]
from timeit import repeat


def ms_of(action, times):
    return 1000 * min(repeat(action, number=1, repeat=times))

X, T = X_test[:100], X_train[:1000]
ms = {"two loops": ms_of(lambda: l2_distances_two_loops(X, T), times=2),
      "one loop": ms_of(lambda: l2_distances_one_loop(X, T), times=10),
      "no loops": ms_of(lambda: l2_distances_no_loops(X, T), times=50)}
check_prediction(my_speedup, ms["two loops"] / ms["no loops"], within=0.5)

figure, axis = plt.subplots(figsize=(7, 2.2))
bars = axis.barh(list(ms), list(ms.values()), color=[plots.RED, plots.ORANGE, plots.BLUE])
axis.bar_label(bars, [f"{t:,.1f} ms" for t in ms.values()], padding=4)
axis.set(xscale="log", xlabel="time for 100 × 1,000 distances in milliseconds (log scale)")
axis.set_xlim(min(ms.values()) / 3, max(ms.values()) * 4)
axis.set_title(f"Without loops: {ms['two loops'] / ms['no loops']:,.0f} times faster than with two")
axis.invert_yaxis()
plt.show()

# %% [markdown]
# The scale is logarithmic: each bold step to the right is ten times slower. The one loop already
# removes most of Python's work; the matrix product also removes the (num_train, D) array of
# differences that had to be written and read again for every test picture.
#
# Is it also the *same* result? Look at the largest difference between the loops and the formula,
# first for the digits as they are, then with every pixel raised by a constant. That moves all
# points together, so the true distances stay exactly what they were.

# %% tags=["experiment", "nbval-ignore-output"]
T, labels_T = X_train[:1000], y_train[:1000]
exact = l2_distances_one_loop(X_test, T)
print(f"the distances lie between {exact.min():.1f} and {exact.max():.1f}")
print("  raised by    largest error    accuracy, k = 1")
for offset in (0, 1e4, 1e6, 1e7, 1e8):
    dists = l2_distances_no_loops(X_test + offset, T + offset)
    error = np.abs(dists - exact).max()
    accuracy = np.mean(predict_labels(dists, labels_T, k=1) == y_test)
    print(f"{offset:11,.0f}    {error:13.1g}    {accuracy:15.2f}")

# %% [markdown]
# Far from the origin $\|x\|^2$ and $2\,x \cdot t$ are huge and nearly equal; their difference is
# what rounding left over. The formula is equal on paper only. (The zeros at the top are luck: these
# pixels are multiples of 1/16, which binary numbers hold exactly.) The cure costs one line:
# subtract the mean of the training set from both sets first, which moves the points back to the
# origin and changes no distance. For pixels between 0 and 1 there is nothing to cure. (If your
# errors stay tiny all the way down, you have done that already.)

# %% [markdown]
# ## How many neighbours?
#
# Two hundred points in the plane show what $k$ does. The three classes (half of the points are
# blue) overlap, so no method gets every new point right. The animation colours the plane by the
# vote of the $k$ nearest points.
#
# **Predict before you run.** Take $k = 1$ and let it name *the training points themselves*. Which
# share does it get right?

# %% tags=["predict"]
my_training_accuracy = None  # a number between 0 and 1

# %% tags=["experiment", "nbval-ignore-output"]
rng = np.random.default_rng(1)
centres = np.array([[0.0, 0.0], [2.2, 0.6], [0.9, 2.2]])
labels_2d = rng.choice(3, size=1200, p=[0.5, 0.3, 0.2])
cloud = centres[labels_2d] + rng.normal(size=(1200, 2))
P, labels_P, new, labels_new = cloud[:200], labels_2d[:200], cloud[200:], labels_2d[200:]
ks = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 65, 80, 100, 130, 160, 190]

def vote_of(k):
    return lambda points: predict_labels(l2_distances_no_loops(points, P), labels_P, k)

figure, axis = plt.subplots(figsize=(6, 4.4))

def draw(i):
    axis.clear()
    plots.decision_regions(vote_of(ks[i]), P, labels_P, axis=axis, steps=70)
    old, fresh = (np.mean(vote_of(ks[i])(x) == y) for x, y in ((P, labels_P), (new, labels_new)))
    axis.set_title(f"k = {ks[i]}: right on {old:.0%} of these points, on {fresh:.0%} of new ones")
    axis.set(xlabel="feature 1", ylabel="feature 2")

plots.animate(draw, len(ks), figure=figure, seconds_per_frame=0.6)

# %% tags=["experiment"]
for k in (1, 5, 20, 80, 190):
    old, fresh = np.mean(vote_of(k)(P) == labels_P), np.mean(vote_of(k)(new) == labels_new)
    print(f"k = {k:3d}   training points {old:.2f}   new points {fresh:.2f}")
check_prediction(my_training_accuracy, float(np.mean(vote_of(1)(P) == labels_P)))

# %% [markdown]
# With $k = 1$ every training point is its own nearest neighbour, so it is always right about them:
# islands form around single points. On *new* points those islands are noise. A larger $k$ smooths
# the borders, up to a point: when nearly all points vote, the largest class wins everywhere.
#
# So $k$ cannot be chosen by looking at the training points: they would always say 1. Nor may the
# test set choose it: a number that has been picked *because* it looks good on the test set no
# longer tells how good the method is on pictures that nobody has seen. The test set is opened
# once, at the end.

# %% [markdown]
# ### Cross-validation
#
# What is left is the training set, so part of it must play the test. Cut it into `num_folds`
# pieces, the *folds*. Each fold once stands aside as the test, and the others together train:
#
# | round | fold 1 | fold 2 | fold 3 | fold 4 | fold 5 |
# |---|---|---|---|---|---|
# | 1 | **test** | train | train | train | train |
# | 2 | train | **test** | train | train | train |
# | … | | | | | |
# | 5 | train | train | train | train | **test** |
#
# Every point is tested exactly once, and never by a model that has seen it. Five rounds give five
# accuracies for a value of $k$: their mean says how good it is, their spread how sure that is.

# %% [markdown]
# ### Exercise 1.6 · Cross-validation of k (4 points)
#
# Write `cross_validate_k(X, y, k_choices, num_folds)` with `X` (N, D), `y` (N,), `k_choices` a
# list of integers. Return a **dict** `{k: [accuracy in round 1, …, accuracy in the last round]}`
# with a list of `num_folds` numbers for each `k`.
#
# Cut the points *in their order* with `np.array_split` (no shuffling; N need not divide evenly).
# Use the L2 distance and your `predict_labels`. If one of those two does not pass yet, mend it
# first: this exercise stands on them.
#
# <details><summary>Hint 1: cut positions instead of points</summary>
#
# `np.array_split(np.arange(len(X)), num_folds)` is a list of arrays of positions. With `test` one
# of them, `X[test]` and `y[test]` belong together, and so do `X[train]` and `y[train]`, once you
# have the other positions.
# </details>
# <details><summary>Hint 2: the other positions</summary>
#
# `train = np.delete(np.arange(len(X)), test)`: all positions without those of the fold.
# </details>
# <details><summary>Hint 3: the order of the loops</summary>
#
# Outside the folds, inside the `k_choices`: the distances of a fold are the same for all `k`.
# Begin with `accuracies = {k: [] for k in k_choices}` (not `dict.fromkeys(k_choices, [])`, which
# has *one* list under all keys) and append `np.mean(labels == y[test])`.
# </details>

# %% tags=["exercise"]
def cross_validate_k(X, y, k_choices, num_folds):
    """Return the accuracy of every k in every fold.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    k_choices : list of int
        Numbers of neighbours to try, each at most the size of the smallest training part.
    num_folds : int
        From 2 to N. The folds are `np.array_split` of the points, in order.

    Returns
    -------
    accuracies : dict
        `accuracies[k]` is a list of num_folds floats between 0 and 1.
    """
    ### BEGIN SOLUTION
    everyone = np.arange(len(X))
    accuracies = {k: [] for k in k_choices}
    for test in np.array_split(everyone, num_folds):
        train = np.delete(everyone, test)
        dists = l2_distances_no_loops(X[test], X[train])
        for k in k_choices:
            labels = predict_labels(dists, y[train], k)
            accuracies[k].append(float(np.mean(labels == y[test])))
    return accuracies
    ### END SOLUTION

# %% tags=["check"]
check("cross_validate_k", cross_validate_k)

# %% [markdown]
# Now the digits choose their $k$. Every dot is one fold; the line goes through the means, and the
# bars are one standard deviation of the five folds up and down.

# %% tags=["experiment"]
def plot_folds(axis, accuracies, colour):
    ks = list(accuracies)
    means = np.array([np.mean(accuracies[k]) for k in ks])
    spread = np.array([np.std(accuracies[k]) for k in ks])
    for k in ks:
        axis.plot([k] * len(accuracies[k]), accuracies[k], "o", ms=4, alpha=0.35, color=colour)
    axis.errorbar(ks, means, yerr=spread, color=colour, capsize=3)
    axis.set(xscale="log", xlabel="k, number of neighbours (log scale)", ylabel="accuracy")
    axis.set_xticks(ks, ks)
    axis.minorticks_off()
    return ks[int(means.argmax())], means, spread

# %% tags=["experiment"]
k_choices = [1, 2, 3, 5, 8, 12, 20, 50, 100]
figure, axis = plt.subplots()
best_k, means, spread = plot_folds(axis, cross_validate_k(X_train, y_train, k_choices, 5),
                                   plots.BLUE)
axis.set_title(f"Digits: few neighbours are best; k = {best_k} has the highest mean")
plt.show()
for k, mean, std in zip(k_choices, means, spread):
    print(f"k = {k:3d}   accuracy {mean:.3f} ± {std:.3f}")

# %% [markdown]
# Read the bars before you believe the peak. From $k = 1$ to 5 the means differ by one percentage
# point, two or three pictures in a fold of 260: "few" is what the data say, and hardly which few.
# The dip at 2 has a reason, though: two neighbours that disagree are a tie, and our rule then takes
# the smaller label instead of the nearer neighbour's. From $k = 20$ on the loss is real.
#
# The choice is made. Now, and only now, the test set:

# %% tags=["experiment"]
dists = l2_distances_no_loops(X_test, X_train)
labels = predict_labels(dists, y_train, best_k)
print(f"k = {best_k}: accuracy on all {len(X_test)} test pictures {np.mean(labels == y_test):.3f}")

# %% [markdown]
# ### Written question 1.A
#
# A friend tries $k$ = 1 to 100 on the test set, finds that $k = 7$ is best with 0.988, and reports
# "accuracy 0.988". What is wrong with that number, in which direction is it likely to be wrong,
# and what should be done instead? Does it matter how many values of $k$ were tried?

# %% [markdown] name="test_set" tags=["written"]
# ### BEGIN SOLUTION
# The test set has taken part in the choice: among 100 candidates the one was taken whose errors on
# just these pictures happened to be fewest. Part of its lead is luck, and luck does not carry over
# to new pictures, so 0.988 is likely too high. k should be chosen by cross-validation on the
# training set, and the test set used once, for the chosen k. The more values are tried, the
# luckier the best of them is, so the larger the excess; a smaller test set has the same effect.
#
# *Rubric.* Selection on the test set named as the fault (1); too optimistic, with the reason (1);
# cross-validation or a validation set, test set used once (1); more candidates make it worse (1).
# ### END SOLUTION

# %% [markdown]
# ## L1 or L2?
#
# The two distances rank neighbours differently where differences are spread differently. Take a
# digit, and change it in two ways that are equally large for L1.

# %% tags=["experiment"]
image = X_train[y_train == 0][0]
rng = np.random.default_rng(0)
blank = rng.choice(np.flatnonzero(image == 0), size=5, replace=False)
spots = image.copy()
spots[blank] = 1.0
haze = image + np.where(image > 0.5, -1, 1) * 5.0 / image.size
for name, changed in (("five spots", spots), ("thin haze", haze)):
    l1, l2 = l1_distances(changed[None], image[None]), l2_distances_no_loops(changed[None],
                                                                             image[None])
    print(f"{name}: L1 {l1.item():.2f}, L2 {l2.item():.2f}")
plots.show_images(
    np.array([image, spots, haze]).reshape(-1, 8, 8), columns=3, size=1.4,
    titles=["original", "five spots", "thin haze"],
    title="Equally far for L1; for L2\nthe spots are much farther",
)
plt.show()

# %% [markdown]
# Squaring makes one large difference count for more than many small ones of the same sum. So L2
# fears the few spots and forgives the haze; L1 treats them alike. Which is better then depends on
# what goes wrong in the pictures. We damage the test pictures in both ways, more and more, and
# keep the training set clean.

# %% tags=["experiment"]
rng = np.random.default_rng(1)
counts, sizes = [0, 2, 4, 6, 8, 10, 12], [0, 0.1, 0.2, 0.3, 0.4, 0.5]

def flip(X, count):
    order = np.argsort(rng.random(X.shape), axis=1)[:, :count]
    damaged = X.copy()
    np.put_along_axis(damaged, order, 1 - np.take_along_axis(X, order, axis=1).round(), axis=1)
    return damaged

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
damage = [[flip(X_test, c) for c in counts],
          [X_test + s * rng.normal(size=X_test.shape) for s in sizes]]
for axis, steps, sets in zip(axes, (counts, sizes), damage):
    for name, distance in (("L1", l1_distances), ("L2", l2_distances_no_loops)):
        accuracy = [np.mean(predict_labels(distance(X, X_train), y_train, 1) == y_test)
                    for X in sets]
        axis.plot(steps, accuracy, "o-", label=name)
        print(f"{name}: " + " ".join(f"{a:.2f}" for a in accuracy))
axes[0].set(xlabel="pixels flipped, of 64", ylabel="accuracy, k = 1", title="Spots: L1 is better")
axes[1].set(xlabel="standard deviation of the noise", title="Noise everywhere: L2 is better")
axes[0].legend()
plt.show()

# %% [markdown]
# Neither is *the* right one. On the clean digits they are equal within one or two pictures, as
# often in practice. The choice of a distance is a statement about which differences matter, and
# here is a case in which none of the two says anything sensible.

# %% [markdown]
# ## From digits to pictures of things
#
# `shapes` are 32 × 32 colour pictures in ten classes: circles, squares, stars, arrows … in any
# place, size and tint, on any noisy background. They are drawn by the computer and stand in for
# photographs, on which nearest neighbours behave alike. You can name most of them at a glance:

# %% tags=["experiment"]
shapes = load("shapes", num_train=2000, num_val=100, num_test=400)
S_train, t_train, S_test, t_test = shapes.X_train, shapes.y_train, shapes.X_test, shapes.y_test
dists_shapes = l2_distances_no_loops(S_test, S_train)
nearest = np.argsort(dists_shapes, axis=1)[:, :6]
shown, names, colours = [], [], []
for i in range(4):
    shown += [S_test[i], *S_train[nearest[i]]]
    names += [shapes.class_names[t] for t in (t_test[i], *t_train[nearest[i]])]
    colours += [plots.BLUE] + [plots.BLACK if t == t_test[i] else plots.RED
                               for t in t_train[nearest[i]]]
plots.show_images(
    np.array(shown).reshape(-1, *shapes.image_shape), titles=names, colours=colours, columns=7,
    size=1.0, title="Same background, another shape: what L2 calls near (first column: test)",
)
plt.show()

# %% [markdown]
# Every line looks harmonious, and most names are wrong (orange). The neighbours agree in the colour
# of the background, because the background is most of the picture. Let us count.

# %% tags=["experiment"]
corners = np.s_[:, [0, 0, -1, -1], [0, -1, 0, -1]]
ground_test = S_test.reshape(-1, *shapes.image_shape)[corners].mean(axis=1)     # (N, 3)
ground_train = S_train.reshape(-1, *shapes.image_shape)[corners].mean(axis=1)
gaps = l2_distances_no_loops(ground_test, ground_train)
to_nearest = gaps[np.arange(len(S_test)), dists_shapes.argmin(axis=1)].mean()
results = {
    "digits": np.mean(predict_labels(l2_distances_no_loops(X_test, X_train), y_train, 1) == y_test),
    "shapes": np.mean(predict_labels(dists_shapes, t_train, 1) == t_test),
}
print({name: round(float(a), 3) for name, a in results.items()})
print(f"colour of the corners: {to_nearest:.2f} from the nearest neighbour's, "
      f"{gaps.mean():.2f} from the average picture's")

# %% tags=["experiment"]
figure, axis = plt.subplots(figsize=(6.5, 1.9))
axis.bar_label(axis.barh(list(results), list(results.values()), color=[plots.BLUE, plots.RED]),
               fmt="%.2f", padding=4)
axis.axvline(0.1, color="black", ls="--", lw=1)
axis.text(0.11, 0.5, "guessing", fontsize=9, va="center")
axis.set(xlabel="accuracy of one nearest neighbour on raw pixels", xlim=(0, 1.1))
axis.set_title("The same program: nearly always right on digits, seldom on shapes")
axis.invert_yaxis()
plt.show()

# %% [markdown]
# In the background the nearest neighbour is about twice as close as the average picture. In the
# shape it is right in fewer than one case in three, where guessing would be right in one of ten.
#
# Three things vary in these pictures that have nothing to do with the class: **where** the thing
# is, its **tint**, and its **background**. The digits were spared all three: they are centred,
# equally dark, on black. So let us take that kindness away, one at a time.
#
# **Predict before you run.** The test digits are moved one pixel to the right, the training set
# stays. Accuracy was 0.98 or so. What will it be?

# %% tags=["predict"]
my_shifted_accuracy = None  # a number between 0 and 1

# %% tags=["experiment"]
def moved(X, pixels):
    images = np.zeros((len(X), 8, 8))
    images[:, :, pixels:] = X.reshape(-1, 8, 8)[:, :, : 8 - pixels]
    return images.reshape(len(X), 64)

lit = np.tile(np.linspace(0, 0.8, 8), 8)                  # brighter from left to right
changes = {"as they are": X_test, "moved by 1 pixel": moved(X_test, 1),
           "moved by 2 pixels": moved(X_test, 2), "half as bright": 0.5 * X_test,
           "background lit": np.maximum(X_test, lit)}

# %% tags=["experiment"]
accuracy, shown, names = {}, [], []
for name, X in changes.items():
    dists = l2_distances_no_loops(X, X_train)
    accuracy[name] = float(np.mean(predict_labels(dists, y_train, 1) == y_test))
    shown += [X[41]]
    names += [f"{name}\n{accuracy[name]:.2f}"]
check_prediction(my_shifted_accuracy, accuracy["moved by 1 pixel"])
print({name: round(a, 2) for name, a in accuracy.items()})
plots.show_images(np.array(shown).reshape(-1, 8, 8), titles=names, columns=5, size=1.5,
                  title="The same digit to you; the accuracy below says what it is to L2")
plt.show()

# %% [markdown]
# Now one picture of `shapes`, changed in the same three ways, and the distance of each change. For
# comparison, the nearest training picture that shows something else. (Moving is done in a circle:
# what leaves on the right comes in on the left.)

# %% tags=["experiment"]
def move(images):
    return np.roll(images, 4, axis=-2)

def tint(images):
    return np.clip(images + [0.15, 0.0, -0.15], 0, 1)      # more red, less blue

def light(images):
    return np.clip(images - 0.25 * np.linspace(-1, 1, 32)[:, None], 0, 1)

# %% tags=["experiment"]
images = S_test.reshape(-1, *shapes.image_shape)
others = np.where(t_train == t_test[:, None], np.inf, dists_shapes)       # another class only
stranger = others[0].argmin()
row = {"original": images[0], "moved by 4 pixels": move(images[0]), "warmer tint": tint(images[0]),
       "light from the left": light(images[0]), "all three": light(tint(move(images[0]))),
       f"nearest {shapes.class_names[t_train[stranger]]}":
           S_train[stranger].reshape(shapes.image_shape)}
far = {name: np.sqrt(np.sum((image - images[0]) ** 2)) for name, image in row.items()}
plots.show_images(np.array(list(row.values())), columns=6, size=1.45,
                  titles=[f"{name}\nL2 = {far[name]:.1f}" for name in far],
                  title="Moved, tinted and lit anew, a picture is farther from itself "
                        "than from another thing")
plt.show()

# %% tags=["experiment"]
changed = np.sqrt(np.sum((light(tint(move(images))) - images) ** 2, axis=(1, 2, 3)))
closer = changed > others.min(axis=1)
print(f"another thing is nearer than the changed picture itself: {closer.mean():.0%} of the tests")

# %% [markdown]
# Pixel distances compare what is at the *same place*. The same thing moved, tinted and lit anew is
# far away; a different thing on the same wall is near. That is the gap this course goes on to
# close: from the next chapter on, the program learns *which* differences matter.
#
# Does voting help, at least? Cross-validation on `shapes`:

# %% tags=["experiment"]
figure, axis = plt.subplots()
shape_ks = [1, 3, 5, 10, 20, 50, 100]
best, means, spread = plot_folds(axis, cross_validate_k(S_train, t_train, shape_ks, 5), plots.RED)
axis.axhline(0.1, color="black", ls="--", lw=1)
axis.text(1, 0.105, "guessing", fontsize=9)
axis.set_title(f"Shapes: more voters help a little; k = {best} has the highest mean")
plt.show()
for k, mean, std in zip(shape_ks, means, spread):
    print(f"k = {k:3d}   accuracy {mean:.2f} ± {std:.2f}")

# %% [markdown]
# Where single neighbours are mostly wrong, many voters cancel some of the noise; where they are
# nearly always right, as with the digits, more voters only add strangers. The best $k$ belongs to
# the data.
#
# **CIFAR-10** (optional). The same on real photographs: set the switch to `True`. It needs the
# data set (`cs231n data cifar10`, 170 MB) and takes a few seconds. With the first 5,000 training
# and 500 test pictures it gives 0.274 for $k = 1$ and 0.282 for $k = 10$. With all 50,000 the notes
# of CS231n report 0.354 for L2 and 0.386 for L1.

# %% tags=["experiment"]
FULL_DATA = False
if FULL_DATA:
    cifar = load("cifar10")
    dists = l2_distances_no_loops(cifar.X_test[:500], cifar.X_train[:5000])
    for k in (1, 10):
        right = predict_labels(dists, cifar.y_train[:5000], k) == cifar.y_test[:500]
        print(f"CIFAR-10, k = {k}: accuracy {right.mean():.3f}")

# %% [markdown]
# ### Written question 1.B
#
# You want to recognise plants from three measurements: height in metres (0.1 to 2), number of
# petals (3 to 12), and mass of a seed in milligrams (1 to 5,000). Nearest neighbours with L2 do
# badly. Which measurement decides nearly alone who is near, and why? What would change if the mass
# were given in grams? Propose a remedy, and say from which data its numbers must be computed.

# %% [markdown] name="units" tags=["written"]
# ### BEGIN SOLUTION
# The seed's mass decides: its differences are up to 5,000, those of the others at most 9 and 2, and
# squaring makes that worse. In grams the mass would hardly count (differences up to 5 beside 9
# petals). So the neighbours depend on the choice of units, which says nothing about plants.
# Remedy: bring the features to one scale, for instance subtract the mean and divide by the standard
# deviation of each feature, or learn weights for them. Mean and standard deviation are computed
# from the training set alone and applied to the test set; otherwise the test set has leaked in.
#
# *Rubric.* Mass dominates because of its range (1); units change the neighbours (1); a
# standardisation of each feature or an equivalent (1); statistics from the training set only (1).
# ### END SOLUTION

# %% [markdown]
# ## The curse of dimensionality
#
# Nearest neighbours need neighbours that are *near*. Scatter 1,000 points at random in a cube and
# drop in a new one. In one dimension some point lies almost on top of it. With every further
# dimension there is more room, and more ways to differ. Below: the distance of the *nearest* point
# divided by the *mean* distance of all. At 1 the nearest is no nearer than any other.

# %% tags=["experiment"]
rng = np.random.default_rng(0)
dimensions = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

def contrast(points, queries):
    dists = l2_distances_no_loops(queries, points)
    return np.mean(dists.min(axis=1) / dists.mean(axis=1))

noise = [contrast(rng.uniform(size=(1000, D)), rng.uniform(size=(200, D))) for D in dimensions]
shuffled = np.array([rng.permutation(pixel) for pixel in X_train.T]).T     # each pixel by itself
real = contrast(X_train[:1000], X_test[:200])
mixed = contrast(shuffled[:1000], shuffled[1000:1200])

# %% tags=["experiment"]
figure, axis = plt.subplots()
axis.plot(dimensions, noise, "o-", label="random points in a cube")
axis.plot(64, mixed, "s", ms=9, color=plots.ORANGE, label="digits, every pixel shuffled")
axis.plot(64, real, "*", ms=15, color=plots.RED, label="digits")
axis.set(xscale="log", xlabel="dimensions D (log scale)", ylim=(0, 1),
         ylabel="nearest distance / mean distance")
axis.set_xticks(dimensions, dimensions)
axis.set_title("In many dimensions the nearest point is hardly nearer than the others")
axis.legend(loc="lower right")
plt.show()
print(f"64 random numbers: {noise[6]:.2f}   shuffled digits: {mixed:.2f}   digits: {real:.2f}")

# %% [markdown]
# For random points with 64 features, the nearest is at three quarters of the mean distance: being
# nearest means little. The digits have 64 features as well, yet their nearest neighbours are as
# near as those of random points in about 8 dimensions. Shuffle every pixel among the pictures, so
# that each keeps its values but not its company, and that is lost.
#
# So what counts is not the number of features but in how many ways the data really vary.
# Neighbouring pixels go together; digits fill a thin sheet of the 64-dimensional space.

# %% [markdown]
# ## What a faster search buys
#
# Training took no time: we stored the pictures. Naming one costs a comparison with *every* stored
# picture, and that is the wrong way round for anything people use. A **k-d tree** (Bentley, 1975)
# cuts the space into boxes, one coordinate at a time. A query opens only boxes that may hold
# something nearer than what it has found, so it measures a few points instead of all.
#
# The picture counts how many distances scikit-learn's tree measures per query, as a share of the
# 4,000 stored points.

# %% tags=["experiment"]
from sklearn.neighbors import KDTree, KNeighborsClassifier


def share_measured(points, queries):
    tree = KDTree(points, leaf_size=10)
    tree.reset_n_calls()
    tree.query(queries, k=1)
    return tree.get_n_calls() / len(queries) / len(points)

# %% tags=["experiment"]
rng = np.random.default_rng(0)
dimensions = [1, 2, 4, 6, 8, 10, 12, 16, 20, 32]
shares = [share_measured(rng.uniform(size=(4000, D)), rng.uniform(size=(100, D)))
          for D in dimensions]
on_digits = share_measured(X_train, X_test)
figure, axis = plt.subplots()
axis.plot(dimensions, shares, "o-")
axis.axhline(on_digits, color=plots.RED, ls="--")
axis.text(1, on_digits + 0.02, "digits, D = 64", color=plots.RED)
axis.set(xlabel="dimensions D of random points", ylabel="share of the points measured")
axis.set_title("A k-d tree saves nearly everything in 4 dimensions and nothing in 20")
plt.show()
print(f"D = 4: {shares[2]:.1%}   D = 20: {shares[8]:.0%}   digits: {on_digits:.0%}")

# %% [markdown]
# In many dimensions almost every box *might* hold something nearer, and the tree opens them all:
# the curse again, this time as cost. The way out is to be content with *almost* the nearest. An
# **approximate** search opens a box only if it could hold something nearer by a factor
# $1 + \varepsilon$. SciPy's tree has that as `eps`.

# %% tags=["experiment"]
from scipy.spatial import KDTree as ApproximateTree

exact = l2_distances_no_loops(X_test, X_train).argmin(axis=1)
brute = ms_of(lambda: l2_distances_no_loops(X_test, X_train).argmin(axis=1), times=10)
tree = ApproximateTree(X_train, leafsize=10)
found, accurate, times, eps = [], [], [], [0, 0.5, 1, 1.5, 2, 3, 4]
for e in eps:
    _, index = tree.query(X_test, eps=e)
    found += [np.mean(index == exact)]
    accurate += [np.mean(y_train[index] == y_test)]
    times += [ms_of(lambda e=e: tree.query(X_test, eps=e), times=10)]

# %% tags=["experiment", "timing", "nbval-ignore-output"]
figure, axis = plt.subplots()
axis.plot(times, found, "o-", label="true nearest neighbour found")
axis.plot(times, accurate, "s-", label="accuracy")
for t, f, e in zip(times, found, eps):
    axis.annotate(f"eps {e}", (t, f), textcoords="offset points", xytext=(4, -14), fontsize=8)
axis.axvline(brute, color="black", ls="--", lw=1, label="one matrix product")
axis.set(xlabel=f"milliseconds for {len(X_test)} queries", ylabel="share of the queries",
         ylim=(min(found) - 0.05, 1.01))
axis.set_title("Give up a few true neighbours: several times faster, accuracy nearly the same")
axis.legend(loc="lower right")
plt.show()

# %% [markdown]
# Near misses cost little, because the second nearest picture mostly has the same name. Yet the
# plain matrix product (dashed) is hard to beat for a thousand points. Trees and graphs (such as
# HNSW, 2016) pay off in collections of millions, and there the search is always approximate.
#
# One more comparison: does the library agree with what you wrote?

# %% tags=["experiment"]
model = KNeighborsClassifier(n_neighbors=best_k, algorithm="brute").fit(X_train, y_train)
mine = predict_labels(l2_distances_no_loops(X_test, X_train), y_train, best_k)
print(f"scikit-learn and you agree on {np.mean(model.predict(X_test) == mine):.1%} of the digits")

# %% [markdown]
# ### Written question 1.C
#
# A phone app is to name birds from photographs with nearest neighbours over 10 million labelled
# pictures of 3,072 numbers each (one byte a number). Estimate the memory it needs and the number
# of multiplications for one query. Compare what grows with the number of training pictures here
# with a method that squeezes them into one matrix of 3,072 × 1,000 weights. When would you still
# prefer neighbours?

# %% [markdown] name="cost" tags=["written"]
# ### BEGIN SOLUTION
# Memory: 10^7 × 3,072 bytes ≈ 31 GB. One query: one multiplication per stored number, about
# 3 × 10^10. Both grow in proportion to the number of training pictures. A weight matrix has
# 3 million numbers (12 MB in float32) and needs 3 million multiplications per query, whatever the
# number of pictures it was trained on: training is expensive once, use is cheap. Neighbours are
# still preferable when there are few data, when new examples or classes arrive all the time (no
# retraining), or when one wants to show *why*: here is the picture that yours was compared with;
# or when they run on short learned features with an approximate index instead of pixels.
#
# *Rubric.* About 31 GB and 3 × 10^10 (1); both linear in the training set, the matrix independent
# of it (1); cost moved from use to training (1); a sensible case for neighbours (1).
# ### END SOLUTION

# %% [markdown]
# ## Often said, and wrong
#
# - **"Training accuracy 1.00 means overfitting."** With $k = 1$ it is 1.00 on *any* data without
#   contradictory duplicates. On the digits the new pictures are right as well, so nothing is wrong;
#   on `shapes` they are not. The *gap* tells, not the 1.00.
# - **"64 dimensions are cursed."** The figure above: digits behave like 8 random dimensions.
# - **"A tree makes the search logarithmic."** In few dimensions. In 20 it measured all points.
# - **"The formula without loops gives the same numbers."** On paper. With every pixel raised by ten
#   million the errors were as large as the distances, and the accuracy fell.

# %% tags=["experiment"]
print("            training    new pictures    gap")
for name, (X, y), (X_new, y_new) in (
    ("digits", (X_train, y_train), (X_test, y_test)),
    ("shapes", (S_train[:1000], t_train[:1000]), (S_test, t_test)),
):
    seen = np.mean(predict_labels(l2_distances_no_loops(X, X), y, 1) == y)
    unseen = np.mean(predict_labels(l2_distances_no_loops(X_new, X), y, 1) == y_new)
    print(f"{name}, k = 1   {seen:.2f}    {unseen:12.2f}    {seen - unseen:.2f}")

# %% [markdown]
# ## Summary
#
# - A picture is a point; similar means near. **L1** adds the sizes of the differences, **L2** the
#   squares, and so fears a few large ones more.
# - The $k$ nearest training points **vote**. Training is storing; all the work comes at the query.
# - $\|x - t\|^2 = \|x\|^2 - 2\,x \cdot t + \|t\|^2$ turns all distances into one matrix product,
#   hundreds of times faster than two loops; guard the root against rounding.
# - $k$ is chosen by **cross-validation**, with a look at the spread; the test set is opened once.
# - Raw pixels compare what is in the same place: 0.98 on centred digits, little better than
#   guessing once things move, change tint or stand before another wall.
# - In many dimensions nearest is hardly nearer, unless the data vary in few ways only; trees then
#   save nothing, and one searches approximately.
#
# **Next**: chapter 2 replaces the memory of all pictures by one matrix of weights.

# %% [markdown]
# ## Where to read on
#
# - The notes of CS231n on image classification: https://cs231n.github.io/classification/
# - E. Fix and J. Hodges, *Discriminatory Analysis: Nonparametric Discrimination* (1951).
# - T. Cover and P. Hart, *Nearest Neighbor Pattern Classification* (1967): with endless data, one
#   neighbour makes at most twice the errors of the best possible rule.
# - P. Simard, Y. LeCun and J. Denker, *Efficient Pattern Recognition Using a New Transformation
#   Distance* (1993): a distance that forgives small shifts and turns.
# - K. Beyer, J. Goldstein, R. Ramakrishnan and U. Shaft, *When Is "Nearest Neighbor" Meaningful?*
#   (1999).
# - J. Bentley, *Multidimensional Binary Search Trees Used for Associative Searching* (1975);
#   Y. Malkov and D. Yashunin, *Efficient and Robust Approximate Nearest Neighbor Search Using
#   Hierarchical Navigable Small World Graphs* (2016).
