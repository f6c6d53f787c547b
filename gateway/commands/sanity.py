"""Is a command sane now? Turns an authorised command into a row for the engine, or says why not.

Pure. The engine checks again what can change in between (mode, interlock, occurrence).
"""

from __future__ import annotations

import math

from config.loops import Loop
from config.site import Site
from config.tags import Access, Tag, TagKind
from control import signal
from control.loop_tables import MODES
from gateway.commands.alarms import alarm_row, is_on_alarm
from gateway.commands.autotune import autotune_row
from gateway.commands.logic import logic_row
from gateway.commands.message import CommandMessage
from gateway.commands.overrides import override_row, refuse_own
from gateway.commands.profiles import profile_row
from gateway.commands.rows import EngineRow, Refused, position
from gateway.commands.tuning import tune_row
from gateway.modes import modes_of

_MODES = {mode.value: code for mode, code in MODES.items()}


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
                raise Refused(f"{command.value!r} is not a mode: {', '.join(_MODES)}")
            if command.value not in modes_of(site, command.target):
                raise Refused(f"nothing gives {command.target!r} a set-point in mode {command.value}")
            mode = float(_MODES[str(command.value)])
            return _loop_row(site, command.target, signal.SET_MODE, mode, "mode")
        case _ if is_on_alarm(site, command):
            return alarm_row(site, command)
        case "reset" | "bypass":
            return logic_row(site, command)
        case "tune" | "autotune" | "profile":
            make = {"tune": tune_row, "autotune": autotune_row, "profile": profile_row}[command.kind]
            return make(site, command)
        case "force" | "simulate" | "release":
            return override_row(site, command)
        case "write":
            return _tag_row(site, command)
        case _:
            raise Refused(f"{command.kind!r} is not for the engine")


def _loop_row(site: Site, name: str, kind: int, value: float, shown: str) -> EngineRow:
    return EngineRow(kind, position(site.loops, name, "loop"), value=value, shown_by=f"{name}.{shown}")


def _tag_row(site: Site, command: CommandMessage) -> EngineRow:
    tag = site.tags.get(command.target)
    if tag is None:
        raise Refused(f"there is no tag {command.target!r}")
    if tag.device is None or tag.access is Access.READ:
        raise Refused(f"{command.target!r} is not writable")
    if tag.kind is TagKind.TEXT:
        raise Refused(f"{command.target!r} is a text: texts cannot be written")
    owner = site.owners.get(command.target)
    if owner is not None:
        raise Refused(f"{owner} owns {command.target!r}: put it in manual and command its output")
    refuse_own(site, command.target, tag.device)
    value = _number(command, *_range_of(tag))
    return EngineRow(signal.WRITE_TAG, site.tag_index[command.target], value=value, shown_by=command.target)


def _loop(site: Site, name: str) -> Loop:
    if name not in site.loops:
        raise Refused(f"there is no loop {name!r}")
    return site.loops[name]


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
