"""Process events: one model for each kind, with the JSON Schema that the outside world reads.

An event is journalled as JSON without its header (`to_json`), and gets epoch, partition and sequence
from its row in the journal when it is sent (`with_header`). Readers should ignore keys they do not know.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import orjson
from pydantic import Field, TypeAdapter

from config.loops import Mode
from gateway.stream.alarm_events import AlarmEvent, AlarmFirstOutEvent, AlarmLetter
from gateway.stream.configuration_events import ConfigurationEvent
from gateway.stream.context_events import ContextEvent
from gateway.stream.device_events import ConditionEvent, DeviceEvent, DeviceNoticeEvent
from gateway.stream.event_model import Event, rfc3339
from gateway.stream.interlock_events import BypassEvent, FirstOutEvent, InterlockEvent
from gateway.stream.loop_events import AutotuneEvent, LoopPerformanceEvent
from gateway.stream.override_events import OverrideEvent
from gateway.stream.profile_events import ProfileEvent

__all__ = [
    "AlarmEvent",
    "AlarmFirstOutEvent",
    "AlarmLetter",
    "AnyEvent",
    "ArmedEvent",
    "BypassEvent",
    "CommandEvent",
    "ConditionEvent",
    "ConfigurationEvent",
    "ContextEvent",
    "DeviceEvent",
    "DeviceNoticeEvent",
    "Event",
    "FirstOutEvent",
    "GapEvent",
    "GatewayEvent",
    "InterlockEvent",
    "JournalEvent",
    "JournalMatter",
    "ModeEvent",
    "OverrideEvent",
    "SetPointEvent",
    "parse",
    "rfc3339",
    "to_json",
    "with_header",
]

_HEADER: Final = ("epoch", "partition", "sequence")


class ModeEvent(Event):
    """A loop changed its mode."""

    type: Literal["mode"] = "mode"
    name: str
    before: Mode
    after: Mode
    count: int = 1
    command: str | None = None
    """Id of the command that caused it; none: the loop's own fallback."""


class SetPointEvent(Event):
    """A loop's set-point was changed."""

    type: Literal["set_point"] = "set_point"
    name: str
    before: float | None
    after: float
    command: str | None = None


class TuningEvent(Event):
    """A parameter of a loop was changed."""

    type: Literal["tuning"] = "tuning"
    name: str
    """Full name of the loop."""
    parameter: str
    """As in the configuration; times are seconds, and rates per second, of the plant."""
    before: float | None
    """None: it was without limit."""
    after: float
    command: str | None = None


class CommandEvent(Event):
    """A command was carried out or refused."""

    type: Literal["command"] = "command"
    command: str
    """Id of the command."""
    user: str
    kind: str
    target: str
    value: float | str | None = None
    accepted: bool
    reason: str = ""
    """Why it was refused."""


class ArmedEvent(Event):
    """Writes were armed or disarmed."""

    type: Literal["armed"] = "armed"
    armed: bool
    device: str | None = None
    """Device whose writes it is about; none: those of the gateway as a whole."""
    command: str | None = None


class GatewayEvent(Event):
    """The gateway started or stopped."""

    type: Literal["gateway"] = "gateway"
    state: Literal["started", "stopped"]
    program: str
    """Version of the program."""
    start: Literal["cold", "warm"] | None = None
    """Started: warm goes on with modes, set-points, alarms and timers from a snapshot; cold forgets them."""
    detail: str = ""
    """Started: what was gone on from, or why it was a cold start."""


class EngineEvent(Event):
    """Something about the engine as a whole that somebody should know."""

    type: Literal["engine"] = "engine"
    what: Literal["scheduling_refused"]
    """`scheduling_refused`: the operating system does not give the priority or processors asked for."""
    detail: str


JournalMatter = Literal[
    "filling", "relieved", "dropped", "full", "trimmed", "quarantined", "replaced", "watermark_refused"
]


class JournalEvent(Event):
    """Something about the journal that somebody should look at."""

    type: Literal["journal"] = "journal"
    what: JournalMatter
    """`filling`: over its alarm level (`relieved`: under it again); `dropped`: the oldest records went for
    room or age; `full`: the disk takes no more; `trimmed`: somebody asks for records that every required
    consumer had; `quarantined`: a record that no broker takes was set aside; `replaced`: the file was
    damaged, a new one begun; `watermark_refused`: a historian claimed what cannot be."""
    detail: str
    records: int = 0
    """How many records it concerns."""


class GapEvent(Event):
    """Sequences of this event's partition that will never come: a historian need not wait for them."""

    type: Literal["gap"] = "gap"
    first: int
    last: int
    reason: JournalMatter
    """As in the journal event: `dropped`, `trimmed` or `quarantined`."""


AnyEvent = Annotated[
    AlarmEvent
    | AlarmFirstOutEvent
    | InterlockEvent
    | BypassEvent
    | FirstOutEvent
    | ModeEvent
    | SetPointEvent
    | TuningEvent
    | ProfileEvent
    | CommandEvent
    | ArmedEvent
    | OverrideEvent
    | DeviceEvent
    | DeviceNoticeEvent
    | AutotuneEvent
    | LoopPerformanceEvent
    | ConditionEvent
    | GatewayEvent
    | EngineEvent
    | ConfigurationEvent
    | ContextEvent
    | JournalEvent
    | GapEvent,
    Field(discriminator="type"),
]
_ADAPTER: Final[TypeAdapter[AnyEvent]] = TypeAdapter(AnyEvent)


def to_json(event: Event) -> bytes:
    """Return an event as the journal keeps it: without its header."""
    return event.model_dump_json(exclude=set(_HEADER)).encode()


def with_header(data: bytes, epoch: int, partition: int, sequence: int) -> bytes:
    """Return a journalled event as it is sent."""
    header = dict(zip(_HEADER, (epoch, partition, sequence), strict=True))
    return orjson.dumps({**orjson.loads(data), **header})


def parse(payload: bytes) -> AnyEvent:
    """Return an event that was sent.

    Raises:
        ValueError: no event of ours (pydantic.ValidationError says where).
    """
    return _ADAPTER.validate_json(payload)
