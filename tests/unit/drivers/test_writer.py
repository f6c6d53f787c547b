"""Writes go ahead of polls, one call at a time, and what is asked to be verified is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from config.tags import Access
from drivers.api import DeviceTimeout, Disconnected, Holds, Write, WriteResult
from drivers.session import Session
from drivers.states import State
from drivers.writer import READ_BACK_AT_ONCE, WRITE_QUEUE_LIMIT
from drivers.writes import Overflow, WriteQueue
from tests.unit.drivers.scripted import ScriptedDriver, Sink, device, refs, running, until


async def test_a_write_goes_before_the_next_poll() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 0.05
        driver.log.clear()
        await until(lambda: driver.busy == 1)
        results = await asyncio.gather(*(session.write([Write(0, float(n))]) for n in range(5)))
        assert [r.error for (r,) in results] == [None] * 5
    assert driver.log[: driver.log.index("write") + 5][-5:] == ["write"] * 5
    assert driver.store == {0: 4.0}


async def test_a_flood_of_writes_does_not_stop_the_polls() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)

        async def flood() -> None:
            while True:
                await session.write([Write(0, 1.0)])

        reads = session.statistics.reads
        async with asyncio.TaskGroup() as group:
            writers = [group.create_task(flood()) for _ in range(3)]
            await until(lambda: session.statistics.reads >= reads + 3)
            for writer in writers:
                writer.cancel()


async def test_not_connected_refuses_at_once() -> None:
    driver = ScriptedDriver()
    driver.reachable = False
    session = Session("d", device(), driver, refs("u/a"), Sink())
    assert (await session.write([Write(0, 1.0)]))[0].error == "the device is not connected"
    async with running(session):
        await until(lambda: session.statistics.attempts >= 2)
        assert (await session.write([Write(0, 1.0)]))[0].error == "the device is not connected"
    assert session.statistics.writes_refused == 2


async def test_disarmed_devices_are_never_written() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(writes_armed=False), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        assert (await session.write([Write(0, 1.0)]))[0].error == "writes to this device are not armed"
    assert "write" not in driver.log


async def test_a_full_queue_refuses_the_newest_and_counts() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(timeout=2.0, dead_after=5.0), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 0.3
        await until(lambda: driver.busy == 1)
        tasks = [asyncio.create_task(session.write([Write(0, 1.0)])) for _ in range(WRITE_QUEUE_LIMIT)]
        await asyncio.sleep(0)
        (late,) = await session.write([Write(0, 2.0)])
        assert late.error == "the device's write queue is full"
        assert session.statistics.write_overflow == 1
        driver.delay_s = 0.0
        results = await asyncio.gather(*tasks)
        assert all(result.error is None for (result,) in results)
    assert WriteQueue(1).overflow is Overflow.REFUSE_NEWEST


async def test_a_device_that_goes_away_answers_the_waiting_writes() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s, driver.write_error = 0.05, Disconnected("reset by peer")
        first, second = await asyncio.gather(session.write([Write(0, 1.0)]), session.write([Write(0, 2.0)]))
    assert first == [WriteResult(0, "outcome unknown: reset by peer", holds=Holds.NOBODY_KNOWS)]
    assert second == [WriteResult(0, "the device was disconnected")]


async def test_a_write_that_times_out_says_so_and_keeps_the_connection() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.write_error = DeviceTimeout("no answer within 0.1 s")
        (result,) = await session.write([Write(0, 1.0)])
        assert result.error == "outcome unknown: no answer within 0.1 s"
        assert session.statistics.connects == 1


async def test_stopping_answers_the_write_under_way() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(timeout=5.0), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 60.0
        await until(lambda: driver.busy == 0)
        task = asyncio.create_task(session.write([Write(0, 1.0)]))
        await asyncio.sleep(0.05)
    (result,) = await task
    assert result.error is not None


async def test_a_caller_that_has_gone_away_writes_nothing() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        driver.delay_s = 0.1
        await until(lambda: driver.busy == 1)
        task = asyncio.create_task(session.write([Write(0, 1.0)]))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0.3)
    assert "write" not in driver.log


async def test_writes_are_read_back_where_asked() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(verify_after=0.02), driver, refs("u/a", "u/b"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        results = await session.write([Write(0, 1.0), Write(1, 2.0)])
        assert [(r.error, r.verified) for r in results] == [(None, True), (None, True)]
    assert session.statistics.writes_verified == 2
    assert driver.log.count("read_back") == 1


async def test_a_write_that_did_not_stick_is_an_error() -> None:
    class Stubborn(ScriptedDriver):
        async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
            results = await super().write(writes)
            self.store[0] = 7.0
            return results

    driver = Stubborn()
    session = Session("d", device(verify_after=0.02), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        (result,) = await session.write([Write(0, 1.0)])
        assert (result.error, result.holds) == ("wrote 1.0, read back 7.0", Holds.ANOTHER)
    assert session.statistics.writes_differing == 1


async def test_what_resets_itself_is_not_read_back() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(verify_after=0.02), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        (result,) = await session.write([Write(0, 1.0)], verify=False)
        assert (result.error, result.verified) == (None, False)
        await asyncio.sleep(0.05)
    assert "read_back" not in driver.log


async def test_what_cannot_be_verified_any_more_says_so() -> None:
    driver = ScriptedDriver()
    session = Session("d", device(verify_after=0.2), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        task = asyncio.create_task(session.write([Write(0, 1.0)]))
        await until(lambda: "write" in driver.log)
        session.disable()
        (result,) = await task
        assert result.error == "written, but not verified: the device was disconnected"


async def test_the_watchdog_and_write_only_tags_are_not_read_back() -> None:
    driver = ScriptedDriver()
    tags = [*refs("u/watchdog", "u/a")[:1], *refs("u/x", "u/only", access=Access.WRITE)[1:]]
    session = Session("d", device(verify_after=0.02, watchdog="u/watchdog"), driver, tags, Sink())
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        results = await session.write([Write(0, 1.0), Write(1, 2.0)])
        assert [(r.error, r.verified) for r in results] == [(None, False), (None, False)]
    assert "read_back" not in driver.log


async def test_no_write_waits_for_a_read_back() -> None:
    driver = ScriptedDriver()
    session = Session(
        "d", device(verify_after=30.0, timeout=5.0, dead_after=60.0), driver, refs("u/a", "u/b"), Sink()
    )
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        first = session.begin_write([Write(0, 1.0)])
        await first.answered
        second = session.begin_write([Write(0, 2.0), Write(1, 3.0)])
        await second.answered
        assert (first.done.done(), second.done.done()) == (False, False)
        assert driver.store == {0: 2.0, 1: 3.0}
        session.disable()
        told = [result.error for order in (first, second) for result in await order.done]
        assert told == ["written, but not verified: the device was disconnected"] * 3


async def test_a_write_goes_between_the_calls_of_a_read_back() -> None:
    driver = ScriptedDriver()
    names = [f"u/t{n}" for n in range(3 * READ_BACK_AT_ONCE)]
    session = Session(
        "d", device(verify_after=0.02, timeout=5.0, dead_after=60.0), driver, refs(*names), Sink()
    )
    async with running(session):
        await until(lambda: session.state is State.CONNECTED)
        order = session.begin_write([Write(n, 1.0) for n in range(len(names))])
        await order.answered
        driver.delay_s = 0.05
        await until(lambda: driver.log[-1] == "read_back")
        driver.log.clear()
        await session.begin_write([Write(0, 0.0)]).answered
        assert driver.log[0] == "write"
        assert all(result.verified for result in (await order.done)[READ_BACK_AT_ONCE:])


async def test_a_refused_write_does_not_end_the_pause_between_attempts() -> None:
    driver = ScriptedDriver()
    driver.reachable = False
    session = Session("d", device(reconnect_min=30.0, reconnect_max=30.0), driver, refs("u/a"), Sink())
    async with running(session):
        await until(lambda: session.statistics.failures == 1)
        for _ in range(3):
            await session.write([Write(0, 1.0)])
        await asyncio.sleep(0.05)
        assert session.statistics.attempts == 1
