"""A device over its wire: the watchdog takes it to safe, a restart brings it back, speed is kept."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError
from pymodbus.client import AsyncModbusTcpClient

from simulators.bioreactor_signals import NAMESPACE
from simulators.device import Device
from simulators.plant import build_plant
from tests.unit.simulators.plants import running, running_device, site, until


def shows(device: Device, signal: str, value: float, within: float) -> bool:
    return abs(float(device.model.values[signal]) - value) <= within


async def test_a_stopped_counter_takes_the_bioreactor_to_safe_and_a_moving_one_back() -> None:
    async with running_device(model="bioreactor") as device:
        client = Client(f"opc.tcp://127.0.0.1:{device.link.port}/dev", timeout=5.0)
        client.session_timeout = 60_000
        async with client:
            index = await client.get_namespace_index(NAMESPACE)

            def node(name: str) -> ua.NodeId:
                return ua.NodeId(ua.String(name), ua.Int16(index))

            async def write(
                name: str, value: float | int, kind: ua.VariantType = ua.VariantType.Double
            ) -> None:
                await client.get_node(node(name)).write_value(ua.Variant(value, kind))

            await write("Feed.Pump", 80.0)
            await write("Jacket.Valve", 75.0)
            await until(lambda: shows(device, "Feed.Flow", 40.0, 0.5))
            await asyncio.sleep(0.8)  # longer than the timeout: nothing is expected before the first change
            assert device.model.safe is False
            await write("Watchdog", 1, ua.VariantType.UInt32)
            await until(lambda: device.model.safe)
            await until(
                lambda: shows(device, "Jacket.Position", 50.0, 0.5) and shows(device, "Feed.Flow", 0.0, 0.1)
            )
            assert await client.get_node(node("SafeState")).read_value() is True
            assert await client.get_node(node("Jacket.Valve")).read_value() == 50.0
            await write("Jacket.Valve", 65.0)
            async with asyncio.timeout(5.0):
                for counter in itertools.count(2):
                    await write("Watchdog", counter, ua.VariantType.UInt32)
                    if shows(device, "Jacket.Position", 65.0, 0.5):
                        break
                    await asyncio.sleep(0.05)
            assert shows(device, "Feed.Flow", 0.0, 0.1)


async def test_a_stopped_counter_stops_the_fill_line() -> None:
    async with running_device(
        model="fill_line", parameters={"stops_per_h": 0.0, "starved_per_h": 0.0}
    ) as device:
        client = AsyncModbusTcpClient("127.0.0.1", port=device.link.port, timeout=2.0, retries=0)
        assert await client.connect()
        try:
            await until(lambda: device.model.values["Status.StateCurrent"] == 6)
            await client.write_register(0, 1)
            await until(lambda: device.model.values["Status.StateCurrent"] == 2)
            assert (await client.read_discrete_inputs(2, count=1)).bits[0] is True
            assert device.model.values["Admin.StopReason"] == 901
        finally:
            client.close()


async def test_a_restarted_device_comes_back_with_safe_commands_and_the_same_process() -> None:
    async with running_device(model="bioreactor") as device:
        url = f"opc.tcp://127.0.0.1:{device.link.port}/dev"
        async with Client(url, timeout=2.0) as client:
            first = await client.get_namespace_index(NAMESPACE)
            await client.get_node(ua.NodeId(ua.String("Jacket.Valve"), ua.Int16(first))).write_value(90.0)
            hours = float(device.model.values["Culture.Hours"])
            device.restart(1.5)
            await until(lambda: device.down)
            with pytest.raises((UaError, OSError, TimeoutError)):
                await client.get_namespace_array()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", device.link.port)
        await until(lambda: not device.down)
        async with Client(url, timeout=5.0) as client:
            second = await client.get_namespace_index(NAMESPACE)
            assert second != first
            valve = client.get_node(ua.NodeId(ua.String("Jacket.Valve"), ua.Int16(second)))
            assert await valve.read_value() == 50.0
        assert float(device.model.values["Culture.Hours"]) >= hours
        assert (device.restarts, device.watchdog.armed) == (1, False)


async def test_plant_time_runs_at_its_speed() -> None:
    device = build_plant(site({"dev": {"model": "environment"}}, speed=30.0))["dev"]
    await device.advance(1, 100.0)
    assert device.plant_s == pytest.approx(3.0)
    await device.advance(19, 102.0)
    assert device.steps == 20
    assert device.plant_s == pytest.approx(60.0)
    assert device.model.values["A.SampleNumber"] == 1


async def test_devices_of_one_plant_have_speeds_of_their_own() -> None:
    devices: dict[str, dict[str, Any]] = {
        "rooms": {"model": "environment", "speed": 2.0},
        "line": {"model": "fill_line", "parameters": {"speed": 300.0}},
    }
    mixed = site(devices, speed=10.0)
    async with running(mixed) as plant:
        assert {name: device.speed for name, device in plant.devices.items()} == {"rooms": 2.0, "line": 10.0}
        assert plant.devices["line"].model.values["Command.MachSpeed"] == 300.0
