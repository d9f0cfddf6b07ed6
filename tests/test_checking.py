"""The learner's check: what it says of right, wrong, unfinished and hostile functions."""

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import COURSE

from cs231n_lib import answers, card
from cs231n_lib.authoring.chapter import Chapter
from cs231n_lib.checking import CheckFailed, SetupError, check, start_chapter

MINI = Chapter(Path(__file__).parent / "mini" / "solutions" / "01_mini")
REFERENCE = MINI.namespace()
affine_forward = REFERENCE["affine_forward"]
affine_backward = REFERENCE["affine_backward"]


@pytest.fixture(autouse=True)
def beside_the_answers(tmp_path, monkeypatch):
    """Stand in a folder with the mini chapter's answers."""
    (tmp_path / "answers.npz").write_bytes(answers.to_bytes(MINI.bank.answers(MINI)))
    monkeypatch.chdir(tmp_path)


def said(name, function, capsys, **helpers):
    """Return what a check prints, or its error's text."""
    try:
        check(name, function, **helpers)
    except CheckFailed:
        pass
    return capsys.readouterr().out


def text_of(name, function, **helpers):
    """Return the card of a check as text."""
    from cs231n_lib.checking import _gather, _load, examine

    exercise = _load().exercises[name]
    return card.as_text(examine(exercise, _gather(exercise, function, helpers, {})))


def test_right_answers_get_full_points_in_the_form_nbgrader_reads(capsys):
    report = check("affine_forward", affine_forward)
    assert float(repr(report)) == 5.0
    assert "passed, 5 of 5 points (2 of 2 cases)" in capsys.readouterr().out
    assert "passed" in report._repr_mimebundle_()["text/html"]


def test_the_answers_file_is_read_once_for_many_checks(monkeypatch):
    check("affine_forward", affine_forward)
    monkeypatch.setattr(answers, "read", lambda path: pytest.fail("read again"))
    check("relu", REFERENCE["relu"])


def test_partly_right_returns_part_of_the_points(capsys):
    report = check("affine_forward", lambda x, w, b: (x @ w + b * (len(x) > 1), None))
    assert repr(report) == "2.5"
    assert "partly right" in capsys.readouterr().out


def test_nothing_right_raises_one_short_line():
    with pytest.raises(CheckFailed, match="relu: not yet, 0 of 5 points") as caught:
        check("relu", lambda x: x + 1)
    assert caught.value._render_traceback_() == [f"CheckFailed: {caught.value}"]


def test_a_known_mistake_is_named_with_its_hint():
    text = text_of("relu", np.abs)
    assert "Looks like: takes the absolute value. Negative becomes 0." in text


def test_two_mistakes_in_different_outputs_are_both_named():
    def both(dout, cache):
        x, w = cache
        return 2 * dout @ w.T, x.T @ dout, dout.mean(axis=0)

    text = text_of("affine_backward", both, affine_forward=affine_forward)
    assert "dx is doubled" in text and "db takes the mean" in text


def test_first_wrong_case_is_shown_with_shapes_place_and_numbers():
    def relu(x):
        return np.maximum(0, x) + (np.arange(x.size).reshape(x.shape) == 5)

    text = text_of("relu", relu)
    assert "First wrong case: both signs: x (4, 3)" in text
    assert "1 of 12 values are wrong, the worst at result[1, 2]" in text
    assert "got 1" in text and "wanted 0" in text


@pytest.mark.parametrize(
    ("factor", "words"),
    [(2.0, "2 times"), (0.5, "1/2 times"), (-1.0, "-1 times"), (4.0, "N = 4 times"),
     (0.25, "1/N = 1/4 times"), (3.7, "3.7 times")],
)
def test_a_constant_ratio_is_said(factor, words):
    assert f"Every value is {words}" in text_of("relu", lambda x: factor * np.maximum(0, x))


def test_an_unwritten_function_is_told_from_a_wrong_one():
    def relu(x):
        raise NotImplementedError

    text = text_of("relu", relu)
    assert "not written yet" in text and "still raises NotImplementedError" in text


def test_a_wrong_shape_says_wanted_and_got_and_suspects_a_transpose():
    assert "must have shape (4, 3), got (3, 4). Transposed?" in text_of("relu", lambda x: x.T)


@pytest.mark.parametrize("value", [None, "text", object(), [1, "a"], {"a": None}])
def test_a_result_that_is_no_number_is_said(value):
    text = text_of("relu", lambda x: value)
    assert "must be" in text or "missing" in text or "must hold numbers, got text" in text


def test_nan_is_said_with_its_place():
    with np.errstate(invalid="ignore"):
        text = text_of("relu", lambda x: np.where(x > 0, x, np.nan))
    assert "not finite" in text and "nan at result[" in text


def test_an_exception_shows_its_line_and_none_of_our_frames():
    space = {"np": np}
    source = "def relu(x):\n    y = x + 1\n    return y @ np.zeros((99, 1))\n"
    import linecache

    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    exec(compile(source, "<cell>", "exec"), space)
    text = text_of("relu", space["relu"])
    assert "stopped with ValueError" in text
    assert "line 3: return y @ np.zeros((99, 1))" in text
    assert "cs231n_lib" not in text


def test_too_few_returned_values_are_said_plainly():
    text = text_of("affine_backward", lambda d, c: (d, d), affine_forward=affine_forward)
    assert "must return 3 values, (dx, dw, db), got 2 values" in text


def test_too_few_parameters_are_said_plainly():
    assert "takes 0 positional arguments but 1 was given" in text_of("relu", lambda: 0)


def test_an_input_changed_in_place_is_said():
    def relu(x):
        x[x < 0] = 0
        return x

    assert "changed its input x in place" in text_of("relu", relu)


def test_a_function_without_end_is_stopped():
    def relu(x):
        while True:
            pass

    assert "ran for more than 1 s" in text_of("relu", relu)


def test_warnings_and_prints_to_stderr_cost_nothing(capsys):
    import sys
    import warnings

    def relu(x):
        warnings.warn("careful", stacklevel=1)
        print("noise", file=sys.stderr)
        return np.maximum(0, x)

    assert repr(check("relu", relu)) == "5"
    assert capsys.readouterr().err == ""


def test_float32_lists_and_integers_are_right():
    assert repr(check("relu", lambda x: np.maximum(0, x.astype(np.float32)))) == "5"
    assert repr(check("relu", lambda x: np.maximum(0, x).tolist())) == "5"


def test_needed_functions_come_from_where_check_is_called():
    assert repr(check("affine_backward", affine_backward)) == "5"


def test_a_missing_needed_function_says_which_cell_to_run():
    with pytest.raises(SetupError, match="affine_forward must be a function.*Run its cell first"):
        check("affine_backward", affine_backward, affine_forward=None)


def test_an_unknown_exercise_names_the_nearest():
    with pytest.raises(SetupError, match="no exercise 'relu_'. Did you mean 'relu'"):
        check("relu_", np.abs)


def test_no_answers_file_says_where_to_open_the_notebook():
    os.remove("answers.npz")
    with pytest.raises(SetupError, match="no answers.npz in .*from its own folder"):
        check("relu", np.abs)


def test_a_folder_that_is_gone_is_said(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SetupError, match="folder .* is gone"):
        check("relu", lambda x: x)


def test_a_ratio_is_named_by_the_size_of_the_data_not_of_the_weights():
    from cs231n_lib.verdict import _sizes

    assert _sizes({"W": np.ones((7, 3)), "X": np.ones((5, 7))})[0] == ("N", 5)
    assert _sizes({"reg": 0.1, "W": np.ones((7, 3))})[0] == ("N", 7)


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: b"x" * 99])
def test_a_damaged_answers_file_says_to_take_a_fresh_one(damage):
    path = Path("answers.npz")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SetupError, match="damaged.*fresh copy"):
        check("relu", np.abs)


def test_every_single_damaged_byte_is_an_error_or_harmless():
    """Flip bytes all over the file: never a traceback of zipfile or json."""
    path = Path("answers.npz")
    data = path.read_bytes()
    for place in range(0, len(data), max(len(data) // 60, 1)):
        broken = bytearray(data)
        broken[place] ^= 0x55
        path.write_bytes(bytes(broken))
        os.utime(path, ns=(place, place))
        try:
            check("relu", np.abs)
        except (SetupError, CheckFailed):
            pass


def test_answers_of_another_chapter_or_edition_are_refused():
    start_chapter("01_mini", MINI.edition)
    with pytest.raises(SetupError, match="belongs to chapter 01_mini, this notebook is 02_other"):
        start_chapter("02_other")
    with pytest.raises(SetupError, match="one of them is older"):
        start_chapter("01_mini", "00000000")


def test_answers_survive_the_trip_through_a_file():
    known = MINI.bank.answers(MINI)
    again = answers.from_bytes(answers.to_bytes(known))
    assert answers.to_bytes(again) == answers.to_bytes(known)


def test_importing_the_library_is_light():
    """No matplotlib, no file opened, nothing of authoring or grading."""
    import subprocess
    import sys

    code = "import cs231n_lib, sys; print([m for m in sys.modules if m.startswith(" \
           "('matplotlib', 'numpy', 'cs231n_lib.'))])"
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, cwd=COURSE.root)
    assert out.stdout.strip() == "[]", out.stderr
