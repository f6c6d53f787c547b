"""OPC UA servers, and where in one a tag lives."""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator

from config.device_base import DeviceBase
from config.model import Model, Name
from config.opcua_security import OpcUaSecurity, OpcUaUserCertificate
from config.quantities import Duration, PositiveDuration

BUILT_IN_TYPES: Final = frozenset(
    (
        *("Boolean", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"),
        *("Float", "Double", "String", "DateTime", "Guid", "XmlElement", "NodeId", "ExpandedNodeId"),
        *("QualifiedName", "LocalizedText"),
    )
)
"""Types that a tag's node may have (an enumeration is an Int32)."""
_INDEX: Final = re.compile(r"\d{1,9}(,\d{1,9})*")


class OpcUaProfile(enum.StrEnum):
    """Kinds of server of which it is known what they bear."""

    GENERIC = "generic"
    """As much as the server states."""
    S7_1200 = "s7-1200"
    S7_1500 = "s7-1500"
    KEPWARE = "kepware"
    IGNITION = "ignition"
    PROSYS = "prosys"


PROFILES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "generic": {},
        "s7-1200": {"max_operations": 100, "max_followed": 1000},
        "s7-1500": {"max_operations": 500, "max_followed": 10_000},
        "kepware": {"max_operations": 1000},
        "ignition": {"max_operations": 100},
        "prosys": {"max_operations": 800},
    }
)
"""What servers bear that state more, as their users report; a server's own smaller limit wins."""


class OpcUaMethod(Model):
    """A method of a server that a command may call, as `DEVICE/NAME`."""

    unit: Name
    """Unit whose rights a user needs to call it."""
    namespace: str = ""
    """Namespace URI of object and method."""
    object: str | int
    """Identifier of the object that the method belongs to."""
    method: str | int
    """Identifier of the method."""
    description: str = ""
    """What it does."""


class OpcUaEvents(Model):
    """The alarms and conditions that a server keeps itself, taken as events."""

    namespace: str = ""
    """Namespace URI of the node that gives them."""
    source: str | int = 2253
    """Its identifier; 2253 is the Server object, which gives all of them."""
    severity: int = Field(default=1, ge=1, le=1000)
    """Those of less severity are not taken."""
    unit: Name | None = None
    """Unit whose rights a user needs to acknowledge, confirm or comment them; none: nobody can, here."""


class OpcUaDevice(DeviceBase):
    """An OPC UA server."""

    driver: Literal["opcua"]
    """Protocol."""
    endpoint: str
    """`opc.tcp://host:port/path`"""
    redundant: tuple[str, ...] = ()
    """Further endpoints of the same redundant set: the first healthy one (by ServiceLevel) is spoken to."""
    profile: OpcUaProfile = OpcUaProfile.GENERIC
    """Kind of server: a name for limits, which keys of their own override."""
    max_operations: int = Field(default=0, ge=0)
    """Most operations in one request; 0 is as many as the server states."""
    max_followed: int = Field(default=0, ge=0)
    """Most tags that are followed, the rest is polled; 0 is all of them."""
    username: str | None = None
    """User name; none is an anonymous session."""
    password: SecretStr | None = None
    """Password of that user."""
    plain_password: bool = False
    """True: send the password readable where neither channel nor server encrypts it."""
    user_certificate: OpcUaUserCertificate | None = None
    """Log in with a certificate instead of a name; needs `security`."""
    security: OpcUaSecurity | None = None
    """None: no security (messages are neither signed nor encrypted)."""
    events: OpcUaEvents | None = None
    """Take the server's own alarms and conditions as events; none: they are left alone."""
    methods: dict[Name, OpcUaMethod] = Field(default_factory=dict)
    """Methods that commands may call."""
    subscribe: bool = True
    """False: read every tag each period (for servers without subscriptions)."""
    publishing_interval: PositiveDuration = 0.25
    """How often the server sends what changed; tags without a period are sampled as often."""
    keep_alive_count: int = Field(default=10, ge=1)
    """A quiet server answers each so many publishing intervals."""
    lifetime_count: int = Field(default=60, ge=3)
    """The server forgets the subscription after so many intervals without us; at least 3 keep-alives."""
    queue_size: int = Field(default=16, ge=1)
    """Samples that the server keeps for each tag between two publications."""
    clock_tolerance: Duration = 10.0
    """A source time further than this ahead of the gateway's is replaced by the arrival time (CLOCK)."""
    read_history: bool = True
    """Read samples that were missed back from the server's own history, where it keeps one."""
    history_limit: PositiveDuration = 86400.0
    """Of a longer gap only the last so much is read back."""
    clock_alarm: PositiveDuration = 2.0
    """A server's clock that is further than this from the gateway's is announced as an event."""

    @model_validator(mode="before")
    @classmethod
    def _with_profile(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {**PROFILES.get(str(data.get("profile", "generic")), {}), **data}


class OpcUaAddress(Model):
    """Where an OPC UA server keeps a value: a namespace URI with an identifier, or a browse path."""

    namespace: str = ""
    """Namespace URI; its index is looked up in every session. Empty is namespace 0."""
    identifier: str | int | None = None
    """String or numeric identifier of the node."""
    guid: UUID | None = None
    """Identifier of a node that is named by a Guid."""
    opaque: str | None = None
    """Identifier of a node that is named by bytes, in base64."""
    path: str | None = None
    """Browse path from the Objects folder, `Plant/Reactor 1/Temp`, instead of an identifier: names of the
    namespace, `0:` before those of the standard's; `&/` is a slash within a name."""
    browse_name: str | None = None
    """What the node must be called; another name makes the tag bad (CONFIG), so that a server that
    renumbers its nodes never feeds a wrong tag."""
    data_type: str | None = None
    """Built-in type that the node must have, as `Double` or `Int16`."""
    index: str | None = None
    """Element of an array, from 0 (`3`; `1,3` of a matrix)."""
    field: str | None = None
    """Field of a structure, `Motor.Speed` one within another. It can be read, not written."""
    poll: bool = False
    """True: read each period instead of subscribing."""

    @field_validator("index", mode="before")
    @classmethod
    def _index_is_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [each for each in (self.identifier, self.guid, self.opaque, self.path) if each is not None]
        if len(given) != 1:
            raise ValueError("give one of identifier, guid, opaque and path")
        if self.index is not None and not _INDEX.fullmatch(self.index):
            raise ValueError(f"index {self.index!r}: write the element's number, from 0 (1,3 in a matrix)")
        if self.data_type is not None and self.data_type not in BUILT_IN_TYPES:
            known = ", ".join(sorted(BUILT_IN_TYPES))
            raise ValueError(f"data_type {self.data_type!r}: write one of {known}")
        if self.opaque is not None:
            try:
                base64.b64decode(self.opaque, validate=True)
            except ValueError:
                raise ValueError("opaque: write the bytes in base64") from None
        return self
