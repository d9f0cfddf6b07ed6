# %% [markdown]
# # 7 · Batch normalisation
#
# **The question.** In a deep network the numbers must be neither too small nor too large in *every*
# layer, for as long as the training lasts. Chapter 6 chose the start with care. What if each layer
# brought its own numbers to size, whatever the weights do?
#
# **You build** batch normalisation forward and backward (step by step, then in one line), layer
# normalisation, and batch normalisation for images; and you see what they buy and what they cost.
#
# **Before this**: backpropagation (chapter 4), the start of the weights (chapter 6).
#
# **Time** 90 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("07_batchnorm")
plots.use_course_style()

# %% [markdown]
# ## Ten layers and one knob
#
# Send 500 random examples through ten ReLU layers of 100 units. The only knob is the standard
# deviation of the weights. Then do the same, but after each matrix product take off each unit's
# mean and divide by its standard deviation, both measured on the 500 examples.

# %% tags=["experiment"]
def spreads(scale, bring_to_size):
    """Return the standard deviation of the units in each of ten ReLU layers."""
    rng, found = np.random.default_rng(0), []
    h = rng.normal(size=(500, 100))
    for _ in range(10):
        z = h @ (scale * rng.normal(size=(100, 100)))  # (500, 100)
        if bring_to_size:
            z = (z - z.mean(axis=0)) / z.std(axis=0)
        h = np.maximum(z, 0)
        found.append(h.std())
    return found

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.3), sharey=True)
for i, scale in enumerate((0.02, 0.1, 0.14, 0.5)):
    for axis, bring_to_size in zip(axes, (False, True)):
        axis.semilogy(range(1, 11), spreads(scale, bring_to_size), "o-", ms=10 - 2.5 * i,
                      color=plots.COLOURS[i], label=f"weights of std {scale:g}")
axes[0].set(xlabel="layer", ylabel="std of the layer's output")
axes[0].set_title("Left alone: only 0.14 is right")
axes[1].set(xlabel="layer", title="Brought to size: four equal curves")
axes[0].legend(fontsize=8)
plt.show()

# %% [markdown]
# On the left a factor of seven too little ends ten layers later in numbers hundreds of millions of
# times too small. On the right the four curves lie on top of each other: the weights' size has no
# say.
#
# That is the idea of *batch normalisation* (Ioffe and Szegedy, 2015). The rest is care: what
# happens to a single image, what the network may still choose, and how the gradient gets through.

# %% [markdown]
# ## One feature, four examples
#
# A unit gave the numbers 1, 3, 5, 7 on a batch of four examples. Their mean is 4. The distances to
# it are −3, −1, 1, 3; the mean of their squares is the variance, $(9 + 1 + 1 + 9)/4 = 5$. So
#
# $$\hat x = \frac{x - \text{mean}}{\sqrt{\text{var} + \epsilon}}
#   = (-1.34,\; -0.45,\; 0.45,\; 1.34).$$
#
# The mean is now 0 and the variance 1. We divide by the number N of examples, not by $N - 1$: the
# *biased* variance.
#
# Why $\epsilon$, a small number such as $10^{-5}$? A unit that gives 3.0 four times has variance
# 0, and $0/0$ is `nan`. With $\epsilon$ inside the root it gives 0.

# %% [markdown]
# **What the network may still choose.** Mean 0 and variance 1 are not always best: a unit may want
# to be on for nearly all examples. So each feature gets two parameters that are learned like
# weights, a scale $\gamma$ and a shift $\beta$:
#
# $$\text{out} = \gamma\, \hat x + \beta .$$
#
# They start at 1 and 0. Now the feature's mean and spread are two numbers that gradient descent
# can set, and no longer a by-product of all the weights below.

# %% [markdown]
# **A single image.** After training somebody sends one image. Its own mean is itself, so
# $x - \text{mean}$ would be 0 whatever the image shows. And what an image is must not depend on
# which others happen to be in its batch.
#
# So the layer has two modes. In **training** it normalises with the batch's own mean and variance,
# and collects them on the way:
#
# $$\text{running} \leftarrow \text{momentum} \cdot \text{running} +
#   (1 - \text{momentum}) \cdot \text{batch}.$$
#
# With momentum 0.9 nine tenths of the *old* value stay. In **test** mode it normalises with the
# running mean and variance, and leaves them as they are.

# %% [markdown]
# ### Exercise 7.1 · Batch norm forward (5 points)
# `x` has shape (N, D); `gamma` and `beta` have shape (D,). Each feature (column) has its own mean
# and variance over the N rows. `bn_param` is a dict:
#
# - `mode`: `"train"` or `"test"`, always there.
# - `eps`: 1e-5 if missing. `momentum`: 0.9 if missing.
# - `running_mean`, `running_var`: shape (D,), zeros if missing. Both modes may read them; `"train"`
#   stores the new ones **in this same dict**, so that the next call finds them. `"test"` changes
#   neither.
#
# Return `(out, cache)` in both modes. The running variance, too, is made of biased variances. Leave
# `x`, `gamma` and `beta` as they are. Try it with the four numbers above.
#
# <details><summary>Hint 1</summary>
#
# Both modes end in the same lines, with the same `eps`. They differ only in which mean and variance
# go in.
# </details>
# <details><summary>Hint 2</summary>
#
# `bn_param.get("momentum", 0.9)` reads an entry or takes the default. What default has the shape
# (D,) that `running_mean` needs?
# </details>
# <details><summary>Hint 3</summary>
#
# The backward pass will want $x - \text{mean}$, $\sqrt{\text{var} + \epsilon}$ and `gamma`: put
# them into the cache.
# </details>

# %% tags=["exercise"]
def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise each feature over the batch, then scale and shift it.

    Parameters
    ----------
    x : array, shape (N, D)
    gamma, beta : array, shape (D,)
        Scale and shift of each feature.
    bn_param : dict
        mode ("train" or "test"), eps (1e-5), momentum (0.9), running_mean and running_var
        (shape (D,), zeros). In training the two running statistics are stored in it.

    Returns
    -------
    out : array, shape (N, D)
    cache
        Whatever `batchnorm_backward` needs.
    """
    ### BEGIN SOLUTION
    N, D = x.shape
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(D))
    running_var = bn_param.get("running_var", np.zeros(D))

    if bn_param["mode"] == "train":
        mean = x.mean(axis=0)  # (D,)
        var = ((x - mean) ** 2).mean(axis=0)  # (D,)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var

    centred = x - mean
    std = np.sqrt(var + eps)
    x_hat = centred / std
    out = gamma * x_hat + beta
    return out, (centred, std, gamma)
    ### END SOLUTION

# %% tags=["check"]
check("batchnorm_forward", batchnorm_forward)

# %% [markdown]
# Your function between the layers of a network. The knob runs through 16 sizes of the weights, from
# 0.01 to 1; the histograms show what the units of layers 1, 4 and 7 give before the ReLU.

# %% tags=["experiment"]
def layer_values(scale, normalise):
    """Return what the units of seven layers give before the ReLU, a list of (300, 100)."""
    rng, found = np.random.default_rng(0), []
    h = rng.normal(size=(300, 100))
    for _ in range(7):
        z = h @ (scale * rng.normal(size=(100, 100)))
        if normalise:
            z, _ = batchnorm_forward(z, np.ones(100), np.zeros(100), {"mode": "train"})
        h = np.maximum(z, 0)
        found.append(z)
    return found

# %% tags=["experiment", "nbval-ignore-output"]
scales = np.logspace(-2, 0, 16)
figure, axes = plt.subplots(2, 3, figsize=(7.2, 3.6), sharex=True, sharey=True)


def draw(i):
    for row, normalise in enumerate((False, True)):
        values = layer_values(scales[i], normalise)
        for axis, layer in zip(axes[row], (1, 4, 7)):
            axis.cla()
            colour = plots.GREEN if normalise else plots.ORANGE
            axis.hist(np.clip(values[layer - 1].ravel(), -4, 4), bins=40, range=(-4, 4),
                      color=colour, density=True)
            axis.set(xlim=(-4, 4), ylim=(0, 1.5), yticks=[])
            axis.set_title(f"layer {layer}", loc="center", weight="normal")
            axis.set_xlabel("value before ReLU" if row else "")
    axes[0, 0].set_ylabel("left alone")
    axes[1, 0].set_ylabel("normalised")
    figure.suptitle(f"Weights of std {scales[i]:.3f}: only the upper row moves", x=0.01, ha="left",
                    weight="bold", fontsize=11)


plots.animate(draw, len(scales), figure=figure, seconds_per_frame=0.5)

# %% [markdown]
# Above, the histograms are a needle at 0 for small weights and pile up at the ends for large ones
# (values beyond ±4 are drawn at ±4), and each layer makes it worse. Below, nothing moves.

# %% [markdown]
# ## What the layer remembers
#
# The running mean in your `bn_param` starts at 0 and not at the true mean. After one batch it holds
# a tenth of what it should. Suppose that every batch has the same mean $m$ and momentum is 0.9.
# After how many training steps has the running mean reached 99 % of $m$?

# %% tags=["predict"]
my_guess = None  # a number of steps

# %% tags=["experiment"]
def remembered(momentum, steps, noise, rng):
    """Return the running mean after each training step on batches of true mean 1."""
    bn_param, seen = {"mode": "train", "momentum": momentum}, []
    for _ in range(steps):
        x = 1 + noise * rng.normal(size=(32, 1))
        batchnorm_forward(x, np.ones(1), np.zeros(1), bn_param)
        seen.append(float(bn_param["running_mean"][0]))
    return np.array(seen)


exact = remembered(0.9, 100, 0.0, np.random.default_rng(0))
check_prediction(my_guess, int(np.argmax(exact >= 0.99)) + 1, within=0.15, unit="steps")

# %% tags=["experiment"]
for momentum, colour in ((0.5, plots.ORANGE), (0.9, plots.BLUE), (0.99, plots.GREEN)):
    seen = remembered(momentum, 300, 2.0, np.random.default_rng(1))
    plt.plot(range(1, 301), seen, color=colour, lw=1.2, label=f"momentum {momentum}")
plt.axhline(1, color=plots.BLACK, lw=1, ls="--", label="true mean")
plt.xlabel("training steps")
plt.ylabel("running mean")
plt.title("A long memory is steadier, and slower to start")
plt.legend(loc="lower right")
plt.show()

# %% [markdown]
# What is still missing shrinks by the factor 0.9 each step, and $0.9^{44} = 0.0097$. The batches
# here have 32 examples with a spread of 2, so their means scatter: momentum 0.5 follows each of
# them, 0.99 hardly any, but needs hundreds of steps to forget that it began at 0.

# %% [markdown]
# ## The way back
#
# A batch norm layer has something new for backpropagation: an output depends on **all** rows of
# the batch, since each $x_i$ moves the mean and the variance that every row is measured by. For
# one feature and N rows, with $c_i$ for the centred values:
#
# $$\text{mean} = \tfrac1N \sum_i x_i \;\to\; c_i = x_i - \text{mean} \;\to\;
#   \text{var} = \tfrac1N \sum_i c_i^2 \;\to\; \text{std} = \sqrt{\text{var} + \epsilon} \;\to\;
#   \hat x_i = \frac{c_i}{\text{std}} \;\to\; \text{out}_i = \gamma \hat x_i + \beta$$

# %% tags=["experiment"]
places = {"x": (0, 0), "mean": (1, -1), "c": (2, 0), "var": (3, -1), "std": (4, -1),
          "x̂": (5, 0), "out": (6, 0)}
arrows = [("x", "c", "1"), ("x", "mean", "1/N"), ("mean", "c", "−1"), ("c", "x̂", "1/std"),
          ("c", "var", "2c/N"), ("var", "std", "1/(2 std)"), ("std", "x̂", "−c/std²"),
          ("x̂", "out", "γ")]
figure, axis = plt.subplots(figsize=(8.5, 2.6))
for start, end, slope in arrows:
    (x0, y0), (x1, y1) = places[start], places[end]
    axis.annotate("", (x1, y1), (x0, y0),
                  arrowprops=dict(arrowstyle="->", color="0.5", shrinkA=17, shrinkB=17))
    axis.text((x0 + x1) / 2, (y0 + y1) / 2, slope, ha="center", va="center", fontsize=9,
              bbox=dict(fc="white", ec="none", pad=1))
for name, (x, y) in places.items():
    colour = plots.YELLOW if name in ("mean", "var", "std") else "white"
    axis.text(x, y, name, ha="center", va="center", fontsize=12,
              bbox=dict(boxstyle="round,pad=0.35", fc=colour, ec="0.3"))
axis.set(xlim=(-0.4, 6.5), ylim=(-1.4, 0.5))
axis.axis("off")
axis.set_title("Three ways from x to out: straight, through the mean, through the variance")
plt.show()

# %% [markdown]
# Each arrow carries its local slope. The yellow boxes are one number for the whole batch: many rows
# flow into them, and many rows are fed by them.
#
# Two rules from chapter 4 do the rest.
#
# - **Multiply along an arrow, add where arrows meet.** Going back, `c` gets two shares (from `x̂`
#   and from `var`), and so does `x` (from `c` and from `mean`).
# - **What is fed to many rows collects from all of them.** `dstd`, `dmean`, `dgamma` and `dbeta`
#   are *sums over the N rows*. What was a mean over the rows hands back to each of them $1/N$.

# %% [markdown]
# ### Exercise 7.2 · Batch norm backward, step by step (4 points)
# `dout` has shape (N, D). Return `(dx, dgamma, dbeta)` with shapes (N, D), (D,), (D,). Walk the
# picture from right to left, one line for each box:
#
# `dgamma`, `dbeta`, `dx_hat` → `dstd` → `dvar` → `dcentred` (two shares) → `dmean` → `dx` (two
# shares).
#
# The forward pass was in training mode. `dout` must not change. A batch of one has `dx` = 0: its
# output does not depend on it.
#
# <details><summary>Hint 1</summary>
#
# $\gamma$ stands beside $\hat x_i$ in every row, so
# $d\gamma = \sum_i \text{dout}_i\, \hat x_i$; $\beta$ is added in every row. And
# $d\hat x_i = \text{dout}_i\, \gamma$.
# </details>
# <details><summary>Hint 2</summary>
#
# $d\text{std} = -\sum_i d\hat x_i\, c_i / \text{std}^2$, and
# $d\text{var} = d\text{std} / (2\, \text{std})$. Both have shape (D,).
# </details>
# <details><summary>Hint 3</summary>
#
# $dc_i = d\hat x_i/\text{std} + 2 c_i\, d\text{var}/N$, then $d\text{mean} = -\sum_i dc_i$, and
# $dx_i$ is $dc_i$ plus its share of $d\text{mean}$.
# </details>

# %% tags=["exercise"]
def batchnorm_backward(dout, cache):
    """Backpropagate through batch normalisation (training mode), step by step.

    Parameters
    ----------
    dout : array, shape (N, D)
    cache
        From `batchnorm_forward`.

    Returns
    -------
    dx : array, shape (N, D)
    dgamma, dbeta : array, shape (D,)
    """
    ### BEGIN SOLUTION
    centred, std, gamma = cache
    N = dout.shape[0]
    x_hat = centred / std

    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    dstd = -(dx_hat * centred).sum(axis=0) / std**2
    dvar = 0.5 * dstd / std
    # centred reaches the loss in two ways: straight into x_hat, and through the variance.
    dcentred = dx_hat / std + 2.0 * centred * dvar / N
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / N
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% tags=["check"]
check("batchnorm_backward", batchnorm_backward)

# %% [markdown]
# The slow referee of chapter 3 has its say as well: nudge every entry of `x`, `gamma` and `beta`
# and measure what happens to the number $\sum \text{dout} \cdot \text{out}$.

# %% tags=["experiment"]
def nudged(f, array, h=1e-5):
    """Return the gradient of the number f() along `array`, by central differences."""
    grad = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        before = array[index]
        array[index] = before + h
        up = f()
        array[index] = before - h
        grad[index] = (up - f()) / (2 * h)
        array[index] = before
    return grad

# %% tags=["experiment"]
rng = np.random.default_rng(2)
x, dout = 3 + 2 * rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
gamma, beta = rng.normal(size=4), rng.normal(size=4)


def number():
    return np.sum(dout * batchnorm_forward(x, gamma, beta, {"mode": "train"})[0])


grads = batchnorm_backward(dout, batchnorm_forward(x, gamma, beta, {"mode": "train"})[1])
for name, array, grad in zip(("dx", "dgamma", "dbeta"), (x, gamma, beta), grads):
    agrees = np.abs(nudged(number, array) - grad).max() < 1e-8
    print(f"{name} {grad.shape}: all {grad.size} entries agree to 1e-8: {agrees}")

# %% [markdown]
# Every nudge of one entry moved the mean and the variance for all six rows, and your formulas
# followed it through.

# %% [markdown]
# ## The same in one line
#
# The steps can be put together. Insert $d\text{std}$ into $d\text{var}$:
#
# $$d\text{var} = -\frac{1}{2\,\text{std}^3} \sum_j d\hat x_j\, c_j, \qquad
# \frac{2 c_i}{N}\, d\text{var} = -\frac{1}{N\,\text{std}}\, \hat x_i \sum_j d\hat x_j \hat x_j .$$
#
# For the mean: the $c_i$ add up to 0, so only the first share of $dc_i$ is left in
# $d\text{mean} = -\frac{1}{\text{std}} \sum_j d\hat x_j$. Together:
#
# $$dx_i = \frac{1}{N\,\text{std}} \Big( N\, d\hat x_i - \sum_j d\hat x_j
#   - \hat x_i \sum_j d\hat x_j\, \hat x_j \Big).$$

# %% [markdown]
# Read it: take the plain gradient $d\hat x$; take off its mean; take off the part that runs
# parallel to $\hat x$. Moving all $x_i$ by the same amount changes nothing after batch norm, and
# stretching them changes nothing either, so the gradient must not ask for a shift or a stretch.

# %% [markdown]
# ### Exercise 7.3 · Batch norm backward, closed form (3 points)
# The same function, same shapes, same results and the same cache, but with `dx` in one line. One
# step is left: put in $d\hat x_i = \text{dout}_i\, \gamma$. Within a feature $\gamma$ is the same
# number in all rows, so it comes out of the sums. The sums that remain are old acquaintances.
#
# <details><summary>Hint 1</summary>
#
# $\sum_j \text{dout}_j$ and $\sum_j \text{dout}_j\, \hat x_j$ are two gradients that you return
# anyway.
# </details>
# <details><summary>Hint 2</summary>
#
# In front of the bracket stands $\gamma / (N\, \text{std})$; inside there are three terms.
# </details>

# %% tags=["exercise"]
def batchnorm_backward_alt(dout, cache):
    """Backpropagate through batch normalisation (training mode), in closed form.

    Parameters
    ----------
    dout : array, shape (N, D)
    cache
        From `batchnorm_forward`.

    Returns
    -------
    dx : array, shape (N, D)
    dgamma, dbeta : array, shape (D,)
    """
    ### BEGIN SOLUTION
    centred, std, gamma = cache
    N = dout.shape[0]
    x_hat = centred / std
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx = gamma / (N * std) * (N * dout - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% tags=["check"]
check("batchnorm_backward_alt", batchnorm_backward_alt)

# %% [markdown]
# How much do the two roundabout ways matter? Take one feature and ten rows. The loss would like to
# shift all outputs up, to stretch them, and to raise row 6 in particular. Beside your `dx` stands
# what you would get with mean and variance taken for constants.

# %% tags=["experiment"]
x = np.linspace(-2, 2, 10)[:, None] + 0.3 * np.random.default_rng(3).normal(size=(10, 1))
dout = 1 + x
dout[6] += 2
out, cache = batchnorm_forward(x, np.ones(1), np.zeros(1), {"mode": "train"})
dx, _, _ = batchnorm_backward_alt(dout, cache)

places = np.arange(10)
plt.bar(places - 0.2, (dout / x.std())[:, 0], 0.4, color=plots.ORANGE,
        label="mean and variance taken for constants")
plt.bar(places + 0.2, dx[:, 0], 0.4, color=plots.BLUE, label="all three ways")
plt.axhline(0, color="0.3", lw=0.8)
plt.xticks(places)
plt.xlabel("row of the batch")
plt.ylabel("dx")
plt.title("Of a shift, a stretch and one row's wish, only the row's wish is left")
plt.legend()
plt.show()
print(f"dx adds up to 0: {abs(dx.sum()) < 1e-9}; dx * x_hat adds up to 0: "
      f"{abs((dx * out).sum()) < 1e-3}")

# %% [markdown]
# The orange bars follow the shift and the stretch, which batch norm would take off again in the
# next forward pass. Of the blue ones only row 6 stands out; the others make room for it. (The
# second sum is 0 but for $\epsilon$.)

# %% tags=["experiment", "timing", "nbval-ignore-output"]
from time import perf_counter

rng = np.random.default_rng(0)
x, dout = rng.normal(size=(2, 1000, 500))
cache = batchnorm_forward(x, np.ones(500), np.zeros(500), {"mode": "train"})[1]
for function in (batchnorm_backward, batchnorm_backward_alt):
    seconds = []
    for _ in range(10):
        start = perf_counter()
        function(dout, cache)
        seconds.append(perf_counter() - start)
    print(f"{function.__name__:<23} {1e3 * min(seconds):.1f} ms")

# %% [markdown]
# Both make a few passes over the (N, D) arrays, and passes over memory are what they pay for; the
# closed form saves one or two of them. Worth more is the sentence that it says: no shift, no
# stretch.

# %% [markdown]
# ## What Ioffe and Szegedy promised
#
# Their paper argues like this (section 3.3). Let a layer compute $\mathrm{BN}(xW)$ and make all its
# weights $a$ times larger. Mean and spread of $xW$ grow by $a$ as well, and cancel:
#
# $$\mathrm{BN}(x\,(aW)) = \mathrm{BN}(xW), \qquad
# \frac{\partial L}{\partial (aW)} = \frac1a \cdot \frac{\partial L}{\partial W}.$$
#
# The output does not notice. The gradient becomes *smaller* where the weights are larger, so
# weights that have grown too much move less. Ask your functions.

# %% tags=["experiment"]
rng = np.random.default_rng(0)
x, W, dout = rng.normal(size=(50, 20)), rng.normal(size=(20, 10)), rng.normal(size=(50, 10))
print("   a   change of out   dW shrinks by")
for a in (1, 10, 100):
    out, cache = batchnorm_forward(x @ (a * W), np.ones(10), np.zeros(10), {"mode": "train"})
    dW = x.T @ batchnorm_backward(dout, cache)[0]
    if a == 1:
        first_out, first_dW = out, dW
    change = np.abs(out - first_out).max()
    ratio = np.linalg.norm(first_dW) / np.linalg.norm(dW)
    print(f"{a:4d}   below 1e-5: {change < 1e-5}   {ratio:.1f}")

# %% [markdown]
# Just as promised. The cancelling ends only where the variance comes down to $\epsilon$.
#
# Now the consequence: networks with five hidden layers of 50 units on the digits, from 16 sizes of
# weights between 0.001 and 1, with plain gradient descent at learning rate 0.1 for 10 epochs. The
# finished networks of `cs231n_lib.nn` do what your functions do, at a higher speed.
#
# With batch norm, as you will see, each of the 16 gets beyond 80 % of the validation images right.
# In how many of the 16 does the network *without* it?

# %% tags=["predict"]
my_guess = None  # a number from 0 to 16

# %% tags=["experiment"]
from types import SimpleNamespace

from cs231n_lib.nn import MLP
from cs231n_lib.optim import SGD
from cs231n_lib.train import Diverged, Trainer

digits = load("digits")
mean_image = digits.X_train.mean(axis=0)  # (64,), of the training set only
data = SimpleNamespace(
    X_train=digits.X_train - mean_image, y_train=digits.y_train,
    X_val=digits.X_val - mean_image, y_val=digits.y_val,
)

# %% tags=["experiment"]
def best_accuracy(norm, *, init="he", learning_rate=0.1, epochs=10, batch_size=64, seed=1):
    """Train 64-50-50-50-50-50-10; return the best validation accuracy of any epoch."""
    rng = np.random.default_rng(seed)
    model = MLP([64, 50, 50, 50, 50, 50, 10], norm=norm, init=init, rng=rng)
    trainer = Trainer(model, SGD(learning_rate), data, batch_size=batch_size, num_epochs=epochs,
                      rng=rng, progress=False)
    try:
        history = trainer.run()
    except Diverged as stopped:
        history = stopped.history
    return max(history.val_accuracy, default=0.1)

# %% tags=["experiment"]
scales = np.logspace(-3, 0, 16)
plain = np.array([best_accuracy(None, init=scale) for scale in scales])
normed = np.array([best_accuracy("batch", init=scale) for scale in scales])
plt.semilogx(scales, 100 * normed, "o-", color=plots.GREEN, label="with batch norm")
plt.semilogx(scales, 100 * plain, "o-", color=plots.ORANGE, label="without")
plt.axvline(np.sqrt(2 / 50), color=plots.BLACK, ls="--", lw=1, label="He: sqrt(2 / 50)")
plt.xlabel("standard deviation of the weights at the start")
plt.ylabel("best validation accuracy (%)")
plt.title("With batch norm every start learns, without it a narrow window")
plt.legend(loc="center left")
plt.show()
check_prediction(my_guess, int((plain > 0.8).sum()), within=0.5)
print(f"with batch norm: {(normed > 0.8).sum()} of 16")

# %% [markdown]
# Without batch norm the window is narrow, around He's value: to the left the signal fades away
# (10 % is chance), to the right the first steps blow up. With it the knob hardly matters; only for
# large weights, where the gradient is small, do ten epochs begin to be too few.

# %% [markdown]
# Their second promise: **larger learning rates**. With batch norm, 5 times the learning rate and a
# few smaller changes, their Inception network needed 14 times fewer steps to the same accuracy.
#
# Here: eight hidden layers, He's start, and seven learning rates. How many steps until 90 % of the
# validation images are right?

# %% tags=["experiment"]
def steps_to_90(norm, learning_rate, limit=300):
    """Return the steps of plain gradient descent until 90 % are right, or nan."""
    rng = np.random.default_rng(0)
    model, rule = MLP([64] + 8 * [50] + [10], norm=norm, rng=rng), SGD(learning_rate)
    for number in range(1, limit + 1):
        batch = rng.choice(len(data.X_train), 64, replace=False)
        with np.errstate(all="ignore"):
            loss, grads = model.loss(data.X_train[batch], data.y_train[batch])
        if not np.isfinite(loss):
            return np.nan
        rule.step(model.params, grads)
        if number % 5 == 0 and np.mean(model.predict(data.X_val) == data.y_val) >= 0.9:
            return number
    return np.nan

# %% tags=["experiment"]
rates = np.logspace(-2, 1, 7)
for norm, style, name in (("batch", "o-", "with batch norm"), (None, "s-", "without")):
    colour = plots.GREEN if norm else plots.ORANGE
    steps = np.array([steps_to_90(norm, rate) for rate in rates])
    never = np.isnan(steps)
    plt.loglog(rates, steps, style, color=colour, label=name)
    plt.plot(rates[never], np.full(never.sum(), 500), style[0], color=colour, mfc="none",
             ms=6 if norm else 11)
    print(f"{name}: arrives with learning rates from {rates[~never].min():.2f} "
          f"to {rates[~never].max():.2f}")
plt.yticks([25, 50, 100, 200, 500], [25, 50, 100, 200, "not in 300"])
plt.minorticks_off()
plt.xlabel("learning rate")
plt.ylabel("steps to 90 %")
plt.title("Batch norm takes ten times the learning rate, and arrives sooner")
plt.legend(loc="lower left")
plt.show()

# %% [markdown]
# At small rates the two are nearly alike: batch norm is no magic for a network that trains well
# anyway. Its gain is on the right: it stands rates at which the other one falls apart, and there
# it needs about a third of the steps that the other one needs at its best.

# %% [markdown]
# ## Train and test confused
#
# The commonest accident with batch norm is the wrong mode. Here is a network with two hidden
# layers, trained as above. Its trained parameters then go through **your** `batchnorm_forward`, in
# the mode we ask for.

# %% tags=["experiment"]
rng = np.random.default_rng(0)
model = MLP([64, 50, 50, 10], norm="batch", rng=rng)
Trainer(model, SGD(0.1), data, batch_size=50, num_epochs=10, rng=rng, progress=False).run()
params = model.params

# %% tags=["experiment"]
def scores(X, memory):
    """Return the trained network's scores; `memory` holds a bn_param for each hidden layer."""
    h = X
    for layer, bn_param in zip((1, 2), memory):
        z = h @ params[f"W{layer}"] + params[f"b{layer}"]
        z, _ = batchnorm_forward(z, params[f"gamma{layer}"], params[f"beta{layer}"], bn_param)
        h = np.maximum(z, 0)
    return h @ params["W3"] + params["b3"]


def memory(mode):
    """Return what training has left in the two layers."""
    return [
        {"mode": mode, **{key: model.state[f"{key}{layer}"].copy()
                          for key in ("running_mean", "running_var")}}
        for layer in (1, 2)
    ]


same = np.abs(scores(data.X_val, memory("test")) - model.scores(data.X_val)).max() < 1e-9
print(f"your layer gives the library's scores: {same}")

# %% [markdown]
# Somebody forgets to switch to `"test"` and evaluates the 250 validation images in ten batches.
# They come from a folder **sorted by digit**: first 25 zeros, then 25 ones, ... In test mode this
# network gets about 97 % right. How many per cent now, to the nearest ten?

# %% tags=["predict"]
my_guess = None  # a percentage: 0, 10, 20, ...

# %% tags=["experiment"]
def accuracy(batches, mode):
    """Evaluate the validation images batch by batch."""
    layers = memory(mode)
    right = [scores(data.X_val[b], layers).argmax(axis=1) == data.y_val[b] for b in batches]
    return 100 * np.concatenate(right).mean()


sorted_by_digit = [np.flatnonzero(data.y_val == digit) for digit in range(10)]
check_prediction(my_guess, round(accuracy(sorted_by_digit, "train"), -1), unit="%")

# %% tags=["experiment"]
order = np.random.default_rng(1).permutation(250)
sizes = (1, 2, 5, 10, 25, 50, 125, 250)
for mode, colour in (("train", plots.RED), ("test", plots.BLUE)):
    rates = [accuracy(np.split(order, 250 // size), mode) for size in sizes]
    plt.semilogx(sizes, rates, "o-", color=colour, label=f'mode "{mode}", shuffled')
plt.plot(25, accuracy(sorted_by_digit, "train"), "s", color=plots.PURPLE,
         label='mode "train", sorted by digit')
plt.xticks(sizes, sizes)
plt.minorticks_off()
plt.xlabel("images evaluated together")
plt.ylabel("validation accuracy (%)")
plt.title('In mode "train" the answer depends on the company')
plt.legend(loc="center right")
plt.show()

# %% [markdown]
# In test mode the curve is flat: an image's score is its own affair. In training mode an image
# alone gets $\hat x = 0$ in every unit, the same scores whatever it shows, and chance accuracy.
# Large shuffled batches hide the mistake, and it shows up with the first user.
#
# In the sorted batches batch norm takes off what the 25 zeros have in *common*, which is just what
# makes them zeros.

# %% [markdown]
# ## A small batch is a shaky ruler
#
# In training each batch is measured by its own mean and spread. Take one fixed example, $x = 1$,
# and put it again and again into batches with random neighbours (mean 0, spread 1). What does
# your layer make of it?

# %% tags=["experiment"]
rng = np.random.default_rng(0)
sizes, results = (2, 4, 8, 16, 32, 64), []
for size in sizes:
    x = rng.normal(size=(size, 2000))  # 2,000 batches side by side
    x[0] = 1.0
    out, _ = batchnorm_forward(x, np.ones(2000), np.zeros(2000), {"mode": "train"})
    results.append(out[0])
plt.violinplot(results, showextrema=False, widths=0.8)
plt.plot(range(1, 7), [r.mean() for r in results], "o", color=plots.ORANGE, label="mean")
plt.axhline(1, color=plots.BLACK, ls="--", lw=1, label="in test mode")
plt.xticks(range(1, 7), sizes)
plt.xlabel("examples in the batch")
plt.ylabel("x_hat of the same example x = 1")
plt.title("The smaller the batch, the more its neighbours decide")
plt.legend(loc="lower right")
plt.show()
print("spread by size:", "  ".join(f"{s}: {r.std():.2f}" for s, r in zip(sizes, results)))

# %% [markdown]
# With two examples only two values are left, +1 and −1: the batch says which of the two is larger,
# and every other information is gone. From 8 on, four times the size about halves the spread.
#
# A little of this noise does no harm; it can even act against overfitting, as chapter 9 will do
# with more method. But large images often leave memory for batches of two or four only. Then
# another ruler is wanted.

# %% [markdown]
# ## Layer normalisation
#
# Ba, Kiros and Hinton (2016) turned the table by 90 degrees: take mean and variance over the D
# features of **each example**. Nothing runs over the batch any more, so there is nothing to
# remember, no two modes, and a batch of one is as good as any.

# %% tags=["experiment"]
N, D, C, P = 5, 6, 4, 9  # P pixels
bands = [
    (np.tile(np.arange(D), (N, 1)), "batch norm: a feature's column", "features D"),
    (np.tile(np.arange(N)[:, None], (1, D)), "layer norm: an example's row", "features D"),
    (np.tile(np.repeat(np.arange(C), P // 3), (N, 1)), "images: all of a channel",
     "channels C, each of H · W pixels"),
]
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8))
for axis, (groups, title, label) in zip(axes, bands):
    palette = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in plots.COLOURS])
    axis.imshow(0.35 + 0.65 * palette[groups], aspect="auto")
    axis.set_xticks(np.arange(groups.shape[1] + 1) - 0.5, [])
    axis.set_yticks(np.arange(N + 1) - 0.5, [])
    axis.grid(color="white", lw=1.5, alpha=1)
    axis.tick_params(length=0)
    axis.set(xlabel=label, ylabel="examples N")
    axis.set_title(title, fontsize=10)
figure.suptitle("One colour, one mean and one variance", x=0.01, ha="left", weight="bold",
                fontsize=11)
plt.show()

# %% [markdown]
# The third picture is for later. `gamma` and `beta` are the same in the first two: one number for
# each feature, shape (D,), learned.

# %% [markdown]
# ### Exercise 7.4 · Layer norm forward (2 points)
# `x` is (N, D); `gamma` and `beta` are (D,). For each **row**:
# $\hat x = (x - \text{mean})/\sqrt{\text{var} + \epsilon}$ with mean and biased variance over its D
# features; then $\text{out} = \gamma\, \hat x + \beta$, feature by feature. `ln_param` may hold
# `eps`; if not, it is 1e-5. Nothing is stored: `ln_param` stays as it is.
#
# Return `(out, cache)`.
#
# <details><summary>Hint 1</summary>
#
# A mean along axis 1 has shape (N,); NumPy would lay it along the *columns* of an (N, D) array, and
# for N = D without a word. What does `keepdims=True` change?
# </details>

# %% tags=["exercise"]
def layernorm_forward(x, gamma, beta, ln_param):
    """Normalise each row over its features, then scale and shift each feature.

    Parameters
    ----------
    x : array, shape (N, D)
    gamma, beta : array, shape (D,)
    ln_param : dict
        eps (1e-5); may be empty.

    Returns
    -------
    out : array, shape (N, D)
    cache
        Whatever `layernorm_backward` needs.
    """
    ### BEGIN SOLUTION
    eps = ln_param.get("eps", 1e-5)
    centred = x - x.mean(axis=1, keepdims=True)
    var = (centred**2).mean(axis=1, keepdims=True)  # (N, 1)
    std = np.sqrt(var + eps)
    x_hat = centred / std
    out = gamma * x_hat + beta
    return out, (x_hat, std, gamma)
    ### END SOLUTION

# %% tags=["check"]
check("layernorm_forward", layernorm_forward)

# %% [markdown]
# ### Exercise 7.5 · Layer norm backward (3 points)
# `dout` is (N, D). Return `(dx, dgamma, dbeta)` with shapes (N, D), (D,), (D,).
#
# `gamma` and `beta` belong to features and reach every example, so `dgamma` and `dbeta` are sums
# over the N rows, exactly as before. For `dx` the reasoning of batch norm holds *along each row*,
# with D values in the place of N:
#
# $$dx_d = \frac{1}{\text{std}} \Big( d\hat x_d - \frac1D \sum_k d\hat x_k
#   - \hat x_d\, \frac1D \sum_k d\hat x_k\, \hat x_k \Big), \qquad
#   d\hat x_d = \text{dout}_d\, \gamma_d .$$
#
# <details><summary>Hint 1</summary>
#
# In batch norm $\gamma$ came out of the sums, because it was the same in all rows. Is it the same
# for all features of a row?
# </details>
# <details><summary>Hint 2</summary>
#
# The two sums over $k$ are means along axis 1, with `keepdims=True`. They are *not* `dbeta` and
# `dgamma`.
# </details>

# %% tags=["exercise"]
def layernorm_backward(dout, cache):
    """Backpropagate through layer normalisation.

    Parameters
    ----------
    dout : array, shape (N, D)
    cache
        From `layernorm_forward`.

    Returns
    -------
    dx : array, shape (N, D)
    dgamma, dbeta : array, shape (D,)
    """
    ### BEGIN SOLUTION
    x_hat, std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma  # gamma differs along the row: it must be inside the means
    through_mean = dx_hat - dx_hat.mean(axis=1, keepdims=True)
    dx = (through_mean - x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)) / std
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% tags=["check"]
check("layernorm_backward", layernorm_backward)

# %% [markdown]
# The referee once more, and the promise that no row depends on another, for your layer norm:

# %% tags=["experiment"]
rng = np.random.default_rng(5)
x, dout = 3 + 2 * rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
gamma, beta = rng.normal(size=4), rng.normal(size=4)
together, _ = layernorm_forward(x, gamma, beta, {})
alone, _ = layernorm_forward(x[:1], gamma, beta, {})
print(f"a row alone gives what it gives in company: {np.allclose(alone[0], together[0])}")

grads = layernorm_backward(dout, layernorm_forward(x, gamma, beta, {})[1])
for name, array, grad in zip(("dx", "dgamma", "dbeta"), (x, gamma, beta), grads):
    slow = nudged(lambda: np.sum(dout * layernorm_forward(x, gamma, beta, {})[0]), array)
    print(f"{name}: all {grad.size} entries agree to 1e-8: {np.abs(slow - grad).max() < 1e-8}")

# %% [markdown]
# Now train with batches of 2 to 64 images: four hidden layers, He's start, learning rate 0.1, two
# epochs, two starts each.

# %% tags=["experiment"]
def accuracy_after(norm, batch_size, seed):
    """Train for two epochs; return the validation accuracy in per cent."""
    rng = np.random.default_rng(seed)
    model = MLP([64] + 4 * [50] + [10], norm=norm, rng=rng)
    trainer = Trainer(model, SGD(0.1), data, batch_size=batch_size, num_epochs=2, rng=rng,
                      progress=False)
    return 100 * trainer.run().val_accuracy[-1]

# %% tags=["experiment"]
sizes = (2, 4, 8, 16, 32, 64)
for norm, colour in (("batch", plots.GREEN), ("layer", plots.PURPLE), (None, plots.ORANGE)):
    reached = [np.mean([accuracy_after(norm, size, seed) for seed in (0, 1)]) for size in sizes]
    plt.semilogx(sizes, reached, "o-", color=colour, label=f"{norm} norm" if norm else "neither")
    if norm:
        print(f"{norm} norm: batches of 2 are far worse than of 8: {reached[0] < reached[2] - 20}")
plt.xticks(sizes, sizes)
plt.minorticks_off()
plt.xlabel("images in a batch")
plt.ylabel("validation accuracy after 2 epochs (%)")
plt.title("Batch norm cannot work with batches of two; layer norm can")
plt.legend(loc="lower right")
plt.show()

# %% [markdown]
# With two images batch norm gets only about a quarter right, as the two-valued violin let us
# expect: each layer passes on little more than which of the two was larger. Layer norm does not
# care who else is in the batch. From 8 images on the two are level here, and at 64, with only 20
# steps an epoch, both are ahead of the plain network.
#
# On images, in large networks, batch norm has often been the better of the two; layer norm is at
# home where examples have different lengths: in text.

# %% [markdown]
# ## Images: a channel is a feature
#
# In a convolutional network `x` has shape (N, C, H, W): N images, C channels, H × W places. A
# filter looks for the same thing everywhere in the image, so all places of a channel are treated
# alike: **one** mean, one variance, one gamma and one beta for each channel, over all
# $N \cdot H \cdot W$ numbers of it.

# %% [markdown]
# ### Exercise 7.6 · Spatial batch norm forward (3 points)
# `x` is (N, C, H, W); `gamma` and `beta` are (C,). `bn_param` is as in exercise 7.1, with
# `running_mean` and `running_var` of shape (C,), stored back in training. Return `(out, cache)`,
# with `out` of shape (N, C, H, W).
#
# You have written all of it already: if the channels stood in the columns of a table with
# $N \cdot H \cdot W$ rows, `batchnorm_forward` would do the work.
#
# <details><summary>Hint 1</summary>
#
# `reshape` alone reads the numbers in their order in memory, and the channel is not the last axis.
# Move it there first: `x.transpose(0, 2, 3, 1)` has shape (N, H, W, C).
# </details>
# <details><summary>Hint 2</summary>
#
# On the way back undo the two steps in the opposite order: to (N, H, W, C) first, then the axes in
# the order 0, 3, 1, 2.
# </details>

# %% tags=["exercise"]
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise each channel over the batch and over all places.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
    gamma, beta : array, shape (C,)
    bn_param : dict
        As in `batchnorm_forward`; running_mean and running_var have shape (C,).

    Returns
    -------
    out : array, shape (N, C, H, W)
    cache
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)  # (N * H * W, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
    ### END SOLUTION

# %% tags=["check"]
check("spatial_batchnorm_forward", spatial_batchnorm_forward)

# %% [markdown]
# Your function on drawn shapes, photographed by a camera with a fault: its red channel is too
# bright and its blue one too weak. The layer sets each channel to mean 0.5 and standard deviation
# 0.2 (by beta and gamma).

# %% tags=["experiment"]
shapes = load("shapes", num_train=200, num_val=1, num_test=1)
x = shapes.images("train").transpose(0, 3, 1, 2)  # (200, 3, 32, 32)
fault = np.array([0.3, 0.0, 0.0])[:, None, None] + np.array([0.7, 0.6, 0.15])[:, None, None] * x
gamma, beta = np.full(3, 0.2), np.full(3, 0.5)
mended, _ = spatial_batchnorm_forward(fault, gamma, beta, {"mode": "train"})

figure, axes = plt.subplots(2, 7, figsize=(9, 3), width_ratios=6 * [1] + [2.4])
for row, images in zip(axes, (fault, mended)):
    for axis, image in zip(row, images[:6]):
        axis.imshow(np.clip(image.transpose(1, 2, 0), 0, 1))
        axis.axis("off")
    for channel, colour in enumerate((plots.RED, plots.GREEN, plots.BLUE)):
        row[6].hist(images[:, channel].ravel(), bins=50, range=(0, 1), histtype="step",
                    color=colour)
    row[6].set(yticks=[], xlim=(0, 1))
axes[1, 6].set_xlabel("pixel value", fontsize=9)
figure.suptitle("Above: the camera's colours. Below: each channel with the same mean and spread",
                x=0.01, ha="left", weight="bold", fontsize=11)
plt.show()
means, stds = mended.mean(axis=(0, 2, 3)), mended.std(axis=(0, 2, 3))
print(f"channels: means {means.round(2)}, standard deviations {stds.round(2)}")

# %% [markdown]
# The pictures keep their drawing, since all places of a channel moved together. The camera's fault
# is gone: it had changed a channel's mean and spread, and nothing else.

# %% [markdown]
# ## Often said, and wrong
#
# **"Set gamma to the variance and beta to the mean, and batch norm is undone."** Undoing it is
# worth something: it means that the layer takes no possible function away from the network. But
# $\text{out} = \gamma (x - \text{mean})/\sqrt{\text{var} + \epsilon} + \beta$ is $x$ again for
# $\gamma = \sqrt{\text{var} + \epsilon}$, not for $\gamma = \text{var}$. (The original paper
# says it right: $\gamma = \sqrt{\text{Var}[x]}$.)
#
# Let gradient descent judge. Six features with standard deviations from 0.2 to 3; the loss is the
# mean squared distance of `out` to `x`; only gamma and beta are learned, with your gradients.

# %% tags=["experiment"]
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 6)) * np.array([0.2, 0.5, 1, 1.5, 2, 3]) + rng.normal(size=6)
gamma, beta = np.ones(6), np.zeros(6)
for _ in range(300):
    out, cache = batchnorm_forward(x, gamma, beta, {"mode": "train"})
    _, dgamma, dbeta = batchnorm_backward_alt((out - x) / len(x), cache)
    gamma, beta = gamma - 0.1 * dgamma, beta - 0.1 * dbeta

spread = np.sort(x.std(axis=0))
plt.plot(spread, spread, color=plots.BLUE, label="the standard deviation")
plt.plot(spread, spread**2, "--", color=plots.ORANGE, label="the variance")
plt.plot(x.std(axis=0), gamma, "o", color=plots.BLACK, label="gamma that was learned")
plt.xlabel("standard deviation of the feature")
plt.ylabel("gamma")
plt.title("What undoes batch norm is the standard deviation")
plt.legend()
plt.show()
print(f"out equals x to 1e-6: {np.abs(out - x).max() < 1e-6}")
for name, factor in (("sqrt(var + eps)", np.sqrt(x.var(axis=0) + 1e-5)), ("var", x.var(axis=0))):
    out, _ = batchnorm_forward(x, factor, x.mean(axis=0), {"mode": "train"})
    print(f"gamma = {name}: largest difference {np.abs(out - x).max():.2f}")

# %% [markdown]
# The two lines cross at 1, so on features of spread 1 nobody notices the mistake.
#
# **"AlexNet won in 2012 with batch normalisation."** Batch norm was published in 2015. AlexNet
# (Krizhevsky, Sutskever, Hinton) had *local response normalisation*: at each pixel a channel is
# divided by $(2 + 10^{-4} \sum a^2)^{0.75}$, summed over five neighbouring channels. No mean is
# taken off, and the batch has no part in it. Here it stands beside your exercise 7.6:

# %% tags=["experiment"]
def local_response(x):
    """Divide each channel by the activity of its five neighbours (AlexNet, section 3.3)."""
    C, out = x.shape[1], np.empty_like(x)
    for c in range(C):
        near = x[:, max(0, c - 2) : c + 3]
        out[:, c] = x[:, c] / (2 + 1e-4 * (near**2).sum(axis=1)) ** 0.75
    return out


def batch_norm(x):
    return spatial_batchnorm_forward(x, np.ones(8), np.zeros(8), {"mode": "train"})[0]


x = np.random.default_rng(0).normal(size=(4, 8, 5, 5))
for name, layer in (("local response", local_response), ("batch norm", batch_norm)):
    equal = np.allclose(layer(x)[0], layer(x[:1])[0])
    print(f"{name}: an image alone gives what it gives in a batch: {equal}")

# %% [markdown]
# **"With batch norm, dropout is useless."** The paper took dropout out of *its* network and lost
# nothing; it had more than a million images. That is no law. Take 300 digits, a fifth of which got
# a label at random, and let dropout keep 70 % of the hidden units (chapter 9 explains how). Six
# starts each:

# %% tags=["experiment"]
rng = np.random.default_rng(0)
few = SimpleNamespace(X_train=data.X_train[:300], y_train=data.y_train[:300].copy(),
                      X_val=data.X_val, y_val=data.y_val)
spoilt = rng.random(300) < 0.2
few.y_train[spoilt] = rng.integers(10, size=spoilt.sum())


def reached_with(keep, seed):
    """Train 64-100-100-10 with batch norm and dropout; return the last validation accuracies."""
    rng = np.random.default_rng(seed)
    model = MLP([64, 100, 100, 10], norm="batch", dropout_keep=keep, rng=rng)
    trainer = Trainer(model, SGD(0.1), few, batch_size=50, num_epochs=30, rng=rng, progress=False)
    return 100 * trainer.run().val_accuracy[-5:].mean()

# %% tags=["experiment"]
alone = np.array([reached_with(1.0, seed) for seed in range(6)])
both = np.array([reached_with(0.7, seed) for seed in range(6)])
print(f"better with dropout in all six starts: {np.all(both > alone)}")
print(f"by three points or more on average: {np.mean(both - alone) >= 3}")

# %% [markdown]
# Batch norm alone reached about 86 %, with dropout about 92 %: it does not keep a network from
# learning wrong labels by heart, and dropout does something against that.
#
# **"It works because it stops the layers' inputs from shifting."** That was the paper's own reason
# (*internal covariate shift*). Santurkar and colleagues (2018) added noise *after* batch norm, so
# that the inputs shifted more than ever, and training stayed as fast. They found that the loss
# becomes smoother, so that a gradient stays true for a longer step. The effect is certain; the
# reason is still argued about.

# %% [markdown]
# ## In your own words
#
# ### Question 1 · A bias too many
# A layer computes $z = xW + b$ and batch norm follows at once (training mode). What does $b$ do to
# the output? What is its gradient, exactly? Which other parameter does its work? Answer with the
# forward pass *and* with the closed form of `dx`.

# %% [markdown] name="bias_too_many" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** $b$ shifts all rows of a feature by the same amount; the batch mean shifts with
# it and is taken off, so `out` does not change at all. The gradient is $db = \sum_i dz_i$, and
# `dz` comes out of batch norm's backward pass, where $dz = \frac{\gamma}{N\,\text{std}}(N\,
# \text{dout} - d\beta - \hat x\, d\gamma)$. Summed over the rows: $N \sum \text{dout} - N d\beta =
# 0$, and $\sum \hat x = 0$. So $db$ is exactly 0 (in practice rounding): $b$ stays where it began.
# A shift after the normalisation is what `beta` gives. The bias can be left out. (In test mode $b$
# would shift the output, but the running mean contains the same $b$ and takes it off.)
#
# **Rubric.** (1) $b$ has no effect, with the reason; (2) its gradient is 0, from the sum of `dx`
# over the rows; (3) beta takes its place.
# ### END SOLUTION

# %% [markdown]
# ### Question 2 · Fine in the laboratory
# A team measures 97 % on its test images, in shuffled batches of 100. Online, where single images
# arrive, the same network answers "0" to nearly everything. What is the likely mistake? Why did the
# laboratory not notice? Name a test that would have found it, and a second mistake with batch norm
# that would look similar.

# %% [markdown] name="fine_in_the_laboratory" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** The network runs in training mode. A single image is its own mean, so
# $\hat x = 0$ in every unit, all images give the same scores, and one class always wins. Shuffled
# batches of 100 are a fair sample, whose mean and variance are close to the running ones: the
# results hardly differ. A test: the score of an image must be the same alone and in any batch (or
# in batches sorted by class). A similar mistake: test mode, but the running statistics were never
# stored or not loaded with the weights (zeros, or those of other data), or too few steps were
# taken for them to settle.
#
# **Rubric.** (1) training mode, and why one image gives $\hat x = 0$; (2) why large shuffled
# batches hide it; (3) a test that compares an image alone with the same image in company; (4)
# running statistics missing, lost or not settled.
# ### END SOLUTION

# %% [markdown]
# ### Question 3 · Weights ten times as large
# All weights of a layer before batch norm are multiplied by 10. What happens to the loss, to the
# gradient of these weights, and to the share by which one step of gradient descent changes them?
# What does weight decay (the penalty $\tfrac12\, \text{reg} \sum W^2$) then do, if it does not make
# the function simpler?

# %% [markdown] name="ten_times_as_large" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** The output of batch norm and so the loss of the data stay the same (but for
# $\epsilon$). The gradient of the weights becomes a tenth. A step changes the weights by a tenth
# as much, and the weights are ten times as large, so the *relative* change is a hundredth: only
# the direction of the weights counts, and it turns 100 times more slowly. Weight decay cannot make
# the function simpler by shrinking these weights, since the function does not depend on their
# size; it keeps them small, and so keeps the effective learning rate, about
# $\text{lr}/\lVert W \rVert^2$, from dying away.
#
# **Rubric.** (1) loss unchanged; (2) gradient a tenth; (3) relative change a hundredth; (4) weight
# decay acts through the effective learning rate.
# ### END SOLUTION

# %% [markdown]
# ## Summary
#
# - Batch norm takes each feature's mean off, divides by $\sqrt{\text{var} + \epsilon}$, both from
#   the batch, and lets the network choose a new spread and mean with gamma and beta.
# - In test mode running statistics take the batch's place. The wrong mode is the commonest
#   accident, and large shuffled batches hide it.
# - Backwards, three ways lead to each `x`. Together they remove from the gradient whatever would
#   only shift or stretch the batch.
# - The weights' size drops out: any start learns, and learning rates may be larger.
# - Its price: an example's output depends on its neighbours, the more the smaller the batch. Layer
#   norm uses the example's own features. For images, a channel is the feature.

# %% [markdown]
# ## Where to read on
#
# - CS231n notes, [Neural networks, part 2](https://cs231n.github.io/neural-networks-2/), on batch
#   normalisation.
# - S. Ioffe, C. Szegedy: *Batch normalization: accelerating deep network training by reducing
#   internal covariate shift*. ICML 2015.
# - J. L. Ba, J. R. Kiros, G. E. Hinton: *Layer normalization*. arXiv 1607.06450, 2016.
# - S. Santurkar, D. Tsipras, A. Ilyas, A. Mądry: *How does batch normalization help optimization?*
#   NeurIPS 2018.
# - Y. Wu, K. He: *Group normalization*. ECCV 2018 (small batches of images).
# - A. Krizhevsky, I. Sutskever, G. E. Hinton: *ImageNet classification with deep convolutional
#   neural networks*. NeurIPS 2012 (section 3.3: local response normalisation).
#
# Next: chapter 8 asks what to do with a gradient once you have it.
