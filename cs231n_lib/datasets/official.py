"""Find, verify and fetch the official files of a dataset; shared by `mnist` and `cifar10`.

A file counts when its bytes, unpacked, have the size and SHA-256 in the registry: a folder that was
filled by hand, by another program or by our download is the same to us.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import places
from .download import download
from .errors import DamagedData, MissingData


@dataclass(frozen=True)
class Found:
    """Official files at one place.

    Attributes
    ----------
    path : Path
        The folder or archive.
    missing : tuple of str
        Official files that are not there.
    read : callable
        Takes nothing, yields (file name, bytes) for the others, one at a time.
    """

    path: Path
    missing: tuple
    read: Callable


def find(name, locate, folder=None):
    """Return the first place that has all official files.

    Parameters
    ----------
    name : str
        The dataset.
    locate : callable
        `locate(folder, contents)` returns a Found, or None where nothing of the dataset is.
    folder : Path, optional
        Look only there.

    Raises
    ------
    MissingData
        Saying where was looked and what to do.
    """
    contents = places.read_registry(name)["contents"]
    looked = []
    for base in places.list_bases(folder):
        partly = []
        for place in (base / name, base):
            found = locate(place, contents)
            if found and not found.missing:
                return found
            if found:
                partly.append(f"  {found.path}: without {', '.join(found.missing)}")
        nothing = "nothing of it" if base.is_dir() else "no such folder"
        looked += partly or [f"  {base}: {nothing}"]
    raise MissingData(
        f"The files of {name!r} are not on this machine. Looked in:\n" + "\n".join(looked) + "\n"
        f"Run `cs231n data {name}` to download them, or copy the official files to "
        f"{places.choose_target(name, folder)}, or set the environment variable {places.ENV} to a "
        'folder that holds them. load("digits") and load("shapes") need no download.'
    )


def read_verified(name, found):
    """Yield (file name, bytes) of every official file, each verified first.

    Raises
    ------
    DamagedData
        If one is not the official file.
    """
    contents = places.read_registry(name)["contents"]
    for file, data in _read(name, found):
        want = contents[file]
        if len(data) != want["bytes"]:
            what = f"has {len(data):,} bytes, the official file {want['bytes']:,}"
        elif hashlib.sha256(data).hexdigest() != want["sha256"]:
            what = f"has not the official SHA-256 {want['sha256']}"
        else:
            yield file, data
            continue
        raise damaged(name, found.path, f"{file} {what}")


def _read(name, found):
    """Yield what `found.read()` does; a file that cannot be read is a DamagedData as well."""
    try:
        yield from found.read()
    except OSError as error:
        raise DamagedData(
            f"{error.filename or found.path} cannot be read ({error.strerror or error}). It is one "
            f"of the files of {name!r}: look at its permissions."
        ) from error


def damaged(name, path, what):
    """Return the error for a file that is not the official one."""
    return DamagedData(
        f"{path}: {what}. It was cut short or changed. Delete it and run `cs231n data {name}`, or "
        "put the official file in its place."
    )


def fetch(name, locate, folder, progress, install=None):
    """Return the folder or archive with the verified files, downloading what is not there.

    Files that are there and right are not downloaded again. A wrong file is replaced if it lies
    where downloads go, and left alone (DamagedData) if it lies elsewhere.

    Parameters
    ----------
    install : callable, optional
        `install(target, downloaded)` is called with the downloaded file, to unpack it.
    """
    target = places.choose_target(name, folder)
    try:
        found = find(name, locate, folder)
    except MissingData:
        found = None
    if found:
        try:
            for _ in read_verified(name, found):
                pass
            return found.path
        except DamagedData:
            if target not in (found.path, *found.path.parents):
                raise

    registry = places.read_registry(name)
    urls = list(registry["urls"])
    for file, want in registry["downloads"].items():
        path = target / file
        if not _is_official(path, want):
            served = download(
                [url + file for url in urls],
                path,
                want["bytes"],
                want["sha256"],
                room=sum(c["bytes"] for c in registry["contents"].values()) if install else 0,
                progress=progress,
            )
            # the server that worked is asked first for the next file
            urls.sort(key=lambda url: not served.startswith(url))
        if install:
            install(target, path)
    return target


def _is_official(path, want):
    if not path.is_file() or path.stat().st_size != want["bytes"]:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == want["sha256"]
