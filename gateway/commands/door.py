"""The door: authenticate, authorise, check, audit, carry out, reply. One command at a time, in order.

Refusals are audited like acceptances, and each command gets a reply. A command's id is stored with
its audit entry before the engine sees it, so a redelivery (QoS 1 delivers twice) or a restart in the
middle never acts a second time: it gets the first reply, or hears that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from config.access import User
from config.site import Site
from control import signal
from gateway.batch.context import Context, ContextBook
from gateway.commands import message as wire
from gateway.commands.message import CommandMessage, Malformed, Reply
from gateway.commands.sanity import EngineRow, Refused, to_row, unit_of
from gateway.gxp import identity
from gateway.gxp.audit import AuditEntry, AuditTrail

_log = logging.getLogger(__name__)
_ENGINE_ANSWERS_WITHIN_S = 3.0
_TICKETS_KEPT = 1000
"""Commands whose later transitions can still be traced to them."""

REFUSALS = {
    signal.REFUSED_OCCURRENCE: "the alarm's present occurrence is another one: look again",
    signal.REFUSED_STATE: "nothing to acknowledge or reset in the present state",
    signal.REFUSED_MODE: "the loop's mode does not allow it",
    signal.REFUSED_RANGE: "outside the limits",
    signal.REFUSED_INTERLOCK: "an interlock forces this output",
    signal.REFUSED_OWNED: "a loop owns this tag",
    signal.REFUSED_DISARMED: "the outputs are not armed",
    signal.REFUSED_INVALID: "the engine knows no such object or parameter",
}


class CommandRing(Protocol):
    """The engine's command ring."""

    def push(self, rows: npt.NDArray[Any]) -> int:
        """Add rows; return how many there was room for."""
        ...


class CommandDoor:
    """The commands of one gateway. Everything runs on one event loop; the disk is in `executor`."""

    def __init__(
        self,
        site: Site,
        ring: CommandRing,
        audit: AuditTrail,
        contexts: ContextBook,
        executor: Executor,
        read_value: Callable[[str], float],
    ) -> None:
        """Wire the door.

        Args:
            site: the effective configuration.
            ring: takes COMMAND rows; this door is its only producer.
            audit: where every command is recorded.
            contexts: where `context` commands end.
            executor: one thread for the disk.
            read_value: the present value of a tag by its full name.
        """
        self._site, self._ring, self._audit, self._contexts = site, ring, audit, contexts
        self._executor, self._read_value = executor, read_value
        self.on_command: list[Callable[[CommandMessage, str, Reply], Awaitable[None]]] = []
        """Told of every command with its unit and reply, for the process event."""
        self._tickets: dict[int, asyncio.Future[npt.NDArray[Any]]] = {}
        self._next_ticket = time.time_ns()
        self._commands: OrderedDict[int, str] = OrderedDict()
        self._turn = asyncio.Lock()
        self.accepted = 0
        self.refused = 0

    async def handle(self, payload: bytes, *, unit: str, retained: bool) -> Reply | None:
        """Carry out one command and return its reply; None where it cannot even be read.

        Args:
            payload: the command as JSON.
            unit: unit of the topic that it came by (the gateway's name on the gateway's own); the
                broker's access list goes by topic, so a command for another unit is refused.
            retained: the broker had kept it.
        """
        async with self._turn:
            try:
                command, raw = wire.decode(payload)
            except Malformed as error:
                self.refused += 1
                await self._record(AuditEntry("?", "?", "command", "?", f"refused: {error}"))
                return None
            return await self._handle(command, raw, came_by=unit, retained=retained)

    def answer(self, row: npt.NDArray[Any]) -> None:
        """Take a TRANSITION row whose ticket is one of ours (others are ignored)."""
        waiting = self._tickets.pop(int(row["ticket"]), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(row)

    def command_of(self, ticket: int) -> str | None:
        """Return the id of the command behind a recent ticket; None where there was no command."""
        return self._commands.get(ticket)

    async def _handle(
        self, command: CommandMessage, raw: dict[str, Any], *, came_by: str, retained: bool
    ) -> Reply:
        seen, first = await self._on_disk(self._audit.first_reply, command.id)
        if seen:
            return self._repeat(command, first)
        user = self._site.access.users.get(command.user)
        entry = AuditEntry(
            who=command.user,
            role=str(user.role) if user else "?",
            action=command.kind,
            target=command.target,
            outcome="requested",
            new=command.value,
            reason=command.reason,
            signature=command.signature,
        )
        unit = "?"
        try:
            self._authenticate(command, raw, user, retained=retained)
            unit = unit_of(self._site, command)
            if unit != came_by:
                raise Refused(f"a command for {unit!r} came by the topic of {came_by!r}")
            self._authorise(command, user, unit)
            entry, result = await self._carry_out(command, entry, unit)
            reply = self._reply(command, accepted=True, result=result)
        except (Refused, identity.NotAuthentic) as error:
            reply = self._reply(command, accepted=False, reason=str(error))
            seen, _ = await self._on_disk(self._audit.first_reply, command.id)
            # An id that nobody proved to own is not stored: it would shut out its rightful sender.
            keep = not seen and not isinstance(error, identity.NotAuthentic)
            await self._record(replace(entry, outcome=f"refused: {error}"), command.id if keep else None)
        self.accepted += reply.accepted
        self.refused += not reply.accepted
        if reply.accepted or (await self._on_disk(self._audit.first_reply, command.id))[0]:
            await self._on_disk(self._audit.keep_reply, command.id, reply.encode())
        for listener in self.on_command:
            await listener(command, unit, reply)
        return reply

    def _authenticate(
        self, command: CommandMessage, raw: dict[str, Any], user: User | None, *, retained: bool
    ) -> None:
        now_ns = time.time_ns()
        oldest_ns = now_ns - int(self._site.access.max_command_age * 1e9)
        if user is None:
            raise identity.NotAuthentic(f"there is no user {command.user!r}")
        identity.verify(raw, user.public_key)
        if retained:
            raise identity.NotAuthentic("a retained message is not a command: it is older than it looks")
        if command.issued_ns > now_ns + 5_000_000_000:
            raise identity.NotAuthentic("issued in the future: the sender's clock is ahead of the gateway's")
        if command.expires_ns < now_ns or command.issued_ns < oldest_ns:
            raise identity.NotAuthentic("the command has expired")

    def _authorise(self, command: CommandMessage, user: User | None, unit: str) -> None:
        assert user is not None
        why_not = identity.why_not_allowed(user, command.kind, unit)
        if why_not is not None:
            raise Refused(f"{command.user}: {why_not}")

    async def _carry_out(
        self, command: CommandMessage, entry: AuditEntry, unit: str
    ) -> tuple[AuditEntry, float | None]:
        if command.kind == "context":
            return await self._enter_context(command, entry, unit), None
        row = to_row(self._site, command)
        old = None if row.shown_by is None else self._read_value(row.shown_by)
        entry = replace(entry, old=None if old is None or math.isnan(old) else old)
        await self._record(entry, command.id)
        answer = await self._ask_engine(row, command.id)
        if int(answer["kind"]) == signal.KIND_REFUSED:
            raise Refused(REFUSALS.get(int(answer["cause"]), "the engine refuses it"))
        await self._record(replace(entry, outcome="done"))
        value = float(answer["value"])
        return entry, None if math.isnan(value) else value

    async def _enter_context(self, command: CommandMessage, entry: AuditEntry, unit: str) -> AuditEntry:
        if command.context is None or command.target != unit:
            raise Refused("context needs a unit as target, and campaign, batch and phase")
        entry = replace(entry, new=" ".join(command.context.model_dump().values()))
        await self._record(entry, command.id)
        names = Context(**command.context.model_dump())
        await self._on_disk(self._contexts.enter, unit, command.issued_ns, names)
        await self._record(replace(entry, outcome="done"))
        return entry

    async def _ask_engine(self, row: EngineRow, command_id: str) -> npt.NDArray[Any]:
        self._next_ticket += 1
        ticket = self._next_ticket
        self._commands[ticket] = command_id
        if len(self._commands) > _TICKETS_KEPT:
            self._commands.popitem(last=False)
        rows = np.zeros(1, signal.COMMAND)
        rows["ticket"], rows["kind"], rows["index"], rows["value"] = ticket, row.kind, row.index, row.value
        rows["parameter"], rows["occurrence"] = row.parameter, row.occurrence
        waiting = asyncio.get_running_loop().create_future()
        self._tickets[ticket] = waiting
        try:
            if self._ring.push(rows) != 1:
                raise Refused("the engine's command ring is full: try again")
            async with asyncio.timeout(_ENGINE_ANSWERS_WITHIN_S):
                answer: npt.NDArray[Any] = await waiting
                return answer
        except TimeoutError as error:
            raise Refused("the engine did not answer in time: the outcome is unknown, look again") from error
        finally:
            self._tickets.pop(ticket, None)

    def _repeat(self, command: CommandMessage, first: bytes | None) -> Reply:
        if first is None:
            reason = "interrupted by a restart: the outcome is unknown, look before you send a new command"
            return self._reply(command, accepted=False, reason=reason)
        return Reply.model_validate_json(first)

    def _reply(
        self, command: CommandMessage, *, accepted: bool, reason: str = "", result: float | None = None
    ) -> Reply:
        return Reply(id=command.id, accepted=accepted, reason=reason, result=result, time_ns=time.time_ns())

    async def _record(self, entry: AuditEntry, command_id: str | None = None) -> None:
        def write() -> None:
            self._audit.append(entry, command_id=command_id)

        await self._on_disk(write)
        if entry.outcome.startswith("refused"):
            _log.warning(
                "command refused: who=%s action=%s target=%s why=%s",
                entry.who,
                entry.action,
                entry.target,
                entry.outcome,
            )

    async def _on_disk(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
