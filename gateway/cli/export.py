"""`cellgate export`: stored data as Parquet or CSV files, and whether such files are still whole."""

from __future__ import annotations

import fnmatch
import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.cli.times import length_ns, moment_ns

app = typer.Typer(help="Write stored data as Parquet or CSV, and verify such files.", no_args_is_help=True)
_FORMATS = ("parquet", "csv")


@app.command()
def write(
    site: SiteArgument,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to make; it must not exist.")],
    pattern: Annotated[list[str] | None, typer.Argument(help="Tags, as br1/* (default: all).")] = None,
    data: DataOption = None,
    begin: Annotated[str | None, typer.Option("--from", help="UTC, as 2026-11-22T08:00.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="UTC, not included (default: now).")] = None,
    last: Annotated[str, typer.Option(help="Instead of --from: how far back.")] = "1 h",
    kind: Annotated[list[str] | None, typer.Option("--format", help="parquet, csv, or both.")] = None,
    events: Annotated[bool, typer.Option(help="With the events of that time.")] = True,
) -> None:
    """Write what is stored of tags, with units, quality and a manifest with hashes."""
    effective = load_or_exit(site)
    patterns = pattern or ["*"]
    formats = kind or ["parquet"]
    if unknown := [one for one in formats if one not in _FORMATS]:
        stderr.print(f"there is no format {unknown[0]!r}: parquet or csv", markup=False)
        raise typer.Exit(2)
    to_ns = time.time_ns() if end is None else moment_ns(end)
    from_ns = to_ns - length_ns(last) if begin is None else moment_ns(begin)
    if from_ns >= to_ns:
        stderr.print("the start is not before the end", markup=False)
        raise typer.Exit(2)
    from gateway.export.export import ExportError, Format, Query, export
    from gateway.historian.api import StoreError
    from gateway.historian.query import open_site_history

    try:
        history = open_site_history(effective.streams, data_folder(data))
        try:
            known = {*history.tags(), *effective.tags}
            tags = tuple(sorted(t for t in known if any(fnmatch.fnmatchcase(t, one) for one in patterns)))
            if not tags:
                stderr.print(f"no tag matches {', '.join(patterns)}", markup=False)
                raise typer.Exit(2)
            chosen: list[Format] = ["csv" if one == "csv" else "parquet" for one in dict.fromkeys(formats)]
            query = Query(tags, from_ns, to_ns, tuple(chosen), events, " ".join(patterns))
            made = export(effective, history, query, folder)
        finally:
            history.close()
    except (StoreError, ExportError, OSError) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(1) from None
    files = len(made["files"])
    print(f"{folder}: {made['points']} rows of points, {made['events']} events, {files} files and a manifest")
    if not made["store"]["exact"]:
        stderr.print("the store keeps times and values only roughly, and so does this export", style="yellow")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of an export.", exists=True, file_okay=False)],
) -> None:
    """Compare an export's files with its manifest: hashes, rows, nothing missing, nothing added."""
    from gateway.export.manifest import verify as verify_export

    try:
        found = verify_export(folder)
    except (OSError, ValueError, KeyError) as error:
        stderr.print(f"{folder} is no export: {error}", markup=False)
        raise typer.Exit(1) from None
    for problem in found.problems:
        stderr.print(problem, markup=False, style="red")
    if not found.whole:
        raise typer.Exit(1)
    print(f"whole: {found.files} files, {found.rows} rows, as they were written")
