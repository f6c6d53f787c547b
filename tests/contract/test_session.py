"""A session over every driver: it recovers by itself, and never says a value is better than it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from control.signal import BAD, COMM
from drivers.api import Write
from drivers.session import Session
from drivers.states import State
from tests.contract.rig import Observer, Rig, until


@contextlib.asynccontextmanager
async def session_of(rig: Rig, **settings: object) -> AsyncIterator[tuple[Session, Observer]]:
    observer = Observer(rig.refs)
    device = rig.device.model_copy(update=settings)
    session = Session("rig", device, rig.driver(), rig.refs, observer)
    task = asyncio.create_task(session.run(), name="session under test")
    try:
        yield session, observer
    finally:
        task.cancel()
        async with asyncio.timeout(1.0):
            await asyncio.wait([task])
    assert task.cancelled()


def _whole(rig: Rig, observer: Observer) -> bool:
    return all(
        name in observer.last and observer.last[name].value == value and observer.last[name].quality < BAD
        for name, value in rig.values.items()
    )


async def test_recovers_by_itself_after_the_server_died(rig: Rig) -> None:
    async with session_of(rig) as (session, observer):
        await until(lambda: _whole(rig, observer))
        assert session.state is State.CONNECTED
        for _ in range(2):
            rig.kill()
            await until(lambda: session.state is State.LOST)
            observer.last.clear()
            rig.start()
            await until(lambda: _whole(rig, observer))


async def test_a_silent_server_is_marked_in_time_once_and_read_anew(rig: Rig) -> None:
    async with session_of(rig) as (session, observer):
        await until(lambda: _whole(rig, observer))
        rig.freeze()
        observer.all.clear()
        limit_s = rig.device.dead_after + 0.5
        await until(lambda: all(observer.last[n].quality == BAD | COMM for n in rig.values), limit_s)
        await asyncio.sleep(0.6)
        marks = [name for name, seen in observer.all if seen.quality == BAD | COMM]
        assert sorted(marks) == sorted(ref.name for ref in rig.refs), "each once, on the edge"
        assert all(seen.value is None for _, seen in observer.all if seen.quality >= BAD)
        rig.thaw()
        await until(lambda: _whole(rig, observer))
        await until(lambda: session.state is State.CONNECTED)


async def test_starts_degraded_and_connects_when_the_server_comes(rig: Rig) -> None:
    rig.kill()
    async with session_of(rig) as (session, observer):
        await until(lambda: session.state is State.DEGRADED)
        await until(lambda: session.state is State.LOST)
        assert all(seen.quality == BAD | COMM for seen in observer.last.values())
        rig.start()
        await until(lambda: _whole(rig, observer))


async def test_no_value_ever_goes_to_a_wrong_tag(rig: Rig) -> None:
    """Through deaths and freezes, every good sample is the value of its own tag."""
    name = next(iter(rig.writable))
    async with session_of(rig) as (session, observer):
        await until(lambda: _whole(rig, observer))
        for _ in range(2):
            rig.freeze()
            await asyncio.sleep(rig.device.timeout + 0.05)
            rig.thaw()
            await asyncio.sleep(0.15)
            rig.kill()
            await asyncio.sleep(0.1)
            rig.start()
            await asyncio.sleep(0.1)
        await until(lambda: session.state is State.CONNECTED and _whole(rig, observer))
        for seen_name, seen in observer.all:
            if seen.value is not None:
                assert seen_name != rig.broken
                assert seen.value == rig.values[seen_name], seen_name
        rig.change(name, rig.writable[name][0])
        await until(lambda: observer.last[name].value == rig.writable[name][0])


async def test_writes_are_verified_on_the_device(rig: Rig) -> None:
    async with session_of(rig, verify_after=0.05) as (session, observer):
        await until(lambda: _whole(rig, observer))
        for name, values in rig.writable.items():
            index = next(ref.index for ref in rig.refs if ref.name == name)
            (result,) = await session.write([Write(index, values[0])])
            assert (result.error, result.verified) == (None, True), name
            assert rig.holds(name) == values[0]


async def test_a_write_to_a_dead_server_is_answered(rig: Rig) -> None:
    name = next(iter(rig.writable))
    index = next(ref.index for ref in rig.refs if ref.name == name)
    async with session_of(rig) as (session, observer):
        await until(lambda: _whole(rig, observer))
        rig.freeze()
        async with asyncio.timeout(rig.device.dead_after + 5):
            (result,) = await session.write([Write(index, rig.writable[name][0])])
        assert result.error
        rig.thaw()
        await until(lambda: session.state is State.CONNECTED)


async def test_out_of_service_and_back(rig: Rig) -> None:
    async with session_of(rig) as (session, observer):
        await until(lambda: _whole(rig, observer))
        session.disable()
        await asyncio.sleep(0.2)
        taken = len(observer.all)
        await asyncio.sleep(0.3)
        assert len(observer.all) == taken
        assert session.state is State.DISABLED
        session.enable()
        observer.last.clear()
        await until(lambda: _whole(rig, observer))
