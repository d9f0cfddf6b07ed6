# %% [markdown]
# # 6 · Initialization: data preprocessing and weights
#
# **The question.** One network, one data set, one learning rule, 400 steps. From one start it
# reads 96 of 100 digits; from another it stays at guessing; from a third its loss is infinite
# after a few steps. The only difference is what stood in the arrays *before* the first step. What
# must stand there?
#
# **You build** four ways to prepare data, three ways to draw weights, and the instrument that
# shows at once whether a start is any good.
#
# **Before this**: networks and their gradients (chapter 4), activations (chapter 5).
#
# **Time** 80 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("06_initialization")
plots.use_course_style()

# %% [markdown]
# ## The shape of the valley
#
# A hundred leaves, 3 ± 1 cm long. Predict the area of a leaf from its length, $t \approx w x + b$,
# by gradient descent on half the mean squared error. With $a_i = (x_i, 1)$ and
# $\theta = (w, b)$ the loss is
#
# $$L(\theta) = \frac{1}{2N} \sum_i (a_i \cdot \theta - t_i)^2, \qquad
#   H = \frac{1}{N} \sum_i a_i a_i^T = \begin{pmatrix} \overline{x^2} & \overline{x} \\
#   \overline{x} & 1 \end{pmatrix}.$$
#
# $H$, the matrix of second derivatives, holds nothing but averages of the inputs: **the data alone
# decide the shape of the valley.** Its eigenvalues are the curvatures along the valley's axes, and
# their ratio, the *condition number*, says how stretched it is. Here are the valley as the data
# give it, and the same with $x$ replaced by $(x - \overline{x}) / \text{std}(x)$.

# %% tags=["experiment"]
def descend(A, t, steps=30):
    """Fit t = A @ theta, A (N, 2), with the best fixed learning rate; return all steps."""
    curvatures = np.linalg.eigvalsh(A.T @ A / len(A))  # the eigenvalues of H, small to large
    learning_rate = 2 / (curvatures[0] + curvatures[-1])
    path = [np.array([-3.0, 3.0])]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * A.T @ (A @ path[-1] - t) / len(A))
    return np.array(path), curvatures[-1] / curvatures[0]

# %% tags=["experiment"]
def draw_valley(A, t, axis, names, title):
    """Draw the loss over the plane of theta, and the way that gradient descent takes."""
    path, condition = descend(A, t)
    best = np.linalg.lstsq(A, t, rcond=None)[0]
    u, v = np.meshgrid(best[0] + np.linspace(-7, 7, 80), best[1] + np.linspace(-7, 7, 80))
    errors = u[..., None] * A[:, 0] + v[..., None] * A[:, 1] - t
    loss = 0.5 * (errors**2).mean(axis=-1)
    levels = loss.min() + np.geomspace(0.2, np.ptp(loss), 12)
    axis.contour(u, v, loss, levels=levels, cmap="Blues_r")
    axis.plot(*path.T, "o-", color=plots.RED, ms=3, lw=1)
    axis.plot(*best, "*", color=plots.BLACK, ms=11)
    axis.set(xlabel=names[0], ylabel=names[1], title=title.format(condition))
    axis.set_aspect("equal")

# %% tags=["experiment"]
rng = np.random.default_rng(6)
length = rng.normal(3.0, 1.0, size=100)  # cm
area = 2.0 * length - 1.0 + rng.normal(0, 0.3, size=100)  # cm²
ready = (length - length.mean()) / length.std()
ones = np.ones(100)

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4))
names = ("weight w", "bias b")
draw_valley(np.column_stack([length, ones]), area, axes[0], names, "As measured: condition {:.0f}")
draw_valley(np.column_stack([ready, ones]), area, axes[1], names, "Mean 0, std 1: condition {:.0f}")
plt.show()
for label, x in (("as measured", length), ("mean 0, std 1", ready)):
    A = np.column_stack([x, ones])
    path, _ = descend(A, area, steps=2000)
    far = np.linalg.norm(path - np.linalg.lstsq(A, area, rcond=None)[0], axis=1)
    print(f"{label:13s}: {np.argmax(far < 0.01 * far[0]):3d} steps to 1 % of the distance")

# %% [markdown]
# Thirty steps in red, the goal a star. On the left each step crosses the valley and hardly moves
# along it, and no learning rate helps: one that suits the flat direction explodes across. On the
# right the valley is round and the first step arrives. Two numbers taken from the data did that.
#
# The first layer of every network sits in such a valley. So: preparation first, weights after.

# %% [markdown]
# ## Images: one mean for each channel
#
# The smallest preparation that works for pictures is to take away the average colour: one number
# for red, one for green, one for blue. (VGGNet was trained so; AlexNet took away a whole *mean
# image*.)
#
# ### Exercise 6.1 · Mean of each channel (1 point)
# `images` has shape (N, H, W, C), as floats or as bytes (`uint8`). Return the mean of every
# channel over all images, rows and columns, shape (C,):
#
# $$\text{mean}_c = \frac{1}{N H W} \sum_{n, h, w} \text{images}_{nhwc}.$$
#
# <details><summary>Hint 1</summary>
#
# Three of the four axes are averaged away. Which one stays?
# </details>
# <details><summary>Hint 2</summary>
#
# `np.mean` takes a tuple of axes: `axis=(0, 1)` averages over the first two. Bytes are no trouble
# for it; a sum that you add up in a `uint8` array yourself wraps around at 256.
# </details>

# %% tags=["exercise"]
def per_channel_mean(images):
    """Average each colour channel.

    Parameters
    ----------
    images : array, shape (N, H, W, C)
        Floats or uint8.

    Returns
    -------
    mean : array, shape (C,)
    """
    ### BEGIN SOLUTION
    return images.mean(axis=(0, 1, 2))
    ### END SOLUTION

# %% tags=["check"]
check("per_channel_mean", per_channel_mean)

# %% [markdown]
# A thousand drawn shapes, 32×32×3, as a camera with an orange cast would see them: green loses a
# quarter of its brightness and blue a half.

# %% tags=["experiment"]
shapes = load("shapes", num_train=1000, num_val=10, num_test=10)
pictures = shapes.images() * [1.0, 0.75, 0.5]  # (1000, 32, 32, 3)
mean = per_channel_mean(pictures)
print("mean of red, green, blue:", mean.round(2))
for what, centre in (("0", 0), ("3 channel means", mean), ("3,072 pixel means", pictures.mean(0))):
    print(f"mean square distance from {what:17s}: {((pictures - centre) ** 2).mean():.3f}")

figure, axes = plt.subplots(1, 3, figsize=(8.6, 2.6), gridspec_kw={"width_ratios": [1, 1.4, 1.4]})
axes[0].imshow(pictures[:9].reshape(3, 3, 32, 32, 3).transpose(0, 2, 1, 3, 4).reshape(96, 96, 3))
axes[0].axis("off")
axes[0].set_title("An orange cast")
for axis, shift, text in zip(axes[1:], (0 * mean, mean), ("Three middles", "One, after")):
    for c, colour in enumerate((plots.RED, plots.GREEN, plots.BLUE)):
        axis.hist((pictures[..., c] - shift[c]).ravel(), bins=60, range=(-0.6, 1), histtype="step",
                  density=True, color=colour, label=("red", "green", "blue")[c])
    axis.set(xlabel="pixel value", ylabel="density", title=text)
axes[2].legend(fontsize=8)
plt.show()

# %% [markdown]
# Subtracting three numbers puts the middles of the three channels in one place and takes away three
# quarters of the mean square. A mean for each of the 3,072 pixels would take away hardly more:
# objects stand anywhere in an image, so all pixels have much the same mean. (The spikes are values
# cut off at black and at full brightness.)

# %% [markdown]
# ## Any features: mean 0, std 1
#
# A table of measurements is not so even: metres beside grams, or pixels at the rim of a scanned
# digit that are hardly ever inked. Each feature $j$ then gets a mean and a standard deviation of
# its own, **measured on the training set and used on every set**:
#
# $$\mu_j = \frac{1}{N}\sum_i X_{ij}, \qquad
#   \sigma_j = \sqrt{\frac{1}{N}\sum_i (X_{ij} - \mu_j)^2}, \qquad
#   Z_{ij} = \frac{X_{ij} - \mu_j}{\sigma_j}.$$

# %% [markdown]
# ### Exercise 6.2 · Standardize (3 points)
# `X_train` has shape (N, D); each of the `others` (none, one or more) has D columns too. Return a
# **tuple** with all sets in the order given, moved and scaled by the training set's $\mu$ and
# $\sigma$; `standardize(X_train)` returns `(Z_train,)`.
#
# - The std divides by N, which is NumPy's default.
# - A feature that is constant in the training set becomes zeros there, not 0/0. What it becomes in
#   the other sets is up to you.
# - No array that comes in may change.
#
# <details><summary>Hint 1</summary>
#
# Two vectors of shape (D,) hold all that is needed: mean and std over `axis=0`. NumPy subtracts a
# (D,) vector from every row of an (N, D) array.
# </details>
# <details><summary>Hint 2</summary>
#
# Where the std is 0, the centred column is already zeros. Dividing it by 1 leaves it so:
# `np.where(std == 0, 1.0, std)`.
# </details>
# <details><summary>Hint 3</summary>
#
# `others` is a tuple of arrays. `(X_train, *others)` is the tuple of all of them; go through it and
# collect `(X - mean) / std`.
# </details>

# %% tags=["exercise"]
def standardize(X_train, *others):
    """Give every feature mean 0 and std 1 in the training set; treat the others the same way.

    Parameters
    ----------
    X_train : array, shape (N, D)
    *others : arrays, shapes (M, D)
        Validation and test sets, as many as you like.

    Returns
    -------
    tuple of arrays
        The training set and the others, standardized with the training set's mean and std.
    """
    ### BEGIN SOLUTION
    mean = X_train.mean(axis=0)  # (D,)
    std = X_train.std(axis=0)  # (D,)
    std = np.where(std == 0, 1.0, std)
    return tuple((X - mean) / std for X in (X_train, *others))
    ### END SOLUTION

# %% tags=["check"]
check("standardize", standardize)

# %% [markdown]
# On the 8×8 digits, what do the two vectors look like as pictures?

# %% tags=["experiment"]
digits = load("digits")
raw_train, raw_val = digits.X_train, digits.X_val  # (1297, 64), (250, 64), from 0 to 1
y_train, y_val = digits.y_train, digits.y_val
X_train, X_val = standardize(raw_train, raw_val)

pixels = np.stack([raw_train.mean(axis=0), raw_train.std(axis=0)]).reshape(2, 8, 8)
standard = np.stack([X_train.mean(axis=0), X_train.std(axis=0)]).reshape(2, 8, 8)
figure, axes = plt.subplots(1, 4, figsize=(8, 2.3))
says = ("raw mean", "raw std", "mean after", "std after")
for axis, picture, text in zip(axes, (*pixels, *standard), says):
    drawn = axis.imshow(picture.round(9), cmap="viridis")
    figure.colorbar(drawn, ax=axis, shrink=0.75)
    axis.set_title(text, fontsize=10)
    axis.axis("off")
plt.show()
print("pixels that never change in training:", (raw_train.std(axis=0) == 0).sum())

# %% [markdown]
# Raw, the middle of the image swings widely and the rim hardly at all. Standardized, every pixel
# has mean 0 and std 1, but for those that never change in the training images: zeros, and
# harmless.

# %% [markdown]
# ### Whose statistics?
#
# It looks fairer to give a test set its own mean and std, but then the test set is measured with a
# ruler that depends on the test set. Try it on the simplest classifier there is: an image belongs
# to the class whose average training image is nearest. The test set of the day happens to hold
# zeros only, as when an envelope of one kind comes in.
#
# With the training statistics it gets every one of the 25 zeros right. What share with the set's
# *own* mean and std?

# %% tags=["predict"]
my_guess = None  # a number between 0 and 1: the share of zeros that are recognised

# %% tags=["experiment"]
centres = np.array([X_train[y_train == c].mean(axis=0) for c in range(10)])  # (10, 64)


def nearest_centre(X):
    """Return the class whose average training image is nearest to each row of X."""
    squares = ((X[:, None] - centres) ** 2).sum(axis=2)  # (N, 10)
    return squares.argmin(axis=1)


zeros = raw_val[y_val == 0]
with_train = standardize(raw_train, zeros)[1]
with_own = standardize(zeros)[0]
print(f"training statistics: {np.mean(nearest_centre(with_train) == 0):.2f} of the zeros are right")
check_prediction(my_guess, np.mean(nearest_centre(with_own) == 0), within=0.1)

figure = plots.show_images(
    np.concatenate([with_train[:6], with_own[:6]]).clip(-2, 2).reshape(-1, 8, 8), columns=6,
    titles=[f"read as {c}" for c in nearest_centre(np.concatenate([with_train[:6], with_own[:6]]))],
    title="Above: by training statistics. Below: by their own, no zero is left",
)
plt.show()

# %% [markdown]
# What all zeros share, the round outline, is their mean, and their own mean takes it away. With a
# single image nothing at all would remain. Training statistics are part of the model, as the
# weights are.

# %% [markdown]
# **Written question 1.** A colleague standardizes the whole data set first and then splits it into
# training and test. The measured test accuracy changes by less than 0.1 %. Why is it wrong all the
# same, and when would the damage be large?

# %% [markdown] name="why_training_statistics" tags=["written"]
# ### BEGIN SOLUTION
# The test set stands for data that do not exist yet when the model is made. If its mean and std go
# into the preparation, the measured accuracy belongs to a model that has seen the test set, and
# nothing in the procedure bounds how much that helped. With thousands of rows drawn from one
# source, both statistics are nearly the same and the effect is small. It is large when the test set
# is small, when it comes from elsewhere (another camera, another hospital) or holds other shares of
# the classes, and when the preparation has many parameters, such as PCA or whitening on few rows.
#
# *Rubric.* 2: names the leak (test data take part in making the model) and one condition under
# which it is large. 1: only one of both. 0: says that it is fine because the change is small.
# ### END SOLUTION

# %% [markdown]
# ## The directions that data use
#
# Two neighbouring pixels of a digit are mostly dark together and bright together. Standardizing
# each does not change that: the cloud of data points is long in some directions and flat in others,
# and these directions lie askew to the axes. *Principal component analysis* finds them.
#
# Centre the data, $\tilde X = X - \mu$. Along a unit vector $v$ they have the variance
#
# $$\frac{1}{N}\sum_i (\tilde x_i \cdot v)^2 = v^T C\, v, \qquad
#   C = \tfrac{1}{N} \tilde X^T \tilde X .$$
#
# The $v$ with the largest variance is the eigenvector of the covariance matrix $C$ with the largest
# eigenvalue, and that eigenvalue *is* the variance. The next one is the best among the directions
# at right angles to it, and so on.

# %% [markdown]
# NumPy offers two ways. `np.linalg.eigh(C)` returns the eigenvalues from small to *large*, and the
# eigenvectors as **columns**. Or decompose $\tilde X = U S V^T$ with
# `U, S, Vt = np.linalg.svd(X_centred, full_matrices=False)`. Then
#
# $$C = \tfrac{1}{N} V S\, U^T U\, S V^T = V\, \tfrac{S^2}{N}\, V^T,$$
#
# so the components are the **rows** of `Vt`, largest first, and the variances are $S^2 / N$.

# %% [markdown]
# ### Exercise 6.3 · Principal components (4 points)
# `X` has shape (N, D), k is `num_components`. Return three things, in this order:
#
# - `projected` (N, k): the coordinates of the *centred* data along the components;
# - `components` (k, D): a unit vector in each **row**;
# - `explained_variance` (k,): the variances along them, dividing by N, **largest first**.
#
# Centre inside the function, but leave `X` unchanged. Each component may point either way: $v$ and
# $-v$ are both right, as long as the projection goes with it.
#
# <details><summary>Hint 1</summary>
#
# With the second way, nothing needs sorting: take the first k rows of `Vt` and the first k entries
# of `S`.
# </details>
# <details><summary>Hint 2</summary>
#
# The coordinate of row $i$ along component $j$ is a dot product, so all of them together are a
# matrix product: (N, D) times (D, k).
# </details>
# <details><summary>Hint 3</summary>
#
# `projected = X_centred @ components.T`, `explained_variance = S[:k] ** 2 / N`.
# </details>

# %% tags=["exercise"]
def pca(X, num_components):
    """Find the directions along which the data vary most.

    Parameters
    ----------
    X : array, shape (N, D)
    num_components : int
        k, at most min(N, D).

    Returns
    -------
    projected : array, shape (N, k)
        The centred data's coordinates along the components.
    components : array, shape (k, D)
        Unit vectors, one a row, by falling variance.
    explained_variance : array, shape (k,)
        Variance (over N) of each column of `projected`.
    """
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

# %% [markdown]
# Sixty-four pixels, but how many directions do digits really use?

# %% tags=["experiment"]
projected, components, variances = pca(raw_train, 64)
share = variances.cumsum() / variances.sum()
needed = int(np.argmax(share >= 0.9)) + 1

plt.figure(figsize=(7, 2.9))
plt.bar(np.arange(1, 65), variances / variances.sum(), color=plots.SKY, label="each component")
plt.plot(np.arange(1, 65), share, color=plots.BLUE, label="together")
plt.axvline(needed, color=plots.RED, lw=1, ls="--")
plt.xlabel("component")
plt.ylabel("share of the variance")
plt.title(f"{needed} of 64 directions hold 90 % of the digits' variance")
plt.legend(loc="center right")
plt.show()

# %% [markdown]
# The bars fall fast and the curve flattens: the last thirty directions hold next to nothing. To see
# what that buys, keep k numbers of each image and turn them back into pixels:
# `projected[:, :k] @ components[:k] + mean`.

# %% tags=["experiment"]
some = [int(np.argmax(y_train == c)) for c in range(10)]  # the first of each class
counts = (1, 2, 5, 10, needed, 64)
rows = [projected[some, :k] @ components[:k] + raw_train.mean(axis=0) for k in counts]
figure = plots.show_images(
    np.concatenate(rows).clip(0, 1).reshape(-1, 8, 8), columns=10, size=0.7,
    title=f"Rebuilt from {', '.join(map(str, counts))} numbers an image (top to bottom)",
)
plt.show()
for k, row in zip(counts, rows):
    error = np.sqrt(np.mean((row - raw_train[some]) ** 2))
    print(f"k = {k:2d}: root mean square error {error:.3f}")

# %% [markdown]
# With five numbers some digits can be told, with ten most, and with about twenty a third of the
# numbers gives nearly the original. PCA has never seen a label; it keeps what varies.

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), gridspec_kw={"width_ratios": [1.5, 1]})
for c in range(8):
    mine = projected[y_train == c]
    axes[0].scatter(mine[:, 0], mine[:, 1], s=7, color=plots.COLOURS[c], label=str(c), alpha=0.7)
axes[0].set(xlabel="along component 1", ylabel="along component 2")
axes[0].set_title("Two numbers an image already part some classes")
axes[0].legend(ncols=2, markerscale=2, fontsize=8, title="digit", loc="center left",
               bbox_to_anchor=(1.0, 0.5))
grid = components[:9].reshape(3, 3, 8, 8).transpose(0, 2, 1, 3).reshape(24, 24)
axes[1].imshow(grid, cmap="PuOr", vmin=-0.4, vmax=0.4)
for line in (7.5, 15.5):
    axes[1].axhline(line, color="white")
    axes[1].axvline(line, color="white")
axes[1].axis("off")
axes[1].set_title("Components 1 to 9 as images")
plt.show()

# %% [markdown]
# Left: eight of the ten classes in the plane of the first two components. Right: components are
# images themselves, orange against purple strokes that tend to replace each other. Mirrored colours
# in your copy are as right as these.

# %% [markdown]
# ## Whitening: a round cloud
#
# Once the axes are the components, one more step makes the cloud round: divide each coordinate by
# its std.
#
# $$Z = \tilde X\, V \,\text{diag}\!\left(\frac{1}{\sqrt{\lambda_1 + \varepsilon}}, \dots,
#   \frac{1}{\sqrt{\lambda_D + \varepsilon}}\right),$$
#
# with the components as columns of $V$ and the variances $\lambda_j$. The covariance of $Z$ is the
# identity, up to the small $\varepsilon$, which keeps a direction without any variance at
# $0/\sqrt{0 + \varepsilon} = 0$. This is **PCA whitening**. Turning the round cloud back,
# $Z_{\text{ZCA}} = Z V^T$, keeps it round and lets images look like images: **ZCA whitening**
# (Bell and Sejnowski 1997).

# %% [markdown]
# ### Exercise 6.4 · Whiten (4 points)
# `X` has shape (N, D) with N ≥ D. Return the whitened data, shape (N, D), PCA or ZCA as you like:
# centred, turned to *all* D components, each coordinate divided by $\sqrt{\lambda_j + \varepsilon}$
# ($\lambda_j$ over N; $\varepsilon$ is the parameter `eps`, inside the root). `X` stays unchanged.
#
# The check does not care about rotations and mirrors: it compares the dot products between the
# rows, $Z Z^T$. If $Z' = Z R$ with an orthogonal $R$, then $Z' Z'^T = Z R R^T Z^T = Z Z^T$.
#
# <details><summary>Hint 1</summary>
#
# You have most of it: `pca` with all components returns coordinates and variances.
# </details>
# <details><summary>Hint 2</summary>
#
# A (D,) vector divides an (N, D) array column by column, which is what is wanted.
# </details>
# <details><summary>Hint 3</summary>
#
# Without `pca`: `variances, V = np.linalg.eigh(X_centred.T @ X_centred / N)`; the coordinates are
# `X_centred @ V`. Rounding may make a variance of 0 come out as -1e-17: add `eps` before the root.
# </details>

# %% tags=["exercise"]
def whiten(X, eps=1e-5):
    """Turn and stretch the data until their covariance is the identity.

    Parameters
    ----------
    X : array, shape (N, D)
    eps : float
        Added to each variance before the root.

    Returns
    -------
    Z : array, shape (N, D)
        PCA- or ZCA-whitened data.
    """
    ### BEGIN SOLUTION
    X_centred = X - X.mean(axis=0)
    covariance = X_centred.T @ X_centred / len(X)  # (D, D)
    variances, directions = np.linalg.eigh(covariance)  # (D,), (D, D), one direction a column
    return X_centred @ directions / np.sqrt(variances + eps)
    ### END SOLUTION

# %% tags=["check"]
check("whiten", whiten)

# %% [markdown]
# The three moves, on two features that rise and fall together:

# %% tags=["experiment", "nbval-ignore-output"]
rng = np.random.default_rng(7)
tall = rng.normal(size=300)
cloud = np.column_stack([2.0 * tall + 3.0, 1.3 * tall + 0.5 * rng.normal(size=300) + 2.0])
_, axes_2d, variances_2d = pca(cloud, 2)
angle = np.arctan(axes_2d[0, 1] / axes_2d[0, 0])
figure, axis = plt.subplots(figsize=(4.2, 3.9))
hue = plt.get_cmap("viridis")(np.argsort(np.argsort(tall)) / 300)


def draw(i):
    moves = np.clip([i / 7, (i - 9) / 7, (i - 18) / 7], 0, 1)  # centre, turn, scale: how far
    points = cloud - moves[0] * cloud.mean(axis=0)
    c, s = np.cos(moves[1] * angle), np.sin(moves[1] * angle)
    points = points @ np.array([[c, -s], [s, c]]) / variances_2d ** (0.5 * moves[2])
    axis.cla()
    axis.scatter(*points.T, s=6, color=hue)
    axis.set(xlim=(-6, 9), ylim=(-6, 7), xlabel="first coordinate", ylabel="second coordinate")
    stage = sum((i > 0, i >= 9, i >= 18))
    axis.set_title(("raw", "1. centre", "2. turn to the components", "3. divide by the std")[stage])


plots.animate(draw, 29, figure=figure, seconds_per_frame=0.14)

# %% [markdown]
# Centring moves the cloud, turning makes it uncorrelated, dividing makes it round; the colours let
# you follow the points. For gradient descent a round cloud is a round
# valley: the matrix $H$ of the first section is then the identity.

# %% tags=["experiment"]
target = cloud @ [0.8, -0.5] + 0.2 * rng.normal(size=300)
target = target - target.mean()
figure, axes = plt.subplots(1, 2, figsize=(8.4, 4))
names = ("weight of feature 1", "weight of feature 2")
draw_valley(standardize(cloud)[0], target, axes[0], names, "Standardized: condition {:.0f}")
draw_valley(whiten(cloud), target, axes[1], names, "Whitened: condition {:.0f}")
plt.show()

# %% [markdown]
# Standardizing cannot round a valley that lies askew: the two features share most of their
# information, and one direction stays flat. Whitening rounds it, and one step arrives.
#
# The same on the digits, seen through the covariance of all 64 pixels:

# %% tags=["experiment"]
def covariance(X):
    X = X - X.mean(axis=0)
    return X.T @ X / len(X)


figure, axes = plt.subplots(1, 3, figsize=(8.4, 2.8))
for axis, X, text in zip(
    axes, (raw_train, X_train, whiten(X_train)), ("raw", "standardized", "whitened")
):
    C = covariance(X)
    limit = np.abs(C).max()
    drawn = axis.imshow(C, cmap="PuOr", vmin=-limit, vmax=limit)
    figure.colorbar(drawn, ax=axis, shrink=0.8)
    axis.set(title=text.capitalize(), xlabel="coordinate", ylabel="coordinate")
    axis.grid(False)
    off = np.abs(C - np.diag(np.diag(C))).max() / limit
    print(f"{text:12s}: largest entry off the diagonal {off:.3f} of the largest entry")
plt.show()

# %% [markdown]
# Raw and standardized pixels are full of stripes: correlations between neighbours. Whitened, only
# the diagonal remains.

# %% [markdown]
# ### What whitening costs
#
# A direction with variance $10^{-6}$ holds noise, and whitening blows it up to the size of all the
# others. `eps` is the brake: directions with $\lambda \ll \varepsilon$ stay small. Below, digits
# after ZCA whitening for three values of `eps`, in units of the mean variance; and, printed, the
# share of validation digits that the nearest neighbour gets right.

# %% tags=["experiment"]
def whiten_with(eps):
    """Whiten both sets by the training set's components; return (train, val) in PCA's axes."""
    scale = 1 / np.sqrt(variances + eps)  # (64,)
    return projected * scale, (raw_val - raw_train.mean(axis=0)) @ components.T * scale


def neighbour_accuracy(train, val):
    squares = (train**2).sum(axis=1) - 2 * val @ train.T  # (N_val, N_train), up to a constant
    return np.mean(y_train[squares.argmin(axis=1)] == y_val)

# %% tags=["experiment"]
pictures, typical = [], variances.mean()
print(f"raw pixels    : nearest neighbour {neighbour_accuracy(raw_train, raw_val):.3f}")
for relative in (1e-6, 0.1, 10.0):
    train, val = whiten_with(relative * typical)
    pictures.append((train[some] @ components).reshape(-1, 8, 8))
    accuracy = neighbour_accuracy(train, val)
    print(f"eps = {relative:7g} times the mean variance: nearest neighbour {accuracy:.3f}")
rows = np.concatenate([raw_train[some].reshape(-1, 8, 8), *pictures])
labels = [t if i == 0 else "" for t in ("raw", "1e-6", "0.1", "10") for i in range(10)]
figure = plots.show_images(
    rows, columns=10, size=0.7, titles=labels,
    title="A tiny eps leaves noise; a large one keeps the strokes",
)
plt.show()

# %% [markdown]
# With a tiny `eps` each image is mostly amplified noise and the nearest neighbour loses several
# per cent; with an `eps` above the typical variance the strokes come back, and with them the
# neighbours. Round valleys and useful
# distances are different wishes. In deep networks whitening is rare: 64 × 64 covariances are
# cheap, 150,000 × 150,000 are not, and chapter 7 has a cheaper way to keep *every* layer's input
# in shape.

# %% [markdown]
# ## Weights: why not zero?
#
# The data are ready. Half of all good weights will be positive and half negative, so zero looks
# like the fair guess. Take two hidden units of one layer. They see the same inputs. If they also
# start with the same weights, in and out, they give the same output, receive the same gradient and
# take the same step: they are still equal, and so on for ever. A hundred such units are one unit
# with a hundred names. With zeros it is worse: in tanh and ReLU networks every hidden output is
# 0, and every weight's gradient has a factor that is 0. Only the last layer's biases learn.

# %% [markdown]
# The helper below trains a network of `cs231n_lib.nn` on the standardized digits by plain gradient
# descent. First start: every weight 0.05. After 300 steps, how many *different* columns (units)
# does `W1`, shape (64, 100), have?

# %% tags=["predict"]
my_guess = None  # a whole number from 1 to 100

# %% tags=["experiment"]
from cs231n_lib.nn import MLP
from cs231n_lib.optim import SGD


def train(model, steps=300, lr=0.05):
    """Train on digits by mini-batches of 100; return the losses, up to the first infinite one."""
    rng, rule, losses = np.random.default_rng(1), SGD(lr=lr), []
    for _ in range(steps):
        rows = rng.integers(len(X_train), size=100)
        loss, grads = model.loss(X_train[rows], y_train[rows], copy=False)
        losses.append(loss)
        if not np.isfinite(loss):
            break
        rule.step(model.params, grads)
    return np.array(losses)


def accuracy(model):
    return np.mean(model.predict(X_val) == y_val)


def different_units(model):
    return np.unique(model.params["W1"].round(8), axis=1).shape[1]

# %% tags=["experiment"]
starts = {"all zero": 0.0, "all 0.05": 0.05, "random, std 0.05": None}
first_layers = []
for label, value in starts.items():
    model = MLP([64, 100, 10], activation="tanh", init=0.05, rng=np.random.default_rng(0))
    if value is not None:
        for name in ("W1", "W2"):
            model.params[name] = np.full(model.params[name].shape, value)
    losses = train(model)
    first_layers.append(model.params["W1"][:, :10].copy())
    print(f"{label:16s}: {different_units(model):3d} different units, "
          f"last loss {losses[-20:].mean():.2f}, validation accuracy {accuracy(model):.2f}")
    if label == "all 0.05":
        check_prediction(my_guess, different_units(model))

figure = plots.show_weights(
    np.concatenate(first_layers, axis=1), (8, 8, 1),
    title="First 10 units after training: from zeros, from 0.05, from random weights",
)
plt.show()

# %% [markdown]
# Each square is one unit's 64 weights as an image. From equal weights all squares stay equal, and
# a network of 100 units does what one unit can. From random weights each becomes a detector of its
# own. **Random numbers break the symmetry; that is all they are there for.** Now, how large?

# %% [markdown]
# **Written question 2.** All biases of these networks start at zero, and that does no harm. Why can
# biases be equal when weights cannot? And which of the two weight matrices would have to be random
# at least, if the other one were constant but not zero?

# %% [markdown] name="why_biases_may_be_zero" tags=["written"]
# ### BEGIN SOLUTION
# Symmetry is broken as soon as two units differ in anything that their gradients depend on. With
# random W1 the units give different outputs for the same input; their gradients then differ, and so
# do the steps of their biases, whatever the biases started from. Random W2 with a constant W1 also
# breaks it: the units' outputs are equal at first, but the gradient that reaches unit j is dout
# times row j of W2, which differs from unit to unit, so the columns of W1 part at the first step.
# Either one of the two matrices is enough; both constant is not.
#
# *Rubric.* 2: biases are safe because the weights already make units differ, and either W1 or W2
# alone suffices, with a reason by the gradients. 1: only one half. 0: "biases are less important".
# ### END SOLUTION

# %% [markdown]
# ## A layer multiplies the spread
#
# Take one unit, without bias: $z = \sum_{d=1}^{D} x_d w_d$ with independent weights of mean 0 and
# variance $\sigma^2$. For fixed inputs, variances of independent terms add up:
#
# $$\text{Var}(z) = \sum_d x_d^2\, \sigma^2 = D\,\sigma^2 \cdot \overline{x^2},
#   \qquad D = \text{fan\_in}.$$
#
# $\overline{x^2}$ is the mean square of the inputs. So a layer multiplies the mean square by
# $D \sigma^2$, and **ten layers multiply it by $(D\sigma^2)^{10}$**: with $D = 500$ and
# $\sigma = 0.01$ by $0.05^{10} \approx 10^{-13}$, with $\sigma = 1$ by $500^{10} \approx 10^{27}$.
# A single number decides between nothing and infinity.

# %% [markdown]
# ### Exercise 6.5 · Normal weights (1 point)
# Return a weight matrix of shape (fan_in, fan_out), so that `x @ W` works for `x` of shape
# (N, fan_in): independent numbers from a normal distribution with mean 0 and standard deviation
# `std`.
#
# All randomness comes from `rng`, a `numpy.random.Generator`: the same seed must give the same
# weights, another seed others. The order in which you draw does not matter. The check looks at the
# statistics of 40,000 weights, with room for chance (a right answer fails less than once in a
# million checks).
#
# <details><summary>Hint 1</summary>
#
# A Generator has `rng.normal(mean, std, size=...)` and `rng.standard_normal(size)`.
# </details>

# %% tags=["exercise"]
def init_normal(fan_in, fan_out, std, rng):
    """Draw normal weights of a given standard deviation.

    Parameters
    ----------
    fan_in, fan_out : int
        Inputs and units of the layer.
    std : float
    rng : numpy.random.Generator

    Returns
    -------
    W : array, shape (fan_in, fan_out)
    """
    ### BEGIN SOLUTION
    return rng.normal(0.0, std, size=(fan_in, fan_out))
    ### END SOLUTION

# %% tags=["check"]
check("init_normal", init_normal)

# %% [markdown]
# ### Exercise 6.6 · The instrument (3 points)
# `x` has shape (N, D); `weights` is a list of matrices, each with as many rows as the one before
# has columns; `nonlinearity` is a function such as `np.tanh` that works on arrays. Send `x` through
# all layers, each of them `nonlinearity(x @ W)` (no biases), and return a **list of pairs**
# `(mean, std)`, one for each layer: mean and standard deviation over *all* N · H values after the
# nonlinearity. The input itself is not in the list. `x` and `weights` stay unchanged.
#
# <details><summary>Hint 1</summary>
#
# A loop over `weights` with one variable that holds the current layer's values.
# </details>
# <details><summary>Hint 2</summary>
#
# `values.std()` without an axis takes all values together and divides by their number.
# </details>

# %% tags=["exercise"]
def layer_statistics(x, weights, nonlinearity):
    """Measure what each layer of a network without biases gives.

    Parameters
    ----------
    x : array, shape (N, D)
    weights : list of arrays, shapes (D, H1), (H1, H2), ...
    nonlinearity : callable
        Applied to the sums of every layer.

    Returns
    -------
    list of (mean, std)
        One pair of numbers for each layer, after the nonlinearity.
    """
    ### BEGIN SOLUTION
    statistics = []
    for W in weights:
        x = nonlinearity(x @ W)
        statistics.append((x.mean(), x.std()))
    return statistics
    ### END SOLUTION

# %% tags=["check"]
check("layer_statistics", layer_statistics)

# %% [markdown]
# ## Ten layers of 500 units
#
# The standard experiment, from the lecture notes of CS231n: 1,000 inputs of 500 unit-Gaussian
# numbers, ten tanh layers of 500 units, and one question: what is left at the end?
#
# With std 0.01, what std do the values after layer 10 have? The formula above and a calculator are
# enough: tanh does nothing to numbers as small as these.

# %% tags=["predict"]
my_guess = None  # a number

# %% tags=["experiment"]
def relu(z):
    return np.maximum(z, 0.0)


def network(init, depth=10, width=500, seed=0):
    """Return `depth` square weight matrices; `init` draws one: init(fan_in, fan_out, rng)."""
    rng = np.random.default_rng(seed)
    return [init(width, width, rng) for _ in range(depth)]


def small(fan_in, fan_out, rng):
    return init_normal(fan_in, fan_out, 0.01, rng)


def large(fan_in, fan_out, rng):
    return init_normal(fan_in, fan_out, 1.0, rng)


def stds(init, nonlinearity, x, **options):
    """Return the std after each layer, shape (depth,)."""
    return np.array(layer_statistics(x, network(init, **options), nonlinearity))[:, 1]


inputs = np.random.default_rng(100).normal(size=(1000, 500))
check_prediction(my_guess, stds(small, np.tanh, inputs)[-1], within=0.5)
for label, init in (("std 0.01", small), ("std 1", large)):
    print(label, "tanh, std after layers 1, 2, 3, 10:",
          *(f"{s:.2g}" for s in stds(init, np.tanh, inputs)[[0, 1, 2, 9]]))

# %% tags=["experiment"]
def draw_layers(rows, nonlinearity, low, high, title):
    """Draw a row of ten histograms for each {label: init}; the std stands above each."""
    figure, axes = plt.subplots(
        len(rows), 10, figsize=(9, 0.5 + 1.15 * len(rows)), sharex=True, squeeze=False
    )
    edges = np.linspace(low, high, 31)
    for (label, init), line in zip(rows.items(), axes):
        values = inputs[:300]
        for layer, (W, axis) in enumerate(zip(network(init), line), start=1):
            values = nonlinearity(values @ W)
            counts, _ = np.histogram(values.clip(low, high), edges)
            axis.bar(edges[:-1], counts / values.size, np.diff(edges), align="edge",
                     color=plots.BLUE)
            axis.set(ylim=(0, 0.2), yticks=[])
            axis.set_title(f"{values.std():.2g}", fontsize=8, weight="normal", loc="center")
            if line is axes[-1]:
                axis.set_xlabel(f"layer {layer}", fontsize=8)
            axis.tick_params(labelsize=7)
        line[0].set_ylabel(label, fontsize=9)
    figure.suptitle(title, fontsize=11, weight="bold", x=0.01, ha="left")
    plt.show()

# %% tags=["experiment"]
draw_layers({"std 0.01": small, "std 1": large}, np.tanh, -1, 1,
            "tanh: too small dies out, too large sticks to the ends")

# %% [markdown]
# The share of values in each of thirty bins, cut at 20 %; the std stands above. With 0.01
# everything is at zero after three layers: 0.0000003 at the end. With 1 every unit sits at -1 or 1
# from the first layer on, where tanh is flat. Neither network can tell its inputs apart by degrees.

# %% [markdown]
# ## Xavier: keep the mean square
#
# The factor $D\sigma^2$ should be 1. That is the whole idea:
#
# $$\text{Var}(w) = \frac{1}{\text{fan\_in}}, \qquad
#   \text{std}(w) = \frac{1}{\sqrt{\text{fan\_in}}}.$$
#
# Glorot and Bengio (2010; Xavier is Glorot's first name) wanted the same for the gradients on
# their way back, where *fan_out* counts, and took the average of both,
# $2 / (\text{fan\_in} + \text{fan\_out})$. The form with fan_in alone is older (LeCun, Bottou, Orr
# and Müller 1998) and is the one this course uses. For square layers they are the same.
#
# ### Exercise 6.7 · Xavier weights (2 points)
# Return normal weights of shape (fan_in, fan_out), mean 0 and **variance** 1/fan_in, drawn from
# `rng`.
#
# <details><summary>Hint 1</summary>
#
# `rng.normal` and your `init_normal` take a standard deviation, not a variance.
# </details>

# %% tags=["exercise"]
def init_xavier(fan_in, fan_out, rng):
    """Draw normal weights of variance 1 / fan_in.

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    W : array, shape (fan_in, fan_out)
    """
    ### BEGIN SOLUTION
    return rng.normal(0.0, 1.0 / np.sqrt(fan_in), size=(fan_in, fan_out))
    ### END SOLUTION

# %% tags=["check"]
check("init_xavier", init_xavier)

# %% [markdown]
# The lecture notes give ten numbers for this network, and yours should agree to about 0.02:

# %% tags=["experiment"]
published = np.array([0.628, 0.486, 0.408, 0.357, 0.321, 0.292, 0.273, 0.255, 0.239, 0.228])
measured = stds(init_xavier, np.tanh, inputs)
print("layer     ", *(f"{i:5d}" for i in range(1, 11)))
print("published ", *(f"{s:.3f}" for s in published))
print("measured  ", *(f"{s:.3f}" for s in measured))
print(f"largest difference {np.abs(measured - published).max():.3f}")

# %% [markdown]
# The spread is not kept after all: it falls from 0.63 to 0.23. The sum $z$ of the first layer does
# have std 1, but tanh pulls it in, and the next layer starts from less. The smaller the values,
# the nearer tanh is to the identity, so the fall slows down: by 23 % in the second layer, by 5 % in
# the tenth.
#
# Which std would be best for tanh? Sweep through all of them:

# %% tags=["experiment", "nbval-ignore-output"]
weight_stds = np.geomspace(0.01, 1.0, 25)
rng = np.random.default_rng(3)
unit = [init_normal(500, 500, 1.0, rng) for _ in range(10)]
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 2.9))


def draw(i):
    values, spread = inputs[:100], []
    for W in unit:
        values = np.tanh(values @ (weight_stds[i] * W))
        spread.append(values.std())
    left.cla(), right.cla()
    left.plot(np.arange(1, 11), spread, "o-", color=plots.BLUE)
    left.set(ylim=(0, 1.05), xlabel="layer", ylabel="std of the values", xticks=[1, 4, 7, 10])
    left.set_title(f"std(w) = {weight_stds[i]:.3f} = {weight_stds[i] * 500**0.5:.2f} × Xavier")
    right.hist(values.ravel(), bins=30, range=(-1, 1), color=plots.BLUE)
    right.set(ylim=(0, 20_000), yticks=[], xlabel="value in layer 10")


plots.animate(draw, len(weight_stds), figure=figure, seconds_per_frame=0.25)

# %% [markdown]
# Below Xavier's std the spread dies out from layer to layer; above it the spread settles at a level
# of its own, which climbs towards 1 as units pile up at the ends. The change happens at
# $1 \times$ Xavier: with the factor $D \sigma^2 = 1$ the network stands between dying out and
# sticking.

# %% [markdown]
# ## ReLU takes half
#
# The same weights under a ReLU. Print what is kept:

# %% tags=["experiment"]
relu_xavier = stds(init_xavier, relu, inputs)
print("std by layer     ", *(f"{s:.3f}" for s in relu_xavier))
print("ratio to the last", " " * 5, *(f"{r:.3f}" for r in relu_xavier[1:] / relu_xavier[:-1]))
print(f"mean ratio of the variances: "
      f"{(relu_xavier[-1] / relu_xavier[0]) ** (2 / 9):.2f}")

# %% [markdown]
# The *variance* falls to about a half at every layer, the std to about 0.7. The derivation shows
# why. The sum $z$ is symmetric about 0 and the ReLU sets its negative half to 0:
#
# $$\overline{\text{relu}(z)^2} = \tfrac{1}{2}\, \overline{z^2}
#   = \tfrac{1}{2}\, D\,\sigma^2\; \overline{x^2}.$$
#
# The factor is $D\sigma^2 / 2$, and it is 1 for (He, Zhang, Ren and Sun 2015)
#
# $$\text{Var}(w) = \frac{2}{\text{fan\_in}}.$$
#
# ### Exercise 6.8 · He weights (2 points)
# Return normal weights of shape (fan_in, fan_out), mean 0 and **variance** 2/fan_in, drawn from
# `rng`.
#
# <details><summary>Hint 1</summary>
#
# The whole fraction stands under the root.
# </details>

# %% tags=["exercise"]
def init_he(fan_in, fan_out, rng):
    """Draw normal weights of variance 2 / fan_in.

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    W : array, shape (fan_in, fan_out)
    """
    ### BEGIN SOLUTION
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_in, fan_out))
    ### END SOLUTION

# %% tags=["check"]
check("init_he", init_he)

# %% tags=["experiment"]
draw_layers({"std 0.01": small, "std 1": large, "Xavier": init_xavier, "He": init_he}, relu, 0, 3,
            "ReLU: only He's weights keep the picture the same through ten layers")

# %% [markdown]
# Values beyond the range are counted in the last bar; half of all values are exactly 0, so the
# first bar is cut. Row by row: dead, exploded to $10^{12}$, fading, and steady.
#
# For the record, the same for tanh. He's weights are larger than tanh needs, and it settles at a
# spread of about 0.56, with some units at the ends.

# %% tags=["experiment"]
draw_layers({"Xavier": init_xavier, "He": init_he}, np.tanh, -1, 1,
            "tanh: Xavier's weights fade slowly, He's settle")

# %% [markdown]
# ### What exactly is 0.83?
#
# It is said that with He's weights the std "stays at 0.83 in every layer". What stays is the mean
# square, $\overline{x^2} = 1$. The values are ReLUs of $z$ with variance 2, so their mean is
# $\sqrt{2} / \sqrt{2\pi} = 1/\sqrt{\pi} = 0.564$ and their std
#
# $$\sqrt{\overline{x^2} - \text{mean}^2} = \sqrt{1 - 1/\pi} = 0.826.$$
#
# And that is an expectation over all weights one might draw. Thirty networks, thirty seeds:

# %% tags=["experiment"]
draws = np.array([stds(init_he, relu, inputs[:200], seed=s) for s in range(30)])  # (30, 10)
layers = np.arange(1, 11)
plt.figure(figsize=(7, 3.1))
plt.plot(layers, draws.T, color=plots.SKY, lw=0.7)
plt.plot(layers, draws.mean(axis=0), "o-", color=plots.BLUE, label="He, mean of 30 networks")
plt.plot(layers, relu_xavier, "s-", color=plots.ORANGE, label="Xavier, one network")
plt.axhline(np.sqrt(1 - 1 / np.pi), color=plots.BLACK, ls="--", lw=1, label="0.826")
plt.xlabel("layer")
plt.ylabel("std of the values")
plt.ylim(0, 1.3)
plt.title("He: each network wanders, their mean stays near 0.83")
plt.legend(fontsize=9, loc="center right", bbox_to_anchor=(1.0, 0.33))
plt.show()
print("layer           ", *(f"{i:5d}" for i in layers))
print("mean of 30      ", *(f"{s:.3f}" for s in draws.mean(axis=0)))
print("lowest, highest in layer 10:", draws[:, -1].min().round(2), draws[:, -1].max().round(2))

# %% [markdown]
# Thin lines are single networks: a layer of 500 units draws its mean square anew with an error of
# about 10 %, and the errors add up on the way. The mean over networks stays within a hundredth of
# 0.826. So the rule holds on average, and a deep network may well start at 0.7 or at 1.0.

# %% [markdown]
# ## The way back
#
# Learning needs gradients at every layer. Going back, a layer multiplies by $W^T$ and by the
# slope of the nonlinearity, $1 - \tanh^2$, or 0 and 1 for ReLU. Put unit-Gaussian numbers in at the
# end and measure what arrives at each layer.

# %% tags=["experiment"]
SLOPES = {np.tanh: lambda out: 1 - out**2, relu: lambda out: (out > 0) * 1.0}
STARTS = {"std 0.01": small, "std 1": large, "Xavier": init_xavier, "He": init_he}


def gradient_sizes(init, nonlinearity):
    """Return the root mean square of the gradient at the input of each layer, first to last."""
    weights, outs = network(init), [inputs[:200]]
    for W in weights:
        outs.append(nonlinearity(outs[-1] @ W))
    dout, sizes = np.random.default_rng(5).normal(size=outs[-1].shape), []
    for W, out in zip(weights[::-1], outs[:0:-1]):
        dout = (dout * SLOPES[nonlinearity](out)) @ W.T
        sizes.append(np.sqrt((dout**2).mean()))
    return sizes[::-1]

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.3), sharey=True)
for axis, nonlinearity, name in zip(axes, (np.tanh, relu), ("tanh", "ReLU")):
    for (label, init), marker in zip(STARTS.items(), "ovs^"):
        axis.semilogy(layers, gradient_sizes(init, nonlinearity), marker + "-", ms=4, label=label)
    axis.set(xlabel="layer (the gradient travels from right to left)", title=name)
axes[0].set_ylabel("size of the gradient")
axes[0].legend(ncols=2, fontsize=9)
figure.suptitle("What arrives at layer 1: nothing, a flood, or a gradient", fontsize=11,
                weight="bold", x=0.01, ha="left")
plt.show()
saturated = np.mean(np.abs(np.tanh(inputs[:200] @ network(large)[0])) > 0.99)
print(f"tanh, std 1: {saturated:.0%} of the units beyond ±0.99; the gradient grows by a factor of "
      f"{gradient_sizes(large, np.tanh)[0]:.0e} on its way")

# %% [markdown]
# With std 0.01 the first layer receives less than a millionth of the gradient; with Xavier and tanh
# about a quarter, with He and ReLU all of it. One line contradicts what is often said: tanh with
# std 1, nine tenths of its units saturated, does **not** lose the gradient. The tenth that is left
# has slopes near 1 and meets weights of size 1, 500 of them, so the gradient *grows* at each layer,
# in directions that have little to do with the loss nearby (Poole et al. 2016 call it chaos).

# %% [markdown]
# ## From every start, the same training
#
# Back to the digits: 4 hidden layers of 100 units, mini-batches of 100, learning rate 0.05, 400
# steps, and nothing different but the first weights.

# %% tags=["experiment"]
BEGIN = {"zeros": 0.0, "std 0.01": 0.01, "std 1": 1.0, "Xavier": "xavier", "He": "he"}


def own_start(sizes, begin, activation, rng):
    """Make a network whose weights come from this chapter's functions."""
    model = MLP(sizes, activation=activation, init=0.0, rng=rng)
    draw_with = {"xavier": init_xavier, "he": init_he}
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:]), start=1):
        if begin in draw_with:
            model.params[f"W{i}"] = draw_with[begin](fan_in, fan_out, rng)
        else:
            model.params[f"W{i}"] = init_normal(fan_in, fan_out, begin, rng)
    return model

# %% tags=["experiment"]
def outcome(model, losses):
    if not np.isfinite(losses[-1]):
        return "the loss becomes infinite"
    right = accuracy(model)
    if right < 0.15:
        return "guesses"
    return "learns slowly" if right < 0.9 else f"reaches {right:.2f} on the validation set"


def running_mean(losses, n):
    return np.convolve(losses, np.ones(n) / n, mode="valid") if len(losses) >= n else losses

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.3), sharey=True)
for axis, activation in zip(axes, ("tanh", "relu")):
    for label, begin in BEGIN.items():
        model = own_start([64, 100, 100, 100, 100, 10], begin, activation, np.random.default_rng(2))
        with np.errstate(all="ignore"):
            losses = train(model, steps=400)
        axis.semilogy(running_mean(losses, 20), label=label, zorder=3 if begin == 0 else 2,
                      ls="--" if begin == 0 else "-")
        print(f"{activation:4s}  {label:8s}  first loss {losses[0]:8.3g}  ", outcome(model, losses))
    axis.set(xlabel="step", title=activation, ylim=(5e-3, 30))
axes[0].set_ylabel("loss (mean of 20 steps)")
axes[1].legend(fontsize=9, loc="upper right", ncols=2)
figure.suptitle("Only starts of the right size train at once", fontsize=11, weight="bold",
                x=0.01, ha="left")
plt.show()

# %% [markdown]
# Zeros and 0.01 stand at $\log 10 = 2.30$ for all 400 steps: there is no gradient to follow. Std 1
# starts at a large loss; tanh crawls, and ReLU has no curve because its loss is infinite within a
# few steps. Xavier and He both
# train. On four layers the factor 2 hardly matters. On twenty it does:

# %% tags=["experiment"]
plt.figure(figsize=(7, 3))
for begin, colour in (("xavier", plots.ORANGE), ("he", plots.BLUE)):
    model = own_start([64] + 20 * [100] + [10], begin, "relu", np.random.default_rng(3))
    losses = train(model, steps=300, lr=0.005)
    plt.plot(running_mean(losses, 10), color=colour, label=begin.capitalize())
    print(f"20 ReLU layers from {begin.capitalize():6s}: last loss {losses[-20:].mean():.2f}, "
          f"validation {accuracy(model):.1f}")
plt.xlabel("step")
plt.ylabel("loss (mean of 10 steps)")
plt.ylim(bottom=0)
plt.title("Twenty ReLU layers: Xavier waits, He learns")
plt.legend()
plt.show()

# %% [markdown]
# Twenty halvings leave a millionth of the variance, and the network begins as one that was never
# given an input. He et al. (2015) saw the same with 30 layers: with Xavier's weights it did not
# begin to learn at all.

# %% [markdown]
# ### On MNIST, if you like
#
# The same comparison on 28×28 digits, with 2,000 steps: `cs231n data mnist` fetches them (11 MB),
# then set the switch to `True`. It took 40 s of one core and gave: zeros and 0.01 guess; std 1
# learns slowly with tanh and becomes infinite with ReLU; Xavier and He reach 96 % with tanh and
# 97 % with ReLU on the validation set.

# %% tags=["experiment"]
FULL_DATA = False

if FULL_DATA:
    mnist = load("mnist", dtype="float32")
    digits_before = X_train, y_train, X_val, y_val
    X_train, X_val = standardize(mnist.X_train, mnist.X_val)
    y_train, y_val = mnist.y_train, mnist.y_val
    for activation in ("tanh", "relu"):
        for label, begin in BEGIN.items():
            rng = np.random.default_rng(2)
            model = own_start([784, 100, 100, 100, 100, 10], begin, activation, rng)
            with np.errstate(all="ignore"):
                losses = train(model, steps=2000)
            print(f"{activation:4s}  {label:8s}", outcome(model, losses))
    X_train, y_train, X_val, y_val = digits_before

# %% [markdown]
# **Written question 3.** The leaky ReLU is $z$ for $z > 0$ and $\alpha z$ otherwise. Derive the
# variance of the weights that keeps the mean square from layer to layer, and check your formula at
# $\alpha = 0$ and at $\alpha = 1$.

# %% [markdown] name="leaky_relu_variance" tags=["written"]
# ### BEGIN SOLUTION
# z is symmetric about 0, so half of its mean square comes from each side. The positive half passes
# as it is, the negative half is multiplied by alpha, hence its square by alpha**2:
# mean of out**2 = (1 + alpha**2) / 2 * mean of z**2 = (1 + alpha**2) / 2 * fan_in * Var(w) *
# mean of x**2. Keeping it means Var(w) = 2 / ((1 + alpha**2) * fan_in). At alpha = 0 that is He's
# 2/fan_in, at alpha = 1 (a linear unit) Xavier's 1/fan_in.
#
# *Rubric.* 3: the halves, the formula, both checks. 2: a slip in one of them. 1: states that the
# factor lies between 1 and 2 with a reason. 0: only names He's rule.
# ### END SOLUTION

# %% [markdown]
# ## Often said, and wrong
#
# - **"Xavier's weights keep the spread in any network."** Its derivation assumes linear units.
#   Under ReLU the variance halves layer by layer (0.58 → 0.03 in std over ten layers, above).
# - **"With He's weights the std is 0.83 in every layer."** On average over networks; one network
#   wanders by 10 % and more. What is kept is the mean square.
# - **"Saturated tanh units kill the gradient."** A single one does; a layer with weights of std 1
#   has so many large weights that the gradient grows (above).
# - **"Whitened data are better data."** For gradient descent in one layer, yes; for distances,
#   no (the nearest neighbour, above).
# - **"0.01 is a good small number."** Small compared with what? The cell below.

# %% tags=["experiment"]
for fan_in in (100, 500, 2_000, 10_000, 50_000):
    x = np.random.default_rng(1).normal(size=(20, fan_in))
    W = init_normal(fan_in, 100, 0.01, np.random.default_rng(2))
    ((_, spread),) = layer_statistics(x, [W], lambda z: z)
    print(f"{fan_in:6d} inputs, weights of std 0.01: the sum has std {spread:.2f}")

# %% [markdown]
# At 10,000 inputs 0.01 *is* Xavier's std; at 100 it shrinks the signal to a tenth in one layer, at
# 50,000 it more than doubles it. No fixed number is small for all layers: that is why fan_in stands
# in the rule.

# %% [markdown]
# ## Summary
#
# - The inputs' second moments are the curvature of the first layer's valley. Centre and scale;
#   images need one mean a channel.
# - Mean, std and components come from the training set alone and are applied to every set.
# - PCA turns to the directions of largest variance; whitening makes them all equal, noise included.
# - Equal weights stay equal: start from random ones. Biases may be 0.
# - A layer multiplies the mean square by fan_in · Var(w), times ½ under ReLU. Make that 1:
#   Var(w) = 1/fan_in (Xavier) for tanh, 2/fan_in (He) for ReLU.
# - Before training, look at the std of every layer. It costs one forward pass.

# %% [markdown]
# ## Where to read on
#
# - Lecture notes of CS231n, *Neural networks part 2: setting up the data*, cs231n.github.io.
# - LeCun, Bottou, Orr, Müller (1998), *Efficient BackProp*: centring, decorrelating, 1/fan_in.
# - Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward networks*.
# - He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*.
# - Bell, Sejnowski (1997), *The "independent components" of natural scenes are edge filters*: ZCA.
# - Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli (2016), *Exponential expressivity in deep neural
#   networks through transient chaos*: what happens above the critical std.
