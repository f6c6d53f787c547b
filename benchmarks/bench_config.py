"""How long a large plant takes to load: 50,000 tags from templates and tag lists, and as plain YAML.

CPU seconds of the one thread that loads, with a limit that only a mistake in the loader would miss:
loading happens once, before anything runs, and people wait for it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.load import load

TEMPLATE_UNITS, TEMPLATE_TAGS = 250, 100
LISTS, ROWS = 10, 2500
YAML_UNITS, YAML_TAGS = 10, 500
LIMIT_S = 10.0

_HEAD = """\
site: {name: site}
gateway: {name: gw1, scan_period: 100 ms}
devices:
"""


def run() -> Iterator[dict[str, Any]]:
    """Yield one result for each way of writing a plant."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        load(_write_yaml(root / "warm-up.yaml", 1, 10))  # pint's registry is built once a process
        yield _timed("config: 50,000 tags, half from a template, half from tag lists", _write_mix(root))
        yield _timed(
            "config: 5,000 tags in plain YAML", _write_yaml(root / "plain.yaml", YAML_UNITS, YAML_TAGS)
        )


def _timed(bench: str, file: Path) -> dict[str, Any]:
    start, start_cpu = time.perf_counter(), time.process_time()
    loaded = load(file)
    wall_s, seconds = time.perf_counter() - start, time.process_time() - start_cpu
    tags = len(loaded.site.tags)
    return {
        "bench": bench,
        "figure": round(seconds, 3),
        "unit": "CPU seconds",
        "wall_s": round(wall_s, 3),
        "limit": LIMIT_S,
        "holds": seconds < LIMIT_S,
        "tags": tags,
        "tags_per_second": round(tags / seconds),
        "loops": len(loaded.site.loops),
        "alarms": len(loaded.site.alarms),
    }


def _write_mix(root: Path) -> Path:
    """Write a plant like a large real one: many units from one template, and spreadsheets."""
    parts = [_HEAD]
    for device in range(TEMPLATE_UNITS):
        parts.append(f"  plc{device}: {{driver: modbus, host: 10.0.0.1, watchdog: u{device}/t99.pv}}\n")
    parts += [f"  list{n}: {{driver: opcua, endpoint: 'opc.tcp://10.0.0.2:4840'}}\n" for n in range(LISTS)]
    parts.append(_template())
    parts.append("units:\n")
    for unit in range(TEMPLATE_UNITS):
        where = f"area: a{unit % 10}, cell: c{unit % 50}, template: unit, parameters: {{device: plc{unit}}}"
        parts.append(f"  u{unit}: {{{where}}}\n")
    for number in range(LISTS):
        (root / f"list{number}.csv").write_text(_tag_list(number), encoding="utf-8")
        parts.append(f"  l{number}: {{area: lists, cell: c{number}, tag_lists: [list{number}.csv]}}\n")
    file = root / "mix.yaml"
    file.write_text("".join(parts), encoding="utf-8")
    return file


def _template() -> str:
    lines = ["templates:\n  unit:\n    parameters: {device: {type: device}}\n    tags:\n"]
    for tag in range(TEMPLATE_TAGS):
        writable = tag % 10 == 9
        access = ", access: read_write" if writable else ""
        lines.append(
            f"      t{tag}.pv: {{description: Tag {tag}, unit: degC, device: '${{device}}', low: 0 degC, "
            f"high: 100 degC, report: {{deadband: 0.1 K}}, "
            f"address: {{table: holding, address: {tag * 2}, type: float32}}{access}}}\n"
        )
    lines.append(
        "    calculations:\n      mean: {expression: 'mean(t0.pv, t1.pv)', unit: degC}\n    loops:\n"
    )
    for loop in range(9):
        lines.append(
            f"      c{loop}: {{pv: t{loop * 10}.pv, output: t{loop * 10 + 9}.pv, "
            "kp: 2, ti: 60 s, sp: 37 degC}\n"
        )
    lines.append("    alarms:\n")
    for tag in range(0, TEMPLATE_TAGS, 5):
        lines.append(f"      a{tag}.high: {{tag: t{tag}.pv, type: high, limit: 320 K, deadband: 1 K}}\n")
    return "".join(lines)


def _tag_list(number: int) -> str:
    rows = ["name,description,unit,device,low,high,address.namespace,address.identifier,report.deadband\n"]
    for row in range(ROWS):
        rows.append(f"m{row}.pv,Tag {row},mbar,list{number},0,10 bar,urn:plant,Tags.M{row}.PV,0.5 mbar\n")
    return "".join(rows)


def _write_yaml(file: Path, units: int, tags: int) -> Path:
    parts = [_HEAD, "  plc: {driver: opcua, endpoint: 'opc.tcp://10.0.0.2:4840'}\nunits:\n"]
    for unit in range(units):
        parts.append(f"  u{unit}:\n    area: a\n    cell: c\n    tags:\n")
        for tag in range(tags):
            parts.append(
                f"      t{tag}.pv:\n        description: Tag {tag}\n        unit: degC\n        device: plc\n"
                f"        low: 0 degC\n        high: 100 degC\n        report: {{deadband: 0.1 degC}}\n"
                f"        address: {{namespace: urn:plant, identifier: U{unit}.T{tag}}}\n"
            )
    file.write_text("".join(parts), encoding="utf-8")
    return file
