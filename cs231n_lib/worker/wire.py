"""Messages between the judge and a sandboxed process: JSON and raw arrays, never a pickle.

The judge (`grading.session`) and the process that runs a submission (`worker.guest`) use it.
Both directions are read with the same suspicion: sizes are bounded before anything is allocated,
and only booleans, integers, floats and texts make an array.

A message is 8 bytes (header length, body length), a JSON header, and the arrays' bytes one after
another. In the header an array is {"array": [dtype, shape]}, taken from the body in order.
"""

from __future__ import annotations

import json
import math
import re
import socket
import struct
import time

import numpy as np

from cs231n_lib.answers import Rng

HEADER_LIMIT = 4 << 20
BODY_LIMIT = 256 << 20
DTYPE = re.compile(r"[<|][biufU]\d{1,6}$")


class WireError(Exception):
    """The other side closed, or sent something that is no message."""


class WireTimeout(WireError):
    """Nothing whole came in time."""


def pack(message: dict) -> bytes:
    """Turn a message (dicts, lists, tuples, texts, numbers, arrays, Rng seeds) into bytes."""
    parts: list = []
    header = json.dumps(_encode(message, parts)).encode()
    body = b"".join(parts)
    return struct.pack("<II", len(header), len(body)) + header + body


def _encode(value, parts):
    if isinstance(value, Rng):
        return {"rng": value.seed}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if not DTYPE.match(array.dtype.str):
            raise WireError(f"an array of dtype {array.dtype} cannot be sent")
        parts.append(array.tobytes())
        return {"array": [array.dtype.str, list(array.shape)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [_encode(v, parts) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [_encode(v, parts) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[_encode(k, parts), _encode(v, parts)] for k, v in value.items()]}
    raise WireError(f"a {type(value).__name__} cannot be sent")


def unpack(header: bytes, body: bytes) -> dict:
    """Undo `pack`.

    Raises
    ------
    WireError
        Not a message, a forbidden dtype, or sizes that do not add up.
    """
    try:
        place = [0]
        message = _decode(json.loads(header), memoryview(body), place)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise WireError(f"not a message ({type(error).__name__})") from None
    if not isinstance(message, dict) or place[0] != len(body):
        raise WireError("not a message")
    return message


def _decode(value, body, place):
    if isinstance(value, list):
        return [_decode(v, body, place) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "rng":
        return Rng(int(content))
    if kind == "tuple":
        return tuple(_decode(v, body, place) for v in content)
    if kind == "dict":
        return {_key(k): _decode(v, body, place) for k, v in content}
    if kind != "array":
        raise WireError("not a message")
    text, shape = content
    if not isinstance(text, str) or not DTYPE.match(text):
        raise WireError("an array of a forbidden dtype")
    dtype = np.dtype(text)
    shape = tuple(shape)
    if len(shape) > 16 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise WireError("an array of impossible shape")
    size = dtype.itemsize * math.prod(shape)
    start = place[0]
    if start + size > len(body):
        raise WireError("an array longer than its message")
    place[0] = start + size
    count = math.prod(shape)
    flat = np.frombuffer(body, dtype, count, start) if size else np.zeros(count, dtype)
    return flat.reshape(shape).copy()


def _key(value):
    if not isinstance(value, (str, int, float, bool)):
        raise WireError("not a message")
    return value


def send(sock: socket.socket, message, deadline: float | None = None) -> None:
    """Send a message (a dict, or bytes that `pack` made) whole, or raise WireError.

    `deadline` is in `time.monotonic` seconds.
    """
    view = memoryview(message if isinstance(message, bytes) else pack(message))
    try:
        while view:
            sock.settimeout(_left(deadline))
            view = view[sock.send(view[: 1 << 20]) :]
    except TimeoutError:
        raise WireTimeout("the other side does not read") from None
    except OSError as error:
        raise WireError(f"the other side is gone ({error.strerror})") from None


def receive(sock: socket.socket, deadline: float | None = None, limit: int = BODY_LIMIT,
            ahead: bytearray | None = None) -> dict:
    """Receive one message, or raise WireError (gone, or nonsense) or WireTimeout.

    With `ahead` more is read than this message, and kept there for the next call: where many small
    messages come one after another, most of the calls to the system are saved.
    """
    header_size, body_size = struct.unpack("<II", _exactly(sock, 8, deadline, ahead))
    if header_size > HEADER_LIMIT or body_size > limit:
        raise WireError(f"a message of {header_size + body_size:,} bytes is too long")
    header = _exactly(sock, header_size, deadline, ahead)
    return unpack(header, _exactly(sock, body_size, deadline, ahead))


def _exactly(sock, size, deadline, ahead) -> bytes:
    data = bytearray() if ahead is None else ahead
    least = 0 if ahead is None else 1 << 16
    try:
        while len(data) < size:
            sock.settimeout(_left(deadline))
            chunk = sock.recv(min(max(size - len(data), least), 1 << 20))
            if not chunk:
                raise WireError("the other side closed")
            data += chunk
    except TimeoutError:
        raise WireTimeout("no answer in time") from None
    except OSError as error:
        raise WireError(f"the other side is gone ({error.strerror})") from None
    taken = bytes(data[:size])
    del data[:size]
    return taken


def _left(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
