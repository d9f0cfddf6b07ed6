"""Chapter 08's rules and schedules against PyTorch's, 50 steps each, with what differs by name.

Needs the extra `torch` (torch==2.13.0, CPU); skipped, visibly, without it. No counterpart exists
for `inverse_time_decay` and `newton_step`: closed forms stand in.
"""

import math

import numpy as np
import pytest
from conftest import chapter_named

torch = pytest.importorskip("torch", reason="PyTorch is absent: pip install torch==2.13.0")

STEPS = 50
# 50 steps of float64 in another order of operations: 1e-16 each, grown by the curvatures.
CLOSE = dict(rtol=0, atol=1e-11)


@pytest.fixture(scope="module")
def chapter():
    """The reference functions of the chapter, by name."""
    return chapter_named("08_optimizers").namespace()


class Bowl:
    """A loss with curvatures from 0.01 to 10, turned at random, and noise in its gradient."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        axes, _ = np.linalg.qr(rng.standard_normal((6, 6)))
        self.H = (axes * np.geomspace(0.01, 10, 6)) @ axes.T
        self.start = rng.standard_normal(6)
        self.noise = rng.standard_normal((STEPS, 6))

    def gradient(self, w, step):
        return self.H @ w + 0.3 * self.noise[step]


def our_path(rule, bowl, rates=None, **settings):
    """Return all places, shape (STEPS, 6), cold start; `rates` overrides the rate step by step."""
    w, config, path = bowl.start, dict(settings), []
    for step in range(STEPS):
        if rates is not None:
            config["learning_rate"] = rates[step]
        w, config = rule(w, bowl.gradient(w, step), config)
        path.append(w)
    return np.array(path)


def torch_path(make, bowl, rates=None):
    """Follow `make([parameter])`, an optimizer of PyTorch, on the same gradients."""
    w = torch.tensor(bowl.start.copy(), requires_grad=True)
    optimizer, path = make([w]), []
    for step in range(STEPS):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[step]
        w.grad = torch.tensor(bowl.gradient(w.detach().numpy(), step))
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


O = torch.optim
SAME = {
    # name: (rule, settings, PyTorch's optimizer)
    "sgd": ("sgd", dict(learning_rate=0.05), lambda p: O.SGD(p, 0.05)),
    "sgd, default rate": ("sgd", {}, lambda p: O.SGD(p, 1e-2)),
    "momentum": (
        "momentum", dict(learning_rate=0.02), lambda p: O.SGD(p, 0.02, momentum=0.9),
    ),
    "momentum 0.6": (
        "momentum", dict(learning_rate=0.02, momentum=0.6),
        lambda p: O.SGD(p, 0.02, momentum=0.6),
    ),
    "nesterov": (
        "nesterov", dict(learning_rate=0.02),
        lambda p: O.SGD(p, 0.02, momentum=0.9, nesterov=True),
    ),
    "nesterov 0.6": (
        "nesterov", dict(learning_rate=0.02, momentum=0.6),
        lambda p: O.SGD(p, 0.02, momentum=0.6, nesterov=True),
    ),
    # PyTorch's default epsilon is 1e-10; given the same one, the rules are the same.
    "adagrad": (
        "adagrad", dict(learning_rate=0.1), lambda p: O.Adagrad(p, 0.1, eps=1e-8),
    ),
    "adagrad, epsilon 0.5": (
        "adagrad", dict(learning_rate=0.1, epsilon=0.5), lambda p: O.Adagrad(p, 0.1, eps=0.5),
    ),
    # PyTorch calls decay_rate alpha; epsilon outside the root in both (TensorFlow: inside).
    "rmsprop": ("rmsprop", dict(learning_rate=0.01), lambda p: O.RMSprop(p, 0.01)),
    "rmsprop, other settings": (
        "rmsprop", dict(learning_rate=0.01, decay_rate=0.8, epsilon=0.5),
        lambda p: O.RMSprop(p, 0.01, alpha=0.8, eps=0.5),
    ),
    "adam": ("adam", dict(learning_rate=0.05), lambda p: O.Adam(p, 0.05)),
    "adam, other settings": (
        "adam", dict(learning_rate=0.05, beta1=0.7, beta2=0.9, epsilon=0.5),
        lambda p: O.Adam(p, 0.05, betas=(0.7, 0.9), eps=0.5),
    ),
    "adamw": ("adamw", dict(learning_rate=0.05), lambda p: O.AdamW(p, 0.05)),
    "adamw, other settings": (
        "adamw",
        dict(learning_rate=0.05, weight_decay=0.3, beta1=0.7, beta2=0.9, epsilon=0.5),
        lambda p: O.AdamW(p, 0.05, betas=(0.7, 0.9), eps=0.5, weight_decay=0.3),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_fifty_steps_lead_where_pytorch_goes(chapter, name):
    rule, settings, make = SAME[name]
    bowl = Bowl()
    ours, theirs = our_path(chapter[rule], bowl, **settings), torch_path(make, bowl)
    assert np.abs(ours[-1] - bowl.start).max() > 0.1  # it did move
    np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("name", SAME)
def test_the_comparison_sees_a_setting_that_is_off_by_a_hundredth(chapter, name):
    rule, settings, make = SAME[name]
    bowl = Bowl()
    off = settings | {"learning_rate": 1.01 * settings.get("learning_rate", 1e-2)}
    difference = np.abs(our_path(chapter[rule], bowl, **off) - torch_path(make, bowl)).max()
    assert difference > 1e6 * CLOSE["atol"]


def test_gradients_near_epsilon_agree_too(chapter):
    bowl = Bowl()
    bowl.H, bowl.noise = 1e-8 * bowl.H, 1e-8 * bowl.noise
    for rule, make in (
        ("adagrad", lambda p: O.Adagrad(p, 0.05, eps=1e-8)),
        ("rmsprop", lambda p: O.RMSprop(p, 0.05)),
        ("adam", lambda p: O.Adam(p, 0.05)),
        ("adamw", lambda p: O.AdamW(p, 0.05)),
    ):
        ours = our_path(chapter[rule], bowl, learning_rate=0.05)
        np.testing.assert_allclose(ours, torch_path(make, bowl), rtol=0, atol=1e-9, err_msg=rule)


def test_our_velocity_holds_the_learning_rate_and_pytorchs_does_not(chapter):
    """So the two part when the rate changes on the way, by a known amount."""
    bowl = Bowl()
    rates = [0.02] * 25 + [0.002] * 25

    def make(p):
        return O.SGD(p, 0.02, momentum=0.9)

    ours, theirs = our_path(chapter["momentum"], bowl, rates), torch_path(make, bowl, rates)
    np.testing.assert_allclose(ours[:25], theirs[:25], **CLOSE)
    # v = mu v - lr dw and lr b = lr (mu b + dw): after the change ours keeps the old, ten times
    # larger share of the velocity.
    before = ours[24] - ours[23]
    np.testing.assert_allclose(ours[25] - theirs[25], 0.9 * before * (1 - 0.1), **CLOSE)
    assert np.abs(ours[25] - theirs[25]).max() > 1e-3


def test_nesterov_here_and_in_pytorch_is_the_two_place_formula_at_the_look_ahead(chapter):
    bowl, mu, lr = Bowl(), 0.9, 0.02
    w, v, ahead = bowl.start, np.zeros(6), []
    for step in range(STEPS):
        v = mu * v - lr * bowl.gradient(w + mu * v, step)
        w = w + v
        ahead.append(w + mu * v)
    ours = our_path(chapter["nesterov"], bowl, learning_rate=lr)
    np.testing.assert_allclose(ours, ahead, **CLOSE)


def test_adagrads_epsilon_is_larger_than_pytorchs_default(chapter):
    bowl = Bowl()
    bowl.H, bowl.noise = 1e-8 * bowl.H, 1e-8 * bowl.noise
    ours = our_path(chapter["adagrad"], bowl, learning_rate=0.05)
    theirs = torch_path(lambda p: O.Adagrad(p, 0.05), bowl)
    assert np.abs(ours - theirs).max() > 1e-2
    same = our_path(chapter["adagrad"], bowl, learning_rate=0.05, epsilon=1e-10)
    np.testing.assert_allclose(same, theirs, rtol=0, atol=1e-9)


def test_pytorchs_adam_with_weight_decay_is_the_l2_penalty_and_not_adamw(chapter):
    bowl, decay = Bowl(), 0.3

    def penalised(w, dw, config):
        return chapter["adam"](w, dw + decay * w, config)

    theirs = torch_path(lambda p: O.Adam(p, 0.05, weight_decay=decay), bowl)
    np.testing.assert_allclose(our_path(penalised, bowl, learning_rate=0.05), theirs, **CLOSE)
    decoupled = our_path(chapter["adamw"], bowl, learning_rate=0.05, weight_decay=decay)
    assert np.abs(decoupled - theirs).max() > 1e-2


SCHEDULES = {
    "step": (
        lambda c, t: c["step_decay"](0.3, t, factor=0.7, every=8),
        lambda o: O.lr_scheduler.StepLR(o, step_size=8, gamma=0.7),
    ),
    # PyTorch's gamma is exp(-k).
    "exponential": (
        lambda c, t: c["exponential_decay"](0.3, t, k=0.05),
        lambda o: O.lr_scheduler.ExponentialLR(o, gamma=math.exp(-0.05)),
    ),
    # PyTorch goes up again after T_max, ours is not defined there.
    "cosine": (
        lambda c, t: c["cosine_decay"](0.3, t, total=50),
        lambda o: O.lr_scheduler.CosineAnnealingLR(o, T_max=50),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_fifty_rates_of_a_schedule_are_those_of_pytorch(chapter, name):
    ours, make = SCHEDULES[name]
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], 0.3)
    schedule = make(optimizer)
    for t in range(STEPS + 1):
        assert ours(chapter, t) == pytest.approx(schedule.get_last_lr()[0], rel=1e-9, abs=1e-12)
        optimizer.step()
        schedule.step()


def test_inverse_time_decay_in_closed_form(chapter):
    decay = chapter["inverse_time_decay"]
    assert [decay(0.6, t, k=0.5) for t in (0, 2, 4, 10)] == pytest.approx([0.6, 0.3, 0.2, 0.1])


def test_one_newton_step_reaches_the_bottom_of_a_quadratic(chapter):
    bowl, bottom = Bowl(), np.arange(6.0)
    reached = chapter["newton_step"](bowl.start, bowl.H @ (bowl.start - bottom), bowl.H)
    np.testing.assert_allclose(reached, bottom, atol=1e-10)
