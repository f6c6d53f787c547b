"""Sums over loop performance: against plain scalars, against closed forms, and as they grow in a scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from control import signal as s
from control.kernels.performance import OSCILLATING, observe
from control.kernels.pid import TRACK_GOAL, TRACK_LAW
from control.performance_tables import build_performance
from control.state import Loops, Performance
from tests.unit.control.loop_plant import LOOP, running
from tests.unit.control.plant import Plant, site


@dataclass
class Book:
    """The same sums, as the text says them."""

    ti: float
    band: float
    low: float
    high: float
    time: float = 0.0
    lawful: float = 0.0
    saturated: float = 0.0
    absolute: float = 0.0
    square: float = 0.0
    travel: float = 0.0
    crossings: int = 0
    detections: float = 0.0
    lobe: float = 0.0
    u: float = 0.0

    def see(self, sp: float, y: float, u: float, h: float, law: bool) -> None:
        self.time += h
        self.travel += abs(u - self.u)
        self.u = u
        self.detections *= 1 - min(1.0, h / (50 * self.ti))
        if not law:
            self.lobe = 0.0
            return
        e = sp - y
        self.lawful += h
        self.saturated += h if not self.low < u < self.high else 0.0
        self.absolute += abs(e) * h
        self.square += e * e * h
        if e != 0 and self.lobe != 0 and (e > 0) != (self.lobe > 0):
            self.crossings += 1
            self.detections += abs(self.lobe) > self.band * self.ti / math.pi
            self.lobe = 0.0
        self.lobe += e * h


def columns(**loop: Any) -> tuple[Loops, Performance]:
    tags: dict[str, dict[str, Any]] = {
        "pv": {"low": 0, "high": 100},
        "out": {"access": "write", "low": 0, "high": 100},
    }
    plant = Plant(site(tags, loops={"l": LOOP | loop}))
    loops = plant.state.loops
    return loops, build_performance(plant.site, loops)


def give(
    loops: Loops, sums: Performance, sp: float, y: float, u: float, h: float, track: int = TRACK_LAW
) -> None:
    loops.sp[0], loops.y[0], loops.output[0], loops.track[0] = sp, y, u, track
    observe(sums, loops, 0, 1, h)


@pytest.mark.parametrize("action", ["reverse", "direct"])
def test_the_sums_are_those_of_the_text(action: str) -> None:
    loops, sums = columns(ti="3 s", action=action)
    book = Book(ti=3.0, band=1.0, low=0.0, high=100.0, u=float(loops.output[0]))
    random = np.random.default_rng(3)
    for n in range(3000):
        law = n % 700 < 600
        e = 6.0 * math.sin(n / 9.0) * (n // 900 % 2) + float(random.normal(0, 0.5))
        u = float(np.clip(random.normal(50, 40), 0, 100))
        h = float(random.uniform(0.05, 0.2))
        give(loops, sums, 50.0, 50.0 - e, u, h, TRACK_LAW if law else TRACK_GOAL)
        book.see(50.0, 50.0 - e, u, h, law)
    found = (sums.observed_s, sums.in_control_s, sums.saturated_s, sums.absolute_error, sums.square_error)
    told = (book.time, book.lawful, book.saturated, book.absolute, book.square)
    assert [float(column[0]) for column in found] == pytest.approx(told, rel=1e-9)
    assert sums.travel[0] == pytest.approx(book.travel)
    assert sums.crossings[0] == book.crossings > 50
    assert sums.detections[0] == pytest.approx(book.detections)


def test_a_sine_has_the_figures_of_a_sine() -> None:
    loops, sums = columns(ti="5 s")
    amplitude, period_s, h = 3.0, 8.0, 0.001
    for n in range(16_000):
        give(loops, sums, 50.0, 50.0 - amplitude * math.sin(2 * math.pi * n * h / period_s), 50.0, h)
    assert sums.absolute_error[0] / sums.in_control_s[0] == pytest.approx(2 * amplitude / math.pi, rel=1e-3)
    assert sums.square_error[0] / sums.in_control_s[0] == pytest.approx(amplitude**2 / 2, rel=1e-3)
    assert abs(sums.error[0]) < 0.01
    assert sums.crossings[0] == 3


@pytest.mark.parametrize(("of_the_limit", "seen"), [(1.05, True), (0.95, False)])
def test_an_oscillation_counts_from_the_amplitude_of_the_band(of_the_limit: float, seen: bool) -> None:
    """Half a wave a sin(w t) has the area 2 a / w: at w = 2 pi / Ti the limit is a = 1 % of the range."""
    loops, sums = columns(ti="5 s")
    h = 0.01
    for n in range(round(5.0 * 12 / h)):
        give(loops, sums, 50.0, 50.0 - of_the_limit * math.sin(2 * math.pi * n * h / 5.0), 50.0, h)
    assert (sums.detections[0] > OSCILLATING) == seen


def test_noise_is_no_oscillation_and_an_oscillation_is_forgotten() -> None:
    loops, sums = columns(ti="5 s")
    random = np.random.default_rng(1)
    for _ in range(5000):
        give(loops, sums, 50.0, 50.0 + float(random.normal(0, 0.5)), 50.0, 0.1)
    assert sums.detections[0] < 1.0
    sums.detections[0] = 40.0
    for _ in range(8000):
        give(loops, sums, 50.0, 50.0, 50.0, 0.1)
    assert sums.detections[0] < OSCILLATING


def test_without_integral_action_or_range_nothing_is_called_an_oscillation() -> None:
    loops, sums = columns(ti="0 s")
    for n in range(2000):
        give(loops, sums, 50.0, 50.0 - 30.0 * math.sin(n * 0.1), 50.0, 0.1)
    assert sums.crossings[0] > 50
    assert sums.detections[0] == 0.0


def test_the_scan_adds_every_execution() -> None:
    tested = running(period="500 ms")
    sums = tested.state.performance
    before = [float(column[0]) for column in sums]
    tested.scan(50, pv=45.0, trip=0.0)
    after = dict(zip(Performance._fields, (float(column[0]) for column in sums), strict=True))
    gained = {name: after[name] - b for name, b in zip(Performance._fields, before, strict=True)}
    assert gained["observed_s"] == gained["in_control_s"] == gained["normal_s"] == pytest.approx(5.0)
    assert gained["absolute_error"] == pytest.approx(25.0)
    assert gained["travel"] == pytest.approx(2 / 20 * 5.0 * 5.0, rel=0.01)
    tested.ask(s.SET_MODE, value=s.MODE_MANUAL)
    normal_s = float(sums.normal_s[0])
    tested.scan(50, pv=45.0, trip=0.0)
    assert sums.normal_s[0] == normal_s
    assert sums.absolute_error[0] == pytest.approx(after["absolute_error"], abs=2.6)
