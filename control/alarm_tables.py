"""Alarms of the site as columns and rows of the engine, in the order of the site."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from config.alarm_expressions import derived_expression, suppressing_expression
from config.alarm_fields import missing
from config.alarms import Alarm, AlarmType
from config.quantities import Quantity
from config.site import Site
from config.tags import TagKind
from control.alarm_conditions import suppress_entry, value_entry
from control.alarm_layout import ALARM, DERIVED, FIRST_OUT, SUPPRESSION
from control.bytecode import Part
from control.kernels.atomic import Words
from control.logic_tables import phase_code
from control.rings import Rows
from control.signal import COMM, CONFIG, DEVICE, NOT_A_NUMBER, RANGE, SENSOR, STALE
from control.state import Alarms, Indices
from control.tag_tables import NS, TablesError

_BELOW: Final = (AlarmType.LOW, AlarmType.LOW_LOW)
_REASONS: Final = {
    AlarmType.COMMUNICATION: COMM | STALE,
    AlarmType.INSTRUMENT: DEVICE | SENSOR | CONFIG | RANGE | NOT_A_NUMBER,
}
"""Types that watch the quality of tags, and the reasons that count."""


def build_alarms(site: Site, conditions: Mapping[str, Part]) -> Alarms:
    """Return the alarms, all of them normal.

    Args:
        site: the effective configuration.
        conditions: where the site's program has the results, by `value_entry` and `suppress_entry`.

    Raises:
        TablesError: an alarm lacks what its type needs, names a tag that there is not, or its deadband
            is negative.
    """
    return _Builder(site, conditions).build()


def derived_cells(site: Site) -> int:
    """Return how many cells of the image hold values that were derived for alarms."""
    return sum(_is_derived(site, alarm) for alarm in site.alarms.values())


def _is_derived(site: Site, alarm: Alarm) -> bool:
    if alarm.type in _REASONS:
        return True
    return alarm.tag in site.tags and derived_expression(alarm, site.tags[alarm.tag or ""].kind) is not None


def thresholds(alarm: Alarm, unit: str, limit: Quantity, deadband: Quantity) -> tuple[float, float]:
    """Return where an alarm trips and clears with a limit, in units of sign * value.

    Args:
        alarm: says what kind of limit it is.
        unit: of its tag.
        limit: the alarm's own, or a campaign's.
        deadband: likewise.
    """
    if alarm.type is AlarmType.RATE_OF_CHANGE:
        at, back = limit.rate_to(unit), deadband.rate_to(unit)
    else:
        at = limit.to(unit) if alarm.is_limit else limit.span_to(unit)
        back = deadband.span_to(unit)
    trip = -at if alarm.type in _BELOW else at
    # It clears at limit - deadband; without a deadband it must not clear where it trips.
    return trip, trip if back == 0.0 else math.nextafter(trip - back, math.inf)


class _Builder:
    def __init__(self, site: Site, conditions: Mapping[str, Part]) -> None:
        self._site, self._conditions = site, conditions
        count = len(site.alarms)
        self._tag, self._sign = np.zeros(count, np.uint32), np.ones(count)
        self._row = np.zeros(count, ALARM)
        self._derived: list[tuple[int, int, int, int, int]] = []
        self._watched: list[int] = []
        self._index = {name: i for i, name in enumerate(site.alarms)}

    def build(self) -> Alarms:
        for i, (name, alarm) in enumerate(self._site.alarms.items()):
            self._fill(i, name, alarm)
            if self._row[i]["clear"] > self._row[i]["trip"]:
                raise TablesError(f"alarm {name}: its deadband is negative")
        groups, members = self._groups()
        suppressions, suppressed, phases = self._suppressions()
        return Alarms(
            tag=self._tag,
            sign=self._sign,
            threshold=self._row["trip"].copy(),
            hot=np.zeros(len(self._row), np.uint8),
            row=self._row,
            derived=np.array(self._derived, DERIVED),
            watched=np.array(self._watched, np.uint32),
            suppressions=suppressions,
            suppressed=suppressed,
            phases=phases,
            groups=groups,
            members=members,
        )

    def _fill(self, i: int, name: str, alarm: Alarm) -> None:
        row = self._row[i]
        lacking = missing(alarm)
        if lacking:
            raise TablesError(f"alarm {name}: a {alarm.type} alarm needs {', '.join(lacking)}")
        for tag in (alarm.tag, alarm.reference, alarm.command):
            if tag is not None and tag not in self._site.tag_index:
                raise TablesError(f"alarm {name}: there is no tag {tag!r}")
        self._thresholds(i, alarm)
        speed = 1.0 if alarm.tag is None or alarm.type in _REASONS else self._site.speed_of_tag(alarm.tag)
        row["on_ns"] = round(alarm.on_delay / speed * NS)
        row["off_ns"] = round(alarm.off_delay / speed * NS)
        row["period_ns"] = 0 if alarm.period is None else round(alarm.period * NS)
        row["re_alarm_ns"] = round(alarm.re_alarm * NS)
        row["shelve_ns"] = round(self._site.class_of(alarm).max_shelve * NS)
        row["latching"], row["group"] = int(alarm.latching), -1
        if _is_derived(self._site, alarm):
            self._tag[i] = len(self._site.tags) + len(self._derived)
            self._derive(name, alarm)
        else:
            self._tag[i] = self._site.tag_index[alarm.tag or ""]

    def _thresholds(self, i: int, alarm: Alarm) -> None:
        """Set where the alarm begins and ends, on the value that it compares."""
        row = self._row[i]
        below = alarm.type in _BELOW or (alarm.type is AlarmType.DISCRETE and not alarm.alarm_on)
        sign = self._sign[i] = -1.0 if below else 1.0
        row["limit"] = math.nan
        if alarm.limit is None:
            row["trip"] = row["clear"] = sign * 0.5  # a bool
            return
        unit = self._site.tags[alarm.tag or ""].unit
        row["trip"], row["clear"] = thresholds(alarm, unit, alarm.limit, alarm.deadband)
        row["limit"] = row["value"] = sign * row["trip"]

    def _derive(self, name: str, alarm: Alarm) -> None:
        slot, first = len(self._site.tags) + len(self._derived), len(self._watched)
        reasons = _REASONS.get(alarm.type)
        if reasons is None:
            self._derived.append((slot, self._conditions[value_entry(name)].entry, 0, 0, 0))
            return
        if alarm.device is not None:
            if alarm.device not in self._site.devices:
                raise TablesError(f"alarm {name}: there is no device {alarm.device!r}")
            tags = self._site.tags_of_device(alarm.device)
            read = [t for t, tag in tags.items() if tag.access != "write" and tag.kind is not TagKind.TEXT]
            self._watched += [self._site.tag_index[tag] for tag in read]
        if alarm.tag is not None:
            self._watched.append(self._site.tag_index[alarm.tag])
        if first == len(self._watched):
            raise TablesError(f"alarm {name}: device {alarm.device} has no tag that is read")
        self._derived.append((slot, -1, first, len(self._watched), reasons))

    def _groups(self) -> tuple[Rows, Indices]:
        groups = np.zeros(len(self._site.alarm_groups), FIRST_OUT)
        members: list[int] = []
        for g, names in enumerate(self._site.alarm_groups.values()):
            groups[g]["tie_ns"] = round(self._site.gateway.scan_period * NS)
            groups[g]["first"] = groups[g]["announced"] = -1
            groups[g]["first_member"] = len(members)
            members += [self._index[name] for name in names]
            groups[g]["last_member"] = len(members)
            self._row["group"][[self._index[name] for name in names]] = g
        return groups, np.array(members, np.uint32)

    def _suppressions(self) -> tuple[Rows, Indices, Words]:
        """Return SUPPRESSION rows; alarms of a unit with the same reasons share one."""
        shared: dict[tuple[int, int, tuple[int, ...]], list[int]] = {}
        units = list(self._site.units)
        for name, alarm in self._site.alarms.items():
            if alarm.suppress is None:
                continue
            text = suppressing_expression(alarm)
            entry = -1 if text is None else self._conditions[suppress_entry(text)].entry
            own = tuple(phase_code(phase) for phase in alarm.suppress.phases)
            key = (entry, units.index(self._site.unit_of(name)), own)
            shared.setdefault(key, []).append(self._index[name])
        rows = np.zeros(len(shared), SUPPRESSION)
        suppressed: list[int] = []
        phases: list[int] = []
        for row, ((entry, unit, own), alarms) in zip(rows, shared.items(), strict=True):
            row["entry"], row["unit"], row["holds"] = entry, unit, -1
            row["first_phase"], row["first"] = len(phases), len(suppressed)
            phases += own
            suppressed += alarms
            row["last_phase"], row["last"] = len(phases), len(suppressed)
        return rows, np.array(suppressed, np.uint32), np.array(phases, np.int64)
