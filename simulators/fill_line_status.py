"""What the filling line shows of its machine, its vials and its surroundings."""

from __future__ import annotations

import statistics

from simulators.fill_line_signals import STATES
from simulators.packml import PackMl, State
from simulators.signals import Value
from simulators.stops import StopReason, Trouble
from simulators.vials import Filler


def fill_line_status(machine: PackMl, filler: Filler, trouble: Trouble) -> dict[str, Value]:
    """Return the signals that these three give."""
    return {**_machine(machine), **_counts(filler), **_weights(filler), **_surroundings(machine, trouble)}


def _machine(machine: PackMl) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "Status.StateCurrent": int(machine.state),
        "Status.StateRequested": int(machine.requested),
        "Status.UnitModeCurrent": int(machine.mode),
        "Status.StateChangeInProcess": machine.in_transition,
        "Admin.StateCurrentTime": int(machine.seconds_in_state),
        "Admin.ModeCurrentTime": int(machine.seconds_in_mode),
    }
    for number, name in enumerate(STATES, start=1):
        shown[f"Admin.StateCumulativeTime.{name}"] = int(machine.cumulative_s[State(number)])
    return shown


def _counts(filler: Filler) -> dict[str, Value]:
    counters = filler.counters
    return {
        "Admin.ProdConsumedCount": counters.consumed,
        "Admin.ProdProcessedCount": counters.processed,
        "Admin.ProdDefectiveCount": counters.defective,
        "Count.Good": counters.good,
        "Count.Samples": counters.samples,
        "Count.Destroyed": counters.destroyed,
        "Count.InMachine": filler.inside,
        **{f"Reject.{reason}": count for reason, count in counters.rejects.items()},
    }


def _weights(filler: Filler) -> dict[str, Value]:
    recent = filler.recent
    return {
        "Weight.Last": filler.last_weight,
        "Weight.Mean": statistics.fmean(recent) if recent else 0.0,
        "Weight.Deviation": statistics.stdev(recent) if len(recent) > 1 else 0.0,
        "Weight.Count": filler.weighed,
        "Weight.TotalFilled": filler.total_g,
        **{f"Weight.Needle{i}": weight for i, weight in enumerate(filler.needle_weight, start=1)},
    }


def _surroundings(machine: PackMl, trouble: Trouble) -> dict[str, Value]:
    return {
        "Status.EquipmentBlocked": trouble.blocked_s > 0.0,
        "Status.EquipmentStarved": trouble.starved_s > 0.0,
        "Status.GuardsClosed": not trouble.guard_open,
        "Status.MaterialInterlock": machine.state is not State.ABORTED
        and trouble.hold_reason is StopReason.NONE,
    }
