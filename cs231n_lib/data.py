"""Load the course's datasets by name, all as the same record; used by every chapter.

`load("digits")` and `load("shapes")` need no network and no file beside the library;
`load("mnist")` and `load("cifar10")` need the originals, which `cs231n data NAME` downloads.
"""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources

import numpy as np

from .datasets.errors import UnknownDataset

NAMES = ("digits", "shapes", "mnist", "cifar10")
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training, validation and test images with their labels.

    Attributes
    ----------
    name : str
    X_train, X_val, X_test : ndarray, shape (N, D)
        One image a row, every number between 0 and 1; D = H * W * C.
    y_train, y_val, y_test : ndarray, shape (N,), int64
        Positions in `class_names`.
    image_shape : tuple of int
        (H, W, C): height, width, colour channels.
    class_names : tuple of str
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple
    class_names: tuple

    def images(self, split="train"):
        """Return the images of one split, shape (N, H, W, C): a view of `X_train` and its kin."""
        if split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}, got {split!r}.")
        X = getattr(self, f"X_{split}")
        return X.reshape(len(X), *self.image_shape)

    def subsample(self, num_train=None, num_val=None, num_test=None):
        """Return a Dataset of the first examples of each split (views; None keeps all)."""
        changed = {}
        for split, num in zip(SPLITS, (num_train, num_val, num_test)):
            X, y = getattr(self, f"X_{split}"), getattr(self, f"y_{split}")
            num = _check_count(f"num_{split}", num, len(X), self.name)
            changed[f"X_{split}"], changed[f"y_{split}"] = X[:num], y[:num]
        return replace(self, **changed)

    def __repr__(self):
        sizes = " / ".join(f"{len(getattr(self, f'y_{split}')):,}" for split in SPLITS)
        shape = "x".join(map(str, self.image_shape))
        return (
            f"<Dataset {self.name}: {sizes} images of {shape} for training / validation / test, "
            f"{len(self.class_names)} classes, {self.X_train.dtype}>"
        )


def load(
    name, *, num_train=None, num_val=None, num_test=None, dtype=np.float64, seed=None, folder=None
):
    """Load a dataset by name.

    Parameters
    ----------
    name : {'digits', 'shapes', 'mnist', 'cifar10'}
    num_train, num_val, num_test : int, optional
        Keep only the first so many of a split. `shapes` has no end: it draws as many as asked
        for, and 5,000 / 1,000 / 1,000 when not asked.
    dtype : float64 or float32
        Type of `X_train`, `X_val`, `X_test`. All of CIFAR-10 is 1.5 GB in float64.
    seed : int, optional
        Only for `shapes` (0 when not given): another seed draws another set of the same kind.
    folder : str or Path, optional
        Only for `mnist` and `cifar10`: where to look first for the official files.

    Returns
    -------
    Dataset
        The arrays are new at every call: changing them changes no later result. Splits:
        digits 1,297 / 250 / 250 (25 of each class in the last two), MNIST 55,000 / 5,000 /
        10,000, CIFAR-10 49,000 / 1,000 / 10,000 (validation is the end of the training files).

    Raises
    ------
    UnknownDataset
        For any other name.
    MissingData, DamagedData
        When official files are not there, or are not what the registry says.
    ValueError
        When more examples are asked for than there are, or an option does not fit the set.

    Examples
    --------
    >>> data = load("digits")
    >>> data.X_train.shape, data.images("val").shape, data.image_shape
    ((1297, 64), (250, 8, 8, 1), (8, 8, 1))
    >>> load("digits", num_train=100, dtype="float32")
    <Dataset digits: 100 / 250 / 250 images of 8x8x1 for training / validation / test, \
10 classes, float32>
    """
    check_name(name)
    dtype = np.dtype(dtype)
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be float32 or float64, got {dtype}.")
    if seed is not None and name != "shapes":
        raise ValueError(f"seed is only for 'shapes'; {name!r} has one fixed order. Leave it out.")
    if folder is not None and name not in ("mnist", "cifar10"):
        raise ValueError(f"folder is only for 'mnist' and 'cifar10'; {name!r} needs no files.")

    counts = dict(zip(SPLITS, (num_train, num_val, num_test)))
    if name == "shapes":
        splits, top, class_names = _read_shapes(counts, 0 if seed is None else seed)
    elif name == "digits":
        splits, top, class_names = _read_digits()
    else:
        from .datasets import cifar10, mnist

        source = mnist if name == "mnist" else cifar10
        splits, top, class_names = source.read(folder), 255, source.CLASS_NAMES

    arrays = {}
    for split, (images, labels) in splits.items():
        num = _check_count(f"num_{split}", counts[split], len(images), name)
        X = images[:num].reshape(num, -1).astype(dtype)
        X /= top
        arrays[f"X_{split}"], arrays[f"y_{split}"] = X, labels[:num].astype(np.int64)
    return Dataset(
        name=name, image_shape=images.shape[1:], class_names=tuple(class_names), **arrays
    )


def fetch(name, folder=None, progress=True):
    """Make sure that the official files of a dataset are on this machine, downloading if needed.

    Parameters
    ----------
    name : {'mnist', 'cifar10'}
        `digits` and `shapes` need no files; asking for them is answered with their home.
    folder : str or Path, optional
        Where the files are or shall be, in a folder of the dataset's name. Not given: the
        folder in the environment variable CS231N_DATA, else `datasets/` of the course, else the
        user's cache (see `cs231n_lib.datasets.places`).
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The folder (or archive) that holds the verified files.

    Raises
    ------
    UnknownDataset, DownloadError, DamagedData
        Each message says what to do instead.
    """
    check_name(name)
    if name in ("digits", "shapes"):
        from pathlib import Path

        return Path(__file__).resolve().parent
    from .datasets import cifar10, mnist

    return (mnist if name == "mnist" else cifar10).fetch(folder, progress)


def check_name(name):
    """Raise UnknownDataset, naming the nearest, unless `name` is a dataset's."""
    if name in NAMES:
        return
    near = get_close_matches(str(name).lower().replace("-", ""), NAMES, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownDataset(f"No dataset {name!r}; there are {', '.join(NAMES)}.{guess}")


def _check_count(option, num, available, name):
    """Return how many examples to keep, or say why `num` cannot be had."""
    if num is None:
        return available
    if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or num < 1:
        raise ValueError(f"{option} must be an integer of at least 1 or None, got {num!r}.")
    if num > available:
        raise ValueError(f"{option} = {num:,}, but {name!r} has only {available:,} there.")
    return int(num)


def _read_digits():
    """Return the embedded digits: images (N, 8, 8, 1) of grey levels 0..16."""
    with resources.files("cs231n_lib").joinpath("digits.npz").open("rb") as file:
        with np.load(file, allow_pickle=False) as arrays:
            splits = {
                split: (arrays[f"images_{split}"][..., None], arrays[f"labels_{split}"])
                for split in SPLITS
            }
    return splits, 16, tuple("0123456789")


def _read_shapes(counts, seed):
    """Return the drawn shapes: images (N, 32, 32, 3) of grey levels 0..255."""
    from .datasets import shapes

    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {seed!r}.")
    splits = {}
    for split, usual in zip(SPLITS, (5000, 1000, 1000)):
        num = usual if counts[split] is None else counts[split]
        num = _check_count(f"num_{split}", num, num, "shapes")
        splits[split] = shapes.draw_split(split, num, int(seed))
    return splits, 255, shapes.CLASS_NAMES
