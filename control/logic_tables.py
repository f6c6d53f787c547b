"""Interlocks, permissives and units of the site as rows of the engine."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

import numpy as np

from config.expressions.states import ALARM, BYPASSED, PHASE
from config.expressions.states import INTERLOCK as INTERLOCK_STATE
from config.interlocks import Interlock
from config.site import Site
from control.bytecode import Compiled
from control.calculations import condition_name
from control.logic_layout import (
    ASKED,
    ASKED_ALARM,
    ASKED_BYPASS,
    ASKED_INTERLOCK,
    ASKED_PHASE,
    BYPASS,
    CONDITION,
    FIRST_OUT,
    FIRST_OUT_NONE,
    FORCE,
    GUARD,
    INTERLOCK,
    UNIT,
)
from control.logic_state import Logic
from control.rings import Row, Rows
from control.state import Outputs
from control.tag_tables import NS, TablesError


def phase_code(name: str) -> int:
    """Return the number by which the engine knows a phase; 0 for none.

    It is a hash of 48 bits: exact in a double, and the same whatever else the configuration names, so
    that a running phase needs no translation when the configuration changes.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") if name else 0


def build_logic(site: Site, outputs: Outputs, compiled: Compiled) -> Logic:
    """Return the interlocks with what they force, and the permissives with what they guard.

    Raises:
        TablesError: an interlock forces a tag that there is not, or to no finite value; an expression asks
            for the state of what there is not.
    """
    groups = {name: index for index, name in enumerate(site.first_out_groups)}
    interlocks, forces = np.zeros(len(site.interlocks), INTERLOCK), list[tuple[float, int]]()
    bypasses = np.zeros(len(site.interlocks), BYPASS)
    entries: list[int] = []
    for k, (name, interlock) in enumerate(site.interlocks.items()):
        row = interlocks[k]
        row["latched"], row["on_bad"] = int(interlock.latched), int(interlock.on_bad)
        row["group"] = groups.get(interlock.first_out, -1)
        row["first_out"] = FIRST_OUT_NONE
        if interlock.first_out:
            row["member"] = site.first_out_groups[interlock.first_out].index(name)
        bypasses[k]["most_ns"] = round(interlock.max_bypass * NS)
        _conditions(row, entries, compiled, condition_name("interlock", name), interlock.when)
        row["first"] = len(forces)
        forces += _forces(site, outputs, name, interlock)
        row["last"] = len(forces)
    guards = _guards(site, entries, compiled)
    first_out = np.zeros(len(groups), FIRST_OUT)
    first_out["first"] = first_out["announced"] = FIRST_OUT_NONE
    return Logic(
        interlocks=interlocks,
        bypasses=bypasses,
        forces=np.array(forces, FORCE),
        groups=first_out,
        conditions=np.array([(entry,) for entry in entries], CONDITION),
        guards=guards,
        units=np.zeros(len(site.units), UNIT),
        asked=_asked(site, compiled),
    )


def _conditions(row: Row, entries: list[int], compiled: Compiled, owner: str, names: Iterable[str]) -> None:
    row["first_condition"] = len(entries)
    entries += [compiled.conditions[f"{owner}: {name}"].entry for name in names]
    row["last_condition"] = len(entries)


def _forces(site: Site, outputs: Outputs, name: str, interlock: Interlock) -> list[tuple[float, int]]:
    forces: list[tuple[float, int]] = []
    for tag, value in interlock.force.items():
        if tag not in site.tag_index:
            raise TablesError(f"interlock {name}: there is no tag {tag!r}")
        number = value.to(site.tags[tag].unit)
        if not math.isfinite(number):
            raise TablesError(f"interlock {name}: {tag} cannot be forced to {number}")
        forces.append((number, int(outputs.slot_of_tag[site.tag_index[tag]])))
    return forces


def _asked(site: Site, compiled: Compiled) -> Rows:
    """Return the states that expressions ask for."""
    kinds: dict[str, tuple[int, Mapping[str, object]]] = {
        ALARM: (ASKED_ALARM, site.alarms),
        INTERLOCK_STATE: (ASKED_INTERLOCK, site.interlocks),
        BYPASSED: (ASKED_BYPASS, site.interlocks),
        PHASE: (ASKED_PHASE, site.units),
    }
    rows = np.zeros(len(compiled.states), ASKED)
    for row, ((function, name), register) in zip(rows, compiled.states.items(), strict=True):
        kind, owners = kinds[function]
        owner, _, phase = name.partition("/") if kind == ASKED_PHASE else (name, "", "")
        if owner not in owners:
            raise TablesError(f"{function}({name}): there is no {owner!r}")
        row["kind"], row["index"] = kind, list(owners).index(owner)
        row["phase"], row["register"] = phase_code(phase), register
    return rows


def _guards(site: Site, entries: list[int], compiled: Compiled) -> Rows:
    loops = {name: index for index, name in enumerate(site.loops)}
    units = {name: index for index, name in enumerate(site.units)}
    rows: list[Row] = []
    for name, permissive in site.permissives.items():
        (row,) = np.zeros(1, GUARD)
        _conditions(row, entries, compiled, condition_name("permissive", name), permissive.when)
        unit = units[site.unit_of(name)]
        for loop, of_unit, phase in [
            *((loops[loop], -1, "") for loop in permissive.loops),
            *((-1, unit, phase) for phase in permissive.phases),
        ]:
            guard = row.copy()
            guard["loop"], guard["unit"], guard["phase"] = loop, of_unit, phase_code(phase)
            rows.append(guard)
    return np.array(rows, GUARD)
