"""The present parameters of the loops, retained on the broker for each unit: what tuning has made of them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import Final

import numpy as np
import orjson

from config.site import Site
from control.parameters import present
from control.state import State
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable

_PERIOD_S: Final = 1.0


class LoopParameters:
    """Publishes the parameters of a unit's loops on each new connection, and when one has changed."""

    def __init__(self, site: Site, client: MqttClient, state: State) -> None:
        """Wire it."""
        self._site, self._client, self._state = site, client, state
        self._units = [site.unit_of(name) for name in site.loops]
        self._published = np.full((0, len(site.loops)), np.nan)
        self._connections = 0

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            with contextlib.suppress(BrokerUnavailable):
                await self._publish()
            await asyncio.sleep(_PERIOD_S)

    async def _publish(self) -> None:
        if not (self._client.connected and self._units):
            return
        connections = self._client.counters.connections
        if connections != self._connections:
            self._published = np.full((0, len(self._units)), np.nan)
        columns = present(self._state)
        values = np.array(list(columns.values()))
        if len(self._published):
            changed = np.flatnonzero((values != self._published).any(axis=0)).tolist()
        else:
            changed = list(range(len(self._units)))
        for name in dict.fromkeys(self._units[loop] for loop in changed):
            unit = self._site.units[name]
            names = (self._site.site.name, unit.area, unit.cell, name, self._site.gateway.name)
            await self._client.send(
                str(topics.LoopParameters(*names)), self.document(name, columns), retain=True
            )
        self._published, self._connections = values, connections

    def document(self, unit: str, columns: dict[str, np.ndarray]) -> bytes:
        """Return the parameters of a unit's loops as JSON; null is none (no rate, no limit)."""
        loops = {
            name: {parameter: _finite(float(column[position])) for parameter, column in columns.items()}
            for position, name in enumerate(self._site.loops)
            if self._units[position] == unit
        }
        content = {"time_ns": time.time_ns(), "config": self._site.fingerprint, "loops": loops}
        return orjson.dumps(content)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
