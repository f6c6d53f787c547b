"""`cellgate complete`: is everything of a stretch of time stored, and what is missing why?"""

from __future__ import annotations

import datetime
import fnmatch
import time
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.cli.times import length_ns, moment_ns
from gateway.ledger.ledger import Ledger, keep_ledger
from gateway.ledger.spans import Account, State


def complete(
    site: SiteArgument,
    pattern: Annotated[str, typer.Argument(help="Tags to account for, as br1/* or *.pv.")] = "*",
    data: DataOption = None,
    begin: Annotated[str | None, typer.Option("--from", help="UTC, as 2026-11-22T08:00.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="UTC (default: now).")] = None,
    last: Annotated[str, typer.Option(help="Instead of --from: how far back.")] = "1 h",
    interval: Annotated[str | None, typer.Option(help="Account in pieces of this length.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Print tags that are good all the time, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Reconcile journal and store over a stretch of time; exits with 1 when messages are missing."""
    from gateway.historian.api import StoreError

    effective = load_or_exit(site)
    names = [name for name in effective.tags if fnmatch.fnmatchcase(name, pattern)]
    if not names:
        stderr.print(f"no tag matches {pattern!r}", markup=False)
        raise typer.Exit(2)
    to_ns = time.time_ns() if end is None else moment_ns(end)
    from_ns = to_ns - length_ns(last) if begin is None else moment_ns(begin)
    if from_ns >= to_ns:
        stderr.print("the start is not before the end", markup=False)
        raise typer.Exit(2)
    interval_ns = to_ns - from_ns if interval is None else length_ns(interval)
    try:
        ledger = keep_ledger(effective, data_folder(data), names, from_ns, to_ns, interval_ns)
    except StoreError as error:
        stderr.print(f"the store cannot be read: {error}", markup=False)
        raise typer.Exit(1) from None
    if as_json:
        print(orjson.dumps(_document(ledger), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(ledger, every=every)
    if not ledger.complete:
        raise typer.Exit(1)


def _print(ledger: Ledger, *, every: bool) -> None:
    console = Console(highlight=False)
    print(f"from {_utc(ledger.from_ns)} to {_utc(ledger.to_ns)} UTC")
    if ledger.runs is None:
        print("messages: this store does not keep which message a point came with")
    else:
        table = Table(
            "gateway", "partition", "first", "last", "stored", "missing", "why", box=None, pad_edge=False
        )
        for run in ledger.runs:
            missing = run.last - run.first + 1 - run.stored
            why = "; ".join(f"{h.first} to {h.last}: {h.cause or 'UNKNOWN'}" for h in run.holes)
            numbers = (str(n) for n in (run.first, run.last, run.stored, missing))
            table.add_row(run.source.gateway, str(run.source.partition), *numbers, why)
        console.print(table)
    if ledger.waiting is not None:
        print(f"waiting in the journal: {ledger.waiting} message(s)")
    tags = Table(
        "tag", "from", "expected s", "good s", "late s", "bad s", "missing s", "points", "late", "why",
        box=None, pad_edge=False,
    )  # fmt: skip
    good = 0
    for name, intervals in ledger.tags.items():
        for account in intervals:
            if not every and not account.causes and not account.late_points:
                good += 1
                continue
            tags.add_row(name, _utc(account.start_ns), *_figures(account))
    if tags.row_count:
        console.width = max(console.width, 160) if not console.is_terminal else console.width
        console.print(tags)
    if good:
        print(f"{good} interval(s) of tags were good all the time")
    if ledger.unexplained:
        stderr.print(
            f"NOT COMPLETE: {ledger.unexplained} message(s) are missing, nobody knows why", style="bold red"
        )
    elif ledger.waiting:
        stderr.print("not complete yet: messages wait in the journal", style="yellow")
    else:
        print("complete: everything that was journalled is stored, or it is known why not")


def _figures(account: Account) -> list[str]:
    seconds = account.seconds
    expected = (account.end_ns - account.start_ns) / 1e9
    figures = [expected, *(seconds[state] for state in (State.GOOD, State.LATE, State.BAD, State.MISSING))]
    why = "; ".join(f"{cause} {length:.1f} s" for cause, length in account.causes.items())
    return [*(f"{figure:,.1f}" for figure in figures), str(account.points), str(account.late_points), why]


def _document(ledger: Ledger) -> dict[str, Any]:
    return {
        "from_ns": ledger.from_ns,
        "to_ns": ledger.to_ns,
        "complete": ledger.complete,
        "missing_unexplained": ledger.unexplained,
        "waiting_in_journal": ledger.waiting,
        "partitions": None
        if ledger.runs is None
        else [
            {
                **run.source._asdict(),
                "first": run.first,
                "last": run.last,
                "stored": run.stored,
                "holes": [{"first": h.first, "last": h.last, "cause": h.cause} for h in run.holes],
            }
            for run in ledger.runs
        ],
        "tags": {
            name: [
                {
                    "from_ns": account.start_ns,
                    "to_ns": account.end_ns,
                    "points": account.points,
                    "late_points": account.late_points,
                    "seconds": {state.value: seconds for state, seconds in account.seconds.items()},
                    "causes": account.causes,
                }
                for account in intervals
            ]
            for name, intervals in ledger.tags.items()
        },
    }


def _utc(time_ns: int) -> str:
    moment = datetime.datetime.fromtimestamp(time_ns / 1e9, datetime.UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}"
