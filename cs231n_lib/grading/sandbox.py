"""Start the sandbox and its warm interpreter, and make confined guests in it.

`grading.session` runs a submission in a guest. The outside is bubblewrap: a root that holds
Python, its packages, the system's libraries, the library without `authoring/` and `grading/`, and
the chapter's release folder, all read-only. The inside (fresh namespaces for each submission) is
`worker.zygote`, which says why it is home-made.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cs231n_lib
from cs231n_lib.worker import wire

PACKAGE = Path(cs231n_lib.__file__).resolve().parent
RELEASE = "/release"


class SandboxError(Exception):
    """The sandbox cannot be had or has failed: our error, never a submission's."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; seconds of wall and CPU time, bytes."""

    cell_seconds: float = 30.0
    submission_seconds: float = 300.0
    cpu_seconds: int = 240
    memory_bytes: int = 2 << 30
    resident_bytes: int = 2 << 30
    tmp_bytes: int = 64 << 20
    processes: int = 64


def why_not() -> str:
    """Return why there can be no sandbox on this machine, with what to do; '' if there can."""
    if not sys.platform.startswith("linux"):
        return "grading needs Linux: its sandbox is made of Linux namespaces"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed: `apt install bubblewrap` (or `dnf`, `pacman -S`)"
    probe = subprocess.run(
        ["bwrap", "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"],
        capture_output=True, text=True,
    )
    if probe.returncode:
        return (
            f"bubblewrap cannot make namespaces here ({probe.stderr.strip()}): allow unprivileged "
            f"user namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu 24.04 and "
            f"later also kernel.apparmor_restrict_unprivileged_userns=0)"
        )
    return ""


def _bwrap_command(release: Path) -> list:
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-net", "--unshare-ipc",
               "--unshare-uts", "--clearenv", "--tmpfs", "/tmp"]
    if os.geteuid() == 0:
        # As root the zygote must map each guest to an unprivileged user of its own.
        command += ["--cap-add", "ALL"]
    else:
        command += ["--unshare-user"]
    for place in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin"):
        path = Path(place)
        if path.is_symlink():
            command += ["--symlink", os.readlink(place), place]
        elif path.is_dir():
            command += ["--ro-bind", place, place]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--ro-bind-try", "/etc/fonts", "/etc/fonts"]
    # The guest is another user than we may be: it must be able to walk through to each of these.
    for place in sorted({p for f in [*_python_folders(), str(PACKAGE)] for p in Path(f).parents}):
        if place != Path("/") and not _inside(place, ["/usr"]):
            command += ["--perms", "0755", "--dir", str(place)]
    for place in [*_python_folders(), str(PACKAGE)]:
        command += ["--ro-bind", place, place]
    for hidden in ("authoring", "grading"):
        command += ["--tmpfs", str(PACKAGE / hidden)]
    command += [
        "--ro-bind", str(release), RELEASE, "--bind", "/proc", "/proc", "--dev", "/dev",
        "--chdir", "/tmp", "--setenv", "HOME", "/tmp", "--setenv", "PATH", "/usr/bin:/bin",
        "--setenv", "MPLCONFIGDIR", "/tmp/mpl", "--setenv", "IPYTHONDIR", "/tmp/ipython",
        "--setenv", "LANG", "C.UTF-8",
    ]
    for name in ("OMP", "OPENBLAS", "MKL"):
        command += ["--setenv", f"{name}_NUM_THREADS", "1"]
    return command


def _python_folders() -> list:
    """Return the folders that Python itself and its packages need, without nested ones."""
    paths = sysconfig.get_paths()
    places = {sys.prefix, sys.base_prefix, paths["purelib"], paths["platlib"], paths["stdlib"]}
    places = sorted({str(Path(p).resolve()) for p in places})
    places = [p for p in places if not _inside(Path(p), ["/usr"])]
    return [p for p in places if not _inside(Path(p), [q for q in places if q != p])]


def _inside(path: Path, folders) -> bool:
    return any(path.is_relative_to(f) for f in folders)


class Sandbox:
    """A running zygote. Make one per worker process; `spawn` gives a guest in milliseconds.

    Parameters
    ----------
    release : Path
        The chapter's student folder; its files are copied to each guest's working folder.
    setup : str
        The release's setup cell. It is run once, and guests begin after it (`self.setup` is then
        its source; '' where it failed).
    secrets : sequence of Path
        Places that a guest must not see; the sandbox proves it before the first submission.
    confined : bool
        False runs guests as plain forks: only for `--unsafe-no-sandbox`.
    """

    def __init__(self, release: Path, limits: Limits, *, setup="", secrets=(), confined=True):
        self.limits, self.confined, self.secrets = limits, confined, tuple(secrets)
        self.release = Path(release).resolve()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A guest's own /tmp covers what is there: folders that it needs are put back into it.
        keep = [p for p in [*_python_folders(), str(PACKAGE)] if _inside(Path(p), ["/tmp"])]
        options = asdict(limits) | {
            "namespaces": confined, "keep": keep, "setup": setup,
            "release": RELEASE if confined else str(self.release),
        }
        inner = [sys.executable, "-m", "cs231n_lib.worker.zygote", str(there.fileno()),
                 json.dumps(options)]
        if confined:
            reason = why_not()
            if reason:
                raise SandboxError(f"no sandbox: {reason}")
            command = _bwrap_command(self.release) + ["--", *inner]
            environment = None
        else:
            self.scratch = tempfile.mkdtemp(prefix="cs231n-")
            command, environment = inner, os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        )
        there.close()
        self.control = here
        self.control.settimeout(120)
        answer = self._answer()
        if "ready" not in answer:
            raise SandboxError("the sandbox did not start")
        self.setup = setup if answer["setup"] else ""
        atexit.register(self.close)
        self._prove()

    def _prove(self) -> None:
        """Ask a guest whether it can see what it must not, and can read what it must.

        Raises
        ------
        SandboxError
            Something secret is visible, or Python's own files are not readable for a guest.
        """
        secret = [str(p) for p in self.secrets] if self.confined else []
        source = (
            "import encodings.idna, encodings.cp437, decimal, os\n"
            f"seen = [p for p in {secret!r} if os.path.lexists(p)]\n"
            "assert not seen, f'a guest can see {seen}'"
        )
        guest = self.spawn()
        try:
            end = time.monotonic() + 60
            wire.send(guest.sock, {"op": "cell", "nonce": "proof", "source": source}, end)
            reply = wire.receive(guest.sock, end)
        except wire.WireError as error:
            raise SandboxError(f"a guest of the sandbox does not answer: {error}") from error
        finally:
            guest.close()
        if reply.get("status") != "ok":
            raise SandboxError(f"the sandbox is not as it must be: {reply.get('error')}")

    def _answer(self) -> dict:
        try:
            data = self.control.recv(65536)
        except OSError as error:
            raise SandboxError(f"the sandbox does not answer ({error})") from error
        if not data:
            said = self.process.stderr.read().decode(errors="replace").strip()
            last = said.splitlines()[-1] if said else "silently"
            raise SandboxError(f"the sandbox ended: {last}")
        return json.loads(data)

    def spawn(self) -> Guest:
        """Return a new guest: one confined process, with an empty notebook and its files."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        root = RELEASE if self.confined else str(self.release)
        files = {p.name: f"{root}/{p.name}" for p in self.release.iterdir() if p.suffix == ".npz"}
        folder = "" if self.confined else tempfile.mkdtemp(dir=self.scratch)
        request = json.dumps({"files": files, "folder": folder}).encode()
        try:
            self.control.sendmsg(
                [request],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))],
            )
        except OSError as error:
            raise SandboxError(f"the sandbox is gone ({error})") from error
        finally:
            theirs.close()
        answer = self._answer()
        if "pid" not in answer:
            mine.close()
            raise SandboxError(f"no guest: {answer.get('error')}")
        # Its first word is ours: no line of a submission has run yet.
        try:
            said = wire.receive(mine, time.monotonic() + 60, 1000)
        except wire.WireError as error:
            said = {"refused": str(error)}
        guest = Guest(mine, answer["pid"], self.limits)
        if "confined" not in said:
            guest.close()
            raise SandboxError(f"a guest could not be confined: {said.get('refused')}")
        return guest

    def close(self) -> None:
        """End the zygote and with it every guest."""
        self.control.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self.confined:
            shutil.rmtree(self.scratch, ignore_errors=True)
        atexit.unregister(self.close)


class Guest:
    """One confined process with a submission in it. Its pid is as this process sees it."""

    def __init__(self, sock: socket.socket, pid: int, limits: Limits):
        self.sock, self.pid, self.limits = sock, pid, limits
        self.peak, self.held, self.ahead = 0, False, bytearray()
        self.first = self._high_water()

    def _high_water(self) -> int:
        """Return the most bytes that the guest has held in memory so far, shared ones included."""
        try:
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
        except OSError:
            pass
        return 0

    def resident(self) -> int:
        """Return the bytes that the guest and all it has started hold in memory now.

        Pages that forks share are counted once for each process, so this is an upper bound; it
        is there to stop many processes from doing together what the limit on each does not
        forbid, a fork bomb above all.
        """
        import psutil

        total = 0
        try:
            root = psutil.Process(self.pid)
            for process in [root, *root.children(recursive=True)]:
                memory = process.memory_info()
                total += max(memory.rss - memory.shared, 0)
        except (psutil.Error, OSError):
            pass
        self.peak = max(self.peak, total)
        return total

    def hold_memory(self, megabytes: float) -> None:
        """Let the guest take only this much more address space than it has now, for good."""
        import psutil

        if self.held:
            return
        try:
            room = psutil.Process(self.pid).memory_info().vms + int(megabytes * 2**20)
            resource.prlimit(self.pid, resource.RLIMIT_AS, (room, room))
            self.held = True
        except (psutil.NoSuchProcess, ProcessLookupError):
            # It has died; whoever asks it next will hear of that.
            pass
        except (psutil.Error, OSError) as error:
            raise SandboxError(f"a guest's memory cannot be limited: {error}") from error

    def close(self) -> None:
        """Kill the guest; as process 1 of its namespace it takes all it has started along.

        `peak` is then what it took beyond the warm interpreter that it began as.
        """
        self.peak = max(self.peak, self._high_water() - self.first)
        self.sock.close()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
