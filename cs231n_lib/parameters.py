"""Named arrays that share one vector, so that an update rule is one pass over memory.

Used by `nn.MLP` for its parameters and gradients, and by `optim` to walk over them.
"""

from collections.abc import Mapping

import numpy as np

BLOCK = 32_768  # values a piece: five float32 arrays of it fit a cache of 1 MB


class Parameters(Mapping):
    """A dict of arrays, each a view into `flat`.

    Reads like a dict: `params["W1"]`, `params.items()`, `len(params)`. Assigning copies the values
    into the vector, so `params["W1"] = W` changes the network that owns it; names and shapes are
    fixed. The names that start with "W" lie first in the vector: `weights` is that part, the one
    that regularisation acts on.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        First values, copied. All of one floating dtype.
    """

    def __init__(self, arrays):
        self._shapes = {name: np.shape(value) for name, value in arrays.items()}
        self._num_weights = sum(value.size for name, value in arrays.items() if name[0] == "W")
        dtype = np.result_type(*arrays.values()) if arrays else np.float64
        self._adopt(np.empty(sum(value.size for value in arrays.values()), dtype))
        for name, value in arrays.items():
            self[name] = value

    def _adopt(self, flat):
        """Make `flat` the storage and cut the views."""
        self.flat = flat
        self.weights = flat[: self._num_weights]
        views, start = {}, 0
        for name in sorted(self._shapes, key=lambda name: name[0] != "W"):  # stable: weights first
            stop = start + int(np.prod(self._shapes[name]))
            views[name] = flat[start:stop].reshape(self._shapes[name])
            start = stop
        self._views = {name: views[name] for name in self._shapes}

    def __getitem__(self, name):
        return self._views[name]

    def __setitem__(self, name, value):
        if name not in self._views:
            raise KeyError(f"no parameter {name!r}; there are {', '.join(self._views)}")
        if np.shape(value) != self._shapes[name]:
            raise ValueError(
                f"{name} must keep its shape {self._shapes[name]}, got {np.shape(value)}"
            )
        self._views[name][...] = value

    def __iter__(self):
        return iter(self._views)

    def __len__(self):
        return len(self._views)

    def __repr__(self):
        return f"Parameters({', '.join(f'{k} {v.shape}' for k, v in self._views.items())})"

    def __setstate__(self, state):
        """Cut the views anew in a copy (copy.deepcopy, pickle), where they came as arrays."""
        self.__dict__.update(state)
        self._adopt(self.flat)

    def copy(self):
        """Return the same names and values in a vector of their own."""
        twin = object.__new__(Parameters)
        twin._shapes, twin._num_weights = self._shapes, self._num_weights
        twin._adopt(self.flat.copy())
        return twin
