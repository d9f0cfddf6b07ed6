"""Exercises of chapter 05: their cases, known mistakes and other right answers."""

# Fourteen exercises in one file, in the order of the notebook: a chapter has one bank.

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("05_activations")


# Nobody is tested at the corner of a kink: |x| is at least 0.05 in every case.
def away_from_zero(rng, shape, spread=2.0):
    x = rng.normal(scale=spread, size=shape)
    return x + np.where(x < 0, -0.05, 0.05)


# --------------------------------------------------------------------------- sigmoid

sigmoid_forward = bank.exercise(
    "sigmoid_forward", points=2, driver="forward", returns=("out",)
)


@sigmoid_forward.case("four rows")
def _(rng):
    return dict(x=rng.normal(scale=2, size=(4, 5)))


@sigmoid_forward.case("far out, up to 1000 on both sides")
def _(rng):
    return dict(x=np.array([[-1000.0, -30.0, -12.0], [rng.normal(), 30.0, 1000.0]]))


@sigmoid_forward.case("a batch of one")
def _(rng):
    return dict(x=rng.normal(scale=3, size=(1, 6)))


@sigmoid_forward.case("images")
def _(rng):
    return dict(x=rng.normal(scale=4, size=(2, 3, 4, 3)))


@sigmoid_forward.case("a vector that is far out everywhere", hidden=True)
def _(rng):
    return dict(x=rng.choice([-1.0, 1.0], size=7) * rng.uniform(20, 1000, size=7))


@sigmoid_forward.mistake(
    "e^x / (1 + e^x) for every x",
    "For large x this is inf / inf: choose a form whose exponent is never positive.",
)
def _(x):
    out = np.exp(x) / (1 + np.exp(x))
    return out, out


@sigmoid_forward.mistake(
    "the sign of x is lost in the exponent",
    "The result must rise with x: at x = 5 it is near 1, so look at the sign of the exponent.",
)
def _(x):
    out = np.where(x > 0, np.exp(-np.abs(x)), 1.0) / (1 + np.exp(-np.abs(x)))
    return out, out


@sigmoid_forward.mistake(
    "tanh instead of the sigmoid",
    "The sigmoid lies between 0 and 1 and is 0.5 at x = 0.",
)
def _(x):
    out = np.tanh(x)
    return out, out


@sigmoid_forward.mistake(
    "x is clipped to ±10",
    "Clipping against overflow changes results where nothing overflows; "
    "no finite x has to be clipped.",
)
def _(x):
    out = 1 / (1 + np.exp(-np.clip(x, -10, 10)))
    return out, out


@sigmoid_forward.mistake(
    "the form for positive x is used for every x",
    "With e^(-|x|) negative x needs a formula of its own: the sigmoid of -2 is below one half.",
)
def _(x):
    out = 1 / (1 + np.exp(-np.abs(x)))
    return out, out


@sigmoid_forward.mistake(
    "softmax over each row",
    "Each entry is squashed by itself: nothing is divided by a sum over other entries.",
)
def _(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    out = e / e.sum(axis=-1, keepdims=True)
    return out, out


@sigmoid_forward.mistake(
    "the result is written over x",
    "Whoever gave you x still needs it: make a new array for the result.",
)
def _(x):
    x *= 0.5
    np.tanh(x, out=x)
    x += 1
    x *= 0.5
    return x, x


@sigmoid_forward.also_right("the short form, with its warning")
def _(x):
    out = 1 / (1 + np.exp(-x))
    return out, (x, out)


@sigmoid_forward.also_right("through tanh")
def _(x):
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, {"out": out}


@sigmoid_forward.also_right("SciPy")
def _(x):
    from scipy.special import expit

    return expit(x), x


@sigmoid_forward.also_right("a mask for each side")
def _(x):
    out = np.empty_like(x)
    up = x >= 0
    out[up] = 1 / (1 + np.exp(-x[up]))
    e = np.exp(x[~up])
    out[~up] = e / (1 + e)
    return out, out


@sigmoid_forward.also_right("one number at a time, float32")
def _(x):
    import math

    flat = []
    for v in x.ravel():
        s = math.exp(-abs(v))
        flat.append(1 / (1 + s) if v >= 0 else s / (1 + s))
    out = np.array(flat, dtype=np.float32).reshape(x.shape)
    return out, out


@sigmoid_forward.also_right("nested lists, clipped where exp would overflow")
def _(x):
    out = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    return out.tolist(), None


sigmoid_backward = bank.exercise(
    "sigmoid_backward", points=1, driver="forward_backward",
    needs=("sigmoid_forward",), returns=("dx",),
)


@sigmoid_backward.case("four rows")
def _(rng):
    return dict(x=rng.normal(scale=2, size=(4, 5)), dout=rng.normal(size=(4, 5)))


@sigmoid_backward.case("saturated, up to 1000 on both sides")
def _(rng):
    x = np.array([[-1000.0, -9.0, rng.normal()], [4.0, 9.0, 1000.0]])
    return dict(x=x, dout=rng.normal(size=(2, 3)) + 2)


@sigmoid_backward.case("images")
def _(rng):
    return dict(x=rng.normal(size=(2, 3, 3, 2)), dout=rng.normal(size=(2, 3, 3, 2)))


@sigmoid_backward.case("a batch of one", hidden=True)
def _(rng):
    return dict(x=rng.normal(scale=3, size=(1, 6)), dout=rng.normal(size=(1, 6)))


sigmoid_backward.edit(
    "dout is left out", "The chain rule multiplies the slope by the gradient from above.",
    ("dout * out", "out"),
)
sigmoid_backward.edit(
    "the factor (1 - out) is missing", "The slope goes to 0 on both sides, not only on the left.",
    ("out * (1.0 - out)", "out"),
)
sigmoid_backward.edit(
    "the slope of tanh", "1 - out**2 belongs to tanh; at out = 0.5 the sigmoid's slope is 0.25.",
    ("out * (1.0 - out)", "(1.0 - out**2)"),
)
sigmoid_backward.edit(
    "the wrong sign", "The sigmoid rises everywhere, so its slope is never negative.",
    ("(1.0 - out)", "(out - 1.0)"),
)


sigmoid_backward.mistake(
    "x stands where out belongs",
    "The slope out (1 - out) is written with the sigmoid's output: what does your cache hold?",
    sigmoid_forward=lambda x: (1 / (1 + np.exp(-x)), x),
    sigmoid_backward=lambda dout, cache: dout * cache * (1 - cache),
)


@sigmoid_backward.mistake(
    "the sigmoid is applied to out once more",
    "Your cache holds the output already: no further sigmoid is needed in the slope.",
)
def _(dout, cache):
    s = 1 / (1 + np.exp(-cache))
    return dout * s * (1 - s)


sigmoid_backward.mistake(
    "the slope as e^-x / (1 + e^-x)^2",
    "For very negative x this is inf / inf: the form with the output stays finite.",
    sigmoid_forward=lambda x: (1 / (1 + np.exp(-x)), x),
    sigmoid_backward=lambda dout, x: dout * np.exp(-x) / (1 + np.exp(-x)) ** 2,
)


@sigmoid_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    dout *= cache * (1 - cache)
    return dout


@sigmoid_backward.also_right("out - out**2")
def _(dout, cache):
    return (cache - cache**2) * dout


sigmoid_backward.also_right(
    "the cache holds x",
    sigmoid_forward=lambda x: (0.5 * (1 + np.tanh(x / 2)), x),
    sigmoid_backward=lambda dout, x: dout * 0.25 * (1 - np.tanh(x / 2) ** 2),
)
sigmoid_backward.also_right(
    "the cache is a dict with both sides",
    sigmoid_forward=lambda x: (1 / (1 + np.exp(-x)), {"p": 1 / (1 + np.exp(-x)),
                                                      "q": 1 / (1 + np.exp(x))}),
    sigmoid_backward=lambda dout, c: np.multiply(dout, c["p"] * c["q"]),
)
sigmoid_backward.also_right(
    "the slope is kept already, float32",
    sigmoid_forward=lambda x: (1 / (1 + np.exp(-x)),
                               (0.25 / np.cosh(np.clip(x, -99, 99) / 2) ** 2).astype(np.float32)),
    sigmoid_backward=lambda dout, slope: dout.astype(np.float32) * slope,
)


# --------------------------------------------------------------------------- saturation

saturated_fraction = bank.exercise(
    "saturated_fraction", points=1, returns=("fraction",)
)


@saturated_fraction.case("sigmoid outputs")
def _(rng):
    out = 1 / (1 + np.exp(-rng.normal(loc=2, scale=4, size=(20, 10))))
    return dict(out=out, low=0.0, high=1.0, tol=0.05)


@saturated_fraction.case("tanh outputs")
def _(rng):
    out = np.tanh(rng.normal(loc=-1, scale=2, size=(15, 8)))
    return dict(out=out, low=-1.0, high=1.0, tol=0.1)


@saturated_fraction.case("outputs exactly on the limits")
def _(rng):
    # All exact in binary, so 0.25 <= 0 + 0.25 has no rounding in it.
    out = np.array([[0.25, 0.5, 0.75], [0.0, 0.375, 1.0], [0.25, 0.625, 0.5]])
    return dict(out=out, low=0.0, high=1.0, tol=0.25)


@saturated_fraction.case("no tolerance, images")
def _(rng):
    out = rng.choice([0.0, 0.5, 0.5, 1.0], size=(3, 2, 4, 4))
    out.ravel()[:3] = 0.0, 0.5, 1.0
    return dict(out=out, low=0.0, high=1.0, tol=0.0)


@saturated_fraction.case("a tolerance of more than half the range")
def _(rng):
    return dict(out=rng.uniform(-1, 1, size=(6, 5)), low=-1.0, high=1.0, tol=1.25)


@saturated_fraction.case("nothing is saturated", hidden=True)
def _(rng):
    return dict(out=rng.uniform(0.3, 0.7, size=(6, 5)), low=0.0, high=1.0, tol=0.125)


saturated_fraction.edit(
    "only the upper end counts", "A sigmoid is flat on the left as well: count both ends.",
    ("(out <= low + tol) | (out >= high - tol)", "out >= high - tol"),
)
saturated_fraction.edit(
    "only the lower end counts", "A sigmoid is flat on the right as well: count both ends.",
    ("(out <= low + tol) | (out >= high - tol)", "out <= low + tol"),
)
saturated_fraction.edit(
    "the limits themselves are left out", "'At most' and 'at least' include the limit itself.",
    ("out <= low", "out < low"), ("out >= high", "out > high"),
)
saturated_fraction.edit(
    "the number of entries, not their share", "A fraction lies between 0 and 1.",
    (".mean()", ".sum()"),
)
saturated_fraction.edit(
    "in percent", "A fraction lies between 0 and 1: half of the entries are 0.5, not 50.",
    (".mean()", ".mean() * 100"),
)
saturated_fraction.edit(
    "one value for each unit", "Take the share over all entries: the result is a single number.",
    (".mean()", ".mean(axis=0)"),
)
saturated_fraction.edit(
    "the share that is NOT saturated", "Count the entries near the ends, not those between.",
    ("return float(", "return float(1.0 - "),
)
saturated_fraction.edit(
    "tol is taken as a share of the range",
    "tol is added to low and taken from high as it is, whatever the range.",
    ("low + tol", "low + tol * (high - low)"), ("high - tol", "high - tol * (high - low)"),
)


saturated_fraction.edit(
    "the two shares are added",
    "With a large tol an entry can be near both ends: it must count once.",
    ("((out <= low + tol) | (out >= high - tol)).mean()",
     "(out <= low + tol).mean() + (out >= high - tol).mean()"),
)


@saturated_fraction.mistake(
    "|out| is compared with the upper limit",
    "That works for tanh only: the sigmoid's lower end is 0, not -1.",
)
def _(out, low, high, tol):
    return np.mean(np.abs(out) >= high - tol)


@saturated_fraction.also_right("a loop")
def _(out, low, high, tol):
    flat = out.ravel().tolist()
    return sum(1 for v in flat if v <= low + tol or v >= high - tol) / len(flat)


@saturated_fraction.also_right("one minus the middle, as float32")
def _(out, low, high, tol):
    middle = (out > low + tol) & (out < high - tol)
    return np.float32(1 - middle.mean())


@saturated_fraction.also_right("0-d array")
def _(out, low, high, tol):
    near = np.logical_or(out <= low + tol, out >= high - tol)
    return np.array(np.count_nonzero(near) / near.size)


# --------------------------------------------------------------------------- tanh

tanh_forward = bank.exercise("tanh_forward", points=0.5, driver="forward", returns=("out",))


@tanh_forward.case("four rows")
def _(rng):
    return dict(x=rng.normal(scale=1.5, size=(4, 5)))


@tanh_forward.case("far out, up to 1000 on both sides")
def _(rng):
    return dict(x=np.array([[-1000.0, -30.0, rng.normal()], [2.0, 30.0, 1000.0]]))


@tanh_forward.case("images", hidden=True)
def _(rng):
    return dict(x=rng.normal(scale=2, size=(2, 3, 3, 2)))


@tanh_forward.mistake(
    "the quotient of exponentials overflows",
    "e^1000 is inf and inf / inf is nan: NumPy has this function, with the care it needs.",
)
def _(x):
    a, b = np.exp(x), np.exp(-x)
    return (a - b) / (a + b), x


@tanh_forward.mistake(
    "a sigmoid of x where it should be of 2x",
    "tanh(x) is a sigmoid stretched in height and squeezed in width: both by 2.",
)
def _(x):
    out = np.tanh(x / 2)
    return out, out


@tanh_forward.mistake(
    "the sigmoid", "tanh lies between -1 and 1 and is 0 at x = 0.",
)
def _(x):
    out = 0.5 * (1 + np.tanh(x / 2))
    return out, out


@tanh_forward.mistake(
    "the tangent of the angle", "tanh is the hyperbolic tangent: it never leaves (-1, 1).",
)
def _(x):
    return np.tan(x), x


@tanh_forward.mistake(
    "the result is written over x",
    "Whoever gave you x still needs it: make a new array for the result.",
)
def _(x):
    return np.tanh(x, out=x), x


@tanh_forward.also_right("two sigmoids")
def _(x):
    return 2 / (1 + np.exp(-2 * x)) - 1, x


@tanh_forward.also_right("float32")
def _(x):
    out = np.tanh(x.astype(np.float32))
    return out, (out,)


@tanh_forward.also_right("stable by hand")
def _(x):
    s = np.exp(-2 * np.abs(x))
    return np.sign(x) * (1 - s) / (1 + s), None


tanh_backward = bank.exercise(
    "tanh_backward", points=1, driver="forward_backward",
    needs=("tanh_forward",), returns=("dx",),
)


@tanh_backward.case("four rows")
def _(rng):
    return dict(x=rng.normal(scale=1.5, size=(4, 5)), dout=rng.normal(size=(4, 5)))


@tanh_backward.case("saturated, up to 1000 on both sides")
def _(rng):
    x = np.array([[-1000.0, -4.0, rng.normal()], [2.0, 4.0, 1000.0]])
    return dict(x=x, dout=rng.normal(size=(2, 3)) + 2)


@tanh_backward.case("images")
def _(rng):
    return dict(x=rng.normal(size=(2, 3, 3, 2)), dout=rng.normal(size=(2, 3, 3, 2)))


@tanh_backward.case("a batch of one", hidden=True)
def _(rng):
    return dict(x=rng.normal(size=(1, 6)), dout=rng.normal(size=(1, 6)))


tanh_backward.edit(
    "dout is left out", "The chain rule multiplies the slope by the gradient from above.",
    ("dout * ", ""),
)
tanh_backward.edit(
    "out is not squared", "At out = -1 the slope must be 0 as well: the square takes care of it.",
    ("out**2", "out"),
)
tanh_backward.edit(
    "the sigmoid's slope", "out (1 - out) belongs to the sigmoid; tanh has slope 1 at 0.",
    ("(1.0 - out**2)", "out * (1.0 - out)"),
)
tanh_backward.edit(
    "the wrong sign", "tanh rises everywhere, so its slope is never negative.",
    ("1.0 - out**2", "out**2 - 1.0"),
)


tanh_backward.mistake(
    "x stands where out belongs",
    "The slope 1 - out**2 is written with tanh's output: what does your cache hold?",
    tanh_forward=lambda x: (np.tanh(x), x),
    tanh_backward=lambda dout, x: dout * (1 - x**2),
)


@tanh_backward.mistake(
    "tanh is applied to out once more",
    "Your cache holds the output already: no further tanh is needed in the slope.",
)
def _(dout, cache):
    return dout * (1 - np.tanh(cache) ** 2)


@tanh_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    dout *= 1 - cache**2
    return dout


@tanh_backward.also_right("factored")
def _(dout, cache):
    return dout * (1 - cache) * (1 + cache)


tanh_backward.also_right(
    "the cache holds x",
    tanh_forward=lambda x: (np.tanh(x), x),
    tanh_backward=lambda dout, x: dout / np.cosh(np.clip(x, -300, 300)) ** 2,
)


@tanh_backward.also_right("float32")
def _(dout, cache):
    return (dout - dout * cache * cache).astype(np.float32)


# --------------------------------------------------------------------------- dead units

dead_unit_fraction = bank.exercise("dead_unit_fraction", points=1.5, returns=("fraction",))


@dead_unit_fraction.case("two dead of eight")
def _(rng):
    a = np.maximum(0, rng.normal(size=(6, 8)))
    a[0] = rng.uniform(0.5, 1, size=8)
    a[:, [1, 5]] = 0.0
    return dict(activations=a)


@dead_unit_fraction.case("some units fire for one row only, one always the same, one faintly")
def _(rng):
    a = np.zeros((5, 10))
    a[rng.integers(5), 0] = 2.0
    a[rng.integers(5), 3] = 0.5
    a[:, 4] = 3.0
    a[2, 7] = 1e-9
    return dict(activations=a)


@dead_unit_fraction.case("an input that wakes nobody")
def _(rng):
    a = np.maximum(0, rng.normal(size=(4, 6)))
    a[0] = rng.uniform(0.5, 1, size=6)
    a[2] = 0.0
    a[:, 3] = 0.0
    return dict(activations=a)


@dead_unit_fraction.case("a batch of one")
def _(rng):
    return dict(activations=np.array([[0.0, rng.uniform(1, 2), 0.0, 0.0, 1.5]]))


@dead_unit_fraction.case("all dead", hidden=True)
def _(rng):
    return dict(activations=np.zeros((7, 4)))


@dead_unit_fraction.case("none dead", hidden=True)
def _(rng):
    a = np.zeros((4, 4))
    a[np.arange(4), rng.permutation(4)] = 1.0
    return dict(activations=a)


dead_unit_fraction.edit(
    "the share of all zeros", "A live unit is 0 for many inputs too: dead means 0 for ALL rows.",
    (".all(axis=0).mean()", ".mean()"),
)
dead_unit_fraction.edit(
    "the wrong axis", "Units are columns: ask of each column whether all its rows are 0.",
    ("axis=0", "axis=1"),
)
dead_unit_fraction.edit(
    "one zero is enough", "A unit that is off for one input is not dead; all inputs must agree.",
    (".all(", ".any("),
)
dead_unit_fraction.edit(
    "the number of dead units, not their share", "A fraction lies between 0 and 1.",
    (".mean()", ".sum()"),
)
dead_unit_fraction.edit(
    "the share of live units", "Count the units that never fire.",
    ("return float(", "return float(1.0 - "),
)
dead_unit_fraction.edit(
    "a faint unit counts as dead",
    "Where the output is positive the slope is 1, however small the output: only exact 0 is dead.",
    ("activations == 0", "activations < 1e-6"),
)


@dead_unit_fraction.mistake(
    "a unit that never changes counts as dead",
    "A unit that always gives 3.0 passes its gradient: the question is whether it is 0.",
)
def _(activations):
    return float((activations.std(axis=0) == 0).mean())


@dead_unit_fraction.also_right("the largest of each column")
def _(activations):
    return np.mean(activations.max(axis=0) <= 0)


@dead_unit_fraction.also_right("loops")
def _(activations):
    N, H = activations.shape
    dead = 0
    for j in range(H):
        dead += all(activations[i, j] == 0 for i in range(N))
    return dead / H


@dead_unit_fraction.also_right("column sums, float32")
def _(activations):
    return np.float32(np.count_nonzero(activations.sum(axis=0) == 0) / activations.shape[1])


@dead_unit_fraction.also_right("not any")
def _(activations):
    return 1 - np.array((activations > 0).any(axis=0).mean())


# --------------------------------------------------------------------------- leaky ReLU

leaky_relu_forward = bank.exercise(
    "leaky_relu_forward", points=1, driver="forward", returns=("out",)
)


@leaky_relu_forward.case("alpha left out")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5)))


@leaky_relu_forward.case("alpha 0.2")
def _(rng):
    return dict(x=away_from_zero(rng, (3, 6)), alpha=0.2)


@leaky_relu_forward.case("images, alpha 0.05")
def _(rng):
    return dict(x=away_from_zero(rng, (2, 3, 3, 2)), alpha=0.05)


@leaky_relu_forward.case("alpha 0 is ReLU", hidden=True)
def _(rng):
    return dict(x=away_from_zero(rng, (4, 4)), alpha=0.0)


leaky_relu_forward.edit(
    "plain ReLU", "The negative side keeps a small part of x: alpha times it.",
    ("alpha * x)", "0.0)"),
)
leaky_relu_forward.edit(
    "the negative side is the constant -alpha", "For x < 0 the output is alpha TIMES x.",
    ("alpha * x)", "-alpha)"),
)
leaky_relu_forward.edit(
    "another default than 0.01", "alpha is 0.01 where the caller does not say otherwise.",
    ("alpha=0.01", "alpha=0.1"),
)
leaky_relu_forward.edit(
    "alpha is ignored", "The caller's alpha must be used, not a fixed 0.01.",
    ("alpha * x)", "0.01 * x)"),
)
leaky_relu_forward.edit(
    "the two sides are exchanged", "Positive x passes unchanged; negative x is made small.",
    ("x > 0", "x < 0"),
)
leaky_relu_forward.edit(
    "the negative side with its sign turned", "alpha x is negative where x is negative.",
    ("alpha * x)", "-alpha * x)"),
)
leaky_relu_forward.edit(
    "alpha scales both sides", "Positive x passes unchanged: its slope is 1.",
    ("np.where(x > 0, x, alpha * x)", "alpha * x"),
)


@leaky_relu_forward.mistake(
    "x is changed in place", "Assigning to x[x < 0] changes the caller's array: work on a copy.",
)
def _(x, alpha=0.01):
    x[x < 0] *= alpha
    return x, (x, alpha)


@leaky_relu_forward.also_right("the larger of the two")
def _(x, alpha=0.01):
    return np.maximum(x, alpha * x), (x > 0, alpha)


@leaky_relu_forward.also_right("two halves added")
def _(x, alpha=0.01):
    return np.maximum(0, x) + alpha * np.minimum(0, x), {"x": x, "alpha": alpha}


@leaky_relu_forward.also_right("a copy, then a mask")
def _(x, alpha=0.01):
    out = x.copy()
    out[x <= 0] *= alpha
    return out, (x, alpha)


@leaky_relu_forward.also_right("float32, slopes kept")
def _(x, alpha=0.01):
    slope = np.where(x > 0, 1, alpha).astype(np.float32)
    return slope * x.astype(np.float32), slope


leaky_relu_backward = bank.exercise(
    "leaky_relu_backward", points=1, driver="forward_backward",
    needs=("leaky_relu_forward",), returns=("dx",),
)


@leaky_relu_backward.case("alpha left out")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5)), dout=rng.normal(size=(4, 5)))


@leaky_relu_backward.case("alpha 0.2")
def _(rng):
    return dict(x=away_from_zero(rng, (3, 6)), alpha=0.2, dout=rng.normal(size=(3, 6)))


@leaky_relu_backward.case("images, alpha 0.05")
def _(rng):
    return dict(x=away_from_zero(rng, (2, 3, 3, 2)), alpha=0.05, dout=rng.normal(size=(2, 3, 3, 2)))


@leaky_relu_backward.case("all negative", hidden=True)
def _(rng):
    x = -np.abs(away_from_zero(rng, (3, 4)))
    return dict(x=x, alpha=0.3, dout=rng.normal(size=(3, 4)))


leaky_relu_backward.edit(
    "plain ReLU's slope", "Below 0 the slope is alpha, not 0: that is the point of the leak.",
    ("1.0, alpha)", "1.0, 0.0)"),
)
leaky_relu_backward.edit(
    "dout is left out", "The chain rule multiplies the slope by the gradient from above.",
    ("dout * ", ""),
)
leaky_relu_backward.edit(
    "the slope is multiplied by x", "The derivative of alpha x is alpha: x itself is gone.",
    ("dout * np.where(x > 0, 1.0, alpha)", "dout * np.where(x > 0, x, alpha * x)"),
)
leaky_relu_backward.edit(
    "the sign of dout decides", "Which side a unit is on was decided by x in the forward pass.",
    ("x > 0", "dout > 0"),
)
leaky_relu_backward.edit(
    "a fixed slope of 0.01", "alpha must travel in the cache: the caller may have chosen another.",
    ("1.0, alpha)", "1.0, 0.01)"),
)
leaky_relu_backward.edit(
    "the two sides are exchanged", "The slope is 1 where x is positive and alpha elsewhere.",
    ("x > 0", "x < 0"),
)


@leaky_relu_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    x, alpha = cache
    dout[x <= 0] *= alpha
    return dout


@leaky_relu_backward.also_right("two masks added")
def _(dout, cache):
    x, alpha = cache
    return dout * (x > 0) + alpha * dout * (x < 0)


leaky_relu_backward.also_right(
    "the side is read from the output",
    leaky_relu_forward=lambda x, alpha=0.01: (np.maximum(x, alpha * x), (np.sign(x), alpha)),
    leaky_relu_backward=lambda dout, c: np.where(c[0] > 0, dout, c[1] * dout),
)


@leaky_relu_backward.also_right("a copy, then a mask, float32")
def _(dout, cache):
    x, alpha = cache
    dx = np.array(dout, dtype=np.float32)
    dx[x <= 0] *= alpha
    return dx


# --------------------------------------------------------------------------- PReLU

prelu_forward = bank.exercise("prelu_forward", points=1.5, driver="forward", returns=("out",))


@prelu_forward.case("one alpha for all units")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5)), alpha=0.25)


@prelu_forward.case("an alpha for each unit")
def _(rng):
    return dict(x=away_from_zero(rng, (6, 4)), alpha=rng.uniform(0.05, 0.5, size=4))


@prelu_forward.case("as many rows as units")
def _(rng):
    return dict(x=away_from_zero(rng, (5, 5)), alpha=rng.uniform(0.05, 0.5, size=5))


@prelu_forward.case("alphas that training has moved above 1 and below 0")
def _(rng):
    return dict(x=away_from_zero(rng, (5, 4)), alpha=np.array([1.75, -0.5, 0.0, 3.0]))


@prelu_forward.case("a batch of one", hidden=True)
def _(rng):
    return dict(x=-np.abs(away_from_zero(rng, (1, 3))), alpha=rng.uniform(0.1, 2, size=3))


prelu_forward.edit(
    "plain ReLU", "The negative side keeps a part of x: alpha times it.",
    ("alpha * x)", "0.0)"),
)
prelu_forward.edit(
    "the larger of x and alpha x",
    "alpha is learned and may pass 1; then alpha x is the smaller one where x is positive.",
    ("np.where(x > 0, x, alpha * x)", "np.maximum(x, alpha * x)"),
)
prelu_forward.edit(
    "alpha scales the positive side", "Positive x passes unchanged; alpha is for negative x.",
    ("x > 0", "x < 0"),
)
prelu_forward.edit(
    "the mean alpha for every unit", "Column j has its own alpha[j]: broadcasting does the rest.",
    ("alpha * x)", "np.mean(alpha) * x)"),
)
prelu_forward.edit(
    "an alpha for each row", "alpha belongs to units, the columns of x, not to examples.",
    ("alpha * x)", "np.resize(alpha, len(x))[:, None] * x)"),
)
prelu_forward.edit(
    "alpha is kept between 0 and 1", "alpha is used as it is: training may take it anywhere.",
    ("alpha * x)", "np.clip(alpha, 0, 1) * x)"),
)


@prelu_forward.mistake(
    "x is changed in place", "Assigning to x[x < 0] changes the caller's array: work on a copy.",
)
def _(x, alpha):
    np.multiply(x, alpha, out=x, where=x < 0)
    return x, (x, alpha)


@prelu_forward.also_right("two halves added")
def _(x, alpha):
    return np.maximum(x, 0) + alpha * np.minimum(x, 0), (x, alpha)


@prelu_forward.also_right("column by column")
def _(x, alpha):
    out = x.copy()
    slopes = np.broadcast_to(alpha, x.shape[1:])
    for j in range(x.shape[1]):
        below = x[:, j] < 0
        out[below, j] *= slopes[j]
    return out, {"x": x, "alpha": alpha}


@prelu_forward.also_right("float32, absolute values")
def _(x, alpha):
    out = 0.5 * ((1 + np.asarray(alpha)) * x + (1 - np.asarray(alpha)) * np.abs(x))
    return out.astype(np.float32), (x, alpha)


prelu_backward = bank.exercise(
    "prelu_backward", points=2.5, driver="forward_backward",
    needs=("prelu_forward",), returns=("dx", "dalpha"),
)


@prelu_backward.case("one alpha for all units")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5)), alpha=0.25, dout=rng.normal(size=(4, 5)))


@prelu_backward.case("an alpha for each unit")
def _(rng):
    return dict(
        x=away_from_zero(rng, (6, 4)), alpha=rng.uniform(0.05, 0.5, size=4),
        dout=rng.normal(size=(6, 4)),
    )


@prelu_backward.case("as many rows as units")
def _(rng):
    return dict(
        x=away_from_zero(rng, (5, 5)), alpha=rng.uniform(0.05, 0.5, size=5),
        dout=rng.normal(size=(5, 5)),
    )


@prelu_backward.case("alphas that training has moved above 1 and below 0")
def _(rng):
    return dict(
        x=away_from_zero(rng, (5, 4)), alpha=np.array([1.75, -0.5, 0.0, 3.0]),
        dout=rng.normal(size=(5, 4)),
    )


@prelu_backward.case("a batch of one", hidden=True)
def _(rng):
    return dict(
        x=away_from_zero(rng, (1, 5)), alpha=rng.uniform(0.1, 2, size=5),
        dout=rng.normal(size=(1, 5)),
    )


@prelu_backward.case("one alpha for a batch of one", hidden=True)
def _(rng):
    return dict(x=away_from_zero(rng, (1, 4)), alpha=1.5, dout=rng.normal(size=(1, 4)))


prelu_backward.edit(
    "dalpha is always summed over the rows only",
    "One alpha serves every entry of x, so its gradient adds up over all of them.",
    ("dalpha = share.sum() if np.ndim(alpha) == 0 else share.sum(axis=0)",
     "dalpha = share.sum(axis=0)"),
)
prelu_backward.edit(
    "dalpha is always one number",
    "With an alpha for each unit dalpha has shape (D,): units do not share.",
    ("share.sum() if np.ndim(alpha) == 0 else share.sum(axis=0)", "share.sum()"),
)
prelu_backward.edit(
    "dalpha takes the mean over the examples",
    "Each example adds its part; the division by N is in dout already, from the loss.",
    ("share.sum() if", "share.sum() / len(x) if"), ("else share.sum(axis=0)",
                                                   "else share.mean(axis=0)"),
)
prelu_backward.edit(
    "dalpha counts positive inputs too",
    "Where x is positive alpha plays no part in the output, so nothing comes back to it.",
    ("np.minimum(x, 0)", "x"),
)
prelu_backward.edit(
    "dalpha forgets x", "out = alpha x there, and its derivative with respect to alpha is x.",
    ("np.minimum(x, 0)", "(x < 0)"),
)
prelu_backward.edit(
    "dalpha has the wrong sign", "The derivative of alpha x is x, which is negative here: keep it.",
    ("np.minimum(x, 0)", "np.abs(np.minimum(x, 0))"),
)
prelu_backward.edit(
    "dalpha without dout", "The chain rule: local slope times the gradient from above.",
    ("share = dout * ", "share = "),
)
prelu_backward.edit(
    "dx is plain ReLU's", "Below 0 the slope towards x is alpha, not 0.",
    ("1.0, alpha)", "1.0, 0.0)"),
)
prelu_backward.edit(
    "dx is lost where x is positive", "Where x is positive out is x, and dout passes unchanged.",
    ("x > 0, 1.0, alpha", "x > 0, 0.0, alpha"),
)
prelu_backward.edit(
    "dx is summed over the rows", "dx has the shape of x: only dalpha adds up over the rows.",
    ("return dx, dalpha", "return dx.sum(axis=0), dalpha"),
)
prelu_backward.edit(
    "dalpha and dx are exchanged", "Gradients come in the order of forward's inputs: x, alpha.",
    ("return dx, dalpha", "return dalpha, dx"),
)
prelu_backward.edit(
    "dalpha adds up along the wrong axis",
    "A unit is a column: its share adds up over the examples, axis 0.",
    ("share.sum(axis=0)", "share.sum(axis=1)"),
)
prelu_backward.edit(
    "dalpha keeps a row of its own", "dalpha has alpha's shape, (D,), not (1, D).",
    ("share.sum(axis=0)", "share.sum(axis=0, keepdims=True)"),
)


@prelu_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    x, alpha = cache
    share = dout * np.minimum(x, 0)
    np.multiply(dout, alpha, out=dout, where=x < 0)
    return dout, share.sum() if np.ndim(alpha) == 0 else share.sum(axis=0)


@prelu_backward.also_right("einsum and a float")
def _(dout, cache):
    x, alpha = cache
    low = np.where(x < 0, x, 0)
    if np.shape(alpha) == ():
        dalpha = float(np.einsum("nd,nd->", dout, low))
    else:
        dalpha = np.einsum("nd,nd->d", dout, low)
    return np.where(x < 0, alpha * dout, dout), dalpha


@prelu_backward.also_right("loops, a list of two")
def _(dout, cache):
    x, alpha = cache
    slopes = np.broadcast_to(np.asarray(alpha), x.shape[1:])
    dx, dalpha = np.zeros_like(x), np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 0:
                dx[i, j] = dout[i, j]
            else:
                dx[i, j] = slopes[j] * dout[i, j]
                dalpha[j] += x[i, j] * dout[i, j]
    return [dx, np.array(dalpha.sum()) if np.ndim(alpha) == 0 else dalpha]


@prelu_backward.also_right("reshaped to alpha's shape, float32")
def _(dout, cache):
    x, alpha = cache
    dout, low = dout.astype(np.float32), np.minimum(x, 0).astype(np.float32)
    axes = (0, 1) if np.ndim(alpha) == 0 else (0,)
    return dout * np.where(x > 0, 1, alpha), np.reshape((dout * low).sum(axis=axes),
                                                       np.shape(alpha))


prelu_backward.also_right(
    "the cache is a dict of masks",
    prelu_forward=lambda x, alpha: (
        np.where(x > 0, x, alpha * x), {"up": x > 0, "low": x * (x < 0), "alpha": alpha}
    ),
    prelu_backward=lambda dout, c: (
        dout * (c["up"] + ~c["up"] * c["alpha"]),
        np.sum(dout * c["low"], axis=0 if np.ndim(c["alpha"]) else None),
    ),
)


# --------------------------------------------------------------------------- ELU

elu_forward = bank.exercise("elu_forward", points=1.5, driver="forward", returns=("out",))


@elu_forward.case("alpha left out")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5), spread=1))


@elu_forward.case("alpha 0.5")
def _(rng):
    return dict(x=away_from_zero(rng, (3, 6), spread=1), alpha=0.5)


@elu_forward.case("1000, where e^x overflows")
def _(rng):
    return dict(x=np.array([[1000.0, 2.0, rng.uniform(0.1, 1)]]))


@elu_forward.case("very negative")
def _(rng):
    return dict(x=np.array([[-1000.0, -30.0, -5.0, rng.uniform(-2, -1)]]), alpha=2.0)


@elu_forward.case("images", hidden=True)
def _(rng):
    return dict(x=away_from_zero(rng, (2, 3, 3, 2)), alpha=1.5)


elu_forward.edit(
    "the -1 is missing", "The two pieces must meet at x = 0: alpha (e^x - 1) is 0 there.",
    ("np.expm1(", "np.exp("),
)
elu_forward.edit(
    "alpha is ignored", "The negative side levels out at -alpha, not always at -1.",
    ("alpha * np.expm1", "np.expm1"),
)
elu_forward.edit(
    "another default than 1.0", "alpha is 1.0 where the caller does not say otherwise.",
    ("alpha=1.0", "alpha=0.1"),
)
elu_forward.edit(
    "alpha stands inside the exponent", "alpha scales the height: e^x - 1 is multiplied by it.",
    ("alpha * np.expm1(np.minimum(x, 0))", "np.expm1(alpha * np.minimum(x, 0))"),
)
elu_forward.edit(
    "leaky ReLU", "ELU bends: its negative side is an exponential, not a straight line.",
    ("np.expm1(np.minimum(x, 0))", "np.minimum(x, 0)"),
)
elu_forward.edit(
    "the exponent's sign is turned", "For very negative x the output levels out at -alpha.",
    ("np.expm1(np.minimum(x, 0))", "np.expm1(np.abs(np.minimum(x, 0)))"),
)


@elu_forward.mistake(
    "the halves are multiplied by masks and added",
    "0 times inf is nan: where x is large, e^x must not be taken, or not be used.",
)
def _(x, alpha=1.0):
    return (x > 0) * x + (x <= 0) * alpha * (np.exp(x) - 1), (x, alpha)


@elu_forward.mistake(
    "x is changed in place", "Assigning to x[x < 0] changes the caller's array: work on a copy.",
)
def _(x, alpha=1.0):
    x[x < 0] = alpha * np.expm1(x[x < 0])
    return x, (x, alpha)


@elu_forward.also_right("where, with its warning")
def _(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1)), (x, alpha)


@elu_forward.also_right("two halves added")
def _(x, alpha=1.0):
    return np.maximum(x, 0) + alpha * (np.exp(np.minimum(x, 0)) - 1), {"x": x}


@elu_forward.also_right("a copy, then a mask, float32")
def _(x, alpha=1.0):
    out = x.astype(np.float32)
    below = out < 0
    out[below] = alpha * np.expm1(out[below])
    return out, (out, alpha)


@elu_forward.also_right("one number at a time")
def _(x, alpha=1.0):
    import math

    values = [v if v > 0 else alpha * (math.exp(v) - 1) for v in x.ravel().tolist()]
    return np.reshape(values, x.shape), alpha


elu_backward = bank.exercise(
    "elu_backward", points=1.5, driver="forward_backward",
    needs=("elu_forward",), returns=("dx",),
)


@elu_backward.case("alpha left out")
def _(rng):
    return dict(x=away_from_zero(rng, (4, 5), spread=1), dout=rng.normal(size=(4, 5)))


@elu_backward.case("alpha 0.5")
def _(rng):
    return dict(x=away_from_zero(rng, (3, 6), spread=1), alpha=0.5, dout=rng.normal(size=(3, 6)))


@elu_backward.case("1000, where e^x overflows")
def _(rng):
    return dict(x=np.array([[1000.0, 2.0, -0.5]]), dout=rng.normal(size=(1, 3)) + 2)


@elu_backward.case("very negative")
def _(rng):
    return dict(
        x=np.array([[-1000.0, -5.0, -1.0, -0.25]]), alpha=2.0, dout=rng.normal(size=(1, 4)) + 2
    )


@elu_backward.case("images", hidden=True)
def _(rng):
    return dict(x=away_from_zero(rng, (2, 3, 3, 2)), alpha=1.5, dout=rng.normal(size=(2, 3, 3, 2)))


elu_backward.edit(
    "alpha is ignored", "Below 0 the slope is alpha e^x: alpha does not vanish.",
    ("alpha * np.exp", "np.exp"),
)
elu_backward.edit(
    "dout is left out", "The chain rule multiplies the slope by the gradient from above.",
    ("dout * ", ""),
)
elu_backward.edit(
    "the output stands for the slope", "The -1 is a constant: it drops out of the derivative.",
    ("np.exp(np.minimum(x, 0))", "np.expm1(np.minimum(x, 0))"),
)
elu_backward.edit(
    "leaky ReLU's slope", "The slope below 0 changes with x: the derivative of e^x is e^x.",
    ("alpha * np.exp(np.minimum(x, 0))", "alpha"),
)
elu_backward.edit(
    "plain ReLU's slope", "Below 0 the slope is alpha e^x, not 0.",
    ("alpha * np.exp(np.minimum(x, 0))", "0.0"),
)
elu_backward.edit(
    "the positive side is scaled by x", "The derivative of x is 1.",
    ("x > 0, 1.0", "x > 0, x"),
)


@elu_backward.mistake(
    "the halves are multiplied by masks and added",
    "0 times inf is nan: where x is large, e^x must not be taken, or not be used.",
)
def _(dout, cache):
    x, alpha = cache
    return dout * ((x > 0) + (x <= 0) * alpha * np.exp(x))


@elu_backward.mistake(
    "out + 1 below zero", "out + alpha is the slope; with alpha = 1 the two look the same.",
)
def _(dout, cache):
    x, alpha = cache
    out = alpha * np.expm1(np.minimum(x, 0))
    return dout * np.where(x > 0, 1.0, out + 1.0)


@elu_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    x, alpha = cache
    dout *= np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))
    return dout


elu_backward.also_right(
    "from the output",
    elu_forward=lambda x, alpha=1.0: (
        np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1)),
        (np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1)), alpha),
    ),
    elu_backward=lambda dout, c: dout * np.where(c[0] > 0, 1, c[0] + c[1]),
)


@elu_backward.also_right("where, with its warning")
def _(dout, cache):
    x, alpha = cache
    return np.where(x > 0, dout, dout * alpha * np.exp(x))


@elu_backward.also_right("a copy, then a mask, float32")
def _(dout, cache):
    x, alpha = cache
    dx = dout.astype(np.float32)
    dx[x < 0] *= alpha * np.exp(x[x < 0])
    return dx


# --------------------------------------------------------------------------- maxout


def pieces(rng, N, D, H, **more):
    """Return inputs whose two pieces are nowhere closer than 0.01: no ties, no corners."""
    while True:
        x = rng.normal(size=(N, D))
        W1, W2 = rng.normal(size=(2, D, H))
        b1, b2 = rng.normal(size=(2, H))
        if np.abs(x @ (W1 - W2) + b1 - b2).min() > 0.01:
            return dict(x=x, W1=W1, b1=b1, W2=W2, b2=b2, **more)


maxout_forward = bank.exercise("maxout_forward", points=1.5, driver="forward", returns=("out",))


@maxout_forward.case("five rows")
def _(rng):
    return pieces(rng, 5, 4, 3)


@maxout_forward.case("as many units as features")
def _(rng):
    return pieces(rng, 3, 4, 4)


@maxout_forward.case("both pieces below zero")
def _(rng):
    given = pieces(rng, 4, 3, 5)
    return given | dict(b1=given["b1"] - 30, b2=given["b2"] - 30)


@maxout_forward.case("a batch of one and one unit")
def _(rng):
    return pieces(rng, 1, 5, 1)


@maxout_forward.case("many features", hidden=True)
def _(rng):
    return pieces(rng, 4, 30, 2)


maxout_forward.edit(
    "the smaller piece", "Maxout keeps the LARGER of the two pieces.",
    ("np.maximum(", "np.minimum("),
)
maxout_forward.edit(
    "the sum of the pieces", "Choose one of the two pieces entry by entry; adding is linear again.",
    ("np.maximum(z1, z2)", "z1 + z2"),
)
maxout_forward.edit(
    "the biases are left out", "Each piece is a full affine function: x W + b.",
    ("x @ W1 + b1", "x @ W1"), ("x @ W2 + b2", "x @ W2"),
)
maxout_forward.edit(
    "both pieces use b1", "The second piece has a bias of its own, b2.",
    ("x @ W2 + b2", "x @ W2 + b1"),
)
maxout_forward.edit(
    "a ReLU on top", "The larger piece may be negative, and it is kept as it is.",
    ("np.maximum(z1, z2)", "np.maximum(0, np.maximum(z1, z2))"),
)
maxout_forward.edit(
    "the larger |piece|", "Compare the pieces themselves: -3 is smaller than 1.",
    ("np.maximum(z1, z2)", "np.where(np.abs(z1) > np.abs(z2), z1, z2)"),
)
maxout_forward.edit(
    "one piece for a whole row", "The choice is made for every entry by itself.",
    ("np.maximum(z1, z2)",
     "np.where(z1.sum(axis=1, keepdims=True) > z2.sum(axis=1, keepdims=True), z1, z2)"),
)


@maxout_forward.mistake(
    "the weights are compared, not the pieces",
    "The maximum is taken of what the pieces give for x, not of their weights.",
)
def _(x, W1, b1, W2, b2):
    return x @ np.maximum(W1, W2) + np.maximum(b1, b2), None


@maxout_forward.also_right("stacked")
def _(x, W1, b1, W2, b2):
    z = np.stack([x @ W1 + b1, x @ W2 + b2])
    return z.max(axis=0), (x, W1, W2, z.argmax(axis=0))


@maxout_forward.also_right("one wide product, float32")
def _(x, W1, b1, W2, b2):
    W, b = np.hstack([W1, W2]).astype(np.float32), np.hstack([b1, b2]).astype(np.float32)
    z = (x.astype(np.float32) @ W + b).reshape(len(x), 2, -1)
    return z.max(axis=1), (x, W, z)


@maxout_forward.also_right("loops")
def _(x, W1, b1, W2, b2):
    N, H = len(x), W1.shape[1]
    out = np.zeros((N, H))
    for i in range(N):
        for j in range(H):
            out[i, j] = max(x[i].dot(W1[:, j]) + b1[j], x[i].dot(W2[:, j]) + b2[j])
    return out, {}


@maxout_forward.also_right("through the difference")
def _(x, W1, b1, W2, b2):
    gap = np.einsum("nd,dh->nh", x, W1 - W2) + (b1 - b2)
    return x @ W2 + b2 + np.maximum(gap, 0), gap


maxout_backward = bank.exercise(
    "maxout_backward", points=2.5, driver="forward_backward",
    needs=("maxout_forward",), returns=("dx", "dW1", "db1", "dW2", "db2"),
)


@maxout_backward.case("five rows")
def _(rng):
    return pieces(rng, 5, 4, 3, dout=rng.normal(size=(5, 3)))


@maxout_backward.case("as many rows and units as features")
def _(rng):
    return pieces(rng, 4, 4, 4, dout=rng.normal(size=(4, 4)))


@maxout_backward.case("the first piece always wins")
def _(rng):
    given = pieces(rng, 4, 3, 2, dout=rng.normal(size=(4, 2)))
    return given | dict(b1=given["b1"] + 30)


@maxout_backward.case("both pieces below zero")
def _(rng):
    given = pieces(rng, 4, 3, 5, dout=rng.normal(size=(4, 5)))
    return given | dict(b1=given["b1"] - 30, b2=given["b2"] - 30)


@maxout_backward.case("a batch of one", hidden=True)
def _(rng):
    return pieces(rng, 1, 5, 3, dout=rng.normal(size=(1, 3)))


@maxout_backward.case("one unit", hidden=True)
def _(rng):
    return pieces(rng, 6, 3, 1, dout=rng.normal(size=(6, 1)))


maxout_backward.edit(
    "both pieces receive the whole gradient",
    "The piece that lost had no effect on the output, so nothing comes back to it.",
    ("dz1 = dout * first", "dz1 = dout"), ("dz2 = dout * ~first", "dz2 = dout"),
)
maxout_backward.edit(
    "the piece that lost receives the gradient",
    "The output is a copy of the larger piece: its gradient goes there.",
    ("dz1 = dout * first", "dz1 = dout * ~first"), ("dz2 = dout * ~first", "dz2 = dout * first"),
)
maxout_backward.edit(
    "the gradient is shared half and half", "A maximum copies one input: it does not average.",
    ("dz1 = dout * first", "dz1 = dout / 2"), ("dz2 = dout * ~first", "dz2 = dout / 2"),
)
maxout_backward.edit(
    "dx comes from the first piece only", "x enters both pieces: the two ways back are added.",
    ("dz1 @ W1.T + dz2 @ W2.T", "dz1 @ W1.T"),
)
maxout_backward.edit(
    "db takes the mean over the rows", "Each row adds its part to the bias's gradient.",
    ("dz1.sum(axis=0)", "dz1.mean(axis=0)"), ("dz2.sum(axis=0)", "dz2.mean(axis=0)"),
)
maxout_backward.edit(
    "dW takes the mean over the rows",
    "Each row adds its part; the division by N is in dout already, from the loss.",
    ("x.T @ dz1", "x.T @ dz1 / len(x)"), ("x.T @ dz2", "x.T @ dz2 / len(x)"),
)
maxout_backward.edit(
    "dW2 stands before db1", "Gradients come in the order of forward's inputs: x, W1, b1, W2, b2.",
    ("dz1.sum(axis=0), x.T @ dz2,", "x.T @ dz2, dz1.sum(axis=0),"),
)
maxout_backward.edit(
    "dW is transposed", "dW1 has the shape of W1: (D, H), features down and units across.",
    ("x.T @ dz1", "dz1.T @ x"), ("x.T @ dz2", "dz2.T @ x"),
)
maxout_backward.edit(
    "the mask asks whether the piece is positive",
    "Maxout has no threshold at 0: the pieces are compared with each other.",
    ("return np.maximum(z1, z2), (x, W1, W2, z1 > z2)",
     "return np.maximum(z1, z2), (x, W1, W2, z1 > 0)"),
    cell="maxout_forward",
)


@maxout_backward.mistake(
    "dout is changed in place",
    "Another branch of the network may read dout after you: make a new array for dx.",
)
def _(dout, cache):
    x, W1, W2, first = cache
    dz1 = dout * first
    dout *= ~first
    return dz1 @ W1.T + dout @ W2.T, x.T @ dz1, dz1.sum(axis=0), x.T @ dout, dout.sum(axis=0)


@maxout_backward.also_right("where, and db by ones")
def _(dout, cache):
    x, W1, W2, first = cache
    dz1, dz2 = np.where(first, dout, 0), np.where(first, 0, dout)
    ones = np.ones(len(x))
    return [dz1.dot(W1.T) + dz2.dot(W2.T), x.T.dot(dz1), ones @ dz1, x.T.dot(dz2), ones @ dz2]


@maxout_backward.also_right("the other piece is the rest, float32")
def _(dout, cache):
    x, W1, W2, first = (a if a.dtype == bool else a.astype(np.float32) for a in cache)
    dz1 = dout.astype(np.float32) * first
    dz2 = dout.astype(np.float32) - dz1
    dx = np.einsum("nh,dh->nd", dz1, W1) + np.einsum("nh,dh->nd", dz2, W2)
    dW1, dW2 = np.einsum("nd,nh->dh", x, dz1), np.einsum("nd,nh->dh", x, dz2)
    return dx, dW1, dz1.sum(0), dW2, dz2.sum(0)


@maxout_backward.also_right("loops")
def _(dout, cache):
    x, W1, W2, first = cache
    dx, dW1, dW2 = np.zeros_like(x), np.zeros_like(W1), np.zeros_like(W2)
    db1, db2 = np.zeros(W1.shape[1]), np.zeros(W2.shape[1])
    for i, j in np.ndindex(*dout.shape):
        W, dW, db = (W1, dW1, db1) if first[i, j] else (W2, dW2, db2)
        dx[i] += dout[i, j] * W[:, j]
        dW[:, j] += dout[i, j] * x[i]
        db[j] += dout[i, j]
    return dx, dW1, db1, dW2, db2


maxout_backward.also_right(
    "all inputs are kept and the pieces computed again",
    maxout_forward=lambda x, W1, b1, W2, b2: (
        np.maximum(x @ W1 + b1, x @ W2 + b2), dict(x=x, W=(W1, W2), b=(b1, b2))
    ),
    maxout_backward=lambda dout, c: (
        (dout * (c["x"] @ c["W"][0] + c["b"][0] >= c["x"] @ c["W"][1] + c["b"][1])) @ c["W"][0].T
        + (dout * (c["x"] @ c["W"][0] + c["b"][0] < c["x"] @ c["W"][1] + c["b"][1])) @ c["W"][1].T,
        c["x"].T @ (dout * (c["x"] @ c["W"][0] + c["b"][0] >= c["x"] @ c["W"][1] + c["b"][1])),
        (dout * (c["x"] @ c["W"][0] + c["b"][0] >= c["x"] @ c["W"][1] + c["b"][1])).sum(axis=0),
        c["x"].T @ (dout * (c["x"] @ c["W"][0] + c["b"][0] < c["x"] @ c["W"][1] + c["b"][1])),
        (dout * (c["x"] @ c["W"][0] + c["b"][0] < c["x"] @ c["W"][1] + c["b"][1])).sum(axis=0),
    ),
)
