"""Drivers of chapter 04: a scalar graph that is walked backwards, and a loss with its gradients.

The bank of `solutions/04_backprop` names them; they run in the learner's kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping


class Node:
    """A number with parents, for a notebook in which `Value` is not to be found."""

    def __init__(self, data, parents=(), local_grads=()):
        self.data, self.parents, self.local_grads = data, parents, local_grads
        self.grad = 0.0


def graph(functions, inputs, exercise):
    """Build a graph, call `backward(root)` on it and return every node's `grad` and `data`.

    Parameters
    ----------
    inputs : dict
        `data` (n,) holds the nodes' values, children after their parents. Edge e leads from node
        `child[e]` to its parent `parent[e]` and carries `local_grads[e]`; all three have shape
        (m,), and a node's edges stand in the order of its `parents`. The last node is the root.
        `names`, where given, holds a name for each node, and the gradients come back by name.
    """
    function = functions[exercise.name]
    data = [float(v) for v in inputs["data"]]
    parents: list = [[] for _ in data]
    local_grads: list = [[] for _ in data]
    for child, parent, local in zip(inputs["child"], inputs["parent"], inputs["local_grads"]):
        parents[child].append(int(parent))
        local_grads[child].append(float(local))
    # The notebook's own class where there is one, so that isinstance(node, Value) holds.
    make = getattr(function, "__globals__", {}).get("Value", Node)
    nodes: list = []
    for value, above, local in zip(data, parents, local_grads):
        nodes.append(make(value, tuple(nodes[p] for p in above), tuple(local)))
    limit = sys.getrecursionlimit()
    # A chain of 500 must not fail a recursion that needs two or three frames for each node.
    sys.setrecursionlimit(max(limit, 5_000))
    try:
        function(nodes[-1])
    finally:
        sys.setrecursionlimit(limit)
    grads = [node.grad for node in nodes]
    if "names" in inputs:
        grads = dict(zip(inputs["names"], grads))
    return {"grad": grads, "data": [node.data for node in nodes]}


def loss_and_grads(functions, inputs, exercise):
    """Call `f(params, X, y, reg) -> (loss, grads)`; grads may hold more than the parameters."""
    params = inputs["params"]
    names = tuple(params)
    result = functions[exercise.name](params, inputs["X"], inputs["y"], inputs["reg"])
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        many = isinstance(result, (tuple, list))
        got = f"{len(result)} values" if many else type(result).__name__
        raise TypeError(f"must return the pair (loss, grads), got {got}")
    loss, grads = result
    if not isinstance(grads, Mapping):
        raise TypeError(f"grads must be a dict with the keys of params, got {type(grads).__name__}")
    missing = [name for name in names if name not in grads]
    if missing:
        have = ", ".join(map(str, grads)) or "nothing"
        raise TypeError(f"grads has no {' and no '.join(missing)}; its keys are {have}")
    return {"loss": loss, "grads": {name: grads[name] for name in names}}
