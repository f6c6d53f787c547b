"""`cellgate run`: the gateway."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer

from gateway import lifeline, logs
from gateway.cli.site import (
    EXIT_CONFIG,
    DataOption,
    MetricsHostOption,
    MetricsPortOption,
    SiteArgument,
    data_folder,
    load_or_exit,
    metrics_address,
    stderr,
    what_the_engine_cannot_run,
)
from gateway.process import run_service


def run(
    site: SiteArgument,
    data: DataOption = None,
    tap: Annotated[
        bool, typer.Option("--tap", help="Keep an untrimmed copy of every journalled record, for audits.")
    ] = False,
    cold: Annotated[
        bool,
        typer.Option("--cold", help="Forget modes, set-points, alarms and timers of the run before."),
    ] = False,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Run the gateway: devices, control, journal, MQTT. Stops cleanly on SIGTERM and SIGINT."""
    lifeline.hold()
    effective = load_or_exit(site)
    refusal = what_the_engine_cannot_run(effective)
    if refusal is not None:
        stderr.print(refusal, markup=False)
        raise typer.Exit(EXIT_CONFIG)
    logs.set_up(log_level, f"gateway {effective.gateway.name}")
    from gateway.app import run_gateway
    from gateway.kernels.ready import prepare_writing

    prepare_writing()
    metrics = metrics_address(metrics_host, metrics_port)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run_gateway(effective, data_folder(data), stop, file=site, tap=tap, cold=cold, metrics=metrics)

    run_service(main())
