"""Run one rebuilt submission in guests of the sandbox, and judge each exercise from outside.

`grading.batch` calls `grade` for each submission. A guest that dies or hangs costs the exercise
that was running, not the rest: a new guest runs the cells again that did no harm, and goes on.
"""

from __future__ import annotations

import secrets
import select
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from cs231n_lib import drivers, trial
from cs231n_lib.answers import Answers, Exercise, Trial, as_fields
from cs231n_lib.grading.repair import Step
from cs231n_lib.grading.sandbox import Guest, Limits, Sandbox
from cs231n_lib.verdict import Verdict, judge
from cs231n_lib.worker import wire

# What a guest is told of an exercise.
SENT = ("name", "needs", "driver", "positional", "keyword", "returns", "may_change", "seconds")
STATUSES = ("ok", "stub", "raised", "type", "timeout", "missing")
REPLY_LIMIT = 64 << 20
MOST_GUESTS = 30


class Lost(Exception):
    """The guest died, hung, used too much memory, or sent nonsense: the submission's doing."""


@dataclass
class Outcome:
    """What running a submission gave: verdicts by exercise, outputs by step, notes."""

    verdicts: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    seconds: float = 0.0
    peak_bytes: int = 0
    guests: int = 0


class Session:
    """One submission on its way through the sandbox.

    `shared` keeps from one submission to the next what is the same for all: the messages with the
    cases, and the yardsticks' shortest times.
    """

    def __init__(self, sandbox: Sandbox, known: Answers, steps: list, limits: Limits,
                 shared: dict | None = None):
        self.sandbox, self.known, self.steps, self.limits = sandbox, known, steps, limits
        self.shared = {} if shared is None else shared
        self.outcome = Outcome()
        self.guest: Guest | None = None
        # Steps that are left out: those that ended a guest, and a first one that is the setup cell
        # in which every guest begins.
        self.left_out: set = set()
        first = next((i for i, step in enumerate(steps) if step.run != "no"), None)
        if first is not None and sandbox.setup and steps[first].source == sandbox.setup:
            self.left_out.add(first)
        self.deadline = time.monotonic() + limits.submission_seconds

    def run(self) -> Outcome:
        """Go through the steps in order; never raises for what the submission does."""
        start = time.perf_counter()
        try:
            for i, step in enumerate(self.steps):
                if step.judge and step.judge in self.known.exercises:
                    exercise = self.known.exercises[step.judge]
                    self.outcome.verdicts[step.judge] = self._judge(i, exercise)
                elif step.run != "no" and i not in self.left_out:
                    self._cell(i, step)
        finally:
            self._close()
        self.outcome.seconds = time.perf_counter() - start
        return self.outcome

    # ---------------------------------------------------------------- guests

    def _close(self):
        if self.guest is not None:
            self.guest.close()
            self.outcome.peak_bytes = max(self.outcome.peak_bytes, self.guest.peak)
            self.guest = None

    def _ready(self, before: int) -> None:
        """Make sure that there is a guest in which the cells before `before` have run."""
        if self.guest is not None:
            return
        if self.outcome.guests >= MOST_GUESTS:
            raise Lost(f"the submission ended its process {MOST_GUESTS} times")
        if time.monotonic() > self.deadline:
            raise Lost("the submission's time is used up")
        self.guest = self.sandbox.spawn()
        self.outcome.guests += 1
        for i, step in enumerate(self.steps[:before]):
            if step.run != "no" and i not in self.left_out:
                try:
                    self._run_cell(step)
                except Lost:
                    # It did no harm before; it does now. Leave it out and begin again.
                    self.left_out.add(i)
                    self._close()
                    return self._ready(before)

    @contextmanager
    def _talk(self):
        """Kill the guest and raise Lost where it is gone, silent, or sends no message."""
        try:
            yield
        except wire.WireTimeout:
            self._close()
            raise Lost("timeout") from None
        except wire.WireError as error:
            self._close()
            raise Lost(f"its process ended ({error})") from None

    def _send(self, request: dict, more: bytes, end: float) -> str:
        """Send a request (and a packed message after it) and return the nonce for its replies."""
        nonce = secrets.token_hex(8)
        with self._talk():
            wire.send(self.guest.sock, wire.pack(request | {"nonce": nonce}) + more, end)
        return nonce

    def _reply(self, nonce: str, end: float) -> dict:
        """Return the next reply, or raise Lost."""
        with self._talk():
            while not self.guest.ahead and not select.select([self.guest.sock], [], [], 0.1)[0]:
                if time.monotonic() > end:
                    raise wire.WireTimeout
                if self.guest.resident() > self.limits.resident_bytes:
                    raise wire.WireError(
                        f"it used more than {self.limits.resident_bytes / 2**30:.1f} GB of memory"
                    )
            reply = wire.receive(self.guest.sock, end, REPLY_LIMIT, self.guest.ahead)
        if reply.get("nonce") != nonce:
            self._close()
            raise Lost("it wrote on the judge's line")
        return reply

    def _end(self, seconds: float) -> float:
        return min(time.monotonic() + seconds, self.deadline)

    # ---------------------------------------------------------------- cells and cases

    def _run_cell(self, step: Step) -> dict:
        request = {"op": "cell", "source": step.source, "definitions": step.run == "definitions"}
        end = self._end(self.limits.cell_seconds)
        return self._reply(self._send(request, b"", end), end)

    def _is_held(self) -> bool:
        """Tell whether the guest has little memory left to it, since an exercise bounds that.

        The bound cannot be taken back. What goes well under it counts; what fails is run again in
        a new guest.
        """
        return self.guest is not None and self.guest.held

    def _cell(self, i: int, step: Step) -> None:
        held = self._is_held()
        try:
            self._ready(i)
            reply = self._run_cell(step)
            if held and reply.get("error"):
                self._close()
                return self._cell(i, step)
        except Lost as lost:
            if held:
                return self._cell(i, step)
            self.left_out.add(i)
            text = str(lost)
            if text == "timeout":
                text = f"it ran for more than {self.limits.cell_seconds:g} s"
            name = step.released.name if step.released else "a cell of the student's own"
            self.outcome.notes.append(f"{name}: {text}")
            self.outcome.outputs[i] = {"error": f"Stopped: {text}", "stdout": "", "stderr": ""}
            return
        self.outcome.outputs[i] = {
            k: str(reply.get(k, ""))[:25_000] for k in ("error", "stdout", "stderr", "traceback")
        }

    def _judge(self, i: int, exercise: Exercise) -> Verdict:
        held = self._is_held()
        trials = self._trials(i, exercise)
        if held and any(t.status != "ok" for t in trials):
            self._close()
            trials = self._trials(i, exercise)
        fast = None
        if exercise.faster_than:
            fast = all(t.status == "ok" for t in trials) and self._is_fast(i, exercise, trials[-1])
        verdict = judge(exercise, trials, fast_enough=fast)
        if trials[0].status == "stub" or trials[0].error.endswith("is not defined"):
            verdict = replace(verdict, status="missing", message=self._why_missing(i, verdict))
        return verdict

    def _trials(self, i: int, exercise: Exercise) -> list:
        """Return one trial for each case."""
        if exercise.memory_mb and self._is_held():
            self._close()
        count = len(exercise.cases)
        # The case that is timed goes alone, so that nothing of it is known beforehand.
        together = count - bool(exercise.faster_than)
        trials = self._cases(i, exercise, 0, together) if together else []
        if len(trials) == together < count:
            trials += self._cases(i, exercise, together, count)
        return trials + [trials[-1]] * (count - len(trials))

    def _why_missing(self, i: int, verdict: Verdict) -> str:
        """Say what stopped the cell that should have defined the function, if one did."""
        for j, step in enumerate(self.steps[:i]):
            if step.released is not None and step.released.name == verdict.name:
                error = self.outcome.outputs.get(j, {}).get("error", "")
                if error:
                    return f"{verdict.name} is not defined: its cell stopped with {error[:300]}"
        return verdict.message

    def _cases(self, i: int, exercise: Exercise, first: int, last: int) -> list:
        """Run cases `first` to `last`, up to one after which there is no use in going on."""
        trials: list = []
        end = self._end(exercise.seconds + 2.0)
        try:
            self._ready(i)
            if exercise.memory_mb:
                self.guest.hold_memory(exercise.memory_mb)
            start = time.perf_counter()
            nonce = self._send({"op": "cases"}, self._question(exercise, first, last), end)
            for k, case in enumerate(exercise.cases[first:last]):
                reply = self._reply(f"{nonce}.{k}", self._end(exercise.seconds + 2.0))
                now = time.perf_counter()
                trials.append(to_trial(reply, exercise, case.inputs, now - start))
                if reply.get("status") in trial.FINAL:
                    break
                start = now
        except Lost as lost:
            if str(lost) == "timeout":
                trials.append(Trial("timeout", error=f"ran for more than {exercise.seconds:g} s"))
            else:
                trials.append(Trial("died", error=str(lost)))
        return trials

    def _question(self, exercise: Exercise, first: int, last: int) -> bytes:
        """Return the message with these cases; it is the same for every submission."""
        key = (exercise.name, first, last)
        if key not in self.shared:
            record = {k: v for k, v in as_fields(exercise).items() if k in SENT} | {"points": 0}
            inputs = [case.inputs for case in exercise.cases[first:last]]
            self.shared[key] = wire.pack({"exercise": record, "inputs": inputs})
        return self.shared[key]

    def _is_fast(self, i: int, exercise: Exercise, first: Trial) -> bool:
        """Time the last case from outside against the exercise's yardstick.

        One slow time may be the machine's doing: it is taken again, in a new guest, which cannot
        have kept the result.
        """
        last = len(exercise.cases) - 1
        yardstick, key = drivers.find(exercise.faster_than), ("yardstick", exercise.name)
        mine, other = first.seconds, np.inf
        # Faster than the yardstick ever was here: no need to time that again.
        if mine * exercise.factor <= self.shared.get(key, 0.0):
            return True
        for _ in range(3):
            start = time.perf_counter()
            yardstick(exercise.cases[last].inputs)
            now = time.perf_counter() - start
            other, self.shared[key] = min(other, now), min(now, self.shared.get(key, now))
            if mine * exercise.factor <= other:
                return True
            self._close()
            again = [*self._cases(i, exercise, 0, 1), *self._cases(i, exercise, last, last + 1)]
            if any(t.status != "ok" for t in again):
                return False
            mine = min(mine, again[-1].seconds)
        return mine * exercise.factor <= other


def to_trial(reply: dict, exercise: Exercise, inputs: dict, seconds: float) -> Trial:
    """Make a trial of a guest's reply, believing nothing: kinds are checked, texts cut.

    Only whether inputs were changed is its own word: it could send them back unchanged as well.
    """
    status = reply.get("status")
    error = reply.get("error")
    error = error[:500] if isinstance(error, str) else ""
    where = reply.get("where")
    where = where[:300] if isinstance(where, str) else ""
    if status == "missing":
        return Trial("raised", error=f"NameError: {error}")
    if status not in STATUSES:
        return Trial("died", error="it sent something that is no result")
    if status != "ok":
        return Trial(status, error=error, where=where)
    outputs = reply.get("outputs")
    if not isinstance(outputs, dict) or not all(
        isinstance(k, str) and type(v) is np.ndarray for k, v in outputs.items()
    ):
        return Trial("type", error="it must return numbers or arrays of numbers")
    outputs = {k[:200]: v for k, v in list(outputs.items())[:2000]}
    changed = reply.get("changed")
    changed = changed if isinstance(changed, list) else []
    return Trial("ok", outputs, tuple(k for k in inputs if k in changed), seconds=seconds)
