"""How a gateway starts: warm from a whole, young snapshot of its own, else cold, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.site import Site
from control import cache
from control.carry.ended import EndedTest
from control.carry.roster import call_roll
from control.carry.snapshot import Encoder
from control.engine import Engine
from control.pacing import Moment
from control.relay_layout import RELAY_IDLE, RELAY_RUNNING
from control.tables import Tables, build
from gateway.continuity import clocks
from gateway.continuity.keeper import SnapshotKeeper, replace_file
from gateway.continuity.start import FILE, Start, begin
from tests.unit.control.carry.test_transfer import make


def begun(site: Site, folder: Path, *, cold: bool = False) -> tuple[Start, Tables]:
    tables = build(site)
    return begin(site, tables, call_roll(site, tables.state, tables.expressions), folder, cold=cold), tables


def left(
    folder: Path, *, gateway: str = "g", age_s: float = 3.0, site: Site | None = None, testing: bool = False
) -> None:
    """Leave a snapshot in which the set-point is 55, perhaps in the middle of a relay test."""
    site = make() if site is None else site
    tables = build(site)
    if testing:
        tables.state.relays["state"], tables.state.relays["scale"] = RELAY_RUNNING, 1.0
        tables.state.relays["centre"] = 50.0
    tables.state.loops.target[0] = 55.0
    roster = call_roll(site, tables.state, tables.expressions)
    encoder = Encoder(gateway, cache.fingerprint(), clocks.boot(), roster, tables.arena)
    age_ns = int(age_s * 1e9)
    moment = Moment(time.monotonic_ns() - age_ns, time.time_ns() - age_ns, 0, 0, 0, 0, 0, 0)
    replace_file(folder / FILE, encoder.encode(tables.arena.block, moment))


def test_a_start_is_warm_where_there_is_a_young_snapshot(tmp_path: Path) -> None:
    left(tmp_path)
    start, tables = begun(make(), tmp_path)
    assert (start.kind, start.detail) == ("warm", "1 loops, 2 alarms, 1 interlocks go on")
    assert start.age_s == pytest.approx(3.0, abs=1.0)
    assert tables.state.loops.target[0] == 55.0


def test_a_start_is_cold_on_request_without_a_snapshot_of_another_gateway_and_too_late(
    tmp_path: Path,
) -> None:
    assert begun(make(), tmp_path)[0].detail == "there is no snapshot"
    left(tmp_path)
    assert begun(make(), tmp_path, cold=True)[0] == Start("cold", "asked for")
    left(tmp_path, gateway="other")
    assert "'other'" in begun(make(), tmp_path)[0].detail
    left(tmp_path, age_s=301.0)
    start, tables = begun(make(), tmp_path)
    assert start.kind == "cold"
    assert "301" in start.detail
    assert tables.state.loops.target[0] == 50.0


def test_a_relay_test_that_ran_is_told_of_by_every_start(tmp_path: Path) -> None:
    bounds = {"amplitude": 6, "hysteresis": 0.1, "max_deviation": 8, "timeout": "300 s"}
    site = make(loops={"l": {"autotune": bounds}})
    for age_s, cold, kind in ((3.0, False, "warm"), (3.0, True, "cold"), (301.0, False, "cold")):
        left(tmp_path, site=site, age_s=age_s, testing=True)
        start, tables = begun(site, tmp_path, cold=cold)
        assert start.kind == kind
        assert start.ended_tests == (EndedTest("u/l", 6.0, 50.0),)
        assert tables.state.relays["state"][0] == RELAY_IDLE
    left(tmp_path, site=site)
    assert begun(site, tmp_path)[0].ended_tests == ()


def test_a_configuration_may_want_cold_starts(tmp_path: Path) -> None:
    left(tmp_path)
    site = make()
    gateway = site.gateway.model_copy(update={"warm_start_max_age": 0.0})
    assert begun(site.model_copy(update={"gateway": gateway}), tmp_path)[0].kind == "cold"


def test_a_damaged_snapshot_is_set_aside(tmp_path: Path) -> None:
    left(tmp_path)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-1])
    start, _ = begun(make(), tmp_path)
    assert start.kind == "cold"
    assert "damaged" in start.detail
    assert (tmp_path / f"{FILE}.damaged").exists()
    assert begun(make(), tmp_path)[0].detail == "there is no snapshot"


def test_a_start_under_a_changed_configuration_is_warm_for_what_did_not_change(tmp_path: Path) -> None:
    left(tmp_path)
    start, tables = begun(make(loops={"l": {"kp": 9}}), tmp_path)
    assert start.kind == "warm"
    assert (tables.state.loops.target[0], tables.state.loops.kp[0]) == (55.0, 9.0)


@pytest.fixture
def engine() -> Iterator[Engine]:
    started = Engine(build(make()))
    started.start()
    yield started
    started.stop()


def test_the_keeper_writes_while_the_engine_scans_and_once_at_the_end(tmp_path: Path, engine: Engine) -> None:
    site = make()
    keeper = SnapshotKeeper("g", tmp_path, 0.05)
    keeper.follow(engine, call_roll(site, engine.tables.state, engine.tables.expressions))
    keeper.start()
    deadline = time.monotonic() + 20.0
    while keeper.written < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    engine.tables.state.loops.target[0] = 56.0
    keeper.stop()
    start, tables = begun(site, tmp_path)
    assert start.kind == "warm"
    assert tables.state.loops.target[0] == 56.0


def test_a_disk_that_fails_costs_snapshots_only(tmp_path: Path, engine: Engine) -> None:
    site = make()
    keeper = SnapshotKeeper("g", tmp_path / "gone", 0.02)
    keeper.follow(engine, call_roll(site, engine.tables.state, engine.tables.expressions))
    keeper.start()
    deadline = time.monotonic() + 20.0
    while keeper.failures < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (tmp_path / "gone").mkdir()
    keeper.stop()
    assert keeper.written > 0
    assert engine.running
