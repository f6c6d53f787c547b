"""Templates: parameters keep their types, units lay their own keys over them, mistakes are told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.quantities import Quantity
from tests.unit.config.writing import HEAD, loaded, told, warned

_TEMPLATE = """\
templates:
  tank:
    display_name: Tank of ${volume}
    parameters:
      device: {type: device}
      volume: {type: quantity, unit: L, default: 100 L}
      area: {type: text, default: N1}
      gain: {type: number, default: 2}
      stirred: {type: bool, default: true}
    tags:
      level.pv:
        description: 'Level in ${area}, up to ${volume}, stirred ${stirred}'
        device: ${device}
        unit: L
        low: 0
        high: ${volume}
        access: read_write
        address: {namespace: 'urn:${area}', identifier: Level}
    loops:
      level: {pv: level.pv, output: pump.out, kp: '${gain}', sp: 10 L, safe_output: 0}
    tag_lists: [tank.csv]
"""
_LIST = """\
name,description,device,unit,low,high,address.identifier,access
pump.out,Pump of ${area},${device},%,0,100,Pump,read_write
"""


def _plant(units: str, template: str = _TEMPLATE) -> str:
    return HEAD + template + "units:\n" + units


_UNIT = "  t1: {area: a, cell: c, template: tank, parameters: {device: ua, volume: 0.2 m^3, area: S}}\n"


def test_parameters_are_filled_in(tmp_path: Path) -> None:
    site = loaded(tmp_path, _plant(_UNIT), {"tank.csv": _LIST}).site
    unit = site.units["t1"]
    level = unit.tags["level.pv"]
    assert unit.display_name == "Tank of 0.2 m^3"
    assert level.device == "ua"
    assert level.high == Quantity(0.2, "m^3")
    assert level.description == "Level in S, up to 0.2 m^3, stirred true"
    assert level.address.namespace == "urn:S"
    assert unit.tags["pump.out"].description == "Pump of S"
    assert unit.loops["level"].kp == 2.0
    assert unit.template == "tank"


def test_units_of_one_template_do_not_share_what_they_change(tmp_path: Path) -> None:
    units = _UNIT + "  t2: {area: a, cell: c, template: tank, parameters: {device: ua, gain: 5}}\n"
    site = loaded(tmp_path, _plant(units), {"tank.csv": _LIST}).site
    assert [site.units[u].tags["level.pv"].high for u in ("t1", "t2")] == [
        Quantity(0.2, "m^3"),
        Quantity(100, "L"),
    ]
    assert [site.units[u].loops["level"].kp for u in ("t1", "t2")] == [2.0, 5.0]


def test_a_unit_adds_and_overrides_at_every_depth(tmp_path: Path) -> None:
    unit = """\
  t1:
    area: a
    cell: c
    display_name: My own
    template: tank
    parameters: {device: ua}
    tags:
      level.pv: {report: {deadband: 1 L}, high: 50 L}
      pump.out: {high: 80}
      own.pv: {device: ua, address: {identifier: Own}}
    loops:
      level: {kp: 9}
    alarms:
      level.high: {tag: level.pv, type: high, limit: 45 L}
"""
    made = loaded(tmp_path, _plant(unit), {"tank.csv": _LIST}).site.units["t1"]
    level = made.tags["level.pv"]
    assert made.display_name == "My own"
    assert (level.high, level.low, level.report.deadband) == (
        Quantity(50, "L"),
        Quantity(0),
        Quantity(1, "L"),
    )
    assert level.address.identifier == "Level"
    assert made.tags["pump.out"].high == Quantity(80)
    assert set(made.tags) == {"level.pv", "pump.out", "own.pv"}
    assert made.loops["level"].kp == 9.0
    assert made.loops["level"].sp == Quantity(10, "L")
    assert made.alarms["level.high"].tag == "t1/level.pv"


def test_tag_lists_of_template_and_unit_add_up(tmp_path: Path) -> None:
    unit = _UNIT.replace("parameters", "tag_lists: [more.csv], parameters")
    files = {
        "tank.csv": _LIST,
        "more.csv": "name,device,address.identifier,high\nmore.pv,ua,More,\npump.out,ua,Own,50\n",
    }
    made = loaded(tmp_path, _plant(unit), files).site.units["t1"]
    assert set(made.tags) == {"level.pv", "pump.out", "more.pv"}
    assert made.tags["pump.out"].address.identifier == "Own"
    assert made.tags["pump.out"].high == Quantity(50)
    assert made.tags["pump.out"].unit == "%"


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ("volume: 1 L", "device", "the template needs this parameter; give a device"),
        ("device: pcl", "device", "there is no device 'pcl'; did you mean 'plc'?"),
        ("device: 5", "device", "5 is not the name of a device; write one of plc, ua"),
        (
            "device: ua, volume: 5 degC",
            "volume",
            "'degC' cannot be converted to 'L': they measure different things",
        ),
        ("device: ua, volume: lots", "volume", "'lots' is not a quantity; write a number with a unit"),
        ("device: ua, volume: true", "volume", "true is not a quantity"),
        ("device: ua, area: 5", "area", "5 is not a text; put it in quotes"),
        ("device: ua, gain: '5'", "gain", "'5' is not a number; write a number without a unit"),
        ("device: ua, gain: true", "gain", "true is not a number"),
        ("device: ua, stirred: 1", "stirred", "1 is neither true nor false"),
        ("device: ua, gian: 1", "gian", "the template has no such parameter; did you mean 'gain'?"),
    ],
)
def test_wrong_parameters(given: str, field: str, message: str, tmp_path: Path) -> None:
    unit = f"  t1: {{area: a, cell: c, template: tank, parameters: {{{given}}}}}\n"
    (only,) = told(tmp_path, _plant(unit), {"tank.csv": _LIST})
    assert f"units.t1.parameters.{field}: {message}" in only


def test_nothing_more_is_told_of_a_unit_whose_template_cannot_be_used(tmp_path: Path) -> None:
    units = (
        "  t1: {area: a, cell: c, template: tnak, alarms: {x: {tag: level.pv, type: high, limit: 1}}}\n"
        "  t2: {area: a, cell: c, tags: {a.pv: {device: ua, address: {identifier: A}}},\n"
        "    calculations: {x: {expression: t1/level.pv + 1}}}\n"
    )
    (only,) = told(tmp_path, _plant(units), {"tank.csv": _LIST})
    assert "there is no template 'tnak'; did you mean 'tank'?" in only


def test_a_mistake_in_a_template_is_one_problem_that_names_the_units(tmp_path: Path) -> None:
    units = "".join(_UNIT.replace("t1", f"t{n}") for n in range(1, 7))
    (only,) = told(tmp_path, _plant(units, _TEMPLATE.replace("kp:", "kb:")), {"tank.csv": _LIST})[:1]
    assert only.startswith("plant.yaml:25: units.t1.loops.level.")
    assert "(likewise in t2, t3, t4 and 2 more)" in only


def test_mistakes_in_the_template_itself(tmp_path: Path) -> None:
    template = """\
templates:
  tank:
    parameters: {Size: {type: text}, size: {type: colour}, a: {type: number, default: x}}
    tags: {a.pv: {device: '${devise}'}}
  column: 5
"""
    found = told(tmp_path, _plant("  t1: {area: a, cell: c, template: tank}\n", template))
    assert [text.partition("; ")[0].removeprefix("plant.yaml:") for text in found] == [
        "8: templates.tank.parameters.Size: 'Size' cannot be the name of a parameter",
        "8: templates.tank.parameters.size.type: 'colour' is not allowed here",
        "8: templates.tank.parameters.a.default: 'x' is not a number",
        "9: templates.tank.tags.a.pv.device: the template declares no parameter 'devise'",
        "10: templates.column: 5 is not a template",
    ]


def test_parameters_outside_a_template(tmp_path: Path) -> None:
    units = "  t1: {area: '${area}', cell: c, parameters: {x: 1}, tag_lists: [tank.csv]}\n"
    found = told(tmp_path, _plant(units), {"tank.csv": _LIST})
    assert any("units.t1.area: ${area} outside a template" in text for text in found)
    assert any("units.t1.parameters: parameters without a template" in text for text in found)
    assert any(
        "tank.csv:2: tag_lists.pump.out.device: ${device} outside a template" in text for text in found
    )


def test_an_unused_template_is_a_warning(tmp_path: Path) -> None:
    units = "  u: {area: a, cell: c, tags: {a.pv: {device: ua, address: {identifier: A}}}}\n"
    assert "templates.tank: no unit is made from this template" in warned(tmp_path, _plant(units))
