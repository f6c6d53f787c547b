"""A single write is done once; what the device refuses is given up, and what stood before stands again."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import Holds
from gateway.commands.message import Reply
from gateway.commands.single_writes import Wanted
from tests.unit.commands.door_rig import Rig


@pytest.fixture
async def armed(rig: Rig) -> Rig:
    assert (await rig.send_gateway("supervisor")).accepted
    return rig


async def write(rig: Rig, value: float, tag: str = "u/valve") -> Reply:
    return await rig.ask("write", tag, user="engineer", value=value)


def wanted(rig: Rig) -> float:
    outputs = rig.engine.tables.state.outputs
    return float(outputs.slots["value"][outputs.slot_of_tag[rig.site.tag_index["u/valve"]]])


async def test_what_a_device_refuses_gives_way_to_what_stood_before(armed: Rig) -> None:
    assert (await write(armed, 40.0)).accepted
    reply = await write(armed, 95.0)
    assert (reply.accepted, reply.reason) == (False, "the device has not taken it: wrote 95, read back 90")
    assert wanted(armed) == 40.0
    await armed.until(lambda: armed.value("u/valve") == 40.0)
    assert [entry["outcome"] for entry in armed.entries()[2:]] == [
        "requested", "done", "requested", f"refused: {reply.reason}",
    ]  # fmt: skip


async def test_a_first_value_that_is_refused_leaves_nothing(armed: Rig) -> None:
    assert not (await write(armed, 95.0)).accepted
    assert math.isnan(wanted(armed))
    await armed.until(lambda: math.isnan(armed.value("u/valve")))


async def test_a_value_whose_fate_nobody_knows_stays(armed: Rig) -> None:
    assert (await write(armed, 40.0)).accepted
    armed.holds = Holds.NOBODY_KNOWS
    assert not (await write(armed, 95.0)).accepted
    assert wanted(armed) == 95.0


async def test_of_writes_one_upon_the_other_the_last_that_was_taken_stands(armed: Rig) -> None:
    assert (await write(armed, 40.0)).accepted
    armed.gate.clear()
    replies = [asyncio.create_task(write(armed, value)) for value in (95.0, 60.0, 96.0)]
    await armed.until(lambda: len(armed.expected) == 4)
    armed.gate.set()
    assert [(await reply).accepted for reply in replies] == [False, True, False]
    assert wanted(armed) == 60.0


async def test_a_momentary_tag_is_written_once_past_the_engine(armed: Rig) -> None:
    reply = await write(armed, 1.0, "u/clear")
    assert (reply.accepted, reply.result, reply.device) == (True, None, "taken, not read back")
    assert (armed.calls, armed.expected) == ([("d", "u/clear", 1.0)], [])
    armed.unwilling = "the device is not connected"
    reply = await write(armed, 1.0, "u/clear")
    assert reply.reason == "the device has not taken it: the device is not connected"
    assert len(armed.calls) == 2


async def test_nothing_holds_a_momentary_tag(armed: Rig) -> None:
    given = {"value": 1.0, "duration": "1 min", "reason": "x"}
    reply = await armed.ask("force", "u/clear", user="engineer", **given)
    assert (reply.accepted, "is momentary: its device resets it" in reply.reason) == (False, True)


async def test_a_momentary_tag_is_not_written_while_writes_are_off(rig: Rig) -> None:
    reply = await write(rig, 1.0, "u/clear")
    assert (reply.accepted, "not armed" in reply.reason, rig.calls) == (False, True, [])


OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12)


@given(outcomes=OUTCOMES)
def test_what_stands_is_what_was_taken_last(outcomes: list[tuple[bool, bool]]) -> None:
    """Writes are answered in their order; each is answered at once, or after the next one began."""
    told, stands, waiting = Wanted(), math.nan, list[tuple[float, bool]]()
    engine = math.nan

    def answer() -> None:
        nonlocal stands, engine
        value, taken = waiting.pop(0)
        stands = value if taken else stands
        back = told.end("t", value if taken else None)
        assert back == stands or (math.isnan(back) and math.isnan(stands))
        if not taken and engine == value:
            engine = back

    for number, (taken, at_once) in enumerate(outcomes):
        told.begin("t", engine)
        engine = float(number)
        waiting.append((float(number), taken))
        while waiting and at_once:
            answer()
    while waiting:
        answer()
    assert engine == stands or (math.isnan(engine) and math.isnan(stands))
