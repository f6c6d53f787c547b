"""The rules against their authors' numbers."""

from __future__ import annotations

import pytest

from gateway.tuning import rules
from gateway.tuning.identification import integrator, lag_of_gain, ultimate_point
from gateway.tuning.model import Cycle, Integrator, Lag, Ultimate, Unidentified


def test_simc() -> None:
    """Skogestad's cases: first order with lag 1 and 8, and integrating, each with delay 1."""
    assert rules.simc(Lag(1.0, 1.0, 1.0)) == rules.Settings(0.5, 1.0)
    assert rules.simc(Lag(1.0, 8.0, 1.0)) == rules.Settings(4.0, 8.0)
    assert rules.simc(Lag(1.0, 20.0, 1.0)) == rules.Settings(10.0, 8.0)
    assert rules.simc(Integrator(1.0, 1.0)) == rules.Settings(0.5, 8.0)
    assert rules.simc(Lag(2.0, 8.0, 1.0), closed_s=3.0) == rules.Settings(1.0, 8.0)


def test_simc_of_a_pure_delay_is_integral_action() -> None:
    settings = rules.simc(Lag(1.0, 0.0, 1.0))
    assert settings.kp / settings.ti_s == pytest.approx(0.5)
    assert settings.kp < 0.001


def test_simc_with_two_lags_is_its_series_form_converted() -> None:
    """E4, 1/(s+1)^4: Kc 0.5, Ti 1.5, Td 1 in series form."""
    settings = rules.simc_second_order(1.0, 1.5, 1.0, 1.5)
    assert (settings.kp, settings.ti_s, settings.td_s) == pytest.approx((0.5 * (1 + 1 / 1.5), 2.5, 0.6))


@pytest.mark.parametrize(
    ("delay", "lag", "pi", "pid", "weight"),
    [
        (0.075, 1.04, (4.13, 0.539), (6.44, 0.361, 0.0367), 0.0),
        (1.42, 2.90, (0.414, 2.66), (1.12, 2.40, 0.619), 0.0),
        (1.01, 0.0932, (0.175, 0.367), (0.242, 0.474, 0.119), 1.0),
    ],
)
def test_amigo(
    delay: float, lag: float, pi: tuple[float, ...], pid: tuple[float, ...], weight: float
) -> None:
    """The three processes of Astrom and Hagglund's book."""
    model = Lag(1.0, lag, delay)
    found = rules.amigo_pi(model)
    assert (found.kp, found.ti_s) == pytest.approx(pi, rel=0.005)
    found = rules.amigo_pid(model)
    assert (found.kp, found.ti_s, found.td_s) == pytest.approx(pid, rel=0.005)
    assert found.b == weight


def test_amigo_of_an_integrator_is_its_limit() -> None:
    slow = Lag(1e6, 1e6, 2.0)
    settings = rules.amigo_pi(Integrator(1.0, 2.0))
    assert (settings.kp, settings.ti_s) == pytest.approx((0.175, 26.8))
    limit = rules.amigo_pi(slow)
    assert (limit.kp, limit.ti_s) == pytest.approx((settings.kp, settings.ti_s), rel=0.01)
    limit = rules.amigo_pid(slow)
    settings = rules.amigo_pid(Integrator(1.0, 2.0))
    assert (limit.kp, limit.ti_s, limit.td_s) == pytest.approx((0.225, 16.0, 1.0), rel=1e-3)
    assert (settings.kp, settings.ti_s, settings.td_s) == (0.225, 16.0, 1.0)


def test_lambda() -> None:
    assert rules.lambda_pi(Lag(2.0, 10.0, 2.0)) == rules.Settings(10 / (2 * 12), 10.0)
    assert rules.lambda_pi(Lag(2.0, 10.0, 2.0), factor=3.0) == rules.Settings(10 / (2 * 32), 10.0)
    pid = rules.lambda_pid(Lag(2.0, 10.0, 2.0))
    assert (pid.kp, pid.ti_s, pid.td_s) == pytest.approx((11 / (2 * 11), 11.0, 20 / 22))


def test_rules_of_the_ultimate_point() -> None:
    point = Ultimate(4.0, 6.0)
    assert rules.ziegler_nichols(point, derivative=False) == rules.Settings(1.8, 5.0)
    assert rules.ziegler_nichols(point, derivative=True) == rules.Settings(2.4, 3.0, 0.75)
    assert rules.tyreus_luyben(point, derivative=False) == rules.Settings(1.25, 13.200000000000001)
    assert rules.tyreus_luyben(point, derivative=True).td_s == pytest.approx(6 / 6.3)


def test_every_rule_gives_settings_that_a_loop_can_have() -> None:
    for model in (Lag(0.5, 100.0, 3.0), Lag(5.0, 0.1, 3.0), Integrator(0.01, 30.0)):
        for settings in rules.by_rule(model, Ultimate(4.0, 6.0)).values():
            assert settings.kp > 0.0
            assert settings.ti_s > 0.0
            assert 0.0 <= settings.td_s < settings.ti_s
            assert 0.0 <= settings.b <= 1.0


def test_a_swing_within_the_hysteresis_says_nothing() -> None:
    cycle = Cycle(1.0, 1.0, 0.1, 1.0, 1.0, 0.1, -0.1)
    for judge in (ultimate_point, integrator):
        with pytest.raises(Unidentified, match="hysteresis"):
            judge(cycle)
    with pytest.raises(Unidentified, match="gain"):
        lag_of_gain(Cycle(1.0, 1.0, 0.1, 1.0, 1.0, 0.5, -0.5), 0.2)
