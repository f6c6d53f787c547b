"""Streams: the broker, the journal, the sinks and the historian."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.broker import Broker
from config.model import Model, Name
from config.quantities import Duration, PositiveDuration
from config.sparkplug import SparkplugNode


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


class Retention(Model):
    """How long a store keeps each class of data, from the end of the UTC day it was measured in."""

    points: PositiveDuration | None = None
    """Points as they were reported; none keeps them for ever."""
    trends: PositiveDuration | None = None
    """What trends show: count, least, greatest, mean, first, last and worst quality of a stretch; at least
    as long as points. None keeps them for ever."""
    events: PositiveDuration | None = None
    """Alarms, phases and all other events; none keeps them for ever."""

    @model_validator(mode="after")
    def _trends_outlive_points(self) -> Self:
        if self.trends is not None and (self.points is None or self.trends < self.points):
            raise ValueError(
                "trends are kept at least as long as points: give points a shorter time, or trends none"
            )
        return self


class EmbeddedStore(Model):
    """The store that needs no server: SQLite files in the historian's data folder."""

    type: Literal["embedded"] = "embedded"
    """Kind of store."""
    retention: Retention = Retention()
    """What is deleted, and when. Each deletion is an event."""


class InfluxTrend(Model):
    """Points made coarser inside InfluxDB, for a longer time: `cellgate influx` writes the tasks."""

    every: PositiveDuration
    """Length of a stretch."""
    bucket: str
    """Bucket (v2), or database (v1)."""
    retention: PositiveDuration | None = None
    """How long it is kept; none is for ever."""


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
    """Bucket (v2), or database (v1), of the points."""
    events_bucket: str | None = None
    """Bucket or database of the events, where they are to be kept for another time or read by others;
    none is that of the points."""
    retention: Retention = Retention()
    """What the server is told to delete (`cellgate influx`); trends have a time of their own each."""
    trends: list[InfluxTrend] = Field(default_factory=list)
    """Coarser copies that the server makes."""
    token: SecretStr | None = None
    """Token (v2), or `user:password` (v1)."""
    timeout: PositiveDuration = 10.0
    """Every request ends within this."""
    max_points: int = Field(default=5000, ge=1)
    """Points in one write."""
    durable_after: Duration = 0.0
    """Acknowledged writes younger than this may be lost when the store dies; they are kept and
    written again after it restarted (VictoriaMetrics: 60 s)."""

    @model_validator(mode="after")
    def _classes_are_apart(self) -> Self:
        if self.retention.trends is not None:
            raise ValueError(
                "retention.trends is of the embedded store: give each entry of trends its retention"
            )
        if self.events_bucket is None and self.retention.events != self.retention.points:
            raise ValueError(
                "one bucket has one retention: give events an events_bucket, or the points' retention"
            )
        own = [self.bucket, *(trend.bucket for trend in self.trends)]
        own += [self.events_bucket] if self.events_bucket is not None else []
        if len(set(own)) < len(own):
            raise ValueError("points, events and each of the trends need a bucket of their own")
        return self


Store = Annotated[EmbeddedStore | InfluxStore, Field(discriminator="type")]


class Historian(Model):
    """A historian service: from MQTT into a store."""

    name: Name = "historian"
    """A level of its topics, and the folder of its data."""
    partitions: list[int] | None = None
    """Partitions it takes; none is all."""
    members: list[Name] = Field(default_factory=list)
    """Processes that share its partitions (`cellgate historian --member`), on one machine or several.
    What one takes the others take over when it is away. Their store is one that all of them reach, so
    not the embedded one. None: it is one process."""
    store: Store = EmbeddedStore()
    """Where points end up."""
    commit_period: PositiveDuration = 0.1
    """Messages that arrive within this are committed together."""
    max_bytes: int = Field(default=20_000_000_000, ge=1_000_000)
    """Size of its hot table beyond which it takes no more messages."""

    @property
    def processes(self) -> tuple[str | None, ...]:
        """The members that carry it, or one process without a name of its own."""
        return tuple(self.members) or (None,)


CampaignId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]

ClientEvent = Literal[
    "alarm", "alarm_first_out", "interlock", "first_out", "bypass", "mode", "set_point", "tuning", "profile",
    "context", "command",
]  # fmt: skip
"""Kinds of events of a unit that a client may be shown."""
_SHOWN: Final[tuple[ClientEvent, ...]] = (
    "alarm", "alarm_first_out", "interlock", "first_out", "bypass", "mode", "set_point", "tuning", "profile",
    "context",
)  # fmt: skip


class Client(Model):
    """A client, under an opaque name: what was made for its campaigns is republished for it alone.

    The name is a level of topics: no client's or product's name belongs there.
    """

    campaigns: list[CampaignId] = Field(min_length=1)
    """Opaque ids of its campaigns. What was measured while one of them held is the client's."""
    units: list[Name] | None = None
    """Units it may see while they are in its campaigns; none is all."""
    events: list[ClientEvent] = Field(default_factory=lambda: list(_SHOWN))
    """Process events it is shown, of those of its units and campaigns. `command` names users."""
    journal: Journal = Journal(max_bytes=500_000_000)
    """Bounds of its own journal: what is kept while nobody takes it."""
    historian: Historian | None = None
    """A historian of the client's own stream, into a store or bucket of its own. With one, its journal
    waits for that; without, for the broker."""


class Streams(Model):
    """Everything between the engine and the stored point."""

    broker: Broker = Broker()
    telemetry: Telemetry = Telemetry()
    journal: Journal = Journal()
    historians: list[Historian] = Field(default_factory=lambda: [Historian()])
    """Services that bring the stream into a store."""
    consumers: list[Consumer] | None = None
    """Who the journal waits for; none is every historian above."""
    clients: dict[Name, Client] = Field(default_factory=dict)
    """Clients by opaque name; each has a tree of topics of its own."""
    sparkplug: list[SparkplugNode] = Field(default_factory=list)
    """Sparkplug edge nodes that the gateway is; the journal never waits for them."""
