"""A whole site as real processes: broker, simulated equipment, historian, gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.plant import DEMO_SITE, Plant
from gateway.subscriber import Subscriber
from tests.wire_witness import witnessing


@dataclass
class Running:
    """A plant that runs, and a subscriber that watches it."""

    plant: Plant
    view: Subscriber

    def value(self, name: str) -> float:
        """Return the latest value of a tag."""
        value = self.view.values[name].value
        assert isinstance(value, float)
        return value

    def quality(self, name: str) -> int:
        """Return the latest quality of a tag."""
        return self.view.values[name].quality

    def scans(self) -> int:
        """Return the number of scans as the gateway last published it."""
        return int(self.view.gateway["engine"]["scans"])

    def has_all(self) -> bool:
        """Return whether the historian has confirmed everything that was journalled up to now."""
        return all(self.view.watermarks.get(p, 0) >= s for p, s in self.plant.last_sequences().items())


async def until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait until a condition holds; fail the test when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running_plant(data: Path, site: Path = DEMO_SITE) -> AsyncIterator[Running]:
    """Start a plant, wait for its values, stop it in the end; logs are shown when the test fails.

    Whatever it says meanwhile is held against the AsyncAPI document.
    """
    plant = Plant(site, data)
    try:
        await plant.start()
        view = Subscriber(plant.site, "test")
        async with witnessing(plant.site.streams.broker) as witness, view.following(connect_within_s=20.0):
            running = Running(plant, view)
            await until(lambda: "br1/temp.pv" in view.values and bool(view.gateway), 60.0, "first values")
            yield running
        assert witness.complaints() == []
        assert {"telemetry", "health", "state", "watermark", "loops"} <= witness.kinds
    except BaseException:
        for child in (plant.gateway, plant.historian, plant.simulators):
            print(f"--- {child.name}\n{child.tail(30)}")  # noqa: T201 - pytest shows it with the failure
        raise
    finally:
        await plant.stop()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """The demo's site, running."""
    async with running_plant(tmp_path) as found:
        yield found
