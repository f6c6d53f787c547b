"""What a configuration may say of alarms, and what it is told where it says something wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.config.writing import HEAD, loaded, told, unit, warned

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "manage-alarms.md"
TAGS = """\
tags:
  temp.pv: {unit: degC, device: plc, address: {table: input, address: 0}}
  temp.set: {unit: degC, device: plc, address: {table: input, address: 1}}
  flow.pv: {unit: L/min, device: plc, address: {table: input, address: 2}}
  door: {kind: bool, device: plc, address: {table: discrete, address: 0}}
  packml.state: {device: plc, address: {table: input, address: 3}}
"""
RECORD = "cause: c, consequence: c, action: a, time_to_respond: 5 min"


def alarm(fields: str, extra: str = "") -> str:
    return unit(f"{TAGS}alarms:\n  a: {{{fields}}}\n", HEAD + extra)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("type: high, limit: 3 degC", "alarms.a.tag: is missing: an alarm of type high needs it; add tag: …"),
        ("tag: temp.pv, type: high", "alarms.a.limit: is missing: an alarm of type high needs it"),
        ("tag: temp.pv, type: deviation, limit: 1 K", "alarms.a.reference: is missing"),
        (
            "tag: temp.pv, type: deviation, reference: flow.pv, limit: 1 K",
            "alarms.a.reference: column 6: cannot subtract",
        ),
        (
            "tag: temp.pv, type: high, limit: 1, over: 5 s",
            "alarms.a.over: means nothing for an alarm of type",
        ),
        ("tag: temp.pv, type: deviation, reference: temp.set, limit: 0 K", "limit: 0 K is not above 0"),
        ("tag: temp.pv, type: rate_of_change, limit: 1 L/min", "alarms.a.limit: 'L/min' cannot be converted"),
        ("tag: temp.pv, type: discrete", "alarms.a.tag: 'br1/temp.pv' is a number; discrete needs a bool"),
        ("tag: door, type: off_normal, normal: [1]", "'br1/door' is a bool; off_normal needs a number"),
        ("tag: temp.pv, type: off_normal", "alarms.a.normal: is missing"),
        ("tag: temp.pv, type: discrepancy, command: temp.set", "limit: is missing: numbers differ always"),
        (
            "tag: temp.pv, type: discrepancy, command: temp.st, limit: 1",
            "no tag 'temp.st'; did you mean 'temp.set'",
        ),
        (
            "tag: temp.pv, type: high, limit: 40, campaigns: {c1: {limit: 38, approval: {author: x}}}",
            "alarms.a.campaigns.c1.approval.approver: is missing: a limit of a campaign must be approved",
        ),
        (
            "tag: temp.pv, type: high, limit: 40, campaigns: {c1: {limit: 3 L, approval: {approver: x}}}",
            "alarms.a.campaigns.c1.limit: 'L' cannot be converted",
        ),
        ("type: communication", "alarms.a.device: is missing"),
        ("type: communication, device: plx", "there is no device 'plx'; did you mean 'plc'"),
        ("tag: door, type: discrete, alarm_class: gmp", "alarms.a.alarm_class: there is no class 'gmp'"),
        ("tag: door, type: discrete, suppress: {when: temp.pv}", "alarms.a.suppress.when: column 1"),
        ("tag: door, type: discrete, suppress: {when: door and}", "alarms.a.suppress.when: column"),
        (
            "tag: door, type: discrete, suppress: {packml: {tag: packml.state, states: [stoped]}}",
            "'stoped' is no state of PackML; did you mean 'stopped'",
        ),
        (
            "tag: door, type: discrete, suppress: {packml: {tag: door, states: [stopped]}}",
            "alarms.a.suppress.packml.tag",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, fields: str, why: str) -> None:
    found = told(tmp_path, alarm(f"{fields}, {RECORD}"))
    assert len(found) == 1, found
    assert why in found[0]


def test_every_type_is_right(tmp_path: Path) -> None:
    right = {
        "deviation": "tag: temp.pv, reference: temp.set, limit: 0.5 K, direction: above",
        "rate_of_change": "tag: temp.pv, limit: 0.5 K/min, over: 2 min",
        "discrete": "tag: door, alarm_on: false",
        "off_normal": "tag: packml.state, normal: [4, 6]",
        "discrepancy": "tag: temp.pv, command: temp.set, limit: 2 degC",
        "communication": "device: plc",
        "instrument": "tag: temp.pv",
    }
    lines = [f"  {name}: {{type: {name}, {fields}, {RECORD}}}\n" for name, fields in right.items()]
    found = loaded(tmp_path, unit(f"{TAGS}alarms:\n{''.join(lines)}"))
    assert set(found.site.alarms) == {f"br1/{name}" for name in right}
    assert found.site.alarms["br1/deviation"].reference == "br1/temp.set"


def test_a_record_is_asked_for_and_the_matrix_gives_the_priority(tmp_path: Path) -> None:
    base = "tag: door, type: discrete"
    assert "alarms.a: its rationalisation lacks cause, consequence, action, time_to_respond" in (
        "\n".join(warned(tmp_path, alarm(base)))
    )
    wrong = "\n".join(warned(tmp_path, alarm(f"{base}, {RECORD}, severity: severe, priority: low")))
    assert "priority: is low; the matrix gives critical for a severe consequence with 300 s" in wrong
    right = "\n".join(warned(tmp_path, alarm(f"{base}, {RECORD}, severity: severe, priority: critical")))
    assert "alarms.a" not in right


def test_consoles_and_classes_name_what_there_is(tmp_path: Path) -> None:
    extra = "alarm_management: {classes: {gmp: {max_shelve: 5 min}}, consoles: {c: {units: [br2]}}}\n"
    (found,) = told(tmp_path, alarm(f"tag: door, type: discrete, alarm_class: gmp, {RECORD}", extra))
    assert "alarm_management.consoles.c.units.0: there is no unit 'br2'; did you mean 'br1'" in found
    site = loaded(
        tmp_path, alarm(f"tag: door, type: discrete, alarm_class: gmp, {RECORD}", extra.replace("br2", "br1"))
    )
    assert site.site.class_of(site.site.alarms["br1/a"]).max_shelve == 300.0


def test_the_page_on_managing_alarms_is_right(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = loaded(tmp_path, HEAD + block)
    assert not [w for w in found.warnings if "alarms" in str(w.field)]
    assert found.site.alarms["br1/temp.deviation"].suppress is not None
