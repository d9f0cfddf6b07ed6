"""Training runs: what is recorded, when they stop, and that a killed one ends the same."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import numpy as np
import pytest

from cs231n_lib.checkpoint import read_checkpoint, write_checkpoint
from cs231n_lib.nn import MLP
from cs231n_lib.optim import SGD, Adam, Momentum
from cs231n_lib.schedules import Cosine, StepDecay
from cs231n_lib.train import Diverged, Trainer


def blobs(seed=0, num=300, spread=1.0):
    """Three classes of points around three centres."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, num)
    X = np.eye(3)[y] * 3 + spread * rng.standard_normal((num, 3))
    cut = num * 2 // 3
    return SimpleNamespace(X_train=X[:cut], y_train=y[:cut], X_val=X[cut:], y_val=y[cut:])


def trainer(data=None, *, rule=None, network=None, seed=0, **options):
    rng = np.random.default_rng(seed)
    model = MLP([3, 16, 3], rng=rng, **(network or {}))
    options = {"batch_size": 20, "num_epochs": 5, "progress": False} | options
    return Trainer(model, rule or Adam(1e-2), data or blobs(), rng=rng, **options)


def test_a_run_learns_and_records_every_step_and_epoch():
    run = trainer(schedule=StepDecay(0.02, every=2), reg=1e-3)
    history = run.run()
    assert history.loss.shape == history.learning_rate.shape == (5 * 10,)
    assert history.train_accuracy.shape == history.val_accuracy.shape == (5,)
    assert history.val_accuracy[-1] > 0.9  # three blobs, 3 * sqrt(2) = 4.2 spreads apart
    assert history.loss[-10:].mean() < 0.5 * history.loss[0]
    np.testing.assert_allclose(history.learning_rate[::10], [0.02, 0.02, 0.01, 0.01, 0.005])
    accuracy = np.mean(run.model.predict(run.X_val) == run.y_val)
    assert history.val_accuracy[-1] == accuracy
    assert not history.stopped_early and history.seconds > 0


def test_every_example_is_used_once_an_epoch():
    run, seen = trainer(num_epochs=2), []
    loss = run.model.loss
    run.model.loss = lambda X, *a, **k: seen.append(X.copy()) or loss(X, *a, **k)
    run.run()
    epochs = np.concatenate(seen).reshape(2, 200, 3)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(run.X, axis=0))
    assert not np.array_equal(epochs[0], epochs[1])


def test_the_data_are_not_changed():
    data = blobs()
    before = data.X_train.copy()
    trainer(data, network={"norm": "batch", "dropout_keep": 0.5}).run()
    np.testing.assert_array_equal(data.X_train, before)


def test_the_same_seed_gives_the_same_run_and_another_one_another():
    first, again, other = (trainer(seed=s).run().loss for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_float32_data_stay_float32():
    run = trainer(network={"dtype": np.float32})
    run.run()
    assert run.X.dtype == run.model.params.flat.dtype == np.float32


def test_early_stopping_leaves_the_best_parameters():
    data = blobs(num=45, spread=3.0)  # few and mixed: overfits at once
    run = trainer(data, batch_size=10, num_epochs=300, patience=8, rule=Adam(3e-2))
    history = run.run()
    assert history.stopped_early
    assert len(history.val_accuracy) == history.best_epoch + 8 < 300
    assert history.val_accuracy[history.best_epoch - 1] == history.val_accuracy.max()
    assert np.mean(run.model.predict(data.X_val) == data.y_val) == history.val_accuracy.max()


def test_a_run_resumed_after_its_best_epoch_still_ends_with_the_best_parameters(tmp_path):
    data = blobs(num=45, spread=3.0)

    def run(num_epochs, path):
        options = dict(batch_size=10, patience=8, rule=Adam(3e-2), checkpoint=tmp_path / path)
        part = trainer(data, num_epochs=num_epochs, **options)
        return part, part.run()

    whole, history = run(300, "whole.npz")
    assert history.stopped_early
    run(history.best_epoch + 3, "cut.npz")
    resumed, again = run(300, "cut.npz")
    assert again.best_epoch == history.best_epoch
    np.testing.assert_array_equal(resumed.model.params.flat, whole.model.params.flat)


def test_without_patience_the_last_parameters_stay():
    data = blobs(num=45, spread=3.0)
    run = trainer(data, batch_size=10, num_epochs=60, rule=Adam(3e-2))
    history = run.run()
    assert history.val_accuracy[-1] < history.val_accuracy.max()
    assert np.mean(run.model.predict(data.X_val) == data.y_val) == history.val_accuracy[-1]


def test_divergence_names_the_step_and_keeps_the_history():
    with pytest.raises(Diverged, match=r"diverged at step \d+ .* Lower the learning rate") as info:
        trainer(rule=SGD(1e6), num_epochs=50, reg=1.0).run()
    losses = info.value.history.loss
    assert not np.isfinite(losses[-1]) and np.isfinite(losses[:-1]).all()
    assert f"step {len(losses)} " in str(info.value)


@pytest.mark.parametrize("change, words", [
    ({"y_train": np.full(200, 3)}, "labels 0 to 2, got 3 to 3"),
    ({"y_train": np.full(200, -1)}, "labels 0 to 2, got -1 to -1"),
    ({"y_train": np.zeros(199, int)}, r"each of the 200 rows of X_train, got shape \(199,\)"),
    ({"y_train": np.zeros(200)}, "integer labels, got float64"),
    ({"X_train": np.zeros((200, 3), np.uint8)}, "floating-point numbers, got uint8"),
    ({"X_train": np.zeros((200, 4))}, "3 values a row for this model, got 4"),
    ({"X_train": np.full((200, 3), np.nan)}, "X_train holds NaN"),
    ({"X_val": np.full((100, 3), np.inf)}, "X_val holds NaN or infinite"),
    ({"y_val": np.full(100, 7)}, "y_val must hold labels 0 to 2"),
])  # fmt: skip
def test_wrong_data_is_named_before_training(change, words):
    data = blobs()
    vars(data).update(change)
    with pytest.raises(ValueError, match=words):
        trainer(data)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match=r"batch_size must be 1 to 200 .* got 500"):
        trainer(batch_size=500)
    data = blobs()
    del data.X_val
    with pytest.raises(ValueError, match="patience needs validation data"):
        trainer(data, patience=3)
    assert trainer(data).run().val_accuracy.shape == (0,)


SCRIPT = """
import sys
import time
from pathlib import Path
import numpy as np
sys.path.insert(0, {tests!r})
from test_train import blobs
from cs231n_lib.nn import MLP
from cs231n_lib.optim import {rule}
from cs231n_lib.schedules import Cosine
from cs231n_lib.train import Trainer

rng, masks = np.random.default_rng(1), np.random.default_rng(2)
model = MLP([3, 64, 64, 3], norm="batch", dropout_keep=0.8, rng=masks, dtype=np.float32)
run = Trainer(model, {rule}(0.01), blobs(num=900), batch_size=20, num_epochs=30, reg=1e-3, rng=rng,
              schedule=Cosine(0.01, 30), patience=100, checkpoint=sys.argv[1], progress=False)
if len(sys.argv) > 3:  # dawdle, so that a kill can hit any part of an epoch
    loss = model.loss
    model.loss = lambda *a, **k: time.sleep(0.0005) or loss(*a, **k)
history = run.run()
np.savez(sys.argv[2], flat=model.params.flat, loss=history.loss, val=history.val_accuracy,
         rate=history.learning_rate, best=history.best_epoch, **model.state)
"""


def start(folder, name, rule, *extra):
    script = folder / "run.py"
    script.write_text(
        textwrap.dedent(SCRIPT.format(tests=os.path.dirname(__file__), rule=rule))
    )
    files = [str(folder / f"{name}.ckpt.npz"), str(folder / f"{name}.result.npz")]
    env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, str(script), *files, *extra], env=env)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["Adam", "Momentum"])
def test_a_run_killed_again_and_again_ends_bit_for_bit_as_an_undisturbed_one(tmp_path, rule):
    assert start(tmp_path, "calm", rule).wait(timeout=120) == 0
    checkpoint, result = tmp_path / "killed.ckpt.npz", tmp_path / "killed.result.npz"
    rng, kills = np.random.default_rng(0), 0
    for _ in range(3):
        process, before = start(tmp_path, "killed", rule, "slowly"), _stamp(checkpoint)
        deadline = time.monotonic() + 60
        while _stamp(checkpoint) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))  # somewhere in the epochs that follow
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait(timeout=60)
        read_checkpoint(checkpoint)  # complete, whenever the kill came
    assert kills >= 2 and not result.exists()
    assert start(tmp_path, "killed", rule).wait(timeout=120) == 0
    with np.load(tmp_path / "calm.result.npz") as calm, np.load(result) as killed:
        assert set(calm.files) == set(killed.files) >= {"flat", "loss", "running_mean1"}
        for name in calm.files:
            np.testing.assert_array_equal(calm[name], killed[name], err_msg=name)


def _stamp(path):
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def test_a_resumed_run_that_was_cut_between_epochs_equals_a_whole_one(tmp_path):
    options = dict(rule=None, network={"dropout_keep": 0.7, "norm": "batch"}, reg=1e-3)
    whole = trainer(num_epochs=6, checkpoint=tmp_path / "a.npz", **options)
    expected = whole.run()
    trainer(num_epochs=2, checkpoint=tmp_path / "b.npz", **options).run()
    rest = trainer(num_epochs=6, checkpoint=tmp_path / "b.npz", seed=99, **options)
    history = rest.run()
    np.testing.assert_array_equal(history.loss, expected.loss)
    np.testing.assert_array_equal(rest.model.params.flat, whole.model.params.flat)
    done = trainer(num_epochs=6, checkpoint=tmp_path / "b.npz", **options)  # nothing left to do
    np.testing.assert_array_equal(done.run().loss, expected.loss)
    np.testing.assert_array_equal(done.model.params.flat, whole.model.params.flat)


@pytest.mark.parametrize("change, words", [
    ({"rule": Momentum(1e-2)}, "its optimizer is 'Adam.lr=0.01, "),
    ({"rule": Adam(1e-3)}, "its optimizer is 'Adam.lr=0.01, "),
    ({"batch_size": 10}, "its batch_size is 20, this one's 10"),
    ({"reg": 0.5}, "its reg is"),
    ({"network": {"norm": "layer"}}, "its network is|its parts is"),
    ({"schedule": Cosine(0.1, 5)}, "its optimizer|its schedule is 'None'"),
    ({"data": blobs(seed=8)}, "its data is"),
])  # fmt: skip
def test_a_checkpoint_of_another_run_is_refused_and_kept(tmp_path, change, words):
    path = tmp_path / "run.npz"
    trainer(num_epochs=1, checkpoint=path).run()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=words):
        trainer(checkpoint=path, **change).run()
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [
    lambda data: data[: len(data) // 2],
    lambda data: b"",
    lambda data: data[:200] + bytes(64) + data[264:],
    lambda data: b"not a checkpoint",
])  # fmt: skip
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "run.npz"
    trainer(num_epochs=1, checkpoint=path).run()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        trainer(checkpoint=path).run()


def test_a_pickle_in_a_checkpoint_is_not_run(tmp_path):
    path = tmp_path / "run.npz"
    np.savez(path, facts=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        read_checkpoint(path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full to stand for a full disk")
def test_a_full_disk_leaves_the_old_checkpoint_and_no_draft(tmp_path):
    path = tmp_path / "run.npz"
    write_checkpoint(path, {"x": np.arange(5)}, {"n": 1})
    before = path.read_bytes()
    (tmp_path / "run.npz.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="unchanged"):
        write_checkpoint(path, {"x": np.zeros(100_000)}, {"n": 2})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]


@pytest.mark.slow
def test_a_checkpoint_is_complete_however_its_writer_is_killed(tmp_path):
    path, rng = tmp_path / "run.npz", np.random.default_rng(0)
    write_checkpoint(path, {"x": np.full(300_000, -1.0)}, {"n": -1})
    script = (
        "import sys, numpy as np\n"
        "from cs231n_lib.checkpoint import write_checkpoint\n"
        "print('ready', flush=True)\n"
        "for n in range(10**6):\n"
        "    write_checkpoint(sys.argv[1], {'x': np.full(300_000, float(n))}, {'n': n})\n"
    )
    torn = 0
    for _ in range(12):
        command = [sys.executable, "-c", script, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0.02, 0.06))
            process.kill()
        arrays, facts = read_checkpoint(path)
        np.testing.assert_array_equal(arrays["x"], np.full(300_000, float(facts["n"])))
        torn += os.path.exists(f"{path}.tmp")
    assert torn > 0  # some kills did come in the middle of a write


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OSError, match="could not write the checkpoint"):
        write_checkpoint(tmp_path / "nowhere" / "run.npz", {}, {})
