"""`cellgate hmi`: the operator's view in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from config.quantities import QuantityError, parse_duration
from gateway import lifeline, logs
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.gxp.identity import generate_key


def hmi(
    site: SiteArgument,
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", envvar="CELLGATE_PORT_HMI")] = 8080,
    view_without_login: Annotated[
        bool, typer.Option("--view-without-login", help="Let anybody look; acting needs a login anyhow.")
    ] = False,
    lock_after: Annotated[str, typer.Option(help="Lock a session after this without activity.")] = "15 min",
    add_user: Annotated[
        str | None,
        typer.Option("--add-user", help="Make a login for this user, print its password, and end."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="With --add-user: file with the private key [default: a new one].", exists=True
        ),
    ] = None,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Serve the operator's screens: overview, units, trends, alarms, events, health."""
    effective = load_or_exit(site)
    folder = data_folder(data)
    from gateway.hmi.accounts import accounts_of

    if add_user is not None:
        private, public = generate_key() if key is None else (key.read_text(encoding="ascii").strip(), None)
        password = accounts_of(folder).add(add_user, private)
        print(f"user {add_user}, password {password}")
        if public is not None:
            print(f"put this into the configuration, access.users.{add_user}.public_key: {public}")
        return
    lifeline.hold()
    from gateway.hmi.service import HmiOptions, run_hmi

    try:
        lock_after_s = parse_duration(lock_after)
    except QuantityError as error:
        stderr.print(f"--lock-after: {error}", markup=False)
        raise typer.Exit(2) from None
    logs.set_up(log_level, "hmi")
    options = HmiOptions(host, port, view_without_login=view_without_login, lock_after_s=lock_after_s)
    asyncio.run(run_hmi(effective, folder, options))
