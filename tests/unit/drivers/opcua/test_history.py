"""Gaps are filled from the server's own history: nothing missing, nothing twice, nothing for the present."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.devices import OpcUaDevice
from config.tags import TagKind
from control.signal import BAD, HISTORY, OVERFLOW
from drivers.api import DriverError, TagRef
from drivers.notices import Matter, News
from drivers.opcua.driver import OpcUaDriver
from drivers.opcua.messages import history_response
from drivers.session import Session
from simulators.link import Link
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.node_opcua import NodeOpcUaServer, node_opcua_server
from tests.servers.opcua import OpcUaServer, asyncua_server
from tests.unit.drivers.opcua.plant import Seen, device, ref
from tests.unit.drivers.opcua.test_vigil import matters


@pytest.fixture(scope="module", params=["asyncua", "node-opcua"])
def keeper(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpcUaServer]:
    """A server that keeps history, ours and a foreign one."""
    if request.param == "asyncua":
        with asyncua_server() as server:
            yield server
        return
    with node_opcua_server(tmp_path_factory.mktemp("pki")) as server:
        yield server


@contextlib.asynccontextmanager
async def linked(server: OpcUaServer) -> AsyncIterator[Link]:
    link = Link(0)
    await link.open(server.port)
    try:
        yield link
    finally:
        await link.close()


@contextlib.asynccontextmanager
async def running(
    settings: OpcUaDevice, refs: list[TagRef]
) -> AsyncIterator[tuple[Session, Seen, list[News]]]:
    seen, news = Seen(), list[News]()
    driver = OpcUaDriver("d", settings)
    session = Session("d", settings, driver, refs, seen, announced=lambda _, each: news.append(each))
    task = asyncio.create_task(session.run(), name="session")
    try:
        async with asyncio.timeout(20):
            yield session, seen, news
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: object) -> None:
    assert callable(condition)
    while not condition():
        await asyncio.sleep(0.01)


async def test_a_long_gap_comes_page_by_page(
    keeper: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(keeper, NodeOpcUaServer):
        return  # asyncua's own server leaves values out between its pages
    monkeypatch.setattr("drivers.opcua.history.PAGE", 3)
    names = [f"{name}{number}" for number in range(3)]
    keeper.do("add", names=names, value=0.0)
    keeper.do("historize", names=names)
    async with linked(keeper) as link:
        settings = device(link.port, dead_after=0.6, reconnect_min=0.4)
        async with running(settings, [ref(at, each) for at, each in enumerate(names)]) as (
            session,
            seen,
            news,
        ):
            await until(lambda: len(seen.values) == 3)
            for each in names:
                keeper.do("set", name=each, value=-1.0)
            await until(lambda: all(seen.last(at) == -1.0 for at in range(3)))
            await link.set_fault(LinkFault(LinkFaultKind.DROP))
            await until(lambda: session.statistics.failures > 0)
            for number in range(10):
                for each in names:
                    keeper.do("set", name=each, value=float(number))
                await asyncio.sleep(0.005)
            await link.clear()
            await until(lambda: Matter.HISTORY_READ in matters(news))
    for at in range(3):
        rows = zip(seen.stamps[at], seen.values[at], seen.qualities[at], strict=True)
        history = [value for _, value, quality in sorted(rows) if quality & HISTORY]
        assert history == [float(number) for number in range(9)]


async def test_what_changed_while_the_link_was_down_is_read_back(keeper: OpcUaServer, name: str) -> None:
    names = [name + each for each in ("kept", "text", "lost", "quiet")]
    keeper.do("add", names=[names[0], names[2], names[3]], value=0.0)
    keeper.do("add", names=[names[1]], kind="String", value="0")
    keeper.do("historize", names=[names[0], names[1], names[3]])
    refs = [ref(at, each, kind=TagKind.TEXT if at == 1 else TagKind.NUMBER) for at, each in enumerate(names)]
    async with linked(keeper) as link:
        settings = device(link.port, dead_after=5.0, reconnect_min=0.4)
        async with running(settings, refs) as (session, seen, news):
            await until(lambda: len(seen.values) == 3 and 1 in seen.texts)
            for number in range(1, 4):
                keeper.do("set", name=names[0], value=float(number))
            await until(lambda: seen.last(0) == 3.0)
            await link.set_fault(LinkFault(LinkFaultKind.DROP))
            await until(lambda: session.statistics.failures > 0)
            for number in range(4, 9):
                keeper.do("set", name=names[0], value=float(number))
                keeper.do("set", name=names[1], value=str(number), kind="String")
                keeper.do("set", name=names[2], value=float(number))
                await asyncio.sleep(0.02)
            await link.clear()
            await until(lambda: Matter.HISTORY_READ in matters(news))
    rows = list(zip(seen.stamps[0], seen.values[0], seen.qualities[0], strict=True))
    assert sum(bool(quality & HISTORY) for _, _, quality in rows) == 4, "once each"
    got = dict(zip(seen.stamps[0], zip(seen.values[0], seen.qualities[0], strict=True), strict=True))
    assert [value for _, (value, _) in sorted(got.items())][-6:] == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    history = [value for value, quality in got.values() if quality & HISTORY]
    assert history == [4.0, 5.0, 6.0, 7.0], "the present value is no history"
    assert [text for text in seen.texts[1] if text not in "08"] == ["4", "5", "6", "7"]
    assert not any(quality & OVERFLOW for quality in seen.qualities[0])
    assert any(quality & OVERFLOW for quality in seen.qualities[2]), "what cannot be read back is marked"
    assert not any(quality & (HISTORY | OVERFLOW | BAD) for quality in seen.qualities[3])


async def test_what_a_full_queue_dropped_is_read_back(
    keeper: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(keeper, NodeOpcUaServer):
        return  # asyncua's own server does not tell of its full queues
    monkeypatch.setattr("drivers.opcua.plan.QUEUE_SPARE", 0)
    keeper.do("add", names=[name + "a"])
    keeper.do("historize", names=[name + "a"])
    settings = device(keeper.port, queue_size=2, publishing_interval=0.4, keep_alive_count=2)
    async with running(settings, [ref(0, name + "a", period=0.02)]) as (session, seen, news):
        await until(lambda: seen.keep_alives > 0)
        for number in range(20):
            keeper.do("set", name=name + "a", value=float(number + 1))
            await asyncio.sleep(0.06)
        await until(lambda: {float(number + 1) for number in range(20)} <= set(seen.values.get(0, [])))
        assert session.facts["queue_overflows"]
    history = [v for v, quality in zip(seen.values[0], seen.qualities[0], strict=True) if quality & HISTORY]
    live = [v for v, quality in zip(seen.values[0], seen.qualities[0], strict=True) if not quality & HISTORY]
    assert len(set(history)) == len(history)
    assert history
    assert not set(history) & set(live), "nothing comes twice"
    assert matters(news).count(Matter.SAMPLES_LOST) == 1, "told once, not for every batch"


@given(st.binary(max_size=120), st.integers(0, 3))
def test_random_history_answers_raise_a_driver_error_or_decode(data: bytes, count: int) -> None:
    with contextlib.suppress(DriverError):
        history_response(data, count)
