"""Actuation: what reaches a device, what is withheld, and who is told when it does not arrive."""

from __future__ import annotations

import asyncio

from control.signal import OUTPUT_COMMAND, OUTPUT_RESUMED, OUTPUT_SAFE, OUTPUT_WATCHDOG
from drivers.notices import Matter
from drivers.writes import Order
from tests.unit.gateway.actuation_rig import Rig, running


async def test_what_does_not_arrive_is_told_once_and_again_when_it_does() -> None:
    async with running() as rig:
        rig.device.refuses = "wrote 5.0, read back 4.0"
        rig.outbox.push(0, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].failed >= 2)
        assert rig.actuation.failing("d") == {"u/a": "wrote 5.0, read back 4.0"}
        rig.device.refuses = ""
        await rig.until(lambda: rig.device.taken == [(0, 5.0)])
        assert [(news.what, news.detail) for news in rig.told] == [
            (Matter.WRITE_FAILED, "u/a: wrote 5.0, read back 4.0"),
            (Matter.WRITE_WORKS, "u/a"),
        ]
        assert rig.actuation.failing("d") == {}


async def test_a_device_that_is_away_is_not_told_of_tag_by_tag() -> None:
    async with running() as rig:
        rig.device.refuses = "the device was disconnected"
        original = rig.device.answer

        async def answer(order: Order) -> None:
            rig.device.connected = False
            await original(order)

        rig.device.answer = answer  # type: ignore[method-assign]
        rig.outbox.push(0, 5.0)
        rig.outbox.push(1, 6.0)
        await rig.until(lambda: rig.actuation.devices["d"].failed == 2)
        assert rig.told == []


async def test_nothing_leaves_for_a_device_that_is_withheld_not_even_what_waited() -> None:
    async with running() as rig:
        rig.device.connected = False
        rig.outbox.push(0, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].pending)
        rig.actuation.withhold("d", True)
        rig.device.connected = True
        rig.outbox.push(1, 6.0)
        rig.outbox.push(2, 7.0, OUTPUT_WATCHDOG)
        await rig.until(lambda: not rig.outbox.rows)
        rig.actuation.device_restored("d")
        await asyncio.sleep(0.05)
        assert rig.device.taken == []
        rig.actuation.withhold("d", False)
        rig.outbox.push(1, 8.0)
        await rig.until(lambda: rig.device.taken == [(1, 8.0)])


async def test_it_settles_once_everything_has_left_and_not_for_a_device_that_is_away() -> None:
    async with running() as rig:
        rig.outbox.push(0, 5.0)
        assert await rig.actuation.settle("d", 5.0)
        assert rig.device.taken == [(0, 5.0)]
        rig.device.connected = False
        rig.outbox.push(0, 6.0)
        assert not await rig.actuation.settle("d", 5.0)


async def test_what_is_written_once_is_not_tried_again_and_not_read_back() -> None:
    rig = Rig()
    assert await rig.actuation.write_once("d", [("u/b", 2.0), ("u/a", 1.0)]) is None
    assert (rig.device.taken, rig.device.verified) == ([(1, 2.0), (0, 1.0)], False)
    rig.device.refuses = "busy"
    assert await rig.actuation.write_once("d", [("u/a", 3.0)]) == "busy"
    rig.device.refuses = ""
    rig.actuation.withhold("d", withheld=True)
    assert "withheld" in (await rig.actuation.write_once("d", [("u/a", 3.0)]) or "")
    assert len(rig.device.taken) == 2


async def test_a_refused_single_write_is_not_tried_again_and_not_told_as_failing() -> None:
    async with running() as rig:
        rig.device.refuses = "illegal value"
        rig.outbox.push(0, 5.0, OUTPUT_COMMAND)
        await rig.until(lambda: rig.actuation.devices["d"].failed == 1)
        rig.outbox.push(1, 6.0)
        await rig.until(lambda: rig.actuation.devices["d"].failed >= 3)
        assert rig.actuation.failing("d") == {"u/b": "illegal value"}
        assert [news.detail for news in rig.told] == ["u/b: illegal value"]
        rig.device.refuses = ""
        await rig.until(lambda: rig.device.taken == [(1, 6.0)])


async def test_a_single_write_is_not_written_anew_to_a_device_that_comes_back() -> None:
    async with running() as rig:
        rig.outbox.push(0, 5.0)
        rig.outbox.push(1, 6.0, OUTPUT_COMMAND)
        await rig.until(lambda: len(rig.device.taken) == 2)
        rig.actuation.device_restored("d")
        await rig.until(lambda: len(rig.device.taken) == 3)
        assert rig.device.taken[2] == (0, 5.0)
        rig.device.connected = False
        rig.outbox.push(1, 7.0, OUTPUT_COMMAND)
        rig.outbox.push(0, 8.0)
        await rig.until(lambda: rig.actuation.devices["d"].pending == {0: 8.0})
        rig.device.connected = True
        await rig.until(lambda: rig.device.taken[3:] == [(0, 8.0)])


async def test_where_an_output_goes_back_to_is_tried_until_it_is_taken_and_no_longer() -> None:
    async with running() as rig:
        rig.device.refuses = "busy"
        rig.outbox.push(0, 5.0, OUTPUT_RESUMED)
        await rig.until(lambda: rig.actuation.devices["d"].failed == 2)
        rig.device.refuses = ""
        await rig.until(lambda: rig.device.taken == [(0, 5.0)])
        assert rig.actuation.devices["d"].wanted == {}
        rig.outbox.push(0, 6.0, OUTPUT_RESUMED)
        rig.outbox.push(1, 7.0)
        await rig.until(lambda: len(rig.device.taken) == 3)
        rig.actuation.device_restored("d")
        await rig.until(lambda: len(rig.device.taken) == 4)
        assert rig.device.taken[3] == (1, 7.0)


async def test_an_urgent_value_waits_for_no_read_back_and_no_retry() -> None:
    async with running() as rig:
        rig.device.read_back.clear()
        rig.outbox.push(0, 5.0)
        await rig.until(lambda: rig.device.taken == [(0, 5.0)])
        rig.outbox.push(0, 0.0, OUTPUT_SAFE)
        await rig.until(lambda: rig.device.taken == [(0, 5.0), (0, 0.0)])
        assert not await rig.actuation.settle("d", 0.05)
        rig.device.read_back.set()
        assert await rig.actuation.settle("d", 5.0)
        assert rig.actuation.devices["d"].written == 2


async def test_a_beat_that_is_refused_is_told_and_the_next_one_comes_by_itself() -> None:
    async with running() as rig:
        rig.device.refuses = "no"
        rig.outbox.push(2, 1.0, OUTPUT_WATCHDOG)
        await rig.until(lambda: rig.told)
        assert rig.actuation.failing("d") == {"u/beat": "no"}
        assert rig.actuation.devices["d"].pending == {}
        rig.device.refuses = ""
        rig.outbox.push(2, 2.0, OUTPUT_WATCHDOG)
        await rig.until(lambda: len(rig.told) == 2)
        assert rig.told[1].what is Matter.WRITE_WORKS


async def test_an_orderly_stop_waits_for_what_is_on_its_way() -> None:
    async with running() as rig:
        rig.device.gate.clear()
        rig.outbox.push(0, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].under_way)
        draining = asyncio.create_task(rig.actuation.drain(10.0))
        await asyncio.sleep(0.1)
        assert not draining.done()
        rig.device.gate.set()
        assert await draining == {}
        assert rig.device.taken == [(0, 5.0)]


async def test_what_a_stop_leaves_unwritten_is_named() -> None:
    async with running() as rig:
        rig.device.connected = False
        rig.outbox.push(0, 5.0)
        rig.outbox.push(1, 6.0)
        assert await rig.actuation.drain(60.0) == {"d": ["u/a", "u/b"]}
        rig.device.connected, rig.device.refuses = True, "no"
        assert await rig.actuation.drain(0.05) == {"d": ["u/a", "u/b"]}
