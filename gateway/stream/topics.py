"""Every topic of the gateway's tree, built and parsed in one place.

A topic is a small value here: `str(topic)` builds it, `parse` finds out which one a text is, and
`pattern` gives the filter that a subscriber uses. Nothing else in the program puts a topic together.
Levels are names (`[A-Za-z0-9_-]+`): a space alone made a broker drop the connection and blocked
everything behind that message. Levels that the tree itself uses begin with an underscore, so areas
may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import ClassVar, Final, get_args

from config.model import NAME_PATTERN

ROOT: Final = "cellgate/v1"
GATEWAY_LEVEL: Final = "_gateway"
"""Stands in for a unit where something concerns the whole gateway."""
ANY: Final = "+"
"""In `pattern`: any name or number on this level."""


class TopicError(ValueError):
    """A name that cannot be a level of a topic, or a text that is no topic of ours."""


@dataclass(frozen=True, slots=True)
class _Topic:
    """A topic: its fields are levels of `SHAPE`."""

    SHAPE: ClassVar[str]

    def __post_init__(self) -> None:
        """Check every level.

        Raises:
            TopicError: a level is no name, or a partition is negative.
        """
        for field in fields(self):
            _check(field.name, getattr(self, field.name))

    def __str__(self) -> str:
        """Return the topic as it is on the wire."""
        return self.SHAPE.format_map({field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def pattern(cls, **levels: str | int) -> str:
        """Return the subscription filter with the given levels fixed and `+` for the others.

        Raises:
            TopicError: a level is no name, or this topic has no such level.
        """
        names = [field.name for field in fields(cls)]
        if unknown := set(levels) - set(names):
            raise TopicError(f"{cls.__name__} has no level {', '.join(sorted(unknown))}")
        for name, value in levels.items():
            if value != ANY:
                _check(name, value)
        return cls.SHAPE.format_map({name: levels.get(name, ANY) for name in names})


def client_mount(client: str) -> str:
    """Return what stands before every topic of a client's own tree.

    Raises:
        TopicError: the name cannot be a level of a topic.
    """
    _check("client", client)
    return f"client/{client}/"


@dataclass(frozen=True, slots=True)
class Telemetry(_Topic):
    """Reports of one unit, as line protocol."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/{area}/{cell}/{unit}/pv/{gateway}/{partition}"
    site: str
    area: str
    cell: str
    unit: str
    gateway: str
    partition: int


@dataclass(frozen=True, slots=True)
class UnitEvent(_Topic):
    """A process event of a unit, as JSON."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/{area}/{cell}/{unit}/event/{gateway}/{partition}"
    site: str
    area: str
    cell: str
    unit: str
    gateway: str
    partition: int


@dataclass(frozen=True, slots=True)
class GatewayEvent(_Topic):
    """An event of the whole gateway (a device lost, the journal's alarm), as JSON."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/" + GATEWAY_LEVEL + "/{gateway}/event/{partition}"
    site: str
    gateway: str
    partition: int


@dataclass(frozen=True, slots=True)
class Command(_Topic):
    """Commands to a unit, signed."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/{area}/{cell}/{unit}/command/{gateway}"
    site: str
    area: str
    cell: str
    unit: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Reply(_Topic):
    """Answers to commands; the command's id is in the payload."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/{area}/{cell}/{unit}/reply/{gateway}"
    site: str
    area: str
    cell: str
    unit: str
    gateway: str


@dataclass(frozen=True, slots=True)
class LoopParameters(_Topic):
    """Retained: the present parameters of a unit's loops."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/{area}/{cell}/{unit}/loops/{gateway}"
    site: str
    area: str
    cell: str
    unit: str
    gateway: str


@dataclass(frozen=True, slots=True)
class GatewayCommand(_Topic):
    """Commands to the gateway as a whole (arming its outputs), signed."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/" + GATEWAY_LEVEL + "/{gateway}/command"
    site: str
    gateway: str


@dataclass(frozen=True, slots=True)
class GatewayReply(_Topic):
    """Answers to commands to the gateway as a whole."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/" + GATEWAY_LEVEL + "/{gateway}/reply"
    site: str
    gateway: str


@dataclass(frozen=True, slots=True)
class State(_Topic):
    """Retained: whether the gateway is online; also its last will."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/" + GATEWAY_LEVEL + "/{gateway}/state"
    site: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Health(_Topic):
    """Retained: the gateway's counters and the state of its devices."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/" + GATEWAY_LEVEL + "/{gateway}/health"
    site: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Watermark(_Topic):
    """Retained: up to where a historian holds a gateway's partition without a gap."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/_historian/{historian}/watermark/{gateway}/{partition}"
    site: str
    historian: str
    gateway: str
    partition: int


@dataclass(frozen=True, slots=True)
class HistorianHealth(_Topic):
    """Retained: a historian's counters and the state of its store."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/_historian/{historian}/health"
    site: str
    historian: str


@dataclass(frozen=True, slots=True)
class Resend(_Topic):
    """A historian asks for a range of a partition again."""

    SHAPE: ClassVar[str] = ROOT + "/{site}/_historian/{historian}/resend/{gateway}/{partition}"
    site: str
    historian: str
    gateway: str
    partition: int


Topic = (
    Telemetry
    | UnitEvent
    | GatewayEvent
    | Command
    | Reply
    | LoopParameters
    | GatewayCommand
    | GatewayReply
    | State
    | Health
    | Watermark
    | HistorianHealth
    | Resend
)
TOPICS: Final[tuple[type[Topic], ...]] = get_args(Topic)
RETAINED: Final[tuple[type[Topic], ...]] = (LoopParameters, State, Health, Watermark, HistorianHealth)
"""What brokers keep for those who subscribe later."""


def parse(topic: str) -> Topic:
    """Return which topic a text is.

    Raises:
        TopicError: none of ours.
    """
    for kind, expression in _EXPRESSIONS:
        if match := expression.match(topic):
            levels: dict[str, str | int] = {**match.groupdict()}
            if "partition" in levels:
                levels["partition"] = int(levels["partition"])
            return kind(**levels)  # type: ignore[arg-type]  # the expression's groups are the fields
    raise TopicError(f"{topic!r} is not a topic of this tree")


def _check(name: str, value: object) -> None:
    if name == "partition":
        if not isinstance(value, int) or value < 0:
            raise TopicError(f"partition {value!r} is not a number from 0")
    elif not isinstance(value, str) or not NAME_PATTERN.fullmatch(value):
        raise TopicError(f"{name} {value!r} cannot be a level of a topic: letters, digits, '_' and '-' only")
    elif name == "area" and value.startswith("_"):
        raise TopicError(f"area {value!r} begins with '_', which is for the tree's own levels")


def _expression(kind: type[_Topic]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>{_LEVELS.get(name, _NAME)})"

    return re.compile("^" + re.sub(r"\{(\w+)\}", group, kind.SHAPE) + r"\Z")


_NAME: Final = "[A-Za-z0-9_-]+"
_LEVELS: Final = {"partition": "(?:0|[1-9][0-9]*)", "area": "(?!_)[A-Za-z0-9_-]+"}
_EXPRESSIONS: Final = tuple((kind, _expression(kind)) for kind in TOPICS)
