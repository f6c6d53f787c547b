"""Payloads of Sparkplug B: what a message says, as Python objects (`encode` and `decode` have the bytes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.values import Array, Scalar


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a metric; None is null."""

    datatype: Datatype
    value: Scalar | Properties | tuple[Properties, ...] | None


Properties = Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a template; None is no value."""

    name: str
    datatype: Datatype
    value: Scalar | None


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table."""

    columns: tuple[str, ...]
    types: tuple[Datatype, ...]
    rows: tuple[tuple[Scalar | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A definition of a class, or an instance of one (`reference` names the definition)."""

    metrics: tuple[Metric, ...]
    parameters: tuple[Parameter, ...] = ()
    reference: str = ""
    version: str = ""
    is_definition: bool = False


Value = Scalar | bytes | Array | DataSet | Template


@dataclass(frozen=True, slots=True)
class Metric:
    """A named value. `timestamp` counts ms UTC since 1970; a value of None is null."""

    name: str = ""
    value: Value | None = None
    datatype: Datatype = Datatype.UNKNOWN
    """UNKNOWN is not sent: data and commands leave it to the birth."""
    alias: int | None = None
    timestamp: int | None = None
    is_historical: bool = False
    is_transient: bool = False
    properties: Properties = field(default_factory=dict)
    metadata: Mapping[str, bool | int | str] = field(default_factory=dict)
    fault: str = ""
    """Why the value could not be decoded; it is None then."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What one message says. `timestamp` counts ms UTC since 1970; `seq` is None where none is sent."""

    metrics: Sequence[Metric]
    timestamp: int | None = None
    seq: int | None = None
    uuid: str = ""
    body: bytes = b""
