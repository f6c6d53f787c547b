"""What is right although it looks odd, and what is right and yet warned of.

That each mistake is found is shown by `broken/`; here stand the cases beside them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.gxp.identity import generate_key
from tests.unit.config.writing import HEAD, loaded, told, unit, warned

_MODBUS = HEAD + "units:\n  u:\n    area: a\n    cell: c\n    tags:\n"
_LOOP_TAGS = """\
tags:
  temp.pv: {device: ua, unit: degC, low: 0, high: 100, address: {identifier: T}}
  valve.out: {device: ua, unit: "%", low: 0, high: 100, access: read_write, address: {identifier: V}}
"""
_LOOP = "loops: {l: {pv: temp.pv, output: valve.out, kp: 1, sp: 37 degC, PARTS}}\n"


def _tags(*addresses: str) -> str:
    lines = [
        f"      t{n}.pv: {{device: plc, address: {{{address}}}}}\n" for n, address in enumerate(addresses)
    ]
    return _MODBUS + "".join(lines)


@pytest.mark.parametrize(
    "addresses",
    [
        ("address: 10, type: float32", "address: 10, type: float32"),
        ("address: 10, type: float32", "address: 12, type: float32"),
        ("address: 10, bit: 0", "address: 10, bit: 15", "address: 10"),
        ("address: 10, type: int16", "address: 10, bit: 3"),
        ("address: 10, type: float32", "address: 10, type: float32, unit_id: 2"),
        ("address: 10, type: float32", "table: input, address: 11"),
        ("table: coil, address: 10", "address: 10"),
        ("table: coil, address: 10", "table: coil, address: 10"),
        ("address: 65534, type: uint32",),
    ],
)
def test_registers_that_may_be_shared(addresses: tuple[str, ...], tmp_path: Path) -> None:
    assert len(loaded(tmp_path, _tags(*addresses)).site.tags) == len(addresses)


@pytest.mark.parametrize(
    ("addresses", "pair"),
    [
        (("address: 10, type: float32", "address: 11"), ("t1", "t0")),
        (("address: 11", "address: 10, type: float32"), ("t0", "t1")),
        (("address: 10, type: int16", "address: 10"), ("t1", "t0")),
        (("address: 10, type: float32", "address: 10, type: float32, word_order: little"), ("t1", "t0")),
        (("address: 10, type: float32", "address: 10, type: uint32"), ("t1", "t0")),
        (("address: 10, type: float64", "address: 12, bit: 1"), ("t1", "t0")),
        (("address: 10, type: bcd16", "address: 10, bit: 1"), ("t1", "t0")),
        (("address: 10, type: float32", "address: 11, unit_id: 1"), ("t1", "t0")),
    ],
)
def test_registers_that_overlap(addresses: tuple[str, ...], pair: tuple[str, str], tmp_path: Path) -> None:
    (only,) = told(tmp_path, _tags(*addresses))
    assert f"units.u.tags.{pair[0]}.pv.address: register" in only
    assert f"overlap with 'u/{pair[1]}.pv'" in only


def test_a_string_and_a_big_integer_are_texts(tmp_path: Path) -> None:
    text = _MODBUS + (
        "      a.pv: {device: plc, kind: text, address: {address: 0, type: string, length: 8}}\n"
        "      b.pv: {device: plc, kind: text, address: {address: 10, type: uint64}}\n"
    )
    assert loaded(tmp_path, text).site.text_tags() == {"u/a.pv", "u/b.pv"}


@pytest.mark.parametrize(
    "parts",
    [
        "sp_low: 37 degC, sp_high: 311 K",
        "sp_rate: 0.5 degC/min, out_rate: 100 %/h",
        "out_low: 0 %, out_high: 100 %, safe_output: 100 %",
        "period: 1 s",
        "period: 100 ms",
        "sp: 310 K",
    ],
)
def test_limits_that_are_in_order(parts: str, tmp_path: Path) -> None:
    loop = _LOOP.replace("sp: 37 degC, ", "") if parts.startswith("sp:") else _LOOP
    text = unit(_LOOP_TAGS + loop.replace("PARTS", parts))
    assert list(loaded(tmp_path, text).site.loops) == ["br1/l"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("sp_high: 36 degC", "sp: 37 degC is outside the set-point limits, 0 degC to 36 degC"),
        ("sp_high: 101 degC", "sp_high: 101 degC is outside the range of its PV"),
        (
            "sp_low: 37 degC, sp_high: 37 degC",
            "sp_low: the lowest set-point, 37 degC, is not below the highest",
        ),
        ("out_low: -1 %", "out_low: -1 % is outside the range of its output"),
        ("safe_output: 5 L", "safe_output: 'L' cannot be converted to '%'"),
        ("sp_rate: 0", "sp_rate: a rate must be more than 0"),
        ("sp_rate: 1 degC", "sp_rate: 'degC' cannot be converted to 'degC/s'"),
        ("period: 50 ms", "period: 50 ms is not a multiple of the scan period, 100 ms; write 100 ms"),
        ("period: 0", "period: "),
        ("ti: 5", "ti: 5 has no unit of time; examples: 100 ms, 5 s, 2 min"),
        ("ti: -5 s", "ti: '-5 s' is a negative time"),
    ],
)
def test_limits_that_are_not(parts: str, message: str, tmp_path: Path) -> None:
    (only,) = told(tmp_path, unit(_LOOP_TAGS + _LOOP.replace("PARTS", parts)))
    assert f"units.br1.loops.l.{message}" in only


def test_alarm_limits_are_compared_in_one_unit(tmp_path: Path) -> None:
    alarms = (
        "alarms:\n  h: {tag: temp.pv, type: high, limit: 38 degC}\n"
        "  hh: {tag: temp.pv, type: high_high, limit: 312 K}\n"
    )
    assert len(loaded(tmp_path, unit(_LOOP_TAGS + alarms)).site.alarms) == 2
    (only,) = told(tmp_path, unit(_LOOP_TAGS + alarms.replace("312", "311")))
    assert "alarms.hh.limit: the high-high limit, 37.85 degC, is not above the high limit, 38 degC" in only


def test_an_alarm_on_a_bool(tmp_path: Path) -> None:
    body = (
        "tags: {door: {device: ua, kind: bool, address: {identifier: D}}}\n"
        "alarms: {a: {tag: door, type: high, limit: 0.5}}\n"
    )
    assert list(loaded(tmp_path, unit(body)).site.alarms) == ["br1/a"]


def test_a_plant_without_tags(tmp_path: Path) -> None:
    assert told(tmp_path, HEAD) == [
        "plant.yaml:1: units: the plant is empty: it has no tag; write units with tags"
    ]
    assert told(tmp_path, "") == [
        "plant.yaml:1: gateway.name: is missing; add 'name'",
        "plant.yaml:1: site.name: is missing; add 'name'",
    ]


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (
            _LOOP.replace("PARTS", "ti: 1.9 s"),
            "loops.l.ti: Ti is 1.9 s, and the loop acts every 0.1 s of the plant: less than 20",
        ),
        (
            _LOOP.replace("PARTS", "ti: 9 s, period: 500 ms"),
            "loops.l.ti: Ti is 9 s, and the loop acts every 0.5 s",
        ),
        (_LOOP.replace("PARTS", "ti: 2.4 s"), "loops.l.ti: Ti is 2.4 s, and the PV is measured every 0.25 s"),
        (
            "alarms: {a: {tag: temp.pv, type: high, limit: 101 degC}}\n",
            "alarms.a.limit: 101 degC is outside the tag's range",
        ),
        (
            "interlocks:\n  a: {when: temp.pv > 1 degC, force: {valve.out: 0}}\n"
            "  b: {when: temp.pv > 2 degC, force: {valve.out: 5 %}}\n",
            "interlocks.b.force.valve.out: 'br1/a' forces 'br1/valve.out' to 0 %, this one to 5 %",
        ),
    ],
)
def test_warnings(body: str, warning: str, tmp_path: Path) -> None:
    assert any(text.startswith(f"units.br1.{warning}") for text in warned(tmp_path, unit(_LOOP_TAGS + body)))


@pytest.mark.parametrize("parts", ["ti: 2.5 s", "ti: 0", "ti: 10 s, period: 500 ms"])
def test_a_loop_that_acts_often_enough_is_not_warned_of(parts: str, tmp_path: Path) -> None:
    found = warned(tmp_path, unit(_LOOP_TAGS + _LOOP.replace("PARTS", parts)))
    assert not [text for text in found if ".ti:" in text]


def test_the_speed_of_the_simulated_plant_counts(tmp_path: Path) -> None:
    text = unit(_LOOP_TAGS + _LOOP.replace("PARTS", "ti: 60 s"))
    text += "simulation: {speed: 60, devices: {ua: {model: bioreactor}, plc: {model: fill_line}}}\n"
    found = warned(tmp_path, text)
    assert any("the loop acts every 6 s of the plant (100 ms at 60 times its speed)" in w for w in found)


def test_warnings_of_tags_and_devices(tmp_path: Path) -> None:
    text = HEAD.replace("host: 127.0.0.1}", "host: 127.0.0.1, period: 20 s}")
    text = text.replace("scan_period: 100 ms", "scan_period: 100 ms, outputs_armed: true") + (
        "  spare: {driver: modbus, host: h}\n"
        "units:\n  u:\n    area: a\n    cell: c\n    tags:\n"
        "      slow.pv: {device: plc, address: {address: 1}}\n"
        "      odd.pv: {unit: OD600, device: ua, address: {identifier: O}}\n"
        "      soft.pv: {unit: degC}\n"
        "      out: {device: plc, low: 0, high: 1, access: write, address: {address: 5}}\n"
        "      act: {device: ua, low: 0, high: 1, access: write, address: {identifier: X}}\n"
        "    loops: {l: {pv: odd.pv, output: out, kp: 1, sp: 0}}\n"
    )
    found = warned(tmp_path, text)
    for expected in (
        "units.u.tags.slow.pv.stale_after: it is read every 20 s and stale after 10 s",
        "units.u.tags.odd.pv.unit: 'OD600' is not a unit that can be converted",
        "units.u.tags.soft.pv: nothing gives this tag a value",
        "units.u.tags.out: a loop moves it from the start (outputs_armed), but writes to device 'plc' "
        "are off until somebody arms it",
        "devices.spare: no tag is read from this device",
        "devices.ua: it is written to and has no watchdog: it goes on when the gateway stops",
    ):
        assert expected in found


def test_warnings_of_streams_and_simulation(tmp_path: Path) -> None:
    text = unit(_LOOP_TAGS) + (
        "streams: {telemetry: {partitions: 3}, historians: [{name: h, partitions: [0, 2]}]}\n"
        "simulation: {devices: {ua: {model: bioreactor}}}\n"
    )
    found = warned(tmp_path, text)
    assert "streams.historians: no historian takes partition 1" in found
    assert "simulation: no model stands in for device 'plc'" in found


def test_a_site_with_clients_is_warned_of_looking_without_login(tmp_path: Path) -> None:
    _, public = generate_key()
    users = f"access: {{users: {{visitor: {{role: client, units: [br1], public_key: {public}}}}}}}\n"
    open_to_all = unit(_LOOP_TAGS) + "hmi: {view_without_login: true}\n"
    assert not any(text.startswith("hmi.") for text in warned(tmp_path, open_to_all))
    found = warned(tmp_path, open_to_all + users)
    assert any(text.startswith("hmi.view_without_login: without a login anybody sees") for text in found)


def test_members_of_a_historian(tmp_path: Path) -> None:
    text = unit(_LOOP_TAGS) + (
        "streams:\n  historians:\n    - {name: line, members: [a, b, a]}\n    - {name: line-b}\n"
    )
    found = told(tmp_path, text)
    for expected in (
        "streams.historians.0.members: members share a store that all of them reach",
        "streams.historians.0.members.2: a second member 'a'",
        "streams.historians.0.members.1: a historian is called line-b",
    ):
        assert any(expected in line for line in found), found
