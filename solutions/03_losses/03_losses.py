# %% [markdown]
# # 3 · Losses
#
# **The question.** Two classifiers get the same image right. One is ahead by a hair, the other by
# a mile. And a third one is wrong: how wrong? Training needs *one number* that says so, and a
# slope that says which way each weight should move.
#
# **You build** a slope by measuring, the two classic losses of classification (hinge and
# cross-entropy) with their gradients, first in loops and then without, and the two penalties that
# keep weights small. At the end both losses train on real digits.
#
# **Before this**: scores and gradient descent (chapter 2), derivatives of $x^n$, $e^x$, $\log x$.
#
# Every picture below an exercise is drawn with what you wrote: it needs the exercises above it.
#
# **Time** 90 minutes · **Points** 20

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from cs231n_lib import check, check_prediction, load, plots, start_chapter

start_chapter("03_losses")
plots.use_course_style()

# %% [markdown]
# ## How wrong is a score?
#
# An image of the digit 3 goes through a linear classifier. For the classes "3", "8" and "1" the
# scores are
#
# $$s = (2.0,\; 1.5,\; -1.0).$$
#
# "3" has the highest score, so the answer is right. But "8" is only 0.5 behind. Keep those two
# rivals at 1.5 and −1.0, slide the score of the correct class from −3 to 6, and let three judges
# write down a number: one counts mistakes (0 or 1), the other two are the losses that you will
# build.

# %% tags=["experiment"]
correct = np.linspace(-3, 6, 400)
rivals = np.array([1.5, -1.0])
count = (correct < rivals.max()).astype(float)
hinge = sum(np.maximum(0, rival - correct + 1) for rival in rivals)
cross_entropy = np.log(np.exp(correct) + np.exp(rivals).sum()) - correct

plt.plot(correct, count, color=plots.BLACK, label="mistakes: 0 or 1")
plt.plot(correct, hinge, color=plots.ORANGE, label="hinge")
plt.plot(correct, cross_entropy, color=plots.BLUE, label="cross-entropy")
plt.axvline(1.5, color="0.6", lw=1, ls=":")
plt.text(1.55, 6.5, "level with the best rival", color="0.4", fontsize=9)
plt.xlabel("score of the correct class (rivals stand at 1.5 and −1)")
plt.ylabel("loss")
plt.title("A count of mistakes is flat on both sides; the losses have slopes")
plt.legend(loc="upper right", bbox_to_anchor=(1, 0.85))
plt.show()

# %% [markdown]
# The count has slope 0 wherever it has a slope: it never says which way to move. Both losses fall
# as the correct score rises. The hinge reaches exactly 0 at 2.5, when the best rival is beaten by
# 1. Cross-entropy only comes closer and closer to 0.
#
# Where the hinge has its corners (at 0 and at 2.5), what is its slope? Keep the question for later.

# %% [markdown]
# ## A slope without a formula
#
# Before formulas, a referee that needs none. Take $f(x) = x^3$ at $x = 2$, where the slope is 12,
# and step by $h = 0.1$:
#
# - one-sided: $\dfrac{f(2.1) - f(2)}{0.1} = 12.61$
# - central: $\dfrac{f(2.1) - f(1.9)}{0.2} = 12.01$
#
# The reason is in Taylor's series, $f(x \pm h) = f \pm h f' + \tfrac{h^2}{2} f'' \pm
# \tfrac{h^3}{6} f''' + \dots$ One-sided, the term $\tfrac{h}{2} f''$ stays behind as an error. In
# the central difference $f''$ cancels,
#
# $$\frac{f(x + h) - f(x - h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \dots$$
#
# and what is left shrinks with $h^2$. Here: $\tfrac{0.01}{6} \cdot 6 = 0.01$.

# %% [markdown]
# ### Exercise 3.1 · Numerical gradient (3 points)
# `f` takes an array and returns one number. `x` is a float64 array of *any* shape: (), (D,) or
# (N, D). Return an array of `x`'s shape: each entry holds the central difference for that entry of
# `x`, all the others left where they are,
#
# $$\text{grad}[k] = \frac{f(x + h\,e_k) - f(x - h\,e_k)}{2h},$$
#
# where $e_k$ is 1 at place $k$ and 0 elsewhere. Use the argument `h`.
#
# You may write into `x` on the way or work on copies. Afterwards `x` must be what it was, **to the
# last bit**: `x[k] += h` and then `x[k] -= h` is not exact in floating point.
#
# <details><summary>Hint 1</summary>
#
# Two evaluations of `f` for every entry of `x`. `f` always gets the whole array, in its own shape.
# </details>
# <details><summary>Hint 2</summary>
#
# `for index in np.ndindex(x.shape):` visits every entry of an array of any shape; `x[index]` reads
# and writes it. For shape () there is one index, the empty tuple.
# </details>
# <details><summary>Hint 3</summary>
#
# `old = x[index]`, then write `old + h`, evaluate, write `old - h`, evaluate, and write `old`.
# </details>

# %% tags=["exercise"]
def numerical_gradient(f, x, h=1e-5):
    """Measure the gradient of f at x with central differences.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns a number.
    x : array, any shape, float64
        Where to measure. The same afterwards, to the last bit.
    h : float
        Step to each side.

    Returns
    -------
    grad : array, x's shape
    """
    ### BEGIN SOLUTION
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + h
        above = f(x)
        x[index] = old - h
        below = f(x)
        x[index] = old
        grad[index] = (above - below) / (2 * h)
    return grad
    ### END SOLUTION

# %% tags=["check"]
check("numerical_gradient", numerical_gradient)

# %% [markdown]
# How small should $h$ be? Measure: the slope of $f(x) = \sum e^x$ is known to be $e^x$, so the
# error can be seen for every $h$.

# %% tags=["experiment"]
steps = np.logspace(-13, 0, 60)
point = np.array([1.0])
exact = np.exp(1.0)
central = [abs(numerical_gradient(lambda x: np.exp(x).sum(), point, h)[0] - exact) for h in steps]
one_sided = np.abs((np.exp(1 + steps) - np.exp(1)) / steps - exact)

plt.loglog(steps, one_sided, color=plots.ORANGE, label="one-sided")
plt.loglog(steps, central, color=plots.BLUE, label="central (yours)")
plt.axvline(1e-5, color="0.6", lw=1, ls=":")
plt.text(1.3e-5, 1e-2, "h = 1e-5", color="0.4", fontsize=9)
plt.xlabel("step h")
plt.ylabel("error of the slope")
plt.title("The central difference is best near h = 1e-5; smaller steps are worse")
plt.legend(loc="lower right")
plt.show()

# %% [markdown]
# Read it from the right: ten times smaller steps give a 10 times smaller error (one-sided) or 100
# times smaller (central). Then both turn up. Two nearly equal numbers are subtracted, each known to
# 16 digits only, and the small difference is divided by a small $h$. Hence the default `1e-5`.
#
# The price: two evaluations of `f` per entry. A matrix of 64 × 10 weights needs 1,280 of them for
# *one* gradient. So formulas do the work, and this function checks the formulas.

# %% [markdown]
# ## The hinge: be ahead by 1
#
# Back to $s = (2.0, 1.5, -1.0)$, the first class being correct. The hinge demands that the correct
# score be ahead of **every** other one by at least 1, and charges what is missing:
#
# $$L_i = \sum_{j \ne y_i} \max(0,\; s_j - s_{y_i} + 1).$$
#
# - Class "8": $1.5 - 2.0 + 1 = 0.5$. Half a point is missing: 0.5.
# - Class "1": $-1.0 - 2.0 + 1 = -2$. Ahead by more than enough: 0. There is no bonus.
#
# Together 0.5. The sum leaves out $j = y_i$, which would add $\max(0, 0 + 1) = 1$ to every image.
# The loss of a batch is the mean over its $N$ images, plus a penalty on large weights, whose
# reason comes later:
#
# $$L = \frac1N \sum_i L_i + \tfrac12\,\text{reg} \sum_{d,c} W_{dc}^2.$$

# %% [markdown]
# ### The gradient, one margin at a time
#
# Take one positive margin, $s_j - s_y + 1$ with $s = x W$. It holds two scores: $s_j = x \cdot
# W_{:,j}$ and $s_y = x \cdot W_{:,y}$. So its slope is
#
# - with respect to column $j$ of $W$: $\;+x$,
# - with respect to column $y$ of $W$: $\;-x$,
# - with respect to all other columns: 0.
#
# A margin that is not positive was cut to 0, and the slope of a constant is 0. Add up over all
# margins of all images and divide by $N$, as the loss was. The penalty $\tfrac12\,\text{reg}\,
# W_{dc}^2$ adds its slope $\text{reg}\,W_{dc}$; the ½ is there to cancel the 2.

# %% [markdown]
# ### Exercise 3.2 · Hinge loss with loops (3 points)
# `W` (D, C), `X` (N, D), `y` (N,) integers in 0 … C − 1, `reg` a number. There is no bias in this
# chapter. Return `(loss, dW)`: the number $L$ above, and its gradient with respect to `W`, of shape
# (D, C).
#
# Two loops, over images and over classes. Leave the inputs as they are. At a margin of exactly 0
# either slope will do: no check stands there.
#
# <details><summary>Hint 1</summary>
#
# Start with `loss = 0.0` and `dW` all zeros. Each positive margin adds to `loss` and to two
# columns of `dW`.
# </details>
# <details><summary>Hint 2</summary>
#
# For image `i`: `scores = X[i] @ W`. For each class `j` other than `y[i]`, compute the margin; if
# it is positive, `dW[:, j]` gains `X[i]`, and which column loses it?
# </details>
# <details><summary>Hint 3</summary>
#
# Divide `loss` and `dW` by N *before* you add the penalty and its slope `reg * W`.
# </details>

# %% tags=["exercise"]
def svm_loss_naive(W, X, y, reg):
    """Compute the hinge loss and its gradient with loops.

    Parameters
    ----------
    W : array, shape (D, C)
        Weights, one column a class.
    X : array, shape (N, D)
        Images, one row each.
    y : array of int, shape (N,)
        Correct classes.
    reg : float
        Strength of the penalty.

    Returns
    -------
    loss : float
        Mean of the images' hinges, plus the penalty.
    dW : array, shape (D, C)
        Gradient of `loss`.
    """
    ### BEGIN SOLUTION
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W                                  # (C,)
        for j in range(C):
            if j == y[i]:
                continue
            margin = scores[j] - scores[y[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / N + 0.5 * reg * np.sum(W**2)
    dW = dW / N + reg * W
    return loss, dW
    ### END SOLUTION

# %% tags=["check"]
check("svm_loss_naive", svm_loss_naive)

# %% [markdown]
# Now on real images: 8 × 8 pixels, so D = 64, and ten classes. `agree` is the gradient check that
# the rest of the chapter uses: formula against measurement, entry by entry, relative to the
# largest slope.

# %% tags=["experiment"]
digits = load("digits")
X_train, y_train = digits.X_train, digits.y_train
X_val, y_val = digits.X_val, digits.y_val


def agree(loss_fn, W, X, y, reg, h=1e-5):
    """Return the largest difference of formula and measurement, over the largest slope."""
    dW = loss_fn(W, X, y, reg)[1]
    measured = numerical_gradient(lambda V: loss_fn(V, X, y, reg)[0], W.copy(), h)
    return np.abs(dW - measured).max() / np.abs(measured).max()


W = 0.1 * np.random.default_rng(0).normal(size=(64, 10))
few = X_train[:8], y_train[:8]
print("images", X_train.shape, " classes", len(np.unique(y_train)))
print("slopes agree to 7 digits:", agree(svm_loss_naive, W, *few, 0.1) < 1e-7)

# %% [markdown]
# 640 slopes from a formula, each confirmed by two evaluations of the loss. Note what this check
# cannot see: a loss that is wrong *and* has a fitting gradient (a forgotten ½ in both) passes.

# %% [markdown]
# ### Exercise 3.3 · Hinge loss without loops (3 points)
# The same function, the same numbers, no loop over images or classes. Work on whole matrices:
#
# 1. scores $S = XW$, shape (N, C);
# 2. the correct scores, one per row, as a column of shape (N, 1);
# 3. margins $M = \max(0,\, S - S_{\text{correct}} + 1)$, shape (N, C), set to 0 at the correct
#    places;
# 4. the slope of the summed hinges with respect to each score, call it `dscores` (N, C):
#    1 where a margin is positive, and at the correct class *minus the number of positive margins
#    in that row*;
# 5. since $S = XW$, image $i$ adds $x_i$ times `dscores[i, c]` to column $c$. For all of them at
#    once that is $\;X^\top \cdot \text{dscores}$, of shape (D, C). Divide by $N$, add the penalty.
#
# <details><summary>Hint 1</summary>
#
# `scores[np.arange(N), y]` picks one entry of each row. It has shape (N,); `[:, None]` makes a
# column of it. Without that, NumPy lines it up with the classes.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.maximum(0, ...)` compares entry by entry. Set `margins[np.arange(N), y] = 0` before you sum
# and before you count.
# </details>
# <details><summary>Hint 3</summary>
#
# `dscores = (margins > 0).astype(float)`, and then its correct entries become
# `-dscores.sum(axis=1)`.
# </details>

# %% tags=["exercise"]
def svm_loss_vectorized(W, X, y, reg):
    """Compute the hinge loss and its gradient without loops.

    Parameters
    ----------
    W : array, shape (D, C)
    X : array, shape (N, D)
    y : array of int, shape (N,)
    reg : float

    Returns
    -------
    loss : float
    dW : array, shape (D, C)
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    scores = X @ W                                         # (N, C)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / len(y) + 0.5 * reg * np.sum(W**2)

    dscores = (margins > 0).astype(float)                  # (N, C)
    dscores[rows, y] = -dscores.sum(axis=1)
    dW = X.T @ dscores / len(y) + reg * W                  # (D, N) @ (N, C)
    return loss, dW
    ### END SOLUTION

# %% tags=["check"]
check("svm_loss_vectorized", svm_loss_vectorized)

# %% tags=["experiment", "nbval-ignore-output", "timing"]
import time

for loss_fn in (svm_loss_naive, svm_loss_vectorized):
    start = time.perf_counter()
    for _ in range(3):
        loss_fn(W, X_train[:500], y_train[:500], 0.1)
    print(f"{loss_fn.__name__:20s} {(time.perf_counter() - start) / 3 * 1000:8.2f} ms")

# %% [markdown]
# The same sums for 500 images, done by compiled matrix products. What you wrote twice you can now
# afford to call a thousand times.

# %% [markdown]
# ## At the corner
#
# The hinge has corners, where a margin is exactly 0. Walk along a line in weight space, $W + t
# \cdot V$ with a fixed direction $V$, and look at one image's loss and at two slopes: your formula,
# and your central difference with a large step, $h = 0.05$, so that it can be seen.

# %% tags=["experiment"]
x = np.array([[1.0]])                                      # one image with one pixel


def along(t):
    """Loss and slope at W = (0, t, t - 1): class 0 is correct, margins t + 1 and t."""
    loss, dW = svm_loss_vectorized(np.array([[0.0, t, t - 1]]), x, np.array([0]), 0.0)
    return loss, dW[0, 1] + dW[0, 2]


ts = np.linspace(-0.3, 0.3, 301)
measured = [numerical_gradient(lambda t: along(float(t))[0], np.array(t), h=0.05) for t in ts]

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.plot(ts, [along(t)[0] for t in ts], color=plots.BLACK)
left.set(xlabel="t", ylabel="loss", title="The loss bends at t = 0")
right.plot(ts, [along(t)[1] for t in ts], ".", ms=3, color=plots.BLUE, label="formula")
right.plot(ts, measured, color=plots.ORANGE, label="central, h = 0.05")
right.set(xlabel="t", ylabel="slope", title="Within h of the corner they differ")
right.legend()
plt.show()

# %% [markdown]
# Left of the corner the slope is 1, right of it 2, and the formula jumps. The central difference
# spans the corner whenever $|t| < h$ and mixes the two slopes; in the corner itself it says 1.5.
# Neither is wrong: *there* the loss has no slope.
#
# So a gradient check may fail on correct code. Take one image, put one of its nine margins a hair
# from the corner, at $2 \cdot 10^{-6}$, and vary the check's $h$.

# %% tags=["experiment"]
image, label = X_train[0], y_train[0]
rival = (label + 1) % 10
W_near = W.copy()
margin = image @ W_near[:, rival] - image @ W_near[:, label] + 1
W_near[:, rival] -= (margin - 2e-6) * image / (image @ image)   # now that margin is 2e-6

for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
    bad = agree(svm_loss_vectorized, W_near, X_train[:1], y_train[:1], 0.0, h)
    print(f"h = {h:.0e}   largest disagreement {'below 1e-5' if bad < 1e-5 else f'{bad:.3f}'}")

# %% [markdown]
# A disagreement of several per cent for every $h$ that reaches across the corner, and none when $h$
# is small enough. A wrong formula disagrees for every $h$: that is how to tell a corner from a bug.

# %% [markdown]
# *Question.* A gradient check of your hinge loss on 20 images reports: 638 of 640 slopes agree to 8
# digits, two differ by 5 %. Name two experiments that tell a corner from a mistake in the code, and
# say what each would show.

# %% [markdown] name="corner_or_bug" tags=["written"]
# ### BEGIN SOLUTION
# (1) Repeat the check with a smaller step, for example 1e-7 instead of 1e-5. If a margin lay within
# h of 0, the difference disappears; a bug stays. (2) Repeat it at another W (or other images): a
# corner moves to other entries or vanishes, since a margin is hardly ever that close to 0; a bug
# shows again. Also possible: print the smallest |margin| and compare it with h times the pixel; the
# two entries then belong to one pixel and the two columns that this margin holds. Or check in
# one-sided steps: at a corner one of the two sides agrees with the formula.
#
# *Rubric.* Two experiments that work, with what they show (1 each). A larger h, or "tolerate it",
# earns nothing.
# ### END SOLUTION

# %% [markdown]
# ## Cross-entropy: from scores to probabilities
#
# The hinge stops caring at a lead of 1. Another way to judge scores: turn them into probabilities
# and ask how much the correct class received. Probabilities must be positive and add up to
# 1, so take $e^{s}$ and divide by the sum. That is **softmax**:
#
# $$p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}.$$
#
# For $s = (2.0, 1.5, -1.0)$: $e^s = (7.39, 4.48, 0.37)$, sum 12.24, so $p = (0.60, 0.37, 0.03)$.
#
# Scores of 1000 break this on a computer: $e^{1000}$ is `inf`, and `inf / inf` is `nan`. The remedy
# is exact. Subtract the same $m$ from all scores and numerator and denominator both shrink by
# $e^{-m}$, which cancels. With $m$ the largest score, the largest power is $e^0 = 1$.

# %% [markdown]
# ### Exercise 3.4 · Softmax (2 points)
# `scores` (N, C), one image a row. Return the probabilities (N, C): positive numbers (or 0 where
# $e^{s - m}$ underflows), each **row** adding up to 1. Scores may be ±1000, in some rows and not in
# others, so each row needs its own $m$. Do not change `scores`.
#
# NumPy warns when something overflows. A warning here is a sign that the remedy is missing.
#
# <details><summary>Hint 1</summary>
#
# `axis=1` works along a row. `keepdims=True` keeps the result a column (N, 1), which lines up with
# the rows again.
# </details>
# <details><summary>Hint 2</summary>
#
# `shifted = scores - scores.max(axis=1, keepdims=True)` makes a new array; `-=` would write into
# the caller's.
# </details>

# %% tags=["exercise"]
def softmax(scores):
    """Turn each row of scores into probabilities.

    Parameters
    ----------
    scores : array, shape (N, C)

    Returns
    -------
    probs : array, shape (N, C)
        Each row adds up to 1.
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)   # (N, C), the largest of a row is 0
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION

# %% tags=["check"]
check("softmax", softmax)

# %% tags=["experiment"]
s = np.array([2.0, 1.5, -1.0])
figure, axes = plt.subplots(1, 4, figsize=(8, 2.5), sharey=True)
for axis, factor in zip(axes, (0.1, 1, 3, 500)):
    p = softmax(factor * s[None, :])[0]
    axis.bar(["3", "8", "1"], p, color=[plots.BLUE, plots.ORANGE, plots.ORANGE])
    axis.set_title(f"{factor:g} × s", fontsize=10)
    for k, value in enumerate(p):
        axis.text(k, value + 0.02, f"{value:.2f}", ha="center", fontsize=9)
axes[0].set(ylabel="probability", ylim=(0, 1.12))
figure.suptitle("The same order of scores, from undecided to certain", weight="bold", x=0.01,
                ha="left", fontsize=11)
figure.supxlabel("class", fontsize=10)
plt.show()

# %% [markdown]
# The order of the classes never changes, the size of the scores sets how sure the answer sounds.
# 500 × s means scores up to 1000, and yours survived them.

# %% [markdown]
# ### The loss and its slope
#
# Cross-entropy is minus the logarithm of what the correct class received:
#
# $$L_i = -\log p_{y_i} = \log \sum_k e^{s_k} - s_{y_i}.$$
#
# $p = 1$ costs 0, $p = 0.5$ costs 0.69, $p = 0.01$ costs 4.6. The logarithm is the natural one.
#
# Its slope with respect to $s_j$: the derivative of $\log \sum_k e^{s_k}$ is
# $e^{s_j} / \sum_k e^{s_k} = p_j$, and $-s_{y_i}$ adds $-1$ at the correct class. So
#
# $$\frac{\partial L_i}{\partial s_j} = p_j - [\,j = y_i\,].$$
#
# For $p = (0.60, 0.37, 0.03)$: slopes $(-0.40, 0.37, 0.03)$. Push the correct score up, each rival
# down in proportion to its probability. From scores to $W$ it goes as before: column $j$ of $dW$
# gains $x$ times this slope.

# %% [markdown]
# ### Exercise 3.5 · Cross-entropy with loops (3 points)
# `W` (D, C), `X` (N, D), `y` (N,), `reg` as in 3.2. Return `(loss, dW)`,
#
# $$L = \frac1N \sum_i \Big( \log \sum_k e^{s_k} - s_{y_i} \Big) + \tfrac12\,\text{reg}
# \sum_{d,c} W_{dc}^2.$$
#
# Scores of ±1000 must give a finite loss. When the correct class is 2000 behind, the loss **is**
# 2000; but $p_y$ has underflowed to 0, and `-np.log(0)` is `inf`. So never take the logarithm of a
# probability. Use the form above, with the largest score $m$ subtracted from **all** scores first:
# the sum then holds a 1, its logarithm is harmless, and the loss is unchanged.
#
# <details><summary>Hint 1</summary>
#
# For each image: scores, minus their maximum; `log_sum = np.log(np.sum(np.exp(scores)))`; the loss
# gains `log_sum` minus the (shifted) correct score.
# </details>
# <details><summary>Hint 2</summary>
#
# The probability of class `j` is `np.exp(scores[j] - log_sum)`. Where `j == y[i]`, subtract 1.
# </details>
# <details><summary>Hint 3</summary>
#
# `dW[:, j] += slope * X[i]`, for every class, the correct one too. N and `reg` as in 3.2.
# </details>

# %% tags=["exercise"]
def softmax_loss_naive(W, X, y, reg):
    """Compute the cross-entropy loss and its gradient with loops.

    Parameters
    ----------
    W : array, shape (D, C)
    X : array, shape (N, D)
    y : array of int, shape (N,)
    reg : float

    Returns
    -------
    loss : float
        Mean of the images' cross-entropies, plus the penalty.
    dW : array, shape (D, C)
    """
    ### BEGIN SOLUTION
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W                                  # (C,)
        scores = scores - scores.max()
        log_sum = np.log(np.sum(np.exp(scores)))
        loss += log_sum - scores[y[i]]
        for j in range(C):
            p = np.exp(scores[j] - log_sum)
            dW[:, j] += (p - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W**2)
    dW = dW / N + reg * W
    return loss, dW
    ### END SOLUTION

# %% tags=["check"]
check("softmax_loss_naive", softmax_loss_naive)

# %% tags=["experiment"]
print("slopes agree to 7 digits:", agree(softmax_loss_naive, W, *few, 0.1) < 1e-7)
far_behind = np.array([[1000.0, -1000.0]])
print("2000 behind, loss:", softmax_loss_naive(far_behind, np.eye(1), np.array([1]), 0.0)[0])
print("2000 ahead,  loss:", softmax_loss_naive(far_behind, np.eye(1), np.array([0]), 0.0)[0])

# %% [markdown]
# ### Exercise 3.6 · Cross-entropy without loops (3 points)
# The same numbers from whole matrices. `dscores` (N, C) now holds the probabilities, minus 1 at
# the correct places, and again $dW = X^\top \cdot \text{dscores} / N + \text{reg}\,W$.
#
# Shift, sum and pick **per row**. Take care of the order: if `dscores` is another name for your
# array of probabilities, subtracting 1 changes both.
#
# <details><summary>Hint 1</summary>
#
# Steps: `scores` (N, C), shifted by each row's maximum; `log_sums` (N,); the losses (N,).
# </details>
# <details><summary>Hint 2</summary>
#
# The losses are `log_sums` minus `scores[np.arange(N), y]`. Take their mean.
# </details>
# <details><summary>Hint 3</summary>
#
# `dscores = np.exp(scores - log_sums[:, None])`, then `dscores[np.arange(N), y] -= 1`.
# </details>

# %% tags=["exercise"]
def softmax_loss_vectorized(W, X, y, reg):
    """Compute the cross-entropy loss and its gradient without loops.

    Parameters
    ----------
    W : array, shape (D, C)
    X : array, shape (N, D)
    y : array of int, shape (N,)
    reg : float

    Returns
    -------
    loss : float
    dW : array, shape (D, C)
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    scores = X @ W                                         # (N, C)
    scores = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(scores).sum(axis=1))          # (N,)
    loss = (log_sums - scores[rows, y]).mean() + 0.5 * reg * np.sum(W**2)

    dscores = np.exp(scores - log_sums[:, None])           # (N, C), probabilities
    dscores[rows, y] -= 1
    dW = X.T @ dscores / len(y) + reg * W
    return loss, dW
    ### END SOLUTION

# %% tags=["check"]
check("softmax_loss_vectorized", softmax_loss_vectorized)

# %% [markdown]
# ## The loss before the first step
#
# Training starts from small random weights. All ten scores are then nearly 0. What will your
# cross-entropy say on the digits, with 10 classes and weights of size 0.001?

# %% tags=["predict"]
my_guess = None  # a number: the cross-entropy before training, 10 classes

# %% tags=["experiment"]
W_small = 0.001 * np.random.default_rng(1).normal(size=(64, 10))
check_prediction(my_guess, softmax_loss_vectorized(W_small, X_train, y_train, 0.0)[0], within=0.02)

# %% [markdown]
# With equal scores every class gets $1/C$, and $-\log(1/C) = \log C$: for ten classes 2.303. The
# hinge finds all $C - 1$ margins at 1, which makes 9. So the first number that training prints is
# known in advance. Does it hold for other numbers of classes, and how small is "small"?

# %% tags=["experiment"]
class_counts = np.array([2, 3, 5, 10, 30, 100, 300, 1000])
scales = np.logspace(-3, 1, 30)
at_start, by_scale = {}, {}


def loss_before_training(loss_fn, C, rng):
    """Loss of 100 random inputs with random labels under small random weights."""
    W, X = 0.001 * rng.normal(size=(64, C)), rng.normal(size=(100, 64))
    return loss_fn(W, X, rng.integers(C, size=100), 0.0)[0]


for loss_fn in (svm_loss_vectorized, softmax_loss_vectorized):
    rng = np.random.default_rng(2)
    at_start[loss_fn] = [loss_before_training(loss_fn, C, rng) for C in class_counts]
    direction = rng.normal(size=(64, 10))
    by_scale[loss_fn] = [loss_fn(k * direction, X_train, y_train, 0.0)[0] for k in scales]

# %% tags=["experiment"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4))
left.loglog(class_counts, class_counts - 1, color=plots.ORANGE, label="C − 1")
left.loglog(class_counts, at_start[svm_loss_vectorized], "o", color=plots.ORANGE, label="hinge")
left.loglog(class_counts, np.log(class_counts), color=plots.BLUE, label="log C")
left.loglog(class_counts, at_start[softmax_loss_vectorized], "s", color=plots.BLUE,
            label="cross-entropy")
left.set(xlabel="number of classes C", ylabel="loss before training",
         title="log C and C − 1, for any C")
left.legend(fontsize=9)
right.loglog(scales, by_scale[svm_loss_vectorized], color=plots.ORANGE, label="hinge")
right.loglog(scales, by_scale[softmax_loss_vectorized], color=plots.BLUE, label="cross-entropy")
right.set(xlabel="standard deviation of the weights", ylabel="loss on the digits",
          title="Large weights start far above")
right.legend(fontsize=9)
plt.show()

# %% [markdown]
# Left: the dots lie on the curves. Right: up to a standard deviation of about 0.1 both losses stay
# at their known start; from there they climb, because random scores are confidently wrong.
# A first loss far from $\log C$ says that something is off: the scale of the weights or the data,
# or the loss itself. It is the cheapest test there is.

# %% [markdown]
# ## Which of many equally good W?
#
# Suppose some $W$ beats every rival by at least 1 on every image: hinge 0. Then $2W$ beats them by
# at least 2: hinge 0 as well. $3W$, $10W$ … the data cannot choose. A **penalty** on large weights
# does, and it also keeps the classifier from leaning on one pixel.
#
# Two pixels, values $x = (1, 2)$, and a score of 2 is wanted: $w_1 + 2 w_2 = 2$. A whole line of
# weights gives that. Which point of the line is smallest depends on how you measure size.

# %% tags=["experiment"]
line = np.linspace(-0.6, 1.6, 50)
angle = np.linspace(0, 2 * np.pi, 200)
figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.6))
best = {"L2": np.array([0.4, 0.8]), "L1": np.array([0.0, 1.0])}
for axis, (name, w) in zip(axes, best.items()):
    axis.plot(line, (2 - line) / 2, color=plots.BLACK, lw=1.2)
    for size in (0.5, 1.0):
        if name == "L2":
            r = size * np.sqrt(0.8)
            axis.plot(r * np.cos(angle), r * np.sin(angle), color=plots.BLUE)
        else:
            axis.plot(size * np.array([1, 0, -1, 0, 1]), size * np.array([0, 1, 0, -1, 0]),
                      color=plots.ORANGE)
    axis.plot(*w, "o", color=plots.RED, ms=8)
    axis.annotate(f"w = ({w[0]:g}, {w[1]:g})", w, (w[0] + 0.15, w[1] + 0.22), color=plots.RED)
    axis.set(xlim=(-1.3, 1.6), ylim=(-1.2, 1.5), xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
axes[0].set_title("L2 touches between the axes")
axes[1].set_title("L1 touches on an axis")
plt.show()

# %% [markdown]
# Black: all weights with score 2. Coloured: weights of equal size, $w_1^2 + w_2^2$ on the left,
# $|w_1| + |w_2|$ on the right. Let the shape grow until it touches. The circle touches at
# $(0.4, 0.8)$: both pixels share the work. The diamond touches with its tip at $(0, 1)$: the
# brighter pixel does all of it, and the other weight is exactly 0.

# %% [markdown]
# ### Exercise 3.7 · L2 penalty (1 point)
# `W` (D, C), `reg` a number. Return `(value, dW)`:
#
# $$\text{value} = \tfrac12\,\text{reg} \sum_{d,c} W_{dc}^2, \qquad
# \frac{\partial\,\text{value}}{\partial W_{dc}} = \text{reg}\; W_{dc}.$$
#
# You have written both already, inside the losses. The pull towards 0 is proportional to the
# weight: large weights are pulled hard, small ones hardly at all.

# %% tags=["exercise"]
def l2_penalty(W, reg):
    """Compute the L2 penalty and its gradient.

    Parameters
    ----------
    W : array, shape (D, C)
    reg : float

    Returns
    -------
    value : float
    dW : array, shape (D, C)
    """
    ### BEGIN SOLUTION
    value = 0.5 * reg * np.sum(W**2)
    dW = reg * W
    return value, dW
    ### END SOLUTION

# %% tags=["check"]
check("l2_penalty", l2_penalty)

# %% [markdown]
# ### Exercise 3.8 · L1 penalty (2 points)
# Same inputs and outputs, other size:
#
# $$\text{value} = \text{reg} \sum_{d,c} |W_{dc}|.$$
#
# There is no ½: no 2 comes down that it could cancel. The slope of $|w|$ is 1 where $w > 0$ and −1
# where $w < 0$. At $w = 0$ there is a corner; take 0 there, so that a weight of 0 stays 0.
#
# The pull is `reg` for every weight, large or tiny. That is why L1 gets small weights all the way
# down.
#
# <details><summary>Hint</summary>
#
# One NumPy function gives −1, 0 or 1 for each entry. Dividing $W$ by $|W|$ does not: 0 / 0 is NaN.
# </details>

# %% tags=["exercise"]
def l1_penalty(W, reg):
    """Compute the L1 penalty and its gradient, which is 0 where a weight is 0.

    Parameters
    ----------
    W : array, shape (D, C)
    reg : float

    Returns
    -------
    value : float
    dW : array, shape (D, C)
    """
    ### BEGIN SOLUTION
    value = reg * np.sum(np.abs(W))
    dW = reg * np.sign(W)
    return value, dW
    ### END SOLUTION

# %% tags=["check"]
check("l1_penalty", l1_penalty)

# %% [markdown]
# Now on the digits: your cross-entropy plus each penalty, trained from the same start by full-batch
# gradient descent (chapter 2), with a step that shrinks a little every time.

# %% tags=["experiment"]
def descend(loss_fn, W, learning_rate, num_steps, decay=1.0, watch=None):
    """Take num_steps of gradient descent on the training digits and return the last W."""
    for step in range(num_steps):
        if watch:
            watch(step, W)
        W = W - learning_rate * decay**step * loss_fn(W)[1]
    return W


def with_penalty(penalty, reg):
    """Return a function of W: cross-entropy on the training digits plus a penalty."""
    def loss_fn(W):
        loss, dW = softmax_loss_vectorized(W, X_train, y_train, 0.0)
        value, dW_penalty = penalty(W, reg)
        return loss + value, dW + dW_penalty
    return loss_fn


def accuracy(W, X, y):
    return np.mean((X @ W).argmax(axis=1) == y)

# %% tags=["experiment"]
start = 0.1 * np.random.default_rng(3).normal(size=(64, 10))
W_l2 = descend(with_penalty(l2_penalty, 0.005), start, 1.0, 1500, decay=0.997)
W_l1 = descend(with_penalty(l1_penalty, 0.002), start, 1.0, 1500, decay=0.997)
for name, trained in (("L2", W_l2), ("L1", W_l1)):
    size = np.abs(trained)
    print(f"{name}: validation accuracy {accuracy(trained, X_val, y_val):.2f}, "
          f"weights below 0.01: {np.mean(size < 0.01):.0%}, largest {size.max():.1f}")

# %% tags=["experiment"]
figure, axes = plt.subplots(2, 11, figsize=(8.6, 2.2), width_ratios=[1] * 10 + [0.15])
for row, name, trained in zip(axes, ("L2", "L1"), (W_l2, W_l1)):
    for c in range(10):
        shown = row[c].imshow(trained[:, c].reshape(8, 8), cmap="PuOr", vmin=-1.5, vmax=1.5)
        row[c].axis("off")
        if name == "L2":
            row[c].set_title(c, loc="center", fontsize=10, weight="normal")
    row[0].text(-1, 3.5, name, ha="right", va="center", weight="bold")
    figure.colorbar(shown, cax=row[10])
figure.suptitle("L1 leaves most weights at almost 0 (white); with L2 most of them take part",
                weight="bold", fontsize=11, x=0.01, ha="left")
plt.show()

# %% [markdown]
# One square a class: orange weights speak against it, purple ones for it, white ones do nothing.
# Both are about equally accurate; L1 gets there with less than half of the weights.

# %% tags=["experiment"]
for name, trained, colour in (("L2", W_l2, plots.BLUE), ("L1", W_l1, plots.ORANGE)):
    plt.semilogy(np.sort(np.abs(trained).ravel())[::-1], color=colour, label=name)
plt.axhline(0.01, color="0.6", lw=1, ls=":")
plt.ylim(1e-6, 5)
plt.xlabel("weights, from the largest to the smallest")
plt.ylabel("size of the weight")
plt.title("L1 falls off a cliff, L2 slopes down slowly")
plt.legend()
plt.show()

# %% [markdown]
# The constant pull of L1 takes weights over the edge; the proportional pull of L2 fades with them.

# %% [markdown]
# *Question.* A classifier reaches hinge loss 0 on its training images, without a penalty. What is
# the loss of $10W$? Of $0.1\,W$? Does accuracy change? And cross-entropy: which of the three does
# it prefer, and what happens to $W$ if you go on training with cross-entropy and no penalty?

# %% [markdown] name="ten_times_w" tags=["written"]
# ### BEGIN SOLUTION
# All margins scale with W. 10W: leads of at least 10, hinge still 0. 0.1 W: the leads may be as
# small as 0.1, so the hinge is positive again (up to 0.9 for each rival). The order of the scores
# is the same in all three, so accuracy is the same. Cross-entropy falls as all leads grow: it
# prefers 10W, and 100W even more. Without a penalty it has no minimum at any finite W: the weights
# go on growing, slower and slower. A penalty gives both losses one finite answer.
#
# *Rubric.* Hinge of 10W is 0 and of 0.1 W (in general) positive (1); accuracy unchanged (1);
# cross-entropy prefers larger W and W grows without bound (1).
# ### END SOLUTION

# %% [markdown]
# ## Both losses, trained
#
# Same images, same start at $W = 0$, 600 full-batch steps, a small L2 penalty. Only the loss
# differs, and the learning rate: at $W = 0$ the hinge's slope at the correct score is −9, that of
# cross-entropy −0.9, so the hinge takes a rate ten times smaller.

# %% tags=["experiment"]
settings = {
    "hinge": (svm_loss_vectorized, 0.1, plots.ORANGE),
    "cross-entropy": (softmax_loss_vectorized, 1.0, plots.BLUE),
}


def lead_of_correct(W, X, y):
    """Return how far the correct score is ahead of the best rival, (N,)."""
    rows, scores = np.arange(len(y)), X @ W
    correct = scores[rows, y].copy()
    scores[rows, y] = -np.inf
    return correct - scores.max(axis=1)

# %% tags=["experiment"]
reg = 1e-4
trained, curves, leads = {}, {}, {}
for name, (loss_fn, learning_rate, _) in settings.items():
    curves[name], leads[name] = [], {}

    def watch(step, W, name=name, loss_fn=loss_fn):
        curves[name].append((loss_fn(W, X_train, y_train, reg)[0], accuracy(W, X_val, y_val)))
        leads[name][step] = lead_of_correct(W, X_train, y_train)

    trained[name] = descend(
        lambda W, f=loss_fn: f(W, X_train, y_train, reg), np.zeros((64, 10)), learning_rate, 600,
        watch=watch,
    )
    print(f"{name:14s} training {accuracy(trained[name], X_train, y_train):.2f}   "
          f"validation {accuracy(trained[name], X_val, y_val):.2f}")

# %% tags=["experiment"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.3))
for name, (_, _, colour) in settings.items():
    loss, val_accuracy = np.array(curves[name]).T
    left.semilogy(1 + np.arange(600), loss, color=colour, label=name)
    right.plot(1 + np.arange(600), 100 * val_accuracy, color=colour, label=name)
left.set(xlabel="step", ylabel="training loss", xscale="log", title="They start at 9 and at log 10")
right.set(xlabel="step", ylabel="validation accuracy (%)", xscale="log", ylim=(0, 100),
          title="… and end at the same accuracy")
left.legend()
right.legend()
plt.show()

# %% [markdown]
# Two losses with different units (0.2 of one is not 0.2 of the other), one accuracy. Their values
# cannot be compared with each other, only each with itself. What *does* differ is how the images
# stand. For each training image, take the lead: correct score minus the best rival's.

# %% tags=["experiment", "nbval-ignore-output"]
frames = np.unique(np.round(np.logspace(0, np.log10(599), 28)).astype(int))
edges = np.arange(-3, 10.5, 0.25)
figure, axes = plt.subplots(2, 1, figsize=(6, 3.8), sharex=True)
stairs = []
for axis, (_, _, colour) in zip(axes, settings.values()):
    stairs.append(axis.stairs(np.zeros(len(edges) - 1), edges, fill=True, color=colour))
    axis.axvline(0, color=plots.BLACK, lw=1)
    axis.axvline(1, color="0.5", lw=1, ls=":")
    axis.set(ylim=(0, 300), ylabel="images")
axes[1].set_xlabel("lead of the correct class (left of 0: wrong)")


def draw(k):
    for axis, steps_of, name in zip(axes, stairs, settings):
        steps_of.set_data(np.histogram(leads[name][frames[k]], edges)[0])
        axis.set_title(f"{name}, step {frames[k]}")


plots.animate(draw, len(frames), figure=figure, seconds_per_frame=0.25)

# %% [markdown]
# The hinge carries the images just past 1 (dotted) and lets go of them. Cross-entropy keeps pushing
# everyone to the right, those at the front too, ever more gently.

# %% [markdown]
# ### A small shake
#
# So how does each loss react when scores change a little? Take the two trained classifiers, shake
# every score of every training image by a random amount of about 0.01, and look at each image's
# loss. For what share of the images does the **hinge** not change at all, not even in the last
# digit?

# %% tags=["predict"]
my_share = None  # a number between 0 and 1

# %% tags=["experiment"]
def image_losses(scores, y):
    """Return hinge and cross-entropy of each image, (N,) each, with your own functions."""
    one = [(scores[[i]], np.eye(1), y[[i]]) for i in range(len(y))]
    hinge = [svm_loss_vectorized(row, eye, label, 0.0)[0] for row, eye, label in one]
    cross = [softmax_loss_vectorized(row, eye, label, 0.0)[0] for row, eye, label in one]
    return np.array(hinge), np.array(cross)


shake = 0.01 * np.random.default_rng(7).normal(size=(len(y_train), 10))
changes, ahead = {}, {}
for k, name in enumerate(settings):
    scores = X_train @ trained[name]
    changes[name] = np.abs(image_losses(scores + shake, y_train)[k]
                           - image_losses(scores, y_train)[k])
    ahead[name] = lead_of_correct(trained[name], X_train, y_train)
unmoved = np.mean(changes["hinge"] == 0)
check_prediction(my_share, round(float(unmoved), 2), within=0.1)
print(f"cross-entropy: unmoved for {np.mean(changes['cross-entropy'] == 0):.0%} of the images")

# %% tags=["experiment"]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), sharex=True, sharey=True)
for axis, (name, (_, _, colour)) in zip(axes, settings.items()):
    axis.scatter(ahead[name], np.maximum(changes[name], 1e-8), s=5, alpha=0.5, color=colour)
    axis.axvline(1, color="0.5", lw=1, ls=":")
    axis.set(yscale="log", xlabel="lead of the correct class", ylim=(5e-9, 0.3))
axes[0].set(ylabel="change of the image's loss (0 drawn at 1e-8)",
            title="Hinge: nothing beyond a lead of 1")
axes[1].set_title("Cross-entropy: always a little")
plt.show()

# %% [markdown]
# Hinge, left: an image that leads by clearly more than 1 does not move at all; the others move by
# about the size of the shake. Cross-entropy, right: every image moves, and each unit of lead makes
# it about $e$ times less. So the hinge is settled by the images near or over the border only (they
# are called *support vectors*); cross-entropy listens to all.

# %% [markdown]
# *Question.* Ten per cent of your training labels are wrong: somebody typed at random. Some images
# will stand far on the wrong side of the border with their (wrong) label. Compare how strongly such
# an image pulls on `dW` under the hinge, under cross-entropy, and under a squared hinge
# $\sum_j \max(0, m_j)^2$.

# %% [markdown] name="wrong_labels" tags=["written"]
# ### BEGIN SOLUTION
# Hinge: the slope of a positive margin is 1 whatever its size, so an image far on the wrong side
# pulls as hard as one just inside its margin (times the number of positive margins). Cross-entropy:
# the slope p_y - 1 tends to -1 and no further; the pull is bounded too, and once an image is
# clearly wrong it is nearly constant, as with the hinge. Squared hinge: the slope 2 m grows with
# the distance, so the worst (here: mislabelled) images pull hardest. With many wrong labels the
# squared hinge suffers most.
#
# *Rubric.* Hinge: constant slope (1). Cross-entropy: bounded, slope towards -1 (1). Squared hinge:
# grows with the margin, so it is the most sensitive to wrong labels (1).
# ### END SOLUTION

# %% [markdown]
# ## Often said, and wrong
#
# **"Cross-entropy uses log10, and its best value is 1."** It is the natural logarithm, and the best
# value is $-\log 1 = 0$. With log10 the slope $p_j - [j = y]$ would no longer be the slope of the
# loss: it is too large by the factor $\log 10 = 2.303$, off by 1.303 of the true slope, which a
# gradient check shows at once. (And ten classes would start at a loss of 1, which looks so round
# that nobody asks why.)

# %% tags=["experiment"]
def ce_with_log10(W, X, y, reg):
    loss, dW = softmax_loss_vectorized(W, X, y, reg)
    return loss / np.log(10), dW


sure = np.array([[50.0, 0.0, 0.0]])                        # scores: class 0, no doubt
print("sure and right:", f"{softmax_loss_vectorized(sure, np.eye(1), np.array([0]), 0.0)[0]:.3f}")
print(f"gradient check, natural log: {agree(softmax_loss_vectorized, W, *few, 0.0):.0f}")
print(f"gradient check, log10:       {agree(ce_with_log10, W, *few, 0.0):.3f}")

# %% [markdown]
# **"If the loss does not fall, accuracy cannot rise."** Accuracy asks who is first; the loss also
# asks by how much. Train on only 50 digits, without a penalty, and watch the validation set.

# %% tags=["experiment"]
few_X, few_y = X_train[:50], y_train[:50]
history = []


def watch_validation(step, W):
    history.append((softmax_loss_vectorized(W, X_val, y_val, 0.0)[0], accuracy(W, X_val, y_val)))


descend(lambda W: softmax_loss_vectorized(W, few_X, few_y, 0.0), np.zeros((64, 10)), 2.0, 4000,
        watch=watch_validation)
val_loss, val_accuracy = np.array(history).T
for step in (100, 3999):
    print(f"step {step:4d}: loss {val_loss[step]:.2f}, accuracy {val_accuracy[step]:.1%}")

# %% tags=["experiment"]
figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4), sharex=True)
steps_taken = np.arange(1, len(val_loss) + 1)
top.semilogx(steps_taken, val_loss, color=plots.BLUE)
bottom.semilogx(steps_taken, 100 * val_accuracy, color=plots.GREEN)
top.set(ylabel="validation loss", ylim=(1.1, 1.7), title="The validation loss climbs again …")
bottom.set(xlabel="step", ylabel="accuracy (%)", ylim=(50, 90), xlim=(10, 4000),
           title="… while validation accuracy does not fall")
plt.show()

# %% [markdown]
# From step 100 on the loss gets worse by a fifth, and accuracy *gains* two points. The weights keep
# growing, so the wrong answers are given with ever more confidence and each costs more; who is
# first hardly changes. Look at both curves.

# %% [markdown]
# **"Softmax says how sure the classifier is."** It says so in units that the penalty chose. Three
# strengths, much the same answers:

# %% tags=["experiment"]
for strength in (0.0, 0.01, 0.1):
    V = descend(with_penalty(l2_penalty, strength), np.zeros((64, 10)), 1.0, 600)
    top_probability = softmax(X_val @ V).max(axis=1).mean()
    print(f"reg {strength:<5g} accuracy {accuracy(V, X_val, y_val):.2f}   "
          f"mean of the highest probability {top_probability:.2f}")

# %% [markdown]
# Read the *order* of softmax's numbers; trust their size only after you have compared it with how
# often such answers are right.
#
# **"The L1 penalty makes weights exactly zero."** Its minimum has exact zeros. Plain gradient
# steps do not land on them: near 0 the slope is +reg on one side and −reg on the other, and the
# weight hops across. It takes a step that stops *at* 0 (soft-thresholding).

# %% tags=["experiment"]
W_hop, W_stop, rate = start.copy(), start.copy(), 0.3
for _ in range(1000):
    W_hop = W_hop - rate * with_penalty(l1_penalty, 0.002)(W_hop)[1]
    W_stop = W_stop - rate * softmax_loss_vectorized(W_stop, X_train, y_train, 0.0)[1]
    W_stop = np.sign(W_stop) * np.maximum(0, np.abs(W_stop) - rate * 0.002)
print(f"gradient steps:      {np.mean(W_hop == 0):.0%} of the weights exactly 0")
print(f"with soft-threshold: {np.mean(W_stop == 0):.0%}")

# %% [markdown]
# ## Summary
#
# | | hinge | cross-entropy |
# |---|---|---|
# | one image | $\sum_{j \ne y} \max(0, s_j - s_y + 1)$ | $\log \sum_k e^{s_k} - s_y$ |
# | slope at a wrong $s_j$ | 1 or 0 | $p_j$ |
# | slope at $s_y$ | −(number of positive margins) | $p_y - 1$ |
# | before training | $C - 1$ | $\log C$ |
# | best value | 0, reached | 0, never reached |
# | images that matter | those near or over the border | all, the sure ones very little |

# %% [markdown]
# And what holds for both:
#
# - A central difference with $h = 10^{-5}$ checks any gradient, except within $h$ of a corner.
# - Shift scores by their row's maximum, and never take the logarithm of a probability.
# - The data cannot tell $W$ from $2W$; a penalty can. L2 shares the work, L1 selects.
# - Both gradients are $X^\top \cdot \text{dscores} / N$. Chapter 4 makes a machine of that.

# %% [markdown]
# ## Where to read on
#
# - CS231n lecture notes, *Linear classification* and *Optimization* (cs231n.github.io); *Neural
#   Networks 3* has more on gradient checks.
# - J. Weston and C. Watkins, *Support vector machines for multi-class pattern recognition*, ESANN
#   1999: the hinge with a sum over classes. K. Crammer and Y. Singer, *On the algorithmic
#   implementation of multiclass kernel-based vector machines*, JMLR 2 (2001): the one with the
#   strongest rival only.
# - J. S. Bridle, *Probabilistic interpretation of feedforward classification network outputs*,
#   1990: where the name softmax comes from.
# - R. Tibshirani, *Regression shrinkage and selection via the lasso*, JRSS B 58 (1996): L1.
# - C. Guo et al., *On calibration of modern neural networks*, ICML 2017: what probabilities are
#   worth.
