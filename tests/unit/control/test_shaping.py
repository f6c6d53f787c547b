"""What stands before the law: PV filter, gap, set-point ramps, feed-forward, gain schedule, forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.oracle import Pid
from tests.unit.control.shaped_plant import STEP_S, drift, output, running


def test_a_filtered_pv_moves_as_a_first_order_lag() -> None:
    tested = running(pv_filter="2 s", ti="1000000 s")
    before = output(tested)
    seen = []
    for _ in range(40):
        tested.scan(pv=46.0)
        seen.append(before - output(tested))
    expected = [2.0 * (1.0 - (2.0 / 2.1) ** n) for n in range(1, 41)]
    assert seen == pytest.approx(expected, abs=1e-3)


def test_the_filter_begins_at_the_first_pv() -> None:
    tested = running(pv_filter="100 s")
    assert tested.state.loops.y[0] == 45.0


def test_within_the_gap_nothing_acts_and_outside_what_is_beyond_it() -> None:
    tested = running(gap=2.0, ti="20 s", td="1 s")
    tested.scan(400, pv=50.5)
    held = output(tested)
    for pv in (49.0, 51.9, 50.0, 48.1, 51.0):
        tested.scan(3, pv=pv)
        assert output(tested) == pytest.approx(held, abs=0.02)
    tested = running(gap=2.0, ti="0 s", tt="1000000 s")
    inside = output(tested)
    tested.scan(pv=44.0)
    assert output(tested) - inside == pytest.approx(2.0 * 1.0, abs=1e-3)
    tested.scan(pv=50.0)
    assert output(tested) - inside == pytest.approx(-2.0 * 3.0, abs=1e-3)


def test_the_gap_gain_is_the_share_that_acts_within() -> None:
    tested = running(gap=2.0, gap_gain=0.25, ti="0 s", tt="1000000 s")
    tested.scan(pv=49.0)
    one = output(tested)
    tested.scan(pv=50.0)
    assert one - output(tested) == pytest.approx(0.25 * 2.0, abs=1e-3)


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 0.0), (0.3, 1.0)])
def test_a_set_point_that_moves_within_its_gap_does_nothing(weights: tuple[float, float]) -> None:
    tested = running(gap=3.0, ti="20 s", td="2 s", b=weights[0], c=weights[1])
    tested.scan(200, pv=50.0)
    held = output(tested)
    for set_point in (51.0, 48.0, 52.5, 50.0):
        tested.command(s.SET_POINT, value=set_point)
        tested.scan(3, pv=50.0)
        assert output(tested) == pytest.approx(held, abs=1e-6)


def test_a_ramp_waits_for_the_pv() -> None:
    tested = running(sp_rate=10.0, sp_hold=5.0, sp=45)
    tested.command(s.SET_POINT, value=80.0)
    tested.scan(100, pv=45.0)
    loops = tested.state.loops
    assert loops.sp[0] == pytest.approx(50.0, abs=1.1)
    for step in range(300):
        tested.scan(pv=min(45.0 + 0.2 * step, 80.0))
        assert abs(loops.sp[0] - loops.y[0]) <= 5.0 + 1.0 + 1e-9
    assert loops.sp[0] == 80.0
    tested.command(s.SET_POINT, value=20.0)
    tested.scan(20, pv=99.0)
    assert loops.sp[0] == 80.0
    tested.command(s.SET_POINT, value=95.0)
    tested.scan(20, pv=99.0)
    assert loops.sp[0] == 95.0


def test_a_ramp_from_the_pv_begins_there_without_a_bump() -> None:
    tested = running(sp_rate=1.0, sp_ramp_from="pv", td="1 s", c=1.0)
    before = output(tested)
    tested.ask(s.SET_POINT, value=60.0)
    loops = tested.state.loops
    assert loops.sp[0] == pytest.approx(45.1)
    assert abs(output(tested) - before) <= 2.0 * 0.1 * 12.0
    tested.scan(400, pv=45.0)
    assert loops.sp[0] == 60.0


def test_feed_forward_is_a_lead_and_a_lag() -> None:
    forward = {"tag": "u/d", "gain": -0.5, "lead": "6 s", "lag": "2 s"}
    tested = running(feed_forward=forward, ti="1000000 s")
    before = output(tested)
    seen = []
    for _ in range(60):
        tested.scan(pv=45.0, d=14.0)
        seen.append(output(tested) - before)
    lagged = [1.0 - (2.0 / 2.1) ** n for n in range(1, 61)]
    expected = [-0.5 * 4.0 * (x + 3.0 * (1.0 - x)) for x in lagged]
    assert seen == pytest.approx(expected, abs=1e-3)


def test_feed_forward_that_is_lost_stays_and_comes_back_without_a_bump() -> None:
    tested = running(feed_forward={"tag": "u/d", "gain": 1.0}, ti="1000000 s")
    tested.scan(pv=45.0, d=15.0)
    fed = output(tested)
    tested.sample("d", math.nan, s.BAD | s.SENSOR)
    tested.scan(5, pv=45.0)
    assert output(tested) == pytest.approx(fed, abs=1e-3)
    tested.scan(pv=45.0, d=40.0)
    assert output(tested) == pytest.approx(fed, abs=1e-3)
    tested.scan(pv=45.0, d=41.0)
    assert output(tested) == pytest.approx(fed + 1.0, abs=1e-3)


SCHEDULE = {
    "over": "u/d",
    "points": [{"at": 10, "kp": 1.0, "ti": 1.0}, {"at": 20, "kp": 3.0, "ti": 0.5, "td": 2.0}],
}


def test_a_schedule_is_linear_between_its_points_and_does_not_bump() -> None:
    tested = running(schedule=SCHEDULE, td="2 s", b=0.4)
    loops = tested.state.loops
    for at, kp, ti, td in ((5.0, 2.0, 1000.0, 2.0), (15.0, 4.0, 750.0, 3.0), (90.0, 6.0, 500.0, 4.0)):
        before, allowed = output(tested), drift(tested) * 3.0
        tested.scan(pv=45.0, d=at)
        assert abs(output(tested) - before) <= allowed
        tested.scan(pv=45.0)
        assert (loops.kp[0], loops.kp[0] / loops.ki[0], loops.td[0]) == pytest.approx((kp, ti, td))
    tested.sample("d", math.nan, s.BAD | s.SENSOR)
    tested.scan(3, pv=45.0)
    assert loops.kp[0] == pytest.approx(6.0)


def test_a_tuned_gain_is_scaled_by_the_schedule() -> None:
    tested = running(schedule=SCHEDULE)
    tested.scan(pv=45.0, d=20.0)
    assert tested.ask(s.SET_TUNING, value=1.0, parameter=s.TUNE_KP)["limit"] == 2.0
    assert tested.state.loops.kp[0] == pytest.approx(3.0)


def test_incremental_is_positional_that_always_goes_on_from_what_was_applied() -> None:
    """u = u- + Kp [b (r - r-) - (y - y-) + h/Ti e-] + D - D-, limited: the textbook's increments."""
    tested = running(form="incremental", ti="5 s", td="1 s", b=0.7, out_high=60)
    loops = tested.state.loops
    book = Pid(k=2.0, ti=5.0, td=1.0, b=0.7)
    random = np.random.default_rng(3)
    tested.scan(pv=45.0)
    r = e = 0.0
    r, y, u, d = float(loops.sp[0]), float(loops.y[0]), output(tested), float(loops.derivative[0])
    for _ in range(300):
        e = r - y
        now_y = y + float(random.normal())
        tested.scan(pv=now_y)
        fade = book.td / (book.td + book.n * STEP_S)
        now_d = fade * (d + book.k * book.n * (y - now_y))
        v = u + book.k * (y - now_y + STEP_S / book.ti * e) + now_d - d
        u, d, y = min(max(v, 0.0), 60.0), now_d, now_y
        assert output(tested) == pytest.approx(u, abs=1e-9)


def test_integral_only_moves_at_kp_over_ti() -> None:
    tested = running(structure="i", kp=2.0, ti="10 s")
    before = output(tested)
    tested.scan(pv=47.0)
    assert output(tested) - before == pytest.approx(STEP_S * 0.2 * 5.0)
    tested.scan(10, pv=47.0)
    assert output(tested) - before == pytest.approx(STEP_S * 0.2 * (5.0 + 10 * 3.0))


def test_the_output_rises_and_falls_at_its_own_rates() -> None:
    tested = running(out_rate=10.0, out_rate_down=2.0)
    tested.scan(50, pv=45.0)
    before = output(tested)
    tested.scan(pv=0.0)
    assert output(tested) - before == pytest.approx(1.0)
    tested.scan(30, pv=0.0)
    before = output(tested)
    tested.scan(pv=100.0)
    assert output(tested) - before == pytest.approx(-0.2)


def test_after_a_bad_pv_the_loop_goes_on_from_where_the_output_is_wherever_the_pv_is() -> None:
    for loop in ({}, {"td": "5 s"}, {"gap": 1.0, "pv_filter": "3 s"}, {"b": 0.0, "form": "incremental"}):
        tested = running(**loop)
        tested.sample("pv", math.nan, s.BAD | s.SENSOR)
        tested.scan(30)
        before = output(tested)
        tested.scan(2, pv=20.0)
        assert abs(output(tested) - before) <= drift(tested, 2) + 1e-9
        tested.scan(pv=21.0)
        assert output(tested) != before
