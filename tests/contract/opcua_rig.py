"""OPC UA devices for the contract suite: followed and polled, on asyncua's server and a foreign one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.devices import OpcUaDevice
from config.tags import Access, Tag, TagKind
from drivers.api import Driver, TagRef
from drivers.opcua.driver import OpcUaDriver
from tests.contract.rig import Value
from tests.servers.opcua import NAMESPACE, OpcUaServer


@dataclass(frozen=True)
class Known:
    """A tag, its node's type, what the server holds for it, and what can be written to it."""

    name: str
    kind: str
    value: Value
    writes: Sequence[Value] = ()
    tag_kind: TagKind = TagKind.NUMBER


KNOWN = [
    Known("u/bool", "Boolean", 1, (0, 1), TagKind.BOOL),
    Known("u/i8", "SByte", -128, (127, -1)),
    Known("u/u8", "Byte", 255, (0, 7)),
    Known("u/i16", "Int16", -32768, (32767, 0)),
    Known("u/u16", "UInt16", 65535, (0, 1)),
    Known("u/i32", "Int32", -(2**31), (2**31 - 1, -2)),
    Known("u/u32", "UInt32", 2**32 - 1, (0, 5)),
    Known("u/i64", "Int64", -(2**53), (2**53, 12)),
    Known("u/i64.big", "Int64", -(2**63), (2**63 - 1, -(2**53) - 1)),
    Known("u/u64.big", "UInt64", 2**64 - 1, (0, 2**53 + 1)),
    Known("u/f32", "Float", -1.5, (0.10000000149011612, 3.4028234663852886e38)),
    Known("u/f64", "Double", 1.7976931348623157e308, (5e-324, 37.02, -0.0)),
    Known("u/name", "String", "Füllung 7", ("", "Charge 12345"), TagKind.TEXT),
    Known("u/serial", "UInt64", 2**60 + 1, (5,), TagKind.TEXT),
    Known("u/fixed", "Double", 0.1),
]
BROKEN = "u/broken"


class OpcUaRig:
    """An OPC UA server and a driver for it."""

    def __init__(self, server: OpcUaServer, **settings: Any) -> None:
        OpcUaDriver.prepare()
        self._server = server
        self.device = OpcUaDevice.model_validate(
            {
                "driver": "opcua",
                "endpoint": server.endpoint,
                "period": "50 ms",
                "timeout": "500 ms",
                "dead_after": "1 s",
                "reconnect_min": "50 ms",
                "reconnect_max": "200 ms",
                "writes_armed": True,
                "publishing_interval": "50 ms",
                "keep_alive_count": 4,
                **settings,
            }
        )
        known = [(each.name, each.tag_kind) for each in KNOWN]
        tags = [*known[:3], (BROKEN, TagKind.NUMBER), *known[3:]]
        self.refs = [TagRef(3 * at + 5, name, _tag(name, kind)) for at, (name, kind) in enumerate(tags)]
        self.values = {each.name: each.value for each in KNOWN}
        self.writable = {each.name: each.writes for each in KNOWN if each.writes}
        self.refused: list[tuple[str, Value]] = [
            ("u/bool", 2),
            ("u/i8", 128),
            ("u/u16", -1),
            ("u/f32", 1e39),
            ("u/f64", float("nan")),
            ("u/i32", "on"),
            ("u/name", 1.0),
            ("u/fixed", 1.0),
            (BROKEN, 1),
        ]
        self.broken = BROKEN
        self.unplannable = [
            TagRef(1000, "u/nowhere", Tag(device="d")),
            TagRef(1001, "u/misspelt", Tag(device="d", address={"identifer": "x"})),
            TagRef(1002, "u/negative", Tag(device="d", address={"identifier": -1})),
            TagRef(1003, "u/empty", Tag(device="d", address={"identifier": ""})),
        ]

    def driver(self) -> Driver:
        return OpcUaDriver("rig", self.device)

    def start(self) -> None:
        self._server.start()
        held = self._server.do("names")
        for known in KNOWN:
            if known.name in held:
                self.change(known.name, known.value)
            else:
                writable = bool(known.writes)
                self._server.do(
                    "add",
                    names=[known.name],
                    kind=known.kind,
                    value=_sent(known, known.value),
                    writable=writable,
                )

    def reset(self) -> None:
        self.start()
        self._server.thaw()

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        self._server.kill()

    def freeze(self) -> None:
        self._server.freeze()

    def thaw(self) -> None:
        self._server.thaw()

    def holds(self, name: str) -> Value:
        value: Value = self._server.do("get", name=name)[0]
        known = _known(name)
        return int(value) if known.kind in {"Boolean", "Int64", "UInt64"} else value

    def change(self, name: str, value: Value) -> None:
        known = _known(name)
        self._server.do("set", name=name, value=_sent(known, value), kind=known.kind)


def _known(name: str) -> Known:
    return next(each for each in KNOWN if each.name == name)


def _sent(known: Known, value: Value) -> Any:
    """Return the value as JSON carries it to the server."""
    return bool(value) if known.kind == "Boolean" else value


def _tag(name: str, kind: TagKind) -> Tag:
    address = {"namespace": NAMESPACE, "identifier": name}
    return Tag(device="rig", address=address, kind=kind, access=Access.READ_WRITE)


def followed_rig() -> OpcUaRig:
    return OpcUaRig(OpcUaServer())


def polled_rig() -> OpcUaRig:
    return OpcUaRig(OpcUaServer(), subscribe=False)
