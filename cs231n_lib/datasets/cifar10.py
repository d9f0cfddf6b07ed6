"""Read CIFAR-10 from its official Python batches; used by `cs231n_lib.data.load("cifar10")`.

60,000 colour photographs of 32x32 in ten classes. The 50,000 training images are split into 49,000
for training and the last 1,000 for validation, as CS231n's assignments do.
Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", technical report,
University of Toronto, 2009.

The batches are pickles, and a pickle can run any code when it is loaded. Ours is read only after
its hash proved right, and even then by `load_restricted`, which can build nothing but arrays.
"""

import io
import os
import pickle
import tarfile
import zlib
from functools import partial
from lzma import LZMAError

import numpy as np

from . import official
from .download import explain_disk
from .errors import DamagedData, DownloadError
from .places import read_registry

CLASS_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
FOLDER = "cifar-10-batches-py"
BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
NUM_VAL = 1000


def read(folder=None):
    """Return {'train': (images, labels), 'val': ..., 'test': ...} from verified files.

    Images are (N, 32, 32, 3) uint8, labels (N,) uint8.
    """
    found = official.find("cifar10", locate, folder)
    batches = {
        file: parse_batch(data, file)
        for file, data in official.read_verified("cifar10", found)
        if file in BATCHES
    }
    X = np.concatenate([batches[file][0] for file in BATCHES[:5]])
    y = np.concatenate([batches[file][1] for file in BATCHES[:5]])
    return {
        "train": (X[:-NUM_VAL], y[:-NUM_VAL]),
        "val": (X[-NUM_VAL:], y[-NUM_VAL:]),
        "test": batches["test_batch"],
    }


def fetch(folder=None, progress=True):
    """Make sure that the batches are here; see `cs231n_lib.data.fetch`."""
    return official.fetch("cifar10", locate, folder, progress, install=unpack)


def locate(folder, contents):
    """Return the batches in `folder`: in cifar-10-batches-py/, loose, or in an archive."""
    partly = None
    for place in (folder / FOLDER, folder):
        there = [file for file in contents if (place / file).is_file()]
        missing = tuple(file for file in contents if file not in there)
        if there:
            found = official.Found(place, missing, partial(_read_folder, place, there, contents))
            if not missing:
                return found
            partly = partly or found
    for archive in sorted(folder.glob("cifar-10-*py*.tar*")):
        if archive.suffix != ".part":
            return official.Found(archive, (), partial(_read_archive, archive, contents))
    return partly


def unpack(target, archive):
    """Unpack the official archive to `target`/cifar-10-batches-py, then delete it.

    Each file is verified, written under another name and renamed.
    """
    folder = target / FOLDER
    contents = read_registry("cifar10")["contents"]
    found = official.Found(archive, (), partial(_read_archive, archive, contents))
    part = None
    try:
        folder.mkdir(exist_ok=True)
        for file, data in official.read_verified("cifar10", found):
            part = folder / (file + ".part")
            part.write_bytes(data)
            os.replace(part, folder / file)
        archive.unlink()
    except OSError as error:
        if part:
            part.unlink(missing_ok=True)
        raise DownloadError(explain_disk(error, folder)) from error


def _read_folder(place, files, contents):
    """Yield (file, bytes), at most one byte more than there should be."""
    for file in files:
        with open(place / file, "rb") as stream:
            yield file, stream.read(contents[file]["bytes"] + 1)


def _read_archive(archive, contents):
    """Yield (file, bytes) of the official files in a tar archive, without unpacking it to disk."""
    left = dict(contents)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                file = member.name.rpartition("/")[2]
                if file in left and member.isfile():
                    size = left.pop(file)["bytes"]
                    yield file, tar.extractfile(member).read(size + 1)
                if not left:
                    return
    except (tarfile.TarError, EOFError, OSError, zlib.error, LZMAError) as error:
        raise official.damaged("cifar10", archive.parent, f"{archive.name} ({error})") from error
    raise official.damaged("cifar10", archive.parent, f"{archive.name} has no {', '.join(left)}")


def parse_batch(data, name):
    """Return the images (N, 32, 32, 3) and labels (N,) of one batch, both uint8.

    Parameters
    ----------
    data : bytes
        A pickled dict with b"data", uint8 of shape (N, 3072): red, green and blue plane of each
        image, row by row; and b"labels", N integers from 0 to 9.
    name : str
        Named in errors.

    Raises
    ------
    DamagedData
        If it is anything else.
    """
    batch = load_restricted(data, name)
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise DamagedData(f"{name} must hold a dict with b'data' and b'labels', got {type(batch)}.")
    X, y = batch[b"data"], batch[b"labels"]
    if type(X) is not np.ndarray or X.dtype != np.uint8 or X.ndim != 2 or X.shape[1] != 3072:
        raise DamagedData(
            f"{name}: b'data' must be a uint8 array of shape (N, 3072), got "
            f"{getattr(X, 'dtype', type(X))} of shape {getattr(X, 'shape', None)}."
        )
    if not isinstance(y, list) or not all(type(label) is int and 0 <= label <= 9 for label in y):
        raise DamagedData(f"{name}: b'labels' must be a list of integers from 0 to 9.")
    if len(X) != len(y):
        raise DamagedData(f"{name} has {len(X):,} images but {len(y):,} labels.")
    images = X.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.array(y, dtype=np.uint8)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can name nothing but the three things that NumPy arrays are built from."""

    def find_class(self, module, name):
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.ndarray(0).__reduce__()[0]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def load_restricted(data, name):
    """Return what a pickle holds, if that is numbers, bytes, text, lists, dicts and arrays.

    Raises
    ------
    DamagedData
        If it asks for anything else (which is not run), or is no whole pickle.
    """
    try:
        return _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can raise nearly any type
        raise DamagedData(
            f"{name} is refused: {error}. A CIFAR-10 batch holds arrays, lists and bytes only."
        ) from error
