"""The bank of chapter 2: linear scores, the bias column, centring, mini-batches, training loops.

The build and the grader read it. It is long because every known mistake and every other right
answer is written out as a learner would write it.
"""

import numpy as np

from cs231n_lib.authoring import Bank, Rng

bank = Bank("02_linear_classifiers")

# ---------------------------------------------------------------------------- linear_scores

linear_scores = bank.exercise("linear_scores", points=2, returns=("scores",))


def scores_case(rng, N, D, C):
    return dict(X=rng.normal(size=(N, D)), W=rng.normal(size=(D, C)), b=rng.normal(size=C))


@linear_scores.case("four examples, three features, five classes")
def _(rng):
    return scores_case(rng, 4, 3, 5)


@linear_scores.case("as many examples as classes")
def _(rng):
    return scores_case(rng, 4, 6, 4)


@linear_scores.case("as many features as classes")
def _(rng):
    return scores_case(rng, 5, 3, 3)


@linear_scores.case("one example")
def _(rng):
    return scores_case(rng, 1, 4, 3)


@linear_scores.case("two classes, many features", hidden=True)
def _(rng):
    return scores_case(rng, 7, 50, 2)


linear_scores.edit(
    "b is left out", "Each class adds its own number b[c] to its score.", ("X @ W + b", "X @ W")
)
linear_scores.edit(
    "b runs down the examples",
    "b has one number per class, so it belongs to the columns of the scores (N, C), not the rows.",
    ("X @ W + b", "X @ W + b[:, None]"),
)
linear_scores.edit(
    "W is transposed",
    "W is (D, C) already: each of its columns is one class, and the D of X meets the D of W.",
    ("X @ W + b", "X @ W.T + b"),
)
linear_scores.edit(
    "the scores are transposed", "One example a row: the result is (N, C), not (C, N).",
    ("X @ W + b", "(X @ W + b).T"),
)
linear_scores.edit(
    "b is added to the weights",
    "b is added to the score, after the product: X @ (W + b) multiplies it by the features.",
    ("X @ W + b", "X @ (W + b)"),
)
linear_scores.edit(
    "b is subtracted", "The score is the product plus b.", ("X @ W + b", "X @ W - b")
)
linear_scores.edit(
    "a single example loses its row", "With N = 1 the scores still have the shape (1, C).",
    ("X @ W + b", "(X @ W + b).squeeze()"),
)


@linear_scores.mistake(
    "only one class is scored per example", "Every example gets a score for each of the C classes."
)
def _(X, W, b):
    return np.array([x @ W[:, i % W.shape[1]] + b[i % len(b)] for i, x in enumerate(X)])


@linear_scores.also_right("three loops")
def _(X, W, b):
    scores = np.zeros((X.shape[0], W.shape[1]))
    for i in range(X.shape[0]):
        for c in range(W.shape[1]):
            for d in range(X.shape[1]):
                scores[i, c] += X[i, d] * W[d, c]
            scores[i, c] += b[c]
    return scores


@linear_scores.also_right("einsum")
def _(X, W, b):
    return np.einsum("nd,dc->nc", X, W) + b[np.newaxis, :]


@linear_scores.also_right("classes first, then turned")
def _(X, W, b):
    return (np.dot(W.T, X.T) + b.reshape(-1, 1)).T


@linear_scores.also_right("float32")
def _(X, W, b):
    return X.astype(np.float32) @ W.astype(np.float32) + b.astype(np.float32)


@linear_scores.also_right("bias column")
def _(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]) @ np.vstack([W, b])


@linear_scores.also_right("a list of rows")
def _(X, W, b):
    return [x @ W + b for x in X]


# -------------------------------------------------------------------------- add_bias_column

add_bias_column = bank.exercise("add_bias_column", points=2, returns=("X_with_ones",))


@add_bias_column.case("five examples, three features")
def _(rng):
    return dict(X=rng.normal(size=(5, 3)))


@add_bias_column.case("as many examples as features")
def _(rng):
    return dict(X=rng.normal(size=(4, 4)))


@add_bias_column.case("one example")
def _(rng):
    return dict(X=rng.normal(size=(1, 6)))


@add_bias_column.case("one feature")
def _(rng):
    return dict(X=rng.normal(size=(3, 1)))


@add_bias_column.case("a whole set", hidden=True)
def _(rng):
    return dict(X=rng.normal(size=(60, 12)))


add_bias_column.edit(
    "the ones stand in the first column",
    "The ones come last, so that the last row of W is the bias.", ("[X, ones]", "[ones, X]"),
)
add_bias_column.edit(
    "the column holds zeros", "A column of zeros would switch the bias off.",
    ("np.ones", "np.zeros"),
)


@add_bias_column.mistake(
    "a row of ones is added", "Every example gets one more feature: a column, not a row."
)
def _(X):
    return np.vstack([X, np.ones((1, X.shape[1]))])


@add_bias_column.mistake("1 is added to every number", "The ones stand beside X, not on top of it.")
def _(X):
    return X + 1


@add_bias_column.mistake(
    "the last feature is overwritten", "No feature may be lost: the result has D + 1 columns."
)
def _(X):
    out = X.copy()
    out[:, -1] = 1
    return out


@add_bias_column.mistake(
    "the last feature is overwritten in place",
    "The result is a new array with D + 1 columns; X itself stays as it is.",
)
def _(X):
    X[:, -1] = 1
    return X


@add_bias_column.mistake(
    "everything is strung into one row",
    "np.append without axis flattens; the result has the shape (N, D + 1).",
)
def _(X):
    return np.append(X, np.ones((len(X), 1)))


@add_bias_column.mistake(
    "D columns of ones are added", "One column of ones is enough: the shape is (N, D + 1)."
)
def _(X):
    return np.hstack([X, np.ones((X.shape[0], max(X.shape[1], 2)))])


@add_bias_column.also_right("hstack")
def _(X):
    return np.hstack((X, np.ones((X.shape[0], 1))))


@add_bias_column.also_right("c_")
def _(X):
    return np.c_[X, np.ones(len(X))]


@add_bias_column.also_right("pad")
def _(X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1)


@add_bias_column.also_right("insert")
def _(X):
    return np.insert(X, X.shape[1], 1, axis=1)


@add_bias_column.also_right("an empty array that is filled")
def _(X):
    out = np.empty((X.shape[0], X.shape[1] + 1), dtype=np.float32)
    out[:, :-1], out[:, -1] = X, 1
    return out


@add_bias_column.also_right("lists")
def _(X):
    return [[*row, 1] for row in X]


# ---------------------------------------------------------------------------------- predict

predict = bank.exercise("predict", points=3, returns=("labels",))


def clear_winners(rng, N, D, C, bias=1.0):
    """Draw X and W whose best score leads by 1e-3 and more, so that float32 gives the same."""
    while True:
        X, W = rng.normal(size=(N, D)), rng.normal(size=(D + 1, C))
        W[-1] *= bias
        scores = np.sort(X @ W[:-1] + W[-1], axis=1)
        if (scores[:, -1] - scores[:, -2]).min() > 1e-3:
            return dict(X=X, W=W)


@predict.case("eight examples, four classes")
def _(rng):
    return clear_winners(rng, 8, 3, 4)


@predict.case("as many examples as classes")
def _(rng):
    return clear_winners(rng, 6, 4, 6)


@predict.case("a strong bias")
def _(rng):
    return clear_winners(rng, 12, 2, 3, bias=3.0)


@predict.case("only the bias speaks")
def _(rng):
    return dict(X=np.zeros((3, 4)), W=np.vstack([rng.normal(size=(4, 3)), rng.permutation(3)]))


@predict.case("all scores below zero")
def _(rng):
    given = clear_winners(rng, 9, 3, 5)
    given["W"][-1] -= 50
    return given


@predict.case("one example", hidden=True)
def _(rng):
    return clear_winners(rng, 1, 5, 4)


predict.edit(
    "the largest score is taken down each column",
    "Compare the C classes of one example: the maximum runs along a row of the scores.",
    ("axis=1", "axis=0"),
)
predict.edit(
    "the smallest score wins", "The class with the largest score is predicted.",
    ("argmax", "argmin"),
)
predict.edit(
    "argmax runs over all scores at once",
    "Without axis, argmax looks at the whole table; every example has a winner of its own.",
    ("scores, axis=1", "scores"),
)
predict.edit(
    "the score is returned, not its class",
    "Return which class has the largest score, not how large it is.",
    ("np.argmax", "np.max"),
)
predict.edit(
    "labels have two dimensions", "One label per example: the shape is (N,).",
    ("axis=1", "axis=1, keepdims=True"),
)
predict.edit(
    "labels are counted from 1", "Labels are column numbers of W, from 0.",
    ("axis=1)", "axis=1) + 1"),
)
predict.edit(
    "X has no column of ones", "X is (N, D) and W (D + 1, C): the ones are still missing in X.",
    ("add_bias_column(X)", "X"),
)
predict.edit(
    "the bias is left out", "W's last row is the bias; it takes part in the scores.",
    ("add_bias_column(X) @ W", "X @ W[:-1]"),
)
predict.edit(
    "the bias is taken from the first row", "The bias is the last row of W.",
    ("add_bias_column(X) @ W", "X @ W[1:] + W[0]"),
)
predict.edit(
    "the sign of the scores is ignored",
    "A score of -5 is less than one of 2: compare the scores as they are.",
    ("add_bias_column(X) @ W", "np.abs(add_bias_column(X) @ W)"),
)
predict.edit(
    "the result is one-hot", "Return the class numbers (N,), not a table of zeros and ones.",
    ("np.argmax(scores, axis=1)", "np.eye(W.shape[1])[np.argmax(scores, axis=1)]"),
)


@predict.also_right("linear_scores")
def _(X, W):
    return linear_scores(X, W[:-1], W[-1]).argmax(1)


@predict.also_right("loops")
def _(X, W):
    labels = []
    for x in X:
        best, label = -np.inf, 0
        for c in range(W.shape[1]):
            score = W[-1, c] + sum(a * w for a, w in zip(x, W[:-1, c]))
            if score > best:
                best, label = score, c
        labels.append(label)
    return labels


@predict.also_right("float32")
def _(X, W):
    scores = X.astype(np.float32) @ W[:-1].astype(np.float32) + W[-1].astype(np.float32)
    return np.argsort(scores, axis=1)[:, -1].astype(np.int32)


@predict.also_right("labels as floats")
def _(X, W):
    labels = np.zeros(len(X))
    for i in range(len(X)):
        labels[i] = np.argmax(np.append(X[i], 1) @ W)
    return labels


# ----------------------------------------------------------------------- gradient_descent

gradient_descent = bank.exercise(
    "gradient_descent", points=4, driver="ch02.gradient_descent", returns=("W", "losses")
)


def training_case(rng, N, D, C, **settings):
    W = rng.normal(size=(D, C))
    return dict(W=W, X=rng.normal(size=(N, D)), y=rng.integers(0, C, N), **settings)


@gradient_descent.case("ten steps")
def _(rng):
    return training_case(rng, 8, 4, 3, learning_rate=0.3, reg=0.0, num_iters=10)


@gradient_descent.case("a single step")
def _(rng):
    return training_case(rng, 5, 3, 4, learning_rate=0.2, reg=0.1, num_iters=1)


@gradient_descent.case("strong regularisation")
def _(rng):
    return training_case(rng, 6, 3, 3, learning_rate=0.1, reg=2.0, num_iters=7)


@gradient_descent.case("a learning rate so large that the loss also rises")
def _(rng):
    # The test of a loop that stops early or keeps the best W: contractive enough for float32.
    while True:
        case = training_case(rng, 6, 3, 2, learning_rate=1.0, reg=1.7, num_iters=6)
        case["W"] *= 0.1
        case["X"] *= 2.0
        losses = _losses(case)
        if (np.diff(losses) > 1e-2).any():
            return case


@gradient_descent.case("no step at all", hidden=True)
def _(rng):
    return training_case(rng, 4, 2, 3, learning_rate=0.5, reg=0.1, num_iters=0)


@gradient_descent.case("thirty steps of two classes", hidden=True)
def _(rng):
    return training_case(rng, 20, 6, 2, learning_rate=0.05, reg=0.01, num_iters=30)


def _losses(case):
    from cs231n_lib.drivers.ch02 import log_cosh_loss

    W, losses = case["W"], []
    for _ in range(case["num_iters"]):
        loss, dW = log_cosh_loss(W, case["X"], case["y"], case["reg"])
        losses.append(loss)
        W = W - case["learning_rate"] * dW
    return losses


gradient_descent.edit(
    "it climbs instead of descending",
    "dW points uphill: the step is minus learning_rate times dW.",
    ("W - learning_rate", "W + learning_rate"),
)
gradient_descent.edit(
    "the learning rate is left out", "The step is learning_rate times dW, not dW itself.",
    ("learning_rate * dW", "dW"),
)
gradient_descent.edit(
    "W is changed in place", "W -= ... changes the caller's array: write W = W - ...",
    ("W = W - learning_rate * dW", "W -= learning_rate * dW"),
)
gradient_descent.edit(
    "the regularisation is not handed on", "loss_fn needs the reg that came in.",
    ("dW = loss_fn(W, X, y, reg)", "dW = loss_fn(W, X, y, 0.0)"),
)
gradient_descent.edit(
    "the regularisation counts twice", "dW holds the gradient of the penalty already.",
    ("learning_rate * dW", "learning_rate * (dW + reg * W)"),
)
gradient_descent.edit(
    "the gradient is divided by N once more", "The loss is a mean already, and so is its gradient.",
    ("learning_rate * dW", "learning_rate * dW / len(X)"),
)
gradient_descent.edit(
    "one step too many", "num_iters steps: the loop runs over range(num_iters).",
    ("range(num_iters)", "range(num_iters + 1)"),
)
gradient_descent.edit(
    "one step too few", "num_iters steps: the loop runs over range(num_iters).",
    ("range(num_iters)", "range(1, num_iters)"),
)
gradient_descent.edit(
    "W and losses are returned the other way round", "Return (W, losses), in this order.",
    ("return W, losses", "return losses, W"),
)
gradient_descent.edit(
    "only W is returned", "Return the pair (W, losses).", ("return W, losses", "return W")
)


@gradient_descent.mistake(
    "losses holds the loss after each step",
    "losses[i] is the loss before step i: keep the one that came with the gradient.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses = []
    for _ in range(num_iters):
        _, dW = loss_fn(W, X, y, reg)
        W = W - learning_rate * dW
        losses.append(loss_fn(W, X, y, reg)[0])
    return W, losses


@gradient_descent.mistake(
    "losses holds the loss before the first step and after each",
    "One loss per step: losses[i] is the one before step i, so there are num_iters of them.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses = [loss_fn(W, X, y, reg)[0]]
    for _ in range(num_iters):
        W = W - learning_rate * loss_fn(W, X, y, reg)[1]
        losses.append(loss_fn(W, X, y, reg)[0])
    return W, losses


@gradient_descent.mistake(
    "loss_fn is called twice a step",
    "One call gives both the loss and the gradient: loss, dW = ..."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses = []
    for _ in range(num_iters):
        losses.append(loss_fn(W, X, y, reg)[0])
        W = W - learning_rate * loss_fn(W, X, y, reg)[1]
    return W, losses


@gradient_descent.mistake(
    "every step starts from the first W", "Each step starts where the one before it ended."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    start, losses = W.copy(), []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(loss)
        W = start - learning_rate * dW
    return W, losses


@gradient_descent.mistake(
    "all steps use the first gradient", "The gradient changes with W: call loss_fn in every step."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    loss, dW = loss_fn(W, X, y, reg)
    for _ in range(num_iters):
        W = W - learning_rate * dW
    return W, [loss] * num_iters


@gradient_descent.mistake(
    "the W before the last step is returned", "The last step counts too: return W after it."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses, before = [], W
    for _ in range(num_iters):
        before = W
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return before, losses


@gradient_descent.mistake(
    "only the last loss is returned", "losses has one entry per step: collect them in a list."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    loss = 0.0
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        W = W - learning_rate * dW
    return W, loss


@gradient_descent.mistake(
    "it stops when the loss rises", "Take all num_iters steps, also where the loss goes up."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses = []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        if losses and loss > losses[-1]:
            break
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@gradient_descent.mistake(
    "the best W is returned, not the last",
    "Return W after the last step, also where an earlier one had a lower loss.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses, best, best_W = [], np.inf, W
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(loss)
        if loss < best:
            best, best_W = loss, W
        W = W - learning_rate * dW
    return best_W, losses


@gradient_descent.mistake(
    "the step has a fixed length", "The step is learning_rate times dW; its length is not fixed."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    losses = []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(loss)
        W = W - learning_rate * dW / np.linalg.norm(dW)
    return W, losses


@gradient_descent.also_right("a copy, then in place")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    W, losses = W.copy(), np.zeros(num_iters)
    for i in range(num_iters):
        losses[i], dW = loss_fn(W, X, y, reg)
        W -= learning_rate * dW
    return W, losses


@gradient_descent.also_right("recursion")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    def step(W, left):
        if left == 0:
            return W, ()
        loss, dW = loss_fn(W, X, y, reg)
        last, losses = step(W - learning_rate * dW, left - 1)
        return last, (loss, *losses)

    return step(W, num_iters)


@gradient_descent.also_right("float32")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters):
    W, losses = W.astype(np.float32), []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X, y, reg)
        losses.append(np.float32(loss))
        W = W - np.float32(learning_rate) * dW.astype(np.float32)
    return W, losses


@gradient_descent.also_right("keywords and a while loop")
def _(loss_fn, W, X, y, *, learning_rate=1e-3, reg=0.0, num_iters=100):
    losses, new = [], np.array(W)
    while len(losses) < num_iters:
        loss, dW = loss_fn(W=new, X=X, y=y, reg=reg)
        losses.append(float(loss))
        dW *= learning_rate
        new = np.subtract(new, dW)
    return [new, losses]


# ------------------------------------------------------------------------------ zero_center

zero_center = bank.exercise(
    "zero_center", points=3, driver="ch02.zero_center", returns=("X_train", "others")
)


@zero_center.case("training and test set")
def _(rng):
    return dict(X_train=rng.normal(3, 2, (6, 4)), others=[rng.normal(5, 1, (3, 4))])


@zero_center.case("training, validation and test set")
def _(rng):
    X = rng.normal(-2, 1, (5, 3))
    return dict(X_train=X, others=[rng.normal(1, 1, (4, 3)), rng.normal(4, 1, (2, 3))])


@zero_center.case("the training set alone")
def _(rng):
    return dict(X_train=rng.normal(2, 3, (7, 3)), others=[])


@zero_center.case("as many examples as features, one constant")
def _(rng):
    X = rng.normal(1, 2, (4, 4))
    X[:, 2] = 3.0
    return dict(X_train=X, others=[rng.normal(2, 1, (4, 4))])


@zero_center.case("a test set of one example", hidden=True)
def _(rng):
    return dict(X_train=rng.normal(10, 1, (9, 5)), others=[rng.normal(10, 1, (1, 5))])


zero_center.edit(
    "every set is centred by its own mean",
    "Only the training set has a mean here; subtract the same numbers from the other sets.",
    ("X - mean for X in others", "X - X.mean(axis=0) for X in others"),
)
zero_center.edit(
    "the mean runs along each example",
    "One mean per feature: average over the examples, which are the rows.",
    ("X_train.mean(axis=0)", "X_train.mean()"),
    ("(X_train - mean, ", "(X_train - X_train.mean(axis=1, keepdims=True), "),
    ("X - mean for X in others", "X - X.mean(axis=1, keepdims=True) for X in others"),
)
zero_center.edit(
    "one mean for all features", "Each feature has a mean of its own: a vector (D,).",
    ("mean(axis=0)", "mean()"),
)
zero_center.edit(
    "the other sets are left as they are",
    "Shift the other sets too, by the mean that X_train had before it was centred.",
    ("X - mean for X in others", "X for X in others"),
)
zero_center.edit(
    "the other sets come back as one list",
    "The result is one flat tuple, (X_train, first other set, second other set, ...).",
    ("*(X - mean for X in others)", "[X - mean for X in others]"),
)
zero_center.edit(
    "it also divides by the spread",
    "Only the mean is subtracted here; dividing by the standard deviation is chapter 6.",
    ("mean = X_train.mean(axis=0)",
     "mean, std = X_train.mean(axis=0), X_train.std(axis=0) + 1e-12"),
    ("(X_train - mean, ", "((X_train - mean) / std, "),
    ("X - mean for X in others", "(X - mean) / std for X in others"),
)
zero_center.edit(
    "the mean is added", "The mean is taken away, so that the training set averages to 0.",
    ("(X_train - mean, ", "(X_train + mean, "),
    ("X - mean for X in others", "X + mean for X in others"),
)
zero_center.edit(
    "the median is subtracted", "Subtract the mean; the median leaves an average that is not 0.",
    ("X_train.mean(axis=0)", "np.median(X_train, axis=0)"),
)


@zero_center.mistake(
    "the mean is taken over all sets together",
    "The test set must not take part: compute the mean from X_train alone.",
)
def _(X_train, *others):
    mean = np.concatenate([X_train, *others]).mean(axis=0)
    return tuple(X - mean for X in (X_train, *others))


@zero_center.mistake(
    "the sets are changed in place", "X -= mean changes the caller's array: write X - mean."
)
def _(X_train, *others):
    mean = X_train.mean(axis=0)
    for X in (X_train, *others):
        X -= mean
    return (X_train, *others)


@zero_center.mistake(
    "a training set alone comes back bare", "Always return a tuple, with one set too: (X_train,)."
)
def _(X_train, *others):
    mean = X_train.mean(axis=0)
    return tuple(X - mean for X in (X_train, *others)) if others else X_train - mean


@zero_center.mistake(
    "only the first of the other sets is returned", "others may hold any number of sets."
)
def _(X_train, *others):
    mean = X_train.mean(axis=0)
    return tuple(X - mean for X in (X_train, *others[:1]))


@zero_center.also_right("a list")
def _(X_train, *others):
    mean = np.ones(len(X_train)) @ X_train / len(X_train)
    return [np.subtract(X, mean[None, :]) for X in (X_train, *others)]


@zero_center.also_right("loops")
def _(X_train, *sets):
    out = []
    for X in (X_train, *sets):
        X = X.copy()
        for d in range(X_train.shape[1]):
            X[:, d] -= sum(X_train[:, d]) / len(X_train)
        out.append(X)
    return tuple(out)


@zero_center.also_right("float32")
def _(X_train, *others):
    mean = np.mean(X_train, axis=0, dtype=np.float32)
    return (X_train.astype(np.float32) - mean, *[X.astype(np.float32) - mean for X in others])


# ------------------------------------------------------------------------ sample_minibatch

sample_minibatch = bank.exercise(
    "sample_minibatch", points=3, driver="ch02.minibatch", summary="ch02.minibatch_summary",
    returns=("X_batch", "y_batch"),
)


def batch_case(rng, N, D, batch_size):
    """`again` repeats the seed of `rng`, `other` is another one; the driver takes them."""
    seed, other = rng.choice(2**31, 2, replace=False)
    return dict(
        X=rng.normal(size=(N, D)), y=rng.permutation(np.arange(N) % 10), batch_size=batch_size,
        rng=Rng(int(seed)), again=Rng(int(seed)), other=Rng(int(other)),
    )


@sample_minibatch.case("16 of 50 examples")
def _(rng):
    return batch_case(rng, 50, 3, 16)


@sample_minibatch.case("batches of one")
def _(rng):
    return batch_case(rng, 5, 4, 1)


@sample_minibatch.case("batches as large as the set")
def _(rng):
    return batch_case(rng, 12, 3, 12)


@sample_minibatch.case("5 of 24 examples", hidden=True)
def _(rng):
    return batch_case(rng, 24, 6, 5)


SAME_ROWS = "Draw the row numbers once and use them for X and for y."

sample_minibatch.edit(
    "X and y draw different rows", SAME_ROWS,
    ("return X[rows], y[rows]", "return X[rows], y[rng.integers(0, len(X), size=batch_size)]"),
)
sample_minibatch.edit(
    "always the first rows", "A mini-batch is a random choice of rows.",
    ("rng.integers(0, len(X), size=batch_size)", "np.arange(batch_size)"),
)
sample_minibatch.edit(
    "rng is replaced by a new generator",
    "Draw from the rng that came in: a new one with a fixed seed gives the same batch every time.",
    ("rows = ", "rng = np.random.default_rng(0); rows = "),
)
sample_minibatch.edit(
    "rng is not used", "Draw from rng, not from np.random: otherwise a seed does not repeat a run.",
    ("rng.integers(0, len(X), size=batch_size)", "np.random.randint(0, len(X), batch_size)"),
)
sample_minibatch.edit(
    "the last row is never drawn", "The upper end of rng.integers is left out already: use len(X).",
    ("len(X), size", "len(X) - 1, size"),
)
sample_minibatch.edit(
    "the first row is never drawn", "Row numbers start at 0.", ("integers(0, ", "integers(1, ")
)
sample_minibatch.edit(
    "columns are drawn instead of rows", "One example is a row of X.",
    ("integers(0, len(X), ", "integers(0, X.shape[1], "), ("X[rows]", "X[:, rows]"),
)
sample_minibatch.edit(
    "the whole set comes back", "Keep batch_size of the rows.",
    ("rng.integers(0, len(X), size=batch_size)", "rng.permutation(len(X))"),
)
sample_minibatch.edit(
    "a single example loses its row", "With batch_size = 1 the shapes are (1, D) and (1,).",
    ("return X[rows], y[rows]", "return X[rows].squeeze(), y[rows].squeeze()"),
)
sample_minibatch.edit(
    "only X is returned", "Return the pair (X_batch, y_batch).", ("X[rows], y[rows]", "X[rows]")
)


@sample_minibatch.mistake(
    "a block of neighbouring rows is taken",
    "Draw each row by itself: neighbours in a file are often alike, for example sorted by class.",
)
def _(X, y, batch_size, rng):
    start = rng.integers(0, len(X) - batch_size + 1)
    return X[start : start + batch_size], y[start : start + batch_size]


@sample_minibatch.mistake(
    "X and y are shuffled in place", "Index with the drawn rows instead; X and y stay as they are."
)
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    return X[:batch_size].copy(), y[:batch_size].copy()


@sample_minibatch.mistake(
    "X is shuffled in place and y is not", "Draw row numbers instead, and index X and y with them."
)
def _(X, y, batch_size, rng):
    rng.shuffle(X)
    return X[:batch_size].copy(), y[:batch_size]


@sample_minibatch.mistake(
    "half of the set is never drawn", "Every one of the N rows must have the same chance."
)
def _(X, y, batch_size, rng):
    rows = rng.integers(0, len(X) // 2, batch_size)
    return X[rows], y[rows]


@sample_minibatch.also_right("without replacement")
def _(X, y, batch_size, rng):
    rows = rng.choice(len(X), batch_size, replace=False)
    return X[rows], y[rows]


@sample_minibatch.also_right("the head of a permutation")
def _(X, y, batch_size, rng):
    order = np.arange(X.shape[0])
    rng.shuffle(order)
    return X[order][:batch_size], y[order][:batch_size]


@sample_minibatch.also_right("choice with replacement, lists")
def _(X, y, batch_size, rng):
    rows = [rng.choice(len(X)) for _ in range(batch_size)]
    return [X[i] for i in rows], [y[i] for i in rows]


@sample_minibatch.also_right("sorted rows, float32")
def _(X, y, batch_size, rng):
    rows = np.sort(np.argsort(rng.random(len(y)))[:batch_size])
    return np.take(X, rows, axis=0).astype(np.float32), y[rows].astype(float)


@sample_minibatch.also_right("a mask")
def _(X, y, batch_size, rng):
    mask = np.zeros(len(X), dtype=bool)
    mask[rng.permutation(len(X))[:batch_size]] = True
    return X[mask], y[mask]


@sample_minibatch.also_right("a seed drawn from rng")
def _(X, y, batch_size, rng):
    own = np.random.default_rng(rng.integers(2**32))
    rows = (own.random(batch_size) * len(X)).astype(int)
    return [X[rows], y[rows]]


# -------------------------------------------------------------------------------------- sgd

sgd = bank.exercise(
    "sgd", points=3, driver="ch02.sgd", summary="ch02.sgd_summary", returns=("W", "losses")
)


def sgd_case(rng, N, D, C, **settings):
    """X, y, W and seeds. num_iters * batch_size is above 20 * N: every row gets drawn."""
    seed, again, other = rng.choice(2**31, 3, replace=False)
    return dict(
        W=rng.normal(size=(D, C)), X=rng.normal(size=(N, D)),
        y=rng.permutation(np.arange(N) % C), **settings, rng=Rng(int(seed)),
        first=Rng(int(again)), again=Rng(int(again)), other=Rng(int(other)),
    )


@sgd.case("batches of 6 of 24 examples")
def _(rng):
    return sgd_case(rng, 24, 4, 3, learning_rate=0.1, reg=0.0, num_iters=90, batch_size=6)


@sgd.case("batches of one, with regularisation")
def _(rng):
    return sgd_case(rng, 6, 3, 4, learning_rate=0.05, reg=0.2, num_iters=130, batch_size=1)


@sgd.case("batches of half the set")
def _(rng):
    return sgd_case(rng, 16, 3, 2, learning_rate=0.2, reg=0.5, num_iters=45, batch_size=8)


@sgd.case("batches of 5 of 30 examples", hidden=True)
def _(rng):
    return sgd_case(rng, 30, 5, 4, learning_rate=0.02, reg=0.05, num_iters=130, batch_size=5)


sgd.edit(
    "it climbs instead of descending",
    "dW points uphill: the step is minus learning_rate times dW.",
    ("W - learning_rate", "W + learning_rate"),
)
sgd.edit(
    "the learning rate is left out", "The step is learning_rate times dW, not dW itself.",
    ("learning_rate * dW", "dW"),
)
sgd.edit(
    "the gradient is divided by batch_size once more",
    "loss_fn gives a mean over the batch already.", ("* dW", "* dW / batch_size"),
)
sgd.edit(
    "the gradient is scaled by batch_size over N",
    "The batch's gradient estimates the gradient of the whole set as it is.",
    ("* dW", "* dW * batch_size / len(X)"),
)
sgd.edit(
    "W is changed in place", "W -= ... changes the caller's array: write W = W - ...",
    ("W = W - learning_rate * dW", "W -= learning_rate * dW"),
)
sgd.edit(
    "the whole set is used in every step", "Hand the mini-batch to loss_fn, not X and y.",
    ("loss_fn(W, X_batch, y_batch, reg)", "loss_fn(W, X, y, reg)"),
)
sgd.edit(
    "the regularisation is not handed on", "loss_fn needs the reg that came in.",
    ("y_batch, reg)", "y_batch, 0.0)"),
)
sgd.edit(
    "the regularisation counts twice", "dW holds the gradient of the penalty already.",
    ("learning_rate * dW", "learning_rate * (dW + reg * W)"),
)
sgd.edit(
    "rng is replaced by a new generator",
    "Create no generator inside: hand the rng that came in to sample_minibatch.",
    ("losses = []", "losses, rng = [], np.random.default_rng(0)"),
)
sgd.edit(
    "every step makes its own generator with the same seed",
    "A generator made inside the loop draws the same batch in every step: use rng.",
    ("(X, y, batch_size, rng)", "(X, y, batch_size, np.random.default_rng(0))"),
)
sgd.edit(
    "one step too many", "num_iters steps: the loop runs over range(num_iters).",
    ("range(num_iters)", "range(num_iters + 1)"),
)
sgd.edit(
    "num_iters counts passes over the data",
    "num_iters is the number of steps, each with one mini-batch.",
    ("range(num_iters)", "range(num_iters * (len(X) // batch_size))"),
)
sgd.edit(
    "W and losses are returned the other way round", "Return (W, losses), in this order.",
    ("return W, losses", "return losses, W"),
)
sgd.edit(
    "only W is returned", "Return the pair (W, losses).", ("return W, losses", "return W")
)


@sgd.mistake(
    "one batch is drawn and used for all steps",
    "Draw a new mini-batch inside the loop, every step."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    rows = rng.choice(len(X), batch_size, replace=False)
    losses = []
    for _ in range(num_iters):
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.mistake(
    "rng is not used", "Draw from rng, not from np.random: otherwise a seed does not repeat a run."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        rows = np.random.choice(len(X), batch_size)  # noqa: NPY002
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.mistake("X and y draw different rows", SAME_ROWS)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        X_batch, _ = sample_minibatch(X, y, batch_size, rng)
        _, y_batch = sample_minibatch(X, y, batch_size, rng)
        loss, dW = loss_fn(W, X_batch, y_batch, reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.mistake(
    "losses holds the loss after each step",
    "losses[i] is the batch loss before step i: keep the loss that came with the gradient.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        _, dW = loss_fn(W, X_batch, y_batch, reg)
        W = W - learning_rate * dW
        losses.append(loss_fn(W, X_batch, y_batch, reg)[0])
    return W, losses


@sgd.mistake(
    "the last row is never drawn", "The upper end of rng.integers is left out already: use len(X)."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        rows = rng.integers(0, len(X) - 1, batch_size)
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.mistake(
    "the loss of the whole set is computed in every step",
    "losses[i] is the batch's loss: the whole set would cost N examples a step.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        losses.append(loss_fn(W, X, y, reg)[0])
        W = W - learning_rate * loss_fn(W, X_batch, y_batch, reg)[1]
    return W, losses


@sgd.mistake(
    "loss and gradient come from two different batches", "Draw once a step, and call loss_fn once."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        losses.append(loss_fn(W, *sample_minibatch(X, y, batch_size, rng), reg)[0])
        W = W - learning_rate * loss_fn(W, *sample_minibatch(X, y, batch_size, rng), reg)[1]
        loss_fn(W, *sample_minibatch(X, y, batch_size, rng), reg)
    return W, losses


@sgd.mistake(
    "every step starts from the first W", "Each step starts where the one before it ended."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    start, losses = W.copy(), []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        loss, dW = loss_fn(W, X_batch, y_batch, reg)
        losses.append(loss)
        W = start - learning_rate * dW
    return W, losses


@sgd.mistake(
    "the W before the last step is returned", "The last step counts too: return W after it."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        before = W
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        loss, dW = loss_fn(W, X_batch, y_batch, reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return before, losses


@sgd.mistake(
    "the data is walked through in its own order",
    "Choose the rows at random with rng; in a sorted set the first batches hold one class only.",
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for i in range(num_iters):
        rows = np.arange(i * batch_size, (i + 1) * batch_size) % len(X)
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.mistake("only the last loss is returned", "losses has one entry per step: collect them.")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    for _ in range(num_iters):
        loss, dW = loss_fn(W, *sample_minibatch(X, y, batch_size, rng), reg)
        W = W - learning_rate * dW
    return W, loss


@sgd.mistake(
    "the losses are summed up", "losses[i] is the loss of one batch, not the sum of those so far."
)
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses, total = [], 0.0
    for _ in range(num_iters):
        loss, dW = loss_fn(W, *sample_minibatch(X, y, batch_size, rng), reg)
        total += loss
        losses.append(total)
        W = W - learning_rate * dW
    return W, losses


@sgd.also_right("a copy in place, an array of losses")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    W, losses = np.array(W), np.empty(num_iters)
    for i in range(num_iters):
        rows = rng.choice(len(X), size=batch_size, replace=False)
        losses[i], dW = loss_fn(W, X[rows], y[rows], reg)
        dW *= learning_rate
        W -= dW
    return W, losses


@sgd.also_right("epochs over a new order")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses, order = [], np.array([], dtype=int)
    for _ in range(num_iters):
        if len(order) < batch_size:
            order = rng.permutation(len(X))
        rows, order = order[:batch_size], order[batch_size:]
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(float(loss))
        W = W - learning_rate * dW
    return W, losses


@sgd.also_right("shuffled once, then round and round")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    order = rng.permutation(len(X))
    X, y, losses = X[order], y[order], []
    for i in range(num_iters):
        rows = np.arange(i * batch_size, (i + 1) * batch_size) % len(X)
        loss, dW = loss_fn(W, X[rows], y[rows], reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, tuple(losses)


@sgd.also_right("all rows drawn beforehand")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for rows in rng.integers(len(X), size=(num_iters, batch_size)):
        loss, dW = loss_fn(W=W, X=X[rows], y=y[rows], reg=reg)
        losses.append(loss)
        W = W - learning_rate * dW
    return W, losses


@sgd.also_right("gradient_descent on one batch at a time")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    losses = []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        W, loss = gradient_descent(
            loss_fn, W, X_batch, y_batch, learning_rate=learning_rate, reg=reg, num_iters=1
        )
        losses += list(loss)
    return W, losses


@sgd.also_right("float32")
def _(loss_fn, W, X, y, *, learning_rate, reg, num_iters, batch_size, rng):
    W, X, losses = W.astype(np.float32), X.astype(np.float32), []
    for _ in range(num_iters):
        X_batch, y_batch = sample_minibatch(X, y, batch_size, rng)
        loss, dW = loss_fn(W, X_batch, y_batch, np.float32(reg))
        losses.append(np.float32(loss))
        W = W - np.float32(learning_rate) * dW.astype(np.float32)
    return W, losses
