"""Cascades, selectors, splits and remote set-points in the configuration: what they bring, what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import loaded, told, unit

_TAGS = """\
tags:
  temp.pv: {device: ua, unit: degC, low: 0, high: 100, address: {identifier: T}}
  jacket.pv: {device: ua, unit: degC, low: 0, high: 150, address: {identifier: J}}
  flow.pv: {device: ua, unit: L/min, low: 0, high: 10, address: {identifier: F}}
  door: {device: ua, kind: bool, address: {identifier: D}}
  steam.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: S}}
  water.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: W}}
  lamp.out: {device: ua, kind: bool, access: read_write, address: {identifier: L}}
"""
_LOOP = "{pv: temp.pv, kp: 1, sp: 37 degC, "
_BRANCHES = """\
splits:
  heat:
    branches:
      - {output: water.out, start: 45 %, stop: 0 %}
      - {output: steam.out, start: 55 %, stop: 100 %}
"""


def test_structures_bring_tags_in_the_units_of_what_they_move(tmp_path: Path) -> None:
    body = _TAGS + _BRANCHES + (
        "selectors: {least: {output: heat.op, select: low}}\n"
        f"loops:\n  a: {_LOOP}output: inner.sp}}\n"
        "  inner: {pv: jacket.pv, output: least.op, kp: 1, sp: 40 degC, mode: cascade, sp_high: 90 degC}\n"
        f"  b: {_LOOP}output: least.op, remote: {{tag: flow.pv, ratio: 2}}}}\n"
    )  # fmt: skip
    site = loaded(tmp_path, unit(body)).site
    tags = site.tags
    assert list(tags)[7:] == [
        "br1/a.sp", "br1/a.op", "br1/a.mode", "br1/inner.sp", "br1/inner.op", "br1/inner.mode",
        "br1/b.sp", "br1/b.op", "br1/b.mode", "br1/b.ratio",
        "br1/least.op", "br1/least.selected", "br1/heat.op",
    ]  # fmt: skip
    assert (tags["br1/a.op"].unit, tags["br1/inner.op"].unit, tags["br1/heat.op"].unit) == ("degC", "%", "%")
    assert site.owners["br1/steam.out"] == "split 'br1/heat'"
    assert site.owners["br1/inner.sp"] == "loop 'br1/a'"
    assert site.speed_of_tag("br1/least.op") == 1.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            f"loops:\n  a: {_LOOP}output: nowhere.sp}}\n",
            "loops.a.output: there is no tag 'nowhere.sp'",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, remote: {{tag: wild}}}}\n",
            "loops.a.remote.tag: there is no tag 'wild'",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, remote: {{tag: flow.pv}}}}\n",
            "loops.a.remote.tag: 'L/min' cannot be converted to 'degC': they measure different things",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, mode: remote}}\n",
            "loops.a.mode: no tag gives its set-point; add remote: { tag: … }",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, mode: cascade}}\n",
            "loops.a.mode: no loop gives its set-point",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, readback: flow.pv}}\n",
            "loops.a.readback: 'br1/flow.pv' is in L/min, the output in %",
        ),
        (
            f"loops:\n  a: {_LOOP}output: steam.out, readback: door}}\n",
            "loops.a.readback: 'br1/door' is a bool; name a number",
        ),
        (
            f"loops:\n  a: {_LOOP}output: b.op}}\n  b: {_LOOP}output: steam.out}}\n",
            "loops.a.output: 'br1/b.op' is a tag of a loop, not written to a device",
        ),
        (
            f"loops:\n  a: {_LOOP}output: c.sp}}\n  b: {_LOOP}output: c.sp}}\n"
            f"  c: {_LOOP}output: steam.out}}\n",
            "loops.b.output: 'br1/c.sp' is already moved by the loop 'br1/a' (plant.yaml:",
        ),
        (
            f"{_BRANCHES}loops:\n  a: {_LOOP}output: heat.op}}\n  b: {_LOOP}output: steam.out}}\n",
            "splits.heat.branches.1.output: 'br1/steam.out' is already moved by the loop 'br1/b'",
        ),
        (
            _BRANCHES.replace("steam.out", "lamp.out") + f"loops:\n  a: {_LOOP}output: heat.op}}\n",
            "splits.heat.branches.1.output: 'br1/lamp.out' is a bool; a loop moves a number",
        ),
        (_BRANCHES, "splits.heat: nothing leads into it; give a loop the output heat.op"),
        (
            "selectors: {least: {output: steam.out, select: low}}\n"
            f"loops: {{a: {_LOOP}output: least.op}}}}\n",
            "selectors.least: 1 input(s) lead into it: there is nothing to select",
        ),
        (
            "selectors: {least: {output: steam.out, select: median}}\n"
            f"loops: {{a: {_LOOP}output: least.op}}, b: {_LOOP}output: least.op}}}}\n",
            "selectors.least.select: of 2 inputs there is no middle one",
        ),
        (
            "selectors: {least: {output: steam.out, select: lowest}}\n",
            "selectors.least.select: 'lowest' is not allowed here",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(body: str, message: str, tmp_path: Path) -> None:
    found = told(tmp_path, unit(_TAGS + body))
    assert any(f"units.br1.{message}" in text for text in found), found


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        ("start: 0 %, stop: 120 %", ".stop: 120 % is outside the range of the split, 0 % to 100 %"),
        ("start: 0 %, gain: 0.5", ".gain: 200 % is outside the range of the split, 0 % to 100 %"),
        ("start: 10 %, stop: 10 %", ".stop: the actuator would jump; give it a part of the range"),
        ("start: 0 %", ": it needs a stop or a gain, not both"),
        ("start: 0 %, stop: 9 %, gain: 3", ": it needs a stop or a gain, not both"),
        ("start: 0 %, stop: 50 %, at_stop: 101 %", ".at_stop: 101 % is outside the output's range"),
        ("start: 0 %, stop: 50 %, at_stop: 0 %", ".at_stop: the actuator would not move"),
        ("start: 0 degC, stop: 50 %", ".start: 'degC' cannot be converted to '%'"),
    ],
)
def test_a_branch_that_is_wrong(branch: str, message: str, tmp_path: Path) -> None:
    body = (
        f"{_TAGS}splits: {{heat: {{branches: [{{output: steam.out, {branch}}}]}}}}\n"
        f"loops: {{a: {_LOOP}output: heat.op}}}}\n"
    )
    found = told(tmp_path, unit(body))
    assert any(f"units.br1.splits.heat.branches.0{message}" in text for text in found), found


def test_a_circle_through_a_selector_and_a_split_is_named(tmp_path: Path) -> None:
    body = _TAGS + (
        "selectors: {least: {output: spread.op, select: low}}\n"
        "splits: {spread: {branches: [{output: a.sp, start: 0 %, stop: 100 %}]}}\n"
        f"loops: {{a: {_LOOP}output: b.sp}}, b: {_LOOP}output: least.op}}, c: {_LOOP}output: least.op}}}}\n"
    )
    (only,) = [text for text in told(tmp_path, unit(body)) if "circle" in text]
    assert "goes round in a circle: br1/a → br1/b → br1/least → br1/spread → br1/a" in only
