"""From a checked configuration to the arrays that the engine runs on.

Names become indices here, once, and every index is validated here: the kernels trust them. Units
are converted to the tag's, and times of the plant are divided by the plant's speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from config.realtime import RealTime
from config.site import Site
from control.alarm_tables import build_alarms, derived_cells
from control.bytecode import Compiled
from control.calculations import compile_site
from control.carry.arena import Arena, consolidate
from control.carry.roster import calculation_name, condition_name
from control.image import Image
from control.layout import COUNTERS
from control.logic_tables import build_logic
from control.loop_tables import build_loops
from control.output_tables import build_outputs, build_overrides
from control.performance_tables import build_performance
from control.profile_tables import build_profiles
from control.relay_tables import build_relays
from control.rings import RingArrays
from control.shaping_tables import build_shaping
from control.signal import COMMAND, OUTPUT, SAMPLE, STATISTICS, TRANSITION
from control.state import Maps, Rings, State
from control.tag_tables import NS, TablesError, build_tags

__all__ = ["Capacities", "Tables", "TablesError", "build"]


Index = int | npt.NDArray[np.integer[Any]]
"""One tag, or many."""


@dataclass(frozen=True, slots=True)
class Capacities:
    """Rows that each ring has room for, at the least."""

    inbox: int
    commands: int
    outputs: int
    reports: int
    transitions: int
    statistics: int

    @classmethod
    def for_site(cls, site: Site) -> Capacities:
        """Return rings with room for some seconds of a busy site."""
        tags, alarms = len(site.tags), len(site.alarms)
        return cls(
            inbox=max(16_384, 4 * tags),
            commands=1024,
            outputs=max(4096, 4 * tags),
            reports=max(16_384, 8 * tags),
            transitions=max(4096, 2 * alarms),
            statistics=4096,
        )


@dataclass(frozen=True, slots=True)
class Tables:
    """What an engine runs on: its state before the first scan, and the scaling of every tag."""

    state: State
    arena: Arena
    """The memory of all state that changes."""
    scan_period_ns: int
    expressions: Mapping[str, tuple[int, int, int]]
    """Entry, first and last cell of every expression in the program, by its name."""
    _line: npt.NDArray[np.float64] = field(repr=False)
    realtime: RealTime = field(default_factory=RealTime)
    """What the operating system is asked for."""

    def to_raw(self, tag: Index, value: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return engineering values of tags (by index) as the device holds them."""
        gain, offset = self._line[:, tag]
        raw: npt.NDArray[np.float64] = (np.asarray(value) - offset) / gain
        return raw

    def to_raw_value(self, tag: int, value: float) -> float:
        """Return one engineering value as the device holds it."""
        return float(self.to_raw(tag, value))

    def from_raw(self, tag: Index, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return values of a device in engineering units, before clamp and filter."""
        gain, offset = self._line[:, tag]
        value: npt.NDArray[np.float64] = np.asarray(raw) * gain + offset
        return value


def build(site: Site, capacities: Capacities | None = None) -> Tables:
    """Return the tables of a site.

    Raises:
        TablesError: something in the configuration cannot be run; the message names it.
    """
    tags = build_tags(site)
    outputs = build_outputs(site)
    compiled = compile_site(site)
    loops, groups, structures, loop_row = build_loops(site, outputs)
    state = State(
        rings=_rings(Capacities.for_site(site) if capacities is None else capacities),
        image=Image.allocate(len(tags.definition) + derived_cells(site)),
        tags=tags,
        loops=loops,
        shaping=build_shaping(site, loops, groups),
        groups=groups,
        structures=structures,
        performance=build_performance(site, loops),
        relays=build_relays(site, loops),
        alarms=build_alarms(site, compiled.conditions),
        program=compiled.program,
        memory=compiled.memory(),
        logic=build_logic(site, outputs, compiled),
        profiles=build_profiles(site, loop_row, loops.row, compiled),
        outputs=outputs,
        overrides=build_overrides(site),
        maps=Maps(loop_row=loop_row),
        counters=_counters(site),
    )
    line = np.array([tags.definition["gain"], tags.definition["offset"]])
    state, arena = consolidate(state)
    return Tables(
        state=state,
        arena=arena,
        scan_period_ns=round(site.gateway.scan_period * NS),
        realtime=site.gateway.realtime,
        expressions=_expressions(compiled),
        _line=line,
    )


def _expressions(compiled: Compiled) -> dict[str, tuple[int, int, int]]:
    parts = {calculation_name(name): part for name, part in compiled.calculations.items()}
    parts |= {condition_name(name): part for name, part in compiled.conditions.items()}
    return {name: (part.entry, part.first_cell, part.last_cell) for name, part in parts.items()}


def _rings(capacities: Capacities) -> Rings:
    return Rings(
        inbox=RingArrays.allocate(SAMPLE, capacities.inbox),
        commands=RingArrays.allocate(COMMAND, capacities.commands),
        outputs=RingArrays.allocate(OUTPUT, capacities.outputs),
        reports=RingArrays.allocate(SAMPLE, capacities.reports),
        transitions=RingArrays.allocate(TRANSITION, capacities.transitions),
        statistics=RingArrays.allocate(STATISTICS, capacities.statistics),
    )


def _counters(site: Site) -> npt.NDArray[Any]:
    counters = np.zeros(1, COUNTERS)
    counters["arm_at_start"] = int(site.gateway.outputs_armed)
    return counters
