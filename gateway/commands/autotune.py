"""Commands for relay tests, as rows for the engine."""

from __future__ import annotations

from typing import Final

from config.site import Site
from control import signal
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused, position

START: Final = "start"
STOP: Final = "stop"


def autotune_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row that starts or stops a relay test.

    Raises:
        Refused: no such loop, none that may be tested, or a step beyond the configured one.
    """
    index = position(site.loops, command.target, "loop")
    loop = site.loops[command.target]
    if loop.autotune is None:
        raise Refused(f"loop {command.target!r} may not be tested: it has no autotune")
    if command.value == STOP:
        return EngineRow(signal.STOP_RELAY, index)
    if command.value == START:
        return EngineRow(signal.START_RELAY, index)
    unit = site.tags[loop.output].unit
    most = loop.autotune.amplitude.span_to(unit)
    if not isinstance(command.value, float | int) or not 0.0 < command.value <= most:
        raise Refused(f"autotune needs {START!r}, {STOP!r}, or a step of the output up to {most:g} {unit}")
    return EngineRow(signal.START_RELAY, index, value=float(command.value))
