"""Keep a warm interpreter, and fork one confined copy of it for each submission.

`grading.sandbox` starts this with bubblewrap: a read-only root that holds Python, its packages and
this library, nothing else. What bubblewrap cannot do is to confine a *fork* of a warm process
(it always starts a new program, 1.3 s with NumPy and IPython); the steps of `confine` do that:

1. fresh user, mount, PID, network, IPC and UTS namespaces; the copy is process 1 of its own PID
   namespace: when it ends, the kernel kills all it has started;
2. run as an unprivileged user, mapped by itself: the limit on processes then holds for root too;
3. a /tmp of its own with a size limit, an empty /proc, a /dev/shm without room;
4. limits on memory, CPU, file size, processes; no core files;
5. all capabilities dropped, no new privileges, every descriptor closed but the one to the judge.

The zygote runs the release's setup cell, but no line of a submission, and reads nothing that a
copy writes: a copy talks to the judge over a socket that the judge made. Requests come from the
judge alone.
"""

from __future__ import annotations

import array
import ctypes
import gc
import json
import os
import platform
import resource
import signal
import socket
import sys

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
NAMESPACES = (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
              | CLONE_NEWUTS)
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
GUEST_ID = 65534

libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments) -> None:
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(kind: bytes, target: bytes, flags: int, data: bytes) -> None:
    _call("mount", kind, target, kind, ctypes.c_ulong(flags), data)


def main() -> None:
    """Serve the control socket (descriptor given as the first argument) until it closes."""
    os.umask(0o022)
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    shell = warm_up(options)
    control.sendall(json.dumps({"ready": os.getpid(), "setup": shell.is_set_up}).encode() + b"\n")
    while True:
        request, sock = _receive(control)
        if request is None:
            return
        _reap()
        try:
            pid = spawn(sock, shell, options, request)
            answer = {"pid": pid}
        except OSError as error:
            answer = {"error": f"{error}"}
        finally:
            sock.close()
        control.sendall(json.dumps(answer).encode() + b"\n")


def warm_up(options):
    """Import what notebooks use, make the shell and run the release's own setup cell in it, so
    that a copy starts with all of it."""
    os.environ["MPLBACKEND"] = "agg"
    import matplotlib.pyplot as plt
    import numpy as np

    from cs231n_lib import card, checking, plots, predict  # noqa: F401
    from cs231n_lib.drivers import CHAPTERS, find  # noqa: F401
    from cs231n_lib.worker import guest

    for name in CHAPTERS:
        try:
            __import__(f"cs231n_lib.drivers.{name}")
        except ModuleNotFoundError:
            pass
    np.linalg.svd(np.eye(3) @ np.eye(3))
    np.random.default_rng(0).normal(size=3)
    plt.figure()
    plt.plot([0, 1])
    plt.close("all")
    shell = guest.make_shell()
    shell.run_cell("import numpy as np", store_history=False)
    shell.reset(new_session=False)
    os.chdir(options["release"])
    said = guest.run_cell(shell, {"source": options["setup"]})
    shell.is_set_up = said["status"] == "ok"
    gc.collect()
    # What is here now stays shared with every copy: keep the collector from touching its pages.
    gc.freeze()
    return shell


def _receive(control):
    """Return (request, the guest's socket), or (None, None) when the judge closed."""
    descriptors = array.array("i")
    data, ancillary, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(descriptors.itemsize))
    if not data:
        return None, None
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: descriptors.itemsize])
    return json.loads(data), socket.socket(fileno=descriptors[0])


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def spawn(sock, shell, options, request) -> int:
    """Fork a confined copy that serves `sock`; return its process id as the zygote sees it."""
    own = (os.geteuid(), os.getegid()) if options["namespaces"] else None
    to_child, from_parent = os.pipe()
    pid = _fork_into_namespaces() if own else os.fork()
    if pid == 0:
        try:
            os.close(from_parent)
            _be_guest(sock, shell, options, request, own, to_child)
        finally:
            os._exit(70)
    os.close(to_child)
    try:
        if own and own[0] == 0:
            _write_maps(pid, GUEST_ID)
        os.write(from_parent, b"go")
    finally:
        os.close(from_parent)
    return pid


def _fork_into_namespaces() -> int:
    """Fork as `os.fork` does, but into fresh namespaces, where the copy is process 1.

    With `unshare` it would take two forks, and a fork of a warm process is most of a guest's cost.
    """
    kept = ctypes.PyDLL(None, use_errno=True)
    number = 56 if platform.machine() == "x86_64" else 220
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = kept.syscall(number, ctypes.c_ulong(NAMESPACES | signal.SIGCHLD), 0, 0, 0, 0)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"no namespaces: {os.strerror(error)}")
    return pid


def _write_maps(pid: int, outside: int) -> None:
    for kind in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{kind}", "w") as file:
            file.write(f"{GUEST_ID} {outside} 1")


def _be_guest(sock, shell, options, request, own, go) -> None:
    """Confine this copy, say so, then serve the judge."""
    from cs231n_lib.worker import guest, wire

    try:
        if own and own[0] != 0:
            _write_own_maps(*own)
        if os.read(go, 2) != b"go":
            return
        if own:
            if own[0] == 0:
                os.setgroups([])
            os.setresgid(GUEST_ID, GUEST_ID, GUEST_ID)
            os.setresuid(GUEST_ID, GUEST_ID, GUEST_ID)
        _close_all_but(sock.fileno())
        confine(options, request)
    except OSError as error:
        wire.send(sock, {"refused": str(error)})
        return
    wire.send(sock, {"confined": True})
    sys.setrecursionlimit(1000)
    guest.serve(sock, shell)
    os._exit(0)


def _write_own_maps(uid: int, gid: int) -> None:
    maps = {"uid_map": f"{GUEST_ID} {uid} 1", "gid_map": f"{GUEST_ID} {gid} 1"}
    for kind, text in ({"setgroups": "deny"} | maps).items():
        with open(f"/proc/self/{kind}", "w") as file:
            file.write(text)


def _close_all_but(keep: int) -> None:
    """Close every descriptor but `keep`; 0, 1 and 2 become /dev/null."""
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    highest = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, keep)
    os.closerange(keep + 1, min(highest, 65536))


def confine(options: dict, request: dict) -> None:
    """Take from this process all that a submission has no need of (steps 3 to 5 above)."""
    if options["namespaces"]:
        # No namespaces within this one: fewer doors in the kernel to try.
        try:
            with open("/proc/sys/user/max_user_namespaces", "w") as file:
                file.write("0")
        except OSError:
            pass
        _mount(b"none", b"/", MS_REC | MS_PRIVATE, None)
        room = f"size={options['tmp_bytes']},nr_inodes=4096,mode=1777".encode()
        safe = MS_NOSUID | MS_NODEV
        kept = {place: os.open(place, os.O_PATH | os.O_DIRECTORY) for place in options["keep"]}
        _mount(b"tmpfs", b"/tmp", safe, room)
        for place, number in kept.items():
            os.makedirs(place, exist_ok=True)
            source = f"/proc/self/fd/{number}".encode()
            _call("mount", source, place.encode(), None, ctypes.c_ulong(MS_BIND | MS_REC), None)
            os.close(number)
        _mount(b"tmpfs", b"/dev/shm", safe, b"size=1048576,nr_inodes=64,mode=1777")
        _mount(b"tmpfs", b"/proc", safe | MS_RDONLY | MS_NOEXEC, b"size=4096")
        _call("sethostname", b"notebook", 8)
        os.mkdir("/tmp/notebook")
    place = "/tmp/notebook" if options["namespaces"] else request["folder"]
    os.chdir(place)
    for name, path in request["files"].items():
        with open(path, "rb") as source, open(name, "wb") as copy:
            copy.write(source.read())
    limits = {
        resource.RLIMIT_AS: options["memory_bytes"],
        resource.RLIMIT_FSIZE: options["tmp_bytes"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: options["cpu_seconds"],
        resource.RLIMIT_NOFILE: 256,
    }
    if options["namespaces"]:
        limits[resource.RLIMIT_NPROC] = options["processes"]
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT
                      else signal.SIG_IGN)
    if options["namespaces"]:
        for capability in range(64):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                break
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main()
