"""What alarms need of the site's program: values derived for them, and conditions that suppress them."""

from __future__ import annotations

from config.alarm_expressions import derived_expression, suppressing_expression
from config.site import Site
from config.tags import TagKind


def value_entry(alarm: str) -> str:
    """Return the name under which the program has what an alarm compares."""
    return f"value of {alarm}"


def suppress_entry(text: str) -> str:
    """Return the name under which the program has a condition that suppresses; alarms share it."""
    return f"suppress by {text}"


def alarm_expressions(site: Site) -> dict[str, tuple[str, TagKind | None]]:
    """Return the expressions that alarms need and the kind that each must have, by their names."""
    found: dict[str, tuple[str, TagKind | None]] = {}
    for name, alarm in site.alarms.items():
        watched = site.tags.get(alarm.tag or "")
        derived = None if watched is None else derived_expression(alarm, watched.kind)
        if derived is not None:
            found[value_entry(name)] = (derived, None)
        suppressing = suppressing_expression(alarm)
        if suppressing is not None:
            found[suppress_entry(suppressing)] = (suppressing, TagKind.BOOL)
    return found
