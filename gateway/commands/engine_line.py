"""Commands to the engine and its answers: which transition answers which command."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from control import signal
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused

_ENGINE_ANSWERS_WITHIN_S: Final = 3.0
_TICKETS_KEPT: Final = 1000
"""Commands whose later transitions can still be traced to them."""


class CommandRing(Protocol):
    """The engine's command ring."""

    @property
    def capacity(self) -> int:
        """Return how many rows fit in."""
        ...

    def __len__(self) -> int:
        """Return how many rows wait."""
        ...

    def push(self, rows: npt.NDArray[Any]) -> int:
        """Add rows; return how many there was room for."""
        ...


class EngineLine:
    """The one producer of the engine's command ring."""

    def __init__(self, ring: CommandRing) -> None:
        """Take the ring."""
        self._ring = ring
        self._tickets: dict[int, asyncio.Future[npt.NDArray[Any]]] = {}
        self._next_ticket = time.time_ns()
        self._commands: OrderedDict[int, tuple[str, str]] = OrderedDict()

    async def ask(self, row: EngineRow, command: CommandMessage, *following: EngineRow) -> npt.NDArray[Any]:
        """Send a row to the engine, and return the TRANSITION row that answers it first.

        Args:
            row: what is to be done.
            command: whose doing it is.
            following: what belongs to the same act: the engine does all of it, or nothing.

        Raises:
            Refused: there is no room, or no answer comes in time.
        """
        self._next_ticket += 1
        ticket = self._next_ticket
        self._commands[ticket] = (command.id, command.user)
        if len(self._commands) > _TICKETS_KEPT:
            self._commands.popitem(last=False)
        rows = np.array([_command(ticket, one) for one in (row, *following)], signal.COMMAND)
        rows["following"][0] = len(following)
        waiting = asyncio.get_running_loop().create_future()
        self._tickets[ticket] = waiting
        try:
            room = self._ring.capacity - len(self._ring)
            if room < len(rows) or self._ring.push(rows) != len(rows):
                raise Refused("the engine's command ring is full: try again")
            async with asyncio.timeout(_ENGINE_ANSWERS_WITHIN_S):
                answer: npt.NDArray[Any] = await waiting
                return answer
        except TimeoutError as error:
            raise Refused("the engine did not answer in time: the outcome is unknown, look again") from error
        finally:
            self._tickets.pop(ticket, None)

    def answer(self, row: npt.NDArray[Any]) -> None:
        """Take a TRANSITION row whose ticket is one of ours (others are ignored)."""
        waiting = self._tickets.pop(int(row["ticket"]), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(row)

    def command_of(self, ticket: int) -> str | None:
        """Return the id of the command behind a recent ticket; None where there was no command."""
        known = self._commands.get(ticket)
        return None if known is None else known[0]

    def user_of(self, ticket: int) -> str | None:
        """Return who sent the command behind a recent ticket; None where there was no command."""
        known = self._commands.get(ticket)
        return None if known is None else known[1]


def _command(ticket: int, row: EngineRow) -> tuple[float, ...]:
    """Return the fields of a COMMAND row."""
    return (ticket, row.value, row.value2, row.occurrence, row.kind, row.index, row.parameter, 0)
