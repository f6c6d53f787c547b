"""The PackML state machine (ANSI/ISA-TR88.00.02, numbers as commonly cited)."""

from __future__ import annotations

import enum


class State(enum.IntEnum):
    """PackML states."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Command(enum.IntEnum):
    """PackML control commands."""

    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9
    COMPLETE = 10


class UnitMode(enum.IntEnum):
    """PackML unit modes."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3


COMPLETES_TO = {
    State.CLEARING: State.STOPPED,
    State.STARTING: State.EXECUTE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.RESETTING: State.IDLE,
    State.COMPLETING: State.COMPLETE,
}
"""Transitional states and where they lead by themselves."""

_ABORT_GROUP = frozenset({State.ABORTING, State.ABORTED})
_STOP_GROUP = frozenset({*_ABORT_GROUP, State.CLEARING, State.STOPPING, State.STOPPED})

_SINGLE = {
    (State.IDLE, Command.START): State.STARTING,
    (State.EXECUTE, Command.HOLD): State.HOLDING,
    (State.EXECUTE, Command.SUSPEND): State.SUSPENDING,
    (State.EXECUTE, Command.COMPLETE): State.COMPLETING,
    (State.COMPLETE, Command.RESET): State.RESETTING,
    (State.STOPPED, Command.RESET): State.RESETTING,
    (State.HELD, Command.UNHOLD): State.UNHOLDING,
    (State.SUSPENDED, Command.UNSUSPEND): State.UNSUSPENDING,
    (State.ABORTED, Command.CLEAR): State.CLEARING,
}

MODE_CHANGE_STATES = frozenset({State.STOPPED, State.IDLE, State.ABORTED})
"""States in which the unit mode may change."""


def target(state: State, command: Command) -> State | None:
    """Return the state that a command leads to, or None where it is not allowed."""
    if command is Command.ABORT:
        return None if state in _ABORT_GROUP else State.ABORTING
    if command is Command.STOP:
        return None if state in _STOP_GROUP else State.STOPPING
    return _SINGLE.get((state, command))


class PackMl:
    """The state of one machine: commands move it, transitional states complete after a while."""

    def __init__(self, durations_s: dict[State, float], state: State = State.STOPPED) -> None:
        self.durations_s = durations_s
        self.state = state
        self.mode = UnitMode.PRODUCTION
        self.seconds_in_state = 0.0
        self.seconds_in_mode = 0.0
        self.cumulative_s = dict.fromkeys(State, 0.0)

    @property
    def in_transition(self) -> bool:
        """True in a transitional state."""
        return self.state in COMPLETES_TO

    @property
    def requested(self) -> State:
        """The state that the present one leads to."""
        return COMPLETES_TO.get(self.state, self.state)

    def command(self, command: Command) -> bool:
        """Obey a command; return False where it is not allowed."""
        new = target(self.state, command)
        if new is None:
            return False
        self._enter(new)
        return True

    def change_mode(self, mode: UnitMode) -> bool:
        """Change the unit mode; return False where the state does not allow it."""
        if self.state not in MODE_CHANGE_STATES:
            return False
        if mode is not self.mode:
            self.mode = mode
            self.seconds_in_mode = 0.0
        return True

    def step(self, seconds: float, *, hold_completion: bool = False) -> None:
        """Let time pass; `hold_completion` keeps a transitional state open (work is not done yet)."""
        self.seconds_in_state += seconds
        self.seconds_in_mode += seconds
        self.cumulative_s[self.state] += seconds
        if not self.in_transition or hold_completion:
            return
        if self.seconds_in_state >= self.durations_s.get(self.state, 0.0) - 1e-9:
            self._enter(COMPLETES_TO[self.state])

    def reset_times(self) -> None:
        """Set the cumulative times to zero."""
        self.cumulative_s = dict.fromkeys(State, 0.0)

    def _enter(self, state: State) -> None:
        self.state = state
        self.seconds_in_state = 0.0
