"""Limits that alarms have while a campaign is loaded: the equipment's alarm, with the recipe's limit.

A product has limits of its own. They were approved with the recipe, act from the moment its campaign is
loaded into a unit, and end with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from config.alarms import Alarm, CampaignLimit
from config.quantities import Quantity
from config.site import Site
from control.alarm_signal import SET_LIMIT
from control.alarm_tables import thresholds
from control.rings import Rows
from control.signal import COMMAND
from gateway.batch.context import ContextBook


class Limit(NamedTuple):
    """The limit of an alarm in a campaign, as the engine compares it."""

    alarm: str
    row: int
    """Of the alarm, in the engine."""
    trip: float
    clear: float
    text: str
    """As it is written."""
    approval: str
    """Who approved it, for the audit trail; empty for the equipment's own limit."""


def limits_in(site: Site, unit: str, campaign: str) -> Iterator[Limit]:
    """Yield the limits that hold in a campaign, of the unit's alarms that any campaign changes."""
    for index, (name, alarm) in enumerate(site.alarms.items()):
        if alarm.campaigns and site.unit_of(name) == unit:
            yield _limit(site, name, index, alarm, alarm.campaigns.get(campaign))


def _limit(site: Site, name: str, index: int, alarm: Alarm, own: CampaignLimit | None) -> Limit:
    limit = alarm.limit if own is None else own.limit
    deadband = alarm.deadband if own is None or own.deadband is None else own.deadband
    tag = site.tags[alarm.tag or ""]
    trip, clear = thresholds(alarm, tag.unit, limit or Quantity(0.0), deadband)
    approval = "" if own is None else f"{own.approval.approver} {own.approval.change}".strip()
    return Limit(name, index, trip, clear, str(limit), approval)


def limits_at_start(site: Site, contexts: ContextBook, now_ns: int) -> Rows:
    """Return the commands that give alarms the limits of the campaigns that are loaded."""
    limits = [
        limit for unit in site.units for limit in limits_in(site, unit, campaign_of(contexts, unit, now_ns))
    ]
    rows = np.zeros(len(limits), COMMAND)
    for row, limit in zip(rows, limits, strict=True):
        row["kind"], row["index"], row["value"], row["value2"] = (
            SET_LIMIT,
            limit.row,
            limit.trip,
            limit.clear,
        )
    return rows


def campaign_of(contexts: ContextBook, unit: str, now_ns: int) -> str:
    """Return the campaign that is loaded into a unit; empty for none."""
    return contexts.describe(int(contexts.resolve(unit, np.array([now_ns], np.int64))[0])).campaign
