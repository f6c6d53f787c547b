"""`cellgate tags`: live values, as any subscriber sees them."""

from __future__ import annotations

import asyncio
import fnmatch
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from config.site import Site
from control.signal import BAD, UNCERTAIN, describe_quality
from gateway.cli.site import SiteArgument, load_or_exit, stderr
from gateway.subscriber import LiveValue, Subscriber


def tags(
    site: SiteArgument,
    pattern: Annotated[str, typer.Argument(help="Names to show, as br1/* or *.pv.")] = "*",
    once: Annotated[
        bool, typer.Option("--once", help="Print one table and end (always so into a pipe).")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--wait", help="With --once: how long to collect.", min=0.1)
    ] = 3.0,
) -> None:
    """Show live values with quality and age."""
    effective = load_or_exit(site)
    names = [name for name in effective.tags if fnmatch.fnmatchcase(name, pattern)]
    if not names:
        stderr.print(f"no tag matches {pattern!r}", markup=False)
        raise typer.Exit(1)
    try:
        asyncio.run(_follow(effective, names, once=once, seconds=seconds))
    except TimeoutError:
        broker = effective.streams.broker
        stderr.print(f"no broker at {broker.host}:{broker.port}", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        return


async def _follow(site: Site, names: list[str], *, once: bool, seconds: float) -> None:
    subscriber = Subscriber(site, "tags")
    console = Console()
    async with subscriber.following():
        if once or not console.is_terminal:
            await asyncio.sleep(seconds)
            console.print(table(site, names, subscriber.values))
            return
        with Live(console=console, refresh_per_second=4, vertical_overflow="ellipsis") as live:
            while True:
                live.update(table(site, names, subscriber.values))
                await asyncio.sleep(0.25)


def table(site: Site, names: list[str], values: dict[str, LiveValue]) -> Table:
    """Return a table of tags: value in its format, unit, quality in words, age of the source time."""
    shown = Table("tag", "value", "unit", "quality", "age", box=None, pad_edge=False, header_style="bold")
    for name in names:
        tag, value = site.tags[name], values.get(name)
        if value is None:
            shown.add_row(name, "–", tag.unit, "no report yet", "", style="dim")
            continue
        style = "red" if value.quality >= BAD else "yellow" if value.quality >= UNCERTAIN else ""
        age_s = (time.time_ns() - value.source_ns) / 1e9
        text = "–" if value.value is None else str(value.value)
        if isinstance(value.value, float):
            text = format(value.value, tag.format)
        shown.add_row(name, text, tag.unit, describe_quality(value.quality), f"{age_s:.1f} s", style=style)
    return shown
