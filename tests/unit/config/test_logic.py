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


_STATES = (
    "alarms:\n  temp.high: {tag: temp.pv, type: high, limit: 38 degC}\n"
    "interlocks:\n  stop: {when: run, force: {valve.out: 0}}\n"
)


def test_states_are_named_in_full(tmp_path: Path) -> None:
    body = (
        _TAGS
        + _STATES
        + (
            "calculations:\n"
            "  x: {expression: alarm(temp.high) and not interlock(br1/stop) or bypassed(stop)}\n"
            "  y: {expression: phase(growth) or temp.pv > packml(Execute)}\n"
        )
    )
    site = loaded(tmp_path, unit(body)).site
    assert site.calculations["br1/x"].expression == (
        "alarm(br1/temp.high) and not interlock(br1/stop) or bypassed(br1/stop)"
    )
    assert site.calculations["br1/y"].expression == "phase(br1/growth) or br1/temp.pv > packml(Execute)"
    assert site.calculations["br1/x"].kind is TagKind.BOOL


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("run and alarm(temp.hihg)", "column 15: there is no alarm 'temp.hihg'; did you mean 'temp.high'?"),
        ("interlock(br1/stpo)", "column 11: there is no interlock 'br1/stpo'; did you mean 'stop'?"),
        ("bypassed(br9/stop)", "column 10: there is no unit 'br9'; did you mean 'br1'?"),
        ("phase(br9/growth)", "column 7: there is no unit 'br9'; did you mean 'br1'?"),
        ("alarm(1)", "column 1: alarm takes the name of one alarm"),
        ("alarm(temp.high, run)", "column 1: alarm takes the name of one alarm"),
        ("phase(a/b/c)", "column 7: "),
        ("temp.pv > packml(exceute)", "column 18: PackML has no state 'exceute'; did you mean 'execute'?"),
        ("alram(temp.high)", "column 1: no function 'alram'; did you mean 'alarm'?"),
    ],
)
def test_wrong_names_of_states_have_their_column(expression: str, message: str, tmp_path: Path) -> None:
    body = _TAGS + _STATES + f'calculations:\n  x: {{expression: "{expression}"}}\n'
    (only,) = told(tmp_path, unit(body))
    assert f"units.br1.calculations.x.expression: {message}" in only


def test_conditions_with_names_have_places_of_their_own(tmp_path: Path) -> None:
    body = _TAGS + (
        "permissives:\n  ready: {when: {warm: temp.pv > 20 degC, on: rum}, phases: [growth]}\n"
        "interlocks:\n  x:\n    when:\n      hot: temp.pv > 3 bar\n    force: {valve.out: 0}\n"
    )
    first, second = told(tmp_path, unit(body))
    assert "permissives.ready.when.on: column 1: no tag 'rum'; did you mean 'run'?" in first
    assert "plant.yaml:20: units.br1.interlocks.x.when.hot: column 11: cannot compare" in second


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("interlocks:\n  x: {when: [run], force: {valve.out: 0}}", "is no condition; write an expression"),
        ("interlocks:\n  x: {when: {}, force: {valve.out: 0}}", "has 0 conditions; write 1 to 32"),
        ("interlocks:\n  x: {when: {a b: run}, force: {valve.out: 0}}", "'a b' cannot be a name"),
        ("permissives:\n  x: {when: run}", "it guards nothing"),
        ("permissives:\n  x: {when: run, loops: [temp]}", "there is no loop 'temp'"),
        ("permissives:\n  x: {when: run, phases: [a b]}", "'a b' cannot be the name of a phase"),
        ("calculations:\n  x: {expression: temp.pv, period: 250 ms}", "250 ms is not a multiple of the scan"),
        (
            "interlocks:\n  x: {when: run, force: {valve.out: 0}, first_out: x}",
            "'br1/x' is the name of an interlock too",
        ),
        (
            "interlocks:\n  x: {when: run, force: {valve.out: 0}, first_out: g}\n"
            "alarms:\n  a: {tag: temp.pv, type: high, limit: 40, first_out: g}",
            "'br1/g' is a group of alarms too: 'br1/a'",
        ),
        (
            "alarms:\n  a: {tag: temp.pv, type: high, limit: 40, period: 250 ms}",
            "250 ms is not a multiple of the scan period, 100 ms; write 200 ms",
        ),
    ],
)
def test_mistakes_around_conditions(part: str, message: str, tmp_path: Path) -> None:
    (only,) = told(tmp_path, unit(f"{_TAGS}{part}\n"))
    assert message in only


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
