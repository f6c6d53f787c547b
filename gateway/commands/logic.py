"""Commands for interlocks, first-out groups and phases, as rows for the engine."""

from __future__ import annotations

from config.quantities import QuantityError, duration_text, parse_duration
from config.site import Site
from control import logic_signal, signal
from control.logic_tables import phase_code
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused, position


def logic_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for a reset or a bypass.

    Raises:
        Refused: unknown target, missing reason, or a time that is not allowed.
    """
    if command.kind == "bypass":
        return _bypass(site, command)
    if command.target in site.interlocks:
        return EngineRow(signal.RESET, position(site.interlocks, command.target, "interlock"), parameter=1)
    index = position(site.first_out_groups, command.target, "first-out group")
    return EngineRow(signal.RESET, index, parameter=logic_signal.RESET_GROUP)


def phase_row(site: Site, unit: str, phase: str) -> EngineRow:
    """Return the engine's row for a unit that enters a phase; no name ends the present one."""
    return EngineRow(logic_signal.ENTER_PHASE, list(site.units).index(unit), value=float(phase_code(phase)))


def _bypass(site: Site, command: CommandMessage) -> EngineRow:
    index = position(site.interlocks, command.target, "interlock")
    most_s = site.interlocks[command.target].max_bypass
    if most_s == 0.0:
        raise Refused(f"interlock {command.target!r} cannot be bypassed: it has no max_bypass")
    if not command.reason.strip():
        raise Refused("bypass needs a reason")
    try:
        duration_s = parse_duration(command.value) if isinstance(command.value, str) else command.value
    except QuantityError as error:
        raise Refused(str(error)) from None
    if duration_s is None or not 0.0 <= duration_s <= most_s:
        raise Refused(f"bypass needs a time up to {duration_text(most_s)}, or 0 to end it")
    return EngineRow(logic_signal.BYPASS, index, value=duration_s)
