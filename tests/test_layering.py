"""Imports point one way: grading -> authoring -> the rest -> numpy; notebooks know neither."""

import ast
from pathlib import Path

import nbformat
from conftest import CHAPTERS, COURSE

PACKAGE = COURSE.root / "cs231n_lib"
# What a learner's notebook imports must not import these (inside a command is fine for cli).
ABOVE = {"grading": (), "authoring": ("grading",), "worker": ("grading", "authoring")}


def imported(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names)


def test_no_module_imports_upward():
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0]
        if part == "cli.py":
            continue
        forbidden = ABOVE.get(part, ("grading", "authoring", "worker"))
        for name in imported(path):
            for layer in forbidden:
                assert not name.startswith(f"cs231n_lib.{layer}"), f"{path}: {name}"


def test_the_planted_upward_import_is_seen(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("from cs231n_lib.grading import batch")
    assert "cs231n_lib.grading.batch" in list(imported(path))


def test_no_notebook_imports_authoring_or_grading():
    for name in CHAPTERS:
        notebook = nbformat.read(COURSE.notebooks / name / f"{name}.ipynb", as_version=4)
        code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
        for layer in ("authoring", "grading", "worker"):
            assert f"cs231n_lib.{layer}" not in code
            assert f"cs231n_lib import {layer}" not in code
