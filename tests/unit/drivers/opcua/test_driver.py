"""The driver against asyncua's own server: values, types, status, limits, writes, polling."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from config.tags import Access, TagKind
from control.signal import BAD, CLOCK, CONFIG, GOOD, SENSOR, UNCERTAIN, WAITING
from drivers.api import DeviceRefused, Write
from tests.servers.opcua import OpcUaServer
from tests.unit.drivers.opcua.plant import Seen, device, follow, opened, ref

NODE_ID_UNKNOWN = 0x8034_0000
TYPE_MISMATCH = 0x8074_0000


async def test_a_bad_node_costs_its_own_tag_and_says_why(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a", name + "b"], value=1.5)
    plant.do("add", names=[name + "secret"], readable=False)
    plant.do("add", names=[name + "text"], kind="String", value="x")
    plant.do("add", names=[name + "array"], value=[1.0, 2.0])
    refs = [
        ref(0, name + "a"),
        ref(1, name + "missing"),
        ref(2, name + "secret"),
        ref(3, name + "text"),
        ref(4, name + "array"),
        ref(5, name + "a", namespace="urn:nobody"),
        ref(6, name + "b"),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert seen.last(0) == seen.last(6) == 1.5
    assert seen.qualities[0][-1] == seen.qualities[6][-1] == GOOD
    for bad, status in (
        (1, NODE_ID_UNKNOWN),
        (2, 0x803A_0000),
        (3, TYPE_MISMATCH),
        (4, TYPE_MISMATCH),
        (5, 0x8033_0000),
    ):
        assert set(seen.qualities[bad]) == {BAD | CONFIG}, bad
        assert set(seen.statuses[bad]) == {status}, bad
        assert math.isnan(seen.last(bad))


async def test_every_numeric_type_arrives_exactly(plant: OpcUaServer, name: str) -> None:
    values = {
        "Boolean": True,
        "SByte": -(2**7),
        "Byte": 2**8 - 1,
        "Int16": -(2**15),
        "UInt16": 2**16 - 1,
        "Int32": -(2**31),
        "UInt32": 2**32 - 1,
        "Int64": -(2**53),
        "UInt64": 2**53,
        "Float": 0.10000000149011612,
        "Double": 0.1,
    }
    for kind, value in values.items():
        plant.do("add", names=[name + kind], kind=kind, value=value)
    seen = Seen()
    async with opened(device(plant.port), [ref(at, name + kind) for at, kind in enumerate(values)]) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert [seen.last(at) for at in range(len(values))] == [float(value) for value in values.values()]


async def test_texts_and_big_integers_travel_beside(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "text"], kind="String", value="Füllstoff")
    plant.do("add", names=[name + "big"], kind="Int64", value=2**60 + 1)
    refs = [
        ref(0, name + "text", kind=TagKind.TEXT),
        ref(1, name + "big"),
        ref(2, name + "big", kind=TagKind.TEXT),
    ]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert seen.texts[0][-1] == "Füllstoff"
    assert seen.texts[1][-1] == seen.texts[2][-1] == 2**60 + 1
    assert seen.values == {}


async def test_a_change_of_status_is_a_sample_and_a_bad_value_never_passes(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("add", names=[name + "a"], value=1.0)
    seen = Seen()
    changes: list[dict[str, Any]] = [
        {"value": 2.0, "status": 0x4093_0000},
        {"value": 3.0, "status": 0x808C_0000},
        {"value": None, "status": 0x8032_0000},
        {"value": math.nan},
        {"value": 4.0},
    ]

    def done() -> bool:
        if seen.keep_alives and changes:
            seen.keep_alives = 0
            plant.do("set", name=name + "a", **changes.pop(0))
        return not changes and seen.last(0) == 4.0

    async with opened(device(plant.port, keep_alive_count=1), [ref(0, name + "a")]) as driver:
        await follow(driver, seen, done)
    quality, value = seen.qualities[0], seen.values[0]
    first = quality.index(UNCERTAIN | SENSOR)
    assert quality[first : first + 3] == [UNCERTAIN | SENSOR, BAD | SENSOR, BAD | WAITING]
    assert value[first] == 2.0
    assert all(math.isnan(each) for each in value[first + 1 : first + 4])
    assert seen.statuses[0][first + 1] == 0x808C_0000
    assert quality[-1] == GOOD


async def test_a_missing_or_impossible_source_time_is_replaced_and_said(
    plant: OpcUaServer, name: str
) -> None:
    plant.do("add", names=[name + each for each in ("none", "future", "unset", "old")])
    plant.do("set", name=name + "none", value=1.0, source_s=0)
    plant.do("set", name=name + "future", value=1.0, source_s=time.time() + 3600)
    plant.do("set", name=name + "unset", value=1.0, source_s=86400)
    plant.do("set", name=name + "old", value=1.0, source_s=1_000_000_000.25)
    refs = [ref(at, name + each) for at, each in enumerate(("none", "future", "unset", "old"))]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        await follow(driver, seen, lambda: seen.keep_alives > 0)
        facts = driver.facts
    assert facts["doubtful_times"] == 3
    assert str(facts["doubtful_time"]).startswith(f"{refs[0].name}: source time none, server time 20")
    for at in range(3):
        assert seen.qualities[at][-1] == GOOD | CLOCK
        assert abs(seen.stamps[at][-1] - time.time_ns()) < 5e9
    assert seen.qualities[3][-1] == GOOD
    assert seen.stamps[3][-1] == 1_000_000_000_250_000_000


@pytest.mark.parametrize("told", [False, True], ids=["untold", "told"])
async def test_requests_stay_within_the_servers_limits(plant: OpcUaServer, name: str, told: bool) -> None:
    names = [f"{name}{number}" for number in range(20)]
    plant.do("add", names=names, writable=True)
    plant.do("behave", read=5, write=4, items=3)
    if told:
        for limit, value in (
            ("MaxNodesPerRead", 5),
            ("MaxNodesPerWrite", 4),
            ("MaxMonitoredItemsPerCall", 3),
        ):
            plant.do("tell", limit=limit, value=value)
    plant.do("largest")
    seen = Seen()
    refs = [ref(at, each, access=Access.READ_WRITE) for at, each in enumerate(names)]
    async with opened(device(plant.port), refs) as driver:
        results = await driver.write([Write(at, float(at)) for at in range(20)])
        assert [result.error for result in results] == [None] * 20
        await follow(driver, seen, lambda: seen.keep_alives > 0)
    assert [seen.last(at) for at in range(20)] == [float(at) for at in range(20)]
    largest = plant.do("largest")
    assert largest["read"] <= 5
    assert largest["write"] <= 4
    assert largest["items"] <= 3


async def test_writes_are_of_the_nodes_type_and_carry_no_times(plant: OpcUaServer, name: str) -> None:
    kinds = {
        "Boolean": (True, 0),
        "Int16": (0, -300.4),
        "UInt32": (0, 7.0),
        "Float": (0.0, 0.1),
        "Double": (0.0, 0.1),
    }
    for kind, (start, _) in kinds.items():
        plant.do("add", names=[name + kind], kind=kind, value=start, writable=True)
    refs = [ref(at, name + kind, access=Access.WRITE) for at, kind in enumerate(kinds)]
    async with opened(device(plant.port), refs) as driver:
        results = await driver.write([Write(at, value) for at, (_, value) in enumerate(kinds.values())])
        back = await driver.read_back(range(len(kinds)))
    assert [result.error for result in results] == [None] * len(kinds)
    assert [result.wrote for result in results] == [0, -300, 7, 0.10000000149011612, 0.1]
    for kind in kinds:
        _, written, has_source_time = plant.do("get", name=name + kind)
        assert written == kind
        assert not has_source_time
    assert back.value.tolist() == [0.0, -300.0, 7.0, 0.10000000149011612, 0.1]


async def test_a_refused_write_says_why_and_stops_no_other(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "ok"], writable=True)
    plant.do("add", names=[name + "locked"])
    plant.do("add", names=[name + "small"], kind="Byte", value=0, writable=True)
    plant.do("add", names=[name + "text"], kind="String", value="", writable=True)
    access = Access.READ_WRITE
    refs = [
        ref(0, name + "locked", access=access),
        ref(1, name + "small", access=access),
        ref(2, name + "missing", access=access),
        ref(3, name + "ok"),
        ref(4, name + "ok", access=access),
        ref(5, name + "text", kind=TagKind.TEXT, access=access),
    ]
    wanted = [
        Write(0, 1.0),
        Write(1, 256.0),
        Write(2, 1.0),
        Write(3, 1.0),
        Write(9, 1.0),
        Write(4, 5.0),
        Write(5, "go"),
    ]
    async with opened(device(plant.port), refs) as driver:
        results = await driver.write([*wanted, Write(4, 6.0)])
    assert [result.tag for result in results] == [0, 1, 2, 3, 9, 4, 5, 4]
    reasons = [
        "the server does not let this user write the node",
        "256 does not fit Byte (0 to 255)",
        "the node's type cannot be read: BadNodeIdUnknown (0x80340000)",
        "the tag is configured as read only",
        "this device has no such tag",
    ]
    assert [result.error for result in results] == [*reasons, None, None, None]
    assert plant.do("get", name=name + "ok")[0] == 6.0
    assert plant.do("get", name=name + "text")[0] == "go"


async def test_polls_what_is_due_where_there_is_no_subscription(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "fast", name + "slow"])
    refs = [
        ref(0, name + "fast", period=0.05),
        ref(1, name + "slow", period=10.0),
        ref(2, name + "missing", period=10.0),
    ]
    async with opened(device(plant.port, subscribe=False), refs) as driver:
        assert not driver.subscribes
        first = await driver.read()
        at_once = await driver.read()
        plant.do("set", name=name + "fast", value=3.0)
        time.sleep(0.06)
        later = await driver.read()
    assert sorted(first.tag.tolist()) == [0, 1, 2]
    assert len(at_once) == 0
    assert later.tag.tolist() == [0]
    assert later.value.tolist() == [3.0]


async def test_polls_single_tags_beside_the_subscription(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "polled", name + "followed"])
    refs = [ref(0, name + "polled", poll=True, period=0.05), ref(1, name + "followed")]
    seen = Seen()
    async with opened(device(plant.port), refs) as driver:
        assert driver.subscribes
        await follow(driver, seen, lambda: len(seen.values.get(0, [])) >= 4)
    assert len(seen.values[1]) <= 2


async def test_a_node_that_comes_late_is_found(
    plant: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.lookup.AGAIN_FIRST_S", 0.1)
    plant.do("add", names=[name + "early"])
    seen = Seen()
    added = False

    def done() -> bool:
        nonlocal added
        if not added:
            assert seen.qualities[1] == [BAD | CONFIG]
            plant.do("add", names=[name + "late"], value=5.0)
            added = True
        return seen.last(1) == 5.0

    async with opened(device(plant.port), [ref(0, name + "early"), ref(1, name + "late")]) as driver:
        await follow(driver, seen, done)


async def test_subscribes_with_the_configured_numbers(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"])
    seen = Seen()
    settings = device(plant.port, publishing_interval=0.05, keep_alive_count=4, lifetime_count=5)
    async with opened(settings, [ref(0, name + "a")]) as driver:
        stream = driver.subscribe()
        seen(await anext(stream))
        subscriptions = plant.do("subscriptions")
        await stream.aclose()  # type: ignore[attr-defined]
    assert [50.0, 4, 12] in subscriptions  # a lifetime of at least three keep-alives


async def test_a_thousand_items_follow_every_change(plant: OpcUaServer, name: str) -> None:
    names = [f"{name}{number}" for number in range(1000)]
    for at in range(0, 1000, 100):
        plant.do("add", names=names[at : at + 100])
    seen = Seen()
    changed = False

    def done() -> bool:
        nonlocal changed
        if seen.keep_alives and not changed:
            changed = True
            plant.do("ramp", names=names, count=2, pause_s=0.1)
        return changed and all(seen.last(at) == 2.0 for at in range(1000))

    async with opened(device(plant.port), [ref(at, each) for at, each in enumerate(names)]) as driver:
        await follow(driver, seen, done, limit_s=20.0)
    assert all(1.0 in seen.values[at] for at in range(1000))


async def test_a_password_is_not_sent_readable_unless_that_is_allowed(plant: OpcUaServer, name: str) -> None:
    plant.do("add", names=[name + "a"], value=2.0)
    named = {"username": "operator", "password": "secret"}
    with pytest.raises(DeviceRefused, match="plain_password"):
        async with opened(device(plant.port, **named), [ref(0, name + "a")]):
            pass
    async with opened(device(plant.port, **named, plain_password=True), [ref(0, name + "a")]) as driver:
        assert (await driver.read_back([0])).value.tolist() == [2.0]
    wrong = named | {"password": "guess", "plain_password": True}
    with pytest.raises(DeviceRefused):
        async with opened(device(plant.port, **wrong), [ref(0, name + "a")]):
            pass


async def test_the_channel_is_renewed_while_data_flow(
    plant: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.connection.RENEW_AT", 0.2 / 3600)
    plant.do("add", names=[name + "a"])
    seen = Seen()
    async with opened(device(plant.port, keep_alive_count=2), [ref(0, name + "a")]) as driver:
        assert driver._live is not None
        connection = driver._live.connection
        before = connection._renew_at
        await follow(driver, seen, lambda: connection._renew_at > before + 0.6)
        plant.do("set", name=name + "a", value=9.0)
        assert (await driver.read_back([0])).value.tolist() == [9.0]


async def test_a_node_that_is_deleted_unannounced_is_noticed_and_followed_again(
    plant: OpcUaServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This server says nothing when a node goes, and never samples its successor."""
    monkeypatch.setattr("drivers.opcua.plan.ROUND_S", 0.2)
    monkeypatch.setattr("drivers.opcua.lookup.AGAIN_FIRST_S", 0.1)
    plant.do("add", names=[name + "a", name + "b"], value=1.0)
    seen = Seen()
    steps = iter(("delete", "add", "set"))
    is_next = [
        lambda: seen.last(0) == 1.0,
        lambda: seen.qualities[0][-1] == BAD | CONFIG,
        lambda: seen.last(0) == 2.0,
    ]

    def done() -> bool:
        if is_next and seen.keep_alives and is_next[0]():
            is_next.pop(0)
            step = next(steps)
            if step == "delete":
                plant.do("delete", name=name + "a")
            elif step == "add":
                plant.do("add", names=[name + "a"], value=2.0)
            else:
                monkeypatch.setattr("drivers.opcua.plan.ROUND_S", 3600.0)
                plant.do("set", name=name + "a", value=3.0)
        return seen.last(0) == 3.0

    refs = [ref(0, name + "a"), ref(1, name + "b")]
    async with opened(device(plant.port, keep_alive_count=2), refs) as driver:
        await follow(driver, seen, done)
    assert set(seen.qualities[1]) == {GOOD}
