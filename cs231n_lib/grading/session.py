"""Run one rebuilt submission in guests of the sandbox, and judge each exercise from outside.

`grading.batch` calls `grade` for each submission. A guest that dies or hangs costs the exercise
that was running, not the rest: a new guest runs the cells again that did no harm, and goes on.
"""

from __future__ import annotations

import secrets
import select
import time
from dataclasses import dataclass, field, replace

import numpy as np

from cs231n_lib import drivers, trial
from cs231n_lib.answers import Answers, Exercise, Trial, as_fields
from cs231n_lib.grading.repair import Step
from cs231n_lib.grading.sandbox import Guest, Limits, Sandbox, SandboxError
from cs231n_lib.verdict import Verdict, judge
from cs231n_lib.worker import wire

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
    """One submission on its way through the sandbox."""

    def __init__(self, sandbox: Sandbox, known: Answers, steps: list, limits: Limits):
        self.sandbox, self.known, self.steps, self.limits = sandbox, known, steps, limits
        self.outcome = Outcome()
        self.harmful: set = set()
        self.guest: Guest | None = None
        self.deadline = time.monotonic() + limits.submission_seconds

    def run(self) -> Outcome:
        """Go through the steps in order; never raises for what the submission does."""
        start = time.perf_counter()
        try:
            for i, step in enumerate(self.steps):
                if step.judge and step.judge in self.known.exercises:
                    exercise = self.known.exercises[step.judge]
                    self.outcome.verdicts[step.judge] = self._judge(i, exercise)
                elif step.run != "no":
                    self._cell(i, step)
        finally:
            self._close()
        self.outcome.seconds = time.perf_counter() - start
        return self.outcome

    # ---------------------------------------------------------------- guests

    def _close(self):
        if self.guest is not None:
            self.outcome.peak_bytes = max(self.outcome.peak_bytes, self.guest.peak)
            self.guest.close()
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
            if step.run != "no" and i not in self.harmful:
                try:
                    self._ask(self._cell_request(step), self.limits.cell_seconds)
                except Lost:
                    # It did no harm before; it does now. Leave it out and begin again.
                    self.harmful.add(i)
                    self._close()
                    return self._ready(before)

    def _ask(self, request: dict, seconds: float) -> dict:
        """Send a request and return the reply to it, or kill the guest and raise Lost."""
        nonce = secrets.token_hex(8)
        end = min(time.monotonic() + seconds, self.deadline)
        try:
            wire.send(self.guest.sock, request | {"nonce": nonce}, end)
            while not select.select([self.guest.sock], [], [], 0.1)[0]:
                if time.monotonic() > end:
                    raise wire.WireTimeout
                if self.guest.resident() > self.limits.resident_bytes:
                    raise wire.WireError(
                        f"it used more than {self.limits.resident_bytes / 2**30:.1f} GB of memory"
                    )
            reply = wire.receive(self.guest.sock, end, REPLY_LIMIT)
        except wire.WireTimeout:
            self._close()
            raise Lost("timeout") from None
        except wire.WireError as error:
            self._close()
            raise Lost(f"its process ended ({error})") from None
        if "refused" in reply and "nonce" not in reply:
            self._close()
            raise SandboxError(f"a guest could not be confined: {reply['refused']}")
        if reply.get("nonce") != nonce:
            self._close()
            raise Lost("it wrote on the judge's line")
        return reply

    # ---------------------------------------------------------------- cells and cases

    def _cell_request(self, step: Step) -> dict:
        return {"op": "cell", "source": step.source, "definitions": step.run == "definitions"}

    def _cell(self, i: int, step: Step) -> None:
        try:
            self._ready(i)
            reply = self._ask(self._cell_request(step), self.limits.cell_seconds)
        except Lost as lost:
            self.harmful.add(i)
            text = str(lost)
            if text == "timeout":
                text = f"it ran for more than {self.limits.cell_seconds:g} s"
            name = step.released.name if step.released else "a cell of the student's own"
            self.outcome.notes.append(f"{name}: {text}")
            self.outcome.outputs[i] = {"error": f"Stopped: {text}", "stdout": "", "stderr": ""}
            return
        self.outcome.outputs[i] = {
            k: str(reply.get(k, ""))[:25_000] for k in ("error", "stdout", "stderr")
        }

    def _judge(self, i: int, exercise: Exercise) -> Verdict:
        trials: list = []
        for case in exercise.cases:
            trials.append(self._case(i, exercise, case.inputs))
            if trials[-1].status in ("stub", "timeout", "died"):
                trials += [trials[-1]] * (len(exercise.cases) - len(trials))
                break
        fast = None
        if exercise.faster_than:
            fast = all(t.status == "ok" for t in trials) and self._is_fast(i, exercise, trials[-1])
        if exercise.memory_mb:
            # The limit cannot be taken back: what follows gets a new guest.
            self._close()
        verdict = judge(exercise, trials, fast_enough=fast)
        if trials[0].status == "stub" or trials[0].error.endswith("is not defined"):
            verdict = replace(verdict, status="missing", message=self._why_missing(i, verdict))
        return verdict

    def _why_missing(self, i: int, verdict: Verdict) -> str:
        """Say what stopped the cell that should have defined the function, if one did."""
        for j, step in enumerate(self.steps[:i]):
            if step.released is not None and step.released.name == verdict.name:
                error = self.outcome.outputs.get(j, {}).get("error", "")
                if error:
                    return f"{verdict.name} is not defined: its cell stopped with {error[:300]}"
        return verdict.message

    def _case(self, i: int, exercise: Exercise, inputs: dict) -> Trial:
        meta = {
            k: v for k, v in as_fields(exercise).items()
            if k in ("name", "needs", "driver", "positional", "keyword", "returns", "may_change",
                     "seconds")
        } | {"points": 0}
        try:
            self._ready(i)
            if exercise.memory_mb:
                self.guest.hold_memory(exercise.memory_mb)
            start = time.perf_counter()
            reply = self._ask({"op": "case", "exercise": meta, "inputs": inputs},
                              exercise.seconds + 2.0)
            seconds = time.perf_counter() - start
        except Lost as lost:
            if str(lost) == "timeout":
                return Trial("timeout", error=f"ran for more than {exercise.seconds:g} s")
            return Trial("died", error=str(lost))
        return to_trial(reply, exercise, inputs, seconds)

    def _is_fast(self, i: int, exercise: Exercise, first: Trial) -> bool:
        """Time the last case from outside against the exercise's yardstick, best of three."""
        inputs = exercise.cases[-1].inputs
        yardstick = drivers.find(exercise.faster_than)
        mine, other = [first.seconds], []
        for _ in range(3):
            again = self._case(i, exercise, inputs)
            if again.status != "ok":
                return False
            mine.append(again.seconds)
            start = time.perf_counter()
            yardstick(inputs)
            other.append(time.perf_counter() - start)
        return min(mine) * exercise.factor <= min(other)


def to_trial(reply: dict, exercise: Exercise, inputs: dict, seconds: float) -> Trial:
    """Make a trial of a guest's reply, believing nothing: kinds are checked, texts cut, and
    whether inputs were changed is found here by comparing what came back."""
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
    after = reply.get("after")
    after = after if isinstance(after, dict) else {}
    changed = tuple(
        name for name, value in inputs.items()
        if name not in exercise.may_change and not _unchanged(value, after.get(name))
    )
    return Trial("ok", outputs, changed, seconds=seconds)


def _unchanged(before, after) -> bool:
    if isinstance(before, (dict, list, tuple)) and type(before) is type(after):
        if isinstance(before, dict):
            return before.keys() == after.keys() and all(
                _unchanged(v, after[k]) for k, v in before.items()
            )
        return len(before) == len(after) and all(map(_unchanged, before, after))
    return trial.same(before, after)
