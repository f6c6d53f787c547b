"""Expressions in a configuration: kinds, units, order, and mistakes with their column."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.tags import TagKind
from tests.unit.config.writing import loaded, told, unit

_TAGS = """\
tags:
  temp.pv: {device: ua, unit: degC, address: {identifier: T}}
  run: {device: ua, kind: bool, address: {identifier: R}}
  note: {device: ua, kind: text, address: {identifier: N}}
  valve.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: V}}
"""


def test_a_calculation_takes_the_kind_of_its_value(tmp_path: Path) -> None:
    body = _TAGS + (
        "calculations:\n  later: {expression: hot and run}\n  hot: {expression: temp.pv > 38 degC}\n"
        "  kelvin: {expression: temp.pv, unit: K}\n"
    )
    site = loaded(tmp_path, unit(body)).site
    assert {name: c.kind for name, c in site.calculations.items()} == {
        "br1/later": TagKind.BOOL,
        "br1/hot": TagKind.BOOL,
        "br1/kelvin": TagKind.NUMBER,
    }
    assert site.tags["br1/hot"].kind is TagKind.BOOL
    assert site.tags["br1/kelvin"].unit == "K"
    assert list(site.calculations) == ["br1/later", "br1/hot", "br1/kelvin"]


@pytest.mark.parametrize(
    ("calculation", "message"),
    [
        ("expression: temp.pv +", "column 10: a value is missing at the end"),
        ("expression: temp.pv > 3 bar", "column 11: cannot compare"),
        ("expression: temp.pv, unit: bar", "column 1: the result is in"),
        ("expression: temp.pv, kind: bool", "column 1: this must be a condition and is a number"),
        ("expression: run, kind: number", "column 1: this must be a number and is a condition"),
        ("expression: note", "column 1: 'note' is a text"),
        ("expression: foo(temp.pv)", "column 1: "),
        ('expression: "temp.pv > 1 degC and\\n  tmp.pv > 1 degC"', "line 2, column 3: no tag 'tmp.pv'"),
    ],
)
def test_mistakes_have_their_column(calculation: str, message: str, tmp_path: Path) -> None:
    body = _TAGS + f"calculations:\n  x: {{{calculation}}}\n"
    (only,) = told(tmp_path, unit(body))
    assert f"plant.yaml:16: units.br1.calculations.x.expression: {message}" in only


def test_every_mistake_of_an_expression_is_told(tmp_path: Path) -> None:
    body = _TAGS + "calculations:\n  x: {expression: a.pv + b.pv}\n"
    assert len(told(tmp_path, unit(body))) == 2


def test_an_interlock_needs_a_condition(tmp_path: Path) -> None:
    body = _TAGS + "interlocks:\n  x: {when: temp.pv, force: {valve.out: 0}}\n"
    (only,) = told(tmp_path, unit(body))
    assert "interlocks.x.when: column 1: this must be a condition and is a number" in only


def test_a_wrong_fail_value_is_told_once(tmp_path: Path) -> None:
    body = (
        _TAGS.replace("unit: degC,", "unit: degC, fail_value: 3 bar,")
        + "calculations: {x: {expression: temp.pv}}\n"
    )
    (only,) = told(tmp_path, unit(body))
    assert "tags.temp.pv.fail_value: 'bar' cannot be converted to 'degC'" in only
