"""`cellgate alarms`: what stands, what happened, and how well it is managed, from the store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from config.quantities import QuantityError, parse_duration
from config.site import Site
from gateway.alarms.book import AlarmBook, AlarmLine
from gateway.alarms.kpi import Performance, measure
from gateway.alarms.record import read_record
from gateway.alarms.stored import ALARM_TYPES, consoles, read_events, read_standing, recorded_from
from gateway.alarms.targets import PRIORITY_SPLIT, TARGETS, is_enough
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.cli.stored import ask_or_exit

_LOOK_BACK_NS = 8 * 86_400 * 10**9
"""What stood at the start of a time was raised before it."""
_FILE_COLUMNS = 160

app = typer.Typer(help="Alarms: what stands, what happened, how well it is managed.", no_args_is_help=True)
LastOption = Annotated[str, typer.Option(help="How far back, as 8 h or 30 d.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def kpi(
    site: SiteArgument, data: DataOption = None, last: LastOption = "30 d", json: JsonOption = False
) -> None:
    """Measure alarm management for each console, against ISA-18.2 and EEMUA 191 as commonly cited."""
    effective = load_or_exit(site)
    to_ns = time.time_ns()
    from_ns = to_ns - _span_ns(last)
    record = read_record(_events(effective, data, from_ns - _LOOK_BACK_NS, to_ns))
    from_ns = ask_or_exit(
        effective, data_folder(data), lambda history: recorded_from(history, from_ns, to_ns)
    )
    measured = {name: measure(record, units, from_ns, to_ns) for name, units in consoles(effective).items()}
    if json:
        print(orjson.dumps(measured, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
        return
    console = _console()
    for name, performance in measured.items():
        console.print(_kpi_table(name, performance))
        _print_lists(console, performance)


@app.command("list")
def show(site: SiteArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Show what is annunciated now, and what is shelved, suppressed or out of service."""
    effective = load_or_exit(site)
    now_ns = time.time_ns()
    book = AlarmBook()
    standing = ask_or_exit(
        effective, data_folder(data), lambda history: read_standing(history, now_ns + 10**9)
    )
    for event in standing:
        book.take(event)
    lines = [*book.lines(), *book.silent()]
    if json:
        print(orjson.dumps(lines, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(
        "state", "priority", "alarm", "since (UTC)", "value", "occurrence", "by", box=None, pad_edge=False
    )
    for line in lines:
        table.add_row(*_line(line))
    _console().print(table if lines else "no alarms")


@app.command()
def journal(
    site: SiteArgument, data: DataOption = None, last: LastOption = "8 h", json: JsonOption = False
) -> None:
    """Print every change of every alarm, also of those that were not annunciated."""
    effective = load_or_exit(site)
    to_ns = time.time_ns()
    events = _events(effective, data, to_ns - _span_ns(last), to_ns, ALARM_TYPES - {"gateway"})
    if json:
        for event in events:
            print(orjson.dumps(event).decode())
        return
    table = Table("time (UTC)", "alarm", "from", "to", "cause", "value", "by", box=None, pad_edge=False)
    for event in events:
        table.add_row(*_entry(event))
    _console().print(table)


def _events(
    site: Site, data: Path | None, from_ns: int, to_ns: int, types: frozenset[str] = ALARM_TYPES
) -> list[dict[str, Any]]:
    return ask_or_exit(site, data_folder(data), lambda history: read_events(history, from_ns, to_ns, types))


def _span_ns(last: str) -> int:
    try:
        return int(parse_duration(last) * 1e9)
    except QuantityError as error:
        stderr.print(f"--last: {error}", markup=False)
        raise typer.Exit(2) from None


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _FILE_COLUMNS)
    return console


def _time(time_ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time_ns / 1e9))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _line(line: AlarmLine) -> tuple[str, ...]:
    until = "" if line.shelved_until_ns is None else f" until {_time(line.shelved_until_ns)}"
    return (
        f"{line.state}{'' if line.active else ' (gone)'}{until}",
        line.priority,
        line.name,
        _time(line.onset_ns) if line.onset_ns else "–",
        _number(line.value),
        str(line.occurrence),
        line.changed_by or "",
    )


def _entry(event: dict[str, Any]) -> tuple[str, ...]:
    when, who = _time(int(event["time_ns"])), event.get("user") or ""
    if event["type"] == "alarm_first_out":
        first = "cannot be told" if event["indeterminate"] else event["first"] or "reset"
        return when, event["name"], "", "", f"first out: {first}", "", who
    cause = event.get("cause", "")
    return when, event["name"], event["before"], event["after"], cause, _number(event["value"]), who


def _kpi_table(name: str, performance: Performance) -> Table:
    enough = "" if is_enough(performance) else f"; {performance.days:.3g} days: too few to judge by"
    title = f"Console {name}: {performance.count} alarms{enough}"
    table = Table(
        "measure", "value", "good up to", "manageable up to", "verdict", title=title, title_justify="left"
    )
    for target in TARGETS:
        value, good, most = (
            f"{v:{target.form}}" for v in (target.value(performance), target.good, target.manageable)
        )
        table.add_row(target.name, value, good, most, target.judge(performance))
    for priority, share in performance.priorities.items():
        table.add_row(f"priority {priority}", f"{share:.1%}", f"about {PRIORITY_SPLIT[priority]:.0%}", "", "")
    return table


def _print_lists(console: Console, performance: Performance) -> None:
    for source in performance.top:
        console.print(f"  {source.count:6} {source.share:6.1%}  {source.name}")
    for name, index in performance.chattering.items():
        console.print(f"  chattering: {name} (index {index:.3f}/s)")
    for title, names in (("fleeting", performance.fleeting), ("stale", performance.stale)):
        if names:
            console.print(f"  {title}: {', '.join(names)}")
    counts = ", ".join(f"{what} {count}" for what, count in performance.silenced.items())
    console.print(f"  silenced: {counts or 'none'}\n")
