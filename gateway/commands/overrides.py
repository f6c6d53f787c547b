"""Commands that force, simulate and release tags, as rows for the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from config.quantities import QuantityError, duration_text, parse_duration
from config.site import Site
from config.tags import TagKind
from control import actuation_signal
from control.actuation_layout import OVERRIDE_LIMIT
from control.signal import MODE_MANUAL, MODE_OUT_OF_SERVICE
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused
from gateway.modes import word_of

ONLY_IN_MANUAL: Final = "manual"
_NAMED: Final = 8
KINDS: Final = {
    "force": actuation_signal.FORCE,
    "simulate": actuation_signal.SIMULATE,
    "release": actuation_signal.RELEASE,
}
REFUSALS: Final = {
    actuation_signal.REFUSED_FORCED: "a person forces this output: release it first",
    actuation_signal.REFUSED_NO_ROOM: f"{OVERRIDE_LIMIT} tags are forced or simulated: release one first",
    actuation_signal.REFUSED_NOT_OVERRIDDEN: "it is neither forced nor simulated",
    actuation_signal.REFUSED_NOT_SIMULATED: "only what a device is read for can be simulated",
    actuation_signal.REFUSED_ENDING: "the one before has just ended: try again",
}
"""Why the engine refuses them."""


def override_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row that forces, simulates or releases a tag.

    Raises:
        Refused: no such tag, none that a device is read for or written to; value, time or reason missing.
    """
    tag = site.tags.get(command.target)
    if tag is None:
        raise Refused(f"there is no tag {command.target!r}")
    if tag.kind is TagKind.TEXT:
        raise Refused(f"{command.target!r} is a text: only numbers and switches can be forced")
    if tag.device is None:
        raise Refused(_instead(site, command.target))
    if tag.momentary and command.kind == "force":
        raise Refused(f"{command.target!r} is momentary: its device resets it, so nothing can hold it")
    refuse_own(site, command.target, tag.device)
    index, shown = site.tag_index[command.target], command.target
    if command.kind == "release":
        return EngineRow(KINDS[command.kind], index, shown_by=shown)
    if not command.reason.strip():
        raise Refused(f"{command.kind} needs a reason")
    value = command.value
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise Refused(f"{command.kind} needs a number, not {value!r}")
    if tag.kind is TagKind.BOOL and value not in (0, 1):
        raise Refused(f"{command.target!r} is 0 or 1, not {value:g}")
    time_s = _time_s(site, command)
    return EngineRow(KINDS[command.kind], index, value=float(value), value2=time_s, shown_by=shown)


def _instead(site: Site, tag: str) -> str:
    """Return why a tag without a device cannot be forced, and what can be done in its place."""
    owner = tag.rpartition(".")[0]
    if tag not in site.calculations and owner in site.loops:
        return f"{tag!r} belongs to loop {owner!r}: command the loop, or force {site.loops[owner].output!r}"
    behind = site.tags_behind(tag)
    if not behind:
        return f"{tag!r} is computed, and from no device: there is nothing to force"
    named = ", ".join(map(repr, behind[:_NAMED])) + (", …" if len(behind) > _NAMED else "")
    return f"{tag!r} is computed: force or simulate what it is computed from ({named})"


def refuse_own(site: Site, tag: str, device: str) -> None:
    """Refuse a tag that the gateway itself writes to a device.

    Raises:
        Refused: it carries the watchdog counter, the lease, or PackML commands.
    """
    for unit, content in site.units.items():
        if content.packml is not None and tag in content.packml.written.values():
            raise Refused(f"{tag!r} carries the PackML commands of {unit!r}: send it those")
    lease = site.devices[device].lease
    if tag == site.devices[device].watchdog:
        raise Refused(f"{tag!r} carries the watchdog counter")
    if lease is not None and tag in (lease.owner, lease.counter):
        raise Refused(f"{tag!r} carries the lease of {device!r}")


def refuse_unless_manual(site: Site, command: CommandMessage, read: Callable[[str], float]) -> None:
    """Refuse to force the output of a loop that regulates, where the command asks for that.

    Raises:
        Refused: the loop is neither in manual nor out of service.
    """
    if command.kind != "force" or command.parameter != ONLY_IN_MANUAL:
        return
    for name, loop in site.loops.items():
        if loop.output == command.target:
            mode = read(f"{name}.mode")
            if mode not in (MODE_MANUAL, MODE_OUT_OF_SERVICE):
                raise Refused(f"loop {name} is in {word_of(mode)}: put it in manual or out of service first")


def _time_s(site: Site, command: CommandMessage) -> float:
    most_s, given = site.gateway.max_force, command.duration
    try:
        time_s = parse_duration(given) if isinstance(given, str) else given
    except QuantityError as error:
        raise Refused(str(error)) from None
    if time_s is None or not 0.0 < time_s <= most_s:
        raise Refused(f"{command.kind} needs a duration up to {duration_text(most_s)}, as '15 min'")
    return time_s
