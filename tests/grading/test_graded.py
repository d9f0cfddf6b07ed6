"""The graded notebook and the feedback page of one submission, and how reports read them."""


import nbformat
import pytest
from hostile.corpus import BREAKERS, HONEST_VARIANTS, RIGHT, Entry
from hostile.judgement import hand_in, mini_course

from cs231n_lib.grading.batch import grade_class
from cs231n_lib.grading.report import NothingGraded, answers_of, report
from cs231n_lib.grading.sandbox import why_not
from cs231n_lib.grading.similarity import near_pairs

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = mini_course(tmp_path_factory.mktemp("graded"))
    wrong = RIGHT | {"relu": "def relu(x):\n    return np.abs(x)"}
    named = {e.name: e for e in BREAKERS + HONEST_VARIANTS}
    class_ = {
        "abs": Entry("abs", 15.0, wrong), "abs-too": Entry("abs", 15.0, wrong),
        "own-cells": named["extra-cells"], "prints": named["half-a-gigabyte-printed"],
        "junk": named["not-json"], "surrogates": named["surrogates"],
        "one-case": Entry("", 0, RIGHT | {
            "softmax": "def softmax(s):\n    e = np.exp(s)\n    return e / e.sum(1)[:, None]"}),
    }
    hand_in(made, class_)
    grade_class(made, "01_mini", jobs=1)
    return made


def graded(course, student):
    path = course.root / "autograded" / student / "01_mini/01_mini.ipynb"
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize(
    "student", ["abs", "own-cells", "prints", "junk", "surrogates", "one-case"]
)
def test_a_graded_notebook_is_a_valid_notebook(course, student):
    notebook = graded(course, student)
    nbformat.validate(notebook)
    size = (course.root / "autograded" / student / "01_mini/01_mini.ipynb").stat().st_size
    assert size < 200_000


def test_nbgrader_reads_the_same_points_from_the_graded_cells(course):
    from nbgrader.utils import compute_checksum, determine_grade

    for student, wanted in (("abs", 15.0), ("one-case", 17.5), ("junk", 0.0)):
        cells = [c for c in graded(course, student).cells if "nbgrader" in c.metadata]
        checks = [c for c in cells if c.metadata.nbgrader.grade and c.cell_type == "code"]
        assert sum(determine_grade(c)[0] for c in checks) == wanted
        for cell in checks:
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_partial_credit_and_the_message_stand_together(course):
    (cell,) = [c for c in graded(course, "one-case").cells if c.id == "check_softmax"]
    (output,) = cell.outputs
    assert output.data["text/plain"] == "2.5"
    assert "overflows" in output.data["text/html"]


def test_the_students_own_cells_and_prints_are_kept(course):
    text = (course.root / "autograded/own-cells/01_mini/01_mini.ipynb").read_text()
    assert "# mine" in text and "ZeroDivisionError" in text


def test_feedback_shows_hint_and_shape_but_no_number_of_a_secret_case(course):
    page = (course.root / "feedback/abs/01_mini/01_mini.html").read_text()
    assert "Negative becomes 0." in page and "x (4, 3)" in page
    assert "wanted" not in page and "np.abs(x)" in page


def test_the_report_counts_mistakes_and_shows_look_alikes(course):
    page = report(course, "01_mini").decode()
    assert "takes the absolute value" in page and "Which mistakes the class made" in page
    assert page.count("<svg") == 2
    assert 'src="http' not in page and 'href="http' not in page
    assert "nothing could be graded" in page


def test_a_report_of_nothing_says_what_to_run(tmp_path):
    with pytest.raises(NothingGraded, match="cs231n grade 01_mini"):
        report(mini_course(tmp_path), "01_mini")


def test_answers_leave_stubs_out(course):
    assert set(answers_of(course, "01_mini", "abs")) == set(RIGHT)
    assert answers_of(course, "01_mini", "junk") == {}


def test_look_alikes_are_found_under_other_names_and_chance_is_not():
    import random

    def body(seed):
        chance = random.Random(seed)
        lines = [f"    a{i} = x * {chance.randint(1, 99)}" for i in range(20)]
        return "def f(x):\n" + "\n".join(lines) + "\n    return a0"

    class_ = {f"s{i}": {"f": body(i)} for i in range(30)}
    copied = class_["s3"]["f"].replace("x", "data").replace("a0", "first")
    class_["copy"] = {"f": copied}
    pairs = near_pairs(class_)
    assert [(p.first, p.second) for p in pairs] == [("copy", "s3")]
