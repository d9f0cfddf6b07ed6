"""Exercises of chapter 04: their cases, known mistakes and other right answers.

Longer than 400 lines because eleven exercises stand here, each with its own wrong answers.
"""

import numpy as np

from cs231n_lib.authoring import Bank

bank = Bank("04_backprop")

# ------------------------------------------------------------------------------------- the neuron

neuron_forward = bank.exercise(
    "neuron_forward", points=1, driver="forward", returns=("out",),
)
neuron_backward = bank.exercise(
    "neuron_backward", points=2, driver="forward_backward", needs=("neuron_forward",),
    returns=("dx", "dw", "db"),
)


def _neuron(rng, size, z=None):
    """Return x, w, b; with `z`, the weighted sum is about that."""
    x, w = rng.normal(size=size), rng.normal(size=size)
    if z is not None:
        w = w + x * (z - w @ x) / (x @ x)
    return dict(x=x, w=w, b=float(rng.uniform(0.4, 0.9)))


def _with_dout(inputs, rng):
    return inputs | dict(dout=float(rng.uniform(0.5, 2.0) * rng.choice([-1, 1])))


# At z = 1000 every slope is 0, which wrong formulas give as well: learners see it forward only.
_NEURONS = [
    ("three inputs", False, False, lambda rng: _neuron(rng, 3, z=float(rng.uniform(0.3, 1.0)))),
    ("eight inputs, z below 0", False, False, lambda rng: _neuron(rng, 8, z=-1.2)),
    ("one input", False, False, lambda rng: _neuron(rng, 1, z=0.4)),
    ("z near 1000", False, True, lambda rng: _neuron(rng, 4, z=1000.0)),
    ("z near -1000", False, False, lambda rng: _neuron(rng, 4, z=-1000.0)),
    ("a hundred inputs", True, True, lambda rng: _neuron(rng, 100, z=0.7)),
]
for _name, _hidden, _hidden_back, _make in _NEURONS:
    neuron_forward.case(_name, hidden=_hidden)(_make)
    neuron_backward.case(_name, hidden=_hidden_back)(
        lambda rng, make=_make: _with_dout(make(rng), rng)
    )

neuron_forward.edit(
    "the bias is left out", "The weighted sum is x . w plus b.", ("x @ w + b", "x @ w"),
)


@neuron_forward.mistake(
    "the bias is added once for each input",
    "b is added once, to the finished sum; inside the sum it counts D times.",
)
def _(x, w, b):
    return 1 / (1 + np.exp(-np.sum(x * w + b))), (x, w)


@neuron_forward.mistake(
    "the products are not added up", "z is one number: the sum of all x_d * w_d, plus b.",
)
def _(x, w, b):
    return 1 / (1 + np.exp(-(x * w + b))), (x, w)


@neuron_forward.mistake(
    "out is z, without the sigmoid", "The sum goes through the sigmoid, 1 / (1 + exp(-z)).",
)
def _(x, w, b):
    return x @ w + b, (x, w)


@neuron_forward.mistake(
    "the exponent has the wrong sign",
    "A large z must give an output near 1: the exponent is -z.",
)
def _(x, w, b):
    return 1 / (1 + np.exp(x @ w + b)), (x, w)


@neuron_forward.mistake(
    "exp(z) / (1 + exp(z)) overflows at z = 1000",
    "exp(1000) is inf, and inf / inf is nan; use the form in which exp stands only below the line.",
)
def _(x, w, b):
    e = np.exp(x @ w + b)
    return e / (1 + e), (x, w)


@neuron_forward.mistake("tanh in the place of the sigmoid", "The sigmoid lies between 0 and 1.")
def _(x, w, b):
    return np.tanh(x @ w + b), (x, w)


@neuron_forward.also_right("one expression, with its overflow warning")
def _(x, w, b):
    return 1 / (1 + np.exp(-(np.dot(x, w) + b))), (x, w, b)


@neuron_forward.also_right("a loop")
def _(x, w, b):
    z = b
    for i in range(len(x)):
        z = z + x[i] * w[i]
    return np.exp(-np.logaddexp(0, -z)), None


@neuron_forward.also_right("by tanh, in an array without axes")
def _(x, w, b):
    return np.array(0.5 * (1 + np.tanh(0.5 * (np.sum(x * w) + b)))), {"x": x}


@neuron_forward.also_right("float32")
def _(x, w, b):
    z = np.float32(x @ w + b)
    return np.float32(1) / (np.float32(1) + np.exp(-z)), z


neuron_backward.edit(
    "dout is left out", "dz = dout times the slope of the sigmoid: the chain rule multiplies.",
    ("dz = dout * out", "dz = out"),
)
neuron_backward.edit(
    "the slope of the sigmoid is left out",
    "Between dout and dz stands the sigmoid: multiply by out * (1 - out).",
    ("dz = dout * out * (1.0 - out)", "dz = dout"),
)
neuron_backward.edit(
    "the slope of tanh in the place of the sigmoid's",
    "1 - out**2 belongs to tanh; the sigmoid's slope is out * (1 - out).",
    ("dout * out * (1.0 - out)", "dout * (1.0 - out**2)"),
)
neuron_backward.edit(
    "the sigmoid's slope has one factor only",
    "The slope is the product of both: out and (1 - out).",
    ("dout * out * (1.0 - out)", "dout * (1.0 - out)"),
)
neuron_backward.edit(
    "dx and dw are exchanged",
    "The slope of x * w along x is the other factor, w, and the other way round.",
    ("dx = dz * w", "dx = dz * x"), ("dw = dz * x", "dw = dz * w"),
)
neuron_backward.edit(
    "db is always 1", "The slope of z along b is 1; times dz that makes dz.",
    ("db = dz", "db = 1.0"),
)
neuron_backward.edit(
    "db skips the sigmoid", "b reaches the output through the sigmoid as well: db = dz.",
    ("db = dz", "db = dout"),
)
neuron_backward.edit(
    "db has one entry for each input", "b is one number, and so is its gradient.",
    ("db = dz", "db = dz * np.ones_like(x)"),
)


@neuron_backward.mistake(
    "the sigmoid is applied to out once more",
    "out is already sigmoid(z); its slope is out * (1 - out), with no further sigmoid.",
)
def _(dout, cache):
    x, w, out = cache
    s = 1 / (1 + np.exp(-out))
    dz = dout * s * (1 - s)
    return dz * w, dz * x, dz


def _forward_keeps_z(x, w, b):
    z = x @ w + b
    return 1 / (1 + np.exp(-z)), (x, w, z)


def _backward_from_exp(dout, cache):
    x, w, z = cache
    dz = dout * np.exp(-z) / (1 + np.exp(-z)) ** 2
    return dz * w, dz * x, dz


neuron_backward.mistake(
    "exp(-z) / (1 + exp(-z))**2 overflows",
    "At z = -1000 this is inf / inf; out * (1 - out) is the same slope and stays finite.",
    neuron_forward=_forward_keeps_z, neuron_backward=_backward_from_exp,
)


def _backward_recomputes(dout, cache):
    x, w, z = cache
    out = 1 / (1 + np.exp(-z))
    dz = np.array(dout * out * (1 - out))
    return [dz * w, dz * x, dz]


def _forward_full_cache(x, w, b):
    products = x * w
    out = 1 / (1 + np.exp(-(products.sum() + b)))
    return out, {"x": x.copy(), "w": w.copy(), "b": b, "slope": out - out**2}


def _backward_by_loop(dout, cache):
    dx, dw = np.zeros(len(cache["x"])), np.zeros(len(cache["x"]))
    for i in range(len(dx)):
        dx[i] = dout * cache["slope"] * cache["w"][i]
        dw[i] = dout * cache["slope"] * cache["x"][i]
    return dx, dw, dout * cache["slope"]


def _backward_float32(dout, cache):
    x, w, out = cache
    dz = np.float32(dout) * np.float32(out) * (1 - np.float32(out))
    return dz * w.astype(np.float32), dz * x.astype(np.float32), dz


neuron_backward.also_right(
    "the cache holds z; a list is returned",
    neuron_forward=_forward_keeps_z, neuron_backward=_backward_recomputes,
)
neuron_backward.also_right(
    "a dict for a cache, and a loop",
    neuron_forward=_forward_full_cache, neuron_backward=_backward_by_loop,
)
neuron_backward.also_right("float32", neuron_backward=_backward_float32)

# ------------------------------------------------------------------------------ the scalar graph

# A second is hundreds of times what a visit of every node takes; 2**40 paths take years.
backward = bank.exercise("backward", points=3, driver="ch04.graph", seconds=1.0)


def _graph(data, edges, names=()):
    """Describe a graph; `edges` are (child, parent, local_grad), the last node is the root."""
    named = dict(names=list(names)) if names else {}
    child, parent, local = zip(*edges) if edges else ((), (), ())
    return dict(
        data=np.array(data, float), child=np.array(child, int), parent=np.array(parent, int),
        local_grads=np.array(local, float), **named,
    )


def _slopes(rng, size):
    """Return local gradients between 0.5 and 2 in size, of both signs."""
    return rng.uniform(0.5, 2.0, size=size) * rng.choice([-1, 1], size=size)


@backward.case("b is used twice: (a * b + c) * b")
def _(rng):
    a, b, c = _slopes(rng, 3)
    p, q = a * b, a * b + c
    return _graph(
        [a, b, c, p, q, q * b],
        [(3, 0, b), (3, 1, a), (4, 3, 1.0), (4, 2, 1.0), (5, 4, b), (5, 1, q)], "abcpqf",
    )


@backward.case("the same parent twice: (x * x) * a")
def _(rng):
    x, a = _slopes(rng, 2)
    edges = [(2, 0, x), (2, 0, x), (3, 2, a), (3, 1, x * x)]
    return _graph([x, a, x * x, x * x * a], edges, "xapf")


@backward.case("a short and a long way: u = t*t, v = u*u, f = u*v + v*v")
def _(rng):
    # u is reached by a short way and by one through v; the short way stands first among the
    # parents of one product and v alone in the other.
    t = float(rng.uniform(0.8, 1.2))
    u, v = t**2, t**4
    return _graph(
        [t, u, v, u * v, v * v, u * v + v * v],
        [(1, 0, t), (1, 0, t), (2, 1, u), (2, 1, u), (3, 1, v), (3, 2, u), (4, 2, v), (4, 2, v),
         (5, 3, 1.0), (5, 4, 1.0)],
        "tuvpqf",
    )


def _tangle(rng, size):
    """Return a graph in which each value has one to three parents among the six before it."""
    edges = []
    for child in range(4, size):
        recent = np.arange(max(0, child - 6), child)
        for p in rng.choice(recent, size=int(rng.integers(1, 4))):
            edges.append((child, int(p), float(0.6 * _slopes(rng, 1)[0])))
    return _graph(rng.normal(size=size), edges)


@backward.case("thirty values at random")
def _(rng):
    return _tangle(rng, 30)


@backward.case("the root alone", hidden=True)
def _(rng):
    return _graph(rng.normal(size=1), [])


@backward.case("one value with fifty children", hidden=True)
def _(rng):
    g = _slopes(rng, 101)
    edges = [(1, 0, g[100])]
    edges += [(2 + i, 1, g[i]) for i in range(50)]
    edges += [(52, 2 + i, g[50 + i]) for i in range(50)]
    return _graph(rng.normal(size=53), edges)


@backward.case("a chain of 500")
def _(rng):
    g = rng.uniform(0.98, 1.02, size=499) * rng.choice([-1, 1], size=499)
    return _graph(rng.normal(size=500), [(i + 1, i, g[i]) for i in range(499)])


# These two come last: a check goes no further than a case that runs out of time.
@backward.case("forty diamonds in a row")
def _(rng):
    # Three sides left, two right, so that the two ways differ in length; together about 1.
    edges = []
    for i in range(40):
        top, left, lower, right, bottom = range(4 * i, 4 * i + 5)
        g = rng.uniform([0.75, 0.75, 0.75, 0.65, 0.65], [0.83, 0.83, 0.83, 0.75, 0.75])
        edges += [(left, top, g[0]), (lower, left, g[1]), (right, top, g[3])]
        last = [(bottom, lower, g[2]), (bottom, right, g[4])]
        edges += last if i % 2 else last[::-1]
    return _graph(rng.normal(size=161), edges)


@backward.case("a hundred values at random", hidden=True)
def _(rng):
    return _tangle(rng, 100)


backward.edit(
    "a gradient is overwritten where paths meet",
    "A value with two children gets two shares: add them, with +=.",
    ("parent.grad += local * node.grad", "parent.grad = local * node.grad"),
)
backward.edit(
    "the root's gradient stays 0", "The walk starts with d root / d root = 1.",
    ("root.grad = 1.0", "root.grad = 0.0"),
)
backward.edit(
    "the root's gradient is its data", "d root / d root is 1, whatever the root's value.",
    ("root.grad = 1.0", "root.grad = root.data"),
)
backward.edit(
    "the order is walked from the leaves",
    "The root must come first: go through the topological order from its end.",
    ("reversed(order)", "order"),
)
backward.edit(
    "the local gradient is left out",
    "Multiply along the path: the share is local gradient times the child's grad.",
    ("local * node.grad", "node.grad"),
)
backward.edit(
    "the gradient from above is left out",
    "Multiply along the path: the share is local gradient times the child's grad.",
    ("local * node.grad", "local"),
)
backward.edit(
    "data in the place of grad", "What flows back is grad; data is only the value.",
    ("local * node.grad", "local * node.data"),
)
backward.edit(
    "a parent that occurs twice counts once",
    "x * x has two arrows to x, and each brings its own share.",
    ("zip(node.parents, node.local_grads)", "dict(zip(node.parents, node.local_grads)).items()"),
)


@backward.mistake(
    "a value is visited before all its children",
    "Nearest first is no topological order: a long path arrives after the value had its turn.",
)
def _(root):
    root.grad = 1.0
    waiting, seen = [root], {root}
    while waiting:
        node = waiting.pop(0)
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += local * node.grad
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


@backward.mistake(
    "a value hands on its gradient when it is first reached",
    "Depth first on the way down is no topological order: list a value after its parents, then "
    "walk the list backwards.",
)
def _(root):
    seen = set()

    def visit(node):
        seen.add(node)
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += local * node.grad
            if parent not in seen:
                visit(parent)

    root.grad = 1.0
    visit(root)


@backward.mistake(
    "a value hands on its whole gradient at every visit",
    "The second visit hands on again what the first had handed on already: visit each value once, "
    "when its gradient is complete.",
)
def _(root):
    def visit(node):
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += local * node.grad
            visit(parent)

    root.grad = 1.0
    visit(root)


@backward.mistake(
    "backward calls itself on every parent",
    "Each call sets a grad to 1 again: set it once, at the root, and walk from there.",
)
def _(root):
    root.grad = 1.0
    for parent, local in zip(root.parents, root.local_grads):
        parent.grad += local * root.grad
        backward(parent)


@backward.mistake(
    "every path is walked by itself",
    "The numbers are right, but the number of paths doubles with every diamond: visit each value "
    "once, in topological order.",
)
def _(root):
    def visit(node, share):
        node.grad += share
        for parent, local in zip(node.parents, node.local_grads):
            visit(parent, share * local)

    visit(root, 1.0)


@backward.also_right("counting children (Kahn), with a queue")
def _(root):
    children, waiting, known = {root: 0}, [root], {root}
    while waiting:
        for parent in waiting.pop().parents:
            children[parent] = children.get(parent, 0) + 1
            if parent not in known:
                known.add(parent)
                waiting.append(parent)
    root.grad, ready = 1.0, [root]
    while ready:
        node = ready.pop()
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad = parent.grad + node.grad * local
            children[parent] -= 1
            if children[parent] == 0:
                ready.append(parent)


@backward.also_right("a stack in the place of recursion; gradients set to 0 first")
def _(root):
    order, done, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in done:
            done.add(id(node))
            node.grad = 0
            stack.append((node, True))
            stack += [(parent, False) for parent in node.parents]
    root.grad = 1
    for node in order[::-1]:
        for i in range(len(node.parents)):
            node.parents[i].grad += node.local_grads[i] * node.grad


@backward.also_right("a list insertion at the front, marks on the values, NumPy numbers")
def _(root):
    order = []

    def visit(node):
        if not isinstance(node, Value) or hasattr(node, "mark"):
            return
        node.mark = True
        [visit(parent) for parent in node.parents]
        order.insert(0, node)

    visit(root)
    root.grad = np.float64(1)
    for node in order:
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += np.float64(local) * node.grad
    return order


@backward.also_right("no set: the finished list is searched")
def _(root):
    order = []

    def visit(node):
        if not any(node is known for known in order):
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    root.grad += 1
    while order:
        node = order.pop()
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad = local * node.grad + parent.grad


@backward.also_right("by memory: each value asks its children")
def _(root):
    children, order, seen = {root: []}, [root], {root}
    for node in order:
        for parent, local in zip(node.parents, node.local_grads):
            children.setdefault(parent, []).append((node, local))
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    known = {root: 1.0}

    def grad(node):
        if node not in known:
            known[node] = sum(local * grad(child) for child, local in children[node])
        return known[node]

    for node in order:
        node.grad = grad(node)


# -------------------------------------------------------------------------------- the affine layer

affine_forward = bank.exercise("affine_forward", points=1, driver="forward", returns=("out",))
affine_backward = bank.exercise(
    "affine_backward", points=3, driver="forward_backward", needs=("affine_forward",),
    returns=("dx", "dw", "db"),
)


def _affine(rng, shape, M):
    D = int(np.prod(shape[1:]))
    return dict(x=rng.normal(size=shape), w=rng.normal(size=(D, M)), b=rng.normal(size=M))


_LAYERS = [
    ("rows of numbers", False, (5, 4), 3),
    ("all sizes equal", False, (4, 4), 4),
    ("small colour images", False, (6, 2, 3, 2), 5),
    ("a batch of one", False, (1, 3, 2), 4),
    ("one output", True, (7, 3), 1),
    ("more outputs than inputs", True, (3, 2, 2), 9),
]
for _name, _hidden, _shape, _M in _LAYERS:
    affine_forward.case(_name, hidden=_hidden)(
        lambda rng, shape=_shape, M=_M: _affine(rng, shape, M)
    )
    affine_backward.case(_name, hidden=_hidden)(
        lambda rng, shape=_shape, M=_M: _affine(rng, shape, M)
        | dict(dout=rng.normal(size=(shape[0], M)))
    )

affine_forward.edit(
    "the bias is left out", "Each output is x . w plus the bias of its column.",
    ("rows @ w + b", "rows @ w"),
)
affine_forward.edit(
    "the bias is subtracted", "out = x @ w + b.", ("rows @ w + b", "rows @ w - b"),
)
affine_forward.edit(
    "x is not laid out as rows",
    "Images must become rows first: reshape x to (N, D) before the product.",
    ("x.reshape(x.shape[0], -1)", "x"),
)
affine_forward.edit(
    "the rows mix different examples",
    "Keep N as the first size: reshape to (N, D), not to (D, N) turned round.",
    ("x.reshape(x.shape[0], -1)", "x.reshape(-1, x.shape[0]).T"),
)
affine_forward.edit(
    "the pixels are in column order (order='F')",
    "Use NumPy's own order, C: the last index runs fastest.",
    ("x.reshape(x.shape[0], -1)", 'x.reshape(x.shape[0], -1, order="F")'),
)
affine_forward.edit(
    "w is transposed", "w has shape (D, M): inputs down, outputs across. No transpose is needed.",
    ("rows @ w + b", "rows @ w.T + b"),
)
affine_forward.edit(
    "a ReLU is applied as well", "The affine layer is only x @ w + b; ReLU is a layer of its own.",
    ("rows @ w + b", "np.maximum(0, rows @ w + b)"),
)


@affine_forward.mistake(
    "the bias is added by row instead of by column", "b has one entry for each column of out.",
)
def _(x, w, b):
    out = x.reshape(len(x), -1) @ w
    return out + np.resize(b, len(x))[:, None], (x, w)


@affine_forward.mistake(
    "x is reshaped in place",
    "Assigning to x.shape changes the caller's array; reshape gives a view.",
)
def _(x, w, b):
    x.shape = (x.shape[0], w.shape[0])
    return x @ w + b, (x, w)


@affine_forward.also_right("einsum")
def _(x, w, b):
    return np.einsum("nd,dm->nm", x.reshape(x.shape[0], w.shape[0]), w) + b, (x, w, b)


@affine_forward.also_right("loops")
def _(x, w, b):
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        row = x[n].ravel()
        for m in range(w.shape[1]):
            out[n, m] = sum(row * w[:, m]) + b[m]
    return out, None


@affine_forward.also_right("the bias as one more row of w; float32")
def _(x, w, b):
    rows = np.column_stack([x.reshape(len(x), -1), np.ones(len(x))]).astype(np.float32)
    return rows.dot(np.vstack([w, b]).astype(np.float32)), {"x": x}


affine_backward.edit(
    "dw takes the mean over the batch",
    "Each example adds its part to dw: sum. The division by N is in the loss.",
    ("rows.T @ dout", "rows.T @ dout / len(x)"),
)
affine_backward.edit(
    "db takes the mean over the batch",
    "Each example adds its part to db: sum. The division by N is in the loss.",
    ("dout.sum(axis=0)", "dout.mean(axis=0)"),
)
affine_backward.edit(
    "dw and db take the mean over the batch",
    "Each example adds its part: sum. The division by N happens once, in the loss.",
    ("rows.T @ dout", "rows.T @ dout / len(x)"), ("dout.sum(axis=0)", "dout.mean(axis=0)"),
)
affine_backward.edit(
    "db adds up the wrong axis", "b has one entry for each column: add over the rows of dout.",
    ("dout.sum(axis=0)", "dout.sum(axis=1)"),
)
affine_backward.edit(
    "db adds up everything", "b has one entry for each column: add over the rows only.",
    ("dout.sum(axis=0)", "dout.sum()"),
)
affine_backward.edit(
    "db has shape (1, M)", "b has shape (M,), and so has its gradient: no keepdims.",
    ("dout.sum(axis=0)", "dout.sum(axis=0, keepdims=True)"),
)
affine_backward.edit(
    "db is dout itself", "Every row of dout reaches b: add over the rows.",
    ("dout.sum(axis=0)", "dout"),
)
affine_backward.edit(
    "dx stays flat", "dx has the shape that x came in: reshape (N, D) to x.shape.",
    ("(dout @ w.T).reshape(x.shape)", "dout @ w.T"),
)
affine_backward.edit(
    "dx uses w without its transpose",
    "dx_nd adds over the outputs m: dout (N, M) meets w turned round, (M, D).",
    ("dout @ w.T", "dout @ w"),
)
affine_backward.edit(
    "dw comes out transposed", "dw has the shape of w, (D, M): inputs first.",
    ("rows.T @ dout", "dout.T @ rows"),
)
affine_backward.edit(
    "dw uses x without its transpose",
    "dw_dm adds over the examples n: x turned round, (D, N), meets dout (N, M).",
    ("rows.T @ dout", "rows @ dout"),
)
affine_backward.edit(
    "dx is divided by N", "The division by N happens once, in the loss: dx = dout @ w.T.",
    ("(dout @ w.T)", "(dout @ w.T / len(x))"),
)
affine_backward.edit(
    "dx and dw are returned in the wrong order",
    "The order is that of forward's inputs: dx, dw, db.",
    ("return dx, dw, db", "return dw, dx, db"),
)


def _flat_forward(x, w, b):
    rows = x.reshape(len(x), -1)
    return rows @ w + b, {"rows": rows, "w": w, "b": b, "shape": x.shape}


def _flat_backward(dout, cache):
    dx = np.dot(dout, cache["w"].T)
    dw = np.dot(cache["rows"].T, dout)
    return [dx.reshape(cache["shape"]), dw, np.dot(np.ones(len(dout)), dout)]


def _einsum_backward(dout, cache):
    x, w = cache
    dx = np.einsum("nm,dm->nd", dout, w)
    dw = np.einsum("nd,nm->dm", x.reshape(len(x), -1), dout)
    return dx.reshape(x.shape), dw, np.einsum("nm->m", dout)


def _loop_backward(dout, cache):
    x, w = cache
    rows = x.reshape(len(x), -1)
    dx, dw, db = np.zeros_like(rows), np.zeros_like(w), np.zeros(w.shape[1])
    for n in range(len(rows)):
        for m in range(w.shape[1]):
            dx[n] += dout[n, m] * w[:, m]
            dw[:, m] += dout[n, m] * rows[n]
            db[m] += dout[n, m]
    return dx.reshape(x.shape), dw, db


def _float32_backward(dout, cache):
    x, w = (a.astype(np.float32) for a in cache)
    dout = dout.astype(np.float32)
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), (dout.T @ rows).T, np.add.reduce(dout)


affine_backward.also_right(
    "a dict with the rows for a cache; a list is returned",
    affine_forward=_flat_forward, affine_backward=_flat_backward,
)
affine_backward.also_right("einsum", affine_backward=_einsum_backward)
affine_backward.also_right("loops", affine_backward=_loop_backward)
affine_backward.also_right("float32, dw by a double transpose", affine_backward=_float32_backward)

# --------------------------------------------------------------------------------------------- ReLU

relu_forward = bank.exercise("relu_forward", points=1, driver="forward", returns=("out",))
relu_backward = bank.exercise(
    "relu_backward", points=1, driver="forward_backward", needs=("relu_forward",), returns=("dx",),
)


def _off_zero(rng, shape, scale=1.0):
    """Return numbers of both signs that keep clear of the corner at 0."""
    return scale * rng.uniform(0.1, 2.0, size=shape) * rng.choice([-1, 1], size=shape)


_GATES = [
    ("a matrix", False, (4, 5), 1.0),
    ("images", False, (2, 3, 3, 2), 1.0),
    ("numbers around ±1000", False, (3, 6), 1000.0),
    ("one row of numbers", True, (40,), 1.0),
    ("small numbers", True, (5, 5), 1e-3),
]
for _name, _hidden, _shape, _scale in _GATES:
    relu_forward.case(_name, hidden=_hidden)(
        lambda rng, shape=_shape, scale=_scale: dict(x=_off_zero(rng, shape, scale))
    )
    relu_backward.case(_name, hidden=_hidden)(
        lambda rng, shape=_shape, scale=_scale: dict(
            x=_off_zero(rng, shape, scale), dout=_off_zero(rng, shape)
        )
    )


@relu_forward.case("all below 0")
def _(rng):
    return dict(x=-np.abs(_off_zero(rng, (3, 4))))


relu_forward.edit(
    "the absolute value is taken", "Numbers below 0 become 0, not positive.",
    ("np.maximum(x, 0.0)", "np.abs(x)"),
)
relu_forward.edit(
    "the minimum is taken", "ReLU keeps what is above 0: the larger of x and 0.",
    ("np.maximum(x, 0.0)", "np.minimum(x, 0.0)"),
)
relu_forward.edit(
    "only the largest number is returned",
    "np.max looks for the largest entry; np.maximum compares entry by entry.",
    ("np.maximum(x, 0.0)", "max(np.max(x), 0.0)"),
)
relu_forward.edit(
    "the gate is returned, not the numbers", "out is x where x is above 0, not 1.",
    ("np.maximum(x, 0.0)", "(x > 0).astype(float)"),
)
relu_forward.edit(
    "it is leaky: negative numbers are only made smaller", "ReLU gives exactly 0 below 0.",
    ("np.maximum(x, 0.0)", "np.where(x > 0, x, 0.01 * x)"),
)
relu_forward.edit(
    "the positive numbers alone are returned", "out has the shape of x, with zeros in it.",
    ("np.maximum(x, 0.0)", "x[x > 0]"),
)


@relu_forward.mistake(
    "x itself is changed", "x[x < 0] = 0 writes into the caller's array: work on a copy.",
)
def _(x):
    x[x < 0] = 0
    return x, x


@relu_forward.also_right("times a mask; the mask for a cache")
def _(x):
    mask = x > 0
    return x * mask, mask


@relu_forward.also_right("where")
def _(x):
    return np.where(x < 0, 0, x), (x,)


@relu_forward.also_right("half of x + |x|, in float32")
def _(x):
    x = x.astype(np.float32)
    return (x + np.abs(x)) / 2, None


@relu_forward.also_right("entry by entry, on a copy")
def _(x):
    out = x.copy()
    for i in np.ndindex(out.shape):
        out[i] = max(0, out[i])
    return out, {"out": out}


relu_backward.edit(
    "the gate asks for the sign of dout", "What opens the gate is the input x, not dout.",
    ("(x > 0)", "(dout > 0)"),
)
relu_backward.edit(
    "the gate is upside down", "The gradient passes where x was above 0.",
    ("(x > 0)", "(x < 0)"),
)
relu_backward.edit(
    "dout is left out", "The gate lets dout through; it is not itself the gradient.",
    ("dout * (x > 0)", "(x > 0).astype(float)"),
)
relu_backward.edit(
    "dout is multiplied by out", "The local gradient is 1 or 0, not the value of x.",
    ("dout * (x > 0)", "dout * np.maximum(x, 0.0)"),
)
relu_backward.edit(
    "dout passes everywhere", "Where x was below 0, the gradient stops.",
    ("dout * (x > 0)", "1.0 * dout"),
)
relu_backward.edit(
    "dout is multiplied by the sign of x", "Below 0 the slope is 0, not -1.",
    ("dout * (x > 0)", "dout * np.sign(x)"),
)


@relu_backward.mistake(
    "dout itself is changed", "dout[x < 0] = 0 writes into the caller's array: work on a copy.",
)
def _(dout, cache):
    dout[cache < 0] = 0
    return dout


relu_backward.also_right(
    "a mask for a cache",
    relu_forward=lambda x: (np.maximum(0, x), x > 0),
    relu_backward=lambda dout, cache: np.where(cache, dout, 0),
)
relu_backward.also_right(
    "the output for a cache",
    relu_forward=lambda x: (np.maximum(0, x), (np.maximum(0, x),)),
    relu_backward=lambda dout, cache: dout * np.sign(cache[0]),
)


@relu_backward.also_right("a copy with zeros put in, in float32")
def _(dout, cache):
    dx = np.array(dout, dtype=np.float32)
    dx[cache <= 0] = 0
    return dx


@relu_backward.also_right("slope 1/2 at the corner")
def _(dout, cache):
    return dout * np.heaviside(cache, 0.5)


# --------------------------------------------------------------------------------------- the losses

softmax_loss = bank.exercise("softmax_loss", points=2, returns=("loss", "dscores"))
svm_loss = bank.exercise("svm_loss", points=2, returns=("loss", "dscores"))


@softmax_loss.case("five examples, four classes")
def _(rng):
    return dict(scores=2 * rng.normal(size=(5, 4)), y=np.array([0, 3, 1, 1, 2]))


@softmax_loss.case("a batch of one")
def _(rng):
    return dict(scores=rng.normal(size=(1, 3)), y=np.array([2]))


@softmax_loss.case("scores of ±1000, true class ahead and behind")
def _(rng):
    scores = rng.choice([-1000.0, 1000.0], size=(4, 3))
    scores[0], scores[1] = [1000, -1000, -1000], [-1000, 1000, -1000]
    scores[2], scores[3] = [1000, 1000, -1000], [-1000, -1000, -1000]
    return dict(scores=scores + rng.normal(size=(4, 3)), y=np.array([0, 2, 1, 0]))


@softmax_loss.case("all rows far from 0, each at its own height")
def _(rng):
    heights = np.array([[2000.0], [-2000.0], [0.0]])
    return dict(scores=heights + rng.normal(size=(3, 5)), y=np.array([4, 0, 2]))


@softmax_loss.case("ten classes, sixty examples", hidden=True)
def _(rng):
    return dict(scores=3 * rng.normal(size=(60, 10)), y=rng.integers(10, size=60))


@softmax_loss.case("equal scores, two classes", hidden=True)
def _(rng):
    return dict(scores=np.zeros((3, 2)) + rng.normal(), y=np.array([0, 1, 1]))


softmax_loss.edit(
    "exp overflows: no shift",
    "Subtract each row's largest score first; exp(1000) is inf.",
    ("scores - scores.max(axis=1, keepdims=True)", "scores"),
)
softmax_loss.edit(
    "one shift for the whole batch",
    "Each row needs its own maximum: in a row far below it every exp becomes 0.",
    ("scores.max(axis=1, keepdims=True)", "scores.max()"),
)
softmax_loss.edit(
    "log10 in the place of the natural logarithm", "The loss takes the natural logarithm, np.log.",
    ("np.log(total[:, 0]) - right", "(np.log(total[:, 0]) - right) / np.log(10)"),
)
softmax_loss.edit(
    "the loss is a sum, not a mean", "The loss is the mean over the N examples.",
    ("loss = np.mean(", "loss = np.sum("),
)
softmax_loss.edit(
    "dscores is not divided by N", "The loss is a mean, so its gradient carries 1/N too.",
    ("    dscores /= N\n", ""),
)
softmax_loss.edit(
    "loss and gradient are sums, not means", "Divide both by N: the loss is the mean.",
    ("loss = np.mean(", "loss = np.sum("), ("    dscores /= N\n", ""),
)
softmax_loss.edit(
    "the 1 at the true class is not taken off",
    "dscores is p minus 1 at the true class, p elsewhere.",
    ("    dscores[np.arange(N), y] -= 1.0\n", ""),
)
softmax_loss.edit(
    "the gradient has the wrong sign",
    "Raising the true score lowers the loss: its slope is p - 1, below 0.",
    ("dscores /= N", "dscores /= -N"),
)
softmax_loss.edit(
    "the loss has the wrong sign", "The loss is MINUS the log of the probability: never below 0.",
    ("loss = np.mean(np.log(total[:, 0]) - right)", "loss = np.mean(right - np.log(total[:, 0]))"),
)
softmax_loss.edit(
    "the 1 is taken off in whole columns",
    "dscores[:, y] takes columns y in every row; pick one entry a row with np.arange(N).",
    ("dscores[np.arange(N), y] -= 1.0", "dscores[:, np.unique(y)] -= 1.0"),
)
softmax_loss.edit(
    "the mean is over all entries", "Divide by N alone, not by N * C.",
    ("dscores /= N", "dscores /= dscores.size"),
    ("np.mean(np.log(total[:, 0]) - right)", "np.sum(np.log(total[:, 0]) - right) / scores.size"),
)
softmax_loss.edit(
    "the sums run over the batch, not over the classes",
    "Each row is one example: its probabilities add up to 1 along axis 1.",
    ("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=0, keepdims=True)"),
    ("np.log(total[:, 0])", "np.log(total[0, y])"),
)


def _probabilities(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _softmax_grad(scores, y):
    return (_probabilities(scores) - np.eye(scores.shape[1])[y]) / len(y)


@softmax_loss.mistake(
    "the logarithm of a probability that became 0",
    "p can be exactly 0; ln(sum) minus the shifted score is the same loss and stays finite.",
)
def _(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(y)


@softmax_loss.mistake(
    "a small number is added inside the logarithm",
    "ln(p + 1e-8) can never be worse than 18; work with ln(sum) minus the shifted score.",
)
def _(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y] + 1e-8).mean()
    p[rows, y] -= 1
    return loss, p / len(y)


@softmax_loss.mistake(
    "scores are changed in place", "scores -= ... writes into the caller's array: work on a copy.",
)
def _(scores, y):
    N = len(y)
    scores -= scores.max(axis=1, keepdims=True)
    total = np.exp(scores).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - scores[np.arange(N), y])
    dscores = np.exp(scores) / total
    dscores[np.arange(N), y] -= 1
    return loss, dscores / N


@softmax_loss.also_right("loops")
def _(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n in range(len(scores)):
        s = scores[n] - max(scores[n])
        total = sum(np.exp(v) for v in s)
        loss += np.log(total) - s[y[n]]
        for j in range(len(s)):
            dscores[n, j] = np.exp(s[j]) / total - (j == y[n])
    return loss / len(scores), dscores / len(scores)


@softmax_loss.also_right("log-probabilities by SciPy, one-hot labels")
def _(scores, y):
    from scipy.special import log_softmax, softmax

    one_hot = np.eye(scores.shape[1])[y]
    loss = -(one_hot * log_softmax(scores, axis=1)).sum() / len(y)
    return np.array(loss), (softmax(scores, axis=1) - one_hot) / len(y)


@softmax_loss.also_right("logaddexp.reduce, the true class by take_along_axis, a list")
def _(scores, y):
    total = np.logaddexp.reduce(scores, axis=1)
    true = np.take_along_axis(scores, y[:, None], axis=1)[:, 0]
    dscores = np.exp(scores - total[:, None])
    np.subtract.at(dscores, (range(len(y)), y), 1)
    return [float((total - true).mean()), dscores * (1 / len(y))]


@softmax_loss.also_right("float32")
def _(scores, y):
    s = (scores - scores.max(axis=1, keepdims=True)).astype(np.float32)
    total = np.log(np.exp(s).sum(axis=1, keepdims=True))
    dscores = np.exp(s - total)
    dscores[np.arange(len(y)), y] -= 1
    return np.mean(total[:, 0] - s[np.arange(len(y)), y]), dscores / np.float32(len(y))


def _clear_of_the_corner(rng, N, C, y, scale):
    """Return scores none of whose margins is within 0.01 of 0."""
    while True:
        scores = scale * rng.normal(size=(N, C))
        margins = scores - scores[np.arange(N), y][:, None] + 1
        if np.abs(margins).min() > 0.01:
            return scores


@svm_loss.case("five examples, four classes")
def _(rng):
    y = np.array([0, 3, 1, 1, 2])
    return dict(scores=_clear_of_the_corner(rng, 5, 4, y, 1.0), y=y)


@svm_loss.case("a batch of one")
def _(rng):
    y = np.array([1])
    scores = np.array([[0.4, 0.0, -0.3, 0.8]]) + rng.uniform(-0.1, 0.1, size=(1, 4))
    return dict(scores=scores, y=y)


@svm_loss.case("no margin is broken")
def _(rng):
    y = np.array([2, 0, 1])
    return dict(scores=6 * np.eye(3)[y] + rng.uniform(-1, 1, size=(3, 3)), y=y)


@svm_loss.case("scores around ±1000")
def _(rng):
    y = np.array([0, 1, 2, 2, 0])
    signs = np.array([[1, 1, -1], [1, -1, 1], [-1, -1, -1], [1, 1, -1], [1, -1, -1]])
    scores = 1000.0 * signs + 5 * _clear_of_the_corner(rng, 5, 3, y, 1.0)
    scores[2] = [-1000.4, -1002.5, -1000.0]
    return dict(scores=scores, y=y)


@svm_loss.case("ten classes, sixty examples", hidden=True)
def _(rng):
    y = rng.integers(10, size=60)
    return dict(scores=_clear_of_the_corner(rng, 60, 10, y, 2.0), y=y)


@svm_loss.case("two classes", hidden=True)
def _(rng):
    y = np.array([0, 1, 1, 0])
    return dict(scores=_clear_of_the_corner(rng, 4, 2, y, 1.0), y=y)


svm_loss.edit(
    "the true class is part of the sum",
    "j = y is left out: its own margin is always 1 and would add 1 to every example.",
    ("    margins[rows, y] = 0.0\n", ""),
)
svm_loss.edit(
    "the true class is in the loss, though not in the gradient",
    "j = y is left out of the sum: its own margin is always 1 and would add 1 to every example.",
    ("    loss = margins.sum() / N\n", "    loss = margins.sum() / N + 1\n"),
)
svm_loss.edit(
    "the true class counts itself as a broken margin",
    "Set the true class's margin to 0 before you count.",
    ("    margins[rows, y] = 0.0\n", "    margins[rows, y] = 0.0\n    keep = margins.copy()\n"),
    ("-dscores.sum(axis=1)", "-(keep > 0).sum(axis=1) - 1.0"),
)
svm_loss.edit(
    "the margin of 1 is missing", "A wrong class must stay at least 1 below: s_j - s_y + 1.",
    ("[:, None] + 1.0", "[:, None]"),
)
svm_loss.edit(
    "the true class gets no gradient",
    "Each broken margin also pulls the true score: minus their number.",
    ("    dscores[rows, y] = -dscores.sum(axis=1)\n", ""),
)
svm_loss.edit(
    "the true class gets -1 however many margins are broken",
    "Each broken margin adds -1 at the true class: minus their NUMBER.",
    ("-dscores.sum(axis=1)", "-(dscores.sum(axis=1) > 0)"),
)
svm_loss.edit(
    "the loss is a sum, not a mean", "The loss is the mean over the N examples.",
    ("margins.sum() / N", "margins.sum()"),
)
svm_loss.edit(
    "dscores is not divided by N", "The loss is a mean, so its gradient carries 1/N too.",
    ("    dscores /= N\n", ""),
)
svm_loss.edit(
    "loss and gradient are sums, not means", "Divide both by N: the loss is the mean.",
    ("margins.sum() / N", "margins.sum()"), ("    dscores /= N\n", ""),
)
svm_loss.edit(
    "the loss is the mean over all entries",
    "Divide by N, not by N * C: sum over classes, then mean.",
    ("margins.sum() / N", "margins.mean()"),
)
svm_loss.edit(
    "the gradient has the size of the margin",
    "The slope of max(0, m) is 1 for every broken margin, however large.",
    ("(margins > 0).astype(float)", "margins.copy()"),
)
svm_loss.edit(
    "the hinge is squared", "The loss adds the margins themselves, not their squares.",
    ("loss = margins.sum() / N", "loss = (margins**2).sum() / N"),
    ("(margins > 0).astype(float)", "2 * margins"),
)
svm_loss.edit(
    "the margin has the wrong sign", "What costs is s_j - s_y + 1: a wrong class that is too high.",
    ("scores - scores[rows, y][:, None] + 1.0", "scores[rows, y][:, None] - scores + 1.0"),
)
svm_loss.edit(
    "only the worst wrong class counts", "Add over ALL wrong classes that break their margin.",
    (
        "    margins[rows, y] = 0.0\n",
        "    margins[rows, y] = 0.0\n"
        "    margins = margins * (margins == margins.max(axis=1, keepdims=True))\n",
    ),
)
svm_loss.edit(
    "the gradient has the wrong sign", "Raising a wrong score raises the loss: its slope is +1.",
    ("dscores /= N", "dscores /= -N"),
)


svm_loss.edit(
    "the true scores are subtracted along the wrong axis",
    "scores[rows, y] has shape (N,): give it a second axis, so that it goes down the rows.",
    ("scores[rows, y][:, None]", "scores[rows, y]"),
)


@svm_loss.also_right("loops")
def _(scores, y):
    N, C = scores.shape
    loss, dscores = 0.0, np.zeros((N, C))
    for n in range(N):
        for j in range(C):
            margin = scores[n, j] - scores[n, y[n]] + 1
            if j != y[n] and margin > 0:
                loss += margin
                dscores[n, j] += 1
                dscores[n, y[n]] -= 1
    return loss / N, dscores / N


@svm_loss.also_right("the true class's own 1 taken off at the end")
def _(scores, y):
    N = len(y)
    margins = np.clip(scores - np.choose(y, scores.T)[:, None] + 1, 0, None)
    broken = margins > 0
    one_hot = np.eye(scores.shape[1])[y]
    return margins.sum() / N - 1, (broken - one_hot * broken.sum(axis=1, keepdims=True)) / N


@svm_loss.also_right("a mask for the wrong classes; slope 1 at the corner; a list")
def _(scores, y):
    wrong = np.arange(scores.shape[1]) != y[:, None]
    margins = (scores - scores[~wrong][:, None] + 1) * wrong
    broken = wrong & (margins >= 0)
    dscores = np.where(broken, 1, 0) - np.where(wrong, 0, broken.sum(axis=1)[:, None])
    return [np.where(broken, margins, 0).sum(axis=1).mean(), dscores / len(y)]


@svm_loss.also_right("float32")
def _(scores, y):
    rows = np.arange(len(y))
    difference = (scores - scores[rows, y][:, None]).astype(np.float32)
    margins = np.maximum(difference + 1, 0)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(np.float32)
    dscores[rows, y] -= dscores.sum(axis=1)
    return margins.sum(dtype=np.float32) / np.float32(len(y)), dscores / np.float32(len(y))


# ----------------------------------------------------------------------------------------- networks

two_layer_loss = bank.exercise("two_layer_loss", points=3, driver="ch04.loss_and_grads")
three_layer_scores = bank.exercise("three_layer_scores", points=1, returns=("scores",))


def _params(rng, *sizes, scale=1.0):
    params = {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), 1):
        params[f"W{i}"] = scale * rng.normal(size=(inputs, outputs))
        params[f"b{i}"] = rng.normal(size=outputs)
    return params


def _two_layers(rng, N, D, H, C, reg, scale=1.0):
    return dict(
        params=_params(rng, D, H, C, scale=scale), X=rng.normal(size=(N, D)),
        y=rng.integers(C, size=N), reg=reg,
    )


@two_layer_loss.case("no penalty")
def _(rng):
    return _two_layers(rng, 5, 4, 6, 3, 0.0)


@two_layer_loss.case("with a penalty")
def _(rng):
    return _two_layers(rng, 6, 5, 4, 3, 0.7)


@two_layer_loss.case("a batch of one, all sizes equal")
def _(rng):
    return _two_layers(rng, 1, 4, 4, 4, 0.3)


@two_layer_loss.case("scores in the thousands")
def _(rng):
    inputs = _two_layers(rng, 4, 3, 8, 3, 0.1, scale=10.0)
    inputs["X"] = 10 * inputs["X"]
    return inputs


@two_layer_loss.case("a unit that no example switches on", hidden=True)
def _(rng):
    inputs = _two_layers(rng, 5, 4, 6, 3, 0.2)
    inputs["params"]["b1"][2] = -50.0
    return inputs


@two_layer_loss.case("forty examples", hidden=True)
def _(rng):
    return _two_layers(rng, 40, 12, 10, 5, 0.05)


two_layer_loss.edit(
    "the penalty has no factor 1/2 in the loss", "The penalty is 0.5 * reg * sum(W**2).",
    ("loss + 0.5 * reg *", "loss + reg *"),
)
two_layer_loss.edit(
    "the penalty's gradient is 2 * reg * W",
    "With the factor 1/2 in the loss, the slope is reg * W.",
    ("reg * W1\n", "2 * reg * W1\n"), ("reg * W2\n", "2 * reg * W2\n"),
)
two_layer_loss.edit(
    "the penalty is missing from the gradients",
    "The penalty is a second way from W to the loss: add reg * W to dW.",
    ("    dW1 = dW1 + reg * W1\n    dW2 = dW2 + reg * W2\n", ""),
)
two_layer_loss.edit(
    "the penalty is missing from the loss", "Add 0.5 * reg * sum(W**2) for both weight matrices.",
    ("loss + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))", "loss"),
)
two_layer_loss.edit(
    "the penalty is missing", "Loss and gradients both have a term with reg.",
    ("loss + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))", "loss"),
    ("    dW1 = dW1 + reg * W1\n    dW2 = dW2 + reg * W2\n", ""),
)
two_layer_loss.edit(
    "only W2 is penalised", "Both weight matrices are penalised.",
    ("(np.sum(W1**2) + np.sum(W2**2))", "np.sum(W2**2)"), ("    dW1 = dW1 + reg * W1\n", ""),
)
two_layer_loss.edit(
    "the biases are penalised as well", "Biases are never penalised: leave b1 and b2 out.",
    ("np.sum(W2**2))", "np.sum(W2**2) + np.sum(b1**2) + np.sum(b2**2))"),
    ('"b1": db1', '"b1": db1 + reg * b1'), ('"b2": db2', '"b2": db2 + reg * b2'),
)
two_layer_loss.edit(
    "the penalty is divided by N", "Only the data loss is a mean; the penalty is added once.",
    ("loss + 0.5 * reg *", "loss + 0.5 * reg / len(X) *"),
    ("reg * W1\n", "reg / len(X) * W1\n"), ("reg * W2\n", "reg / len(X) * W2\n"),
)
two_layer_loss.edit(
    "ReLU is left out on the way back", "dh passes through relu_backward before the first layer.",
    ("relu_backward(dh, gate)", "dh"),
)
two_layer_loss.edit(
    "ReLU is left out altogether", "Between the affine layers stands a ReLU, forward and back.",
    ("relu_forward(a)", "a, None"), ("relu_backward(dh, gate)", "dh"),
)
two_layer_loss.edit(
    "a ReLU is applied to the scores",
    "Nothing follows the last affine layer: scores may be negative.",
    ("softmax_loss(scores, y)", "softmax_loss(np.maximum(scores, 0), y)"),
    (
        "    dh, dW2, db2 = affine_backward(dscores, second)\n",
        "    dscores = dscores * (scores > 0)\n"
        "    dh, dW2, db2 = affine_backward(dscores, second)\n",
    ),
)
two_layer_loss.edit(
    "the gate is judged by dh", "ReLU's gate opens by the sign of its input on the way forward.",
    ("relu_backward(dh, gate)", "dh * (dh > 0)"),
)
two_layer_loss.edit(
    "the gradients are divided by N once more",
    "softmax_loss has divided by N already; backward passes only add up.",
    ('"W1": dW1, "b1": db1, "W2": dW2, "b2": db2',
     '"W1": dW1 / len(X), "b1": db1 / len(X), "W2": dW2 / len(X), "b2": db2 / len(X)'),
)
two_layer_loss.edit(
    "the hinge loss in the place of softmax", "This network ends in softmax_loss.",
    ("softmax_loss(scores, y)", "svm_loss(scores, y)"),
)
two_layer_loss.edit(
    "the keys are dW1, db1, dW2, db2", "grads has the same keys as params: W1, b1, W2, b2.",
    ('"W1": dW1, "b1": db1, "W2": dW2, "b2": db2',
     '"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2'),
)


@two_layer_loss.mistake(
    "params are changed in place",
    "The function only measures: the step along the gradient is taken elsewhere.",
)
def _(params, X, y, reg):
    a = X @ params["W1"] + params["b1"]
    h = np.maximum(a, 0)
    loss, dscores = softmax_loss(h @ params["W2"] + params["b2"], y)
    W1, W2 = params["W1"], params["W2"]
    loss += 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
    da = dscores @ W2.T * (a > 0)
    grads = {"W1": X.T @ da + reg * W1, "b1": da.sum(0),
             "W2": h.T @ dscores + reg * W2, "b2": dscores.sum(0)}
    for name in params:
        params[name] -= 0.01 * grads[name]
    return loss, grads


@two_layer_loss.also_right("written out, no helpers; another order of keys; dX as well")
def _(params, X, y, reg):
    W1, W2 = params["W1"], params["W2"]
    a = X @ W1 + params["b1"]
    h = np.where(a > 0, a, 0)
    s = h @ W2 + params["b2"]
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    d = np.exp(log_p)
    d[range(len(y)), y] -= 1
    d /= len(y)
    grads = {"b2": d.sum(0), "W2": h.T.dot(d)}
    d = d.dot(W2.T)
    d[a <= 0] = 0
    grads["b1"], grads["W1"], grads["X"] = d.sum(0), X.T.dot(d), d.dot(W1.T)
    grads["W1"] += reg * W1
    grads["W2"] += reg * W2
    penalty = np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2
    return np.array(-log_p[range(len(y)), y].mean() + reg * penalty / 2), grads


@two_layer_loss.also_right("float32, an OrderedDict, a list")
def _(params, X, y, reg):
    from collections import OrderedDict

    p = {k: v.astype(np.float32) for k, v in params.items()}
    a, c1 = affine_forward(X.astype(np.float32), p["W1"], p["b1"])
    h, gate = relu_forward(a)
    scores, c2 = affine_forward(h, p["W2"], p["b2"])
    loss, d = softmax_loss(scores, y)
    loss += 0.5 * reg * sum(float((p[k] * p[k]).sum()) for k in ("W1", "W2"))
    d, W2, b2 = affine_backward(d, c2)
    _, W1, b1 = affine_backward(relu_backward(d, gate), c1)
    return [loss, OrderedDict(W1=W1 + reg * p["W1"], b1=b1, W2=W2 + reg * p["W2"], b2=b2)]


@two_layer_loss.also_right("example by example")
def _(params, X, y, reg):
    W1, b1, W2, b2 = (params[k] for k in ("W1", "b1", "W2", "b2"))
    loss = 0.5 * reg * (W1.ravel() @ W1.ravel() + W2.ravel() @ W2.ravel())
    grads = {"W1": reg * W1, "b1": np.zeros(b1.shape), "W2": reg * W2, "b2": np.zeros(b2.shape)}
    for x, label in zip(X, y):
        a = x @ W1 + b1
        h = np.maximum(0, a)
        s = h @ W2 + b2
        total = np.logaddexp.reduce(s)
        d = np.exp(s - total)
        d[label] -= 1
        d = d / len(X)
        da = (W2 @ d) * (a > 0)
        loss = loss + (total - s[label]) / len(X)
        grads["W2"] = grads["W2"] + np.outer(h, d)
        grads["b2"] = grads["b2"] + d
        grads["W1"] = grads["W1"] + np.outer(x, da)
        grads["b1"] = grads["b1"] + da
    return loss, grads


def _three_layers(rng, N, *sizes):
    return dict(params=_params(rng, *sizes), X=rng.normal(size=(N, sizes[0])))


for _name, _hidden, _sizes in [
    ("five rows", False, (5, 4, 6, 5, 3)),
    ("all sizes equal", False, (4, 4, 4, 4, 4)),
    ("a batch of one", False, (1, 8, 5, 7, 2)),
    ("thirty rows", True, (30, 12, 20, 9, 10)),
]:
    three_layer_scores.case(_name, hidden=_hidden)(
        lambda rng, sizes=_sizes: _three_layers(rng, *sizes)
    )

three_layer_scores.edit(
    "a ReLU is applied to the scores as well",
    "Nothing follows the last affine layer: scores may be negative.", ("if layer < 3:", "if True:"),
)
three_layer_scores.edit(
    "both ReLUs are missing", "Without a ReLU between them three affine layers are only one.",
    ("if layer < 3:", "if False:"),
)
three_layer_scores.edit(
    "the second ReLU is missing", "A ReLU stands after the first AND after the second layer.",
    ("if layer < 3:", "if layer < 2:"),
)
three_layer_scores.edit(
    "the first ReLU is missing", "A ReLU stands after the first AND after the second layer.",
    ("if layer < 3:", "if layer == 2:"),
)
three_layer_scores.edit(
    "the third layer is missing", "Three affine layers: W3 and b3 give the scores.",
    ("(1, 2, 3)", "(1, 2)"),
)
three_layer_scores.edit(
    "the biases are left out", "Each of the three layers adds its own bias.",
    ('params[f"b{layer}"]', "0.0"),
)


@three_layer_scores.mistake(
    "probabilities are returned, not scores", "Return the scores; softmax belongs to the loss.",
)
def _(params, X):
    h = np.maximum(X @ params["W1"] + params["b1"], 0)
    h = np.maximum(h @ params["W2"] + params["b2"], 0)
    s = h @ params["W3"] + params["b3"]
    p = np.exp(s - s.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


@three_layer_scores.mistake(
    "scores and a cache are returned", "Return the scores alone.",
)
def _(params, X):
    h = np.maximum(X @ params["W1"] + params["b1"], 0)
    h = np.maximum(h @ params["W2"] + params["b2"], 0)
    return h @ params["W3"] + params["b3"], (X, h)


@three_layer_scores.also_right("one line after the other")
def _(params, X):
    h1 = np.maximum(X @ params["W1"] + params["b1"], 0)
    h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)
    return h2 @ params["W3"] + params["b3"]


@three_layer_scores.also_right("loops, in float32, by a gate of truth values")
def _(params, X):
    rows = []
    for x in X.astype(np.float32):
        for i in "123":
            x = params["W" + i].T.astype(np.float32) @ x + params["b" + i].astype(np.float32)
            if i != "3":
                x = x * (x > 0)
        rows.append(x)
    return np.array(rows)
