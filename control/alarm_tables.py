"""Alarms of the site as columns and rows of the engine, in the order of the site."""

from __future__ import annotations

import math

import numpy as np

from config.alarms import Alarm, AlarmType
from config.site import Site
from control.layout import ALARM
from control.state import Alarms
from control.tag_tables import NS, TablesError

_SIGN = {
    AlarmType.HIGH_HIGH: 1.0,
    AlarmType.HIGH: 1.0,
    AlarmType.LOW: -1.0,
    AlarmType.LOW_LOW: -1.0,
}


def build_alarms(site: Site) -> Alarms:
    """Return the alarms, all of them normal.

    Raises:
        TablesError: an alarm names a tag that there is not, or its deadband is negative.
    """
    count = len(site.alarms)
    alarms = Alarms(
        tag=np.zeros(count, np.uint32),
        sign=np.ones(count),
        threshold=np.zeros(count),
        hot=np.zeros(count, np.uint8),
        row=np.zeros(count, ALARM),
    )
    for i, (name, alarm) in enumerate(site.alarms.items()):
        if alarm.tag not in site.tag_index:
            raise TablesError(f"alarm {name}: there is no tag {alarm.tag!r}")
        _fill(alarms, i, site, alarm)
        if alarms.row[i]["clear"] > alarms.row[i]["trip"]:
            raise TablesError(f"alarm {name}: its deadband is negative")
    return alarms


def _fill(alarms: Alarms, i: int, site: Site, alarm: Alarm) -> None:
    tag = site.tags[alarm.tag]
    speed = site.speed_of_tag(alarm.tag)
    sign = _SIGN[alarm.type]
    limit, deadband = alarm.limit.to(tag.unit), alarm.deadband.span_to(tag.unit)
    row = alarms.row[i]
    row["limit"] = row["value"] = limit
    row["trip"] = sign * limit
    # It clears at limit - deadband; without a deadband it must not clear where it trips.
    row["clear"] = row["trip"] if deadband == 0.0 else math.nextafter(sign * limit - deadband, math.inf)
    row["on_ns"] = round(alarm.on_delay / speed * NS)
    row["off_ns"] = round(alarm.off_delay / speed * NS)
    row["latching"] = 1 if alarm.latching else 0
    alarms.tag[i] = site.tag_index[alarm.tag]
    alarms.sign[i] = sign
    alarms.threshold[i] = row["trip"]
