"""Mistakes in the law of a loop and in set-point profiles are told at their place, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import HEAD, UNIT, loaded, told

BODY = """\
    tags:
      pv: {device: ua, unit: degC, low: 0 degC, high: 100 degC, address: {identifier: P}}
      out: {device: ua, unit: "%", low: 0 %, high: 100 %, access: read_write, address: {identifier: O}}
      flow: {device: ua, unit: L/min, address: {identifier: F}}
      text: {device: ua, kind: text, address: {identifier: T}}
    loops:
      l: {pv: pv, output: out, kp: 2, sp: 37 degC, LOOP}
    profiles:
      p: {loop: l, segments: [SEGMENT], MORE}
"""


def text(loop: str = "ti: 5 s", segment: str = "{hold: 1 h}", more: str = "description: d") -> str:
    body = BODY.replace("LOOP", loop).replace("SEGMENT", segment).replace("MORE", more)
    return HEAD + UNIT + body


@pytest.mark.parametrize(
    "loop",
    [
        "ti: 5 s, form: incremental",
        "ti: 5 s, structure: i",
        "gap: 0.5 K, gap_gain: 0.2, pv_filter: 2 s",
        "sp_rate: 1 degC/min, sp_hold: 2 K, sp_ramp_from: pv",
        "out_rate: 5 %/s, out_rate_down: 1 %/s",
        "feed_forward: {tag: flow, gain: -2, lead: 5 s, lag: 1 s}",
        "schedule: {over: l.sp, points: [{at: 20 degC}, {at: 310 K, kp: 2}]}",
    ],
)
def test_what_is_right(loop: str, tmp_path: Path) -> None:
    assert list(loaded(tmp_path, text(loop)).site.loops) == ["br1/l"]


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("form: incremental", "loops.l.form: the incremental form without integral action drifts; give ti"),
        ("structure: i", "loops.l.structure: a loop with the integral part alone needs ti and no td"),
        ("ti: 5 s, gap: -1 K", "loops.l.gap: -1 K is negative"),
        ("ti: 5 s, gap: 1 L", "loops.l.gap: 'L' cannot be converted to 'degC'"),
        ("ti: 5 s, sp_hold: 1 K", "loops.l.sp_hold: there is no ramp that could wait; give sp_rate"),
        ("ti: 5 s, out_rate_down: 0 %/s", "loops.l.out_rate_down: a rate must be more than 0"),
        ("feed_forward: {tag: flow, gain: 1, lead: 1 s}", "loops.l.feed_forward.lead: a lead without a lag"),
        ("feed_forward: {tag: flew, gain: 1}", "loops.l.feed_forward.tag: there is no tag 'flew'"),
        ("feed_forward: {tag: text, gain: 1}", "loops.l.feed_forward.tag: 'br1/text' is a text"),
        (
            "schedule: {over: pv, points: [{at: 30}, {at: 20}]}",
            "points.1.at: 20 is not above the point before",
        ),
        ("schedule: {over: pv, points: [{at: 30}]}", "loops.l.schedule.points: "),
        ("schedule: {over: vp, points: [{at: 3}, {at: 4}]}", "loops.l.schedule.over: there is no tag 'vp'"),
    ],
)
def test_mistakes_in_the_law(loop: str, message: str, tmp_path: Path) -> None:
    problems = told(tmp_path, text(loop))
    assert any(message in problem for problem in problems), problems


@pytest.mark.parametrize(
    "segment",
    [
        "{ramp_to: 40 degC, rate: 1 degC/min, within: 0.5 K}, {hold: 2 h, until: pv > 39 degC}",
        "{ramp_to: 310 K, over: 1 h}, {until: pv > 39 degC, timeout: 1 h, on_timeout: abort}",
    ],
)
def test_profiles_that_are_right(segment: str, tmp_path: Path) -> None:
    site = loaded(tmp_path, text(segment=segment, more="phases: [growth]")).site
    assert site.profiles["br1/p"].loop == "br1/l"
    untils = [s.until for s in site.profiles["br1/p"].segments if s.until]
    assert all("br1/pv" in until for until in untils)


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ("{name: a}", "does nothing; write ramp_to, hold or until"),
        ("{hold: 1 h, rate: 1 K/h}", "has a rate and no ramp; write ramp_to"),
        ("{ramp_to: 1 degC, rate: 1 K/h, over: 1 h}", "has a rate and a time; write rate or over"),
        (
            "{ramp_to: 200 degC}",
            "ramp_to: 200 degC is outside the set-point limits of 'br1/l', 0 degC to 100",
        ),
        ("{ramp_to: 20 degC, rate: 0 K/h}", "rate: a rate must be more than 0"),
        ("{hold: 1 h, within: 0 K}", "within: 0 K is not more than 0"),
        ("{hold: 1 h, until: pv >}", "profiles.p.segments.0.until: column"),
        ("{hold: 1 h, until: pv}", "profiles.p.segments.0.until: "),
        ("{hold: 5}", "5 has no unit of time"),
    ],
)
def test_mistakes_in_profiles(segment: str, message: str, tmp_path: Path) -> None:
    problems = told(tmp_path, text(segment=segment))
    assert any(message in problem for problem in problems), problems


def test_a_profile_of_no_loop_and_two_of_one_phase(tmp_path: Path) -> None:
    (only,) = told(tmp_path, text().replace("loop: l", "loop: k"))
    assert "profiles.p.loop: there is no loop 'k'" in only
    second = "      q: {loop: l, segments: [{hold: 1 h}], phases: [growth]}\n"
    (only,) = told(tmp_path, text(more="phases: [growth]") + second)
    assert "profiles.q.phases: phase 'growth' already runs 'br1/p' on 'br1/l'" in only
