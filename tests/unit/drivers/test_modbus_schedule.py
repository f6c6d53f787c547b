"""What is due when, with invented clocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.devices import ModbusAddress, Table
from drivers.modbus.codec import Field
from drivers.modbus.plan import Block, Group, Span
from drivers.modbus.schedule import BUSY_LIMIT, SELDOM_S, SOON_S, Poll, Schedule

FIELDS = {tag: Field(tag, 0, ModbusAddress(address=10 * tag)) for tag in range(8)}


def poll(*tags: int, unit_id: int = 1, period_s: float = 1.0) -> Poll:
    group = Group(unit_id, Table.HOLDING, period_s)
    return Poll.of(Block(group, tuple(Span(tag, 10 * tag, 1) for tag in tags)), FIELDS)


def schedule(*polls: Poll) -> Schedule:
    made = Schedule(polls, retry_least_s=0.5, retry_most_s=8.0)
    made.begin(100.0)
    return made


def test_a_poll_is_due_at_the_start_and_then_once_a_period() -> None:
    fast, slow = poll(0, period_s=0.1), poll(1, period_s=0.5)
    made = schedule(fast, slow)
    counts = {id(fast): 0, id(slow): 0}
    for tick in range(101):
        now = 100.0 + tick * 0.1 + 0.003
        for due in made.due(now):
            made.read([due], now)
            counts[id(due)] += 1
    assert counts == {id(fast): 101, id(slow): 21}


@given(late=st.floats(0.0, 50.0))
def test_missed_periods_are_skipped_and_the_phase_is_kept(late: float) -> None:
    only = poll(0, period_s=1.0)
    made = schedule(only)
    made.read([only], 100.0 + late)
    assert only.due > 100.0 + late - 1e-6
    assert only.due - (100.0 + late) <= 1.0 + 1e-6
    assert abs(only.due - round(only.due)) < 1e-6


def test_what_had_no_answer_goes_last() -> None:
    first, second, third = poll(0), poll(1), poll(2)
    made = schedule(first, second, third)
    made.timed_out(first, 100.0)
    assert made.due(101.0) == [second, third, first]


def test_halves_take_the_place_of_a_poll() -> None:
    whole, other = poll(0, 1, 2), poll(5)
    made = schedule(whole, other)
    left, right = made.split(whole, FIELDS)
    assert [span.tag for span in left.block.spans] == [0]
    assert [span.tag for span in right.block.spans] == [1, 2]
    assert made.due(100.0) == [left, right, other]


def test_a_busy_device_gets_more_time_each_time_and_then_has_failed() -> None:
    only = poll(0, period_s=60.0)
    made = schedule(only)
    waits = []
    while made.retry_busy(only, 100.0):
        waits.append(only.due - 100.0)
    assert len(waits) == BUSY_LIMIT
    assert all(abs(wait - SOON_S * 2**n) < 1e-9 for n, wait in enumerate(waits))
    assert made.retry_busy(only, 100.0), "counting begins again"


def test_retries_are_never_faster_than_the_period() -> None:
    only = poll(0, period_s=300.0)
    made = schedule(only)
    made.postpone(only, 100.0, SELDOM_S)
    assert only.due == 400.0


def test_a_single_unit_is_never_left_alone() -> None:
    only = poll(0)
    made = schedule(only)
    assert made.timed_out(only, 100.0)
    assert made.silent()
    assert made.due(100.0) == [only]


def test_a_silent_unit_among_others_is_left_alone_longer_and_longer() -> None:
    dead, alive = poll(0, unit_id=1), poll(1, unit_id=2)
    made = schedule(dead, alive)
    pauses = []
    now = 100.0
    for _ in range(6):
        made.timed_out(dead, now)
        pauses.append(made.units[1].retry_at - now)
        assert made.due(now) == [alive]
        now = made.units[1].retry_at
        assert dead in made.due(now)
    assert not made.silent()
    assert 0.25 <= pauses[0] <= 0.5
    assert 4.0 <= pauses[-1] <= 8.0


def test_a_unit_is_dead_once_and_whole_again_when_it_answers() -> None:
    first, second, other = poll(0), poll(1), poll(2, unit_id=2)
    made = schedule(first, second, other)
    for now in (101.0, 102.0):
        made.timed_out(first, now)
    assert made.newly_dead(103.0, dead_after_s=5.0) == []
    (unit,) = made.newly_dead(106.0, dead_after_s=5.0)
    assert unit.polls == [first, second]
    assert made.newly_dead(107.0, dead_after_s=5.0) == []
    assert made.heard(first, 108.0) == [second], "all its tags were marked: all are read"
    assert made.heard(second, 108.0) == []
