"""Read MNIST from its four official IDX files; used by `cs231n_lib.data.load("mnist")`.

70,000 handwritten digits of 28x28 grey levels. The 60,000 training images are split into 55,000 for
training and the last 5,000 for validation, the sizes most used in the field.
Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998.
"""

import gzip
import struct
import zlib

import numpy as np

from . import official
from .errors import DamagedData

CLASS_NAMES = tuple("0123456789")
NUM_VAL = 5000


def read(folder=None):
    """Return {'train': (images, labels), 'val': ..., 'test': ...} from verified files.

    Images are (N, 28, 28, 1) uint8, labels (N,) uint8.
    """
    found = official.find("mnist", locate, folder)
    arrays = {file: parse_idx(data, file) for file, data in official.read_verified("mnist", found)}
    X, y = pair(arrays["train-images-idx3-ubyte"], arrays["train-labels-idx1-ubyte"])
    return {
        "train": (X[:-NUM_VAL], y[:-NUM_VAL]),
        "val": (X[-NUM_VAL:], y[-NUM_VAL:]),
        "test": pair(arrays["t10k-images-idx3-ubyte"], arrays["t10k-labels-idx1-ubyte"]),
    }


def fetch(folder=None, progress=True):
    """Make sure that the four files are here; see `cs231n_lib.data.fetch`."""
    return official.fetch("mnist", locate, folder, progress)


def locate(folder, contents):
    """Return which of the files lie in `folder`: packed (.gz), unpacked, or with a dotted name."""
    paths = {}
    for file in contents:
        # some unpackers write train-images.idx3-ubyte
        for name in (file + ".gz", file, file.replace("-idx", ".idx")):
            if (folder / name).is_file():
                paths[file] = folder / name
                break
    if not paths:
        return None

    def read_all():
        for file, path in paths.items():
            yield file, _read_bytes(path, contents[file]["bytes"])

    return official.Found(folder, tuple(file for file in contents if file not in paths), read_all)


def _read_bytes(path, size):
    """Return the unpacked bytes of one file, at most one more than there should be."""
    if path.suffix != ".gz":
        with open(path, "rb") as file:
            return file.read(size + 1)
    try:
        with gzip.open(path) as file:
            return file.read(size + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise official.damaged("mnist", path.parent, f"{path.name} ({error})") from error


def parse_idx(data, name):
    """Return the array in an IDX file of unsigned bytes.

    The format: two zero bytes, the type (8 is unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the numbers.

    Parameters
    ----------
    data : bytes
    name : str
        Named in errors.

    Returns
    -------
    ndarray, uint8, read-only

    Raises
    ------
    DamagedData
        If the header or the length is not that of such a file.
    """
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or not 1 <= data[3] <= 3:
        raise DamagedData(
            f"{name} must begin with bytes 00 00 08 and its number of dimensions (1 to 3), got "
            f"{data[:4].hex(' ') or 'an empty file'}. Is it an IDX file of unsigned bytes?"
        )
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DamagedData(f"{name} ends within its header, after {len(data)} of {start} bytes.")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    wanted = start + int(np.prod(shape, dtype=object))
    if len(data) != wanted:
        raise DamagedData(
            f"{name} says that it holds an array of shape {shape}, {wanted:,} bytes with its "
            f"header, got {len(data):,}. Was it cut short?"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def pair(images, labels):
    """Return images (N, H, W, 1) and labels (N,) after a look at whether they fit each other."""
    if images.ndim != 3 or labels.ndim != 1:
        raise DamagedData(
            "Images must have shape (N, H, W) and labels (N,), got "
            f"{images.shape} and {labels.shape}. Are the files swapped?"
        )
    if len(images) != len(labels):
        raise DamagedData(f"{len(images):,} images but {len(labels):,} labels: mixed-up files?")
    if len(labels) and labels.max() > 9:
        raise DamagedData(f"Labels must be 0 to 9, got {labels.max()}.")
    return images[..., None], labels
