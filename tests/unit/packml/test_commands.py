"""Which commands a state takes is what the simulated machine, written apart from it, obeys."""

from __future__ import annotations

import math

import pytest

from config.phases import PACKML_STATES
from gateway.packml.commands import PACKML_COMMANDS, taken_in
from simulators.packml import Command, State, target


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
