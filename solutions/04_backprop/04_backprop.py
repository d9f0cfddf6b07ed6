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
    """Draw Values at {Value: (x, y)}: data in blue, and grad on red where it is not 0."""
    axis.cla()
    axis.axis("off")
    for node, (x, y) in places.items():
        for start, number in zip(node.parents, node.local_grads):
            px, py = places[start]
            axis.annotate(
                "", (x, y), (px, py),
                arrowprops=dict(arrowstyle="->", color="0.6", lw=1.2, shrinkA=17, shrinkB=17),
            )
            if show_local:
                axis.text(px + 0.62 * (x - px), py + 0.62 * (y - py), f"{number:g}", fontsize=9,
                          ha="center", va="center", bbox=dict(fc="white", ec="none", pad=1))
        face = plots.YELLOW if node is active else "white"
        axis.text(x, y, node.label, ha="center", va="center", fontsize=12,
                  bbox=dict(boxstyle="round,pad=0.4", fc=face, ec="0.3"))
        axis.text(x, y + 0.3, f"{node.data:.4g}", ha="center", color=plots.BLUE)
        if node.grad:
            axis.text(x, y - 0.34, f"{node.grad:.4g}", ha="center", va="center", color="white",
                      bbox=dict(fc=plots.RED, ec="none", pad=1.5))
    xs, ys = np.array(list(places.values())).T
    axis.set(xlim=(xs.min() - 0.5, xs.max() + 0.5), ylim=(ys.min() - 0.6, ys.max() + 0.6))

# %% tags=["experiment"]
a, b, c = Value(2.0, label="a"), Value(3.0, label="b"), Value(-4.0, label="c")
p = a * b
q = p + c
f = q * b
p.label, q.label, f.label = "p: ×", "q: +", "f: ×"
places = {a: (0, 1.6), b: (0, 0), c: (1, 2), p: (1, 0.9), q: (2, 1.3), f: (3, 0.6)}

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
steps = [
    (None, {}), (f, {f: 1}), (f, {q: 3, b: 2}), (q, {p: 3, c: 3}), (p, {a: 9, b: 8}), (None, {}),
]
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
# On red: the gradients, from right to left. One walk gave all of $\partial f/\partial a = 9$,
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

# %% [markdown]
# ### Exercise 4.1 · Neuron forward (1 point)
# `x` and `w` have shape (D,), `b` is a number; `out` is a number. Return `(out, cache)`, where
# `cache` holds whatever your backward pass will want: no check looks inside.
#
# The result must be finite for every finite $z$: $\sigma(1000)$ is 1 and $\sigma(-1000)$ is 0.
# `np.exp(1000)` is `inf`; `1 / inf` is a good 0, `inf / inf` is `nan`. A warning about an overflow
# costs no points, but look for what caused it.
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

# %% [markdown]
# ## Let the graph do the walking
#
# Working backwards by hand was mechanical, so a function can do it for *every* graph. Given the
# root:
#
# 1. the root's `grad` becomes 1;
# 2. each value adds `grad * local_grad` to the `grad` of each parent;
# 3. a value takes its turn only when **all its children have had theirs**.
#
# The third point is where the work is. Suppose $b$ above had been made from a value $t$ as
# $b = 3t$. Had $b$ taken its turn after its first share, the 2, it would have handed $3 \cdot 2$
# down to $t$ instead of $3 \cdot 8$.

# %% [markdown]
# An order in which every value stands behind all its parents is called *topological*. Walk it
# from its end and the third point always holds. A depth-first search finds it: to visit a value,
# stop if it was visited before, else visit its parents, and then append the value itself to a
# list.

# %% [markdown]
# ### Exercise 4.3 · Backward through a graph (3 points)
# Write `backward(root)`. Afterwards the `grad` of the root is 1.0 and that of every other value it
# was made from is $\partial\,\text{root} / \partial(\text{value})$. Nothing is returned; `data`
# stays as it is.
#
# - A value may have many children: its gradient is the sum over all of them.
# - A value may be a parent twice (`x * x` has the parents `(x, x)`): both arrows count.
# - Forty diamonds in a row have $2^{40}$ paths. Visit values, never paths.
# - A root without parents is a graph too.
# - Chains are up to 500 values long: a recursive visit is fine.
#
# To try it before the check: `a`, `b`, `c` and `f` from above must get 9, 8, 3 and 1; and `x * x`
# at `x = Value(2.0)` must give `x.grad` 4.
#
# <details><summary>Hint 1</summary>
#
# Two separate jobs: first make the list in topological order, then go through it from its end and
# hand out shares with `+=`.
# </details>
# <details><summary>Hint 2</summary>
#
# A function inside the function can visit a value: return if it is in the set `seen`; add it to
# `seen`; visit each of its `parents`; append it to `order`.
# </details>
# <details><summary>Hint 3</summary>
#
# `for node in reversed(order):` and inside it
# `for parent, local in zip(node.parents, node.local_grads):`. What goes into `parent.grad`?
# </details>

# %% tags=["exercise"]
def backward(root):
    """Fill in the gradients of a scalar graph.

    Parameters
    ----------
    root : Value
        The end of the graph. Every value has `data`, `parents`, `local_grads` (one number for
        each parent) and `grad`, which is 0.0 before the call.
    """
    ### BEGIN SOLUTION
    order, seen = [], set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for parent in node.parents:
            visit(parent)
        order.append(node)  # all its parents stand before it now

    visit(root)
    root.grad = 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += local * node.grad
    ### END SOLUTION

# %% tags=["check"]
check("backward", backward)

# %% [markdown]
# Your function now takes the sigmoid neuron apart into eight operations. A new operation is one
# line: its number, its parent, its local gradient.

# %% tags=["experiment"]
def exp(v):
    return Value(np.exp(v.data), (v,), (np.exp(v.data),), "exp")


def inverse(v):
    return Value(1 / v.data, (v,), (-1 / v.data**2,), "1/·")


x0, w0 = Value(1.0, label="x0"), Value(1.5, label="w0")
x1, w1 = Value(-2.0, label="x1"), Value(1.0, label="w1")
bias, minus, one = Value(1.0, label="b"), Value(-1.0, label="−1"), Value(1.0, label="1")
p0, p1 = x0 * w0, x1 * w1
total = p0 + p1
z = total + bias
negative = z * minus
power = exp(negative)
below = power + one
neuron = inverse(below)
backward(neuron)

# %% tags=["experiment"]
places = {
    x0: (0, 4), w0: (0, 3), x1: (0, 2), w1: (0, 1), bias: (2, 1.4), p0: (1, 3.5), p1: (1, 1.5),
    total: (2, 2.5), z: (3, 2.5), minus: (3, 1.4), negative: (4, 2.5), power: (5, 2.5),
    one: (5, 1.4), below: (6, 2.5), neuron: (7, 2.5),
}
figure, axis = plt.subplots(figsize=(9.5, 4.6))
draw_graph(places, axis)
axis.set_title("From z to the end, four slopes multiply to 0.235 = out (1 − out)")
plt.show()

out, cache = neuron_forward(np.array([1.0, -2.0]), np.array([1.5, 1.0]), 1.0)
dx, dw, db = neuron_backward(1.0, cache)
print(f"your neuron: out {out:.4f}, dx {dx.round(4)}, dw {dw.round(4)}, db {db:.4f}")

# %% [markdown]
# The numbers on red under `x0`, `w0`, `x1`, `w1` and `b` are those that your hand-made backward
# pass prints below: the two agree. Even the constants −1 and 1 get a gradient; nobody asks for it.

# %% tags=["experiment"]
start = Value(1.0)
y = start
for _ in range(40):
    y = y + y
backward(y)
print(f"40 doublings: gradient {start.grad:,.0f}, one for each path, with 41 values visited")

# %% [markdown]
# A trillion paths, 41 visits. That is why backpropagation is cheap: each arrow is used **once**,
# and an arrow costs one multiplication. The forward pass used each arrow once as well, so the
# backward pass costs a small constant times the forward pass, whatever the number of weights.

# %% [markdown]
# ## From numbers to arrays: the affine layer
#
# One value for each number would be slow: a network on a thousand images has millions of them. So
# we group them: a *layer* takes whole arrays forward and whole arrays of gradients back.
#
# The affine layer computes `out = x @ w + b` for N examples at once. Entry by entry:
#
# $$\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m.$$

# %% [markdown]
# ### Exercise 4.4 · Affine forward (1 point)
# `x` has shape (N, d1, ..., dk), for example (N, 8, 8) or (N, 32, 32, 3): each example is laid out
# as one row of $D = d_1 \cdots d_k$ numbers, in NumPy's own order. `w` has shape (D, M), `b` (M,).
# Return `(out, cache)` with `out` of shape (N, M). `x` itself keeps its shape.
#
# <details><summary>Hint 1</summary>
#
# `x.reshape(N, -1)` lays each example out as a row; `-1` lets NumPy work out D.
# </details>

# %% tags=["exercise"]
def affine_forward(x, w, b):
    """Compute an affine (fully connected) layer.

    Parameters
    ----------
    x : array, shape (N, d1, ..., dk)
        N examples; d1 * ... * dk = D.
    w : array, shape (D, M)
    b : array, shape (M,)

    Returns
    -------
    out : array, shape (N, M)
    cache
        Whatever `affine_backward` needs.
    """
    ### BEGIN SOLUTION
    rows = x.reshape(x.shape[0], -1)  # (N, D)
    out = rows @ w + b
    return out, (x, w)
    ### END SOLUTION

# %% tags=["check"]
check("affine_forward", affine_forward)

# %% [markdown]
# Which outputs does each input reach?
#
# - $w_{dm}$ reaches column $m$ of `out`, **in every row** $n$, each time with the slope $x_{nd}$.
#   Add over the paths: $\;dw_{dm} = \sum_n x_{nd}\, \text{dout}_{nm}$.
# - $x_{nd}$ reaches all of row $n$, with the slopes $w_{dm}$:
#   $\;dx_{nd} = \sum_m \text{dout}_{nm}\, w_{dm}$.
# - $b_m$ reaches column $m$ in every row, with the slope 1:
#   $\;db_m = \sum_n \text{dout}_{nm}$.
#
# Each sum over an index that two factors share is a matrix product, and the shapes leave only one
# way to write it. The picture has N = 6, D = 4, M = 3.

# %% tags=["experiment"]
figure, axis = plt.subplots(figsize=(8, 2.9))
N, D, M = 6, 4, 3
blocks = [
    ("dx", N, D, 0, plots.SKY), ("dout", N, M, 6, plots.YELLOW), ("wᵀ", M, D, 11, plots.ORANGE),
    ("dw", D, M, 19, plots.ORANGE), ("xᵀ", D, N, 24, plots.SKY), ("dout", N, M, 32, plots.YELLOW),
]
for name, height, width, left, colour in blocks:
    axis.add_patch(plt.Rectangle((left, -height / 2), width, height, fc=colour, ec="0.3"))
    axis.text(left + width / 2, 0, name, ha="center", va="center", fontsize=13)
    axis.text(left + width / 2, -height / 2 - 0.7, f"({height}, {width})", ha="center", fontsize=9)
for left, sign in [(5, "="), (10, "@"), (23, "="), (31, "@")]:
    axis.text(left, 0, sign, ha="center", va="center", fontsize=16)
axis.set(xlim=(-1, 36), ylim=(-4.6, 3.6), aspect="equal")
axis.axis("off")
axis.set_title("The shapes leave one way to multiply")
plt.show()

# %% [markdown]
# The inner sizes must meet and the outer ones must give the variable's own shape. When you forget
# a formula, write down the shapes.

# %% [markdown]
# ### Exercise 4.5 · Affine backward (3 points)
# `dout` has shape (N, M). Return `(dx, dw, db)` in the shapes of `x`, `w` and `b`; in particular
# `dx` has the shape (N, d1, ..., dk) that `x` came in, not (N, D).
#
# <details><summary>Hint 1</summary>
#
# `dw` needs the inputs as rows again, (N, D), and their transpose. `dx` comes out as (N, D):
# reshape it at the end.
# </details>
# <details><summary>Hint 2</summary>
#
# `db` adds the rows of `dout`. Sums, not means: the division by N happens once, in the loss.
# </details>

# %% tags=["exercise"]
def affine_backward(dout, cache):
    """Backpropagate through an affine layer.

    Parameters
    ----------
    dout : array, shape (N, M)
    cache
        From `affine_forward`.

    Returns
    -------
    dx : array, shape (N, d1, ..., dk)
    dw : array, shape (D, M)
    db : array, shape (M,)
    """
    ### BEGIN SOLUTION
    x, w = cache
    rows = x.reshape(x.shape[0], -1)  # (N, D)
    dx = (dout @ w.T).reshape(x.shape)
    dw = rows.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
    ### END SOLUTION

# %% tags=["check"]
check("affine_backward", affine_backward)

# %% [markdown]
# To put an array-valued layer before the referee, make one number of its output: multiply by a
# fixed `dout` and add up. The gradient of that number is what `affine_backward(dout, cache)`
# returns.

# %% tags=["experiment"]
rng = np.random.default_rng(4)
x, w, b = rng.normal(size=(6, 2, 2)), rng.normal(size=(4, 3)), rng.normal(size=3)
dout = rng.normal(size=(6, 3))
grads = affine_backward(dout, affine_forward(x, w, b)[1])

for name, array, grad in zip(("dx", "dw", "db"), (x, w, b), grads):
    def number():
        return np.sum(affine_forward(x, w, b)[0] * dout)

    nudged = np.array([slope(number, array, i) for i in np.ndindex(array.shape)])
    worst = np.abs(nudged.reshape(array.shape) - grad).max()
    print(f"{name} {grad.shape}: all {grad.size} entries agree to 1e-8: {worst < 1e-8}")

# %% [markdown]
# ## ReLU: a gate for numbers, then for gradients
#
# Two affine layers in a row are only one affine layer: $(xW_1)W_2 = x(W_1W_2)$. Between them stands
# something that bends. The rectified linear unit, entry by entry, is $\text{out} = \max(0, x)$.
#
# Its local gradient is 1 where $x > 0$ and 0 where $x < 0$. So a gradient either passes unchanged
# or stops, and what decides is the sign of the *input* on the way forward, not the sign of `dout`.

# %% [markdown]
# ### Exercise 4.6 · ReLU forward (1 point)
# `x` has any shape. Return `(out, cache)`; `x` itself must not change.
#
# <details><summary>Hint 1</summary>
#
# `np.maximum(a, b)` compares entry by entry; `np.max` does something else.
# </details>

# %% tags=["exercise"]
def relu_forward(x):
    """Compute max(0, x), entry by entry.

    Parameters
    ----------
    x : array, any shape

    Returns
    -------
    out : array, the shape of x
    cache
        Whatever `relu_backward` needs.
    """
    ### BEGIN SOLUTION
    out = np.maximum(x, 0.0)
    return out, x
    ### END SOLUTION

# %% tags=["check"]
check("relu_forward", relu_forward)

# %% [markdown]
# ### Exercise 4.7 · ReLU backward (1 point)
# Return `dx` in the shape of `dout`. What you give exactly at $x = 0$ does not matter. `dout` must
# not change: another layer may still need it.
#
# <details><summary>Hint 1</summary>
#
# A comparison such as `x > 0` gives an array of truth values; multiplied by numbers it acts as 1
# and 0.
# </details>

# %% tags=["exercise"]
def relu_backward(dout, cache):
    """Backpropagate through a ReLU.

    Parameters
    ----------
    dout : array, any shape
    cache
        From `relu_forward`.

    Returns
    -------
    dx : array, the shape of dout
    """
    ### BEGIN SOLUTION
    x = cache
    dx = dout * (x > 0)
    return dx
    ### END SOLUTION

# %% tags=["check"]
check("relu_backward", relu_backward)

# %% [markdown]
# Both of your functions at work on 20 numbers:

# %% tags=["experiment"]
rng = np.random.default_rng(7)
x, dout = rng.choice([-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2], size=(2, 4, 5))
out, cache = relu_forward(x)
dx = relu_backward(dout, cache)

figure, axes = plt.subplots(1, 4, figsize=(9.5, 2.4))
for axis, name, array in zip(axes, ("x", "out", "dout", "dx"), (x, out, dout, dx)):
    axis.imshow(array, cmap="PuOr", vmin=-3, vmax=3)
    for (row, column), value in np.ndenumerate(array):
        axis.text(column, row, f"{value + 0:g}", ha="center", va="center")
    axis.set_title(name, loc="center")
    axis.axis("off")
figure.suptitle("dx is 0 exactly where out is 0", x=0.01, ha="left", weight="bold", fontsize=11)
plt.show()

# %% [markdown]
# Compare the second picture with the fourth: same zeros. Negative gradients pass as well as
# positive ones, where the gate is open.

# %% [markdown]
# ## Where the gradient starts: the loss
#
# In chapter 3 a loss took `W` and `X`. Now it is a layer like the others: it takes the **scores**,
# whoever made them, and returns the loss with `dscores`, the first `dout` of the walk back.
#
# For one example with scores $s$ and true class $y$, the softmax loss is
#
# $$L = -\ln \frac{e^{s_y}}{\sum_j e^{s_j}} = \ln \sum_j e^{s_j} - s_y, \qquad
# \frac{\partial L}{\partial s_j} = p_j - [j = y], \quad p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}.$$
#
# The loss of a batch is the **mean** over its N examples, so every gradient is divided by N.

# %% [markdown]
# Scores of ±1000 overflow `exp`. Subtract each row's largest score first: it cancels in $p$, and
# $L$ keeps its value as long as the logarithm is taken of the sum, not of a $p_y$ that may have
# become 0.

# %% [markdown]
# ### Exercise 4.8 · Softmax loss on scores (2 points)
# `scores` (N, C), `y` (N,) integers. Return `(loss, dscores)`: a number, and an array of shape
# (N, C). Both must be finite and right at scores of ±1000: an example whose true class is 2000
# behind has a loss of 2000.
#
# <details><summary>Hint 1</summary>
#
# With `s = scores - scores.max(axis=1, keepdims=True)` the loss of row n is
# `log(sum(exp(s[n]))) - s[n, y[n]]`.
# </details>
# <details><summary>Hint 2</summary>
#
# `array[np.arange(N), y]` picks one entry of each row, and can be assigned to.
# </details>
# <details><summary>Hint 3</summary>
#
# `dscores` is a copy of the probabilities with 1 taken off at the true classes, divided by N.
# </details>

# %% tags=["exercise"]
def softmax_loss(scores, y):
    """Compute the softmax (cross-entropy) loss and its gradient.

    Parameters
    ----------
    scores : array, shape (N, C)
    y : array of int, shape (N,)
        True classes, 0 <= y < C.

    Returns
    -------
    loss : float
        Mean over the N examples, natural logarithm.
    dscores : array, shape (N, C)
    """
    ### BEGIN SOLUTION
    N = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C), nothing above 0
    powers = np.exp(shifted)
    total = powers.sum(axis=1, keepdims=True)  # (N, 1), at least 1
    right = shifted[np.arange(N), y]  # (N,)
    loss = np.mean(np.log(total[:, 0]) - right)
    dscores = powers / total
    dscores[np.arange(N), y] -= 1.0
    dscores /= N
    return loss, dscores
    ### END SOLUTION

# %% tags=["check"]
check("softmax_loss", softmax_loss)

# %% [markdown]
# ### Exercise 4.9 · Hinge loss on scores (2 points)
# The multiclass SVM loss asks every wrong class to stay at least 1 below the true one:
#
# $$L = \sum_{j \ne y} \max(0,\; s_j - s_y + 1).$$
#
# A wrong class that breaks its margin has slope $+1$ along its own score and adds $-1$ to the
# slope along $s_y$. So $\partial L/\partial s_y$ is minus the **number** of broken margins. Again
# the loss of a batch is the mean over its examples.
#
# Return `(loss, dscores)` as before. The true class itself is not in the sum.
#
# <details><summary>Hint 1</summary>
#
# All margins at once: `scores - true[:, None] + 1`, where `true` (N,) holds each row's true score;
# then the true classes' own entries must be set to 0.
# </details>
# <details><summary>Hint 2</summary>
#
# Start the gradient as 1 where a margin is positive and 0 elsewhere; then put minus the row's count
# at the true class; then divide by N.
# </details>

# %% tags=["exercise"]
def svm_loss(scores, y):
    """Compute the multiclass hinge loss (margin 1) and its gradient.

    Parameters
    ----------
    scores : array, shape (N, C)
    y : array of int, shape (N,)

    Returns
    -------
    loss : float
        Mean over the N examples.
    dscores : array, shape (N, C)
    """
    ### BEGIN SOLUTION
    N = len(y)
    rows = np.arange(N)
    margins = np.maximum(0.0, scores - scores[rows, y][:, None] + 1.0)  # (N, C)
    margins[rows, y] = 0.0
    loss = margins.sum() / N
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -dscores.sum(axis=1)
    dscores /= N
    return loss, dscores
    ### END SOLUTION

# %% tags=["check"]
check("svm_loss", svm_loss)

# %% [markdown]
# Both of your losses on one example with four scores; class 0 is the true one:

# %% tags=["experiment"]
scores, y = np.array([[2.0, 1.6, -1.0, 0.5]]), np.array([0])
places = np.arange(4)
plt.bar(places - 0.2, softmax_loss(scores, y)[1][0], 0.38, color=plots.BLUE, label="softmax")
plt.bar(places + 0.2, svm_loss(scores, y)[1][0], 0.38, color=plots.ORANGE, label="hinge")
plt.axhline(0, color="0.3", lw=0.8)
names = [f"class {j}\nscore {s:g}" for j, s in enumerate(scores[0])]
plt.xticks(places, names)
plt.ylabel("slope of the loss along the score")
plt.title("Softmax pulls on every class, the hinge only on broken margins")
plt.legend()
plt.show()
for name, loss in (("softmax", softmax_loss), ("hinge", svm_loss)):
    print(f"{name}: the slopes add up to 0: {abs(loss(scores, y)[1].sum()) < 1e-12}")

# %% [markdown]
# Class 1 is only 0.4 behind it, so both losses want it lower; classes 2
# and 3 are far enough behind for the hinge, which leaves them alone, while softmax still presses a
# little. In each row the slopes add up to 0: raising *all* scores by the same amount changes
# neither loss.

# %% [markdown]
# ## A network out of your layers
#
# Put the parts in a row:
#
# $$X \xrightarrow{\;W_1,\, b_1\;} a \xrightarrow{\;\text{ReLU}\;} h
#   \xrightarrow{\;W_2,\, b_2\;} \text{scores} \xrightarrow{\;y\;} \text{loss}$$
#
# Backwards the same functions appear in the opposite order, each fed with what the one after it
# returned: `softmax_loss` gives `dscores`; `affine_backward` turns it into `dh`, `dW2`, `db2`;
# `relu_backward` turns `dh` into `da`; `affine_backward` turns `da` into `dX`, `dW1`, `db1`.
#
# The penalty $\tfrac12\,\text{reg}\,(\sum W_1^2 + \sum W_2^2)$ is a second way from the weights to
# the loss. Paths add: each `dW` gets $\text{reg} \cdot W$ on top. Biases are not penalised.

# %% [markdown]
# ### Exercise 4.10 · Two-layer network (3 points)
# `params` is a dict with `W1` (D, H), `b1` (H,), `W2` (H, C), `b2` (C,); `X` is (N, D), `y` (N,),
# `reg` a number. Return `(loss, grads)`; `grads` is a dict with the same keys and shapes. Leave
# `params` and its arrays as they are.
#
# Use the functions you have: there is no new calculus here, only order.
#
# <details><summary>Hint 1</summary>
#
# Each forward call returns its own cache. Keep all three under different names, and give each
# backward call the cache of *its* forward call.
# </details>
# <details><summary>Hint 2</summary>
#
# The penalty enters twice: in the loss with the factor 1/2, in `grads["W1"]` and `grads["W2"]`
# without it.
# </details>

# %% tags=["exercise"]
def two_layer_loss(params, X, y, reg):
    """Compute loss and gradients of affine - ReLU - affine - softmax.

    Parameters
    ----------
    params : dict
        W1 (D, H), b1 (H,), W2 (H, C), b2 (C,).
    X : array, shape (N, D)
    y : array of int, shape (N,)
    reg : float
        Strength of the penalty 0.5 * reg * (sum(W1**2) + sum(W2**2)).

    Returns
    -------
    loss : float
    grads : dict
        The gradient of each parameter, under its name.
    """
    ### BEGIN SOLUTION
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    a, first = affine_forward(X, W1, b1)  # (N, H)
    h, gate = relu_forward(a)  # (N, H)
    scores, second = affine_forward(h, W2, b2)  # (N, C)
    loss, dscores = softmax_loss(scores, y)
    loss = loss + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))

    dh, dW2, db2 = affine_backward(dscores, second)
    da = relu_backward(dh, gate)
    _, dW1, db1 = affine_backward(da, first)
    dW1 = dW1 + reg * W1
    dW2 = dW2 + reg * W2
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    ### END SOLUTION

# %% tags=["check"]
check("two_layer_loss", two_layer_loss)

# %% [markdown]
# Two of your own implementations can now check each other. The next cell builds the same loss out
# of `Value`s, number by number, lets your `backward` walk that graph, and compares. (NumPy arrays
# can hold `Value`s; `@` then calls their `*` and `+`.)

# %% tags=["experiment"]
def relu(v):
    return Value(max(v.data, 0.0), (v,), (float(v.data > 0),), "relu")


def log(v):
    return Value(np.log(v.data), (v,), (1 / v.data,), "ln")


def loss_of_values(params, X, y):
    hidden = np.vectorize(relu, otypes=[object])(X @ params["W1"] + params["b1"])
    scores = hidden @ params["W2"] + params["b2"]
    loss = Value(0.0)
    for n in range(len(y)):
        total = Value(0.0)
        for score in scores[n]:
            total = total + exp(score)
        loss = loss + log(total) + Value(-1.0) * scores[n, y[n]]
    return loss * Value(1 / len(y))

# %% tags=["experiment"]
def count_values(root):
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.parents)
    return len(seen)

# %% tags=["experiment"]
rng = np.random.default_rng(3)
X, y = rng.normal(size=(5, 8)), rng.integers(3, size=5)
shapes = {"W1": (8, 6), "b1": (6,), "W2": (6, 3), "b2": (3,)}
params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
loss, grads = two_layer_loss(params, X, y, reg=0.0)

wrap = np.vectorize(Value, otypes=[object])
wrapped = {name: wrap(array) for name, array in params.items()}
root = loss_of_values(wrapped, wrap(X), y)
backward(root)
for name in params:
    by_values = np.vectorize(lambda v: v.grad)(wrapped[name])
    print(f"{name}: equal to 1e-12: {np.abs(by_values - grads[name]).max() < 1e-12}")
print(f"{count_values(root):,} values; with arrays, 4 calls forward and 3 back")

# %% [markdown]
# Same numbers, two ways. The arrays do nothing that the graph of single numbers does not do; they
# do it in a few large steps, which is what computers are fast at.

# %% [markdown]
# ## Watch it bend
#
# A linear classifier cuts the plane with straight lines (chapter 2). Here are two interlocked
# half-moons, and your network with 20 hidden units on its way.

# %% tags=["experiment"]
def init_params(D, H, C, rng, scale=0.1):
    return {
        "W1": scale * rng.normal(size=(D, H)), "b1": np.zeros(H),
        "W2": scale * rng.normal(size=(H, C)), "b2": np.zeros(C),
    }


def predict(params, X):
    hidden = np.maximum(0, X @ params["W1"] + params["b1"])
    return np.argmax(hidden @ params["W2"] + params["b2"], axis=1)


def accuracy(params, X, y):
    return float(np.mean(predict(params, X) == y))


def step(params, X, y, learning_rate, reg=0.0):
    loss, grads = two_layer_loss(params, X, y, reg)
    return loss, {name: params[name] - learning_rate * grads[name] for name in params}

# %% tags=["experiment", "nbval-ignore-output"]
rng = np.random.default_rng(0)
angle = rng.uniform(0, np.pi, size=200)
upper = np.arange(200) < 100
X = np.where(upper, [np.cos(angle), np.sin(angle)], [1 - np.cos(angle), 0.4 - np.sin(angle)]).T
X, y = X + 0.12 * rng.normal(size=X.shape), (~upper).astype(int)

params, done = init_params(2, 20, 2, rng, scale=0.5), 0
figure, axis = plt.subplots(figsize=(4.8, 3.6))
schedule = [0, 1, 2, 4, 6, 8, 12, 16, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000]


def draw(i):
    global params, done
    while done < schedule[i]:
        params, done = step(params, X, y, 0.5)[1], done + 1
    axis.cla()
    plots.decision_regions(lambda points: predict(params, points), X, y, axis=axis, steps=120)
    axis.set(title=f"step {done}: {accuracy(params, X, y):.0%} right", xlabel="x1", ylabel="x2")


plots.animate(draw, len(schedule), figure=figure, seconds_per_frame=0.45)

# %% [markdown]
# At first the border is nearly straight. Then it folds: each hidden unit is a straight line across
# the plane, and where a unit switches on, the border may turn.

# %% [markdown]
# ## Overfit twenty images on purpose
#
# Before a long training, one cheap test: can the network learn 20 images by heart? If it cannot,
# something is broken, and more data will not mend it.
#
# The images are 8×8 handwritten digits, two of each class. We do it twice: with the true labels,
# and with the same labels **shuffled**, so that there is nothing to understand. What share of the
# 20 shuffled labels will the network get right after 300 steps?

# %% tags=["predict"]
my_guess = None  # a percentage, 0 to 100

# %% tags=["experiment"]
data = load("digits")
mean_image = data.X_train.mean(axis=0)  # (64,)
X_train, y_train = data.X_train - mean_image, data.y_train
X_val, y_val = data.X_val - mean_image, data.y_val

two_of_each = np.concatenate([np.flatnonzero(y_train == digit)[:2] for digit in range(10)])
X_small, y_small = X_train[two_of_each], y_train[two_of_each]
y_shuffled = np.random.default_rng(1).permutation(y_small)

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.2))
for labels, name, colour in ((y_small, "true", plots.BLUE), (y_shuffled, "shuffled", plots.ORANGE)):
    params, losses, rights = init_params(64, 50, 10, np.random.default_rng(0)), [], []
    for _ in range(300):
        rights.append(100 * accuracy(params, X_small, labels))
        loss, params = step(params, X_small, labels, 0.5)
        losses.append(loss)
    axes[0].semilogy(losses, color=colour, label=f"{name} labels")
    axes[1].plot(rights, color=colour)
    print(f"{name} labels: all 20 right from step {rights.index(100)}, loss {losses[-1]:.3f}, "
          f"{accuracy(params, X_val, y_val):.0%} right on new images")
axes[0].set(xlabel="step", ylabel="training loss (nats)", title="Both losses go to zero")
axes[1].set(xlabel="step", ylabel="training accuracy (%)", xlim=(0, 80))
axes[1].set_title("Nonsense takes longer")
axes[0].legend()
plt.show()
check_prediction(my_guess, rights[-1], unit="%")

# %% [markdown]
# All 20, both times. With 3,760 parameters for 20 images, learning by heart is easy, and the
# shuffled run is no better than chance on new images. So this test says that *gradients and
# training work*. It says nothing about whether anything was understood: only images that the
# network has not seen can say that.

# %% [markdown]
# ## Train it for real
#
# Now all training images, in mini-batches of 100. Watch three curves: the loss, the accuracy on
# the training images and the accuracy on validation images, which take no part in the training.

# %% tags=["experiment"]
def train(params, steps, learning_rate, reg, rng):
    """Mini-batch gradient descent; history has rows (step, loss, training and val. accuracy)."""
    history = []
    for number in range(1, steps + 1):
        batch = rng.choice(len(X_train), 100, replace=False)
        loss, params = step(params, X_train[batch], y_train[batch], learning_rate, reg)
        if number % 10 == 0:
            right = accuracy(params, X_train, y_train), accuracy(params, X_val, y_val)
            history.append((number, loss, *right))
    return params, np.array(history)

# %% tags=["experiment"]
trained, history = train(
    init_params(64, 36, 10, np.random.default_rng(0)), 1000, 0.3, 1e-3, np.random.default_rng(1)
)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.2))
left.plot(history[:, 0], history[:, 1], color=plots.BLUE, lw=1)
left.set(xlabel="step", ylabel="loss of the batch (nats)", ylim=(0, None))
left.set_title("The loss shakes: each batch differs")
right.plot(history[:, 0], 100 * history[:, 2], color=plots.BLUE, label="training")
right.plot(history[:, 0], 100 * history[:, 3], color=plots.ORANGE, label="validation")
right.set(xlabel="step", ylabel="accuracy (%)", ylim=(80, 100.5))
right.set_title("A gap of about 2 points remains")
right.legend(loc="lower right")
plt.show()
print(f"after 1,000 steps: training {history[-1, 2]:.1%}, validation {history[-1, 3]:.1%}")

# %% [markdown]
# The batch loss is noisy because every batch holds other images; its trend is what counts. The
# distance between the two accuracies is the part that was learned by heart.

# %% [markdown]
# ## Look at the first layer
#
# Each column of `W1` has 64 numbers, one for each pixel, so it can be drawn as an 8×8 image: the
# pattern that this hidden unit answers to. Below are 12 of the 36 units of four networks, the same
# but for their settings. Which ones are ill? Look before you read the numbers.

# %% tags=["experiment"]
settings = [
    ("healthy", 0.01, dict(learning_rate=0.5, reg=5e-3)),
    ("start too large (std 1)", 1.0, dict(learning_rate=0.03, reg=0.0)),
    ("learning rate 15", 0.1, dict(learning_rate=15.0, reg=0.0)),
    ("penalty 0.1", 0.1, dict(learning_rate=0.3, reg=0.1)),
]
for name, scale, how in settings:
    start = init_params(64, 36, 10, np.random.default_rng(0), scale=scale)
    trained, history = train(start, 1000, rng=np.random.default_rng(1), **how)
    hidden = np.maximum(0, X_train @ trained["W1"] + trained["b1"])
    dead = hidden.max(axis=0) == 0
    plots.show_weights(
        trained["W1"][:, :12], data.image_shape, columns=12, size=0.7,
        titles=["dead" if d else "" for d in dead[:12]],
        title=f"{name}: {history[-1, 3]:.0%} of validation right, {dead.sum()} of 36 units dead",
    )
    plt.show()

# %% [markdown]
# - **Healthy**: strokes and edges where the digits are, quiet at the margins, nearly all different.
# - **Start too large**: noise from corner to corner. Training hardly changes so large a start.
# - **Learning rate 15**: the first steps threw most units to where no image switches them on. Their
#   gradient is 0, so they keep whatever blot they had, for ever.
# - **Penalty 0.1**: smooth, but the same few patterns come again and again, and they are so faint
#   (each picture is rescaled) that the scores are nearly equal.

# %% [markdown]
# ## Deeper
#
# Nothing above was made for two layers. A third one is two more calls.

# %% [markdown]
# ### Exercise 4.11 · Three-layer scores (1 point)
# `params` holds `W1` (D, H1), `b1`, `W2` (H1, H2), `b2`, `W3` (H2, C), `b3`; `X` is (N, D). Return
# the scores (N, C) of affine – ReLU – affine – ReLU – affine. No loss, no gradient.
#
# <details><summary>Hint 1</summary>
#
# A ReLU stands *between* layers. Scores may well be negative: nothing follows the last affine
# layer.
# </details>

# %% tags=["exercise"]
def three_layer_scores(params, X):
    """Compute the scores of affine - ReLU - affine - ReLU - affine.

    Parameters
    ----------
    params : dict
        W1 (D, H1), b1 (H1,), W2 (H1, H2), b2 (H2,), W3 (H2, C), b3 (C,).
    X : array, shape (N, D)

    Returns
    -------
    scores : array, shape (N, C)
    """
    ### BEGIN SOLUTION
    out = X
    for layer in (1, 2, 3):
        out, _ = affine_forward(out, params[f"W{layer}"], params[f"b{layer}"])
        if layer < 3:
            out, _ = relu_forward(out)
    return out
    ### END SOLUTION

# %% tags=["check"]
check("three_layer_scores", three_layer_scores)

# %% [markdown]
# ## The gradient check, layer by layer
#
# In a deep network one wrong line spoils many gradients. Which line? Here is a network of any
# depth out of your functions, with a fault that can be planted: the ReLU behind layer `broken` is
# forgotten on the way back.

# %% tags=["experiment"]
def deep_loss(weights, X, y, broken=None):
    """Return (loss, [dW1, dW2, ...]) of a ReLU network without biases."""
    out, caches, gates = X, [], []
    for number, W in enumerate(weights, 1):
        out, cache = affine_forward(out, W, np.zeros(W.shape[1]))
        caches.append(cache)
        if number < len(weights):
            out, gate = relu_forward(out)
            gates.append(gate)
    loss, dout = softmax_loss(out, y)
    grads = []
    for number in range(len(weights), 0, -1):
        if number < len(weights) and number != broken:
            dout = relu_backward(dout, gates[number - 1])
        dout, dW, _ = affine_backward(dout, caches[number - 1])
        grads.insert(0, dW)
    return loss, grads


def deep_weights(depth, rng, std=None):
    """Return weights 64 -> 30 -> ... -> 10; std defaults to sqrt(2 / inputs)."""
    sizes = [64] + [30] * (depth - 1) + [10]
    return [(std or np.sqrt(2 / a)) * rng.normal(size=(a, b)) for a, b in zip(sizes, sizes[1:])]

# %% [markdown]
# To compare two gradients, take their **relative error**: the length of the difference, divided by
# the sum of both lengths. It is 0 when they agree and near 1 when they have nothing in common.
# Twenty entries of each weight matrix are enough.

# %% tags=["experiment"]
def relative_error(weights, layer, grads, X, y):
    """Compare 20 entries of the gradient of weights[layer] with nudges."""
    W, rng = weights[layer], np.random.default_rng(layer)
    chosen = [(rng.integers(W.shape[0]), rng.integers(W.shape[1])) for _ in range(20)]
    nudged = np.array([slope(lambda: deep_loss(weights, X, y)[0], W, i) for i in chosen])
    yours = np.array([grads[layer][i] for i in chosen])
    lengths = np.linalg.norm(nudged) + np.linalg.norm(yours)
    return np.linalg.norm(nudged - yours) / lengths

# %% tags=["experiment"]
X_ten, y_ten = X_small[::2], y_small[::2]
weights = deep_weights(6, np.random.default_rng(0))
for broken, colour, name in ((None, plots.BLUE, "correct"), (3, plots.RED, "one ReLU forgotten")):
    grads = deep_loss(weights, X_ten, y_ten, broken)[1]
    errors = [relative_error(weights, layer, grads, X_ten, y_ten) for layer in range(6)]
    plt.semilogy(range(1, 7), errors, "o-", color=colour, label=name)
    print(f"{name}: layers that fail: {[k + 1 for k in range(6) if errors[k] > 1e-5]}")
plt.xlabel("layer")
plt.ylabel("relative error of dW")
plt.title("Layers 4 to 6 pass: the fault is between layers 3 and 4")
plt.legend(loc="center right")
plt.show()

# %% [markdown]
# The gradient comes from the right. It is good until it meets the fault, and bad from there on. So
# read a gradient check **from the last layer backwards**: the first layer that fails has the fault
# just above it. Values around $10^{-9}$ are rounding; values near 1 are an error in the code.
#
# But a check can also fail although the code is right. Take networks of 1 to 10 layers, once with
# weights of a sensible size and once with small ones.

# %% tags=["experiment"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.3))
depths = range(1, 11)
for std, colour, name in ((None, plots.BLUE, "sqrt(2 / inputs)"), (0.01, plots.ORANGE, "0.01")):
    errors, lengths = [], []
    for depth in depths:
        weights = deep_weights(depth, np.random.default_rng(depth), std)
        grads = deep_loss(weights, X_ten, y_ten)[1]
        errors.append(relative_error(weights, 0, grads, X_ten, y_ten))
        lengths.append(np.linalg.norm(grads[0]))
    left.semilogy(depths, errors, "o-", color=colour)
    right.semilogy(depths, lengths, "o-", color=colour, label=f"std of weights {name}")
left.set(xlabel="layers", ylabel="relative error of dW1")
left.set_title("Small weights: the check fails with depth")
right.set(xlabel="layers", ylabel="length of dW1")
right.set_title("… because the gradient vanishes")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# The code is the same in both. With small weights each layer shrinks the gradient: with eight
# layers all of `dW1` together is shorter than $10^{-10}$. The loss is about 2.3 and has 16 digits,
# so a nudge of $10^{-5}$ cannot see a slope below about
# $2.3 \cdot 10^{-16} / 10^{-5} \approx 2 \cdot 10^{-11}$. Here the *nudge* is wrong and the formula
# right.
#
# Why depth does this to gradients, and which start prevents it, is the matter of chapter 6.

# %% [markdown]
# ## Often said, and wrong
#
# Three sayings, each put to the test with your `two_layer_loss`.
#
# **"The loss does not move, so nothing is being learned."** Accuracy asks only which score is
# largest; the loss asks by how much. Start with a small `W2` and look at the first steps.

# %% tags=["experiment"]
params = init_params(64, 50, 10, np.random.default_rng(0))
params["W2"] *= 0.01
print("step   loss   accuracy")
for number in range(9):
    right = accuracy(params, X_train, y_train)
    loss, params = step(params, X_train, y_train, 0.1)
    if number % 4 == 0:
        print(f"{number:4d}  {loss:.2f}     {right:.0%}")

# %% [markdown]
# The loss went down by one part in a hundred, and most images are now on the right side: the scores
# are still tiny, but their order is good.
#
# **"100 % on the training images means overfitting."** Only a *gap* means that. Make a problem so
# easy that both accuracies are 1: telling zeros from ones.

# %% tags=["experiment"]
easy_train, easy_val = y_train < 2, y_val < 2
params = init_params(64, 20, 2, np.random.default_rng(0))
for _ in range(200):
    params = step(params, X_train[easy_train], y_train[easy_train], 0.5)[1]
print(f"training   {accuracy(params, X_train[easy_train], y_train[easy_train]):.1%}")
print(f"validation {accuracy(params, X_val[easy_val], y_val[easy_val]):.1%}")

# %% [markdown]
# **"Backpropagation is how a network learns."** It only finds the gradient. What is done with the
# gradient is another choice (chapter 8), and the same gradient can make the loss better or worse:

# %% tags=["experiment"]
params = init_params(64, 20, 10, np.random.default_rng(0), scale=0.3)
loss, grads = two_layer_loss(params, X_train, y_train, 0.0)
print(f"before      loss {loss:.2f}")
for learning_rate in (0.01, 0.3, 30.0):
    moved = {name: params[name] - learning_rate * grads[name] for name in params}
    after = two_layer_loss(moved, X_train, y_train, 0.0)[0]
    print(f"step {learning_rate:5.2f}  loss {after:.2f}  {'better' if after < loss else 'worse'}")

# %% [markdown]
# One gradient, three steps: a little better, better, far worse.

# %% [markdown]
# ## In your own words
#
# ### Question 1 · All weights zero
# Somebody starts `two_layer_loss` with `W1`, `b1`, `W2` and `b2` all exactly 0, and takes ReLU's
# slope at 0 to be 0. Which of the four gradients are 0 in the first step? Can the network ever
# learn more than one constant score for each class? Argue with the backward pass, line by line.

# %% [markdown] name="all_zero" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** Forward: $a = 0$, $h = 0$, all scores are 0, so `dscores` is $p - 1$ or $p$
# over N with $p = 1/C$: not 0. `db2` is its column sum: not 0 (unless all classes are equally
# frequent). `dW2 = h.T @ dscores = 0` because $h = 0$. `dh = dscores @ W2.T = 0` because $W_2 =
# 0$, so `da`, `dW1` and `db1` are 0. After the step only `b2` has changed; $h$ and $W_2$ are still
# 0, and the same argument holds in every later step. The network learns the class frequencies,
# through `b2`, and nothing of the images.
#
# **Rubric.** (1) `dW2` is 0 because of $h$; (2) `dW1` and `db1` are 0 because of $W_2$; (3) only
# `db2` is not 0; (4) so it stays for ever: one constant score for each class.
# ### END SOLUTION

# %% [markdown]
# ### Question 2 · A dead unit
# A hidden unit's $a$ is negative for every training image. What are the gradients of its column of
# `W1`, its entry of `b1` and its row of `W2`? Can gradient descent with `reg = 0` bring it back?
# What changes with `reg > 0`?

# %% [markdown] name="dead_unit" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** $h = 0$ for this unit on all images, so its row of `dW2` is $h^T \text{dscores}
# = 0$. Its gate is shut for all images, so its column of `da` is 0, and with it its column of
# `dW1` and its entry of `db1`. Nothing that belongs to the unit moves: with `reg = 0` it stays
# dead. The inputs are fixed images, so no other layer can change its $a$ either (in a deeper layer
# the inputs could change and wake it up). With `reg > 0` the penalty alone moves it: its column of
# `W1` shrinks towards 0, while `b1` keeps its value. It wakes up only if $b_1 > 0$: then $a \to
# b_1 > 0$. With $b_1 < 0$ it stays dead.
#
# **Rubric.** (1) all three gradients are 0, with the reason; (2) it cannot come back with `reg =
# 0`; (3) the penalty shrinks its weights and leaves `b1`; (4) a word on the sign of `b1`, or on
# layers above the first.
# ### END SOLUTION

# %% [markdown]
# ### Question 3 · Twenty images will not be learned
# A colleague's network reaches 35 % on 20 training images after 2,000 steps and stays there. Name
# four different things to look at, in an order that makes sense, and say what each would show.

# %% [markdown] name="will_not_overfit" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** (1) The loss at the start: near $\ln C$ with small weights? If not, loss or
# labels are wrong. (2) A gradient check at the start, read from the last layer backwards: the
# first layer that fails has the fault above it. (3) The learning rate: try a few powers of ten. A
# curve that creeps means too low; one that jumps, or many dead units, too high. (4) Penalty and
# other brakes: set `reg = 0`. (5) The data: are images and labels still paired after shuffling,
# are the images scaled and not all the same?
#
# **Rubric.** Four different causes, at least one each from: code (gradient check), setting
# (learning rate, `reg`, size of the start), data (pairing, scaling); for each, what would be seen;
# cheap tests before dear ones.
# ### END SOLUTION

# %% [markdown]
# ## Summary
#
# - A calculation is a graph of small steps. Each step knows its local gradients; **multiply along
#   a path, add over paths**.
# - Walk the graph once, from the loss backwards, each value after all its children: every gradient
#   for a small constant times the cost of the forward pass.
# - In layers: `dw = x.T @ dout`, `dx = dout @ w.T`, `db` the sum over rows; ReLU is a gate set by
#   the input; softmax starts the walk with $(p - \text{one-hot})/N$. Shapes leave little room for
#   error.
# - A fault shows in every layer below it. Learning 20 images by heart tests the machinery, unseen
#   images test the learning, and pictures of the first layer show its state of health.

# %% [markdown]
# ## Where to read on
#
# - CS231n notes, [Backpropagation, intuitions](https://cs231n.github.io/optimization-2/) and
#   [Neural networks, part 1](https://cs231n.github.io/neural-networks-1/); on gradient checks,
#   [part 3](https://cs231n.github.io/neural-networks-3/).
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams: *Learning representations by back-propagating
#   errors*. Nature 323, 1986.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind: *Automatic differentiation in
#   machine learning: a survey*. Journal of Machine Learning Research 18, 2018.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals: *Understanding deep learning requires
#   rethinking generalization*. ICLR 2017 (shuffled labels, on a large scale).
#
# Next: chapter 5 asks what else could stand where the ReLU stands.
