"""What only shows in the whole: units, limits, registers, ownership; and what is right but doubtful.

A check reads the site, in which every part is right in itself and every reference leads somewhere,
and records findings. None depends on another.
"""

from __future__ import annotations

from config.checks import (
    advice,
    alarms,
    autotune,
    calculations,
    devices,
    interlocks,
    loops,
    packml,
    permissives,
    profiles,
    registers,
    screens,
    services,
    sparkplug,
    structures,
    tags,
)
from config.checks.context import Context
from config.errors import Findings
from config.site import Site


def check_all(site: Site, findings: Findings) -> None:
    """Record everything that is wrong, or doubtful, with a site as a whole."""
    context = Context(site, findings)
    logic = (calculations, alarms, interlocks, permissives, profiles)
    around = (packml, screens, devices, services, sparkplug, advice)
    for part in (tags, registers, loops, structures, autotune, *logic, *around):
        part.check(context)
