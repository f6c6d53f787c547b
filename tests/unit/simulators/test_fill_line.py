"""The filling line: commands, speed, weights, and where every vial went."""

from __future__ import annotations

import itertools
import statistics

import pytest

from simulators.model import DisturbanceError
from simulators.packml import Command, State, UnitMode
from tests.unit.simulators.fill_lines import accounted, count, line, order, run, running, state


def test_somebody_starts_it() -> None:
    model = line()
    assert state(model) is State.STOPPED
    run(model, 60.0)
    assert state(model) is State.EXECUTE
    unattended = line(local_operator=False)
    run(unattended, 60.0)
    assert state(unattended) is State.STOPPED


def test_commands_from_the_wire_run_a_batch() -> None:
    model = line(local_operator=False)
    order(model, Command.RESET)
    assert state(model) is State.RESETTING
    assert model.values["Status.StateRequested"] == State.IDLE
    assert model.values["Status.StateChangeInProcess"] is True
    assert model.values["Command.CmdChangeRequest"] is False
    run(model, 6.0)
    assert state(model) is State.IDLE
    order(model, Command.START)
    run(model, 60.0)
    assert state(model) is State.EXECUTE
    order(model, Command.COMPLETE)
    run(model, 60.0)
    assert state(model) is State.COMPLETE
    assert count(model, "Count.InMachine") == 0
    assert count(model, "Admin.ProdConsumedCount") == count(model, "Admin.ProdProcessedCount") > 100
    assert accounted(model)


def test_refused_and_unknown_commands_change_nothing() -> None:
    model = line(local_operator=False)
    for number in (Command.START, Command.UNHOLD, 0, 10):
        model.command("Command.CntrlCmd", int(number))
        model.command("Command.CmdChangeRequest", True)
        model.step(0.1)
        assert state(model) is State.STOPPED
        assert model.values["Command.CmdChangeRequest"] is False


def test_speed_ramps() -> None:
    model = line()
    while state(model) is not State.EXECUTE:
        model.step(0.5)
    speeds = []
    for _ in range(24):
        model.step(0.5)
        speeds.append(float(model.values["Status.CurMachSpeed"]))
    steps = [b - a for a, b in itertools.pairwise(speeds)]
    assert max(steps) <= 10.0 + 1e-9
    assert speeds[-1] == 200.0
    model.command("Command.MachSpeed", 100.0)
    run(model, 20.0)
    assert model.values["Status.CurMachSpeed"] == 100.0
    order(model, Command.STOP)
    run(model, 20.0)
    assert model.values["Status.CurMachSpeed"] == 0.0


def test_throughput_is_the_speed() -> None:
    model = running()
    before = count(model, "Admin.ProdConsumedCount")
    run(model, 600.0)
    assert count(model, "Admin.ProdConsumedCount") - before == pytest.approx(2000, abs=1)


def test_weights_have_target_bias_and_deviation() -> None:
    model = running(drift_percent_per_h=0.0, transport_vials=10)
    by_needle: list[list[float]] = [[] for _ in range(8)]
    for _ in range(6000):
        model.step(0.3)  # one vial a step
        needle = (count(model, "Weight.Count") - 1) % 8
        by_needle[needle].append(float(model.values["Weight.Last"]))
    for needle, weights in enumerate(by_needle):
        bias = 100.0 * (statistics.fmean(weights) / 5.0 - 1.0)
        assert bias == pytest.approx(model.filler.needle_bias[needle], abs=0.05)
        assert abs(bias) < 0.25
        assert statistics.stdev(weights) == pytest.approx(0.004 * 5.0, rel=0.1)
    assert model.values["Weight.Mean"] == pytest.approx(5.0, abs=0.03)
    assert model.values["Weight.TotalFilled"] == pytest.approx(5.0 * count(model, "Weight.Count"), rel=0.01)


def test_trim_moves_the_weights_and_drift_carries_them_away() -> None:
    model = running(drift_percent_per_h=2.0)
    run(model, 1800.0)
    assert model.values["Weight.Mean"] == pytest.approx(5.0 * 1.01, abs=0.02)
    model.command("Fill.Trim", -1.0)
    run(model, 60.0)
    assert model.values["Weight.Mean"] == pytest.approx(5.0, abs=0.02)


def test_somebody_recalibrates_while_it_stands() -> None:
    for attended, drift in ((True, 0.0), (False, 1.0)):
        model = running(drift_percent_per_h=2.0) if attended else line(local_operator=False)
        model.filler.drift_percent = 1.0
        order(model, Command.STOP)
        run(model, 10.0)
        for command in (Command.RESET, Command.START):
            order(model, command)
            run(model, 10.0)
        assert state(model) is State.EXECUTE
        assert model.filler.drift_percent == pytest.approx(drift, abs=0.02)


def test_a_clogged_needle_underfills() -> None:
    model = running(drift_percent_per_h=0.0)
    model.disturb("clog", {"needle": 3, "active": True})
    run(model, 120.0)
    assert model.values["Weight.Needle3"] == pytest.approx(3.0, abs=0.1)
    assert count(model, "Reject.Underfill") == pytest.approx(200 * 2 / 8, abs=12)
    model.disturb("clog", {"needle": 3, "active": False})
    run(model, 60.0)
    assert model.values["Weight.Needle3"] == pytest.approx(5.0, abs=0.1)
    with pytest.raises(DisturbanceError, match="1 to 8"):
        model.disturb("clog", {"needle": 9, "active": True})


def test_rejects_by_reason() -> None:
    model = running(stopper_rejects=0.02, crimp_rejects=0.03, visual_rejects=0.05, sample_every=0)
    run(model, 3600.0)
    total = count(model, "Admin.ProdProcessedCount")
    for reason, share in (("Stopper", 0.02), ("Crimp", 0.03), ("Visual", 0.05)):
        assert count(model, f"Reject.{reason}") / total == pytest.approx(share, rel=0.2)
    rejects = ("Underfill", "Overfill", "Stopper", "Crimp", "Visual")
    assert sum(count(model, f"Reject.{r}") for r in rejects) == count(model, "Admin.ProdDefectiveCount")
    assert accounted(model)


def test_samples_regular_and_on_demand() -> None:
    model = running(sample_every=100)
    run(model, 600.0)
    regular = count(model, "Count.Samples")
    assert regular == pytest.approx(20, abs=2)
    model.command("Command.TakeSample", True)
    model.step(1.0)
    assert model.values["Command.TakeSample"] is False
    unsampled = running(sample_every=0)
    unsampled.command("Command.TakeSample", True)
    run(unsampled, 60.0)
    assert count(unsampled, "Count.Samples") == 1


def test_modes_change_at_rest_and_only_production_fills() -> None:
    model = running()
    model.command("Command.UnitMode", int(UnitMode.MAINTENANCE))
    model.command("Command.UnitModeChangeRequest", True)
    model.step(0.1)
    assert model.values["Status.UnitModeCurrent"] == UnitMode.PRODUCTION
    order(model, Command.STOP)
    run(model, 10.0)
    model.command("Command.UnitModeChangeRequest", True)
    model.step(0.1)
    assert model.values["Status.UnitModeCurrent"] == UnitMode.MAINTENANCE
    before = count(model, "Admin.ProdConsumedCount")
    order(model, Command.RESET)
    run(model, 10.0)
    order(model, Command.START)
    run(model, 60.0)
    assert state(model) is State.EXECUTE
    assert count(model, "Admin.ProdConsumedCount") == before


def test_counters_reset_to_what_is_in_the_machine() -> None:
    model = running()
    run(model, 600.0)
    order(model, Command.STOP)
    run(model, 10.0)
    model.command("Command.ResetCounters", True)
    model.step(1.0)
    assert model.values["Command.ResetCounters"] is False
    assert count(model, "Admin.ProdConsumedCount") == count(model, "Count.InMachine") == 40
    assert count(model, "Count.Good") == 0
    assert count(model, "Admin.AccTimeSinceReset") <= 1
    assert accounted(model)
