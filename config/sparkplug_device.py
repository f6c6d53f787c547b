"""A device behind a Sparkplug edge node: which node, at which broker; and where in it a tag lives."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from config.broker import BrokerTls, Protocol
from config.model import Model
from config.quantities import PositiveDuration
from config.sparkplug import SparkplugId


def _metric(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; give the metric's name as its birth has it")
    return value


class SparkplugSettings(Model):
    """A device's `settings`: one edge node is one device of the configuration."""

    host: str
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port."""
    protocol: Protocol = Protocol.V311
    """MQTT version."""
    username: str | None = None
    """User name, when the broker asks for one."""
    password: SecretStr | None = None
    """Password of that user."""
    tls: BrokerTls | None = None
    """Encrypted connections; none is plain TCP."""
    keep_alive: PositiveDuration = 5.0
    """A dead connection to the broker is noticed after one and a half of it."""
    group: SparkplugId
    """Group id of the edge node."""
    edge_node: SparkplugId
    """Edge node id."""
    host_id: SparkplugId | None = None
    """Be a host application of this id, whose STATE says that it is there; none is a silent one."""
    probe_after: PositiveDuration | None = None
    """An edge node that has been quiet for so long is asked for a rebirth, and is lost when it does not
    answer; none trusts the broker to tell of its death (one and a half of the node's keep-alive)."""
    reorder_timeout: PositiveDuration = 2.0
    """A missing message is waited for so long; then a rebirth is asked for."""


class SparkplugAddress(Model):
    """A tag's `address`."""

    metric: Annotated[str, AfterValidator(_metric)]
    """Name of the metric; a member of a template is `instance/member`."""
    device: str = ""
    """Device id; none is a metric of the edge node itself."""
