"""The limits that a loop's set-point and output are commanded within, for the screens to say beforehand.

The gateway's door decides; what is said here only spares a refusal.
"""

from __future__ import annotations

from config.site import Site
from gateway.hmi.scales import range_of


def set_point_limits(site: Site, name: str) -> tuple[float, float]:
    """Return the lowest and highest set-point of a loop, in the unit of its PV."""
    loop = site.loops[name]
    tag = site.tags[f"{name}.sp"]
    low, high = range_of(site.tags[loop.pv])
    return (
        low if loop.sp_low is None else loop.sp_low.to(tag.unit),
        high if loop.sp_high is None else loop.sp_high.to(tag.unit),
    )


def output_limits(site: Site, name: str) -> tuple[float, float]:
    """Return the lowest and highest output of a loop, in the unit of its output tag."""
    loop = site.loops[name]
    tag = site.tags[f"{name}.op"]
    low, high = range_of(site.tags[loop.output])
    return (
        low if loop.out_low is None else loop.out_low.to(tag.unit),
        high if loop.out_high is None else loop.out_high.to(tag.unit),
    )
