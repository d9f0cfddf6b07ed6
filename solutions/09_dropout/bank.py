"""The bank of chapter 09: what right and wrong regularisation looks like.

Long because seven exercises stand here, three of them random. Random masks are judged by
properties in words (`cs231n_lib/drivers/ch09.py`); how seldom a right answer is blamed, and how
surely a wrong one is caught, is computed and measured in `tests/test_chapter09_rates.py`.
"""

import numpy as np

from cs231n_lib.authoring import Bank, Rng

bank = Bank("09_dropout")


def _inputs(rng, *shape):
    """Draw x with entries of size 0.5 to 2 and either sign, so that a 0 in out is a dropped unit.

    p is never 0.5: p and 1 - p would then be the same.
    """
    return (rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1, 1], size=shape)).round(2)


def _seeds(rng):
    seeds = rng.choice(2**31, size=2, replace=False)
    return Rng(int(seeds[0])), Rng(int(seeds[1]))


# ------------------------------------------------------------------ weight_decay_gradient

weight_decay_gradient = bank.exercise("weight_decay_gradient", points=2, returns=("grads",))


def _network(rng, shapes):
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return params, {name: rng.normal(size=shape) for name, shape in shapes.items()}


@weight_decay_gradient.case("two layers, reg 0.1")
def _(rng):
    params, grads = _network(rng, dict(W1=(4, 3), b1=3, W2=(3, 3), b2=3))
    return dict(params=params, grads=grads, reg=0.1)


@weight_decay_gradient.case("batch normalisation and a slope beside the weights, reg 0.5")
def _(rng):
    shapes = dict(W1=(3, 2), b1=2, gamma1=2, beta1=2, alpha1=2, W2=(2, 4), b2=4)
    params, grads = _network(rng, shapes)
    return dict(params=params, grads=grads, reg=0.5)


@weight_decay_gradient.case("a capital W inside other names, gradients in another order, reg 2")
def _(rng):
    params, grads = _network(rng, {"b_W": 3, "W": (5, 3), "W_out": (3, 2), "newW1": (2, 2)})
    return dict(params=params, grads=dict(reversed(grads.items())), reg=2.0)


@weight_decay_gradient.case("reg 0")
def _(rng):
    params, grads = _network(rng, dict(W1=(2, 3), b1=3))
    return dict(params=params, grads=grads, reg=0.0)


@weight_decay_gradient.case("five layers, reg 0.003", hidden=True)
def _(rng):
    shapes = {f"W{i}": (4, 4) for i in range(1, 6)} | {f"b{i}": 4 for i in range(1, 6)}
    params, grads = _network(rng, shapes)
    params = {name: 100 * value for name, value in params.items()}
    return dict(params=params, grads=grads, reg=0.003)


weight_decay_gradient.edit(
    "every parameter decays, biases too",
    "Only the weights decay: keys that start with W. The others come back as they are.",
    ('if name.startswith("W")', "if True"),
)
weight_decay_gradient.edit(
    "every name with a W somewhere decays", "A weight's name STARTS with W.",
    ('name.startswith("W")', '"W" in name'),
)
weight_decay_gradient.edit(
    "everything but the names that start with b decays",
    "gamma, beta and alpha are no weights either: ask whether the name starts with W.",
    ('name.startswith("W")', 'not name.startswith("b")'),
)
weight_decay_gradient.edit(
    "a factor of 2", "The penalty has the factor 1/2, which takes the 2 of the square away.",
    ("reg * params[name]", "2 * reg * params[name]"),
)
weight_decay_gradient.edit(
    "a factor of 1/2", "The slope of 0.5 * reg * W**2 is reg * W.",
    ("reg * params[name]", "0.5 * reg * params[name]"),
)
weight_decay_gradient.edit(
    "the decay is subtracted",
    "This is a gradient, added to the loss's; the minus comes with the step.",
    ("+ reg * params[name]", "- reg * params[name]"),
)
weight_decay_gradient.edit(
    "reg is not used", "Multiply the weights by reg.", ("reg * params[name]", "params[name]"),
)
weight_decay_gradient.edit(
    "the penalty's gradient alone", "Add it to the gradient that came in.",
    ("gradient + reg * params[name]", "reg * params[name]"),
)
weight_decay_gradient.edit(
    "reg times the sign of the weights",
    "That is the gradient of L1; here the penalty is a square.",
    ("reg * params[name]", "reg * np.sign(params[name])"),
)
weight_decay_gradient.edit(
    "the value of the penalty is added in place of its gradient",
    "Every weight gets its own slope, reg * W, not the sum of all squares.",
    ("reg * params[name]", "0.5 * reg * np.sum(params[name] ** 2)"),
)
weight_decay_gradient.edit(
    "reg times the gradient", "The weights themselves decay: multiply reg by params, not by grads.",
    ("reg * params[name]", "reg * gradient"),
)
weight_decay_gradient.edit(
    "the decay is divided by the number of weights",
    "The penalty is a sum over the weights, not a mean.",
    ("reg * params[name]", "reg * params[name] / params[name].size"),
)


@weight_decay_gradient.mistake(
    "the dict has the weights only", "Every key comes back; biases with their gradient unchanged.")
def _(params, grads, reg):
    return {n: grads[n] + reg * params[n] for n in grads if n.startswith("W")}


@weight_decay_gradient.mistake(
    "the gradients are changed in place",
    "The arrays belong to the caller: write a + b into a new dict, not +=.")
def _(params, grads, reg):
    for name in grads:
        if name.startswith("W"):
            grads[name] += reg * params[name]
    return grads


@weight_decay_gradient.mistake(
    "the weights are changed in place", "params stays as it is: reg * W makes a new array.")
def _(params, grads, reg):
    new = {}
    for name in params:
        if name.startswith("W"):
            params[name] *= reg
            new[name] = grads[name] + params[name]
        else:
            new[name] = grads[name]
    return new


@weight_decay_gradient.also_right("one expression over params")
def _(params, grads, reg):
    return {k: grads[k] + (reg * w if k[0] == "W" else 0) for k, w in params.items()}


@weight_decay_gradient.also_right("copies first, then additions")
def _(params, grads, reg):
    new = {k: g.copy() for k, g in grads.items()}
    for k in new:
        if k[:1] == "W":
            new[k] += reg * params[k]
    return new


@weight_decay_gradient.also_right("a copied dict whose entries are replaced")
def _(params, grads, reg):
    new = grads.copy()
    for k in list(new):
        if k.startswith("W"):
            new[k] = new[k] + 0.5 * reg * (2 * params[k])
    return new


@weight_decay_gradient.also_right("float32, lists")
def _(params, grads, reg):
    new = {}
    for k in sorted(grads):
        total = grads[k].astype(np.float32)
        if k.startswith("W"):
            total = total + np.float32(reg) * params[k].astype(np.float32)
        new[k] = total.tolist()
    return new


# ------------------------------------------------------------------ random masks

FORWARD = dict(driver="ch09.draws", summary="ch09.draws_summary", returns=("out",))


def _add_forward_cases(entry, wrap):
    """Add the cases of a dropout forward; `wrap(x, p, mode, rng)` makes the inputs.

    Sizes: 3,000 units show a share of 1 - p, or that of normal numbers in place of uniform ones,
    beyond any doubt. At p = 1e-12 the twelve units are few on purpose: a float32 draw is exactly 0
    once in 2**24, and `0 < p` would then rightly keep a unit (7e-7 for all twelve).
    """

    def add(name, shape, p, mode, hidden=False, dtype=np.float64):
        @entry.case(name, hidden=hidden)
        def _(rng):
            mine, other = _seeds(rng)
            x = _inputs(rng, *shape).astype(dtype)
            return wrap(x, p, mode, mine) | {"other_rng": other}

    add("training, p = 0.8", (60, 50), 0.8, "train")
    add("training, p = 0.3, x of three axes", (20, 10, 16), 0.3, "train")
    add("training, p = 0.6, x of one axis", (3000,), 0.6, "train")
    add("test mode, p = 0.8", (6, 5), 0.8, "test")
    add("training, p = 1e-12", (3, 4), 1e-12, "train")
    add("training, p = 0.45, float32", (40, 80), 0.45, "train", hidden=True, dtype=np.float32)
    add("training, p = 1", (4, 5), 1.0, "train", hidden=True)


DRAW = "rng.random(x.shape) < p"
_SHAPED = {
    "a mask with one draw for each row": (
        "Each value is kept or dropped by itself: draw a number for every entry of x.",
        "rng.random((len(x),) + (1,) * (x.ndim - 1)) < p"),
    "one mask for all rows": (
        "Every example gets a mask of its own: draw x.shape numbers, not one row of them.",
        "rng.random(x.shape[1:]) < p"),
    "one draw for the whole array": (
        "rng.random() is a single number, so all units live or die together: draw x.shape numbers.",
        "np.array(rng.random() < p)"),
}
_DRAWN = {
    "the shape handed to rng.random as several numbers": (
        "rng.random takes the shape as one tuple, rng.random(x.shape), without a star.",
        "rng.random(*x.shape) < p"),
    "normal numbers compared with p": (
        "rng.normal gives numbers below p more often than not: draw uniform ones, rng.random.",
        "rng.normal(size=x.shape) < p"),
    "half of the units are kept, whatever p is": (
        "Compare the random numbers with p: a unit is kept with probability p.",
        "rng.random(x.shape) < 0.5"),
    "a fixed number is kept in every row": (
        "Each unit is drawn by itself, so the number kept varies from row to row.",
        "rng.permuted(np.broadcast_to(np.arange(x.shape[-1]) < round(p * x.shape[-1]), x.shape), "
        "axis=-1)"),
    "a fixed number is kept in every call": (
        "Each unit is drawn by itself, so the number kept varies from call to call.",
        "rng.permutation(x.size).reshape(x.shape) < round(p * x.size)"),
    "draws from NumPy's global generator": (
        "Draw from the rng that is handed in: the same seed must give the same mask.",
        "np.random.default_rng().random(x.shape) < p"),
    "a generator made inside the function": (
        "Use the rng that is handed in: a fixed seed drops the same units at every step.",
        "np.random.default_rng(0).random(x.shape) < p"),
    "the generator is copied before the draw": (
        "Draw from rng itself, so that it moves on: from a copy every call gets the same mask.",
        "__import__('copy').deepcopy(rng).random(x.shape) < p"),
}


def _add_mask_mistakes(entry):
    for name, (hint, draw) in (_SHAPED | _DRAWN).items():
        entry.edit(name, hint, (DRAW, draw))


# ------------------------------------------------------------------ vanilla_dropout_forward

vanilla_dropout_forward = bank.exercise("vanilla_dropout_forward", points=3, **FORWARD)
_add_forward_cases(
    vanilla_dropout_forward, lambda x, p, mode, rng: dict(x=x, p=p, mode=mode, rng=rng)
)
_add_mask_mistakes(vanilla_dropout_forward)
vanilla_dropout_forward.edit(
    "p taken for the probability to drop",
    "p is the probability to KEEP a unit: keep where the random number is below p, and scale by p.",
    (DRAW, "rng.random(x.shape) > p"), ("x * p", "x * (1 - p)"),
)
vanilla_dropout_forward.edit(
    "1 - p of the units are kept", "Keep a unit where the random number is BELOW p.",
    (DRAW, "rng.random(x.shape) > p"),
)
vanilla_dropout_forward.edit(
    "test mode scales by 1 - p", "A unit is there with probability p, so its mean is p * x.",
    ("x * p", "x * (1 - p)"),
)
vanilla_dropout_forward.edit(
    "test mode does not scale",
    "In test mode every unit is there, so multiply by p to keep the mean of training.",
    ("x * p", "x"),
)
vanilla_dropout_forward.edit(
    "test mode divides by p", "In test mode the values must become smaller: multiply by p.",
    ("x * p", "x / p"),
)
vanilla_dropout_forward.edit(
    "the kept units are divided by p in training, and test mode scales as well",
    "Scale once: here in test mode, so training keeps the values as they are.",
    ("x * mask", "x * mask / p"),
)
vanilla_dropout_forward.edit(
    "inverted dropout", "This is the other form: vanilla dropout leaves training unscaled and "
    "multiplies by p in test mode.",
    ("x * mask", "x * mask / p"), ("x * p", "x"),
)
vanilla_dropout_forward.edit(
    "the kept units are multiplied by p in training",
    "In training a kept unit stays x; the factor p belongs to test mode.",
    ("x * mask", "x * mask * p"),
)
vanilla_dropout_forward.edit(
    "units are dropped in test mode too", "Test mode draws nothing: out = p * x for every unit.",
    ('mode == "train"', "True"),
)
vanilla_dropout_forward.edit(
    "the modes are exchanged", "Training drops, test mode scales.",
    ('mode == "train"', 'mode == "test"'),
)
vanilla_dropout_forward.edit(
    "training does what test mode does", "Training drops units at random: compare the mode with "
    '"train".',
    ('mode == "train"', "False"),
)
vanilla_dropout_forward.edit(
    "the mask itself is returned", "Multiply x by the mask.",
    ("out = x * mask", "out = mask * 1.0"),
)


@vanilla_dropout_forward.mistake(
    "x is changed in place", "x belongs to the caller: write x * mask, not x *= mask.")
def _(x, p, mode, rng):
    if mode == "train":
        x *= rng.random(x.shape) < p
        return x, None
    x *= p
    return x, None


@vanilla_dropout_forward.also_right("a loop over the units")
def _(x, p, mode, rng):
    out, flat = np.zeros(x.shape), x.reshape(-1)
    for i in range(x.size):
        if mode == "test":
            out.reshape(-1)[i] = p * flat[i]
        elif rng.uniform() <= p:
            out.reshape(-1)[i] = flat[i]
    return out, out != 0


@vanilla_dropout_forward.also_right("binomial numbers, a tuple for a cache")
def _(x, p, mode, rng):
    if mode == "test":
        return x * p, (p, mode)
    mask = rng.binomial(1, p, size=x.shape)
    return np.where(mask, x, 0.0), (p, mode, mask)


@vanilla_dropout_forward.also_right("float32, dropping where the number is at least p")
def _(x, p, mode, rng):
    x = x.astype(np.float32)
    if mode == "train":
        x[rng.random(x.shape, dtype=np.float32) >= p] = 0
        return x, {}
    return np.float32(p) * x, {}


@vanilla_dropout_forward.also_right("drawn transposed, kept where the number is above 1 - p")
def _(x, p, mode, rng):
    mask = rng.random(x.shape[::-1]).T > 1 - p
    return (x * mask if mode == "train" else x * p), mask


# ------------------------------------------------------------------ dropout_forward

dropout_forward = bank.exercise("dropout_forward", points=5, **FORWARD)
_add_forward_cases(
    dropout_forward,
    lambda x, p, mode, rng: dict(x=x, dropout_param={"p": p, "mode": mode, "rng": rng}),
)
_add_mask_mistakes(dropout_forward)
SCALED = "(rng.random(x.shape) < p) / p"
dropout_forward.edit(
    "p taken for the probability to drop",
    "p is the probability to KEEP a unit: keep where the random number is below p, divide by p.",
    (SCALED, "np.where(rng.random(x.shape) > p, 1.0, 0.0) / max(1 - p, 1e-300)"),
)
dropout_forward.edit(
    "1 - p of the units are kept", "Keep a unit where the random number is BELOW p.",
    (DRAW, "rng.random(x.shape) > p"),
)
dropout_forward.edit(
    "divided by 1 - p", "Of p * N units that are kept, each must count 1/p: divide by p.",
    (SCALED, "np.where(rng.random(x.shape) < p, 1.0, 0.0) / max(1 - p, 1e-300)"),
)
dropout_forward.edit(
    "the kept units are not scaled",
    "Inverted dropout divides the kept units by p during training, so that the mean stays.",
    (SCALED, "(rng.random(x.shape) < p)"),
)
dropout_forward.edit(
    "the kept units are multiplied by p", "Fewer units are there, so each must count more: divide.",
    (SCALED, "(rng.random(x.shape) < p) * p"),
)
dropout_forward.edit(
    "divided by p twice", "One division by p makes up for the missing units.",
    (SCALED, "(rng.random(x.shape) < p) / p**2"),
)
dropout_forward.edit(
    "divided by the root of p", "The mean is to be kept, not the mean square: divide by p.",
    (SCALED, "(rng.random(x.shape) < p) / np.sqrt(p)"),
)
dropout_forward.edit(
    "divided by the share that happened to be kept",
    "Divide by p itself: the share kept varies, and it may be 0.",
    ("mask = (rng.random(x.shape) < p) / p",
     "mask = rng.random(x.shape) < p\n        mask = mask / mask.mean()"),
)
dropout_forward.edit(
    "test mode multiplies by p",
    "The division in training has kept the mean already: test mode returns x as it is.",
    ("out = x\n", "out = x * p\n"),
)
dropout_forward.edit(
    "vanilla dropout", "Inverted dropout divides by p in training and leaves test mode alone.",
    (SCALED, "(rng.random(x.shape) < p)"), ("out = x\n", "out = x * p\n"),
)
dropout_forward.edit(
    "test mode divides by p", "Nothing is dropped in test mode, so nothing is to be made up for.",
    ("out = x\n", "out = x / p\n"),
)
dropout_forward.edit(
    "units are dropped in test mode too", "Test mode draws nothing and returns x.",
    ('mode == "train"', "True"),
)
dropout_forward.edit(
    "the modes are exchanged", "Training drops; test mode returns x.",
    ('mode == "train"', 'mode == "test"'),
)
dropout_forward.edit(
    "training returns x", 'Training drops units at random: compare the mode with "train".',
    ('mode == "train"', "False"),
)
dropout_forward.edit(
    "the mask itself is returned", "Multiply x by the mask.",
    ("out = x * mask", "out = mask * 1.0"),
)


@dropout_forward.mistake(
    "x is changed in place", "x belongs to the caller: write x * mask, not x *= mask.")
def _(x, dropout_param):
    p, rng = dropout_param["p"], dropout_param["rng"]
    mask = None
    if dropout_param["mode"] == "train":
        mask = (rng.random(x.shape) < p) / p
        x *= mask
    return x, mask


@dropout_forward.mistake(
    "the mask is stored in dropout_param",
    "What backward needs goes into the cache; dropout_param is the caller's.")
def _(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x, dropout_param
    p = dropout_param["p"]
    dropout_param["mask"] = (dropout_param["rng"].random(x.shape) < p) / p
    return x * dropout_param["mask"], dropout_param


@dropout_forward.mistake(
    "the largest units are kept", "The choice is by chance alone and does not look at x.")
def _(x, dropout_param):
    p = dropout_param["p"]
    if dropout_param["mode"] == "test":
        return x, None
    mask = np.abs(x) >= np.quantile(np.abs(x), 1 - p)
    return x * mask / p, mask


@dropout_forward.also_right("a loop over the units")
def _(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x.copy(), None
    p, rng = dropout_param["p"], dropout_param["rng"]
    mask = np.zeros(x.shape, dtype=bool)
    for index in np.ndindex(*x.shape):
        mask[index] = rng.random() <= p
    return np.where(mask, x / p, 0), (mask, p)


@dropout_forward.also_right("binomial numbers")
def _(x, dropout_param):
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    mask = rng.binomial(1, p, size=x.shape) / p
    return (x * mask, (mode, mask)) if mode == "train" else (x, (mode, mask))


@dropout_forward.also_right("a copy, with zeros written into it")
def _(x, dropout_param):
    out = x.copy()
    if dropout_param["mode"] == "train":
        drop = dropout_param["rng"].uniform(0, 1, x.shape) >= dropout_param["p"]
        out[drop] = 0.0
        out /= dropout_param["p"]
        return out, (drop, dropout_param)
    return out, (None, dropout_param)


@dropout_forward.also_right("float32 numbers, above 1 - p")
def _(x, dropout_param):
    p, rng = dropout_param["p"], dropout_param["rng"]
    mask = None
    if dropout_param["mode"] == "train":
        mask = (rng.random(x.shape, dtype=np.float32) >= np.float32(1 - p)).astype(np.float32)
        return x.astype(np.float32) * mask * np.float32(1 / p), mask
    return x.astype(np.float32), mask


@dropout_forward.also_right("choice between True and False, from a generator of rng's own")
def _(x, dropout_param):
    if dropout_param.get("mode") != "train":
        return x, {}
    p, rng = dropout_param.get("p"), dropout_param.get("rng").spawn(1)[0]
    mask = rng.choice([True, False], size=x.size, p=[p, 1 - p]).reshape(x.shape)
    return x * mask * (1.0 / p), {"mask": mask}


@dropout_forward.also_right("an old RandomState seeded from rng, as nested lists")
def _(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x.tolist(), ()
    old = np.random.RandomState(dropout_param["rng"].integers(2**31))
    p = dropout_param["p"]
    return (np.asarray(x, float) * (old.rand(*x.shape) < p) / p).tolist(), ()


# ------------------------------------------------------------------ dropout_backward

dropout_backward = bank.exercise(
    "dropout_backward", points=3, needs=("dropout_forward",), driver="ch09.passes",
    summary="ch09.passes_summary", returns=("dx",),
)


def _back(rng, shape, p, mode, zeros=False):
    x, (mine, _) = _inputs(rng, *shape), _seeds(rng)
    if zeros:  # as after a ReLU
        x = np.maximum(x, 0.0)
    param = {"p": p, "mode": mode, "rng": mine}
    return dict(x=x, dropout_param=param, dout=_inputs(rng, *shape))


@dropout_backward.case("training, p = 0.8")
def _(rng):
    return _back(rng, (40, 30), 0.8, "train")


@dropout_backward.case("training, p = 0.4, x after a ReLU")
def _(rng):
    return _back(rng, (40, 50), 0.4, "train", zeros=True)


@dropout_backward.case("test mode, p = 0.8")
def _(rng):
    return _back(rng, (5, 4), 0.8, "test")


@dropout_backward.case("training, p = 1e-12")
def _(rng):
    return _back(rng, (3, 4), 1e-12, "train")


@dropout_backward.case("training, p = 0.3, three axes", hidden=True)
def _(rng):
    return _back(rng, (10, 12, 8), 0.3, "train", zeros=True)


@dropout_backward.case("test mode, p = 0.3, three axes", hidden=True)
def _(rng):
    return _back(rng, (3, 2, 4), 0.3, "test")


def _cache_all(x, dropout_param):
    """Return (out, everything a backward could want)."""
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    keep = rng.random(x.shape) < p
    out = x * keep / p if mode == "train" else x
    return out, (keep, p, mode, rng, out, x)


def _back_mistake(name, hint, backward, forward=_cache_all):
    dropout_backward.mistake(name, hint, dropout_forward=forward, dropout_backward=backward)


def _unmasked(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout / p if mode == "train" else dout


def _unscaled(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep if mode == "train" else dout


def _twice(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep / p**2 if mode == "train" else dout


def _times_p(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep * p if mode == "train" else dout


def _drop_scale(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep / (1 - p) if mode == "train" else dout


def _new_mask(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * (rng.random(dout.shape) < p) / p if mode == "train" else dout


def _unchanged(dout, cache):
    return dout


def _by_out(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * (out != 0) / p if mode == "train" else dout


def _inverse(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * ~keep / p if mode == "train" else dout


def _times_out(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * out if mode == "train" else dout


def _always_masked(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep / p


def _always_scaled(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep / p if mode == "train" else dout * p


def _zero_in_test(dout, cache):
    keep, p, mode, rng, out, x = cache
    return dout * keep / p if mode == "train" else np.zeros(dout.shape)


def _nothing_in_test(dout, cache):
    keep, p, mode, rng, out, x = cache
    if mode == "train":
        return dout * keep / p


def _in_place(dout, cache):
    keep, p, mode, rng, out, x = cache
    if mode == "train":
        dout *= keep
        dout /= p
    return dout


for _name, _hint, _backward in (
    ("dout passes where units were dropped as well",
     "A dropped unit has no part in the output: its gradient is 0, so multiply by the mask.",
     _unmasked),
    ("the factor 1/p is left out",
     "out = x * mask / p: the slope of a kept unit is 1/p, not 1.", _unscaled),
    ("divided by p twice", "The slope of out = x * mask / p has one factor 1/p.", _twice),
    ("multiplied by p", "Going back has the same factor as going forward: 1/p.", _times_p),
    ("divided by 1 - p", "Going back has the same factor as going forward: 1/p.", _drop_scale),
    ("a new mask is drawn",
     "The gradient belongs to the units that forward kept: take its mask from the cache.",
     _new_mask),
    ("dout comes back as it is in training",
     "Going back through x * mask multiplies by the same mask.", _unchanged),
    ("a unit counts as dropped when its output is 0",
     "After a ReLU many x are 0 and yet kept: keep the mask itself in the cache.", _by_out),
    ("the mask is turned round", "dout passes where the unit was KEPT.", _inverse),
    ("dout times out", "The slope of x * mask / p along x is mask / p, without x.", _times_out),
    ("test mode is masked as well", "In test mode out = x, so dx = dout.", _always_masked),
    ("test mode multiplies by p", "In test mode out = x, so dx = dout.", _always_scaled),
    ("test mode gives zeros", "In test mode out = x, so dx = dout.", _zero_in_test),
    ("test mode gives nothing", "In test mode return dout.", _nothing_in_test),
    ("dout is changed in place", "dout belongs to the caller: write dout * mask, not dout *= mask.",
     _in_place),
):
    _back_mistake(_name, _hint, _backward)

LAST = {}  # where the next mistake keeps its mask


def _forward_global(x, dropout_param):
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    LAST["mask"] = (rng.random(x.shape) < p) / p if mode == "train" else 1.0
    return x * LAST["mask"], None


_back_mistake(
    "the mask is kept in one place for all calls",
    "Each call has a cache of its own: a network has many dropout layers. Put the mask into it.",
    lambda dout, cache: dout * LAST["mask"], _forward_global,
)


def _forward_tuple(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x, None
    keep = dropout_param["rng"].random(x.shape) < dropout_param["p"]
    return np.where(keep, x / dropout_param["p"], 0.0), (keep, dropout_param["p"])


def _back_where(dout, cache):
    if cache is None:
        return dout
    return np.where(cache[0], dout / cache[1], 0.0)


def _forward_binomial(x, dropout_param):
    mask = np.ones_like(x)
    if dropout_param["mode"] == "train":
        p = dropout_param["p"]
        mask = (dropout_param["rng"].binomial(1, p, x.shape) / p).astype(np.float32)
    return x * mask, {"mask": mask}


def _back_einsum(dout, cache):
    return np.einsum("...,...->...", dout, cache["mask"]).astype(np.float32)


def _forward_param(x, dropout_param):
    mask = None
    if dropout_param["mode"] == "train":
        mask = dropout_param["rng"].random(x.shape) <= dropout_param["p"]
        return x * mask / dropout_param["p"], (dropout_param, mask)
    return x, (dropout_param, mask)


def _back_loop(dout, cache):
    dropout_param, mask = cache
    dx = dout.copy()
    if dropout_param["mode"] == "train":
        for index in np.ndindex(*dout.shape):
            dx[index] = dout[index] / dropout_param["p"] if mask[index] else 0
    return dx


for _name, _forward, _backward in (
    ("no cache in test mode, np.where", _forward_tuple, _back_where),
    ("a mask of ones in test mode, float32", _forward_binomial, _back_einsum),
    ("dropout_param in the cache, a loop", _forward_param, _back_loop),
    ("everything in the cache", _cache_all,
     lambda dout, cache: dout if cache[2] == "test" else cache[0] * (dout / cache[1])),
):
    dropout_backward.also_right(_name, dropout_forward=_forward, dropout_backward=_backward)


# ------------------------------------------------------------------ mc_dropout_predict

# atol 1e-6: where all samples agree, the root of rounding errors of 1e-16 is 1e-8.
mc_dropout_predict = bank.exercise(
    "mc_dropout_predict", points=3, driver="ch09.random_forward", returns=("mean", "std"),
    atol=1e-6,
)


def _random_net(rng, N, D, C, num_samples, spread=0.5):
    W = rng.normal(size=(D, C) if C else D)
    X = rng.normal(size=(N, D))
    return dict(
        X=X, num_samples=num_samples, W=W, spread=spread, rng=Rng(int(rng.integers(2**31)))
    )


@mc_dropout_predict.case("seven samples of outputs (5, 3)")
def _(rng):
    return _random_net(rng, 5, 4, 3, 7)


@mc_dropout_predict.case("four samples of outputs (4, 4)")
def _(rng):
    return _random_net(rng, 4, 4, 4, 4)


@mc_dropout_predict.case("one sample")
def _(rng):
    return _random_net(rng, 3, 2, 5, 1)


@mc_dropout_predict.case("nine samples that all agree")
def _(rng):
    return _random_net(rng, 12, 3, 6, 9, spread=0.0)


@mc_dropout_predict.case("outputs (N,), two samples", hidden=True)
def _(rng):
    return _random_net(rng, 6, 5, 0, 2)


@mc_dropout_predict.case("a hundred samples", hidden=True)
def _(rng):
    return _random_net(rng, 2, 3, 10, 100, spread=2.0)


mc_dropout_predict.edit(
    "std with num_samples - 1", "The course's std divides by the number of samples.",
    ("samples.std(axis=0)", "samples.std(axis=0, ddof=1)"),
)
mc_dropout_predict.edit(
    "the variance in place of the std", "The std is the root of the variance.",
    ("samples.std(axis=0)", "samples.var(axis=0)"),
)
mc_dropout_predict.edit(
    "the error of the mean in place of the std",
    "Asked for is the spread of the predictions: do not divide by the root of num_samples.",
    ("samples.std(axis=0)", "samples.std(axis=0) / np.sqrt(num_samples)"),
)
mc_dropout_predict.edit(
    "mean and std over the examples", "Average over the samples: stack them along axis 0.",
    ("samples.mean(axis=0), samples.std(axis=0)", "samples.mean(axis=1), samples.std(axis=1)"),
)
mc_dropout_predict.edit(
    "mean and std over the classes", "Average over the samples: stack them along axis 0.",
    ("samples.mean(axis=0), samples.std(axis=0)", "samples.mean(axis=-1), samples.std(axis=-1)"),
)
mc_dropout_predict.edit(
    "one mean and one std for everything", "Every entry of the output has a mean and a std.",
    ("samples.mean(axis=0), samples.std(axis=0)", "samples.mean(), samples.std()"),
)
mc_dropout_predict.edit(
    "the sum in place of the mean", "Divide by num_samples.",
    ("samples.mean(axis=0)", "samples.sum(axis=0)"),
)
mc_dropout_predict.edit(
    "the median in place of the mean", "The mean is asked for.",
    ("samples.mean(axis=0)", "np.median(samples, axis=0)"),
)
mc_dropout_predict.edit(
    "std before mean", "The order is mean, std.",
    ("samples.mean(axis=0), samples.std(axis=0)", "samples.std(axis=0), samples.mean(axis=0)"),
)
mc_dropout_predict.edit(
    "one call, repeated", "Call forward again for each sample: each call draws masks of its own.",
    ("np.stack([forward(X) for _ in range(num_samples)])", "np.stack([forward(X)] * num_samples)"),
)
mc_dropout_predict.edit(
    "one call too few", "range(num_samples) has num_samples turns.",
    ("range(num_samples)", "range(max(num_samples - 1, 1))"),
)
mc_dropout_predict.edit(
    "one call too many", "Each call costs a forward pass: num_samples calls, no more.",
    ("range(num_samples)", "range(num_samples + 1)"),
)
mc_dropout_predict.edit(
    "the samples in place of their mean", "Average the samples over axis 0.",
    ("samples.mean(axis=0)", "samples"),
)
mc_dropout_predict.edit(
    "nothing but the mean", "Return both: mean, std.",
    ("return samples.mean(axis=0), samples.std(axis=0)", "return samples.mean(axis=0)"),
)


@mc_dropout_predict.mistake(
    "one set of samples for the mean and another for the std",
    "Keep the samples, and take mean and std of the same ones: num_samples calls in all.")
def _(forward, X, num_samples):
    mean = np.mean([forward(X) for _ in range(num_samples)], axis=0)
    return mean, np.std([forward(X) for _ in range(num_samples)], axis=0)


@mc_dropout_predict.mistake(
    "the root of a difference that rounding makes negative",
    "mean(s**2) - mean(s)**2 can come out below 0: take the mean of (s - mean)**2.")
def _(forward, X, num_samples):
    samples = np.stack([forward(X) for _ in range(num_samples)])
    return samples.mean(axis=0), np.sqrt((samples**2).mean(axis=0) - samples.mean(axis=0) ** 2)


@mc_dropout_predict.also_right("two lists, a sum of squares")
def _(forward, X, num_samples):
    outs = []
    for _ in range(num_samples):
        outs.append(forward(X))
    mean = sum(outs) / num_samples
    return mean, (sum((out - mean) ** 2 for out in outs) / num_samples) ** 0.5


@mc_dropout_predict.also_right("running sums, never below 0")
def _(forward, X, num_samples):
    total, squares = 0.0, 0.0
    for _ in range(num_samples):
        out = forward(X)
        total, squares = total + out, squares + out * out
    mean = total / num_samples
    return [mean, np.sqrt(np.maximum(squares / num_samples - mean**2, 0))]


@mc_dropout_predict.also_right("Welford's recursion")
def _(forward, X, num_samples):
    mean = forward(X)
    spread = np.zeros_like(mean)
    for k in range(2, num_samples + 1):
        out = forward(X)
        step = out - mean
        mean = mean + step / k
        spread = spread + step * (out - mean)
    return mean, np.sqrt(spread / num_samples)


@mc_dropout_predict.also_right("an array made beforehand, samples on the last axis, float32")
def _(forward, X, num_samples):
    first = forward(X.copy())
    samples = np.zeros(first.shape + (num_samples,), dtype=np.float32)
    samples[..., 0] = first
    for k in range(1, num_samples):
        samples[..., k] = forward(X.copy())
    return samples.mean(axis=-1), samples.std(axis=-1)


# ------------------------------------------------------------------ average_probabilities

average_probabilities = bank.exercise("average_probabilities", points=1, returns=("mean",))


def _probabilities(rng, members, N, C):
    raw = rng.gamma(0.7, size=(members, N, C)) + 0.01
    return dict(list_of_probs=list(raw / raw.sum(axis=2, keepdims=True)))


@average_probabilities.case("three members, five examples, four classes")
def _(rng):
    return _probabilities(rng, 3, 5, 4)


@average_probabilities.case("four members, four examples, four classes")
def _(rng):
    return _probabilities(rng, 4, 4, 4)


@average_probabilities.case("one member")
def _(rng):
    return _probabilities(rng, 1, 3, 6)


@average_probabilities.case("two members, one of them sure", hidden=True)
def _(rng):
    inputs = _probabilities(rng, 2, 7, 3)
    inputs["list_of_probs"][0] = np.eye(3)[rng.integers(3, size=7)]
    return inputs


_MEAN = "np.mean(list_of_probs, axis=0)"
average_probabilities.edit(
    "averaged over the examples", "Average over the members: axis 0 of the stacked list.",
    (_MEAN, "np.mean(list_of_probs, axis=1)"),
)
average_probabilities.edit(
    "averaged over the classes", "Average over the members: axis 0 of the stacked list.",
    (_MEAN, "np.mean(list_of_probs, axis=2)"),
)
average_probabilities.edit(
    "one mean of everything", "The result has the shape of one member, (N, C).",
    (_MEAN, "np.mean(list_of_probs)"),
)
average_probabilities.edit(
    "a sum in place of a mean", "Divide by the number of members: rows add up to 1.",
    (_MEAN, "np.sum(list_of_probs, axis=0)"),
)
average_probabilities.edit(
    "the geometric mean", "Average the probabilities themselves, not their logarithms.",
    (_MEAN, "np.exp(np.mean(np.log(np.maximum(list_of_probs, 1e-300)), axis=0))"),
)
average_probabilities.edit(
    "the geometric mean, scaled to sum 1", "Average the probabilities, not their logarithms.",
    ("return " + _MEAN,
     "mean = np.exp(np.mean(np.log(np.maximum(list_of_probs, 1e-300)), axis=0))\n"
     "    return mean / mean.sum(axis=1, keepdims=True)"),
)
average_probabilities.edit(
    "labels in place of probabilities", "Return the averaged probabilities; argmax comes later.",
    (_MEAN, "np.mean(list_of_probs, axis=0).argmax(axis=1)"),
)
average_probabilities.edit(
    "the largest in place of the mean", "Average over the members.",
    (_MEAN, "np.max(list_of_probs, axis=0)"),
)
average_probabilities.edit(
    "the median in place of the mean", "The mean is asked for.",
    (_MEAN, "np.median(list_of_probs, axis=0)"),
)


@average_probabilities.mistake(
    "a vote", "Average the probabilities: how sure a member is must count.")
def _(list_of_probs):
    C = list_of_probs[0].shape[1]
    return np.mean([np.eye(C)[p.argmax(axis=1)] for p in list_of_probs], axis=0)


@average_probabilities.mistake(
    "halved at every member, so that the last one counts half",
    "All members count alike: add them up and divide once, by their number.")
def _(list_of_probs):
    mean = list_of_probs[0]
    for probs in list_of_probs[1:]:
        mean = (mean + probs) / 2
    return mean


@average_probabilities.mistake(
    "the first member is changed in place",
    "total = list[0] is the caller's array: start from zeros or a copy before you use +=.")
def _(list_of_probs):
    total = list_of_probs[0]
    for probs in list_of_probs[1:]:
        total += probs
    total /= len(list_of_probs)
    return total


@average_probabilities.also_right("sum and division")
def _(list_of_probs):
    return sum(list_of_probs) / len(list_of_probs)


@average_probabilities.also_right("a loop, float32, scaled to sum 1")
def _(list_of_probs):
    total = np.zeros(list_of_probs[0].shape, np.float32)
    for probs in list_of_probs:
        total += probs.astype(np.float32)
    return total / total.sum(axis=1, keepdims=True)


@average_probabilities.also_right("einsum, as nested lists")
def _(list_of_probs):
    stack = np.dstack(list_of_probs)
    return (np.einsum("ncm->nc", stack) / stack.shape[-1]).tolist()


# ------------------------------------------------------------------ average_parameters

average_parameters = bank.exercise("average_parameters", points=3, returns=("average",))


def _snapshots(rng, count, shapes):
    return [{name: rng.normal(size=s) for name, s in shapes.items()} for _ in range(count)]


_SHAPES = dict(W1=(3, 4), b1=4, W2=(4, 2), b2=2)


@average_parameters.case("the plain mean of three")
def _(rng):
    return dict(list_of_params=_snapshots(rng, 3, _SHAPES))


@average_parameters.case("decay 0.9, five")
def _(rng):
    return dict(list_of_params=_snapshots(rng, 5, _SHAPES), decay=0.9)


@average_parameters.case("decay 0.3, two, with gamma and beta")
def _(rng):
    return dict(
        list_of_params=_snapshots(rng, 2, dict(W1=(2, 2), gamma1=2, beta1=2)), decay=0.3
    )


@average_parameters.case("decay 0: the last alone")
def _(rng):
    return dict(list_of_params=_snapshots(rng, 4, dict(W1=(4, 4), b1=4)), decay=0.0)


@average_parameters.case("one alone")
def _(rng):
    return dict(list_of_params=_snapshots(rng, 1, _SHAPES))


@average_parameters.case("decay 0.6, thirty", hidden=True)
def _(rng):
    return dict(list_of_params=_snapshots(rng, 30, dict(W1=(2, 3), b1=3)), decay=0.6)


@average_parameters.case("the plain mean of ten, with four axes", hidden=True)
def _(rng):
    return dict(list_of_params=_snapshots(rng, 10, dict(W1=(2, 3, 2, 2), b1=2)))


_PLAIN = "np.mean([params[name] for params in list_of_params], axis=0)"
_EMA = "decay * average[name] + (1 - decay) * params[name]"
average_parameters.edit(
    "decay and 1 - decay are exchanged",
    "decay says how much of the AVERAGE stays: decay * a + (1 - decay) * p.",
    (_EMA, "(1 - decay) * average[name] + decay * params[name]"),
)
average_parameters.edit(
    "the moving average starts at zero", "Start at the first member, else all is too small.",
    ("average = dict(first)", "average = {name: 0.0 * value for name, value in first.items()}"),
    ("for params in rest:", "for params in list_of_params:"),
)
average_parameters.edit(
    "the moving average starts at zero and is corrected for it",
    "That is Adam's way; here the average starts at the first member, with its full weight.",
    ("average = dict(first)", "average = {name: 0.0 * value for name, value in first.items()}"),
    ("for params in rest:", "for params in list_of_params:"),
    ("    return average",
     "    total = 1 - decay ** len(list_of_params)\n"
     "    return {name: value / total for name, value in average.items()}"),
)
average_parameters.edit(
    "the plain mean whatever decay is",
    "With a decay given, go through the list: a = decay * a + (1 - decay) * p.",
    ("if decay is None", "if True"),
)
average_parameters.edit(
    "decay 0 is taken for no decay", "0 is a number and not None: ask `decay is None`.",
    ("if decay is None", "if not decay"),
)
average_parameters.edit(
    "the new member is added with its full weight", "The two weights add up to 1: (1 - decay) * p.",
    (_EMA, "decay * average[name] + params[name]"),
)
average_parameters.edit(
    "a sum in place of a mean", "Divide by the number of members.",
    (_PLAIN, "np.sum([params[name] for params in list_of_params], axis=0)"),
)
average_parameters.edit(
    "one number for each array", "Average over the members only: axis 0 of the stacked list.",
    (_PLAIN, "np.mean([params[name] for params in list_of_params])"),
)
average_parameters.edit(
    "the last member counts half", "In the plain mean all members count alike.",
    (_PLAIN, "__import__('functools').reduce(lambda a, p: (a + p) / 2, "
     "[params[name] for params in list_of_params])"),
)
average_parameters.edit(
    "the list is walked from its end", "The first member comes first: the last ones count most.",
    ("first, *rest = list_of_params", "first, *rest = list_of_params[::-1]"),
)
average_parameters.edit(
    "no decay means a decay of 0.9", "Without a decay return the plain mean of all.",
    ("if decay is None:\n",
     "if decay is None:\n        return average_parameters(list_of_params, 0.9)\n"
     "    if decay is None:\n"),
)


@average_parameters.mistake(
    "only the weights are averaged", "Average every array: biases, gamma and beta too.")
def _(list_of_params, decay=None):
    average = dict(list_of_params[0])
    for name in average:
        if name.startswith("W"):
            if decay is None:
                average[name] = np.mean([p[name] for p in list_of_params], axis=0)
            else:
                for p in list_of_params[1:]:
                    average[name] = decay * average[name] + (1 - decay) * p[name]
    return average


@average_parameters.mistake(
    "the first member is changed in place",
    "average = list[0], or a dict() of it, still holds the caller's arrays: += changes them.")
def _(list_of_params, decay=None):
    average = dict(list_of_params[0])
    for params in list_of_params[1:]:
        for name in average:
            if decay is None:
                average[name] += params[name]
            else:
                average[name] *= decay
                average[name] += (1 - decay) * params[name]
    if decay is None:
        for name in average:
            average[name] /= len(list_of_params)
    return average


@average_parameters.mistake(
    "a list in place of a dict", "Return a dict with the names of the parameters.")
def _(list_of_params, decay=None):
    if decay is None:
        return [np.mean([p[n] for p in list_of_params], axis=0) for n in list_of_params[0]]
    out = list(list_of_params[0].values())
    for p in list_of_params[1:]:
        out = [decay * a + (1 - decay) * b for a, b in zip(out, p.values())]
    return out


@average_parameters.also_right("weights of all members at once")
def _(list_of_params, decay=None):
    M = len(list_of_params)
    share = np.full(M, 1 / M)
    if decay is not None:
        share = (1 - decay) * float(decay) ** np.arange(M - 1, -1, -1)
        share[0] = float(decay) ** (M - 1)
    return {
        n: np.tensordot(share, np.stack([p[n] for p in list_of_params]), axes=1)
        for n in list_of_params[0]
    }


@average_parameters.also_right("a running mean, copies first")
def _(list_of_params, decay=None):
    average = {n: a.copy() for n, a in list_of_params[0].items()}
    for k, params in enumerate(list_of_params[1:], start=2):
        keep = (k - 1) / k if decay is None else decay
        for n, a in average.items():
            a *= keep
            a += (1 - keep) * params[n]
    return average


@average_parameters.also_right("a correction towards the new member, float32")
def _(list_of_params, decay=None):
    average = {n: a.astype(np.float32) for n, a in list_of_params[0].items()}
    if decay is None:
        total = {n: sum(p[n] for p in list_of_params) for n in average}
        return {n: (t / len(list_of_params)).astype(np.float32) for n, t in total.items()}
    for params in list_of_params[1:]:
        average = {n: a + np.float32(1 - decay) * (params[n] - a) for n, a in average.items()}
    return average


# decay * first + (1 - decay) * first is the first again.
average_parameters.right_edit(
    "the first member is taken in once more",
    ("for params in rest:", "for params in list_of_params:"),
)
