"""The PackML state machine, every state with every command, against a table written apart."""

from __future__ import annotations

import itertools

import pytest

from simulators.fill_line_signals import STATES
from simulators.packml import COMPLETES_TO, MODE_CHANGE_STATES, Command, PackMl, State, UnitMode, target

# One line per state: what each command leads to; everything not named is refused.
TABLE = """
Clearing       Abort:Aborting
Stopped        Abort:Aborting Reset:Resetting
Starting       Abort:Aborting Stop:Stopping
Idle           Abort:Aborting Stop:Stopping Start:Starting
Suspended      Abort:Aborting Stop:Stopping Unsuspend:Unsuspending
Execute        Abort:Aborting Stop:Stopping Hold:Holding Suspend:Suspending Complete:Completing
Stopping       Abort:Aborting
Aborting
Aborted        Clear:Clearing
Holding        Abort:Aborting Stop:Stopping
Held           Abort:Aborting Stop:Stopping Unhold:Unholding
Unholding      Abort:Aborting Stop:Stopping
Suspending     Abort:Aborting Stop:Stopping
Unsuspending   Abort:Aborting Stop:Stopping
Resetting      Abort:Aborting Stop:Stopping
Completing     Abort:Aborting Stop:Stopping
Complete       Abort:Aborting Stop:Stopping Reset:Resetting
"""
NUMBERS = {
    "Clearing": 1,
    "Stopped": 2,
    "Starting": 3,
    "Idle": 4,
    "Suspended": 5,
    "Execute": 6,
    "Stopping": 7,
    "Aborting": 8,
    "Aborted": 9,
    "Holding": 10,
    "Held": 11,
    "Unholding": 12,
    "Suspending": 13,
    "Unsuspending": 14,
    "Resetting": 15,
    "Completing": 16,
    "Complete": 17,
}
ALLOWED = {
    (line.split()[0], command): state
    for line in TABLE.strip().splitlines()
    for command, state in (pair.split(":") for pair in line.split()[1:])
}


@pytest.mark.parametrize(("state", "command"), list(itertools.product(State, Command)))
def test_every_command_in_every_state(state: State, command: Command) -> None:
    expected = ALLOWED.get((state.name.capitalize(), command.name.capitalize()))
    reached = target(state, command)
    assert (None if reached is None else reached.name.capitalize()) == expected
    machine = PackMl({}, state)
    assert machine.command(command) is (expected is not None)
    assert machine.state.name.capitalize() == (expected or state.name.capitalize())


def test_numbers_are_those_of_the_standard() -> None:
    assert {state.name.capitalize(): state.value for state in State} == NUMBERS
    assert [state.name.capitalize() for state in State] == list(STATES)
    assert [command.value for command in Command] == list(range(1, 11))


@pytest.mark.parametrize(("state", "end"), list(COMPLETES_TO.items()))
def test_transitional_states_complete_after_their_time(state: State, end: State) -> None:
    machine = PackMl({state: 2.0}, state)
    machine.step(1.0)
    assert machine.state is state
    assert machine.requested is end
    machine.step(1.0, hold_completion=True)
    assert machine.state is state
    machine.step(1.0)
    assert machine.state is end
    assert machine.seconds_in_state == 0.0
    assert machine.cumulative_s[state] == pytest.approx(3.0)


@pytest.mark.parametrize("state", [s for s in State if s not in COMPLETES_TO])
def test_waiting_states_wait(state: State) -> None:
    machine = PackMl({}, state)
    machine.step(1e6)
    assert machine.state is state
    assert not machine.in_transition


@pytest.mark.parametrize("state", list(State))
def test_mode_changes_only_at_rest(state: State) -> None:
    machine = PackMl({}, state)
    machine.step(5.0, hold_completion=True)
    allowed = state in MODE_CHANGE_STATES
    assert machine.change_mode(UnitMode.MAINTENANCE) is allowed
    assert machine.mode is (UnitMode.MAINTENANCE if allowed else UnitMode.PRODUCTION)
    assert machine.seconds_in_mode == (0.0 if allowed else 5.0)
