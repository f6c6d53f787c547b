"""Permissives: what they guard."""

from __future__ import annotations

from collections import Counter

from config.checks.context import Context
from config.interlocks import MOST_CONDITIONS
from config.phases import is_phase


def check(context: Context) -> None:
    """Check what every permissive guards, and that nothing has more guards than can be told."""
    conditions: Counter[str] = Counter()
    for full, permissive in context.site.permissives.items():
        path = context.path("permissives", full)
        if not permissive.loops and not permissive.phases:
            context.error(path, "it guards nothing", "name loops or phases")
        unit = context.site.unit_of(full)
        for phase in permissive.phases:
            if not is_phase(phase):
                fix = "use letters, digits, '_', '-' and '.'"
                context.error((*path, "phases"), f"{phase!r} cannot be the name of a phase", fix)
        for guarded in {*permissive.loops, *(f"{unit} in phase {phase}" for phase in permissive.phases)}:
            conditions[guarded] += len(permissive.when)
            if conditions[guarded] > MOST_CONDITIONS:
                message = f"more than {MOST_CONDITIONS} conditions guard {guarded!r}"
                context.error(path, message, "join some of them with 'and'")
