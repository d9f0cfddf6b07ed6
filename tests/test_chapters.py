"""What is committed is what the build gives, and no chapter lacks what every chapter holds."""

import json
import re

import nbformat
import numpy as np
import pytest

from cs231n_lib import answers
from cs231n_lib.authoring.build import release, solution_notebook
from cs231n_lib.progress import run_notebook


def stripped(notebook):
    plain = nbformat.from_dict(json.loads(nbformat.writes(notebook)))
    for cell in plain.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return plain


def built(course, chapter):
    return nbformat.read(chapter.folder / f"{chapter.name}.ipynb", as_version=4)


def student(course, chapter):
    return nbformat.read(course.notebooks / chapter.name / f"{chapter.name}.ipynb", as_version=4)


def test_the_solution_notebook_is_what_its_source_gives(course, chapter):
    assert stripped(built(course, chapter)) == stripped(solution_notebook(chapter)), (
        f"run `cs231n build {chapter.name}`"
    )


def test_the_student_folder_is_what_nbgraders_converter_gives(course, chapter, tmp_path):
    made = release(course, chapter.name, destination=tmp_path / chapter.name)
    for file in made.iterdir():
        committed = course.notebooks / chapter.name / file.name
        assert committed.read_bytes() == file.read_bytes(), f"run `cs231n build {chapter.name}`"


def test_the_answers_are_what_bank_and_reference_give(course, chapter):
    """Equal to 1 part in a million: another processor may round the last bits another way."""
    committed = answers.read(course.notebooks / chapter.name / "answers.npz")
    fresh = answers.from_bytes(answers.to_bytes(chapter.bank.answers(chapter, mistakes=False)))
    assert committed.edition == fresh.edition
    assert list(committed.exercises) == list(fresh.exercises)
    for name, exercise in fresh.exercises.items():
        for case, again in zip(committed.exercises[name].cases, exercise.cases, strict=True):
            assert case.name == again.name
            assert case.expected.keys() == again.expected.keys()
            for path, value in again.expected.items():
                if path in exercise.bounds:
                    continue
                if value.dtype.kind == "f":
                    scale = np.nanmax(np.abs(value[np.isfinite(value)]), initial=1e-300)
                    np.testing.assert_allclose(
                        case.expected[path], value, rtol=1e-6, atol=1e-6 * scale
                    )
                else:
                    np.testing.assert_array_equal(case.expected[path], value)


def test_building_answers_twice_gives_the_same_bytes(chapter):
    if any(e.record.bounds for e in chapter.bank.entries.values()):
        pytest.skip("holds a measured quantity, which is bounded and not compared")
    first = answers.to_bytes(chapter.bank.answers(chapter))
    assert first == answers.to_bytes(chapter.bank.answers(chapter))


def test_no_solution_is_left_in_the_student_notebook(course, chapter):
    handed_out = student(course, chapter)
    code = "\n".join(c.source for c in handed_out.cells if c.cell_type == "code")
    everything = "\n".join(c.source for c in handed_out.cells)
    assert "BEGIN SOLUTION" not in everything
    for cell in chapter.cells:
        if cell.kind not in ("exercise", "written"):
            continue
        secret = cell.source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        where = code if cell.kind == "exercise" else everything
        for line in secret.splitlines():
            if len(line.strip()) >= 30:
                assert line.strip() not in where, f"{cell.name}: {line}"


def test_the_answers_hold_no_code(course, chapter):
    path = course.notebooks / chapter.name / "answers.npz"
    with np.load(path, allow_pickle=False) as file:
        text = bytes(file["manifest"]).decode()
    assert not re.search(r"\bdef \w+\(|\blambda\b[^\"]*:|\breturn \w+[.(]\w|\bimport \w+\\n", text)


def test_every_check_of_the_solution_gives_its_points(course, chapter):
    total = 0.0
    for cell in built(course, chapter).cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("grade"):
            (result,) = [o for o in cell.outputs if o.output_type == "execute_result"]
            assert float(result.data["text/plain"]) == meta["points"]
            total += meta["points"]
    assert total == 20


def test_an_untouched_notebook_runs_to_its_end_and_gets_nothing(course, chapter):
    lines = run_notebook(course.notebooks / chapter.name / f"{chapter.name}.ipynb")
    assert len(lines) == len(chapter.bank.entries)
    assert [x.points for x in lines] == [0.0] * len(lines)
    assert {x.said for x in lines} == {"not written yet"}


def test_a_chapter_holds_what_every_chapter_holds(course, chapter):
    cells = built(course, chapter).cells
    prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    kinds = [c.kind for c in chapter.cells]
    pictures = sum(
        any(k.startswith("image/") for k in o.get("data", {}))
        for c in cells if c.cell_type == "code" for o in c.outputs
    )
    moving = any(
        "image/gif" in o.get("data", {})
        for c in cells if c.cell_type == "code" for o in c.outputs
    )
    assert pictures >= 4
    assert moving or "interact(" in "\n".join(c.source for c in cells)
    assert "predict" in kinds
    assert 2 <= kinds.count("written") <= 3
    assert "often said, and wrong" in prose.lower()
    assert prose.count("<details>") >= len(chapter.bank.entries)
    for cell in cells:
        assert not any(o.output_type == "error" for o in cell.get("outputs", ()))


def test_no_line_of_prose_starts_like_a_list_by_accident(course, chapter):
    """A line that begins with "1983." is shown as point 1983 of a list."""
    for cell in student(course, chapter).cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^\s*\d{3,}[.)]\s.*", cell.source, re.M)
            assert not found, found.group()


def test_a_notebook_is_small_enough_to_open_quickly(course, chapter):
    assert (chapter.folder / f"{chapter.name}.ipynb").stat().st_size < 4_000_000
    assert (course.notebooks / chapter.name / "answers.npz").stat().st_size < 3_000_000
