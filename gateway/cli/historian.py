"""`cellgate historian`: from MQTT into the store."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer

from gateway import lifeline, logs
from gateway.cli.run import run_on_fast_loop
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr


def historian(
    site: SiteArgument,
    data: DataOption = None,
    name: Annotated[
        str | None, typer.Option(help="Which of the site's historians [default: the first].")
    ] = None,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Run a historian: take what the gateway reports from MQTT, keep it, and store it."""
    lifeline.hold()
    effective = load_or_exit(site)
    chosen = [h for h in effective.streams.historians if name in (None, h.name)]
    if not chosen:
        known = ", ".join(h.name for h in effective.streams.historians)
        stderr.print(f"there is no historian {name!r}; the site has: {known}", markup=False)
        raise typer.Exit(2)
    logs.set_up(log_level, f"historian {chosen[0].name}")
    from gateway.historian.service import run_historian

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run_historian(effective, chosen[0], data_folder(data), stop)

    run_on_fast_loop(main())
