"""Run one submission's cells and cases, inside the sandbox, for the judge outside.

`worker.zygote` makes the shell once, forks, confines the copy and calls `serve`. From the first
cell on everything here is in the hands of the submission: nothing that comes back is believed.
"""

from __future__ import annotations

import ast
import io
import sys
import traceback

from cs231n_lib import trial
from cs231n_lib.answers import Exercise
from cs231n_lib.worker import wire

TEXT_LIMIT = 20_000


class Capped(io.TextIOBase):
    """A text stream that keeps the first characters and counts the rest."""

    def __init__(self, limit: int = TEXT_LIMIT):
        self.limit, self.kept, self.parts, self.dropped = limit, 0, [], 0

    def writable(self):
        return True

    def write(self, text):
        text = str(text)
        room = self.limit - self.kept
        if room > 0:
            self.parts.append(text[:room])
            self.kept += min(len(text), room)
        self.dropped += max(len(text) - max(room, 0), 0)
        return len(text)

    def text(self) -> str:
        more = f"\n… {self.dropped:,} more characters" if self.dropped else ""
        return "".join(self.parts) + more


def make_shell():
    """Return an IPython shell without history, files or colours."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def transform_cell(self, raw_cell):
            """Leave plain Python as it is: looking for magics in it takes as long as running."""
            try:
                ast.parse(raw_cell)
                return raw_cell
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return super().transform_cell(raw_cell)

        def _showtraceback(self, etype, evalue, stb):
            """Keep the traceback for the reply; it is shown as the cell's error, not printed."""
            self.told = self.InteractiveTB.stb2text(stb)

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    config.InteractiveShell.enable_tip = False
    shell = Shell.instance(config=config)
    shell.register_magics(_quiet_magics())
    return shell


def _quiet_magics():
    """Return magics that only a notebook's kernel can follow; here they do nothing."""
    from IPython.core.magic import Magics, line_magic, magics_class

    @magics_class
    class Quiet(Magics):
        @line_magic("matplotlib")
        def choose_backend(self, line):
            """Leave the backend as it is."""

        @line_magic("config")
        def set_option(self, line):
            """Leave the options as they are."""

    return Quiet


def serve(sock, shell) -> None:
    """Answer requests until the judge closes.

    A request is {"op": "cell", "nonce", ...}, with one reply, or {"op": "cases", "nonce"}. That
    one is followed by {"exercise", "inputs"}, and has a reply for every case, up to the first that
    shows there is no use in going on.
    """
    while True:
        try:
            request = wire.receive(sock)
            nonce = request["nonce"]
            if request["op"] == "cell":
                _reply(sock, nonce, run_cell(shell, request))
                continue
            question = wire.receive(sock)
        except wire.WireError:
            return
        for i, reply in enumerate(run_cases(shell, question)):
            _reply(sock, f"{nonce}.{i}", reply)


def _reply(sock, nonce: str, reply: dict) -> None:
    try:
        wire.send(sock, reply | {"nonce": nonce})
    except wire.WireError as error:
        wire.send(sock, {"nonce": nonce, "status": "type", "error": str(error)})


def run_cell(shell, request) -> dict:
    """Run a cell (or only its definitions and imports) and return what it printed."""
    source = request["source"]
    if request.get("definitions"):
        source = definitions(source)
    out, err = Capped(), Capped()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    shell.told, error = "", ""
    try:
        # Python's own exits and interrupts end the cell, not the submission.
        result = shell.run_cell(source, store_history=False, silent=False)
        failure = result.error_before_exec or result.error_in_exec
        if failure is not None:
            error = _in_a_line(failure)
    except BaseException as failure:
        error = f"{type(failure).__name__}: {failure}"
    finally:
        sys.stdout, sys.stderr = before
    return {"status": "error" if error else "ok", "error": error[:2000], "stdout": out.text(),
            "stderr": err.text(), "traceback": str(shell.told)[:TEXT_LIMIT]}


def _in_a_line(failure) -> str:
    if isinstance(failure, SyntaxError):
        line = (failure.text or "").strip()
        return f"{type(failure).__name__}: {failure.msg} (line {failure.lineno}: {line})"
    return "".join(traceback.format_exception_only(failure)).strip()


def definitions(source: str) -> str:
    """Keep a cell's functions, classes and imports; drop what it runs. '' if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return "\n\n".join(
        ast.get_source_segment(source, node) for node in tree.body if isinstance(node, kinds)
    )


def run_cases(shell, question):
    """Run an exercise's cases on the functions that the notebook defines now; yield replies."""
    record = question["exercise"]
    exercise = Exercise(
        cases=(), **{k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
    )
    functions = {n: shell.user_ns.get(n) for n in (exercise.name, *exercise.needs)}
    for name, function in functions.items():
        if not callable(function):
            yield {"status": "missing", "error": f"{name} is not defined"}
            return
    for result in trial.run_each(exercise, functions, question["inputs"]):
        yield {
            "status": result.status, "error": result.error[:2000], "where": result.where[:500],
            "outputs": result.outputs, "changed": list(result.changed),
        }
