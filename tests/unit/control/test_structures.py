"""Selectors, split ranges, remote set-points, read-backs and loops out of service, in the scan."""

from __future__ import annotations

import math
from typing import Any

import pytest

from control import signal as s
from tests.unit.control.plant import Plant, Tags, answered, site

RANGE = {"low": 0, "high": 100}
TAGS: Tags = {
    "pv": RANGE,
    "other": RANGE,
    "third": RANGE,
    "wild": {"low": 0, "high": 50},
    "a": RANGE | {"access": "read_write"},
    "b": RANGE | {"access": "read_write"},
    "c": RANGE | {"access": "read_write"},
    "position": RANGE,
    "trip": {"kind": "bool"},
}
PI: dict[str, Any] = {"kp": 2, "ti": "10 s", "sp": 50, "safe_output": 0}
REST: dict[str, Any] = {"pv": 50.0, "other": 50.0, "third": 50.0, "a": 20.0, "b": 0.0, "c": 0.0, "trip": 0.0}


def plant(loops: dict[str, Any], **parts: Any) -> Plant:
    interlocks = {"stop": {"when": "u/trip", "force": {"u/a": 5}, "on_bad": False}}
    return Plant(site(TAGS, loops=loops, interlocks=interlocks, **parts))


def scan(tested: Plant, scans: int = 1, **values: float) -> None:
    for _ in range(scans):
        tested.scan(1, **REST | values)
        tested.reports.pop(10_000)


def index(tested: Plant, name: str) -> int:
    return list(tested.site.loops).index(f"u/{name}")


# Selectors


def override(select: str, **loops: dict[str, Any]) -> Plant:
    each = {
        "first": PI | {"pv": "u/pv", "output": "u/least.op"},
        "second": PI | {"pv": "u/other", "output": "u/least.op"},
        "third": PI | {"pv": "u/third", "output": "u/least.op"},
    }
    each = {name: loop | loops.get(name, {}) for name, loop in each.items()}
    return plant(each, selectors={"least": {"output": "u/a", "select": select}})


@pytest.mark.parametrize(
    ("select", "number", "errors"),
    [("low", 2, (4.0, 0.0, 7.0)), ("high", 3, (-3.0, -5.0, 0.0)), ("median", 1, (0.0, -5.0, 4.0))],
)
def test_a_selector_lets_one_through_and_the_losers_rest_where_they_can_take_over(
    select: str, number: int, errors: tuple[float, float, float]
) -> None:
    tested = override(select)
    scan(tested, 5)
    assert tested.outputs.pop(1000)["value"][0] == 20.0
    pv, other, third = (50.0 - error for error in errors)
    for _ in range(800):
        scan(tested, pv=pv, other=other, third=third)
        tested.outputs.pop(1000)
    names = ("first", "second", "third")
    candidates = {name: tested.value(f"{name}.op") for name in names}
    chosen = tested.value("least.op")
    assert tested.value("least.selected") == number
    assert chosen == candidates[names[number - 1]]
    ranked = sorted(candidates.values())
    assert chosen == ranked[{"low": 0, "high": 2, "median": 1}[select]]
    assert [tested.value(f"{name}.mode") for name in names] == [s.MODE_AUTO] * 3
    # External reset: a loser stands off by its proportional part alone, however long it loses.
    assert 0.0 < chosen < 100.0
    for name, error in zip(names, errors, strict=True):
        assert candidates[name] - chosen == pytest.approx(2 * error, abs=0.01)


def test_a_loser_takes_over_as_soon_as_its_error_turns() -> None:
    tested = override("low", third={"mode": "out_of_service"})
    scan(tested, 5)
    for _ in range(600):
        scan(tested, pv=50.0, other=20.0)
        tested.outputs.pop(1000)
    assert tested.value("least.selected") == 1
    before = tested.value("least.op")
    scans = 0
    while tested.value("least.selected") != 2:
        scan(tested, pv=50.0, other=50.5)
        scans += 1
        assert scans < 40
    assert tested.value("least.op") == pytest.approx(before, abs=2 * 0.5 + 0.5)


def test_what_is_out_of_service_is_not_selected_and_returns_without_a_bump() -> None:
    tested = override("low")
    scan(tested, 5)
    for _ in range(30):
        scan(tested, pv=50.0, other=60.0, third=50.0)
    assert tested.value("least.selected") == 2
    scan(tested, pv=45.0, other=53.0, third=44.0)
    before = tested.value("least.op")
    assert before > 5.0
    assert answered(tested.ask(s.SET_MODE, index(tested, "second"), s.MODE_OUT_OF_SERVICE)) == 0
    scan(tested, 2, pv=45.0, third=44.0)
    assert tested.value("least.selected") != 2
    assert tested.value("least.op") == pytest.approx(before, abs=0.5)
    assert tested.quality("second.op") == s.UNCERTAIN | s.OUT_OF_SERVICE
    before = tested.value("least.op")
    assert answered(tested.ask(s.SET_MODE, index(tested, "second"), s.MODE_AUTO)) == 0
    scan(tested, 3, pv=45.0, third=44.0)
    assert tested.value("least.op") == pytest.approx(before, abs=0.5)


def test_all_inputs_follow_what_an_interlock_forces() -> None:
    tested = override("low")
    scan(tested, 5)
    for _ in range(200):
        scan(tested, trip=1.0, pv=20.0, other=30.0)
        tested.outputs.pop(1000)
    assert {tested.value(f"{name}.op") for name in ("first", "second", "third")} == {5.0}
    assert tested.value("first.mode") == s.MODE_TRACKING
    scan(tested, 2, pv=20.0, other=30.0)
    assert tested.value("least.op") == pytest.approx(5.0, abs=2 * 2 * 20 / 10 * 0.1)


# Splits


def split(branches: list[dict[str, Any]], loop: dict[str, Any] | None = None, **parts: Any) -> Plant:
    own = PI | {"pv": "u/pv", "output": "u/parts.op"} | (loop or {})
    return plant({"l": own}, splits={"parts": {"branches": branches} | parts})


THREE = [
    {"output": "u/a", "start": 0, "stop": 40, "at_start": 20, "at_stop": 100},
    {"output": "u/b", "start": 30, "gain": 2},
    {"output": "u/c", "start": 90, "stop": 100, "at_start": 100, "at_stop": 0},
]


def test_a_split_is_a_line_for_each_actuator() -> None:
    """With overlap (30 to 40), a gap (80 to 90), a gain, and an actuator that moves the other way."""
    tested = split(THREE, {"mode": "manual"})
    scan(tested, 5, c=100.0)
    for value, wanted in [
        (0.0, (20.0, 0.0, 100.0)),
        (35.0, (90.0, 10.0, 100.0)),
        (60.0, (100.0, 60.0, 100.0)),
        (85.0, (100.0, 100.0, 100.0)),
        (95.0, (100.0, 100.0, 50.0)),
        (100.0, (100.0, 100.0, 0.0)),
    ]:
        assert answered(tested.ask(s.SET_OUTPUT, 0, value)) == 0
        scan(tested, c=100.0)
        slots = tested.state.outputs.slots
        sent = {int(tag): float(v) for tag, v in zip(slots["tag"], slots["value"], strict=True)}
        assert tuple(sent[tested.tag(name)] for name in "abc") == pytest.approx(wanted)
        assert tested.value("parts.op") == value


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ((60.0, 0.0, 100.0), 20.0),
        ((100.0, 50.0, 100.0), 55.0),
        ((100.0, 100.0, 30.0), 97.0),
        ((100.0, 100.0, 100.0), 80.0),
    ],
)
def test_a_split_begins_where_its_actuators_are(at: tuple[float, float, float], value: float) -> None:
    tested = split(THREE)
    actual: dict[str, Any] = dict(zip("abc", at, strict=True))
    scan(tested, 1, **actual)
    assert tested.value("l.mode") == s.MODE_TRACKING
    scan(tested, 4, **actual)
    assert tested.value("l.mode") == s.MODE_AUTO
    assert tested.value("l.op") == pytest.approx(value, abs=0.1)
    rows = tested.outputs.pop(1000)
    for name, wanted in actual.items():
        sent = rows["value"][rows["tag"] == tested.tag(name)]
        assert sent[0] == wanted
        assert abs(sent - wanted).max() < 0.5


def test_actuators_that_do_not_fit_their_lines_drift_onto_them() -> None:
    tested = split(THREE, {"mode": "manual"}, balance="2 s")
    scan(tested, 4, a=50.0, b=70.0, c=100.0)
    seen = []
    for _ in range(100):
        scan(tested, a=50.0, b=70.0, c=100.0)
        seen.append(float(tested.state.structures.links["value"][2]))
    assert tested.value("l.op") == 15.0
    assert max(abs(b - a) for a, b in zip(seen[1:], seen, strict=False)) < 70.0 * 0.1 / 2 * 1.01
    assert seen[0] > 45.0
    assert seen[-1] < 1.0


def test_a_forced_actuator_does_not_stop_the_others_and_comes_back_slowly() -> None:
    branches = [
        {"output": "u/a", "start": 0, "stop": 50, "at_start": 0, "at_stop": 100},
        {"output": "u/b", "start": 50, "stop": 100, "at_start": 0, "at_stop": 100},
    ]
    tested = split(branches, {"mode": "manual"}, balance="2 s")
    scan(tested, 4, a=100.0, b=20.0)
    assert answered(tested.ask(s.SET_OUTPUT, 0, 60.0)) == 0
    scan(tested, 3, a=100.0, trip=1.0)
    assert answered(tested.ask(s.SET_OUTPUT, 0, 70.0)) == 0
    scan(tested, 3, trip=1.0)
    slots = tested.state.outputs.slots
    a, b = (int(tested.state.outputs.slot_of_tag[tested.tag(name)]) for name in "ab")
    assert slots["value"][[a, b]].tolist() == pytest.approx([5.0, 40.0])
    scan(tested)
    assert slots["value"][a] < 15.0
    scan(tested, 100)
    assert slots["value"][a] == pytest.approx(100.0, abs=0.7)


def test_a_split_does_not_wind_up_into_the_part_of_a_forced_actuator() -> None:
    branches = [
        {"output": "u/b", "start": 0, "stop": 50, "at_start": 0, "at_stop": 100},
        {"output": "u/a", "start": 50, "stop": 100, "at_start": 0, "at_stop": 100},
    ]
    tested = split(branches)
    scan(tested, 5, a=0.0, b=80.0)
    for _ in range(600):
        scan(tested, pv=40.0, trip=1.0, a=0.0, b=80.0)
        tested.outputs.pop(1000)
    assert float(tested.state.loops.integral[0]) < 50.0 + 2 * 10.0 + 5.0
    scans = 0
    while tested.value("l.op") > 50.0:
        scan(tested, pv=52.0, trip=1.0, a=0.0, b=80.0)
        scans += 1
    assert scans < 60


# Remote set-points and ratio


def remote(**changes: Any) -> Plant:
    source = {"tag": "u/wild", "ratio": 2.0, "bias": 5.0} | changes
    return plant({"l": PI | {"pv": "u/pv", "output": "u/a", "remote": source, "bad_pv_after": "1 s"}})


def test_ratio_becomes_what_leaves_the_set_point() -> None:
    tested = remote()
    scan(tested, 5, wild=10.0)
    assert tested.value("l.ratio") == 2.0
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_REMOTE)) == 0
    scan(tested, wild=10.0)
    assert tested.value("l.sp") == 50.0
    assert tested.value("l.ratio") == 4.5
    scan(tested, wild=12.0)
    assert tested.value("l.sp") == pytest.approx(4.5 * 12 + 5)
    scan(tested, wild=40.0)
    assert tested.value("l.sp") == 100.0
    assert answered(tested.ask(s.SET_POINT, 0, 60.0)) == s.REFUSED_MODE
    assert answered(tested.ask(s.SET_TUNING, 0, 1.5, parameter=s.TUNE_RATIO)) == 0
    scan(tested, wild=10.0)
    assert tested.value("l.sp") == 20.0
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_AUTO)) == 0
    scan(tested, wild=30.0)
    assert tested.value("l.sp") == 20.0


def test_a_kept_ratio_moves_the_set_point_and_not_the_output() -> None:
    tested = remote(keep_ratio=True)
    scan(tested, 5, wild=10.0)
    before = tested.value("l.op")
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_REMOTE)) == 0
    scan(tested, wild=10.0)
    assert tested.value("l.sp") == 25.0
    assert tested.value("l.op") == pytest.approx(before, abs=2 / 10 * 0.1 * 25 * 3)


def test_a_bad_source_holds_the_set_point_then_sheds_to_auto() -> None:
    tested = remote()
    scan(tested, 5, wild=10.0)
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_REMOTE)) == 0
    for _ in range(8):
        tested.sample("wild", math.nan, s.BAD | s.SENSOR)
        scan(tested)
    assert tested.value("l.mode") == s.MODE_REMOTE
    for _ in range(6):
        tested.sample("wild", math.nan, s.BAD | s.SENSOR)
        scan(tested)
    assert (tested.value("l.mode"), tested.value("l.sp")) == (s.MODE_AUTO, 50.0)
    (shed,) = [row for row in tested.transitions.pop(100) if row["kind"] == s.KIND_MODE]
    assert (shed["before"], shed["after"], shed["ticket"]) == (s.MODE_REMOTE, s.MODE_AUTO, 0)
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_REMOTE)) == s.REFUSED_NO_SOURCE


def test_a_source_in_another_unit_is_converted() -> None:
    tags: Tags = {
        "pv": RANGE | {"unit": "mL/min"},
        "wild": {"unit": "L/min"},
        "a": RANGE | {"access": "read_write"},
    }
    loop = PI | {"pv": "u/pv", "output": "u/a", "remote": {"tag": "u/wild"}, "mode": "remote"}
    tested = Plant(site(tags, loops={"l": loop}))
    tested.scan(5, pv=50.0, wild=0.06, a=20.0)
    assert tested.value("l.sp") == pytest.approx(60.0)


# Read-back, out of service


@pytest.mark.parametrize(
    "parts",
    [
        {"splits": {"way": {"branches": [
            {"output": "u/a", "start": 45, "stop": 0}, {"output": "u/b", "start": 55, "stop": 100}]}}},
        {"selectors": {"way": {"output": "u/b", "select": "low"}}},
    ],
    ids=lambda parts: str(*parts),
)  # fmt: skip
def test_what_cannot_be_read_stays_where_it_was_put_when_its_loop_goes_out_of_service(
    parts: dict[str, Any],
) -> None:
    blind = TAGS | {name: RANGE | {"access": "write"} for name in "ab"}
    loops = {"l": PI | {"pv": "u/pv", "output": "u/way.op", "mode": "manual"}}
    tested = Plant(site(blind, loops=loops, **parts))
    tested.scan(5, pv=50.0)
    assert answered(tested.ask(s.SET_OUTPUT, 0, 80.0)) == 0
    tested.scan(50, pv=50.0)
    put = tested.written("b")[-1]
    assert put > 50.0
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_OUT_OF_SERVICE)) == 0
    tested.scan(20, pv=50.0)
    assert tested.written("b") == []
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_AUTO)) == 0
    tested.scan(5, pv=50.0)
    assert set(tested.written("b")) <= {put}
    assert tested.value("l.op") == pytest.approx(80.0)


def test_the_integral_rests_where_a_stuck_actuator_is() -> None:
    loop = PI | {"pv": "u/pv", "output": "u/a", "readback": "u/position", "readback_tolerance": 1}
    tested, blind = plant({"l": loop}), plant({"l": PI | {"pv": "u/pv", "output": "u/a"}})
    for each in (tested, blind):
        scan(each, 5, position=20.0)
        for _ in range(300):
            scan(each, pv=40.0, position=20.0)
            each.outputs.pop(1000)
    assert tested.value("l.op") == pytest.approx(20.0 + 1.0 + 2 * 10.0, abs=1.0)
    assert blind.value("l.op") > 95.0
    scan(tested, pv=51.0, position=20.0)
    assert tested.value("l.op") < 20.0


def test_a_readback_within_its_tolerance_changes_nothing() -> None:
    loop = PI | {"pv": "u/pv", "output": "u/a"}
    with_one, without = plant({"l": loop | {"readback": "u/position"}}), plant({"l": loop})
    for each in (with_one, without):
        scan(each, 5, position=20.0)
    for step in range(60):
        for each in (with_one, without):
            scan(each, pv=49.5, position=each.value("l.op") + math.sin(step))
    assert with_one.value("l.op") == pytest.approx(without.value("l.op"), abs=0.05)


def test_out_of_service_writes_nothing_and_takes_over_from_the_actuator() -> None:
    tested = plant({"l": PI | {"pv": "u/pv", "output": "u/a"}})
    scan(tested, 10)
    tested.outputs.pop(1000)
    answer = tested.ask(s.SET_MODE, 0, s.MODE_OUT_OF_SERVICE)
    assert (answer["before"], answer["after"]) == (s.MODE_AUTO, s.MODE_OUT_OF_SERVICE)
    scan(tested, 200, pv=10.0, a=33.0)
    assert tested.written("a") == []
    assert tested.value("l.mode") == s.MODE_OUT_OF_SERVICE
    assert tested.quality("l.op") == s.UNCERTAIN | s.OUT_OF_SERVICE
    assert answered(tested.ask(s.SET_OUTPUT, 0, 50.0)) == s.REFUSED_MODE
    scan(tested, 1, trip=1.0, a=33.0)
    assert tested.written("a")[-1] == 5.0
    scan(tested, 2, a=33.0)
    tested.outputs.pop(1000)
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_AUTO)) == 0
    scan(tested, 3, a=33.0)
    assert tested.written("a")[0] == 33.0


def test_a_tag_of_a_structure_is_not_written_by_hand() -> None:
    tested = split(THREE)
    scan(tested, 3)
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("b"), 5.0)) == s.REFUSED_OWNED


def test_disarming_leaves_every_actuator_of_a_split_at_its_safe_value() -> None:
    safe = [branch | {"safe_output": 7 + n} for n, branch in enumerate(THREE)]
    tested = split(safe)
    scan(tested, 6)
    tested.outputs.pop(1000)
    assert answered(tested.ask(s.ARM, value=0)) == 0
    scan(tested, 5)
    rows = tested.outputs.pop(1000)
    assert sorted(rows["value"].tolist()) == [7.0, 8.0, 9.0]
    assert set(rows["reason"]) == {s.OUTPUT_SAFE}
