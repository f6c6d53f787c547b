"""`cellgate influx`: what an InfluxDB server is to be told once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.streams import InfluxStore
from gateway.cli.site import SiteArgument, load_or_exit, stderr


def influx(
    site: SiteArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")],
) -> None:
    """Write out buckets with their retention, and the tasks that make trends of points."""
    from gateway.historian.influx_setup import buckets, setup_files

    effective = load_or_exit(site)
    stores = {h.name: h.store for h in effective.streams.historians if isinstance(h.store, InfluxStore)}
    if not stores:
        stderr.print("no historian of this site writes to InfluxDB", markup=False)
        raise typer.Exit(1)
    for name, store in stores.items():
        try:
            files = setup_files(store)
        except ValueError as error:
            stderr.print(f"{name}: {error}", markup=False)
            raise typer.Exit(2) from None
        folder = output / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        print(f"{folder}: {', '.join(files)}; buckets {', '.join(buckets(store))}")
