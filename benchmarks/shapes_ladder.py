"""Measure the ladder of `shapes`: what raw pixels, a line and a network reach on it, seed by seed.

    python benchmarks/shapes_ladder.py [--seeds 5] [--threads 1]

The set is made so that CIFAR-10's order of methods shows without a download: nearest neighbour 25
to 35 %, linear 30 to 45 %, the best fully connected network 50 to 65 %. Every seed draws another
set of 5,000 / 1,000 / 1,000 images. Within each rung the setting (k; loss and
regularisation; network) and the epoch are chosen on the validation images; the number printed is
that of the test images. The command ends with status 1 when a mean is outside its band.
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from interleaved import pinned_threads
from sklearn.metrics.pairwise import euclidean_distances
from tqdm import tqdm

from cs231n_lib.data import load
from cs231n_lib.nn import MLP
from cs231n_lib.optim import AdamW
from cs231n_lib.schedules import Cosine
from cs231n_lib.train import Trainer

BANDS = {
    "nearest neighbour": (25, 35),
    "linear": (30, 45),
    "two-layer": None,  # between the others, with no band of its own
    "best network": (50, 65),
}
NETWORKS = {
    "linear": [
        dict(loss="softmax", lr=3e-4, reg=0.1, epochs=15),
        dict(loss="softmax", lr=3e-4, reg=0.3, epochs=15),
        dict(loss="hinge", lr=3e-4, reg=0.1, epochs=15),
        dict(loss="hinge", lr=3e-4, reg=0.3, epochs=15),
    ],
    "two-layer": [dict(hidden=(100,), reg=1e-2, epochs=20)],
    "best network": [
        dict(hidden=(256, 128), norm="batch", keep=0.7, decay=0.1, epochs=25),
        dict(hidden=(256, 256, 256, 256), norm="batch", keep=0.9, reg=1e-2, epochs=40),
        dict(hidden=(512, 256, 128), norm="batch", keep=0.8, reg=1e-2, epochs=40),
    ],
}


def main():
    """Measure every rung for every seed, print the table, say whether the bands hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    rows = []
    runs = 1 + sum(map(len, NETWORKS.values()))
    bar = tqdm(total=args.seeds * runs, unit="run")
    with pinned_threads(args.threads), bar:
        for seed in range(args.seeds):
            rows.append(climb(seed, bar))
    print(make_table(rows))
    outside = [rung for rung, band in BANDS.items() if band and not holds(rung, rows)]
    print("Outside its band: " + ", ".join(outside) if outside else "Every rung is in its band.")
    return 1 if outside else 0


def climb(seed, bar):
    """Return {rung: (test accuracy in percent, what was chosen)} for the set of one seed."""
    bar.set_description(f"seed {seed}, nearest neighbour")
    data = load("shapes", seed=seed, dtype=np.float32)
    row = {"nearest neighbour": nearest_neighbour(data)}
    bar.update()
    mean, spread = data.X_train.mean(axis=0), data.X_train.std()
    data = replace(data, **{f"X_{s}": (getattr(data, f"X_{s}") - mean) / spread
                            for s in ("train", "val", "test")})  # fmt: skip
    for rung, settings in NETWORKS.items():
        tried = []
        for setting in settings:
            bar.set_description(f"seed {seed}, {rung}")
            tried.append((*train(data, seed, **setting), setting))
            bar.update()
        _, test, setting = max(tried, key=lambda result: result[0])
        row[rung] = test, " ".join(f"{key}={value}" for key, value in setting.items())
    return row


def nearest_neighbour(data):
    """Return the test accuracy of the k that is best on the validation set, and that k."""
    dists = euclidean_distances(data.X_val, data.X_train)
    scores = {k: vote(dists, data.y_train, data.y_val, k) for k in (1, 3, 5, 7, 10, 15, 20, 30)}
    k = max(scores, key=scores.get)
    dists = euclidean_distances(data.X_test, data.X_train)
    return vote(dists, data.y_train, data.y_test, k), f"k={k}"


def vote(dists, y_train, y, k):
    """Return the accuracy in percent of the commonest label among the k nearest."""
    near = y_train[np.argpartition(dists, k - 1, axis=1)[:, :k]]
    counts = (near[:, :, None] == np.arange(10)).sum(axis=1)
    return 100 * np.mean(counts.argmax(axis=1) == y)


def train(
    data, seed, *, epochs, hidden=(), loss="softmax", norm=None, keep=1.0, lr=1e-3, reg=0.0, decay=0
):
    """Return validation and test accuracy, in percent, of the epoch best on validation."""
    rng = np.random.default_rng(seed)
    model = MLP(
        [data.X_train.shape[1], *hidden, 10],
        loss=loss,
        norm=norm,
        dropout_keep=keep,
        init="he" if hidden else 1e-3,
        dtype=np.float32,
        rng=rng,
    )
    trainer = Trainer(
        model,
        AdamW(lr, weight_decay=decay),
        data,
        batch_size=100,
        num_epochs=epochs,
        reg=reg,
        schedule=Cosine(lr, epochs),
        rng=rng,
        patience=epochs,
        progress=False,
    )
    val = 100 * max(trainer.run().val_accuracy)
    return val, 100 * np.mean(model.predict(data.X_test) == data.y_test)


def holds(rung, rows):
    low, high = BANDS[rung]
    return low <= np.mean([row[rung][0] for row in rows]) <= high


def make_table(rows):
    """Return the table of test accuracies in Markdown."""
    lines = [
        "| seed | " + " | ".join(BANDS) + " | chosen |",
        "|---" * (len(BANDS) + 2) + "|",
    ]
    for seed, row in enumerate(rows):
        accuracies = " | ".join(f"{row[rung][0]:.1f}" for rung in BANDS)
        chosen = "; ".join(row[rung][1] for rung in BANDS)
        lines.append(f"| {seed} | {accuracies} | {chosen} |")
    columns = [[row[rung][0] for row in rows] for rung in BANDS]
    means = " | ".join(f"{np.mean(c):.1f} ± {np.std(c):.1f}" for c in columns)
    bands = " | ".join(f"{b[0]} to {b[1]}" if b else "" for b in BANDS.values())
    return "\n".join([*lines, f"| mean | {means} | |", f"| band | {bands} | |"])


if __name__ == "__main__":
    sys.exit(main())
