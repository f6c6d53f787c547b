"""The predicted step response: its figures, and that they follow the process model."""

from __future__ import annotations

import json
import math

import pytest

from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.reference import (
    Sampling,
    TextbookPid,
    main,
    measure_step,
    simulate_step,
    step_response,
    temperature_model,
)


def test_figures_of_a_second_order_step() -> None:
    damping, omega = 0.5, 0.1
    damped = omega * math.sqrt(1.0 - damping**2)
    phase = math.acos(damping)
    times = [0.01 * i for i in range(1, 20_000)]
    values = [
        20.0 - 5.0 * (1.0 - math.exp(-damping * omega * t) / math.sin(phase) * math.sin(damped * t + phase))
        for t in times
    ]
    figures = measure_step(times, values, 20.0, 15.0)
    assert figures.overshoot == pytest.approx(
        math.exp(-math.pi * damping / math.sqrt(1 - damping**2)), rel=1e-3
    )
    assert figures.rise_s == pytest.approx(16.39, rel=0.01)  # 1.639 / omega at this damping
    assert figures.settling_s == pytest.approx(52.9, rel=0.01)
    assert figures.settled


def test_a_record_that_ends_too_early_is_refused() -> None:
    with pytest.raises(ValueError, match="90 %"):
        measure_step([1.0, 2.0], [0.1, 0.2], 0.0, 1.0)


def test_linear_model_is_the_slope_and_lag_of_the_process() -> None:
    """A small change of the valve: after the lag, temperature runs away with the slope."""
    parameters = BioreactorParameters(noise=0.0, drift=0.0)
    linear = temperature_model(parameters)
    opened, balanced = Bioreactor(parameters), Bioreactor(parameters)
    start = balanced.vessel.temperatures.balance_valve(balanced.vessel.heating, 0.0)
    times, differences = [], []
    opened.command("Jacket.Valve", start + 2.0)
    balanced.command("Jacket.Valve", start)
    for i in range(1500):
        opened.step(1.0)
        balanced.step(1.0)
        times.append(i + 1.0)
        differences.append(float(opened.values["Temp.PV"]) - float(balanced.values["Temp.PV"]))
    slope = (differences[-1] - differences[-300]) / (times[-1] - times[-300])
    assert slope == pytest.approx(2.0 * linear.slope_hot, rel=0.05)
    lag = times[-1] - differences[-1] / slope
    assert lag == pytest.approx(linear.lag_s + linear.probe_s, rel=0.15)


def test_prediction_does_not_depend_on_the_sampling_much() -> None:
    """The demo scans every 6 plant seconds at 60 times real time."""
    fine = step_response(TextbookPid(20.0, 1200.0, b=0.5), (37.0, 36.0))
    coarse = step_response(TextbookPid(20.0, 1200.0, b=0.5), (37.0, 36.0), sampling=Sampling(6.0))
    assert fine.settled
    assert coarse.rise_s == pytest.approx(fine.rise_s, rel=0.03)
    assert coarse.overshoot == pytest.approx(fine.overshoot, abs=0.01)
    assert coarse.settling_s == pytest.approx(fine.settling_s, rel=0.03)


def test_more_gain_is_faster_and_set_point_weight_overshoots_less() -> None:
    soft = step_response(TextbookPid(10.0, 1500.0, b=0.5), (37.0, 36.0), sampling=Sampling(5.0))
    firm = step_response(TextbookPid(30.0, 1500.0, b=0.5), (37.0, 36.0), sampling=Sampling(5.0))
    full = step_response(TextbookPid(30.0, 1500.0, b=1.0), (37.0, 36.0), sampling=Sampling(5.0))
    assert firm.rise_s < soft.rise_s
    assert firm.overshoot < full.overshoot


def test_the_loop_rests_before_the_step_and_ends_at_the_new_set_point() -> None:
    pid = TextbookPid(20.0, 1200.0, td_s=60.0, b=0.5)
    _, values = simulate_step(pid, (36.5, 37.0), 10_000.0, Sampling(5.0, delay_s=10.0))
    assert values[0] == pytest.approx(36.5, abs=0.01)
    assert values[-1] == pytest.approx(37.0, abs=0.01)


def test_derivative_and_integral_follow_the_law() -> None:
    pid = TextbookPid(2.0, 10.0, td_s=4.0, n=8.0, low=-100.0, high=100.0)
    pid.output(0.0, 1.0, 0.5)
    # I: 2 * 0.5 / 10 * (0 - 1) = -0.1 after the first sample; P: -2 * 1.5
    # D: -2 * 8 * 4 * 0.5 / (4 + 8 * 0.5) = -4
    assert pid.output(0.0, 1.5, 0.5) == pytest.approx(-0.1 - 3.0 - 4.0)


def test_windup_is_bounded() -> None:
    pid = TextbookPid(10.0, 20.0)
    for _ in range(1000):
        assert pid.output(100.0, 0.0, 1.0) == 100.0
    assert pid.output(100.0, 101.0, 1.0) < 100.0


def test_command_line_prints_the_prediction(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--kp", "20", "--ti", "1200", "--b", "0.5", "--from", "37", "--to", "36", "--period", "6"]
    assert main([*asked, "--parameters", '{"viable_cells": 1.0}']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {"rise_s", "overshoot", "settling_s", "settled"}
    assert figures["settled"] is True
