"""`cellgate apply`: let a running gateway go on under another configuration, as reviewed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from config.site import Site
from gateway.cli.diff import document, show
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.commands.message import Reply, make
from gateway.continuity.running import read_running
from gateway.subscriber import NoReply, Subscriber

_WITHIN_S = 60.0


def apply(
    site: SiteArgument,
    *,
    user: Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")],
    key: Annotated[Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is audited.")],
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; does not ask.")] = False,
) -> None:
    """Show what SITE.yaml changes, and have the gateway apply it: all of it, or nothing.

    The gateway reads the file that it was started with, on its own machine, and applies it only when it
    has the fingerprint that was reviewed here. Exits with 1 when it refused.
    """
    after = load_or_exit(site)
    before = _running(data)
    if not as_json:
        if before is None:
            stderr.print("what runs is not known here: it cannot be compared", style="yellow")
        else:
            show(before, after)
        if not yes and not typer.confirm(f"Apply {after.fingerprint}?"):
            raise typer.Exit(1)
    fields: dict[str, Any] = {"value": after.fingerprint, "reason": reason, "valid_s": 25.0}
    private = key.read_text(encoding="ascii").strip()
    message = make(user, private, "apply", after.gateway.name, **fields)
    try:
        reply = asyncio.run(_send(after, message))
    except (NoReply, TimeoutError) as error:
        stderr.print(str(error) or "no broker", markup=False)
        raise typer.Exit(1) from None
    if as_json:
        outcome = {"accepted": reply.accepted, "reason": reply.reason}
        change = {} if before is None else document(before, after)
        print(orjson.dumps({**outcome, **change}, option=orjson.OPT_INDENT_2).decode())
    elif reply.accepted:
        Console(highlight=False).print(f"applied: {after.fingerprint} runs")
    else:
        stderr.print(f"refused: {reply.reason}", style="red", markup=False)
    raise typer.Exit(0 if reply.accepted else 1)


def _running(data: Path | None) -> Site | None:
    try:
        return read_running(data_folder(data))
    except (OSError, ValueError):
        return None


async def _send(site: Site, message: dict[str, Any]) -> Reply:
    subscriber = Subscriber(site, "apply")
    async with subscriber.following():
        return await subscriber.command(message, within_s=_WITHIN_S)
