"""The example's bioreactor around the engine, without wires: what its template's loops do to a culture."""

from __future__ import annotations

from typing import Any

import numpy as np

from config.devices import OpcUaAddress
from config.load import load
from config.site import Site
from control import signal as s
from control.course import scan
from control.rings import Ring
from control.tables import Capacities, build
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from tests.unit.config.test_examples import EXAMPLES

SPEED = 60.0
"""Plant seconds in a second of the clock, as the example's simulation has it."""


def example() -> Site:
    """Return the example site."""
    return load(EXAMPLES / "cmo" / "plant.yaml", {}).site


class Culture:
    """Bioreactor `br1` of the example and the engine that controls it, in steps of one scan."""

    def __init__(self, of: Site, **parameters: Any) -> None:
        self.site = of
        settings = BioreactorParameters.model_validate({"noise": 0.2, "drift": 0.0} | parameters)
        self.reactor = Bioreactor(settings, seed=3)
        many = Capacities(
            inbox=4096, commands=64, outputs=4096, reports=65_536, transitions=4096, statistics=64
        )
        self.state = build(of, many).state
        rings = self.state.rings
        self._inbox, self._commands, self._outputs = (
            Ring(rings.inbox),
            Ring(rings.commands),
            Ring(rings.outputs),
        )
        self._others = (Ring(rings.reports), Ring(rings.transitions))
        nodes = {
            index: str(tag.address.identifier)
            for index, tag in enumerate(of.tags.values())
            if tag.device == "br1" and isinstance(tag.address, OpcUaAddress)
        }
        texts = of.text_tags()
        names = list(of.tags)
        self._nodes = {i: node for i, node in nodes.items() if names[i] not in texts}
        self._measured = np.array([i for i in self._nodes if names[i] != "br1/system.watchdog"])
        self._now_ns, self._utc_ns = 10**12, 18 * 10**17

    def run(self, minutes: float) -> None:
        """Let so much of the plant's time pass."""
        step_s = self.site.gateway.scan_period
        for _ in range(round(minutes * 60.0 / SPEED / step_s)):
            self.reactor.step(step_s * SPEED)
            self._now_ns += round(step_s * 1e9)
            self._utc_ns += round(step_s * 1e9)
            rows = np.zeros(len(self._measured), s.SAMPLE)
            rows["tag"], rows["source_ns"] = self._measured, self._utc_ns
            rows["value"] = [float(self.reactor.values[self._nodes[i]]) for i in self._measured]
            self._inbox.push(rows)
            scan(self.state, self._now_ns, self._utc_ns)
            for row in self._outputs.pop(10_000):
                node = self._nodes.get(int(row["tag"]))
                if node is not None and node != "Watchdog":
                    self.reactor.command(node, float(row["value"]))
            for ring in self._others:
                ring.pop(100_000)

    def command(self, kind: int, loop: str, value: float) -> None:
        """Command a loop of the bioreactor."""
        rows = np.zeros(1, s.COMMAND)
        rows["ticket"], rows["kind"], rows["value"] = 1, kind, value
        rows["index"] = list(self.site.loops).index(f"br1/{loop}")
        self._commands.push(rows)

    def value(self, tag: str) -> float:
        """Return a value of the bioreactor as the engine sees it."""
        return float(self.state.image.value[self.site.tag_index[f"br1/{tag}"]])
