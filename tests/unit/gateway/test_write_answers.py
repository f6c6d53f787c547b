"""What a device says to a write reaches who waits for it: this write's answer, and no other's."""

from __future__ import annotations

import asyncio

import pytest

from control.signal import OUTPUT_COMMAND
from drivers.api import Holds, WriteResult
from drivers.writes import Order
from gateway.commands.rows import Refused
from gateway.write_answers import WriteAnswers
from tests.unit.gateway.actuation_rig import Rig, running


async def written(rig: Rig, value: float) -> asyncio.Task[WriteResult]:
    """Expect a value, have the engine decide it, and return the waiting."""
    answers = WriteAnswers(rig.actuation, asyncio.get_running_loop())
    answer = await answers.expect("u/a", value)
    rig.outbox.push(0, value, OUTPUT_COMMAND)
    return asyncio.create_task(answer.come())


async def occupy(rig: Rig) -> None:
    """Let a write to another tag keep the device busy until the gate is opened."""
    rig.device.gate.clear()
    rig.outbox.push(1, 1.0)
    await rig.until(lambda: rig.actuation.devices["d"].under_way)


async def test_the_answer_is_what_the_device_said() -> None:
    async with running() as rig:
        rig.device.verifies = True
        assert await (await written(rig, 5.0)) == WriteResult(0, verified=True)
        rig.device.verifies = False
        assert await (await written(rig, 6.0)) == WriteResult(0)
        rig.device.refuses = "wrote 7.0, read back 6.0"
        assert await (await written(rig, 7.0)) == WriteResult(0, "wrote 7.0, read back 6.0")
        await asyncio.sleep(0)
        assert rig.actuation.devices["d"].expected == []


async def test_the_answer_to_an_earlier_write_is_not_taken_for_it() -> None:
    async with running() as rig:
        said = iter((None, "no", None))

        async def answer(order: Order) -> None:
            assert order.verify
            order.finish([WriteResult(each.tag, next(said)) for each in order.writes])

        rig.device.answer = answer  # type: ignore[method-assign]
        rig.device.gate.clear()
        rig.outbox.push(0, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].under_way)
        waiting = await written(rig, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].pending)
        rig.device.gate.set()
        assert await waiting == WriteResult(0, "no")


async def test_a_value_that_another_one_overtakes_is_told_so() -> None:
    async with running() as rig:
        await occupy(rig)
        first = await written(rig, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].pending)
        second = await written(rig, 6.0)
        result = await first
        assert (result.error or "").startswith("another value took its place")
        rig.device.gate.set()
        assert await second == WriteResult(0)
        assert rig.device.taken == [(1, 1.0), (0, 6.0)]


async def test_a_device_that_is_away_is_not_written_to_later() -> None:
    async with running() as rig:
        rig.device.connected = False
        answers = WriteAnswers(rig.actuation, asyncio.get_running_loop())
        with pytest.raises(Refused, match="'d' is not connected: nothing was written"):
            await answers.expect("u/a", 5.0)
        assert rig.actuation.devices["d"].expected == []


async def test_no_answer_in_time_is_told_so_and_nobody_waits_any_more() -> None:
    async with running() as rig:
        rig.device.gate.clear()
        rig.device.write_within_s = 0.05
        result = await (await written(rig, 5.0))
        assert (result.error or "").startswith("no answer within 0.05 s")
        assert result.holds is Holds.NOBODY_KNOWS
        await asyncio.sleep(0)
        assert rig.actuation.devices["d"].expected == []
        rig.device.gate.set()
        await rig.until(lambda: rig.device.taken)


async def test_a_device_that_becomes_anothers_is_told_so() -> None:
    async with running() as rig:
        await occupy(rig)
        waiting = await written(rig, 5.0)
        await rig.until(lambda: rig.actuation.devices["d"].pending)
        rig.actuation.withhold("d", True)
        assert (await waiting).error == "writes to this device have ended"
        rig.device.gate.set()


async def test_what_has_not_left_in_time_does_not_leave_any_more() -> None:
    async with running() as rig:
        await occupy(rig)
        rig.device.write_within_s = 0.05
        waiting = await written(rig, 5.0)
        assert ((await waiting).error or "").startswith("no answer within")
        await rig.until(lambda: not rig.actuation.devices["d"].pending)
        rig.device.gate.set()
        await rig.until(lambda: rig.device.taken == [(1, 1.0)])


async def test_a_device_that_goes_away_before_it_has_the_value_is_told_so() -> None:
    async with running() as rig:
        answers = WriteAnswers(rig.actuation, asyncio.get_running_loop())
        answer = await answers.expect("u/a", 5.0)
        rig.device.connected = False
        rig.outbox.push(0, 5.0, OUTPUT_COMMAND)
        assert await answer.come() == WriteResult(0, "the device is not connected: nothing was written")
        rig.device.connected = True
        rig.outbox.push(1, 1.0)
        await rig.until(lambda: rig.device.taken == [(1, 1.0)])
