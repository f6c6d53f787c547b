"""Sites with a simulated plant on free ports, for the tests that speak to it over sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from config.site import Site
from gateway.demo.processes import free_port
from simulators.device import Device
from simulators.plant import Plant, build_plant


def site(
    devices: dict[str, dict[str, Any]], *, speed: float = 60.0, watchdog_timeout: str = "600 ms"
) -> Site:
    """Return a site with these simulated devices: model and parameters of each."""
    configured: dict[str, Any] = {}
    for name, simulated in devices.items():
        if simulated["model"] == "bioreactor":
            configured[name] = {"driver": "opcua", "endpoint": f"opc.tcp://127.0.0.1:{free_port()}/{name}"}
        else:
            configured[name] = {"driver": "modbus", "host": "127.0.0.1", "port": free_port()}
    return Site.model_validate(
        {
            "site": {"name": "test"},
            "gateway": {"name": "gw"},
            "devices": configured,
            "simulation": {
                "speed": speed,
                "devices": {n: {"watchdog_timeout": watchdog_timeout, **d} for n, d in devices.items()},
            },
        }
    )


@contextlib.asynccontextmanager
async def running(plant_site: Site) -> AsyncIterator[Plant]:
    """Run the simulated plant of a site, and stop it in the end."""
    plant = Plant(build_plant(plant_site))
    try:
        await plant.start()
        stepping = asyncio.create_task(plant.run(), name="stepping")
        try:
            yield plant
        finally:
            stepping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await stepping
    finally:
        await plant.stop()


@contextlib.asynccontextmanager
async def running_device(**device: Any) -> AsyncIterator[Device]:
    """Run one device, called `dev`."""
    settings = {key: device.pop(key) for key in ("speed", "watchdog_timeout") if key in device}
    async with running(site({"dev": device}, **settings)) as plant:
        yield plant.devices["dev"]


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not in this time.
    """
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
