"""What is forced and simulated now: what the engine has, with who did it and why."""

from __future__ import annotations

import math
from typing import Any

from config.site import Site
from control.actuation_signal import OVERRIDE_FORCED
from control.engine import Engine
from gateway.devices.book import Restrictions


def held_overrides(site: Site, engine: Engine) -> list[str]:
    """Return the tags that the engine has forced or simulated."""
    names = list(site.tags)
    return [names[tag] for tag in engine.overrides()["tag"].tolist()]


def standing_overrides(site: Site, engine: Engine, restrictions: Restrictions) -> list[dict[str, Any]]:
    """Return each of them as the gateway's health tells it; `under` is what the device says meanwhile."""
    rows = engine.overrides()
    found = []
    for name, row in zip(held_overrides(site, engine), rows, strict=False):
        note, under = restrictions.overrides.get(name), float(row["under_value"])
        found.append(
            {
                "tag": name,
                "kind": "force" if row["kind"] == OVERRIDE_FORCED else "simulate",
                "value": float(row["value"]),
                "until_ns": int(row["ends_ns"]),
                "under": under if row["slot"] < 0 and math.isfinite(under) else None,
                "who": None if note is None else note.who,
                "reason": "" if note is None else note.reason,
                "since_ns": None if note is None else note.since_ns,
            }
        )
    return found
