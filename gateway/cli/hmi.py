"""`cellgate hmi`: the operator's view in a browser, and the logins for it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from config.site import Site
from gateway import lifeline, logs
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.gxp.identity import generate_key

_SERVE = "serve"


class _ServesUnlessTold(TyperGroup):
    """`cellgate hmi SITE.yaml` serves: a first word that is no subcommand is a site."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the subcommand in front of a site."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_SERVE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ServesUnlessTold,
    help="Serve the operator's screens: `cellgate hmi SITE.yaml`. Logins: `cellgate hmi user`.",
    no_args_is_help=True,
)
user = typer.Typer(help="Logins for the screens.", no_args_is_help=True)
app.add_typer(user, name="user")
UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="User of the site's configuration.")]


@app.command(_SERVE)
def serve(
    site: SiteArgument,
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", envvar="CELLGATE_PORT_HMI")] = 8080,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Serve the operator's screens: overview, units, trends, alarms, events, health."""
    effective = load_or_exit(site)
    lifeline.hold()
    from gateway.hmi.service import HmiOptions, run_hmi

    logs.set_up(log_level, "hmi")
    asyncio.run(run_hmi(effective, data_folder(data), HmiOptions(host, port)))


@user.command()
def add(
    site: SiteArgument,
    name: UserArgument,
    data: DataOption = None,
    key: Annotated[
        Path | None,
        typer.Option(help="File with the user's private key (default: a new one is made).", exists=True),
    ] = None,
) -> None:
    """Make a login, and print its password, once. Again: another password and key."""
    effective = load_or_exit(site)
    private, public = generate_key() if key is None else (key.read_text(encoding="ascii").strip(), None)
    password = _accounts(data).add(name, private)
    _record(effective, data, "add_login", name)
    print(f"user {name}, password {password}")
    if public is not None:
        print(f"put this into the configuration, access.users.{name}.public_key: {public}")
    elif name not in effective.access.users:
        print(f"the configuration has no user {name} yet: add it under access.users")


@user.command("list")
def show(site: SiteArgument, data: DataOption = None) -> None:
    """Show every login, with what the configuration lets its user do."""
    users = load_or_exit(site).access.users
    table = Table("user", "role", "units", "login", box=None, pad_edge=False)
    for name, account in _accounts(data).all().items():
        known = users.get(name)
        units = "–" if known is None else "all" if known.units is None else ", ".join(known.units)
        state = "disabled" if account.disabled else "enabled" if known else "not in the configuration"
        table.add_row(name, known.role if known else "–", units, state)
    Console(highlight=False).print(table if table.row_count else "no logins")


@user.command()
def disable(site: SiteArgument, name: UserArgument, data: DataOption = None) -> None:
    """Let nobody log in under a name any more; its sessions end at once."""
    effective = load_or_exit(site)
    _known(lambda: _accounts(data).disable(name), name)
    _record(effective, data, "disable_login", name)
    print(f"user {name} is disabled; `cellgate hmi user password` enables it again")


@user.command()
def password(site: SiteArgument, name: UserArgument, data: DataOption = None) -> None:
    """Give a login another password, print it, once, and enable it; its sessions end."""
    effective = load_or_exit(site)
    fresh = _known(lambda: _accounts(data).reset(name), name)
    _record(effective, data, "reset_password", name)
    print(f"user {name}, password {fresh}")


def _accounts(data: Path | None) -> Any:
    from gateway.hmi.accounts import accounts_of

    return accounts_of(data_folder(data))


def _record(site: Site, data: Path | None, act: Any, name: str) -> None:
    from gateway.hmi.access_record import AccessRecord

    AccessRecord(data_folder(data), site).append(act, name, by=f"{getpass.getuser()} at the server")


def _known(change: Callable[[], Any], name: str) -> Any:
    try:
        return change()
    except KeyError:
        stderr.print(f"{name} has no login: `cellgate hmi user list` shows who has", markup=False)
        raise typer.Exit(1) from None
