"""Drivers: how an exercise's functions are called on a case, and which arrays come back.

`trial.run` calls them, in the learner's kernel and in the grader's sandbox alike. A driver is
`driver(functions, inputs, exercise) -> dict`: `functions` maps names to the learner's functions,
`inputs` is the case's (fresh copies, seeds already made into generators), `exercise` the record.
The returned dict may nest dicts, lists and tuples; `trial.flatten` makes arrays of it.

A *summary* stands beside its driver where results are random: `summary(outputs, inputs) -> dict`
turns the returned arrays into statistics, on the judge's side.

The general drivers stand here; those that one chapter needs are in `ch01.py` ... `ch10.py`
and are named `ch01.something`.
"""

from importlib import import_module

CHAPTERS = tuple(f"ch{n:02d}" for n in range(1, 11))


def find(name: str):
    """Return the driver or summary called `name`: 'call', or 'ch06.samples'."""
    module, _, function = name.rpartition(".")
    if module and module not in CHAPTERS:
        raise ValueError(f"no drivers called {module!r}; wanted one of {', '.join(CHAPTERS)}")
    place = import_module(f"{__name__}.{module}") if module else import_module(__name__)
    return getattr(place, function)


def call_with(function, inputs: dict, exercise):
    """Call `function` as the exercise's signature says, by position up to the `*`."""
    return function(
        *(inputs[name] for name in exercise.positional if name in inputs),
        **{name: inputs[name] for name in exercise.keyword if name in inputs},
    )


def split(value, names) -> dict:
    """Name the parts of a returned tuple.

    Raises
    ------
    TypeError
        Not a tuple or list of as many parts as there are names.
    """
    if len(names) == 1:
        return {names[0]: value}
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        got = f"{len(value)} values" if isinstance(value, (tuple, list)) else type(value).__name__
        raise TypeError(f"must return {len(names)} values, ({', '.join(names)}), got {got}")
    return dict(zip(names, value))


def call(functions, inputs, exercise):
    """Call the function once; its returned values are the outputs."""
    return split(call_with(functions[exercise.name], inputs, exercise), exercise.returns)


def forward(functions, inputs, exercise):
    """Call a `*_forward` function that returns (out, cache); the cache is the learner's own."""
    out, _ = out_and_cache(call_with(functions[exercise.name], inputs, exercise), exercise.name)
    return {exercise.returns[0]: out}


def forward_backward(functions, inputs, exercise):
    """Run the learner's forward, then the backward under test on `inputs["dout"]`.

    `exercise.needs[0]` is the forward function; every input but `dout` is passed to it in order.
    """
    name = exercise.needs[0]
    arguments = [value for key, value in inputs.items() if key != "dout"]
    _, cache = out_and_cache(functions[name](*arguments), name)
    return split(functions[exercise.name](inputs["dout"], cache), exercise.returns)


def out_and_cache(value, name):
    """Return the pair that a `*_forward` function called `name` returned.

    Raises
    ------
    TypeError
        It is no pair.
    """
    pair = isinstance(value, (tuple, list))
    if not pair or len(value) != 2:
        got = f"{len(value)} values" if pair else type(value).__name__
        raise TypeError(f"{name} must return the pair (out, cache), got {got}")
    return value
