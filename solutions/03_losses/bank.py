"""The exercises of chapter 3: cases, known mistakes, other right answers.

`cs231n prove 3` and `cs231n build 3` read it. Inputs of the two losses are drawn from continuous
distributions, so a margin is never at the hinge's corner; the exact ones (scores of 1000) keep
every margin at least 1 away from it. All four losses share their cases.
"""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("03_losses")


# ------------------------------------------------------------------ numerical_gradient

numerical_gradient = bank.exercise(
    "numerical_gradient", points=3, driver="ch03.slope", returns=("grad",)
)

# With a about 60, f'' / f' = a, so a one-sided difference is off by h * a / 2 = 3e-4 of the
# value: 30 times the tolerance. A central one is off by (h * a)**2 / 6 = 6e-8.


def _tiny(rng):
    """An entry that loses its last digits in x + h, so that adding and subtracting h shows."""
    return rng.uniform(1e-9, 1e-8)


@numerical_gradient.case("one number, shape ()")
def _(rng):
    return dict(
        f="sum(exp(a * x))", x=np.array(rng.uniform(0, 0.05)), a=np.array(rng.uniform(50, 70))
    )


@numerical_gradient.case("a vector")
def _(rng):
    x = np.append(rng.normal(size=4), _tiny(rng))
    return dict(f="sum(cos(a * x))", x=x, a=rng.uniform(40, 60, size=5))


@numerical_gradient.case("a matrix, its entries multiply each other")
def _(rng):
    signs, x = rng.choice([-1.0, 1.0], size=(3, 4)), rng.uniform(-0.03, 0.03, size=(3, 4))
    x[1, 2] = _tiny(rng)
    return dict(f="exp(sum(a * x))", x=x, a=signs * rng.uniform(30, 50, size=(3, 4)))


@numerical_gradient.case("at the minimum, where the gradient is zero")
def _(rng):
    return dict(f="sum(a * x**2)", x=np.zeros((2, 3)), a=rng.uniform(1, 3, size=(2, 3)))


@numerical_gradient.case("h = 0.1")
def _(rng):
    return dict(
        f="sum(a * x**3)", x=rng.normal(size=(4, 2)), h=0.1, a=rng.uniform(1, 3, size=(4, 2))
    )


@numerical_gradient.case("one column, h = 0.001", hidden=True)
def _(rng):
    return dict(
        f="sum(exp(a * x))", x=rng.uniform(0, 0.1, size=(6, 1)), h=1e-3,
        a=rng.uniform(30, 40, size=(6, 1)),
    )


numerical_gradient.edit(
    "a one-sided difference, (f(x + h) - f(x)) / h",
    "Step to both sides of x: the error then shrinks with h squared instead of h.",
    ("        x[index] = old - h\n", "        x[index] = old\n"), ("(2 * h)", "h"),
)
numerical_gradient.edit(
    "a one-sided difference to the left, (f(x) - f(x - h)) / h",
    "Step to both sides of x: the error then shrinks with h squared instead of h.",
    ("        x[index] = old + h\n", "        x[index] = old\n"), ("(2 * h)", "h"),
)
numerical_gradient.edit(
    "the central difference is divided by h",
    "From x - h to x + h the distance is 2h.",
    ("(2 * h)", "h"),
)
numerical_gradient.edit(
    "x is not put back after each entry",
    "Remember the entry before you change it, and write that number back before the next one.",
    ("        x[index] = old\n", ""),
)
numerical_gradient.edit(
    "x is put back by adding h again, so it is off by a rounding error",
    "Keep the old number and store it again: x - h + h is not exactly x in floating point.",
    ("        x[index] = old\n", "        x[index] += h\n"),
)
numerical_gradient.edit(
    "a one-sided difference, and x is put back by subtracting h, off by a rounding error",
    "Step to both sides of x, and put x back by storing its old number again.",
    ("        old = x[index]\n        x[index] = old + h\n", "        x[index] += h\n"),
    ("        x[index] = old - h\n", "        x[index] -= h\n"),
    ("        x[index] = old\n", ""), ("(2 * h)", "h"),
)
numerical_gradient.edit(
    "h is fixed inside the function",
    "Use the argument h; 1e-5 is only its default.",
    ("    grad = ", "    h = 1e-5\n    grad = "),
)
numerical_gradient.edit(
    "the step is taken in units of h but divided by nothing",
    "A slope is a difference of values divided by the distance between the two points.",
    ("(above - below) / (2 * h)", "above - below"),
)
numerical_gradient.edit(
    "the sign is reversed",
    "The value at x + h comes first, the value at x - h is subtracted from it.",
    ("above - below", "below - above"),
)


@numerical_gradient.mistake(
    "all entries of x are moved at once",
    "A partial derivative moves one entry of x and leaves the others where they are.",
)
def _(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)


@numerical_gradient.mistake(
    "all entries of x are moved at once and the slope is copied into every place",
    "A partial derivative moves one entry of x and leaves the others where they are.",
)
def _(f, x, h=1e-5):
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


@numerical_gradient.mistake(
    "x + h and x - h are the same array",
    "A second name is not a copy: x_plus = x lets both names change one array; use x.copy().",
)
def _(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus = x
        minus = x
        plus[index] += h
        minus[index] -= h
        grad[index] = (f(plus) - f(minus)) / (2 * h)
    return grad


@numerical_gradient.mistake(
    "the loop runs over the first axis only",
    "x may have any shape: loop over np.ndindex(x.shape), which gives one index per number.",
)
def _(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for i in range(len(x)):
        old = np.array(x[i])
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        below = f(x)
        x[i] = old
        grad[i] = (above - below) / (2 * h)
    return grad


@numerical_gradient.mistake(
    "the loop runs over the first axis only and gives one slope per row",
    "x may have any shape: loop over np.ndindex(x.shape), which gives one index per number.",
)
def _(f, x, h=1e-5):
    grad = []
    for i in range(len(x)):
        plus, minus = x.copy(), x.copy()
        plus[i] += h
        minus[i] -= h
        grad.append((f(plus) - f(minus)) / (2 * h))
    return np.array(grad)


@numerical_gradient.mistake(
    "the loop takes x to be a matrix",
    "x may have any shape: loop over np.ndindex(x.shape), which gives one index per number.",
)
def _(f, x, h=1e-5):
    grad = np.zeros_like(x)
    rows, columns = x.shape
    for i in range(rows):
        for j in range(columns):
            old = x[i, j]
            x[i, j] = old + h
            above = f(x)
            x[i, j] = old - h
            below = f(x)
            x[i, j] = old
            grad[i, j] = (above - below) / (2 * h)
    return grad


@numerical_gradient.mistake(
    "f is given the flattened x",
    "f needs x in its own shape: change one entry, but pass the whole array as it came.",
)
def _(f, x, h=1e-5):
    flat = x.flatten()
    grad = np.zeros(flat.size)
    for i in range(flat.size):
        step = np.zeros(flat.size)
        step[i] = h
        grad[i] = (f(flat + step) - f(flat - step)) / (2 * h)
    return grad.reshape(x.shape)


@numerical_gradient.also_right("copies, x never touched")
def _(f, x, h=1e-5):
    grad = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        plus, minus = x.copy(), x.copy()
        plus[index] += h
        minus[index] -= h
        grad[index] = (f(plus) - f(minus)) / (2.0 * h)
    return grad


@numerical_gradient.also_right("a matrix of unit steps")
def _(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([0.5 * (f(x + s) - f(x - s)) / h for s in steps]).reshape(x.shape)


@numerical_gradient.also_right("nditer, as in the classic form")
def _(f, x, h=1e-5):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        place = it.multi_index
        old = x[place]
        x[place] = old + h
        above = f(x)
        x[place] = old - h
        below = f(x)
        x[place] = old
        grad[place] = (above - below) / (2 * h)
        it.iternext()
    return grad


@numerical_gradient.also_right("a flat view of x")
def _(f, x, h=1e-5):
    slopes = []
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + h
        above = f(x)
        x.flat[i] = old - h
        slopes.append((above - f(x)) / (2 * h))
        x.flat[i] = old
    return np.reshape(slopes, x.shape)


@numerical_gradient.also_right("f is called with a copy, x is changed and put back")
def _(f, x, h=1e-5):
    flat, out = x.reshape(-1), np.zeros(x.size)
    for i in range(flat.size):
        old = float(flat[i])
        values = []
        for step in (h, -h):
            flat[i] = old + step
            values.append(f(x.copy()))
        flat[i] = old
        out[i] = (values[0] - values[1]) / (2 * h)
    return out.reshape(x.shape)


# ------------------------------------------------------------------ cases of the four losses


def _drawn(rng, N, D, C, reg, scale=1.0):
    """Random weights, examples and classes."""
    W, X = scale * rng.normal(size=(D, C)), rng.normal(size=(N, D))
    return dict(W=W, X=X, y=rng.integers(C, size=N), reg=reg)


def _exact(rng, scores, y, reg):
    """W and X in whole numbers (exact in float32 too) whose product holds these scores."""
    scores = np.asarray(scores, dtype=float)
    rows, columns = rng.permutation(scores.shape[0]), rng.permutation(scores.shape[1])
    W = scores[rows][:, columns]
    place = np.argsort(columns)
    return dict(W=W, X=np.eye(len(rows)), y=place[np.asarray(y)[rows]], reg=reg)


def _cases_of_losses(exercise):
    @exercise.case("six rows, four classes")
    def _(rng):
        return _drawn(rng, 6, 5, 4, reg=0.3)

    @exercise.case("as many rows as classes")
    def _(rng):
        return _drawn(rng, 4, 3, 4, reg=0.2)

    @exercise.case("a batch of one")
    def _(rng):
        return _drawn(rng, 1, 6, 3, reg=0.5)

    @exercise.case("W = 0, as before the first step")
    def _(rng):
        return _drawn(rng, 5, 4, 3, reg=0.7) | {"W": np.zeros((4, 3))}

    @exercise.case("scores of 1000 and -1000, the right class lowest")
    def _(rng):
        scores = [[1000, -1000, 0], [-1000, 1000, 1000], [-1000, -998, -1000]]
        return _exact(rng, scores, [1, 0, 2], reg=1e-5)

    @exercise.case("scores of 1000 and -1000, the right class highest", hidden=True)
    def _(rng):
        scores = [[1000, -1000, 0], [-1000, 1000, -1000], [-1000, -998, -1000]]
        return _exact(rng, scores, [0, 1, 1], reg=1e-6)

    @exercise.case("two classes, large weights, reg = 0", hidden=True)
    def _(rng):
        return _drawn(rng, 8, 3, 2, reg=0.0, scale=5.0)


# ------------------------------------------------------------------ svm_loss_naive

svm_loss_naive = bank.exercise("svm_loss_naive", points=3, returns=("loss", "dW"))
_cases_of_losses(svm_loss_naive)

svm_loss_naive.edit(
    "the correct class is counted too, which adds 1 to the mean loss",
    "Skip j == y[i]: a score is not compared with itself.",
    ("            if j == y[i]:\n                continue\n", ""),
)
svm_loss_naive.edit(
    "the loss and dW are sums over the examples, not means",
    "Divide both by N: the loss is the mean over the examples.",
    ("loss / N", "loss"), ("dW / N", "dW"),
)
svm_loss_naive.edit(
    "dW is not divided by N",
    "dW is the gradient of the mean loss: what divides the loss divides dW.",
    ("dW / N", "dW"),
)
svm_loss_naive.edit(
    "the penalty lacks its factor 1/2",
    "In this course the penalty is 0.5 * reg * sum(W**2), so that its gradient is reg * W.",
    ("0.5 * reg", "reg"), ("dW / N + reg * W", "dW / N + 2 * reg * W"),
)
svm_loss_naive.edit(
    "dW has twice the penalty's gradient",
    "The factor 1/2 cancels the 2 that comes down from the square.",
    ("dW / N + reg * W", "dW / N + 2 * reg * W"),
)
svm_loss_naive.edit(
    "dW lacks the gradient of the penalty",
    "The penalty depends on W as well: differentiate it and add it.",
    ("dW / N + reg * W", "dW / N"),
)
svm_loss_naive.edit(
    "the penalty is left out of the loss",
    "Add 0.5 * reg * sum(W**2) to the mean of the hinges.",
    (" + 0.5 * reg * np.sum(W**2)", ""),
)
svm_loss_naive.edit(
    "the penalty is divided by N",
    "Take the mean of the hinges first and add the penalty after it: it belongs to W, not to "
    "the examples.",
    ("loss / N + 0.5 * reg * np.sum(W**2)", "(loss + 0.5 * reg * np.sum(W**2)) / N"),
    ("dW / N + reg * W", "(dW + reg * W) / N"),
)
svm_loss_naive.edit(
    "dW of the correct class's column gets nothing",
    "Each margin holds two scores: s_j with a plus, and the correct class's with a minus.",
    ("                dW[:, y[i]] -= X[i]\n", ""),
)
svm_loss_naive.edit(
    "the correct class's column loses x once per example, not once per positive margin",
    "Every positive margin contains the correct score once: count them.",
    ("                dW[:, y[i]] -= X[i]\n", ""),
    ("        for j in range(C):", "        dW[:, y[i]] -= X[i]\n        for j in range(C):"),
)
svm_loss_naive.edit(
    "dW has its sign reversed",
    "Raising s_j raises the margin: column j gets +x, the correct class's column -x.",
    ("dW[:, j] += X[i]", "dW[:, j] -= X[i]"), ("dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]"),
)
svm_loss_naive.edit(
    "there is no margin of 1",
    "The correct score must be ahead by 1: the hinge is s_j - s_y + 1.",
    (" + 1\n", "\n"),
)
svm_loss_naive.edit(
    "negative margins are counted",
    "Take max(0, margin): a class that is beaten by more than 1 adds nothing, not a bonus.",
    ("if margin > 0", "if True"),
)
svm_loss_naive.edit(
    "the margin is the wrong way round, s_y - s_j + 1",
    "The loss must grow when a wrong class's score grows: s_j - s_y + 1.",
    ("scores[j] - scores[y[i]] + 1", "scores[y[i]] - scores[j] + 1"),
    ("dW[:, j] += X[i]", "dW[:, j] -= X[i]"), ("dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]"),
)
svm_loss_naive.edit(
    "the hinge is squared",
    "This loss adds the margins themselves, not their squares.",
    ("loss += margin", "loss += margin**2"),
    ("+= X[i]", "+= 2 * margin * X[i]"), ("-= X[i]", "-= 2 * margin * X[i]"),
)


@svm_loss_naive.mistake(
    "only the strongest wrong class counts", "Sum the hinges of all the wrong classes.",
)
def _(W, X, y, reg):
    N = len(y)
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(N):
        margins = X[i] @ W
        margins = margins - margins[y[i]] + 1
        margins[y[i]] = 0
        j = margins.argmax()
        if margins[j] > 0:
            loss += margins[j]
            dW[:, j] += X[i]
            dW[:, y[i]] -= X[i]
    return loss / N + 0.5 * reg * np.sum(W**2), dW / N + reg * W


@svm_loss_naive.mistake(
    "W itself is overwritten with the penalty's gradient",
    "Make a new array: dW = dW + reg * W leaves W alone, W *= reg does not.",
)
def _(W, X, y, reg):
    loss, dW = svm_loss_vectorized(W, X, y, 0.0)
    loss = loss + 0.5 * reg * np.sum(W**2)
    W *= reg
    dW = dW + W
    return loss, dW


# ------------------------------------------------------------------ svm_loss_vectorized

svm_loss_vectorized = bank.exercise("svm_loss_vectorized", points=3, returns=("loss", "dW"))
_cases_of_losses(svm_loss_vectorized)

svm_loss_vectorized.edit(
    "the correct class is counted in the loss",
    "Its margin is s_y - s_y + 1 = 1 in every row: set it to zero before you sum.",
    ("    margins[rows, y] = 0\n", ""),
    ("(margins > 0).astype(float)", "(margins > 0).astype(float)\n    dscores[rows, y] = 0"),
)
svm_loss_vectorized.edit(
    "the correct class is counted in the loss and in the row's count",
    "Its margin is 1 in every row: set it to zero before you sum and before you count.",
    ("    margins[rows, y] = 0\n", ""),
)
svm_loss_vectorized.edit(
    "the correct class is counted among the row's positive margins in dscores",
    "Its own margin is no positive margin: set it to zero before you count the row.",
    ("= -dscores.sum(axis=1)", "= -dscores.sum(axis=1) - 1"),
)
svm_loss_vectorized.edit(
    "the loss and dW are sums over the examples, not means",
    "Divide both by N: the loss is the mean over the examples.",
    ("margins.sum() / len(y)", "margins.sum()"), ("X.T @ dscores / len(y)", "X.T @ dscores"),
)
svm_loss_vectorized.edit(
    "dW is not divided by N",
    "dW is the gradient of the mean loss: what divides the loss divides dW.",
    ("X.T @ dscores / len(y)", "X.T @ dscores"),
)
svm_loss_vectorized.edit(
    "the mean is taken over all N * C margins",
    "Sum the margins of a row and take the mean over the N rows: .mean() divides by C too.",
    ("margins.sum() / len(y)", "margins.mean()"),
    ("X.T @ dscores / len(y)", "X.T @ dscores / margins.size"),
)
svm_loss_vectorized.edit(
    "the loss is the mean over all N * C margins, dW is not",
    "Sum the margins of a row and take the mean over the N rows: .mean() divides by C too.",
    ("margins.sum() / len(y)", "margins.mean()"),
)
svm_loss_vectorized.edit(
    "the penalty lacks its factor 1/2",
    "In this course the penalty is 0.5 * reg * sum(W**2), so that its gradient is reg * W.",
    ("0.5 * reg", "reg"), ("len(y) + reg * W", "len(y) + 2 * reg * W"),
)
svm_loss_vectorized.edit(
    "dW has twice the penalty's gradient",
    "The factor 1/2 cancels the 2 that comes down from the square.",
    ("len(y) + reg * W", "len(y) + 2 * reg * W"),
)
svm_loss_vectorized.edit(
    "dW lacks the gradient of the penalty",
    "The penalty depends on W as well: differentiate it and add it.",
    (" + reg * W", ""),
)
svm_loss_vectorized.edit(
    "the correct class's entry of dscores is left at zero",
    "Each positive margin of a row also contains the correct score, with a minus.",
    ("    dscores[rows, y] = -dscores.sum(axis=1)\n", ""),
)
svm_loss_vectorized.edit(
    "the correct class's entry of dscores is -1, not minus the number of positive margins",
    "Every positive margin of a row contains the correct score once: sum the row.",
    ("= -dscores.sum(axis=1)", "= -1"),
)
svm_loss_vectorized.edit(
    "dscores holds the margins themselves instead of ones",
    "The slope of max(0, m) is 1 where m is positive, whatever m is.",
    ("(margins > 0).astype(float)", "margins.copy()"),
)
svm_loss_vectorized.edit(
    "the correct scores lack the second axis, (N,) instead of (N, 1)",
    "Add an axis with [:, None]: then each row has its own correct score subtracted.",
    ("scores[rows, y][:, None]", "scores[rows, y]"),
)
svm_loss_vectorized.edit(
    "scores[:, y] takes N columns instead of one entry per row",
    "Index both axes, scores[np.arange(N), y]: row i with column y[i].",
    ("scores[rows, y][:, None]", "scores[:, y]"),
)
svm_loss_vectorized.edit(
    "dW is transposed",
    "X.T is (D, N) and dscores (N, C): their product has W's shape.",
    ("dW = X.T @ dscores / len(y) + reg * W", "dW = dscores.T @ X / len(y) + reg * W.T"),
)
svm_loss_vectorized.edit(
    "there is no margin of 1",
    "The correct score must be ahead by 1: the hinge is s_j - s_y + 1.",
    ("[:, None] + 1", "[:, None]"),
)
svm_loss_vectorized.edit(
    "a whole column of margins is set to zero",
    "margins[:, y] names whole columns: use margins[np.arange(N), y], one entry per row.",
    ("margins[rows, y] = 0", "margins[:, y] = 0"),
)

# Other ways to write the hinge serve both exercises.


def _svm_per_row(W, X, y, reg):
    N = X.shape[0]
    losses, dW = [], reg * W
    for x, label in zip(X, y):
        margins = x @ W - x @ W[:, label] + 1
        margins[label] = 0
        positive = (margins > 0).astype(float)
        positive[label] = -positive.sum()
        losses.append(margins[margins > 0].sum())
        dW = dW + np.outer(x, positive) / N
    return np.mean(losses) + reg * np.sum(W * W) / 2, dW


def _svm_one_hot(W, X, y, reg):
    N, C = len(X), W.shape[1]
    hot = np.eye(C)[y]
    scores = np.einsum("nd,dc->nc", X, W)
    own = np.sum(scores * hot, axis=1, keepdims=True)
    margins = np.clip(scores - own + 1 - hot, 0, None)
    active = np.where(margins > 0, 1.0, 0.0)
    dscores = active - hot * active.sum(1, keepdims=True)
    loss = margins.sum(1).mean() + 0.5 * reg * np.linalg.norm(W) ** 2
    return loss, np.einsum("nd,nc->dc", X, dscores) / N + reg * W


def _svm_minus_one(W, X, y, reg):
    N = y.shape[0]
    scores = X.dot(W)
    margins = np.maximum(0, scores - np.take_along_axis(scores, y[:, None], 1) + 1)
    loss = np.sum(margins) / N - 1 + 0.5 * reg * (W**2).sum()
    mask = np.zeros(margins.shape)
    mask[margins > 0] = 1
    mask[np.arange(N), y] -= mask.sum(axis=1)
    return loss, np.dot(X.T, mask) / N + reg * W


def _svm_float32(W, X, y, reg):
    W, X = W.astype(np.float32), X.astype(np.float32)
    N = np.float32(len(y))
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
    margins[np.arange(len(y)), y] = 0
    dscores = (margins > 0).astype(np.float32)
    dscores[np.arange(len(y)), y] = -dscores.sum(axis=1)
    loss = margins.sum() / N + np.float32(0.5 * reg) * np.sum(W * W)
    return np.float32(loss), X.T @ dscores / N + np.float32(reg) * W


def _svm_lists(W, X, y, reg):
    N, D, C = len(X), len(W), len(W[0])
    loss, grads = 0.0, [[reg * float(W[d][c]) for c in range(C)] for d in range(D)]
    for i in range(N):
        scores = [sum(float(X[i][d]) * float(W[d][c]) for d in range(D)) for c in range(C)]
        for c in range(C):
            margin = max(0.0, scores[c] - scores[y[i]] + 1.0)
            if c != y[i] and margin > 0:
                loss += margin / N
                for d in range(D):
                    grads[d][c] += float(X[i][d]) / N
                    grads[d][int(y[i])] -= float(X[i][d]) / N
    return loss + 0.5 * reg * sum(float(w) ** 2 for row in W for w in row), grads


for _exercise in (svm_loss_naive, svm_loss_vectorized):
    _name = _exercise.record.name
    _exercise.also_right("row by row", **{_name: _svm_per_row})
    _exercise.also_right("one-hot labels and einsum", **{_name: _svm_one_hot})
    _exercise.also_right("1 subtracted at the end", **{_name: _svm_minus_one})
    _exercise.also_right("float32", **{_name: _svm_float32})
    _exercise.also_right("plain Python, dW a list of lists", **{_name: _svm_lists})


# ------------------------------------------------------------------ softmax

softmax = bank.exercise("softmax", points=2, returns=("probs",))


@softmax.case("four rows, three classes")
def _(rng):
    return dict(scores=2 * rng.normal(size=(4, 3)))


@softmax.case("as many rows as classes")
def _(rng):
    return dict(scores=2 * rng.normal(size=(3, 3)))


@softmax.case("one row, all scores equal")
def _(rng):
    return dict(scores=np.full((1, 5), float(rng.integers(-3, 4))))


@softmax.case("scores of 1000 and -1000")
def _(rng):
    row = rng.permutation([1000.0, 999.0, 998.0, -1000.0])
    return dict(scores=np.stack([row, -row, np.full(4, -1000.0)]))


@softmax.case("one row far above the others")
def _(rng):
    rows = rng.integers(-2, 3, size=(3, 4)).astype(float)
    return dict(scores=rows + np.array([[1000.0], [0.0], [-1000.0]])[rng.permutation(3)])


@softmax.case("two classes, large differences", hidden=True)
def _(rng):
    return dict(scores=np.array([[800.0, -800.0], [-3.0, 710.0], [0.0, float(rng.integers(5))]]))


softmax.edit(
    "the row's maximum is not subtracted, so exp overflows",
    "exp(1000) is inf, and inf / inf is NaN: subtract each row's largest score first.",
    ("scores - scores.max(axis=1, keepdims=True)", "scores"),
)
softmax.edit(
    "the maximum of the whole array is subtracted",
    "Each row needs its own maximum: with a common one a low row becomes 0 / 0.",
    ("scores.max(axis=1, keepdims=True)", "scores.max()"),
)
softmax.edit(
    "the sum runs down the columns",
    "A row is one example: its probabilities add up to 1, so sum over axis=1.",
    ("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=0, keepdims=True)"),
)
softmax.edit(
    "maximum and sum both run down the columns",
    "A row is one example: its probabilities add up to 1, so work along axis=1.",
    ("scores.max(axis=1, keepdims=True)", "scores.max(axis=0, keepdims=True)"),
    ("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=0, keepdims=True)"),
)
softmax.edit(
    "the whole array adds up to 1, not each row",
    "Sum along axis=1: every example has probabilities of its own.",
    ("powers.sum(axis=1, keepdims=True)", "powers.sum()"),
)
softmax.edit(
    "the sum lacks keepdims, (N,) instead of (N, 1)",
    "With keepdims=True the sum is a column, and each row is divided by its own.",
    ("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=1)"),
)
softmax.edit(
    "the maximum lacks keepdims, (N,) instead of (N, 1)",
    "With keepdims=True the maximum is a column, and each row has its own subtracted.",
    ("scores.max(axis=1, keepdims=True)", "scores.max(axis=1)"),
)


@softmax.mistake(
    "scores is changed in place",
    "scores -= ... writes into the caller's array: make a new one.",
)
def _(scores):
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


@softmax.mistake(
    "large scores are clipped before exp",
    "Clipping makes 1000 and 999 equal: subtract the maximum instead, it changes nothing.",
)
def _(scores):
    powers = np.exp(np.clip(scores, -500, 500))
    return powers / powers.sum(axis=1, keepdims=True)


softmax.edit(
    "scores are divided by their sum without exp",
    "Scores can be negative: exp makes them positive first.",
    ("np.exp(shifted)", "shifted"),
)
softmax.edit(
    "the logarithms of the probabilities are returned",
    "Return the probabilities: every row must add up to 1.",
    ("return powers / powers.sum(axis=1, keepdims=True)",
     "return shifted - np.log(powers.sum(axis=1, keepdims=True))"),
)
softmax.edit(
    "powers of 2 instead of powers of e",
    "Softmax takes the exponential function, np.exp.",
    ("np.exp(shifted)", "2.0**shifted"),
)


@softmax.mistake(
    "scores are divided by the largest one to keep exp small",
    "A ratio of scores changes the answer, a difference does not: subtract the maximum.",
)
def _(scores):
    powers = np.exp(scores / np.abs(scores).max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@softmax.also_right("a loop over rows")
def _(scores):
    probs = np.zeros(scores.shape)
    for i, row in enumerate(scores):
        e = np.exp(row - max(row))
        probs[i] = e / sum(e)
    return probs


@softmax.also_right("log-sum-exp")
def _(scores):
    return np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


@softmax.also_right("one over the sum of ratios")
def _(scores):
    gaps = scores[:, None, :] - scores[:, :, None]  # (N, C, C): s_k - s_j
    with np.errstate(over="ignore"):
        return 1 / np.exp(gaps).sum(axis=2)


@softmax.also_right("float32")
def _(scores):
    s = scores.astype(np.float32)
    e = np.exp(s - s.max(axis=-1)[:, None])
    return e / np.einsum("nc->n", e)[:, None]


@softmax.also_right("transposed and back, a view")
def _(scores):
    t = scores.T - scores.T.max(0)
    e = np.exp(t)
    return (e / e.sum(0)).T


# ------------------------------------------------------------------ softmax_loss_naive

softmax_loss_naive = bank.exercise("softmax_loss_naive", points=3, returns=("loss", "dW"))
_cases_of_losses(softmax_loss_naive)

softmax_loss_naive.edit(
    "the maximum is not subtracted, so exp overflows",
    "exp(1000) is inf: subtract the row's largest score before exp; the loss stays the same.",
    ("        scores = scores - scores.max()\n", ""),
)
softmax_loss_naive.edit(
    "exp of the raw scores overflows, and the probabilities are inf / inf",
    "Subtract the row's largest score before exp, and compute log(sum(exp)) - s_y without ever "
    "taking the log of a probability.",
    ("        scores = scores - scores.max()\n        log_sum = np.log(np.sum(np.exp(scores)))\n",
     "        probs = np.exp(scores) / np.sum(np.exp(scores))\n"),
    ("log_sum - scores[y[i]]", "-np.log(probs[y[i]])"),
    ("np.exp(scores[j] - log_sum)", "probs[j]"),
)
softmax_loss_naive.edit(
    "the correct class's slope is 1 - p instead of p - 1",
    "Raising the correct score lowers the loss: its slope is negative, p - 1.",
    ("(p - (j == y[i]))", "abs(p - (j == y[i]))"),
)
softmax_loss_naive.edit(
    "the logarithm of a probability that has become 0",
    "At a gap of 2000 the probability underflows to 0 and its log to -inf: compute "
    "log(sum(exp)) - s_y, the log is never taken of a probability.",
    ("log_sum - scores[y[i]]", "-np.log(np.exp(scores[y[i]]) / np.sum(np.exp(scores)))"),
)
softmax_loss_naive.edit(
    "a small number is added inside the logarithm",
    "That caps the loss at about 28 where 2000 is right: compute log(sum(exp)) - s_y instead.",
    ("log_sum - scores[y[i]]", "-np.log(np.exp(scores[y[i]]) / np.sum(np.exp(scores)) + 1e-12)"),
)
softmax_loss_naive.edit(
    "log10 instead of the natural logarithm",
    "Cross-entropy takes the natural logarithm, np.log; with log10 the gradient does not fit.",
    ("loss += log_sum - scores[y[i]]", "loss += (log_sum - scores[y[i]]) / np.log(10)"),
)
softmax_loss_naive.edit(
    "the loss and dW are sums over the examples, not means",
    "Divide both by N: the loss is the mean over the examples.",
    ("loss / N", "loss"), ("dW / N", "dW"),
)
softmax_loss_naive.edit(
    "dW is not divided by N",
    "dW is the gradient of the mean loss: what divides the loss divides dW.",
    ("dW / N", "dW"),
)
softmax_loss_naive.edit(
    "the penalty lacks its factor 1/2",
    "In this course the penalty is 0.5 * reg * sum(W**2), so that its gradient is reg * W.",
    ("0.5 * reg", "reg"), ("dW / N + reg * W", "dW / N + 2 * reg * W"),
)
softmax_loss_naive.edit(
    "dW has twice the penalty's gradient",
    "The factor 1/2 cancels the 2 that comes down from the square.",
    ("dW / N + reg * W", "dW / N + 2 * reg * W"),
)
softmax_loss_naive.edit(
    "dW lacks the gradient of the penalty",
    "The penalty depends on W as well: differentiate it and add it.",
    ("dW / N + reg * W", "dW / N"),
)
softmax_loss_naive.edit(
    "the penalty is divided by N",
    "Take the mean of the examples' losses first and add the penalty after it.",
    ("loss / N + 0.5 * reg * np.sum(W**2)", "(loss + 0.5 * reg * np.sum(W**2)) / N"),
    ("dW / N + reg * W", "(dW + reg * W) / N"),
)
softmax_loss_naive.edit(
    "the 1 of the correct class is not subtracted in dW",
    "The slope with respect to s_j is p_j, and p_j - 1 where j is the correct class.",
    ("(p - (j == y[i]))", "p"),
)
softmax_loss_naive.edit(
    "dW has its sign reversed",
    "Raising a wrong score raises the loss: its slope is +p_j.",
    ("(p - (j == y[i]))", "((j == y[i]) - p)"),
)
softmax_loss_naive.edit(
    "the loss is minus the probability, without its logarithm",
    "The loss of one example is -log p_y: 0 for a sure right answer, without a bound for a "
    "sure wrong one.",
    ("log_sum - scores[y[i]]", "-np.exp(scores[y[i]] - log_sum)"),
)
softmax_loss_naive.edit(
    "the loss sums -log p over all classes, not only the correct one",
    "Cross-entropy reads one probability per example, that of the class y[i].",
    ("loss += log_sum - scores[y[i]]", "loss += np.sum(log_sum - scores)"),
)
softmax_loss_naive.edit(
    "the maximum is subtracted inside the sum, but not from the correct score",
    "Shift all the scores or none: replace scores by the shifted ones once, then use only those.",
    ("log_sum - scores[y[i]]", "log_sum - X[i] @ W[:, y[i]]"),
)

# ------------------------------------------------------------------ softmax_loss_vectorized

softmax_loss_vectorized = bank.exercise("softmax_loss_vectorized", points=3, returns=("loss", "dW"))
_cases_of_losses(softmax_loss_vectorized)

softmax_loss_vectorized.edit(
    "the row's maximum is not subtracted, so exp overflows",
    "exp(1000) is inf: subtract each row's largest score before exp; the loss stays the same.",
    ("    scores = scores - scores.max(axis=1, keepdims=True)\n", ""),
)
softmax_loss_vectorized.edit(
    "the maximum of the whole batch is subtracted",
    "Each row needs its own maximum: with a common one a low row's sum underflows to 0.",
    ("scores.max(axis=1, keepdims=True)", "scores.max()"),
)
softmax_loss_vectorized.edit(
    "exp of the raw scores overflows, and the probabilities are inf / inf",
    "Subtract each row's largest score before exp, and compute log(sum(exp)) - s_y without ever "
    "taking the log of a probability.",
    ("    scores = scores - scores.max(axis=1, keepdims=True)\n",
     "    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)\n"),
    ("(log_sums - scores[rows, y])", "-np.log(probs[rows, y])"),
    ("np.exp(scores - log_sums[:, None])", "probs"),
)
softmax_loss_vectorized.edit(
    "the logarithm of a probability that has become 0",
    "At a gap of 2000 the probability underflows to 0 and its log to -inf: compute "
    "log(sum(exp)) - s_y, the log is never taken of a probability.",
    ("(log_sums - scores[rows, y])", "-np.log(np.exp(scores - log_sums[:, None])[rows, y])"),
)
softmax_loss_vectorized.edit(
    "a small number is added inside the logarithm",
    "That caps the loss at about 28 where 2000 is right: compute log(sum(exp)) - s_y instead.",
    ("(log_sums - scores[rows, y])",
     "-np.log(np.exp(scores - log_sums[:, None])[rows, y] + 1e-12)"),
)
softmax_loss_vectorized.edit(
    "log10 instead of the natural logarithm",
    "Cross-entropy takes the natural logarithm, np.log; with log10 the gradient does not fit.",
    ("(log_sums - scores[rows, y])", "((log_sums - scores[rows, y]) / np.log(10))"),
)
softmax_loss_vectorized.edit(
    "the loss and dW are sums over the examples, not means",
    "Divide both by N: the loss is the mean over the examples.",
    (".mean()", ".sum()"), ("X.T @ dscores / len(y)", "X.T @ dscores"),
)
softmax_loss_vectorized.edit(
    "dW is not divided by N",
    "dW is the gradient of the mean loss: what divides the loss divides dW.",
    ("X.T @ dscores / len(y)", "X.T @ dscores"),
)
softmax_loss_vectorized.edit(
    "the penalty lacks its factor 1/2",
    "In this course the penalty is 0.5 * reg * sum(W**2), so that its gradient is reg * W.",
    ("0.5 * reg", "reg"), ("len(y) + reg * W", "len(y) + 2 * reg * W"),
)
softmax_loss_vectorized.edit(
    "dW has twice the penalty's gradient",
    "The factor 1/2 cancels the 2 that comes down from the square.",
    ("len(y) + reg * W", "len(y) + 2 * reg * W"),
)
softmax_loss_vectorized.edit(
    "dW lacks the gradient of the penalty",
    "The penalty depends on W as well: differentiate it and add it.",
    (" + reg * W", ""),
)
softmax_loss_vectorized.edit(
    "the 1 of the correct class is not subtracted in dscores",
    "The slope with respect to s_j is p_j, and p_j - 1 where j is the correct class.",
    ("    dscores[rows, y] -= 1\n", ""),
)
softmax_loss_vectorized.edit(
    "1 is subtracted from whole columns of dscores",
    "dscores[:, y] names whole columns: use dscores[np.arange(N), y], one entry per row.",
    ("dscores[rows, y] -= 1", "dscores[:, y] -= 1"),
)
softmax_loss_vectorized.edit(
    "the sum runs down the columns",
    "A row is one example: sum over axis=1.",
    ("np.exp(scores).sum(axis=1)", "np.exp(scores).sum(axis=0)"),
)
softmax_loss_vectorized.edit(
    "dW has its sign reversed",
    "Raising a wrong score raises the loss: its slope is +p_j.",
    ("X.T @ dscores / len(y)", "-X.T @ dscores / len(y)"),
)
softmax_loss_vectorized.edit(
    "dW is transposed",
    "X.T is (D, N) and dscores (N, C): their product has W's shape.",
    ("dW = X.T @ dscores / len(y) + reg * W", "dW = dscores.T @ X / len(y) + reg * W.T"),
)


@softmax_loss_vectorized.mistake(
    "1 is subtracted from the probabilities before the loss reads them",
    "dscores = probs is a second name for one array: read the loss first, or copy.",
)
def _(W, X, y, reg):
    probs = softmax(X @ W)
    dscores = probs
    dscores[np.arange(len(y)), y] -= 1
    loss = -np.mean(np.log(probs[np.arange(len(y)), y])) + 0.5 * reg * np.sum(W**2)
    return loss, X.T @ dscores / len(y) + reg * W


@softmax_loss_vectorized.mistake(
    "the loss averages over all N * C entries",
    "Pick the correct class's entry of each row and take the mean over the N rows.",
)
def _(W, X, y, reg):
    scores = X @ W
    hot = np.eye(W.shape[1])[y]
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    loss = -np.mean(hot * logs) + 0.5 * reg * np.sum(W**2)
    return loss, X.T @ (np.exp(logs) - hot) / len(y) + reg * W


def _softmax_per_row(W, X, y, reg):
    loss, dW = 0.0, np.zeros(W.shape)
    for x, label in zip(X, y):
        gaps = x @ W - x @ W[:, label]  # the correct class's own gap is 0
        top = gaps.max()
        loss += top + np.log(np.exp(gaps - top).sum())
        p = softmax(gaps[None, :])[0]
        dW += np.outer(x, p)
        dW[:, label] -= x
    return loss / len(X) + reg / 2 * (W * W).sum(), dW / len(X) + reg * W


def _softmax_one_hot(W, X, y, reg):
    N = X.shape[0]
    hot = np.zeros((N, W.shape[1]))
    hot[np.arange(N), y] = 1
    scores = np.einsum("nd,dc->nc", X, W)
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    loss = -np.where(hot == 1, logs, 0).sum() / N + 0.5 * reg * np.square(W).sum()
    return loss, np.einsum("nd,nc->dc", X, np.exp(logs) - hot) / N + reg * W


def _softmax_by_learner(W, X, y, reg):
    scores = X.dot(W)
    shifted = scores - np.max(scores, axis=1).reshape(-1, 1)
    own = shifted[range(len(y)), y.tolist()]
    loss = np.sum(np.log(np.sum(np.exp(shifted), axis=1)) - own)
    dscores = softmax(scores)
    dscores[range(len(y)), y] -= 1
    dW = np.dot(X.T, dscores)
    dW /= len(y)
    dW += reg * W
    loss /= len(y)
    loss += 0.5 * reg * np.sum(W * W)
    return loss, dW


def _softmax_float32(W, X, y, reg):
    W, X = W.astype(np.float32), X.astype(np.float32)
    scores = X @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    sums = np.exp(scores).sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = np.mean(np.log(sums)[:, 0] - scores[rows, y]) + np.float32(0.5 * reg) * np.sum(W * W)
    dscores = np.exp(scores) / sums
    dscores[rows, y] -= 1
    return np.float32(loss), X.T @ dscores / np.float32(len(y)) + np.float32(reg) * W


def _softmax_no_branch(W, X, y, reg):
    N, C = len(y), W.shape[1]
    loss, dW = 0.0, reg * W
    for i in range(N):
        s = [float(v) for v in X[i] @ W]
        m = max(s)
        total = sum(np.exp(v - m) for v in s)
        loss += (m + np.log(total) - s[y[i]]) / N
        for j in range(C):
            dW[:, j] += X[i] * (np.exp(s[j] - m) / total) / N
            if j == y[i]:
                dW[:, j] -= X[i] / N
    return loss + 0.5 * reg * np.sum(W**2), dW


for _exercise in (softmax_loss_naive, softmax_loss_vectorized):
    _name = _exercise.record.name
    _exercise.also_right("gaps to the correct score, row by row", **{_name: _softmax_per_row})
    _exercise.also_right("one-hot labels, logaddexp, einsum", **{_name: _softmax_one_hot})
    _exercise.also_right("built on one's own softmax", **{_name: _softmax_by_learner})
    _exercise.also_right("float32", **{_name: _softmax_float32})
    _exercise.also_right("loops over rows and classes", **{_name: _softmax_no_branch})


# ------------------------------------------------------------------ the penalties

l2_penalty = bank.exercise("l2_penalty", points=1, returns=("value", "dW"))
l1_penalty = bank.exercise("l1_penalty", points=2, returns=("value", "dW"))

for _exercise in (l2_penalty, l1_penalty):

    @_exercise.case("a drawn W")
    def _(rng):
        return dict(W=rng.normal(size=(4, 3)), reg=0.3)

    @_exercise.case("zeros and whole numbers")
    def _(rng):
        return dict(W=rng.permutation([-2.0, -1.0, 0.0, 0.0, 0.0, 3.0]).reshape(2, 3), reg=0.25)

    @_exercise.case("large weights, reg = 100")
    def _(rng):
        return dict(W=1000 * rng.normal(size=(3, 4)), reg=100.0)

    @_exercise.case("reg = 0", hidden=True)
    def _(rng):
        return dict(W=rng.normal(size=(2, 5)), reg=0.0)

    @_exercise.case("one column, all negative", hidden=True)
    def _(rng):
        return dict(W=-rng.uniform(0.1, 2, size=(6, 1)), reg=0.7)


l2_penalty.edit(
    "the factor 1/2 is missing in value and gradient",
    "The penalty is half the sum of squares: then its gradient has no 2.",
    ("0.5 * reg", "reg"), ("reg * W\n", "2 * reg * W\n"),
)
l2_penalty.edit(
    "the factor 1/2 is missing in the value",
    "The penalty is half the sum of squares: then its gradient has no 2.",
    ("0.5 * reg", "reg"),
)
l2_penalty.edit(
    "the gradient is twice too large",
    "The factor 1/2 cancels the 2 that comes down from the square.",
    ("reg * W\n", "2 * reg * W\n"),
)
l2_penalty.edit(
    "the gradient keeps the factor 1/2",
    "The 2 that comes down from the square cancels it.",
    ("reg * W\n", "0.5 * reg * W\n"),
)
l2_penalty.edit(
    "the gradient lacks reg",
    "reg multiplies the value, so it multiplies the gradient as well.",
    ("reg * W\n", "W\n"),
)
l2_penalty.edit(
    "the mean of the squares instead of their sum",
    "A penalty adds up all weights; it does not grow smaller because there are more of them.",
    ("np.sum(W**2)", "np.mean(W**2)"),
)
l2_penalty.edit(
    "the length of W instead of its square",
    "Take the sum of squares without a root.",
    ("np.sum(W**2)", "np.sqrt(np.sum(W**2))"),
)
l2_penalty.edit(
    "the square of the sum instead of the sum of squares",
    "Square each weight first: otherwise positive and negative ones cancel.",
    ("np.sum(W**2)", "np.sum(W) ** 2"),
)


@l2_penalty.mistake(
    "W is changed in place", "Make a new array: W *= reg writes into the caller's weights.",
)
def _(W, reg):
    value = 0.5 * reg * np.sum(W**2)
    W *= reg
    return value, W


@l2_penalty.also_right("a dot product")
def _(W, reg):
    w = W.ravel()
    return reg * (w @ w) / 2, np.multiply(W, reg)


@l2_penalty.also_right("einsum, a list returned")
def _(W, reg):
    return [0.5 * reg * np.einsum("dc,dc->", W, W), (reg * W).tolist()]


@l2_penalty.also_right("loops")
def _(W, reg):
    value, dW = 0.0, np.empty_like(W)
    for index, w in np.ndenumerate(W):
        value += 0.5 * reg * w * w
        dW[index] = reg * w
    return value, dW


@l2_penalty.also_right("float32")
def _(W, reg):
    W = W.astype(np.float32)
    return np.float32(0.5 * reg) * np.sum(np.square(W)), np.float32(reg) * W


@l2_penalty.also_right("the norm, squared")
def _(W, reg):
    return 0.5 * reg * np.linalg.norm(W) ** 2, W * reg


l1_penalty.edit(
    "a factor 1/2 in value and gradient",
    "L1 has no half: there is no 2 for it to cancel.",
    ("reg * np.sum", "0.5 * reg * np.sum"), ("reg * np.sign", "0.5 * reg * np.sign"),
)
l1_penalty.edit(
    "a factor 1/2 in the value",
    "L1 has no half: there is no 2 for it to cancel.",
    ("reg * np.sum", "0.5 * reg * np.sum"),
)
l1_penalty.edit(
    "the sign of 0 is taken to be 1",
    "A weight of 0 must stay where it is: sign(0) = 0, as np.sign has it.",
    ("np.sign(W)", "np.where(W >= 0, 1.0, -1.0)"),
)
l1_penalty.edit(
    "the sign of 0 is taken to be -1",
    "A weight of 0 must stay where it is: sign(0) = 0, as np.sign has it.",
    ("np.sign(W)", "np.where(W > 0, 1.0, -1.0)"),
)
l1_penalty.edit(
    "the sign is computed as W / |W|, which is 0 / 0 at zero",
    "np.sign gives 0 at 0 without a division.",
    ("np.sign(W)", "(W / np.abs(W))"),
)
l1_penalty.edit(
    "the absolute value is missing",
    "Sum |W|: otherwise positive and negative weights cancel.",
    ("np.abs(W)", "W"),
)
l1_penalty.edit(
    "the gradient is 1 everywhere, whatever the sign of the weight",
    "|w| falls where w is negative: its slope there is -1.",
    ("np.sign(W)", "np.ones_like(W)"),
)
l1_penalty.edit(
    "the gradient is that of L2",
    "The slope of |w| is its sign, however large w is.",
    ("np.sign(W)", "W"),
)
l1_penalty.edit(
    "the gradient lacks reg",
    "reg multiplies the value, so it multiplies the gradient as well.",
    ("reg * np.sign(W)", "np.sign(W)"),
)
l1_penalty.edit(
    "the mean of |W| instead of the sum",
    "A penalty adds up all weights; it does not grow smaller because there are more of them.",
    ("np.sum(", "np.mean("),
)


@l1_penalty.mistake(
    "W is changed in place", "Make a new array: write to a copy, never to W itself.",
)
def _(W, reg):
    value = reg * np.sum(np.abs(W))
    W[W > 0] = reg
    W[W < 0] = -reg
    return value, W


@l1_penalty.also_right("masks on a copy")
def _(W, reg):
    dW = np.zeros_like(W)
    dW[W > 0] = reg
    dW[W < 0] = -reg
    return reg * (W[W > 0].sum() - W[W < 0].sum()), dW


@l1_penalty.also_right("comparisons, a norm")
def _(W, reg):
    return reg * np.linalg.norm(W.ravel(), 1), reg * ((W > 0) * 1 - (W < 0) * 1)


@l1_penalty.also_right("loops")
def _(W, reg):
    value, dW = 0.0, []
    for row in W:
        dW.append([reg * ((w > 0) - (w < 0)) if w else 0.0 for w in row.tolist()])
        value += reg * sum(abs(w) for w in row)
    return value, dW


@l1_penalty.also_right("float32")
def _(W, reg):
    W = W.astype(np.float32)
    return np.float32(reg) * np.abs(W).sum(), np.float32(reg) * np.sign(W)


@l1_penalty.also_right("max of w and -w")
def _(W, reg):
    return np.sum(reg * np.maximum(W, -W)), np.copysign(reg, W) * (W != 0)
