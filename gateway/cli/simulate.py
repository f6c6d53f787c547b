"""`cellgate simulate`: the simulated equipment of a site, in a process of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from gateway.cli.site import SiteArgument, load_or_exit


def simulate(
    site: SiteArgument,
    speed: Annotated[
        float | None, typer.Option(help="Plant seconds per second, instead of the configuration's.", min=0.01)
    ] = None,
) -> None:
    """Run the simulated equipment of a site: real protocol servers on loopback."""
    load_or_exit(site)
    arguments = [sys.executable, "-m", "simulators", str(site)]
    if speed is not None:
        arguments += ["--speed", str(speed)]
    # The simulators share no code with the gateway, and no process either.
    os.execv(sys.executable, arguments)  # noqa: S606 - our own module, no shell
