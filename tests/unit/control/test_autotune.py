"""The relay experiment: published cycles, what is read off them, and when it ends without a result."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.relay_layout import ABORT_DEVIATION, ABORT_TIMEOUT, RELAY_ABORTED, RELAY_FINISHED
from gateway.tuning.identification import lag_of_gain, limit_cycle, model_of, ultimate_point
from gateway.tuning.model import Integrator, Lag
from tests.unit.control.relay_plant import relay, swing


@pytest.mark.parametrize(
    ("lags", "delay_s", "slope", "hysteresis", "amplitude", "period_s", "gain"),
    [
        ((1.0,), 1.0, 0.0, 0.0, 0.6321, 2.9798, 2.014),
        ((10.0,), 1.0, 0.0, 0.0, 0.09516, 3.8181, 13.38),
        ((1.0,) * 4, 0.0, 0.0, 0.0, 0.3242, 6.328, 3.928),
        ((1.0,) * 4, 0.0, 0.0, 0.05, 0.3718, 6.782, 3.456),
        ((1.0,), 0.5, 1.0, 0.0, 0.636, 5.00, 2.003),
    ],
)
def test_published_cycles(
    lags: tuple[float, ...], delay_s: float, slope: float, hysteresis: float,
    amplitude: float, period_s: float, gain: float,
) -> None:  # fmt: skip
    cycle = swing(relay(hysteresis=hysteresis), lags, delay_s, slope=slope)
    assert cycle.amplitude == pytest.approx(amplitude, rel=3e-3)
    assert cycle.period_s == pytest.approx(period_s, rel=3e-3)
    assert ultimate_point(cycle).gain == pytest.approx(gain, rel=3e-3)


@pytest.mark.parametrize(("lag_s", "period_s"), [(1.0, 2.9798), (10.0, 3.8181)])
def test_one_lag_and_delay_swing_as_the_closed_form_says(lag_s: float, period_s: float) -> None:
    exact = limit_cycle(Lag(1.0, lag_s, 1.0), 1.0)
    assert exact.period_s == pytest.approx(period_s, abs=5e-5)
    cycle = swing(relay(), (lag_s,), 1.0)
    assert (cycle.amplitude, cycle.period_s) == pytest.approx((exact.gain, exact.period_s), rel=1e-3)
    model = lag_of_gain(cycle, 1.0)
    assert (model.lag_s, model.delay_s) == pytest.approx((lag_s, 1.0), rel=0.01)


@settings(max_examples=25)
@given(
    lag_s=st.floats(0.5, 8.0),
    delay_s=st.floats(0.3, 1.5),
    gain=st.floats(0.3, 4.0),
    sign=st.sampled_from((1.0, -1.0)),
    load=st.floats(-0.02, 0.02),
    hysteresis=st.floats(0.0, 0.05),
)
def test_an_asymmetric_relay_gives_the_process_away(
    lag_s: float, delay_s: float, gain: float, sign: float, load: float, hysteresis: float
) -> None:
    rows = relay(up=1.0, down=1 / 1.5, hysteresis=hysteresis * gain)
    cycle = swing(
        rows, (lag_s,), delay_s, gain=gain, sign=sign, load=load * gain * delay_s / (delay_s + lag_s), h=0.001
    )
    assert rows["state"][0] == RELAY_FINISHED
    model = model_of(cycle)
    if isinstance(model, Integrator):
        assert lag_s > 8.0 * delay_s
        assert model.slope == pytest.approx(gain / lag_s, rel=0.03)
        assert model.delay_s == pytest.approx(delay_s, rel=0.08)
        return
    assert model.gain == pytest.approx(gain, rel=0.03)
    assert model.lag_s == pytest.approx(lag_s, rel=0.04)
    assert model.delay_s == pytest.approx(delay_s, rel=0.02, abs=0.003)


def test_an_integrator_is_known_by_its_slope() -> None:
    model = model_of(swing(relay(down=0.5), (), 0.8, slope=0.25))
    assert isinstance(model, Integrator)
    assert model.slope == pytest.approx(0.25, rel=0.01)
    assert model.delay_s == pytest.approx(0.8, rel=0.01)


def test_leaving_the_deviation_ends_it() -> None:
    rows = relay(max_deviation=0.5)
    swing(rows, (1.0,), 1.0)
    assert (rows["state"][0], rows["cause"][0]) == (RELAY_ABORTED, ABORT_DEVIATION)


def test_a_process_that_never_answers_ends_it_in_time() -> None:
    rows = relay(timeout_s=3.0)
    swing(rows, (1.0,), 1.0, gain=1e-9, load=-1.0)
    assert (rows["state"][0], rows["cause"][0]) == (RELAY_ABORTED, ABORT_TIMEOUT)
    assert rows["elapsed_s"][0] == pytest.approx(3.0, abs=0.01)


def test_cycles_that_differ_do_not_count() -> None:
    """A slow process on its way to another rest: early cycles drift, and are left out."""
    rows = relay(down=1 / 1.5, hysteresis=0.002)
    cycle = swing(rows, (20.0,), 1.0, load=0.5, h=0.005)
    assert rows["state"][0] == RELAY_FINISHED
    assert rows["elapsed_s"][0] > 5 * cycle.period_s
