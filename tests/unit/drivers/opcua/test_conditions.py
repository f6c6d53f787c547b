"""A foreign server's alarms as they change and after a reconnection; its methods, called type-exact."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import ACKNOWLEDGE, COMMENT, CONFIRM
from drivers.notices import Condition
from drivers.opcua.conditions import Conditions
from drivers.opcua.errors import MalformedMessage
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.node_opcua import NodeOpcUaServer, node_opcua_server
from tests.servers.opcua import NAMESPACE
from tests.unit.drivers.opcua.plant import device, opened, ref
from tests.unit.drivers.opcua.test_history import linked, running, until


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUaServer]:
    with node_opcua_server(tmp_path_factory.mktemp("pki")) as server:
        yield server


def of(news: list[Any]) -> list[Condition]:
    return [each for each in news if isinstance(each, Condition)]


@pytest.mark.parametrize("with_tags", [True, False], ids=["beside tags", "alone"])
async def test_an_alarm_of_the_server_is_told_and_told_anew(
    foreign: NodeOpcUaServer, name: str, with_tags: bool
) -> None:
    tank = name.replace("[", "").replace("]", "").replace(" ", "")
    foreign.do("tank", name=tank)
    level = f"{tank}.level"
    refs = [ref(0, f"{tank}.level")] if with_tags else []
    async with linked(foreign) as link:
        settings = device(link.port, events={}, dead_after=3.0)
        async with running(settings, refs) as (session, _, news):
            await until(lambda: session.statistics.connects == 1 and session.connected)
            await asyncio.sleep(0.3)
            foreign.do("set", name=f"{tank}.level", value=95.0)
            await until(lambda: any(each.active and level in each.source for each in of(news)))
            came = next(each for each in of(news) if each.active and level in each.source)
            assert came.name == "TooHigh"
            assert came.identifier == f"nsu={NAMESPACE};s={tank}.alarm"
            assert (came.acknowledged, came.retain, came.type) == (False, True, "ExclusiveLimitAlarmType")
            assert not came.refreshed
            assert came.event
            known = len(news)
            await link.set_fault(LinkFault(LinkFaultKind.DROP))
            await until(lambda: session.statistics.failures > 0)
            await link.clear()
            await until(lambda: any(each.refreshed and level in each.source for each in of(news[known:])))
            foreign.do("set", name=f"{tank}.level", value=50.0)
            await until(
                lambda: any(each.active is False and level in each.source for each in of(news[known:]))
            )


async def test_events_that_do_not_exist_are_a_refusal(foreign: NodeOpcUaServer) -> None:
    async with running(device(foreign.port, events={"source": 84_000_000}), []) as (session, _, _news):
        await until(lambda: "events are not given" in session.reason)


async def test_what_was_seen_is_acknowledged_and_what_has_gone_on_since_is_not(
    foreign: NodeOpcUaServer, name: str
) -> None:
    tank = name.replace("[", "").replace("]", "").replace(" ", "")
    foreign.do("tank", name=tank)
    async with running(device(foreign.port, events={}, dead_after=3.0), []) as (session, _, news):
        await until(lambda: session.connected)
        await asyncio.sleep(0.3)
        foreign.do("set", name=f"{tank}.level", value=95.0)

        def now() -> Condition | None:
            ours = [each for each in of(news) if each.identifier.endswith(f"{tank}.alarm")]
            return ours[-1] if ours else None

        await until(lambda: (seen := now()) is not None and seen.active is True)
        seen = now()
        assert seen is not None
        for method, wrong, why in (
            (ACKNOWLEDGE, (seen.identifier, "00ff", ""), "BadEventIdUnknown"),
            (ACKNOWLEDGE, (seen.identifier, "seen", ""), "non-hexadecimal"),
            (ACKNOWLEDGE, ("nsu=urn:nobody;s=x", seen.event, ""), "no namespace urn:nobody"),
            (CONFIRM, ("i=x", seen.event, ""), "no id of a condition"),
            (COMMENT, ("i=84", seen.event, "x"), "the device refused: Bad"),
        ):
            refused = await session.call_method(method, wrong)
            assert refused.error is not None
            assert why in refused.error
        assert now() == seen

        done = await session.call_method(ACKNOWLEDGE, (seen.identifier, seen.event, "the valve was open"))
        assert done.error is None
        await until(lambda: (last := now()) is not None and last.acknowledged is True)
        again = await session.call_method(ACKNOWLEDGE, (seen.identifier, seen.event, "twice"))
        assert again.error is not None
        acknowledged = now()
        assert acknowledged is not None
        commented = await session.call_method(
            COMMENT, (acknowledged.identifier, acknowledged.event, "the mechanic comes")
        )
        assert commented.error is None


METHOD = {"unit": "u", "namespace": NAMESPACE}


async def called(server: NodeOpcUaServer, name: str, *arguments: Any) -> Any:
    methods = {"scale": {**METHOD, "object": name, "method": f"{name}.scale"}}
    async with opened(device(server.port, methods=methods), []) as driver:
        return await driver.call("scale", arguments)


async def test_a_method_gets_its_arguments_in_their_own_types(foreign: NodeOpcUaServer, name: str) -> None:
    foreign.do("method", name=name)
    result = await called(foreign, name, 21.0, "x")
    assert (result.error, result.outputs) == (None, ("x:Int16", 42.0))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((-1, "x"), "the device refused: BadOutOfRange"),
        ((1,), "the method takes 2 arguments (Count, Label), not 1"),
        ((40_000, "x"), "argument Count: 40000 does not fit Int16"),
        ((1, 2.5), "argument Label: a number cannot be written to a String"),
    ],
)
async def test_a_call_that_is_refused_says_why(
    foreign: NodeOpcUaServer, name: str, arguments: tuple[Any, ...], why: str
) -> None:
    foreign.do("method", name=name)
    result = await called(foreign, name, *arguments)
    assert why in result.error


async def test_only_methods_of_the_configuration_are_called(foreign: NodeOpcUaServer) -> None:
    methods = {"lost": {**METHOD, "object": "nowhere", "method": "nothing"}}
    async with opened(device(foreign.port, methods=methods), []) as driver:
        assert (await driver.call("scale", ())).error == "the device has no method 'scale'"
        lost = await driver.call("lost", ())
        assert lost.error is not None
        assert "the device refused: Bad" in lost.error


async def test_a_device_that_may_not_be_written_or_is_away_is_not_called(foreign: NodeOpcUaServer) -> None:
    methods = {"lost": {**METHOD, "object": "nowhere", "method": "nothing"}}
    async with running(device(foreign.port, methods=methods, writes_armed=False, events={}), []) as (
        session,
        _,
        _n,
    ):
        assert (await session.call_method("lost", ())).error == "writes to this device are not armed"
    async with running(device(1, methods=methods), []) as (session, _, _n):
        assert (await session.call_method("lost", ())).error == "the device is not connected"


@given(st.binary(max_size=200))
def test_random_events_raise_a_protocol_error_or_decode(data: bytes) -> None:
    try:
        Conditions({"": 0}).take(data)
    except MalformedMessage:
        return
