"""Process events: one model for each kind, with the JSON Schema that the outside world reads.

An event is journalled as JSON without its header (`to_json`), and gets epoch, partition and sequence
from its row in the journal when it is sent (`with_header`). Readers should ignore keys they do not know.
"""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, computed_field

from config.alarms import AlarmType, Priority
from gateway.stream.uuid7 import uuid7

_HEADER: Final = ("epoch", "partition", "sequence")


def rfc3339(time_ns: int) -> str:
    """Return a UTC time with nanoseconds, as `2026-11-22T15:31:02.000000001Z`."""
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


class Event(BaseModel):
    """What every event carries."""

    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )

    id: str = Field(default_factory=lambda: str(uuid7()))
    """UUID of version 7: unique, and sorts by the time it was made."""
    type: str
    version: Literal[1] = 1
    """Version of this type's schema."""
    gateway: str
    epoch: int = 0
    """With partition and sequence it identifies the message. 0: not sent yet."""
    partition: int = 0
    sequence: int = 0
    unit: str
    """Unit concerned; `_gateway` where it is the gateway as a whole."""
    config: str
    """Fingerprint of the configuration."""
    time_ns: int
    """When it happened, UTC in ns."""

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def time(self) -> str:
        """When it happened, RFC 3339 with nanoseconds."""
        return rfc3339(self.time_ns)


class AlarmLetter(enum.StrEnum):
    """States of an alarm, as the letters of the diagram in ISA-18.2."""

    NORMAL = "A"
    UNACKNOWLEDGED = "B"
    ACKNOWLEDGED = "C"
    RETURNED = "D"
    LATCHED_UNACKNOWLEDGED = "E"
    LATCHED_ACKNOWLEDGED = "F"
    SHELVED = "G"
    SUPPRESSED = "H"
    OUT_OF_SERVICE = "I"

    @property
    def active(self) -> bool:
        """Whether the condition holds."""
        return self in "BC"

    @property
    def acknowledged(self) -> bool:
        """Whether nobody has to acknowledge."""
        return self not in "BDE"


class AlarmEvent(Event):
    """An alarm changed its state."""

    type: Literal["alarm"] = "alarm"
    name: str
    """Full name of the alarm."""
    tag: str
    alarm_type: AlarmType
    priority: Priority
    before: AlarmLetter
    after: AlarmLetter
    active: bool
    """The condition holds now; with `acknowledged` the view of four states."""
    acknowledged: bool
    occurrence: int
    """Unique for each activation of this gateway's alarms; an acknowledgement names it."""
    onset_ns: int
    """When the condition was first violated, before the on-delay."""
    value: float | None
    limit: float | None
    count: int = 1
    """Changes that this event stands for; more than one after a flood."""
    command: str | None = None
    """Id of the command that caused it."""


class InterlockEvent(Event):
    """An interlock began or ended to force its outputs."""

    type: Literal["interlock"] = "interlock"
    name: str
    active: bool
    forces: dict[str, float]
    """Tags and the values they are forced to."""
    count: int = 1
    command: str | None = None


class ModeEvent(Event):
    """A loop changed its mode."""

    type: Literal["mode"] = "mode"
    name: str
    before: Literal["manual", "auto"]
    after: Literal["manual", "auto"]
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
    """The outputs were armed or disarmed."""

    type: Literal["armed"] = "armed"
    armed: bool
    command: str | None = None


class DeviceEvent(Event):
    """A device was lost or came back."""

    type: Literal["device"] = "device"
    device: str
    state: Literal["lost", "restored"]
    reason: str = ""
    duration_s: float | None = None
    """Restored: how long it was away."""


class GatewayEvent(Event):
    """The gateway started or stopped."""

    type: Literal["gateway"] = "gateway"
    state: Literal["started", "stopped"]
    program: str
    """Version of the program."""


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
    | InterlockEvent
    | ModeEvent
    | SetPointEvent
    | CommandEvent
    | ArmedEvent
    | DeviceEvent
    | GatewayEvent
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
