"""Commands to machines with PackML states: what is written, and whether the machine takes it now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from config.packml import PackMl
from config.site import Site
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused
from gateway.packml.commands import PACKML_COMMANDS, taken_in
from gateway.packml.states import state_name

WriteOnce = Callable[[str, Sequence[tuple[str, float]]], Awaitable[str | None]]
"""Writes tags of a device in order, once, ahead of its polls; returns why not all were written, or None."""
_FOLLOWS_WITHIN_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.1


def machine_of(site: Site, unit: str) -> PackMl:
    """Return how a unit takes commands.

    Raises:
        Refused: it takes none.
    """
    found = site.units.get(unit)
    if found is None or found.packml is None:
        raise Refused(f"{unit!r} takes no PackML commands: it has no section packml")
    return found.packml


def number_of(command: CommandMessage) -> int:
    """Return the number of the command that a machine is to get.

    Raises:
        Refused: there is no such command.
    """
    number = PACKML_COMMANDS.get(str(command.value))
    if number is None:
        raise Refused(f"{command.value!r} is no PackML command: {', '.join(PACKML_COMMANDS)}")
    return number


async def send(
    site: Site, command: CommandMessage, read_value: Callable[[str], float], write_once: WriteOnce
) -> str:
    """Give a machine its command, and wait until it leaves its state; return the state it went to, in words.

    The tags are written once, and never again: a request that were sent anew after a lost connection would
    be a second command.

    Raises:
        Refused: its state does not take the command, it was not written, or the machine stayed as it was.
    """
    machine, number = machine_of(site, command.target), number_of(command)
    before = read_value(machine.state)
    taken = taken_in(before)
    if command.value not in taken:
        takes = ", ".join(taken) or "no command"
        raise Refused(f"in {word(before)} it takes {takes}, not {command.value}")
    writes = [(str(machine.command), float(number))]
    if machine.request is not None:
        writes.append((str(machine.request), 1.0))
    device = site.tags[machine.command].device
    assert device is not None
    why = await write_once(device, writes)
    if why is not None:
        raise Refused(why)
    deadline_s = time.monotonic() + _FOLLOWS_WITHIN_S
    while read_value(machine.state) == before:
        if time.monotonic() > deadline_s:
            raise Refused(f"it was written, but after {_FOLLOWS_WITHIN_S:g} s it still is in {word(before)}")
        await asyncio.sleep(_LOOK_EVERY_S)
    return word(read_value(machine.state))


def word(state: float) -> str:
    """Return a state as people read it."""
    return (state_name(state) or "an unknown state").upper() if state == state else "an unknown state"  # noqa: PLR0124 - NaN
