"""Download one official file: resumed after a cut, verified by size and hash, then renamed.

Used by `official.fetch`. Home-made because pooch, which finds the cache folder for us, cannot do
it: its `stream_download` writes to a temporary file that it deletes when the connection is cut, so
that 170 MB start again from zero. What is kept here between attempts is `NAME.part`; only a file
of the right size and SHA-256 is ever renamed to `NAME`.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import time

from .errors import DownloadError

try:
    import fcntl
except ImportError:  # Windows: two downloads at once are then caught by the hash alone
    fcntl = None

CHUNK = 1 << 16  # bytes read at a time
TIMEOUT = (10, 30)  # seconds to connect, and without a byte
TRIES = 3  # attempts in a row that bring no new byte, before the next address is tried


class _Refused(Exception):
    """This address will not serve the file: go to the next one."""


class _Broken(Exception):
    """The transfer stopped; trying again may help."""


def download(urls, path, size, sha256, *, room=0, progress=True, tries=TRIES, wait=1.0):
    """Bring the file at the first of `urls` that serves the right bytes to `path`.

    Parameters
    ----------
    urls : sequence of str
        Addresses of the same file, tried in order.
    path : Path
        Where the file goes. Its folder is made.
    size : int
        Bytes of the official file.
    sha256 : str
        Its hash, in hexadecimal.
    room : int
        Bytes that must be free beside the file's own, to unpack it later.
    progress : bool
        Show a progress bar.
    tries : int
        Attempts in a row without a new byte before the next address.
    wait : float
        Seconds before the second attempt; twice as many before each further one, at most 30.

    Returns
    -------
    str
        The address that served it.

    Raises
    ------
    DownloadError
        If no address served it, the folder cannot be written or the disk is full. `path` is then
        as it was before; after a cut connection `path` + ".part" stays, for the next attempt.
    """
    part = path.with_name(path.name + ".part")
    with _explain_writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(part, "a+b", buffering=0)  # unbuffered: a full disk is met in _write only
    _lock(file, part)
    try:
        with file, _open_bar(path.name, size, progress) as bar:
            _check_room(path.parent, size - _length(file) + room)
            served, reasons = _try_each(urls, file, size, sha256, bar, tries, wait)
            have = _length(file)
    finally:
        if part.exists() and part.stat().st_size == 0:
            part.unlink()
    if served is None:
        raise DownloadError(_describe_failure(path, have, size, reasons))
    with _explain_writing(path.parent):
        os.replace(part, path)  # after the file is closed: Windows renames no open file
    return served


def _try_each(urls, file, size, sha256, bar, tries, wait):
    """Return (the address that served the file or None, a line for each that did not)."""
    reasons = []
    for url in urls:
        try:
            _bring(url, file, size, sha256, bar, tries, wait)
            return url, reasons
        except _Refused as reason:
            reasons.append(f"  {url}\n    {reason}")
    return None, reasons


def _bring(url, file, size, sha256, bar, tries, wait):
    """Fill `file` with the official bytes from one address, or raise _Refused with the reason."""
    failures, best, restarted = 0, _length(file), False
    while True:
        have = _length(file)
        if have > size:
            file.truncate(0)
            have = 0
        if have < size:
            try:
                _transfer(url, file, have, size, bar)
            except _Broken as reason:
                now = _length(file)
                failures = 0 if now > best else failures + 1
                best = max(best, now)
                if failures >= tries:
                    raise _Refused(str(reason)) from None
                time.sleep(min(wait * 2 ** max(failures - 1, 0), 30))
                continue
        if _hash(file) == sha256:
            return
        file.truncate(0)
        # Bytes kept from an earlier attempt may have been the wrong ones: once more from zero.
        if have == 0 or restarted:
            raise _Refused(f"sent other bytes than the official file (its SHA-256 is {sha256})")
        restarted = True


def _transfer(url, file, have, size, bar):
    """Append what `url` sends to `file`, from byte `have` on if the server can."""
    import requests  # slow to import, and only here needed
    from urllib3.exceptions import HTTPError

    # "identity": the hash is that of the file as stored, so nothing may pack or unpack it
    headers = {"Accept-Encoding": "identity", "User-Agent": "cs231n-course"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            start = _read_start(answer, file, have)
            length = answer.headers.get("Content-Length", "")
            if length.isdigit() and int(length) != size - start:
                raise _Refused(
                    f"offers {start + int(length):,} bytes; the official file has {size:,}"
                )
            if start == 0:
                file.truncate(0)
            bar.n = start
            for chunk in answer.raw.stream(CHUNK, decode_content=False):
                if _length(file) + len(chunk) > size:
                    file.truncate(0)
                    raise _Refused(f"sent more than the {size:,} bytes of the official file")
                _write(file, chunk)
                bar.update(len(chunk))
    except (requests.RequestException, HTTPError) as error:
        raise _Broken(_explain_network(error, _length(file), size)) from None
    if _length(file) < size:
        raise _Broken(f"the connection ended after {_length(file):,} of {size:,} bytes")


def _read_start(answer, file, have):
    """Return the byte from which the server's answer begins, or raise if it is no answer."""
    status = answer.status_code
    if status == 416:  # the server does not have that range: our part is not a part of its file
        file.truncate(0)
        raise _Broken("HTTP 416, the rest of the file was refused")
    if status == 429 or status >= 500:
        raise _Broken(f"HTTP {status} {answer.reason}")
    if status == 206:
        if answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            return have
        file.truncate(0)
        raise _Broken("the server sent another range than the one asked for")
    if status != 200:
        raise _Refused(f"HTTP {status} {answer.reason}")
    return 0  # the whole file, because it was asked for or because ranges are ignored


def _write(file, chunk):
    """Append bytes; a disk that is full gives back the room that the part took."""
    try:
        while chunk:
            chunk = chunk[file.write(chunk) :]
    except OSError as error:
        with contextlib.suppress(OSError):
            file.truncate(0)
        raise DownloadError(explain_disk(error, os.path.dirname(file.name))) from error


def _length(file):
    return file.seek(0, os.SEEK_END)


def _hash(file):
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _lock(file, part):
    """Keep a second download off the same part; the lock goes when the file is closed."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise DownloadError(
            f"Another download is writing {part}. Wait for it to end, then run this again."
        ) from None
    except OSError:
        pass  # a file system without locks


def _check_room(folder, wanted):
    """Say before the download, not in its middle, that the disk is too small."""
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise DownloadError(
            f"{folder} has {free / 1e6:,.0f} MB free, the download needs {wanted / 1e6:,.0f} MB. "
            "Free some space, or set CS231N_DATA to a folder on another disk."
        )


@contextlib.contextmanager
def _explain_writing(folder):
    try:
        yield
    except OSError as error:
        raise DownloadError(explain_disk(error, folder)) from error


def explain_disk(error, folder):
    """Return what a failed write means and what to do, in one sentence or two."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk (or your quota) is full: {folder} takes no more bytes. Nothing half-written "
            "is left. Free some space, or set CS231N_DATA to a folder on another disk."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{folder} cannot be written ({error.strerror}). Give a folder that can, with --folder "
            "or in the environment variable CS231N_DATA."
        )
    return f"Writing to {folder} failed: {error.strerror or error}."


def _explain_network(error, have, size):
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return f"its certificate was not accepted ({error.__cause__ or error})"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no answer within {TIMEOUT[0]} s"
    if have and have < size:
        return f"the connection was cut after {have:,} of {size:,} bytes"
    if isinstance(error, requests.Timeout):
        return f"no byte within {TIMEOUT[1]} s"
    if isinstance(error, requests.ConnectionError):
        aborted = "aborted" in str(error)
        return "hung up without an answer in HTTP" if aborted else "could not be reached"
    return f"{type(error).__name__}: {error}"


def _describe_failure(path, have, size, reasons):
    kept = f"\n{have:,} of {size:,} bytes are here; run this again to go on from there."
    kept = kept if have else ""
    return (
        f"{path.name} could not be downloaded:\n" + "\n".join(reasons) + kept + "\nWithout a "
        'network: load("digits") and load("shapes") need no download; or copy the official files '
        f"from another machine to {path.parent}; or set CS231N_DATA to a folder that holds them."
    )


def _open_bar(name, size, progress):
    from tqdm import tqdm

    return tqdm(
        total=size, desc=name, unit="B", unit_scale=True, disable=not progress, mininterval=0.2
    )
