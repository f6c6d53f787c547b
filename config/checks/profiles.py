"""Set-point profiles: set-points within the loop's limits, rates that move, phases that have one profile."""

from __future__ import annotations

from config.checks.context import Context, text
from config.errors import Path
from config.phases import is_phase
from config.profiles import Profile, Segment
from config.tags import Tag


def check(context: Context) -> None:
    """Check every profile."""
    runners: dict[tuple[str, str, str], str] = {}
    for full, profile in context.site.profiles.items():
        path = context.path("profiles", full)
        pv = context.site.tags[context.site.loops[profile.loop].pv]
        for index, segment in enumerate(profile.segments):
            _segment(context, profile, segment, pv, (*path, "segments", index))
        for phase in profile.phases:
            if not is_phase(phase):
                fix = "use letters, digits, '_', '-' and '.'"
                context.error((*path, "phases"), f"{phase!r} cannot be the name of a phase", fix)
            other = runners.setdefault((context.site.unit_of(full), phase, profile.loop), full)
            if other != full:
                context.error(
                    (*path, "phases"), f"phase {phase!r} already runs {other!r} on {profile.loop!r}",
                    "a loop follows one profile at a time",
                )  # fmt: skip


def _segment(context: Context, profile: Profile, segment: Segment, pv: Tag, path: Path) -> None:
    goal = context.number(segment.ramp_to, pv.unit, (*path, "ramp_to"))
    if goal is not None:
        low, high = context.range_of(context.site.tags[f"{profile.loop}.sp"])
        if not low <= goal <= high:
            context.error(
                (*path, "ramp_to"), f"{segment.ramp_to} is outside the set-point limits of {profile.loop!r}, "
                f"{text(low, pv.unit)} to {text(high, pv.unit)}", "stay within them, or widen them",
            )  # fmt: skip
    rate = context.rate(segment.rate, pv.unit, (*path, "rate"))
    if rate is not None and rate <= 0:
        context.error((*path, "rate"), "a rate must be more than 0", "ramp_to says which way it goes")
    within = context.number(segment.within, pv.unit, (*path, "within"), span=True)
    if within is not None and within <= 0:
        context.error((*path, "within"), f"{segment.within} is not more than 0", "leave it out to never wait")
