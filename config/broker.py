"""Where MQTT brokers are, and how they are reached."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from config.model import Model
from config.quantities import PositiveDuration


class Protocol(enum.StrEnum):
    """MQTT version spoken to the broker."""

    V311 = "3.1.1"
    V5 = "5"


class BrokerAddress(Model):
    """Where another broker is, that takes over when the first is away."""

    host: str
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port."""

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.host}:{self.port}"


class BrokerTls(Model):
    """TLS to the broker. Its certificate must be signed by whom we trust, and carry its host's name."""

    authority: Path | None = None
    """PEM file of the authorities that sign brokers' certificates; none takes the system's."""
    certificate: Path | None = None
    """PEM file of the gateway's own certificate, where brokers ask for one."""
    private_key: Path | None = None
    """PEM file of its key; none when the certificate's file holds it too."""
    private_key_password: SecretStr | None = None
    """Password of the key file, when it has one."""

    @model_validator(mode="after")
    def _key_needs_certificate(self) -> Self:
        if self.private_key is not None and self.certificate is None:
            raise ValueError("a private_key without its certificate: give both")
        return self


class Broker(Model):
    """Where the MQTT broker is."""

    host: str = "127.0.0.1"
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port (with TLS usually 8883)."""
    others: list[BrokerAddress] = Field(default_factory=list)
    """Brokers to go to, in this order, when the first does not answer. Every service of the site must
    have the same list: they meet at the first broker that is there."""
    return_after: PositiveDuration = 30.0
    """While at another broker: the first one is tried this often, and gone back to."""
    tls: BrokerTls | None = None
    """Encrypted connections; none speaks plain TCP, for loopback and closed networks."""
    protocol: Protocol = Protocol.V311
    username: str | None = None
    """User name, when the broker asks for one."""
    password: SecretStr | None = None
    """Password of that user."""
    keep_alive: PositiveDuration = 10.0
    """A dead connection is noticed after one and a half of it, a broker that acknowledges nothing after
    three."""
    connect_timeout: PositiveDuration = 5.0
    """An attempt to connect ends within this."""

    @property
    def addresses(self) -> tuple[BrokerAddress, ...]:
        """Where brokers are, the first one first."""
        return (BrokerAddress(host=self.host, port=self.port), *self.others)
