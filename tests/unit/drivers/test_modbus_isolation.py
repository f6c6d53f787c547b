"""Trouble with one address, one unit or one moment stays there: against libmodbus as the device."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from config.devices import ModbusDevice
from config.tags import Tag
from control.signal import BAD, COMM, CONFIG, DEVICE
from drivers.api import DeviceTimeout, Disconnected, TagRef, Write
from drivers.modbus import schedule
from drivers.modbus.driver import ModbusDriver
from gateway.demo.processes import free_port
from tests.contract.rig import fails_with, observe, until
from tests.servers import libmodbus
from tests.servers.process import ServerProcess
from tests.unit.drivers.modbus_device import Device, holding

PORT = free_port()


@pytest.fixture(scope="module")
def _process() -> Iterator[ServerProcess]:
    server = libmodbus.server(PORT)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(_process: ServerProcess) -> ServerProcess:
    """A device with registers that hold their own address."""
    _process.command("clear")
    for table in "hi":
        for start in range(0, 1000, 100):
            _process.command(f"set {table} {start} {' '.join(str(a) for a in range(start, start + 100))}")
    return _process


def _device(addresses: list[dict[str, Any]], **settings: Any) -> Device:
    return Device(addresses, PORT, **settings)


def _sent(device: Device) -> int:
    return sum(frame.startswith(">") for frame in device.driver.last_frames())


@pytest.fixture
async def hundred(server: ServerProcess) -> AsyncIterator[Device]:
    server.command("fault h 41 2")
    async with _device(holding(*range(100))) as device:
        yield device


async def test_an_illegal_address_is_found_by_halving_and_named_once(
    hundred: Device, caplog: pytest.LogCaptureFixture
) -> None:
    """#10: one illegal address costs itself and nobody else."""
    with caplog.at_level(logging.WARNING, "drivers.modbus"):
        await hundred.all_seen()
        assert hundred.good() == [a for a in range(100) if a != 41]
        culprit = hundred.seen.last["1/41"]
        assert (culprit.value, culprit.quality, culprit.status) == (None, BAD | CONFIG, 2)
        assert _sent(hundred) <= 2 * 7 + 1, "about twice the logarithm of a hundred"
        for _ in range(5):
            await hundred.read()
    (record,) = caplog.records
    assert "tags=1/41" in record.getMessage()
    assert "exception 2: illegal data address" in record.getMessage()


async def test_what_was_learned_is_kept_over_a_reconnect(hundred: Device) -> None:
    """#7: the plan is by tag, so nothing shifts when it is learned anew."""
    await hundred.all_seen()
    await hundred.driver.close()
    await hundred.driver.open()
    before = len(hundred.seen.all)
    await hundred.read()
    assert len(hundred.seen.all) - before == 100
    assert _sent(hundred) <= 20


async def test_a_culprit_that_gets_well_is_read_again(
    hundred: Device, server: ServerProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await hundred.all_seen()
    server.command("clear")
    caplog.clear()
    await hundred.driver.close()
    await hundred.driver.open()
    await hundred.read()
    assert hundred.good() == list(range(100))
    assert [r.getMessage().split(":")[0] for r in caplog.records] == ["value can be read again"]


async def test_an_illegal_address_in_a_bridged_gap_costs_no_tag(server: ServerProcess) -> None:
    """#11: gaps are read over, and where the device forbids that, not."""
    server.command("fault h 5 2")
    async with _device(holding(0, 1, 10, 11)) as device:
        await device.all_seen()
        assert device.good() == [0, 1, 10, 11]


async def test_a_device_that_gives_less_than_configured_is_read_in_smaller_parts(
    server: ServerProcess,
) -> None:
    server.command("limit 10")
    async with _device(holding(*range(60))) as device:
        await device.all_seen()
        assert device.good() == list(range(60))


async def test_a_device_that_gives_one_register_at_a_time(server: ServerProcess) -> None:
    server.command("limit 1")
    async with _device(holding(*range(20)), max_registers=1) as device:
        await device.all_seen()
        assert device.good() == list(range(20))


@pytest.mark.parametrize(
    ("code", "reason"), [(1, CONFIG), (4, DEVICE), (7, DEVICE), (8, DEVICE), (9, DEVICE)]
)
async def test_exceptions_of_a_block_mark_it_and_not_the_others(
    server: ServerProcess, code: int, reason: int
) -> None:
    server.command(f"fault h 3 {code}")
    async with _device(holding(0, 3, 300)) as device:
        await device.all_seen()
        assert device.good() == [300]
        assert {device.seen.last[n].quality for n in ("1/0", "1/3")} == {BAD | reason}
        assert device.seen.last["1/3"].status == code
        requests = _sent(device)
        await asyncio.sleep(0.03)
        await device.read()
        assert _sent(device) == requests + 1, "the failed block is left alone for a while"


async def test_a_busy_device_is_asked_again_soon_and_not_for_ever(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "SOON_S", 0.005)
    server.command("fault h 0 6")
    async with _device(holding(0, 300)) as device:
        await device.read()
        assert list(device.seen.last) == ["1/300"], "busy is not bad yet"
        server.command("clear")
        await device.all_seen()
        assert device.good() == [0, 300]
        server.command("fault h 0 6")
        await observe(device.driver, device.seen, lambda: device.seen.last["1/0"].quality == BAD | DEVICE)
        assert device.seen.last["1/0"].status == 6


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_cannot_reach_a_unit_marks_that_unit(server: ServerProcess, code: int) -> None:
    server.command(f"unit 2 {code}")
    async with _device([*holding(1, 300), *holding(2, 400, unit_id=2), *holding(3, unit_id=3)]) as device:
        await device.all_seen()
        assert device.good() == [1, 3, 300]
        for name in ("2/2", "2/400"):
            seen = device.seen.last[name]
            assert (seen.value, seen.quality, seen.status) == (None, BAD | COMM, code)
        server.command("clear")
        await observe(device.driver, device.seen, lambda: len(device.good()) == 5)


async def test_a_silent_unit_delays_the_others_little_and_is_marked(server: ServerProcess) -> None:
    """#31, #32: one offline unit neither blocks the others nor loses their requests."""
    server.command("unit 2 -1")
    async with _device([*holding(1), *holding(2, 400, unit_id=2), *holding(3, unit_id=3)]) as device:
        began = time.monotonic()
        await observe(device.driver, device.seen, lambda: "2/2" in device.seen.last)
        assert device.seen.last["2/2"].quality == device.seen.last["2/400"].quality == BAD | COMM
        assert time.monotonic() - began >= 0.4, "not before dead_after"
        marked = [name for name, seen in device.seen.all if seen.quality >= BAD]
        assert sorted(marked) == ["2/2", "2/400"], "once, on the edge"
        others = sum(name == "1/1" for name, _ in device.seen.all)
        assert others >= 2
        server.command("clear")
        await observe(device.driver, device.seen, lambda: len(device.good()) == 4)


async def test_when_no_unit_answers_the_device_is_silent(server: ServerProcess) -> None:
    async with _device([*holding(1), *holding(2, unit_id=2)]) as device:
        await device.all_seen()
        server.command("unit 1 -1")
        server.command("unit 2 -1")
        error = await fails_with(device.driver, 3.0)
        assert isinstance(error, DeviceTimeout)


async def test_an_address_without_answer_is_found_like_an_illegal_one(server: ServerProcess) -> None:
    server.command("fault h 3 -1")
    async with _device(holding(2, 3, 4, 300, 600)) as device:
        async with asyncio.timeout(20):
            while len(device.seen.last) < 5:
                try:
                    await device.read()
                except DeviceTimeout:
                    continue
                await asyncio.sleep(0.02)
        assert device.good() == [2, 4, 300, 600]
        assert device.seen.last["1/3"].quality == BAD | COMM


async def test_tags_of_a_longer_period_are_read_less_often(server: ServerProcess) -> None:
    device = _device(holding(0, 300))
    device.refs[1] = TagRef(1, "1/300", Tag(device="d", address={"address": 300}, period=0.2))
    device.driver.plan(device.refs)
    async with device:
        while _count(device, "1/300") < 3:
            await device.read()
            await asyncio.sleep(0.02)
    assert _count(device, "1/0") > _count(device, "1/300")


def _count(device: Device, name: str) -> int:
    return sum(seen == name for seen, _ in device.seen.all)


async def test_a_long_read_stops_early_and_goes_on(server: ServerProcess) -> None:
    server.command("delay 40")
    async with _device(holding(0, 100, 200, 300, 400, 500)) as device:
        device.seen(await device.driver.read())
        assert device.driver.more_due
        assert 1 <= len(device.seen.last) < 6
        first = set(device.seen.last)
        device.seen(await device.driver.read())
        assert set(device.seen.last) > first
        await device.all_seen()


async def test_several_requests_under_way(server: ServerProcess) -> None:
    async with _device(holding(*range(0, 1000, 20)), max_outstanding=8, max_gap=0) as device:
        await device.all_seen()
        assert device.good() == list(range(0, 1000, 20))
        server.kill()
        assert isinstance(await fails_with(device.driver, 3.0), Disconnected)
        server.start()


async def test_a_busy_write_is_tried_again(server: ServerProcess) -> None:
    server.command("fault h 7 6")
    async with _device(holding(7)) as device:
        writing = asyncio.create_task(device.driver.write([Write(0, 5)]))
        await until(lambda: _sent(device) >= 2)
        server.command("clear")
        (result,) = await writing
        assert result.error is None
        server.command("fault h 7 6")
        (result,) = await device.driver.write([Write(0, 6)])
        assert (result.error, result.status) == ("exception 6: device busy", 6)
        assert server.command("get h 7 1") == "5"


async def test_an_acknowledged_write_is_not_sent_again(server: ServerProcess) -> None:
    server.command("fault h 7 5")
    async with _device(holding(7)) as device:
        (result,) = await device.driver.write([Write(0, 5)])
        assert (result.error, result.status) == (None, 5)
        assert _sent(device) == 1


async def test_a_write_without_answer_says_what_is_not_known(server: ServerProcess) -> None:
    server.command("fault h 7 -1")
    async with _device(holding(6, 7, 8)) as device:
        taken, lost, never = await device.driver.write([Write(0, 1), Write(1, 2), Write(2, 3)])
        assert taken.error is None
        assert lost.error == "outcome unknown: no answer from unit 1 in time"
        assert never.error == "not written: the device did not answer"
        with pytest.raises(DeviceTimeout):
            await device.driver.write([Write(1, 2)])


async def test_bits_of_a_register_are_written_without_touching_the_others(server: ServerProcess) -> None:
    server.command(f"set h 50 {0b1010_0000_0000_1111}")
    addresses: list[dict[str, Any]] = [{"address": 50, "bit": bit} for bit in (0, 9, 15)]
    async with _device(addresses) as device:
        results = await device.driver.write([Write(0, 0), Write(1, 1), Write(2, 0)])
        assert [r.error for r in results] == [None] * 3
    assert int(server.command("get h 50 1")) == 0b0010_0010_0000_1110


async def test_function_16_for_single_registers_where_asked(server: ServerProcess) -> None:
    async with _device(holding(9), write_multiple_only=True) as device:
        (result,) = await device.driver.write([Write(0, 77)])
        assert result.error is None
        assert server.command("get h 9 1") == "77"
        assert device.driver.last_frames()[0].split()[8] == "10"


async def test_a_value_longer_than_a_read_cannot_be_planned() -> None:
    device = ModbusDevice(driver="modbus", host="127.0.0.1", max_registers=2)
    ref = TagRef(4, "u/a", Tag(device="d", address={"address": 0, "type": "float64"}))
    assert ModbusDriver("d", device).plan([ref]) == {4: "takes 4 registers, the device gives 2 in a read"}
