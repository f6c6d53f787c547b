"""The whole way on the simulated bioreactor's temperature: test, model, rule, and a better loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from control import signal as s
from control.relay_layout import RELAY_FINISHED, RELAY_RUNNING
from gateway.tuning.outcome import result_of
from simulators.jacket import Heating, Temperatures
from tests.unit.control.plant import Plant, answered, site

HEATING = Heating(jacket_kg=40.0, exchange_w_per_k=550.0, service_kg_per_s=0.05)
MASS_KG, HEAT_W, PROBE_S, SCAN_S = 200.0, 60.0, 15.0, 10.0
LOOP: dict[str, Any] = {
    "pv": "u/temp", "output": "u/valve", "kp": 5, "ti": "2 h", "sp": "37 degC", "safe_output": "50 %",
    "autotune": {"amplitude": "10 %", "hysteresis": "0.02 K", "max_deviation": "1 K", "timeout": "8 h"},
}  # fmt: skip


class Vessel:
    """The jacket's energy balance behind a probe, under a loop that is scanned each 10 s."""

    def __init__(self) -> None:
        tags: dict[str, dict[str, Any]] = {
            "temp": {"unit": "degC", "low": "0 degC", "high": "60 degC"},
            "valve": {"unit": "%", "access": "write", "low": "0 %", "high": "100 %"},
        }
        self.plant = Plant(site(tags, scan_period="10 s", loops={"l": LOOP}))
        self.process, self.probe = Temperatures(), 37.0
        self.follow(1)
        valve = self.process.balance_valve(HEATING, HEAT_W)
        self.plant.state.loops.integral[0] += valve - self.plant.state.loops.output[0]
        self.follow(600)

    def follow(self, scans: int) -> list[float]:
        """Let time pass; return the probe's values."""
        seen = []
        for _ in range(scans):
            self.plant.scan(step_ns=int(SCAN_S * 1e9), temp=self.probe)
            self.process.step(SCAN_S, HEATING, float(self.plant.state.loops.output[0]), MASS_KG, HEAT_W)
            self.probe += (self.process.vessel - self.probe) * (1 - np.exp(-SCAN_S / PROBE_S))
            seen.append(self.probe)
        self.plant.outputs.pop(1000)
        self.plant.reports.pop(10_000)
        return seen

    def recovery(self) -> float:
        """Return the mean error over two hours after a step of the set-point by half a degree."""
        self.plant.ask(s.SET_POINT, value=37.5)
        seen = self.follow(720)
        self.plant.ask(s.SET_POINT, value=37.0)
        self.follow(1500)
        return float(np.mean(np.abs(37.5 - np.array(seen))))


def test_a_relay_test_tunes_the_temperature_of_a_bioreactor() -> None:
    vessel = Vessel()
    before = vessel.recovery()
    assert answered(vessel.plant.ask(s.START_RELAY)) == 0
    row = vessel.plant.state.relays[0]
    seen: list[float] = []
    while row["state"] == RELAY_RUNNING:
        seen += vessel.follow(20)
    assert row["state"] == RELAY_FINISHED
    assert max(abs(pv - 37.0) for pv in seen) < 0.5
    result = result_of(row, speed=1.0)
    assert 0.0 < result["model"].delay_s < 300.0
    simc = result["proposals"]["simc-pi"]
    vessel.plant.ask(s.SET_TUNING, value=simc.kp, parameter=s.TUNE_KP)
    vessel.plant.ask(s.SET_TUNING, value=simc.ti_s, parameter=s.TUNE_TI)
    vessel.follow(600)
    after = vessel.recovery()
    assert after < 0.6 * before
    assert vessel.probe == pytest.approx(37.0, abs=0.01)
