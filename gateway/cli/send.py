"""`cellgate send`: a signed command, and what became of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console

from config.site import Site
from gateway.cli.site import SiteArgument, load_or_exit, stderr
from gateway.commands.message import Kind, Reply, make
from gateway.subscriber import NoReply, Subscriber

KINDS = get_args(Kind)


def send(
    site: SiteArgument,
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    target: Annotated[str, typer.Argument(help="Loop, alarm, interlock, tag or unit, as br1/temp.")],
    value: Annotated[str | None, typer.Argument(help="Number, or auto | manual.")] = None,
    *,
    user: Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")],
    key: Annotated[Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    occurrence: Annotated[int | None, typer.Option(help="Of the alarm that was seen.")] = None,
    context: Annotated[str | None, typer.Option(help="campaign,batch,phase that the unit enters.")] = None,
) -> None:
    """Send a signed command to the gateway and print its reply; exits with 1 when it was refused."""
    effective = load_or_exit(site)
    if kind not in KINDS:
        stderr.print(f"{kind!r} is not a command: {', '.join(KINDS)}", markup=False)
        raise typer.Exit(2)
    fields: dict[str, Any] = {"reason": reason}
    if value is not None:
        fields["value"] = _number_or_word(value)
    if occurrence is not None:
        fields["occurrence"] = occurrence
    if context is not None:
        names = [*context.split(","), "", ""][:3]
        fields["context"] = dict(zip(("campaign", "batch", "phase"), names, strict=True))
    message = make(user, key.read_text(encoding="ascii").strip(), cast("Kind", kind), target, **fields)
    try:
        reply = asyncio.run(_send(effective, message))
    except (NoReply, TimeoutError) as error:
        stderr.print(str(error) or "no broker", markup=False)
        raise typer.Exit(1) from None
    if not reply.accepted:
        stderr.print(f"refused: {reply.reason}", style="red", markup=False)
        raise typer.Exit(1)
    result = "" if reply.result is None else f": {reply.result:g}"
    Console(highlight=False).print(f"done{result}")


async def _send(site: Site, message: dict[str, Any]) -> Reply:
    subscriber = Subscriber(site, "send")
    async with subscriber.following():
        return await subscriber.command(message)


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
