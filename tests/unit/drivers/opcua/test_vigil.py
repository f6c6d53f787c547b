"""What a server says of itself: its clock, its state, its level; redundant sets; certificates that end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drivers.api import Disconnected, DriverError
from drivers.notices import Matter, News, Notice
from drivers.opcua.certificates import describe
from drivers.opcua.driver import OpcUaDriver
from drivers.opcua.redundancy import BETTER_S, RedundantSet
from drivers.opcua.vigil import Sight, Vigil, warn_of_ends
from drivers.session import Session
from gateway.demo.processes import free_port
from tests.servers.certificates import make
from tests.servers.opcua import OpcUaServer, asyncua_server
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref


def matters(news: list[News]) -> list[Matter]:
    return [each.what for each in news if isinstance(each, Notice)]


def test_a_clock_is_announced_when_it_is_surely_off_and_when_it_is_surely_right() -> None:
    vigil, news = Vigil(device(1, clock_alarm=2.0)), list[News]()
    for offset_s, doubt_s in ((1.9, 0.1), (2.2, 0.3), (-2.5, 0.1), (-1.5, 0.0), (0.9, 0.2), (0.7, 0.2)):
        vigil.take(Sight(clock_offset_s=offset_s, doubt_s=doubt_s), 0.0, news.append)
    assert matters(news) == [Matter.CLOCK_OFF, Matter.CLOCK_RIGHT]
    assert [each.value for each in news if isinstance(each, Notice)] == [-2.5, 0.7]


async def test_a_servers_clock_is_measured_and_its_offset_announced(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"])
    news: list[News] = []
    for clock_s in (30.0, 0.0):
        plant.do("behave", clock_s=clock_s)
        driver = OpcUaDriver("d", device(plant.port))
        driver.announce = news.append
        driver.plan([ref(0, name + "a")])
        await driver.open()
        await driver.close()
        measured_s = driver.facts["clock_offset_s"]
        assert isinstance(measured_s, float)
        assert measured_s == pytest.approx(clock_s, abs=1.0)
    assert matters(news) == [Matter.CLOCK_OFF]


async def test_a_degraded_server_is_told_of_once_and_when_it_recovers(
    plant: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.vigil.LOOK_S", 0.05)
    plant.do("add", names=[name + "a"])
    news: list[News] = []
    seen = Seen()
    async with opened(device(plant.port), [ref(0, name + "a")]) as driver:
        driver.announce = news.append

        def done() -> bool:
            plant.do("tell_of_itself", level=100 if not news else 255)
            return len(news) == 2

        await follow(driver, seen, done)
    assert matters(news) == [Matter.DEGRADED, Matter.RECOVERED]


async def test_a_server_that_says_it_ends_is_given_up(
    plant: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.vigil.LOOK_S", 0.05)
    plant.do("add", names=[name + "a"])
    async with opened(device(plant.port), [ref(0, name + "a")]) as driver:
        plant.do("tell_of_itself", level=0, state=4)
        with pytest.raises(Disconnected, match="server state Shutdown"):
            await follow(driver, Seen(), lambda: False)


def test_certificates_that_end_are_announced_once_at_each_stage() -> None:
    now = datetime.now(UTC)
    certificate = describe(make("plc", days=(-1, 90)).certificate)
    told: dict[str, int] = {}
    news: list[News] = []
    for days in (90, 59, 58, 29, 20, 6, 5, -1):
        aged = replace(certificate, not_after=now + timedelta(days=days))
        warn_of_ends([aged], told, news.append)
    assert [round(each.value or 0) for each in news if isinstance(each, Notice)] == [59, 29, 6]


class _Servers:
    """Redundant servers as their client sees them: a level each, or unreachable."""

    def __init__(self, **levels: int | None) -> None:
        self.levels = levels
        self.open: list[str] = []

    async def attempt(self, endpoint: str) -> tuple[Any, Sight]:
        level = self.levels[endpoint]
        if level is None:
            raise Disconnected("unreachable")
        self.open.append(endpoint)
        return _Closing(lambda: self.open.remove(endpoint)), Sight(level=level)


class _Closing:
    def __init__(self, closed: Callable[[], None]) -> None:
        self._closed = closed

    async def close(self) -> None:
        self._closed()


@pytest.mark.parametrize(
    ("levels", "chosen"),
    [
        ({"a": 255, "b": 255}, "a"),
        ({"a": None, "b": 255}, "b"),
        ({"a": 150, "b": 255}, "b"),
        ({"a": 150, "b": 100, "c": 180}, "c"),
        ({"a": 150, "b": 150}, "a"),
        ({"a": 1, "b": None}, "a"),
    ],
)
async def test_the_healthiest_of_a_set_is_spoken_to_and_no_other_stays_open(
    levels: dict[str, int | None], chosen: str
) -> None:
    servers, choice = _Servers(**levels), RedundantSet(list(levels))
    await choice.connect(servers.attempt, 0.0)
    assert choice.current == chosen
    assert servers.open == [chosen]


async def test_of_a_set_of_which_none_answers_every_reason_is_told() -> None:
    servers, choice = _Servers(a=None, b=None), RedundantSet(["a", "b"])
    with pytest.raises(DriverError, match="a: unreachable; b: unreachable"):
        await choice.connect(servers.attempt, 0.0)


async def test_a_server_that_sickens_is_left_and_the_best_of_sick_ones_kept_for_a_while() -> None:
    servers, choice = _Servers(a=255, b=250), RedundantSet(["a", "b"])
    await choice.connect(servers.attempt, 0.0)
    assert not choice.should_change(Sight(level=210), 1.0)
    assert choice.should_change(Sight(level=199), 2.0)
    servers.levels |= {"a": 120, "b": 110}
    await choice.connect(servers.attempt, 3.0)
    assert choice.current == "a"
    assert not choice.should_change(Sight(level=120), 4.0)
    assert choice.should_change(Sight(level=120), 3.0 + BETTER_S)
    assert not RedundantSet(["a"]).should_change(Sight(level=0), 1e9), "there is no other"


@contextlib.asynccontextmanager
async def running(session: Session) -> AsyncIterator[None]:
    task = asyncio.create_task(session.run(), name="session")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_data_go_on_from_the_other_server_when_one_sickens_or_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The node is looked up anew: on the second server its namespace has another index."""
    monkeypatch.setattr("drivers.opcua.vigil.LOOK_S", 0.05)
    with asyncua_server() as first, asyncua_server(fillers=2) as second:
        first.do("add", names=["a"], value=1.0)
        second.do("add", names=["a"], value=2.0)
        nobody = f"opc.tcp://127.0.0.1:{free_port()}/test"
        settings = device(first.port, redundant=[nobody, second.endpoint], dead_after=3.0, reconnect_max=0.1)
        seen, news = Seen(), list[News]()
        session = Session(
            "d",
            settings,
            OpcUaDriver("d", settings),
            [ref(0, "a")],
            seen,
            announced=lambda _, each: news.append(each),
        )
        async with running(session), asyncio.timeout(20):
            while seen.last(0) != 1.0:
                await asyncio.sleep(0.01)
            first.do("tell_of_itself", level=50)
            while seen.last(0) != 2.0:
                await asyncio.sleep(0.01)
            first.do("tell_of_itself", level=255)
            second.kill()
            while seen.last(0) != 1.0:
                await asyncio.sleep(0.01)
        assert matters(news).count(Matter.ENDPOINT_CHANGED) == 2
        assert session.facts["endpoint"] == first.endpoint


async def test_requests_and_followed_items_are_kept_to_what_the_server_bears(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("tell", limit="MaxNodesPerRead", value=3)
    names = [f"{name}{number}" for number in range(9)]
    plant.do("add", names=names)
    plant.do("largest")
    seen = Seen()
    settings = device(plant.port, profile="s7-1200", max_operations=4, max_followed=5)
    async with opened(settings, [ref(at, each) for at, each in enumerate(names)]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 1 and len(seen.values) == 9)
        assert driver._live is not None
        follower, limits = driver._live._follower, driver._live.limits
        assert sum(len(each.items) for each in follower._subscriptions.values()) == 5
    assert plant.do("largest")["items"] == 4
    assert (limits.read.size, limits.items.size) == (3, 4)
