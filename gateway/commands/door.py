"""The door: authenticate, authorise, check, audit, carry out, reply. One command at a time, in order.

Refusals are audited like acceptances, and each command gets a reply. A command's id is stored with
its audit entry before anything is done, so a redelivery (QoS 1 delivers twice) or a restart in the
middle never acts a second time: it gets the first reply, or hears that the outcome is unknown.

What takes its time (`lengthy`) keeps nobody else waiting: once its id is on record it goes on as a task of
its own, behind the earlier ones of the same target.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from config.access import User
from config.site import Site
from gateway.commands import lengthy
from gateway.commands import message as wire
from gateway.commands.admission import Admission
from gateway.commands.carrying import Carrying
from gateway.commands.lengthy import Lengthy
from gateway.commands.means import Means
from gateway.commands.message import CommandMessage, Malformed, Reply
from gateway.commands.record import Record
from gateway.commands.rows import Refused
from gateway.commands.targets import unit_of
from gateway.gxp import identity
from gateway.gxp.audit import AuditEntry

Replied = asyncio.Future[Reply]
"""A reply that is there, or comes."""


class CommandDoor:
    """The commands of one gateway. Everything runs on one event loop; the disk is elsewhere."""

    def __init__(self, site: Site, means: Means) -> None:
        """Wire the door.

        Args:
            site: the effective configuration.
            means: what carries commands out; this door is the only one to ask the engine.
        """
        self._site, self._means = site, means
        self.engine = means.engine
        self.record = Record(means.audit, means.executor)
        self._admission = Admission(site)
        self._carrying = Carrying(site, means, self.record)
        self._lengthy = Lengthy(site, means, self.record, self._carrying)
        self._running: dict[str, asyncio.Task[Reply]] = {}
        self.on_command: list[Callable[[CommandMessage, str, Reply], Awaitable[None]]] = []
        """Told of every command with its unit and reply, for the process event."""
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
        replied = await self.take(payload, unit=unit, retained=retained)
        return None if replied is None else await asyncio.shield(replied)

    async def take(self, payload: bytes, *, unit: str, retained: bool) -> Replied | None:
        """Take one command, as `handle`; return once its id is on record. Its reply may still be to come."""
        async with self._turn:
            try:
                command, raw = wire.decode(payload)
            except Malformed as error:
                self.refused += 1
                await self.record.write(AuditEntry("?", "?", "command", "?", f"refused: {error}"))
                return None
            if command.id in self._running:
                return self._running[command.id]
            return await self._take(command, raw, came_by=unit, retained=retained)

    async def handle_vouched(self, command: CommandMessage, user: User, *, unit: str) -> Reply:
        """Carry out a command that the way it came by vouches for, as nobody signs there (Sparkplug).

        Args:
            command: what is wanted; its reason says what it came by.
            user: whose rights the configuration gives to those who come this way.
            unit: unit that it came by.
        """
        async with self._turn:
            replied = await self._take(command, None, came_by=unit, retained=False, vouched=user)
        return await asyncio.shield(replied)

    async def turn_away(self, entry: AuditEntry) -> None:
        """Record that something was asked for that is no command at all."""
        self.refused += 1
        await self.record.write(entry)

    async def settle(self) -> None:
        """Wait until everything that was taken has been carried out; call it when nothing more is taken."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _take(
        self,
        command: CommandMessage,
        raw: dict[str, Any] | None,
        *,
        came_by: str,
        retained: bool,
        vouched: User | None = None,
    ) -> Replied:
        seen, first = await self.record.first_reply(command.id)
        if seen:
            return _there(self._repeat(command, first))
        user = vouched or self._site.access.users.get(command.user)
        entry = AuditEntry(
            who=command.user,
            role=str(user.role) if user else "?",
            action=command.kind,
            target=command.target,
            outcome="requested",
            new=command.wanted,
            reason=command.reason,
            signature=command.signature,
        )
        unit = "?"
        try:
            user = self._admission.authenticated(command, raw, user, retained=retained)
            unit = unit_of(self._site, command.kind, command.target)
            if unit != came_by:
                raise Refused(f"a command for {unit!r} came by the topic of {came_by!r}")
            self._admission.authorise(command, user, unit)
            if command.kind in wire.LENGTHY:
                return await self._begin(command, entry, unit)
            before, result = await self._carrying.carry_out(command, entry, unit)
            reply = self._reply(command, accepted=True, result=result).model_copy(update={"before": before})
        except (Refused, identity.NotAuthentic) as error:
            # An id that nobody proved to own is not stored: it would shut out its rightful sender.
            reply = await self._refuse(
                command, entry, error, keep=not isinstance(error, identity.NotAuthentic)
            )
        return _there(await self._told(command, unit, reply))

    async def _begin(self, command: CommandMessage, entry: AuditEntry, unit: str) -> Replied:
        """Put a lengthy command on record, and let it go on by itself."""
        if len(self._running) >= lengthy.LIMIT:
            raise Refused(f"{lengthy.LIMIT} commands are under way that take their time: try again")
        entry = self._lengthy.prepared(command, entry)
        await self.record.write(entry, command.id)
        task = asyncio.create_task(self._go_on(command, entry, unit), name=f"command {command.id}")
        self._running[command.id] = task
        task.add_done_callback(lambda _: self._running.pop(command.id, None))
        return task

    async def _go_on(self, command: CommandMessage, entry: AuditEntry, unit: str) -> Reply:
        try:
            done = await self._lengthy.carry_out(command, entry)
            reply = self._reply(command, accepted=True).model_copy(update=done._asdict())
        except Refused as error:
            reply = await self._refuse(command, entry, error, keep=False)
        return await self._told(command, unit, reply)

    async def _refuse(
        self, command: CommandMessage, entry: AuditEntry, error: Exception, *, keep: bool
    ) -> Reply:
        seen, _ = await self.record.first_reply(command.id)
        await self.record.write(
            replace(entry, outcome=f"refused: {error}"), command.id if keep and not seen else None
        )
        return self._reply(command, accepted=False, reason=str(error))

    async def _told(self, command: CommandMessage, unit: str, reply: Reply) -> Reply:
        """Keep a reply for redeliveries, and tell of it."""
        self.accepted += reply.accepted
        self.refused += not reply.accepted
        if reply.accepted or (await self.record.first_reply(command.id))[0]:
            await self.record.keep_reply(command.id, reply.encode())
        for listener in self.on_command:
            await listener(command, unit, reply)
        return reply

    def _repeat(self, command: CommandMessage, first: bytes | None) -> Reply:
        if first is None:
            reason = "interrupted by a restart: the outcome is unknown, look before you send a new command"
            return self._reply(command, accepted=False, reason=reason)
        return Reply.model_validate_json(first)

    def _reply(
        self, command: CommandMessage, *, accepted: bool, reason: str = "", result: float | None = None
    ) -> Reply:
        return Reply(id=command.id, accepted=accepted, reason=reason, result=result, time_ns=time.time_ns())


def _there(reply: Reply) -> Replied:
    """Return a reply that need not be awaited."""
    replied: Replied = asyncio.get_running_loop().create_future()
    replied.set_result(reply)
    return replied
