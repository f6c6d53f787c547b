"""Commands to machines with PackML states: what is written, and whether the machine takes it now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from config.packml import PackMl
from config.site import Site
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused
from gateway.packml.commands import PACKML_COMMANDS, PACKML_MODES, modes_taken, taken_in
from gateway.packml.states import mode_name, state_name

WriteOnce = Callable[[str, Sequence[tuple[str, float]]], Awaitable[str | None]]
"""Writes tags of a device in order, once, ahead of its polls; returns why not all were written, or None."""
_FOLLOWS_WITHIN_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.1
_MODE: Final = "mode"
"""Parameter of a command that changes the mode."""


def machine_of(site: Site, unit: str) -> PackMl:
    """Return how a unit takes commands.

    Raises:
        Refused: it takes none.
    """
    found = site.units.get(unit)
    if found is None or found.packml is None:
        raise Refused(f"{unit!r} takes no PackML commands: it has no section packml")
    return found.packml


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a machine is asked for: a command that moves its state, or another mode."""

    number: int
    takes: str
    """Tag that takes the number."""
    request: str | None
    """Tag that is set then; None: the number alone is the command."""
    shows: str
    """Tag that says where the machine is: it moves when the command is taken."""
    word: Callable[[float], str]
    """Makes what that tag says readable."""
    new: str


def wanted_of(site: Site, command: CommandMessage) -> Wanted:
    """Return what a machine is asked for.

    Raises:
        Refused: there is no such command or mode, or the machine takes none from here.
    """
    machine, value = machine_of(site, command.target), str(command.value)
    if command.parameter not in ("", _MODE):
        raise Refused(f"'packml' has no parameter {command.parameter!r}: {_MODE}, or none")
    of_mode = command.parameter == _MODE
    numbers = PACKML_MODES if of_mode else PACKML_COMMANDS
    if value not in numbers:
        raise Refused(f"{value!r} is no PackML {'mode' if of_mode else 'command'}: {', '.join(numbers)}")
    if not of_mode:
        return Wanted(numbers[value], machine.command, machine.request, machine.state, word, value)
    if machine.mode_command is None or machine.mode is None:
        raise Refused(f"{command.target!r} takes no modes from here: its section packml has no mode_command")
    takes, request, new = machine.mode_command, machine.mode_request, f"mode {value}"
    return Wanted(numbers[value], takes, request, machine.mode, mode_word, new)


async def send(
    site: Site, command: CommandMessage, read_value: Callable[[str], float], write_once: WriteOnce
) -> str:
    """Give a machine its command, and wait until it has moved; return where it went to, in words.

    The tags are written once, and never again: a request that were sent anew after a lost connection would
    be a second command.

    Raises:
        Refused: its state does not take the command, it was not written, or the machine stayed as it was.
    """
    wanted = wanted_of(site, command)
    _refuse_untaken(machine_of(site, command.target), command, read_value)
    before = read_value(wanted.shows)
    writes = [(wanted.takes, float(wanted.number))]
    if wanted.request is not None:
        writes.append((wanted.request, 1.0))
    device = site.tags[wanted.takes].device
    assert device is not None
    why = await write_once(device, writes)
    if why is not None:
        raise Refused(why)
    deadline_s = time.monotonic() + _FOLLOWS_WITHIN_S
    while read_value(wanted.shows) == before:
        if time.monotonic() > deadline_s:
            still = wanted.word(before)
            raise Refused(f"it was written, but after {_FOLLOWS_WITHIN_S:g} s it still is in {still}")
        await asyncio.sleep(_LOOK_EVERY_S)
    return wanted.word(read_value(wanted.shows))


def _refuse_untaken(machine: PackMl, command: CommandMessage, read_value: Callable[[str], float]) -> None:
    """Refuse what the machine does not take where it is.

    Raises:
        Refused: with what it takes instead.
    """
    state = read_value(machine.state)
    taken: tuple[str, ...]
    if command.parameter == _MODE and machine.mode is not None:
        taken, what = modes_taken(machine, state, read_value(machine.mode)), "mode"
    else:
        taken, what = taken_in(state), "command"
    if command.value not in taken:
        takes = ", ".join(taken) or f"no {what}"
        raise Refused(f"in {word(state)} it takes {takes}, not {command.value}")


def mode_word(mode: float) -> str:
    """Return a mode as people read it."""
    return mode_name(mode) or "an unknown mode" if mode == mode else "an unknown mode"  # noqa: PLR0124 - NaN


def word(state: float) -> str:
    """Return a state as people read it."""
    return (state_name(state) or "an unknown state").upper() if state == state else "an unknown state"  # noqa: PLR0124 - NaN
