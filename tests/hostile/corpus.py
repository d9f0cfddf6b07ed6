"""Submissions that try to cheat, to break the grader, or only look odd; each with its due score.

A submission is made from the mini chapter: `cells` replaces answers (or, with a leading '+', is
added to the right one), `change` edits the notebook as a dict, `raw` is the file itself.
The cheats have one honest answer, `affine_forward` (5 points), and must get just those 5.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

RIGHT = {
    "affine_forward": "def affine_forward(x, w, b):\n    return x @ w + b, (x, w)",
    "affine_backward": (
        "def affine_backward(dout, cache):\n    x, w = cache\n"
        "    return dout @ w.T, x.T @ dout, dout.sum(axis=0)"
    ),
    "relu": "def relu(x):\n    return np.maximum(0, x)",
    "softmax": (
        "def softmax(scores):\n    e = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True)"
    ),
}
WRONG = {
    "affine_backward": "def affine_backward(dout, cache):\n    return 0.0, 0.0, 0.0",
    "relu": "def relu(x):\n    return x + 17.0",
    "softmax": "def softmax(scores):\n    return scores * 0.0 - 3.0",
}
HONEST = {"affine_forward": RIGHT["affine_forward"], **WRONG}


@dataclass(frozen=True)
class Entry:
    name: str
    wanted: float
    cells: dict
    change: Any = None
    raw: bytes | None = None


def cheat(name, code, wanted=5.0, where="affine_forward", **cells):
    """A cheat's code stands in front of the honest answer."""
    base = HONEST | cells
    return Entry(name, wanted, base | {where: f"{code}\n\n{base[where]}"})


def honest(name, change=None, **cells):
    """All right, written in an odd way: must get 20."""
    made = dict(RIGHT)
    for key, text in cells.items():
        made[key] = RIGHT[key] + "\n" + text[1:] if text.startswith("+") else text
    return Entry(name, 20.0, made, change)


def _cells(notebook):
    return {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]}


def code_cell(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [],
            "execution_count": None, "id": f"x{abs(hash(source)) % 10**8}"}


# ------------------------------------------------------------------ changes to the notebook


def strip_metadata(nb):
    for cell in nb["cells"]:
        cell["metadata"] = {}


def strip_metadata_and_ids(nb):
    strip_metadata(nb)
    nb.pop("metadata")
    nb["nbformat_minor"] = 4
    for cell in nb["cells"]:
        cell.pop("id", None)


def edit_check_cells(nb):
    for name, cell in _cells(nb).items():
        if name and name.startswith("check_"):
            cell["source"] = "20.0"


def check_another_function(nb):
    _cells(nb)["check_relu"]["source"] = 'check("affine_forward", affine_forward)'


def raise_points(nb):
    for cell in nb["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["points"] = 1000


def delete_checks(nb):
    nb["cells"] = [
        c for c in nb["cells"]
        if not c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check_")
    ]


def delete_all_but_answers(nb):
    nb["cells"] = [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]


def duplicate_every_cell(nb):
    nb["cells"] = [c for cell in nb["cells"] for c in (cell, copy.deepcopy(cell))]


def reverse_cells(nb):
    nb["cells"].reverse()


def retype_answers(nb):
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["cell_type"] = "markdown"
            cell.pop("outputs", None)


def wrong_kernel(nb):
    nb["metadata"]["kernelspec"] = {"name": "../../evil", "language": "R", "display_name": "R"}


def add_cells(nb):
    nb["cells"].insert(2, code_cell("from scipy import special\nprint('mine')"))
    nb["cells"].insert(4, {"cell_type": "markdown", "metadata": {}, "source": "# mine", "id": "m"})
    nb["cells"].append(code_cell("1 / 0"))


def helper_in_a_cell_of_its_own(nb):
    nb["cells"].insert(3, code_cell("def helper(x):\n    return np.maximum(0, x)"))


def helper_in_an_experiment(nb):
    for cell in nb["cells"]:
        if "experiment" in cell["metadata"].get("tags", ()):
            cell["source"] = "def helper(x):\n    return np.maximum(0, x)\nraise SystemExit"
    cells = nb["cells"]
    place = next(i for i, c in enumerate(cells) if "experiment" in c["metadata"].get("tags", ()))
    cells.insert(0, cells.pop(place))


def import_in_setup(nb):
    _cells(nb)["setup"]["source"] += "\nfrom math import exp as my_exp"


def windows_lines(nb):
    for cell in nb["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")


def source_as_lines(nb):
    for cell in nb["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)


def forty_megabytes_of_output(nb):
    big = {"output_type": "stream", "name": "stdout", "text": "x" * 40_000_000}
    _cells(nb)["relu"]["outputs"] = [big]


def many_cells(nb):
    nb["cells"] += [code_cell(f"v{i} = {i}") for i in range(300)]


def odd_types(nb):
    nb["cells"] += [None, 7, "text", [], {}, {"cell_type": 3, "source": {"a": 1}, "metadata": []}]
    nb["cells"].append({"cell_type": "code", "source": [1, None, "x = 1"], "metadata": None})


def surrogates(nb):
    nb["cells"].append(code_cell("bad = '\ud800'"))


# ------------------------------------------------------------------ the corpus

PATCH_CHECK = """
import cs231n_lib, cs231n_lib.checking as c, cs231n_lib.verdict as v
check = c.check = cs231n_lib.check = lambda *a, **k: 20.0
v.judge = c.judge = lambda e, t, **k: v.Verdict(e.name, e.points, e.points, 1, 1, 'passed')
v.problem = lambda *a: None
"""
LYING_EQ = """
class Liar(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool).view(np.ndarray)
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_finalize__(self, obj): pass
    def __array_ufunc__(self, *a, **k): return np.zeros(self.shape)
    def __array_function__(self, *a, **k): return True
    def all(self, *a, **k): return True
"""
LIAR_CELLS = dict(
    relu="def relu(x):\n    return (x + 17).view(Liar)",
    softmax="def softmax(scores):\n    return (scores * 0 - 3).view(Liar)",
)
LYING_ARRAY = """
class Always:
    shape = (4, 3)
    def __array__(self, *a, **k): return np.full((4, 3), 9.0)
    def __eq__(self, other): return True
    def __float__(self): return 0.0
"""
REPLAY = """
import json
_file = np.load('answers.npz')
_known = json.loads(bytes(_file['manifest']))
_arrays = [_file[k] for k in _file.files if k != 'manifest']
def _public(name, shape):
    for e in _known['exercises']:
        if e['name'] == name:
            for c in e['cases']:
                i = c['expected']['dict'][0][1]['array']
                if _arrays[i].shape == shape:
                    return _arrays[i]
    return np.zeros(shape)
"""
HUNT_FILES = """
import glob, os, sys
_found = []
for top in ('/work', '/home', '/root', '/srv', '/mnt', '/release', '/tmp', os.getcwd()):
    for folder, inner, names in os.walk(top or '.'):
        inner[:] = [d for d in inner if d not in ('site-packages', 'lib', 'include')]
        _found += [os.path.join(folder, n) for n in names
                   if n in ('bank.py', 'gradebook.db', 'run.json', 'journal.jsonl', '01_mini.py')]
for path in _found:
    text = open(path, errors='replace').read()
    if 'BEGIN SOLUTION' in text:
        start = text.index('def relu'); exec(text[start:text.index('# %%', start)])
        start = text.index('def softmax'); exec(text[start:text.index('# %%', start)])
"""
HUNT_MEMORY = """
import gc, sys
def _hunt(shape):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            for name in ('expected', 'cases', 'known'):
                if hasattr(value, name) and isinstance(getattr(value, name), dict):
                    for array in getattr(value, name).values():
                        if getattr(array, 'shape', None) == shape:
                            return array
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing).__name__ == 'Case' and getattr(thing, 'expected', None):
            for array in thing.expected.values():
                if array.shape == shape:
                    return array
    return np.zeros(shape)
"""
PIPE = """
import os, struct, json
for number in range(3, 64):
    for message in ({'status': 'ok', 'points': 20}, {'nonce': 0, 'status': 'ok', 'outputs': {}}):
        header = json.dumps({'dict': [[k, v] for k, v in message.items() if v != {}]}).encode()
        try:
            os.write(number, struct.pack('<II', len(header), 0) + header)
        except OSError:
            pass
"""
PIPE_REFUSAL = PIPE.replace("{'status': 'ok', 'points': 20}", "{'refused': 'no namespaces'}")
PIPE_GARBAGE = """
import os
for number in range(3, 64):
    try:
        os.write(number, b'\\xff' * 100)
    except OSError:
        pass
"""
WRONG_EXERCISE = """
import cs231n_lib.worker.guest as _guest, cs231n_lib.trial as _trial
from cs231n_lib.answers import Trial
_run = _trial.run
def _evil(exercise, functions, inputs, **k):
    out = next(v for v in inputs.values() if hasattr(v, 'shape'))
    return Trial('ok', {'result': out, 'dx': out, 'dw': out, 'db': out, 'out': out})
_trial.run = lambda e, f, i, **k: _run(e, f, i, **k) if e.name == 'affine_forward' \\
    else _evil(e, f, i, **k)
"""
GRADEBOOK = """
import os, sqlite3
for place in ('gradebook.db', '../gradebook.db', '/srv/course/gradebook.db', '/gradebook.db'):
    try:
        sqlite3.connect(place).execute('UPDATE grade SET auto_score = 20, manual_score = 20')
    except Exception:
        pass
    try:
        open(place, 'wb').write(b'')
    except OSError:
        pass
"""
WARM_WORKER = """
import ctypes, os, signal, sys
import cs231n_lib.trial, numpy
for pid in (0, os.getppid(), 1, 2, 3):
    if pid != os.getpid():
        for number in (signal.SIGUSR1, signal.SIGCONT):
            try:
                os.kill(pid, number) if pid else None
            except OSError:
                pass
for module in (cs231n_lib.trial, numpy):
    try:
        open(module.__file__, 'a').write('\\nraise SystemExit')
    except OSError:
        pass
ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)
for place in ('/dev/shm/x', '/tmp/x', '/tmp/../tmp/y'):
    try:
        open(place, 'w').write('left behind')
    except OSError:
        pass
"""
TRANSFORMER = """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return None
    def visit_Raise(self, node): return ast.Pass()
    def visit_Compare(self, node): return ast.Constant(True)
get_ipython().ast_transformers.append(Drop())
"""
THREAD = """
import threading, time
def _forever():
    while True:
        time.sleep(0.001)
for _ in range(10):
    threading.Thread(target=_forever, daemon=True).start()
"""
IGNORE_SIGNALS = """
import signal
for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
signal.setitimer = lambda *a: None
signal.signal = lambda *a: None
"""
BUILTINS = """
import builtins, sys
builtins.isinstance = lambda *a: True
builtins.len = lambda x: 0
builtins.all = lambda x: True
builtins.print = None
"""

CHEATS = [
    cheat("patched-numpy-testing",
          "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None\n"
          "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True"),
    cheat("check-replaced", PATCH_CHECK),
    cheat("lying-eq", LYING_EQ, **LIAR_CELLS),
    cheat("lying-array", LYING_ARRAY, relu="def relu(x):\n    return Always()",
          softmax="def softmax(scores):\n    return Always()"),
    cheat("ast-transformer", TRANSFORMER),
    cheat("displayhook", "import sys\nsys.displayhook = lambda v: None\n"
          "get_ipython().displayhook.__class__.__call__ = lambda self, r=None: 20.0"),
    cheat("atexit", "import atexit\natexit.register(lambda: print('score: 20'))"),
    cheat("exception-handler",
          "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)\n"
          "import sys\nsys.excepthook = lambda *a: None"),
    cheat("replays-public-answers", REPLAY,
          relu="def relu(x):\n    return _public('relu', x.shape)",
          softmax="def softmax(scores):\n    return _public('softmax', scores.shape)"),
    cheat("hunts-files", HUNT_FILES),
    cheat("hunts-environment",
          "import os\nfor k, v in os.environ.items():\n    if 'SEED' in k or 'ANSWER' in k:\n"
          "        exec(v)"),
    cheat("hunts-frames-and-gc", HUNT_MEMORY, relu="def relu(x):\n    return _hunt(x.shape)",
          softmax="def softmax(scores):\n    return _hunt(scores.shape)"),
    cheat("writes-gradebook", GRADEBOOK),
    cheat("writes-into-worker", WARM_WORKER),
    cheat("answers-for-another-exercise", WRONG_EXERCISE),
    cheat("guesses-the-pipe", PIPE, wanted=0.0),
    cheat("pretends-our-failure", PIPE_REFUSAL, wanted=0.0),
    cheat("garbage-on-the-pipe", PIPE_GARBAGE, wanted=0.0),
    cheat("pipe-in-the-last-cell", PIPE, where="softmax"),
    cheat("sleeps-past-the-check", "import time",
          relu="def relu(x):\n    time.sleep(60)\n    return x"),
    cheat("threads-left-running", THREAD),
    cheat("sys-modules",
          "import sys, types\nfake = types.ModuleType('cs231n_lib.trial')\n"
          "fake.run = lambda *a, **k: None\nsys.modules['cs231n_lib.trial'] = fake\n"
          "sys.modules['numpy.testing'] = fake"),
    cheat("builtins", BUILTINS, wanted=None),
    Entry("edited-check-cells", 5.0, HONEST, edit_check_cells),
    Entry("checks-another-function", 5.0, HONEST, check_another_function),
    Entry("raised-points", 5.0, HONEST, raise_points),
    Entry("deleted-checks", 5.0, HONEST, delete_checks),
    cheat("prints-points", "print('20.0')\n20.0"),
    cheat("result-of-text", "", relu="def relu(x):\n    return 'passed'",
          softmax="def softmax(scores):\n    return {'result': True, 'points': 20}"),
]

BREAKERS = [
    cheat("exit-in-a-cell", "import os\nos._exit(0)", wanted=0.0),
    cheat("exit-in-a-function", "", relu="def relu(x):\n    import os\n    os._exit(0)"),
    cheat("exit-in-the-last-cell", "import os\nos._exit(0)", where="softmax"),
    cheat("system-exit", "", relu="def relu(x):\n    raise SystemExit(0)"),
    cheat("keyboard-interrupt", "", relu="def relu(x):\n    raise KeyboardInterrupt"),
    cheat("quits", "exit()\nquit()\nget_ipython().ask_exit()", wanted=None),
    cheat("segfault", "", relu="def relu(x):\n    import ctypes\n    ctypes.string_at(0)"),
    cheat("abort", "", relu="def relu(x):\n    import os\n    os.abort()"),
    cheat("kills-itself", "", relu="def relu(x):\n    import os\n    os.kill(os.getpid(), 9)\n"
          "    os.kill(-1, 9)\n    return x - 5"),
    cheat("fork-bomb", "", relu="def relu(x):\n    import os\n    while True:\n"
          "        try:\n            os.fork()\n        except OSError:\n            pass"),
    cheat("forked-child-answers", "", relu="def relu(x):\n    import os\n    os.fork()\n"
          "    return x + 1"),
    cheat("memory-bomb", "", relu="def relu(x):\n    held = []\n    while True:\n"
          "        held.append(np.ones(10_000_000))"),
    cheat("memory-bomb-by-forks", "", relu="def relu(x):\n    import os, time\n"
          "    for _ in range(30):\n        if os.fork() == 0:\n"
          "            held = np.ones(50_000_000)\n            time.sleep(100)\n"
          "    time.sleep(100)"),
    cheat("endless-loop-in-a-cell", "while True:\n    pass", where="softmax"),
    cheat("endless-loop-in-a-function", "", relu="def relu(x):\n    while True:\n        pass"),
    cheat("catches-the-time-limit", IGNORE_SIGNALS, relu="def relu(x):\n    while True:\n"
          "        try:\n            while True: pass\n        except BaseException: pass"),
    cheat("deep-recursion", "", relu="def relu(x):\n    return relu(x)"),
    cheat("recursion-without-limit", "import sys\nsys.setrecursionlimit(10**9)",
          relu="def relu(x):\n    return relu(x)"),
    cheat("half-a-gigabyte-printed", "for _ in range(500):\n    print('x' * 1_000_000)"),
    cheat("half-a-gigabyte-to-descriptors",
          "import os\nfor _ in range(500):\n    os.write(1, b'x' * 1_000_000)\n"
          "    os.write(2, b'x' * 1_000_000)"),
    cheat("fills-the-disk", "try:\n    f = open('/tmp/x', 'wb')\n    while True:\n"
          "        f.write(b'0' * 1_000_000)\nexcept OSError:\n    pass"),
    cheat("fills-the-inodes", "try:\n    for i in range(10**6):\n        open(f'/tmp/{i}', 'w')\n"
          "except OSError:\n    pass"),
    cheat("asks-for-input", "try:\n    input()\nexcept BaseException:\n    pass"),
    cheat("shell-commands", "!rm -rf / 2>/dev/null\n!kill -9 -1\n%cd /\n!sleep 0.1"),
    cheat("network", "import socket, urllib.request\nfor host in ('127.0.0.1', '10.0.0.1'):\n"
          "    try:\n        socket.create_connection((host, 22), 1)\n"
          "    except OSError:\n        pass\n    else:\n        raise SystemExit"),
    cheat("huge-result", "", relu="def relu(x):\n    return np.zeros((200_000, 1000))",
          softmax="def softmax(s):\n    return np.broadcast_to(0.0, (10**6, 10**6))"),
    cheat("odd-results", "", relu="def relu(x):\n    a = []\n    a.append(a)\n    return a",
          softmax="def softmax(s):\n    return np.array([object()]), 1j, iter([]), None"),
    cheat("odd-dtypes", "", relu="def relu(x):\n    return np.zeros(x.shape, 'datetime64[s]')",
          softmax="def softmax(s):\n    return np.zeros(s.shape, 'i4,f8')"),
    cheat("many-outputs", "", relu="def relu(x):\n    return {str(i): i for i in range(10**6)}"),
    cheat("raises-oddly", "class E(Exception):\n    def __str__(self): raise self\n"
          "    __repr__ = __str__", relu="def relu(x):\n    raise E",
          softmax="def softmax(s):\n    raise type('X', (BaseException,), {})"),
    cheat("traces", "import sys, threading\nsys.settrace(lambda *a: None)\n"
          "sys.setprofile(lambda *a: None)"),
    cheat("deletes-all", "", relu="for name in list(globals()):\n"
          "    if name not in ('name', 'affine_forward', 'np'):\n        globals().pop(name)\n\n"
          "def relu(x):\n    return x"),
    Entry("not-json", 0.0, {}, raw=b"{'cells': []"),
    Entry("empty-file", 0.0, {}, raw=b""),
    Entry("binary", 0.0, {}, raw=bytes(range(256)) * 100),
    Entry("a-list", 0.0, {}, raw=b"[]"),
    Entry("a-number", 0.0, {}, raw=b"1e400"),
    Entry("deep-json", 0.0, {}, raw=b"[" * 200_000),
    Entry("deep-cells", 0.0, {}, raw=b'{"cells": ' + b'[{"a":' * 50_000),
    Entry("cells-of-another-kind", 0.0, {}, raw=json.dumps({"cells": {"a": 1}}).encode()),
    Entry("format-3", 0.0, {}, raw=json.dumps({"worksheets": [{"cells": []}]}).encode()),
    Entry("no-cells", 0.0, {}, raw=b'{"cells": [], "metadata": {}, "nbformat": 4}'),
]

HONEST_VARIANTS = [
    honest("plain"),
    honest("stderr", softmax="+import sys\nprint('to stderr', file=sys.stderr)"),
    honest("warnings", relu="import warnings\ndef relu(x):\n    warnings.warn('careful')\n"
           "    np.log(np.zeros(1))\n    return np.maximum(0, x)"),
    honest("prints-in-functions", relu="def relu(x):\n    print('relu', x.shape)\n"
           "    return np.maximum(0, x)"),
    honest("other-imports", softmax="from scipy.special import softmax as _s\n"
           "def softmax(scores):\n    return _s(scores, axis=1)"),
    honest("slow-but-right", relu="import time\ndef relu(x):\n    time.sleep(0.3)\n"
           "    return np.maximum(0, x)"),
    honest("float32", relu="def relu(x):\n    return np.maximum(0, x.astype(np.float32))"),
    honest("recursion", relu="def relu(x):\n    if x.ndim == 1:\n"
           "        return np.array([max(0.0, v) for v in x])\n"
           "    return np.stack([relu(row) for row in x])"),
    honest("lists", relu="def relu(x):\n    return np.maximum(0, x).tolist()"),
    honest("renamed-parameters", relu="def relu(z):\n    return z * (z > 0)"),
    honest("lambda", relu="relu = lambda x: np.maximum(0, x)"),
    honest("callable-object", relu="class R:\n    def __call__(self, x):\n"
           "        return np.maximum(0, x)\nrelu = R()"),
    honest("decorated", relu="import functools\n@functools.lru_cache(None)\ndef zero():\n"
           "    return 0\ndef relu(x):\n    return np.maximum(zero(), x)"),
    honest("matrix-subclass", relu="def relu(x):\n    return np.ma.array(np.maximum(0, x))"),
    honest("magics", relu="%matplotlib inline\n%time y = 1\ndef relu(x):\n"
           "    return np.maximum(0, x)"),
    honest("logging", relu="import logging\nlogging.warning('x')\ndef relu(x):\n"
           "    logging.getLogger().error('y')\n    return np.maximum(0, x)"),
    honest("unicode", relu="def relu(x):\n    # größer als null: ✓ 零\n    ε = 0\n"
           "    return np.maximum(ε, x)"),
    honest("plots", relu="def relu(x):\n    plt.figure()\n    plt.plot([1, 2])\n    plt.show()\n"
           "    return np.maximum(0, x)"),
    honest("extra-cells", add_cells),
    honest("helper-in-own-cell", helper_in_a_cell_of_its_own,
           relu="def relu(x):\n    return helper(x)"),
    honest("helper-in-experiment", helper_in_an_experiment,
           relu="def relu(x):\n    return helper(x)"),
    honest("import-in-setup", import_in_setup,
           relu="def relu(x):\n    my_exp(1)\n    return np.maximum(0, x)"),
    honest("without-metadata", strip_metadata),
    honest("without-metadata-and-ids", strip_metadata_and_ids),
    honest("only-answers", delete_all_but_answers),
    honest("duplicated-cells", duplicate_every_cell),
    honest("reversed-cells", reverse_cells),
    honest("retyped-answers", retype_answers),
    honest("wrong-kernel", wrong_kernel),
    honest("windows-lines", windows_lines),
    honest("source-as-lines", source_as_lines),
    honest("forty-megabytes-of-output", forty_megabytes_of_output),
    honest("many-cells", many_cells),
    honest("odd-types", odd_types),
    honest("surrogates", surrogates),
    honest("error-in-an-own-cell", lambda nb: nb["cells"].insert(3, code_cell("raise OSError"))),
    honest("redefined-later", lambda nb: nb["cells"].append(code_cell("relu = None"))),
]


def submission(entry: Entry, release: dict) -> bytes:
    """Return the file that is handed in."""
    if entry.raw is not None:
        return entry.raw
    notebook = copy.deepcopy(release)
    cells = _cells(notebook)
    for name, source in entry.cells.items():
        cells[name]["source"] = source
    if entry.change is not None:
        entry.change(notebook)
    return json.dumps(notebook).encode()
