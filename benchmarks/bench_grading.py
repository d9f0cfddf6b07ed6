"""The grader beside plain `nbgrader autograde`: same submissions, same cores, one run.

    python benchmarks/bench_grading.py [--chapters 1 4] [--size 50] [--plain 5] [--linear 2000]

Printed for each chapter: seconds a submission of both, their ratio, and a worker's peak memory.
Plain nbgrader grades one at a time and takes long, so it gets a random part of the class
(`--plain`). Then CPU milliseconds a submission, counted in one process with one sandbox: all of
ours (worker, sandbox, recording), the part of it that is the student's own cells and cases
(measured by running them alone, unconfined), and the rest, our overhead. Then a simulated class
that grows, to see whether the cost of a submission stays the same.
"""

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from cs231n_lib import answers, trial
from cs231n_lib.course import find_course
from cs231n_lib.grading import batch, one, repair, submissions
from cs231n_lib.grading.sample import make_class, pupils
from cs231n_lib.grading.sandbox import Limits

BIN = Path(sys.executable).parent
ENVIRONMENT = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


class Memory(threading.Thread):
    """Watch the memory of a process and all below it; the peak of one worker with its sandbox."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.process, self.peak = psutil.Process(pid), 0

    def run(self):
        while True:
            try:
                workers = [c for c in self.process.children() if "spawn_main" in str(c.cmdline())]
                for worker in workers:
                    family = [worker, *worker.children(recursive=True)]
                    self.peak = max(self.peak, sum(_own(p) for p in family))
            except psutil.Error:
                pass
            if not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.2)


def _own(process) -> int:
    """Return the memory that is a process's own share (forks share most of theirs)."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def timed(command, folder):
    """Run a command; return (wall seconds, peak memory of one worker)."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    watch = Memory(process.pid)
    watch.start()
    said = process.communicate()[1]
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{command} failed:\n{said.decode()}")
    return seconds, watch.peak


def clean(room):
    """Take away what grading wrote."""
    for name in ("autograded", "feedback", "grading"):
        shutil.rmtree(room / name, ignore_errors=True)
    (room / "gradebook.db").unlink(missing_ok=True)


def own_cpu(course, job, size) -> float:
    """Return the CPU seconds a submission that its cells and cases take by themselves."""
    known = answers.from_bytes(job.answers)
    release = repair.read_release(json.loads(job.release[f"{job.chapter}.ipynb"]))
    total, here = 0.0, os.getcwd()
    os.chdir(course.notebooks / job.chapter)
    for pupil in pupils(course, job.chapter, size):
        try:
            cells = repair.read_submission(pupil.data)
        except repair.Unreadable:
            continue
        steps, _ = repair.rebuild(release, cells)
        space: dict = {}
        start = time.process_time()
        for step in steps:
            if step.run != "no":
                with contextlib.redirect_stdout(io.StringIO()):
                    with contextlib.suppress(Exception, SystemExit):
                        exec(step.source, space)
            elif step.judge:
                exercise = known.exercises[step.judge]
                names = (exercise.name, *exercise.needs)
                functions = {n: space[n] for n in names if n in space}
                if len(functions) == len(names):
                    trial.run_all(exercise, functions, exercise.cases)
        total += time.process_time() - start
    os.chdir(here)
    return total / size


def all_cpu(keeper, job, tasks) -> float:
    """Return the CPU seconds a submission of worker, sandbox and recording together."""
    keeper.open()
    one.prepare(job)
    one.grade_one(job, tasks[0])
    sandbox = one._workplace(job).sandbox
    sandboxed = psutil.Process(sandbox.process.pid)
    before = time.process_time() + _spent(sandboxed)
    for task in tasks:
        keeper.keep(one.grade_one(job, task))
    # A guest is counted when the next one starts and it is reaped.
    sandbox.spawn().close()
    time.sleep(0.2)
    sandbox.spawn().close()
    spent = time.process_time() + _spent(sandboxed) - before
    keeper.close()
    one.leave()
    return spent / len(tasks)


def _spent(process) -> float:
    """Return the CPU seconds of a process, those below it and those that it has reaped."""
    return sum(sum(p.cpu_times()[:4]) for p in [process, *process.children(recursive=True)])


def compare(course, chapter, size, plain):
    """Print one chapter's line."""
    room = Path(tempfile.mkdtemp(prefix="bench-"))
    own = make_class(course, chapter, room, size=size)
    seconds, peak = timed([str(BIN / "cs231n"), "grade", chapter], room)
    clean(room)
    job = batch.make_job(own, chapter, limits=Limits(), confined=True)
    job = batch.with_answers(job, own)
    found = submissions.find(own.root / "submitted", chapter)
    keeper = batch.Keeper(own, chapter, "")
    tasks = keeper.todo(found, batch.edition(job), only_failed=False, force=True)
    tasks = [keeper.load(task) for task in tasks]
    spent, mine = all_cpu(keeper, job, tasks), own_cpu(own, job, size)
    clean(room)
    subprocess.run([BIN / "nbgrader", "generate_assignment", chapter, "--force"], cwd=room,
                   env=ENVIRONMENT, capture_output=True, check=False)
    theirs = []
    for student in random.Random(0).sample([s.student for s in found], plain):
        command = [str(BIN / "nbgrader"), "autograde", chapter, "--student", student]
        start = time.perf_counter()
        subprocess.run(command, cwd=room, env=ENVIRONMENT, capture_output=True, check=False)
        theirs.append(time.perf_counter() - start)
    # Starting nbgrader is not grading: its command's own start is taken off. Ours is left in.
    start = time.perf_counter()
    subprocess.run([BIN / "nbgrader", "--version"], env=ENVIRONMENT, capture_output=True,
                   check=False)
    idle = time.perf_counter() - start
    each_theirs = sum(theirs) / len(theirs) - idle
    each_ours = seconds / size
    print(
        f"{chapter:22s} {size:4d} {each_theirs:10.2f} {each_ours:8.3f} "
        f"{each_theirs / each_ours:7.1f} {peak / 1e6:9.0f} {1000 * spent:7.0f} {1000 * mine:7.0f} "
        f"{1000 * (spent - mine):8.0f}", flush=True,
    )
    shutil.rmtree(room)


def linear(course, chapter, most):
    """Print the cost of a submission for classes that grow."""
    print(f"\nsimulated classes of {chapter}: seconds and seconds a submission")
    size = max(most // 8, 1)
    while size <= most:
        room = Path(tempfile.mkdtemp(prefix="bench-"))
        make_class(course, chapter, room, size=24)
        kinds = sorted(p for p in (room / "submitted").iterdir() if "untouched" not in p.name)
        for i in range(size - 24):
            shutil.copytree(kinds[i % len(kinds)], room / "submitted" / f"more-{i:05d}")
        seconds, _ = timed([str(BIN / "cs231n"), "grade", chapter], room)
        print(f"{size:6d} {seconds:9.1f} {seconds / size:9.4f}", flush=True)
        shutil.rmtree(room)
        size *= 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapters", nargs="+", default=["1", "4"])
    parser.add_argument("--size", type=int, default=50, help="submissions in the class")
    parser.add_argument("--plain", type=int, default=5, help="of them, graded by nbgrader")
    parser.add_argument("--linear", type=int, default=0, help="largest simulated class; 0: none")
    options = parser.parse_args()
    course = find_course(Path(__file__).parent)
    print(f"{'chapter':22s} {'size':>4s} {'nbgrader s':>10s} {'ours s':>8s} {'ratio':>7s} "
          f"{'worker MB':>9s} {'CPU ms':>7s} {'own ms':>7s} {'over ms':>8s}", flush=True)
    for name in options.chapters:
        compare(course, course.chapter(name), options.size, options.plain)
    if options.linear:
        linear(course, course.chapter(options.chapters[-1]), options.linear)


if __name__ == "__main__":
    main()
