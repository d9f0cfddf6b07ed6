# %% [markdown]
# # 9 · Dropout: regularisation
#
# **The question.** 300 handwritten digits, one label in five mistyped, and a network of seven
# layers. After 600 steps it gives back all 300 labels, the mistyped ones too; of 1,247 digits that
# it has never seen it misreads more than one in five. Nothing went wrong: it did what it was told.
# What makes a network learn the digits and not the list?
#
# **You build** weight decay, dropout in its two forms with the way back, predictions that come with
# a spread, and averages of several networks.
#
# **Before this**: networks and their gradients (chapter 4). Momentum (chapter 8) is used, not
# needed.
#
# **Time** 80 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("09_dropout")
plots.use_course_style()

# %% [markdown]
# ## Learned by heart
#
# The training set: 300 of the 8×8 digits. Somebody typed their labels late at night and hit a wrong
# key in 60 cases. Everything else, 1,247 digits with correct labels, is kept for measuring.

# %% tags=["experiment"]
digits, rng = load("digits"), np.random.default_rng(9)
images = np.concatenate([digits.X_train, digits.X_val])
labels = np.concatenate([digits.y_train, digits.y_val])
order = rng.permutation(len(images))
X_train, true_labels = images[order[:300]], labels[order[:300]]  # (300, 64), (300,)
X_new, y_new = images[order[300:]], labels[order[300:]]  # (1247, 64), (1247,)

mistyped = rng.permutation(300)[:60]  # the rows with a wrong label
y_train = true_labels.copy()
y_train[mistyped] = (y_train[mistyped] + rng.integers(1, 10, size=60)) % 10

colours = [plots.RED if i in mistyped else plots.BLACK for i in range(30)]
plots.show_images(X_train[:30].reshape(-1, 8, 8), titles=[str(c) for c in y_train[:30]],
                  colours=colours, title="Thirty of the training digits; red labels are mistyped")
plt.show()

# %% [markdown]
# Seven layers, six of them with 100 ReLU units. The loop is the one of chapter 4 with momentum; the
# line with `reg` waits for your first exercise.

# %% tags=["experiment"]
from cs231n_lib.nn import MLP
from cs231n_lib.optim import Momentum


def accuracy(model, X, y):
    return np.mean(model.predict(X) == y)


def measure(model):
    """Return the shares right of the 300 labels, of the new digits, of the mistyped labels."""
    return [accuracy(model, X_train, y_train), accuracy(model, X_new, y_new),
            accuracy(model, X_train[mistyped], y_train[mistyped])]

# %% tags=["experiment"]
def train(model, steps=600, reg=0.0, every=20):
    """Train on batches of 100; return `measure` after every 20 steps, shape (steps / 20, 3)."""
    rule, rng, curve = Momentum(lr=0.01), np.random.default_rng(1), []
    for step in range(steps):
        if step % 3 == 0:
            order = rng.permutation(300)
        rows = order[step % 3 * 100 :][:100]
        _, grads = model.loss(X_train[rows], y_train[rows])
        if reg:
            grads = weight_decay_gradient(model.params, grads, reg)
        rule.step(model.params, grads)
        if (step + 1) % every == 0:
            curve.append(measure(model))
    return np.array(curve)

# %% tags=["experiment"]
def draw_curve(axis, curve, title):
    """Draw the three shares by step, and shade the gap between labels and new digits."""
    steps = 20 * np.arange(1, len(curve) + 1)
    axis.plot(steps, curve[:, 0], color=plots.BLUE, label="the 300 labels")
    axis.plot(steps, curve[:, 1], color=plots.ORANGE, label="new digits")
    axis.plot(steps, curve[:, 2], color=plots.RED, ls="--", lw=1.2, label="mistyped labels")
    axis.fill_between(steps, curve[:, 0], curve[:, 1], where=curve[:, 0] >= curve[:, 1],
                      color=plots.RED, alpha=0.12)
    axis.set(xlabel="step", ylim=(-0.02, 1.03))
    axis.set_title(title, fontsize=10)


def end(curve):
    """Return the three shares, averaged over the last 100 steps."""
    return curve[-5:].mean(axis=0)


SEVEN = [64] + 6 * [100] + [10]
plain = MLP(SEVEN, rng=np.random.default_rng(2))
curves = {"nothing": train(plain)}
draw_curve(plt.gca(), curves["nothing"], "Every label is learned, the mistyped ones last")
plt.ylabel("share right")
plt.legend(loc="lower right")
plt.show()
labels_right, _, given_back = end(curves["nothing"])
print(f"of the 300 labels it gives back {labels_right:.0%}, of the mistyped {given_back:.0%}")

# %% [markdown]
# Look at the orange line: it is *highest early* and falls while the red one climbs. First the
# network learns what a 3 looks like, on which the other 240 labels agree; then it bends itself
# around 60 single images, and near each of them new digits are misread. The shaded **gap** is the
# measure of overfitting. A training accuracy of 1 alone says nothing.

# %% [markdown]
# ## Weight decay: every weight pays rent
#
# Bending sharply around one image takes large weights. So charge for them: add to the loss
#
# $$\frac{\text{reg}}{2} \sum_{W} \sum_{ij} W_{ij}^2,
# \qquad\text{with the slope}\quad \text{reg} \cdot W_{ij}.$$
#
# With the learning rate $\eta$ a step becomes
#
# $$W \leftarrow W - \eta\,(dW + \text{reg}\, W) = (1 - \eta\,\text{reg})\, W - \eta\, dW .$$
#
# Every weight shrinks by a constant factor at every step: it *decays*, unless the data keep
# renewing it. What 240 images ask for is renewed all the time; what one image asks for is not.
# Biases, gamma and beta do not decay: they bend nothing.

# %% [markdown]
# ### Exercise 9.1 · Weight decay (2 points)
# `params` and `grads` are dicts with the same names, and arrays of equal shape under each name;
# `grads` holds the gradients of the data's loss. Return a **new dict with every name**: for each
# weight, that is each name that *starts with* `W`, the gradient plus `reg` times the weight; for
# all others the gradient as it came.
#
# Neither dict and none of their arrays may change.
#
# <details><summary>Hint 1</summary>
#
# Go through `grads.items()` and fill a new dict.
# </details>
# <details><summary>Hint 2</summary>
#
# `name.startswith("W")` tells a weight from the rest. `a + b` makes a new array, `a += b` changes
# the caller's.
# </details>

# %% tags=["exercise"]
def weight_decay_gradient(params, grads, reg):
    """Add the gradient of 0.5 * reg * (sum of all squared weights).

    Parameters
    ----------
    params, grads : dict of str to array
        The same names and shapes in both. Names that start with "W" are weights.
    reg : float

    Returns
    -------
    dict of str to array
        All names of `grads`.
    """
    ### BEGIN SOLUTION
    new = {}
    for name, gradient in grads.items():
        new[name] = gradient + reg * params[name] if name.startswith("W") else gradient
    return new
    ### END SOLUTION

# %% tags=["check"]
check("weight_decay_gradient", weight_decay_gradient)

# %% [markdown]
# What strength? Tutorials like 0.1. Five strengths, the same first weights:

# %% tags=["experiment"]
strengths = [0.003, 0.01, 0.03, 0.05, 0.1]
for reg in strengths:
    model = MLP(SEVEN, rng=np.random.default_rng(2))
    curves[f"weight decay {reg}"] = train(model, reg=reg)
ends = np.array([end(curves[f"weight decay {reg}"]) for reg in strengths])

plt.plot(strengths, ends[:, 0], "o-", color=plots.BLUE, label="the 300 labels")
plt.plot(strengths, ends[:, 1], "o-", color=plots.ORANGE, label="new digits")
plt.plot(strengths, ends[:, 2], "s--", color=plots.RED, label="mistyped labels")
plt.axhline(end(curves["nothing"])[1], color=plots.ORANGE, ls=":", lw=1,
            label="new digits without decay")
plt.xscale("log")
plt.xticks(strengths, strengths)
plt.minorticks_off()
plt.xlabel("reg")
plt.ylabel("share right")
plt.title("From 0.03 to 0.05 the network stops reciting; at 0.1 it stops reading")
plt.legend(fontsize=9, loc="lower left")
plt.show()

# %% [markdown]
# Up to 0.01 nothing happens: the list is learned. At 0.05 hardly a mistyped label is given back,
# and new digits are read about as well as before, or a little better. The gap is closed, though
# mostly *from above*. At 0.1 it is closed as well, because everything stands at guessing. Two
# numbers show why:

# %% tags=["experiment"]
fresh = MLP(SEVEN, rng=np.random.default_rng(2))
squares = sum((fresh.params[name] ** 2).sum() for name in fresh.params if name[0] == "W")
print(f"rent at the start with reg = 0.1: {0.5 * 0.1 * squares:.0f}")
print(f"loss of a network without weights: log 10 = {np.log(10):.2f}")

# %% [markdown]
# Seven layers of working size pay a rent of about 60; the most that they can save is 2.30. The
# cheapest network has no weights at all. The right strength depends on how many weights there are,
# so 0.1 is neither large nor small by itself, and **a gap of zero is not the aim: the orange
# number is.**

# %% [markdown]
# ## A network that cannot rely on anyone
#
# The second cure (Hinton et al. 2012, Srivastava et al. 2014) acts on the units. To recite image
# 17, a few units must work together just so. Take that away: at every training step, let each
# hidden unit be present with probability $p$ and absent otherwise, by the toss of a coin for
# **every unit of every example**. A private arrangement of five units survives with probability
# $p^5$; a feature that is useful on its own survives.

# %% [markdown]
# Here and in all of this course $p$ is the probability to **keep** a unit.
#
# Let $m_j$ be 1 with probability $p$, else 0. A unit in the next layer sees
# $z = \sum_j w_j m_j x_j$, and over all masks
#
# $$\mathbb{E}[z] = \sum_j w_j\, \mathbb{E}[m_j]\, x_j = p \sum_j w_j x_j .$$

# %% [markdown]
# At test time nobody wants an answer that changes from call to call, so all units are present. Then
# $z = \sum_j w_j x_j$: larger by $1/p$ than what the next layer was trained on. The original remedy
# multiplies by $p$ at test time.

# %% [markdown]
# ### Exercise 9.2 · Vanilla dropout (3 points)
# `x` is an array of any shape; `p` is the probability to keep; `mode` is `"train"` or `"test"`;
# `rng` a `numpy.random.Generator`. Return `(out, cache)`; what the cache holds is up to you.
#
# - `"train"`: each value stays as it is with probability p, else it becomes 0. One draw for
#   **every** value, independent of all the others.
# - `"test"`: `p * x`, nothing random.
# - p = 1e-12 (all but certainly all zeros) and p = 1 are legal.
# - All randomness comes from `rng`; `x` may not change.
#
# <details><summary>Hint 1</summary>
#
# `rng.random(x.shape)` draws uniform numbers from 0 to 1, one for each value. What share of them is
# below p?
# </details>
# <details><summary>Hint 2</summary>
#
# A comparison gives an array of True and False, and times x these count as 1 and 0.
# </details>

# %% tags=["exercise"]
def vanilla_dropout_forward(x, p, mode, rng):
    """Drop values in training; scale by p in test mode.

    Parameters
    ----------
    x : array, any shape
    p : float
        Probability to KEEP a value, 0 < p <= 1.
    mode : "train" or "test"
    rng : numpy.random.Generator

    Returns
    -------
    out : array, shape of x
    cache : anything
    """
    ### BEGIN SOLUTION
    if mode == "train":
        mask = rng.random(x.shape) < p
        out = x * mask
    else:
        mask = None
        out = x * p
    return out, (mode, mask)
    ### END SOLUTION

# %% tags=["check"]
check("vanilla_dropout_forward", vanilla_dropout_forward)

# %% [markdown]
# The check did not compare with stored numbers, for there are none: it looked at thousands of your
# units, their share, their neighbours, and what the seed decides.
#
# Now show the trained network a 3, take the unit of its second layer that is most active, and put
# 5,000 masks on the first layer.

# %% tags=["experiment"]
image = X_train[true_labels == 3][:1]  # (1, 64)
hidden = plain.activations(image)[0]  # (1, 100), after the first ReLU
unit = (hidden @ plain.params["W2"]).argmax()  # the second layer's most active unit
w = plain.params["W2"][:, unit]  # (100,)
rng = np.random.default_rng(0)
copies = np.repeat(hidden, 5000, axis=0)
with_masks = vanilla_dropout_forward(copies, 0.8, "train", rng)[0] @ w
scaled = (vanilla_dropout_forward(hidden, 0.8, "test", rng)[0] @ w).item()

plt.hist(with_masks, bins=60, color=plots.SKY)
for value, colour, label in (
    ((hidden @ w).item(), plots.RED, "all units, not scaled"),
    (with_masks.mean(), plots.BLACK, "mean over the masks"),
    (scaled, plots.ORANGE, "all units, times p"),
):
    plt.axvline(value, color=colour, ls="--" if colour == plots.ORANGE else "-", label=label)
plt.xlabel("weighted sum z of one unit in layer 2")
plt.ylabel("number of masks")
plt.title("Times p, the test value stands where training was on average")
plt.legend(fontsize=9, loc="upper left")
plt.show()
print("the mean over 5,000 masks is p * z to within 2 %:",
      bool(abs(with_masks.mean() - scaled) < 0.02 * abs(scaled)))

# %% [markdown]
# The black and the orange line fall together: the expected value is met. The red one, without
# scaling, lies a quarter too high. (The width of the blue hill is real too, and scaling does
# nothing about it. We will use it below.)

# %% [markdown]
# ## Inverted: pay while training
#
# Vanilla dropout leaves a chore for test time, and whoever runs the network must know p. *Inverted*
# dropout does the scaling in training, where the masks are:
#
# $$\text{out} = \frac{x \cdot m}{p}\quad\text{(train)}, \qquad \text{out} = x\quad\text{(test)}.$$
#
# Now $\mathbb{E}[\text{out}] = x$ in training, and at test time there is nothing to do. All
# libraries use this form.
#
# Scale **once**: either `/ p` in training or `* p` at test time.

# %% [markdown]
# ### Exercise 9.3 · Dropout forward (5 points)
# `x` is an array of any shape; `dropout_param` is a dict with `"p"` (the probability to keep),
# `"mode"` (`"train"` or `"test"`) and `"rng"` (a `numpy.random.Generator`). Return `(out, cache)`.
#
# - `"train"`: each value, one by one, is `x / p` with probability p, else 0.
# - `"test"`: x as it is, nothing random.
# - p = 1e-12 gives zeros (not NaN), p = 1 gives x.
# - Neither `x` nor `dropout_param` may change; all randomness comes from `dropout_param["rng"]`.
# - What the way back needs goes into `cache`. Read 9.4 before you choose.
#
# <details><summary>Hint 1</summary>
#
# One array can hold both facts: 0 where a value is dropped, 1/p where it is kept.
# </details>
# <details><summary>Hint 2</summary>
#
# Divide by p itself, not by the share that happened to be kept: with a small p that share may be 0.
# </details>
# <details><summary>Hint 3</summary>
#
# `mask = (uniform numbers below p) / p` in training; the output is the product with x. In test mode
# there is no mask.
# </details>

# %% tags=["exercise"]
def dropout_forward(x, dropout_param):
    """Drop values and scale the others by 1/p in training; do nothing in test mode.

    Parameters
    ----------
    x : array, any shape
    dropout_param : dict
        "p", the probability to KEEP a value; "mode", "train" or "test"; "rng".

    Returns
    -------
    out : array, shape of x
    cache : anything
        For `dropout_backward`.
    """
    ### BEGIN SOLUTION
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    if mode == "train":
        mask = (rng.random(x.shape) < p) / p
        out = x * mask
    else:
        mask = None
        out = x
    return out, mask
    ### END SOLUTION

# %% tags=["check"]
check("dropout_forward", dropout_forward)

# %% [markdown]
# ### Exercise 9.4 · Dropout backward (3 points)
# Going back, the mask is a constant: it was drawn, and it stays drawn. From $\text{out}_i = x_i
# \cdot \text{mask}_i$ with $\text{mask}_i \in \{0, 1/p\}$ follows
#
# $$dx_i = dout_i \cdot \text{mask}_i .$$
#
# Return `dx` in the shape of `dout`. In test mode out = x, so dx = dout. `dout` may not change.
#
# - The mask must be **the same** as in the forward call that this cache comes from, also when
#   forward was called again in between (a network has many dropout layers).
# - `out == 0` does not tell which values were dropped: after a ReLU many x are 0 and yet kept.
#
# <details><summary>Hint 1</summary>
#
# If the cache is the scaled mask, one product does it.
# </details>
# <details><summary>Hint 2</summary>
#
# How does `dropout_backward` know the mode? The cache may say so, or hold no mask, or hold ones.
# </details>

# %% tags=["exercise"]
def dropout_backward(dout, cache):
    """Return dx for `dropout_forward`.

    Parameters
    ----------
    dout : array, any shape
        Gradient with respect to out.
    cache : anything
        From `dropout_forward`.

    Returns
    -------
    dx : array, shape of dout
    """
    ### BEGIN SOLUTION
    mask = cache
    return dout if mask is None else dout * mask
    ### END SOLUTION

# %% tags=["check"]
check("dropout_backward", dropout_backward)

# %% [markdown]
# A gradient check of a random function? It works if every call draws the same mask: a new generator
# with an old seed.

# %% tags=["experiment"]
def out_of(x):
    return dropout_forward(x, {"p": 0.6, "mode": "train", "rng": np.random.default_rng(4)})


rng = np.random.default_rng(0)
x, dout, h = rng.normal(size=(2, 5)), rng.normal(size=(2, 5)), 1e-5
dx = dropout_backward(dout, out_of(x)[1])
numeric = np.zeros_like(x)
for index in np.ndindex(*x.shape):
    step = np.zeros_like(x)
    step[index] = h
    numeric[index] = ((out_of(x + step)[0] - out_of(x - step)[0]) * dout).sum() / (2 * h)
print("largest difference below 1e-8:", bool(np.abs(dx - numeric).max() < 1e-8))
print("mask * p:", *np.where(dx == 0, 0, 1).ravel())

# %% [markdown]
# **Written question 1.** Somebody draws a *new* mask in the backward pass, with the same p. On
# average over all masks, is the gradient of a weight still right? What goes wrong in training?

# %% [markdown] name="why_the_same_mask" tags=["written"]
# ### BEGIN SOLUTION
# It is not right even on average. The loss that was computed belongs to the units that forward
# kept, and the gradient of a dropped unit's weights is exactly 0. With an independent mask m' the
# gradient that arrives at a unit is multiplied by m'/p where m/p belongs: units that produced
# nothing are blamed for the error, and a share 1 - p of those that did produce it are let off. In
# the mean over m' the factor is 1 for all units, so the correlation between being present in
# forward (which shaped dout) and receiving the gradient is lost: a gradient of no function, with
# more noise. Training gets slower and worse, without an error message.
#
# *Rubric.* 2: the gradient belongs to the thin network that ran, and dropped units must get 0; and
# a consequence. 1: only one of both. 0: says that it makes no difference on average.
# ### END SOLUTION

# %% [markdown]
# ## The 300 digits again
#
# The course's networks are lists of layers, so your two functions go in as one more layer behind
# every hidden one.

# %% tags=["experiment"]
class OwnDropout:
    """A layer that calls dropout_forward and dropout_backward."""

    params, grads, state = {}, {}, {}

    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x, train=False):
        mode = "train" if train else "test"
        out, self.cache = dropout_forward(x, {"p": self.p, "mode": mode, "rng": self.rng})
        return out

    def backward(self, dout):
        return dropout_backward(dout, self.cache)


def network(p=1.0, norm=None, seed=2):
    """Make the seven-layer network; p below 1 puts your dropout behind every hidden layer."""
    model = MLP(SEVEN, norm=norm, dropout_keep=p, rng=np.random.default_rng(seed))
    for name in model.layers:
        if name.startswith("dropout"):
            model.layers[name] = OwnDropout(p, model.rng)
    return model

# %% tags=["experiment"]
models = {}
for label, p, reg in (("dropout 0.8", 0.8, 0.0), ("decay 0.1, dropout 0.8", 0.8, 0.1),
                      ("decay 0.01, dropout 0.8", 0.8, 0.01)):
    models[label] = network(p)
    curves[label] = train(models[label], reg=reg)

# %% tags=["experiment"]
shown = ("nothing", "weight decay 0.1", "weight decay 0.03", "dropout 0.8",
         "decay 0.1, dropout 0.8", "decay 0.01, dropout 0.8")
figure, axes = plt.subplots(2, 3, figsize=(9.6, 5), sharex=True, sharey=True)
for axis, label in zip(axes.flat, shown):
    draw_curve(axis, curves[label], f"{label}: {end(curves[label])[1]:.2f}")
    axis.axhline(end(curves["nothing"])[1], color=plots.BLACK, ls=":", lw=1)
for axis in axes[0]:
    axis.set_xlabel("")
for axis in axes[:, 0]:
    axis.set_ylabel("share right")
axes[0, 0].legend(fontsize=8, loc="lower right")
figure.suptitle("Numbers: share of new digits read at the end. The two best have dropout",
                fontsize=11, weight="bold", x=0.01, ha="left")
plt.show()
cured = models["dropout 0.8"]
gained = end(curves["dropout 0.8"]) - end(curves["nothing"])
print("dropout reads at least 5 % more of the new digits than nothing:", bool(gained[1] > 0.05))
print("and gives back at least a third fewer of the mistyped labels:", bool(gained[2] < -1 / 3))

# %% [markdown]
# The dotted line is the network without a cure. Dropout with p = 0.8 reads nine of a hundred new
# digits more, and only two in five mistyped labels come back. Decay 0.1 kills, alone or with
# dropout. Decay 0.01, which alone did nothing, halves the recited labels once more when dropout
# is there: cures act on each other and must be dosed together.

# %% [markdown]
# With dropout the blue line climbs more slowly and ends below 0.9. That is no loss: all correct
# labels and no mistyped one would be 0.8. But the red line still rises: dropout delays reciting, it
# does not forbid it. And with p = 0.5 in all six layers this network stays at guessing for 600
# steps: dropout needs units to spare.

# %% [markdown]
# ### One factor too many
#
# A colleague's test mode drops nothing but still divides by p, behind each of the six hidden
# layers. How many times larger do the class scores become? (p = 0.8; measured as the slope of their
# scores over ours, after taking each row's mean away, and rounded to a whole number.)

# %% tags=["predict"]
my_guess = None  # a number: how many times larger

# %% tags=["experiment"]
def scores_divided_by_p(model, X):
    values = X
    for name, layer in model.layers.items():
        values = layer.forward(values, train=False)
        if name.startswith("dropout"):
            values = values / layer.p
    return values.copy()


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def log_loss(probabilities, y):
    return -np.log(probabilities[np.arange(len(y)), y] + 1e-12).mean()

# %% tags=["experiment"]
ours, theirs = cured.scores(X_new), scores_divided_by_p(cured, X_new)
a, b = (s - s.mean(axis=1, keepdims=True) for s in (ours, theirs))
slope = float((a * b).sum() / (a * a).sum())
check_prediction(my_guess, round(slope), within=0.1)
print("within 5 % of 1 / 0.8**6 = 3.81:", bool(abs(slope - 0.8**-6) < 0.05 * 0.8**-6))
lost = np.mean(ours.argmax(1) == y_new) - np.mean(theirs.argmax(1) == y_new)
ratio = log_loss(softmax(theirs), y_new) / log_loss(softmax(ours), y_new)
print("accuracy lost is below 3 %:", bool(lost < 0.03), " the loss doubles:", bool(ratio > 2))

# %% [markdown]
# One layer makes 1.25 of 1 and six make $1.25^6 = 3.8$: factors multiply. The accuracy hardly shows
# it, since all the scores of an image grow together; the loss more than doubles, for the network is
# now far too sure of itself. A scaling bug hides behind a good accuracy.

# %% [markdown]
# ## Thousands of thin networks
#
# With n hidden units there are $2^n$ masks: $2^n$ thin networks that share their weights. Each
# training step trains one thin network for each example. So what does the full network compute at
# test time?
#
# Look at it in the plane: 80 points of two classes, a network with dropout (p = 0.7) in three
# layers. Left, one thin network after the other; right, the mean of all those drawn so far.

# %% tags=["experiment"]
rng = np.random.default_rng(3)
angle = rng.uniform(0, np.pi, size=80)
plane_y = np.arange(80) % 2
moons = np.column_stack([np.cos(angle), np.sin(angle)]) * np.where(plane_y, -1, 1)[:, None]
plane_X = moons + plane_y[:, None] * [1.0, 0.5] + rng.normal(0, 0.2, size=(80, 2))

plane = MLP([2, 64, 64, 64, 2], dropout_keep=0.7, rng=rng)
for name in plane.layers:
    if name.startswith("dropout"):
        plane.layers[name] = OwnDropout(0.7, rng)
rule = Momentum(lr=0.03)
for _ in range(800):
    rule.step(plane.params, plane.loss(plane_X, plane_y, copy=False)[1])

# %% tags=["experiment"]
def with_masks(model, X):
    """Return the class probabilities (N, C) of one forward pass with fresh masks."""
    values = X
    for layer in model.layers.values():
        values = layer.forward(values, train=True)
    return softmax(values)


def one_mask(model, X):
    """Return the same with one mask for all rows: one thin network."""
    values = X
    for layer in model.layers.values():
        if isinstance(layer, OwnDropout):
            ones = np.ones((1, values.shape[1]))
            values = values * layer.forward(ones, train=True)
        else:
            values = layer.forward(values, train=False)
    return softmax(values)

# %% tags=["experiment", "nbval-ignore-output"]
grid = np.stack(np.meshgrid(np.linspace(-1.8, 2.8, 70), np.linspace(-1.3, 1.8, 50)), axis=-1)
samples = np.array([one_mask(plane, grid.reshape(-1, 2))[:, 1] for _ in range(30)])
figure, axes = plt.subplots(1, 2, figsize=(7.4, 2.9))
pictures = []
for axis in axes:
    pictures.append(axis.imshow(np.zeros((50, 70)), cmap="PuOr", vmin=-0.4, vmax=1.4,
                                origin="lower", extent=(-1.8, 2.8, -1.3, 1.8), aspect="auto"))
    axis.scatter(*plane_X.T, s=14, c=plane_y, cmap="PuOr", edgecolors="black", linewidths=0.5)
    axis.grid(False)
    axis.set(xlabel="first feature", ylabel="second feature")


def draw(i):
    pictures[0].set_data((samples[i] > 0.5).reshape(50, 70) * 1.0)
    pictures[1].set_data(samples[: i + 1].mean(axis=0).reshape(50, 70).round(1))
    axes[0].set_title(f"Thin network {i + 1}", fontsize=10)
    axes[1].set_title(f"Mean probability of {i + 1}", fontsize=10)


plots.animate(draw, 30, figure=figure, seconds_per_frame=0.3)

# %% [markdown]
# Every thin network cuts the plane in another way, and where the data say little they disagree. The
# mean settles to a smooth slope, pale along the border: a committee. The single scaled pass of test
# mode is a cheap estimate of this mean.

# %% [markdown]
# ## Ask more than once
#
# One can also leave the masks on and ask many times. The mean of the answers is the committee's
# prediction, and their spread says how much its members disagree. Gal and Ghahramani (2016) named
# it **Monte Carlo dropout**. For samples $s_1, \dots, s_K$ of the output, entry by entry,
#
# $$\text{mean} = \frac{1}{K}\sum_k s_k, \qquad
#   \text{std} = \sqrt{\frac{1}{K}\sum_k (s_k - \text{mean})^2}.$$

# %% [markdown]
# ### Exercise 9.5 · Monte Carlo prediction (3 points)
# `forward(X)` returns an array and is random by itself: call it again and it gives another answer.
# Call it exactly `num_samples` times, each time with X, and return `(mean, std)` over the calls,
# each of the shape that `forward` returns. The std divides by `num_samples`.
#
# One sample has std 0. So have samples that all agree: 0, not NaN.
#
# <details><summary>Hint 1</summary>
#
# Collect the answers in a list; `np.stack` puts them along a new first axis.
# </details>
# <details><summary>Hint 2</summary>
#
# The other formula, $\overline{s^2} - \overline{s}^2$, can come out as $-10^{-17}$ by rounding, and
# its root is NaN.
# </details>

# %% tags=["exercise"]
def mc_dropout_predict(forward, X, num_samples):
    """Return mean and std of a random forward pass over several calls.

    Parameters
    ----------
    forward : callable
        forward(X) -> array, another one at every call.
    X : array, shape (N, D)
    num_samples : int

    Returns
    -------
    mean, std : arrays, of the shape of forward(X)
    """
    ### BEGIN SOLUTION
    samples = np.stack([forward(X) for _ in range(num_samples)])
    return samples.mean(axis=0), samples.std(axis=0)
    ### END SOLUTION

# %% tags=["check"]
check("mc_dropout_predict", mc_dropout_predict)

# %% [markdown]
# Is asking many times better than the one scaled pass? And what is the spread good for?

# %% tags=["experiment"]
def forward(X):
    return with_masks(cured, X)


counts, losses, right = [1, 2, 5, 10, 20, 50, 100], [], []
for count in counts:
    mean, std = mc_dropout_predict(forward, X_new, count)
    losses.append(log_loss(mean, y_new))
    right.append(np.mean(mean.argmax(axis=1) == y_new))
label = mean.argmax(axis=1)
spread = std[np.arange(len(label)), label]  # (1247,), of the class that is read
fifths = np.array_split(np.argsort(spread), 5)
by_fifth = [np.mean(label[rows] == y_new[rows]) for rows in fifths]

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.3))
axes[0].plot(counts, right, "o-", color=plots.BLUE, label="mean of the samples")
axes[0].axhline(accuracy(cured, X_new, y_new), color=plots.ORANGE, label="one scaled pass")
axes[0].set(xscale="log", xlabel="number of samples", ylabel="accuracy on new digits",
            title="Many samples reach the scaled pass")
axes[0].legend(fontsize=9, loc="lower right")
axes[1].bar(range(1, 6), by_fifth, color=plots.BLUE)
axes[1].set(xlabel="fifth of the digits, by spread (1 agrees most)", ylabel="accuracy", ylim=(0, 1),
            title="Where members disagree, errors are")
plt.show()
scaled_loss = log_loss(softmax(cured.scores(X_new)), y_new)
print("the loss of 100 samples is below that of one:", bool(losses[-1] < losses[0] - 0.1))
print("the loss of the scaled pass is lower still:", bool(scaled_loss < losses[-1]))
print("errors are at least twice as frequent in fifth 5 as in fifth 1:",
      bool(1 - by_fifth[-1] > 2 * (1 - by_fifth[0])))

# %% [markdown]
# Left: a single thin network is clearly worse; the mean of a hundred is about as accurate as the
# one scaled pass, at a hundred times the cost. So the mean is not the point. The spread is (right):
# of the fifth of the digits on which the members agree most, about one in 25 is misread; of the
# last fifth, nearly one in four. Such a network can say when to ask a person.
#
# Two digits in full: the calmest of all, and the most restless among those it misreads.

# %% tags=["experiment"]
misread = np.flatnonzero(label != y_new)
calm, restless = spread.argmin(), misread[spread[misread].argmax()]
figure, axes = plt.subplots(1, 4, figsize=(9, 2.4), gridspec_kw={"width_ratios": [1, 2, 1, 2]})
for k, (i, word) in enumerate(((calm, "Members agree"), (restless, "Members disagree"))):
    axes[2 * k].imshow(X_new[i].reshape(8, 8))
    axes[2 * k].axis("off")
    axes[2 * k].set_title(f"a {y_new[i]}", fontsize=10)
    axes[2 * k + 1].bar(range(10), mean[i], yerr=std[i], color=plots.SKY, capsize=2)
    axes[2 * k + 1].set(xticks=range(10), ylim=(0, 1.1), xlabel="class", title=word)
    axes[2 * k + 1].set_ylabel("probability ± std")
plt.show()

# %% [markdown]
# **Written question 2.** The spread of Monte Carlo dropout is small for one image. Does it follow
# that the answer is right? Name a kind of image for which you would not trust it.

# %% [markdown] name="what_the_spread_says" tags=["written"]
# ### BEGIN SOLUTION
# No. A small spread says that the thin networks agree. They share their weights and their training
# set, so they also share their errors: a mistyped label that occurs systematically (every 7 with a
# bar typed as 1), a background that goes with a class, or an image far from all training data (a
# letter, a photograph), where all members can extrapolate in the same direction and the softmax
# saturates. The spread is useful for ranking among images of the kind that was trained on.
#
# *Rubric.* 2: agreement is not truth because members share weights and data, and a fitting example.
# 1: one of both. 0: small spread means right.
# ### END SOLUTION

# %% [markdown]
# ## A committee of independent members
#
# Thin networks share their weights. Networks trained from different first weights do not, and they
# make different mistakes: let us say five members are wrong on an image, each in its own way, and
# three are right. The three agree. Averaging *probabilities* lets the sure ones count for more than
# a vote would.
#
# ### Exercise 9.6 · Average of probabilities (1 point)
# `list_of_probs` holds one array (N, C) for each member, each row of it with sum 1. Return their
# mean, shape (N, C). None of the arrays may change.
#
# <details><summary>Hint</summary>
#
# NumPy takes a list of equal arrays as one array with the members along axis 0.
# </details>

# %% tags=["exercise"]
def average_probabilities(list_of_probs):
    """Average the members' class probabilities.

    Parameters
    ----------
    list_of_probs : list of arrays, each of shape (N, C)

    Returns
    -------
    mean : array, shape (N, C)
    """
    ### BEGIN SOLUTION
    return np.mean(list_of_probs, axis=0)
    ### END SOLUTION

# %% tags=["check"]
check("average_probabilities", average_probabilities)

# %% tags=["experiment"]
members = []
for seed in range(10):
    member = MLP([64, 100, 100, 10], rng=np.random.default_rng(seed))
    train(member, steps=300, every=300)
    members.append(member)
member_probs = [softmax(member.scores(X_new)) for member in members]
alone = [accuracy(member, X_new, y_new) for member in members]
together = [
    np.mean(average_probabilities(member_probs[:k]).argmax(axis=1) == y_new) for k in range(1, 11)
]

# %% tags=["experiment"]
plt.plot(np.arange(1, 11), together, "o-", color=plots.BLUE, label="the first k together")
plt.plot(np.arange(1, 11), alone, "x", color=plots.ORANGE, label="member k alone")
plt.axhline(np.mean(alone), color=plots.ORANGE, ls=":", lw=1, label="mean of the members")
plt.xlabel("k, number of members")
plt.ylabel("accuracy on new digits")
plt.title("Ten members together beat the average member")
plt.legend(fontsize=9)
plt.show()
print("together better than the average member by 1 % or more:",
      bool(together[-1] > np.mean(alone) + 0.01))
member_losses = [log_loss(probs, y_new) for probs in member_probs]
print("loss of the committee below the members' mean loss:",
      bool(log_loss(average_probabilities(member_probs), y_new) < np.mean(member_losses)))

# %% [markdown]
# These members have two hidden layers and stopped after 300 steps. Together they read about two of
# a hundred digits more than one of them does on average. In the loss it cannot be otherwise:
# $-\log$ is convex, so $-\log(\text{mean of } p_k)$ is never above the mean of the $-\log p_k$.
# The price is ten trainings and ten forward passes. Can one have it cheaper?

# %% [markdown]
# ## Averages of parameters
#
# Ten forward passes become one if we average the *parameters*. And along a single run there is a
# whole series of networks for nothing. The usual average gives the newest a small share:
#
# $$a \leftarrow \text{decay} \cdot a + (1 - \text{decay}) \cdot p,
# \qquad a_{\text{first}} = p_{\text{first}} .$$

# %% [markdown]
# ### Exercise 9.7 · Average of parameters (3 points)
# `list_of_params` holds one dict of arrays for each network, all with the same names and shapes.
# Return a new dict with **all** names:
#
# - `decay=None`: the plain mean;
# - `decay` a number from 0 to 1: the moving average above, which starts at the first dict and then
#   takes in the second, the third, ... Mind that 0 is a number: decay 0 gives the last dict.
#
# A list of one gives that one's values. No dict or array in the list may change.
#
# <details><summary>Hint 1</summary>
#
# The plain mean, name by name: `np.mean` of a list of arrays along axis 0.
# </details>
# <details><summary>Hint 2</summary>
#
# Start with `dict(first)` and *replace* its entries: `a = decay * a + ...` makes a new array,
# `a *= decay` would change the caller's.
# </details>

# %% tags=["exercise"]
def average_parameters(list_of_params, decay=None):
    """Average the parameters of several networks.

    Parameters
    ----------
    list_of_params : list of dict of str to array
    decay : float, optional
        None: the plain mean. Else the share of the average that stays at each step.

    Returns
    -------
    average : dict of str to array
    """
    ### BEGIN SOLUTION
    first, *rest = list_of_params
    if decay is None:
        return {name: np.mean([params[name] for params in list_of_params], axis=0)
                for name in first}
    average = dict(first)
    for params in rest:
        for name in first:
            average[name] = decay * average[name] + (1 - decay) * params[name]
    return average
    ### END SOLUTION

# %% tags=["check"]
check("average_parameters", average_parameters)

# %% [markdown]
# Two experiments. First the ten members of above, their parameters averaged. Then one run with
# steps far too large (momentum 0.9, learning rate 0.05, batches of 20), beside the moving average
# of its own parameters with decay 0.98, about the last 50 steps.

# %% tags=["experiment"]
def with_parameters(params):
    """Return a network with two hidden layers that has these parameters."""
    model = MLP([64, 100, 100, 10], rng=np.random.default_rng(0))
    for name, value in params.items():
        model.params[name] = value
    return model


mixed = with_parameters(average_parameters([member.params for member in members]))
walker, rule, rng = MLP([64, 100, 100, 10], rng=np.random.default_rng(0)), Momentum(0.05), rng
average, raw, smooth = walker.params.copy(), [], []
for step in range(1, 601):
    rows = rng.integers(0, 300, size=20)
    rule.step(walker.params, walker.loss(X_train[rows], y_train[rows])[1])
    average = average_parameters([average, walker.params.copy()], decay=0.98)
    if step % 20 == 0:
        raw.append(accuracy(walker, X_new, y_new))
        smooth.append(accuracy(with_parameters(average), X_new, y_new))

# %% tags=["experiment"]
steps = np.arange(20, 601, 20)
plt.plot(steps, raw, color=plots.ORANGE, label="the network itself")
plt.plot(steps, smooth, color=plots.BLUE, label="average of its parameters, decay 0.98")
plt.axhline(accuracy(mixed, X_new, y_new), color=plots.RED, ls="--",
            label="mean of ten independent networks' parameters")
plt.xlabel("step")
plt.ylabel("accuracy on new digits")
plt.ylim(0, 1)
plt.title("Averaging helps along one run and destroys across runs")
plt.legend(fontsize=9, loc="center right")
plt.show()
print("from step 200 on, the average is better by 3 % or more in the mean:",
      bool(np.mean(smooth[10:]) > np.mean(raw[10:]) + 0.03))
print("the mean of independent networks reads fewer than 3 in 10:",
      bool(accuracy(mixed, X_new, y_new) < 0.3))

# %% [markdown]
# Along one run the average is better from the 100th step on and does not jump: the noise of the
# steps, and with it much of what single mistyped labels did, averages out. Across runs it destroys:
# the mean of ten good networks is a bad one.

# %% [markdown]
# **Written question 3.** Why may the probabilities of independently trained networks be averaged,
# but not their parameters? Start from two networks that are equal but for the order of their hidden
# units.

# %% [markdown] name="why_not_average_parameters" tags=["written"]
# ### BEGIN SOLUTION
# Permute the hidden units of a network, columns of W1 and entries of b1 together with rows of W2:
# the function stays the same, so do its probabilities, and the average of the probabilities is
# again that function. The average of the parameters mixes unit 1 of one network with whatever
# stands at place 1 in the other, a detector of loops with one of strokes: neither is left, and the
# network is not linear in its parameters, so f of the mean is not the mean of f. Independent runs
# from different first weights find their units in different orders (and different units), while the
# snapshots of one run keep each unit at its place and lie close together, where f is nearly linear.
#
# *Rubric.* 3: the permutation, its effect on the average, and why one run is different. 2: two of
# these. 1: "the network is not linear". 0: nothing of this.
# ### END SOLUTION

# %% [markdown]
# ## Often said, and wrong
#
# **"Dropout 0.2."** Of what? In the papers of Hinton and Srivastava and in this course p is the
# share that is *kept*; PyTorch's `nn.Dropout(p=0.2)` and Keras' `Dropout(0.2)` *drop* a fifth. Copy
# the 0.2 into the other convention and see:

# %% tags=["experiment"]
confused = network(p=0.2)
train(confused, every=600)
reading = accuracy(confused, X_new, y_new)
print("with 0.2 of the units kept, the network", "guesses" if reading < 0.3 else "reads")

# %% [markdown]
# **"With batch normalisation dropout is useless."** Batch normalisation was said to regularise
# enough by itself. The same 300 digits, two first weights each:

# %% tags=["experiment"]
bars = {}
for label, norm, p in (("nothing", None, 1.0), ("dropout", None, 0.8), ("batch norm", "batch", 1.0),
                       ("both", "batch", 0.8)):
    ends = []
    for seed in (2, 3):
        model = network(p, norm, seed)
        ends.append(train(model, every=600)[-1, 1])
    bars[label] = ends
plt.figure(figsize=(6, 3))
plt.bar(range(4), [np.mean(v) for v in bars.values()],
        color=(plots.SKY, plots.BLUE, plots.YELLOW, plots.ORANGE))
for i, ends in enumerate(bars.values()):
    plt.plot([i, i], ends, "k_", ms=14)
plt.xticks(range(4), bars)
plt.ylim(0.6, 0.95)
plt.ylabel("accuracy on new digits")
plt.title("Batch norm did not cure this overfit; dropout beside it did")
plt.show()
gain = np.mean(bars["both"]) - np.mean(bars["batch norm"])
print("dropout adds 3 % or more to batch norm:", bool(gain > 0.03))

# %% [markdown]
# Batch norm alone recites the list as before. (What *is* true: dropout in front of a batch norm
# changes the variance between training and test, so the two are not free of each other; see Li et
# al., 2019. Here dropout stands behind the ReLU of each layer.)

# %% [markdown]
# **"Accuracy 1 in training and in validation: overfitted."** No: overfitting is a *gap*. Zeros and
# ones with correct labels, the same seven layers:

# %% tags=["experiment"]
def only_zero_and_one(X, y):
    return X[y < 2], y[y < 2]


X_easy, y_easy = only_zero_and_one(X_train, true_labels)
X_unseen, y_unseen = only_zero_and_one(X_new, y_new)
easy = MLP(SEVEN, rng=np.random.default_rng(2))
rule = Momentum(lr=0.01)
for _ in range(200):
    rule.step(easy.params, easy.loss(X_easy, y_easy, copy=False)[1])
print(f"{len(y_easy)} for training: {accuracy(easy, X_easy, y_easy):.2f}",
      f"  {len(y_unseen)} new ones: {accuracy(easy, X_unseen, y_unseen):.2f}")

# %% [markdown]
# Both are 1: the task is easy, and it is solved. Not one unit is to be dropped here.
#
# - **"The smaller the gap, the better the network."** With decay 0.1 the gap was 0 and so was the
#   use.
# - **"Monte Carlo dropout predicts better than the scaled pass."** Here a hundred passes came out
#   level with it in accuracy and no better in the loss. The gift is the spread.

# %% [markdown]
# ## Summary
#
# - Overfitting is the gap between training and new data; judge a cure by the accuracy on new data.
# - Weight decay adds `reg * W` to the gradient of every weight: each shrinks unless the data renew
#   it. The right strength depends on the network.
# - Dropout keeps each unit with probability p, by its own coin. Say whether p keeps or drops, and
#   scale once: by 1/p in training (inverted) or by p at test time (vanilla).
# - The way back uses the mask of the way forth.
# - Masks left on at test time give a spread that finds the doubtful cases.
# - Average probabilities across networks, parameters only along one run.

# %% [markdown]
# ## Where to read on
#
# - Lecture notes of CS231n, *Neural networks part 2* (regularisation), cs231n.github.io.
# - Hinton, Srivastava, Krizhevsky, Sutskever, Salakhutdinov (2012), *Improving neural networks by
#   preventing co-adaptation of feature detectors*.
# - Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *Dropout: a simple way to
#   prevent neural networks from overfitting*.
# - Krogh, Hertz (1991), *A simple weight decay can improve generalization*.
# - Gal, Ghahramani (2016), *Dropout as a Bayesian approximation*.
# - Zhang, Bengio, Hardt, Recht, Vinyals (2017), *Understanding deep learning requires rethinking
#   generalization*: networks that learn random labels by heart.
# - Li, Chen, Hu, Yang (2019), *Understanding the disharmony between dropout and batch
#   normalization by variance shift*.
# - Polyak, Juditsky (1992), *Acceleration of stochastic approximation by averaging*.
