"""What a run of the demo comes to: counts, and the proof that the store has what was journalled."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gateway.completeness import reconcile
from gateway.demo.plant import Plant
from gateway.demo.step import Comparison
from gateway.subscriber import Subscriber


def outcome(plant: Plant, view: Subscriber, comparison: Comparison | str) -> dict[str, Any]:
    """Return the run as one JSON object; the store is read, not counted."""
    site, health = plant.site, view.gateway
    verdict = reconcile(plant.data / "tap", site, None, plant.data)
    step = comparison if isinstance(comparison, str) else asdict(comparison)
    return {
        "tags": len(site.tags),
        "loops": len(site.loops),
        "alarms": len(site.alarms),
        "scans": health["engine"]["scans"],
        "overruns": health["engine"]["overruns"],
        "lateness_p99_us": health["engine"].get("lateness_p99_us"),
        "samples_read": health["acquisition"]["samples"],
        "reports_journalled": verdict.journalled,
        "messages_published": health["forward"]["acknowledged"],
        "points_stored": verdict.stored,
        "points_missing": verdict.missing,
        "points_altered": verdict.altered,
        "points_doubled": verdict.doubled,
        "events_missing": verdict.events_missing,
        "examples": verdict.examples,
        "events": dict(sorted(view.event_counts.items())),
        "step": step,
        "cpu_s": {name: round(seconds, 2) for name, seconds in plant.cpu_s().items()},
    }


def is_whole(result: dict[str, Any]) -> bool:
    """Return whether the store has everything, once, as it was."""
    wrong = ("points_missing", "points_altered", "points_doubled", "events_missing")
    return not any(result[what] for what in wrong)
