"""What every process event carries, and how its time is written."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from gateway.stream.uuid7 import uuid7


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
