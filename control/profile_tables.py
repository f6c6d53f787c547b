"""Set-point profiles of the site as rows of the engine."""

from __future__ import annotations

import math

import numpy as np

from config.profiles import OnTimeout, Segment
from config.site import Site
from control.bytecode import Compiled
from control.calculations import condition_name
from control.layout import NEVER
from control.logic_tables import phase_code
from control.profile_layout import PHASE, PROFILE, SEGMENT, TIMEOUT_ABORT, TIMEOUT_HOLD, TIMEOUT_NEXT
from control.profile_state import Profiles
from control.rings import Row, Rows
from control.state import Indices
from control.tag_tables import NS

_ON_TIMEOUT = {
    OnTimeout.NEXT: TIMEOUT_NEXT,
    OnTimeout.HOLD: TIMEOUT_HOLD,
    OnTimeout.ABORT: TIMEOUT_ABORT,
}


def build_profiles(site: Site, loop_row: Indices, loop_rows: Rows, compiled: Compiled) -> Profiles:
    """Return the profiles with their segments, and the phases that run them."""
    profiles = np.zeros(len(site.profiles), PROFILE)
    segments: list[Row] = []
    codes: list[int] = []
    positions = {name: position for position, name in enumerate(site.loops)}
    units = {name: position for position, name in enumerate(site.units)}
    for profile, (name, configured) in zip(profiles, site.profiles.items(), strict=True):
        row = int(loop_row[positions[configured.loop]])
        factor = float(loop_rows[row]["time_factor"])
        unit = site.tags[site.loops[configured.loop].pv].unit
        profile["loop"], profile["unit"] = row, units[site.unit_of(name)]
        profile["longest_ns"] = round(2.0 * site.gateway.scan_period * NS)
        profile["first"], profile["first_phase"] = len(segments), len(codes)
        for number, segment in enumerate(configured.segments):
            filled = _segment(segment, unit, factor)
            if segment.until is not None:
                condition = f"{condition_name('profile', name)}: {number}"
                filled["condition"] = compiled.conditions[condition].entry
            segments.append(filled)
        codes += [phase_code(phase) for phase in configured.phases]
        profile["last"], profile["last_phase"] = len(segments), len(codes)
    return Profiles(
        profiles=profiles,
        segments=np.array(segments, SEGMENT),
        phases=np.array([(code,) for code in codes], PHASE),
    )


def _segment(segment: Segment, unit: str, factor: float) -> Row:
    (row,) = np.zeros(1, SEGMENT)
    row["ramps"] = 0 if segment.ramp_to is None else 1
    row["goal"] = math.nan if segment.ramp_to is None else segment.ramp_to.to(unit)
    row["rate"] = math.inf if segment.rate is None else segment.rate.rate_to(unit) / factor
    row["over_ns"] = round((segment.over or 0.0) * factor * NS)
    row["hold_ns"] = round((segment.hold or 0.0) * factor * NS)
    row["condition"] = -1
    row["within"] = math.inf if segment.within is None else segment.within.span_to(unit)
    row["timeout_ns"] = NEVER if segment.timeout is None else round(segment.timeout * factor * NS)
    row["on_timeout"] = _ON_TIMEOUT[segment.on_timeout]
    return row
