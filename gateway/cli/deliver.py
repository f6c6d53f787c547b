"""What the subcommands share that command the gateway: sign, send, and tell what became of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from config.quantities import duration_text
from config.site import Site
from gateway.cli.site import stderr
from gateway.commands.message import LENGTHY, Kind, Reply, make
from gateway.modes import word_of
from gateway.subscriber import NoReply, Subscriber

_WITHIN_S: Final = 6.0
_DEVICE_WITHIN_S: Final = 30.0
"""What waits for a device is answered when the device has answered, or has been given up."""


def deliver(site: Site, user: str, key: Path, kind: Kind, target: str, **fields: Any) -> None:
    """Send a signed command and print its reply; exits with 1 when it was refused or nobody answered."""
    message = make(user, key.read_text(encoding="ascii").strip(), kind, target, **fields)
    try:
        reply = asyncio.run(_send(site, message))
    except (NoReply, TimeoutError) as error:
        stderr.print(str(error) or "no broker", markup=False)
        raise typer.Exit(1) from None
    if not reply.accepted:
        stderr.print(f"refused: {reply.reason}", style="red", markup=False)
        raise typer.Exit(1)
    outcome = outcome_text(kind, reply, fields.get("parameter", ""))
    said = f" ({reply.device})" if reply.device else ""
    Console(highlight=False, markup=False).print(f"done: {outcome}{said}" if outcome else f"done{said}")


def outcome_text(kind: Kind, reply: Reply, parameter: str = "") -> str:
    """Return what holds after a command that was accepted, in words; nothing where nothing is to be told."""
    if reply.outputs:
        return ", ".join(map(str, reply.outputs))
    if reply.result is None:
        return ""
    number = f"{reply.result:g}"
    match kind:
        case "mode":
            return word_of(reply.result) or number
        case "shelve":
            return f"shelved for {duration_text(reply.result)}"
        case "bypass":
            return f"bypassed for {duration_text(reply.result)}" if reply.result else "not bypassed any more"
        case "profile":
            return f"set-point at {number}"
        case "autotune":
            return f"step {number}"
        case _:
            return f"{parameter} {number}".strip()


async def _send(site: Site, message: dict[str, Any]) -> Reply:
    subscriber = Subscriber(site, "send")
    async with subscriber.following():
        within_s = _DEVICE_WITHIN_S if message["kind"] in LENGTHY else _WITHIN_S
        return await subscriber.command(message, within_s=within_s)
