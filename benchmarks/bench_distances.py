"""Chapter 01's `l2_distances_no_loops` beside scikit-learn's `euclidean_distances`, in one run.

    python benchmarks/bench_distances.py [--threads 1 2] [--function FILE:NAME]

5,000 training rows, 500 test rows, 3,072 values each, float64. Memory is the peak of what each
call allocates, over the size of the result. The function is cut out of the chapter's source by
name, so that the chapter itself need not run.
"""

import ast
import statistics
import tracemalloc
from pathlib import Path

import numpy as np
from interleaved import arguments, median_ratio, pinned_threads, time_by_turns
from sklearn.metrics.pairwise import euclidean_distances

CHAPTER = Path(__file__).parents[1] / "solutions" / "01_knn" / "01_knn.py"
NUM_TEST, NUM_TRAIN, D = 500, 5000, 3072


def load_function(place):
    """Return the function named in "file.py:name", defined with NumPy as np and nothing else."""
    path, _, name = place.rpartition(":")
    for node in ast.parse(Path(path).read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            namespace = {"np": np}
            exec(compile(ast.Module([node], []), path, "exec"), namespace)
            return namespace[name]
    raise SystemExit(f"there is no function {name} at the top level of {path}")


def peak_over_result(function, *args):
    """Return the peak of the memory that a call allocates, divided by its result's size."""
    tracemalloc.start()
    result = function(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / result.nbytes


def main():
    parser = arguments(__doc__.splitlines()[0], rounds=15)
    parser.add_argument("--function", default=f"{CHAPTER}:l2_distances_no_loops")
    args = parser.parse_args()
    ours = load_function(args.function)
    rng = np.random.default_rng(0)
    X, X_train = rng.random((NUM_TEST, D)), rng.random((NUM_TRAIN, D))
    np.testing.assert_allclose(ours(X, X_train), euclidean_distances(X, X_train), rtol=1e-9)
    for threads in args.threads:
        with pinned_threads(threads):
            t = time_by_turns(
                {
                    "ours": lambda: ours(X, X_train),
                    "scikit-learn": lambda: euclidean_distances(X, X_train),
                },
                args.rounds,
                warmup=2,
            )
        milliseconds = {name: 1e3 * statistics.median(values) for name, values in t.items()}
        print(
            f"{threads} thread(s): ours {milliseconds['ours']:.0f} ms, scikit-learn "
            f"{milliseconds['scikit-learn']:.0f} ms, ratio "
            f"{median_ratio(t['scikit-learn'], t['ours']):.3f}"
        )
    print(
        f"peak memory over the result's: ours {peak_over_result(ours, X, X_train):.2f}, "
        f"scikit-learn {peak_over_result(euclidean_distances, X, X_train):.2f}"
    )


if __name__ == "__main__":
    main()
