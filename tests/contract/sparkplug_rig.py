"""An edge node of npm's sparkplug-client behind a mosquitto, for the contract suite."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from config.devices import OtherDevice
from config.tags import Access, Tag, TagKind
from drivers.api import Driver, TagRef
from drivers.registry import create
from tests.contract.rig import Value
from tests.servers import foreign_sparkplug
from tests.servers.mosquitto import Mosquitto

_DEVICE = "filler 1"
BROKEN = "u/broken"
_TEXTS = ("name", "i64.big")
_VALUES: dict[str, Value] = {
    "i8": -128,
    "i16": -32768,
    "i32": -(2**31),
    "i64": -(2**53),
    "i64.big": 2**63 - 1,
    "u8": 255,
    "u16": 65535,
    "u32": 2**32 - 1,
    "u64": 2**53,
    "f32": 0.5,
    "f64": 1.7976931348623157e308,
    "zero": -0.0,
    "flag": 1,
    "name": "Füllung 7",
    "folder/set point": 37.5,
    "fixed": 1.25,
}
_WRITES: dict[str, list[Value]] = {
    "folder/set point": [42.0, 0.1, 100.0],
    "i8": [127, -1, 0],
    "i16": [-2, 32767],
    "i32": [2**31 - 1, -5],
    "i64": [2**53, -7],
    "u8": [0, 200],
    "u16": [1],
    "u64": [12],
    "f32": [-1.5, 0.0],
    "f64": [5e-324, 37.02],
    "flag": [0, 1],
    "name": ["A", "Charge 12345"],
}


class SparkplugRig:
    """A broker, a foreign edge node, and the driver for it."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._broker = Mosquitto(Path(tempfile.mkdtemp()))
        self._runner.run(self._broker.start())
        self._node = foreign_sparkplug.edge_node(self._broker.port, "Plant 1", "line4", _DEVICE)
        self.device = OtherDevice(
            driver="sparkplug",
            settings={
                "host": "127.0.0.1",
                "port": self._broker.port,
                "group": "Plant 1",
                "edge_node": "line4",
                "probe_after": "300 ms",
            },
            timeout=0.5,
            dead_after=1.0,
            reconnect_min=0.05,
            reconnect_max=0.2,
            writes_armed=True,
        )
        names = [*[*_VALUES][:3], "broken", *[*_VALUES][3:]]
        self.refs = [TagRef(2 * n + 3, f"u/{name}", _tag(name)) for n, name in enumerate(names)]
        self.refs.append(
            TagRef(99, "u/uptime", Tag(device="d", address={"metric": "uptime"}, access=Access.READ_WRITE))
        )
        self.values: dict[str, Value] = {f"u/{name}": value for name, value in _VALUES.items()}
        self.values["u/uptime"] = 12.5
        self.writable = {f"u/{name}": values for name, values in _WRITES.items()}
        self.refused: list[tuple[str, Value]] = [
            ("u/folder/set point", 1000.0),
            ("u/fixed", 3.0),
            ("u/i8", 128),
            ("u/u8", -1),
            ("u/i16", 1.5),
            ("u/f32", 1e39),
            ("u/f64", float("nan")),
            ("u/flag", 2),
            ("u/i32", "on"),
            ("u/name", 3.0),
            (BROKEN, 1.0),
        ]
        self.broken = BROKEN
        self.unplannable = [
            TagRef(100, "u/nowhere", Tag(device="d")),
            TagRef(101, "u/empty", Tag(device="d", address={"metric": " "})),
            TagRef(102, "u/more", Tag(device="d", address={"metric": "a", "register": 3})),
        ]

    def driver(self) -> Driver:
        return create("rig", self.device)

    def start(self) -> None:
        self._node.start()
        self._node.command("clear")

    def reset(self) -> None:
        self._node.thaw()
        if self._node.running:
            self._node.kill()  # after a while frozen it is dead for the broker
        self.start()

    def stop(self) -> None:
        self._node.kill()
        self._runner.run(self._broker.stop())
        self._runner.close()

    def kill(self) -> None:
        self._node.kill()

    def freeze(self) -> None:
        self._node.freeze()

    def thaw(self) -> None:
        self._node.thaw()

    def holds(self, name: str) -> Value:
        key = name.removeprefix("u/")
        if key == "uptime":
            return 12.5
        told = json.loads(self._node.command(f"get\t{key}"))
        if isinstance(told, str) and key != "name":
            return float(told) if key == "zero" else int(told)
        value: Value = int(told) if isinstance(told, bool) else told
        return value

    def change(self, name: str, value: Value) -> None:
        key = name.removeprefix("u/")
        told = bool(value) if key == "flag" else str(value) if "64" in key and key[0] in "iu" else value
        self._node.command(f"set\t{key}\t{json.dumps(told)}")


def _tag(name: str) -> Tag:
    metric = "no such metric" if name == "broken" else name
    return Tag(
        device="d",
        address={"metric": metric, "device": _DEVICE},
        access=Access.READ_WRITE,
        kind=TagKind.TEXT if name in _TEXTS else TagKind.NUMBER,
    )
