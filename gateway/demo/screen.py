"""What the demo shows in the terminal: units, loops, alarms, and points on their way to the store."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.site import Site
from control.signal import BAD, UNCERTAIN
from gateway.modes import REGULATING, word_of
from gateway.subscriber import Subscriber

_EVENTS_SHOWN = 9
_TAGS_SHOWN = 14
_HEADER = frozenset(
    ("id", "type", "version", "gateway", "epoch", "partition", "sequence", "time", "time_ns", "config")
)
_STATES = {
    "A": "normal",
    "B": "UNACKNOWLEDGED",
    "C": "acknowledged",
    "D": "returned, unacknowledged",
    "E": "latched, unacknowledged",
    "F": "latched, acknowledged",
    "G": "shelved",
    "H": "suppressed",
    "I": "out of service",
}
_PRIORITY_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def screen(view: Subscriber, note: str) -> Layout:
    """Return the whole screen."""
    layout = Layout()
    layout.split_column(
        Layout(_units(view), name="units"),
        Layout(name="bottom", size=_EVENTS_SHOWN + 2),
        Layout(Panel(note, style="dim"), size=4),
    )
    layout["bottom"].split_row(
        Layout(Panel(_events(view), title="alarms and events"), ratio=3),
        Layout(Panel(_counters(view), title="from report to store"), ratio=2),
    )
    return layout


def _units(view: Subscriber) -> Layout:
    columns = Layout()
    columns.split_row(*(Layout(_unit(view, unit)) for unit in view.site.units))
    return columns


def _unit(view: Subscriber, unit: str) -> Panel:
    site = view.site
    parts: list[Table] = []
    if loops := [name for name in site.loops if site.unit_of(name) == unit]:
        parts.append(_loops(view, loops))
    covered = {site.loops[name].pv for name in loops} | {site.loops[name].output for name in loops}
    ends = (".sp", ".op", ".mode")
    rest = [t for t in site.tags if site.unit_of(t) == unit and t not in covered and not t.endswith(ends)]
    parts.append(_values(view, rest[:_TAGS_SHOWN]))
    return Panel(Group(*parts), title=f"{unit} {site.units[unit].display_name}".strip())


def _loops(view: Subscriber, loops: list[str]) -> Table:
    table = Table("loop", "PV", "SP", "OP", "", box=None, pad_edge=False, header_style="dim")
    for name in loops:
        loop = view.site.loops[name]
        value = view.values.get(f"{name}.mode")
        mode = word_of(value.value) if value is not None and isinstance(value.value, float) else None
        table.add_row(
            name.split("/", 1)[1],
            _value(view, loop.pv),
            _value(view, f"{name}.sp"),
            _value(view, f"{name}.op"),
            Text(mode or "–", style="" if mode in REGULATING else "yellow"),
        )
    return table


def _values(view: Subscriber, names: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in names:
        table.add_row(name.split("/", 1)[1], _value(view, name), view.site.tags[name].unit)
    return table


def _value(view: Subscriber, name: str) -> Text:
    value = view.values.get(name)
    if value is None or value.value is None:
        return Text("–", style="red" if value is not None else "dim")
    text = str(value.value)
    if isinstance(value.value, float):
        text = format(value.value, view.site.tags[name].format)
    style = "red" if value.quality >= BAD else "yellow" if value.quality >= UNCERTAIN else ""
    return Text(text, style=style)


def _events(view: Subscriber) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for event in list(view.events)[-_EVENTS_SHOWN:]:
        when = time.strftime("%H:%M:%S", time.gmtime(event["time_ns"] / 1e9))
        style = _PRIORITY_STYLE.get(str(event.get("priority")), "")
        table.add_row(Text(when, style="dim"), Text(describe(event, view.site), style=style))
    return table


def describe(event: dict[str, Any], site: Site) -> str:
    """Return an event in one line."""
    name = event.get("name") or event.get("target") or event.get("device") or ""
    match event["type"]:
        case "alarm":
            unit = site.tags[event["tag"]].unit if event.get("tag") in site.tags else ""
            value = event.get("value")
            at = "" if value is None else f" at {value:.4g} {unit}"
            return f"{name} {event['alarm_type']}: {_STATES[event['before']]} → {_STATES[event['after']]}{at}"
        case "set_point":
            before = "–" if event["before"] is None else f"{event['before']:g}"
            return f"{name} set-point: {before} → {event['after']:g}"
        case "mode":
            return f"{name} mode: {event['before']} → {event['after']}"
        case "bypass":
            return (
                f"{name} bypassed for {event['duration_s']:g} s"
                if event["bypassed"]
                else f"{name} bypass ended"
            )
        case "command":
            verdict = "accepted" if event["accepted"] else f"refused: {event['reason']}"
            return f"{event['user']} commands {event['kind']} {name}: {verdict}"
        case kind:
            facts = [
                f"{key}={value}"
                for key, value in event.items()
                if key not in _HEADER and value not in (None, "", name)
            ]
            return f"{kind} {name} {' '.join(facts[:4])}"


def _counters(view: Subscriber) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    gateway = view.gateway
    engine = gateway.get("engine", {})
    rows = [
        (engine.get("scans"), "scans"),
        (engine.get("overruns"), "overruns"),
        (engine.get("lateness_p99_us"), "µs late (99 %)"),
        (gateway.get("acquisition", {}).get("samples"), "samples read"),
        (gateway.get("journal", {}).get("points"), "reports journalled"),
        (gateway.get("forward", {}).get("acknowledged"), "messages published"),
        (sum(h.get("points_stored", 0) for h in view.historians.values()), "points stored"),
    ]
    for figure, what in rows:
        table.add_row("–" if figure is None else f"{figure:,.0f}", what)
    return table
