"""Tune commands as rows for the engine: parameters of a loop, in their own units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from config.quantities import Quantity, QuantityError, parse_duration
from config.site import Site
from control import signal
from control.parameters import NAMES, PARAMETERS, Measure
from control.stages.together import TOGETHER
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused, position

_TOGETHER: Final = [NAMES[number] for number in TOGETHER]


def tune_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for a command that tunes one parameter.

    Raises:
        Refused: no such loop or parameter, or a value that does not fit it.
    """
    return _row(site, command.target, command.parameter, command.value)


def tune_rows(site: Site, command: CommandMessage) -> list[EngineRow]:
    """Return the engine's rows for a command that tunes several parameters at once, in their order.

    Raises:
        Refused: as `tune_row`; or one of them must be tuned alone.
    """
    alone = [name for name in command.parameters if name in PARAMETERS and name not in _TOGETHER]
    if alone:
        raise Refused(f"{', '.join(alone)} must be tuned alone; together go {', '.join(_TOGETHER)}")
    return [_row(site, command.target, name, value) for name, value in command.parameters.items()]


def listed(values: Mapping[str, float]) -> str:
    """Return values by their names in words, for people and the audit trail."""
    return ", ".join(f"{name} {value:.6g}" for name, value in values.items())


def _row(site: Site, name: str, parameter: str, given: float | str | None) -> EngineRow:
    index = position(site.loops, name, "loop")
    known = PARAMETERS.get(parameter)
    if known is None:
        raise Refused(f"tune needs a parameter, not {parameter!r}: {', '.join(PARAMETERS)}")
    loop = site.loops[name]
    pv, output = site.tags[loop.pv].unit, site.tags[loop.output].unit
    value = _value(given, known.measure, pv, output)
    bounds = _bounds(site, name, parameter)
    if not bounds[0] <= value <= bounds[1]:
        raise Refused(f"{value:g} is outside what is configured, {bounds[0]:g} to {bounds[1]:g}")
    return EngineRow(
        signal.SET_TUNING, index, value=value, parameter=known.number, shown_by=f"{name}.{parameter}"
    )


def _value(given: float | str | None, measure: Measure, pv: str, output: str) -> float:
    if given is None:
        raise Refused("tune needs a value")
    try:
        if measure is Measure.TIME:
            value = float(given) if isinstance(given, float | int) else parse_duration(given)
        else:
            value = _number(Quantity.parse(given), measure, pv, output)
    except QuantityError as error:
        raise Refused(str(error)) from None
    if not math.isfinite(value):
        raise Refused(f"tune needs a finite number, not {value!r}")
    return value


def _number(given: Quantity, measure: Measure, pv: str, output: str) -> float:
    match measure:
        case Measure.PV:
            return given.to(pv)
        case Measure.PV_SPAN:
            return given.span_to(pv)
        case Measure.PV_RATE:
            return given.rate_to(pv)
        case Measure.OUTPUT:
            return given.to(output)
        case Measure.OUTPUT_RATE:
            return given.rate_to(output)
    if given.unit:
        raise Refused(f"it is a plain number, without {given.unit!r}")
    return given.magnitude


def _bounds(site: Site, name: str, parameter: str) -> tuple[float, float]:
    """Return what is configured for a limit: tuning narrows limits, it does not widen them."""
    loop = site.loops[name]
    side, _, end = parameter.partition("_")
    if side not in ("sp", "out") or end not in ("low", "high"):
        return -math.inf, math.inf
    tag = site.tags[loop.pv if side == "sp" else loop.output]
    low, high = getattr(loop, f"{side}_low") or tag.low, getattr(loop, f"{side}_high") or tag.high
    return (
        -math.inf if low is None else low.to(tag.unit),
        math.inf if high is None else high.to(tag.unit),
    )
