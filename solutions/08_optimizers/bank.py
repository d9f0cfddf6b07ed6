"""The exercises of chapter 08: cases, known mistakes, other right answers.

Longer than 400 lines because twelve exercises stand here, each with its own wrong answers.

A rule is judged by the points it visits, cold, over two or more steps: what it keeps between steps,
and under which names, is its own. Gradients keep away from 0 (or are 0), parameters are of size 1
and steps of size 0.1, so that a wrong step stands far above the tolerance of 1e-5.
"""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("08_optimizers")


def _w(rng, shape):
    return rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def _dw(rng, shape, count, size=1.0):
    """Return `count` gradients whose entries differ from step to step, none near 0."""
    return [size * _w(rng, shape) for _ in range(count)]


def _walk(rng, shape, count, size=1.0, **config):
    return dict(w=_w(rng, shape), dw=_dw(rng, shape, count, size), config=config)


def _between(rng, low, high):
    """Return a short number that a card can print."""
    return round(float(rng.uniform(low, high)), 2)


def _rate(rng):
    return _between(rng, 0.08, 0.16)


def _common_cases(rule, settings, **few):
    """Add the cases that all rules share.

    Parameters
    ----------
    settings : callable
        `settings(rng)` draws a value for every setting, none of them the default.
    few : dict
        One setting with a value: the others keep their defaults.
    """

    @rule.case("three steps with the default settings")
    def _(rng):
        return _walk(rng, (4, 3), 3, learning_rate=_rate(rng))

    @rule.case("three steps with other settings")
    def _(rng):
        return _walk(rng, (2, 5), 3, learning_rate=_rate(rng), **settings(rng))

    @rule.case("two parameters in turn, each with a config of its own")
    def _(rng):
        w = {name: _w(rng, (3, 2)) for name in ("W1", "W2")}
        dw = [{name: _w(rng, (3, 2)) for name in w} for _ in range(3)]
        return dict(w=w, dw=dw, config=dict(learning_rate=_rate(rng)))

    @rule.case("gradients that are exactly 0")
    def _(rng):
        given = _walk(rng, (3, 4), 4, learning_rate=_rate(rng))
        given["dw"][0][:] = 0.0     # nothing to divide by in the first step
        given["dw"][1][:, 1] = 0.0
        given["dw"][3][:] = 0.0     # what has momentum moves on
        return given

    @rule.case("two parameters with three axes, a dozen steps", hidden=True)
    def _(rng):
        w = {name: _w(rng, (2, 3, 2)) for name in ("first", "second")}
        dw = [{name: _w(rng, (2, 3, 2)) for name in w} for _ in range(12)]
        return dict(w=w, dw=dw, config=dict(learning_rate=_rate(rng) / 3) | few)

    @rule.case("a single number in a vector, two steps", hidden=True)
    def _(rng):
        return _walk(rng, (1,), 2, learning_rate=_rate(rng), **settings(rng))


def _tiny_gradients(rule):
    """Add the case in which epsilon's size and place decide the step."""

    @rule.case("gradients near 1e-8, where epsilon counts")
    def _(rng):
        return _walk(rng, (5,), 3, 1e-8, learning_rate=_rate(rng))


def _common_mistakes(rule, w):
    """Add what goes wrong with any rule: sign, return value, arguments changed in place.

    `w` is the text after "return " in the reference, which holds next_w.
    """
    rule.edit(
        "w is changed in place",
        "w -= ... or w += ... writes into the caller's array: make a new one for next_w.",
        (f"    return {w}, config", f"    w += {w} - w\n    return w, config"),
    )
    rule.edit(
        "config is not returned", "Return the pair (next_w, config), in this order.",
        (f"    return {w}, config", f"    return {w}"),
    )
    rule.edit(
        "config is returned before next_w", "Return the pair (next_w, config), in this order.",
        (f"    return {w}, config", f"    return config, {w}"),
    )
    rule.edit(
        "None comes back in the place of config",
        "config.update(...) changes the dict and returns None: return config on its own.",
        (f"    return {w}, config", f"    return {w}, config.update(done=True)"),
    )
    rule.edit(
        "the config that comes back has lost the settings",
        "The next step needs learning_rate and the like again: return the whole config.",
        (f"    return {w}, config",
         f"    kept = {{k: config[k] for k in config if k in 'velocity cache m v t'.split()}}\n"
         f"    return {w}, kept"),
    )


# -------------------------------------------------------------------------------------------- sgd

sgd = bank.exercise("sgd", points=1, driver="ch08.steps")


@sgd.case("two steps")
def _(rng):
    return _walk(rng, (4, 3), 2, learning_rate=_rate(rng))


@sgd.case("an empty config: the default learning rate")
def _(rng):
    return _walk(rng, (5,), 2)


@sgd.case("two parameters in turn, each with a config of its own")
def _(rng):
    w = {"W1": _w(rng, (3, 2)), "b1": _w(rng, (2,))}
    dw = [{name: _w(rng, value.shape) for name, value in w.items()} for _ in range(2)]
    return dict(w=w, dw=dw, config=dict(learning_rate=_rate(rng)))


@sgd.case("gradients that are exactly 0")
def _(rng):
    given = _walk(rng, (3, 4), 2, learning_rate=_rate(rng))
    given["dw"][0][:] = 0.0
    given["dw"][1][:, 2] = 0.0
    return given


@sgd.case("three axes, three steps", hidden=True)
def _(rng):
    return _walk(rng, (2, 3, 2), 3, learning_rate=_rate(rng) / 3)


_common_mistakes(sgd, "w - learning_rate * dw")
sgd.edit(
    "the step goes uphill", "The gradient points uphill: subtract it.",
    ("w - learning_rate * dw", "w + learning_rate * dw"),
)
sgd.edit(
    "the default learning rate is 1e-3", "Without an entry in config the learning rate is 1e-2.",
    ('e", 1e-2)', 'e", 1e-3)'),
)
sgd.edit(
    "the default learning rate is 0.1", "Without an entry in config the learning rate is 1e-2.",
    ('e", 1e-2)', 'e", 0.1)'),
)
sgd.edit(
    "there is no default learning rate",
    'config may be empty: config.get("learning_rate", ...) knows what to do then.',
    ('config.get("learning_rate", 1e-2)', 'config["learning_rate"]'),
)
sgd.edit(
    "the learning rate in config is not used", "1e-2 is only the default; config comes first.",
    ('config.get("learning_rate", 1e-2)', "1e-2"),
)
sgd.edit(
    "the gradient is scaled to length 1",
    "A flat place must give a small step: use the gradient as it is, length included.",
    ("    return w", "    dw = dw / np.linalg.norm(dw)\n    return w"),
)
sgd.edit(
    "only the sign of the gradient is used",
    "The step is proportional to the gradient, not to its sign.",
    ("    return w", "    dw = np.sign(dw)\n    return w"),
)
sgd.edit(
    "dw is changed in place", "dw *= ... writes into the caller's array: write learning_rate * dw.",
    ("    return w", "    dw *= learning_rate\n    learning_rate = 1.0\n    return w"),
)
sgd.edit(
    "the step alone is returned", "next_w is the new place, w and the step together.",
    ("w - learning_rate * dw", "-learning_rate * dw"),
)


@sgd.also_right("entry by entry, with a copy of config")
def _(w, dw, config):
    config = {"learning_rate": 1e-2} | config
    next_w = np.empty(w.shape)
    for index in np.ndindex(w.shape):
        next_w[index] = w[index] - config["learning_rate"] * dw[index]
    return next_w, config


@sgd.also_right("setdefault, in float32")
def _(w, dw, config):
    config.setdefault("learning_rate", 1e-2)
    lr = np.float32(config["learning_rate"])
    return w.astype(np.float32) - lr * dw.astype(np.float32), config


@sgd.also_right("a copy changed in place, a list returned")
def _(w, dw, config):
    next_w = w.copy()
    next_w -= config.get("learning_rate", 0.01) * dw
    return [next_w, dict(config)]


@sgd.also_right("another config with the learning rate alone")
def _(w, dw, config):
    lr = config["learning_rate"] if "learning_rate" in config else 0.01
    return np.subtract(w, np.multiply(lr, dw)), dict(learning_rate=lr)


# --------------------------------------------------------------------------------------- momentum

momentum = bank.exercise("momentum", points=2, driver="ch08.steps")
_common_cases(
    momentum, lambda rng: dict(momentum=_between(rng, 0.4, 0.7)), momentum=0.8
)
_common_mistakes(momentum, "w + v")


def _velocity_mistakes(rule, line):
    """Add what goes wrong with a velocity. `line` computes v in the reference."""
    rule.edit(
        "the velocity is not kept for the next step",
        'Store the new velocity in config["velocity"]; the next call finds it there.',
        ('    config["velocity"] = v\n', ""),
    )
    rule.edit(
        "one velocity is shared by all parameters",
        "What a rule remembers belongs into config, of which every parameter has its own; not into "
        "a global name or a default argument.",
        ("(w, dw, config):", "(w, dw, config, kept={}):"),
        ('config.get("velocity"', 'kept.get(w.shape'),
        ('config["velocity"] = v', "kept[w.shape] = v"),
    )
    rule.edit(
        "one velocity is shared by all parameters, of whatever shape",
        "What a rule remembers belongs into config, of which every parameter has its own; not into "
        "a global name or a default argument.",
        ("(w, dw, config):", "(w, dw, config, kept={}):"),
        ('config.get("velocity"', 'kept.get("velocity"'),
        ('config["velocity"] = v', 'kept["velocity"] = v'),
    )
    rule.edit(
        "the momentum in config is not used", "0.9 is only the default; config comes first.",
        ('config.get("momentum", 0.9)', "0.9"),
    )
    rule.edit(
        "the default momentum is 0.99", "Without an entry in config mu is 0.9.",
        ('config.get("momentum", 0.9)', 'config.get("momentum", 0.99)'),
    )
    rule.edit(
        "the default momentum is 0", "Without an entry in config mu is 0.9.",
        ('config.get("momentum", 0.9)', 'config.get("momentum", 0.0)'),
    )
    rule.edit(
        "the step goes uphill",
        "v = mu * v - learning_rate * dw points downhill already, and v is added to w: one minus.",
        (line, line.replace("- learning_rate", "+ learning_rate")),
    )
    rule.edit(
        "the learning rate is left out of the velocity",
        "The gradient enters the velocity times the learning rate.",
        (line, line.replace("learning_rate * dw", "dw")),
    )
    rule.edit(
        "the gradient enters the velocity times (1 - mu)",
        "That makes an average; here v = mu * v - learning_rate * dw, with the gradient in full.",
        (line, line.replace("- learning_rate", "- (1 - mu) * learning_rate")),
    )


_velocity_mistakes(momentum, "    v = mu * v - learning_rate * dw\n")
momentum.edit(
    "w moves by the old velocity", "First the new velocity, then w moves by it.",
    ("w + v, config", "w + before, config"), ("    v = mu", "    before = v\n    v = mu"),
)
momentum.edit(
    "w moves by mu times the velocity", "mu acts on the old velocity only; w moves by all of v.",
    ("w + v, config", "w + mu * v, config"),
)
momentum.edit(
    "the gradient counts twice, inside v and beside it",
    "The gradient is in the velocity already: next_w = w + v.",
    ("w + v, config", "w + v - learning_rate * dw, config"),
)
momentum.edit(
    "the step of Nesterov's momentum", "Here w moves by v itself; Nesterov's form comes next.",
    ("w + v, config", "w - learning_rate * dw + mu * v, config"),
)


@momentum.also_right("the velocity in place, in the config that came in")
def _(w, dw, config):
    v = config.setdefault("velocity", np.zeros(w.shape))
    v *= config.get("momentum", 0.9)
    v -= config["learning_rate"] * dw
    return w + v, config


@momentum.also_right("a copy of config, a velocity that counts uphill")
def _(w, dw, config):
    config = dict(config)
    up = config.get("momentum", 0.9) * config.get("velocity", 0) + config["learning_rate"] * dw
    config["velocity"] = up
    return w - up, config


@momentum.also_right("the learning rate outside the velocity, which is the same at a constant rate")
def _(w, dw, config):
    kept = config.get("velocity")
    v = dw if kept is None else config.get("momentum", 0.9) * kept + dw
    return w - config["learning_rate"] * v, {**config, "velocity": v}


@momentum.also_right("entry by entry")
def _(w, dw, config):
    v = np.array(config.get("velocity", np.zeros_like(w)))
    next_w = w.copy()
    for i in np.ndindex(w.shape):
        v[i] = config.get("momentum", 0.9) * v[i] - config["learning_rate"] * dw[i]
        next_w[i] += v[i]
    config.update(velocity=v)
    return next_w, config


@momentum.also_right("float32")
def _(w, dw, config):
    w, dw = w.astype(np.float32), dw.astype(np.float32)
    mu, lr = np.float32(config.get("momentum", 0.9)), np.float32(config["learning_rate"])
    v = mu * config.get("velocity", np.zeros_like(w)) - lr * dw
    config["velocity"] = v
    return w + v, config


# --------------------------------------------------------------------------------------- nesterov

nesterov = bank.exercise("nesterov", points=2.5, driver="ch08.steps")
_common_cases(
    nesterov, lambda rng: dict(momentum=_between(rng, 0.4, 0.7)), momentum=0.8
)
_NESTEROV = "w - mu * v_prev + (1 + mu) * v"
_common_mistakes(nesterov, _NESTEROV)
_velocity_mistakes(nesterov, "    v = mu * v_prev - learning_rate * dw\n")
nesterov.edit(
    "the step of plain momentum (or v_prev was overwritten by the new v)",
    "The step needs the velocity before and after: v_prev must still be the old one when it is "
    "used, and v -= ... or v *= ... changes the array behind both names.",
    (_NESTEROV, "w + v"),
)
nesterov.edit(
    "mu * v_prev is added", "The old look-ahead is taken back: minus mu * v_prev.",
    ("- mu * v_prev +", "+ mu * v_prev +"),
)
nesterov.edit(
    "mu * v_prev is left out", "The step has two parts: -mu * v_prev and (1 + mu) * v.",
    ("- mu * v_prev +", "+"),
)
nesterov.edit(
    "(1 - mu) in the place of (1 + mu)",
    "One v for the step, mu * v for the look-ahead: together (1 + mu) * v.",
    ("(1 + mu)", "(1 - mu)"),
)
nesterov.edit(
    "v_prev and v are exchanged", "The old velocity is taken back, the new one is added.",
    (_NESTEROV, "w - mu * v + (1 + mu) * v_prev"),
)
nesterov.edit(
    "v_prev without its factor mu", "The look-ahead that is taken back was mu * v_prev.",
    ("- mu * v_prev +", "- v_prev +"),
)
nesterov.edit(
    "v without the factor (1 + mu)", "v counts (1 + mu) times: the step, and the new look-ahead.",
    ("(1 + mu) * v", "v"),
)


@nesterov.also_right("shorter algebra: -learning_rate * dw + mu * v")
def _(w, dw, config):
    mu, lr = config.get("momentum", 0.9), config["learning_rate"]
    v = mu * config.get("velocity", 0.0) - lr * dw
    return w - lr * dw + mu * v, {**config, "velocity": v}


@nesterov.also_right("v_prev copied, v in place")
def _(w, dw, config):
    mu = config.get("momentum", 0.9)
    v = config.setdefault("velocity", np.zeros_like(w))
    v_prev = v.copy()
    v *= mu
    v -= config["learning_rate"] * dw
    next_w = np.array(w)
    next_w += -mu * v_prev + (1 + mu) * v
    return next_w, config


@nesterov.also_right("the learning rate outside, which is the same at a constant rate")
def _(w, dw, config):
    config = dict(config)
    mu = config.get("momentum", 0.9)
    buffer = mu * config.get("buffer", np.zeros_like(w)) + dw
    config["buffer"] = buffer
    return w - config["learning_rate"] * (dw + mu * buffer), config


@nesterov.also_right("float32, entry by entry")
def _(w, dw, config):
    mu, lr = config.get("momentum", 0.9), config["learning_rate"]
    old = config.get("velocity", np.zeros(w.shape, np.float32))
    v, next_w = np.zeros(w.shape, np.float32), np.zeros(w.shape, np.float32)
    for i in np.ndindex(w.shape):
        v[i] = mu * old[i] - lr * dw[i]
        next_w[i] = w[i] - mu * old[i] + (1 + mu) * v[i]
    config["velocity"] = v
    return next_w, config


# ----------------------------------------------------------------------- what adaptive rules share


def _scale_mistakes(rule, root, epsilon='config.get("epsilon", 1e-8)'):
    """Add what goes wrong below the line. `root` is the reference's text there."""
    inside = root.removeprefix("np.sqrt(").removesuffix(")")
    rule.edit(
        "epsilon stands inside the root",
        "The root of 1e-8 is 1e-4, ten thousand times as much: add epsilon after the root.",
        (f"({root} + epsilon)", f"np.sqrt({inside} + epsilon)"),
    )
    rule.edit(
        "there is no epsilon", "Where all gradients were 0 this is 0 / 0: add epsilon to the root.",
        (f"({root} + epsilon)", f"{root}"),
    )
    rule.edit(
        "the epsilon in config is not used", "1e-8 is only the default; config comes first.",
        (epsilon, "1e-8"),
    )
    rule.edit(
        "the default epsilon is 1e-7", "Without an entry in config epsilon is 1e-8.",
        (epsilon, epsilon.replace("1e-8", "1e-7")),
    )
    rule.edit(
        "the default epsilon is 1e-10", "Without an entry in config epsilon is 1e-8.",
        (epsilon, epsilon.replace("1e-8", "1e-10")),
    )
    rule.edit(
        "the root is left out",
        "The sum of squares is of the gradient's size squared: take its root before you divide.",
        (f"({root} + epsilon)", f"({inside} + epsilon)"),
    )


def _cache_mistakes(rule):
    """Add what goes wrong with a cache of squared gradients."""
    rule.edit(
        "the cache is not kept for the next step",
        'Store the new cache in config["cache"]; the next call finds it there.',
        ('    config["cache"] = cache\n', ""),
    )
    rule.edit(
        "one cache is shared by all parameters",
        "What a rule remembers belongs into config, of which every parameter has its own; not into "
        "a global name or a default argument.",
        ("(w, dw, config):", "(w, dw, config, kept={}):"),
        ('config.get("cache"', "kept.get(w.shape"),
        ('config["cache"] = cache', "kept[w.shape] = cache"),
    )
    rule.edit(
        "one cache is shared by all parameters, of whatever shape",
        "What a rule remembers belongs into config, of which every parameter has its own; not into "
        "a global name or a default argument.",
        ("(w, dw, config):", "(w, dw, config, kept={}):"),
        ('config.get("cache"', 'kept.get("cache"'),
        ('config["cache"] = cache', 'kept["cache"] = cache'),
    )
    rule.edit(
        "the cache takes in the gradient without squaring it",
        "Signs must not cancel: the cache collects dw**2.",
        ("dw**2", "dw"),
    )
    rule.edit(
        "the cache takes in the size of the gradient instead of its square",
        "The cache collects dw**2, and the root undoes the square later.",
        ("dw**2", "np.abs(dw)"),
    )
    rule.edit(
        "one number for the whole array, the sum of all squares",
        "Every entry of w has its own cache: square entry by entry, without a sum.",
        ("dw**2", "np.sum(dw**2)"),
    )
    rule.edit(
        "the step goes uphill", "The gradient points uphill: subtract the step.",
        ("return w - learning_rate", "return w + learning_rate"),
    )
    rule.edit(
        "the gradient is left out of the step",
        "The root only scales the step; above the line stands learning_rate * dw.",
        ("learning_rate * dw / (", "learning_rate / ("),
    )


# ---------------------------------------------------------------------------------------- adagrad

adagrad = bank.exercise("adagrad", points=2, driver="ch08.steps")
_common_cases(
    adagrad, lambda rng: dict(epsilon=_between(rng, 0.2, 0.6)), epsilon=0.3
)
_tiny_gradients(adagrad)
_ADAGRAD = "w - learning_rate * dw / (np.sqrt(cache) + epsilon)"
_common_mistakes(adagrad, _ADAGRAD)
_scale_mistakes(adagrad, "np.sqrt(cache)")
_cache_mistakes(adagrad)
adagrad.edit(
    "the root of the cache is what is kept",
    "Keep the sum of squares itself; its root is taken anew in every step.",
    ('config["cache"] = cache', 'config["cache"] = np.sqrt(cache)'),
)
adagrad.edit(
    "the step is scaled by the cache of the step before",
    "First take the new gradient into the cache, then divide by its root.",
    ("(np.sqrt(cache)", "(np.sqrt(cache - dw * dw)"),
)
adagrad.edit(
    "a moving average in the place of the sum", "Adagrad adds up all squares; the average is next.",
    ('config.get("cache", np.zeros_like(w)) + dw**2',
     '0.99 * config.get("cache", np.zeros_like(w)) + 0.01 * dw**2'),
)


@adagrad.also_right("the cache in place")
def _(w, dw, config):
    cache = config.setdefault("cache", np.zeros(w.shape))
    cache += np.square(dw)
    step = config["learning_rate"] / (cache**0.5 + config.get("epsilon", 1e-8))
    return w - step * dw, config


@adagrad.also_right("all gradients kept in a list, in a copy of config")
def _(w, dw, config):
    seen = [*config.get("seen", []), dw.copy()]
    size = np.linalg.norm(np.stack(seen), axis=0)
    scaled = dw / (size + config.get("epsilon", 1e-8))
    return w - config["learning_rate"] * scaled, {**config, "seen": seen}


@adagrad.also_right("entry by entry")
def _(w, dw, config):
    cache = np.array(config.get("cache", np.zeros_like(w)))
    next_w = w.copy()
    for i in np.ndindex(w.shape):
        cache[i] += dw[i] ** 2
        size = cache[i] ** 0.5 + config.get("epsilon", 1e-8)
        next_w[i] -= config["learning_rate"] * dw[i] / size
    config["cache"] = cache
    return next_w, config


@adagrad.also_right("float32")
def _(w, dw, config):
    w, dw = w.astype(np.float32), dw.astype(np.float32)
    config["cache"] = config.get("cache", np.float32(0)) + dw * dw
    size = np.sqrt(config["cache"]) + np.float32(config.get("epsilon", 1e-8))
    return w - np.float32(config["learning_rate"]) * dw / size, config


# ---------------------------------------------------------------------------------------- rmsprop

rmsprop = bank.exercise("rmsprop", points=2, driver="ch08.steps")
_common_cases(
    rmsprop,
    lambda rng: dict(
        decay_rate=_between(rng, 0.6, 0.8),
        epsilon=_between(rng, 0.2, 0.6),
    ),
    decay_rate=0.9,
)
_tiny_gradients(rmsprop)
_RMSPROP = "w - learning_rate * dw / (np.sqrt(cache) + epsilon)"
_AVERAGE = "decay_rate * cache + (1 - decay_rate) * dw**2"
_common_mistakes(rmsprop, _RMSPROP)
_scale_mistakes(rmsprop, "np.sqrt(cache)")
_cache_mistakes(rmsprop)
rmsprop.edit(
    "decay_rate and 1 - decay_rate are exchanged",
    "The old cache weighs decay_rate (most of it), the new square 1 - decay_rate.",
    (_AVERAGE, "(1 - decay_rate) * cache + decay_rate * dw**2"),
)
rmsprop.edit(
    "the new square enters in full",
    "The two weights of an average add up to 1: decay_rate and 1 - decay_rate.",
    (_AVERAGE, "decay_rate * cache + dw**2"),
)
rmsprop.edit(
    "the squares are added up, as in Adagrad", "The old cache fades: it weighs decay_rate.",
    (_AVERAGE, "cache + dw**2"),
)
rmsprop.edit(
    "the default decay rate is 0.9", "Without an entry in config the decay rate is 0.99.",
    ('"decay_rate", 0.99)', '"decay_rate", 0.9)'),
)
rmsprop.edit(
    "the decay rate in config is not used", "0.99 is only the default; config comes first.",
    ('config.get("decay_rate", 0.99)', "0.99"),
)
rmsprop.edit(
    "the cache starts at the first square", "The cache starts at zeros, so the first is 1 - "
    "decay_rate of the square.",
    ('config.get("cache", np.zeros_like(w))', 'config.get("cache", dw**2.0)'),
)
rmsprop.edit(
    "the step is scaled by the cache of the step before",
    "First take the new gradient into the cache, then divide by its root.",
    ("    config[", "    old = config.get('cache', np.zeros_like(w))\n    config["),
    ("(np.sqrt(cache)", "(np.sqrt(old)"),
)


@rmsprop.also_right("the cache moves towards the new square, in place")
def _(w, dw, config):
    rate = config.get("decay_rate", 0.99)
    cache = config.setdefault("cache", np.zeros_like(w))
    cache += (1 - rate) * (dw * dw - cache)
    step = dw / (np.sqrt(cache) + config.get("epsilon", 1e-8))
    return w - config["learning_rate"] * step, config


@rmsprop.also_right("np.average, a copy of config")
def _(w, dw, config):
    config = {"decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w)} | config
    d = config["decay_rate"]
    config["cache"] = np.average([config["cache"], dw**2], axis=0, weights=[d, 1 - d])
    size = np.sqrt(config["cache"]) + config["epsilon"]
    return w + (-config["learning_rate"] / size) * dw, config


@rmsprop.also_right("entry by entry")
def _(w, dw, config):
    d, cache = config.get("decay_rate", 0.99), np.zeros(w.shape)
    next_w = w.copy()
    for i in np.ndindex(w.shape):
        cache[i] = d * config["cache"][i] if "cache" in config else 0.0
        cache[i] += (1 - d) * dw[i] ** 2
        size = np.sqrt(cache[i]) + config.get("epsilon", 1e-8)
        next_w[i] -= config["learning_rate"] * dw[i] / size
    config["cache"] = cache
    return next_w, config


@rmsprop.also_right("float32")
def _(w, dw, config):
    w, dw = w.astype(np.float32), dw.astype(np.float32)
    d = config.get("decay_rate", 0.99)
    config["cache"] = d * config.get("cache", np.zeros_like(w)) + (1 - d) * dw**2
    return w - config["learning_rate"] * dw / (
        np.sqrt(config["cache"]) + config.get("epsilon", 1e-8)
    ), config


# ------------------------------------------------------------------------------------------- adam

adam = bank.exercise("adam", points=3.5, driver="ch08.steps")
_common_cases(
    adam,
    lambda rng: dict(
        beta1=_between(rng, 0.5, 0.7), beta2=_between(rng, 0.8, 0.9),
        epsilon=_between(rng, 0.2, 0.6),
    ),
    beta1=0.8,
)
_tiny_gradients(adam)
_ADAM = "w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)"
_common_mistakes(adam, _ADAM)
_scale_mistakes(adam, "np.sqrt(v_hat)")
_M = 'beta1 * config.get("m", np.zeros_like(w)) + (1 - beta1) * dw\n'
_V = 'beta2 * config.get("v", np.zeros_like(w)) + (1 - beta2) * dw**2\n'
adam.edit(
    "no bias correction",
    "m and v start at 0 and are too small at first: divide them by 1 - beta**t.",
    ("m / (1 - beta1**t)", "m"), ("v / (1 - beta2**t)", "v"),
)
adam.edit(
    "m is not corrected for its start at 0", "Both averages start at 0; both are corrected.",
    ("m / (1 - beta1**t)", "m"),
)
adam.edit(
    "v is not corrected for its start at 0", "Both averages start at 0; both are corrected.",
    ("v / (1 - beta2**t)", "v"),
)
adam.edit(
    "t is raised after it is used",
    "In the first step t must be 1: with t = 0 the correction divides by 1 - 1 = 0.",
    ('config.get("t", 0) + 1', 'config.get("t", 0)'), ("t=t)", "t=t + 1)"),
)
adam.edit(
    "t stays at 1, so the correction is the same in every step",
    "The correction fades, 1 - beta**t: store the raised t in config.", (", t=t)", ")"),
)
adam.edit(
    "the corrected averages are what is kept",
    "m and v go back into config uncorrected; m_hat and v_hat serve this step only.",
    ("config.update(m=m, v=v, t=t)", "config.update(m=m_hat, v=v_hat, t=t)"),
    ("    m_hat = m / (1 - beta1**t)\n", ""),
    ("    v_hat = v / (1 - beta2**t)\n", ""),
    ("    config.update",
     "    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n    config.update"),
)
adam.edit(
    "m and v are not kept for the next step",
    'Store the averages in config["m"] and config["v"]; the next call finds them there.',
    ("config.update(m=m, v=v, t=t)", "config.update(t=t)"),
)
adam.edit(
    "m, v and t are shared by all parameters",
    "What a rule remembers belongs into config, of which every parameter has its own; not into a "
    "global name or a default argument.",
    ("(w, dw, config):", "(w, dw, config, kept={}):"),
    ('config.get("t", 0)', 'kept.setdefault(w.shape, {}).get("t", 0)'),
    ('config.get("m", np', 'kept[w.shape].get("m", np'),
    ('config.get("v", np', 'kept[w.shape].get("v", np'),
    ("config.update(", "kept[w.shape].update("),
)
adam.edit(
    "t counts the steps of all parameters together",
    "Each parameter counts its own steps, in its own config.",
    ("(w, dw, config):", "(w, dw, config, count=[0]):"),
    ('t = config.get("t", 0) + 1', "count[0] += 1\n    t = count[0]"),
)
adam.edit(
    "beta1 and beta2 are exchanged", "beta1 (0.9) belongs to m, beta2 (0.999) to v.",
    ('beta1 = config.get("beta1", 0.9)', 'beta2 = config.get("beta1", 0.9)'),
    ('beta2 = config.get("beta2", 0.999)', 'beta1 = config.get("beta2", 0.999)'),
)
adam.edit(
    "the default beta2 is 0.99", "Without an entry in config beta2 is 0.999.",
    ('"beta2", 0.999)', '"beta2", 0.99)'),
)
adam.edit(
    "the default beta1 is 0.99", "Without an entry in config beta1 is 0.9.",
    ('"beta1", 0.9)', '"beta1", 0.99)'),
)
adam.edit(
    "the betas in config are not used", "0.9 and 0.999 are only defaults; config comes first.",
    ('config.get("beta1", 0.9)', "0.9"), ('config.get("beta2", 0.999)', "0.999"),
)
adam.edit(
    "the correction multiplies beta by t", "beta is taken to the power t: beta**t.",
    ("1 - beta1**t", "1 - beta1 * t"), ("1 - beta2**t", "1 - beta2 * t"),
)
adam.edit(
    "both corrections use beta1", "v is corrected with its own beta2.",
    ("1 - beta2**t", "1 - beta1**t"),
)
adam.edit(
    "v averages the gradient without squaring it", "v is the average of dw**2.",
    ("dw**2", "dw"),
)
adam.edit(
    "v averages the square of m", "v is the average of dw**2, the gradient's own square.",
    ("dw**2", "m**2"),
)
adam.edit(
    "m takes in the gradient in full", "m is an average: its weights are beta1 and 1 - beta1.",
    (_M, _M.replace("(1 - beta1) * dw", "dw")),
)
adam.edit(
    "v takes in the square in full", "v is an average: its weights are beta2 and 1 - beta2.",
    (_V, _V.replace("(1 - beta2) * dw", "dw")),
)
adam.edit(
    "the step uses dw in the place of the averaged gradient",
    "Above the line stands m_hat, the corrected average of the gradients.",
    ("learning_rate * m_hat", "learning_rate * dw"),
)
adam.edit(
    "the step goes uphill", "m points uphill, as the gradient does: subtract the step.",
    ("return w - learning_rate", "return w + learning_rate"),
)
adam.edit(
    "epsilon is added before the correction of v",
    "First correct v, then take the root, then add epsilon.",
    ("(np.sqrt(v_hat) + epsilon)", "((np.sqrt(v) + epsilon) / np.sqrt(1 - beta2**t))"),
)
adam.edit(
    "one v for the whole array", "Every entry of w has a v of its own: no sum, no norm.",
    ("dw**2", "np.mean(dw**2)"),
)


@adam.also_right("averages in place, with the factors of the correction gathered")
def _(w, dw, config):
    b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    m, v = (config.setdefault(k, np.zeros(w.shape)) for k in "mv")
    config["t"] = t = config.get("t", 0) + 1
    m += (1 - b1) * (dw - m)
    v += (1 - b2) * (dw * dw - v)
    root = np.sqrt(1 - b2**t)
    step = (m / (1 - b1**t)) * root / (np.sqrt(v) + config.get("epsilon", 1e-8) * root)
    return w - config["learning_rate"] * step, config


@adam.also_right("t starts at 1 and is raised afterwards; a copy of config")
def _(w, dw, config):
    zero = np.zeros_like(w)
    c = dict(beta1=0.9, beta2=0.999, epsilon=1e-8, m=zero, v=zero, t=1) | config
    c["m"] = c["beta1"] * c["m"] + (1 - c["beta1"]) * dw
    c["v"] = c["beta2"] * c["v"] + (1 - c["beta2"]) * dw**2
    m_hat, v_hat = c["m"] / (1 - c["beta1"] ** c["t"]), c["v"] / (1 - c["beta2"] ** c["t"])
    c["t"] += 1
    return w - c["learning_rate"] * m_hat / (v_hat**0.5 + c["epsilon"]), c


@adam.also_right("products of the betas kept in the place of t")
def _(w, dw, config):
    b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    config["p1"], config["p2"] = b1 * config.get("p1", 1.0), b2 * config.get("p2", 1.0)
    config["m"] = b1 * config.get("m", 0) + (1 - b1) * dw
    config["v"] = b2 * config.get("v", 0) + (1 - b2) * dw * dw
    m_hat, v_hat = config["m"] / (1 - config["p1"]), config["v"] / (1 - config["p2"])
    return w - config["learning_rate"] * m_hat / (
        np.sqrt(v_hat) + config.get("epsilon", 1e-8)
    ), config


@adam.also_right("entry by entry")
def _(w, dw, config):
    b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    t = config.get("t", 0) + 1
    m, v = (np.array(config.get(k, np.zeros_like(w))) for k in ("m", "v"))
    next_w = w.copy()
    for i in np.ndindex(w.shape):
        m[i] = b1 * m[i] + (1 - b1) * dw[i]
        v[i] = b2 * v[i] + (1 - b2) * dw[i] ** 2
        size = (v[i] / (1 - b2**t)) ** 0.5 + config.get("epsilon", 1e-8)
        next_w[i] -= config["learning_rate"] * m[i] / (1 - b1**t) / size
    config.update(m=m, v=v, t=t)
    return next_w, config


@adam.also_right("arrays in float32")
def _(w, dw, config):
    w, dw = w.astype(np.float32), dw.astype(np.float32)
    b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    config["t"] = config.get("t", 0) + 1
    config["m"] = b1 * config.get("m", np.zeros_like(w)) + (1 - b1) * dw
    config["v"] = b2 * config.get("v", np.zeros_like(w)) + (1 - b2) * dw**2
    m_hat = config["m"] / (1 - b1 ** config["t"])
    v_hat = config["v"] / (1 - b2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (
        np.sqrt(v_hat) + config.get("epsilon", 1e-8)
    ), config


# ------------------------------------------------------------------------------------------ adamw

adamw = bank.exercise("adamw", points=2, driver="ch08.steps")
_common_cases(
    adamw,
    lambda rng: dict(
        weight_decay=_between(rng, 0.2, 0.5),
        beta1=_between(rng, 0.5, 0.7), beta2=_between(rng, 0.8, 0.9),
        epsilon=_between(rng, 0.2, 0.6),
    ),
    weight_decay=0.1,
)
_tiny_gradients(adamw)
_ADAMW = "next_w - learning_rate * weight_decay * w"
_common_mistakes(adamw, _ADAMW)
adamw.edit(
    "the decay is added to the gradient, as in Adam with an L2 penalty",
    "Decoupled means that the decay never enters m and v: it acts on w beside Adam's step.",
    ("adam(w, dw, config)", "adam(w, dw + weight_decay * w, config)"),
    ("return next_w - learning_rate * weight_decay * w", "return next_w"),
)
adamw.edit(
    "the decay is both in the gradient and beside the step",
    "Once is enough, and only beside Adam's step: dw goes into m and v as it is.",
    ("adam(w, dw, config)", "adam(w, dw + weight_decay * w, config)"),
)
adamw.edit(
    "there is no decay", "Beside Adam's step, w loses learning_rate * weight_decay * w.",
    ("return next_w - learning_rate * weight_decay * w", "return next_w"),
)
adamw.edit(
    "the decay is not multiplied by the learning rate",
    "Both parts are multiplied: w - learning_rate * (step + weight_decay * w).",
    ("learning_rate * weight_decay * w", "weight_decay * w"),
)
adamw.edit(
    "the decay makes w grow", "Decay pulls w towards 0: subtract it.",
    ("next_w - learning_rate", "next_w + learning_rate"),
)
adamw.edit(
    "the decay acts on the w that has moved already",
    "Both parts start from the same w: keep the w that came in for the decay.",
    ("weight_decay * w, config", "weight_decay * next_w, config"),
)
adamw.edit(
    "the default weight decay is 0", "Without an entry in config weight_decay is 1e-2.",
    ('"weight_decay", 1e-2)', '"weight_decay", 0.0)'),
)
adamw.edit(
    "the default weight decay is 0.1", "Without an entry in config weight_decay is 1e-2.",
    ('"weight_decay", 1e-2)', '"weight_decay", 0.1)'),
)
adamw.edit(
    "the weight decay in config is not used", "1e-2 is only the default; config comes first.",
    ('config.get("weight_decay", 1e-2)', "1e-2"),
)
adamw.edit(
    "the decay has a factor of 2", "It is weight_decay * w, as the derivative of 0.5 * decay * w².",
    ("weight_decay * w, config", "2 * weight_decay * w, config"),
)
adamw.edit(
    "the decay takes the same from every weight, whatever its size",
    "The decay is proportional to w: large weights lose more.",
    ("weight_decay * w, config", "weight_decay * np.sign(w), config"),
)
adamw.edit(
    "the step is Adam's with every config new: m, v and t are lost",
    "Return the config that carries m, v and t.",
    ("next_w, config = adam(w, dw, config)", "next_w, _ = adam(w, dw, dict(config))"),
)


@adamw.also_right("written out, the decay first")
def _(w, dw, config):
    lr, b1, b2 = config["learning_rate"], config.get("beta1", 0.9), config.get("beta2", 0.999)
    config["t"] = t = config.get("t", 0) + 1
    config["m"] = b1 * config.get("m", np.zeros_like(w)) + (1 - b1) * dw
    config["v"] = b2 * config.get("v", np.zeros_like(w)) + (1 - b2) * dw**2
    shrunk = w * (1 - lr * config.get("weight_decay", 1e-2))
    m_hat, v_hat = config["m"] / (1 - b1**t), config["v"] / (1 - b2**t)
    return shrunk - lr * m_hat / (np.sqrt(v_hat) + config.get("epsilon", 1e-8)), config


@adamw.also_right("Adam on the shrunken w, with a copy of config")
def _(w, dw, config):
    shrunk = w - config["learning_rate"] * config.get("weight_decay", 0.01) * w
    return adam(shrunk, dw, dict(config))


@adamw.also_right("Adam's step taken apart")
def _(w, dw, config):
    moved, config = adam(np.zeros_like(w), dw, config)
    step = -moved / config["learning_rate"]
    decay = config.setdefault("weight_decay", 1e-2)
    return w - config["learning_rate"] * (step + decay * w), config


@adamw.also_right("arrays in float32")
def _(w, dw, config):
    w, dw = w.astype(np.float32), dw.astype(np.float32)
    moved, config = adam(w, dw, config)
    return moved - config["learning_rate"] * config.get("weight_decay", 1e-2) * w, config


# -------------------------------------------------------------------------------------- schedules

step_decay = bank.exercise("step_decay", points=1, driver="ch08.schedule")


@step_decay.case("the default settings")
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1, 5, 9, 10, 11, 19, 20, 35])


@step_decay.case("a third every 4 epochs")
def _(rng):
    return dict(
        lr0=float(rng.uniform(1e-3, 1e-2)), times=[0, 3, 4, 7, 8, 13], factor=1 / 3, every=4
    )


@step_decay.case("every 7 epochs, by the default factor")
def _(rng):
    return dict(lr0=float(rng.uniform(0.05, 0.2)), times=[6, 7, 13, 14, 30], every=7)


@step_decay.case("by 0.9, every 10 epochs", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(0.05, 0.2)), times=[2, 10, 29, 30, 99, 100], factor=0.9)


@step_decay.case("every epoch", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1, 2, 3, 10], factor=0.8, every=1)


step_decay.edit(
    "the rate falls between the drops too",
    "Only whole periods count: round epoch / every down.",
    ("epoch // every", "(epoch / every)"),
)
step_decay.edit(
    "the drop comes one epoch early", "The first drop is at epoch = every: epochs count from 0.",
    ("epoch // every", "((epoch + 1) // every)"),
)
step_decay.edit(
    "the drop comes one epoch late", "The first drop is at epoch = every, not after it.",
    ("epoch // every", "(max(epoch - 1, 0) // every)"),
)
step_decay.edit(
    "the rate drops from the start", "Before epoch = every no period is over: round down, not up.",
    ("epoch // every", "(epoch // every + 1)"),
)
step_decay.edit(
    "the factor multiplies the number of drops",
    "Each drop multiplies by factor once more: that is a power.",
    ("factor ** (epoch // every)", "factor * (epoch // every)"),
)
step_decay.edit(
    "the rate drops once only", "Every further period brings another drop.",
    ("factor ** (epoch // every)", "(factor if epoch >= every else 1)"),
)
step_decay.edit(
    "the rate is low only at the multiples", "A drop lasts: it depends on how many periods passed.",
    ("factor ** (epoch // every)", "(1 if epoch % every or epoch == 0 else factor)"),
)
step_decay.edit(
    "1 - factor in the place of factor", "The rate is multiplied by factor itself.",
    ("factor ** (", "(1 - factor) ** ("),
)
step_decay.edit(
    "the factor is always a half", "0.5 is only the default: use the argument.",
    ("factor ** (", "0.5 ** ("),
)
step_decay.edit(
    "the period is always 10", "10 is only the default: use the argument.",
    ("epoch // every", "epoch // 10"),
)


@step_decay.also_right("a loop")
def _(lr0, epoch, factor=0.5, every=10):
    lr = lr0
    for e in range(1, epoch + 1):
        if e % every == 0:
            lr *= factor
    return lr


@step_decay.also_right("np.floor and np.power")
def _(lr0, epoch, factor=0.5, every=10):
    return lr0 * np.power(factor, np.floor(np.array(epoch) / every))


@step_decay.also_right("recursion, float32")
def _(lr0, epoch, factor=0.5, every=10):
    if epoch < every:
        return np.float32(lr0)
    return np.float32(factor) * step_decay(lr0, epoch - every, factor, every)


exponential_decay = bank.exercise("exponential_decay", points=0.5, driver="ch08.schedule")


@exponential_decay.case("k = 0.1")
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1, 5, 20], k=0.1)


@exponential_decay.case("a large k")
def _(rng):
    return dict(lr0=float(rng.uniform(0.01, 0.1)), times=[0, 1, 2, 3], k=1.5)


@exponential_decay.case("k = 0: a constant rate")
def _(rng):
    return dict(lr0=float(rng.uniform(0.01, 0.1)), times=[0, 1, 100], k=0.0)


@exponential_decay.case("a thousand steps", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 10, 300, 1000], k=0.002)


exponential_decay.edit(
    "the rate grows", "Decay needs the minus: exp(-k * t).", ("np.exp(-k * t)", "np.exp(k * t)"),
)
exponential_decay.edit(
    "k is the base of the power", "The base is e: exp(-k * t), with k in the exponent.",
    ("np.exp(-k * t)", "k**t"),
)
exponential_decay.edit(
    "1 - k is the base of the power",
    "That is near to it for small k only: the base is e, exp(-k * t).",
    ("np.exp(-k * t)", "(1 - k) ** t"),
)
exponential_decay.edit(
    "2 is the base of the power", "The base is e: exp(-k * t).",
    ("np.exp(-k * t)", "2.0 ** (-k * t)"),
)
exponential_decay.edit(
    "10 is the base of the power", "The base is e: exp(-k * t).",
    ("np.exp(-k * t)", "10.0 ** (-k * t)"),
)
exponential_decay.edit(
    "t stands outside the exponential", "Both k and t stand in the exponent.",
    ("np.exp(-k * t)", "np.exp(-k) * t"),
)
exponential_decay.edit(
    "t is divided by k", "k is the rate of decay: it multiplies t.",
    ("np.exp(-k * t)", "np.exp(-t / k)"),
)
exponential_decay.edit(
    "lr0 is left out", "The rate starts at lr0 for t = 0.", ("lr0 * np.exp", "np.exp"),
)


@exponential_decay.also_right("a power of e")
def _(lr0, t, k):
    return lr0 / np.e ** (k * t)


@exponential_decay.also_right("math.exp, by steps")
def _(lr0, t, k):
    import math

    lr = lr0
    for _ in range(t):
        lr *= math.exp(-k)
    return lr


@exponential_decay.also_right("through the logarithm, an array without axes")
def _(lr0, t, k):
    return np.array(np.exp(np.log(lr0) - k * t))


inverse_time_decay = bank.exercise("inverse_time_decay", points=0.5, driver="ch08.schedule")


@inverse_time_decay.case("k = 0.1")
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1, 5, 20], k=0.1)


@inverse_time_decay.case("a large k")
def _(rng):
    return dict(lr0=float(rng.uniform(0.01, 0.1)), times=[0, 1, 2, 3], k=1.5)


@inverse_time_decay.case("k = 0: a constant rate")
def _(rng):
    return dict(lr0=float(rng.uniform(0.01, 0.1)), times=[0, 1, 100], k=0.0)


@inverse_time_decay.case("a thousand steps", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 10, 300, 1000], k=0.02)


inverse_time_decay.edit(
    "the 1 below the line is missing", "At t = 0 the rate is lr0: below the line stands 1 + k * t.",
    ("(1 + k * t)", "(k * t)"),
)
inverse_time_decay.edit(
    "the brackets below the line are missing",
    "lr0 / 1 + k * t divides by 1 only: put 1 + k * t into brackets.",
    ("(1 + k * t)", "1 + k * t"),
)
inverse_time_decay.edit(
    "1 + k to the power t", "That decays exponentially: here k multiplies t.",
    ("(1 + k * t)", "(1 + k) ** t"),
)
inverse_time_decay.edit(
    "1 + t, without k", "k says how fast the rate falls: 1 + k * t.", ("(1 + k * t)", "(1 + t)"),
)
inverse_time_decay.edit(
    "k + t in the place of k * t", "k and t are multiplied.", ("(1 + k * t)", "(1 + k + t)"),
)
inverse_time_decay.edit(
    "the rate is divided by the root of 1 + k * t", "There is no root: lr0 / (1 + k * t).",
    ("(1 + k * t)", "np.sqrt(1 + k * t)"),
)
inverse_time_decay.edit(
    "a straight line down, below 0 in the end", "Divide by 1 + k * t: the rate stays positive.",
    ("lr0 / (1 + k * t)", "lr0 * (1 - k * t)"),
)
inverse_time_decay.edit(
    "the rate grows", "Divide by 1 + k * t.", ("lr0 / (1 + k * t)", "lr0 * (1 + k * t)"),
)


@inverse_time_decay.also_right("a negative power")
def _(lr0, t, k):
    return lr0 * (1.0 + t * k) ** -1


@inverse_time_decay.also_right("one over a sum of inverses")
def _(lr0, t, k):
    return np.float64(1) / (1 / lr0 + k * t / lr0)


@inverse_time_decay.also_right("float32, an array without axes")
def _(lr0, t, k):
    return np.array(lr0, np.float32) / (1 + np.float32(k) * t)


cosine_decay = bank.exercise("cosine_decay", points=1, driver="ch08.schedule")


@cosine_decay.case("20 epochs")
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1, 5, 10, 15, 19, 20], total=20)


@cosine_decay.case("an odd total")
def _(rng):
    return dict(lr0=float(rng.uniform(0.01, 0.1)), times=[0, 1, 2, 3, 5, 7], total=7)


@cosine_decay.case("2,000 steps")
def _(rng):
    return dict(lr0=float(rng.uniform(0.05, 0.2)), times=[0, 1, 500, 999, 1500, 2000], total=2000)


@cosine_decay.case("one step in all", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(0.5, 2)), times=[0, 1], total=1)


@cosine_decay.case("300 steps", hidden=True)
def _(rng):
    return dict(lr0=float(rng.uniform(1, 3)), times=[0, 30, 100, 150, 299], total=300)


cosine_decay.edit(
    "the half is missing", "1 + cos goes from 2 to 0: half of it goes from 1 to 0.",
    ("0.5 * lr0", "lr0"),
)
cosine_decay.edit(
    "the 1 is missing", "The cosine goes from 1 to -1: raise it by 1, so that no rate is negative.",
    ("(1 + np.cos(np.pi * t / total))", "np.cos(np.pi * t / total)"),
)
cosine_decay.edit(
    "lr0 times the cosine, without 1 and half",
    "The cosine goes from 1 to -1; a rate must end at 0: take half of (1 + cos).",
    ("0.5 * lr0 * (1 + np.cos(np.pi * t / total))", "lr0 * np.cos(np.pi * t / total)"),
)
cosine_decay.edit(
    "pi is missing", "At t = total the cosine must be -1: its argument is pi then.",
    ("np.pi * t / total", "t / total"),
)
cosine_decay.edit(
    "2 pi in the place of pi", "Half a wave leads from the top to the bottom: pi, not 2 pi.",
    ("np.pi * t", "2 * np.pi * t"),
)
cosine_decay.edit(
    "a quarter of a wave", "The curve is flat at both ends: half of (1 + cos(pi * t / total)).",
    ("0.5 * lr0 * (1 + np.cos(np.pi * t / total))", "lr0 * np.cos(0.5 * np.pi * t / total)"),
)
cosine_decay.edit(
    "the argument is in degrees", "np.cos wants radians: half a wave is pi.",
    ("np.pi * t / total", "180 * t / total"),
)
cosine_decay.edit(
    "the rate rises", "The rate starts at lr0: 1 + cos, since cos(0) is 1.", ("(1 + np", "(1 - np"),
)
cosine_decay.edit(
    "t / total is rounded down", "t / total runs smoothly from 0 to 1: one slash.",
    ("np.pi * t / total", "np.pi * (t // total)"),
)
cosine_decay.edit(
    "a straight line", "The curve is flat at both ends: that is what the cosine is for.",
    ("0.5 * lr0 * (1 + np.cos(np.pi * t / total))", "lr0 * (1 - t / total)"),
)


@cosine_decay.also_right("cos squared of half the angle")
def _(lr0, t, total):
    return lr0 * np.cos(0.5 * np.pi * t / total) ** 2


@cosine_decay.also_right("a sine, in an array without axes")
def _(lr0, t, total):
    return np.array(lr0 / 2 * (1 + np.sin(np.pi / 2 - np.pi * t / total)))


@cosine_decay.also_right("math.cos, in float32")
def _(lr0, t, total):
    import math

    return np.float32(lr0) * np.float32(0.5 + 0.5 * math.cos(math.pi * (t / total)))


# ------------------------------------------------------------------------------------ newton_step

newton_step = bank.exercise("newton_step", points=2, returns=("next_w",))


def _hessian(rng, curvatures):
    """Return a symmetric matrix with these eigenvalues and no entry that is nearly 0."""
    size = len(curvatures)
    while True:
        axes, _ = np.linalg.qr(rng.normal(size=(size, size)))
        hessian = (axes * curvatures) @ axes.T
        hessian = (hessian + hessian.T) / 2
        if size == 1 or np.abs(hessian).min() > 0.02 * np.abs(hessian).max():
            return hessian


def _newton(rng, curvatures):
    size = len(curvatures)
    return dict(
        w=_w(rng, size), grad=_w(rng, size), hessian=_hessian(rng, np.array(curvatures, float))
    )


@newton_step.case("two weights")
def _(rng):
    return _newton(rng, [0.5, 3.0])


@newton_step.case("five weights")
def _(rng):
    return _newton(rng, [0.5, 1.0, 2.0, 4.0, 8.0])


@newton_step.case("a saddle: one curvature is negative")
def _(rng):
    return _newton(rng, [2.0, 1.0, -0.7])


@newton_step.case("at a minimum, where the gradient is zero")
def _(rng):
    given = _newton(rng, [0.5, 1.0, 3.0])
    given["grad"][:] = 0.0
    return given


@newton_step.case("one weight", hidden=True)
def _(rng):
    return _newton(rng, [float(rng.uniform(2, 4))])


@newton_step.case("ten weights, curvatures from 0.1 to 10", hidden=True)
def _(rng):
    return _newton(rng, np.geomspace(0.1, 10, 10))


newton_step.edit(
    "the step is added", "Newton's step goes from w to w minus the inverse Hessian times grad.",
    ("return w - ", "return w + "),
)
newton_step.edit(
    "grad is multiplied by the Hessian",
    "Where the curvature is large the step is short: solve hessian @ step = grad.",
    ("np.linalg.solve(hessian, grad)", "hessian @ grad"),
)
newton_step.edit(
    "only the diagonal of the Hessian is used",
    "The other entries tilt the valley: solve with the whole matrix.",
    ("np.linalg.solve(hessian, grad)", "grad / np.diag(hessian)"),
)
newton_step.edit(
    "each entry of the Hessian is inverted by itself",
    "1 / hessian is no inverse matrix: np.linalg.solve, or np.linalg.inv.",
    ("np.linalg.solve(hessian, grad)", "(1 / hessian) @ grad"),
)
newton_step.edit(
    "grad is divided by the Hessian entry by entry",
    "The inverse of a matrix is no division: np.linalg.solve(hessian, grad) gives the step.",
    ("np.linalg.solve(hessian, grad)", "grad / hessian"),
)
newton_step.edit(
    "the step alone is returned", "Return the next w: w minus the step.",
    ("return w - ", "return "),
)
newton_step.edit(
    "w in the place of grad", "The right-hand side of the equations is grad.",
    ("np.linalg.solve(hessian, grad)", "np.linalg.solve(hessian, w)"),
)
newton_step.edit(
    "a gradient step, without the Hessian",
    "The Hessian takes the place of the learning rate: solve hessian @ step = grad.",
    ("np.linalg.solve(hessian, grad)", "grad"),
)
newton_step.edit(
    "w is changed in place", "w -= ... writes into the caller's array: return w - step.",
    ("    return w - np.linalg.solve(hessian, grad)",
     "    w -= np.linalg.solve(hessian, grad)\n    return w"),
)
newton_step.edit(
    "half a step", "The full step: on a quadratic it lands on the bottom at once.",
    ("np.linalg.solve(", "0.5 * np.linalg.solve("),
)
newton_step.edit(
    "the curvatures are made positive",
    "The plain Newton step takes curvatures as they are; at a saddle it goes to the saddle.",
    ("    return w - np.linalg.solve(hessian, grad)",
     "    s, q = np.linalg.eigh(hessian)\n    return w - q @ (q.T @ grad / np.abs(s))"),
)
newton_step.edit(
    "the Hessian is made positive with the absolute values of its entries",
    "Take the Hessian as it is, signs included.",
    ("np.linalg.solve(hessian, ", "np.linalg.solve(np.abs(hessian), "),
)


@newton_step.also_right("the inverse matrix")
def _(w, grad, hessian):
    return w - np.linalg.inv(hessian) @ grad


@newton_step.also_right("by eigenvalues")
def _(w, grad, hessian):
    curvatures, axes = np.linalg.eigh(hessian)
    return w - axes @ ((axes.T @ grad) / curvatures)


@newton_step.also_right("least squares")
def _(w, grad, hessian):
    return w + np.linalg.lstsq(hessian, -grad, rcond=None)[0]


@newton_step.also_right("the equations of the next w itself")
def _(w, grad, hessian):
    return np.linalg.solve(hessian, hessian @ w - grad)


@newton_step.also_right("elimination by hand")
def _(w, grad, hessian):
    table = np.column_stack([hessian, grad])
    for i in range(len(w)):
        pivot = i + np.argmax(np.abs(table[i:, i]))
        table[[i, pivot]] = table[[pivot, i]]
        table[i] /= table[i, i]
        for j in range(len(w)):
            if j != i:
                table[j] -= table[j, i] * table[i]
    return w - table[:, -1]
