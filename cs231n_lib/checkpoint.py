"""A file of arrays and facts that is either the old one or the new one, whenever the power goes.

Used by `train.Trainer`. The file is a plain .npz: arrays, and the facts as JSON text; reading it
runs no pickle.
"""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np


def write_checkpoint(path, arrays, facts):
    """Replace `path` by a file with `arrays` (dict of ndarray) and `facts` (JSON values).

    The new file is complete on the disk before it takes the old one's name.

    Raises
    ------
    OSError
        If the folder is missing, read-only or full; the old file is then as it was.
    """
    path = Path(path)
    draft = path.with_name(path.name + ".tmp")
    try:
        with open(draft, "wb") as file:
            np.savez(file, facts=np.array(json.dumps(facts)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OSError(
            error.errno, f"could not write the checkpoint ({error.strerror}); what stood there "
            "before is unchanged", str(path)
        ) from error  # fmt: skip
    if os.name == "posix":  # the new name itself is on the disk only when the folder is
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_checkpoint(path):
    """Return (arrays, facts) of a file made by `write_checkpoint`.

    Raises
    ------
    ValueError
        If the file is damaged or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(str(arrays.pop("facts")))
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is damaged or no checkpoint of this library ({error}): delete it to start anew"
        ) from error
    return arrays, facts
