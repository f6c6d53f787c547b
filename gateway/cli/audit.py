"""`cellgate audit`: read the audit trail, and prove that it is whole."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.site import DataOption, data_folder, stderr
from gateway.gxp.audit import AuditHead, read_entries
from gateway.gxp.audit import verify as verify_trail
from gateway.hmi.access_record import path_of

_FILE_COLUMNS = 200
"""Width where no terminal sets one: a pipe or a file."""

app = typer.Typer(help="Read the audit trail, and prove that it is whole.", no_args_is_help=True)


ScreensOption = Annotated[
    bool, typer.Option("--screens", help="The trail of the screens: logins and sessions.")
]


def _path(data: Path | None, screens: bool) -> Path:
    path = path_of(data_folder(data)) if screens else data_folder(data) / "audit.sqlite"
    if not path.exists():
        stderr.print(f"there is no audit trail at {path}", markup=False)
        raise typer.Exit(1)
    return path


@app.command()
def show(
    data: DataOption = None,
    screens: ScreensOption = False,
    after: Annotated[int, typer.Option(help="Entries after this number.")] = 0,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1)] = 200,
) -> None:
    """Print entries: when, who, what, from which value to which, why, and what became of it."""
    table = Table("no", "time (UTC)", "who", "what", "why", "outcome", box=None, pad_edge=False)
    for entry in read_entries(_path(data, screens), after=after, limit=limit):
        when = datetime.datetime.fromtimestamp(entry["time_ns"] / 1e9, datetime.UTC)
        old, new = ("" if entry[k] is None else str(entry[k]) for k in ("old", "new"))
        change = f": {old or '–'} → {new or '–'}" if old or new else ""
        table.add_row(
            str(entry["number"]),
            when.isoformat(" ", timespec="milliseconds").removesuffix("+00:00"),
            f"{entry['who']} ({entry['role']})",
            f"{entry['action']} {entry['target']}{change}",
            entry["reason"],
            entry["outcome"],
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _FILE_COLUMNS)
    console.print(table)


@app.command()
def verify(
    data: DataOption = None,
    screens: ScreensOption = False,
    head: Annotated[
        str | None, typer.Option(help="COUNT:HASH as published with the gateway's health; finds a cut end.")
    ] = None,
) -> None:
    """Walk the hash chain; exits with 1 when an entry was altered, removed or reordered."""
    expected = None
    if head is not None:
        count, _, digest = head.partition(":")
        if not count.isdecimal() or not digest:
            stderr.print("--head is COUNT:HASH, as 12:9f86d081…", markup=False)
            raise typer.Exit(2)
        expected = AuditHead(int(count), digest)
    verdict = verify_trail(_path(data, screens), expected)
    if verdict.whole:
        print(f"whole: {verdict.entries} entries")
        return
    stderr.print(f"NOT WHOLE after {verdict.entries} entries: {verdict.trouble}", style="bold red")
    raise typer.Exit(1)
