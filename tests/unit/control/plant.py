"""A plant for tests of the scan: a site, its tables, two clocks that the test moves, and every ring."""

from __future__ import annotations

from typing import Any

import numpy as np

from config.site import Site
from control import signal
from control.course import scan
from control.rings import Ring, Rows
from control.tables import Capacities, Tables, build

START_NS = 5_000_000_000_000
UTC_NS = 1_800_000_000_000_000_000
STEP_NS = 100_000_000

SMALL = Capacities(inbox=256, commands=64, outputs=1024, reports=1024, transitions=256, statistics=64)


Tags = dict[str, dict[str, Any]]
"""Tags as they stand in a file."""


def site(
    tags: Tags,
    *,
    armed: bool = True,
    scan_period: str = "100 ms",
    device: dict[str, Any] | None = None,
    simulation: dict[str, Any] | None = None,
    **equipment: dict[str, Any],
) -> Site:
    """Return a site with one unit `u` and one device `d`; every tag is of the device but for `None`."""
    filled: Tags = {}
    for number, (name, tag) in enumerate(tags.items()):
        own: dict[str, Any] = {"device": "d", "address": {"address": number}} | tag
        if own["device"] is None:
            del own["device"], own["address"]
        filled[name] = own
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g", "outputs_armed": armed, "scan_period": scan_period},
            "devices": {
                "d": {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True} | (device or {})
            },
            "units": {"u": {"area": "a", "cell": "c", "tags": filled} | equipment},
            "simulation": simulation,
        }
    )


class Plant:
    """A site under the hands of a test."""

    def __init__(self, of: Site, capacities: Capacities = SMALL) -> None:
        self.site = of
        self.tables: Tables = build(of, capacities)
        self.state = self.tables.state
        rings = self.state.rings
        self.inbox, self.commands = Ring(rings.inbox), Ring(rings.commands)
        self.reports, self.outputs = Ring(rings.reports), Ring(rings.outputs)
        self.transitions = Ring(rings.transitions)
        self.now_ns, self.utc_ns = START_NS, UTC_NS
        self._ticket = 0

    def tag(self, name: str) -> int:
        return self.site.tag_index[f"u/{name}"]

    def row(self, loop: str = "l") -> int:
        """Return the position of a loop in the columns."""
        return int(self.state.maps.loop_row[list(self.site.loops).index(f"u/{loop}")])

    def sample(
        self, tag: str, value: float, quality: int = signal.GOOD, source_ns: int | None = None
    ) -> None:
        rows = np.zeros(1, signal.SAMPLE)
        rows["tag"], rows["value"], rows["quality"] = self.tag(tag), value, quality
        rows["source_ns"] = self.utc_ns if source_ns is None else source_ns
        assert self.inbox.push(rows) == 1

    def alive(self) -> None:
        rows = np.zeros(1, signal.SAMPLE)
        rows["tag"] = signal.alive_tag(0)
        assert self.inbox.push(rows) == 1

    def command(
        self,
        kind: int,
        index: int = 0,
        value: float = 0.0,
        occurrence: int = 0,
        parameter: int = 0,
        value2: float = 0.0,
    ) -> int:
        self._ticket += 1
        rows = np.zeros(1, signal.COMMAND)
        rows["ticket"], rows["kind"], rows["index"], rows["value"] = self._ticket, kind, index, value
        rows["occurrence"], rows["parameter"], rows["value2"] = occurrence, parameter, value2
        assert self.commands.push(rows) == 1
        return self._ticket

    def scan(self, scans: int = 1, step_ns: int = STEP_NS, **values: float) -> None:
        """Let time pass and scan, each time with a fresh good sample of the tags named."""
        for _ in range(scans):
            self.now_ns += step_ns
            self.utc_ns += step_ns
            for tag, value in values.items():
                self.sample(tag, value)
            scan(self.state, self.now_ns, self.utc_ns)

    def hold(self, held: int, device: int = 0) -> None:
        """Say why the gateway holds back the writes to a device (HELD_*), as the drivers' side does."""
        rows = np.zeros(1, signal.SAMPLE)
        rows["tag"], rows["quality"] = signal.alive_tag(device), signal.BAD | signal.OUT_OF_SERVICE
        rows["status"] = held
        assert self.inbox.push(rows) == 1

    def ask(
        self,
        kind: int,
        index: int = 0,
        value: float = 0.0,
        occurrence: int = 0,
        parameter: int = 0,
        value2: float = 0.0,
    ) -> Any:
        """Send a command, scan, and return the transition that answers it."""
        ticket = self.command(kind, index, value, occurrence, parameter, value2)
        self.scan()
        answers = [row for row in self.transitions.pop(1000) if row["ticket"] == ticket]
        assert len(answers) == 1, answers
        return answers[0]

    def value(self, tag: str) -> float:
        return float(self.state.image.value[self.tag(tag)])

    def quality(self, tag: str) -> int:
        return int(self.state.image.quality[self.tag(tag)])

    def reported(self, tag: str) -> Rows:
        """Take all reports, and return those of a tag."""
        rows = self.reports.pop(100_000)
        found: Rows = rows[rows["tag"] == self.tag(tag)]
        return found

    def written(self, tag: str) -> list[float]:
        """Take all outputs, and return the values of a tag."""
        rows = self.outputs.pop(100_000)
        return [float(value) for value in rows["value"][rows["tag"] == self.tag(tag)]]

    def counter(self, name: str) -> int:
        return int(self.state.counters[0][name])


def answered(row: Any) -> int:
    """Return 0 when a command was carried out, or the cause of its refusal."""
    return int(row["cause"]) if row["kind"] == signal.KIND_REFUSED else 0
