"""Rows that count in one configuration, counted in another: by the names of things. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control import actuation_signal, alarm_signal, logic_signal, signal
from control.rings import Rows

GONE: Final = -1
_LOOP_KINDS: Final = (
    signal.SET_POINT,
    signal.SET_MODE,
    signal.SET_OUTPUT,
    signal.SET_TUNING,
    signal.START_RELAY,
    signal.STOP_RELAY,
)

_ALARM_KINDS: Final = (
    signal.ACKNOWLEDGE,
    alarm_signal.SHELVE,
    alarm_signal.UNSHELVE,
    alarm_signal.REMOVE_FROM_SERVICE,
    alarm_signal.RETURN_TO_SERVICE,
    alarm_signal.SET_LIMIT,
)

Places = npt.NDArray[np.int32]


def places(before: Iterable[str], after: Iterable[str]) -> Places:
    """Return where each thing of one list is in the other, or GONE."""
    where = {name: position for position, name in enumerate(after)}
    return np.array([where.get(name, GONE) for name in before], np.int32)


class Translation:
    """From the rows of one configuration to those of another."""

    def __init__(self, before: Site, after: Site) -> None:
        self.tags = places(before.tags, after.tags)
        self._devices = places(before.devices, after.devices)
        loops = places(before.loops, after.loops)
        alarms = places(before.alarms, after.alarms)
        interlocks = places(before.interlocks, after.interlocks)
        self._of_kind = {
            **dict.fromkeys(_LOOP_KINDS, loops),
            **dict.fromkeys(_ALARM_KINDS, alarms),
            alarm_signal.RESET_FIRST_OUT: places(before.alarm_groups, after.alarm_groups),
            signal.WRITE_TAG: self.tags,
            actuation_signal.FORCE: self.tags,
            actuation_signal.SIMULATE: self.tags,
            actuation_signal.RELEASE: self.tags,
            actuation_signal.RETRACT: self.tags,
            actuation_signal.ARM_DEVICE: self._devices,
            logic_signal.BYPASS: interlocks,
            logic_signal.ENTER_PHASE: places(before.units, after.units),
            signal.ARM: np.zeros(1, np.int32),
        }
        self._of_reset = {
            0: alarms,
            1: interlocks,
            logic_signal.RESET_GROUP: places(before.first_out_groups, after.first_out_groups),
        }

    def samples(self, rows: Rows) -> Rows:
        """Return inbox rows; samples of tags that are gone become rows that the engine only counts."""
        moved = rows.copy()
        tags = rows["tag"]
        ours = tags >= 0
        moved["tag"][ours] = _looked_up(self.tags, tags[ours], _UNKNOWN_TAG)
        devices = _looked_up(self._devices, -1 - tags[~ours], GONE)
        moved["tag"][~ours] = np.where(devices == GONE, _UNKNOWN_TAG, -1 - devices)
        return moved

    def outputs(self, rows: Rows) -> Rows:
        """Return output rows without those of tags that are gone."""
        moved = rows.copy()
        moved["tag"] = _looked_up(self.tags, rows["tag"], GONE)
        kept: Rows = moved[moved["tag"] != GONE]
        return kept

    def commands(self, rows: Rows) -> Rows:
        """Return command rows; those for what is gone name nothing, and the engine refuses them."""
        moved = rows.copy()
        for row in moved:
            known = (
                self._of_reset.get(int(row["parameter"]))
                if row["kind"] == signal.RESET
                else self._of_kind.get(int(row["kind"]))
            )
            if known is not None:
                row["index"] = _looked_up(known, row["index"], GONE)
        return moved


_UNKNOWN_TAG: Final = 2**31 - 1
"""A tag that no configuration has."""


def _looked_up(table: Places, positions: npt.ArrayLike, otherwise: int) -> npt.NDArray[np.int32]:
    """Return what stands at positions of a table; `otherwise` where there is nothing."""
    at = np.asarray(positions)
    inside = (at >= 0) & (at < len(table))
    if not len(table):
        return np.full(at.shape, otherwise, np.int32)
    found = np.where(inside, table[np.where(inside, at, 0)], GONE)
    return np.where(found == GONE, otherwise, found).astype(np.int32)
