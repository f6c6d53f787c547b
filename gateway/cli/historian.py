"""`cellgate historian`: from MQTT into the store."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer

from gateway import lifeline, logs
from gateway.cli.site import (
    DataOption,
    MetricsHostOption,
    MetricsPortOption,
    SiteArgument,
    data_folder,
    load_or_exit,
    metrics_address,
    stderr,
)
from gateway.process import run_service
from gateway.stream.topics import client_mount


def historian(
    site: SiteArgument,
    data: DataOption = None,
    name: Annotated[
        str | None, typer.Option(help="Which of the site's historians (default: the first).")
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Which member of it, where the site has several share the load.")
    ] = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Run a historian: take what the gateway reports from MQTT, keep it, and store it."""
    lifeline.hold()
    from gateway.historian.query import service_name

    effective = load_or_exit(site)
    known_historians = [(h, "") for h in effective.streams.historians]
    known_historians += [
        (client.historian, client_mount(opaque))
        for opaque, client in effective.streams.clients.items()
        if client.historian is not None
    ]
    chosen = [(found, mount) for found, mount in known_historians if name in (None, found.name)]
    if not chosen:
        known = ", ".join(found.name for found, _ in known_historians)
        stderr.print(f"there is no historian {name!r}; the site has: {known}", markup=False)
        raise typer.Exit(2)
    config, mount = chosen[0]
    if member not in (config.processes):
        known = ", ".join(config.members) or "none: it is one process"
        stderr.print(f"say which --member of {config.name} this is; it has: {known}", markup=False)
        raise typer.Exit(2)
    logs.set_up(log_level, f"historian {service_name(config, member)}")
    from gateway.historian.service import run_historian
    from gateway.kernels.ready import prepare_keeping

    prepare_keeping()
    metrics = metrics_address(metrics_host, metrics_port)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run_historian(effective, config, data_folder(data), stop, metrics, member, mount=mount)

    run_service(main())
