"""The two ways in, pip and conda, install the same."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def conda_bounds():
    text = (ROOT / "environment.yml").read_text()
    lines = re.findall(r"^  - ([a-z0-9-]+)([<>=][^\n]*)$", text, re.M)
    return {name: bounds for name, bounds in lines if name != "python"}


def pip_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pairs = [re.match(r"([a-zA-Z0-9-]+)(.*)", d).groups() for d in project["dependencies"]]
    return dict(pairs)


def test_conda_and_pip_have_the_same_packages_with_the_same_bounds():
    assert conda_bounds() == pip_bounds()


def test_python_has_the_same_bound_in_both():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"- python{project['requires-python']}" in (ROOT / "environment.yml").read_text()


def test_no_file_of_requirements_holds_an_address():
    for name in ("environment.yml", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text()
