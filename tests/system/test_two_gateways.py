"""Two gateways and one device, as real processes: a lease in the device, a lock on the machine."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
import yaml

from config.load import load
from config.site import Site
from gateway.commands.message import Kind, Reply, make
from gateway.demo.processes import Child, free_port
from gateway.gxp import identity
from gateway.subscriber import Subscriber
from tests.servers import modbus_serial
from tests.servers.mosquitto import Mosquitto
from tests.servers.opcua import NAMESPACE, OpcUaServer
from tests.system.conftest import until

PRIVATE, PUBLIC = identity.generate_key()


class Equipment(Protocol):
    """A device with a valve and a lease, and what a test sees and changes of it past the gateways."""

    settings: dict[str, Any]
    told_besides: frozenset[str]
    """Notices that such a device gives beside those of its lease."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def address(self, name: str) -> dict[str, Any]: ...
    def get(self, name: str) -> int: ...
    def set_owner(self, number: int) -> None: ...


class ModbusEquipment:
    """The npm package modbus-serial, as a server."""

    told_besides: frozenset[str] = frozenset()
    _REGISTERS: Final = {"owner": 100, "counter": 101, "valve": 10}

    def __init__(self) -> None:
        port = free_port()
        self._server = modbus_serial.server(port)
        self.settings = {"driver": "modbus", "host": "127.0.0.1", "port": port, "period": "100 ms"}

    def start(self) -> None:
        self._server.start()
        self._server.command(f"set h {self._REGISTERS['owner']} 0 0")

    def stop(self) -> None:
        self._server.kill()

    def address(self, name: str) -> dict[str, Any]:
        return {"address": self._REGISTERS[name]}

    def get(self, name: str) -> int:
        return int(self._server.command(f"get h {self._REGISTERS[name]} 1"))

    def set_owner(self, number: int) -> None:
        self._server.command(f"set h {self._REGISTERS['owner']} {number}")


class OpcUaEquipment:
    """asyncua's server; the lease is two nodes of 16 bits, as a controller would have them."""

    told_besides = frozenset({"times_doubtful", "times_right"})
    """A value that a client writes has no source time there."""

    def __init__(self) -> None:
        self._server = OpcUaServer()
        self.settings = {
            "driver": "opcua", "endpoint": self._server.endpoint, "publishing_interval": "100 ms",
        }  # fmt: skip

    def start(self) -> None:
        self._server.start()
        self._server.do("add", names=["owner", "counter"], kind="Int16", value=0, writable=True)
        self._server.do("add", names=["valve"], writable=True)

    def stop(self) -> None:
        self._server.stop()

    def address(self, name: str) -> dict[str, Any]:
        return {"namespace": NAMESPACE, "identifier": name}

    def get(self, name: str) -> int:
        value, _, _ = self._server.do("get", name=name)
        return int(value)

    def set_owner(self, number: int) -> None:
        self._server.do("set", name="owner", value=number, kind="Int16")


def _document(number: int, equipment: Equipment, broker_port: int) -> dict[str, Any]:
    def tag(name: str, **more: Any) -> dict[str, Any]:
        return {"device": "plc", "access": "read_write", "address": equipment.address(name), **more}

    return {
        "site": {"name": "s"},
        "gateway": {"name": f"gw{number}", "scan_period": "50 ms"},
        "devices": {
            "plc": {
                **equipment.settings, "timeout": "2 s", "writes_armed": True,
                "lease": {
                    "owner": "u/lease.owner", "counter": "u/lease.counter", "number": number,
                    "period": "200 ms", "expires_after": "3 s",
                },
            }
        },
        "units": {
            "u": {
                "area": "a", "cell": "c",
                "tags": {
                    "valve": tag("valve", low=0, high=100),
                    "lease.owner": tag("owner"), "lease.counter": tag("counter"),
                },
            }
        },
        "streams": {"broker": {"port": broker_port}, "historians": []},
        "access": {"users": {"eng": {"role": "engineer", "public_key": PUBLIC}}},
    }  # fmt: skip


class Gateway:
    """One gateway, and who commands it."""

    def __init__(self, folder: Path, number: int, equipment: Equipment, broker_port: int) -> None:
        self.name, self._folder = f"gw{number}", folder / f"gw{number}"
        self._folder.mkdir()
        self._file = self._folder / "site.yaml"
        self._file.write_text(yaml.safe_dump(_document(number, equipment, broker_port)), encoding="utf-8")
        self.site: Site = load(self._file).site
        self.view = Subscriber(self.site, "test")
        self.child = self.process(locks=self._folder / "locks")

    def process(self, locks: Path) -> Child:
        """Return the process of the gateway; gateways that share no locks are as on two machines."""
        command = [sys.executable, "-m", "gateway.cli.main", "run", str(self._file)]
        environment = {
            **os.environ, "CELLGATE_DATA": str(self._folder / "data"), "CELLGATE_LOCKS": str(locks),
        }  # fmt: skip
        return Child(self.name, command, environment, self._folder / "log")

    async def start(self) -> None:
        await self.child.start()
        await until(lambda: self.view.online and self._connected(), 60.0, f"{self.name} runs")

    def _connected(self) -> bool:
        devices = self.view.gateway.get("acquisition", {"devices": {}})["devices"]
        return bool(devices.get("plc", {}).get("state") == "connected")

    def standing(self) -> str:
        return str(self.view.gateway["acquisition"]["devices"]["plc"]["writes"])

    async def ask(self, kind: Kind, target: str, **fields: Any) -> Reply:
        message = make("eng", PRIVATE, kind, target, reason="test", **fields)
        return await self.view.command(message, within_s=15.0)


@pytest.fixture(params=[ModbusEquipment, OpcUaEquipment], ids=["modbus", "opcua"])
async def pair(
    tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Gateway, Gateway, Equipment]]:
    broker, server = Mosquitto(tmp_path / "broker"), request.param()
    server.start()
    await broker.start()
    first, second = (Gateway(tmp_path, number, server, broker.port) for number in (1, 2))
    try:
        async with first.view.following(), second.view.following():
            await asyncio.gather(first.start(), second.start())
            yield first, second, server
    except BaseException:
        for gateway in (first, second):
            print(f"--- {gateway.name}\n{gateway.child.tail(30)}")  # noqa: T201 - pytest shows it
        raise
    finally:
        await asyncio.gather(first.child.stop(), second.child.stop())
        await broker.stop()
        server.stop()


@pytest.mark.timeout(240)
async def test_one_writes_and_the_other_is_told_who_does(
    pair: tuple[Gateway, Gateway, Equipment], tmp_path: Path
) -> None:
    first, second, server = pair
    refused = await first.ask("write", "u/valve", value=1.0)
    assert (refused.accepted, "not armed" in refused.reason) == (False, True)
    assert (await first.ask("arm", "gw1")).accepted
    assert server.get("owner") == 1
    assert (await first.ask("write", "u/valve", value=5.0)).accepted
    await until(lambda: server.get("valve") == 5, 10.0, "the first one writes")

    refused = await second.ask("arm", "gw2")
    assert (refused.accepted, refused.reason) == (
        False, "plc is held by gateway number 1: its counter moves",
    )  # fmt: skip

    await first.child.kill()
    assert (await second.ask("arm", "gw2")).accepted
    assert server.get("owner") == 2
    assert (await second.ask("write", "u/valve", value=7.0)).accepted
    await until(lambda: server.get("valve") == 7, 10.0, "the second one writes")

    server.set_owner(9)
    await until(lambda: "number 9" in second.standing(), 10.0, "the second one sees that it lost the lease")
    refused = await second.ask("write", "u/valve", value=8.0)
    assert (refused.accepted, "writes to 'plc' are off" in refused.reason) == (False, True)
    assert server.get("valve") == 7
    notices = [e["what"] for e in second.view.events if e["type"] == "device_notice"]
    assert [what for what in notices if what not in server.told_besides] == ["lease_taken", "lease_lost"]

    server.set_owner(0)
    await until(lambda: second.standing() == "armed", 10.0, "the lease is free again, and taken again")
    first.child = first.process(locks=tmp_path / second.name / "locks")
    first.view.gateway.clear()
    await first.start()
    refused = await first.ask("arm", "gw1")
    assert not refused.accepted
    assert refused.reason.startswith("plc is written to by gateway 'gw2' on this machine (process ")

    assert (await second.ask("disarm", "gw2")).accepted
    await until(lambda: server.get("owner") == 0, 10.0, "the lease is given back")
    assert (await first.ask("arm", "gw1")).accepted
    assert (await first.ask("write", "u/valve", value=11.0)).accepted
    await until(lambda: server.get("valve") == 11, 10.0, "the first one writes again")
