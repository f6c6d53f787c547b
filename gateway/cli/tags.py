"""`cellgate tags`: live values, as any subscriber sees them."""

from __future__ import annotations

import asyncio
import fnmatch
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from config.site import Site
from control.signal import BAD, UNCERTAIN, describe_quality
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.historian.api import StoreError
from gateway.historian.query import open_site_history
from gateway.last_values import last_values
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
    data: DataOption = None,
) -> None:
    """Show live values with quality and age; of what is quiet meanwhile, the last that was stored."""
    effective = load_or_exit(site)
    names = [name for name in effective.tags if fnmatch.fnmatchcase(name, pattern)]
    if not names:
        stderr.print(f"no tag matches {pattern!r}", markup=False)
        raise typer.Exit(1)
    try:
        asyncio.run(_follow(effective, names, data_folder(data), once=once, seconds=seconds))
    except TimeoutError:
        broker = effective.streams.broker
        stderr.print(f"no broker at {broker.host}:{broker.port}", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        return


async def _follow(site: Site, names: list[str], data: Path, *, once: bool, seconds: float) -> None:
    subscriber = Subscriber(site, "tags")
    console = Console()
    stored = await asyncio.to_thread(_stored, site, names, data)
    async with subscriber.following():
        if once or not console.is_terminal:
            await asyncio.sleep(seconds)
            console.print(table(site, names, subscriber.values, stored))
            if not subscriber.online:
                stderr.print("the gateway is not online: nothing of this is live", markup=False)
            return
        with Live(console=console, refresh_per_second=4, vertical_overflow="ellipsis") as live:
            while True:
                live.update(table(site, names, subscriber.values, stored))
                await asyncio.sleep(0.25)


def _stored(site: Site, names: list[str], data: Path) -> dict[str, LiveValue]:
    """Return what the site's store has last of tags; nothing where no store answers."""
    if not site.streams.historians:
        return {}
    try:
        history = open_site_history(site.streams, data)
        try:
            return last_values(history, names)
        finally:
            history.close()
    except StoreError:
        return {}


def table(
    site: Site, names: list[str], values: Mapping[str, LiveValue], stored: Mapping[str, LiveValue]
) -> Table:
    """Return a table of tags: value in its format, unit, quality in words, age of the source time.

    A tag that has not been reported since we look shows what was stored of it last, and says so.
    """
    shown = Table("tag", "value", "unit", "quality", "age", box=None, pad_edge=False, header_style="bold")
    for name in names:
        tag, value = site.tags[name], values.get(name, stored.get(name))
        if value is None:
            shown.add_row(name, "–", tag.unit, "no report yet", "", style="dim")
            continue
        style = "red" if value.quality >= BAD else "yellow" if value.quality >= UNCERTAIN else ""
        age_s = (time.time_ns() - value.source_ns) / 1e9
        text = "–" if value.value is None else str(value.value)
        if isinstance(value.value, float):
            text = format(value.value, tag.format)
        quality = describe_quality(value.quality)
        if name not in values:
            style, quality = f"{style} dim".lstrip(), f"{quality} (stored)"
        shown.add_row(name, text, tag.unit, quality, f"{age_s:.1f} s", style=style)
    return shown
