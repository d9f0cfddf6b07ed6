# %% [markdown]
# # 4 · Backpropagation
#
# **The question.** A network with 75,000 weights makes an error. In which direction, and how much,
# should each weight move? How can all 75,000 answers cost no more than a few evaluations of the
# network?
#
# **You build** the backward pass of a neuron, of a whole graph of numbers, of the layers that
# networks are made of, and then a network that you train, overfit on purpose and look inside.
#
# **Before this**: scores and training (chapter 2), losses and numerical gradients (chapter 3).
#
# **Time** 90 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("04_backprop")
plots.use_course_style()

# %% [markdown]
# ## Why not simply nudge every weight?
#
# Chapter 3 measured a slope by nudging: raise one weight by $h$, lower it by $h$, and compare the
# two losses. That needs two evaluations of the loss *for every weight*. A bigger network has more
# weights, and each evaluation is dearer as well, so the price grows with the square of the size.
#
# Count the multiplications for one image of 64 pixels, $H$ hidden units and 10 classes. Forward:
# $64H + 10H$. Nudging: twice that for each of the $75H + 10$ parameters. Backpropagation: at most
# three times the forward count, as you will see when you write it.

# %% tags=["experiment"]
H = np.logspace(0, 3, 50)
forward_count = 74 * H
nudging = 2 * (75 * H + 10) * forward_count

plt.loglog(H, nudging, color=plots.ORANGE, label="nudge every parameter")
plt.loglog(H, 3 * forward_count, color=plots.BLUE, label="backpropagation")
plt.loglog(H, forward_count, "--", color=plots.BLACK, lw=1, label="the loss alone")
plt.xlabel("hidden units H")
plt.ylabel("multiplications for an image")
plt.title("One gradient by nudging costs 50,000 times as much at H = 1,000")
plt.legend()
plt.show()
print(f"ratio at H = 1,000: {nudging[-1] / (3 * forward_count[-1]):,.0f}")

# %% [markdown]
# Both axes are logarithmic: nudging climbs with slope 2, backpropagation with slope 1, always a
# constant factor above the loss alone. Nudging stays useful as a referee: it is slow, but it knows
# nothing about your formulas.

# %% [markdown]
# ## A chain of small steps
#
# Take $f = (a \cdot b + c) \cdot b$ at $a = 2$, $b = 3$, $c = -4$. A computer takes it one
# operation at a time:
#
# $$p = a \cdot b = 6, \qquad q = p + c = 2, \qquad f = q \cdot b = 6.$$
#
# Each small step has slopes that need no thought. For a product, $\partial p / \partial a$ is the
# *other* factor, $b = 3$; for a sum, every slope is 1. These are **local gradients**: what an
# operation knows about its own inputs, with no idea of the rest.
#
# The class below writes them down while it calculates. A `Value` is a number that remembers its
# `parents` (the values it was made from) and one local gradient for each. Its `grad` will hold
# $\partial f / \partial(\text{this value})$; it starts at 0.

# %% tags=["given"]
class Value:
    """A number that remembers the numbers it was made from."""

    def __init__(self, data, parents=(), local_grads=(), label=""):
        self.data = data                # the number itself
        self.parents = parents          # the Values it was made from
        self.local_grads = local_grads  # d(this) / d(parent), one for each parent
        self.grad = 0.0                 # d(root) / d(this), filled in by backward
        self.label = label              # for pictures only

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data), "×")

# %% [markdown]
# The next cell holds a small drawing tool: boxes for values, arrows from parents to children.
# Nothing in it needs reading now.

# %% tags=["experiment"]
def draw_graph(places, axis, active=None, show_local=False):
    """Draw Values at {Value: (x, y)}: data in blue, and grad in red where it is not 0."""
    axis.cla()
    axis.axis("off")
    for node, (x, y) in places.items():
        for parent, local in zip(node.parents, node.local_grads):
            px, py = places[parent]
            axis.annotate(
                "", (x - 0.27, y), (px + 0.27, py),
                arrowprops=dict(arrowstyle="->", color="0.6", lw=1.2),
            )
            if show_local:
                axis.text(px + 0.62 * (x - px), py + 0.62 * (y - py), f"{local:g}", fontsize=9,
                          ha="center", va="center", bbox=dict(fc="white", ec="none", pad=1))
        face = plots.YELLOW if node is active else "white"
        axis.text(x, y, node.label, ha="center", va="center", fontsize=12,
                  bbox=dict(boxstyle="round,pad=0.4", fc=face, ec="0.3"))
        axis.text(x, y + 0.3, f"{node.data:.4g}", ha="center", color=plots.BLUE)
        if node.grad:
            axis.text(x, y - 0.42, f"{node.grad:.4g}", ha="center", color=plots.RED)
    xs, ys = np.array(list(places.values())).T
    axis.set(xlim=(xs.min() - 0.5, xs.max() + 0.5), ylim=(ys.min() - 0.6, ys.max() + 0.6))

# %% tags=["experiment"]
a, b, c = Value(2.0, label="a"), Value(3.0, label="b"), Value(-4.0, label="c")
p = a * b
q = p + c
f = q * b
places = {a: (0, 2), b: (0, 1), c: (0, 0), p: (1, 1.5), q: (2, 0.8), f: (3, 1.2)}

figure, axis = plt.subplots(figsize=(7, 3))
draw_graph(places, axis, show_local=True)
axis.set_title("Each arrow carries a local gradient; b has two ways to reach f")
plt.show()

# %% [markdown]
# Blue: the values. On the arrows: the local gradients. The arrow from $b$ to the first product
# says $2$, because $\partial(ab)/\partial b = a = 2$.
#
# Now raise $b$ from 3 to 3.01. How much does $f$ change? Write your guess before you go on. A look
# at the two ways from $b$ to $f$ helps.

# %% tags=["predict"]
my_guess = None  # a number: the change of f

# %% tags=["experiment"]
def f_of(a, b, c):
    return (a * b + c) * b


check_prediction(my_guess, f_of(2, 3.01, -4) - f_of(2, 3, -4), within=0.03)

# %% [markdown]
# A nudge of 0.01 in $b$ moves $f$ by about 0.08: the slope is 8. It has two parts.
#
# - Straight into the last product, whose local gradient is $q = 2$.
# - Through $p$ and $q$: multiply the local gradients on the way, $2 \cdot 1 \cdot 3 = 6$.
#
# That is the whole chain rule for graphs: **multiply along a path, add over paths.**
#
# Backpropagation organises the sum so that nothing is worked out twice. It starts at the end with
# $\partial f/\partial f = 1$ and goes backwards. Each value, once its own gradient is complete,
# hands every parent its share: its gradient times the arrow's number.

# %% tags=["experiment", "nbval-ignore-output"]
steps = [(None, {}), (f, {f: 1}), (f, {q: 3, b: 2}), (q, {p: 3, c: 3}), (p, {a: 9, b: 8}), (None, {})]
says = [
    "forward: the values", "start: df/df = 1", "the product gives q and b their shares",
    "the sum copies its 3 to p and c", "the first product: b now has 2 + 6 = 8", "all slopes known",
]
figure, axis = plt.subplots(figsize=(6.4, 3))


def draw(i):
    if i == 0:
        for node in places:
            node.grad = 0.0
    for node, grad in steps[i][1].items():
        node.grad = grad
    draw_graph(places, axis, active=steps[i][0], show_local=True)
    axis.set_title(f"{i}. {says[i]}")


plots.animate(draw, len(steps), figure=figure, seconds_per_frame=1.8)

# %% [markdown]
# Red: the gradients, from right to left. One walk gave all of $\partial f/\partial a = 9$,
# $\partial f/\partial b = 8$ and $\partial f/\partial c = 3$, and $b$ was not complete until both
# its children had paid in.
#
# A convention for the rest of the course: **`dsomething` means the derivative of the final loss
# with respect to `something`**, so `dx` has the shape of `x`. A backward function receives `dout`
# from above, multiplies by its local gradients and returns `dx`, `dw`, …

# %% [markdown]
# ## A neuron, by hand
#
# A sigmoid neuron weighs its inputs, adds a bias and squashes the sum into (0, 1):
#
# $$z = \sum_d x_d w_d + b, \qquad \text{out} = \sigma(z) = \frac{1}{1 + e^{-z}}.$$
#
# ### Exercise 4.1 · Neuron forward (1 point)
# `x` and `w` have shape (D,), `b` is a number; `out` is a number. Return `(out, cache)`, where
# `cache` holds whatever your backward pass will want: no check looks inside.
#
# The result must be finite for every finite $z$: $\sigma(1000)$ is 1 and $\sigma(-1000)$ is 0.
# `np.exp(1000)` is `inf`; `1 / inf` is a good 0, `inf / inf` is `nan`. A warning about an overflow
# does no harm, but look for what caused it.
#
# <details><summary>Hint 1</summary>
#
# $\sum_d x_d w_d$ is the dot product of the two vectors. The bias is added once, not once for each
# feature.
# </details>
# <details><summary>Hint 2</summary>
#
# Of the two forms $\frac{1}{1 + e^{-z}}$ and $\frac{e^z}{1 + e^z}$, which ones can turn into
# `inf / inf`, and for which sign of $z$?
# </details>

# %% tags=["exercise"]
def neuron_forward(x, w, b):
    """Compute a sigmoid neuron.

    Parameters
    ----------
    x, w : array, shape (D,)
        Inputs and weights.
    b : float
        Bias.

    Returns
    -------
    out : float
        sigmoid(x . w + b).
    cache
        Whatever `neuron_backward` needs.
    """
    ### BEGIN SOLUTION
    z = x @ w + b
    if z >= 0:
        out = 1.0 / (1.0 + np.exp(-z))
    else:
        # The same number; this form never takes exp of something large.
        out = np.exp(z) / (1.0 + np.exp(z))
    return out, (x, w, out)
    ### END SOLUTION

# %% tags=["check"]
check("neuron_forward", neuron_forward)

# %% [markdown]
# ### Exercise 4.2 · Neuron backward (2 points)
# Go backwards through the two steps. First the sigmoid:
#
# $$\frac{d\,\text{out}}{dz} = \frac{e^{-z}}{(1 + e^{-z})^2}
#   = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} = \text{out}\,(1 - \text{out}),
# \qquad dz = \text{dout} \cdot \text{out}\,(1 - \text{out}).$$
#
# Then the weighted sum: $\partial z/\partial w_d = x_d$, $\;\partial z/\partial x_d = w_d$,
# $\;\partial z/\partial b = 1$. Each of them times $dz$ is the answer.
#
# `dout` is a number. Return `(dx, dw, db)`: shapes (D,), (D,) and a number. The form with `out` is
# not only shorter: it stays finite where $e^{-z}$ does not.
#
# <details><summary>Hint 1</summary>
#
# Compute `dz` first; all three answers are one multiplication away from it.
# </details>
# <details><summary>Hint 2</summary>
#
# The slope along $w_d$ is the *other* factor of the product $x_d w_d$. Did you keep both `x` and
# `w` in the cache?
# </details>

# %% tags=["exercise"]
def neuron_backward(dout, cache):
    """Backpropagate through a sigmoid neuron.

    Parameters
    ----------
    dout : float
        Derivative of the loss with respect to the neuron's output.
    cache
        From `neuron_forward`.

    Returns
    -------
    dx : array, shape (D,)
    dw : array, shape (D,)
    db : float
    """
    ### BEGIN SOLUTION
    x, w, out = cache
    dz = dout * out * (1.0 - out)
    dx = dz * w
    dw = dz * x
    db = dz
    return dx, dw, db
    ### END SOLUTION

# %% tags=["check"]
check("neuron_backward", neuron_backward)

# %% [markdown]
# Let the slow referee speak too. `slope` nudges one entry of an array and measures what happens to
# a number; the rest of the chapter uses it again and again.

# %% tags=["experiment"]
def slope(f, array, index, h=1e-5):
    """Return d f() / d array[index] by nudging that entry up and down."""
    before = array[index]
    array[index] = before + h
    up = f()
    array[index] = before - h
    down = f()
    array[index] = before
    return (up - down) / (2 * h)


x, w, bias = np.array([1.0, -2.0, 0.5]), np.array([0.8, 0.3, -1.5]), 0.4
out, cache = neuron_forward(x, w, bias)
dx, dw, db = neuron_backward(1.0, cache)
for d in range(3):
    nudged = slope(lambda: neuron_forward(x, w, bias)[0], w, d)
    print(f"dw[{d}]  yours {dw[d]:+.6f}   nudged {nudged:+.6f}")

# %% [markdown]
# The same six decimals, without a nudge: the formula gives the slope itself, the nudge an estimate
# of it.
