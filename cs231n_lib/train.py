"""Train a network on a data set: mini-batches, schedule, accuracy by epoch, early stopping.

Used by notebooks from chapter 05 on. A run can write a checkpoint after every epoch; started again
with the same arguments, it goes on from there and ends in exactly the same numbers.

>>> import numpy as np
>>> from types import SimpleNamespace
>>> from cs231n_lib.nn import MLP
>>> from cs231n_lib.optim import Adam
>>> from cs231n_lib.train import Trainer
>>> rng = np.random.default_rng(0)
>>> X = rng.standard_normal((600, 2))
>>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
>>> data = SimpleNamespace(X_train=X[:500], y_train=y[:500], X_val=X[500:], y_val=y[500:])
>>> model = MLP([2, 32, 2], rng=rng)
>>> trainer = Trainer(model, Adam(1e-2), data, batch_size=50, num_epochs=20, rng=rng,
...                   progress=False)
>>> history = trainer.run()
>>> len(history.loss), len(history.val_accuracy)        # 10 steps an epoch
(200, 20)
>>> bool(history.val_accuracy[-1] > 0.9)
True
"""

import math
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cs231n_lib.checkpoint import read_checkpoint, write_checkpoint

TRAIN_EVAL = 1000  # training accuracy is measured on so many examples, evenly spread


@dataclass(frozen=True)
class History:
    """What happened in a run.

    Attributes
    ----------
    loss, learning_rate : ndarray, shape (steps,)
        Loss of each mini-batch before its step (with regularisation), and the rate used.
    train_accuracy, val_accuracy : ndarray, shape (epochs,)
        After each epoch, in test mode; training accuracy on at most 1,000 examples. val_accuracy
        is empty without validation data.
    seconds : float
        Time spent training, over all parts of an interrupted run.
    best_epoch : int or None
        Epoch (from 1) with the best validation accuracy.
    stopped_early : bool
    """

    loss: np.ndarray
    learning_rate: np.ndarray
    train_accuracy: np.ndarray
    val_accuracy: np.ndarray
    seconds: float
    best_epoch: int | None
    stopped_early: bool


class Diverged(FloatingPointError):
    """The loss became infinite or NaN. `history` holds the run up to there."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


class Trainer:
    """Run mini-batch training.

    Parameters
    ----------
    model : nn.MLP
    optimizer : optim.Optimizer
    data : object with X_train, y_train and, if wanted, X_val, y_val
        As `load` returns it. Rows are examples; converted once to the model's dtype.
    batch_size : int
        Each epoch goes once through a new shuffle; what is left over at its end and fills no batch
        is left out of that epoch.
    num_epochs : int
    reg : float
        Strength of 0.5 * reg * sum(W**2).
    schedule : callable, optional
        schedule(epoch) -> learning rate, asked before every step with the epoch as a fraction.
        Without it the optimizer's own rate stays.
    rng : np.random.Generator
        Shuffles the examples.
    patience : int, optional
        Stop after this many epochs without a better validation accuracy, and leave the model with
        the best parameters (also when the run ends by itself). Without it the last ones stay.
    checkpoint : path, optional
        File for the state after every epoch. If it exists, the run goes on from it.
    progress : bool
        Show a progress bar.
    """

    def __init__(self, model, optimizer, data, *, batch_size, num_epochs, reg=0.0, schedule=None,
                 rng, patience=None, checkpoint=None, progress=True):  # fmt: skip
        self.model, self.optimizer, self.schedule, self.rng = model, optimizer, schedule, rng
        self.X, self.y = _examples("train", data, model)
        self.X_val = self.y_val = None
        if getattr(data, "X_val", None) is not None and len(data.X_val):
            self.X_val, self.y_val = _examples("val", data, model)
        elif patience is not None:
            raise ValueError("patience needs validation data: data.X_val and data.y_val")
        if not 1 <= batch_size <= len(self.X):
            raise ValueError(f"batch_size must be 1 to {len(self.X)} (all rows), got {batch_size}")
        self.batch_size, self.num_epochs, self.reg = int(batch_size), int(num_epochs), float(reg)
        self.patience, self.progress = patience, progress
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.steps_per_epoch = len(self.X) // self.batch_size
        self.losses, self.rates, self.train_accuracies, self.val_accuracies = [], [], [], []
        self.epoch, self.seconds, self._best = 0, 0.0, None

    def run(self):
        """Train to the end, from the checkpoint if there is one.

        Returns
        -------
        History

        Raises
        ------
        Diverged
            When a loss is infinite or NaN.
        ValueError
            When the checkpoint belongs to another run.
        """
        from tqdm.auto import tqdm

        if self.checkpoint is not None and self.checkpoint.exists():
            self._restore()
        total, done = self.num_epochs * self.steps_per_epoch, self.epoch * self.steps_per_epoch
        bar = tqdm(total=total, initial=done, unit="step", disable=not self.progress)
        with bar, np.errstate(over="ignore", invalid="ignore"):  # a bad loss raises Diverged
            while self.epoch < self.num_epochs and not self._has_stalled():
                start = time.perf_counter()
                self._run_epoch(bar)
                self._evaluate(bar)
                self.seconds += time.perf_counter() - start
                if self.checkpoint is not None:
                    self._save()
        if self.patience is not None and self._best is not None:
            self._load_model(self._best)
        return self._history()

    def _run_epoch(self, bar):
        order = self.rng.permutation(len(self.X))
        batch = np.empty((self.batch_size, self.X.shape[1]), self.X.dtype)
        for i in range(self.steps_per_epoch):
            rows = order[i * self.batch_size : (i + 1) * self.batch_size]
            if self.schedule is not None:
                self.optimizer.lr = float(self.schedule(self.epoch + i / self.steps_per_epoch))
            np.take(self.X, rows, axis=0, out=batch, mode="clip")
            loss, grads = self.model.loss(batch, self.y[rows], self.reg, copy=False)
            self.losses.append(loss)
            self.rates.append(self.optimizer.lr)
            if not math.isfinite(loss):
                raise Diverged(
                    f"diverged at step {len(self.losses)} (epoch {self.epoch + 1}): the loss is "
                    f"{loss}. Lower the learning rate, now {self.optimizer.lr:g}.",
                    self._history(),
                )
            self.optimizer.step(self.model.params, grads)
            bar.update()

    def _evaluate(self, bar):
        some = np.linspace(0, len(self.X) - 1, min(TRAIN_EVAL, len(self.X))).astype(int)
        self.train_accuracies.append(self._accuracy(self.X[some], self.y[some]))
        shown = {"loss": f"{self.losses[-1]:.3f}", "train": f"{self.train_accuracies[-1]:.3f}"}
        self.epoch += 1
        if self.X_val is not None:
            accuracy = self._accuracy(self.X_val, self.y_val)
            shown["val"] = f"{accuracy:.3f}"
            if accuracy > max(self.val_accuracies, default=-1.0):
                self._best = self._model_arrays()
            self.val_accuracies.append(accuracy)
        bar.set_postfix(shown)

    def _accuracy(self, X, y):
        return float(np.mean(self.model.predict(X) == y))

    def _best_epoch(self):
        return 1 + int(np.argmax(self.val_accuracies)) if self.val_accuracies else None

    def _has_stalled(self):
        if self.patience is None or not self.val_accuracies:
            return False
        return self.epoch - self._best_epoch() >= self.patience

    def _history(self):
        return History(
            loss=np.array(self.losses),
            learning_rate=np.array(self.rates),
            train_accuracy=np.array(self.train_accuracies),
            val_accuracy=np.array(self.val_accuracies),
            seconds=self.seconds,
            best_epoch=self._best_epoch(),
            stopped_early=self.epoch < self.num_epochs and self._has_stalled(),
        )

    # What is written down: everything that the next epoch depends on.

    def _model_arrays(self):
        return {"flat": self.model.params.flat.copy()} | {
            f"state/{name}": array.copy() for name, array in self.model.state.items()
        }

    def _load_model(self, arrays):
        self.model.params.flat[...] = arrays["flat"]
        for name, array in self.model.state.items():
            array[...] = arrays[f"state/{name}"]

    def _settings(self):
        """Facts that must agree between a checkpoint and the run that goes on from it."""
        moving = {"t"} | ({"lr"} if self.schedule is not None else set())
        constants = ", ".join(
            f"{name}={value}"
            for name, value in vars(self.optimizer).items()
            if isinstance(value, (int, float)) and name[0] != "_" and name not in moving
        )
        return {
            "network": repr(self.model),
            "parts": list(self.model.layers),
            "keep": self.model.dropout_keep,
            "loss": type(self.model.loss_function).__name__,
            "optimizer": f"{type(self.optimizer).__name__}({constants})",
            "schedule": repr(self.schedule),
            "batch_size": self.batch_size,
            "reg": self.reg,
            "data": [*self.X.shape, zlib.crc32(self.y.tobytes())],
        }

    def _save(self):
        groups = {"model": self._model_arrays(), "optimizer": self.optimizer.state,
                  "best": self._best or {}}  # fmt: skip
        arrays = {f"{g}/{name}": a for g, group in groups.items() for name, a in group.items()}
        for name in ("losses", "rates", "train_accuracies", "val_accuracies"):
            arrays[f"history/{name}"] = np.array(getattr(self, name), np.float64)
        facts = {
            "settings": self._settings(),
            "epoch": self.epoch,
            "seconds": self.seconds,
            "t": self.optimizer.t,
            "rng": self.rng.bit_generator.state,
            "model_rng": self.model.rng.bit_generator.state,
        }
        write_checkpoint(self.checkpoint, arrays, facts)

    def _restore(self):
        arrays, facts = read_checkpoint(self.checkpoint)
        ours, theirs = self._settings(), facts["settings"]
        for what in ours:
            if ours[what] != theirs.get(what):
                raise ValueError(
                    f"{self.checkpoint} belongs to another run: its {what} is "
                    f"{theirs.get(what)!r}, this one's {ours[what]!r}. Choose another name or "
                    "delete it."
                )

        def group(name):
            return {k.removeprefix(name): a for k, a in arrays.items() if k.startswith(name)}

        self._load_model(group("model/"))
        self.optimizer.state, self.optimizer.t = group("optimizer/"), facts["t"]
        self._best = group("best/") or None
        for name, values in group("history/").items():
            setattr(self, name, values.tolist())
        self.epoch, self.seconds = facts["epoch"], facts["seconds"]
        self.rng.bit_generator.state = facts["rng"]
        self.model.rng.bit_generator.state = facts["model_rng"]


def _examples(part, data, model):
    """Return X (N, D) in the model's dtype and y (N,), or say what is wrong with them."""
    X, y = np.asarray(getattr(data, f"X_{part}")), np.asarray(getattr(data, f"y_{part}"))
    if X.dtype.kind != "f":
        raise ValueError(
            f"X_{part} must hold floating-point numbers, got {X.dtype}: for images of 0 to 255 "
            "pass X / 255"
        )
    if len(X) == 0 or y.shape != (len(X),):
        raise ValueError(
            f"y_{part} must have a label for each of the {len(X)} rows of X_{part}, got shape "
            f"{y.shape}"
        )
    X = np.ascontiguousarray(X.reshape(len(X), -1), model.dtype)
    if X.shape[1] != model.sizes[0]:
        raise ValueError(
            f"X_{part} must have {model.sizes[0]} values a row for this model, got {X.shape[1]}"
        )
    if not np.isfinite(X.sum(dtype=np.float64)):
        raise ValueError(f"X_{part} holds NaN or infinite values")
    if y.dtype.kind not in "iu":
        raise ValueError(f"y_{part} must hold integer labels, got {y.dtype}")
    if y.min() < 0 or y.max() >= model.sizes[-1]:
        raise ValueError(
            f"y_{part} must hold labels 0 to {model.sizes[-1] - 1}, got {y.min()} to {y.max()}"
        )
    return X, y
