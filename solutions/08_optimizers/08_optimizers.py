# %% [markdown]
# # 8 · Optimizers
#
# **The question.** Backpropagation says, for each weight, which way is downhill. It does not say
# how far to go. The same network, the same images, the same start, the same learning rate of 0.001:
# after 150 steps one rule has a loss of 2.3, as good as guessing, and another 0.005. What else,
# beside the gradient, goes into a step?
#
# **You build** seven update rules, from plain gradient descent to AdamW; four schedules that lower
# the learning rate as training goes on; and Newton's step, to see what it costs.
#
# **Before this**: training loops (chapter 2), gradients of a network (chapter 4).
#
# **Time** 90 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("08_optimizers")
plots.use_course_style()

# %% [markdown]
# ## A long valley
#
# Two weights, and a loss that can be drawn:
#
# $$f(x, y) = \frac{x^2}{20} + y^2, \qquad
#   \nabla f = \left(\frac{x}{10},\; 2y\right).$$
#
# The second derivatives, the *curvatures*, are 1/10 along $x$ and 2 along $y$: the valley is 20
# times as steep across as along. Every walk in this chapter starts at $(-7, 2)$; the lowest point
# is $(0, 0)$.

# %% tags=["experiment"]
CURVATURE = np.array([0.1, 2.0])
START = np.array([-7.0, 2.0])


def valley(w):
    """Return the loss at w, shape (..., 2)."""
    return 0.5 * (CURVATURE * w**2).sum(axis=-1)


def slope(w):
    """Return the gradient of `valley` at w."""
    return CURVATURE * w


def draw_valley(axis, width=9.0, height=3.0, **how):
    """Draw lines of equal loss, and a star at the lowest point."""
    x, y = np.meshgrid(np.linspace(-width, width, 121), np.linspace(-height, height, 61))
    levels = [0.02, 0.2, 0.7, 1.5, 2.7, 4.2, 6.5, 9.5, 13]
    axis.contour(x, y, valley(np.stack([x, y], -1)), levels=levels, colors="0.75", linewidths=0.8,
                 **how)
    axis.plot(0, 0, "*", color=plots.BLACK, ms=10)
    axis.set(xlabel="x", ylabel="y", xlim=(-width, width), ylim=(-height, height), aspect="equal")
    axis.grid(False)

# %% tags=["experiment"]
figure, axis = plt.subplots(figsize=(7, 3))
draw_valley(axis)
for x in (-7, -3.5, 3.5, 7):
    for y in (-2, -1, 1, 2):
        dx, dy = -0.3 * slope(np.array([x, y]))
        axis.annotate("", (x + dx, y + dy), (x, y), arrowprops=dict(arrowstyle="->", color="0.5"))
downhill = -slope(START)
axis.annotate("", START + 0.3 * downhill, START,
              arrowprops=dict(arrowstyle="->", color=plots.RED, lw=2.5))
axis.plot(*START, "o", color=plots.RED)
axis.set_title("Downhill is across the valley, not along it")
plt.show()
cosine = downhill @ -START / np.linalg.norm(downhill) / np.linalg.norm(START)
print(f"angle between downhill and the way to the star: {np.degrees(np.arccos(cosine)):.0f}°")

# %% [markdown]
# From the start, the red arrow points 64° away from the star. Near the valley floor the arrows turn
# and become short: the floor is nearly flat.

# %% [markdown]
# ## Gradient descent, as a function
#
# An update rule is a function of one parameter array, its gradient, and a dict `config`:
#
# $$\texttt{next\_w, config = rule(w, dw, config)}$$
#
# `config` holds the settings, such as `learning_rate`, and whatever the rule wants to remember
# until its next step. A setting that is not there takes its default:
# `config.get("momentum", 0.9)` is the entry, or 0.9 if there is none. A training loop keeps **one
# dict for each parameter** and hands the returned one back in the next step:
#
# ```
# params[name], configs[name] = rule(params[name], grads[name], configs[name])
# ```
#
# You may change `config` and return it, or return a changed copy. `w` and `dw` belong to the
# caller and stay as they are: no `w -= ...`.

# %% [markdown]
# ### Exercise 8.1 · Gradient descent (1 point)
# `w` and `dw` are arrays of one shape, any shape. Return the pair `(next_w, config)` with
#
# $$w_{\text{next}} = w - \text{learning\_rate} \cdot dw.$$
#
# `learning_rate` has the default 1e-2. In this course the rule is called `sgd`, stochastic gradient
# descent, because `dw` usually comes from a mini-batch.
#
# <details><summary>Hint 1</summary>
#
# `config` may be `{}`. `config.get(name, default)` knows what to do then.
# </details>

# %% tags=["exercise"]
def sgd(w, dw, config):
    """Take a step of gradient descent.

    Parameters
    ----------
    w, dw : array, one shape
        Parameter and gradient; neither is changed.
    config : dict
        learning_rate (default 1e-2).

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        For the next step.
    """
    ### BEGIN SOLUTION
    learning_rate = config.get("learning_rate", 1e-2)
    return w - learning_rate * dw, config
    ### END SOLUTION

# %% tags=["check"]
check("sgd", sgd)

# %% [markdown]
# In the valley a step treats each coordinate by itself. With curvature $h$ the slope at $x$ is
# $h x$, so
#
# $$x_{\text{next}} = x - \text{learning\_rate} \cdot h\, x
#   = (1 - \text{learning\_rate} \cdot h)\, x.$$
#
# Each step multiplies $x$ by the same factor. If the factor lies between $-1$ and $1$, $x$ shrinks;
# outside it grows without end. The curvatures are 0.1 and 2. What is the largest learning rate that
# does not blow up? The experiment tries 0.01, 0.02, 0.03, ... for 300 steps each (it needs your
# `sgd`, as what follows does).

# %% tags=["predict"]
my_guess = None  # a learning rate

# %% tags=["experiment"]
def walk(rule, steps, start=START, gradient=slope, **settings):
    """Return the path, shape (steps + 1, ...), that a rule takes from `start`."""
    w, config, path = start, dict(settings), [start]
    for _ in range(steps):
        w, config = rule(w, gradient(w), config)
        path.append(w)
    return np.array(path)


rates = np.arange(1, 151) / 100
tame = [valley(walk(sgd, 300, learning_rate=rate)[-1]) <= valley(START) for rate in rates]
check_prediction(my_guess, rates[tame].max(), within=0.05)

# %% tags=["experiment"]
def steps_to(path, loss, goal=1e-3):
    """Return the number of steps after which the loss stays below the goal, or None."""
    above = np.flatnonzero(~(loss(path) < goal))
    return None if len(above) and above[-1] == len(path) - 1 else int(above.max(initial=-1)) + 1


figure, axes = plt.subplots(2, 2, figsize=(8.6, 4.2), sharex=True, sharey=True)
for axis, rate in zip(axes.flat, (0.05, 0.5, 0.95, 1.02)):
    path = walk(sgd, 400, learning_rate=rate)
    draw_valley(axis)
    axis.plot(*path[:41].T, ".-", color=plots.RED, lw=1, ms=4)
    needed = steps_to(path, valley)
    told = f"there after {needed} steps" if needed else "not there in 400 steps"
    axis.set_title(f"rate {rate}: {told}")
    axis.label_outer()
plt.show()

# %% [markdown]
# 40 steps of each walk; "there" means a loss below 0.001 for good. At 0.05 the walk crawls along
# the floor, at 0.95 it jumps from side to side and is quickest, at 1.02 it leaves the picture. The
# steep direction sets the limit, $2 / 2 = 1$; the flat one pays for it, with a factor of
# $1 - 0.95 \cdot 0.1 = 0.905$ in each step.
#
# A narrower valley makes it worse: the steps needed grow with the ratio of the curvatures, the
# *condition number*.

# %% [markdown]
# ## Momentum: a ball instead of a hiker
#
# A ball in the valley does not turn with every arrow. The pushes to left and right cancel each
# other; the small push along the floor is always the same and adds up. Give the parameter a
# velocity $v$, with $v = 0$ at the start:
#
# $$v = \mu\, v - \text{learning\_rate} \cdot dw, \qquad w_{\text{next}} = w + v.$$
#
# %% [markdown]
# Each step keeps the share $\mu$ of the old velocity. Without a slope, $\mu = 0.9$ loses a tenth of
# the speed a step: the friction is $1 - \mu$. On a constant slope the speed grows until a step
# loses as much as it gains, $v = \mu v - \text{learning\_rate} \cdot dw$, that is
#
# $$v = -\frac{\text{learning\_rate}}{1 - \mu}\, dw .$$
#
# With $\mu = 0.9$ that is ten steps of gradient descent in one.

# %% [markdown]
# ### Exercise 8.2 · Momentum (2 points)
# The formulas above, entry by entry. `config` holds `learning_rate` (always given), `momentum`
# (that is $\mu$, default 0.9) and `velocity` (default: zeros in the shape of `w`). Return
# `(next_w, config)`, with the new velocity in `config["velocity"]`. `w` and `dw` stay unchanged.
#
# <details><summary>Hint 1</summary>
#
# Three things happen in order: fetch the old velocity, compute the new one, store it. Then move.
# </details>
# <details><summary>Hint 2</summary>
#
# `config.get("velocity", np.zeros_like(w))` is the old velocity, also in the first step. A global
# variable would mix up the velocities of all parameters.
# </details>

# %% tags=["exercise"]
def momentum(w, dw, config):
    """Take a step of gradient descent with momentum.

    Parameters
    ----------
    w, dw : array, one shape
    config : dict
        learning_rate; momentum (default 0.9); velocity (default zeros).

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new velocity.
    """
    ### BEGIN SOLUTION
    learning_rate, mu = config["learning_rate"], config.get("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = mu * v - learning_rate * dw
    config["velocity"] = v
    return w + v, config
    ### END SOLUTION

# %% tags=["check"]
check("momentum", momentum)

# %% [markdown]
# How much does it help? Take valleys with condition numbers $\kappa$ from 1 to 3,000, curvatures 1
# and $1/\kappa$, and give each rule its best settings, which are known for a quadratic. For
# gradient descent the rate is $2/(1 + 1/\kappa)$; for momentum it is $(1 + \sqrt\mu)^2$, with
# $\mu = \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^2$.

# %% tags=["experiment"]
kappas = [1, 3, 10, 30, 100, 300, 1000, 3000]
needed = {"gradient descent": [], "momentum": []}
for kappa in kappas:
    h = np.array([1 / kappa, 1.0])
    mu = ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** 2
    best = {"gradient descent": (sgd, dict(learning_rate=2 / (1 + 1 / kappa))),
            "momentum": (momentum, dict(learning_rate=(1 + np.sqrt(mu)) ** 2, momentum=mu))}
    for name, (rule, settings) in best.items():
        path = walk(rule, 8 * kappa + 20, np.ones(2), lambda w, h=h: h * w, **settings)
        needed[name].append(steps_to(path, lambda w: np.abs(w).max(axis=-1)))
for (name, steps), colour in zip(needed.items(), (plots.RED, plots.BLUE)):
    plt.loglog(kappas, steps, "o-", color=colour, label=name)
plt.xlabel("condition number of the valley")
plt.ylabel("steps to a thousandth")
plt.title("Momentum's steps grow with the root of the condition number")
plt.legend()
plt.show()
print("at 1,000:", {name: steps[kappas.index(1000)] for name, steps in needed.items()})

# %% [markdown]
# On the logarithmic axes gradient descent climbs with slope 1, momentum with slope 1/2. At
# $\kappa = 1000$ that is some 3,500 steps against some 200. A network's valley is far narrower than
# that.

# %% [markdown]
# ## Nesterov: look where you will be
#
# Momentum will carry $w$ to about $w + \mu v$ anyway. Why ask for the slope *here*? Nesterov (1983)
# asks there:
#
# $$v = \mu\, v_{\text{prev}} - \text{learning\_rate} \cdot \nabla f(w + \mu\, v_{\text{prev}}),
# \qquad w_{\text{next}} = w + v.$$
#
# A rule of ours gets `dw` at the place where the network stands. So let the network stand on the
# look-ahead point, $\hat w = w + \mu\, v_{\text{prev}}$. Its next place is
#
# $$\hat w_{\text{next}} = w_{\text{next}} + \mu\, v = (w + v) + \mu\, v
#   = \hat w - \mu\, v_{\text{prev}} + (1 + \mu)\, v .$$
#
# Take the old look-ahead back, step, look ahead again. In code $\hat w$ is simply called `w`.

# %% [markdown]
# ### Exercise 8.3 · Nesterov's momentum (2.5 points)
# With `v_prev` the old velocity and $v = \mu\, v_{\text{prev}} - \text{learning\_rate} \cdot dw$,
# return
#
# $$w_{\text{next}} = w - \mu\, v_{\text{prev}} + (1 + \mu)\, v$$
#
# and `config` with the new velocity. Entries and defaults are those of `momentum`.
#
# <details><summary>Hint 1</summary>
#
# Both velocities are needed in the last line. Does `v_prev` still hold the old one there?
# </details>
# <details><summary>Hint 2</summary>
#
# `v = mu * v_prev - ...` makes a new array. `v = v_prev` followed by `v *= mu` changes both names'
# array.
# </details>

# %% tags=["exercise"]
def nesterov(w, dw, config):
    """Take a step of gradient descent with Nesterov's momentum.

    Parameters
    ----------
    w, dw : array, one shape
        The look-ahead point, and the gradient there.
    config : dict
        learning_rate; momentum (default 0.9); velocity (default zeros).

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new velocity.
    """
    ### BEGIN SOLUTION
    learning_rate, mu = config["learning_rate"], config.get("momentum", 0.9)
    v_prev = config.get("velocity", np.zeros_like(w))
    v = mu * v_prev - learning_rate * dw
    config["velocity"] = v
    return w - mu * v_prev + (1 + mu) * v, config
    ### END SOLUTION

# %% tags=["check"]
check("nesterov", nesterov)

# %% [markdown]
# Is it the same as the original? Walk once with the two-place formula, once with yours, and compare
# your points with $w + \mu v$. Then see what looking ahead is good for.

# %% tags=["experiment"]
w, v, ahead = START, np.zeros(2), []
for _ in range(80):
    ahead.append(w + 0.9 * v)
    v = 0.9 * v - 0.1 * slope(w + 0.9 * v)
    w = w + v
yours = walk(nesterov, 79, learning_rate=0.1)
print("largest difference below 1e-12:", bool(np.abs(yours - ahead).max() < 1e-12))

plt.figure(figsize=(7, 3))
for rule, colour in ((momentum, plots.BLUE), (nesterov, plots.GREEN)):
    path = walk(rule, 150, learning_rate=0.1)
    plt.plot(path[:, 1], color=colour, label=f"{rule.__name__}: there after "
             f"{steps_to(path, valley)} steps")
plt.axhline(0, color="0.6", lw=0.8, zorder=0)
plt.xlim(0, 80)
plt.xlabel("step")
plt.ylabel("y")
plt.title("Looking ahead brakes before the floor, not behind it")
plt.legend()
plt.show()

# %% [markdown]
# Same rate, same $\mu$. Momentum swings across the floor for 80 steps; Nesterov's swings die out
# in less than half the time, because the slope at the look-ahead point already points back.

# %% [markdown]
# ## Adagrad: a rate for each weight
#
# One learning rate for all weights must suit the steepest one. Words in a text show the trouble:
# "the" occurs in every sentence, "valley" in one of a hundred. The weight of the rare word gets a
# gradient only when the word is there, and learns a hundred times more slowly.
#
# Adagrad (Duchi, Hazan, Singer 2011) divides each weight's step by the size of the gradients that
# *this* weight has seen so far:
#
# $$\text{cache} = \text{cache} + dw^2, \qquad
#   w_{\text{next}} = w - \frac{\text{learning\_rate} \cdot dw}{\sqrt{\text{cache}} + \epsilon},$$
#
# all entry by entry, with cache 0 at the start. The small $\epsilon$ keeps a weight that has seen
# nothing but zeros from 0/0. It stands **outside** the root.

# %% [markdown]
# ### Exercise 8.4 · Adagrad (2 points)
# `config` holds `learning_rate` (always given), `epsilon` (default 1e-8) and `cache` (default
# zeros in the shape of `w`). Return `(next_w, config)` with the new cache. First the cache takes in
# the new gradient, then the step divides by its root.
#
# <details><summary>Hint 1</summary>
#
# `dw**2` and `np.sqrt` work entry by entry. No sum over the array: each weight has its own cache.
# </details>
# <details><summary>Hint 2</summary>
#
# In place, `cache += dw**2`, is allowed here: the cache is the rule's own. Where does the first one
# come from?
# </details>

# %% tags=["exercise"]
def adagrad(w, dw, config):
    """Take a step of Adagrad.

    Parameters
    ----------
    w, dw : array, one shape
    config : dict
        learning_rate; epsilon (default 1e-8); cache (default zeros), the sum of squared gradients.

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new cache.
    """
    ### BEGIN SOLUTION
    learning_rate, epsilon = config["learning_rate"], config.get("epsilon", 1e-8)
    cache = config.get("cache", np.zeros_like(w)) + dw**2
    config["cache"] = cache
    return w - learning_rate * dw / (np.sqrt(cache) + epsilon), config
    ### END SOLUTION

# %% tags=["check"]
check("adagrad", adagrad)

# %% [markdown]
# Two words: one in every sentence, one in 2 of 100. The target counts both, so both weights should
# become 1. Ten sentences a batch.

# %% tags=["experiment"]
def word_weights(rule, steps=400, **settings):
    """Learn the weights of a common and a rare word; return the path (steps + 1, 2)."""
    rng = np.random.default_rng(0)

    def gradient(w):
        X = (rng.random((10, 2)) < [1.0, 0.02]).astype(float)  # which words occur
        return X.T @ (X @ w - X @ np.ones(2)) / 10

    return walk(rule, steps, np.zeros(2), gradient, **settings)


figure, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
for axis, rule in zip(axes, (sgd, adagrad)):
    path = word_weights(rule, learning_rate=0.5)
    axis.plot(path[:, 0], color=plots.BLUE, label="common word")
    axis.plot(path[:, 1], color=plots.ORANGE, label="rare word")
    late = steps_to(path[:, 1], lambda w: np.abs(w - 1), goal=0.1)
    axis.set(xlabel="step", title=f"{rule.__name__}: rare word right after {late} steps")
axes[0].set_ylabel("weight")
axes[1].legend()
plt.show()

# %% [markdown]
# ("Right" is within 10 % of 1 for good.) Gradient descent moves the rare weight in small stairs,
# one for each batch with the word. Adagrad takes far larger stairs at first: the rare weight's
# cache is still small.
#
# The cache only ever grows, so steps only ever shrink. Suppose the gradient is 1 in **every** step,
# and the learning rate is 1. How far has `adagrad` moved $w$ after 100 steps? Gradient descent
# would have moved it by 100.

# %% tags=["predict"]
my_guess = None  # a distance

# %% tags=["experiment"]
path = walk(adagrad, 100, np.zeros(1), lambda w: np.ones(1), learning_rate=1.0)
check_prediction(my_guess, -path[-1, 0], within=0.1)

# %% [markdown]
# Step $t$ is $1/\sqrt t$ long, and 100 of them make $18.6$, close to $2\sqrt{100}$. On a convex
# problem that is what theory asks for. In a network the landscape changes on the way, and a rule
# that was tired out by the first steep slope is no help on the next one.

# %% [markdown]
# ## RMSProp: forget old slopes
#
# Tieleman and Hinton (2012, a lecture, no paper) replaced the sum by a moving average:
#
# $$\text{cache} = \rho \cdot \text{cache} + (1 - \rho)\, dw^2, \qquad
#   w_{\text{next}} = w - \frac{\text{learning\_rate} \cdot dw}{\sqrt{\text{cache}} + \epsilon}.$$
#
# $\rho$ is `decay_rate`. A gradient of $k$ steps ago counts with the weight
# $(1 - \rho) \rho^k$: with $\rho = 0.99$ the average reaches back about $1 / (1 - \rho) = 100$
# steps.

# %% [markdown]
# ### Exercise 8.5 · RMSProp (2 points)
# `config` holds `learning_rate` (always given), `decay_rate` (default 0.99), `epsilon` (default
# 1e-8, outside the root) and `cache` (default zeros). Return `(next_w, config)` with the new cache.
#
# <details><summary>Hint 1</summary>
#
# One line differs from Adagrad. The two weights of the average add up to 1, and the old cache has
# the larger one.
# </details>

# %% tags=["exercise"]
def rmsprop(w, dw, config):
    """Take a step of RMSProp.

    Parameters
    ----------
    w, dw : array, one shape
    config : dict
        learning_rate; decay_rate (default 0.99); epsilon (default 1e-8); cache (default zeros),
        the moving average of squared gradients.

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new cache.
    """
    ### BEGIN SOLUTION
    learning_rate, epsilon = config["learning_rate"], config.get("epsilon", 1e-8)
    decay_rate = config.get("decay_rate", 0.99)
    cache = config.get("cache", np.zeros_like(w))
    cache = decay_rate * cache + (1 - decay_rate) * dw**2
    config["cache"] = cache
    return w - learning_rate * dw / (np.sqrt(cache) + epsilon), config
    ### END SOLUTION

# %% tags=["check"]
check("rmsprop", rmsprop)

# %% [markdown]
# A steep slope, then a gentle one: the gradient is 10 for 50 steps and 0.1 from then on. How long
# are the steps, in units of the learning rate?

# %% tags=["experiment"]
gradients = np.where(np.arange(1000) < 50, 10.0, 0.1)
plt.figure(figsize=(7, 3.2))
for rule, colour in ((adagrad, plots.ORANGE), (rmsprop, plots.PURPLE)):
    queue = iter(gradients)
    path = walk(rule, 1000, np.zeros(1), lambda w, q=queue: np.array([next(q)]), learning_rate=1.0)
    length = -np.diff(path[:, 0])
    plt.semilogy(length, color=colour, label=rule.__name__)
    print(f"{rule.__name__:8s} step 1: {length[0]:5.2f}   step 50: {length[49]:.2f}   "
          f"step 51: {length[50]:.4f}   step 1000: {length[-1]:.4f}")
plt.xlabel("step")
plt.ylabel("length of step / learning rate")
plt.title("RMSProp gets over a steep slope, Adagrad does not")
plt.legend()
plt.show()

# %% [markdown]
# At step 51 both are at a hundredth of their pace. RMSProp's memory of the steep part fades, and
# some 900 steps later it walks at full pace, 1, again. Adagrad never will.
#
# One more thing stands in the printed numbers: RMSProp's **first** step is 10 learning rates long.
# Its cache starts at 0, and one gradient fills only a hundredth of it: $1/\sqrt{0.01} = 10$.

# %% [markdown]
# ## Adam: both, and a start that is right
#
# Adam (Kingma and Ba 2015) averages the gradient, as momentum does, *and* its square, as RMSProp
# does:
#
# $$m = \beta_1 m + (1 - \beta_1)\, dw, \qquad v = \beta_2 v + (1 - \beta_2)\, dw^2 .$$
#
# Both start at 0 and are too small at first. By how much? If the gradient were $g$ in all of $t$
# steps, then
#
# $$m = (1 - \beta_1)(1 + \beta_1 + \dots + \beta_1^{t-1})\, g = (1 - \beta_1^{\,t})\, g .$$
#
# So divide by just that, and likewise for $v$:
#
# $$\hat m = \frac{m}{1 - \beta_1^{\,t}}, \qquad \hat v = \frac{v}{1 - \beta_2^{\,t}}, \qquad
# w_{\text{next}} = w - \frac{\text{learning\_rate} \cdot \hat m}{\sqrt{\hat v} + \epsilon} .$$

# %% [markdown]
# ### Exercise 8.6 · Adam (3.5 points)
# `config` holds `learning_rate` (always given), `beta1` (default 0.9), `beta2` (default 0.999),
# `epsilon` (default 1e-8, outside the root), `m` and `v` (default zeros in the shape of `w`) and
# `t` (default 0), the number of steps done. `t` is raised **before** it is used, so in the first
# step $t = 1$.
#
# Return `(next_w, config)` with the new `m`, `v`, `t`. What is kept are $m$ and $v$ themselves;
# $\hat m$ and $\hat v$ serve this step only.
#
# <details><summary>Hint 1</summary>
#
# In order: read the settings; raise `t`; new `m`, new `v`; store all three; correct; step.
# </details>
# <details><summary>Hint 2</summary>
#
# `beta1**t` is a power of two plain numbers. With `t = 0` it would be 1, and the correction 0/0.
# </details>
# <details><summary>Hint 3</summary>
#
# `t = config.get("t", 0) + 1`, and later `config["t"] = t`.
# </details>

# %% tags=["exercise"]
def adam(w, dw, config):
    """Take a step of Adam, with bias correction.

    Parameters
    ----------
    w, dw : array, one shape
    config : dict
        learning_rate; beta1 (default 0.9); beta2 (default 0.999); epsilon (default 1e-8); m and v
        (default zeros), the moving averages; t (default 0), the number of steps done.

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new m, v and t.
    """
    ### BEGIN SOLUTION
    learning_rate, epsilon = config["learning_rate"], config.get("epsilon", 1e-8)
    beta1 = config.get("beta1", 0.9)
    beta2 = config.get("beta2", 0.999)
    t = config.get("t", 0) + 1
    m = beta1 * config.get("m", np.zeros_like(w)) + (1 - beta1) * dw
    v = beta2 * config.get("v", np.zeros_like(w)) + (1 - beta2) * dw**2
    config.update(m=m, v=v, t=t)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), config
    ### END SOLUTION

# %% tags=["check"]
check("adam", adam)

# %% [markdown]
# A weight's first gradient is 1000. The learning rate is 0.001. How far does `adam` move the weight
# in its first step?

# %% tags=["predict"]
my_guess = None  # a distance

# %% tags=["experiment"]
first = walk(adam, 1, np.zeros(1), lambda w: np.array([1000.0]), learning_rate=0.001)
check_prediction(my_guess, -first[1, 0], within=0.05)

# %% [markdown]
# In the first step $\hat m = g$ and $\sqrt{\hat v} = |g|$: the step is one learning rate, whatever
# the gradient. So **Adam's learning rate is a length**, about what a weight moves in a step, and
# that is why 0.001 suits so many networks. Now leave the correction out, on a gradient of 1:

# %% tags=["experiment"]
t = np.arange(1, 5001)
corrected = -np.diff(walk(adam, 5000, np.zeros(1), lambda w: np.ones(1), learning_rate=1.0)[:, 0])
plt.figure(figsize=(7, 3.2))
plt.semilogx(t, corrected, color=plots.BLUE, label="your adam")
for beta2, colour in ((0.999, plots.RED), (0.99, plots.ORANGE)):
    bare = (1 - 0.9**t) / np.sqrt(1 - beta2**t)
    plt.semilogx(t, bare, color=colour, label=f"no correction, beta2 = {beta2}")
    print(f"beta2 = {beta2}: first step {bare[0]:.1f}, longest step {bare.max():.1f} "
          f"at t = {t[bare.argmax()]}")
plt.xlabel("step t")
plt.ylabel("length of step / learning rate")
plt.ylim(bottom=0)
plt.title("Without the correction, the first steps are up to 6.6 times too long")
plt.legend()
plt.show()

# %% [markdown]
# Both averages start too small, but $v$ is behind for longer and stands below the line. With
# $\beta_2 = 0.999$ it takes some 3,000 steps until the excess is gone; with 0.99 a few hundred.

# %% [markdown]
# ## AdamW: weight decay beside the step
#
# For gradient descent a penalty $\tfrac12 \lambda \|w\|^2$ in the loss and *weight decay* are one
# thing: the gradient gets $\lambda w$ more, and each step takes the share
# $\text{learning\_rate} \cdot \lambda$ from every weight.
#
# In Adam they are not. The penalty's gradient goes into $m$ and $v$ with the rest and is divided by
# $\sqrt{\hat v}$: weights with large gradients hardly decay, weights with small ones a lot.
# Loshchilov and Hutter (2019) take the decay out of the gradient and put it beside Adam's step:
#
# $$w_{\text{next}} = w - \text{learning\_rate} \left(\frac{\hat m}{\sqrt{\hat v} + \epsilon} +
#   \text{weight\_decay} \cdot w\right).$$

# %% [markdown]
# ### Exercise 8.7 · AdamW (2 points)
# Everything as in `adam`, with one more entry: `weight_decay` (default 1e-2). The $w$ in the decay
# is the one that came in, before Adam moved it. `m` and `v` see only `dw`.
#
# <details><summary>Hint 1</summary>
#
# You may call your `adam`. What remains to be subtracted from what it returns?
# </details>

# %% tags=["exercise"]
def adamw(w, dw, config):
    """Take a step of Adam with decoupled weight decay.

    Parameters
    ----------
    w, dw : array, one shape
    config : dict
        As for `adam`, and weight_decay (default 1e-2).

    Returns
    -------
    next_w : array, the shape of w
    config : dict
        With the new m, v and t.
    """
    ### BEGIN SOLUTION
    learning_rate = config["learning_rate"]
    weight_decay = config.get("weight_decay", 1e-2)
    next_w, config = adam(w, dw, config)
    return next_w - learning_rate * weight_decay * w, config
    ### END SOLUTION

# %% tags=["check"]
check("adamw", adamw)

# %% [markdown]
# Two groups of 500 weights, all 1 at the start. Their gradients are pure noise, with no direction:
# of size 10 in the loud group, 0.1 in the quiet one. Only the decay, 0.1, should move them on
# average. Learning rate 0.01, 1,000 steps.

# %% tags=["experiment"]
def decay_of(rule, penalty, **settings):
    """Return the mean weight of the loud and the quiet group, shape (1001, 2)."""
    rng, size = np.random.default_rng(0), np.repeat([[10.0], [0.1]], 500, axis=1)   # (2, 500)
    path = walk(rule, 1000, np.ones((2, 500)),
                lambda w: size * rng.normal(size=(2, 500)) + penalty * w, **settings)
    return path.mean(axis=2)


figure, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
for axis, rule, penalty, settings, name in (
    (axes[0], adam, 0.1, {}, "adam, penalty in the gradient"),
    (axes[1], adamw, 0.0, dict(weight_decay=0.1), "adamw, decay beside the step"),
):
    mean = decay_of(rule, penalty, learning_rate=0.01, **settings)
    axis.plot(mean[:, 0], color=plots.RED, label="large gradients")
    axis.plot(mean[:, 1], color=plots.BLUE, label="small gradients")
    axis.plot((1 - 0.001) ** np.arange(1001), "--", color=plots.BLACK, lw=1, label="0.999 per step")
    axis.set(xlabel="step", title=name)
    print(f"{name:30s} after 1,000 steps: {mean[-1, 0]:.1f} and {abs(mean[-1, 1]):.1f}")
axes[0].set_ylabel("mean weight")
axes[1].legend()
plt.show()

# %% [markdown]
# In Adam the penalty has nearly erased the quiet weights and left the loud ones alone. AdamW treats
# both alike, by $1 - 0.01 \cdot 0.1$ a step. (Biases should not decay at all; since every parameter
# has its own `config`, theirs gets a `weight_decay` of 0.)

# %% [markdown]
# ## The race
#
# All seven in the valley, 40 steps each (this needs all your rules). Above, the rules with one rate
# for both coordinates; below, those with a rate for each.

# %% tags=["experiment"]
RACE = {
    "sgd": (sgd, 0.95, plots.BLACK), "momentum": (momentum, 0.1, plots.BLUE),
    "nesterov": (nesterov, 0.1, plots.GREEN), "adagrad": (adagrad, 1.5, plots.ORANGE),
    "rmsprop": (rmsprop, 0.1, plots.PURPLE), "adam": (adam, 0.4, plots.RED),
    "adamw": (adamw, 0.4, plots.SKY),
}
paths = {name: walk(rule, 200, learning_rate=rate) for name, (rule, rate, _) in RACE.items()}

# %% tags=["experiment", "nbval-ignore-output"]
figure, axes = plt.subplots(2, 1, figsize=(6.4, 5.2), sharex=True)
sharp = dict(antialiased=False, zorder=3)   # few colours: a small file, and lines keep their own
lines, heads = {}, {}
for i, (name, (_, rate, colour)) in enumerate(RACE.items()):
    axis, style = axes[int(i > 2)], (0, (2, 2)) if name == "adamw" else "-"
    (lines[name],) = axis.plot([], [], ls=style, color=colour, label=f"{name} {rate}", **sharp)
    (heads[name],) = axis.plot([], [], "o", color=colour, ms=7, **sharp)
for axis in axes:
    draw_valley(axis, antialiased=False)
    axis.set(xlim=(-8, 3), ylim=(-2.3, 2.3))
    legend = axis.legend(loc="lower right", fontsize=9, frameon=True, framealpha=1)
    for line in legend.get_lines():
        line.set(linewidth=4, antialiased=False)
axes[0].set_xlabel("")


def draw(i):
    for name, path in paths.items():
        lines[name].set_data(*path[: i + 1].T)
        heads[name].set_data(*path[i : i + 1].T)
    axes[0].set_title(f"Names with their learning rates; step {i}")


plots.animate(draw, 41, figure=figure, seconds_per_frame=0.2)

# %% tags=["experiment"]
plt.figure(figsize=(7, 3.4))
for name, (_, _, colour) in RACE.items():
    needed = steps_to(paths[name], valley)
    plt.semilogy(valley(paths[name][:101]) + 1e-12, color=colour,
                 ls="--" if name == "adamw" else "-", label=f"{name}: {needed} steps")
plt.ylim(1e-8, 20)
plt.xlabel("step")
plt.ylabel("loss")
plt.title("Steps to a loss of 0.001: from 29 to 83")
plt.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# Above: `sgd` jumps across, `momentum` and `nesterov` swing and overshoot. Below, the two
# coordinates are scaled alike, and all four set off diagonally, as if the valley were round. Adam
# and AdamW have momentum on top and overshoot; `adagrad` and `rmsprop` do not.
#
# Two cautions. The valley lies along the axes; if it were turned by 45°, a rate for each coordinate
# would help far less. And seven tuned rules on one valley prove nothing about networks. So:

# %% [markdown]
# ## On a network
#
# Four hidden layers of 100 ReLU units, digits, mini-batches of 128 (the given network stands in
# `cs231n_lib.nn`; the update rules are yours). `train` below is a usual training loop: one `config`
# for each parameter.

# %% tags=["experiment"]
from cs231n_lib.nn import MLP

data = load("digits")
pixel_mean = data.X_train.mean(axis=0)
X_train, y_train = data.X_train - pixel_mean, data.y_train
X_val, y_val = data.X_val - pixel_mean, data.y_val


def train(rule, steps, seed=0, **settings):
    """Train a 4 x 100 network; return it and each batch's loss. Gives up at a loss of 10,000."""
    rng = np.random.default_rng(seed)
    model = MLP([X_train.shape[1], 100, 100, 100, 100, 10], rng=rng)
    configs, losses = {name: dict(settings) for name in model.params}, []
    while len(losses) < steps and (not losses or losses[-1] < 1e4):
        rows = rng.integers(len(X_train), size=128)
        loss, grads = model.loss(X_train[rows], y_train[rows])
        losses.append(loss)
        for p in model.params:
            model.params[p], configs[p] = rule(model.params[p], grads[p], configs[p])
    return model, np.array(losses)

# %% [markdown]
# First the learning rate, with plain `sgd`: the most important number in this chapter.

# %% tags=["experiment"]
def smooth(losses, n=10):
    return np.convolve(losses, np.ones(n) / n, mode="valid")


plt.figure(figsize=(7, 3.4))
with np.errstate(all="ignore"):                                         # 5 overflows
    for rate, name, colour in ((0.001, "too small", plots.SKY), (0.3, "good", plots.GREEN),
                               (1.6, "too large", plots.ORANGE), (5.0, "diverges", plots.RED)):
        _, losses = train(sgd, 200, seed=0, learning_rate=rate)
        finite = losses[np.isfinite(losses)]
        plt.plot(smooth(finite, 5) if len(finite) > 20 else finite, color=colour,
                 label=f"{rate}: {name}")
plt.ylim(0, 6)
plt.xlabel("step")
plt.ylabel("loss (mean of 5 steps)")
plt.title("Too small and too large end alike: both stay near 2.3")
plt.legend()
plt.show()

# %% [markdown]
# 0.001 has hardly begun after 200 steps. 1.6 was thrown far away at once and now stands where 0.001
# stands, near $\log 10 = 2.3$: it guesses, and no longer learns. A loss that stays high tells you
# that the rate is wrong, but not on which side; look at the first steps. 5 is off the scale after
# two steps and infinite soon after.

# %% [markdown]
# Now all rules, from the same start and on the same batches, each at ten learning rates from 0.0001
# to 3, 150 steps a run.

# %% tags=["experiment"]
rates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0]
curves, reached = {}, {}
with np.errstate(all="ignore"):
    for name, (rule, _, _) in RACE.items():
        runs = [train(rule, 150, learning_rate=rate)[1] for rate in rates]
        ends = [r[-20:].mean() if len(r) == 150 else np.inf for r in runs]
        reached[name], curves[name] = ends, runs[int(np.argmin(ends))]

# %% tags=["experiment"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.7))
for name, (_, _, colour) in RACE.items():
    style = dict(color=colour, ls="--" if name == "adamw" else "-")
    left.loglog(rates, np.minimum(reached[name], 30), marker=".", **style)
    right.semilogy(smooth(curves[name]), label=name, **style)
    print(f"{name:9s} at rate 0.001 the loss is {reached[name][2]:.3f}")
left.set(xlabel="learning rate", ylabel="mean loss of the last 20 steps", ylim=(1e-4, 40))
left.set_title("Each rule has its own scale")
right.legend(fontsize=8, loc="upper right")
right.set(xlabel="step", ylabel="loss (mean of 10 steps)")
right.set_title("Each at its best rate")
plt.show()

# %% [markdown]
# Left: the best rate is 1 for `sgd`, a tenth of that with momentum, and for Adam and RMSProp a
# hundredth and less, where it is a length. A rule "loses" any comparison that is made at one rate.
# (30 stands for all that is 30 or more.)
#
# Right: at their best rates all seven learn these digits. In the first 20 steps those with a rate
# for each weight are ahead. Later the order changes a few times, and it changes with the seed, too.
# A good rate matters more than the rule. What you pay for plain `sgd` is the search for its rate:
# good ones lie close below the ones that explode.

# %% [markdown]
# ### On MNIST, if you like
#
# The same network on 28×28 digits: all rules, 2,000 steps each, batches of 128. `cs231n data mnist`
# fetches the images (11 MB); then set the switch to `True`. It takes about a
# minute on one core. All seven rules read 97.6 to 97.8 % of the validation images; the mean loss
# of the last 100 batches is 0.052 for `sgd`, 0.033 for `adam`, and in between for the others.

# %% tags=["experiment"]
FULL_DATA = False

if FULL_DATA:
    digits_before = X_train, y_train, X_val, y_val
    mnist = load("mnist", dtype="float32")
    X_train, X_val = (X - mnist.X_train.mean(axis=0) for X in (mnist.X_train, mnist.X_val))
    y_train, y_val = mnist.y_train, mnist.y_val
    for name, rate in dict(sgd=0.1, momentum=0.03, nesterov=0.03, adagrad=0.01, rmsprop=0.001,
                           adam=0.001, adamw=0.001).items():
        model, losses = train(RACE[name][0], 2000, learning_rate=rate)
        print(f"{name:9s} rate {rate:<6} last 100 batches {losses[-100:].mean():.3f}   "
              f"validation {np.mean(model.predict(X_val) == y_val):.1%}")
    X_train, y_train, X_val, y_val = digits_before

# %% [markdown]
# ## Lowering the rate on the way
#
# A mini-batch's gradient is the true one plus noise. Near the lowest point the true one vanishes
# and the noise stays: with a constant rate the walk ends in a cloud around the goal, the wider, the
# larger the rate. A large rate is good for getting there and a small one for staying. So lower it
# on the way. Four curves are in use:
#
# $$\text{step}: \; lr_0 \cdot \text{factor}^{\lfloor \text{epoch} / \text{every} \rfloor} \qquad
#   \text{exponential}: \; lr_0\, e^{-kt}$$
# $$\text{inverse time}: \; \frac{lr_0}{1 + k t} \qquad
#   \text{cosine}: \; \tfrac12\, lr_0 \left(1 + \cos \frac{\pi t}{\text{total}}\right)$$
#
# Time may be counted in epochs or in steps, as long as $k$, `every` and `total` mean the same.

# %% [markdown]
# ### Exercise 8.8 · Step decay (1 point)
# `lr0` is a number, `epoch` a whole number from 0. Every `every` epochs the rate is multiplied by
# `factor` once more: with the defaults, epochs 0 to 9 have `lr0`, 10 to 19 half of it, 20 to 29 a
# quarter. Return the rate, a number.
#
# <details><summary>Hint 1</summary>
#
# How many periods of `every` epochs are *over*? Python's `//` divides and rounds down.
# </details>

# %% tags=["exercise"]
def step_decay(lr0, epoch, factor=0.5, every=10):
    """Return the learning rate of an epoch: a staircase.

    Parameters
    ----------
    lr0 : float
        Rate of the first epochs.
    epoch : int
        From 0.
    factor : float
        What each drop multiplies the rate by.
    every : int
        Epochs between drops.

    Returns
    -------
    learning_rate : float
    """
    ### BEGIN SOLUTION
    return lr0 * factor ** (epoch // every)
    ### END SOLUTION

# %% tags=["check"]
check("step_decay", step_decay)

# %% [markdown]
# ### Exercise 8.9 · Exponential decay (0.5 points)
# Return $lr_0\, e^{-kt}$: at $k = 0.1$ every time unit takes about a tenth of what is left.
#
# <details><summary>Hint 1</summary>
#
# `np.exp`. Both $k$ and $t$ stand in the exponent.
# </details>

# %% tags=["exercise"]
def exponential_decay(lr0, t, k):
    """Return the learning rate at time t: lr0 at t = 0, then down by the same share each time.

    Parameters
    ----------
    lr0, t, k : float

    Returns
    -------
    learning_rate : float
    """
    ### BEGIN SOLUTION
    return lr0 * np.exp(-k * t)
    ### END SOLUTION

# %% tags=["check"]
check("exponential_decay", exponential_decay)

# %% [markdown]
# ### Exercise 8.10 · Inverse time decay (0.5 points)
# Return $lr_0 / (1 + kt)$: half of $lr_0$ at $t = 1/k$, a third at $2/k$. (The proofs that noisy
# descent converges, since Robbins and Monro 1951, want a rate that falls like this.)
#
# <details><summary>Hint 1</summary>
#
# All of $1 + kt$ stands below the line.
# </details>

# %% tags=["exercise"]
def inverse_time_decay(lr0, t, k):
    """Return the learning rate at time t: fast down at first, then ever more slowly.

    Parameters
    ----------
    lr0, t, k : float

    Returns
    -------
    learning_rate : float
    """
    ### BEGIN SOLUTION
    return lr0 / (1 + k * t)
    ### END SOLUTION

# %% tags=["check"]
check("inverse_time_decay", inverse_time_decay)

# %% [markdown]
# ### Exercise 8.11 · Cosine decay (1 point)
# Half a wave of the cosine, from `lr0` at $t = 0$ to 0 at $t = $ `total`, flat at both ends
# (Loshchilov and Hutter 2017). Only $0 \le t \le$ `total` is asked for.
#
# <details><summary>Hint 1</summary>
#
# $\cos$ falls from 1 to $-1$ while its argument goes from 0 to $\pi$. Raise it by 1 and halve it.
# </details>

# %% tags=["exercise"]
def cosine_decay(lr0, t, total):
    """Return the learning rate at time t: half a cosine wave from lr0 to 0.

    Parameters
    ----------
    lr0 : float
    t : float
        From 0 to total.
    total : float
        When the rate reaches 0.

    Returns
    -------
    learning_rate : float
    """
    ### BEGIN SOLUTION
    return 0.5 * lr0 * (1 + np.cos(np.pi * t / total))
    ### END SOLUTION

# %% tags=["check"]
check("cosine_decay", cosine_decay)

# %% [markdown]
# Put them to use where the lowest loss is known: a linear softmax classifier on the digits with a
# penalty, a convex problem. `problem` returns its loss and gradient; `lowest` comes from a method
# of the next section.

# %% tags=["experiment"]
from scipy.optimize import minimize

linear, REG = MLP([64, 10], init="zeros", rng=np.random.default_rng(0)), 1e-2


def problem(w, X=X_train, y=y_train):
    """Return loss and gradient of the linear classifier at w, shape (650,); all of w decays."""
    linear.params.flat[:] = w
    loss, grads = linear.loss(X, y)
    return loss + 0.5 * REG * w @ w, grads.flat + REG * w


exact = dict(gtol=1e-10, ftol=1e-15, maxiter=2000)
lowest = minimize(problem, np.zeros(650), jac=True, method="L-BFGS-B", options=exact).fun
print(f"lowest loss {lowest:.4f}, {linear.num_params} weights")

# %% tags=["experiment"]
def noisy_descent(schedule, steps=2000):
    """Run sgd on batches of 16; return loss - lowest every 25 steps."""
    rng, w, gaps = np.random.default_rng(0), np.zeros(650), []
    for step in range(steps):
        if step % 25 == 0:
            gaps.append(problem(w)[0] - lowest)
        rows = rng.integers(len(X_train), size=16)
        _, dw = problem(w, X_train[rows], y_train[rows])
        w, _ = sgd(w, dw, dict(learning_rate=schedule(step)))
    return np.array(gaps)


plans = {
    "constant 1": lambda t: 1.0, "constant 0.03": lambda t: 0.03,
    "step": lambda t: step_decay(1.0, t, every=250),
    "exponential": lambda t: exponential_decay(1.0, t, k=0.0025),
    "inverse time": lambda t: inverse_time_decay(1.0, t, k=0.02),
    "cosine": lambda t: cosine_decay(1.0, t, total=2000),
}
gaps = {name: noisy_descent(plan) for name, plan in plans.items()}

# %% tags=["experiment"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.7))
steps = np.arange(2001)
colours = (plots.RED, plots.SKY, plots.BLUE, plots.GREEN, plots.ORANGE, plots.PURPLE)
for (name, plan), colour in zip(plans.items(), colours):
    left.plot(steps, [plan(t) for t in steps], color=colour, label=name)
    right.semilogy(25 * np.arange(80), gaps[name], color=colour)
    print(f"{name:14s} mean gap over the last 200 steps {gaps[name][-8:].mean():.3f}")
left.set(xlabel="step", ylabel="learning rate", title="Six plans")
left.legend(fontsize=8, loc=(0.62, 0.45))
right.set(xlabel="step", ylabel="loss - lowest loss", title="A falling rate gets closer")
plt.show()

# %% [markdown]
# The constant 1 is near the goal after 100 steps and then dances around it, a gap of 0.016. The
# constant 0.03 does not dance, but after 2,000 steps it is still on its way. All four schedules
# start as the one and end below both, about ten times closer. Between the four there is not much to
# choose; which is best depends on how long the training lasts.

# %% [markdown]
# ## Newton: use the curvature itself
#
# Everything so far guessed at the shape of the valley. The second derivatives *are* the shape.
# Near $w$ the loss is, to second order,
#
# $$L(w + s) \approx L(w) + g^T s + \tfrac12\, s^T H s, \qquad
#   H_{ij} = \frac{\partial^2 L}{\partial w_i\, \partial w_j} .$$
#
# The gradient of the right-hand side in $s$ is $g + H s$. It vanishes for $s = -H^{-1} g$, so
#
# $$w_{\text{next}} = w - H^{-1} g .$$
#
# No learning rate: a steep direction is divided by its large curvature, a flat one by its small
# one, and the valley may be turned any way.

# %% [markdown]
# ### Exercise 8.12 · Newton's step (2 points)
# `w` and `grad` have shape (D,), `hessian` (D, D) is symmetric and can be inverted; it may have
# negative curvatures. Return the next `w`, shape (D,). `w` stays unchanged.
#
# <details><summary>Hint 1</summary>
#
# $H^{-1} g$ is the vector $s$ that solves $H s = g$.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.linalg.solve(A, b)` solves $A s = b$; it is faster and more accurate than to invert $A$. `/`
# divides entry by entry and does neither.
# </details>

# %% tags=["exercise"]
def newton_step(w, grad, hessian):
    """Take a full Newton step.

    Parameters
    ----------
    w, grad : array, shape (D,)
    hessian : array, shape (D, D)
        Symmetric, invertible.

    Returns
    -------
    next_w : array, shape (D,)
    """
    ### BEGIN SOLUTION
    return w - np.linalg.solve(hessian, grad)
    ### END SOLUTION

# %% tags=["check"]
check("newton_step", newton_step)

# %% [markdown]
# In our valley one step is enough, because a quadratic *is* its second-order approximation. The
# right picture has two valleys, $f = \frac{x^2}{2} - \frac{y^2}{2} + \frac{y^4}{4}$, lowest at
# $(0, \pm 1)$, with a saddle at $(0, 0)$ between them.

# %% tags=["experiment"]
def saddle_slope(w):
    return np.array([w[0], -w[1] + w[1] ** 3])


figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.3))
draw_valley(left)
there = newton_step(START, slope(START), np.diag(CURVATURE))
left.plot(*np.array([START, there]).T, "o-", color=plots.GREEN)
left.set_title("A quadratic: one Newton step")

x, y = np.meshgrid(np.linspace(-1.2, 1.2, 81), np.linspace(-1.4, 1.4, 81))
right.contour(x, y, x**2 / 2 - y**2 / 2 + y**4 / 4, levels=14, cmap="Greys_r", linewidths=0.8)
newton, descent = [np.array([1.0, 0.3])], walk(sgd, 60, np.array([1.0, 0.3]), saddle_slope,
                                               learning_rate=0.2)
for _ in range(4):
    hessian = np.diag([1.0, -1 + 3 * newton[-1][1] ** 2])
    newton.append(newton_step(newton[-1], saddle_slope(newton[-1]), hessian))
right.plot(*np.array(newton).T, "o-", color=plots.GREEN, label="Newton")
right.plot(*descent.T, ".-", color=plots.RED, lw=1, ms=4, label="sgd")
right.set(xlabel="x", ylabel="y", title="A saddle: Newton walks into it")
right.legend(loc="lower right")
plt.show()
print("Newton's step in the valley ends at", there + 0.0)

# %% [markdown]
# Newton looks for a point where the *gradient vanishes*, and a saddle is one. Where a curvature is
# negative, dividing by it turns the step uphill. `sgd` slides off the saddle into the valley.
#
# The second trouble is the price. Count it: numbers in $H$, 8 bytes each, and the multiplications
# for one solution, $D^3/3$.

# %% tags=["experiment"]
for name, D in (("linear classifier, digits", 650), ("4 x 100 network, digits", 37_810),
                ("4 x 100 network, MNIST", 109_810), ("ResNet-50", 25_600_000)):
    print(f"{name:26s} {D:>10,} weights   H: {8 * D**2 / 1e9:>12,.3g} GB   "
          f"solve: {D**3 / 3:.0e} multiplications")

# %% [markdown]
# **L-BFGS** is the way out for medium sizes. It never stores $H$. From the last ten or so steps $s$
# and changes of the gradient $y$ it estimates what $H^{-1}$ does to a vector (Liu and Nocedal
# 1989). SciPy has it. Three methods on the linear classifier, all on the full batch; the price is
# counted in evaluations of the gradient. Newton's Hessian is measured by nudging, two evaluations a
# weight.

# %% tags=["experiment"]
def counted(method, **options):
    """Return loss - lowest for each evaluation of the gradient."""
    seen = []

    def f(w):
        loss, dw = problem(w)
        seen.append(loss - lowest)
        return loss, dw

    method(f, **options)
    return np.array(seen)


def descent(f, rule, steps, **settings):
    w, config = np.zeros(650), dict(settings)
    for _ in range(steps):
        w, config = rule(w, f(w)[1], config)


def newton(f, steps, h=1e-5):
    w = np.zeros(650)
    for _ in range(steps):
        dw = f(w)[1]
        hessian = np.array([(f(w + h * e)[1] - f(w - h * e)[1]) / (2 * h) for e in np.eye(650)])
        w = newton_step(w, dw, (hessian + hessian.T) / 2)
    f(w)

# %% tags=["experiment"]
runs = {
    "sgd, rate 1": counted(descent, rule=sgd, steps=600, learning_rate=1.0),
    "nesterov, rate 0.3": counted(descent, rule=nesterov, steps=600, learning_rate=0.3),
    "L-BFGS": counted(lambda f: minimize(f, np.zeros(650), jac=True, method="L-BFGS-B",
                                         options=exact)),
    "Newton": counted(newton, steps=4)[::1301],        # without the nudges
}
plt.figure(figsize=(7, 3.5))
for (name, gap), colour in zip(runs.items(), (plots.RED, plots.GREEN, plots.BLUE, plots.ORANGE)):
    cost = 1 + np.arange(len(gap)) * (1301 if name == "Newton" else 1)
    plt.loglog(cost, np.maximum(gap, 1e-12), "o-" if name == "Newton" else "-", color=colour,
               label=name)
    print(f"{name:19s} {cost[np.argmax(gap < 1e-5)]:6,d} gradients to a gap of 1e-5")
plt.ylim(1e-11, 5)
plt.xlabel("evaluations of the full gradient")
plt.ylabel("loss - lowest loss")
plt.title("Newton needs few steps; L-BFGS needs few gradients")
plt.legend()
plt.show()

# %% [markdown]
# Newton arrives in 4 steps, but each costs 1,301 gradients. L-BFGS makes do with 12 in all, an
# eighth of what the best of ours needs, and nobody had to choose a rate.
#
# Why, then, does nobody train networks so? L-BFGS learns the curvature from *differences* of
# gradients, and the noise of mini-batches drowns them. It wants the full batch, 1,297 images for
# one step here. In the same time `sgd` has taken 80 steps on batches of 16.

# %% [markdown]
# ## Often said, and wrong
#
# **"Adam's second decay is 0.99."** The default is **0.999** (0.99 is RMSProp's), and it is no
# trifle. Take a weight whose gradient is $-1$ in 499 of 500 steps and $+750$ in the 500th: on
# average $+0.5$, so the weight must go *down*.

# %% tags=["experiment"]
plt.figure(figsize=(7, 3))
for beta2, colour in ((0.99, plots.RED), (0.999, plots.BLUE)):
    gradients = iter(np.where(np.arange(5000) % 500 == 0, 750.0, -1.0))
    path = walk(adam, 5000, np.zeros(1), lambda w, g=gradients: np.array([next(g)]),
                learning_rate=0.01, beta2=beta2)
    plt.plot(path[:, 0], color=colour, label=f"beta2 = {beta2}")
    print(f"beta2 = {beta2}: after 5,000 steps at {path[-1, 0]:+.1f}")
plt.xlabel("step")
plt.ylabel("w")
plt.title("With a memory of 100 steps Adam walks the wrong way")
plt.legend()
plt.show()

# %% [markdown]
# With 0.99 the rare large gradient is forgotten after some 100 steps, $\hat v$ falls, and the many
# small ones make steps that are far too long (Reddi, Kale, Kumar 2018 built their example on this).
# With 0.999 it is remembered until the next one comes.
#
# **"The momentum $\mu$ is the friction."** It is what friction leaves: $1 - \mu$ is lost in each
# step. Push a ball once, with a speed of 1, and let it roll:

# %% tags=["experiment"]
for mu in (0.5, 0.9, 0.99):
    push = iter([-1.0] + [0.0] * 2000)
    path = walk(momentum, 2000, np.zeros(1), lambda w, g=push: np.array([next(g)]),
                learning_rate=1.0, momentum=mu)
    print(f"mu = {mu:<4}  rolls {path[-1, 0]:5.1f}   1 / (1 - mu) = {1 / (1 - mu):5.1f}")

# %% [markdown]
# The larger $\mu$, the farther it rolls. Raising $\mu$ from 0.9 to 0.99 makes every step ten times
# as long in the end: lower the learning rate with it.
#
# **"BFGS builds up the Hessian, one rank at a time."** It updates an estimate $B$ of the *inverse*
# Hessian, with $\rho = 1 / y^T s$,
#
# $$B_{\text{next}} = (I - \rho\, s\, y^T)\, B\, (I - \rho\, y\, s^T) + \rho\, s\, s^T,$$
#
# and the change has rank **two**. On a quadratic of 20 weights:

# %% tags=["experiment"]
rng = np.random.default_rng(0)
axes20, _ = np.linalg.qr(rng.normal(size=(20, 20)))
H = (axes20 * np.linspace(1, 10, 20)) @ axes20.T
B, w, ranks = np.eye(20), rng.normal(size=20), []
for _ in range(20):
    p = -B @ (H @ w)
    s = -(p @ H @ w) / (p @ H @ p) * p          # to the lowest point in the direction p
    y = H @ s                                   # the change of the gradient
    V = np.eye(20) - np.outer(s, y) / (y @ s)
    B_next = V @ B @ V.T + np.outer(s, s) / (y @ s)
    ranks.append(int(np.linalg.matrix_rank(B_next - B, tol=1e-8)))
    B, w = B_next, w + s
print("rank of each change:", ranks[:10])
print("after 20 steps B is the inverse of H:", bool(np.allclose(B, np.linalg.inv(H), atol=1e-9)))

# %% [markdown]
# ## In your own words
#
# ### Question 1 · Scale
# Somebody multiplies the loss by 1,000. What happens to the path of each of the seven rules, at
# unchanged settings? What could one change to get the old path back? (Leave $\epsilon$ aside, then
# say what it does.)

# %% [markdown] name="scaled_loss" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** All gradients become 1,000 times as large. `sgd`, `momentum` and `nesterov` are
# linear in the gradient: each step would be 1,000 times as long, and a good rate would diverge;
# with the learning rate over 1,000 the old path comes back. `adagrad`, `rmsprop`, `adam` divide a
# gradient by a root of averaged (or summed) squared gradients: the factor cancels, and the path is
# the same. In `adamw` too, because the decay does not contain the gradient. (In Adam with an L2
# penalty that is part of the loss, the penalty is multiplied as well and the path is the same; if
# only the data loss is multiplied, the penalty's share falls to a thousandth.) $\epsilon$ breaks
# the symmetry where $\sqrt{\hat v}$ is not far above it: gradients below 1e-8 make short steps.
#
# **Rubric.** (1) The three linear rules: steps 1,000 times as long; (2) cured by dividing the rate;
# (3) the adaptive ones do not change, with the cancellation as reason; (4) $\epsilon$ sets the
# scale below which this ends.
# ### END SOLUTION

# %% [markdown]
# ### Question 2 · Memory
# A network has a billion parameters in float32 (4 bytes each). How many gigabytes does each rule
# keep from step to step, beside parameters and gradients? And Newton's method? What would you do if
# Adam's share did not fit?

# %% [markdown] name="memory_of_rules" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** `sgd`: nothing. `momentum`, `nesterov` (velocity), `adagrad`, `rmsprop` (cache):
# one number for each parameter, 4 GB. `adam`, `adamw`: two ($m$ and $v$), 8 GB; $t$ is one number.
# Newton: $10^{18}$ entries, 4 billion GB. If 8 GB do not fit: momentum instead of Adam; or store
# $m$, $v$ in fewer bits; or one $v$ for a row or a whole block instead of one for each weight (as
# Adafactor does); or divide the state among several machines.
#
# **Rubric.** (1) 0, 4 and 8 GB for the right rules; (2) the Hessian's square; (3) one workable way
# out.
# ### END SOLUTION

# %% [markdown]
# ### Question 3 · A curve
# A colleague trains with momentum 0.9 and a rate of 0.1. The loss falls for 100 steps and then
# stays, noisy, at a level that is too high. Name two different causes, an experiment that tells
# them apart, and the remedy for each.

# %% [markdown] name="a_flat_curve" tags=["written"]
# ### BEGIN SOLUTION
# **Model answer.** (a) The rate is too large for the place: the walk dances around the lowest point
# because of the batches' noise, or jumps from side to side of a steep valley. (b) The rate is not
# the cause: the network can do no better (too small, too strong a penalty, wrong labels), or a part
# of it is dead. Experiment: go on from there with a tenth of the rate. If the loss drops within a
# few steps, it was (a): lower the rate by a schedule. If nothing happens (or it goes on as slowly
# as the rate says), it was (b): check the penalty, the size, dead units and the labels. Larger
# batches tell noise from steepness within (a): with noise, a batch four times as large lowers the
# level.
#
# **Rubric.** (1) Noise or steps too long; (2) a cause that is not the optimizer's; (3) an
# experiment whose outcomes differ; (4) fitting remedies.
# ### END SOLUTION

# %% [markdown]
# ## Summary
#
# | rule | remembers | a step is | a rate to begin with |
# |---|---|---|---|
# | `sgd` | nothing | rate × gradient | 0.1 |
# | `momentum`, `nesterov` | velocity | up to 1/(1 − μ) times that | 0.01 |
# | `adagrad` | sum of squares | rate × gradient / its size so far; always shorter | 0.01 |
# | `rmsprop` | average of squares | rate × gradient / its recent size | 0.001 |
# | `adam`, `adamw` | both averages | about one rate long | 0.001 |
#
# - The steepest direction limits the rate, the flattest pays. Momentum averages over steps,
#   adaptive rules divide by the slope's size.
# - Averages that start at 0 need a correction. Weight decay belongs beside Adam's step.
# - Large rates arrive, small rates stay: lower the rate on the way.
# - Newton needs $D^2$ numbers and goes to saddles; L-BFGS is excellent on small, full-batch
#   problems.

# %% [markdown]
# ## Where to read on
#
# - CS231n notes, [Neural networks, part 3](https://cs231n.github.io/neural-networks-3/): learning
#   rates, update rules, schedules.
# - Y. Nesterov: *A method of solving a convex programming problem with convergence rate O(1/k²)*,
#   Doklady, 1983.
# - I. Sutskever, J. Martens, G. Dahl, G. Hinton: *On the importance of initialization and momentum
#   in deep learning*. ICML 2013.
# - J. Duchi, E. Hazan, Y. Singer: *Adaptive subgradient methods*. JMLR 12, 2011.
# - D. P. Kingma, J. Ba: *Adam: a method for stochastic optimization*. ICLR 2015.
# - I. Loshchilov, F. Hutter: *SGDR: stochastic gradient descent with warm restarts*. ICLR 2017;
#   *Decoupled weight decay regularization*. ICLR 2019.
# - S. Reddi, S. Kale, S. Kumar: *On the convergence of Adam and beyond*. ICLR 2018.
# - L. Bottou, F. Curtis, J. Nocedal: *Optimization methods for large-scale machine learning*. SIAM
#   Review 60, 2018.
#
# **If you compare with PyTorch** (`torch.optim`): your rules take the same steps, with three
# differences in convention. Its `SGD` keeps the velocity without the learning rate in it
# ($b = \mu b + dw$, $w \leftarrow w - \text{rate} \cdot b$), the same as long as the rate does not
# change. Its Adagrad has $\epsilon$ = 1e-10. Its `Adam(weight_decay=...)` is the L2 penalty; the
# decoupled one is `AdamW`.
