"""Which commands a state takes is what the simulated machine, written apart from it, obeys."""

from __future__ import annotations

import math

import pytest

from config.packml import PackMl
from config.phases import PACKML_STATES
from gateway.packml.commands import PACKML_COMMANDS, PACKML_MODES, modes_taken, taken_in
from simulators.packml import MODE_CHANGE_STATES, Command, State, UnitMode, target

MACHINE = PackMl.model_validate({"state": "u/s", "command": "u/c", "mode": "u/m", "mode_command": "u/mc"})


@pytest.mark.parametrize("state", PACKML_STATES)
def test_a_state_takes_what_the_machine_obeys(state: str) -> None:
    number = PACKML_STATES[state]
    obeyed = {command.name.lower() for command in Command if target(State(number), command) is not None}
    assert set(taken_in(float(number))) == obeyed


def test_numbers_are_those_of_the_machine() -> None:
    assert {command.name.lower(): int(command) for command in Command} == PACKML_COMMANDS


@pytest.mark.parametrize("state", [None, math.nan, 0.0, 18.0, 4.5])
def test_an_unknown_state_takes_nothing(state: float | None) -> None:
    assert taken_in(state) == ()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("mode", UnitMode)
def test_a_mode_changes_where_the_machine_changes_it(state: State, mode: UnitMode) -> None:
    others = {other.name.lower() for other in UnitMode if other is not mode}
    taken = modes_taken(MACHINE, float(state), float(mode))
    assert set(taken) == (others if state in MODE_CHANGE_STATES else set())


def test_modes_are_those_of_the_machine() -> None:
    assert {mode.name.lower(): int(mode) for mode in UnitMode} == PACKML_MODES


@pytest.mark.parametrize(("state", "mode"), [(None, 1.0), (math.nan, 1.0), (2.0, None), (2.0, math.nan)])
def test_an_unknown_machine_keeps_its_mode(state: float | None, mode: float | None) -> None:
    assert modes_taken(MACHINE, state, mode) == ()


def test_a_machine_without_a_tag_for_modes_keeps_its_mode() -> None:
    machine = MACHINE.model_copy(update={"mode_command": None})
    assert modes_taken(machine, 2.0, 1.0) == ()
