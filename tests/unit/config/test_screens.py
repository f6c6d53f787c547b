"""Pages of units in the configuration: a template brings one, and what does not fit is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.screens import BioreactorScreen, FillingLineScreen
from config.tag_names import tag_names
from tests.unit.config.writing import HEAD, loaded, told, unit

_TAGS = """\
tags:
  volume.pv: {device: ua, unit: L, low: 0, high: 300, address: {identifier: V}}
  temp.pv: {device: ua, unit: degC, address: {identifier: T}}
  dp: {device: ua, unit: Pa, address: {identifier: P}}
  phase: {device: ua, kind: text, address: {identifier: X}}
  door: {device: ua, kind: bool, address: {identifier: D}}
  good: {device: ua, unit: vial, address: {identifier: G}}
  time: {device: ua, unit: s, address: {identifier: I}}
  speed: {device: ua, unit: vial/min, address: {identifier: S}}
  state: {device: ua, address: {identifier: Z}}
  weight: {device: ua, unit: g, address: {identifier: W}}
"""
_LINE = (
    "page: filling_line, state: state, mode: state, speed: speed, design_speed: 200 vial/min, "
    "counters: {consumed: good, processed: good, defective: good}"
)
_ROOM = "{grade: B, over: outside, differential: dp}"


def test_a_template_brings_a_page_with_the_tags_of_each_unit(tmp_path: Path) -> None:
    template = "\n".join("    " + line for line in _TAGS.splitlines())
    site = loaded(
        tmp_path,
        HEAD
        + "templates:\n  vessel:\n"
        + template
        + "\n    screen: {page: bioreactor, volume: volume.pv, probes: [temp.pv], state: phase}\n"
        + "units:\n"
        + "".join(f"  {n}: {{area: upstream, cell: one, template: vessel}}\n" for n in ("br1", "br2")),
    ).site
    first, second = site.units["br1"].screen, site.units["br2"].screen
    assert isinstance(first, BioreactorScreen)
    assert isinstance(second, BioreactorScreen)
    assert (first.volume, first.probes, first.state) == ("br1/volume.pv", ["br1/temp.pv"], "br1/phase")
    assert [name for _, name in tag_names(second)] == ["br2/phase", "br2/volume.pv", "br2/temp.pv"]
    assert {name for _, name in tag_names(second)} <= set(site.tags)


def test_a_line_has_its_reasons_and_its_reject_counters(tmp_path: Path) -> None:
    body = f"screen: {{{_LINE}, stop_reasons: {{101: Jam}}, rejects: {{Visual: good}}}}\n"
    screen = loaded(tmp_path, unit(_TAGS + body)).site.units["br1"].screen
    assert isinstance(screen, FillingLineScreen)
    assert (screen.stop_reasons, screen.rejects) == ({101: "Jam"}, {"Visual": "br1/good"})
    assert screen.design_speed.to("vial/s") == pytest.approx(200 / 60)


@pytest.mark.parametrize(
    ("screen", "wanted"),
    [
        ("{page: bioreactr, volume: volume.pv}", ["'bioreactr' is not allowed here"]),
        ("{volume: volume.pv}", ["screen: is missing; add 'page'"]),
        ("{page: bioreactor}", ["screen.volume: is missing"]),
        ("{page: bioreactor, volume: volum.pv}", ["screen.volume: there is no tag", "'volume.pv'"]),
        ("{page: bioreactor, volume: temp.pv}", ["no upper end to draw the level against"]),
        ("{page: bioreactor, volume: phase}", ["'br1/phase' is a text; name a tag that is a number"]),
        ("{page: bioreactor, volume: volume.pv, colour: red}", ["unknown key 'colour'"]),
        (f"{{{_LINE.replace('200 vial/min', '200 L')}}}", ["screen.design_speed", "write it in vial/min"]),
        (f"{{{_LINE.replace('defective: good', 'defective: time')}}}", ["'br1/time' is in s"]),
        (f"{{{_LINE}, planned_reasons: [7], stop_reasons: {{8: x}}}}", ["there is no stop reason 7", "8"]),
        (
            f"{{{_LINE}, weights: {{last: weight, target: weight, tolerance: weight}}}}",
            ["screen.weights.tolerance", "'br1/weight' is in g; name a tag in %"],
        ),
        ("{page: clean_rooms, rooms: {}}", ["screen.rooms"]),
        (
            f"{{page: clean_rooms, rooms: {{a: {_ROOM.replace('outside', 'bb')}, b: {_ROOM}}}}}",
            ["there is no room 'bb'; did you mean 'b'?"],
        ),
        (
            f"{{page: clean_rooms, rooms: {{a: {_ROOM.replace('outside', 'a')}}}}}",
            ["holds its pressure over itself in the end; each room's way outwards must end at outside"],
        ),
        (
            f"{{page: clean_rooms, rooms: {{a: {_ROOM.replace('dp', 'temp.pv')}}}}}",
            ["in degC; name a tag in Pa"],
        ),
        (
            f"{{page: clean_rooms, rooms: {{a: {_ROOM.replace('grade: B', 'grade: E')}}}}}",
            ["'E' is not allowed"],
        ),
        (
            f"{{page: clean_rooms, rooms: {{a: {_ROOM.replace('}', ', door: dp}')}}}}}",
            ["'br1/dp' is a number; name a tag that is a bool"],
        ),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, screen: str, wanted: list[str]) -> None:
    found = told(tmp_path, unit(_TAGS + f"screen: {screen}\n"))
    assert len(found) == 1
    assert all(part in found[0] for part in wanted), found[0]
    assert found[0].startswith("plant.yaml:")
