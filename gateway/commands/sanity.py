"""Is a command sane now? Turns an authorised command into a row for the engine, or says why not.

Pure. The engine checks again what can change in between (mode, interlock, occurrence).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from config.loops import Loop
from config.site import Site
from config.tags import Access, Tag, TagKind
from control import signal
from gateway.commands.message import CommandMessage

_MODES = {"manual": signal.MODE_MANUAL, "auto": signal.MODE_AUTO}


class Refused(Exception):
    """The command cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class EngineRow:
    """The fields of a COMMAND row, and the tag that shows the value it changes (for the audit trail)."""

    kind: int
    index: int
    value: float = 0.0
    parameter: int = 0
    occurrence: int = 0
    shown_by: str | None = None


def unit_of(site: Site, command: CommandMessage) -> str:
    """Return the unit whose rights the command needs (the gateway's name for the whole of it).

    Raises:
        Refused: the target does not exist.
    """
    if command.kind == "arm":
        if command.target != site.gateway.name:
            raise Refused(f"{command.target!r} is not this gateway ({site.gateway.name!r})")
        return site.gateway.name
    unit = site.unit_of(command.target)
    if unit not in site.units:
        raise Refused(f"there is no unit {unit!r}")
    return unit


def to_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for a command.

    Raises:
        Refused: unknown target, missing or unfit value, outside the limits.
    """
    match command.kind:
        case "set_point":
            loop = _loop(site, command.target)
            value = _number(command, *_set_point_limits(site, loop))
            return _loop_row(site, command.target, signal.SET_POINT, value, "sp")
        case "output":
            loop = _loop(site, command.target)
            value = _number(command, *_output_limits(site, loop))
            return _loop_row(site, command.target, signal.SET_OUTPUT, value, "op")
        case "mode":
            _loop(site, command.target)
            if command.value not in _MODES:
                raise Refused(f"{command.value!r} is not a mode: {' or '.join(_MODES)}")
            mode = float(_MODES[str(command.value)])
            return _loop_row(site, command.target, signal.SET_MODE, mode, "mode")
        case "acknowledge":
            index = _position(site.alarms, command.target, "alarm")
            if command.occurrence is None:
                raise Refused("acknowledge needs the occurrence of the alarm that was seen")
            return EngineRow(signal.ACKNOWLEDGE, index, occurrence=command.occurrence)
        case "reset":
            if command.target in site.interlocks:
                index = _position(site.interlocks, command.target, "interlock")
                return EngineRow(signal.RESET, index, parameter=1)
            return EngineRow(signal.RESET, _position(site.alarms, command.target, "alarm or interlock"))
        case "arm":
            return EngineRow(signal.ARM, 0, value=_number(command, 0.0, 1.0))
        case "write":
            return _tag_row(site, command)
        case _:
            raise Refused(f"{command.kind!r} is not for the engine")


def _loop_row(site: Site, name: str, kind: int, value: float, shown: str) -> EngineRow:
    return EngineRow(kind, _position(site.loops, name, "loop"), value=value, shown_by=f"{name}.{shown}")


def _tag_row(site: Site, command: CommandMessage) -> EngineRow:
    tag = site.tags.get(command.target)
    if tag is None:
        raise Refused(f"there is no tag {command.target!r}")
    if tag.device is None or tag.access is Access.READ:
        raise Refused(f"{command.target!r} is not writable")
    if tag.kind is TagKind.TEXT:
        raise Refused(f"{command.target!r} is a text: texts cannot be written")
    owner = next((name for name, loop in site.loops.items() if loop.output == command.target), None)
    if owner is not None:
        raise Refused(f"loop {owner!r} owns {command.target!r}: put it in manual and command its output")
    if command.target == site.devices[tag.device].watchdog:
        raise Refused(f"{command.target!r} carries the watchdog counter")
    value = _number(command, *_range_of(tag))
    return EngineRow(signal.WRITE_TAG, site.tag_index[command.target], value=value, shown_by=command.target)


def _loop(site: Site, name: str) -> Loop:
    if name not in site.loops:
        raise Refused(f"there is no loop {name!r}")
    return site.loops[name]


def _position(of: Iterable[str], name: str, what: str) -> int:
    for index, other in enumerate(of):
        if other == name:
            return index
    raise Refused(f"there is no {what} {name!r}")


def _number(command: CommandMessage, low: float, high: float) -> float:
    value = command.value
    if isinstance(value, str) or value is None or not math.isfinite(value):
        raise Refused(f"{command.kind} needs a number, not {value!r}")
    if not low <= value <= high:
        raise Refused(f"{value:g} is outside the limits {low:g} to {high:g}")
    return value


def _range_of(tag: Tag) -> tuple[float, float]:
    low = -math.inf if tag.low is None else tag.low.to(tag.unit)
    high = math.inf if tag.high is None else tag.high.to(tag.unit)
    return low, high


def _set_point_limits(site: Site, loop: Loop) -> tuple[float, float]:
    pv = site.tags[loop.pv]
    low, high = _range_of(pv)
    return (
        low if loop.sp_low is None else loop.sp_low.to(pv.unit),
        high if loop.sp_high is None else loop.sp_high.to(pv.unit),
    )


def _output_limits(site: Site, loop: Loop) -> tuple[float, float]:
    output = site.tags[loop.output]
    low, high = _range_of(output)
    return (
        low if loop.out_low is None else loop.out_low.to(output.unit),
        high if loop.out_high is None else loop.out_high.to(output.unit),
    )
