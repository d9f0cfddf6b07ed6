# %% [markdown]
# # 5 · Activation functions
#
# **The question.** Two networks have the same layers, the same images, the same start and the same
# learning rate. After 400 steps one of them names 19 in 20 unseen digits, the other still guesses.
# One word in their code differs: the function between the layers. Which function, and why?
#
# **You build** six such functions forward and backward (sigmoid, tanh, leaky ReLU, PReLU, ELU,
# maxout) and two instruments that show when one of them has stopped working.
#
# **Before this**: ReLU, affine layers and the chain rule (chapter 4).
#
# **Time** 90 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("05_activations")
plots.use_course_style()

# %% [markdown]
# ## One word differs
#
# The experiments of this chapter take their networks from the course's library: `MLP` is the
# network that you wrote in chapter 4, with any number of layers and a word for the function between
# them. `train` is plain mini-batch gradient descent.

# %% tags=["experiment"]
from cs231n_lib.nn import MLP
from cs231n_lib.optim import SGD


def train(model, X, y, *, lr, steps, batch=64, seed=0):
    """Take `steps` steps of gradient descent; return the loss before each of them."""
    rng, rule, losses = np.random.default_rng(seed), SGD(lr), []
    for _ in range(steps):
        rows = rng.integers(len(X), size=batch)
        loss, grads = model.loss(X[rows], y[rows], copy=False)
        rule.step(model.params, grads)
        losses.append(loss)
    return np.array(losses)

# %% tags=["experiment"]
data = load("digits")
pixels = data.X_train                                   # (1297, 64), from 0 to 1
X_train = pixels - pixels.mean(axis=0)
X_val = data.X_val - pixels.mean(axis=0)
y_train, y_val = data.y_train, data.y_val

for word, colour in (("sigmoid", plots.RED), ("tanh", plots.BLUE)):
    model = MLP([64, 50, 50, 50, 50, 10], activation=word, init="xavier",
                rng=np.random.default_rng(0))
    losses = train(model, X_train, y_train, lr=0.1, steps=400)
    plt.plot(losses, color=colour, lw=1, label=word)
    right = np.mean(model.predict(X_val) == y_val)
    print(f"{word:8s} more than 19 in 20 unseen digits right: {bool(right > 0.95)}")
plt.axhline(np.log(10), color=plots.BLACK, ls="--", lw=1, label="guessing: ln 10 = 2.30")
plt.xlabel("step")
plt.ylabel("loss of the batch")
plt.title("With sigmoids between the layers, nothing is learned in 400 steps")
plt.legend()
plt.show()

# %% [markdown]
# The blue network learns at once; the red one stays at $\ln 10$, where guessing is, although both
# started from the same weights. By the end of the chapter you can say what stops it, and measure
# it.

# %% [markdown]
# ## Why put anything between the layers?
#
# First the other extreme: no function at all. Two affine layers in a row are
#
# $$(x W_1 + b_1) W_2 + b_2 = x \underbrace{(W_1 W_2)}_{W} + \underbrace{(b_1 W_2 + b_2)}_{b},$$
#
# one affine layer again. Repeat the argument, and a thousand layers are one.
#
# Two rings of points, one inside the other, make it visible. They are half and half, so guessing
# gets 50 %. **Predict**: what share of the points can *five* affine layers, trained well, get
# right?

# %% tags=["predict"]
my_guess = None  # a percentage, 50 to 100

# %% tags=["experiment"]
rng = np.random.default_rng(5)
ring = rng.integers(2, size=400)                                     # (N,) inner 0, outer 1
radius = np.where(ring == 0, 0.6, 1.8) + 0.2 * rng.normal(size=400)
angle = rng.uniform(0, 2 * np.pi, size=400)
points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

figure, axes = plt.subplots(1, 3, figsize=(9, 3.1), sharey=True)
accuracy = {}
for axis, (name, sizes, word) in zip(axes, [
    ("1 affine layer", [2, 2], "linear"),
    ("5 affine layers", [2, 16, 16, 16, 16, 2], "linear"),
    ("5 layers with ReLU", [2, 16, 16, 16, 16, 2], "relu"),
]):
    model = MLP(sizes, activation=word, rng=np.random.default_rng(0))
    train(model, points, ring, lr=0.1, steps=600)
    accuracy[name] = 100 * np.mean(model.predict(points) == ring)
    plots.decision_regions(model.predict, points, ring, axis=axis)
    axis.set(title=f"{name}: {accuracy[name]:.0f} %", xlabel="$x_1$", aspect="equal")
axes[0].set_ylabel("$x_2$")
plt.show()

# %% tags=["experiment", "nbval-ignore-output"]
check_prediction(my_guess, round(accuracy["5 affine layers"]), unit="%")

# %% [markdown]
# Four more affine layers move the straight line a little; it stays straight. A line that keeps the
# inner ring together cuts off about a third of the outer one and no more. With ReLU between the
# layers the border closes around the inner ring.
#
# It is not a question of training. Multiply the layers together and nothing is left of the depth:

# %% tags=["experiment"]
rng = np.random.default_rng(0)
layers = [(rng.normal(size=(20, 20)) / np.sqrt(20), rng.normal(size=20)) for _ in range(5)]
x = h = rng.normal(size=(100, 20))
W, b = np.eye(20), np.zeros(20)
for W_next, b_next in layers:
    h = h @ W_next + b_next                        # layer by layer
    W, b = W @ W_next, b @ W_next + b_next         # the one layer that does the same
difference = np.abs(h - (x @ W + b)).max()
print(f"5 layers against 1: outputs up to {np.abs(h).max():.0f}, differing by less than 1e-12:",
      bool(difference < 1e-12))

# %% [markdown]
# So something bent has to stand between the layers. It is called the **activation function**, works
# on each number by itself, and two things about it matter: its *value*, which the next layer sees,
# and its *slope*, by which every gradient is multiplied on the way back.

# %% [markdown]
# ## The sigmoid: squash everything into (0, 1)
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^x}{1 + e^x}.$$
#
# Large negative numbers go to 0, large positive ones to 1, and $\sigma(0) = \tfrac12$. For decades
# it was the usual choice: it looks like the firing rate of a neuron, and like a probability.
#
# The two forms are equal on paper. On a computer each has a weak side:

# %% tags=["experiment"]
for x in (-1000.0, 1000.0):
    with np.errstate(over="ignore", invalid="ignore"):
        first, second = 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))
    print(f"x = {x:6.0f}:  1/(1+e^-x) = {first:.0f},  e^x/(1+e^x) = {second:.0f}")

# %% [markdown]
# The first form survives because `1 / inf` is 0, at the price of an overflow warning. The second is
# `inf / inf`. With $s = e^{-|x|}$, which is never above 1, nothing can overflow at all:
#
# $$\sigma(x) = \frac{1}{1 + s} \;\text{ if } x \ge 0, \qquad
#   \sigma(x) = \frac{s}{1 + s} \;\text{ if } x < 0.$$

# %% [markdown]
# ### Exercise 5.1 · Sigmoid forward (2 points)
# `x` is an array of any shape, `out` has the same shape. Return `(out, cache)`; the cache is your
# own. The result must be exact to rounding and finite for every finite x, ±1000 included. `x` must
# not be changed: no `x *= …`, no `out=x`.
#
# <details><summary>Hint 1</summary>
#
# `np.where(condition, a, b)` chooses entry by entry. It computes both `a` and `b` everywhere.
# </details>
# <details><summary>Hint 2</summary>
#
# Only the numerator depends on the sign of x. The denominator is $1 + s$ on both sides.
# </details>
# <details><summary>Hint 3</summary>
#
# `np.where(x >= 0, 1.0, s) / (1.0 + s)` with `s = np.exp(-np.abs(x))`. For the cache, look at what
# the next exercise needs.
# </details>

# %% tags=["exercise"]
def sigmoid_forward(x):
    """Compute the sigmoid of every entry.

    Parameters
    ----------
    x : array, any shape

    Returns
    -------
    out : array, the shape of x
        Between 0 and 1; never NaN.
    cache
        Whatever `sigmoid_backward` needs.
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))  # at most 1, so nothing overflows
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out
    ### END SOLUTION

# %% tags=["check"]
check("sigmoid_forward", sigmoid_forward)

# %% [markdown]
# For the way back we need the slope. Differentiate $(1 + e^{-x})^{-1}$, then split the fraction:
#
# $$\frac{d\sigma}{dx} = \frac{e^{-x}}{(1 + e^{-x})^2}
#   = \underbrace{\frac{1}{1 + e^{-x}}}_{\sigma} \cdot
#     \underbrace{\frac{e^{-x}}{1 + e^{-x}}}_{1 - \sigma}
#   = \text{out}\,(1 - \text{out}).$$
#
# The output alone is enough. An activation works entry by entry, so the chain rule is a product
# entry by entry: $dx = \text{dout} \cdot \text{out}\,(1 - \text{out})$.

# %% [markdown]
# ### Exercise 5.2 · Sigmoid backward (1 point)
# `dout` has the shape of `out`; `cache` is what your `sigmoid_forward` returned. Return `dx` in the
# same shape. Neither `dout` nor the cache may be changed.
#
# <details><summary>Hint 1</summary>
#
# If your cache holds x and not the output, compute the output once more, or change the cache.
# </details>

# %% tags=["exercise"]
def sigmoid_backward(dout, cache):
    """Take the gradient back through the sigmoid.

    Parameters
    ----------
    dout : array, the shape of out
        Gradient of the loss with respect to the output.
    cache
        From `sigmoid_forward`.

    Returns
    -------
    dx : array, the shape of x
    """
    ### BEGIN SOLUTION
    out = cache
    return dout * out * (1.0 - out)
    ### END SOLUTION

# %% tags=["check"]
check("sigmoid_backward", sigmoid_backward)

# %% [markdown]
# The picture below is drawn with your two functions: the slope is `sigmoid_backward` with `dout` =
# 1.

# %% tags=["experiment"]
x = np.linspace(-8, 8, 321)
out, cache = sigmoid_forward(x)
slope = sigmoid_backward(np.ones_like(x), cache)
plt.plot(x, out, color=plots.BLUE, label="sigmoid")
plt.plot(x, slope, color=plots.RED, label="its slope")
flat = slope < 0.01
plt.fill_between(x, 0, 1, where=flat & (x > 0), color=plots.YELLOW, alpha=0.4, lw=0)
plt.fill_between(x, 0, 1, where=flat & (x < 0), color=plots.YELLOW, alpha=0.4, lw=0,
                 label="slope below 0.01")
plt.xlabel("x")
plt.ylabel("value, slope")
plt.title("The sigmoid's slope is at most 1/4, and below 0.01 beyond ±4.6")
plt.legend(loc="center left")
plt.show()
for value in (0.0, 2.0, 5.0, 10.0):
    dx = sigmoid_backward(np.ones(1), sigmoid_forward(np.array([value]))[1])
    print(f"x = {value:4.1f}: slope {dx[0]:.6f}")

# %% [markdown]
# Even in the best place, $x = 0$, three quarters of the gradient are lost. At $x = 10$ only one
# part in 22,000 gets through. A unit in the yellow zone is called **saturated**: it still gives an
# output, but nothing that happens to it there can be learned from.

# %% [markdown]
# ## How much of a layer is saturated?
#
# A saturated unit does not announce itself: the loss merely falls slowly. So count. An output is
# saturated if it lies within `tol` of either end of the function's range `[low, high]`: for the
# sigmoid `low = 0, high = 1`, for tanh `low = -1, high = 1`.

# %% [markdown]
# ### Exercise 5.3 · Saturated fraction (1 point)
# `out` is an array of any shape. Return one number between 0 and 1: the share of all entries that
# are **at most** `low + tol` or **at least** `high - tol` (the limits themselves count as
# saturated).
#
# With `low = 0`, `high = 1`, `tol = 0.25` the outputs `[0.25, 0.5, 0.9, 0.1]` give 0.75.
#
# <details><summary>Hint 1</summary>
#
# A comparison gives an array of truth values; their mean is the share of `True`.
# </details>
# <details><summary>Hint 2</summary>
#
# Combine the two conditions with `|` (entry by entry "or") and parentheses around each. Do not add
# the two shares: with a large `tol` an entry can be near both ends.
# </details>

# %% tags=["exercise"]
def saturated_fraction(out, low, high, tol):
    """Return the share of outputs that lie within `tol` of an end of the range.

    Parameters
    ----------
    out : array, any shape
        Outputs of a function with values between `low` and `high`.
    low, high : float
    tol : float, at least 0

    Returns
    -------
    fraction : float
        From 0 to 1.
    """
    ### BEGIN SOLUTION
    return float(((out <= low + tol) | (out >= high - tol)).mean())
    ### END SOLUTION

# %% tags=["check"]
check("saturated_fraction", saturated_fraction)

# %% [markdown]
# Put the instrument to work: 100 sigmoid units look at the digits, with random weights from small
# to large. The mean slope is the share of the gradient that gets through.

# %% tags=["experiment"]
scales = np.logspace(-2, 1.5, 30)
weights = np.random.default_rng(0).normal(size=(64, 100))
asleep, slopes = [], []
for scale in scales:
    out, cache = sigmoid_forward(X_train @ (scale * weights))
    asleep.append(saturated_fraction(out, 0, 1, 0.01))
    slopes.append(sigmoid_backward(np.ones_like(out), cache).mean())

plt.semilogx(scales, asleep, color=plots.RED, label="saturated share (within 0.01 of 0 or 1)")
plt.semilogx(scales, slopes, color=plots.BLUE, label="mean slope")
plt.axhline(0.25, color=plots.BLACK, ls="--", lw=1, label="1/4, the most there can be")
plt.xlabel("standard deviation of the weights")
plt.ylabel("share, slope")
plt.title("Large weights put the layer to sleep")
plt.legend(loc="upper left", fontsize=9)
plt.show()
print(f"weights of std 10: {asleep[np.argmin(np.abs(scales - 10))]:.0%} of the outputs saturated")

# %% [markdown]
# Weights of standard deviation 10 silence most of the layer before training has begun. Small
# weights are no way out: the slope comes near 1/4 and cannot pass it.

# %% [markdown]
# ## tanh: the same shape around zero
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\,\sigma(2x) - 1.$$
#
# It is a sigmoid, stretched to $(-1, 1)$ and squeezed to half the width. NumPy has it, and takes
# care of overflow.

# %% [markdown]
# ### Exercise 5.4 · tanh forward (0.5 points)
# `x` of any shape; return `(out, cache)`. The quotient above is `inf / inf` for large x: do not use
# it as it stands.
#
# <details><summary>Hint 1</summary>
#
# `np.tanh`. As with the sigmoid, think of what backward wants before you choose the cache.
# </details>

# %% tags=["exercise"]
def tanh_forward(x):
    """Compute tanh of every entry.

    Parameters
    ----------
    x : array, any shape

    Returns
    -------
    out : array, the shape of x
        Between -1 and 1; never NaN.
    cache
        Whatever `tanh_backward` needs.
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    return out, out
    ### END SOLUTION

# %% tags=["check"]
check("tanh_forward", tanh_forward)

# %% [markdown]
# Write $u = e^x - e^{-x}$ and $v = e^x + e^{-x}$, so that $u' = v$ and $v' = u$. The rule for
# quotients gives
#
# $$\frac{d}{dx}\frac{u}{v} = \frac{u'v - uv'}{v^2} = \frac{v^2 - u^2}{v^2} = 1 - \text{out}^2.$$

# %% [markdown]
# ### Exercise 5.5 · tanh backward (1 point)
# Return `dx` $= \text{dout} \cdot (1 - \text{out}^2)$, in the shape of `dout`, from your own cache.
#
# <details><summary>Hint 1</summary>
#
# The square is taken of tanh's *output*, not of x.
# </details>

# %% tags=["exercise"]
def tanh_backward(dout, cache):
    """Take the gradient back through tanh.

    Parameters
    ----------
    dout : array, the shape of out
    cache
        From `tanh_forward`.

    Returns
    -------
    dx : array, the shape of x
    """
    ### BEGIN SOLUTION
    out = cache
    return dout * (1.0 - out**2)
    ### END SOLUTION

# %% tags=["check"]
check("tanh_backward", tanh_backward)

# %% tags=["experiment"]
x = np.linspace(-5, 5, 1001)
tanh, sigmoid = tanh_forward(x)[0], sigmoid_forward(2 * x)[0]
print("tanh(x) equals 2 sigmoid(2x) - 1:", bool(np.abs(tanh - (2 * sigmoid - 1)).max() < 1e-12))
slope = tanh_backward(np.ones(3), tanh_forward(np.array([0.0, 2.0, 5.0]))[1])
print(f"slope at 0: {slope[0]:.2f}, at 2: {slope[1]:.3f}, at 5: {slope[2]:.5f}")

# %% [markdown]
# tanh saturates as the sigmoid does, and even sooner. But at 0, where a layer with small weights
# works, its slope is 1 and not 1/4; and its outputs lie on both sides of 0. The next section shows
# why the second point matters.

# %% [markdown]
# ## What comes in only positive makes a zig-zag
#
# One linear unit, inputs $h_1, h_2$: $\text{out} = w_1 h_1 + w_2 h_2 + b$. For one example
#
# $$dw_1 = \text{dout} \cdot h_1, \qquad dw_2 = \text{dout} \cdot h_2.$$
#
# If the inputs are outputs of a sigmoid, both are positive. Then $dw_1$ and $dw_2$ have **the same
# sign**, that of `dout`: both weights rise or both fall. If the goal needs one to rise and the
# other to fall, the way there is a zig-zag.
#
# The experiment (it needs your `sigmoid_forward`): the unit must learn $w = (2, -2)$, one example a
# step, learning rate 0.5. Left, it sees sigmoid outputs; right, the same outputs minus 0.5. Nothing
# else differs.

# %% tags=["experiment"]
def walk(shift, steps=60, lr=0.5):
    """Return the path of w, shape (steps + 1, 2), and the share of steps that go one way."""
    rng = np.random.default_rng(0)
    h, _ = sigmoid_forward(2 * rng.normal(size=(500, 2)))
    goal = h @ np.array([2.0, -2.0])
    w, b, path, one_way = np.zeros(2), 0.0, [np.zeros(2)], 0
    for n in rng.integers(500, size=steps):
        dout = (h[n] - shift) @ w + b - goal[n]     # of the loss 0.5 * error**2
        dw = dout * (h[n] - shift)
        one_way += dw[0] * dw[1] > 0
        w, b = w - lr * dw, b - lr * dout
        path.append(w)
    return np.array(path), one_way / steps

# %% tags=["experiment", "nbval-ignore-output"]
walks = {"sigmoid outputs, all positive": walk(0.0), "the same, minus 0.5": walk(0.5)}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.7), sharex=True, sharey=True)
lines = []
for axis, (name, (path, one_way)), colour in zip(axes, walks.items(), (plots.RED, plots.BLUE)):
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    axis.plot(2, -2, "*", color=plots.BLACK, ms=13)
    axis.set(xlim=(-0.6, 2.6), ylim=(-2.6, 0.6), aspect="equal", xlabel="$w_1$")
    axis.set_title(f"{name}:\n{one_way:.0%} of steps one way, path {length:.1f} long", fontsize=10)
    lines += axis.plot([], [], ".-", color=colour, ms=4, lw=1)
axes[0].set_ylabel("$w_2$")


def draw(i):
    for line, (path, _) in zip(lines, walks.values()):
        line.set_data(*path[: 2 * i + 1].T)


plots.animate(draw, 31, figure=figure, seconds_per_frame=0.2)

# %% tags=["experiment"]
for name, (path, one_way) in walks.items():
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    print(f"{name:30s} same sign in {one_way:4.0%} of the steps, path {length:.1f}, "
          f"end ({path[-1][0]:.1f}, {path[-1][1]:.1f})")
for lr in (1.0, 1.5):
    ends = [np.abs(walk(shift, lr=lr)[0][-1]).max() for shift in (0.0, 0.5)]
    print(f"learning rate {lr}: w ends below 3 in size:", [bool(e < 3) for e in ends])

# %% [markdown]
# The star is the goal, 2.8 away from the start. On the left every step points up-right or
# down-left; the goal lies down-right, so the way is twice as long. And the left unit breaks at a
# learning rate of 1.5, where the right one still arrives.
#
# This argument is about *one* example. A batch adds up many, with `dout` of both signs. Does that
# cure it? Count in a real network: for how many units of layer 2 do all 50 weight gradients agree
# in sign (zeros aside)?

# %% tags=["experiment"]
sizes = [1, 4, 16, 64, 256]
for word, colour in (("sigmoid", plots.RED), ("relu", plots.BLACK), ("tanh", plots.BLUE)):
    model = MLP([64, 50, 50, 10], activation=word, init="xavier", rng=np.random.default_rng(0))
    train(model, X_train, y_train, lr=0.3, steps=500)
    rng, shares = np.random.default_rng(1), []
    for size in sizes:
        agree = []
        for _ in range(20):
            rows = rng.integers(len(X_train), size=size)
            dW = model.loss(X_train[rows], y_train[rows])[1]["W2"]     # (50 inputs, 50 units)
            agree.append(((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0)).mean())
        shares.append(np.mean(agree))
    plt.semilogx(sizes, shares, "o-", color=colour, label=word)
plt.xlabel("examples in the batch")
plt.ylabel("share of units whose gradients agree")
plt.xticks(sizes, sizes)
plt.title("A batch breaks the agreement for ReLU; the sigmoid keeps part of it")
plt.legend()
plt.show()

# %% [markdown]
# With one example every sigmoid unit and every ReLU unit has gradients of one sign. In a usual
# batch of 64 they still agree for about four sigmoid units in ten, because a sigmoid's outputs
# hover around 0.5 for *all* examples; for ReLU, whose outputs are often 0, it is fewer than one in
# ten. tanh never had the problem.

# %% [markdown]
# ## ReLU, and how it dies
#
# ReLU, $\max(0, x)$, has slope 1 for every positive $x$, however large: nothing saturates there. It
# is also cheap. Its price is the other side. Where $x < 0$ the slope is exactly 0.
#
# One large step can push a unit so far that $x < 0$ **for every image**. Then its output is always
# 0, its slope is always 0, no gradient reaches its weights, and it stays where it is: it is *dead*.

# %% [markdown]
# ### Exercise 5.6 · Dead unit fraction (1.5 points)
# `activations` has shape (N, H): outputs of H ReLU units for N images, so nothing is negative. A
# unit is dead if its output is **exactly 0 for all N images**. Return the share of dead units, one
# number between 0 and 1. A unit that fires faintly, once, is alive.
#
# <details><summary>Hint 1</summary>
#
# A zero is nothing unusual: about half of a healthy layer's outputs are 0. The question is asked of
# each *column*.
# </details>
# <details><summary>Hint 2</summary>
#
# `.all(axis=0)` asks every column whether all its rows say `True`.
# </details>

# %% tags=["exercise"]
def dead_unit_fraction(activations):
    """Return the share of units that are 0 for every example.

    Parameters
    ----------
    activations : array, shape (N, H)
        Outputs of a ReLU layer.

    Returns
    -------
    fraction : float
        From 0 to 1.
    """
    ### BEGIN SOLUTION
    return float((activations == 0).all(axis=0).mean())
    ### END SOLUTION

# %% tags=["check"]
check("dead_unit_fraction", dead_unit_fraction)

# %% [markdown]
# Now provoke it, and count with your function. Two hidden layers of 50 ReLUs, on the digits, 100
# steps with the learning rate 1.0. That is large but not absurd, and the loss stays finite. The
# pixels are left as they are, all from 0 to 1: every input positive, as in the last section.
#
# **Predict**: how many per cent of the first layer's units are dead after 100 steps?

# %% tags=["predict"]
my_guess = None  # a percentage, 0 to 100

# %% tags=["experiment"]
def first_layer_dead(X, lr, word="relu", seeds=(0, 1, 2)):
    """Train briefly; return the mean share of first-layer units that are off for all of X."""
    shares = []
    for seed in seeds:
        model = MLP([64, 50, 50, 10], activation=word, rng=np.random.default_rng(seed))
        train(model, X, y_train, lr=lr, steps=100, seed=seed)
        off = np.maximum(0, model.activations(X)[0])
        shares.append(dead_unit_fraction(off))
    return np.mean(shares)

# %% tags=["experiment", "nbval-ignore-output"]
check_prediction(my_guess, 100 * first_layer_dead(pixels, 1.0), within=0.2, unit="%")

# %% tags=["experiment"]
rates = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.4]
for name, X, word, style in (
    ("pixels from 0 to 1", pixels, "relu", dict(color=plots.RED)),
    ("pixels from 0 to 1, leaky ReLU (0.01)", pixels, "leaky_relu", dict(color=plots.ORANGE)),
    ("pixels minus their mean", X_train, "relu", dict(color=plots.BLUE)),
):
    shares = [100 * first_layer_dead(X, lr, word) for lr in rates]
    plt.semilogx(rates, shares, "o-", label=name, **style)
plt.xlabel("learning rate")
plt.ylabel("first-layer units off for all images, %")
plt.title("Large steps on all-positive inputs switch units off")
plt.xticks(rates, rates)
plt.minorticks_off()
plt.legend()
plt.show()

# %% [markdown]
# A few per cent are off from the first step on, and up to a rate of 0.2 it stays so; at 1.0 it is
# more than half. The blue line is the same network on centred pixels: the cause is not the rate
# alone. With positive inputs all weights of a unit fall together (the last section), and $x$ falls
# for *every* image at once.
#
# The orange line is the usual cure, leaky ReLU, which is next. It does not keep the units from
# being pushed to the negative side. What it changes comes afterwards.

# %% [markdown]
# ## A small slope on the negative side
#
# **Leaky ReLU** leaves a little slope where ReLU has none:
#
# $$f(x) = \begin{cases} x & x > 0 \\ \alpha x & x < 0 \end{cases} \qquad
#   f'(x) = \begin{cases} 1 & x > 0 \\ \alpha & x < 0 \end{cases} \qquad \alpha = 0.01.$$
#
# A unit that is off still hears the loss, if only at one hundredth of the volume. What happens
# exactly at the corner $x = 0$ is up to you; no check looks there.

# %% [markdown]
# ### Exercise 5.7 · Leaky ReLU forward (1 point)
# `x` of any shape, `alpha` a number between 0 and 1 with the default 0.01. Return `(out, cache)`;
# `x` stays as it is.
#
# <details><summary>Hint 1</summary>
#
# `np.where(condition, a, b)`. Writing into `x[x < 0]` would change the caller's array.
# </details>

# %% tags=["exercise"]
def leaky_relu_forward(x, alpha=0.01):
    """Compute leaky ReLU of every entry: x on the positive side, alpha times x on the other.

    Parameters
    ----------
    x : array, any shape
    alpha : float
        Slope of the negative side.

    Returns
    -------
    out : array, the shape of x
    cache
        Whatever `leaky_relu_backward` needs.
    """
    ### BEGIN SOLUTION
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)
    ### END SOLUTION

# %% tags=["check"]
check("leaky_relu_forward", leaky_relu_forward)

# %% [markdown]
# ### Exercise 5.8 · Leaky ReLU backward (1 point)
# Return `dx`: `dout` times the slope, entry by entry. It is the sign of **x** that chooses the
# slope, so the cache must know it, and it must know `alpha`. `dout` stays as it is.
#
# <details><summary>Hint 1</summary>
#
# An array of slopes, 1 or `alpha`, made with `np.where`; then one product.
# </details>

# %% tags=["exercise"]
def leaky_relu_backward(dout, cache):
    """Take the gradient back through leaky ReLU.

    Parameters
    ----------
    dout : array, the shape of out
    cache
        From `leaky_relu_forward`.

    Returns
    -------
    dx : array, the shape of x
    """
    ### BEGIN SOLUTION
    x, alpha = cache
    return dout * np.where(x > 0, 1.0, alpha)
    ### END SOLUTION

# %% tags=["check"]
check("leaky_relu_backward", leaky_relu_backward)

# %% [markdown]
# Does the leak bring units back? Take the network that lost half of its units, and go on with a
# sensible learning rate of 0.05 for 1,500 steps. Count the units that were off for all images and
# are on again, layer by layer.

# %% tags=["experiment", "nbval-ignore-output"]
def hurt_and_heal(word, seed):
    """Return, for layers 1 and 2, units off and units on again; and both accuracies."""
    model = MLP([64, 50, 50, 10], activation=word, rng=np.random.default_rng(seed))
    off, right = [], []
    for lr, steps in ((1.0, 100), (0.05, 1500)):
        train(model, pixels, y_train, lr=lr, steps=steps, seed=seed)
        off.append(np.array([(h <= 0).all(axis=0) for h in model.activations(pixels)]))
        right.append(100 * np.mean(model.predict(pixels) == y_train))
    return off[0].sum(axis=1), (off[0] & ~off[1]).sum(axis=1), right


for word in ("relu", "leaky_relu"):
    off, back, right = zip(*[hurt_and_heal(word, seed) for seed in range(5)])
    for number, total, again in zip((1, 2), np.sum(off, axis=0), np.sum(back, axis=0)):
        print(f"{word:10s} layer {number}: {total:3d} of 250 units off, {again:2d} on again later")
    for when, values in zip(("after the large steps", "1,500 small steps later"), zip(*right)):
        print(f"{'':10s} accuracy {when:23s}", *[f"{value:3.0f} %" for value in sorted(values)])

# %% [markdown]
# Five networks of each kind. In layer 1 the inputs are fixed images, and of ReLU's dead units not
# one comes back: without a gradient there is no way. With the leak a few do; a hundredth of a
# gradient is slow. In **layer 2** many ReLUs wake up by themselves, because the layer below goes on
# learning and their inputs change.
#
# The accuracies: most networks recover with the units that are left. The ReLU network that does not
# had lost nearly the whole of layer 2, and with it the way for every gradient to layer 1.

# %% [markdown]
# ## Let the slope be learned: PReLU
#
# Why 0.01? He and others (2015) made $\alpha$ a parameter, one for all units or one for each, and
# trained it with the rest. Forward is the same formula; but since training moves it, **$\alpha$ may
# become negative or pass 1**, and then a shortcut such as `np.maximum(x, alpha * x)` is wrong.

# %% [markdown]
# ### Exercise 5.9 · PReLU forward (1.5 points)
# `x` has shape (N, D). `alpha` is a number, or an array of shape (D,) with one value for each unit,
# that is, each *column* of x. Return `(out, cache)`.
#
# <details><summary>Hint 1</summary>
#
# NumPy lines shapes up from the right: (N, D) with (D,) gives every column its own value, and a
# single number fits anything.
# </details>

# %% tags=["exercise"]
def prelu_forward(x, alpha):
    """Compute PReLU: x on the positive side, alpha times x on the other.

    Parameters
    ----------
    x : array, shape (N, D)
    alpha : float, or array of shape (D,)
        Slope of the negative side, of any sign and size.

    Returns
    -------
    out : array, shape (N, D)
    cache
        Whatever `prelu_backward` needs.
    """
    ### BEGIN SOLUTION
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)
    ### END SOLUTION

# %% tags=["check"]
check("prelu_forward", prelu_forward)

# %% [markdown]
# Backward now has two answers. Towards x it is leaky ReLU's. Towards $\alpha$: where $x_{nd} < 0$
# the output is $\alpha_d\, x_{nd}$, with the slope $x_{nd}$; where $x_{nd} > 0$ the output does not
# contain $\alpha$. Chapter 4's rule says *add over paths*, and $\alpha_d$ reaches column $d$ in
# every row:
#
# $$d\alpha_d = \sum_n \text{dout}_{nd}\, \min(x_{nd}, 0).$$
#
# One number $\alpha$ for all units reaches every column as well: its gradient is the sum over $n$
# **and** $d$.

# %% [markdown]
# ### Exercise 5.10 · PReLU backward (2.5 points)
# Return `(dx, dalpha)`: `dx` (N, D), and `dalpha` in the shape of `alpha`: a number if `alpha` was
# one (a float or an array of shape `()`), else (D,).
#
# <details><summary>Hint 1</summary>
#
# Make the array of shape (N, D) of what each entry contributes first; then sum it over the right
# axes.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.ndim(alpha)` is 0 for a number and 1 for an array of shape (D,), and works for plain floats.
# </details>

# %% tags=["exercise"]
def prelu_backward(dout, cache):
    """Take the gradient back through PReLU.

    Parameters
    ----------
    dout : array, shape (N, D)
    cache
        From `prelu_forward`.

    Returns
    -------
    dx : array, shape (N, D)
    dalpha : float or array, the shape of alpha
    """
    ### BEGIN SOLUTION
    x, alpha = cache
    dx = dout * np.where(x > 0, 1.0, alpha)
    share = dout * np.minimum(x, 0)  # (N, D)
    dalpha = share.sum() if np.ndim(alpha) == 0 else share.sum(axis=0)
    return dx, dalpha
    ### END SOLUTION

# %% tags=["check"]
check("prelu_backward", prelu_backward)

# %% [markdown]
# A task for three PReLU units that run on your two functions: be $|x|$, be ReLU, be the identity.
# All start at $\alpha = 0.25$ and use only your `dalpha`. Which values should they reach?

# %% tags=["experiment"]
x = np.random.default_rng(0).normal(size=(200, 1)).repeat(3, axis=1)
goal = np.column_stack([np.abs(x[:, 0]), np.maximum(0, x[:, 1]), x[:, 2]])
alpha, history = np.full(3, 0.25), []
for _ in range(60):
    out, cache = prelu_forward(x, alpha)
    _, dalpha = prelu_backward((out - goal) / len(x), cache)    # loss: half the mean square
    history.append(alpha)
    alpha = alpha - 0.2 * dalpha
for values, name, colour in zip(np.transpose(history), ("|x|", "ReLU", "identity"), plots.COLOURS):
    plt.plot(values, color=colour, label=f"goal: {name}")
plt.xlabel("step")
plt.ylabel(r"$\alpha$")
plt.title("Each unit finds its slope: −1, 0 and 1")
plt.legend()
plt.show()
print("alpha after 60 steps:", alpha.round(2) + 0.0)

# %% [markdown]
# The unit that had to be $|x|$ learned a **negative** slope. PReLU is not "leaky ReLU with a better
# constant": it contains ReLU, leaky ReLU, the identity and the absolute value.

# %% [markdown]
# ## A soft landing: ELU
#
# Leaky ReLU's outputs are still mostly positive. The *exponential linear unit* (Clevert and
# others, 2015) goes down to $-\alpha$ and levels out there:
#
# $$f(x) = \begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x < 0 \end{cases} \qquad
#   f'(x) = \begin{cases} 1 & x > 0 \\ \alpha\, e^x & x < 0. \end{cases}$$
#
# Here is a trap. $e^x$ is needed for negative $x$ only, but an array has both signs, and
# $e^{1000}$ is `inf`. A formula that multiplies by a mask gets $0 \cdot \infty$ = `nan`.

# %% [markdown]
# ### Exercise 5.11 · ELU forward (1.5 points)
# `x` of any shape, `alpha` a positive number with the default 1.0. Return `(out, cache)`. The
# result must be right for $x = 1000$ (it is 1000) and $x = -1000$ (it is $-\alpha$).
#
# <details><summary>Hint 1</summary>
#
# Either choose with `np.where`, which takes no product (an overflow warning does no harm), or never
# give `np.exp` a positive number.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.exp(np.minimum(x, 0))` is the same where it matters and 1 elsewhere. `np.expm1(z)` is
# $e^z - 1$, accurate for tiny z too.
# </details>

# %% tags=["exercise"]
def elu_forward(x, alpha=1.0):
    """Compute ELU of every entry.

    Parameters
    ----------
    x : array, any shape
    alpha : float
        The negative side levels out at minus alpha.

    Returns
    -------
    out : array, the shape of x
        Never NaN or infinite.
    cache
        Whatever `elu_backward` needs.
    """
    ### BEGIN SOLUTION
    out = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return out, (x, alpha)
    ### END SOLUTION

# %% tags=["check"]
check("elu_forward", elu_forward)

# %% [markdown]
# ### Exercise 5.12 · ELU backward (1.5 points)
# Return `dx` with the slope above. (On the negative side $\alpha e^x = \text{out} + \alpha$, so the
# output would do as well as x.) The same trap waits: nothing may become `nan` for $x = 1000$.
#
# <details><summary>Hint 1</summary>
#
# The $-1$ is a constant and drops out of the derivative; $\alpha$ is a factor and stays.
# </details>

# %% tags=["exercise"]
def elu_backward(dout, cache):
    """Take the gradient back through ELU.

    Parameters
    ----------
    dout : array, the shape of out
    cache
        From `elu_forward`.

    Returns
    -------
    dx : array, the shape of x
    """
    ### BEGIN SOLUTION
    x, alpha = cache
    return dout * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))
    ### END SOLUTION

# %% tags=["check"]
check("elu_backward", elu_backward)

# %% [markdown]
# How far from zero are the outputs of your functions, if the inputs come from a unit gaussian?

# %% tags=["experiment"]
x = np.random.default_rng(0).normal(size=(1000, 1000))
for name, out in {
    "sigmoid": sigmoid_forward(x)[0], "ReLU": np.maximum(0, x),
    "leaky ReLU": leaky_relu_forward(x)[0], "ELU": elu_forward(x)[0], "tanh": tanh_forward(x)[0],
}.items():
    print(f"{name:11s} mean {out.mean() + 0.0:5.2f}, standard deviation {out.std():.2f}")

# %% [markdown]
# ELU's mean is less than half of ReLU's. The price: far out on the left it saturates. Its slope is
# never exactly 0 on paper, but $e^{-20}$ is $2 \cdot 10^{-9}$: a unit there is as good as dead.

# %% [markdown]
# ## Learn the whole shape: maxout
#
# Goodfellow and others (2013) gave up the fixed function. A maxout unit computes **two** affine
# pieces and keeps the larger one, for each example and each unit:
#
# $$z_1 = x W_1 + b_1, \qquad z_2 = x W_2 + b_2, \qquad \text{out} = \max(z_1, z_2).$$
#
# With $W_1 = 0, b_1 = 0$ it is a ReLU. The affine layer is part of it, so it is a layer of its own.

# %% [markdown]
# ### Exercise 5.13 · Maxout forward (1.5 points)
# `x` (N, D), `W1` and `W2` (D, H), `b1` and `b2` (H,). Return `(out, cache)` with `out` (N, H).
# Equal pieces are not tested.
#
# <details><summary>Hint 1</summary>
#
# `np.maximum(a, b)` compares two arrays entry by entry; `np.max` looks for the largest in one
# array.
# </details>
# <details><summary>Hint 2</summary>
#
# Backward must know x, both weight matrices, and which piece won where.
# </details>

# %% tags=["exercise"]
def maxout_forward(x, W1, b1, W2, b2):
    """Compute a maxout layer with two pieces.

    Parameters
    ----------
    x : array, shape (N, D)
    W1, W2 : array, shape (D, H)
    b1, b2 : array, shape (H,)

    Returns
    -------
    out : array, shape (N, H)
        The larger of the two pieces, entry by entry.
    cache
        Whatever `maxout_backward` needs.
    """
    ### BEGIN SOLUTION
    z1 = x @ W1 + b1  # (N, H)
    z2 = x @ W2 + b2
    return np.maximum(z1, z2), (x, W1, W2, z1 > z2)
    ### END SOLUTION

# %% tags=["check"]
check("maxout_forward", maxout_forward)

# %% [markdown]
# Backward in two steps. The maximum is a switch: `out` *is* the winner, so the winner's slope is 1
# and the loser's 0:
#
# $$dz_1 = \text{dout} \cdot [z_1 > z_2], \qquad dz_2 = \text{dout} \cdot [z_2 > z_1].$$
#
# Then each piece is an affine layer, as in chapter 4, and $x$, which enters both, collects from
# both:
#
# $$dW_i = x^T dz_i, \qquad db_i = \sum_n dz_{i,n}, \qquad dx = dz_1 W_1^T + dz_2 W_2^T.$$

# %% [markdown]
# ### Exercise 5.14 · Maxout backward (2.5 points)
# Return `(dx, dW1, db1, dW2, db2)`, in this order, each in the shape of its variable.
#
# <details><summary>Hint 1</summary>
#
# If `first` is the array of truth values $z_1 > z_2$, then `dout * first` and `dout * ~first` share
# `dout` out between the pieces.
# </details>

# %% tags=["exercise"]
def maxout_backward(dout, cache):
    """Take the gradient back through a maxout layer.

    Parameters
    ----------
    dout : array, shape (N, H)
    cache
        From `maxout_forward`.

    Returns
    -------
    dx : array, shape (N, D)
    dW1 : array, shape (D, H)
    db1 : array, shape (H,)
    dW2 : array, shape (D, H)
    db2 : array, shape (H,)
    """
    ### BEGIN SOLUTION
    x, W1, W2, first = cache
    dz1 = dout * first
    dz2 = dout * ~first
    dx = dz1 @ W1.T + dz2 @ W2.T
    return dx, x.T @ dz1, dz1.sum(axis=0), x.T @ dz2, dz2.sum(axis=0)
    ### END SOLUTION

# %% tags=["check"]
check("maxout_backward", maxout_backward)

# %% [markdown]
# One maxout unit can be any of the kinked functions of this chapter, if its weights say so:

# %% tags=["experiment"]
x = np.linspace(-3, 3, 601)[:, None]
zero = np.zeros(1)
for name, w2, other in (
    ("ReLU", 0.0, np.maximum(0, x)),
    ("leaky ReLU", 0.01, leaky_relu_forward(x)[0]),
    ("|x|", -1.0, np.abs(x)),
):
    out, _ = maxout_forward(x, np.ones((1, 1)), zero, np.full((1, 1), w2), zero)
    print(f"slopes 1 and {w2:5.2f}: {name:10s}  largest difference {np.abs(out - other).max():.0e}")

# %% [markdown]
# Add several maxout units, and bent lines with many corners come out. The freedom has its price:
# two weight matrices where a ReLU layer has one.

# %% [markdown]
# ## All of them side by side
#
# Each panel is drawn with your functions, the slope with `dout` = 1. `PAIRS` collects them; PReLU
# enters with its usual start, $\alpha = 0.25$. This and what follows needs all fourteen exercises.

# %% tags=["experiment"]
PAIRS = {
    "sigmoid": (sigmoid_forward, sigmoid_backward),
    "tanh": (tanh_forward, tanh_backward),
    "relu": (lambda x: (np.maximum(0, x), x), lambda dout, x: dout * (x > 0)),
    "leaky_relu": (leaky_relu_forward, leaky_relu_backward),
    "prelu": (lambda x: prelu_forward(x, 0.25), lambda dout, cache: prelu_backward(dout, cache)[0]),
    "elu": (elu_forward, elu_backward),
    "linear": (lambda x: (x, None), lambda dout, _: dout),
}
LOOKS = {name: colour for name, colour in zip(
    ("sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "linear", "maxout"),
    (plots.RED, plots.BLUE, plots.BLACK, plots.ORANGE, plots.PURPLE, plots.GREEN, "0.6", plots.SKY),
)}

# %% tags=["experiment"]
x = np.linspace(-4, 4, 400)                                     # 0 is not among them
figure, axes = plt.subplots(2, 4, figsize=(10, 4.6), sharex=True)
for axis, name in zip(axes.flat, [*list(PAIRS)[:6], "maxout", "linear"]):
    if name == "maxout":
        w, c = np.array([[1.0]]), np.zeros(1)
        out, cache = maxout_forward(x[:, None], w, c, -0.5 * w, c - 1)
        slope = maxout_backward(np.ones_like(out), cache)[0]
    else:
        out, cache = PAIRS[name][0](x[:, None])
        slope = PAIRS[name][1](np.ones_like(out), cache)
    axis.plot(x, out, color=plots.BLUE)
    axis.plot(x, slope, color=plots.RED, ls="--")
    axis.set(ylim=(-1.6, 2.4), title=name.replace("_", " "))
for axis in axes[1]:
    axis.set_xlabel("x")
axes[0, 0].set_ylabel("value (blue), slope (red)")
axes[1, 0].set_ylabel("value (blue), slope (red)")
plt.show()

# %% [markdown]
# Read the red lines, for they multiply the gradient. The sigmoid's stays low everywhere, tanh's and
# ELU's fade out, ReLU's is a switch between 0 and 1, leaky ReLU, PReLU and maxout never go to 0.
# (The maxout unit shown has the pieces $x$ and $-x/2 - 1$.)

# %% [markdown]
# ## The gradient on its way down
#
# Back to the first picture. Take ten layers of 100 units, weights with variance 1/100 (so that an
# affine layer alone neither grows nor shrinks numbers), random inputs. Send a random gradient of
# size 1 in at the top and measure its root mean square after each layer.
#
# The sigmoid multiplies by at most 1/4 in each layer. **Predict**: by how many powers of ten has
# the gradient shrunk after ten sigmoid layers? (6 means: to one millionth.)

# %% tags=["predict"]
my_guess = None  # a number of powers of ten, such as 2 or 3.5

# %% tags=["experiment"]
def layer(name, h, std, rng):
    """Compute one random layer; return its output and the way back, dout -> dh."""
    W, V = std * rng.normal(size=(2, h.shape[1], h.shape[1]))
    zero = np.zeros(h.shape[1])
    if name == "maxout":
        out, cache = maxout_forward(h, W, zero, V, zero)
        return out, lambda dout: maxout_backward(dout, cache)[0]
    out, cache = PAIRS[name][0](h @ W)
    return out, lambda dout: PAIRS[name][1](dout, cache) @ W.T


def gradient_sizes(name, std, depth=10):
    """Return the gradient's root mean square at the top and below each layer."""
    rng = np.random.default_rng(0)
    h, ways_back = rng.normal(size=(256, 100)), []
    for _ in range(depth):
        h, back = layer(name, h, std, rng)
        ways_back.append(back)
    gradients = [rng.normal(size=h.shape)]
    for back in reversed(ways_back):
        gradients.append(back(gradients[-1]))
    return np.sqrt(np.mean(np.square(gradients), axis=(1, 2)))

# %% tags=["experiment"]
sizes = gradient_sizes("sigmoid", std=0.1)
check_prediction(my_guess, round(np.log10(sizes[0] / sizes[-1]), 1), unit="powers of ten")

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4), sharey=True)
for axis, std in zip(axes, (0.1, 0.3)):
    for name, colour in LOOKS.items():
        sizes = gradient_sizes(name, std)
        axis.semilogy(sizes / sizes[0], "o-", ms=3, color=colour, label=name)
    axis.set(xlabel="layers passed, from the top", ylim=(1e-7, 1e6))
axes[0].set_ylabel("size of the gradient, top = 1")
axes[0].set_title("std 0.1: sigmoids leave under a millionth")
axes[1].set_title("std 0.3: the sigmoid loses less, others grow")
axes[0].legend(ncols=2, fontsize=8, loc="upper left")
plt.show()

# %% [markdown]
# Left: each sigmoid layer leaves a quarter of the gradient, and ten leave less than a millionth. A
# straight line on the logarithmic axis says that the same factor is lost each time.
#
# Right: weights three times as large. The sigmoid loses less, all others grow by a factor in every
# layer. **Slope and weights act together**; chapter 6 chooses the weights to fit. (Maxout's line
# lies on that of the linear network: its winning piece always has slope 1.)

# %% tags=["experiment"]
for name in ("sigmoid", "tanh", "relu", "elu", "maxout"):
    sizes = gradient_sizes(name, std=0.1)
    print(f"{name:8s} factor for each layer {(sizes[-1] / sizes[0]) ** 0.1:.2f}")

# %% [markdown]
# Now the two networks of the first picture. The slope multiplies gradients on the way down, and
# small differences between two images on the way **up**: if it is 1/4, both shrink. Measure both
# before the first step. The third row gives the sigmoid what it lacks, weights four times as large.

# %% tags=["experiment", "nbval-ignore-output"]
print("              spread between images, layer      size of dW, layer      after 400 steps")
print("              1      2      3      4            1        5             unseen right")
for word, init in (("sigmoid", "xavier"), ("tanh", "xavier"), ("sigmoid", 4 / np.sqrt(50))):
    name = word if init == "xavier" else f"{word}, x4"
    model = MLP([64, 50, 50, 50, 50, 10], activation=word, init=init, rng=np.random.default_rng(0))
    spread = [h.std(axis=0).mean() for h in model.activations(X_train)]
    grads = model.loss(X_train, y_train)[1]
    dW1, dW5 = (np.sqrt(np.mean(grads[W] ** 2)) for W in ("W1", "W5"))
    train(model, X_train, y_train, lr=0.1, steps=400)
    right = np.mean(model.predict(X_val) == y_val)
    print(f"{name:12s}", *[f"{s:6.3f}" for s in spread],
          f"    {dW1:10.5f} {dW5:8.3f} {right:14.0%}")

# %% [markdown]
# That is the answer to the question at the top. In the sigmoid network all images look the same
# after four layers (they differ by less than 0.001), so the last layer has nothing to work with;
# and the first layer gets a thousandth of the last one's gradient, so it cannot mend that. tanh
# keeps both. So does, in part, the sigmoid with larger weights: it begins to learn.

# %% [markdown]
# ## Which one trains fastest?
#
# At last the race, on the network of the first picture, run with **your** functions: `Yours` is a
# layer of the library that calls them. (Maxout comes from the library, which computes both pieces
# in one product.) A fair race gives every runner its own learning rate: each may choose the best of
# 0.03, 0.1, 0.3 and 1.

# %% tags=["experiment"]
from cs231n_lib.layers import Layer


class Yours(Layer):
    """A layer that calls a pair of functions, forward and backward."""

    def __init__(self, pair, replaced):
        super().__init__()
        self.pair, self.params, self.grads = pair, replaced.params, replaced.grads

    def forward(self, x, train=False):
        out, self.cache = self.pair[0](x, *self.params.values())    # PReLU has a parameter
        return out

    def backward(self, dout):
        if not self.params:
            return self.pair[1](dout, self.cache)
        dx, self.grads["alpha"][...] = self.pair[1](dout, self.cache)
        return dx

# %% tags=["experiment"]
RACE = {k: v for k, v in PAIRS.items() if k != "linear"} | {
    "prelu": (prelu_forward, prelu_backward)
}


def network(word, seed):
    """Return the network of the first picture, with your functions in it."""
    model = MLP([64, 50, 50, 50, 50, 10], activation=word, init="xavier",
                rng=np.random.default_rng(seed))
    for place, old in model.layers.items():
        if place.startswith("activation") and word in RACE:
            model.layers[place] = Yours(RACE[word], old)
    return model

# %% tags=["experiment"]
def smooth(losses, width=20):
    return np.convolve(losses, np.ones(width) / width, mode="valid")


results = {}
for word in LOOKS:
    runs = []
    for lr in (0.03, 0.1, 0.3, 1.0):
        model = network(word, seed=0)
        with np.errstate(all="ignore"):                 # some of the rates are too large
            losses = train(model, X_train, y_train, lr=lr, steps=400)
            right = np.mean(model.predict(X_val) == y_val)
        area = np.nan_to_num(losses, nan=99, posinf=99).clip(0, 99).mean()
        runs.append((area, lr, losses, right))
    results[word] = min(runs, key=lambda run: run[0])   # the smallest mean loss

# %% tags=["experiment", "nbval-ignore-output"]
print("function     best rate   steps to loss 0.2   validation")
for word, (_, lr, losses, right) in sorted(results.items(), key=lambda item: item[1][0]):
    plt.semilogy(smooth(losses), color=LOOKS[word], lw=1.4, label=f"{word}, {lr:g}")
    there = np.flatnonzero(smooth(losses) < 0.2)
    steps = f"{there[0] + 20}" if len(there) else "never"
    print(f"{word:11s} {lr:8g} {steps:>16s} {right:17.1%}")
plt.xlabel("step")
plt.ylabel("loss, mean of 20 steps")
plt.title("Every function but the sigmoid gets there in 400 steps")
plt.legend(title="function, its best rate", fontsize=8, ncols=2)
plt.show()

# %% [markdown]
# All but the sigmoid get there, even no function at all: planes nearly separate these digits, as no
# line separates the rings. And those whose gradients keep their size through the layers (tanh,
# maxout, linear, ELU: the factors above) leave first; ReLU, with 0.7 a layer, needs a start that
# fits it.
#
# Given its own rate each ends near the same accuracy. So choose by *what can go wrong*: saturation
# (sigmoid, tanh), dead units (ReLU), twice the weights (maxout), an $e^x$ to compute (ELU). ReLU
# with a moderate rate is a good first choice, its leaky kin if many units die. Between layers, not
# the sigmoid.

# %% [markdown]
# ## Often said, and wrong
#
# **"With Xavier's weights a gradient keeps its size."** The derivation behind variance
# $1/\text{fan\_in}$ assumes linear units. A ReLU lets half of the entries through, so the mean
# square halves in *every* layer:

# %% tags=["experiment"]
for name in ("linear", "relu"):
    sizes = gradient_sizes(name, std=0.1)
    halves = (sizes[1:] / sizes[:-1]) ** 2
    print(f"{name:7s} mean square, factor for each layer: {halves.mean():.1f}")

# %% [markdown]
# **"ReLU has no derivative at 0, so gradient descent is not allowed."** How often does it land
# there?

# %% tags=["experiment"]
model = MLP([64, 50, 50, 10], activation="linear", rng=np.random.default_rng(0))
x = X_train @ model.params["W1"] + model.params["b1"]      # what the first ReLUs receive
print(f"{x.size:,} inputs of ReLUs, exactly 0: {(x == 0).sum()}")

# %% [markdown]
# **"tanh's gradients do not vanish."** Only around 0. Let the weights grow, and it saturates as the
# sigmoid does:

# %% tags=["experiment"]
for scale in (0.1, 1.0, 4.0):
    out, cache = tanh_forward(X_train @ (scale * weights))
    slope = tanh_backward(np.ones_like(out), cache).mean()
    print(f"weights of std {scale}: {saturated_fraction(out, -1, 1, 0.01):4.0%} saturated, "
          f"mean slope {slope:.2f}")

# %% [markdown]
# Two more you have measured above. **"A dead ReLU never comes back"**: true for the first layer,
# whose inputs are fixed; in deeper layers many did. **"Leaky ReLU keeps units from dying"**: the
# leak did not prevent that large steps pushed them over, it left them a slow way back.

# %% [markdown]
# ## Questions
#
# These are read by a person and carry none of the 20 points. Five to ten sentences each.

# %% [markdown]
# ### Question 1 · Stuck at 2.30
# A colleague's network with six hidden layers of sigmoids stays at a loss of 2.30 on ten classes.
# She asks whether to train ten times longer. Name two measurements that you would make first, what
# each would show if the activations are to blame, and two changes that would help, with the reason.

# %% [markdown] name="stuck" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** 2.30 is $\ln 10$: the network guesses. (1) The size of the gradient layer by
# layer: if it shrinks by a factor of about four in each layer, six layers leave less than a
# thousandth for the first. (2) The saturated share of each layer's outputs (and the mean slope):
# many outputs near 0 or 1 mean that the weights are too large; none near the ends and a slope near
# 1/4 mean that the sigmoid itself is the limit. Training ten times longer barely helps, for the
# lower layers move thousands of times more slowly. Changes: tanh or ReLU (slope 1 where the unit
# works, and for tanh outputs around 0, so that gradients of a unit's weights need not share a
# sign); a start that fits the function; fewer layers.
#
# **Rubric.** (1) recognises guessing; (2) gradient by depth, with the expected factor; (3)
# saturation, and how to tell large weights from the limit of 1/4; (4) two changes with a reason
# each.
# ### END SOLUTION

# %% [markdown]
# ### Question 2 · Three new functions
# Somebody proposes to replace ReLU by (a) $x^2$, (b) $\sin x$, (c) $\max(0, x) - 0.5$. Judge each
# by the criteria of this chapter: slope, saturation, dead units, mean of the outputs. Can a network
# with (c) compute anything that a network with ReLU cannot?

# %% [markdown] name="new_functions" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** (a) The slope $2x$ grows without limit: through many layers values and gradients
# explode if |x| is above 1/2 or so, and vanish if it is below; outputs are never negative; no unit
# dies for good, but near 0 the slope is small. (b) The slope $\cos x$ is between −1 and 1, never 0
# on a whole range: no saturation and no dead units, and the mean is around 0. But it is not
# monotone: with large inputs a small step changes the slope's sign, so the loss has very many small
# valleys. (c) Slope as ReLU's, so units die just as well; the outputs' mean is near 0 (about −0.1
# for unit gaussian inputs, against 0.4). It can compute nothing new: the constant −0.5 goes through
# the next layer as $-0.5 \sum_d W_{dm}$, which that layer's bias can take over. It can only train
# differently.
#
# **Rubric.** One sound argument on slope and one on another criterion for (a) and (b); for (c):
# dead units as before, the shifted mean, and the bias that absorbs the shift.
# ### END SOLUTION

# %% [markdown]
# ### Question 3 · Is maxout better?
# A report says: "We replaced ReLU by maxout in the same network, with the same learning rate, and
# the training loss after 400 steps was lower. Maxout is better." Name three reasons why this does
# not follow, and describe a fair comparison.

# %% [markdown] name="fair_race" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** (1) The network is not the same: maxout has two weight matrices in each hidden
# layer, about twice the parameters and the time. (2) The same learning rate does not suit both;
# with the same initial weights maxout passes larger gradients than ReLU does. (3) A lower
# *training* loss after a fixed number of steps is speed, not accuracy on unseen images. (4) One run
# with one seed: the difference may be chance. Fair: choose widths with equal numbers of parameters
# (or equal time), a start that fits each, search the learning rate for each with the same number of
# trials on the validation set, repeat with several seeds, compare the test accuracy with its
# spread.
#
# **Rubric.** Three of the four reasons; a comparison that mends at least capacity, learning rate
# and seeds, and is made on data not used for choosing.
# ### END SOLUTION

# %% [markdown]
# ## Summary
#
# - Without a bent function between them, affine layers collapse into one.
# - Backward multiplies by the **slope**. The sigmoid's is at most 1/4, so ten layers leave less
#   than a millionth; tanh's is 1 at 0 and fades; ReLU's is 0 or 1.
# - Outputs that are all positive give a unit's weight gradients one sign: a zig-zag, and large
#   steps that switch ReLUs off together. Centre what goes in.
# - A saturated or dead unit is silent. Count: `saturated_fraction`, `dead_unit_fraction`.
# - Leaky ReLU, PReLU, ELU and maxout keep a slope on the other side, at different prices.
# - Write every formula so that nothing can become `inf / inf` or `0 * inf`.

# %% [markdown]
# ## Where to read on
#
# - CS231n notes, [Neural networks, part 1](https://cs231n.github.io/neural-networks-1/).
# - Y. LeCun, L. Bottou, G. Orr, K.-R. Müller: *Efficient BackProp*. 1998 (centred inputs, tanh).
# - X. Glorot, A. Bordes, Y. Bengio: *Deep sparse rectifier neural networks*. AISTATS 2011.
# - A. Maas, A. Hannun, A. Ng: *Rectifier nonlinearities improve neural network acoustic models*.
#   2013 (leaky ReLU).
# - I. Goodfellow and others: *Maxout networks*. ICML 2013.
# - K. He, X. Zhang, S. Ren, J. Sun: *Delving deep into rectifiers*. ICCV 2015 (PReLU).
# - D.-A. Clevert, T. Unterthiner, S. Hochreiter: *Fast and accurate deep network learning by
#   exponential linear units*. ICLR 2016, preprint 2015.
#
# Next: chapter 6 chooses the weights at the start so that no layer is asleep.
