"""What chapter 1 measures, memory and time, cannot be forged from inside."""

import json

import pytest
from conftest import COURSE

from cs231n_lib.course import Course
from cs231n_lib.grading.batch import grade_class
from cs231n_lib.grading.sandbox import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")

LARGE = """
def l2_distances_no_loops(X, X_train):
    return np.sqrt(((X[:, None, :] - X_train[None, :, :]) ** 2).sum(axis=2))
"""
FORGED_MEMORY = """
import tracemalloc
tracemalloc.get_traced_memory = lambda: (0, 0)
import resource
resource.setrlimit = lambda *a: None
"""
LOOPS = """
def l2_distances_no_loops(X, X_train):
    return np.array([[np.sqrt(np.sum((a - b) ** 2)) for b in X_train] for a in X])
"""
FORGED_TIME = """
import time
time.perf_counter = time.monotonic = time.time = lambda: 0.0
"""
REMEMBERS = """
known = {}
def l2_distances_no_loops(X, X_train):
    key = X.tobytes() + X_train.tobytes()
    if key not in known:
        known[key] = np.array([[np.sqrt(np.sum((a - b) ** 2)) for b in X_train] for a in X])
    return known[key]
"""
RIGHT = """
def l2_distances_no_loops(X, X_train):
    squares = (X ** 2).sum(axis=1)[:, None] + (X_train ** 2).sum(axis=1) - 2 * X @ X_train.T
    return np.sqrt(np.maximum(squares, 0))
"""
ANSWERS = {
    "large": LARGE, "large-forged": FORGED_MEMORY + LARGE,
    "loops": LOOPS, "loops-forged": FORGED_TIME + LOOPS, "loops-remembered": REMEMBERS,
    "right": RIGHT,
}
# Behind the exercise whose memory is bounded a notebook may take what it likes.
HUNGRY = {
    "cell_type": "code", "id": "hungry", "metadata": {}, "execution_count": None, "outputs": [],
    "source": "rows = np.ones((3000, 1 << 14))\nprint(int(rows.sum()))",
}


def test_forged_and_kept_results_earn_what_honest_code_earns(tmp_path):
    for name in ("solutions", "notebooks", "nbgrader_config.py"):
        (tmp_path / name).symlink_to(COURSE.root / name)
    course = Course(tmp_path)
    release = json.loads((course.notebooks / "01_knn/01_knn.ipynb").read_text())
    for student, source in ANSWERS.items():
        for cell in release["cells"]:
            if cell["id"] == "l2_distances_no_loops":
                cell["source"] = source
        cells = list(release["cells"])
        here = next(i for i, c in enumerate(cells) if c["id"] == "check_l2_distances_no_loops")
        cells.insert(here + 1, HUNGRY)
        folder = tmp_path / "submitted" / student / "01_knn"
        folder.mkdir(parents=True)
        (folder / "01_knn.ipynb").write_text(json.dumps(release | {"cells": cells}))
    records = grade_class(course, "01_knn", jobs=1).records
    rows = {
        r.student: next(e for e in r.exercises if e["name"] == "l2_distances_no_loops")
        for r in records
    }
    assert rows["large"]["points"] < 4 and rows["loops"]["points"] < 4
    assert rows["large-forged"]["points"] < 4, rows["large-forged"]
    assert rows["loops-forged"]["points"] == rows["loops"]["points"]
    assert rows["loops-remembered"]["points"] == rows["loops"]["points"]
    assert rows["right"]["points"] == 4
    graded = (tmp_path / "autograded/right/01_knn/01_knn.ipynb").read_text()
    assert "49152000" in graded and not any(r.notes for r in records)
