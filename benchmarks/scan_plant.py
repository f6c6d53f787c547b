"""The plant of the whole scan's benchmark: loops, a third of them in a cascade, and all around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.expression_program import CALCULATIONS, CENTRES, CONDITIONS, TAGS, operations
from config.expressions import Operand, check, parse
from config.site import Site
from config.tags import TagKind
from control.rings import Rows
from control.signal import BAD, GOOD, SAMPLE, SENSOR

ALARMS = (("high_high", 97.0), ("high", 92.0), ("low", 8.0), ("low_low", 3.0))
KINDS = 16
"""Different sets of samples."""


def site(loops: int, wanted_operations: int) -> tuple[Site, int]:
    """Return a site, and how many operations its calculations have.

    Of three loops in a row the first gives the second its set-point.
    """
    units, done = _calculating_units(wanted_operations)
    units["u"] = _control_unit(loops)
    made = {
        "site": {"name": "s"},
        "gateway": {"name": "g", "outputs_armed": True, "scan_period": "100 ms"},
        "devices": {"d": {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True}},
        "units": units,
    }
    return Site.model_validate(made), done


def _control_unit(loops: int) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    made: dict[str, Any] = {}
    alarms: dict[str, Any] = {}
    for n in range(loops):
        outer, inner = n % 3 == 0 and n + 1 < loops, n % 3 == 1
        tags[f"pv{n}"] = {
            "device": "d", "address": {"address": n % 9999}, "low": 0, "high": 100,
            "report": {"deadband": 0.5}, "scaling": {"raw_high": 1000, "high": 100},
            "filter_time": f"{n % 3 * 100} ms",
        }  # fmt: skip
        if not outer:
            address = {"address": n % 9999}
            tags[f"out{n}"] = {"device": "d", "address": address, "access": "write", "low": 0, "high": 100}
        made[f"l{n}"] = {
            "pv": f"u/pv{n}", "output": f"u/l{n + 1}.sp" if outer else f"u/out{n}", "kp": 0.5 + n % 7 * 0.1,
            "ti": f"{10 + n % 50} s", "td": f"{1 + n % 3} s", "b": 0.1 * (n % 11), "sp": 50, "sp_rate": 5,
            "out_rate": 15, "out_low": 5, "out_high": 95, "mode": "cascade" if inner else "auto",
        }  # fmt: skip
        for kind, limit in ALARMS:
            alarms[f"l{n}-{kind}"] = {
                "tag": f"u/pv{n}", "type": kind, "limit": limit, "deadband": n % 3,
                "on_delay": f"{n % 4 * 100} ms", "off_delay": f"{n % 5 * 100} ms", "latching": n % 2 == 0,
            }  # fmt: skip
    return {"area": "a", "cell": "c", "tags": tags, "loops": made, "alarms": alarms}


def _calculating_units(wanted: int) -> tuple[dict[str, Any], int]:
    """Return units with the same logic each, together of at least so many operations."""
    units: dict[str, Any] = {}
    done = 0
    while done < wanted:
        name = f"c{len(units)}"
        lookup = {f"{name}/{tag}": operand for tag, operand in TAGS.items()}
        tags = {
            tag: {
                "device": "d", "address": {"address": 1}, "unit": operand.unit, "kind": operand.kind,
                "report": {"deadband": 0.01},
            }
            for tag, operand in TAGS.items()
        }  # fmt: skip
        calculations: dict[str, Any] = {}
        for calculation, (text, unit) in CALCULATIONS.items():
            checked = check(parse(text.format(u=name)), lookup, unit=unit)
            lookup[f"{name}/{calculation}"] = Operand(checked.kind, checked.unit)
            calculations[calculation] = {"expression": text.format(u=name), "unit": unit}
            done += operations(checked)
        for condition, text in CONDITIONS.items():
            checked = check(parse(text.format(u=name)), lookup, kind=TagKind.BOOL)
            calculations[condition] = {"expression": text.format(u=name), "kind": "bool"}
            done += operations(checked)
        units[name] = {"area": "a", "cell": "c", "tags": tags, "calculations": calculations}
    return units, done


def samples(of: Site) -> Rows:
    """Return KINDS sets, one after the other, of a sample of every tag that is read."""
    random = np.random.default_rng(5)
    read = [(index, name) for index, (name, tag) in enumerate(of.tags.items()) if _is_read(of, name)]
    rows = np.zeros((KINDS, len(read)), SAMPLE)
    rows["tag"] = [index for index, _ in read]
    for place, (_, name) in enumerate(read):
        rows["value"][:, place] = _values(name, random)
    lost = random.random(rows.shape) < 0.001
    lost[:, [name.startswith("u/") for _, name in read]] = False  # a bad PV makes its loop special
    rows["quality"] = np.where(lost, BAD | SENSOR, GOOD)
    rows["value"][lost] = np.nan
    return rows.reshape(-1)


def _is_read(of: Site, name: str) -> bool:
    tag = of.tags[name]
    return tag.device is not None and not name.startswith("u/out")


def _values(name: str, random: np.random.Generator) -> npt.NDArray[np.float64]:
    unit, tag = name.split("/")
    if unit == "u":
        values = random.normal(50.0, 6.0, KINDS)
        values[random.random(KINDS) < 0.002] = random.uniform(0.0, 100.0)
        return values * 10.0
    if tag in ("running", "valve"):
        return random.integers(0, 2, KINDS).astype(np.float64)
    return CENTRES[tag] * random.uniform(0.95, 1.05, KINDS)
