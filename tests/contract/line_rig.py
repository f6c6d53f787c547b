"""The worked example of `docs/how-to/write-a-driver.md`, held to the contract like every driver."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from config.devices import OtherDevice
from config.tags import Access, Tag, TagKind
from drivers.api import Driver, TagRef
from gateway.demo.processes import free_port
from tests.contract.rig import Value
from tests.servers.process import ServerProcess, python

_EXAMPLE = Path(__file__).parents[2] / "docs" / "how-to" / "line-driver" / "cellgate_line.py"
_VALUES = {"weight": 12.345, "zero": -0.0, "tiny": 5e-324, "large": 1.7976931348623157e308, "serial": 4711.0}
BROKEN = "u/broken"


class LineRig:
    """A device that speaks lines, and the example's driver for it."""

    def __init__(self) -> None:
        port = free_port()
        self._server: ServerProcess = python("tests.servers.line_server", str(port))
        self.device = OtherDevice(
            driver="line",
            settings={"host": "127.0.0.1", "port": port},
            period=0.05,
            timeout=0.5,
            dead_after=1.0,
            reconnect_min=0.05,
            reconnect_max=0.2,
            writes_armed=True,
        )
        names = ["weight", "zero", "broken", "tiny", "large", "serial"]
        self.refs = [
            TagRef(2 * n + 3, f"u/{name}", Tag(device="d", address={"name": name}, access=Access.READ_WRITE))
            for n, name in enumerate(names)
        ]
        self.values: dict[str, Value] = {f"u/{name}": value for name, value in _VALUES.items()}
        self.writable: dict[str, list[Value]] = {"u/weight": [1.5, -1000.0, 0.1], "u/zero": [3.0]}
        self.refused: list[tuple[str, Value]] = [
            ("u/weight", 1001.0),
            ("u/weight", float("nan")),
            ("u/weight", "heavy"),
            ("u/serial", 1.0),
            (BROKEN, 1.0),
        ]
        self.broken = BROKEN
        self.unplannable = [
            TagRef(100, "u/nowhere", Tag(device="d")),
            TagRef(101, "u/text", Tag(device="d", address={"name": "x"}, kind=TagKind.TEXT)),
        ]

    def driver(self) -> Driver:
        spec = importlib.util.spec_from_file_location("cellgate_line", _EXAMPLE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made: Driver = module.LineDriver("rig", self.device)
        return made

    def start(self) -> None:
        self._server.start()
        self._server.command("clear")
        for name, value in self.values.items():
            self.change(name, value)

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

    def holds(self, name: str) -> Value:
        return float(self._server.command(f"get {name.removeprefix('u/')}"))

    def change(self, name: str, value: Value) -> None:
        self._server.command(f"set {name.removeprefix('u/')} {value!r}")
