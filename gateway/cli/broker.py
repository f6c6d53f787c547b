"""`cellgate broker`: the embedded broker, for trying a site out and for small ones."""

from __future__ import annotations

import asyncio
import ipaddress
import signal

import typer

from gateway.cli.site import EXIT_CONFIG, DataOption, SiteArgument, data_folder, load_or_exit, stderr


def broker(site: SiteArgument, data: DataOption = None) -> None:
    """Run a broker on this machine, where the configuration says it is; loopback only, without a password."""
    wanted = load_or_exit(site).streams.broker
    if not _is_loopback(wanted.host):
        stderr.print(
            f"streams.broker.host is {wanted.host}: this broker listens on 127.0.0.1 only", markup=False
        )
        raise typer.Exit(EXIT_CONFIG)
    if wanted.tls is not None or wanted.username is not None:
        stderr.print(
            "streams.broker: this broker knows no TLS and no users; run mosquitto or another", markup=False
        )
        raise typer.Exit(EXIT_CONFIG)
    from gateway.broker import Broker, BrokerMissing
    from gateway.demo.processes import DidNotStart, listens

    if listens(wanted.port):
        stderr.print(f"something listens on port {wanted.port} already", markup=False)
        raise typer.Exit(1)
    embedded = Broker(data_folder(data) / "broker", wanted.port)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await embedded.start()
        print(f"broker on 127.0.0.1:{embedded.port}", flush=True)
        await stop.wait()
        await embedded.stop()

    try:
        asyncio.run(main())
    except (BrokerMissing, DidNotStart) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(1) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address("127.0.0.1")
    except ValueError:
        return host == "localhost"
