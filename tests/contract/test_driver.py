"""What `drivers.api.Driver` promises, kept by every driver against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections.abc import AsyncIterator

import pytest

from control.signal import BAD, CONFIG, GOOD, SIMULATED, UNCERTAIN
from drivers.api import DeviceTimeout, Disconnected, Driver, Write
from tests.contract.rig import Observer, Rig, fails_with, observe


@contextlib.asynccontextmanager
async def opened(rig: Rig) -> AsyncIterator[Driver]:
    driver = rig.driver()
    driver.plan(rig.refs)
    await driver.open()
    try:
        yield driver
    finally:
        await driver.close()


def _index(rig: Rig, name: str) -> int:
    return next(ref.index for ref in rig.refs if ref.name == name)


async def test_every_value_arrives_as_it_is_and_under_its_own_name(rig: Rig) -> None:
    observer, began_ns = Observer(rig.refs), time.time_ns()
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
    for name, value in rig.values.items():
        seen = observer.last[name]
        assert seen.value == value, name
        assert seen.quality < UNCERTAIN, name
        if isinstance(value, float) and isinstance(seen.value, float):
            assert math.copysign(1, seen.value) == math.copysign(1, value), name
        assert abs(seen.source_ns - began_ns) < 60e9, f"{name}: source time is UTC"


async def test_a_broken_tag_is_bad_without_value_and_costs_nobody_else_anything(rig: Rig) -> None:
    observer = Observer(rig.refs)
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
        broken = observer.last[rig.broken]
        assert broken.quality == BAD | CONFIG
        assert broken.value is None
        assert broken.status != 0, "the protocol's own code is kept"
        others = [name for name, seen in observer.last.items() if seen.quality >= BAD]
        assert others == [rig.broken]
        name = next(iter(rig.writable))
        rig.change(name, rig.writable[name][0])
        await observe(driver, observer, lambda: observer.last[name].value == rig.writable[name][0])


async def test_a_changed_value_is_seen(rig: Rig) -> None:
    observer = Observer(rig.refs)
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
        for name, values in rig.writable.items():
            rig.change(name, values[0])
        wanted = {name: values[0] for name, values in rig.writable.items()}
        await observe(driver, observer, lambda: all(observer.last[n].value == v for n, v in wanted.items()))


async def test_open_and_close_are_repeatable(rig: Rig) -> None:
    driver, observer = rig.driver(), Observer(rig.refs)
    driver.plan(rig.refs)
    await driver.close()
    for _ in range(3):
        observer.last.clear()
        await driver.open()
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
        await driver.close()
        await driver.close()


async def test_a_server_that_is_away_is_disconnected_and_the_driver_usable_later(rig: Rig) -> None:
    driver, observer = rig.driver(), Observer(rig.refs)
    driver.plan(rig.refs)
    rig.kill()
    for _ in range(2):
        with pytest.raises(Disconnected):
            await driver.open()
        await driver.close()
    rig.start()
    await driver.open()
    await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
    await driver.close()


async def test_planning_needs_no_device_and_says_what_is_of_no_use(rig: Rig) -> None:
    rig.kill()
    driver = rig.driver()
    unreadable = driver.plan([*rig.refs, *rig.unplannable])
    assert set(unreadable) == {ref.index for ref in rig.unplannable}
    assert all(reason.strip() for reason in unreadable.values())
    assert driver.plan([*rig.refs, *rig.unplannable]) == unreadable
    assert driver.plan(rig.refs) == {}


async def test_what_is_written_arrives_exactly_and_reads_back(rig: Rig) -> None:
    async with opened(rig) as driver:
        for name, values in rig.writable.items():
            index = _index(rig, name)
            for value in values:
                (result,) = await driver.write([Write(index, value)])
                assert (result.tag, result.error) == (index, None), (name, value)
                assert rig.holds(name) == value, name
                observer = Observer(rig.refs)
                observer(await driver.read_back([index]))
                assert observer.last[name].value == value, name
                assert (value if result.wrote is None else result.wrote) == value, name
    untouched = set(rig.values) - set(rig.writable)
    assert all(rig.holds(name) == rig.values[name] for name in untouched)


async def test_a_refused_write_is_told_changes_nothing_and_stops_no_other(rig: Rig) -> None:
    good = next(iter(rig.writable))
    async with opened(rig) as driver:
        for name, value in rig.refused:
            writes = [Write(_index(rig, name), value), Write(_index(rig, good), rig.writable[good][0])]
            refused, taken = await driver.write(writes)
            assert refused.error, (name, value)
            assert taken.error is None, (name, value)
            if name in rig.values and name != good:
                assert rig.holds(name) == rig.values[name], name


async def test_a_write_to_an_unknown_tag_is_refused(rig: Rig) -> None:
    async with opened(rig) as driver:
        (result,) = await driver.write([Write(999_999, 1.0)])
        assert result.error


async def test_a_server_that_dies_is_disconnected(rig: Rig) -> None:
    observer = Observer(rig.refs)
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
        rig.kill()
        assert isinstance(await fails_with(driver, 3.0), Disconnected)


async def test_a_server_that_stops_answering_is_noticed_in_time(rig: Rig) -> None:
    observer = Observer(rig.refs)
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
        rig.freeze()
        began = time.monotonic()
        error = await fails_with(driver, 10.0)
        assert isinstance(error, DeviceTimeout | Disconnected)
        assert time.monotonic() - began < 10 * rig.device.timeout + 1
        rig.thaw()


async def test_cancelling_a_call_ends_it_within_a_second(rig: Rig) -> None:
    async with opened(rig) as driver:
        rig.freeze()
        calls = [fails_with(driver, 60.0), driver.write([Write(_index(rig, next(iter(rig.writable))), 1)])]
        for call in calls:
            task = asyncio.create_task(call)
            await asyncio.sleep(0.05)
            task.cancel()
            async with asyncio.timeout(1.0):
                with pytest.raises(asyncio.CancelledError):
                    await task
        rig.thaw()


async def test_cancelling_open_ends_it_within_a_second(rig: Rig) -> None:
    driver = rig.driver()
    driver.plan(rig.refs)
    rig.freeze()
    task = asyncio.create_task(driver.open())
    await asyncio.sleep(0.02)
    task.cancel()
    async with asyncio.timeout(1.0):
        await asyncio.wait([task])
    rig.thaw()
    async with asyncio.timeout(5.0):
        await driver.close()


async def test_the_last_frames_can_be_shown(rig: Rig) -> None:
    async with opened(rig) as driver:
        observer = Observer(rig.refs)
        await observe(driver, observer, lambda: bool(observer.last))
        assert len(driver.last_frames()) <= 100
    after = driver.last_frames()
    assert after == [frame for frame in after if frame[:2] in ("> ", "< ") and len(frame) > 2]


async def test_reconnecting_many_times_leaves_nothing_behind(rig: Rig) -> None:
    driver, observer = rig.driver(), Observer(rig.refs)
    driver.plan(rig.refs)

    async def round_trip() -> None:
        observer.last.clear()
        await driver.open()
        await observe(driver, observer, lambda: bool(observer.last))
        await driver.close()

    await round_trip()
    await asyncio.sleep(0.1)
    tasks, handles = len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        await round_trip()
    await asyncio.sleep(0.1)
    assert len(asyncio.all_tasks()) == tasks
    assert len(os.listdir("/proc/self/fd")) <= handles


async def test_good_samples_carry_the_protocols_own_good(rig: Rig) -> None:
    observer = Observer(rig.refs)
    async with opened(rig) as driver:
        await observe(driver, observer, lambda: len(observer.last) == len(rig.refs))
    good = GOOD | SIMULATED if rig.device.driver == "replay" else GOOD  # type: ignore[attr-defined]
    assert {seen.quality for name, seen in observer.last.items() if name != rig.broken} == {good}
