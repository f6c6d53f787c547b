"""References: full names in the site, and one problem for one mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import HEAD, loaded, told, unit

_TAGS = """\
tags:
  temp.pv: {device: ua, unit: degC, low: 0, high: 100, address: {identifier: T}}
  valve.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: V}}
  count.out: {device: ua, access: write, address: {identifier: W}}
"""
_SECOND = """\
  br2:
    area: upstream
    cell: suite1
    tags:
      temp.pv: {device: ua, unit: degC, address: {identifier: T2}}
    calculations:
      warmer: {expression: temp.pv > br1/temp.pv}
    alarms:
      other: {tag: br1/temp.pv, type: high, limit: 40 degC}
"""


def test_references_become_full_names(tmp_path: Path) -> None:
    body = _TAGS + (
        "calculations:\n  hot: {expression: temp.pv > 40 degC and not br2/warmer}\n"
        "loops:\n  temp: {pv: temp.pv, output: br1/valve.out, kp: 1, sp: 37 degC}\n"
        "alarms:\n  temp.high: {tag: temp.pv, type: high, limit: 38 degC}\n"
        "interlocks:\n  hot: {when: hot or temp.sp > 50 degC, force: {valve.out: 0 %}}\n"
    )
    head = HEAD.replace("4840'}", "4840', watchdog: br1/count.out}")
    site = loaded(tmp_path, unit(body, head) + _SECOND).site
    assert site.loops["br1/temp"].pv == "br1/temp.pv"
    assert site.loops["br1/temp"].output == "br1/valve.out"
    assert site.alarms["br1/temp.high"].tag == "br1/temp.pv"
    assert site.alarms["br2/other"].tag == "br1/temp.pv"
    assert site.calculations["br1/hot"].expression == "br1/temp.pv > 40 degC and not br2/warmer"
    assert site.calculations["br2/warmer"].expression == "br2/temp.pv > br1/temp.pv"
    assert site.interlocks["br1/hot"].when == {"condition": "br1/hot or br1/temp.sp > 50 degC"}
    assert set(site.interlocks["br1/hot"].force) == {"br1/valve.out"}
    assert site.devices["ua"].watchdog == "br1/count.out"


def test_names_with_hyphens_are_quoted_in_expressions(tmp_path: Path) -> None:
    text = unit("calculations: {x: {expression: \"'TI-1.pv' + 1 K\"}}\n").replace("br1:", "br-1:")
    text += "    tags: {TI-1.pv: {device: ua, unit: K, address: {identifier: T}}}\n"
    site = loaded(tmp_path, text).site
    assert site.calculations["br-1/x"].expression == "'br-1/TI-1.pv' + 1 K"


def test_a_cascade_may_move_the_set_point_of_another_loop(tmp_path: Path) -> None:
    body = _TAGS + (
        "  jacket.pv: {device: ua, unit: degC, low: 0, high: 90, address: {identifier: J}}\n"
        "loops:\n  outer: {pv: temp.pv, output: inner.sp, kp: 1, sp: 37 degC, out_low: 10 degC}\n"
        "  inner: {pv: jacket.pv, output: valve.out, kp: 1, sp: 37 degC}\n"
    )
    site = loaded(tmp_path, unit(body)).site
    assert site.loops["br1/outer"].output == "br1/inner.sp"
    assert site.tags["br1/outer.op"].unit == "degC"
    assert site.tags["br1/inner.op"].unit == "%"


_LOOP = "loops: {{l: {{pv: {}, output: valve.out, kp: 1, sp: 1}}}}"
_ALARM = "alarms: {{a: {{tag: {}, type: high, limit: 0}}}}"
_LOCK = "interlocks: {{i: {{when: temp.pv > 1 degC, force: {{{}: 0}}}}}}"


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (_LOOP.format("tmep.pv"), "loops.l.pv", "there is no tag 'tmep.pv'; did you mean 'temp.pv'?"),
        (_LOOP.format("br2/temp.vp"), "loops.l.pv", "'br2/temp.vp'; did you mean 'br2/temp.pv'?"),
        (_LOOP.format("br3/temp.pv"), "loops.l.pv", "'br3/temp.pv'; did you mean 'br"),
        (_ALARM.format("warmer"), "alarms.a.tag", "'warmer'; did you mean 'br2/warmer'?"),
        (_ALARM.format("qqqqqq"), "alarms.a.tag", "'qqqqqq'; declare it, or correct the name"),
        (_LOCK.format("vlave.out"), "interlocks.i.force.vlave.out", "; did you mean 'valve.out'?"),
        ("calculations: {c: {expression: tepm.pv}}", "calculations.c.expression", "did you mean 'temp.pv'"),
    ],
)
def test_a_reference_to_nothing_suggests_what_is_close(
    body: str, field: str, message: str, tmp_path: Path
) -> None:
    (only,) = told(tmp_path, unit(f"{_TAGS}{body}\n") + _SECOND)
    assert f": units.br1.{field}: " in only
    assert message in only


def test_a_watchdog_needs_its_full_name(tmp_path: Path) -> None:
    head = HEAD.replace("4840'}", "4840', watchdog: count.out}")
    (only,) = told(tmp_path, unit(_TAGS, head))
    assert (
        "devices.ua.watchdog: 'count.out' is not the full name of a tag; did you mean 'br1/count.out'?"
        in only
    )


def test_what_refers_to_something_wrong_is_not_wrong_itself(tmp_path: Path) -> None:
    body = _TAGS.replace("unit: degC,", "unti: degC,", 1) + (
        "calculations:\n  double: {expression: temp.pv * 2}\n  more: {expression: double + 1}\n"
        "loops:\n  temp: {pv: temp.pv, output: valve.out, kp: 1, sp: 37 degC}\n"
        "  outer: {pv: double, output: temp.sp, kp: 1, sp: 1}\n"
        "alarms:\n  a: {tag: double, type: high, limit: 1}\n  b: {tag: temp.op, type: high, limit: 1 bar}\n"
        "interlocks:\n  i: {when: more > 1, force: {valve.out: 0}}\n"
    )
    (only,) = told(tmp_path, unit(body))
    assert "unknown key 'unti'; did you mean 'unit'?" in only


def test_references_of_what_is_wrong_in_itself_are_checked_too(tmp_path: Path) -> None:
    body = _TAGS + (
        "loops: {l: {pv: tmep.pv, output: vlave.out, kp: -1, sp: 1}}\n"
        "alarms: {a: {tag: x.y, type: hi, limit: 0}}\n"
    )
    found = told(tmp_path, unit(body))
    assert len(found) == 5
    assert sum("there is no tag" in text for text in found) == 3


@pytest.mark.parametrize(
    ("loops", "circle"),
    [
        ("  a: {pv: temp.pv, output: a.sp, kp: 1, sp: 1}\n", "br1/a → br1/a"),
        (
            "  a: {pv: temp.pv, output: b.sp, kp: 1, sp: 1}\n  b: {pv: temp.pv, output: c.sp, kp: 1, sp: 1}\n"
            "  c: {pv: temp.pv, output: br1/a.sp, kp: 1, sp: 1}\n",
            "br1/a → br1/b → br1/c → br1/a",
        ),
        (
            "  a: {pv: temp.pv, output: b.sp, kp: 1, sp: 1}\n"
            "  b: {pv: a.op, output: valve.out, kp: 1, sp: 1}\n",
            "br1/a → br1/b → br1/a",
        ),
    ],
    ids=["its own", "three", "by its own output"],
)
def test_a_cascade_in_a_circle(loops: str, circle: str, tmp_path: Path) -> None:
    (only,) = told(tmp_path, unit(_TAGS + "loops:\n" + loops))
    assert "loops.a.output: the cascade goes round in a circle: " in only
    assert circle in only


def test_calculations_in_a_circle(tmp_path: Path) -> None:
    body = _TAGS + (
        "calculations:\n  a: {expression: b + 1}\n  b: {expression: br1/c + 1}\n"
        "  c: {expression: a + temp.pv}\n  d: {expression: a + 1}\n"
    )
    (only,) = told(tmp_path, unit(body))
    assert "calculations.a.expression: calculations need one another in a circle: " in only
    assert "br1/a → br1/b → br1/c → br1/a" in only


def test_one_tag_from_two_sources(tmp_path: Path) -> None:
    body = _TAGS + (
        "  temp.sp: {device: ua, address: {identifier: S}}\n"
        "calculations:\n  valve.out: {expression: temp.pv}\n"
        "loops:\n  temp: {pv: temp.pv, output: valve.out, kp: 1, sp: 37 degC}\n"
    )
    found = told(tmp_path, unit(body))
    assert [text.partition("; ")[0].removeprefix("plant.yaml:") for text in found] == [
        "16: units.br1.calculations.valve.out: the tag 'valve.out' is already written in plant.yaml:12",
        "18: units.br1.loops.temp: brings the tag 'temp.sp', which is already written in plant.yaml:14",
    ]
