"""`cellgate check` and `cellgate schema`: is a configuration right, and what may it hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from gateway.cli.site import EXIT_CONFIG, SiteArgument, stderr, what_the_engine_cannot_run


def check(site: SiteArgument) -> None:
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
