"""RTU on a serial line: libmodbus units on pseudo-terminals that have a speed, real silences."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.devices import ModbusDevice, ModbusSerial, Table
from config.tags import Access, Tag
from control.signal import BAD, COMM, GOOD
from drivers.api import DeviceTimeout, Disconnected, TagRef, Write
from drivers.modbus.driver import ModbusDriver
from drivers.modbus.link import Request, ask
from drivers.modbus.pdu import read_request
from drivers.modbus.transport import WireLink
from tests.contract.rig import Observer, observe
from tests.servers.process import ServerProcess, python

BAUD = 38400


@pytest.fixture(scope="module")
def _bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    port = tmp_path_factory.mktemp("line") / "tty"
    bus = python("tests.servers.serial_bus", str(port), str(BAUD), "1", "2")
    bus.start()
    yield bus, port
    bus.kill()


@pytest.fixture
def bus(_bus: tuple[ServerProcess, Path]) -> ServerProcess:
    """Two units whose holding registers hold their own address."""
    server, _ = _bus
    server.command("clear")
    server.command(f"set h 0 {' '.join(str(a) for a in range(200))}")
    server.command("silence")
    return server


@pytest.fixture
def port(_bus: tuple[ServerProcess, Path]) -> Path:
    return _bus[1]


def device_on(port: Path, **settings: Any) -> ModbusDevice:
    line = {"port": port, "baud": BAUD}
    quick = {"period": "20 ms", "timeout": "500 ms", "dead_after": "800 ms"}
    more = {"reconnect_min": "50 ms", "reconnect_max": "100 ms", **settings}
    return ModbusDevice.model_validate({"driver": "modbus", "serial": line, **quick, **more})


@contextlib.asynccontextmanager
async def opened(port: Path, **settings: Any) -> AsyncIterator[WireLink]:
    link = WireLink(device_on(port, **settings))
    await link.open()
    try:
        yield link
    finally:
        await link.close()


def read(address: int, count: int = 1) -> bytes:
    return read_request(Table.HOLDING, address, count)


async def values(link: WireLink, address: int, count: int = 1, unit_id: int = 1) -> list[int]:
    pdu, _ = await ask(link, unit_id, read(address, count))
    return [int.from_bytes(pdu[at : at + 2]) for at in range(2, len(pdu), 2)]


def _overlaps(bus: ServerProcess) -> int:
    return int(bus.command("overlaps"))


async def test_frames_are_apart_by_the_silence_of_the_line(bus: ServerProcess, port: Path) -> None:
    silence_s = ModbusSerial(port=port, baud=BAUD).silence_s
    async with opened(port) as link:
        for address in range(20):
            assert await values(link, address, 5, unit_id=1 + address % 2) == list(
                range(address, address + 5)
            )
    assert int(bus.command("silence")) >= silence_s * 1e6
    assert _overlaps(bus) == 0


@pytest.mark.parametrize(
    ("line", "character_us", "silence_us"),
    [
        ({"baud": 9600}, 1145.8, 4010.4),
        ({"baud": 19200}, 572.9, 2005.2),
        ({"baud": 38400}, 286.5, 1750.0),
        ({"baud": 115200, "parity": "none"}, 95.5, 1750.0),
        ({"baud": 1200, "parity": "none", "stop_bits": 1}, 8333.3, 29166.7),
    ],
)
def test_silences_follow_from_the_speed(line: dict[str, Any], character_us: float, silence_us: float) -> None:
    """3.5 characters of 11 bits, and 1.75 ms above 19200 Bd (Modbus over serial line, 2.5.1.1)."""
    serial = ModbusSerial.model_validate({"port": "/dev/null", **line})
    assert serial.character_s * 1e6 == pytest.approx(character_us, abs=0.1)
    assert serial.silence_s * 1e6 == pytest.approx(silence_us, abs=0.1)


async def test_tags_are_read_and_written_on_a_line_of_several_units(bus: ServerProcess, port: Path) -> None:
    addresses: list[dict[str, Any]] = [
        {"address": 5},
        {"address": 6, "type": "uint32"},
        {"address": 7, "unit_id": 2},
        {"table": "coil", "address": 3},
    ]
    refs = [
        TagRef(n, f"u/{n}", Tag(device="d", address=a, access=Access.READ_WRITE))
        for n, a in enumerate(addresses)
    ]
    driver, seen = ModbusDriver("d", device_on(port)), Observer(refs)
    assert driver.plan(refs) == {}
    await driver.open()
    try:
        await observe(driver, seen, lambda: len(seen.last) == 4, 15)
        assert [seen.last[f"u/{n}"].value for n in range(4)] == [5, 6 * 65536 + 7, 7, 0]
        results = await driver.write([Write(0, 77), Write(1, 123456), Write(3, 1)])
        assert [result.error for result in results] == [None] * 3
        assert bus.command("get h 5 3") == f"77 {123456 >> 16} {123456 & 0xFFFF}"
        assert bus.command("get c 3 1") == "1"
    finally:
        await driver.close()
    assert _overlaps(bus) == 0


async def test_a_dead_unit_costs_the_others_little(bus: ServerProcess, port: Path) -> None:
    refs = [
        TagRef(n, f"u/{n}", Tag(device="d", address={"address": n, "unit_id": unit}))
        for n, unit in enumerate((1, 7, 2))
    ]
    driver, seen = ModbusDriver("d", device_on(port)), Observer(refs)
    driver.plan(refs)
    await driver.open()
    try:
        await observe(driver, seen, lambda: "u/1" in seen.last, 15)
        assert seen.last["u/1"].quality == BAD | COMM
        assert {seen.last[name].quality for name in ("u/0", "u/2")} == {GOOD}
        assert sum(name == "u/0" for name, _ in seen.all) >= 3
    finally:
        await driver.close()


async def test_a_late_answer_is_never_the_next_ones(bus: ServerProcess, port: Path) -> None:
    """No number tells answers apart: the unit is asked again only after the late one has come."""
    async with opened(port) as link:
        bus.command("lag 650")
        with pytest.raises(DeviceTimeout):
            await values(link, 100)
        assert await values(link, 8, unit_id=2) == [8], "other units need not wait"
        assert await values(link, 9) == [9]
        assert await values(link, 10) == [10]
        assert link.strays == 1


async def test_an_answer_that_nobody_waits_for_any_more(bus: ServerProcess, port: Path) -> None:
    async with opened(port) as link:
        bus.command("lag 100")
        asking = asyncio.create_task(values(link, 100))
        await asyncio.sleep(0.05)
        asking.cancel()
        assert await values(link, 9) == [9]


async def test_a_damaged_answer_is_none(bus: ServerProcess, port: Path) -> None:
    async with opened(port) as link:
        bus.command("cut 1")
        with pytest.raises(DeviceTimeout):
            await values(link, 100)
        assert await values(link, 9) == [9]


async def test_noise_before_an_answer_is_skipped(bus: ServerProcess, port: Path) -> None:
    """A line that turns around leaves bytes; some look like the beginning of a frame."""
    async with opened(port) as link:
        for noise in ("00", "ff00", "0103", "010304", "0183"):
            bus.command(f"noise {noise}")
            assert await values(link, 20, 3) == [20, 21, 22], noise


async def test_an_exchange_goes_on_where_one_unit_is_silent(bus: ServerProcess, port: Path) -> None:
    async with opened(port) as link:
        exchange = await link.exchange([Request(unit, read(4)) for unit in (1, 9, 2)])
        assert (exchange.sent, exchange.disturbed) == (2, True), "what follows is the caller's to decide"
        assert exchange.answers[1] is None


async def test_a_port_is_not_shared(bus: ServerProcess, port: Path) -> None:
    async with opened(port):
        other = WireLink(device_on(port))
        with pytest.raises(Disconnected, match="Resource temporarily unavailable"):
            await other.open()
        await other.close()


async def test_a_port_that_is_not_there_is_named(tmp_path: Path) -> None:
    link = WireLink(device_on(tmp_path / "ttyUSB9"))
    with pytest.raises(Disconnected, match=r"ttyUSB9: No such file or directory"):
        await link.open()


async def test_an_adapter_that_is_pulled_out_is_noticed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "tty"
    bus = python("tests.servers.serial_bus", str(path), "115200", "1")
    bus.start()
    try:
        async with opened(path, timeout="5 s") as link:
            asking = asyncio.create_task(values(link, 0, unit_id=5))
            await asyncio.sleep(0.1)
            bus.kill()
            with pytest.raises(Disconnected):
                await asking
            with pytest.raises(Disconnected):
                await values(link, 0)
            with pytest.raises(Disconnected):
                await link.open()
            bus.start()
            await link.open()
            assert await values(link, 0) == [0]
    finally:
        bus.kill()
