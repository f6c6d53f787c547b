"""Relay tests: their steps fit into the output's range, their hysteresis into the deviation."""

from __future__ import annotations

from config.autotune import RelayTest
from config.checks.context import Context, text
from config.errors import Path
from config.loops import Loop


def check(context: Context) -> None:
    """Check the relay test of every loop that has one."""
    for full, loop in context.site.loops.items():
        if loop.autotune is not None:
            _relay(context, loop, loop.autotune, context.path("loops", full, "autotune"))


def _relay(context: Context, loop: Loop, test: RelayTest, path: Path) -> None:
    pv, output = context.site.tags[loop.pv], context.site.tags[loop.output]
    low, high = context.range_of(output)
    amplitude = context.number(test.amplitude, output.unit, (*path, "amplitude"), span=True)
    if amplitude is not None and not 0.0 < amplitude <= (high - low) / 2.0:
        context.error(
            (*path, "amplitude"),
            f"{test.amplitude} is not more than 0 and at most half of the output's range, "
            f"{text(low, output.unit)} to {text(high, output.unit)}", "take a few per cent of the range",
        )  # fmt: skip
    hysteresis = context.number(test.hysteresis, pv.unit, (*path, "hysteresis"), span=True)
    deviation = context.number(test.max_deviation, pv.unit, (*path, "max_deviation"), span=True)
    if hysteresis is not None and hysteresis < 0.0:
        context.error((*path, "hysteresis"), f"{test.hysteresis} is negative", "write 0 or more")
    if hysteresis is not None and deviation is not None and deviation <= max(2.0 * hysteresis, 0.0):
        context.error(
            (*path, "max_deviation"),
            f"{test.max_deviation} is not more than twice the hysteresis, {test.hysteresis}",
            "the PV must swing beyond the hysteresis without ending the test",
        )
