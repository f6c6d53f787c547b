"""States that expressions ask for: of alarms, interlocks, bypasses and phases."""

from __future__ import annotations

from typing import Any

import pytest

from control import logic_signal as logic
from control import signal as s
from control.logic_tables import phase_code
from control.tables import build
from control.tag_tables import TablesError
from tests.unit.control.plant import Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"stale_after": "1 h"},
    "trip": {"kind": "bool", "stale_after": "1 h"},
    "out": {"access": "write", "low": 0, "high": 100},
}


def plant(**calculations: str) -> Plant:
    tested = Plant(
        site(
            TAGS,
            calculations={name: {"expression": text} for name, text in calculations.items()},
            alarms={"high": {"tag": "u/pv", "type": "high", "limit": 10, "on_delay": "300 ms"}},
            interlocks={
                "stop": {"when": "u/trip", "force": {"u/out": 1}, "latched": True, "max_bypass": "1 min"},
                "by_alarm": {"when": "alarm(u/high)", "force": {"u/out": 2}},
            },
        )
    )
    tested.scan(2, pv=1.0, trip=0.0)
    return tested


def test_an_alarm_is_seen_in_the_scan_after_it() -> None:
    tested = plant(seen="alarm(u/high)", twice="(if alarm(u/high) then 1 else 0) + plain(alarm(u/high))")
    tested.scan(4, pv=11.0)
    assert tested.state.alarms.hot[0] == 1
    assert tested.value("seen") == 0.0
    tested.scan()
    assert (tested.value("seen"), tested.quality("seen"), tested.value("twice")) == (1.0, s.GOOD, 2.0)
    assert tested.written("out")[-1] == 2.0
    tested.scan(2, pv=1.0)
    assert tested.value("seen") == 0.0


def test_an_interlock_and_its_bypass_are_seen() -> None:
    tested = plant(acts="interlock(u/stop)", bypass="ton(bypassed(u/stop), 200 ms)")
    tested.scan(trip=1.0)
    tested.scan(trip=0.0)
    assert tested.value("acts") == 1.0
    assert answered(tested.ask(logic.BYPASS, 0, value=1.0)) == 0
    tested.scan(3)
    assert (tested.value("acts"), tested.value("bypass")) == (1.0, 1.0)
    tested.scan(10)
    assert tested.value("bypass") == 0.0
    tested.ask(s.RESET, 0, parameter=1)
    tested.scan()
    assert tested.value("acts") == 0.0


def test_the_phase_of_a_unit_is_seen() -> None:
    tested = plant(grows="phase(u/growth)", harvests="phase(u/harvest)")
    assert (tested.value("grows"), tested.value("harvests")) == (0.0, 0.0)
    tested.ask(logic.ENTER_PHASE, 0, value=float(phase_code("growth")))
    tested.scan()
    assert (tested.value("grows"), tested.value("harvests")) == (1.0, 0.0)
    tested.ask(logic.ENTER_PHASE, 0, value=float(phase_code("harvest")))
    tested.scan()
    assert (tested.value("grows"), tested.value("harvests")) == (0.0, 1.0)


def test_packml_states_are_numbers() -> None:
    tested = plant(runs="u/pv == packml(Execute)", held="u/pv == packml(held)")
    tested.scan(pv=6.0)
    assert (tested.value("runs"), tested.value("held")) == (1.0, 0.0)
    tested.scan(pv=11.0)
    assert (tested.value("runs"), tested.value("held")) == (0.0, 1.0)


def test_what_there_is_not_has_no_state() -> None:
    with pytest.raises(TablesError, match="there is no 'u/gone'"):
        build(site(TAGS, calculations={"x": {"expression": "alarm(u/gone)"}}))


def test_a_calculation_of_a_slower_period_is_evaluated_in_its_scans() -> None:
    calculations = {
        "slow": {"expression": "u/pv * 2", "period": "300 ms"},
        "fast": {"expression": "u/slow + u/pv"},
        "total": {"expression": "on_time(u/trip)", "period": "500 ms"},
    }
    tested = Plant(site(TAGS, calculations=calculations))
    seen, totals = [], []
    for n in range(1, 13):
        tested.scan(pv=float(n), trip=1.0)
        seen.append((tested.value("slow"), tested.value("fast")))
        totals.append(tested.value("total"))
    assert [slow for slow, _ in seen] == [2, 2, 6, 6, 6, 12, 12, 12, 18, 18, 18, 24]
    assert all(fast == slow + n for n, (slow, fast) in enumerate(seen, 1))
    assert totals == pytest.approx([0.0] * 4 + [0.4] * 5 + [0.9] * 3)
