"""Time several functions by turns, so that all see the same machine in the same minute.

Used by the scripts beside it. A ratio is the median over rounds of (peer's time / our time) within
a round: above 1 ours is faster, and a slow second of the machine strikes both.
"""

import argparse
import statistics
import time
from contextlib import contextmanager


def time_by_turns(functions, rounds, warmup=5, calls=1, rest=0.0):
    """Return {name: [seconds in each round]} for functions called by turns, without arguments.

    Parameters
    ----------
    calls : int
        Calls in a turn; the turn's time is the median of the later three quarters.
    rest : float
        Seconds of rest before a turn. Idle threads of one library go on spinning for a while, and
        take the cores from the next one.
    """
    for _ in range(warmup):
        for function in functions.values():
            function()
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            time.sleep(rest)
            turn = []
            for _ in range(calls):
                start = time.perf_counter()
                function()
                turn.append(time.perf_counter() - start)
            seconds[name].append(statistics.median(turn[calls // 4 :]))
    return seconds


def median_ratio(slower, faster):
    """Return the median over rounds of slower / faster."""
    return statistics.median(a / b for a, b in zip(slower, faster))


@contextmanager
def pinned_threads(threads):
    """Give NumPy's BLAS and OpenMP, and PyTorch if it is there, this number of threads."""
    from threadpoolctl import threadpool_limits

    try:
        import torch
    except ImportError:
        torch = None
    before = torch.get_num_threads() if torch else None
    with threadpool_limits(threads):
        if torch:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def arguments(description, rounds):
    """Return a parser with the options that all scripts share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="thread counts to try")
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds of each comparison")
    return parser
