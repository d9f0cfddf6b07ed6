"""The gradient check, against functions whose derivatives are known in closed form."""

import numpy as np
import pytest

from cs231n_lib.gradcheck import gradient_report, network_report, relative_error
from cs231n_lib.nn import MLP


def test_a_right_gradient_passes(rng):
    x = rng.standard_normal((3, 4))
    report = gradient_report(lambda x: np.sum(np.sin(x)), x, np.cos(x))
    # error of the central difference: h**2 / 6 * |f'''| < 2e-11, beside gradients of order 1
    assert report.passed(1e-8)
    assert report.analytic.shape == report.numerical.shape == report.errors.shape == (12,)


def test_one_wrong_entry_is_found_and_shown_with_both_gradients(rng):
    x = rng.standard_normal((3, 4))
    wrong = 2 * x
    wrong[1, 2] = -wrong[1, 2]
    report = gradient_report(lambda x: np.sum(x**2), x, wrong)
    assert not report.passed()
    assert report.worst_index == (1, 2)
    assert f"{wrong[1, 2]:.4e}" in str(report) and f"{2 * x[1, 2]:.4e}" in str(report)
    assert "[1, 2]" in str(report)


def test_a_gradient_twice_too_large_has_relative_error_one_third():
    x = np.array([1.0, 2.0])
    report = gradient_report(lambda x: np.sum(x**2), x, 4 * x)  # |4x - 2x| / (4x + 2x)
    np.testing.assert_allclose(report.errors, 1 / 3, rtol=1e-6)


def test_nan_never_passes():
    report = gradient_report(lambda x: np.sum(x**2), np.ones(3), np.array([2.0, np.nan, 2.0]))
    assert not report.passed(np.inf)
    assert report.worst_index == (1,)


def test_a_gradient_of_zero_is_no_alarm_where_only_rounding_differs():
    f = lambda x: np.nextafter(1000, 2000) if x[0] > 0.3 else 1000.0  # noqa: E731  a last bit
    report = gradient_report(f, np.array([0.3]), np.zeros(1))
    assert report.numerical.any() and report.passed()


def test_x_is_unchanged_and_f_is_last_called_at_x(rng):
    x = rng.standard_normal(5)
    before, seen = x.copy(), []
    gradient_report(lambda x: seen.append(x.copy()) or np.sum(x**2), x, 2 * x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(seen[-1], before)


def test_an_analytic_array_that_f_overwrites_is_copied_first():
    x, shared = np.array([1.0, 2.0]), np.array([2.0, 4.0])

    def f(x):
        shared[:] = 0
        return np.sum(x**2)

    assert gradient_report(f, x, shared).passed()


def test_sampling_checks_as_many_entries_as_asked_without_repeats(rng):
    x = rng.standard_normal((20, 20))
    report = gradient_report(lambda x: np.sum(x**2), x, 2 * x, num_checks=15, rng=rng)
    assert len({tuple(i) for i in report.indices}) == 15


def test_a_scalar_point_can_be_checked():
    assert gradient_report(lambda x: float(x) ** 3, np.array(2.0), np.array(12.0)).passed()


def test_float32_wrong_shape_and_missing_rng_are_refused():
    with pytest.raises(ValueError, match="float64"):
        gradient_report(np.sum, np.ones(3, np.float32), np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        gradient_report(np.sum, np.ones((3, 1)), np.ones(3))
    with pytest.raises(ValueError, match="rng"):
        gradient_report(np.sum, np.ones(3), np.ones(3), num_checks=2)


def test_relative_error_is_the_largest_and_refuses_to_broadcast():
    assert relative_error([1.0, 1.0], [1.0, 3.0]) == pytest.approx(0.5)
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    with pytest.raises(ValueError, match="same shape"):
        relative_error(np.ones((3, 1)), np.ones(3))


def test_network_report_restores_parameters_and_catches_a_planted_fault(rng):
    model = MLP([6, 7, 3], norm="batch", activation="tanh", dropout_keep=0.7, rng=rng)
    X, y = rng.standard_normal((9, 6)), rng.integers(0, 3, 9)
    before = model.params.flat.copy()
    reports = network_report(model, X, y, 0.1, rng=rng)
    assert set(reports) == {"W1", "b1", "gamma1", "beta1", "W2", "b2"}
    assert all(report.passed() for report in reports.values())
    np.testing.assert_array_equal(model.params.flat, before)

    backward = model.layers["activation1"].backward
    model.layers["activation1"].backward = lambda dout: 1.01 * backward(dout)
    reports = network_report(model, X, y, 0.1, rng=rng)
    assert reports["W2"].passed() and not reports["W1"].passed()


@pytest.fixture
def rng():
    return np.random.default_rng(0)
