"""Loops: decide what each may do, move set-points, apply the law, show the result."""

from __future__ import annotations

from control.image import Image
from control.kernels import pid
from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.kernels.performance import observe
from control.kernels.schedule import schedule_gains
from control.kernels.shaping import execute_shaped
from control.rings import RingArrays, Row, Rows
from control.shaping_state import Shaping
from control.stages.decisions import decide
from control.stages.modes import show
from control.stages.nodes import run_nodes
from control.stages.remote_set_points import take_remote_set_points
from control.stages.reports import Counters
from control.stages.structures import look_back, send_on
from control.state import Loops, Outputs, Performance, Structures, Tags


@part
def execute_loops(
    loops: Loops,
    shaping: Shaping,
    performance: Performance,
    groups: Rows,
    structures: Structures,
    outputs: Outputs,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Execute every group of loops whose period has come, outer ones first, and pass values on between."""
    look_back(structures, loops, outputs, image, counters)
    node = 0
    for g in range(len(groups)):
        group = groups[g]
        if node < group["nodes"]:
            upto = group["nodes"]
            run_nodes(structures, loops, image, tags, reports, counters, node, upto, now_ns, utc_ns)
            node = upto
        if is_due(group, now_ns):
            first, last = group["first"], group["last"]
            step_s = _step_s(group, now_ns)
            first_remote, last_remote, remotes = (
                group["first_remote"],
                group["last_remote"],
                structures.remotes,
            )
            take_remote_set_points(
                remotes, loops, image, tags, reports, counters, first_remote, last_remote, now_ns, utc_ns
            )
            decide(loops, shaping, outputs, image, counters, first, last, now_ns, utc_ns)
            if group["scheduled"] != 0:
                schedule_gains(loops, shaping, image, first, last)
            if group["shaped"] != 0:
                execute_shaped(loops, shaping, image, first, last, step_s)
            else:
                pid.move_set_points(loops, first, last, step_s)
                pid.execute(loops, first, last, step_s)
            observe(performance, loops, first, last, step_s)
            group["executed_ns"] = now_ns
            send_on(structures, loops, group["first_link"], group["last_link"])
            show(loops, image, tags, reports, counters, first, last, now_ns, utc_ns)
    upto = len(structures.nodes)
    run_nodes(structures, loops, image, tags, reports, counters, node, upto, now_ns, utc_ns)


@inlined
def is_due(group: Row, now_ns: int) -> bool:
    """Say whether a group's period has passed; half a scan early counts, so that it keeps its rate."""
    first: bool = group["executed_ns"] == 0
    return first or now_ns - group["executed_ns"] >= group["period_ns"] - group["slack_ns"]


@inlined
def _step_s(group: Row, now_ns: int) -> float:
    """Return the time to integrate: what really passed, but no gap of missed executions blindly."""
    period_s: float = group["period_ns"] * 1e-9
    if group["executed_ns"] == 0:
        return period_s
    return clamp((now_ns - group["executed_ns"]) * 1e-9, 0.5 * period_s, 2.0 * period_s)
