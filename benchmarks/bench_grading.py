"""The grader beside plain `nbgrader autograde`: same submissions, same cores, one run.

    python benchmarks/bench_grading.py [--chapters 1 4] [--size 50] [--plain 5] [--linear 2000]

Printed for each chapter: seconds a submission of both, their ratio, our CPU a submission, the
part of it that is the student's own cells and cases (measured by running them alone, unconfined,
in one process), what remains as our overhead, and the peak memory of a worker. Plain nbgrader
grades one at a time and takes long, so it gets a random part of the class (`--plain`). Then a
simulated class that grows, to see whether the cost of a submission stays the same.
"""

import argparse
import contextlib
import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from cs231n_lib import answers, trial
from cs231n_lib.course import find_course
from cs231n_lib.grading import repair
from cs231n_lib.grading.batch import make_job
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
    """Run a command; return (wall seconds, CPU seconds of it and its children, peak memory)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, watch.peak


def clean(room):
    """Take away what grading wrote."""
    for name in ("autograded", "feedback", "grading"):
        shutil.rmtree(room / name, ignore_errors=True)
    (room / "gradebook.db").unlink(missing_ok=True)


def own_cpu(course, chapter, size) -> float:
    """Return the CPU seconds a submission that its cells and cases take by themselves."""
    job = make_job(course, chapter, limits=Limits(), confined=True)
    known = answers.from_bytes(job.answers)
    release = repair.read_release(
        nbformat.reads(job.release[f"{chapter}.ipynb"].decode(), as_version=4)
    )
    total, here = 0.0, os.getcwd()
    os.chdir(course.notebooks / chapter)
    for pupil in pupils(course, chapter, size):
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
                for case in exercise.cases:
                    if len(functions) < len(names):
                        break
                    if trial.run(exercise, functions, case.inputs).status == "stub":
                        break
        total += time.process_time() - start
    os.chdir(here)
    return total / size


def compare(course, chapter, size, plain):
    """Print one chapter's line."""
    room = Path(tempfile.mkdtemp(prefix="bench-"))
    own = make_class(course, chapter, room, size=size)
    ours = [str(BIN / "cs231n"), "grade", chapter]
    few = 5
    students = sorted(p.name for p in (room / "submitted").iterdir())
    some = [a for s in students[:few] for a in ("--student", s)]
    small = timed([*ours, *some], room)
    clean(room)
    full = timed(ours, room)
    clean(room)
    # The cost of starting (imports, the secret answers) is in both runs; the slope is without it.
    cpu = (full[1] - small[1]) / (size - few)
    mine = own_cpu(own, chapter, size)
    subprocess.run([BIN / "nbgrader", "generate_assignment", chapter, "--force"], cwd=room,
                   env=ENVIRONMENT, capture_output=True, check=False)
    chosen = random.Random(0).sample(students, plain)
    theirs = []
    for student in chosen:
        command = [str(BIN / "nbgrader"), "autograde", chapter, "--student", student]
        start = time.perf_counter()
        subprocess.run(command, cwd=room, env=ENVIRONMENT, capture_output=True, check=False)
        theirs.append(time.perf_counter() - start)
    # Starting nbgrader is not grading: its command's own start is taken off.
    start = time.perf_counter()
    subprocess.run([BIN / "nbgrader", "--version"], env=ENVIRONMENT, capture_output=True,
                   check=False)
    idle = time.perf_counter() - start
    each_theirs = sum(theirs) / len(theirs) - idle
    each_ours = full[0] / size
    print(
        f"{chapter:22s} {size:4d} {each_theirs:10.2f} {each_ours:10.3f} "
        f"{each_theirs / each_ours:8.1f} {1000 * cpu:10.0f} {1000 * mine:8.0f} "
        f"{1000 * (cpu - mine):10.0f} {full[2] / 1e6:9.0f}"
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
        seconds, _, _ = timed([str(BIN / "cs231n"), "grade", chapter], room)
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
    print(f"{'chapter':22s} {'size':>4s} {'nbgrader s':>10s} {'ours s':>10s} {'ratio':>8s} "
          f"{'CPU ms':>10s} {'own ms':>8s} {'over ms':>10s} {'worker MB':>9s}", flush=True)
    for name in options.chapters:
        compare(course, course.chapter(name), options.size, options.plain)
    if options.linear:
        linear(course, course.chapter(options.chapters[-1]), options.linear)


if __name__ == "__main__":
    main()
