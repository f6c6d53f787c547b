"""Sparkplug B 3.0: the edge nodes that a gateway is, each with a connection of its own."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from config.access import Role
from config.broker import Broker
from config.model import Model, Name
from config.quantities import Duration, PositiveDuration

SPARKPLUG_ID: Final = re.compile(r"^[^+/#\0]+$")


def _sparkplug_id(value: str) -> str:
    if not SPARKPLUG_ID.fullmatch(value):
        raise ValueError(
            f"{value!r} cannot be a Sparkplug id; it becomes a level of topics: give a text without "
            "'+', '/' and '#'"
        )
    return value


SparkplugId = Annotated[
    str,
    AfterValidator(_sparkplug_id),
    WithJsonSchema({"type": "string", "pattern": r"^[^+/#]+$"}, "validation"),
]
"""A group, edge node, device or host of Sparkplug: any text but for `+`, `/` and `#`."""


class SparkplugCommands(Model):
    """Who hosts command as. Sparkplug does not sign: whoever the broker lets publish commands is this."""

    user: Name
    """Name in the audit trail; not one of access.users, whose commands are signed."""
    role: Role = Role.OPERATOR
    """What it may do."""
    units: list[str]
    """Units its rights hold for; every one must be named."""


class SparkplugNode(Model):
    """An edge node: the gateway, or some of its units, as Sparkplug hosts see it."""

    group: SparkplugId
    """Group id."""
    edge_node: SparkplugId | None = None
    """Edge node id; none takes the gateway's name."""
    broker: Broker | None = None
    """Servers it walks; none takes streams.broker. It is at one of them at a time."""
    devices: Literal["unit", "device"] = "unit"
    """What is a Sparkplug device: each unit, or each device of the configuration (what no device gives
    is the edge node's own then)."""
    units: list[str] | None = None
    """Units that are shown; none is all."""
    aliases: bool = True
    """Data carry numbers instead of names."""
    templates: bool = False
    """Units that are made from a template are instances of it; else all metrics are plain ones."""
    primary_host: SparkplugId | None = None
    """Host whose STATE is waited for; none publishes whether or not a host is there."""
    host_timeout: PositiveDuration = 5.0
    """Where a server says nothing of the primary host for this long, the next one is tried."""
    historical: Duration = 300.0
    """After a connection was lost, or the gateway began: so much is sent again, as historical; 0 is none."""
    historical_rate: float = Field(default=2000.0, gt=0)
    """Metrics a second of that."""
    rebirth_min_interval: PositiveDuration = 5.0
    """Births are at least this far apart; requests in between are answered by one, the last always."""
    max_metrics: int = Field(default=1000, ge=1, le=10_000)
    """Metrics in one data message."""
    commands: SparkplugCommands | None = None
    """Who hosts command as; none: every command but for a rebirth is refused."""

    @model_validator(mode="after")
    def _templates_need_units(self) -> Self:
        if self.templates and self.devices != "unit":
            raise ValueError("templates show units as instances: they need devices: unit")
        return self
