"""What happened, in words: one line for each event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from config.site import Site
from gateway.hmi import texts

_SHOWN_APART: Final = frozenset(
    (
        *("id", "type", "version", "gateway", "epoch", "partition", "sequence", "time", "time_ns", "config"),
        *("unit", "name", "target", "device", "user", "command", "occurrence", "onset_ns", "count", "tag"),
        *("active", "acknowledged", "until_ns", "bypassed", "bypassed_until_ns"),
    )
)


def describe(event: Mapping[str, Any], site: Site) -> str:
    """Return what happened, in one line."""
    name = event.get("name") or event.get("target") or event.get("device") or ""
    words = _WORDS.get(event["type"], _facts)(event, site)
    return f"{name}: {words}" if name and words else name or words


def _alarm(event: Mapping[str, Any], site: Site) -> str:
    tag = site.tags.get(event["tag"])
    at = "" if event["value"] is None else f" at {event['value']:.5g} {tag.unit if tag else ''}"
    states = f"{texts.ALARM_STATES[event['before']]} → {texts.ALARM_STATES[event['after']]}"
    return f"{texts.ALARM_TYPES[event['alarm_type']]} ({event['priority']}): {states}{at}"


def _change(event: Mapping[str, Any], _: Site) -> str:
    parameter = event.get("parameter") or ""
    return f"{parameter} {_plain(event['before'])} → {_plain(event['after'])}".strip()


def _command(event: Mapping[str, Any], _: Site) -> str:
    value = "" if event.get("value") is None else f" {_plain(event['value'])}"
    end = texts.COMMAND_DONE if event["accepted"] else texts.REFUSED.format(reason=event["reason"])
    return f"{event['kind'].replace('_', ' ')}{value}: {end}"


def _context(event: Mapping[str, Any], _: Site) -> str:
    named = [(texts.BATCH_COLUMNS[key], event[key]) for key in ("campaign", "batch", "phase")]
    return ", ".join(f"{title} {name}" for title, name in named if name) or texts.NO_CONTEXT


def _device(event: Mapping[str, Any], _: Site) -> str:
    duration_s = event.get("duration_s")
    after = "" if duration_s is None else f" ({duration_s:.1f} s)"
    reason = f": {event['reason']}" if event.get("reason") else ""
    return f"{event['state']}{after}{reason}"


def _interlock(event: Mapping[str, Any], site: Site) -> str:
    state = texts.ACTIVE if event["active"] else texts.READY
    return ", ".join(part for part in (state, _facts(event, site)) if part)


def _bypass(event: Mapping[str, Any], site: Site) -> str:
    state = texts.BYPASS_BEGAN if event["bypassed"] else texts.BYPASS_ENDED
    return ", ".join(part for part in (state, _facts(event, site)) if part)


def _gap(event: Mapping[str, Any], _: Site) -> str:
    count = event["last"] - event["first"] + 1
    return texts.REPORTS_LOST.format(count=count, why=texts.LOSSES.get(event["reason"], event["reason"]))


def _facts(event: Mapping[str, Any], _: Site) -> str:
    """Return what an event carries of its own, by name."""
    return ", ".join(
        f"{key.replace('_', ' ')} {_plain(value)}"
        for key, value in event.items()
        if key not in _SHOWN_APART and value not in (None, "", {}, [])
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return texts.YES if value else texts.NO
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return texts.NO_VALUE if value is None else str(value)


_WORDS: Final[dict[str, Callable[[Mapping[str, Any], Site], str]]] = {
    "alarm": _alarm,
    "mode": _change,
    "set_point": _change,
    "tuning": _change,
    "command": _command,
    "context": _context,
    "device": _device,
    "interlock": _interlock,
    "bypass": _bypass,
    "gap": _gap,
}
