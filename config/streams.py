"""Streams: the broker, the journal, the sinks and the historian."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.model import Model, Name
from config.quantities import Duration, PositiveDuration


class Protocol(enum.StrEnum):
    """MQTT version spoken to the broker."""

    V311 = "3.1.1"
    V5 = "5"


class Broker(Model):
    """Where the MQTT broker is."""

    host: str = "127.0.0.1"
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port."""
    protocol: Protocol = Protocol.V311
    username: str | None = None
    """User name, when the broker asks for one."""
    password: SecretStr | None = None
    """Password of that user."""
    keep_alive: PositiveDuration = 10.0
    """A dead connection is noticed after one and a half of it."""
    connect_timeout: PositiveDuration = 5.0
    """An attempt to connect ends within this."""


class Telemetry(Model):
    """How reports become messages."""

    flush_period: PositiveDuration = 0.25
    """A message is closed this long after its first point, at the latest."""
    max_points: int = Field(default=1000, ge=1, le=10_000)
    """A message is closed with this many points."""
    partitions: int = Field(default=1, ge=1, le=64)
    """Shares of the stream that historians can take; a unit is always in one of them."""
    window: int = Field(default=64, ge=1, le=1000)
    """Messages that may be unacknowledged by the broker at one time."""
    ahead: int = Field(default=20_000, ge=1)
    """Messages of a partition that may be sent beyond the watermark: what the broker keeps for a
    historian that is away. The rest waits in the journal."""
    stall_after: PositiveDuration = 5.0
    """Without progress of the watermark for this long, what lies behind it is sent again."""


class Journal(Model):
    """The durable record between engine and sinks."""

    commit_period: PositiveDuration = 0.05
    """Group commit: what a kill can lose is at most this old."""
    max_bytes: int = Field(default=2_000_000_000, ge=1_000_000)
    """Beyond this the oldest records are dropped, counted and alarmed."""
    max_age: PositiveDuration = 30 * 86400.0
    """Older records are dropped, counted and alarmed."""
    alarm_at: float = Field(default=0.7, gt=0, lt=1)
    """Share of max_bytes that raises the alarm."""


class Consumer(Model):
    """A reader of the stream that the journal waits for."""

    name: Name
    """A historian, or a sink."""
    acknowledgement: Literal["watermark", "puback"] = "watermark"
    """`watermark` is lossless; `puback` trusts the broker, and is shown as not lossless."""
    required: bool = True
    """False: the journal does not wait for it."""


class EmbeddedStore(Model):
    """The store that needs no server: SQLite files in the historian's data folder."""

    type: Literal["embedded"] = "embedded"
    """Kind of store."""


class InfluxStore(Model):
    """InfluxDB 2 or 3 or VictoriaMetrics through the v2 write API; InfluxDB 1 through /write."""

    type: Literal["influxdb"]
    """Kind of store."""
    url: str
    """Base address, as `http://localhost:8086`."""
    api: Literal["v2", "v1"] = "v2"
    """Interface: `v2`, or `v1` of InfluxDB 1."""
    org: str = "cellgate"
    """Organisation (v2)."""
    bucket: str = "cellgate"
    """Bucket (v2), or database (v1)."""
    token: SecretStr | None = None
    """Token (v2), or `user:password` (v1)."""
    timeout: PositiveDuration = 10.0
    """Every request ends within this."""
    max_points: int = Field(default=5000, ge=1)
    """Points in one write."""
    durable_after: Duration = 0.0
    """Acknowledged writes younger than this may be lost when the store dies; they are kept and
    written again after it restarted (VictoriaMetrics: 60 s)."""


Store = Annotated[EmbeddedStore | InfluxStore, Field(discriminator="type")]


class Historian(Model):
    """A historian service: from MQTT into a store."""

    name: Name = "historian"
    """A level of its topics, and the folder of its data."""
    partitions: list[int] | None = None
    """Partitions it takes; none is all."""
    store: Store = EmbeddedStore()
    """Where points end up."""
    commit_period: PositiveDuration = 0.1
    """Messages that arrive within this are committed together."""
    max_bytes: int = Field(default=20_000_000_000, ge=1_000_000)
    """Size of its hot table beyond which it takes no more messages."""


class Streams(Model):
    """Everything between the engine and the stored point."""

    broker: Broker = Broker()
    telemetry: Telemetry = Telemetry()
    journal: Journal = Journal()
    historians: list[Historian] = Field(default_factory=lambda: [Historian()])
    """Services that bring the stream into a store."""
    consumers: list[Consumer] | None = None
    """Who the journal waits for; none is every historian above."""
