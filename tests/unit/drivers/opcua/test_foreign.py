"""The driver against node-opcua's server: limits, types, lost samples, security, a restart."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.tags import Access, TagKind
from control.signal import BAD, COMM, CONFIG, GOOD, OVERFLOW, SENSOR
from drivers.api import DeviceRefused, Write
from drivers.opcua.driver import OpcUaDriver
from drivers.session import Session
from drivers.states import State
from tests.servers.certificates import make
from tests.servers.node_opcua import NodeOpcUaServer, node_opcua_server
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref

LIMITS = {"maxNodesPerRead": 7, "maxNodesPerWrite": 4, "maxMonitoredItemsPerCall": 3, "maxNodesPerBrowse": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node-opcua")
    certificate, key = make("server").save(folder, "server")
    certificate.with_suffix(".pem.crt").write_bytes(_pem(certificate))
    make("gateway", "urn:cellgate:gateway", key=1).save(folder, "gateway")
    (folder / "trusted").mkdir()
    (folder / "trusted" / "server.der").write_bytes(certificate.read_bytes())
    assert key.is_file()
    return folder


def _pem(certificate: Path) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_der_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def foreign(folder: Path) -> Iterator[NodeOpcUaServer]:
    settings: dict[str, Any] = {
        "limits": LIMITS,
        "certificate": str(folder / "server.pem.crt"),
        "private_key": str(folder / "server.pem"),
        "policies": ["Basic256Sha256", "Aes256_Sha256_RsaPss"],
    }
    with node_opcua_server(folder / "pki", **settings) as server:
        yield server


async def test_many_nodes_within_the_servers_limits(foreign: NodeOpcUaServer, name: str) -> None:
    names = [f"{name}{number}" for number in range(40)]
    foreign.do("add", names=names, writable=True)
    refs = [ref(at, each, access=Access.READ_WRITE) for at, each in enumerate([*names, name + "missing"])]
    seen = Seen()
    async with opened(device(foreign.port), refs) as driver:
        assert driver._live is not None
        limits = driver._live.limits
        assert (limits.read.size, limits.write.size, limits.items.size) == (7, 4, 3)
        results = await driver.write([Write(at, at + 0.5) for at in range(40)])
        assert [result.error for result in results] == [None] * 40
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert [seen.last(at) for at in range(40)] == [at + 0.5 for at in range(40)]
    assert set(seen.qualities[40]) == {BAD | CONFIG}


async def test_types_and_status_arrive_as_they_are(foreign: NodeOpcUaServer, name: str) -> None:
    values: dict[str, Any] = {
        "Boolean": True,
        "SByte": -128,
        "Byte": 255,
        "Int16": -32768,
        "UInt16": 65535,
        "Int32": -(2**31),
        "UInt32": 2**32 - 1,
        "Int64": str(-(2**63)),
        "UInt64": str(2**64 - 1),
        "Float": 0.5,
        "Double": 0.1,
        "String": "Füllung",
    }
    for kind, value in values.items():
        foreign.do("add", names=[name + kind], kind=kind, value=value)
    foreign.do("add", names=[name + "failed"])
    foreign.do("set", name=name + "failed", value=3.0, status=0x808C_0000)
    foreign.do("add", names=[name + "old"])
    foreign.do("set", name=name + "old", value=3.0, source_s=1_500_000_000.5)
    refs = [
        ref(at, name + kind, kind=TagKind.TEXT if kind == "String" else TagKind.NUMBER)
        for at, kind in enumerate([*values, "failed", "old"])
    ]
    seen = Seen()
    async with opened(device(foreign.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    for at, value in enumerate(values.values()):
        got = seen.texts[at][-1] if at in seen.texts else seen.last(at)
        assert got == (int(value) if isinstance(value, str) and value[-1].isdigit() else value)
        assert seen.qualities[at][-1] == GOOD
    assert (seen.qualities[12][-1], seen.statuses[12][-1]) == (BAD | SENSOR, 0x808C_0000)
    assert math.isnan(seen.last(12))
    assert seen.stamps[13][-1] == 1_500_000_000_500_000_000


async def test_a_server_that_samples_more_slowly_than_asked_for_is_told_of(
    foreign: NodeOpcUaServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    foreign.do("add", names=[name + "a", name + "b"])
    refs = [ref(0, name + "a", period=0.002), ref(1, name + "b", period=0.1)]
    seen = Seen()
    async with opened(device(foreign.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert "samples more slowly than asked for: items=1" in caplog.text


async def test_an_element_is_read_and_written_alone(foreign: NodeOpcUaServer, name: str) -> None:
    foreign.do("add", names=[name + "a"], kind="Int32", value=[10, 11, 12], writable=True)
    refs = [ref(at, name + "a", index=at, access=Access.READ_WRITE) for at in range(3)]
    seen = Seen()
    async with opened(device(foreign.port), refs) as driver:
        assert [getattr(driver._lookup.nodes[at], "index", None) for at in range(3)] == ["0", "1", "2"]
        (result,) = await driver.write([Write(1, 99)])
        assert result.error is None
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert [seen.last(at) for at in range(3)] == [10.0, 99.0, 12.0]


async def test_samples_that_the_servers_queue_dropped_are_said(
    foreign: NodeOpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.plan.QUEUE_SPARE", 0)  # else the queue is asked for large enough
    foreign.do("add", names=[name + "a"])
    settings = device(foreign.port, queue_size=3, publishing_interval=0.4, keep_alive_count=2)
    seen = Seen()
    async with opened(settings, [ref(0, name + "a", period=0.02)]) as driver:
        foreign.do("ramp", name=name + "a", count=40, pause_ms=20)
        await follow(driver, seen, lambda: seen.last(0) == 40.0)
    assert any(quality & OVERFLOW for quality in seen.qualities[0])
    assert all(quality < BAD for quality in seen.qualities[0])
    assert len(seen.values[0]) < 40


async def test_a_user_over_a_secured_channel(foreign: NodeOpcUaServer, folder: Path, name: str) -> None:
    foreign.do("add", names=[name + "a"], value=2.5, writable=True)
    security = {
        "policy": "Aes256_Sha256_RsaPss",
        "certificate": folder / "gateway.der",
        "private_key": folder / "gateway.pem",
        "trusted": folder / "trusted",
    }
    named = {"username": "operator", "password": "secret", "security": security}
    seen = Seen()
    async with opened(device(foreign.port, **named), [ref(0, name + "a")]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert seen.last(0) == 2.5
    with pytest.raises(DeviceRefused):
        async with opened(device(foreign.port, **named | {"password": "guess"}), [ref(0, name + "a")]):
            pass


async def test_a_password_is_encrypted_for_the_server_where_the_channel_is_not(
    foreign: NodeOpcUaServer, name: str
) -> None:
    """This server's own policy for passwords encrypts them, also without security on the channel."""
    foreign.do("add", names=[name + "a"], value=2.5)
    settings = device(foreign.port, username="operator", password="secret")
    async with opened(settings, [ref(0, name + "a")]) as driver:
        assert (await driver.read_back([0])).value.tolist() == [2.5]


async def test_data_flow_again_after_a_restart_in_mid_subscription(
    foreign: NodeOpcUaServer, name: str
) -> None:
    foreign.do("add", names=[name + "a", name + "b"], value=1.0)
    settings = device(foreign.port, dead_after=1.0)
    seen = Seen()
    session = Session(
        "d", settings, OpcUaDriver("d", settings), [ref(0, name + "a"), ref(1, name + "b")], seen
    )
    task = asyncio.create_task(session.run(), name="session")
    try:
        await _until(lambda: seen.last(1) == 1.0)
        await asyncio.to_thread(foreign.kill)
        await _until(lambda: seen.qualities[0][-1] == BAD | COMM)
        await asyncio.to_thread(foreign.start)
        foreign.do("add", names=[name + "b", name + "a"], value=2.0)
        await _until(lambda: seen.last(0) == seen.last(1) == 2.0 and session.state is State.CONNECTED)
        foreign.do("set", name=name + "b", value=3.0)
        await _until(lambda: seen.last(1) == 3.0)
        assert seen.last(0) == 2.0
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _until(condition: Any, within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
