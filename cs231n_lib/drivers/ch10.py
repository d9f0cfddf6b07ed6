"""Drivers and summaries of chapter 10: searches that get a score function, random draws, a network.

The bank of `solutions/10_hyperparameter_tuning` names them; the chapter itself takes `rough_digits`
from here. The functions under test are given score and training functions that note each call.
Random results are judged by properties, told in words that no order of draws can change; the odds
of blaming a right answer stand beside each test.
"""

from __future__ import annotations

import copy
from collections import Counter
from types import SimpleNamespace

import numpy as np

from cs231n_lib.drivers import call_with, split

SPLITS = 150  # splits drawn from one generator to see that every row gets its turn


# ------------------------------------------------------------------ train_val_split


def train_val_split(functions, inputs, exercise):
    """Split once for a look at the rows, again with the same seed, then many times in a row."""
    function, rng = functions[exercise.name], inputs["rng"]
    state = copy.deepcopy(rng)

    def once(rng):
        return split(call_with(function, inputs | {"rng": rng}, exercise), exercise.returns)

    first, again = once(rng), once(state)
    more = [np.asarray(once(rng)["X_val"], dtype=float) for _ in range(SPLITS)]
    shapes = {m.shape for m in more}
    return first | {
        "again": again["X_val"],
        "more": np.stack(more) if len(shapes) == 1 else np.zeros((SPLITS, 0)),
    }


def split_summary(outputs, inputs):
    """Say in words what a split is like.

    A row stays out of all of 150 validation sets with probability at most (7/8)**150 = 2e-9 (the
    smallest fraction is 1/8), and out of all training sets (half at least) with 2**-150.
    """
    X, y = inputs["X"], inputs["y"]
    want_val = round(inputs["val_fraction"] * len(X))
    parts = {name: np.asarray(outputs[name]) for name in ("X_train", "y_train", "X_val", "y_val")}
    told = {name: f"of shape {array.shape}" for name, array in parts.items()}
    wanted = {"X_train": (len(X) - want_val, X.shape[1]), "X_val": (want_val, X.shape[1]),
              "y_train": (len(X) - want_val,), "y_val": (want_val,)}
    if any(parts[name].shape != shape for name, shape in wanted.items()):
        return told
    rows = np.concatenate([parts["X_train"], parts["X_val"]]).astype(float)
    labels = np.concatenate([parts["y_train"], parts["y_val"]]).astype(float)
    told["rows of X"] = _compare_rows(rows, X)
    if told["rows of X"] != "each one once":
        twice = any(_too_often(parts[name], X) for name in ("X_train", "X_val"))
        told["within one set"] = "a row comes twice" if twice else "each row comes once"
        return told
    both = np.column_stack([rows, labels])
    paired = _compare_rows(both, np.column_stack([X, y])) == "each one once"
    told["labels"] = "stay with their rows" if paired else "belong to other rows"
    told["rows that are ever held out"] = _ever_held_out(outputs["more"], X)
    same = np.array_equal(outputs["again"], parts["X_val"])
    told["the same seed again"] = "the same split" if same else "another split"
    return told


def _compare_rows(rows, X):
    """Compare two sets of rows, however they are ordered; float32 copies count as equal."""
    def ordered(table):
        table = np.asarray(table, dtype=np.float32)
        return table[np.lexsort(table.T[::-1])]

    if np.array_equal(ordered(rows), ordered(X)):
        return "each one once"
    known = {tuple(row) for row in np.asarray(X, np.float32)}
    inside = all(tuple(row) in known for row in np.asarray(rows, np.float32))
    return "some too often and some not at all" if inside else "not the rows of X"


def _too_often(rows, X):
    """Tell whether a row stands in `rows` more often than in X."""
    most = Counter(tuple(row) for row in np.asarray(X, np.float32))
    here = Counter(tuple(row) for row in np.asarray(rows, np.float32))
    return any(count > most[row] for row, count in here.items())


def _ever_held_out(more, X):
    if more.ndim != 3:
        return "sets of different sizes"
    held = {tuple(row) for row in more.reshape(-1, X.shape[1]).astype(np.float32)}
    rows = [tuple(row) for row in X.astype(np.float32)]
    seen = np.array([row in held for row in rows])
    if seen.all():
        return "all"
    count = more.shape[1]
    if seen[-count:].all() and seen.sum() == count:
        return "only the last ones"
    if seen[:count].all() and seen.sum() == count:
        return "only the first ones"
    return "the same few in every split" if seen.sum() == count else "some never"


# ------------------------------------------------------------------ can_overfit


def can_overfit(functions, inputs, exercise):
    """Ask once for each accuracy that the training function shall report; return the answers.

    Training on some of the rows, with their own labels, counts as training on X and y.
    """
    X, y, answers, given = inputs["X"], inputs["y"], {}, set()
    known = {(tuple(row), int(label)) for row, label in zip(X, y)}
    for accuracy in inputs["accuracies"]:

        def train_fn(X, y, accuracy=accuracy):
            given.add(_describe_training_set(X, y, known))
            return accuracy

        answer = functions[exercise.name](train_fn, X, y)
        if np.ndim(answer) == 0 and np.asarray(answer).dtype.kind in "iu":
            answer = bool(answer)  # 1 and 0 say the same
        answers[f"with training accuracy {accuracy:g}, the answer"] = answer
    return {"what train_fn was given": " or ".join(sorted(given)) or "nothing"} | answers


def _describe_training_set(X, y, known):
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or y.ndim != 1:
        return f"X of shape {X.shape} and y of shape {y.shape}"
    if len(X) != len(y) or len(y) == 0:
        return f"{len(X)} rows and {len(y)} labels"
    pairs = {(tuple(row), int(label)) for row, label in zip(X, y)}
    return "X and y" if pairs <= known else "rows with labels of others"


# ------------------------------------------------------------------ diagnose_loss_curve


def diagnose(functions, inputs, exercise):
    """Show each of the case's curves to the function; return its words by curve."""
    words = {}
    for name, losses in inputs["curves"].items():
        word = functions[exercise.name](losses)
        if not isinstance(word, str):
            raise TypeError(
                f"must return one of the texts 'too low', 'good', 'too high', 'diverged', got "
                f"{type(word).__name__}"
            )
        words[f"the word for a curve that {name}"] = word
    return words


# ------------------------------------------------------------------ log_uniform


def log_uniform(functions, inputs, exercise):
    """Draw from a seed, from the same seed again, and from another."""
    function, again = functions[exercise.name], copy.deepcopy(inputs["rng"])
    first = call_with(function, inputs, exercise)
    same = call_with(function, inputs | {"rng": again}, exercise)
    other = call_with(function, inputs | {"rng": inputs["other_rng"]}, exercise)
    return {"values": first, "same": same, "other": other}


def log_uniform_summary(outputs, inputs):
    """Say in words how the values are spread.

    Raises
    ------
    ValueError
        The shape is not (size,).
    """
    values, size = np.asarray(outputs["values"], dtype=float), inputs["size"]
    if values.shape != (size,):
        raise ValueError(
            f"the values must have shape (size,) = ({size},), got {values.shape}"
        )
    told = describe_draws(values, inputs["low"], inputs["high"])
    told["the same seed again"] = _same_or_not(outputs["values"], outputs["same"])
    told["another seed"] = _same_or_not(outputs["values"], outputs["other"])
    return told


def describe_draws(values, low, high) -> dict:
    """Say whether `values` lie between low and high, evenly on the log scale, one by one.

    Ten equal bins of the log scale hold n / 10 each, with a standard deviation of
    sqrt(0.09 n); 6.5 of those are exceeded by chance with odds of 8e-11 a bin. Neighbouring draws
    of n independent ones correlate by less than 6.5 / sqrt(n), with the same odds. With few
    draws only the range is told.
    """
    finite = np.isfinite(values)
    if not finite.all():
        return {"range": "not finite"}
    slack = 1 + 1e-6
    if (values < low / slack).any() or (values > high * slack).any():
        if (values <= 0).all():
            return {"range": "zero or negative"}
        below, above = (values < low / slack).mean(), (values > high * slack).mean()
        sides = {(True, True): "below low and above high", (True, False): "below low",
                 (False, True): "above high"}[below > 0, above > 0]
        share = "all" if below + above == 1 else "some"
        return {"range": f"{share} {sides}"}
    told = {"range": "between low and high"}
    count = len(values)
    if count < 500:
        return told
    place = np.log(values / low) / np.log(high / low)  # (n,), even between 0 and 1
    bins = np.histogram(place, bins=10, range=(-1e-6, 1 + 1e-6))[0]
    limit = 6.5 * np.sqrt(0.09 * count)
    if np.abs(bins - count / 10).max() <= limit:
        told["spread on the log scale"] = "even"
    else:
        upper, lower = bins[5:].sum() / count, bins[:5].sum() / count
        heavy = "crowded at the high end" if upper > 0.6 else "crowded at the low end"
        middle = bins[3:7].sum() / count > 0.5
        told["spread on the log scale"] = (
            heavy if max(upper, lower) > 0.6 else "crowded in the middle" if middle else "uneven"
        )
    distinct = len(np.unique(values)) / count
    told["different values"] = "nearly all" if distinct > 0.9 else "few"
    centred = place - place.mean()
    spread = (centred**2).sum()
    link = (centred[1:] * centred[:-1]).sum() / spread if spread > 0 else 1.0
    independent = abs(link) < 6.5 / np.sqrt(count)
    told["each value"] = "independent of the last" if independent else "follows the last"
    return told


def _same_or_not(first, second):
    return "the same values" if np.array_equal(first, second) else "other values"


# ------------------------------------------------------------------ searches


class Score:
    """A score function that notes the dicts that it is called with.

    The score is a sum over the parameters: of a weight for each listed value, or of a bump
    around a best value on the log scale. Higher is better.
    """

    def __init__(self, weights):
        self.weights, self.calls = dict(weights), []

    def __call__(self, params):
        if not isinstance(params, dict) or set(params) != set(self.weights):
            got = f"{sorted(params)}" if isinstance(params, dict) else f"a {type(params).__name__}"
            raise ValueError(f"score_fn wants a dict with {sorted(self.weights)}, got {got}")
        self.calls.append(dict(params))
        return self.of(params)

    def of(self, params):
        total = 0.0
        for name, weight in self.weights.items():
            value = params[name]
            if isinstance(weight, list):  # [[value, weight], ...]; else (best, slope)
                places = [i for i, (known, _) in enumerate(weight) if known == value]
                if len(places) != 1:
                    raise ValueError(f"score_fn was given {name} = {value!r}, which is not listed")
                total += weight[places[0]][1]
            else:
                size = float(np.asarray(value, dtype=float).reshape(()))
                if size > 0:
                    best, slope = weight
                    total -= slope * abs(np.log(size / best))
                else:
                    total -= 1000.0
        return total


def _pairs(result):
    """Return the dicts and the scores of a list of (params, score)."""
    if not isinstance(result, (list, tuple)):
        raise TypeError(f"must return a list of (params, score), got {type(result).__name__}")
    for pair in result:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], dict):
            raise TypeError(f"must return a list of pairs (params, score), got the entry {pair!r}")
    scores = [float(np.asarray(pair[1], dtype=float).reshape(())) for pair in result]
    return [pair[0] for pair in result], scores


def grid_search(functions, inputs, exercise):
    """Run the search on a table of scores; return each parameter's values in the list's order."""
    score_fn = Score(inputs["weights"])
    params, scores = _pairs(functions[exercise.name](score_fn, inputs["grid"]))
    if any(set(p) != set(inputs["grid"]) for p in params):
        raise TypeError("must return a dict with every name of the grid in each pair")
    told = {"calls of score_fn": len(score_fn.calls), "scores": scores}
    return told | {name: [p[name] for p in params] for name in inputs["grid"]}


def random_search(functions, inputs, exercise):
    """Run the search three times: from a seed, from the same seed again, from another."""
    again = copy.deepcopy(inputs["rng"])

    def search(rng, trials):
        score_fn = Score(inputs["weights"])
        result = functions[exercise.name](score_fn, inputs["space"], trials, rng)
        params, scores = _pairs(result)
        if any(set(p) != set(inputs["space"]) for p in params):
            raise TypeError("must return a dict with every name of the space in each pair")
        return score_fn, params, scores

    trials = inputs["num_trials"]
    score_fn, params, scores = search(inputs["rng"], trials)
    _, same, _ = search(again, trials)
    _, other, _ = search(inputs["other_rng"], trials)

    def table(dicts):
        rows = [[float(np.asarray(p[n]).reshape(())) for n in inputs["space"]] for p in dicts]
        return np.array(rows, dtype=float).reshape(len(dicts), len(inputs["space"]))

    return {"scores": np.array(scores), "values": table(params), "called": table(score_fn.calls),
            "same": table(same), "other": table(other)}


def random_summary(outputs, inputs):
    """Say in words what a random search did; scores are computed here again.

    Two parameters of n independent trials correlate by less than 6.5 / sqrt(n), but for odds of
    8e-11; for the rest see `describe_draws`.
    """
    scores, values, called = outputs["scores"], outputs["values"], outputs["called"]
    told = {"length of the list": len(scores), "calls of score_fn": len(called)}
    if len(scores) == 0 or values.shape[0] != len(scores):
        return told
    score, names = Score(inputs["weights"]), list(inputs["space"])
    wanted = np.array([score.of(dict(zip(names, row))) for row in values])
    fits = np.allclose(scores, wanted, rtol=1e-4, atol=1e-6)
    told["each score"] = "belongs to its params" if fits else "does not belong to its params"
    falls, rises = (np.diff(scores) <= 0).all(), (np.diff(scores) >= 0).all()
    if len(values) > 1:
        once = len(np.unique(values, axis=0)) == 1
        told["params in the list"] = "one and the same" if once else "several"
    told["order"] = "best first" if falls else "worst first" if rises else "not sorted"
    for name, column in zip(names, called.T):
        low, high = inputs["space"][name]
        told |= {f"{name}: {k}": v for k, v in describe_draws(column, low, high).items()}
    count = len(called)
    if len(names) > 1 and count >= 500 and (called > 0).all():
        logs = np.log(called)
        with np.errstate(invalid="ignore", divide="ignore"):
            link = np.abs(np.corrcoef(logs.T)[np.triu_indices(len(names), 1)]).max()
        apart = link < 6.5 / np.sqrt(count)
        told["the parameters of a trial"] = "drawn one by one" if apart else "move together"
    told["the same seed again"] = _same_or_not(values, outputs["same"])
    told["another seed"] = _same_or_not(values, outputs["other"])
    return told


# ------------------------------------------------------------------ near_border, refine


def near_border(functions, inputs, exercise):
    """Ask about each of the case's values; a question without a fraction leaves it out."""
    answers = {}
    for question in inputs["questions"]:
        answer = functions[exercise.name](*question)
        if np.ndim(answer) == 0 and np.asarray(answer).dtype.kind in "iu":
            answer = bool(answer)
        said = ", ".join(f"{number:.4g}" for number in question)
        answers[f"near_border({said})"] = answer
    return answers


def refine(functions, inputs, exercise):
    """Call once; every name's pair is one output."""
    result = call_with(functions[exercise.name], inputs, exercise)
    if not isinstance(result, dict):
        raise TypeError(
            f"must return a dict {{name: (lowest, highest)}}, got {type(result).__name__}"
        )
    return {f"{name}": pair for name, pair in result.items()}


# ------------------------------------------------------------------ best_network


def rough_digits(X, y, count, rng):
    """Make `count` new images of the digits X (M, 64): moved, mixed with another, and noisy.

    A fifth of them moves by up to one pixel each way; 15 % of another image shines through, and
    noise of std 0.2 lies on top. Pixels are multiples of 1/64 between 0 and 1.
    """
    rows = rng.integers(len(X), size=count)
    others = rng.integers(len(X), size=count)

    def moved(rows):
        padded = np.pad(X[rows].reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
        down, right = np.where(rng.random(count) < 0.2, rng.integers(3, size=(2, count)), 1)
        i = np.arange(8)
        places = np.arange(count)[:, None, None]
        return padded[places, (down[:, None] + i)[:, :, None], (right[:, None] + i)[:, None, :]]

    images = 0.85 * moved(rows) + 0.15 * moved(others) + rng.normal(0, 0.2, size=(count, 8, 8))
    return np.round(64 * images.clip(0, 1)).reshape(count, 64) / 64, y[rows]


def best_network(functions, inputs, exercise):
    """Train on the case's data, then ask for labels: all images, some one by one, all again.

    The true labels are not here: they stay with the judge.
    """
    names = ("X_train", "y_train", "X_val", "y_val")
    data = SimpleNamespace(**{name: inputs[name] for name in names})
    X = inputs["X_test"]

    def labels(predict, X):
        found = np.asarray(predict(X))
        if found.shape != (len(X),):
            raise TypeError(
                f"the predict that it returns must give one label a row, shape ({len(X)},), got "
                f"{found.shape}"
            )
        return found

    def train(rng):
        predict = functions[exercise.name](data, rng)
        if not callable(predict):
            raise TypeError(f"must return a function predict(X), got {type(predict).__name__}")
        return predict

    predict = train(inputs["rng"])
    told = {"labels": labels(predict, X)}
    told["alone"] = np.concatenate([labels(predict, X[i : i + 1]) for i in range(20)])
    told["asked again"] = labels(predict, X)
    if "same_rng" in inputs:
        told["same seed"] = labels(train(inputs["same_rng"]), X)
    return told


def network_summary(outputs, inputs):
    """Compare with the true labels `y_test`, which only the judge has.

    Labels may differ from one way of asking to another in 2 % of the images: rounding decides ties.
    """
    labels, truth = outputs["labels"], inputs["y_test"]

    def agree(name, with_labels):
        return np.mean(outputs[name] == with_labels) >= 0.98 if len(with_labels) > 50 else (
            np.mean(outputs[name] == with_labels) >= 0.94)

    right = np.mean(labels == truth)
    told = {"accuracy_on_unseen_images": right}
    if len(np.unique(labels)) == 1:
        told["the labels"] = "one and the same for every image"
    elif np.mean(labels == truth + 1) > max(0.5, right):
        told["the labels"] = "one too high"
    elif right < 0.25:
        told["the labels"] = "no better than guessing"
    else:
        told["the labels"] = "better than guessing"
    told["an image alone"] = (
        "gets the same label" if agree("alone", labels[:20]) else "gets another label"
    )
    told["asking again"] = (
        "gives the same labels" if agree("asked again", labels) else "gives other labels"
    )
    if "same seed" in outputs:
        told["training again with the same seed"] = (
            "gives the same labels" if agree("same seed", labels) else "gives other labels"
        )
    return told
