"""The reference page says what the tables say, and its examples are expressions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from config.expressions import Operand, check, parse
from config.expressions.catalogue import FUNCTIONS
from config.expressions.library import SOFT_SENSORS, SOURCES
from config.expressions.reference import page
from config.tags import TagKind

_PAGE = Path(__file__).parents[4] / "docs" / "reference" / "expressions.md"
_NAMES = {
    "degC": "temp.pv temp.sp t1.pv t2.pv temp_a.pv temp_b.pv",
    "%": "level.pv level_a.pv level_b.pv level_c.pv offgas.o2 offgas.co2 do.pv",
    "L/min": "flow.pv",
    "L/h": "feed.flow",
    "mL/min": "feed.calculated",
    "NL/min": "gas.flow",
    "kg": "scale.gross weight.pv",
    "pH": "ph.pv",
    "L": "volume",
    "": "rotation.count",
}
_SWITCHES = "pump.running dose.start ack.pv feed.start reject.signal batch.start"
_TAGS = {
    **{name: Operand(unit=unit, fail_value=20.0) for unit, names in _NAMES.items() for name in names.split()},
    **dict.fromkeys(_SWITCHES.split(), Operand(TagKind.BOOL)),
}
_MILLIMETRES = _TAGS | {"level.pv": Operand(unit="mm")}


def test_page_is_in_step() -> None:
    assert _PAGE.read_text(encoding="utf-8") == page(), "run: python -m config.expressions.reference"


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.example])
def test_example_of_a_function(name: str) -> None:
    example = FUNCTIONS[name].example
    assert name in example
    assert check(parse(example), _MILLIMETRES if " mm" in example else _TAGS).kind in set(TagKind)


def test_examples_of_the_introduction() -> None:
    block = re.search(r"```yaml\n(.*?)```", page(), re.DOTALL)
    assert block is not None
    example = yaml.safe_load(block.group(1))
    for calculation in example["calculations"].values():
        assert check(parse(calculation["expression"]), _TAGS, unit=calculation["unit"]).kind is TagKind.NUMBER
    for interlock in example["interlocks"].values():
        assert check(parse(interlock["when"]), _TAGS).kind is TagKind.BOOL


def test_every_source_is_listed() -> None:
    named = {name for name in SOURCES for sensor in SOFT_SENSORS.values() if name in sensor.source}
    assert named == set(SOURCES)
