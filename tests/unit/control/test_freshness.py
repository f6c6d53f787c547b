"""What happens when samples stop: staleness, signs of life, heartbeats, full rings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from control import signal as s
from tests.unit.control.plant import START_NS, STEP_NS, UTC_NS, Plant, Tags, site


def plant(**pv: Any) -> Plant:
    return Plant(site({"pv": pv}))


def test_late_samples_do_not_keep_a_tag_alive() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(pv=1.0)
    for _ in range(10):
        assert tested.quality("pv") == s.GOOD
        tested.sample("pv", 2.0, source_ns=UTC_NS - 1)
        tested.scan()
    assert tested.quality("pv") & s.STALE
    # Now nothing better is known, and the device's clock may have been set back: it counts again.
    tested.sample("pv", 3.0, source_ns=UTC_NS - 1)
    tested.scan()
    assert (tested.value("pv"), tested.quality("pv")) == (3.0, s.GOOD)


def test_history_keeps_no_tag_alive() -> None:
    tested = plant(stale_after="1 s")
    for _ in range(12):
        tested.sample("pv", 2.0, s.HISTORY)
        tested.scan()
    assert tested.quality("pv") == s.BAD | s.WAITING | s.STALE


def test_stale_is_told_when_it_happens_and_ends_with_a_sample() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(pv=1.0)
    source_ns = int(tested.state.image.source_ns[0])
    tested.reports.pop(10)
    tested.scan(9)
    assert tested.quality("pv") == s.GOOD
    tested.scan(1)
    assert tested.quality("pv") == s.BAD | s.STALE
    stale = tested.reported("pv")
    assert stale[["value", "quality"]].tolist() == [(1.0, s.BAD | s.STALE)]
    assert stale["source_ns"][0] == tested.utc_ns > source_ns
    tested.scan(50)
    assert len(tested.reported("pv")) == 0
    tested.scan(pv=1.0)
    assert tested.reported("pv")["quality"].tolist() == [s.GOOD]


def test_a_tag_that_never_came_is_told_once() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(8)
    assert len(tested.reported("pv")) == 0
    tested.scan(30)
    rows = tested.reported("pv")
    assert rows["quality"].tolist() == [s.BAD | s.WAITING | s.STALE]
    assert math.isnan(rows["value"][0])


def test_a_quiet_device_keeps_its_tags_alive() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(pv=1.0)
    for _ in range(100):
        tested.alive()
        tested.scan()
    assert tested.quality("pv") == s.GOOD
    assert len(tested.reported("pv")) == 1


def test_after_a_pause_a_living_device_revives_what_it_had_not_changed() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(pv=1.0)
    tested.scan(1, step_ns=30 * 10**9)
    assert tested.quality("pv") == s.BAD | s.STALE
    tested.alive()
    tested.scan()
    assert tested.quality("pv") == s.CLOCK
    rows = tested.reported("pv")
    assert rows["quality"].tolist() == [s.GOOD, s.BAD | s.STALE, s.CLOCK]
    assert rows["source_ns"][2] == tested.utc_ns
    tested.scan(5)
    tested.alive()
    tested.scan(6)
    assert tested.quality("pv") == s.CLOCK


def test_heartbeat_repeats_no_sample_but_reports_the_newest() -> None:
    tested = plant(report={"deadband": 5.0, "heartbeat": "2 s"}, stale_after="1 h")
    tested.scan(pv=10.0)
    tested.scan(pv=11.0)
    source_ns = int(tested.state.image.source_ns[0])
    tested.scan(60)
    rows = tested.reported("pv")
    assert rows["value"].tolist() == [10.0, 11.0]
    assert rows["source_ns"][1] == source_ns
    tested.scan(60, pv=11.0)
    times = tested.reported("pv")["source_ns"]
    assert set(np.diff(times)) == {20 * STEP_NS}


def test_heartbeat_of_the_engines_own_tags() -> None:
    tags: Tags = {"pv": {"stale_after": "1 h"}, "out": {"access": "write", "low": 0, "high": 9}}
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5}}
    tested = Plant(site(tags, loops=loops))
    tested.scan(pv=5.0)
    seen = []
    for _ in range(1300):
        tested.scan()
        seen += tested.reported("l.sp")["source_ns"].tolist()
    assert np.diff(seen).tolist() == [60 * 10**9] * 2


def test_a_full_report_ring_refuses_marks_the_gap_and_catches_up() -> None:
    tested = plant()
    filler = np.zeros(tested.reports.capacity - 2, s.SAMPLE)
    filler["tag"] = 99
    tested.reports.push(filler)
    for value in range(5):
        tested.sample("pv", float(value))
    tested.scan()
    assert tested.counter("reports_refused") == 3
    assert tested.reports.pop(10_000)["value"][-2:].tolist() == [0.0, 1.0]
    tested.scan()
    rows = tested.reported("pv")
    assert rows[["value", "quality"]].tolist() == [(4.0, s.OVERFLOW)]
    tested.scan(pv=7.0)
    assert tested.reported("pv")["quality"].tolist() == [s.GOOD]
    assert tested.state.tags.reported["refused_total"].tolist() == [3]


def test_a_full_report_ring_does_not_delay_staleness() -> None:
    tested = plant(stale_after="1 s")
    tested.scan(pv=1.0)
    tested.reports.push(np.zeros(tested.reports.capacity, s.SAMPLE))
    tested.scan(30)
    assert tested.quality("pv") == s.BAD | s.STALE
    assert tested.counter("reports_refused") == 1
    tested.reports.pop(10_000)
    tested.scan()
    assert tested.reported("pv")["quality"].tolist() == [s.BAD | s.STALE | s.OVERFLOW]


def test_many_quiet_tags_are_looked_at_by_blocks() -> None:
    tags: Tags = {f"t{n}": {"stale_after": f"{1 + n % 7} s"} for n in range(300)}
    tested = Plant(site(tags))
    for n in range(200):
        tested.sample(f"t{n}", 1.0)
    tested.scan()
    looked: dict[int, int] = {}
    for _ in range(90):
        tested.scan()
        for tag in range(200):
            if tested.state.image.quality[tag] & s.STALE:
                looked.setdefault(tag, tested.now_ns)
    assert {n: (ns - START_NS) // STEP_NS for n, ns in looked.items()} == {
        n: 10 * (1 + n % 7) + 1 for n in range(200)
    }
