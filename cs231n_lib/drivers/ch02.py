"""Drivers of chapter 2: sets that are centred together, mini-batches, and two training loops.

The loops get a loss function of ours that notes how it was called. Whatever is random is judged by
properties, in words that do not depend on the order of draws: the same mistake then reads the same
for everyone.
"""

from __future__ import annotations

import numpy as np

from cs231n_lib.drivers import call_with, split

# sample_minibatch is called this often with one generator; see `minibatch_summary` for the odds.
CALLS = 100
SHORT = 20  # calls, or steps of sgd, that show whether a seed decides the draws


def zero_center(functions, inputs, exercise):
    """Call zero_center(X_train, *others); every returned set is one output."""
    others = inputs["others"]
    result = functions[exercise.name](inputs["X_train"], *others)
    count = 1 + len(others)
    if not isinstance(result, (tuple, list)) or len(result) != count:
        got = f"{len(result)} sets" if isinstance(result, (tuple, list)) else type(result).__name__
        raise TypeError(
            f"must return a tuple of as many sets as it was given, here {count}, got {got}"
        )
    names = ["X_train"] + [f"others[{i}]" for i in range(len(others))]
    return dict(zip(names, result))


# ------------------------------------------------------------------------ sample_minibatch


def minibatch(functions, inputs, exercise):
    """Draw `CALLS` batches from one generator; some again with its seed, some with another."""

    def draw(rng, calls):
        function, given = functions[exercise.name], inputs | {"rng": rng}
        parts = [
            split(call_with(function, given, exercise), exercise.returns) for _ in range(calls)
        ]
        return [_stack([p[name] for p in parts], name) for name in exercise.returns]

    X, y = draw(inputs["rng"], CALLS)
    X_again, _ = draw(inputs["again"], SHORT)
    X_other, _ = draw(inputs["other"], SHORT)
    return {"X": X, "y": y, "X_again": X_again, "X_other": X_other}


def minibatch_summary(outputs, inputs):
    """Say in words what the batches are like."""
    X, y, size = outputs["X"], outputs["y"], inputs["batch_size"]
    told = {"X_batch.shape": str(X.shape[1:]), "y_batch.shape": str(y.shape[1:])}
    if X.shape[1:] != (size, inputs["X"].shape[1]) or y.shape[1:] != (size,):
        return told
    told |= describe_rows(X, y, inputs)
    told["coverage over all calls"] = describe_coverage(X, inputs["X"], evenly=True)
    again, other = outputs["X_again"], outputs["X_other"]
    return told | describe_seeds(X[: len(again)], again, other, size, inputs)


# -------------------------------------------------------------------- gradient_descent, sgd


def log_cosh_loss(W, X, y, reg):
    """Return (loss, dW) of log(cosh(scores - one_hot(y))), summed over classes, mean over rows.

    A loss that no chapter uses, so that only a loop that calls its `loss_fn` gets it right.
    """
    error = X @ W - np.eye(W.shape[1])[y]
    loss = (np.logaddexp(error, -error) - np.log(2)).sum(axis=1).mean()
    return loss + 0.5 * reg * (W * W).sum(), X.T @ np.tanh(error) / len(X) + reg * W


class Recorder:
    """A loss function that keeps what it was called with."""

    def __init__(self):
        self.W, self.X, self.y, self.reg = [], [], [], []

    def __call__(self, W, X, y, reg):
        X, y = np.asarray(X), np.asarray(y)
        if X.ndim != 2 or y.shape != X.shape[:1]:
            raise ValueError(
                f"loss_fn wants X (N, D) and y (N,), got X of shape {X.shape} and y of shape "
                f"{y.shape}"
            )
        self.W.append(np.array(W, dtype=float))
        self.X.append(X.copy())
        self.y.append(y.copy())
        self.reg.append(float(reg))
        return log_cosh_loss(np.asarray(W), X, y.astype(int), reg)


def gradient_descent(functions, inputs, exercise):
    """Run the loop once on a loss function that counts its calls."""
    loss_fn = Recorder()
    result = call_with(functions[exercise.name], {"loss_fn": loss_fn} | inputs, exercise)
    named = split(result, exercise.returns)
    return named | {"count of loss_fn calls": f"{len(loss_fn.W)}"}


def sgd(functions, inputs, exercise):
    """Run the loop and keep what loss_fn was given; then three short runs, two with one seed."""

    def run(rng, **changed):
        loss_fn = Recorder()
        given = {"loss_fn": loss_fn} | inputs | {"rng": rng} | changed
        named = split(call_with(functions[exercise.name], given, exercise), exercise.returns)
        if not loss_fn.W:
            raise TypeError("never called loss_fn")
        return named, loss_fn

    named, seen = run(inputs["rng"])
    _, first = run(inputs["first"], num_iters=SHORT)
    _, again = run(inputs["again"], num_iters=SHORT)
    _, other = run(inputs["other"], num_iters=SHORT)
    batches = "batches given to loss_fn"
    return named | {
        "X": _stack(seen.X, batches), "y": _stack(seen.y, batches), "W_before": np.stack(seen.W),
        "reg": np.array(seen.reg), "X_first": _stack(first.X, batches),
        "X_again": _stack(again.X, batches), "X_other": _stack(other.X, batches),
    }


def sgd_summary(outputs, inputs):
    """Replay the steps from the batches that were drawn and say in words what was done.

    Losses and gradients are computed here again: of the run, only the batches are believed, and
    they must be rows of X with their own labels.
    """
    if "losses" not in outputs:
        raise ValueError("losses must be a flat list or array of numbers")
    X, y, W = outputs["X"], outputs["y"], outputs["W_before"]
    size, steps = inputs["batch_size"], inputs["num_iters"]
    told = {
        "count of loss_fn calls": f"{len(X)}",
        "shape of a batch": str(X.shape[1:]),
    }
    if X.shape != (steps, size, inputs["X"].shape[1]):
        return told
    told |= describe_rows(X, y, inputs)
    told["coverage over all steps"] = describe_coverage(X, inputs["X"], evenly=False)
    told["reg handed to loss_fn"] = float(np.abs(outputs["reg"]).max())
    told["W at the first step"] = "W" if np.allclose(W[0], inputs["W"]) else "another W"
    reg, rate = inputs["reg"], inputs["learning_rate"]
    loss, dW = zip(*(log_cosh_loss(*z, reg) for z in zip(W, X, y.astype(int))))
    wanted_step = -rate * np.stack(dW)
    ratio, told["each step"] = _step_over(W[1:] - W[:-1], wanted_step[:-1], np.abs(W).max())
    told["W returned"] = _which_W(outputs["W"], W, ratio * wanted_step[-1])
    told["what losses holds"] = _which_losses(outputs["losses"], np.array(loss), inputs)
    short = (outputs[key] for key in ("X_first", "X_again", "X_other"))
    return told | describe_seeds(*short, size, inputs)


def _step_over(made, wanted, scale):
    """Return (ratio, words) of the steps made to `-learning_rate * dW`."""
    ratio = float((made * wanted).sum() / (wanted * wanted).sum())
    if np.abs(made - ratio * wanted).max() > 1e-4 * scale:
        return ratio, "not a multiple of dW"
    return ratio, f"{ratio:.3g} times -learning_rate * dW"


def _which_W(got, W, last_step):
    places = {"after the last step": W[-1] + last_step, "before the last step": W[-1],
              "as at the start": W[0]}
    if got.shape != W[0].shape:
        return f"of shape {got.shape}"
    room = 1e-4 * np.abs(W).max()
    for words, value in places.items():
        if np.abs(got - value).max() <= room:
            return f"W {words}"
    return "another W"


def _which_losses(got, loss, inputs):
    if got.shape != loss.shape:
        return f"of shape {got.shape}"
    room = 1e-4 * np.abs(loss).max()
    places = {
        "the batch's loss before each step": loss,
        "the sum of the losses so far": np.cumsum(loss),
        "the batch's loss over batch_size": loss / inputs["batch_size"],
    }
    for words, value in places.items():
        if np.abs(got - value).max() <= room:
            return words
    return "other numbers"


# ------------------------------------------------------------------------ properties of draws


def describe_rows(X, y, inputs) -> dict:
    """Say whether the rows of the batches (calls, size, D) are rows of X with their own labels."""
    index, distance = _nearest(X, inputs["X"])
    if distance.max() > 1e-4 * np.abs(inputs["X"]).max():
        return {"origin of the rows": "not X"}
    paired = (y.ravel() == inputs["y"][index]).all()
    return {
        "origin of the rows": "X",
        "pairing": "each row with its own label" if paired else "rows with other rows' labels",
    }


def describe_coverage(X, X_all, *, evenly: bool) -> str:
    """Say which rows of X_all the batches (calls, size, D) drew.

    The odds of blaming a right sampler stay below 1e-6. With n draws with replacement from N rows,
    one is missed with probability at most N * exp(-n / N); the cases keep n / N above 20. Counts
    stay within 7 standard deviations of their mean (Chernoff: below 1e-7 a row). In a block
    nearly every row's successor is in the batch too: (size - 1) / size of them; in a fair batch
    (size - 1) / (N - 1), so blocks are looked for only in batches of at most a third of X.
    """
    calls, size = X.shape[:2]
    count = len(X_all)
    index, _ = _nearest(X, X_all)
    drawn = np.bincount(index, minlength=count)
    missed = np.flatnonzero(drawn == 0)
    if 4 <= size <= count // 3:
        rows = index.reshape(calls, size)
        followed = np.mean([np.isin((r + 1) % count, r).mean() for r in rows])
        if len(np.unique(rows)) > size and followed > 0.75:
            return "blocks of neighbouring rows"
    if len(missed) == 0:
        mean = len(index) / count
        uneven = np.abs(drawn - mean).max() > 7 * np.sqrt(mean)
        return "every row, but some far too often" if evenly and uneven else "every row of X"
    if list(missed) == [count - 1]:
        return "every row but the last"
    if list(missed) == [0]:
        return "every row but the first"
    few = count - len(missed) <= size
    return "the same few rows every time" if few else "only some of the rows"


def describe_seeds(X, X_again, X_other, size, inputs) -> dict:
    """Say whether a seed decides the batches: an equal seed equal ones, another seed others.

    Batches of all N rows may be the same under every seed, and are not asked.
    """
    words = {True: "the same batches", False: "other batches"}
    told = {"a second run with the same seed": words[np.array_equal(X, X_again)]}
    if size < len(inputs["X"]):
        told["a run with another seed"] = words[np.array_equal(X, X_other)]
    return told


def _nearest(X, X_all):
    """Return index and distance of the row of X_all nearest to each of the batches' rows."""
    flat = X.reshape(-1, X.shape[-1])
    distance = np.abs(flat[:, None] - X_all).max(axis=2)
    return distance.argmin(axis=1), distance.min(axis=1)


def _stack(arrays, what):
    arrays = [np.asarray(a) for a in arrays]
    if any(a.dtype.kind not in "biuf" for a in arrays):
        raise TypeError(f"{what} must hold numbers")
    shapes = sorted({a.shape for a in arrays})
    if len(shapes) > 1:
        listed = " and ".join(str(s) for s in shapes[:3])
        raise TypeError(f"{what} must all have one shape, got {listed}")
    return np.stack(arrays)
