"""`cellgate replay`: run a recorded stretch again, and say whether it is the same, or what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.site import load_or_exit, stderr
from gateway.cli.times import moment_or_none_ns

if TYPE_CHECKING:
    from gateway.continuity.comparison import Verdict
    from gateway.continuity.contrast import Changes

_OUT = Console(highlight=False, soft_wrap=True)


def replay(
    recording: Annotated[
        Path, typer.Argument(metavar="RECORDING", help="A recording, or the folder of them.", exists=True)
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Run it under this SITE.yaml instead, and show what differs."),
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="UTC, as 2026-11-22T15:30.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="UTC, as 2026-11-22T16:00.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run recorded scans again. Exits with 1 where they are not the same as then (without --config).

    Scans are the engine's, with loops and alarms. Devices are recorded by `cellgate record`, and played
    back by `driver: replay`.
    """
    from control.carry.snapshot import DamagedSnapshot
    from control.tables import TablesError
    from gateway.continuity.comparison import verify
    from gateway.continuity.contrast import contrast
    from gateway.continuity.playback import choose, play
    from gateway.continuity.recording import DamagedRecording

    changed = None if config is None else load_or_exit(config)
    to_ns = moment_or_none_ns(end)
    try:
        stretches = play(choose(recording, moment_or_none_ns(begin), to_ns), changed, to_ns)
        if changed is None:
            verdict = verify(stretches)
            _print_json(verdict.to_json()) if as_json else _show_verdict(verdict)
            raise typer.Exit(0 if verdict.holds else 1)
        changes = contrast(stretches)
        _print_json(changes.to_json()) if as_json else _show_changes(changes)
    except (FileNotFoundError, DamagedRecording, DamagedSnapshot, TablesError) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(2) from None


def _print_json(content: object) -> None:
    print(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _show_verdict(verdict: Verdict) -> None:
    table = Table(
        "", "recorded", "replayed", "different", title=f"{verdict.scans} scans of {verdict.files} files"
    )
    for name, ring in verdict.rings.items():
        table.add_row(name, *(str(n) for n in (ring.recorded, ring.replayed, ring.different)))
    _OUT.print(table)
    if verdict.states_compared:
        same = verdict.states_compared - verdict.states_different
        _OUT.print(
            f"state at the beginning of a file: {same} of {verdict.states_compared} the same to the bit"
        )
    for name, ring in verdict.rings.items():
        if ring.first:
            _OUT.print(f"{name}: {ring.first}", markup=False)
    for why in verdict.ended:
        _OUT.print(f"ends early: {why}", markup=False)
    if verdict.other_build:
        _OUT.print("recorded by another program or processor: the last bits of numbers may differ")
    _OUT.print("the same as live" if verdict.holds else "not the same as live")


def _show_changes(changes: Changes) -> None:
    _OUT.print(f"{changes.scans} scans run again under the other configuration")
    alarms = Table("alarm", "then", "now", "gone", "new", title="alarms that came")
    for alarm in changes.alarms:
        gone, new = len(alarm.only_then_ns), len(alarm.only_now_ns)
        alarms.add_row(alarm.name, str(alarm.then), str(alarm.now), str(gone), str(new))
    _OUT.print(alarms)
    if changes.outputs:
        outputs = Table(
            "output", "writes then", "writes now", "largest difference", title="outputs that differ"
        )
        for output in changes.outputs:
            outputs.add_row(output.tag, str(output.rows_then), str(output.rows_now), f"{output.largest:g}")
        _OUT.print(outputs)
    for title, events in (("only then", changes.events_only_then), ("only now", changes.events_only_now)):
        for event in events:
            _OUT.print(f"{title}: {event}", markup=False)
    for why in changes.ended:
        _OUT.print(f"ends early: {why}", markup=False)
