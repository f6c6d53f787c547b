"""A PV that no longer moves at all: bad after its time, with samples or in a subscription's silence."""

from __future__ import annotations

from typing import Any

import pytest

from control import signal as s
from tests.unit.control.loop_plant import LOOP
from tests.unit.control.plant import Plant, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100, "frozen_after": "2 s", "filter_time": "1 s", "stale_after": "60 s"},
    "out": {"access": "write", "low": 0, "high": 100},
}


def plant(**loop: Any) -> Plant:
    tested = Plant(site(TAGS, loops={"l": LOOP | {"bad_pv_after": "500 ms"} | loop}))
    for step in range(30):
        tested.scan(pv=45.0 + 0.01 * (step % 2))
    return tested


def test_the_same_sample_again_and_again_is_frozen_and_a_new_value_is_good() -> None:
    tested = plant()
    tested.scan(20, pv=46.0)
    assert tested.quality("pv") == s.GOOD
    tested.scan(pv=46.0)
    assert tested.quality("pv") == s.BAD | s.FROZEN
    tested.scan(10, pv=46.0)
    assert tested.quality("pv") == s.BAD | s.FROZEN
    tested.scan(pv=46.01)
    assert tested.quality("pv") == s.GOOD


def test_a_subscription_that_is_silent_freezes_too_though_its_device_lives() -> None:
    tested = plant()
    tested.reports.pop(1000)
    for _ in range(25):
        tested.alive()
        tested.scan()
    assert tested.quality("pv") == s.BAD | s.FROZEN
    (report,) = tested.reported("pv")
    assert report["quality"] == s.BAD | s.FROZEN
    tested.scan(pv=47.0)
    assert tested.quality("pv") == s.GOOD


def test_bad_samples_do_not_count_as_a_sign_of_freezing() -> None:
    tested = plant()
    for _ in range(30):
        tested.sample("pv", 46.0, s.BAD | s.COMM)
        tested.scan()
    tested.scan(pv=46.0)
    assert tested.quality("pv") == s.GOOD


@pytest.mark.parametrize(("on_bad", "value"), [("hold", None), ("safe", 5.0), ("manual", None)])
def test_a_frozen_pv_drives_the_loop_to_its_fallback_and_back_without_a_bump(
    on_bad: str, value: float | None
) -> None:
    tested = plant(on_bad_pv=on_bad)
    tested.scan(22, pv=45.0)
    held = tested.value("l.op")
    tested.scan(10, pv=45.0)
    assert tested.value("l.op") == (held if value is None else value)
    assert (tested.value("l.mode") == s.MODE_MANUAL) == (on_bad == "manual")
    before = tested.value("l.op")
    tested.scan(pv=30.0)
    assert tested.value("l.op") == pytest.approx(before, abs=0.3)


def test_without_a_time_a_value_may_stay() -> None:
    tested = Plant(site({"pv": {}}))
    tested.scan(100, pv=1.0)
    assert tested.quality("pv") == s.GOOD
