"""How the gateway starts: warm from the last snapshot, or cold, and then why."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from config.site import Site
from control.carry.ended import EndedAlarm, EndedTest, running_tests
from control.carry.natures import Axis
from control.carry.roster import Roster
from control.carry.snapshot import DamagedSnapshot, Snapshot, decode
from control.carry.start import TooOld, warm_start
from control.carry.transfer import Carried
from control.tables import Tables
from gateway.continuity import clocks

_log = logging.getLogger(__name__)

FILE: Final = "state.snapshot"
"""In the data folder."""
_DAMAGED: Final = ".damaged"


@dataclass(frozen=True, slots=True)
class Start:
    """How it began, for the event and the log."""

    kind: Literal["cold", "warm"]
    detail: str
    age_s: float | None = None
    """Warm: how old the snapshot was."""
    ended_alarms: tuple[EndedAlarm, ...] = ()
    """Alarms of the snapshot that were not normal and are defined otherwise now."""
    ended_tests: tuple[EndedTest, ...] = ()
    """Relay tests that ran in the last snapshot, also in one that is not gone on from."""


def begin(site: Site, tables: Tables, roster: Roster, data: Path, *, cold: bool) -> Start:
    """Carry the last snapshot into the tables where it may be gone on from; reads the disk.

    A file that is no whole snapshot is set aside, so that somebody can look at it.
    """
    snapshot, trouble = _last(data / FILE)
    if snapshot is not None and snapshot.gateway != site.gateway.name:
        trouble = f"the snapshot is of gateway {snapshot.gateway!r}"
        snapshot = None
    tests = () if snapshot is None else running_tests(snapshot.held())
    max_age_s = site.gateway.warm_start_max_age
    if cold:
        return _cold("asked for", tests)
    if max_age_s == 0.0:
        return _cold("the configuration says so: warm_start_max_age is 0", tests)
    if snapshot is None:
        return _cold(trouble or "there is no snapshot", tests, trouble=bool(trouble))
    try:
        carried, age_s = warm_start(snapshot, tables, roster, clocks.now(), max_age_s)
    except TooOld as error:
        return _cold(f"the snapshot cannot be used: {error}", tests, trouble=True)
    detail = _described(snapshot, roster, carried)
    _log.info("warm start from a snapshot %.1f s old: %s", age_s, detail)
    return Start("warm", detail, age_s, carried.ended_alarms, tests)


def _last(path: Path) -> tuple[Snapshot | None, str]:
    """Return the snapshot of a file, or none and what is the matter with it: nothing, when there is none."""
    try:
        return decode(path.read_bytes()), ""
    except FileNotFoundError:
        return None, ""
    except DamagedSnapshot as error:
        path.replace(path.with_name(FILE + _DAMAGED))
        return None, f"the snapshot is damaged: {error}; set aside as {FILE}{_DAMAGED}"
    except OSError as error:
        return None, f"the snapshot cannot be read: {error}"


def _cold(why: str, tests: tuple[EndedTest, ...], *, trouble: bool = False) -> Start:
    _log.log(logging.WARNING if trouble else logging.INFO, "cold start: %s", why)
    return Start("cold", why, ended_tests=tests)


def _described(snapshot: Snapshot, roster: Roster, carried: Carried) -> str:
    counts = ", ".join(f"{carried.same[axis]} {axis}s" for axis in (Axis.LOOP, Axis.ALARM, Axis.INTERLOCK))
    if snapshot.roster.fingerprint == roster.fingerprint:
        return f"{counts} go on"
    return f"{counts} go on; the configuration was {snapshot.roster.fingerprint}"
