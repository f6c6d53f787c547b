"""Why the filling line stops, and how it gets going again."""

from __future__ import annotations

import pytest

from simulators.model import DisturbanceError
from simulators.packml import Command, State
from tests.unit.simulators.fill_lines import accounted, count, line, order, run, running, state


def test_internal_trouble_holds_the_line_until_it_is_repaired() -> None:
    model = running()
    model.disturb("line_stop", {"reason": 103, "seconds": 60})
    run(model, 10.0)
    assert state(model) is State.HELD
    assert model.values["Admin.StopReason"] == 103
    run(model, 90.0)
    assert state(model) is State.EXECUTE
    assert model.values["Admin.StopReason"] == 0
    with pytest.raises(DisturbanceError, match="101"):
        model.disturb("line_stop", {"reason": 7, "seconds": 60})


@pytest.mark.parametrize(
    ("kind", "reason", "bit"),
    [("starve", 201, "Status.EquipmentStarved"), ("block", 202, "Status.EquipmentBlocked")],
)
def test_trouble_elsewhere_suspends_it(kind: str, reason: int, bit: str) -> None:
    model = running(local_operator=True)
    model.disturb(kind, {"seconds": 60})
    run(model, 10.0)
    assert state(model) is State.SUSPENDED
    assert model.values["Admin.StopReason"] == reason
    assert model.values[bit] is True
    run(model, 90.0)
    assert state(model) is State.EXECUTE
    assert model.values[bit] is False


def test_what_a_client_stopped_stays_stopped() -> None:
    model = running()
    order(model, Command.STOP)
    run(model, 600.0)
    assert state(model) is State.STOPPED
    assert model.values["Admin.StopReason"] == 401
    order(model, Command.RESET)
    run(model, 60.0)
    assert state(model) is State.IDLE


def test_an_open_guard_aborts_and_the_vials_are_lost() -> None:
    model = running()
    model.disturb("guard_open", {"active": True})
    run(model, 30.0)
    assert state(model) is State.ABORTED
    assert model.values["Admin.StopReason"] == 301
    assert model.values["Status.GuardsClosed"] is False
    model.disturb("guard_open", {"active": False})
    run(model, 60.0)
    assert state(model) is State.EXECUTE
    assert count(model, "Count.Destroyed") == 40
    assert accounted(model)


def test_vials_are_destroyed_after_a_long_stop() -> None:
    model = running(destroy_after_s=120.0)
    model.disturb("line_stop", {"reason": 101, "seconds": 60})
    run(model, 120.0)
    assert count(model, "Count.Destroyed") == 0
    model.disturb("line_stop", {"reason": 101, "seconds": 200})
    run(model, 300.0)
    assert count(model, "Count.Destroyed") == 40


def test_the_watchdog_stops_the_line_and_it_resumes() -> None:
    model = running()
    model.set_safe(True)
    run(model, 30.0)
    assert state(model) is State.STOPPED
    assert model.values["Admin.StopReason"] == 901
    assert model.values["SafeState"] is True
    order(model, Command.RESET)
    run(model, 30.0)
    assert state(model) is State.STOPPED
    model.set_safe(False)
    run(model, 60.0)
    assert state(model) is State.EXECUTE


def test_the_watchdog_does_not_start_what_a_client_stopped() -> None:
    model = running()
    order(model, Command.HOLD)
    run(model, 10.0)
    model.set_safe(True)
    run(model, 30.0)
    model.set_safe(False)
    run(model, 60.0)
    assert state(model) is State.STOPPED


def test_times_add_up() -> None:
    model = line(stops_per_h=20.0, starved_per_h=20.0)
    run(model, 3600.0)
    names = [name for name in model.values if name.startswith("Admin.StateCumulativeTime.")]
    assert len(names) == 17
    assert sum(model.machine.cumulative_s.values()) == pytest.approx(3600.0)
    assert count(model, "Admin.AccTimeSinceReset") == 3600
    assert count(model, "Admin.StateCumulativeTime.Held") > 0
    assert count(model, "Admin.StateCumulativeTime.Suspended") > 0
    assert accounted(model)
