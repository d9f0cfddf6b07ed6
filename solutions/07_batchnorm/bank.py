"""Exercises of chapter 07: their cases, known mistakes and other right answers.

Longer than 400 lines because six exercises stand here, each with its own wrong answers.
"""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("07_batchnorm")

batchnorm_forward = bank.exercise(
    "batchnorm_forward", points=5, driver="ch07.batches",
    returns=("out", "running_mean", "running_var"), may_change=("bn_param",),
)
# Where dx is 0 (a batch of one, a single feature) float32 leaves a rounding of about 1e-7.
batchnorm_backward = bank.exercise(
    "batchnorm_backward", points=4, driver="forward_backward", needs=("batchnorm_forward",),
    returns=("dx", "dgamma", "dbeta"), may_change=("bn_param",), atol=1e-6,
)
batchnorm_backward_alt = bank.exercise(
    "batchnorm_backward_alt", points=3, driver="forward_backward", needs=("batchnorm_forward",),
    returns=("dx", "dgamma", "dbeta"), may_change=("bn_param",), atol=1e-6,
)
layernorm_forward = bank.exercise(
    "layernorm_forward", points=2, driver="forward", returns=("out",),
)
layernorm_backward = bank.exercise(
    "layernorm_backward", points=3, driver="forward_backward", needs=("layernorm_forward",),
    returns=("dx", "dgamma", "dbeta"), atol=1e-6,
)
spatial_batchnorm_forward = bank.exercise(
    "spatial_batchnorm_forward", points=3, driver="ch07.batches",
    returns=("out", "running_mean", "running_var"), may_change=("bn_param",),
)

# ------------------------------------------------------------------------------- batches of numbers


def _batch(rng, N, D, spread=(0.5, 2.0), centre=2.0):
    """Return x (N, D) whose features differ in mean and spread."""
    return rng.normal(size=(N, D)) * rng.uniform(*spread, size=D) + centre * rng.normal(size=D)


def _scale_and_shift(rng, D):
    """Return gamma (both signs, never near 0 or 1) and beta, shape (D,)."""
    gamma = rng.uniform(1.2, 2.5, size=D) * rng.choice([-1, 1], size=D)
    return dict(gamma=gamma, beta=rng.uniform(0.5, 1.5, size=D) * rng.choice([-1, 1], size=D))


def _running(rng, D):
    return dict(running_mean=2.0 * rng.normal(size=D), running_var=rng.uniform(0.3, 3.0, size=D))


def _with_constant(x, index):
    """Put 3.0, which is exact in binary, into a part of x."""
    x = x.copy()
    x[index] = 3.0
    return x


def _case(rng, x, D, **bn_param):
    return dict(x=x, **_scale_and_shift(rng, D), bn_param={"mode": "train", **bn_param})


# ------------------------------------------------------------------------------- batchnorm_forward


@batchnorm_forward.case("one training batch, nothing but the mode given")
def _(rng):
    return _case(rng, _batch(rng, 7, 4), 4)


@batchnorm_forward.case("three training batches, then test mode")
def _(rng):
    xs = {f"x{i}": _batch(rng, N, 3) for i, N in ((1, 6), (2, 9), (3, 5))}
    xs["x_test"] = _batch(rng, 4, 3)
    momentum = float(rng.uniform(0.65, 0.8))
    return dict(**xs, **_scale_and_shift(rng, 3), bn_param={
        "mode": "train", "momentum": momentum, "eps": 1e-3,
    })  # fmt: skip


@batchnorm_forward.case("test mode, one row")
def _(rng):
    # Running variances beside which eps counts.
    running = dict(running_mean=rng.normal(size=5), running_var=rng.uniform(0.02, 0.2, size=5))
    return _case(rng, _batch(rng, 1, 5), 5, eps=0.05) | dict(
        bn_param={"mode": "test", "eps": 0.05, **running}
    )


@batchnorm_forward.case("features that hardly vary: eps counts")
def _(rng):
    return _case(rng, _batch(rng, 8, 4, spread=(1e-3, 4e-3), centre=3e-3), 4, **_running(rng, 4))


@batchnorm_forward.case("a batch of one")
def _(rng):
    return _case(rng, _batch(rng, 1, 4), 4, **_running(rng, 4))


@batchnorm_forward.case("a constant feature")
def _(rng):
    x = _with_constant(_batch(rng, 6, 4), (slice(None), 2))
    return _case(rng, x, 4, momentum=0.6, **_running(rng, 4))


@batchnorm_forward.case("two hundred rows", hidden=True)
def _(rng):
    return _case(rng, _batch(rng, 200, 12), 12, eps=0.1, momentum=0.99, **_running(rng, 12))


@batchnorm_forward.case("as many rows as features", hidden=True)
def _(rng):
    return _case(rng, _batch(rng, 5, 5), 5, momentum=0.5)


def _forward(
    x, gamma, beta, bn_param, *, axis=0, ddof=0, ddof_running=0, eps=None, momentum=None,
    start_var=0.0, scale=None, train_with=None, test_with=None, store=None,
):
    """Batch normalisation with a joint for each mistake; `scale(var, eps)` gives the divisor."""
    eps = bn_param.get("eps", 1e-5) if eps is None else eps
    momentum = bn_param.get("momentum", 0.9) if momentum is None else momentum
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.full(x.shape[1], start_var))
    mean, var = x.mean(axis=axis, keepdims=axis == 1), x.var(
        axis=axis, ddof=ddof, keepdims=axis == 1
    )  # fmt: skip
    if bn_param["mode"] == "train":
        kept_var = x.var(axis=axis, ddof=ddof_running, keepdims=axis == 1)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * kept_var
        if train_with == "running":
            mean, var = running_mean, running_var
    elif test_with != "batch":
        mean, var = running_mean, running_var
    if store is None:
        bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    divisor = np.sqrt(var + eps) if scale is None else scale(var, eps)
    x_hat = (x - mean) / divisor
    return gamma * x_hat + beta, (x_hat, divisor, gamma)


batchnorm_forward.edit(
    "momentum weighs the batch in the place of the running value",
    "With momentum 0.9 nine tenths of the OLD value stay: momentum * running + (1 - momentum) * "
    "batch.",
    ("momentum * running_mean + (1 - momentum) * mean",
     "(1 - momentum) * running_mean + momentum * mean"),
    ("momentum * running_var + (1 - momentum) * var",
     "(1 - momentum) * running_var + momentum * var"),
)
batchnorm_forward.edit(
    "eps is left out", "Divide by sqrt(var + eps): with one row, or a constant feature, var is 0.",
    ("np.sqrt(var + eps)", "np.sqrt(var)"),
)
batchnorm_forward.edit(
    "eps stands outside the root", "eps is added to the variance, before the root is taken.",
    ("np.sqrt(var + eps)", "np.sqrt(var) + eps"),
)
batchnorm_forward.edit(
    "x is divided by the variance", "Divide by the square ROOT of var + eps.",
    ("np.sqrt(var + eps)", "(var + eps)"),
)
batchnorm_forward.edit(
    "eps is always 1e-5", "bn_param may hold another eps; 1e-5 is only the default.",
    ('eps = bn_param.get("eps", 1e-5)', "eps = 1e-5"),
)
batchnorm_forward.edit(
    "momentum is always 0.9", "bn_param may hold another momentum; 0.9 is only the default.",
    ('momentum = bn_param.get("momentum", 0.9)', "momentum = 0.9"),
)
batchnorm_forward.edit(
    "the running variance starts at ones", "Both running statistics start at zeros here.",
    ('bn_param.get("running_var", np.zeros(D))', 'bn_param.get("running_var", np.ones(D))'),
)
batchnorm_forward.edit(
    "the running statistics begin anew with every batch",
    "Take up the running statistics that bn_param holds; zeros are only for the first batch.",
    ('running_mean = bn_param.get("running_mean", np.zeros(D))', "running_mean = np.zeros(D)"),
    ('running_var = bn_param.get("running_var", np.zeros(D))', "running_var = np.zeros(D)"),
)
batchnorm_forward.edit(
    "the running statistics are not stored",
    "What training has seen must be found again by the next call: store it in bn_param.",
    ('bn_param["running_mean"] = momentum', "running_mean = momentum"),
    ('bn_param["running_var"] = momentum', "running_var = momentum"),
)
batchnorm_forward.edit(
    "the running variance is not stored", "Both statistics go back into bn_param.",
    ('bn_param["running_var"] = momentum', "running_var = momentum"),
)
batchnorm_forward.edit(
    "beta is left out", "out = gamma * x_hat + beta.",
    ("gamma * x_hat + beta", "gamma * x_hat"),
)
batchnorm_forward.edit(
    "gamma is left out", "out = gamma * x_hat + beta.", ("gamma * x_hat + beta", "x_hat + beta"),
)
batchnorm_forward.edit(
    "gamma multiplies beta as well", "Scale first, then shift: gamma * x_hat + beta.",
    ("gamma * x_hat + beta", "gamma * (x_hat + beta)"),
)
batchnorm_forward.edit(
    "gamma and beta are exchanged", "gamma is the factor, beta the term that is added.",
    ("gamma * x_hat + beta", "beta * x_hat + gamma"),
)
batchnorm_forward.edit(
    "the mean is not taken off", "x_hat = (x - mean) / sqrt(var + eps): first centre, then scale.",
    ("x_hat = centred / std", "x_hat = x / std"),
)


@batchnorm_forward.mistake(
    "the variance is divided by N - 1",
    "The variance here is the biased one, divided by N; with one row N - 1 is 0.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, ddof=1, ddof_running=1)


@batchnorm_forward.mistake(
    "the running variance takes the variance divided by N - 1",
    "PyTorch does that; here the running variance averages the same biased variance that the "
    "batch is divided by.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, ddof_running=1)


@batchnorm_forward.mistake(
    "the variance is a sum, not a mean", "The variance is the MEAN of the squared distances.",
)
def _(x, gamma, beta, bn_param):
    total = len(x)
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", 0 * x[0])
    running_var = bn_param.get("running_var", 0 * x[0])
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0) * total
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, None


@batchnorm_forward.mistake(
    "test mode takes the batch's own statistics",
    "In test mode a row must not depend on its neighbours: take the running statistics.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, test_with="batch")


@batchnorm_forward.mistake(
    "the mode is never looked at",
    'bn_param["mode"] decides: "test" normalises with the running statistics and changes neither.',
)
def _(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    bn_param["mode"] = "train"
    result = _forward(x, gamma, beta, bn_param)
    bn_param["mode"] = mode
    return result


@batchnorm_forward.mistake(
    "eps and momentum must be in bn_param", "bn_param may hold nothing but the mode: use defaults.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, eps=bn_param["eps"], momentum=bn_param["momentum"])


@batchnorm_forward.mistake(
    "training normalises with the running statistics",
    "In training the batch's own mean and variance count; the running ones are only collected.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, train_with="running")


@batchnorm_forward.mistake(
    "test mode leaves eps out", "The same sqrt(var + eps) in both modes.",
)
def _(x, gamma, beta, bn_param):
    test = bn_param["mode"] == "test"
    return _forward(x, gamma, beta, bn_param, eps=0.0 if test else None)


@batchnorm_forward.mistake(
    "test mode leaves gamma and beta out", "Scale and shift belong to both modes.",
)
def _(x, gamma, beta, bn_param):
    if bn_param["mode"] == "test":
        return _forward(x, 1.0, 0.0, bn_param)
    return _forward(x, gamma, beta, bn_param)


@batchnorm_forward.mistake(
    "test mode updates the running statistics",
    "In test mode the running statistics are read and stay as they are.",
)
def _(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = x.mean(axis=0), x.var(axis=0)
    old_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    old_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "test":
        out = gamma * (x - old_mean) / np.sqrt(old_var + eps) + beta
    else:
        out = gamma * (x - mean) / np.sqrt(var + eps) + beta
    bn_param["running_mean"] = momentum * old_mean + (1 - momentum) * mean
    bn_param["running_var"] = momentum * old_var + (1 - momentum) * var
    return out, None


@batchnorm_forward.mistake(
    "test mode takes the running statistics after one more update",
    "In test mode the running statistics are read and stay as they are: no update before use.",
)
def _(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = x.mean(axis=0), x.var(axis=0)
    old_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    old_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    bn_param["running_mean"] = momentum * old_mean + (1 - momentum) * mean
    bn_param["running_var"] = momentum * old_var + (1 - momentum) * var
    if bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, None


@batchnorm_forward.mistake(
    "the statistics run along each row",
    "One mean and one variance for each FEATURE, over the rows of the batch: axis 0.",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param, axis=1)


@batchnorm_forward.mistake(
    "one mean and one variance for all features together",
    "Each feature has its own mean and variance: give the functions an axis.",
)
def _(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, var = x.mean(), x.var()
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, None


@batchnorm_forward.mistake(
    "the running variance collects standard deviations",
    "running_var averages the VARIANCES of the batches; the root is taken when it is used.",
)
def _(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        mean, std = x.mean(axis=0), np.sqrt(x.var(axis=0) + eps)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * std
    else:
        mean, std = running_mean, np.sqrt(running_var + eps)
    return gamma * (x - mean) / std + beta, None


@batchnorm_forward.mistake(
    "the first batch becomes the running statistics",
    "They start at zeros: after the first batch they hold (1 - momentum) of its statistics.",
)
def _(x, gamma, beta, bn_param):
    bn_param.setdefault("running_mean", x.mean(axis=0))
    bn_param.setdefault("running_var", x.var(axis=0))
    return _forward(x, gamma, beta, bn_param)


@batchnorm_forward.mistake(
    "the running statistics keep the axis of the batch",
    "running_mean and running_var have shape (D,): no keepdims there.",
)
def _(x, gamma, beta, bn_param):
    result = _forward(x, gamma, beta, bn_param)
    if bn_param["mode"] == "train":
        bn_param["running_mean"] = bn_param["running_mean"].reshape(1, -1)
        bn_param["running_var"] = bn_param["running_var"].reshape(1, -1)
    return result


@batchnorm_forward.mistake(
    "x is centred in place", "Write x - mean, not x -= mean: the caller still needs its x.",
)
def _(x, gamma, beta, bn_param):
    result = _forward(x, gamma, beta, bn_param)
    x -= x.mean(axis=0)
    return result


@batchnorm_forward.mistake(
    "only out is returned", "Return the pair (out, cache).",
)
def _(x, gamma, beta, bn_param):
    return _forward(x, gamma, beta, bn_param)[0]


@batchnorm_forward.also_right("feature by feature, the running arrays changed in place")
def _(x, gamma, beta, bn_param):
    N, D = x.shape
    eps = bn_param.setdefault("eps", 1e-5)
    momentum = bn_param.setdefault("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.setdefault("running_var", np.zeros(D, dtype=x.dtype))
    out = np.empty((N, D))
    for d in range(D):
        if bn_param["mode"] == "train":
            mean = sum(x[:, d]) / N
            var = sum((x[:, d] - mean) ** 2) / N
            running_mean[d] = momentum * running_mean[d] + (1 - momentum) * mean
            running_var[d] += (1 - momentum) * (var - running_var[d])
        else:
            mean, var = running_mean[d], running_var[d]
        out[:, d] = gamma[d] * (x[:, d] - mean) * (var + eps) ** -0.5 + beta[d]
    return out, {}


@batchnorm_forward.also_right("mean of the squares less the square of the mean")
def _(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    ones = np.ones(len(x)) / len(x)
    mean = np.einsum("nd->d", x) / len(x)
    var = ones @ x**2 - mean**2
    old = [bn_param.get(key, np.zeros(x.shape[1])) for key in ("running_mean", "running_var")]
    if bn_param["mode"] == "test":
        mean, var = old
    else:
        bn_param.update(
            running_mean=old[0] * momentum + mean * (1 - momentum),
            running_var=old[1] * momentum + var * (1 - momentum),
        )
    a = gamma / np.sqrt(np.maximum(var, 0) + eps)
    return a * x + (beta - a * mean), (x, a)


@batchnorm_forward.also_right("float32, with keepdims; test mode stores the same values again")
def _(x, gamma, beta, bn_param):
    x, gamma, beta = (np.asarray(a, dtype=np.float32) for a in (x, gamma, beta))
    eps = bn_param["eps"] if "eps" in bn_param else 1e-5
    momentum = bn_param["momentum"] if "momentum" in bn_param else 0.9
    if "running_mean" not in bn_param:
        bn_param["running_mean"] = np.zeros(x.shape[1:], dtype=np.float32)
        bn_param["running_var"] = np.zeros(x.shape[1:], dtype=np.float32)
    running_mean, running_var = bn_param["running_mean"], bn_param["running_var"]
    if bn_param["mode"] == "train":
        mean, std = x.mean(axis=0, keepdims=True), x.std(axis=0, keepdims=True)
        running_mean = momentum * running_mean + (1 - momentum) * mean.ravel()
        running_var = momentum * running_var + (1 - momentum) * std.squeeze(axis=0) ** 2
        x_hat = (x - mean) / np.sqrt(std**2 + np.float32(eps))
    elif bn_param["mode"] == "test":
        x_hat = (x - running_mean) / np.sqrt(running_var + eps)
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return gamma * x_hat + beta, None


@batchnorm_forward.also_right("lists for the running statistics")
def _(x, gamma, beta, bn_param):
    bn = {"eps": 1e-5, "momentum": 0.9, "running_mean": [0.0] * x.shape[1],
          "running_var": [0.0] * x.shape[1], **bn_param}
    mean, var = np.array(bn["running_mean"]), np.array(bn["running_var"])
    if bn["mode"] == "train":
        m, mean, var = bn["momentum"], np.average(x, axis=0), np.var(x, axis=0)
        both = zip(bn["running_mean"], mean), zip(bn["running_var"], var)
        for key, pairs in zip(("running_mean", "running_var"), both):
            bn_param[key] = [m * a + (1 - m) * b for a, b in pairs]
    return np.add(np.multiply(gamma, (x - mean) / (var + bn["eps"]) ** 0.5), beta), [x]


# ------------------------------------------------------------------------------- the way back


def _back_cases(entry):
    """The cases of both backward functions: the same, since both must give the same numbers."""

    def with_dout(rng, inputs):
        return inputs | dict(dout=rng.normal(size=inputs["x"].shape))

    @entry.case("six rows")
    def _(rng):
        return with_dout(rng, _case(rng, _batch(rng, 6, 4), 4))

    @entry.case("features that hardly vary: eps counts")
    def _(rng):
        return with_dout(rng, _case(rng, _batch(rng, 8, 5, spread=(0.1, 0.4)), 5, eps=0.05))

    @entry.case("a batch of one")
    def _(rng):
        return with_dout(rng, _case(rng, _batch(rng, 1, 4), 4, eps=0.25, **_running(rng, 4)))

    @entry.case("a constant feature")
    def _(rng):
        x = _with_constant(_batch(rng, 5, 3), (slice(None), 1))
        return with_dout(rng, _case(rng, x, 3, eps=0.25))

    @entry.case("a dout with a trend along x", hidden=True)
    def _(rng):
        inputs = _case(rng, _batch(rng, 40, 6), 6, **_running(rng, 6))
        return inputs | dict(dout=0.5 * inputs["x"] + rng.normal(size=(40, 6)))

    @entry.case("as many rows as features", hidden=True)
    def _(rng):
        return with_dout(rng, _case(rng, _batch(rng, 5, 5), 5, eps=1e-3))


_back_cases(batchnorm_backward)
_back_cases(batchnorm_backward_alt)

# Mistakes in the text of the step-by-step reference.
for _name, _hint, *_edits in [
    ("the way through the mean is dropped",
     "Every x_i moves the mean, and the mean moves every row: add dmean / N to each row.",
     ("dcentred + dmean / N", "dcentred")),
    ("the way through the variance is dropped",
     "Every x_i moves the variance as well: centred has two children, x_hat and the squares.",
     ("dx_hat / std + 2.0 * centred * dvar / N", "dx_hat / std")),
    ("mean and variance are treated as constants",
     "Both are made from x: the gradient flows through them as well.",
     ("dx_hat / std + 2.0 * centred * dvar / N", "dx_hat / std"),
     ("dcentred + dmean / N", "dcentred")),
    ("dmean is not divided by N",
     "The mean is a sum over N: each row's share of dmean is dmean / N.",
     ("dcentred + dmean / N", "dcentred + dmean")),
    ("dmean has the wrong sign",
     "centred = x - mean: the gradient reaches the mean with a minus.",
     ("-dcentred.sum(axis=0)", "dcentred.sum(axis=0)")),
    ("dvar is not divided by N",
     "The variance is the mean of N squares: each square's share is dvar / N.",
     ("2.0 * centred * dvar / N", "2.0 * centred * dvar")),
    ("the 2 of the square is missing", "The slope of centred**2 is 2 * centred.",
     ("2.0 * centred * dvar / N", "centred * dvar / N")),
    ("the 1/2 of the root is missing", "The slope of sqrt(v) is 1 / (2 sqrt(v)).",
     ("dvar = 0.5 * dstd / std", "dvar = dstd / std")),
    ("dstd has the wrong sign", "The slope of 1 / std is -1 / std**2: there is a minus.",
     ("-(dx_hat * centred)", "(dx_hat * centred)")),
    ("1 / std has the slope -1 / std", "The slope of 1 / std is -1 / std**2.",
     (".sum(axis=0) / std**2", ".sum(axis=0) / std")),
    ("gamma is left out on the way to x_hat", "Between dout and dx_hat stands gamma: multiply.",
     ("dx_hat = dout * gamma", "dx_hat = dout")),
    ("dgamma multiplies by centred, not by x_hat",
     "gamma stands before x_hat = centred / std: that is the other factor.",
     ("(dout * x_hat).sum(axis=0)", "(dout * centred).sum(axis=0)")),
    ("dgamma and dbeta are means over the rows",
     "Each row adds its part: sums over axis 0; the loss has divided by N already.",
     ("(dout * x_hat).sum(axis=0)", "(dout * x_hat).mean(axis=0)"),
     ("dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)")),
    ("dgamma and dbeta are exchanged",
     "gamma's other factor is x_hat, beta's is 1; return dx, dgamma, dbeta.",
     ("return dx, dgamma, dbeta", "return dx, dbeta, dgamma")),
    ("dgamma is not summed over the rows", "gamma reaches every row: add over axis 0.",
     ("(dout * x_hat).sum(axis=0)", "dout * x_hat")),
]:
    batchnorm_backward.edit(_name, _hint, *_edits)


@batchnorm_backward.mistake(
    "dout is multiplied by gamma in place", "Write dout * gamma, not dout *= gamma.",
)
def _(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward_alt(dout, cache)
    dout *= 2.0
    return dx, dgamma, dbeta


def _forward_keeps_all(x, gamma, beta, bn_param):
    """For the variants below: everything that a cache may hold."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = x.mean(axis=0), x.var(axis=0)
    for key, value in (("running_mean", mean), ("running_var", var)):
        bn_param[key] = momentum * bn_param.get(key, 0 * mean) + (1 - momentum) * value
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta, dict(x=x, mean=mean, var=var, eps=eps, gamma=gamma, x_hat=x_hat)


def _back_with_fixed_eps(dout, cache):
    x_hat, gamma = cache["x_hat"], cache["gamma"]
    d = dout * gamma
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / np.sqrt(cache["var"] + 1e-5)
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


for _entry in (batchnorm_backward, batchnorm_backward_alt):
    _entry.mistake(
        "the way back takes eps as 1e-5, whatever bn_param says",
        "Keep sqrt(var + eps) in the cache: the eps of the way forward counts.",
        **{"batchnorm_forward": _forward_keeps_all, _entry.record.name: _back_with_fixed_eps},
    )


def _back_by_the_paper(dout, cache):
    """The formulas of Ioffe and Szegedy (2015), section 3."""
    x, mean, var, eps, gamma, x_hat = cache.values()
    m = x.shape[0]
    dx_hat = dout * gamma
    dvar = np.sum(dx_hat * (x - mean) * -0.5 * (var + eps) ** -1.5, axis=0)
    dmean = np.sum(dx_hat * -1 / np.sqrt(var + eps), axis=0)
    dmean = dmean + dvar * np.sum(-2 * (x - mean), axis=0) / m
    dx = dx_hat / np.sqrt(var + eps) + dvar * 2 * (x - mean) / m + dmean / m
    return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


def _back_by_jacobian(dout, cache):
    """Feature by feature, with the whole matrix d x_hat / d x."""
    x_hat, gamma = cache["x_hat"], cache["gamma"]
    std = np.sqrt(cache["var"] + cache["eps"])
    N, D = dout.shape
    dx = np.zeros((N, D))
    for d in range(D):
        h = x_hat[:, d]
        jacobian = (np.eye(N) - 1 / N - np.outer(h, h) / N) / std[d]
        dx[:, d] = gamma[d] * dout[:, d] @ jacobian
    return [dx, np.einsum("nd,nd->d", dout, x_hat), np.ones(N) @ dout]


def _back_in_float32(dout, cache):
    dout, x_hat, gamma = (np.float32(a) for a in (dout, cache["x_hat"], cache["gamma"]))
    inverse = 1 / np.sqrt(np.float32(cache["var"]) + np.float32(cache["eps"]))
    N = np.float32(len(dout))
    dbeta, dgamma = dout.sum(axis=0), (dout * x_hat).sum(axis=0)
    return gamma * inverse / N * (N * dout - dbeta - x_hat * dgamma), dgamma, dbeta


def _back_in_many_steps(dout, cache):
    """Step by step, as a graph has it; the squares' share of dmean is 0 and is left out."""
    x, gamma, N = cache["x"], cache["gamma"], cache["x"].shape[0]
    xmu = x - cache["mean"]
    sqrtvar = np.sqrt(cache["var"] + cache["eps"])
    ivar = 1.0 / sqrtvar
    dgammax = dout.copy()
    dgamma = np.sum(dgammax * (xmu * ivar), axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / sqrtvar**2 * divar
    dvar = 0.5 / np.sqrt(cache["var"] + cache["eps"]) * dsqrtvar
    dxmu2 = 2 * xmu * (np.ones(x.shape) / N * dvar)
    dmu = -np.sum(dxmu1, axis=0, keepdims=True)
    return dxmu1 + dxmu2 + np.ones(x.shape) / N * dmu, dgamma, dout.sum(axis=0)


for _entry in (batchnorm_backward, batchnorm_backward_alt):
    for _name, _back in [
        ("the formulas of the paper", _back_by_the_paper),
        ("the Jacobian, feature by feature; a list is returned", _back_by_jacobian),
        ("float32, closed", _back_in_float32),
        ("nine steps, without the share of the mean that is 0", _back_in_many_steps),
    ]:
        _entry.also_right(
            _name, **{"batchnorm_forward": _forward_keeps_all, _entry.record.name: _back}
        )


@batchnorm_backward_alt.also_right("it calls the step-by-step function")
def _(dout, cache):
    return batchnorm_backward(dout, cache)


for _name, _hint, *_edits in [
    ("the term with dbeta is dropped",
     "That term is the way through the mean: N dout - dbeta - x_hat dgamma.",
     ("N * dout - dbeta - x_hat * dgamma", "N * dout - x_hat * dgamma")),
    ("the term with dgamma is dropped",
     "That term is the way through the variance: N dout - dbeta - x_hat dgamma.",
     ("N * dout - dbeta - x_hat * dgamma", "N * dout - dbeta")),
    ("mean and variance are treated as constants",
     "Both are made from x; each takes one term off: - dbeta and - x_hat dgamma.",
     ("N * dout - dbeta - x_hat * dgamma", "N * dout")),
    ("dout is not multiplied by N",
     "Inside the bracket dout stands against two SUMS over N rows: it needs the factor N.",
     ("N * dout - dbeta", "dout - dbeta")),
    ("the whole is not divided by N", "Before the bracket stands gamma / (N std).",
     ("gamma / (N * std)", "gamma / std")),
    ("gamma is left out of dx", "Before the bracket stands gamma / (N std).",
     ("gamma / (N * std)", "1.0 / (N * std)")),
    ("the whole is multiplied by std", "dx is DIVIDED by std: wide features move less.",
     ("gamma / (N * std)", "gamma * std / N")),
    ("the whole is divided by the variance", "Divide by std = sqrt(var + eps), once.",
     ("gamma / (N * std)", "gamma / (N * std**2)")),
    ("x_hat is left out beside dgamma",
     "The way through the variance reaches row i in proportion to x_hat[i].",
     ("x_hat * dgamma", "dgamma")),
    ("centred in the place of x_hat beside dgamma",
     "x_hat * dgamma: the normalised value, centred / std.",
     ("x_hat * dgamma", "centred * dgamma")),
    ("the terms are added", "Both terms are taken off: what the statistics undo.",
     ("N * dout - dbeta - x_hat * dgamma", "N * dout + dbeta + x_hat * dgamma")),
    ("dgamma and dbeta are means over the rows",
     "Each row adds its part: sums over axis 0; the loss has divided by N already.",
     ("return dx, dgamma, dbeta", "return dx, dgamma / N, dbeta / N")),
    ("dgamma and dbeta are exchanged on return", "The order is dx, dgamma, dbeta.",
     ("return dx, dgamma, dbeta", "return dx, dbeta, dgamma")),
    ("the sums run over all features together", "One sum for each feature: axis 0.",
     ("dbeta = dout.sum(axis=0)", "dbeta = dout.sum() + 0 * gamma"),
     ("dgamma = (dout * x_hat).sum(axis=0)", "dgamma = (dout * x_hat).sum() + 0 * gamma")),
]:
    batchnorm_backward_alt.edit(_name, _hint, *_edits)


@batchnorm_backward_alt.mistake(
    "the means of dx run over all features together",
    "Each feature has its own two means, over the rows: give mean an axis.",
)
def _(dout, cache):
    centred, std, gamma = cache
    x_hat = centred / std
    dx = gamma / std * (dout - dout.mean() - x_hat * (dout * x_hat).mean())
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


@batchnorm_backward_alt.mistake(
    "the bracket is computed in place, in dout", "Write N * dout, not dout *= N.",
)
def _(dout, cache):
    result = batchnorm_backward(dout, cache)
    dout *= len(dout)
    return result


# ------------------------------------------------------------------------------- layernorm


def _rows(rng, N, D, spread=(0.5, 2.0), centre=2.0):
    """Return x (N, D) whose rows differ in mean and spread."""
    return _batch(rng, D, N, spread, centre).T.copy()


_LAYERS = [
    ("five rows, an empty ln_param", False, lambda rng: (_rows(rng, 5, 7), {})),
    ("as many rows as features", False, lambda rng: (_rows(rng, 4, 4), {"eps": 0.05})),
    ("one row that hardly varies: eps counts", False,
     lambda rng: (_rows(rng, 1, 6, spread=(0.15, 0.3)), {"eps": 0.05})),
    ("a constant row", False,
     lambda rng: (_with_constant(_rows(rng, 4, 5), (1, slice(None))), {"eps": 0.25})),
    ("a single feature", True, lambda rng: (_rows(rng, 6, 1), {"eps": 0.1})),
    ("thirty rows", True, lambda rng: (_rows(rng, 30, 12), {})),
]


def _layer_case(rng, make, with_dout):
    x, ln_param = make(rng)
    inputs = dict(x=x, **_scale_and_shift(rng, x.shape[1]), ln_param=ln_param)
    return inputs | (dict(dout=rng.normal(size=x.shape)) if with_dout else {})


for _name, _hidden, _make in _LAYERS:
    layernorm_forward.case(_name, hidden=_hidden)(
        lambda rng, make=_make: _layer_case(rng, make, False)
    )
    layernorm_backward.case(_name, hidden=_hidden)(
        lambda rng, make=_make: _layer_case(rng, make, True)
    )


@layernorm_forward.case("rows that hardly vary, the default eps")
def _(rng):
    return dict(x=_rows(rng, 3, 5, spread=(1e-3, 4e-3), centre=3e-3), **_scale_and_shift(rng, 5),
                ln_param={})


for _name, _hint, *_edits in [
    ("the statistics run over the batch",
     "Layer norm takes mean and variance along each ROW: axis 1.",
     ("x.mean(axis=1, keepdims=True)", "x.mean(axis=0, keepdims=True)"),
     ("(centred**2).mean(axis=1, keepdims=True)", "(centred**2).mean(axis=0, keepdims=True)")),
    ("one mean and one variance for the whole batch",
     "Each row has its own mean and variance: axis 1.",
     ("x.mean(axis=1, keepdims=True)", "x.mean()"),
     ("(centred**2).mean(axis=1, keepdims=True)", "(centred**2).mean()")),
    ("the row statistics are laid along the features",
     "A mean of shape (N,) lines up with the columns; keepdims makes it (N, 1).",
     ("x.mean(axis=1, keepdims=True)", "x.mean(axis=1)"),
     ("(centred**2).mean(axis=1, keepdims=True)", "(centred**2).mean(axis=1)")),
    ("eps is left out", "Divide by sqrt(var + eps): a constant row has variance 0.",
     ("np.sqrt(var + eps)", "np.sqrt(var)")),
    ("eps stands outside the root", "eps is added to the variance, before the root is taken.",
     ("np.sqrt(var + eps)", "np.sqrt(var) + eps")),
    ("eps is always 1e-5", "ln_param may hold another eps; 1e-5 is only the default.",
     ('ln_param.get("eps", 1e-5)', "1e-5")),
    ("eps must be in ln_param", "ln_param may be empty: then eps is 1e-5.",
     ('ln_param.get("eps", 1e-5)', 'ln_param["eps"]')),
    ("the variance is divided by D - 1", "The variance is the biased one, divided by D.",
     ("(centred**2).mean(axis=1, keepdims=True)",
      "(centred**2).sum(axis=1, keepdims=True) / (x.shape[1] - 1)")),
    ("x is divided by the variance", "Divide by the square ROOT of var + eps.",
     ("np.sqrt(var + eps)", "(var + eps)")),
    ("gamma and beta are left out", "out = gamma * x_hat + beta, feature by feature.",
     ("gamma * x_hat + beta", "x_hat")),
    ("gamma multiplies beta as well", "Scale first, then shift: gamma * x_hat + beta.",
     ("gamma * x_hat + beta", "gamma * (x_hat + beta)")),
]:
    layernorm_forward.edit(_name, _hint, *_edits)


@layernorm_forward.mistake(
    "ln_param is handed to batchnorm_forward, which writes into it",
    "batchnorm_forward stores running statistics in the dict it gets: give it a dict of its own.",
)
def _(x, gamma, beta, ln_param):
    ln_param["mode"] = "train"
    out, cache = batchnorm_forward(x.T, np.ones(len(x)), np.zeros(len(x)), ln_param)
    return gamma * out.T + beta, cache


@layernorm_forward.mistake(
    "x is centred in place", "Write x - mean, not x -= mean: the caller still needs its x.",
)
def _(x, gamma, beta, ln_param):
    x -= x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + ln_param.get("eps", 1e-5))
    return gamma * x / std + beta, (x / std, std, gamma)


def _layer_by_transpose(x, gamma, beta, ln_param):
    bn_param = {"mode": "train", **ln_param}
    x_hat, cache = batchnorm_forward(x.T, np.ones(len(x)), np.zeros(len(x)), bn_param)
    return gamma * x_hat.T + beta, (cache, x_hat.T, gamma)


def _layer_back_by_transpose(dout, cache):
    inner, x_hat, gamma = cache
    dx, _, _ = batchnorm_backward((dout * gamma).T, inner)
    return dx.T, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


def _layer_by_rows(x, gamma, beta, ln_param):
    eps = ln_param["eps"] if "eps" in ln_param else 1e-5
    out, kept = [], []
    for row in x:
        mean = sum(row) / len(row)
        var = sum((value - mean) ** 2 for value in row) / len(row)
        h = (row - mean) * (var + eps) ** -0.5
        kept.append((h, (var + eps) ** -0.5))
        out.append(gamma * h + beta)
    return np.array(out), {"rows": kept, "gamma": gamma}


def _layer_back_by_rows(dout, cache):
    gamma, dx = cache["gamma"], np.zeros(dout.shape)
    dgamma, dbeta = np.zeros(len(gamma)), np.zeros(len(gamma))
    for n, (h, inverse) in enumerate(cache["rows"]):
        D = len(h)
        jacobian = inverse * (np.eye(D) - np.ones((D, D)) / D - np.outer(h, h) / D)
        dx[n] = jacobian @ (gamma * dout[n])
        dgamma = dgamma + dout[n] * h
        dbeta += dout[n]
    return [dx, dgamma, dbeta]


def _layer_in_float32(x, gamma, beta, ln_param):
    x, gamma, beta = (np.float32(a) for a in (x, gamma, beta))
    centred = x - x.mean(1)[:, None]
    std = np.sqrt(np.var(x, axis=1) + np.float32(ln_param.get("eps", 1e-5)))[:, None]
    return gamma * (centred / std) + beta, (centred, std, gamma)


def _layer_back_in_float32(dout, cache):
    centred, std, gamma = cache
    h, D, d = centred / std, centred.shape[1], np.float32(dout) * gamma
    sums = d.sum(1, keepdims=True) + h * (d * h).sum(1, keepdims=True)
    return (D * d - sums) / (D * std), (dout * h).sum(0), np.add.reduce(dout)


for _name, _ahead, _back in [
    ("batch norm of the transpose", _layer_by_transpose, _layer_back_by_transpose),
    ("row by row", _layer_by_rows, _layer_back_by_rows),
    ("float32", _layer_in_float32, _layer_back_in_float32),
]:
    layernorm_forward.also_right(_name, layernorm_forward=_ahead)
    layernorm_backward.also_right(_name, layernorm_forward=_ahead, layernorm_backward=_back)

for _name, _hint, *_edits in [
    ("the sums of dx run over the batch", "Mean and variance belong to a row: sums along axis 1.",
     ("dx_hat.mean(axis=1, keepdims=True)", "dx_hat.mean(axis=0, keepdims=True)"),
     ("(dx_hat * x_hat).mean(axis=1, keepdims=True)",
      "(dx_hat * x_hat).mean(axis=0, keepdims=True)")),
    ("gamma is multiplied at the end",
     "gamma differs along the row that is averaged over: multiply dout by it BEFORE the means.",
     ("dx_hat = dout * gamma", "dx_hat = dout"), ("/ std\n", "/ std * gamma\n")),
    ("gamma is left out of dx", "Between dout and dx_hat stands gamma: multiply.",
     ("dx_hat = dout * gamma", "dx_hat = dout")),
    ("the way through the mean is dropped", "Every value of a row moves the row's mean.",
     ("dx_hat - dx_hat.mean(axis=1, keepdims=True)", "dx_hat")),
    ("the way through the variance is dropped", "Every value of a row moves the row's variance.",
     (" - x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)", "")),
    ("mean and variance are treated as constants",
     "Both are made from x: the gradient flows through them as well.",
     ("dx_hat - dx_hat.mean(axis=1, keepdims=True)", "dx_hat"),
     (" - x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)", "")),
    ("the division by std is missing", "x_hat = centred / std: the way back divides by std too.",
     ("/ std\n", "\n")),
    ("dgamma and dbeta are sums along the rows",
     "gamma and beta belong to the features: add over the N rows, axis 0.",
     ("dgamma = (dout * x_hat).sum(axis=0)", "dgamma = (dout * x_hat).sum(axis=1)"),
     ("dbeta = dout.sum(axis=0)", "dbeta = dout.sum(axis=1)")),
    ("dgamma and dbeta are means over the rows",
     "Each row adds its part: sums over axis 0.",
     ("dgamma = (dout * x_hat).sum(axis=0)", "dgamma = (dout * x_hat).mean(axis=0)"),
     ("dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)")),
    ("the means are divided by N, not by D",
     "A row's mean is taken over its D features: divide by D.",
     ("dx_hat.mean(axis=1, keepdims=True)", "dx_hat.sum(axis=1, keepdims=True) / len(dout)"),
     ("(dx_hat * x_hat).mean(axis=1, keepdims=True)",
      "(dx_hat * x_hat).sum(axis=1, keepdims=True) / len(dout)")),
]:
    layernorm_backward.edit(_name, _hint, *_edits)

# ------------------------------------------------------------------------------- images


def _images(rng, N, C, H, W, spread=(0.5, 2.0), centre=2.0):
    """Return x (N, C, H, W) whose channels, images and places differ in mean."""
    scale, shift = rng.uniform(*spread, size=(C, 1, 1)), centre * rng.normal(size=(C, 1, 1))
    uneven = rng.normal(size=(N, 1, 1, 1)) + rng.normal(size=(1, 1, H, W))
    return scale * (rng.normal(size=(N, C, H, W)) + uneven) + shift


@spatial_batchnorm_forward.case("two images, nothing but the mode given")
def _(rng):
    return _case(rng, _images(rng, 2, 3, 4, 5), 3)


@spatial_batchnorm_forward.case("channels, height and width equal; three batches, then test mode")
def _(rng):
    xs = {name: _images(rng, 3, 3, 3, 3) for name in ("x1", "x2", "x3", "x_test")}
    momentum = float(rng.uniform(0.65, 0.8))
    return dict(**xs, **_scale_and_shift(rng, 3), bn_param={
        "mode": "train", "momentum": momentum, "eps": 1e-2,
    })  # fmt: skip


@spatial_batchnorm_forward.case("test mode, one image")
def _(rng):
    running = dict(running_mean=rng.normal(size=4), running_var=rng.uniform(0.02, 0.2, size=4))
    return _case(rng, _images(rng, 1, 4, 2, 3), 4) | dict(
        bn_param={"mode": "test", "eps": 0.05, **running}
    )


@spatial_batchnorm_forward.case("one image, a constant channel")
def _(rng):
    x = _with_constant(_images(rng, 1, 3, 4, 2), (slice(None), 1))
    return _case(rng, x, 3, **_running(rng, 3))


@spatial_batchnorm_forward.case("one pixel", hidden=True)
def _(rng):
    return _case(rng, _images(rng, 6, 3, 1, 1), 3, eps=0.1, momentum=0.5)


@spatial_batchnorm_forward.case("ten images", hidden=True)
def _(rng):
    return _case(rng, _images(rng, 10, 5, 4, 4), 5, eps=0.1, **_running(rng, 5))


def _spatial(x, gamma, beta, bn_param, *, axes=(0, 2, 3), ddof=0, test_with=None, flip=False,
             root=True, inside=True, affine=True, store=True):  # fmt: skip
    """Spatial batch normalisation with a joint for each mistake."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    momentum = 1 - momentum if flip else momentum
    C = x.shape[1]
    mean = x.mean(axis=axes, keepdims=True)
    var = x.var(axis=axes, keepdims=True, ddof=ddof)
    running_mean = bn_param.get("running_mean", np.zeros(C))
    running_var = bn_param.get("running_var", np.zeros(C))
    if bn_param["mode"] == "train":
        by_channel = np.ones((1, C, 1, 1))
        if store:
            bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * (
                mean * by_channel).mean(axis=(0, 2, 3))
            bn_param["running_var"] = momentum * running_var + (1 - momentum) * (
                var * by_channel).mean(axis=(0, 2, 3))
    elif test_with != "batch":
        mean, var = (a.reshape(1, C, 1, 1) for a in (running_mean, running_var))
    divisor = (var + eps if inside else var) ** (0.5 if root else 1.0)
    x_hat = (x - mean) / divisor
    if not affine:
        return x_hat, None
    return gamma.reshape(1, C, 1, 1) * x_hat + beta.reshape(1, C, 1, 1), None


for _name, _hint, _options in [
    ("each image is normalised by itself",
     "A channel's statistics are shared by all N images: average over axes 0, 2 and 3.",
     dict(axes=(2, 3))),
    ("every pixel has its own statistics",
     "The pixels of a channel share one mean: average over axes 0, 2 and 3.", dict(axes=(0,))),
    ("one mean and one variance for all channels",
     "Each channel has its own: average over axes 0, 2 and 3, not over 1.",
     dict(axes=(0, 1, 2, 3))),
    ("layer norm: the statistics of one image over its channels",
     "Average over the images and the pixels, for each channel.", dict(axes=(1, 2, 3))),
    ("the variance is divided by N H W - 1", "The variance is the biased one.", dict(ddof=1)),
    ("test mode takes the batch's own statistics",
     "In test mode the running statistics of bn_param count.", dict(test_with="batch")),
    ("momentum weighs the batch in the place of the running value",
     "momentum * running + (1 - momentum) * batch.", dict(flip=True)),
    ("eps is left out", "Divide by sqrt(var + eps).", dict(inside=False)),
    ("x is divided by the variance", "Divide by the square ROOT of var + eps.", dict(root=False)),
    ("gamma and beta are left out", "Scale and shift each channel by its gamma and beta.",
     dict(affine=False)),
    ("the running statistics are not stored", "Store them in bn_param, shape (C,).",
     dict(store=False)),
]:

    def _wrong(x, gamma, beta, bn_param, *, options=_options):
        return _spatial(x, gamma, beta, bn_param, **options)

    spatial_batchnorm_forward.mistake(_name, _hint, spatial_batchnorm_forward=_wrong)


@spatial_batchnorm_forward.mistake(
    "the axes are reshaped without being moved",
    "reshape only re-reads the numbers in order: bring the channels to the end with transpose "
    "first.",
)
def _(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.reshape(-1, C), gamma, beta, bn_param)
    return out.reshape(N, C, H, W), cache


@spatial_batchnorm_forward.mistake(
    "the mode is never looked at",
    "In test mode the running statistics count, and stay as they are: hand bn_param itself on.",
)
def _(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    bn_param["mode"] = "train"
    result = _spatial(x, gamma, beta, bn_param)
    bn_param["mode"] = mode
    return result


@spatial_batchnorm_forward.mistake(
    "the axes are not moved back",
    "The rows are in the order N, H, W, C: reshape to that, then transpose to N, C, H, W.",
)
def _(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, C, H, W), cache


@spatial_batchnorm_forward.mistake(
    "the channels are moved back to the wrong place",
    "From N, H, W, C the way to N, C, H, W is transpose(0, 3, 1, 2).",
)
def _(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 2, 1), cache


@spatial_batchnorm_forward.mistake(
    "the result stays in rows", "out has the shape of x, (N, C, H, W).",
)
def _(x, gamma, beta, bn_param):
    return batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1]), gamma, beta, bn_param)


@spatial_batchnorm_forward.mistake(
    "the running statistics have shape (1, C, 1, 1)",
    "running_mean and running_var have shape (C,): reshape them only to use them.",
)
def _(x, gamma, beta, bn_param):
    C = x.shape[1]
    for key in ("running_mean", "running_var"):
        if key in bn_param:
            bn_param[key] = bn_param[key].reshape(C)
    result = _spatial(x, gamma, beta, bn_param)
    for key in ("running_mean", "running_var"):
        bn_param[key] = bn_param[key].reshape(1, C, 1, 1)
    return result


@spatial_batchnorm_forward.mistake(
    "x is centred in place", "Write x - mean, not x -= mean: the caller still needs its x.",
)
def _(x, gamma, beta, bn_param):
    result = _spatial(x, gamma, beta, bn_param)
    x -= x.mean(axis=(0, 2, 3), keepdims=True)
    return result


spatial_batchnorm_forward.also_right("axes 0, 2 and 3, without rows",
                                     spatial_batchnorm_forward=_spatial)


@spatial_batchnorm_forward.also_right("channel by channel, with batchnorm_forward on one column")
def _(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, means, variances = np.empty_like(x), np.zeros(C), np.zeros(C)
    for c in range(C):
        inner = {k: v for k, v in bn_param.items() if not k.startswith("running")}
        for key in ("running_mean", "running_var"):
            if key in bn_param:
                inner[key] = bn_param[key][c : c + 1]
        column, _ = batchnorm_forward(x[:, c].reshape(-1, 1), gamma[c], beta[c], inner)
        out[:, c] = column.reshape(N, H, W)
        means[c], variances[c] = inner["running_mean"][0], inner["running_var"][0]
    bn_param["running_mean"], bn_param["running_var"] = means, variances
    return out, None


@spatial_batchnorm_forward.also_right("channels to the front, a transposed view is returned")
def _(x, gamma, beta, bn_param):
    rows = np.moveaxis(x, 1, -1)
    out, cache = batchnorm_forward(rows.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    return np.moveaxis(out.reshape(rows.shape), -1, 1), cache


@spatial_batchnorm_forward.also_right("float32, running arrays changed in place")
def _(x, gamma, beta, bn_param):
    x = x.astype(np.float32)
    C, m = x.shape[1], bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(C))
    running_var = bn_param.setdefault("running_var", np.zeros(C))
    mean, var = running_mean, running_var
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean *= m
        running_mean += (1 - m) * mean
        running_var *= m
        running_var += (1 - m) * var
    a = gamma / np.sqrt(var + bn_param.get("eps", 1e-5))
    return x * a[:, None, None] + (beta - a * mean)[:, None, None], (a,)
