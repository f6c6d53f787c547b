"""Modbus devices for the contract suite: libmodbus and pymodbus as servers, two framings."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.devices import ModbusAddress, ModbusDevice
from config.tags import Access, Tag, TagKind
from drivers.api import Driver, TagRef
from drivers.modbus.driver import ModbusDriver
from gateway.demo.processes import free_port
from tests.contract.rig import Value
from tests.servers import libmodbus
from tests.servers.process import ServerProcess, python

_TABLES = {"coil": "c", "discrete": "d", "input": "i", "holding": "h"}
_FORMATS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


@dataclass(frozen=True)
class Known:
    """A tag, what the server holds for it, and what can be written to it."""

    name: str
    value: Value
    address: dict[str, Any]
    writes: Sequence[Value] = ()
    text: bool = False


def _holding(name: str, kind: str, at: int, value: Value, *writes: Value, **more: Any) -> Known:
    return Known(f"u/{name}", value, {"address": at, "type": kind, **more}, writes)


KNOWN = [
    _holding("i16", "int16", 0, -32768, 32767, -1, 0),
    _holding("u16", "uint16", 1, 65535, 0, 1),
    _holding("i32", "int32", 2, -(2**31), 2**31 - 1, -2),
    _holding("i32.little", "int32", 4, 0x12345678, -5, word_order="little"),
    _holding("u32", "uint32", 6, 2**32 - 1, 0, 7),
    _holding("u32.bytes", "uint32", 8, 0xA1B2C3D4, 5, byte_order="little"),
    _holding("i64", "int64", 10, -(2**53), 2**53, 12),
    _holding("i64.big", "int64", 14, -(2**63), 2**63 - 1, -(2**53) - 1),
    _holding("u64.big", "uint64", 18, 2**64 - 1, 0, word_order="little"),
    _holding("f32", "float32", 22, struct.unpack(">f", b"\x7f\x7f\xff\xff")[0], -1.5, 0.0, 2.0**-149),
    _holding("f32.all", "float32", 24, 123456.0, -0.25, word_order="little", byte_order="little"),
    _holding("f64", "float64", 26, 1.7976931348623157e308, 5e-324, 37.02, -0.0),
    _holding("f64.little", "float64", 30, 0.1, 1e-300, word_order="little"),
    _holding("bcd", "bcd32", 34, 12345678, 99999999, 0),
    Known("u/bit3", 1, {"address": 36, "bit": 3}, (0, 1)),
    Known("u/bit12", 0, {"address": 36, "bit": 12}, (1, 0)),
    Known("u/flag", 1, {"address": 37, "type": "bool"}, (0, 1)),
    Known(
        "u/name",
        "Füllung 7",
        {"address": 40, "type": "string", "length": 6},
        ("A", "Charge 12345"),
        text=True,
    ),
    Known("u/serial", 2**60 + 1, {"address": 46, "type": "uint64"}, (2**64 - 1, 5), text=True),
    Known("u/far", 4711, {"address": 900, "type": "uint16"}, (1,)),
    Known("u/input", -12.5, {"table": "input", "address": 5, "type": "float32"}),
    Known("u/coil0", 1, {"table": "coil", "address": 0}, (0, 1)),
    Known("u/coil9", 0, {"table": "coil", "address": 9}, (1,)),
    Known("u/discrete7", 1, {"table": "discrete", "address": 7}),
    Known("u/other.unit", 99, {"table": "input", "address": 50, "unit_id": 2}),
]
BROKEN = "u/broken"
"""In the middle of the holding registers, so that its neighbours are in the same read."""
_BROKEN_AT = 38


class ModbusRig:
    """A Modbus server and a driver for it."""

    def __init__(
        self, server: Callable[[int], ServerProcess], *, framing: str = "tcp", line: Path | None = None
    ) -> None:
        port = free_port()
        self._server = server(port)
        way = {"host": "127.0.0.1", "port": port, "framing": framing}
        self.device = ModbusDevice.model_validate(
            {
                "driver": "modbus",
                **(way if line is None else {"serial": {"port": line, "baud": 115200}}),
                "period": "50 ms",
                "timeout": "500 ms",
                "dead_after": "1 s",
                "reconnect_min": "50 ms",
                "reconnect_max": "200 ms",
                "writes_armed": True,
            }
        )
        broken = Known(BROKEN, 0, {"address": _BROKEN_AT})
        tags = [*KNOWN[:10], broken, *KNOWN[10:]]
        self.refs = [TagRef(3 * n + 5, known.name, _tag(known)) for n, known in enumerate(tags)]
        self.values = {known.name: known.value for known in KNOWN}
        self.writable = {known.name: known.writes for known in KNOWN if known.writes}
        self.refused: list[tuple[str, Value]] = [
            ("u/u16", 65536),
            ("u/u16", -1),
            ("u/i16", 40000.0),
            ("u/f32", 1e39),
            ("u/f64", float("nan")),
            ("u/coil0", 2),
            ("u/i32", "on"),
            ("u/name", "longer than twelve"),
            ("u/input", 1.0),
            ("u/discrete7", 1),
            (BROKEN, 1),
        ]
        self.broken = BROKEN
        self.unplannable = [
            TagRef(1000, "u/nowhere", Tag(device="d")),
            TagRef(1001, "u/misspelt", Tag(device="d", address={"adress": 5})),
            TagRef(1002, "u/text", Tag(device="d", address={"address": 1, "type": "string", "length": 2})),
        ]

    def driver(self) -> Driver:
        return ModbusDriver("rig", self.device)

    def start(self) -> None:
        self._server.start()
        self._server.command("clear")
        for known in KNOWN:
            self.change(known.name, known.value)
        self._server.command(f"fault h {_BROKEN_AT} 2")

    def reset(self) -> None:
        self._server.thaw()
        self.start()

    def stop(self) -> None:
        self._server.kill()

    def kill(self) -> None:
        self._server.kill()

    def freeze(self) -> None:
        self._server.freeze()

    def thaw(self) -> None:
        self._server.thaw()

    def command(self, text: str) -> str:
        """Tell the server something that only a Modbus server knows."""
        return self._server.command(text)

    def holds(self, name: str) -> Value:
        address = self._address(name)
        got = self._server.command(f"get {_TABLES[address.table]} {address.address} {address.count}")
        words = [int(word) for word in got.split()]
        if address.bit is not None:
            return words[0] >> address.bit & 1
        if address.type == "bool":
            return words[0]
        if address.type == "string":
            return struct.pack(f">{len(words)}H", *words).rstrip(b"\0").decode("latin-1")
        if address.type == "bcd32":
            return int(f"{words[0]:04x}{words[1]:04x}")
        data = b"".join(_ordered(address, words))
        value: Value = struct.unpack(f">{_FORMATS[address.type]}", data)[0]
        return value

    def change(self, name: str, value: Value) -> None:
        address = self._address(name)
        if address.bit is not None:
            (word,) = self._server.command(f"get h {address.address} 1").split()
            words = [int(word) & ~(1 << address.bit) | int(value) << address.bit]
        elif address.type == "bool":
            words = [int(value)]
        elif isinstance(value, str):
            words = _words(value.encode("latin-1").ljust(2 * address.count, b"\0"))
        elif address.type == "bcd32":
            words = _words(bytes.fromhex(f"{int(value):08d}"))
        else:
            words = _words(struct.pack(f">{_FORMATS[address.type]}", value))
            words = _words(b"".join(_ordered(address, words)))
        self._server.command(f"set {_TABLES[address.table]} {address.address} {' '.join(map(str, words))}")

    def _address(self, name: str) -> ModbusAddress:
        ref = next(ref for ref in self.refs if ref.name == name)
        return ModbusAddress.model_validate(ref.tag.address)


def _tag(known: Known) -> Tag:
    return Tag(
        device="rig",
        address=known.address,
        kind=TagKind.TEXT if known.text else TagKind.NUMBER,
        access=Access.READ_WRITE,
    )


def _words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


def _ordered(address: ModbusAddress, words: Sequence[int]) -> list[bytes]:
    """Return the words in big-endian order, or back: swapping is its own inverse."""
    ordered = words if address.word_order == "big" else words[::-1]
    return [struct.pack(">H" if address.byte_order == "big" else "<H", word) for word in ordered]


def libmodbus_rig() -> ModbusRig:
    return ModbusRig(libmodbus.server)


def pymodbus_rig() -> ModbusRig:
    return ModbusRig(lambda port: python("tests.servers.pymodbus_server", str(port), "tcp"))


def rtu_rig() -> ModbusRig:
    return ModbusRig(lambda port: python("tests.servers.pymodbus_server", str(port), "rtu"), framing="rtu")


def serial_rig() -> ModbusRig:
    """A serial line with two units; dead is pulled out."""
    line = Path(tempfile.mkdtemp(prefix="cellgate-line-")) / "tty"
    return ModbusRig(lambda _: python("tests.servers.serial_bus", str(line), "115200", "1", "2"), line=line)
