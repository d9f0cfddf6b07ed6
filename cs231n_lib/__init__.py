"""The helper library of the course: what a notebook imports, the authoring tools and the grader."""

from importlib import import_module

__version__ = "0.1.0"

# Looked up on first use, so that `import cs231n_lib` does no work of its own.
_WHERE = {
    "check": ("cs231n_lib.checking", "check"),
    "start_chapter": ("cs231n_lib.checking", "start_chapter"),
    "check_prediction": ("cs231n_lib.predict", "check_prediction"),
    "load": ("cs231n_lib.data", "load"),
}


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
