"""The measuring scripts: their nearest neighbours are right, and no finished run is done twice."""

import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def reach(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import reach

    monkeypatch.setattr(reach, "STORE", tmp_path / "build" / "reach.json")
    monkeypatch.setattr(reach, "TABLE", tmp_path / "reach.md")
    return reach


def test_nearest_neighbours_vote_as_scikit_learn_does(reach):
    rng = np.random.default_rng(0)
    X, X_train, y_train = rng.random((60, 8)), rng.random((700, 8)), rng.integers(0, 4, 700)
    for k in (1, 3, 10):
        votes = reach.nearest_labels(X, X_train, y_train, k)
        expected = KNeighborsClassifier(k).fit(X_train, y_train).predict(X)
        assert reach.accuracy_of_vote(votes, expected) == 1.0


def test_a_finished_run_is_not_done_again_and_a_new_setting_is(reach, monkeypatch, capsys):
    command = ["reach.py", "--datasets", "digits", "--methods", "kNN"]
    monkeypatch.setattr(sys, "argv", command)
    reach.main()
    assert "seed 0: " in capsys.readouterr().out
    table = reach.TABLE.read_text()
    assert "| digits | kNN |" in table
    reach.main()
    assert "seed 0: " not in capsys.readouterr().out
    assert reach.TABLE.read_text() == table
    monkeypatch.setitem(reach.RECIPES, ("digits", "kNN"), reach.Neighbours(choices=(5,)))
    reach.main()
    assert "k = 5" in capsys.readouterr().out


def test_a_ratio_is_taken_within_each_round(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from interleaved import median_ratio, time_by_turns

    assert median_ratio([2.0, 30.0, 4.0], [1.0, 10.0, 4.0]) == 2.0
    calls = []
    times = time_by_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3, 0)
    assert "".join(calls) == "ababab" and len(times["a"]) == len(times["b"]) == 3


def test_a_function_is_cut_out_of_a_chapter_without_running_it(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from bench_distances import load_function, peak_over_result

    chapter = tmp_path / "chapter.py"
    chapter.write_text("raise SystemExit\ndef double(x):\n    return np.multiply(x, 2)\n")
    double = load_function(f"{chapter}:double")
    assert double(3) == 6
    assert peak_over_result(double, np.ones(100_000)) == pytest.approx(1, abs=0.01)
    with pytest.raises(SystemExit, match="no function triple"):
        load_function(f"{chapter}:triple")
