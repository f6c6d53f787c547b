"""Pacing on absolute deadlines, and the watchdog; both against invented clocks."""

from __future__ import annotations

import time

from simulators.pacing import Pacer
from simulators.watchdog import Watchdog


def test_lateness_does_not_add_up() -> None:
    pacer = Pacer(0.1)
    pacer.begin(10.0)
    assert [pacer.due(now) for now in (10.0, 10.05, 10.17, 10.2, 10.29)] == [1, 0, 1, 1, 0]
    assert (pacer.late, pacer.skipped) == (0, 0)


def test_missed_steps_are_caught_up_within_a_bound() -> None:
    pacer = Pacer(0.1, catch_up=5)
    pacer.begin(0.0)
    assert pacer.due(0.0) == 1
    assert pacer.due(0.41) == 4
    assert (pacer.late, pacer.skipped) == (3, 0)
    assert pacer.due(2.05) == 5
    assert (pacer.late, pacer.skipped) == (7, 11)
    assert pacer.due(2.05) == 0
    assert pacer.due(2.1001) == 1


async def test_waiting_gives_every_step() -> None:
    pacer = Pacer(0.01)
    began = time.monotonic()
    pacer.begin(began)
    steps = 0
    while steps < 10:
        steps += await pacer.wait()
    assert time.monotonic() - began >= 0.09


def test_watchdog_waits_for_the_first_change() -> None:
    watchdog = Watchdog(3.0)
    assert not watchdog.expired(1e9)
    watchdog.feed(0, 10.0)
    assert not watchdog.expired(1e9)
    watchdog.feed(1, 20.0)
    assert watchdog.armed
    assert not watchdog.expired(23.0)
    assert watchdog.expired(23.1)


def test_only_a_change_counts() -> None:
    watchdog = Watchdog(3.0)
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        watchdog.feed(7, now)
    assert watchdog.expired(4.0)
    watchdog.feed(8, 5.0)
    assert not watchdog.expired(5.0)
    watchdog.reset()
    assert not watchdog.armed
