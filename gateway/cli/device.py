"""`cellgate device`: which devices are in service and armed; take one out, or put it back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from config.site import Site
from gateway.cli.deliver import deliver
from gateway.cli.site import SiteArgument, load_or_exit, stderr
from gateway.commands.message import Kind
from gateway.subscriber import Subscriber

_RETAINED_WITHIN_S = 3.0
_FILE_COLUMNS = 160

app = typer.Typer(help="Devices: what is in service and armed; take one out.", no_args_is_help=True)
DeviceArgument = Annotated[str, typer.Argument(metavar="DEVICE", help="Name in the configuration.")]
UserOption = Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")]
KeyOption = Annotated[
    Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def show(site: SiteArgument, json: JsonOption = False) -> None:
    """Show the state of every device, whether it is written to, and what is forced or simulated."""
    effective = load_or_exit(site)
    health = health_or_exit(effective)
    if json:
        kept = {name: health[name] for name in ("time_ns", "writes", "overrides")}
        text = {**kept, "devices": health["acquisition"]["devices"]}
        print(orjson.dumps(text, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, _FILE_COLUMNS)
    console.print(f"gateway {effective.gateway.name}: writes are {armed_text(health)}")
    table = Table("device", "state", "writes", "last good", "why", box=None, pad_edge=False)
    for name, device in health["acquisition"]["devices"].items():
        age = "never" if device["age_s"] is None else f"{device['age_s']:.1f} s"
        table.add_row(name, device["state"], device["writes"], age, device["reason"])
    console.print(table)
    for line in override_lines(health):
        console.print(line)


@app.command()
def disable(
    site: SiteArgument, device: DeviceArgument, *, user: UserOption, key: KeyOption, reason: ReasonOption
) -> None:
    """Take a device out of service: outputs to their safe values, then disconnected until it is enabled."""
    _send(site, "disable", device, user, key, reason)


@app.command()
def enable(
    site: SiteArgument, device: DeviceArgument, *, user: UserOption, key: KeyOption, reason: ReasonOption = ""
) -> None:
    """Put a device back into service."""
    _send(site, "enable", device, user, key, reason)


@app.command()
def arm(
    site: SiteArgument, device: DeviceArgument, *, user: UserOption, key: KeyOption, reason: ReasonOption = ""
) -> None:
    """Let the gateway write to a device (or, with the gateway's name, let it write at all)."""
    _send(site, "arm", device, user, key, reason)


@app.command()
def disarm(
    site: SiteArgument, device: DeviceArgument, *, user: UserOption, key: KeyOption, reason: ReasonOption = ""
) -> None:
    """Leave the outputs of a device (with the gateway's name: all) at their safe values, and stop writing."""
    _send(site, "disarm", device, user, key, reason)


def health_or_exit(site: Site) -> dict[str, Any]:
    """Return the health that the gateway published last; exits with 1 where there is none."""
    try:
        return asyncio.run(_health(site))
    except TimeoutError:
        broker = site.streams.broker
        stderr.print(f"no broker at {broker.host}:{broker.port}, or no gateway has run", markup=False)
        raise typer.Exit(1) from None


def armed_text(health: dict[str, Any]) -> str:
    """Return whether the gateway as a whole writes, and who disarmed it."""
    writes = health["writes"]
    if writes["armed"]:
        return "armed"
    by = writes["disarmed_by"]
    return (
        "off: not armed"
        if by is None
        else f"off: disarmed by {by['who']} ({by['reason'] or 'no reason given'})"
    )


def override_lines(health: dict[str, Any]) -> list[str]:
    """Return a line for every tag that is forced or simulated."""
    lines = []
    for override in health["overrides"]:
        left_s = max(0.0, (override["until_ns"] - time.time_ns()) / 1e9)
        under = "" if override["under"] is None else f", the device says {override['under']:g}"
        verb = "forced" if override["kind"] == "force" else "simulated"
        lines.append(
            f"{override['tag']} is {verb} to {override['value']:g} by {override['who']} for another "
            f"{left_s:.0f} s ({override['reason']}){under}"
        )
    return lines


async def _health(site: Site) -> dict[str, Any]:
    subscriber = Subscriber(site, "device")
    async with subscriber.following(), asyncio.timeout(_RETAINED_WITHIN_S):
        while not subscriber.gateway:
            await asyncio.sleep(0.05)
    return subscriber.gateway


def _send(site: Path, kind: Kind, device: str, user: str, key: Path, reason: str) -> None:
    deliver(load_or_exit(site), user, key, kind, device, reason=reason)
