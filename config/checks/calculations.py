"""Calculations: their periods."""

from __future__ import annotations

from config.checks.context import Context


def check(context: Context) -> None:
    """Check the period of every calculation."""
    for full, calculation in context.site.calculations.items():
        context.period(calculation.period, context.path("calculations", full, "period"))
