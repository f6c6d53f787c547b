"""Sensor faults change what is shown, never what is."""

from __future__ import annotations

import statistics

import pytest

from simulators.sensor_faults import SensorFault, SensorFaultKind, SensorFaults
from simulators.signals import Kind, Signal

SIGNALS = {
    "t": Signal("t", Kind.FLOAT64, "degC", 0, 60),
    "sp": Signal("sp", Kind.FLOAT64, "degC", 0, 60, writable=True),
    "count": Signal("count", Kind.UINT32),
    "state": Signal("state", Kind.UINT16),
    "humidity": Signal("humidity", Kind.UINT16, "%", 0, 100),
}


def faults(kind: SensorFaultKind, amount: float | None = None) -> SensorFaults:
    made = SensorFaults(SIGNALS, 1)
    made.set("t", SensorFault(kind, amount))
    return made


def test_stuck_holds_the_value_of_its_start_or_a_given_one() -> None:
    stuck = faults(SensorFaultKind.STUCK)
    assert [stuck.overlay({"t": t}, 1.0)["t"] for t in (37.0, 38.0, 39.0)] == [37.0] * 3
    assert faults(SensorFaultKind.STUCK, 12.0).overlay({"t": 37.0}, 1.0) == {"t": 12.0}


def test_bias_and_drift() -> None:
    assert faults(SensorFaultKind.BIAS, -0.5).overlay({"t": 37.0}, 1.0) == {"t": 36.5}
    drifting = faults(SensorFaultKind.DRIFT, 2.0)
    assert [drifting.overlay({"t": 37.0}, 1800.0)["t"] for _ in range(3)] == pytest.approx([38.0, 39.0, 40.0])


def test_noise_has_the_deviation_asked_for() -> None:
    noisy = faults(SensorFaultKind.NOISE, 0.3)
    shown = [float(noisy.overlay({"t": 37.0}, 0.1)["t"] or 0.0) for _ in range(2000)]
    assert statistics.stdev(shown) == pytest.approx(0.3, rel=0.1)
    assert statistics.fmean(shown) == pytest.approx(37.0, abs=0.05)


def test_failed_shows_nothing_and_clear_mends() -> None:
    failed = faults(SensorFaultKind.FAIL)
    assert failed.overlay({"t": 37.0}, 1.0) == {"t": None}
    failed.set("humidity", SensorFault(SensorFaultKind.BIAS, 5.0))
    failed.clear("t")
    assert failed.overlay({"t": 37.0, "humidity": 45.0}, 1.0) == {"humidity": 50.0}
    failed.clear()
    assert failed.overlay({"t": 37.0}, 1.0) == {}


@pytest.mark.parametrize("name", ["sp", "count", "state", "nothing"])
def test_only_measured_signals_have_sensors(name: str) -> None:
    with pytest.raises(ValueError, match="not a measured signal"):
        faults(SensorFaultKind.FAIL).set(name, SensorFault(SensorFaultKind.FAIL))


def test_an_amount_is_asked_for() -> None:
    with pytest.raises(ValueError, match="needs an amount"):
        faults(SensorFaultKind.BIAS)
