"""`cellgate diff`: what a configuration changes, before anybody applies it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from config.changes import Change, changes, needs_restart, order_changed
from config.quantities import duration_text
from config.site import Site
from gateway.cli.site import DataOption, data_folder, load_or_exit, stderr
from gateway.continuity.running import read_running

_OUT = Console(highlight=False, soft_wrap=True)
_SHORT = 60


def diff(
    first: Annotated[
        Path, typer.Argument(metavar="[OLD.yaml]", help="What to compare with.", exists=True, dir_okay=False)
    ],
    second: Annotated[
        Path | None,
        typer.Argument(
            metavar="NEW.yaml",
            help="The new configuration. With one file only, it is compared with what the gateway runs.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a configuration changes of another, or of the one that runs; exits with 1 if anything."""
    before = running_or_exit(data) if second is None else load_or_exit(first)
    after = load_or_exit(first if second is None else second)
    found = changes(before, after)
    if as_json:
        print(orjson.dumps(document(before, after), option=orjson.OPT_INDENT_2).decode())
    else:
        show(before, after)
    raise typer.Exit(1 if found or before.fingerprint != after.fingerprint else 0)


def running_or_exit(data: Path | None) -> Site:
    """Return the configuration that the gateway of a data folder runs; exit with 2 where there is none."""
    folder = data_folder(data)
    try:
        return read_running(folder)
    except FileNotFoundError:
        stderr.print(f"no gateway has run with its data in {folder}: name two files", markup=False)
    except ValueError as error:
        stderr.print(f"the running configuration cannot be read: {error}", markup=False)
    raise typer.Exit(2)


def document(before: Site, after: Site) -> dict[str, object]:
    """Return a change for programs."""
    return {
        "before": before.fingerprint,
        "after": after.fingerprint,
        "changes": [asdict(change) for change in changes(before, after)],
        "order_changed": order_changed(before, after),
        "needs_restart": needs_restart(before, after),
    }


def show(before: Site, after: Site) -> None:
    """Print a change for people."""
    found = changes(before, after)
    _OUT.print(f"{before.fingerprint} → {after.fingerprint}: {len(found)} change(s), secrets not compared")
    if found:
        table = Table("", "what")
        for column in ("name", "field", "before", "after"):
            table.add_column(column, overflow="fold")  # who reviews has to see all of a name
        for change in found:
            for cells in _lines(change):
                table.add_row(*cells)
        _OUT.print(table)
    if order_changed(before, after):
        _OUT.print("the same tags stand in another order")
    restart = needs_restart(before, after)
    if restart:
        _OUT.print(f"takes effect after a restart only: {', '.join(restart)}", style="yellow", markup=False)


def _lines(change: Change) -> list[tuple[str, ...]]:
    sign = {"added": "+", "removed": "-", "changed": "~"}[change.effect]
    if not change.fields:
        return [(sign, change.kind, change.name, "", "", "")]
    return [
        (
            sign,
            change.kind,
            change.name,
            f.field,
            *(_short(value, f.is_time) for value in (f.before, f.after)),
        )
        for f in change.fields
    ]


def _short(value: object, is_time: bool) -> str:
    if is_time and isinstance(value, float):
        return duration_text(value)
    text = "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
