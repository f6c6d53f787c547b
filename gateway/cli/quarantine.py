"""`cellgate quarantine`: what historians set aside, and why; out into a file, or to the store once more."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr


def quarantine(
    site: SiteArgument,
    data: DataOption = None,
    name: Annotated[str | None, typer.Option(help="Only of this historian.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it as lines of JSON into this file.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Have the store try again what it refused.")] = False,
) -> None:
    """Print what historians set aside, and why; export it, or have the store try it again."""
    effective, folder = load_or_exit(site), data_folder(data)
    from gateway.historian.query import HOT_FILE, folder_of, service_name

    configured = [h for h in effective.streams.historians if name in (None, h.name)]
    services = [service_name(historian, member) for historian in configured for member in historian.processes]
    paths = {service: folder_of(folder, service) / HOT_FILE for service in services}
    paths = {service: path for service, path in paths.items() if path.exists()}
    if not paths:
        stderr.print(f"there is no such historian's file in {folder}", markup=False)
        raise typer.Exit(1)
    try:
        if retry:
            _retry(paths)
        elif output is not None:
            _export(paths, output)
        else:
            _show(paths)
    except sqlite3.Error as error:
        stderr.print(f"the hot table cannot be used: {error}", markup=False)
        raise typer.Exit(1) from None


def _show(paths: dict[str, Path]) -> None:
    from gateway.historian.quarantine import list_quarantine

    headings = ("historian", "id", "when (UTC)", "from", "gateway", "sequence", "bytes", "why")
    table = Table(*headings, box=None, pad_edge=False)
    for service, path in paths.items():
        for aside in list_quarantine(path):
            when = datetime.datetime.fromtimestamp(aside.noticed_ns / 1e9, datetime.UTC)
            gateway = f"{aside.source.gateway}/{aside.source.partition}" if aside.source else ""
            numbers = (gateway, str(aside.sequence or ""), str(len(aside.data)))
            table.add_row(
                service, str(aside.id), f"{when:%Y-%m-%d %H:%M:%S}", aside.origin, *numbers, aside.reason
            )
    Console(highlight=False, markup=False).print(table)


def _export(paths: dict[str, Path], output: Path) -> None:
    from gateway.historian.quarantine import list_quarantine

    found = [aside for path in paths.values() for aside in list_quarantine(path)]
    with output.open("wb") as file:
        file.writelines(aside.to_json() for aside in found)
    print(f"{len(found)} record(s)")


def _retry(paths: dict[str, Path]) -> None:
    from gateway.historian.quarantine import retry_quarantine

    stays = 0
    for service, path in paths.items():
        count, left = retry_quarantine(path)
        print(f"{service}: {count} record(s) go to the store again")
        for aside, why in left:
            stderr.print(f"{service}: {aside.id} stays: {why}", markup=False)
        stays += len(left)
    if stays:
        raise typer.Exit(1)
