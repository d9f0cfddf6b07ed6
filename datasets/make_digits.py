"""Make cs231n_lib/digits.npz from the digits that scikit-learn carries; run once, result committed.

    python datasets/make_digits.py

Images are shuffled with a fixed seed, 25 of each class go to validation and 25 to test, the other
1,297 to training. The same command gives the same arrays on every machine.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

SEED = 231
PER_CLASS = 25  # images of each class in validation, and as many in test


def main():
    """Write the file and print what is in it."""
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.target))
    images = digits.images[order].astype(np.uint8)  # (1797, 8, 8), grey levels 0..16
    labels = digits.target[order].astype(np.uint8)

    split = np.zeros(len(labels), dtype=int)  # 0 train, 1 validation, 2 test
    for label in range(10):
        mine = np.flatnonzero(labels == label)
        split[mine[:PER_CLASS]] = 1
        split[mine[PER_CLASS : 2 * PER_CLASS]] = 2

    arrays = {}
    for number, name in enumerate(("train", "val", "test")):
        arrays[f"images_{name}"] = images[split == number]
        arrays[f"labels_{name}"] = labels[split == number]
        print(f"{name:5} {np.bincount(labels[split == number])}")
    path = Path(__file__).resolve().parents[1] / "cs231n_lib" / "digits.npz"
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
