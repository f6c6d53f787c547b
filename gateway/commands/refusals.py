"""Why the engine refused a command, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from config.interlocks import ONLY, Permissive
from config.site import Site
from control import actuation_signal, alarm_signal, logic_signal, signal
from gateway.commands.message import CommandMessage
from gateway.commands.overrides import REFUSALS as OVERRIDE_REFUSALS

REFUSALS: Final = {
    signal.REFUSED_OCCURRENCE: "the alarm's present occurrence is another one: look again",
    signal.REFUSED_STATE: "the present state does not allow it: nothing to acknowledge, reset, start or stop",
    signal.REFUSED_MODE: "the loop's mode does not allow it",
    signal.REFUSED_NO_SOURCE: "nothing gives the loop such a set-point, or what gives it is bad",
    signal.REFUSED_TRACKING: "what the loop's output leads to does not take it now: the output follows that",
    signal.REFUSED_RANGE: "outside the limits",
    signal.REFUSED_INTERLOCK: "an interlock forces this output",
    signal.REFUSED_OWNED: "a loop owns this tag",
    signal.REFUSED_DISARMED: "the outputs are not armed: writes of the whole gateway are off",
    signal.REFUSED_DEVIATION: "the PV is too far from its set-point for a relay test: begin from rest",
    signal.REFUSED_PROFILE: "a set-point profile moves this set-point: abort it first",
    signal.REFUSED_TESTED: "a relay test runs on this loop: stop it first, and wait until its output is back",
    signal.REFUSED_INVALID: "the engine knows no such object or parameter",
    **OVERRIDE_REFUSALS,
    alarm_signal.REFUSED_SHELVED: "the alarm is on the shelf already",
    alarm_signal.REFUSED_NOT_SHELVED: "the alarm is not on the shelf",
    alarm_signal.REFUSED_SHELF_TIME: "longer than this alarm may be shelved",
    alarm_signal.REFUSED_OUT_OF_SERVICE: "the alarm is out of service already",
    alarm_signal.REFUSED_IN_SERVICE: "the alarm is in service",
    alarm_signal.REFUSED_SILENT: "the alarm is not annunciated: shelved, suppressed or out of service",
    alarm_signal.REFUSED_STANDING: "an alarm of the group still stands, or none has come",
}

_MORE: Final = {
    ("reset", signal.REFUSED_STATE): "there is nothing to reset, or what must end first still holds",
    ("bypass", signal.REFUSED_STATE): "the interlock is not bypassed",
    (
        "profile",
        signal.REFUSED_STATE,
    ): "the profile is in no state for it: hold what runs, resume what is held, "
    "abort either, start what is neither",
    ("autotune", signal.REFUSED_STATE): "a relay test runs already, or there is none to stop",
    ("set_point", signal.REFUSED_MODE): "the loop is in cascade or remote: put it in auto first",
    ("output", signal.REFUSED_MODE): "the loop moves its output: put it in manual first",
    ("mode", signal.REFUSED_MODE): "the loop's PV is bad: manual and out of service alone are possible",
    ("profile", signal.REFUSED_MODE): "a profile moves the set-point of a loop in auto, and this one is not",
    ("autotune", signal.REFUSED_MODE): "a relay test needs a loop in auto that writes its output",
    ("autotune", signal.REFUSED_RANGE): "the step leads the output beyond its limits: take a smaller one",
}
"""What can be said more exactly of a kind of command."""


def why_refused(site: Site, command: CommandMessage, answer: Any) -> str:
    """Return why the engine refused a command.

    Args:
        site: the effective configuration.
        command: what was asked for.
        answer: the TRANSITION row that refuses it.
    """
    cause = int(answer["cause"])
    if cause == actuation_signal.REFUSED_DEVICE_OFF:
        return _device_off(site, command)
    if cause == logic_signal.REFUSED_PERMISSIVE:
        return _unfulfilled(site, command, int(answer["occurrence"]))
    more = _MORE.get((command.kind, cause))
    return more or REFUSALS.get(cause, "the engine refuses it")


def _device_off(site: Site, command: CommandMessage) -> str:
    """Return that the device behind a command's target is not written to."""
    loop = site.loops.get(command.target)
    tag = site.tags.get(command.target if loop is None else loop.output)
    device = "the device" if tag is None else repr(tag.device)
    return f"writes to {device} are off: it is disarmed, out of service, or not ours to write to"


def _unfulfilled(site: Site, command: CommandMessage, bits: int) -> str:
    """Spell out the permissives whose conditions do not hold: a bit for each condition, in order."""
    conditions = [
        (name, permissive, condition)
        for name, permissive in _guarding(site, command)
        for condition in permissive.when
    ]
    told: dict[str, list[str]] = {}
    for number, (name, permissive, condition) in enumerate(conditions):
        if bits >> number & 1:
            text = permissive.when[condition]
            told.setdefault(permissive.display_name or name, []).append(
                text if condition == ONLY else f"{condition} ({text})"
            )
    return "not permitted: " + "; ".join(f"{name} needs {', '.join(t)}" for name, t in told.items())


def _guarding(site: Site, command: CommandMessage) -> Iterator[tuple[str, Permissive]]:
    """Yield the permissives that guard a command's target, in the engine's order."""
    phase = "" if command.context is None else command.context.phase
    for name, permissive in site.permissives.items():
        if command.kind == "context":
            if site.unit_of(name) == command.target and phase in permissive.phases:
                yield name, permissive
        elif command.target in permissive.loops:
            yield name, permissive
