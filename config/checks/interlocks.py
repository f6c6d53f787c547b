"""Interlocks: what they may force, to what."""

from __future__ import annotations

from config.checks.context import Context, text


def check(context: Context) -> None:
    """Check what every interlock forces."""
    watchdogs = {d.watchdog: name for name, d in context.site.devices.items() if d.watchdog is not None}
    _first_out(context)
    forced: dict[str, tuple[float, str]] = {}
    for full, interlock in context.site.interlocks.items():
        if not interlock.force:
            context.error(context.path("interlocks", full, "force"), "it forces nothing", "name tag: value")
        for name, value in interlock.force.items():
            path = context.path("interlocks", full, "force", _written(context, full, name))
            tag = context.writable(name, path)
            if tag is None:
                continue
            if name in watchdogs:
                context.error(
                    path, f"{name!r} is the watchdog of device {watchdogs[name]!r}",
                    "forcing it would hide that the gateway stands still",
                )  # fmt: skip
            number = context.number(value, tag.unit, path)
            if number is None:
                continue
            low, high = context.range_of(tag)
            if not low <= number <= high:
                between = f"{text(low, tag.unit)} to {text(high, tag.unit)}"
                context.error(
                    path, f"{value} is outside the range of the tag, {between}", "force a value in it"
                )
            before, other = forced.setdefault(name, (number, full))
            if before != number:
                context.warn(
                    path, f"{other!r} forces {name!r} to {text(before, tag.unit)}, this one to "
                    f"{text(number, tag.unit)}", "let interlocks agree on the safe value of an actuator",
                )  # fmt: skip


def _first_out(context: Context) -> None:
    """Check the first-out groups: each has something to choose from, and a name of its own."""
    for group, members in context.site.first_out_groups.items():
        path = context.path("interlocks", members[0], "first_out")
        if len(members) == 1:
            context.warn(path, f"{members[0]!r} is alone in the group {group!r}", "give it to others too")
        for kind, others in (("an interlock", context.site.interlocks), ("an alarm", context.site.alarms)):
            if group in others:
                context.error(path, f"{group!r} is the name of {kind} too", "give the group another name")
        if group in context.site.alarm_groups:
            context.error(
                path, f"{group!r} is a group of alarms too: {context.site.alarm_groups[group][0]!r}",
                "give one of the two another name: a reset names one group",
            )  # fmt: skip


def _written(context: Context, interlock: str, tag: str) -> str:
    """Return a forced tag as the file names it: within its own unit the unit may be left out."""
    unit = context.site.unit_of(interlock)
    root = context.findings.root
    node = root["units"][unit]["interlocks"][interlock.partition("/")[2]]["force"] if root is not None else {}
    return tag if tag in node else tag.removeprefix(f"{unit}/")
