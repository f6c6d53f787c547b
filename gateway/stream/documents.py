"""The small JSON documents beside telemetry, events and commands: one model each, as others read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class StateDocument(_Document):
    """Whether the gateway is online; also its last will. Retained."""

    online: bool
    since_ns: int | None
    """UTC in ns; null in the last will: nobody knows when it happened."""
    epoch: int | None
    """Epoch of its journal."""
    config: str
    """Fingerprint of the configuration."""


class WatermarkDocument(_Document):
    """A historian has every message of an epoch and partition up to a sequence on its own disk. Retained."""

    gateway: str
    epoch: int
    partition: int = Field(ge=0)
    sequence: int = Field(ge=0)
    time_ns: int


class ResendDocument(_Document):
    """A historian asks for a range of sequences again, both ends included."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, populate_by_name=True)

    epoch: int
    first: int = Field(alias="from", ge=1)
    last: int = Field(alias="to", ge=1)


class LoopParametersDocument(_Document):
    """The present parameters of a unit's loops. Retained."""

    time_ns: int
    config: str
    loops: dict[str, dict[str, float | None]]
    """By full name of the loop and name of the parameter; null is no limit."""


class HealthDocument(_Document):
    """A gateway's counters and the state of its devices, each second. Retained.

    Its parts grow with the program; readers should ignore keys they do not know.
    """

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="allow")

    time_ns: int
    gateway: str
    config: str
    engine: dict[str, Any]
    acquisition: dict[str, Any]
    journal: dict[str, Any]


class HistorianHealthDocument(_Document):
    """A historian's counters and the state of its store; also its last will. Retained."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="allow")

    online: bool
