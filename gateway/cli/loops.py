"""`cellgate loops`: how well each loop did, as it was last reported; and the Harris index on demand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from config.quantities import QuantityError, parse_duration
from config.site import Site
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.cli.stored import ask_or_exit
from gateway.historian.api import EventFilter, StoreError
from gateway.tuning.assessment import assess

_FILE_COLUMNS: Final = 200
"""Width where no terminal sets one: nothing is cut off in a pipe or a file."""
_DAY_NS: Final = 86_400 * 1_000_000_000
_COLUMNS: Final = {
    "service": "service_percent",
    "normal": "normal_percent",
    "saturated": "saturated_percent",
    "error": "mean_error",
    "|error|": "mean_absolute_error",
    "2σ/mean": "variability_percent",
    "travel/h": "travel_per_hour",
    "cross/h": "crossings_per_hour",
}


def loops(
    site: SiteArgument,
    harris: Annotated[
        str | None, typer.Option(metavar="LOOP", help="Harris index of this loop, from stored data.")
    ] = None,
    delay: Annotated[
        str | None, typer.Option(help="With --harris: the delay of the process, as 60 s of the plant.")
    ] = None,
    last: Annotated[str, typer.Option(help="How far back, as 1 h.")] = "1 h",
    data: DataOption = None,
) -> None:
    """Show how well the loops did in their last report, or assess one against the best there can be."""
    effective = load_or_exit(site)
    folder = data_folder(data)
    try:
        span_ns = int(parse_duration(last) * 1e9)
        delay_s = None if delay is None else parse_duration(delay)
    except QuantityError as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(2) from None
    if harris is not None:
        _harris(effective, folder, harris, delay_s, span_ns)
        return
    reports = newest(effective, folder)
    if not reports:
        every = effective.gateway.loop_report
        stderr.print(f"no loop is reported yet: it is done each {every:g} s", markup=False)
        raise typer.Exit(1)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _FILE_COLUMNS)
    console.print(table(effective, reports))


def newest(site: Site, data: Path) -> dict[str, dict[str, Any]]:
    """Return the latest report of each loop of the last day, by its name."""
    now_ns = time.time_ns()
    kinds = frozenset({"loop_performance"})
    which = EventFilter(now_ns - _DAY_NS, now_ns, kinds, limit=10 * len(site.loops))
    events = ask_or_exit(site, data, lambda history: history.events(which))
    latest = {event["name"]: event for event in events}
    return {name: latest[name] for name in site.loops if name in latest}


def table(site: Site, reports: dict[str, dict[str, Any]]) -> Table:
    """Return the reports as a table; shares are per cent, errors in units of the PV."""
    shown = Table("loop", *_COLUMNS, "oscillates", "unit", box=None, pad_edge=False, header_style="bold")
    for name, report in reports.items():
        cells = ["–" if report[key] is None else f"{report[key]:.3g}" for key in _COLUMNS.values()]
        oscillates = "yes" if report["oscillating"] else "no"
        style = "yellow" if report["oscillating"] or report["saturated_percent"] > 50.0 else ""
        shown.add_row(name, *cells, oscillates, site.tags[site.loops[name].pv].unit, style=style)
    return shown


def _harris(site: Site, data: Path, loop: str, delay_s: float | None, span_ns: int) -> None:
    if loop not in site.loops or delay_s is None:
        what = "--harris needs --delay" if loop in site.loops else f"there is no loop {loop!r}"
        stderr.print(what, markup=False)
        raise typer.Exit(2)
    now_ns = time.time_ns()
    try:
        found = assess(site, data, loop, delay_s, now_ns - span_ns, now_ns)
    except (ValueError, StoreError) as error:
        stderr.print(f"{loop}: {error}", markup=False)
        raise typer.Exit(1) from None
    console = Console(highlight=False)
    console.print(
        f"{loop}: Harris index {found.harris:.2f} over {found.samples} samples of {found.step_s:g} s "
        f"(1: no controller could do better; delay {found.delay_steps} samples)",
        markup=False,
    )
