"""Carry state over by name: from a snapshot after a restart, or to the tables of a changed site.

Both are one code path. A thing of the same name and definition goes on as it was. One whose definition
changed begins cold, but keeps what people set on it and what acts on the plant (nature OPERATED). What
is new begins cold; what is gone is forgotten.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from control.alarm_states import SHELVED
from control.carry.ended import PUT_BY_PEOPLE, EndedAlarm, EndedTest, ended_alarms, running_tests
from control.carry.held import Held
from control.carry.natures import NATURES, Axis, Nature, axis_of
from control.carry.overrides import find_overrides, overrides_kept
from control.carry.roster import Roster
from control.kernels import pid
from control.kernels.alarm import BUSY
from control.kernels.filters import clamp
from control.kernels.jit import plain
from control.layout import NEVER
from control.profile_layout import PROFILE_HELD, PROFILE_RUNNING
from control.state import State

Rows = npt.NDArray[np.intp]


class Transfer(enum.Enum):
    """Where the state goes."""

    RESTART = "restart"
    """To another process: what is known of the plant at this moment is asked for anew."""
    CHANGE = "change"
    """To another configuration in the same process."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of the old state."""

    same: Mapping[Axis, int]
    """Things that go on as they were."""
    changed: Mapping[Axis, tuple[str, ...]]
    """Things of another definition than before."""
    ended_alarms: tuple[EndedAlarm, ...]
    ended_tests: tuple[EndedTest, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """Rows of things that both sides know."""

    same: tuple[Rows, Rows]
    """Old and new rows of what is the same."""
    changed: tuple[Rows, Rows]


def carry_over(
    old: Held, new: Held, state: State, transfer: Transfer, *, offset_ns: int, now_ns: int
) -> Carried:
    """Put the old state into new tables that have not been scanned.

    Args:
        old: what was.
        new: the arrays of the new tables.
        state: the new tables themselves.
        transfer: what happens.
        offset_ns: what the monotonic clock counts more now than when the old state was.
        now_ns: the monotonic clock.
    """
    matches = {axis: _match(old.roster, new.roster, axis) for axis in new.roster.things}
    matches[Axis.GROUP] = _match_groups(old.roster, new.roster)
    matches[Axis.CELL], matches[Axis.REGISTER] = _match_memory(old.roster, new.roster, matches[Axis.ENTRY])
    held = overrides_kept(old.arrays, matches[Axis.TAG].same[0])
    matches[Axis.OVERRIDE] = _Match((held, held), _pair([]))
    move = _Move(transfer, offset_ns, _pairs(matches[Axis.ALARM]), _pairs(matches[Axis.TAG]))
    if transfer is Transfer.CHANGE:  # a restart begins with the first scan, which does the same
        state.tags.reported["arrived_ns"] = now_ns
        state.tags.alive_ns[:] = now_ns
    for path, into in new.arrays.items():
        match = matches.get(axis_of(path))
        if match is not None and path in old.arrays:
            _carry_array(path, old.arrays[path], into, match, move)
    _go_on(state, matches[Axis.LOOP])
    find_overrides(state)
    _keep_silent(old.arrays["alarms.row"], state, matches[Axis.ALARM], offset_ns)
    state.counters["pending"] = 1  # what waits to be announced is looked for
    alarms = matches[Axis.ALARM]
    return Carried(
        same={axis: len(match.same[0]) for axis, match in matches.items()},
        changed={
            axis: tuple(new.roster.things[axis].names[row] for row in matches[axis].changed[1])
            for axis in new.roster.things
        },
        ended_alarms=ended_alarms(old, set(alarms.same[0].tolist())),
        ended_tests=running_tests(old),
    )


def _match(old: Roster, new: Roster, axis: Axis) -> _Match:
    if axis not in old.things:
        return _Match((_rows([]), _rows([])), (_rows([]), _rows([])))
    before, after = old.things[axis], new.things[axis]
    where = before.positions()
    same: list[tuple[int, int]] = []
    changed: list[tuple[int, int]] = []
    for row, (name, definition) in enumerate(zip(after.names, after.definitions, strict=True)):
        if name in where:
            is_same = before.definitions[where[name]] == definition
            (same if is_same else changed).append((where[name], row))
    return _Match(_pair(same), _pair(changed))


def _match_groups(old: Roster, new: Roster) -> _Match:
    """Match each group with the one that its first known loop was in: it goes on in that one's step."""
    group_of = {name: g for g, names in enumerate(old.groups) for name in names}
    pairs = []
    for g, names in enumerate(new.groups):
        known = next((group_of[name] for name in names if name in group_of), None)
        if known is not None:
            pairs.append((known, g))
    return _Match(_pair(pairs), _pair([]))


def _match_memory(old: Roster, new: Roster, entries: _Match) -> tuple[_Match, _Match]:
    cells: list[tuple[int, int]] = []
    registers: list[tuple[int, int]] = []
    for before, after in zip(*(rows.tolist() for rows in entries.same), strict=True):
        was, becomes = old.spans[before], new.spans[after]
        registers.append((was.register, becomes.register))
        if was.last_cell - was.first_cell == becomes.last_cell - becomes.first_cell:
            cells += zip(
                range(was.first_cell, was.last_cell),
                range(becomes.first_cell, becomes.last_cell),
                strict=True,
            )
    return _Match(_pair(cells), _pair([])), _Match(_pair(registers), _pair([]))


@dataclass(frozen=True, slots=True)
class _Move:
    """How values change on their way."""

    transfer: Transfer
    offset_ns: int
    alarms: Mapping[int, int]
    """New rows of the alarms that go on."""
    tags: Mapping[int, int]
    """New indices of the tags that are the same."""

    def takes(self, nature: Nature) -> bool:
        """Say whether a field of this nature is carried."""
        return nature.is_carried and (self.transfer is Transfer.CHANGE or nature.outlives_process)

    def moved(self, nature: Nature, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values as they are on the other side."""
        if nature.is_clock:
            return rebased(values, self.offset_ns)
        rows = {Nature.ALARM_ROW: self.alarms, Nature.TAG_ROW: self.tags}.get(nature)
        if rows is not None:
            return np.array([rows.get(row, -1) for row in values.tolist()], values.dtype)
        return values


def _carry_array(
    path: str, source: npt.NDArray[Any], into: npt.NDArray[Any], match: _Match, move: _Move
) -> None:
    if into.dtype.names is None:
        _carry_field(NATURES.get(path, Nature.DERIVED), source, into, match, move)
        return
    for name in into.dtype.names:
        if name in (source.dtype.names or ()):
            nature = NATURES.get(f"{path}.{name}", Nature.DERIVED)
            _carry_field(nature, source[name], into[name], match, move)


def _carry_field(
    nature: Nature, source: npt.NDArray[Any], into: npt.NDArray[Any], match: _Match, move: _Move
) -> None:
    if not move.takes(nature):
        return
    pairs = [match.same, match.changed] if nature is Nature.OPERATED else [match.same]
    for before, after in pairs:
        into[after] = move.moved(nature, source[before])


def rebased(times_ns: npt.NDArray[np.int64], offset_ns: int) -> npt.NDArray[np.int64]:
    """Return monotonic times on a clock that counts from elsewhere; 0 and NEVER are no times."""
    moved = times_ns + offset_ns
    moved[moved == 0] = 1
    return np.where((times_ns == 0) | (times_ns == NEVER), times_ns, moved)


def _go_on(state: State, loops: _Match) -> None:
    """Let loops of another definition go on from the output they had, within their new limits."""
    columns = state.loops
    state.groups["shaped"][columns.row["group"][columns.row["shaped"] != 0]] = 1
    active = np.isin(state.profiles.profiles["state"], (PROFILE_RUNNING, PROFILE_HELD))
    columns.row["profiled"][state.profiles.profiles["loop"][active]] = 1
    for i in loops.changed[1].tolist():
        row = columns.row[i]
        for column in (columns.sp, columns.target):
            column[i] = plain(clamp)(float(column[i]), float(row["sp_low"]), float(row["sp_high"]))
        plain(pid.follow)(columns, i, float(columns.output[i]))


def _keep_silent(old: npt.NDArray[Any], state: State, alarms: _Match, offset_ns: int) -> None:
    """Leave alarms of another definition on the shelf, or out of service, as people put them."""
    before, after = alarms.changed
    flags = old["flags"][before] & PUT_BY_PEOPLE
    rows = state.alarms.row
    rows["flags"][after] = rows["announced"][after] = flags
    shelved = (flags & SHELVED) != 0
    until_ns = rebased(old["shelved_until_ns"][before], offset_ns)
    rows["shelved_until_ns"][after] = np.where(shelved, until_ns, 0)
    rows["until_ns"][after] = np.where(shelved, old["until_ns"][before], 0)
    state.alarms.hot[after] = np.where(shelved, BUSY, 0)


def _pair(pairs: list[tuple[int, int]]) -> tuple[Rows, Rows]:
    return _rows([before for before, _ in pairs]), _rows([after for _, after in pairs])


def _pairs(match: _Match) -> dict[int, int]:
    """Return the new row of each old one that is the same."""
    return dict(zip(*(rows.tolist() for rows in match.same), strict=True))


def _rows(rows: list[int]) -> Rows:
    return np.array(rows, np.intp)
