"""Loops of the site as columns of the engine, in the order in which they are executed."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from config.law import Form, RampFrom, Structure
from config.loops import Action, BadPvAction, Loop, Mode
from config.site import Site
from config.tags import Access
from control.execution_order import levels
from control.kernels import pid
from control.kernels.jit import plain
from control.layout import BAD_HOLD, BAD_MANUAL, BAD_SAFE, GROUP, LOOP, NOT_A_LINK, NOT_A_SLOT
from control.rings import Rows
from control.shaping_tables import is_shaped
from control.signal import MODE_AUTO, MODE_CASCADE, MODE_MANUAL, MODE_OUT_OF_SERVICE, MODE_REMOTE
from control.state import Indices, Loops, Outputs, Structures
from control.structure_tables import build_structures, needs_link
from control.tag_tables import NS, TablesError, in_unit

_ON_BAD = {BadPvAction.HOLD: BAD_HOLD, BadPvAction.SAFE: BAD_SAFE, BadPvAction.MANUAL: BAD_MANUAL}
MODES = {
    Mode.MANUAL: MODE_MANUAL,
    Mode.AUTO: MODE_AUTO,
    Mode.CASCADE: MODE_CASCADE,
    Mode.REMOTE: MODE_REMOTE,
    Mode.OUT_OF_SERVICE: MODE_OUT_OF_SERVICE,
}
"""Modes of the configuration as the engine counts them."""


class _Key(NamedTuple):
    """Loops of one key lie side by side: none of them feeds another, so one pass does all."""

    level: int
    period_ns: int
    is_shaped: bool
    """Something stands before their law."""


def build_loops(site: Site, outputs: Outputs) -> tuple[Loops, Rows, Structures, Indices]:
    """Return the loops, their groups and structures, and the row of each loop by its position in the site.

    Raises:
        TablesError: a loop's output cannot be written, two own one output, a limit is wrong, or loops
            feed one another in a circle.
    """
    names, level = list(site.loops), levels(site)
    keys = [_Key(level[f"{name}.sp"], _period_ns(site, name), is_shaped(site.loops[name])) for name in names]
    order = sorted(range(len(names)), key=lambda position: keys[position])
    loops = _allocate(len(names))
    loop_row = np.zeros(len(names), np.uint32)
    for i, position in enumerate(order):
        loop_row[position] = i
        loops.row[i]["id"] = position
        try:
            _fill(loops, i, site, names[position], outputs)
        except TablesError as error:
            raise TablesError(f"loop {names[position]}: {error}") from None
    structures = build_structures(site, loops, loop_row, level, outputs)
    groups = _groups(site, loops, [keys[position] for position in order])
    _attach(groups, structures, sorted(level[f"{name}.op"] for name in (*site.selectors, *site.splits)))
    return loops, groups, structures, loop_row


def _allocate(count: int) -> Loops:
    rows: dict[str, object] = {"row": np.zeros(count, LOOP), "pv": np.zeros(count, np.uint32)}
    rows["shown"] = np.zeros(count, np.uint32)
    rows |= {name: np.zeros(count, np.uint8) for name in ("mode", "track")}
    rows["special"] = np.ones(count, np.uint8)
    reals = {name: np.zeros(count) for name in Loops._fields if name not in rows}
    return Loops(**reals, **rows)  # type: ignore[arg-type]  # by name: mypy sees one type for all


def _period_ns(site: Site, name: str) -> int:
    scan_ns = round(site.gateway.scan_period * NS)
    period = site.loops[name].period
    if period is None:
        return scan_ns
    return max(1, round(period * NS / scan_ns)) * scan_ns


def _groups(site: Site, loops: Loops, keys: list[_Key]) -> Rows:
    """Return the runs of loops with one key."""
    scan_ns = round(site.gateway.scan_period * NS)
    starts = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
    groups = np.zeros(len(starts), GROUP)
    ends = [*starts[1:], len(keys)] if starts else []
    for g, (first, last) in enumerate(zip(starts, ends, strict=True)):
        key, group = keys[first], groups[g]
        group["first"], group["last"] = first, last
        group["nodes"] = key.level  # becomes a number in `_attach`
        group["period_ns"], group["shaped"] = key.period_ns, int(key.is_shaped)
        # A loop of every scan runs in every scan, however early it comes after a late one.
        group["slack_ns"] = scan_ns if key.period_ns == scan_ns else scan_ns // 2
        loops.row["group"][first:last] = g
    return groups


def _attach(groups: Rows, structures: Structures, node_levels: list[int]) -> None:
    """Tell each group which links and remote set-points are its loops', and how many nodes come before."""
    for group in groups:
        group["nodes"] = sum(level < group["nodes"] for level in node_levels)
        for rows, field, name in (
            (structures.links, "from_loop", "link"),
            (structures.remotes, "loop", "remote"),
        ):
            own = np.flatnonzero((rows[field] >= group["first"]) & (rows[field] < group["last"]))
            if len(own):
                group[f"first_{name}"], group[f"last_{name}"] = own[0], own[-1] + 1


def _fill(loops: Loops, i: int, site: Site, name: str, outputs: Outputs) -> None:
    loop, index = site.loops[name], site.tag_index
    row = loops.row[i]
    factor = 1.0 / site.speed_of_tag(loop.pv)
    loops.pv[i] = index[loop.pv]
    row["output_tag"], loops.shown[i] = index[loop.output], index[f"{name}.sp"]
    row["slot"], row["link"], row["remote"] = NOT_A_SLOT, NOT_A_LINK, NOT_A_LINK
    row["reads_output"] = int(site.tags[loop.output].access is not Access.WRITE)
    row["time_factor"] = factor
    row["on_bad"] = _ON_BAD[loop.on_bad_pv]
    row["bad_after_ns"] = round(loop.bad_pv_after * NS)
    loops.mode[i] = row["mode_announced"] = MODES[loop.mode]
    _fill_parameters(loops, i, loop, factor)
    _fill_set_point(loops, i, site, loop, factor)
    _fill_output(loops, i, site, loop, factor)
    plain(pid.follow)(loops, i, float(row["safe"]))
    if not needs_link(site, loop):
        if site.tags[loop.output].access is Access.READ:
            raise TablesError(f"{loop.output} is no writable tag of a device")
        row["slot"] = outputs.slot_of_tag[index[loop.output]]
        _own(outputs, int(row["slot"]), i, float(row["safe"]), loop.output)


def _fill_parameters(loops: Loops, i: int, loop: Loop, factor: float) -> None:
    row = loops.row[i]
    times = [time for time in (loop.ti, loop.td, loop.tt) if time]
    if loop.kp > pid.MAX_GAIN or any(time < pid.MIN_TIME_S for time in times):
        raise TablesError(
            f"kp must be at most {pid.MAX_GAIN:g}; ti, td and tt 0 or {pid.MIN_TIME_S:g} s and more"
        )
    row["direct"] = 1 if loop.action is Action.DIRECT else 0
    row["kp"] = -loop.kp if row["direct"] else loop.kp
    row["ti"], row["td"] = loop.ti * factor, loop.td * factor
    row["kp_factor"] = row["ti_factor"] = row["td_factor"] = 1.0
    row["integral_only"] = 1 if loop.structure is Structure.INTEGRAL else 0
    row["incremental"] = 1 if loop.form is Form.INCREMENTAL else 0
    loops.n[i], loops.b[i], loops.c[i], loops.bias[i] = loop.n, loop.b, loop.c, loop.bias
    row["default_tt"] = 1 if loop.tt is None or loop.tt == 0.0 else 0
    row["tt"] = 0.0 if loop.tt is None else loop.tt * factor
    plain(pid.derive)(loops, i)


def _fill_set_point(loops: Loops, i: int, site: Site, loop: Loop, factor: float) -> None:
    row, pv = loops.row[i], site.tags[loop.pv]
    row["sp_low"] = in_unit(loop.sp_low, pv.unit, in_unit(pv.low, pv.unit, -math.inf))
    row["sp_high"] = in_unit(loop.sp_high, pv.unit, in_unit(pv.high, pv.unit, math.inf))
    loops.sp[i] = loops.target[i] = loops.y[i] = loop.sp.to(pv.unit)
    rate = math.inf if loop.sp_rate is None else loop.sp_rate.rate_to(pv.unit)
    loops.sp_rate[i] = rate / factor
    row["ramp_from_pv"] = 1 if loop.sp_ramp_from is RampFrom.PV else 0
    if not row["sp_low"] <= loops.sp[i] <= row["sp_high"]:
        raise TablesError(f"its set-point {loops.sp[i]:g} is outside {row['sp_low']:g} to {row['sp_high']:g}")
    if not rate > 0.0:
        raise TablesError("sp_rate must be positive")


def _fill_output(loops: Loops, i: int, site: Site, loop: Loop, factor: float) -> None:
    row, output = loops.row[i], site.tags[loop.output]
    low = in_unit(loop.out_low, output.unit, in_unit(output.low, output.unit, -math.inf))
    high = in_unit(loop.out_high, output.unit, in_unit(output.high, output.unit, math.inf))
    rate = math.inf if loop.out_rate is None else loop.out_rate.rate_to(output.unit)
    safe = in_unit(loop.safe_output, output.unit, low)
    rate_down = rate if loop.out_rate_down is None else loop.out_rate_down.rate_to(output.unit)
    if not low < high or not (rate > 0.0 and rate_down > 0.0):
        raise TablesError("out_low must be below out_high, and out_rate and out_rate_down positive")
    if not math.isfinite(safe):
        raise TablesError("it needs a safe_output (or an out_low, or a range of its output tag)")
    loops.out_low[i], loops.out_high[i] = low, high
    loops.out_rate[i], loops.out_rate_down[i] = rate / factor, rate_down / factor
    row["safe"] = safe


def _own(outputs: Outputs, s: int, i: int, safe: float, tag: str) -> None:
    if s < 0:
        return
    slot = outputs.slots[s]
    if slot["loop"] >= 0:
        raise TablesError(f"another loop already moves {tag}")
    slot["loop"], slot["safe"] = i, safe
