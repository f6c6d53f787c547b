"""The clean rooms: pressure cascade, particles, fans and doors."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from simulators.air import DESIGN, poisson, step_cascade
from simulators.environment import Environment, EnvironmentParameters
from simulators.environment_signals import ROOMS
from simulators.model import DisturbanceError

CALM = {"doors_per_h": 0.0, "bursts_per_h": 0.0, "noise": 0.0}
# EU GMP Annex 1, particles per m3 in operation: >= 0.5 um and >= 5 um (D is not predetermined)
LIMITS = {"A": (3_520, 29), "B": (352_000, 2_930), "C": (3_520_000, 29_300)}


def suite(**parameters: float) -> Environment:
    return Environment(EnvironmentParameters.model_validate({**CALM, **parameters}))


def run(model: Environment, seconds: float, step_s: float = 1.0) -> None:
    for _ in range(round(seconds / step_s)):
        model.step(step_s)


def number(model: Environment, name: str) -> float:
    return float(model.values[name])


def flag(model: Environment, name: str) -> bool:
    return bool(model.values[name])


def test_cascade_stands_at_its_design() -> None:
    model = suite()
    run(model, 300.0)
    assert [number(model, f"{room}.Pressure") for room in ROOMS] == pytest.approx(
        [60.0, 45.0, 30.0, 15.0], abs=0.1
    )
    assert [number(model, f"{room}.Differential") for room in ROOMS] == pytest.approx([15.0] * 4, abs=0.1)


def test_an_open_door_breaks_the_cascade_and_it_recovers() -> None:
    model = suite()
    model.disturb("door_open", {"room": "B", "seconds": 20})
    run(model, 15.0)
    assert flag(model, "Door.B.Open")
    assert number(model, "B.Differential") < 3.0
    assert number(model, "A.Differential") == pytest.approx(15.0, abs=8.0)
    run(model, 120.0)
    assert not flag(model, "Door.B.Open")
    assert number(model, "B.Differential") == pytest.approx(15.0, abs=0.2)


def test_fans_move_the_pressure() -> None:
    model = suite()
    model.command("B.FanCommand", 80.0)
    run(model, 120.0)
    assert number(model, "B.FanSpeed") == pytest.approx(80.0, abs=0.1)
    # 10 % of a supply of 40 at 70 %, through a gap that conducts 1 per Pa
    assert number(model, "B.Differential") == pytest.approx(15.0 + 10.0 * 40.0 / 70.0, abs=0.2)
    assert number(model, "B.AirChanges") == pytest.approx(40.0 * 80.0 / 70.0, rel=0.01)
    model.command("B.FanCommand", 0.0)
    run(model, 120.0)
    assert model.values["B.FanRunning"] is False
    assert number(model, "B.Pressure") < 0.0


def test_safe_fans_keep_running() -> None:
    model = suite()
    model.command("A.FanCommand", 10.0)
    run(model, 60.0)
    model.set_safe(True)
    run(model, 120.0)
    assert all(number(model, f"{room}.FanSpeed") == pytest.approx(80.0, abs=0.1) for room in ROOMS)
    assert all(number(model, f"{room}.FanCommand") == 80.0 for room in ROOMS)
    assert all(number(model, f"{room}.Differential") >= 10.0 for room in ROOMS)


def test_samples_are_poisson_at_the_rooms_level() -> None:
    model = suite()
    counts: dict[str, list[int]] = {room: [] for room in ROOMS}
    for _ in range(600):
        run(model, 60.0, 30.0)
        for room in ROOMS:
            counts[room].append(int(number(model, f"{room}.Count05")))
    for design in DESIGN:
        mean = design.particles_small * 0.0283
        assert statistics.fmean(counts[design.name]) == pytest.approx(mean, abs=5.0 * math.sqrt(mean / 600.0))
        assert statistics.variance(counts[design.name]) == pytest.approx(mean, rel=0.3)


def test_rooms_keep_their_grade_in_operation() -> None:
    model = Environment(EnvironmentParameters(bursts_per_h=0.0), 5)
    worst = dict.fromkeys(LIMITS, 0.0)
    for _ in range(240):
        run(model, 60.0, 5.0)
        for room in LIMITS:
            worst[room] = max(worst[room], number(model, f"{room}.Conc05"))
    assert all(worst[room] < limit for room, (limit, _) in LIMITS.items())


def test_concentration_is_count_over_volume() -> None:
    model = suite()
    run(model, 60.0)
    assert number(model, "C.SampleVolume") == pytest.approx(28.3)
    assert number(model, "C.Conc05") == pytest.approx(number(model, "C.Count05") / 0.0283)
    assert model.values["C.SampleNumber"] == 1


def test_a_burst_is_seen_and_cleaned_up() -> None:
    """At-rest levels come back within 15 to 20 minutes."""
    model = suite()
    run(model, 60.0)
    before = number(model, "C.Conc05")
    model.disturb("particle_burst", {"room": "C", "particles": 2e6})
    run(model, 60.0)
    assert number(model, "C.Conc05") > 10.0 * before
    assert number(model, "C.Conc5") > 0.0
    run(model, 20.0 * 60.0)
    assert number(model, "C.Conc05") < 1.2 * before


def test_a_counter_without_flow_says_so() -> None:
    model = suite()
    model.disturb("counter_fault", {"room": "D", "active": True})
    run(model, 60.0)
    assert model.values["D.FlowFault"] is True
    assert number(model, "D.SampleVolume") == pytest.approx(14.15)
    assert number(model, "D.Conc05") == pytest.approx(600_000.0, rel=0.1)
    with pytest.raises(DisturbanceError, match="A, B, C, D"):
        model.disturb("counter_fault", {"room": "E", "active": True})
    with pytest.raises(DisturbanceError, match="seconds"):
        model.disturb("door_open", {"room": "A"})


def test_temperature_and_humidity_follow_their_set_points() -> None:
    model = suite()
    model.command("B.TemperatureSP", 22.0)
    model.command("HumiditySP", 50.0)
    run(model, 3600.0, 5.0)
    assert number(model, "B.Temperature") == pytest.approx(22.0, abs=0.02)
    assert number(model, "A.Temperature") == pytest.approx(20.0, abs=0.02)
    assert number(model, "D.Humidity") == pytest.approx(50.0, abs=0.1)


def test_air_speed_in_the_filling_zone() -> None:
    model = suite()
    run(model, 10.0)
    assert 0.36 <= number(model, "A.AirSpeed") <= 0.54


def test_samples_fall_due_whatever_the_step() -> None:
    fine, coarse = suite(), suite()
    run(fine, 600.0, 0.1)
    run(coarse, 600.0, 40.0)
    assert fine.values["A.SampleNumber"] == coarse.values["A.SampleNumber"] == 10


def test_doors_open_by_themselves() -> None:
    model = Environment(EnvironmentParameters(doors_per_h=30.0), 3)
    opened = dict.fromkeys(ROOMS, False)
    for _ in range(3600):
        model.step(1.0)
        for room in ROOMS:
            opened[room] = opened[room] or bool(model.values[f"Door.{room}.Open"])
    assert opened == {"A": False, "B": True, "C": True, "D": True}


def test_cascade_solves_the_balance_of_flows() -> None:
    pressures, supplies, doors = [0.0] * 4, [20.0, -3.0, 5.0, 1.0], [False, True, False, False]
    for _ in range(1000):
        step_cascade(pressures, supplies, doors, 10.0)
    conductance = [1.0, 40.0, 1.0, 1.0]
    flows = [g * (p - q) for g, p, q in zip(conductance, pressures, [*pressures[1:], 0.0], strict=True)]
    inflows = [0.0, *flows[:-1]]
    for flow, inflow, supply in zip(flows, inflows, supplies, strict=True):
        assert flow == pytest.approx(inflow + supply)


@pytest.mark.parametrize("mean", [0.05, 3.0, 150.0, 5000.0])
def test_poisson_has_mean_and_variance(mean: float) -> None:
    chance = random.Random(1)
    numbers = [poisson(chance, mean) for _ in range(4000)]
    assert statistics.fmean(numbers) == pytest.approx(mean, abs=5.0 * math.sqrt(mean / 4000.0))
    assert statistics.variance(numbers) == pytest.approx(mean, rel=0.2)
    assert poisson(chance, 0.0) == 0
