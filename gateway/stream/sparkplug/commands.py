"""Commands of hosts (NCMD, DCMD) on their way to the command door.

Nobody signs on Sparkplug, so the configuration says whose rights those have who come this way; without
that every command is refused. A refusal is audited like any other, and the host sees it: the metric is
sent again with the value that holds, and a property `Refused`.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from config.access import User
from config.site import Site
from config.sparkplug import SparkplugNode
from config.tags import Access
from drivers.sparkplug.decode import Known, decode
from drivers.sparkplug.payload import Metric, Payload, Template
from drivers.sparkplug.values import MalformedPayload
from gateway.commands.door import CommandDoor
from gateway.commands.message import CommandMessage, Kind
from gateway.gxp.audit import AuditEntry
from gateway.modes import word_of
from gateway.stream.sparkplug.births import REBIRTH
from gateway.stream.sparkplug.layout import NODE, Layout

_WAITING: Final = 200
_LOOP_COMMANDS: Final[dict[str, Kind]] = {"sp": "set_point", "op": "output", "mode": "mode"}
_NAMESPACE: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
"""The URL namespace of RFC 4122: a topic is named by it."""


@dataclass(slots=True)
class CommandCounters:
    """What became of hosts' commands since the start."""

    accepted: int = 0
    refused: int = 0
    malformed: int = 0
    overflowed: int = 0
    """Refused unheard, because too many waited."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric that a host wants changed. `tag` is None where the node has no such metric."""

    topic: str
    metric: str
    tag: int | None
    value: object
    id: str
    issued_ns: int
    retained: bool
    """The broker had kept it: nobody knows when it was meant."""


class HostCommands:
    """One edge node's commands: one after the other, each to the door or refused."""

    def __init__(
        self,
        site: Site,
        settings: SparkplugNode,
        layout: Layout,
        door: CommandDoor,
        refuse: Callable[[int, str], None],
    ) -> None:
        """Wire it; `refuse` shows hosts why a tag was not changed."""
        self._site, self._layout, self._door, self._refuse = site, layout, door, refuse
        self._tags = list(site.tags)
        self._metrics = [_Metrics(layout, device) for device in range(len(layout.devices))]
        self._waiting: asyncio.Queue[Wanted] = asyncio.Queue(_WAITING)
        self.counters = CommandCounters()
        allowed = settings.commands
        self._name = "" if allowed is None else allowed.user
        self._user = None if allowed is None else User(role=allowed.role, public_key="", units=allowed.units)

    def take(self, device: int, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Take an NCMD or DCMD; True when it asks for a rebirth. Never raises.

        What the broker had retained asks for nothing, and is refused.
        """
        try:
            said = decode(payload, self._metrics[device].known)
        except MalformedPayload:
            self.counters.malformed += 1
            return False
        rebirth = False
        for wanted in self._metrics[device].wanted(said, topic, payload, retained=retained):
            if device == NODE and wanted.metric == REBIRTH:
                rebirth = rebirth or (wanted.value is True and not retained)
                continue
            try:
                self._waiting.put_nowait(wanted)
            except asyncio.QueueFull:
                self.counters.overflowed += 1
        return rebirth

    async def run(self) -> None:
        """Handle commands until cancelled."""
        while True:
            wanted = await self._waiting.get()
            why_not = await self._handle(wanted)
            self.counters.accepted += not why_not
            self.counters.refused += bool(why_not)
            if why_not and wanted.tag is not None:
                self._refuse(wanted.tag, why_not)

    async def _handle(self, wanted: Wanted) -> str:
        """Carry out a command; return why not, or nothing."""
        made = self._command(wanted)
        if isinstance(made, CommandMessage):
            assert self._user is not None
            unit = self._site.unit_of(made.target)
            reply = await self._door.handle_vouched(made, self._user, unit=unit)
            return "" if reply.accepted else reply.reason
        entry = AuditEntry(
            self._name or "sparkplug host",
            "?" if self._user is None else str(self._user.role),
            wanted.topic.split("/")[2],
            wanted.metric or "?",
            f"refused: {made}",
            new=str(wanted.value),
            reason=wanted.topic,
        )
        await self._door.turn_away(entry)
        return made

    def _command(self, wanted: Wanted) -> CommandMessage | str:
        """Return the command that is meant, or why there is none."""
        if wanted.tag is None:
            return "there is no such metric"
        if self._user is None:
            return "this gateway takes no commands from Sparkplug hosts"
        if wanted.retained:
            return "the broker had retained it; a command is sent when it is meant"
        name = self._tags[wanted.tag]
        owner, _, part = name.rpartition(".")
        tag = self._site.tags[name]
        value = wanted.value
        if isinstance(value, bool):
            value = float(value)
        if not isinstance(value, int | float | str):
            return "there is no value"
        if owner in self._site.loops and part in _LOOP_COMMANDS:
            kind, target = _LOOP_COMMANDS[part], owner
            if kind == "mode" and not isinstance(value, str):
                value = word_of(value) or str(value)
        elif tag.device is not None and tag.access is not Access.READ:
            kind, target = "write", name
        else:
            return f"{name!r} cannot be commanded"
        return CommandMessage(
            id=wanted.id,
            user=self._name,
            issued_ns=wanted.issued_ns,
            expires_ns=wanted.issued_ns + int(self._site.access.max_command_age * 1e9),
            kind=kind,
            target=target,
            value=value,
            reason=f"unsigned, by {wanted.topic}"[:1000],
        )


class _Metrics:
    """What commands may name of one device."""

    def __init__(self, layout: Layout, device: int) -> None:
        tags = layout.tags_of(device)
        self._tags: dict[int | str, int] = {}
        self._members: dict[int | str, dict[str, int]] = {}
        for tag in layout.devices[device].tags:
            self._tags[layout.names[tag]] = tag
            if layout.with_aliases:
                self._tags[layout.alias(tag)] = tag
        for instance in layout.devices[device].instances:
            members = {layout.names[tag]: tag for tag in instance.tags}
            self._members[instance.name] = self._members[instance.alias] = members
        self._names = layout.names
        self.known: Known = {
            **{key: layout.datatypes[tag] for key, tag in self._tags.items()},
            **{layout.names[tag]: layout.datatypes[tag] for tag in tags},
        }

    def wanted(self, payload: Payload, topic: str, raw: bytes, *, retained: bool) -> Iterator[Wanted]:
        """Yield what a payload wants changed, members of instances one by one."""
        now_ns = time.time_ns()
        issued_ns = now_ns if payload.timestamp is None else payload.timestamp * 1_000_000
        told = b"" if payload.timestamp is None else raw
        number = 0
        for metric in payload.metrics:
            for name, tag, value in self._meant(metric):
                unique = f"{topic} {number} {told.hex()}"
                identity = uuid.uuid5(_NAMESPACE, unique) if told else uuid.uuid4()
                yield Wanted(topic, name, tag, value, str(identity), issued_ns, retained)
                number += 1

    def _meant(self, metric: Metric) -> Iterator[tuple[str, int | None, object]]:
        key = metric.name if metric.alias is None else metric.alias
        members = self._members.get(key)
        if members is not None and isinstance(metric.value, Template):
            for member in metric.value.metrics:
                yield member.name, members.get(member.name), member.value
            return
        tag = self._tags.get(key)
        yield (metric.name or (f"alias {key}" if tag is None else self._names[tag])), tag, metric.value
