"""The bank of chapter 10: sanity checks, searches, and a network judged on unseen images.

The build and the grader read it. It is long because every known mistake and every other right
answer of eleven exercises is written out as a learner would write it.
"""

import itertools
import math

import numpy as np

from cs231n_lib import load
from cs231n_lib.authoring import Bank, Rng, Withheld
from cs231n_lib.drivers.ch10 import rough_digits

bank = Bank("10_hyperparameter_tuning")
# Stands for the global generator, which would give other numbers at each build.
CALLS = itertools.count(1)


def seeds(rng):
    """Return two seeds that differ, as the inputs `rng` and `other_rng`."""
    first, second = (int(s) for s in rng.choice(2**31, size=2, replace=False))
    return dict(rng=Rng(first), other_rng=Rng(second))


# ------------------------------------------------------------------ expected_initial_loss

expected_initial_loss = bank.exercise("expected_initial_loss", points=1, returns=("loss",))

for label, classes, hidden in (
    ("ten classes", 10, False), ("two classes", 2, False), ("a single class", 1, False),
    ("a thousand classes", 1000, True),
):
    expected_initial_loss.case(label, hidden=hidden)(lambda rng, c=classes: dict(num_classes=c))

for name, hint, new in (
    ("the decimal logarithm", "Cross-entropy takes the natural logarithm, np.log.",
     "np.log10(num_classes)"),
    ("the logarithm to base 2", "Cross-entropy takes the natural logarithm, np.log.",
     "np.log2(num_classes)"),
    ("the probability in place of the loss", "1/C is the probability; the loss is minus its log.",
     "1 / num_classes"),
    ("the sign is missing", "The logarithm of 1/C is negative, and the loss is minus that.",
     "np.log(1 / num_classes)"),
    ("the hinge loss at equal scores", "C - 1 is what the hinge gives; softmax gives a logarithm.",
     "num_classes - 1.0"),
    ("one more than it is", "Cross-entropy of one class alone is 0: nothing is added.",
     "1 + np.log(num_classes)"),
    ("the loss is divided by the classes", "The loss of one example is -log of ONE probability.",
     "np.log(num_classes) / num_classes"),
    ("always 2.3", "2.3 is the value for ten classes: use num_classes.", "2.302585093"),
):
    expected_initial_loss.edit(name, hint, ("np.log(num_classes)", new))


@expected_initial_loss.also_right("minus the logarithm of the probability")
def _(num_classes):
    return -math.log(1 / num_classes)


@expected_initial_loss.also_right("softmax of zeros, float32")
def _(num_classes):
    scores = np.zeros(num_classes, np.float32)
    return -np.log(np.exp(scores[0]) / np.exp(scores).sum())


# ------------------------------------------------------------------ train_val_split

train_val_split = bank.exercise(
    "train_val_split", points=2, driver="ch10.train_val_split", summary="ch10.split_summary",
    returns=("X_train", "y_train", "X_val", "y_val"),
)


def _rows(rng, N, D, C, fraction):
    """Rows sorted by class, as many data sets come."""
    return dict(
        X=rng.normal(size=(N, D)), y=np.sort(rng.integers(C, size=N)), val_fraction=fraction,
        rng=seeds(rng)["rng"],
    )


@train_val_split.case("a quarter of 40 rows")
def _(rng):
    return _rows(rng, 40, 3, 4, 0.25)


@train_val_split.case("half of 12 rows")
def _(rng):
    return _rows(rng, 12, 12, 3, 0.5)


@train_val_split.case("an eighth of 16 rows, some of them twice")
def _(rng):
    case = _rows(rng, 16, 2, 2, 0.125)
    case["X"][5:8] = case["X"][2:5]
    case["y"][5:8] = case["y"][2:5] = 1 - case["y"][0]
    return case


@train_val_split.case("a quarter of 8 rows with one feature", hidden=True)
def _(rng):
    return _rows(rng, 8, 1, 3, 0.25)


train_val_split.edit(
    "no shuffle: the last rows are held out",
    "Rows often come sorted by class: shuffle before you cut.",
    ("rng.permutation(len(X))", "np.arange(len(X))[::-1]"),
)
train_val_split.edit(
    "no shuffle: the first rows are held out",
    "Rows often come sorted by class: shuffle before you cut.",
    ("rng.permutation(len(X))", "np.arange(len(X))"),
)
train_val_split.edit(
    "training and validation are swapped", "val_fraction is the share that is held OUT.",
    ("val, train = order[:num_val], order[num_val:]",
     "train, val = order[:num_val], order[num_val:]"),
)
train_val_split.edit(
    "the order of the four results", "Return X_train, y_train, X_val, y_val in this order.",
    ("return X[train], y[train], X[val], y[val]", "return X[train], X[val], y[train], y[val]"),
)
train_val_split.edit(
    "the validation rows stay in the training set",
    "A row that is trained on says nothing when it is validated on: take it out of training.",
    ("order[:num_val], order[num_val:]", "order[:num_val], order"),
)
train_val_split.edit(
    "the two sets are drawn without regard to each other",
    "Cut ONE permutation in two: two draws overlap.",
    ("order[:num_val], order[num_val:]",
     "order[:num_val], rng.permutation(len(X))[num_val:]"),
)
train_val_split.edit(
    "rows drawn with replacement", "Each row goes to exactly one set: use a permutation.",
    ("rng.permutation(len(X))", "rng.integers(len(X), size=len(X))"),
)
train_val_split.edit(
    "X and y shuffled separately", "One permutation for both, or labels lose their rows.",
    ("return X[train], y[train], X[val], y[val]",
     "y = rng.permutation(y)\n    return X[train], y[train], X[val], y[val]"),
)
train_val_split.edit(
    "a seed of its own", "Draw from the rng that is passed in, so that the caller can vary it.",
    ("rng.permutation", "np.random.default_rng(0).permutation"),
)


@train_val_split.mistake(
    "the global generator", "Draw from the rng that is passed in: the same seed, the same split.")
def _(X, y, val_fraction, rng):
    order = np.random.default_rng(next(CALLS)).permutation(len(X))
    num_val = round(val_fraction * len(X))
    val, train = order[:num_val], order[num_val:]
    return X[train], y[train], X[val], y[val]


@train_val_split.mistake(
    "X is shuffled in place", "rng.shuffle(X) changes the caller's array: shuffle indices instead.")
def _(X, y, val_fraction, rng):
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    num_val = round(val_fraction * len(X))
    return X[num_val:].copy(), y[num_val:].copy(), X[:num_val].copy(), y[:num_val].copy()


@train_val_split.also_right("the end of the permutation is held out")
def _(X, y, val_fraction, rng):
    cut = len(X) - int(len(X) * val_fraction)
    order = np.arange(len(X))
    rng.shuffle(order)
    return X[order[:cut]], y[order[:cut]], X[order[cut:]], y[order[cut:]]


@train_val_split.also_right("a mask, order kept, lists and float32")
def _(X, y, val_fraction, rng):
    held = np.zeros(len(X), bool)
    held[rng.choice(len(X), size=int(np.ceil(val_fraction * len(X))), replace=False)] = True
    return [X[~held].astype(np.float32), list(y[~held]), X[held], y[held]]


@train_val_split.also_right("random keys, sorted")
def _(X, y, val_fraction, rng):
    keys = rng.random(len(X))
    order = sorted(range(len(X)), key=lambda i: keys[i])
    n = int(val_fraction * len(X))
    val, train = np.array(order[:n]), np.array(order[n:])
    return np.take(X, train, 0), np.take(y, train), np.take(X, val, 0), np.take(y, val)


# ------------------------------------------------------------------ can_overfit

can_overfit = bank.exercise("can_overfit", points=1, driver="ch10.can_overfit")


def _overfit_case(accuracies, N=20, D=4):
    return lambda rng: dict(
        X=rng.normal(size=(N, D)), y=rng.integers(3, size=N), accuracies=accuracies
    )


can_overfit.case("a perfect fit, and none")(_overfit_case([1.0, 0.35, 0.99]))
can_overfit.case("close to the limit")(_overfit_case([0.99, 0.985, 0.995]))
can_overfit.case("good, but not good enough")(_overfit_case([0.95, 0.90, 1.0, 0.98]))
can_overfit.case("two rows", hidden=True)(_overfit_case([0.5, 0.99, 0.97], N=2))

for name, hint, old, new in (
    ("0.99 itself is refused", "True FROM 0.99: at least, not above.", ">= 0.99", "> 0.99"),
    ("only an accuracy of 1 counts", "0.99 is enough: the limit leaves room for one odd label.",
     ">= 0.99", ">= 1.0"),
    ("the limit is 0.9", "The limit is 0.99.", ">= 0.99", ">= 0.9"),
    ("the limit is 0.95", "The limit is 0.99.", ">= 0.99", ">= 0.95"),
    ("the answer is turned round", "A HIGH training accuracy says that it can overfit.",
     ">= 0.99", "< 0.99"),
    ("the limit is taken in per cent", "The accuracy lies between 0 and 1: 99 % is 0.99.",
     ">= 0.99", ">= 99"),
    ("the accuracy is returned", "Return True or False: compare the accuracy with 0.99.",
     "train_fn(X, y) >= 0.99", "train_fn(X, y)"),
    ("X and y are swapped", "Call train_fn(X, y), in this order.", "train_fn(X, y)",
     "train_fn(y, X)"),
    ("train_fn is not called", "Call train_fn(X, y) and look at the number that it returns.",
     "train_fn(X, y) >= 0.99", "True"),
    ("fewer rows than labels", "A subset needs the rows of X and the SAME rows of y.",
     "train_fn(X, y)", "train_fn(X[: len(X) // 2], y)"),
):
    can_overfit.edit(name, hint, (old, new))


@can_overfit.also_right("an if, keywords, 1 and 0")
def _(train_fn, X, y):
    if train_fn(X=X, y=y) < 0.99:
        return 0
    return 1


@can_overfit.also_right("twenty rows at most, NumPy's truth values")
def _(train_fn, X, y):
    return np.float64(train_fn(X[:20], y[:20])) >= 0.99


@can_overfit.also_right("the share of errors")
def _(train_fn, X, y):
    return not (1 - train_fn(X, y) > 0.01 + 1e-9)


# ------------------------------------------------------------------ diagnose_loss_curve

diagnose_loss_curve = bank.exercise("diagnose_loss_curve", points=2, driver="ch10.diagnose")


def _good(n, rng, start=2.3, end=0.15, noise=0.0):
    """Fast at first, then slower, down to a small share of the start."""
    steps = np.arange(n)
    curve = end + (start - end) * np.exp(-7 * steps / n)
    return (curve * (1 + noise * rng.normal(size=n))).tolist()


def _straight(n, rng, share, start=2.3, noise=0.0):
    """A straight line that ends `share` below the start."""
    curve = start * (1 - share * np.arange(n) / (n - 1))
    return (curve * (1 + noise * rng.normal(size=n))).tolist()


def _stuck(n, rng, share, start=2.3, noise=0.0):
    """Down to `share` of the start within a tenth of the steps, then level."""
    curve = start * (share + (1 - share) * np.exp(-50 * np.arange(n) / n))
    return (curve * (1 + noise * rng.normal(size=n))).tolist()


def _rising(n, rng, times, start=2.3):
    return (start * times ** (np.arange(n) / (n - 1))).tolist()


def _diagnose_case(name, make, hidden=False):
    diagnose_loss_curve.case(name, hidden=hidden)(lambda rng: dict(curves=make(rng)))


_diagnose_case("one of each kind", lambda rng: {
    "falls by 4 %, straight": _straight(100, rng, 0.04),
    "falls fast, then slower, to 7 %": _good(100, rng),
    "falls fast, then stays at 75 %": _stuck(100, rng, 0.75),
    "rises to 20 times the start": _rising(100, rng, 20.0),
})
_diagnose_case("not finite, or rising", lambda rng: {
    "falls well and ends as nan": _good(60, rng)[:-1] + [math.nan],
    "holds inf in the middle": _good(60, rng)[:30] + [math.inf] + _good(60, rng)[30:],
    "grows to twice the start": _rising(80, rng, 2.0),
    "falls at first and then explodes": _good(40, rng) + _rising(40, rng, 1e4, start=1.0),
    "falls fast, then slower, from 6.9": _good(80, rng, start=6.9, end=0.3),
})
_diagnose_case("flat or slow", lambda rng: {
    "never moves": [2.302585] * 50,
    "falls by 1 %": _straight(120, rng, 0.01),
    "falls by 25 %, straight to the end": _straight(120, rng, 0.25),
    "falls fast, then stays at 65 %": _stuck(120, rng, 0.65),
})
_diagnose_case("noisy", lambda rng: {
    "goes down to 7 %, noisily": _good(200, rng, noise=0.05),
    "stays at 70 % after a fast fall, noisily": _stuck(200, rng, 0.7, noise=0.02),
    "falls by 30 %, straight and noisily": _straight(200, rng, 0.3, noise=0.01),
    "starts at 0.7 and goes down, noisily": _good(200, rng, start=0.7, end=0.04, noise=0.05),
})
_diagnose_case("long curves", lambda rng: {
    "falls by 15 %, straight": _straight(1000, rng, 0.15, start=4.6),
    "falls fast, then stays at 80 %": _stuck(1000, rng, 0.8, start=4.6),
    "falls fast, then slower, to 3 %": _good(1000, rng, start=4.6, end=0.12),
    "triples": _rising(1000, rng, 3.0, start=4.6),
    "never moves": [4.60517] * 1000,
}, hidden=True)

diagnose_loss_curve.edit(
    "infinite losses are not looked for",
    "Ask first whether every loss is finite: comparisons with nan are all False.",
    ("not np.isfinite(losses).all() or end > 1.1 * start", "end > 1.1 * start"),
)
diagnose_loss_curve.edit(
    "only nan is looked for", "inf is as bad as nan: np.isfinite finds both.",
    ("not np.isfinite(losses).all()", "np.isnan(losses).any()"),
)
diagnose_loss_curve.edit(
    "a finite loss never counts as diverged",
    "A loss that ends well above its start has diverged too, even while it is finite.",
    (" or end > 1.1 * start", ""),
)
diagnose_loss_curve.edit(
    "too low and too high are mixed up",
    "Fast, then stuck high: the steps are too LONG. Slow and straight: they are too short.",
    ('"too low" if still_falling else "too high"', '"too high" if still_falling else "too low"'),
)
diagnose_loss_curve.edit(
    "whatever falls is good",
    "Where does it end? A fall that stops far above zero, or has hardly begun, is not good.",
    ("end < 0.5 * start", "end < start"),
)
diagnose_loss_curve.edit(
    "whatever does not end low is too high",
    "A curve that has not ended low may still be on its way: look at the second half.",
    ('"too low" if still_falling else "too high"', '"too high"'),
)
diagnose_loss_curve.edit(
    "whatever does not end low is too low",
    "A curve that has come to rest far above zero has a learning rate that is too high.",
    ('"too low" if still_falling else "too high"', '"too low"'),
)
diagnose_loss_curve.edit(
    "a flat curve is called too high", "No fall at all is the extreme of too slow: 'too low'.",
    ("fall < 0.03 * start or", ""), ("> 0.25 * fall", "> 0.25 * fall + 1e-9"),
)
diagnose_loss_curve.edit(
    "a slow but steady fall is called too high",
    "Compare the second half of the fall with the first: a straight line is too slow, not stuck.",
    (" or middle - end > 0.25 * fall", ""),
)
diagnose_loss_curve.edit(
    "a fixed loss of 0.5 decides what is low",
    "What is low depends on the start: compare the end with losses[0].",
    ("end < 0.5 * start", "end < 0.5 and middle < 0.2"),
)


@diagnose_loss_curve.mistake(
    "the smallest loss is taken for the end",
    "A curve may explode after its minimum: look at how it ENDS.")
def _(losses):
    losses = np.asarray(losses, dtype=float)
    if not np.isfinite(losses).all() or losses.min() > losses[0] * 0.999 < losses[-1] / 1.1:
        return "diverged"
    start, end = losses[0], losses.min()
    if end < 0.5 * start:
        return "good"
    half = losses[len(losses) // 2]
    if start - end < 0.05 * start or half - end > 0.25 * (start - end):
        return "too low"
    return "too high"


diagnose_loss_curve.edit(
    "the words are written with a hyphen", "Return the words as given: 'too low', 'too high'.",
    ('"too low" if still_falling else "too high"', '"too-low" if still_falling else "too-high"'),
)


@diagnose_loss_curve.also_right("means of tenths, plain Python")
def _(losses):
    losses = [float(v) for v in losses]
    if any(math.isnan(v) or math.isinf(v) for v in losses):
        return "diverged"
    n = max(1, len(losses) // 10)
    half = len(losses) // 2
    start, mid, end = losses[0], sum(losses[half : half + n]) / n, sum(losses[-n:]) / n
    if end > 1.2 * start:
        return "diverged"
    if end <= 0.45 * start:
        return "good"
    share = (mid - end) / (start - end) if start - end > 0.02 * start else 1.0
    return "too low" if share > 0.2 else "too high"


@diagnose_loss_curve.also_right("a line through each half")
def _(losses):
    losses = np.array(losses)
    if np.isnan(losses).any() or np.isinf(losses).any():
        return "diverged"
    relative = losses / losses[0]
    t = np.linspace(0, 1, len(losses))
    last = np.polyfit(t[len(t) // 2 :], relative[len(t) // 2 :], 1)
    end = np.polyval(last, 1.0)
    if np.median(relative[-5:]) > 1.3:
        return "diverged"
    if end < 0.4:
        return "good"
    if 1 - end < 0.06 or -last[0] > 0.3 * (1 - end):
        return "too low"
    return "too high"


# ------------------------------------------------------------------ log_uniform

log_uniform = bank.exercise(
    "log_uniform", points=2, driver="ch10.log_uniform", summary="ch10.log_uniform_summary",
)


def _log_case(low, high, size):
    return lambda rng: dict(low=low, high=high, size=size) | seeds(rng)


log_uniform.case("learning rates from 1e-6 to 1e-3")(_log_case(1e-6, 1e-3, 4000))
log_uniform.case("widths from 10 to 1000")(_log_case(10.0, 1000.0, 4000))
log_uniform.case("five values from 0.01 to 1")(_log_case(0.01, 1.0, 5))
log_uniform.case("not a whole number of decades")(_log_case(0.03, 20.0, 4000))
log_uniform.case("a single value", hidden=True)(_log_case(1e-5, 1e-1, 1))

LOG_DRAW = "np.exp(rng.uniform(np.log(low), np.log(high), size))"
for name, hint, new in (
    ("uniform on the plain scale", "Nine tenths of those fall into the top decade: draw exponents.",
     "rng.uniform(low, high, size)"),
    ("the exponents are returned", "Values are asked for: raise 10 (or e) to the drawn exponents.",
     "rng.uniform(np.log10(low), np.log10(high), size)"),
    ("exp of decimal logarithms", "exp belongs to np.log, and 10 ** belongs to np.log10.",
     "np.exp(rng.uniform(np.log10(low), np.log10(high), size))"),
    ("10 to the power of natural logarithms", "10 ** belongs to np.log10, and exp to np.log.",
     "10 ** rng.uniform(np.log(low), np.log(high), size)"),
    ("10 to the power of low ... high", "low and high are values: take their logarithms first.",
     "10 ** rng.uniform(low, high, size)"),
    ("equal steps without chance", "These are the same values every time: draw from rng.",
     "np.geomspace(low, high, size)"),
    ("whole decades only", "The exponent may be any number in between, not only a whole one.",
     "low * 10.0 ** rng.integers(0, max(1, int(np.log10(high / low))), size)"),
    ("the values are sorted", "Each value must be independent of the one before: do not sort.",
     "np.sort(np.exp(rng.uniform(np.log(low), np.log(high), size)))"),
    ("one value, repeated", "Draw size values, not one value size times.",
     "np.full(size, np.exp(rng.uniform(np.log(low), np.log(high))))"),
    ("a normal distribution of exponents", "Each decade must get the same share of draws.",
     "np.exp(np.clip(rng.normal(np.log(low * high) / 2, np.log(high / low) / 8, size), "
     "np.log(low), np.log(high)))"),
    ("a single number in place of an array", "Pass size on: the result has shape (size,).",
     "np.exp(rng.uniform(np.log(low), np.log(high)))"),
    ("a seed of its own", "Draw from the rng that is passed in: another seed, other values.",
     "np.exp(np.random.default_rng(0).uniform(np.log(low), np.log(high), size))"),
    ("one over a uniform number", "That crowds the low end: the EXPONENT is what is uniform.",
     "1 / rng.uniform(1 / high, 1 / low, size)"),
):
    log_uniform.edit(name, hint, (LOG_DRAW, new))


@log_uniform.mistake(
    "the global generator", "Draw from the rng that is passed in: the same seed, the same values.")
def _(low, high, size, rng):
    stray = np.random.default_rng(next(CALLS))
    return np.exp(stray.uniform(np.log(low), np.log(high), size))


@log_uniform.also_right("powers of ten")
def _(low, high, size, rng):
    return 10 ** rng.uniform(np.log10(low), np.log10(high), size=size)


@log_uniform.also_right("a share of the ratio, one by one")
def _(low, high, size, rng):
    return [low * (high / low) ** rng.random() for _ in range(size)]


@log_uniform.also_right("float32, from high to low")
def _(low, high, size, rng):
    return (high * (low / high) ** rng.random(size)).astype(np.float32)


# ------------------------------------------------------------------ grid_search

grid_search = bank.exercise("grid_search", points=2, driver="ch10.grid_search")


def _table(rng, **grid):
    """Give every value a weight of its own, such that no two combinations tie."""
    while True:
        weights = [[n, [[v, float(w)] for v, w in zip(vs, rng.normal(0, 1, size=len(vs)))]]
                   for n, vs in grid.items()]
        tables = [[w for _, w in pairs] for _, pairs in weights]
        totals = np.sort([sum(c) for c in itertools.product(*tables)])
        if np.diff(totals).min() > 1e-3 and totals[0] < -0.3 and totals[-1] > 0.3:
            return dict(grid={n: list(v) for n, v in grid.items()}, weights=weights)


@grid_search.case("two parameters")
def _(rng):
    return _table(rng, lr=[1e-4, 1e-3, 1e-2], reg=[0.0, 0.1])


@grid_search.case("one parameter")
def _(rng):
    return _table(rng, hidden=[20, 50, 100, 200])


@grid_search.case("three parameters, one of them words")
def _(rng):
    return _table(rng, lr=[0.1, 0.01], activation=["relu", "tanh", "elu"], depth=[1, 2])


@grid_search.case("a parameter with a single value", hidden=True)
def _(rng):
    return _table(rng, lr=[3e-3, 1e-3, 3e-4, 1e-4], batch=[64], reg=[1e-3, 1e-2])


SORTED = "sorted(results, key=lambda pair: pair[1], reverse=True)"
grid_search.edit(
    "worst first", "Higher is better: sort downwards, reverse=True.", (", reverse=True", ""),
)
grid_search.edit(
    "not sorted", "Return the list sorted by score, best first.", (SORTED, "results"),
)
grid_search.edit(
    "only the best pair", "Return the whole list: the runners-up tell where to look next.",
    (SORTED, SORTED + "[:1]"),
)
grid_search.edit(
    "sorted by the size of the score without its sign",
    "A score may be negative: -0.1 is better than -2.",
    ("key=lambda pair: pair[1]", "key=lambda pair: abs(pair[1])"),
)
grid_search.edit(
    "values paired off instead of crossed",
    "Every value of one name meets every value of the others: a product, not a zip.",
    ("itertools.product(*grid.values())", "zip(*grid.values())"),
)


@grid_search.mistake(
    "score and params in the wrong order", "Each entry is (params, score), in this order.")
def _(score_fn, grid):
    pairs = []
    for values in itertools.product(*grid.values()):
        params = dict(zip(grid, values))
        pairs.append((score_fn(params), params))
    return sorted(pairs, key=lambda p: -p[0])


@grid_search.mistake(
    "one dict is used for all trials", "Make a new dict for each one, or all entries are one.")
def _(score_fn, grid):
    params, results = {}, []
    for values in itertools.product(*grid.values()):
        params.update(zip(grid, values))
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@grid_search.mistake(
    "one name at a time, the others at their first value",
    "Every combination is asked for, not one line through the grid for each name.")
def _(score_fn, grid):
    results, base = [], {name: values[0] for name, values in grid.items()}
    for name, values in grid.items():
        for value in values:
            params = base | {name: value}
            results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@grid_search.mistake(
    "the last value of each name is left out", "Go through all values: range(len(values)).")
def _(score_fn, grid):
    shorter = [values[: max(1, len(values) - 1)] for values in grid.values()]
    found = [dict(zip(grid, values)) for values in itertools.product(*shorter)]
    results = [(params, score_fn(params)) for params in found]
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@grid_search.mistake(
    "each combination is trained twice", "Keep the score that you have: a call may take hours.")
def _(score_fn, grid):
    found = [dict(zip(grid, values)) for values in itertools.product(*grid.values())]
    found.sort(key=score_fn, reverse=True)
    return [(params, score_fn(params)) for params in found]


@grid_search.mistake(
    "the values are passed without their names", "score_fn takes a dict {name: value}.")
def _(score_fn, grid):
    results = [(values, score_fn(values)) for values in itertools.product(*grid.values())]
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@grid_search.also_right("combinations grown name by name, lists")
def _(score_fn, grid):
    combinations = [{}]
    for name in grid:
        combinations = [{**c, name: v} for v in grid[name] for c in combinations]
    results = [[c, score_fn(c)] for c in combinations]
    results.sort(key=lambda r: -r[1])
    return results


@grid_search.also_right("recursion")
def _(score_fn, grid):
    def grow(params, rest):
        if not rest:
            return [(params, np.float32(score_fn(params)))]
        name, others = rest[0], rest[1:]
        return [pair for v in grid[name] for pair in grow(params | {name: v}, others)]

    return sorted(grow({}, list(grid)), key=lambda pair: pair[1])[::-1]


@grid_search.also_right("argsort over indices")
def _(score_fn, grid):
    sizes = [len(v) for v in grid.values()]
    found = [{n: grid[n][i] for n, i in zip(grid, index)} for index in np.ndindex(*sizes)]
    scores = np.array([score_fn(p) for p in found])
    return [(found[i], scores[i]) for i in np.argsort(-scores)]


# ------------------------------------------------------------------ random_search

random_search = bank.exercise(
    "random_search", points=2, driver="ch10.random_search", summary="ch10.random_summary",
)


def _space(rng, num_trials, **space):
    weights = [
        [name, (float(np.sqrt(low * high) * rng.uniform(0.5, 2)), float(rng.uniform(0.5, 2)))]
        for name, (low, high) in space.items()
    ]
    return dict(space=space, num_trials=num_trials, weights=weights) | seeds(rng)


@random_search.case("learning rate and regularisation")
def _(rng):
    return _space(rng, 800, lr=(1e-5, 1e-1), reg=(1e-6, 1e-2))


@random_search.case("one parameter, six trials")
def _(rng):
    return _space(rng, 6, lr=(1e-4, 1e-1))


@random_search.case("two parameters with one range")
def _(rng):
    return _space(rng, 600, lr=(1e-3, 1.0), decay=(1e-3, 1.0))


@random_search.case("three parameters", hidden=True)
def _(rng):
    return _space(rng, 700, lr=(1e-6, 1e-2), reg=(1e-4, 10.0), width=(10.0, 500.0))


RANDOM_SORTED = "sorted(results, key=lambda pair: pair[1], reverse=True)"
DRAW = "float(log_uniform(low, high, 1, rng)[0])"
random_search.edit(
    "worst first", "Higher is better: sort downwards, reverse=True.", (", reverse=True", ""),
)
random_search.edit(
    "not sorted", "Return the list sorted by score, best first.", (RANDOM_SORTED, "results"),
)
random_search.edit(
    "only the best pair", "Return all trials, best first.",
    (RANDOM_SORTED, RANDOM_SORTED + "[:1]"),
)
random_search.edit(
    "uniform on the plain scale", "Nine tenths of those fall into the top decade: log-uniform.",
    (DRAW, "float(rng.uniform(low, high))"),
)
random_search.edit(
    "one trial too few", "num_trials counts the trials: range(num_trials).",
    ("range(num_trials)", "range(num_trials - 1)"),
)
random_search.edit(
    "one trial too many", "num_trials counts the trials: range(num_trials).",
    ("range(num_trials)", "range(num_trials + 1)"),
)
random_search.edit(
    "a seed of its own", "Draw from the rng that is passed in: another seed, other trials.",
    ("results = []", "results, rng = [], np.random.default_rng(0)"),
)


@random_search.mistake(
    "the global generator", "Draw from the rng that is passed in: the same seed, the same trials.")
def _(score_fn, space, num_trials, rng):
    rng, results = np.random.default_rng(next(CALLS)), []
    for _ in range(num_trials):
        params = {n: low * (high / low) ** rng.random() for n, (low, high) in space.items()}
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@random_search.mistake(
    "all parameters of a trial share one draw",
    "Draw afresh for each name, or the search only walks along a diagonal.")
def _(score_fn, space, num_trials, rng):
    results = []
    for _ in range(num_trials):
        u = rng.random()
        params = {n: low * (high / low) ** u for n, (low, high) in space.items()}
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@random_search.mistake(
    "the same params in every trial", "Draw inside the loop over the trials, not before it.")
def _(score_fn, space, num_trials, rng):
    params = {n: low * (high / low) ** rng.random() for n, (low, high) in space.items()}
    return [(params, score_fn(params)) for _ in range(num_trials)]


@random_search.mistake(
    "one dict is used for all trials", "Make a new dict for each trial, or all entries are one.")
def _(score_fn, space, num_trials, rng):
    params, results = {}, []
    for _ in range(num_trials):
        for n, (low, high) in space.items():
            params[n] = low * (high / low) ** rng.random()
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@random_search.mistake(
    "whole decades only", "Any value between low and high may come, not only powers of ten.")
def _(score_fn, space, num_trials, rng):
    results = []
    for _ in range(num_trials):
        params = {
            n: low * 10.0 ** rng.integers(0, int(np.log10(high / low)) + 1)
            for n, (low, high) in space.items()
        }
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@random_search.mistake(
    "exponents are passed on", "score_fn wants the values themselves, not their logarithms.")
def _(score_fn, space, num_trials, rng):
    results = []
    for _ in range(num_trials):
        params = {n: rng.uniform(np.log10(a), np.log10(b)) for n, (a, b) in space.items()}
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda pair: pair[1], reverse=True)


@random_search.mistake(
    "scores are sorted apart from their params", "Sort pairs, so that a score keeps its params.")
def _(score_fn, space, num_trials, rng):
    found, scores = [], []
    for _ in range(num_trials):
        params = {n: low * (high / low) ** rng.random() for n, (low, high) in space.items()}
        found.append(params)
        scores.append(score_fn(params))
    return list(zip(found, sorted(scores, reverse=True)))


@random_search.also_right("all values drawn first, name by name")
def _(score_fn, space, num_trials, rng):
    columns = {
        n: 10 ** rng.uniform(np.log10(low), np.log10(high), num_trials)
        for n, (low, high) in space.items()
    }
    trials = [{n: columns[n][i] for n in space} for i in range(num_trials)]
    results = [(params, score_fn(params)) for params in trials]
    results.sort(key=lambda r: r[1])
    return results[::-1]


@random_search.also_right("one table of random numbers, lists")
def _(score_fn, space, num_trials, rng):
    low, high = np.array(list(space.values()), dtype=float).T
    values = low * (high / low) ** rng.random((num_trials, len(space)))
    results = []
    for row in values:
        params = dict(zip(space, row.tolist()))
        results.append([params, score_fn(params)])
    results.sort(key=lambda r: -r[1])
    return results


@random_search.also_right("arrays of length one as values")
def _(score_fn, space, num_trials, rng):
    results = []
    for _ in range(num_trials):
        params = {n: log_uniform(a, b, 1, rng) for n, (a, b) in space.items()}
        results.append((params, score_fn(params)))
    return sorted(results, key=lambda r: r[1], reverse=True)


# ------------------------------------------------------------------ near_border

near_border = bank.exercise("near_border", points=1, driver="ch10.near_border")


def _border_case(*questions):
    """Scale each question's values by one factor: the answer depends on ratios alone."""
    def make(rng):
        asked = []
        for value, low, high, *fraction in questions:
            factor = float(rng.uniform(0.5, 2.0))
            asked.append((value * factor, low * factor, high * factor, *fraction))
        return dict(questions=asked)

    return make


near_border.case("three decades, without a fraction")(_border_case(
    (8e-4, 1e-6, 1e-3), (1.3e-6, 1e-6, 1e-3), (3e-5, 1e-6, 1e-3), (4e-6, 1e-6, 1e-3),
    (3e-4, 1e-6, 1e-3),
))
near_border.case("a wider and a narrower margin")(_border_case(
    (3e-4, 1e-6, 1e-3, 0.25), (4e-6, 1e-6, 1e-3, 0.25), (8e-4, 1e-6, 1e-3, 0.02),
    (1.3e-6, 1e-6, 1e-3, 0.02), (3e-5, 1e-6, 1e-3, 0.4),
))
near_border.case("on the border, and less than a decade")(_border_case(
    (1e-1, 1e-4, 1e-1), (1e-4, 1e-4, 1e-1), (2.1, 2.0, 5.0), (4.7, 2.0, 5.0), (3.0, 2.0, 5.0),
    (2.35, 2.0, 5.0),
))
near_border.case("wide ranges", hidden=True)(_border_case(
    (2e3, 1e-2, 1e4), (6e3, 1e-2, 1e4), (0.03, 1e-2, 1e4), (0.5, 1e-2, 1e4), (1e2, 1e-2, 1e4, 0.3),
    (1e3, 1e-2, 1e4, 0.3),
))

PLACE = "np.log(value / low) / np.log(high / low)"
for name, hint, *edits in (
    ("the plain scale", "Take logarithms: on the plain scale 1e-5 looks close to 1e-6.",
     (PLACE, "(value - low) / (high - low)")),
    ("only the upper border", "Both ends count: the best may lie below low as well.",
     ("place < fraction or ", "")),
    ("only the lower border", "Both ends count: the best may lie above high as well.",
     (" or place > 1 - fraction", "")),
    ("both borders at once", "Near one border OR near the other.", ("fraction or", "fraction and")),
    ("the answer is turned round", "True means near a border.",
     ("place < fraction or place > 1 - fraction", "fraction <= place <= 1 - fraction")),
    ("fraction is not used", "The margin is `fraction` of the range, 0.1 only by default.",
     ("place < fraction or place > 1 - fraction", "place < 0.1 or place > 0.9")),
    ("half of the margin at each end", "Each end has a margin of the whole fraction.",
     ("place < fraction or place > 1 - fraction",
      "place < fraction / 2 or place > 1 - fraction / 2")),
    ("the margin is a fraction of the border's value",
     "The margin is a fraction of the RANGE, log(high / low), not of low or of high.",
     ("place < fraction or place > 1 - fraction",
      "value < low * (1 + fraction) or value > high * (1 - fraction)")),
    ("the margin is a fraction of a decade",
     "The margin is a fraction of the whole range, log(high / low).",
     ("place < fraction or place > 1 - fraction",
      "np.log10(value / low) < fraction or np.log10(high / value) < fraction")),
    ("only the border itself", "Near is enough: within the fraction of the log range.",
     ("place < fraction or place > 1 - fraction",
      "place < 1e-9 or place > 1 - 1e-9")),
    ("the position is returned", "Return True or False: compare the position with the fraction.",
     ("bool(place < fraction or place > 1 - fraction)", "place")),
):
    near_border.edit(name, hint, *edits)


@near_border.also_right("decimal logarithms and the nearer end")
def _(value, low, high, fraction=0.1):
    a, b, v = np.log10([low, high, value])
    return min(v - a, b - v) < fraction * (b - a)


@near_border.also_right("without logarithms, 1 and 0")
def _(value, low, high, fraction=0.1):
    margin = (high / low) ** fraction
    return 1 if value < low * margin or value > high / margin else 0


@near_border.also_right("at most in place of below")
def _(value, low, high, fraction=0.1):
    middle = math.log(low * high) / 2
    return abs(math.log(value) - middle) >= (0.5 - fraction) * math.log(high / low)


# ------------------------------------------------------------------ refine

refine = bank.exercise("refine", points=2, driver="ch10.refine")


def _results(rng, trials, keep, **space):
    """Make a search's results, best first; the best `keep` differ from any other choice."""
    while True:
        values = {
            n: low * (high / low) ** rng.random(trials) for n, (low, high) in space.items()
        }
        if all(len({v[:k].min() for k in (1, keep, trials)} | {v[:k].max() for k in (keep, trials)})
               >= min(trials, 4) for v in values.values()) or keep in (1, trials):
            break
    scores = np.sort(rng.normal(0, 1, size=trials))[::-1]
    results = [
        ({n: float(v[i]) for n, v in values.items()}, float(scores[i])) for i in range(trials)
    ]
    return dict(space=space, results=results, keep=keep)


@refine.case("the best four of twelve")
def _(rng):
    return _results(rng, 12, 4, lr=(1e-6, 1e-1), reg=(1e-5, 1.0))


@refine.case("the best one alone")
def _(rng):
    return _results(rng, 6, 1, lr=(1e-4, 1.0))


@refine.case("all of them")
def _(rng):
    return _results(rng, 5, 5, lr=(1e-4, 1.0), width=(10.0, 1000.0))


@refine.case("the best three of nine, three names")
def _(rng):
    return _results(rng, 9, 3, lr=(1e-4, 1.0), reg=(1e-6, 1e-2), keep_prob=(0.1, 1.0))


@refine.case("the best ten of a hundred", hidden=True)
def _(rng):
    return _results(rng, 100, 10, lr=(1e-6, 1e-1), reg=(1e-5, 1.0))


for name, hint, *edits in (
    ("the worst ones are kept", "The list stands best first: keep the first ones.",
     ("results[:keep]", "results[-keep:]")),
    ("all results are used", "Only the `keep` best count: results[:keep].",
     ("results[:keep]", "results")),
    ("one too few is kept", "results[:keep] holds the first `keep` of them.",
     ("results[:keep]", "results[:max(1, keep - 1)]")),
    ("one too many is kept", "results[:keep] holds the first `keep` of them.",
     ("results[:keep]", "results[:keep + 1]")),
    ("the best one is left out", "Python counts from 0: the best is results[0].",
     ("results[:keep]", "results[1:keep + 1]")),
    ("highest before lowest", "The pair is (lowest, highest).",
     ("(min(values), max(values))", "(max(values), min(values))")),
    ("the old space comes back", "The new range spans the kept values, not the old borders.",
     ("(min(values), max(values))", "space[name]")),
    ("the range is widened beyond the kept values",
     "refine only narrows: lowest and highest are values that were tried.",
     ("(min(values), max(values))", "(min(values) / 2, max(values) * 2)")),
    ("the values of the first and the last one kept",
     "The best need not have the lowest value: take min and max over all that are kept.",
     ("(min(values), max(values))", "(values[0], values[-1])")),
    ("the scores' range in place of the values'", "The pair holds values of the parameter.",
     ("params[name] for params, _ in", "score for _, score in")),
    ("mean and spread in place of a range", "The pair is the lowest and the highest kept value.",
     ("(min(values), max(values))", "(float(np.mean(values)), float(np.std(values)))")),
    ("a list in place of a dict", "Return a dict {name: (lowest, highest)}.",
     ("return new_space", "return list(new_space.values())")),
):
    refine.edit(name, hint, *edits)


@refine.mistake(
    "the results are cut in place", "Work on a slice: `del` and `pop` change the caller's list.")
def _(space, results, keep):
    while len(results) > min(keep, 1):
        results.pop()
    best = results[0][0]
    return {n: (best[n], best[n]) for n in space}


@refine.mistake(
    "the space is overwritten", "Make a new dict: the old space may still be needed.")
def _(space, results, keep):
    for name in space:
        values = [params[name] for params, _ in results[:keep]]
        space[name] = (min(values), max(values))
    return space


@refine.also_right("sorted by score first, lists")
def _(space, results, keep):
    best = sorted(results, key=lambda r: r[1], reverse=True)[:keep]
    return {n: [min(p[n] for p, _ in best), max(p[n] for p, _ in best)] for n in space}


@refine.also_right("a table and its extremes")
def _(space, results, keep):
    table = np.array([[params[n] for n in space] for params, score in results[:keep]])
    return dict(zip(space, zip(table.min(axis=0), table.max(axis=0))))


@refine.also_right("borders that shrink while walking")
def _(space, results, keep):
    low = {n: np.inf for n in space}
    high = {n: -np.inf for n in space}
    for rank in range(keep):
        for n, value in results[rank][0].items():
            low[n], high[n] = min(low[n], value), max(high[n], value)
    return {n: np.array([low[n], high[n]]) for n in reversed(list(space))}


# ------------------------------------------------------------------ expected_improvement

expected_improvement = bank.exercise("expected_improvement", points=2, returns=("ei",))


@expected_improvement.case("six candidates")
def _(rng):
    mean = 0.9 + 0.1 * rng.normal(size=6)
    return dict(mean=mean, std=rng.uniform(0.05, 0.3, size=6), best=float(mean.max() + 0.02))


@expected_improvement.case("some without any doubt")
def _(rng):
    return dict(
        mean=np.array([1.5, 0.5, 1.0, 1.2, 0.8]) + 0.05 * rng.random(5),
        std=np.array([0.0, 0.0, 0.4, 0.3, 0.0]), best=1.0 + 0.01 * float(rng.random()),
    )


@expected_improvement.case("single numbers")
def _(rng):
    return dict(mean=float(rng.uniform(0.5, 0.7)), std=0.25, best=0.75)


@expected_improvement.case("single numbers without doubt")
def _(rng):
    return dict(mean=float(rng.uniform(2, 3)), std=0.0, best=1.5)


@expected_improvement.case("far above and far below")
def _(rng):
    return dict(
        mean=np.array([60.0, -60.0, 3.0, -3.0, 9.0]) + rng.random(5),
        std=np.array([1.0, 1.0, 2.0, 2.0, 0.0]),
        best=float(rng.random()),
    )


@expected_improvement.case("a worse number without doubt", hidden=True)
def _(rng):
    return dict(mean=float(rng.uniform(-2, -1)), std=0.0, best=0.5)


@expected_improvement.case("a hundred candidates", hidden=True)
def _(rng):
    mean, std = rng.normal(size=100), rng.uniform(0.1, 2, size=100)
    mean[:2], std[:2] = (2.5, 0.5), 0.0
    return dict(mean=mean, std=std, best=1.3)


EI = "gain * ndtr(z) + std * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)"
for name, hint, *edits in (
    ("for a score that should be low", "Higher is better here: the gain is mean - best.",
     ("gain = mean - best", "gain = best - mean")),
    ("the second term without std", "The density is multiplied by std.",
     ("+ std * np.exp", "+ np.exp")),
    ("the second term is missing", "The chance of luck counts too: add std times the density.",
     (EI, "gain * ndtr(z)")),
    ("the probability of an improvement", "How MUCH better counts, not only how likely.",
     (EI, "ndtr(z)")),
    ("the density without 1 / sqrt(2 pi)", "The normal density is exp(-z**2 / 2) / sqrt(2 pi).",
     (" / np.sqrt(2 * np.pi)", "")),
    ("the density without the half", "The normal density is exp(-z**2 / 2) / sqrt(2 pi).",
     ("-0.5 * z**2", "-(z**2)")),
    ("distribution and density swapped", "gain goes with the distribution, std with the density.",
     (EI, "gain * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) + std * ndtr(z)")),
    ("std is taken for a variance", "std is the standard deviation already: no root.",
     ("z = gain / safe", "std = np.sqrt(std)\n    z = gain / np.sqrt(safe)")),
    ("0 where std is 0", "Without doubt the improvement is max(mean - best, 0), not always 0.",
     ("np.maximum(gain, 0.0)", "0.0 * gain")),
    ("negative where std is 0", "A worse point is simply not taken: never below 0.",
     ("np.maximum(gain, 0.0)", "gain")),
    ("0/0 where std is 0", "Treat std = 0 by itself: z would be 0/0 or infinite there.",
     ("np.where(std > 0, expected, np.maximum(gain, 0.0))", "expected + 0 * gain / std")),
    ("a margin of 0.01", "No margin is asked for: the gain is mean - best.",
     ("gain = mean - best", "gain = mean - best - 0.01")),
    ("the gain is cut off at 0 first",
     "A mean below best may still turn out better: keep the negative gain in the formula.",
     ("gain = mean - best", "gain = np.maximum(mean - best, 0.0)")),
    ("mean plus std", "That is an optimist's bound; the expectation of the gain is asked for.",
     (EI, "mean + std - best")),
    ("z is not divided by std", "z counts standard deviations: (mean - best) / std.",
     ("z = gain / safe", "z = gain")),
    ("an array of length 1 for single numbers", "Numbers in, a number out: no np.atleast_1d.",
     ("return np.where(", "return np.atleast_1d(np.where("), ("(gain, 0.0))", "(gain, 0.0)))")),
):
    expected_improvement.edit(name, hint, *edits)


@expected_improvement.also_right("math.erf, one by one")
def _(mean, std, best):
    def one(m, s):
        if s == 0:
            return max(m - best, 0.0)
        z = (m - best) / s
        Phi = 0.5 * (1 + math.erf(z / math.sqrt(2)))
        return (m - best) * Phi + s * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    if np.ndim(mean) == 0:
        return one(float(mean), float(std))
    return [one(m, s) for m, s in zip(mean, std)]


@expected_improvement.also_right("a tiny std in place of 0, SciPy's norm, never below 0")
def _(mean, std, best):
    from scipy.stats import norm

    std = np.maximum(std, 1e-12)
    z = (mean - best) / std
    return np.maximum(std * (z * norm.cdf(z) + norm.pdf(z)), 0)


@expected_improvement.also_right("infinite z, nan mended")
def _(mean, std, best):
    from scipy.special import ndtr

    mean, std = np.asarray(mean, dtype=float), np.asarray(std, dtype=float)
    with np.errstate(all="ignore"):
        z = (mean - best) / std
        ei = (mean - best) * ndtr(z) + std * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    out = np.array(ei, ndmin=1)
    sure = np.atleast_1d(std) == 0
    out[sure] = np.maximum(np.atleast_1d(mean) - best, 0)[sure]
    return out.reshape(mean.shape)


# ------------------------------------------------------------------ best_network

# The target and the reference's margin are measured in the chapter.
TARGET = 0.78
best_network = bank.exercise(
    "best_network", points=3, driver="ch10.best_network", summary="ch10.network_summary",
    bounds={"accuracy_on_unseen_images": (TARGET, None)}, seconds=90.0,
)


def _images(rng, *, num_train=1500, num_test=1000, twice=False):
    digits = load("digits")
    parts = {}
    for split, count in (("train", num_train), ("val", 200), ("test", num_test)):
        X, y = getattr(digits, f"X_{split}"), getattr(digits, f"y_{split}")
        parts[f"X_{split}"], parts[f"y_{split}"] = rough_digits(X, y, count, rng)
    seed = int(rng.integers(2**31))
    again = dict(same_rng=Rng(seed)) if twice else {}
    y_test = Withheld(parts.pop("y_test"))
    return parts | dict(rng=Rng(seed)) | again | dict(y_test=y_test)


best_network.case("1,000 unseen images")(lambda rng: _images(rng))
best_network.case("trained twice with the same seed")(lambda rng: _images(rng, twice=True))
best_network.case("another thousand", hidden=True)(lambda rng: _images(rng))


def _quick(data, rng, epochs=3, hidden=100, lr=3e-3):
    from cs231n_lib.nn import MLP
    from cs231n_lib.optim import Adam
    from cs231n_lib.train import Trainer

    model = MLP([data.X_train.shape[1], hidden, 10], rng=rng)
    Trainer(
        model, Adam(lr), data, batch_size=50, num_epochs=epochs, rng=rng, progress=False
    ).run()
    return model


@best_network.mistake(
    "a network that was never trained", "Train the network before you hand out its predict method.")
def _(data, rng):
    from cs231n_lib.nn import MLP

    return MLP([64, 100, 10], rng=rng).predict


@best_network.mistake(
    "a network that has hardly begun to learn",
    "Look at the loss curve: more epochs, or a larger learning rate.")
def _(data, rng):
    from cs231n_lib.nn import MLP
    from cs231n_lib.optim import SGD
    from cs231n_lib.train import Trainer

    model = MLP([64, 100, 10], rng=rng)
    Trainer(model, SGD(1e-1), data, batch_size=100, num_epochs=2, rng=rng, progress=False).run()
    return model.predict


@best_network.mistake(
    "the same label for every image",
    "Has the loss become infinite, or has every ReLU died? Lower the learning rate.")
def _(data, rng):
    return lambda X: np.zeros(len(X), dtype=int)


def _scores(data, rng):
    return _helpers["quick"](data, rng).scores


def _labels_themselves(data, rng):
    return _helpers["quick"](data, rng).predict(data.X_val)


def _one_too_high(data, rng):
    model = _helpers["quick"](data, rng, epochs=10)
    return lambda X: model.predict(X) + 1


def _own_statistics(data, rng):
    from types import SimpleNamespace

    mean, std = data.X_train.mean(axis=0), data.X_train.std(axis=0) + 1e-3
    ready = SimpleNamespace(
        X_train=(data.X_train - mean) / std, y_train=data.y_train,
        X_val=(data.X_val - mean) / std, y_val=data.y_val,
    )
    model = _helpers["quick"](ready, rng, epochs=15)
    return lambda X: model.predict((X - X.mean(axis=0)) / (X.std(axis=0) + 1e-3))


def _model(data, rng):
    return _helpers["quick"](data, rng)


def _in_place(data, rng):
    model = _helpers["quick"](data, rng, epochs=15)

    def predict(X):
        X -= 0.0
        X[:, 0] = 0.5
        return model.predict(X)

    return predict


def _stray(data, rng):
    model = _helpers["quick"](data, np.random.default_rng(next(CALLS)), epochs=1)
    return model.predict


def _noisy(data, rng):
    model = _helpers["quick"](data, rng, epochs=15)
    return lambda X: model.predict(X + rng.normal(0, 0.4, size=X.shape))


_helpers = {"quick": _quick}
for name, hint, function in (
    ("scores in place of labels", "predict returns a label a row: the argmax of the scores.",
     _scores),
    ("labels in place of a function", "Return the function predict itself, not what it gives.",
     _labels_themselves),
    ("the model in place of its predict method",
     "Hand out the method predict itself, without brackets.", _model),
    ("labels that begin at 1", "Labels are 0 to 9, as in y_train.", _one_too_high),
    ("new images standardized by their own statistics",
     "Keep the training set's mean and std: an image alone has no statistics.", _own_statistics),
    ("predict changes the images", "Work on a copy in predict.", _in_place),
    ("the global generator", "Draw everything from rng: the same seed, the same network.", _stray),
    ("chance is left on at test time", "Switch off noise and dropout when predicting.", _noisy),
):
    best_network.mistake(name, hint, best_network=function)


@best_network.also_right("six networks, the three that validate best, labels in a list")
def _(data, rng):
    from cs231n_lib.nn import MLP
    from cs231n_lib.optim import Adam
    from cs231n_lib.train import Trainer

    found = []
    for _ in range(6):
        model = MLP([data.X_train.shape[1], 250, 10], dropout_keep=0.6, rng=rng)
        rule = Adam(10 ** rng.uniform(-2.8, -2.3))
        history = Trainer(
            model, rule, data, batch_size=50, num_epochs=20, rng=rng, progress=False
        ).run()
        found.append((history.val_accuracy[-1], len(found), model))
    best = [model for _, _, model in sorted(found)[-3:]]
    return lambda X: list(np.argmax(sum(model.scores(X) for model in best), axis=1))


@best_network.also_right("noise added in training, batch norm, float32, labels as float")
def _(data, rng):
    from types import SimpleNamespace

    from cs231n_lib.nn import MLP
    from cs231n_lib.optim import AdamW
    from cs231n_lib.train import Trainer

    noisy = [data.X_train + rng.normal(0, 0.1, size=data.X_train.shape) for _ in range(3)]
    more = SimpleNamespace(X_train=np.concatenate(noisy), y_train=np.tile(data.y_train, 3))
    models = []
    for _ in range(3):
        model = MLP([64, 200, 10], norm="batch", dropout_keep=0.5, dtype=np.float32, rng=rng)
        rule = AdamW(2e-3, weight_decay=0.1)
        Trainer(model, rule, more, batch_size=100, num_epochs=15, rng=rng, progress=False).run()
        models.append(model)
    return lambda X: sum(m.scores(X) for m in models).argmax(axis=1).astype(float)


@best_network.also_right("the nearest of the training images")
def _(data, rng):
    def predict(X):
        squares = (data.X_train**2).sum(axis=1) - 2 * X @ data.X_train.T
        return data.y_train[squares.argmin(axis=1)]

    return predict
