"""`cellgate acl`: the broker's access rights, from the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.site import SiteArgument, load_or_exit, stderr


def acl(
    site: SiteArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of printing.")
    ] = None,
) -> None:
    """Print an ACL file for mosquitto: who may read and write which topics."""
    from gateway.stream.acl import SameName, mosquitto_acl

    try:
        text = mosquitto_acl(load_or_exit(site))
    except SameName as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(1) from None
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
