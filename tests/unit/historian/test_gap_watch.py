"""When gaps are asked for again, and which are given up."""

from __future__ import annotations

from itertools import pairwise

from gateway.historian.gap_watch import PATIENCE_S, Floors, Gap, GapWatch
from gateway.historian.points import Source

GW1 = Source("gw1", 5, 0)


def test_a_gap_is_given_time_to_close_by_itself() -> None:
    watch = GapWatch()
    assert watch.due({GW1: [(3, 4)]}, 10.0) == []
    assert watch.due({}, 11.0) == []
    assert watch.due({GW1: [(9, 9)]}, 12.0) == []
    assert watch.due({GW1: [(9, 9)]}, 12.0 + PATIENCE_S - 0.1) == []
    assert watch.due({GW1: [(9, 9)]}, 12.0 + PATIENCE_S) == [Gap(GW1, 9, 9)]


def test_an_open_gap_is_asked_for_less_and_less_often() -> None:
    watch = GapWatch()
    asked = [t / 2 for t in range(400) if watch.due({GW1: [(3, 4)]}, t / 2)]
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert asked[0] == PATIENCE_S
    assert pauses == sorted(pauses)
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(pauses) == 30.0


def test_many_gaps_are_asked_for_in_turns() -> None:
    watch = GapWatch()
    gaps = {GW1: [(n, n) for n in range(1, 200, 2)]}
    watch.due(gaps, 0.0)
    first, second = watch.due(gaps, PATIENCE_S), watch.due(gaps, PATIENCE_S + 0.5)
    assert len(first) == len(second) == 16
    assert not set(first) & set(second)


def test_what_the_gateway_has_no_more_is_lost() -> None:
    floors = Floors()
    floors.take_health("gw1", {"journal": {"epoch": 5, "first": {"0": 100, "1": 7}}})
    assert floors.lost(Gap(GW1, 3, 50)) == Gap(GW1, 3, 50)
    assert floors.lost(Gap(GW1, 90, 120)) == Gap(GW1, 90, 99)
    assert floors.lost(Gap(GW1, 100, 120)) is None
    assert floors.lost(Gap(GW1._replace(epoch=6), 3, 50)) is None


def test_a_floor_never_sinks() -> None:
    """Retained health of before a restart may come after newer words."""
    floors = Floors()
    for first in (100, 50):
        floors.take_health("gw1", {"journal": {"epoch": 5, "first": {"0": first}}})
    assert floors.lost(Gap(GW1, 60, 60)) == Gap(GW1, 60, 60)


def test_a_gateway_that_is_away_is_not_asked() -> None:
    floors = Floors()
    assert floors.is_online("gw1"), "nothing is known: asking does no harm"
    floors.take_state("gw1", {"online": False})
    assert not floors.is_online("gw1")
    floors.take_state("gw1", {"online": True})
    assert floors.is_online("gw1")
