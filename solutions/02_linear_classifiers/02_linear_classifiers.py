# %% [markdown]
# # 2 · Linear classifiers
#
# **The question.** Nearest neighbours (chapter 1) kept every training image and compared each new
# one with all of them. Can 650 numbers, found once, stand in for a thousand stored images? And how
# does a machine find 650 numbers?
#
# **You build** a classifier that gives every class a score, and the two loops that train it:
# gradient descent, and its mini-batch form, which trains every network from here on.
#
# **Before this**: matrix products in NumPy, the idea of a derivative. From chapter 1 only the idea.
#
# **Time** 80 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("02_linear_classifiers")
plots.use_course_style()

# %% [markdown]
# ## A score for every class
#
# Start where everything can be seen: points in a plane, three classes. Each class gets an arrow
# (two weights, one for each feature) and a plain number (its bias). A point's **score** for a class
# says how far the point lies along that class's arrow. The highest score wins.

# %% tags=["experiment"]
rng = np.random.default_rng(0)
centres = np.array([[-2.0, -1.0], [2.0, -1.0], [0.0, 2.0]])
y_dots = np.repeat([0, 1, 2], 50)
X_dots = centres[y_dots] + 0.8 * rng.normal(size=(150, 2))

# A column a class: its two weights. b holds a bias a class.
W_hand = np.array([[-1.0, 1.0, 0.0],
                   [-0.5, -0.5, 1.0]])
b_hand = np.zeros(3)


def draw_arrows(axis, W):
    for c in range(W.shape[1]):
        axis.annotate("", W[:, c], (0, 0), arrowprops=dict(
            arrowstyle="-|>", lw=2.5, color=plots.COLOURS[c], shrinkA=0, shrinkB=0))

# %% tags=["experiment"]
figure, axis = plt.subplots(figsize=(5.4, 3.8))
for c in range(3):
    axis.scatter(*X_dots[y_dots == c].T, s=14, color=plots.COLOURS[c], label=f"class {c}")
draw_arrows(axis, W_hand)
axis.plot(2, 1, "*", ms=15, color=plots.BLACK)
axis.annotate("x = (2, 1)", (2.15, 1.15))
axis.set(xlabel="feature 1", ylabel="feature 2", aspect="equal")
axis.set_title("Three classes, three arrows set by hand")
axis.legend()
plt.show()

# %% [markdown]
# Take the star, $x = (2, 1)$. Multiply feature by weight, add up, add the bias:
#
# | class | weights | score |
# |---|---|---|
# | 0 | (-1, -0.5) | 2·(-1) + 1·(-0.5) + 0 = **-2.5** |
# | 1 | (1, -0.5) | 2·1 + 1·(-0.5) + 0 = **1.5** |
# | 2 | (0, 1) | 2·0 + 1·1 + 0 = **1** |
#
# Class 1 wins, narrowly. For example $i$ and class $c$, in letters:
#
# $$s_{ic} = \sum_d X_{id} W_{dc} + b_c .$$
#
# `X` is (N, D): one example a row. `W` is (D, C): one class a column. That sum over $d$, for all
# $i$ and $c$ at once, is a matrix product.

# %% [markdown]
# ### Exercise 2.1 · Linear scores (2 points)
# Given `X` (N, D), `W` (D, C) and `b` (C,), return the scores, shape (N, C): one row per example,
# one column per class. With N = 1 the result is still (1, C).
#
# (Some texts store `W` as (C, D) and write $Wx$. Here the examples are rows, so `X` comes first.)
#
# <details><summary>Hint 1</summary>
#
# (N, D) times (D, C) gives (N, C): the inner sizes meet and vanish.
# </details>
# <details><summary>Hint 2</summary>
#
# Adding an array of shape (C,) to one of shape (N, C) adds it to every row.
# </details>

# %% tags=["exercise"]
def linear_scores(X, W, b):
    """Score every example for every class.

    Parameters
    ----------
    X : array, shape (N, D)
        One example a row.
    W : array, shape (D, C)
        One class a column.
    b : array, shape (C,)
        One bias per class.

    Returns
    -------
    scores : array, shape (N, C)
    """
    ### BEGIN SOLUTION
    return X @ W + b
    ### END SOLUTION

# %% tags=["check"]
check("linear_scores", linear_scores)

# %% [markdown]
# What does a score look like over the whole plane? Your function answers for 40,000 points at once:
# one panel for each class, and one for the winner.

# %% tags=["experiment"]
axis_1, axis_2 = np.meshgrid(np.linspace(-4.5, 4.5, 200), np.linspace(-4, 4.5, 200))
plane = np.column_stack([axis_1.ravel(), axis_2.ravel()])
plane_scores = linear_scores(plane, W_hand, b_hand)

figure, axes = plt.subplots(1, 4, figsize=(10.5, 2.9), sharey=True)
for c in range(3):
    values = plane_scores[:, c].reshape(axis_1.shape)
    drawn = axes[c].contourf(axis_1, axis_2, values, levels=np.arange(-7, 8), cmap="PuOr_r")
    axes[c].contour(axis_1, axis_2, values, levels=[0], colors="black", linewidths=1)
    axes[c].scatter(*X_dots[y_dots == c].T, s=8, color=plots.COLOURS[c])
    axes[c].set(title=f"score of class {c}", xlabel="feature 1")
figure.colorbar(drawn, ax=axes[:3], label="score", shrink=0.9)
plots.decision_regions(lambda points: linear_scores(points, W_hand, b_hand).argmax(1),
                       X_dots, y_dots, axis=axes[3])
axes[3].set(title="the winner", xlabel="feature 1")
axes[0].set_ylabel("feature 2")
figure.suptitle("Every score is a tilted plane; where two of them meet, the winner changes",
                fontsize=11, weight="bold", x=0.01, ha="left")
plt.show()

# %% [markdown]
# A score climbs evenly in the direction of its arrow; the black line is where it is 0. Classes $i$
# and $j$ tie where
#
# $$x \cdot (W_{:,i} - W_{:,j}) + b_i - b_j = 0 ,$$
#
# and that is the equation of a **straight line** (with more features: a plane, a hyperplane).
# Whatever the weights, these borders cannot bend. Hold on to that; the chapter ends with it.

# %% [markdown]
# ## Moved by hand
#
# What does each number do? In the animation the arrow of class 0 (blue) turns, then grows, then
# its bias rises. Watch the borders and the accuracy.

# %% tags=["experiment"]
def move_class_0(turn, length, bias):
    """Return W and b with the arrow of class 0 turned (degrees), stretched, its bias set."""
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    W, b = W_hand.copy(), b_hand.copy()
    W[:, 0], b[0] = length * rotation @ W_hand[:, 0], bias
    return W, b


def draw_hand(turn, length, bias, axis):
    W, b = move_class_0(turn, length, bias)
    axis.cla()
    plots.decision_regions(lambda points: linear_scores(points, W, b).argmax(1),
                           X_dots, y_dots, axis=axis, steps=100)
    draw_arrows(axis, W)
    accuracy = (linear_scores(X_dots, W, b).argmax(1) == y_dots).mean()
    axis.set(xlabel="feature 1", ylabel="feature 2")
    setting = f"turn {turn:+.0f}°, length {length:.1f}, bias {bias:+.1f}"
    axis.set_title(f"{setting}: {accuracy:.0%} right")

# %% tags=["experiment", "nbval-ignore-output"]
wave = np.sin(np.linspace(0, 2 * np.pi, 10, endpoint=False))
poses = ([(60 * w, 1, 0) for w in wave] + [(0, 1 + 0.9 * w, 0) for w in wave]
         + [(0, 1, 4 * w) for w in wave])
figure, axis = plt.subplots(figsize=(5, 3.6))
plots.animate(lambda i: draw_hand(*poses[i], axis), len(poses), figure=figure,
              seconds_per_frame=0.2)

# %% [markdown]
# Turning an arrow turns that class's borders. A longer arrow makes its score climb faster, so the
# class takes more of its own side. A larger bias shifts the borders without turning them: the class
# wins more everywhere.
#
# Now you: change the three numbers below and run the cell, or set `SLIDERS = True` and drag. The
# start below is bad on purpose. How high can you get?

# %% tags=["experiment"]
SLIDERS = False  # True: three sliders (in a running Jupyter only)
turn, length, bias = -70, 0.5, -3.0


def show_hand(turn, length, bias):
    figure, axis = plt.subplots(figsize=(5, 3.6))
    draw_hand(turn, length, bias, axis)
    plt.show()


if SLIDERS:
    from ipywidgets import interact

    interact(show_hand, turn=(-180, 180, 5), length=(0.0, 3.0, 0.1), bias=(-6.0, 6.0, 0.2))
else:
    show_hand(turn, length, bias)

# %% [markdown]
# Three numbers can be found by trying. Nine (three classes) take patience. An image of 8×8 pixels
# and ten classes needs 650. Someone else has to turn the knobs; first let us tidy them.

# %% [markdown]
# ## One matrix instead of two
#
# The bias is a weight whose feature is always 1. So give every example that feature, and `W` one
# more row:
#
# $$\begin{bmatrix} x_1 & \dots & x_D & 1 \end{bmatrix}
#   \begin{bmatrix} W \\ b \end{bmatrix} = xW + b .$$
#
# From now on `W` may have shape (D + 1, C) with the bias as its **last row**, and training has one
# array to find instead of two.

# %% [markdown]
# ### Exercise 2.2 · Bias column (2 points)
# Given `X` (N, D), return a new array of shape (N, D + 1): `X`, and then a column of ones, which
# comes last. `X` itself stays as it is.
#
# <details><summary>Hint 1</summary>
#
# The ones have shape (N, 1): two dimensions, or NumPy cannot put them beside `X`.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.concatenate([left, right], axis=1)` and `np.hstack` join side by side.
# </details>

# %% tags=["exercise"]
def add_bias_column(X):
    """Append a feature that is always 1.

    Parameters
    ----------
    X : array, shape (N, D)

    Returns
    -------
    X_with_ones : array, shape (N, D + 1)
        The ones are the last column.
    """
    ### BEGIN SOLUTION
    ones = np.ones((X.shape[0], 1))
    return np.concatenate([X, ones], axis=1)
    ### END SOLUTION

# %% tags=["check"]
check("add_bias_column", add_bias_column)

# %% [markdown]
# ### Exercise 2.3 · Predict (3 points)
# Given `X` (N, D), still **without** the ones, and `W` (D + 1, C), whose last row is the bias,
# return the predicted labels, shape (N,): for each example the number of the class with the highest
# score, counted from 0.
#
# <details><summary>Hint 1</summary>
#
# Three steps: the column of ones, the scores, the place of the largest score in each row.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.max` gives the largest score itself; `np.argmax` tells where it stands.
# </details>
# <details><summary>Hint 3</summary>
#
# The scores are (N, C). `axis=1` runs along the classes of one example and leaves (N,).
# </details>

# %% tags=["exercise"]
def predict(X, W):
    """Predict the class with the highest score.

    Parameters
    ----------
    X : array, shape (N, D)
        Examples, without a column of ones.
    W : array, shape (D + 1, C)
        Weights; the last row is the bias.

    Returns
    -------
    labels : integer array, shape (N,)
    """
    ### BEGIN SOLUTION
    scores = add_bias_column(X) @ W
    return np.argmax(scores, axis=1)
    ### END SOLUTION

# %% tags=["check"]
check("predict", predict)

# %% [markdown]
# ## Finding W: first by luck
#
# Here are the digits: real handwriting, 8×8 pixels, so $D = 64$ and $W$ holds
# $65 \cdot 10 = 650$ numbers. Before anything clever, try luck: draw 1,000 random matrices and keep
# the best. The same for the dots in the plane, where $W$ holds 9 numbers. (Needs your `predict`.)

# %% tags=["experiment"]
digits = load("digits")
X_train, y_train, X_val, y_val = digits.X_train, digits.y_train, digits.X_val, digits.y_val
print("train", X_train.shape, " validation", X_val.shape, " test", digits.X_test.shape)
print("pixels from", X_train.min(), "to", X_train.max())


def accuracy(X, y, W):
    return np.mean(predict(X, W) == y)


rng = np.random.default_rng(1)
luck_dots = [accuracy(X_dots, y_dots, rng.normal(size=(3, 3))) for _ in range(1000)]
luck_digits = [accuracy(X_train, y_train, rng.normal(size=(65, 10))) for _ in range(1000)]
print(f"best of 1,000: dots {max(luck_dots):.0%}, digits {max(luck_digits):.0%}")

# %% tags=["experiment"]
bins = np.linspace(0, 1, 41)
plt.hist(luck_dots, bins, alpha=0.8, color=plots.BLUE, label="dots: 9 numbers, 3 classes")
plt.hist(luck_digits, bins, alpha=0.8, color=plots.ORANGE, label="digits: 650 numbers, 10 classes")
plt.xlabel("accuracy of a random W")
plt.ylabel("matrices out of 1,000")
plt.title("Luck finds 9 numbers, but not 650")
plt.legend()
plt.show()

# %% [markdown]
# In the plane, luck gets there: a few draws of a thousand are above 90 %. With 650 numbers nearly
# all sit around 10 %, which is blind guessing. A direction is needed: which way should each of the
# 650 numbers move?

# %% [markdown]
# ## How wrong is W?
#
# Accuracy cannot tell. Nudge one weight a little and no prediction flips: the accuracy stays
# exactly the same, so it shows no direction. A measure is needed that feels every nudge.
#
# Ask for the scores directly: 1 for the right class, 0 for the others. These wishes form the table
# $T$ (N, C), with $T_{ic} = 1$ if $y_i = c$, else 0. Then square how far each score is from its
# wish:
#
# $$L = \frac{1}{N}\sum_i \frac12 \sum_c (S_{ic} - T_{ic})^2
#   \;+\; \frac{\text{reg}}{2} \sum_{d \text{ not bias}} \sum_c W_{dc}^2, \qquad S = XW .$$
#
# The second term is the **regularisation**: it keeps the weights small. The biases are left out of
# it.

# %% [markdown]
# Now the slope along one weight. $W_{dc}$ enters only the scores of class $c$, with the factor
# $X_{id}$, so by the chain rule
#
# $$\frac{\partial L}{\partial W_{dc}} = \frac1N \sum_i (S_{ic} - T_{ic})\, X_{id} +
#   \text{reg}\, W_{dc}
# \quad\Longrightarrow\quad dW = \frac{1}{N} X^\top (S - T) + \text{reg}\, W ,$$
#
# again without the reg part in the bias row. Error times input, averaged: a pixel that is dark in
# all examples gets no blame.
#
# This loss is given. Here `X` **already has its column of ones**, so `X` is (N, D + 1), like `W`.

# %% tags=["given"]
def squared_error_loss(W, X, y, reg):
    """Return the squared-error loss and its gradient.

    Parameters
    ----------
    W : array, shape (D + 1, C)
        Weights; the last row is the bias and is not regularised.
    X : array, shape (N, D + 1)
        Examples, with the column of ones.
    y : integer array, shape (N,)
    reg : float

    Returns
    -------
    loss : float
    dW : array, shape (D + 1, C)
    """
    error = X @ W - np.eye(W.shape[1])[y]                    # (N, C)
    weights = np.vstack([W[:-1], np.zeros((1, W.shape[1]))])  # W with its bias row set to 0
    loss = 0.5 * np.sum(error**2) / len(X) + 0.5 * reg * np.sum(weights**2)
    return loss, X.T @ error / len(X) + reg * weights

# %% [markdown]
# See the difference between the two measures: take the dots and a `W`, move only the weight
# `W[0, 0]`, and plot both.

# %% tags=["experiment"]
W_dots = np.vstack([W_hand, b_hand]) * 0.3
values = np.linspace(-1.5, 0.6, 400)
curve = []
for value in values:
    W = W_dots.copy()
    W[0, 0] = value
    curve.append((accuracy(X_dots, y_dots, W),
                  squared_error_loss(W, add_bias_column(X_dots), y_dots, 0.0)[0]))

figure, axes = plt.subplots(1, 2, figsize=(8, 3))
for axis, line, name, colour in zip(axes, np.array(curve).T, ("accuracy", "loss L"),
                                    (plots.ORANGE, plots.BLUE)):
    axis.plot(values, line, color=colour)
    axis.set(xlabel="the weight W[0, 0]", ylabel=name)
axes[0].set_title("Accuracy is a staircase: no slope")
axes[1].set_title("The loss is a smooth bowl")
plt.show()

# %% [markdown]
# On a stair the slope is 0, on its edge there is none. The loss has a slope everywhere, and it
# points away from the lowest place. Check the formula for `dW` against a nudge: the second number
# below uses nothing but two values of the loss.

# %% tags=["experiment"]
X_ones, h = add_bias_column(X_dots), 1e-5
nudge = np.zeros_like(W_dots)
nudge[0, 0] = h
up = squared_error_loss(W_dots + nudge, X_ones, y_dots, 0.1)[0]
down = squared_error_loss(W_dots - nudge, X_ones, y_dots, 0.1)[0]
print(f"dW[0, 0] by the formula {squared_error_loss(W_dots, X_ones, y_dots, 0.1)[1][0, 0]:.6f}")
print(f"dW[0, 0] by a nudge     {(up - down) / (2 * h):.6f}")

# %% [markdown]
# ## Downhill
#
# `dW` says for each weight how fast the loss rises when that weight rises. So go the other way, a
# small distance, and ask again:
#
# $$W \leftarrow W - \text{learning\_rate} \cdot dW .$$

# %% [markdown]
# ### Exercise 2.4 · Gradient descent (4 points)
# Repeat that step `num_iters` times, starting from the given `W`. Return `(W, losses)`: the `W`
# after the last step, and a list (or array) with `losses[i]`, the loss **before** step `i`.
#
# - `loss_fn(W, X, y, reg)` returns `(loss, dW)`. Call it **once a step**; any loss may come in, so
#   do not write `squared_error_loss` inside.
# - `W` may have any shape, and the array that came in must not change.
# - Take all `num_iters` steps, even where the loss rises. With `num_iters = 0`, `W` comes back as
#   it came in, with no losses.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One call gives both parts: `loss, dW = loss_fn(W, X, y, reg)`. Store the loss, then step.
# </details>
# <details><summary>Hint 2</summary>
#
# `W = W - ...` makes a new array. `W -= ...` changes the caller's.
# </details>
# <details><summary>Hint 3</summary>
#
# The penalty's gradient is inside `dW` already; `reg` is only handed on.
# </details>

# %% tags=["exercise"]
def gradient_descent(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    """Minimise a loss by full-batch gradient descent.

    Parameters
    ----------
    loss_fn : callable
        `loss_fn(W, X, y, reg) -> (loss, dW)`; called once a step.
    W : array
        Where to start; stays unchanged.
    X : array, shape (N, ...)
    y : array, shape (N,)
    learning_rate, reg : float
    num_iters : int
        Number of steps.

    Returns
    -------
    W : array
        After the last step.
    losses : list of float, length num_iters
        losses[i] is the loss before step i.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses
    ### END SOLUTION

# %% tags=["check"]
check("gradient_descent", gradient_descent)

# %% [markdown]
# Let it turn the nine knobs of the dots. The start is a bad one: every arrow points at the class
# next door. (The frames get further apart in time, since most of the change comes early.)

# %% tags=["experiment"]
X_ones, W = add_bias_column(X_dots), 0.3 * np.vstack([W_hand, b_hand])[:, [1, 2, 0]]
counts = np.unique(np.round(np.logspace(0, 2.3, 32)).astype(int)) - 1
stages, losses = [W], []
for _ in range(counts[-1]):
    W, last = gradient_descent(squared_error_loss, W, X_ones, y_dots,
                               learning_rate=0.02, reg=0.0, num_iters=1)
    losses += list(last)
    stages.append(W)

# %% tags=["experiment", "nbval-ignore-output"]
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2))


def draw_training(i):
    left.cla()
    right.cla()
    W = stages[counts[i]]
    plots.decision_regions(lambda points: predict(points, W), X_dots, y_dots, axis=left, steps=100)
    draw_arrows(left, 4 * W[:2])
    left.set(xlabel="feature 1", ylabel="feature 2",
             title=f"step {counts[i]}: {accuracy(X_dots, y_dots, W):.0%} right")
    right.plot(losses, color="0.8")
    right.plot(losses[: counts[i] + 1], color=plots.BLUE)
    right.set(xlabel="step", ylabel="loss", title="the loss falls")


plots.animate(draw_training, len(counts), figure=figure, seconds_per_frame=0.25)

# %% [markdown]
# Every arrow (drawn four times as long) shrinks, turns round and grows towards its own class, and
# the borders go with them. Long after the accuracy has stopped changing, the loss still falls a
# little.

# %% [markdown]
# Now all 650 knobs of the digits. From $W = 0$, take **one** step with the absurdly small learning
# rate $10^{-6}$. The loss goes from 0.5 to 0.4999987. What share of the validation images is then
# classified correctly? Blind guessing gives 0.1.

# %% tags=["predict"]
my_guess = None  # a number between 0 and 1

# %% tags=["experiment"]
W, losses = gradient_descent(squared_error_loss, np.zeros((65, 10)), add_bias_column(X_train),
                             y_train, learning_rate=1e-6, reg=0.0, num_iters=2)
print(f"loss before step 0: {losses[0]:.7f}, before step 1: {losses[1]:.7f}")
check_prediction(my_guess, float(accuracy(X_val, y_val, W)))

# %% [markdown]
# Most of them! The scores are still near zero, but `argmax` does not ask how large a score is, only
# which one is largest, and the first gradient already points each class's weights towards the mean
# image of that class.
#
# So read both curves when you train: **a loss that hardly moves while the accuracy rises is no
# contradiction.** They measure different things.

# %% [markdown]
# ### How large a step?
# The learning rate is the first knob that you set by hand. Four values, 200 steps each:

# %% tags=["experiment"]
X_ones = add_bias_column(X_train)
for rate, colour in zip((1e-4, 1e-2, 1e-1, 0.18), (plots.SKY, plots.BLUE, plots.GREEN, plots.RED)):
    _, losses = gradient_descent(squared_error_loss, np.zeros((65, 10)), X_ones, y_train,
                                 learning_rate=rate, reg=0.0, num_iters=200)
    plt.plot(losses, color=colour, label=f"learning rate {rate:g}")
plt.ylim(0.1, 1)
plt.xlabel("step")
plt.ylabel("training loss")
plt.title("Too small crawls, too large blows up: 0.1 is close to the edge")
plt.legend()
plt.show()

# %% [markdown]
# `1e-4` looks like a flat line, `0.1` is the fastest, and `0.18` makes every step overshoot by more
# than it gained: the loss leaves the picture. The useful values differ by factors of ten, so try
# learning rates as 1, 0.1, 0.01, …; and read the notation well: `1e-3` is 0.001, and `10e-3` is ten
# times as much.

# %% [markdown]
# ## A better start: centred data
#
# Why does 0.18 fail? Look at one direction in the space of weights in which the loss curves like
# $\frac12 \lambda w^2$. Its gradient is $\lambda w$, so a step multiplies $w$ by
# $1 - \text{learning\_rate} \cdot \lambda$. It stays bounded only if that factor lies between -1
# and 1, that is if
#
# $$\text{learning\_rate} < 2 / \lambda .$$
#
# The *steepest* direction sets the limit for all others. For this loss the $\lambda$ are the
# eigenvalues of $X^\top X / N$. Raw pixels are never negative, so all images share a large common
# part, the mean image, and it makes one direction very steep. It says nothing about the class. Take
# it away.

# %% [markdown]
# ### Exercise 2.5 · Zero-centre (3 points)
# Given `X_train` (N, D) and any number of other sets with D features each, return a **tuple** of as
# many arrays, in the same order, with the training set's mean of each feature subtracted.
#
# - The mean has shape (D,), one for each feature, from `X_train` **alone**: a test set is data that
#   you do not have yet.
# - All sets are shifted by the same numbers, since the weights learned on shifted images must meet
#   shifted images.
# - `zero_center(X_train)` returns a tuple with one array. No input may change.
#
# <details><summary>Hint 1</summary>
#
# `*others` collects the further arguments in a tuple: loop over it.
# </details>
# <details><summary>Hint 2</summary>
#
# The mean over the examples is the mean down the columns: `axis=0`.
# </details>
# <details><summary>Hint 3</summary>
#
# `(first, *rest)` builds a tuple, with `rest` any sequence, also an empty one.
# </details>

# %% tags=["exercise"]
def zero_center(X_train, *others):
    """Subtract the training set's mean from all sets.

    Parameters
    ----------
    X_train : array, shape (N, D)
    *others : arrays, shape (M, D) each
        Validation and test sets, any number of them.

    Returns
    -------
    tuple of arrays
        X_train and the others, shifted, in the order given.
    """
    ### BEGIN SOLUTION
    mean = X_train.mean(axis=0)
    return (X_train - mean, *(X - mean for X in others))
    ### END SOLUTION

# %% tags=["check"]
check("zero_center", zero_center)

# %% [markdown]
# The limit $2/\lambda$ before and after, and 200 steps at half of each limit:

# %% tags=["experiment"]
X_train_0, X_val_0, X_test_0 = zero_center(X_train, X_val, digits.X_test)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2), width_ratios=(3, 1))
for name, X, colour in (("raw", X_train, plots.ORANGE), ("centred", X_train_0, plots.BLUE)):
    X_ones = add_bias_column(X)
    steepest = np.linalg.eigvalsh(X_ones.T @ X_ones / len(X))[-1]
    _, losses = gradient_descent(squared_error_loss, np.zeros((65, 10)), X_ones, y_train,
                                 learning_rate=1 / steepest, reg=0.0, num_iters=200)
    print(f"{name:8} limit {2 / steepest:.3f}   loss after 20 steps {losses[20]:.3f}, "
          f"after 199 {losses[199]:.3f}")
    left.plot(losses, color=colour, label=f"{name}, learning rate {1 / steepest:.2f}")
left.set(xlabel="step", ylabel="training loss",
         title="Centred data allow larger steps, and need fewer")
left.legend()
right.imshow(X_train.mean(axis=0).reshape(8, 8))
right.axis("off")
right.set_title("the mean, taken away")
plt.show()

# %% [markdown]
# The limit rose more than tenfold, and 20 steps with centred pixels bring the loss lower than 199
# with raw ones. What was removed is the grey blob on the right, which all digits share.

# %% [markdown]
# **Question 1.** Take a classifier `W, b` for raw images, and let $m$ (D,) be the mean. (a) Which
# bias $b'$ gives the same scores on centred images, with the same `W`? (b) So centring adds no
# classifier that was not there before. Why does training still get faster?

# %% [markdown] name="centring_changes_nothing" tags=["written"]
# ### BEGIN SOLUTION
# (a) $xW + b = (x - m)W + (mW + b)$, so $b' = b + mW$.
#
# (b) Both describe the same family of classifiers, so the best loss is the same (without
# regularisation, or with the bias left out of it). What changes is the road: in raw coordinates
# every weight moves the scores of all images together, like a bias, so one direction is far steeper
# than the rest and limits the learning rate; the others then move slowly. Centring takes that
# common part out.
#
# Rubric: 2 for $b' = b + mW$ with the reason; 1 for "same family, same optimum"; 2 for the steep
# common direction (or: eigenvalue, curvature, coupling with the bias) that limits the step.
# ### END SOLUTION

# %% [markdown]
# ## A tenth of the truth is enough
#
# Each step so far looked at all training images. But `dW` is an average over images, and an average
# can be estimated from a few of them: a **mini-batch**, drawn at random.

# %% [markdown]
# ### Exercise 2.6 · Sample a mini-batch (3 points)
# Given `X` (N, D), `y` (N,), `batch_size` and `rng` (a `numpy.random.Generator`), return
# `(X_batch, y_batch)` of shapes (batch_size, D) and (batch_size,).
#
# - Every row is equally likely; the rows are drawn one by one, not as a block of neighbours. With
#   or without replacement is both right. (`batch_size` is never larger than N here.)
# - Row $i$ of `X_batch` and entry $i$ of `y_batch` belong to the same example.
# - All chance comes from `rng`, so that a seed repeats a run. With `batch_size` = 1 the shapes are
#   (1, D) and (1,).

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Draw row *numbers*, once, and index both arrays with them.
# </details>
# <details><summary>Hint 2</summary>
#
# `rng.integers(0, N, size=k)` draws k numbers from 0 to N - 1, with replacement; `rng.choice(N, k,
# replace=False)` without. `X[rows]` with an array of row numbers gives those rows.
# </details>

# %% tags=["exercise"]
def sample_minibatch(X, y, batch_size, rng):
    """Draw examples at random.

    Parameters
    ----------
    X : array, shape (N, D)
    y : array, shape (N,)
    batch_size : int
        At most N.
    rng : numpy.random.Generator

    Returns
    -------
    X_batch : array, shape (batch_size, D)
    y_batch : array, shape (batch_size,)
    """
    ### BEGIN SOLUTION
    rows = rng.integers(0, len(X), size=batch_size)
    return X[rows], y[rows]
    ### END SOLUTION

# %% tags=["check"]
check("sample_minibatch", sample_minibatch)

# %% [markdown]
# How wrong is a mini-batch's gradient? Measure $\lVert dW_\text{batch} - dW_\text{all} \rVert$ at
# $W = 0$, averaged over 300 batches. First a guess: with **100 times** as many images in a batch,
# by what factor does the error shrink?

# %% tags=["predict"]
my_guess = None  # a number: error with 1 image, divided by the error with 100

# %% tags=["experiment"]
rng = np.random.default_rng(2)
X_ones, W = add_bias_column(X_train_0), np.zeros((65, 10))
dW_all = squared_error_loss(W, X_ones, y_train, 0.0)[1]


def gradient_error(batch_size):
    """Return the error's length over the gradient's, root mean square of 300 batches."""
    squares = [np.sum((squared_error_loss(W, *sample_minibatch(X_ones, y_train, batch_size, rng),
                                          0.0)[1] - dW_all) ** 2) for _ in range(300)]
    return np.sqrt(np.mean(squares)) / np.linalg.norm(dW_all)


sizes = np.array([1, 3, 10, 30, 100, 400])
errors = np.array([gradient_error(size) for size in sizes])
check_prediction(my_guess, round(errors[0] / errors[4]))

# %% tags=["experiment"]
plt.loglog(sizes, errors, "o-", color=plots.BLUE, label="measured")
plt.loglog(sizes, errors[0] / np.sqrt(sizes), "--", color=plots.BLACK, lw=1,
           label="1 / √(batch size)")
plt.axhline(1, color=plots.RED, lw=1)
plt.annotate("error as long as the gradient itself", (1.05, 1.08), color=plots.RED, fontsize=9)
plt.xticks([1, 10, 100], ["1", "10", "100"])
plt.yticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
plt.minorticks_off()
plt.xlabel("images in the batch")
plt.ylabel("error / length of dW")
plt.title("A hundred times the work, a tenth of the error")
plt.legend()
plt.show()

# %% [markdown]
# The error falls with the root of the batch size, as that of every average does. So the first few
# images are the best buy; each further one adds less. Even where error and gradient are equally
# long, the step goes downhill *on average*, and there are many steps.
#
# (If you draw without replacement, your last points lie a little below the line: a batch that holds
# all images makes no error at all.)

# %% [markdown]
# ### Exercise 2.7 · Stochastic gradient descent (3 points)
# As `gradient_descent`, with a fresh mini-batch of `batch_size` examples in every step. Return
# `(W, losses)`; `losses[i]` is the loss **of the batch** before step `i`.
#
# - `num_iters` counts steps, not passes over the data.
# - `loss_fn` is called once a step, with the mini-batch; its loss and `dW` are averages over the
#   batch already.
# - All chance comes from `rng`: the same seed, the same result.
# - `W`, `X` and `y` stay unchanged. Your `sample_minibatch` is welcome; going through the set in a
#   shuffled order is right too.
#
# <details><summary>Hint 1</summary>
#
# Your loop from Exercise 2.4, with one line more at its beginning.
# </details>
# <details><summary>Hint 2</summary>
#
# Draw *inside* the loop, and hand `X_batch, y_batch` to `loss_fn` instead of `X, y`.
# </details>

# %% tags=["exercise"]
def sgd(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    """Minimise a loss by mini-batch gradient descent.

    Parameters
    ----------
    loss_fn : callable
        `loss_fn(W, X, y, reg) -> (loss, dW)`; called once a step, with a mini-batch.
    W : array
        Where to start; stays unchanged.
    X : array, shape (N, D)
    y : array, shape (N,)
    learning_rate, reg : float
    num_iters : int
        Number of steps.
    batch_size : int
        Examples in each mini-batch.
    rng : numpy.random.Generator

    Returns
    -------
    W : array
        After the last step.
    losses : list of float, length num_iters
        losses[i] is the loss of mini-batch i before step i.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        loss, dW = loss_fn(W, X_batch, y_batch, reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses
    ### END SOLUTION

# %% tags=["check"]
check("sgd", sgd)

# %% [markdown]
# ## Full batch against mini-batch, at equal cost
#
# From here on your numbers may differ from the text in the last digit: your draws come in another
# order than ours.
#
# The honest price of training is the number of images looked at, not of steps. Give each method six
# passes over the training set: the full batch takes 6 steps, batches of 16 take some 450. Each gets
# the best of five learning rates, and the loss is measured on the whole set. (Needs `zero_center`,
# `gradient_descent` and `sgd`.)

# %% tags=["experiment"]
X_ones, N = add_bias_column(X_train_0), len(X_train_0)
exact = np.linalg.lstsq(X_ones, np.eye(10)[y_train], rcond=None)[0]
lowest = squared_error_loss(exact, X_ones, y_train, 0.0)[0]


def run(batch_size, rate, passes=6):
    """Train for some passes; return the loss on the whole set, four times a pass."""
    rng, W, curve, done = np.random.default_rng(3), np.zeros((65, 10)), [], 0
    for quarter in range(4 * passes + 1):
        steps, done = int(quarter / 4 * N / batch_size) - done, int(quarter / 4 * N / batch_size)
        settings = dict(learning_rate=rate, reg=0.0, num_iters=steps)
        if batch_size == N:
            W, _ = gradient_descent(squared_error_loss, W, X_ones, y_train, **settings)
        else:
            W, _ = sgd(squared_error_loss, W, X_ones, y_train, **settings,
                       batch_size=batch_size, rng=rng)
        curve.append(squared_error_loss(W, X_ones, y_train, 0.0)[0] - lowest)
    return np.array(curve)

# %% tags=["experiment"]
RATES = {N: (0.5, 1.0, 1.5, 1.8, 1.9), 256: (0.5, 0.75, 1.0, 1.25, 1.5),
         64: (0.1, 0.2, 0.4, 0.6, 0.9), 16: (0.05, 0.1, 0.15, 0.2, 0.3),
         1: (0.002, 0.005, 0.01, 0.015, 0.02)}
for (size, rates), colour in zip(RATES.items(), plots.COLOURS):
    curve, rate = min(((run(size, r), r) for r in rates), key=lambda t: t[0][-1])
    name = f"all {N:,}" if size == N else str(size)
    print(f"batch {name:>9}: learning rate {rate:<5}  above the lowest loss: "
          f"{curve[4]:.3f} after 1 pass, {curve[-1]:.3f} after 6")
    plt.semilogy(np.linspace(0, 6, 25), curve, color=colour, label=f"batch {name}",
                 drawstyle="steps-post" if size == N else "default")
plt.xlabel("passes over the training set (cost)")
plt.ylabel("loss above the lowest")
plt.title("For the same number of images, small batches get further")
plt.legend()
plt.show()

# %% [markdown]
# One pass with batches of 16 brings the loss about as low as six with the full batch. Watch the
# tails, too: the small batches' curves flatten and tremble. Near the bottom the true gradient is
# small, while the batch's error is not, so a constant learning rate keeps kicking `W` about.
#
# Batches of 1 do well *per image*, but a thousand tiny matrix products take far longer than one
# large one. In practice the batch is as large as the hardware does at the price of a small one: 32
# to 512.

# %% [markdown]
# **Question 2.** A careless colleague's training set holds every image ten times. (a) What does
# that do to the cost of one full-batch step, and to the gradient it finds? (b) And to a mini-batch
# step? (c) Name a reason, in terms of the figure above, to make batches *larger* late in training.

# %% [markdown] name="ten_copies" tags=["written"]
# ### BEGIN SOLUTION
# (a) The average over ten copies of each image is the same average: ten times the cost for exactly
# the same gradient. (b) Nothing: a batch of 64 costs what it did, and its rows are as random as
# before (a repeated image inside a batch becomes hardly more likely). Real sets are not copies, but
# many images resemble each other, which is why mini-batches pay.
#
# (c) Near the minimum the true gradient is small, while the batch's error is not: with a constant
# learning rate the curves of small batches level off and jitter. A larger batch (or a smaller
# learning rate, chapter 8) lowers that floor.
#
# Rubric: 2 for (a) cost times ten, gradient unchanged; 1 for (b); 2 for noise against a shrinking
# gradient in (c). A hardware argument alone (vectorisation) gets 1 of the 2.
# ### END SOLUTION

# %% [markdown]
# ## Two knobs at once: learning rate and regularisation
#
# Weights are learned; the learning rate and `reg` are chosen, by trying and looking at the
# **validation** accuracy. Useful values spread over powers of ten, so the grid below goes in
# factors. Left with only 50 training images, right with all of them; 1,200 steps each. (About 5
# seconds.)

# %% tags=["experiment"]
rates = 10.0 ** np.arange(-3, 0.6, 0.5)
regs = 10.0 ** np.arange(-4, 1.1, 1)


few = np.random.default_rng(9).permutation(N)[:50]  # the numbers of 50 training images


def grid_accuracy(rows):
    """Train on these rows; return validation accuracy (rates, regs), NaN where it diverged."""
    X_some, y_some = add_bias_column(X_train_0[rows]), y_train[rows]
    table = np.full((len(rates), len(regs)), np.nan)
    for i, j in np.ndindex(table.shape):
        with np.errstate(all="ignore"):
            W, losses = sgd(squared_error_loss, np.zeros((65, 10)), X_some, y_some,
                            learning_rate=rates[i], reg=regs[j], num_iters=1200, batch_size=25,
                            rng=np.random.default_rng(4))
        if np.isfinite(W).all() and losses[-1] < 10 * losses[0]:
            table[i, j] = accuracy(X_val_0, y_val, W)
    return table


tables = {"50 images": grid_accuracy(few), f"all {N:,} images": grid_accuracy(np.arange(N))}

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.9), sharey=True)
for axis, (name, table) in zip(axes, tables.items()):
    axis.imshow(table, origin="lower", aspect="auto", cmap="viridis", vmin=0.3, vmax=0.96)
    for i, j in np.ndindex(table.shape):
        text = "×" if np.isnan(table[i, j]) else f"{100 * table[i, j]:.0f}"
        dark = np.isnan(table[i, j]) or table[i, j] > 0.72
        axis.text(j, i, text, ha="center", va="center", fontsize=9, color="k" if dark else "w")
    axis.set_xticks(range(len(regs)), [f"{r:g}" for r in regs])
    axis.set(xlabel="regularisation reg", title=f"{name}: best {np.nanmax(table):.0%}")
    axis.grid(False)
axes[0].set_yticks(range(len(rates)), [f"{r:.2g}" for r in rates])
axes[0].set_ylabel("learning rate")
figure.suptitle("Validation accuracy in %: the knobs act together (× diverged)", fontsize=11,
                weight="bold", x=0.01, ha="left")
plt.show()

# %% [markdown]
# - **Upwards** there is a cliff. It comes sooner with strong regularisation, because the penalty
#   adds its own curvature: the limit becomes $2 / (\lambda + \text{reg})$, for reg = 10 about 0.18.
# - **To the right** the penalty takes over: weights near zero, whatever the data say.
# - **Few images**: along the row of rate 1 more `reg` helps at first (68 to 79 %), since there the
#   loop drives the loss of its 50 images nearly to zero. In the first column rate 0.032 does better
#   still, with hardly any `reg`: 1,200 small steps stop on the way. Stopping early regularises too.
# - **All images**: a wide plateau. With enough data the knobs matter less.

# %% [markdown]
# ## What 650 numbers reach
#
# The best cell is the best of 48 tries on the same 250 images, so a little of it is luck. Train
# once more with settings from the middle of the good region, and only now look at the test set.
# Beside it the nearest neighbour of chapter 1 (scikit-learn's, to save time). What do you expect
# on the **test** digits?

# %% tags=["predict"]
my_guess = None  # a number between 0 and 1: the linear classifier's test accuracy

# %% tags=["experiment"]
from sklearn.neighbors import KNeighborsClassifier

W_digits, losses = sgd(squared_error_loss, np.zeros((65, 10)), add_bias_column(X_train_0), y_train,
                       learning_rate=0.1, reg=0.01, num_iters=1500, batch_size=64,
                       rng=np.random.default_rng(5))
linear = accuracy(X_test_0, digits.y_test, W_digits)
neighbour = KNeighborsClassifier(1).fit(X_train, y_train).score(digits.X_test, digits.y_test)
print(f"linear classifier: {linear:.2f} right, keeps {W_digits.size:,} numbers")
print(f"nearest neighbour: {neighbour:.2f} right, keeps {X_train.size:,} numbers")
check_prediction(my_guess, float(linear), within=0.02)

# %% [markdown]
# 650 numbers get 94 %; the neighbour gets 99 % and needs 83,008 numbers, and as many
# multiplications for each new image. A hundredth of the memory and time, for 5 points of accuracy.
# So far the answer to this chapter's question is "nearly".

# %% [markdown]
# ## What a column of W looks like
#
# A column of `W` has one weight for each pixel, so it can be drawn as an image: a **template**. The
# score is the dot product of image and template: ink where the template is bright adds to it, ink
# where it is dark takes away.

# %% tags=["experiment"]
W_smooth, _ = sgd(squared_error_loss, np.zeros((65, 10)), add_bias_column(X_train_0), y_train,
                  learning_rate=0.1, reg=1.0, num_iters=1500, batch_size=64,
                  rng=np.random.default_rng(5))
for W, reg in ((W_digits, 0.01), (W_smooth, 1.0)):
    share = accuracy(X_val_0, y_val, W)
    plots.show_weights(W[:-1], (8, 8, 1), titles=[str(c) for c in range(10)],
                       title=f"Templates, reg = {reg:g}: {share:.0%} right on validation images")
    plt.show()

# %% [markdown]
# The 0 wants a dark centre: ink in the middle of the image counts against it, since that is what
# tells a 0 from the others. A template is not a picture of the class; it shows what *sets the class
# apart*.
#
# With strong regularisation the templates get smoother, and worse: single pixels no longer count.
#
# Colour images are harder. `shapes` has ten classes of drawn shapes, 32×32 pixels in colour,
# with place, size, tint and background at random: 30,730 weights. (About 8 seconds.)

# %% tags=["experiment"]
shapes = load("shapes", num_train=5000, num_val=1000, num_test=100)
X_shapes, X_shapes_val = zero_center(shapes.X_train, shapes.X_val)
W_shapes, _ = sgd(squared_error_loss, np.zeros((3073, 10)), add_bias_column(X_shapes),
                  shapes.y_train, learning_rate=0.003, reg=0.1, num_iters=600, batch_size=100,
                  rng=np.random.default_rng(6))
linear = accuracy(X_shapes_val, shapes.y_val, W_shapes)
neighbour = KNeighborsClassifier(1, algorithm="brute").fit(X_shapes, shapes.y_train)
neighbour = neighbour.score(X_shapes_val, shapes.y_val)
print(f"linear classifier: {linear:.2f} right; nearest neighbour: {neighbour:.2f}")

# %% tags=["experiment"]
first = [np.flatnonzero(shapes.y_train == c)[0] for c in range(10)]
plots.show_images(shapes.X_train[first].reshape(10, 32, 32, 3), titles=shapes.class_names,
                  title="One training image of each class")
plt.show()
plots.show_weights(W_shapes[:-1], (32, 32, 3), titles=shapes.class_names,
                   title="Their templates: a blur of every place and colour the shape can take")
plt.show()

# %% [markdown]
# Here the linear classifier wins, 35 % against 26 %. Neighbours compare backgrounds, which fill
# most of an image; training has learned where to look (the middle) and which tint a class prefers.
# But a class has one template only. A circle on the left and one on the right, a bright one and a
# dark one, must share it, so what is left is a coloured blur. To keep several templates for a
# class takes a second layer.

# %% [markdown]
# ## What no straight border can do
#
# Two sets of points in a plane, made to be awkward: opposite corners, and a ring. Each is trained
# with your `gradient_descent` twice: as it is, and with one more feature, computed from the two.

# %% tags=["experiment"]
def fit(X, y, num_iters=3000):
    """Return W of a linear classifier trained on X with the squared-error loss."""
    W = np.zeros((X.shape[1] + 1, y.max() + 1))
    return gradient_descent(squared_error_loss, W, add_bias_column(X), y, learning_rate=0.05,
                            reg=0.0, num_iters=num_iters)[0]


rng = np.random.default_rng(7)
corners = np.array([[-1.5, -1.5], [1.5, 1.5], [-1.5, 1.5], [1.5, -1.5]])
X_xor = np.repeat(corners, 40, axis=0) + 0.4 * rng.normal(size=(160, 2))
y_xor = np.repeat([0, 0, 1, 1], 40)

angle, y_ring = rng.uniform(0, 2 * np.pi, 160), np.repeat([0, 1], 80)
radius = np.where(y_ring == 0, 0.6, 2.2) * np.sqrt(rng.uniform(0.5, 1.2, 160))
X_ring = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])

# %% tags=["experiment"]
def product(X):
    return np.column_stack([X, X[:, 0] * X[:, 1]])


def square(X):
    return np.column_stack([X, np.sum(X**2, axis=1)])


figure, axes = plt.subplots(1, 4, figsize=(10.5, 3))
panels = [(X_xor, y_xor, np.array, "as it is"), (X_xor, y_xor, product, "with x₁·x₂"),
          (X_ring, y_ring, np.array, "as it is"), (X_ring, y_ring, square, "with x₁² + x₂²")]
for axis, (X, y, lift, name) in zip(axes, panels):
    W = fit(lift(X), y)
    plots.decision_regions(lambda points, W=W, lift=lift: predict(lift(points), W), X, y, axis=axis)
    axis.set(title=f"{name}: {accuracy(lift(X), y, W):.0%}", xlabel="feature 1")
axes[0].set_ylabel("feature 2")
figure.suptitle("One more feature does what no straight border can", fontsize=11, weight="bold",
                x=0.01, ha="left")
plt.show()

# %% [markdown]
# On the left of each pair stands what the loop finds without help. No straight border can do much
# better: for the corners the best one gets three of the four, 75 %.
#
# With the right third feature the *same* classifier is perfect: straight in three dimensions,
# curved when seen in two. Here a person chose the feature. A hidden layer (chapter 4) learns its
# features, and that is the whole difference between this chapter and the rest.

# %% [markdown]
# **Question 3.** The four corners of a square: (0, 0) and (1, 1) are class A, (0, 1) and (1, 0) are
# class B. Let $f(x) = s_A - s_B = w_1 x_1 + w_2 x_2 + b$ be the difference of two linear scores,
# positive where A wins. Show with four inequalities that no $w_1, w_2, b$ gets all four right.

# %% [markdown] name="xor_by_hand" tags=["written"]
# ### BEGIN SOLUTION
# A must win at (0, 0) and (1, 1), B at the other two:
#
# $b > 0$ and $w_1 + w_2 + b > 0$; $\; w_2 + b < 0$ and $w_1 + b < 0$.
#
# Add the first two: $w_1 + w_2 + 2b > 0$. Add the last two: $w_1 + w_2 + 2b < 0$. Both cannot be.
#
# (In a picture: the two classes' segments cross in the middle of the square; a straight border
# would have to keep that one point on both of its sides.)
#
# Rubric: 2 for the four inequalities; 2 for the contradiction by adding (or the crossing segments,
# argued with convexity); 1 for saying why this covers *every* linear classifier. Trying a few lines
# in a drawing is no proof: at most 1.
# ### END SOLUTION

# %% [markdown]
# ### Not the classifier's fault
# Three classes in a row. A linear classifier *can* separate them. Does ours?

# %% tags=["experiment"]
rng = np.random.default_rng(8)
y_row = np.repeat([0, 1, 2], 50)
X_row = np.column_stack([3.0 * (y_row - 1), np.zeros(150)]) + 0.4 * rng.normal(size=(150, 2))
W_fitted = fit(X_row, y_row)
W_by_hand = np.array([[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-1.5, 0.0, -1.5]])

figure, axes = plt.subplots(2, 2, figsize=(8.5, 4.6), sharex=True, height_ratios=(1, 1))
line = np.column_stack([np.linspace(-4.5, 4.5, 100), np.zeros(100)])
for column, (W, name) in zip(axes.T, ((W_fitted, "squared error"), (W_by_hand, "set by hand"))):
    plots.decision_regions(lambda points, W=W: predict(points, W), X_row, y_row, axis=column[0])
    column[0].set(title=f"{name}: {accuracy(X_row, y_row, W):.0%}", ylabel="feature 2")
    for c, scores in enumerate(linear_scores(line, W[:-1], W[-1]).T):
        column[1].plot(line[:, 0], scores, color=plots.COLOURS[c], label=f"class {c}")
    column[1].set(xlabel="feature 1", ylabel="score", xlim=(-4.5, 4.5))
axes[1, 0].legend(ncols=3, fontsize=8)
figure.suptitle("Squared error hides the middle class; straight borders could separate it",
                fontsize=11, weight="bold", x=0.01, ha="left")
plt.show()

# %% [markdown]
# Below: the scores along the line feature 2 = 0. Class 1 sits in the middle, so its wishes are 0,
# 1, 0 from left to right, and the straight line closest to those is flat, at 1/3. It is never
# clearly on top. By hand, class 1 is flat as well, but the other two are lowered, and that gives
# 100 %.
#
# Squared error would never choose those scores: they are far from 0 and 1. It punishes a score of
# 3 for the right class as much as one of -1. What should be asked is only that the right class be
# *ahead*. That is chapter 3.

# %% [markdown]
# ## Often said, and wrong
#
# - **"The loss does not move, so nothing is learned."** Your one step with learning rate $10^{-6}$
#   changed the loss in the sixth decimal, and the accuracy from 10 % to more than 80 %. Look at
#   both.
# - **"Training and validation accuracy are both 100 %: overfitting!"** A *gap* between the two is
#   the sign, not a high number. The next cell has one case of each.
# - **"10e-3 is another way to write 1e-3."** It is 0.01, ten times as much. Learning rates to try
#   are spread evenly over the *exponents*: `10 ** rng.uniform(-3, 0)`, not `rng.uniform(-3, 0)`.
# - **"The centred test set has mean zero."** Only the training set has; the test set is shifted by
#   the training set's mean.

# %% tags=["experiment"]
def train_and_validate(X, y, X_v, y_v, reg):
    W, _ = gradient_descent(squared_error_loss, np.zeros((65, 10)), add_bias_column(X), y,
                            learning_rate=0.5, reg=reg, num_iters=1000)
    return f"training {accuracy(X, y, W):.2f}, validation {accuracy(X_v, y_v, W):.2f}"


zero_or_one, val_01 = y_train < 2, y_val < 2
print("0 against 1, no reg:  ", train_and_validate(
    X_train_0[zero_or_one], y_train[zero_or_one], X_val_0[val_01], y_val[val_01], 0.0))
for reg in (0.0, 0.1):
    print(f"50 images, reg {reg}:   ", train_and_validate(
        X_train_0[few], y_train[few], X_val_0, y_val, reg))
print("1e-3 == 10e-3:", 1e-3 == 10e-3)
print(f"largest mean of a centred pixel: training {abs(X_train_0.mean(0)).max():.2f}, "
      f"test {abs(X_test_0.mean(0)).max():.2f}")

# %% [markdown]
# 100 % on both sides is simply an easy problem. 100 % against 73 % is a gap, and regularisation
# narrows it.

# %% [markdown]
# ## Summary
#
# - A linear classifier scores each class with a weighted sum, `X @ W + b`; the highest score wins.
#   The bias can be a last row of `W` that meets a column of ones.
# - Its borders are straight. A computed feature can make a curved problem straight.
# - Accuracy has no slope, a loss has. Gradient descent follows `-dW`; the steepest direction limits
#   the learning rate, and centring raises that limit.
# - A mini-batch's error falls with the root of its size. For the same number of images, many rough
#   steps get further than few exact ones.
# - Learning rate and regularisation are chosen on validation data, in factors.
#
# **Next.** Squared error punishes scores for being too good. Chapter 3 asks a better question.

# %% [markdown]
# ## Where to read on
#
# - CS231n lecture notes: [Linear classification](https://cs231n.github.io/linear-classify/),
#   [Optimization](https://cs231n.github.io/optimization-1/).
# - R. A. Fisher, *The use of multiple measurements in taxonomic problems* (1936): the first linear
#   classifier learned from data.
# - M. Minsky and S. Papert, *Perceptrons* (1969): what straight borders cannot do.
# - H. Robbins and S. Monro, *A stochastic approximation method* (1951): rough steps that arrive.
# - L. Bottou, F. Curtis and J. Nocedal, *Optimization methods for large-scale machine learning*
#   (2018): full batch against mini-batch.
# - T. Hastie, R. Tibshirani and J. Friedman, *The Elements of Statistical Learning* (2nd ed.,
#   2009), section 4.2: why squared error masks the class in the middle.
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp* (1998): why inputs are
#   centred.
