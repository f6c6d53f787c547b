"""`cellgate check` and `cellgate schema`: is a configuration right, and what may it hold?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from config.site import Site
from gateway.cli.site import EXIT_CONFIG, SiteArgument, stderr, what_the_engine_cannot_run
from gateway.live_check import check_devices


def check(
    site: SiteArgument,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Connect to every device and hold each tag against it.")
    ] = False,
) -> None:
    """Print every mistake of a configuration at once, with file and line, and what would be right."""
    from config.load import ConfigError, load

    try:
        loaded = load(site)
    except ConfigError as error:
        for problem in error.problems:
            stderr.print(str(problem), markup=False)
        stderr.print(f"{len(error.problems)} mistake(s)", style="bold red")
        raise typer.Exit(EXIT_CONFIG) from None
    refusal = what_the_engine_cannot_run(loaded.site)
    if refusal is not None:
        stderr.print(refusal, markup=False)
        raise typer.Exit(EXIT_CONFIG)
    for warning in loaded.warnings:
        stderr.print(f"warning: {warning}", markup=False, style="yellow")
    effective = loaded.site
    Console(highlight=False).print(
        f"{site} is right: {len(effective.devices)} devices, {len(effective.units)} units, "
        f"{len(effective.tags)} tags, {len(effective.loops)} loops, {len(effective.alarms)} alarms, "
        f"{len(effective.interlocks)} interlocks; fingerprint {effective.fingerprint}",
        soft_wrap=True,
    )
    if live:
        _check_live(effective)


def _check_live(site: Site) -> None:
    """Print what every device says of its tags; exit with 1 where something cannot work."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    findings = asyncio.run(check_devices(site))
    for device in findings:
        word = "well" if device.is_well else "NOT WELL"
        console.print(f"{device.name}: {device.trouble or f'{word}, {device.tags} tags'}")
        for what, told in device.facts.items():
            console.print(f"    {what}: {told}")
        for tag, faults in device.faults.items():
            console.print(f"    {tag}: {'; '.join(faults)}", style="red")
        for tag, doubts in device.doubts.items():
            console.print(f"    {tag or 'device'}: {'; '.join(doubts)}", style="yellow")
    if not all(device.is_well for device in findings):
        raise typer.Exit(1)


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of printing.")
    ] = None,
) -> None:
    """Print the JSON Schema of the configuration, for completion in an editor."""
    from config.schema import file_schema

    text = orjson.dumps(file_schema(), option=orjson.OPT_INDENT_2).decode()
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
