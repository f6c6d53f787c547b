"""Commands that take their time: writes, methods, conditions and PackML of devices, arming, service.

They are carried out beside the others, those of one target one after the other, in the order of their coming.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from dataclasses import replace
from typing import Final, NamedTuple

from config.site import Site
from gateway.commands import packml
from gateway.commands.arming import arming_row, arms, device_of
from gateway.commands.carrying import Carrying
from gateway.commands.means import Means
from gateway.commands.message import CommandMessage
from gateway.commands.methods import wanted_of
from gateway.commands.record import Record
from gateway.commands.rows import Refused
from gateway.commands.sanity import to_row
from gateway.commands.single_writes import SingleWrites
from gateway.devices.book import Note
from gateway.devices.keeper import Act
from gateway.gxp.audit import AuditEntry

_CALLS: Final = frozenset({"call", "condition"})
LIMIT: Final = 128
"""So many of them at a time; one more is refused."""
_STANDING: Final = "standing"
"""Arming and service of whatever device share one order: they depend on each other."""

Output = bool | int | float | str


class Done(NamedTuple):
    """What a command that was carried out has to tell, as the fields of its reply."""

    outputs: list[Output] | None = None
    before: float | None = None
    result: float | None = None
    device: str = ""


class Lengthy:
    """Carries them out, each as a task of its own."""

    def __init__(self, site: Site, means: Means, record: Record, carrying: Carrying) -> None:
        """Wire it."""
        self._site, self._means, self._record, self._carrying = site, means, record, carrying
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._single_writes = SingleWrites(site, means, carrying)

    def prepared(self, command: CommandMessage, entry: AuditEntry) -> AuditEntry:
        """Return the entry as it is recorded before the command waits for its turn.

        Raises:
            Refused: the command is not complete.
        """
        if command.kind in _CALLS:
            wanted_of(command)
            given = (command.value or "", *(command.arguments or []))
            return replace(entry, new=" ".join(map(str, given)).strip())
        if command.kind == "packml":
            wanted = packml.wanted_of(self._site, command)
            return replace(entry, old=wanted.word(self._means.read_value(wanted.shows)), new=wanted.new)
        if command.kind == "write":
            row = to_row(self._site, command)
            return replace(entry, old=self._before(command), new=row.value)
        device = device_of(self._site, command)
        if command.kind in ("arm", "disarm"):
            words = {True: "armed", False: "disarmed"}
            return replace(entry, old=words[self._means.is_armed(device)], new=words[arms(command)])
        if command.kind == "disable" and not command.reason.strip():
            raise Refused("disable needs a reason")
        words = {True: "out of service", False: "in service"}
        is_out = device in self._means.book.now.out_of_service
        return replace(entry, old=words[is_out], new=words[command.kind == "disable"])

    async def carry_out(self, command: CommandMessage, entry: AuditEntry) -> Done:
        """Do it in its turn; return what is to be told.

        Raises:
            Refused: it cannot be done, or waited for its turn until it expired.
        """
        if command.kind == "write":
            return await self._write(command, entry)
        turn = command.target if command.kind in _CALLS or command.kind == "packml" else _STANDING
        async with self._turns[turn]:
            _refuse_expired(command)
            if command.kind in _CALLS:
                return await self._call(command, entry)
            if command.kind == "packml":
                return await self._command_machine(command, entry)
            if command.kind in ("arm", "disarm"):
                act = self._arm if arms(command) else self._disarm
                await act(command, device_of(self._site, command))
            else:
                await (self._disable if command.kind == "disable" else self._enable)(command, command.target)
            await self._record.write(replace(entry, outcome="done"))
            return Done()

    async def _write(self, command: CommandMessage, entry: AuditEntry) -> Done:
        """Have a value written, and hear what the device says to it; later values need not wait for that."""
        row, before, writes = to_row(self._site, command), self._before(command), self._single_writes
        is_momentary = self._site.tags[command.target].momentary
        async with self._turns[command.target]:
            _refuse_expired(command)
            if is_momentary:
                self._refuse_disarmed()
                await writes.press(command.target, row.value)
            else:
                answer = await writes.begin(row, command)
        said = "taken, not read back" if is_momentary else await writes.end(answer, row, command)
        await self._record.write(replace(entry, outcome="done", detail=said))
        return Done(before=before, result=None if is_momentary else row.value, device=said)

    def _before(self, command: CommandMessage) -> float | None:
        value = self._means.read_value(command.target)
        return None if math.isnan(value) else value

    async def _call(self, command: CommandMessage, entry: AuditEntry) -> Done:
        """Call a device's method; what it was given and answered is in the audit trail."""
        device, method, arguments = wanted_of(command)
        if command.kind == "call":
            self._refuse_disarmed()
        result = await self._means.call_method(device, method, arguments)
        if result.error is not None:
            raise Refused(result.error)
        outputs = list(result.outputs)
        await self._record.write(replace(entry, outcome="done", detail=" ".join(map(str, outputs))))
        return Done(outputs=outputs)

    async def _command_machine(self, command: CommandMessage, entry: AuditEntry) -> Done:
        """Give a machine a PackML command; the state it went to is the answer, and in the audit trail."""
        self._refuse_disarmed()
        means = self._means
        state = await packml.send(self._site, command, means.read_value, means.write_once)
        await self._record.write(replace(entry, outcome="done", detail=state))
        return Done(outputs=[state])

    def _refuse_disarmed(self) -> None:
        if not self._means.is_armed(None):
            raise Refused("writes of the whole gateway are off: it is not armed")

    async def _arm(self, command: CommandMessage, device: str | None) -> None:
        if device in self._means.book.now.out_of_service:
            raise Refused(f"{device!r} is out of service: enable it first")
        await self._ask_devices(Act.CLAIM if device is None else Act.ARM, device)
        await self._carrying.by_engine(arming_row(self._site, command), command)
        if device is None:
            await self._change(gateway=None)
        else:
            await self._record.on_disk(self._means.book.remove, "disarmed", device)

    async def _disarm(self, command: CommandMessage, device: str | None) -> None:
        """Disarm; on the disk first, so that it holds whatever happens next."""
        note = _note(command)
        if device is None:
            await self._change(gateway=note)
        else:
            await self._record.on_disk(self._means.book.put, "disarmed", device, note)
        await self._carrying.by_engine(arming_row(self._site, command), command)
        if device is not None:
            await self._ask_devices(Act.DISARM, device)

    async def _disable(self, command: CommandMessage, device: str) -> None:
        if device in self._means.book.now.out_of_service:
            raise Refused(f"{device!r} is out of service already")
        await self._record.on_disk(self._means.book.put, "out_of_service", device, _note(command))
        await self._ask_devices(Act.DISABLE, device)

    async def _enable(self, command: CommandMessage, device: str) -> None:
        if device not in self._means.book.now.out_of_service:
            raise Refused(f"{device!r} is in service")
        await self._ask_devices(Act.ENABLE, device)
        await self._record.on_disk(self._means.book.remove, "out_of_service", device)

    async def _ask_devices(self, act: Act, device: str | None) -> None:
        why = await self._means.act(act, device)
        if why is not None:
            raise Refused(why)

    async def _change(self, **fields: Note | None) -> None:
        def change() -> None:
            self._means.book.change(**fields)

        await self._record.on_disk(change)


def _refuse_expired(command: CommandMessage) -> None:
    if command.expires_ns < time.time_ns():
        raise Refused("it expired while it waited for the one before it")


def _note(command: CommandMessage) -> Note:
    return Note(command.user, command.reason, time.time_ns())
