"""Filling lines for tests: built, run and commanded in plant time."""

from __future__ import annotations

from simulators.fill_line import FillLine
from simulators.packml import Command, State
from simulators.vials import FillLineParameters

CALM = {"stops_per_h": 0.0, "starved_per_h": 0.0, "blocked_per_h": 0.0}


def line(**parameters: float | bool) -> FillLine:
    return FillLine(FillLineParameters.model_validate({**CALM, **parameters}))


def run(model: FillLine, seconds: float, step_s: float = 1.0) -> None:
    for _ in range(round(seconds / step_s)):
        model.step(step_s)


def order(model: FillLine, command: Command) -> None:
    model.command("Command.CntrlCmd", int(command))
    model.command("Command.CmdChangeRequest", True)
    model.step(0.1)


def state(model: FillLine) -> State:
    return State(int(model.values["Status.StateCurrent"]))


def count(model: FillLine, name: str) -> int:
    return int(model.values[name])


def accounted(model: FillLine) -> bool:
    parts = ("Count.Good", "Admin.ProdDefectiveCount", "Count.Samples", "Count.Destroyed", "Count.InMachine")
    return count(model, "Admin.ProdConsumedCount") == sum(count(model, part) for part in parts)


def running(**parameters: float | bool) -> FillLine:
    model = line(**parameters)
    run(model, 60.0)
    assert state(model) is State.EXECUTE
    return model
