"""Find the folders where official files may be, and the registry that says what they must be.

Used by the sources of `mnist` and `cifar10`. Files are looked for in this order:

1. the folder in the environment variable CS231N_DATA, when it is set;
2. `datasets/` of the course: the first folder with our `datasets/registry.json`, going up from the
   working directory, else the folder that holds the `cs231n_lib` package (a checkout or a bundle);
3. the user's cache, `pooch.os_cache("cs231n-course")`: `~/.cache/cs231n-course` on Linux.

In each of these, the files may lie in a subfolder of the dataset's name or in the folder itself.
Downloads go to the first of the three that applies.
"""

import json
import os
from pathlib import Path

ENV = "CS231N_DATA"
MARK = "datasets of cs231n-course, version 1"  # tells our registry.json from another project's
PACKAGE = Path(__file__).resolve().parents[1]


def find_root(start=None):
    """Return the course's root folder, or None where there is only the installed library.

    Parameters
    ----------
    start : Path, optional
        Where to start going up; the working directory by default.
    """
    start = Path.cwd() if start is None else Path(start).resolve()
    for folder in (start, *start.parents, PACKAGE.parent):
        if _read_marked(folder / "datasets" / "registry.json"):
            return folder
    return None


def read_registry(name):
    """Return what the registry says of one dataset: `urls`, `downloads` and `contents`.

    `datasets/registry.json` of the course is read where there is one, else the copy in the
    package (a test holds the two equal).
    """
    root = find_root()
    registry = _read_marked(root / "datasets" / "registry.json") if root else None
    return (registry or _read_marked(Path(__file__).with_name("registry.json")))[name]


def list_bases(folder=None):
    """Return the folders to look into, best first; only `folder` when one is given."""
    if folder is not None:
        return [Path(folder).expanduser()]
    bases = []
    if os.environ.get(ENV):
        bases.append(Path(os.environ[ENV]).expanduser())
    root = find_root()
    if root:
        bases.append(root / "datasets")
    import pooch  # slow to import, and only here needed

    return [*bases, Path(pooch.os_cache("cs231n-course"))]


def choose_target(name, folder=None):
    """Return the folder that a download of this dataset goes to."""
    base = list_bases(folder)[0]
    return base if base.name == name else base / name


def _read_marked(path):
    """Return the registry at `path`, or None if there is none or it is another project's."""
    try:
        registry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return registry if isinstance(registry, dict) and registry.get("registry") == MARK else None
