"""The OPC UA server, read, written and subscribed to over a socket with asyncua's client."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from simulators.bioreactor_signals import NAMESPACE, bioreactor_signals
from simulators.device import Device
from simulators.opcua_space import VARIANTS
from simulators.sensor_faults import SensorFault, SensorFaultKind
from tests.unit.simulators.plants import running_device, until


class Nodes:
    """Nodes of a simulated bioreactor by identifier."""

    def __init__(self, client: Client, index: int) -> None:
        self.client = client
        self.index = index

    def __getitem__(self, identifier: str) -> Node:
        return self.client.get_node(ua.NodeId(ua.String(identifier), ua.Int16(self.index)))


@contextlib.asynccontextmanager
async def client(device: Device) -> AsyncIterator[Nodes]:
    connection = Client(f"opc.tcp://127.0.0.1:{device.link.port}/dev", timeout=5.0)
    connection.session_timeout = 60_000
    async with connection:
        yield Nodes(connection, await connection.get_namespace_index(NAMESPACE))


async def read(node: Node) -> tuple[Any, ua.VariantType, int, datetime.datetime]:
    """Return value, type, status and source time of a node."""
    data = await node.read_data_value(raise_on_bad_status=False)
    assert data.Value is not None
    assert data.StatusCode is not None
    assert data.SourceTimestamp is not None
    kind = data.Value.VariantType
    assert isinstance(kind, ua.VariantType)
    return data.Value.Value, kind, data.StatusCode.value, data.SourceTimestamp


async def test_every_node_has_its_type_range_unit_and_access() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        for signal in bioreactor_signals():
            node = nodes[signal.name]
            _, kind, status, _ = await read(node)
            assert (kind, status) == (VARIANTS[signal.kind], StatusCodes.Good), signal.name
            level = await node.get_access_level()
            assert (ua.AccessLevel.CurrentWrite in level) is signal.writable, signal.name
        span = await nodes["Temp.PV.EURange"].read_value()
        assert (span.Low, span.High) == (0.0, 60.0)
        assert (await nodes["Temp.PV.EngineeringUnits"].read_value()).DisplayName.Text == "degC"


async def test_writes_move_the_plant_and_carry_a_time() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        before = datetime.datetime.now(datetime.UTC)
        await nodes["Jacket.Valve"].write_value(80.0)
        await nodes["Stir.Speed.SP"].write_value(ua.Variant(90.0, ua.VariantType.Float))
        value, _, _, stamp = await read(nodes["Jacket.Valve"])
        assert value == 80.0
        assert stamp >= before - datetime.timedelta(milliseconds=1)
        await until(lambda: abs(float(device.model.values["Jacket.Position"]) - 80.0) < 0.5)
        await until(lambda: abs(float(device.model.values["Stir.Speed.PV"]) - 90.0) < 2.0)
        assert await nodes["Jacket.Valve"].read_value() == 80.0


REFUSED = [
    ("Jacket.Valve", ua.Variant(100.1), StatusCodes.BadOutOfRange),
    ("Jacket.Valve", ua.Variant(float("nan")), StatusCodes.BadOutOfRange),
    ("Jacket.Valve", ua.Variant(50, ua.VariantType.Int32), StatusCodes.BadTypeMismatch),
    ("Jacket.Valve", ua.Variant(50.0, ua.VariantType.Float), StatusCodes.BadTypeMismatch),
    ("Jacket.Valve", ua.Variant([50.0, 60.0]), StatusCodes.BadTypeMismatch),
    ("Watchdog", ua.Variant(5, ua.VariantType.Int64), StatusCodes.BadTypeMismatch),
    ("Temp.PV", ua.Variant(37.0), StatusCodes.BadUserAccessDenied),
    ("Nothing", ua.Variant(37.0), StatusCodes.BadUserAccessDenied),
]


async def test_what_does_not_fit_is_refused_with_its_status() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        for identifier, written, status in REFUSED:
            with pytest.raises(UaStatusCodeError) as refused:
                await nodes[identifier].write_value(written)
            assert refused.value.code == status, (identifier, written)
        assert device.model.values["Jacket.Valve"] == 50.0


async def test_one_refused_write_does_not_stop_the_others() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        targets = [nodes["Jacket.Valve"], nodes["Temp.PV"], nodes["Feed.Pump"]]
        values = [ua.DataValue(ua.Variant(v)) for v in (70.0, 1.0, 30.0)]
        with pytest.raises(UaStatusCodeError):
            await nodes.client.write_values(targets, values)
        assert device.model.values["Jacket.Valve"] == 70.0
        assert device.model.values["Feed.Pump"] == 30.0


class Collector:
    """Keeps what a subscription brings."""

    def __init__(self) -> None:
        self.values: dict[str, list[ua.DataValue]] = {}

    def datachange_notification(self, node: Node, _value: Any, data: Any) -> None:
        self.values.setdefault(str(node.nodeid.Identifier), []).append(data.monitored_item.Value)


async def test_a_subscription_brings_what_changes_with_rising_times() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        collector = Collector()
        subscription = await nodes.client.create_subscription(100, collector)
        await subscription.subscribe_data_change(
            [nodes[name] for name in ("Temp.PV", "Device.Serial", "DO.PV")]
        )
        await until(lambda: len(collector.values.get("Temp.PV", [])) > 8)
        await subscription.delete()
        times = [data.SourceTimestamp for data in collector.values["Temp.PV"] if data.SourceTimestamp]
        assert times == sorted(times)
        assert len(set(times)) == len(times)
        assert len(collector.values["Device.Serial"]) == 1


async def test_a_failed_sensor_is_bad_and_comes_back() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        device.sensors.set("pH.PV", SensorFault(SensorFaultKind.FAIL))
        for code in (StatusCodes.BadSensorFailure, StatusCodes.Good):
            async with asyncio.timeout(5.0):
                while (shown := await read(nodes["pH.PV"]))[2] != code:
                    await asyncio.sleep(0.05)
            device.sensors.clear()
        assert shown[0] == pytest.approx(7.0, abs=0.5)


async def test_the_server_tells_the_time() -> None:
    async with running_device(model="bioreactor") as device, client(device) as nodes:
        shown = await nodes.client.get_node(ua.NodeId(ua.Int32(2258))).read_value()
        assert abs((datetime.datetime.now(datetime.UTC) - shown).total_seconds()) < 3.0
