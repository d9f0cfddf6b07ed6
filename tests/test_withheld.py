"""Tests of values that a case keeps for its summary: the labels of unseen images."""

import numpy as np
from conftest import chapter_named

from cs231n_lib import answers
from cs231n_lib.answers import Answers, Case, Exercise, Trial
from cs231n_lib.authoring import Withheld
from cs231n_lib.verdict import judge

CHAPTER = "10_hyperparameter_tuning"


def unseen_images():
    """Return one case's inputs as the bank draws them."""
    entry = chapter_named(CHAPTER).bank.entries["best_network"]
    return entry, entry.cases[0][1](np.random.default_rng(3))


def test_no_input_of_best_network_holds_the_labels_of_the_unseen_images():
    _, inputs = unseen_images()
    assert isinstance(inputs["y_test"], Withheld)
    sent = [v for v in inputs.values() if isinstance(v, np.ndarray) and v.ndim == 1]
    assert all(len(v) != len(inputs["X_test"]) for v in sent)


def test_labels_are_judged_against_the_withheld_ones_and_survive_the_file():
    entry, inputs = unseen_images()
    truth = inputs.pop("y_test").value
    case = Case("unseen", inputs, {"accuracy_on_unseen_images": np.asarray(0.78)},
                {"y_test": truth})
    exercise = Exercise("best_network", 3, (case,), summary=entry.record.summary,
                        bounds=entry.record.bounds)
    stored = Answers(CHAPTER, "edition", {"best_network": exercise})
    exercise = answers.from_bytes(answers.to_bytes(stored)).exercises["best_network"]
    np.testing.assert_array_equal(exercise.cases[0].withheld["y_test"], truth)

    def message(labels):
        outputs = {"labels": labels, "alone": labels[:20], "asked again": labels}
        return judge(exercise, [Trial("ok", outputs)]).message

    assert "accuracy on unseen images must be" not in message(truth)
    assert "accuracy on unseen images must be" in message(np.roll(truth, 1))
