"""A damaged configuration loads or is refused with places; it never ends in another error."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.load import ConfigError, Problem, load

_PLANT = """\
site: {name: basel}
gateway: {name: gw1, scan_period: 100 ms}
devices:
  plc: {driver: modbus, host: 127.0.0.1, watchdog: u1/count.out}
templates:
  tank:
    parameters: {device: {type: device}, volume: {type: quantity, unit: L, default: 5 L}}
    tags:
      level.pv: {device: '${device}', unit: L, low: 0, high: '${volume}', address: {address: 0, type: int16}}
      count.out: {device: '${device}', access: write, address: {address: 9}}
      pump.out: {device: '${device}', access: write, low: 0, high: 1, address: {address: 4, type: float32}}
    loops: {level: {pv: level.pv, output: pump.out, kp: 1, ti: 60 s, sp: 1 L}}
units:
  u1:
    area: a
    cell: c
    template: tank
    parameters: {device: plc}
    calculations: {full: {expression: level.pv > 4 L}}
    alarms: {full: {tag: full, type: high, limit: 0.5}}
    interlocks: {full: {when: full, force: {pump.out: 0}}}
    tag_lists: [list.csv]
access: {users: {ann: {role: qa, public_key: '${KEY:-}', units: [u1]}}}
simulation: {speed: 2, devices: {plc: {model: fill_line}}}
"""
_LIST = "name,device,address.address\nx.pv,plc,20\ny.pv,plc,21\n"
_PIECES = st.sampled_from(
    [
        "null",
        "5",
        "-1",
        "true",
        "[]",
        "{}",
        "[1, 2]",
        "{a: b}",
        "'x'",
        "${device}",
        "${X}",
        "${X:-1}",
        "*a",
        "&a",
        "!x",
        "1e999",
        ".inf",
        "u1/level.pv",
        "37 bar",
        "100 ms",
        "\t",
        "\x01",
        ":",
        "- a",
        "#",
        "é",
        "%",
        "",
    ]
)


@st.composite
def _damage(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        start = draw(st.integers(0, len(line)))
        stop = draw(st.integers(start, min(len(line), start + 12)))
        match draw(st.integers(0, 3)):
            case 0:
                lines[index] = line[:start] + draw(_PIECES) + line[stop:]
            case 1:
                lines[index] = line.partition(":")[0] + ": " + draw(_PIECES)
            case 2:
                lines.insert(index, lines[draw(st.integers(0, len(lines) - 1))])
            case _:
                lines[index] = "  " + line
    return "\n".join(lines) + "\n"


def test_undamaged_it_loads() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "list.csv").write_text(_LIST)
        (Path(folder) / "plant.yaml").write_text(_PLANT)
        assert len(load(Path(folder) / "plant.yaml", {}).site.tags) == 9


@example(_PLANT.replace("devices:\n  plc:", "devices:\n- plc:"), _LIST)
@example(_PLANT.replace("devices:\n  plc:", "devices: 5\nplc:"), _LIST)
@example(_PLANT.replace("template: tank", "template: [1, 2]"), _LIST)
@example(_PLANT.replace("modbus, host", "modbus, profile: [1], host"), _LIST)
@example(_PLANT.replace("{driver: modbus, host: 127.0.0.1, ", "{host: 127.0.0.1, driver: [1], "), _LIST)
@example(_PLANT.replace("device: '${device}', unit: L, low", "device: {a: b}, unit: L, low"), _LIST)
@example(_PLANT.replace("units:\n  u1:", "units: 5\nu1:"), _LIST)
@example(_PLANT.replace("gateway:", "'':"), _LIST)
@example(_PLANT.replace("  u1:", "[]:"), _LIST)
@settings(max_examples=150)
@given(_damage(_PLANT), _damage(_LIST))
def test_damaged_it_loads_or_is_refused_with_places(plant: str, tags: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "list.csv").write_text(tags, encoding="utf-8")
        (Path(folder) / "plant.yaml").write_text(plant, encoding="utf-8")
        try:
            load(Path(folder) / "plant.yaml", {})
            problems: tuple[Problem, ...] = ()
        except ConfigError as error:
            problems = error.problems
            refused = True
        else:
            refused = False
    assert refused == bool(problems)
    for problem in problems:
        assert problem.file.startswith(folder)
        assert problem.line >= 1
        assert problem.field
        assert problem.message
