"""`cellgate send`: a signed command, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast, get_args

import orjson
import typer

from gateway.cli.deliver import deliver
from gateway.cli.site import SiteArgument, load_or_exit, stderr
from gateway.commands.message import Kind

KINDS = get_args(Kind)


def send(
    site: SiteArgument,
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    target: Annotated[str, typer.Argument(help="Loop, alarm, interlock, tag or unit, as br1/temp.")],
    value: Annotated[
        str | None,
        typer.Argument(help="Number, a mode (auto, cascade…), or a time as '30 min' (shelve, bypass)."),
    ] = None,
    *,
    user: Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")],
    key: Annotated[Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", help="Tune: kp, ti, td…; or NAME=VALUE, many times: all of them in one act."
        ),
    ] = None,
    occurrence: Annotated[int | None, typer.Option(help="Of the alarm that was seen.")] = None,
    seen: Annotated[
        list[str] | None,
        typer.Option("--alarm", help="NAME=OCCURRENCE, many times: acknowledge these alarms of a unit."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", help="Force, simulate: ends by itself after this, as '15 min'.")
    ] = None,
    argument: Annotated[
        list[str] | None,
        typer.Option(
            "--argument",
            "-a",
            help="Call: what the method is given; condition: its id and the change's. Repeat it.",
        ),
    ] = None,
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
    if duration is not None:
        fields["duration"] = duration
    if parameter:
        fields |= _parameters(parameter)
    if occurrence is not None:
        fields["occurrence"] = occurrence
    if seen:
        fields["alarms"] = [_seen(text) for text in seen]
    if argument is not None:
        # Ids of conditions are texts, also where they are all digits.
        fields["arguments"] = argument if kind == "condition" else [_plain(each) for each in argument]
    if context is not None:
        names = [*context.split(","), "", ""][:3]
        fields["context"] = dict(zip(("campaign", "batch", "phase"), names, strict=True))
    deliver(effective, user, key, cast("Kind", kind), target, **fields)


def _parameters(texts: list[str]) -> dict[str, Any]:
    """Return the one parameter that the value is for, or all with the values that they come with."""
    pairs = [text.partition("=")[::2] for text in texts if "=" in text]
    if len(texts) == 1 and not pairs:
        return {"parameter": texts[0]}
    if len(pairs) < len(texts):
        stderr.print("--parameter: write NAME=VALUE for each of several", markup=False)
        raise typer.Exit(2)
    return {"parameters": {name.strip(): _number_or_word(value.strip()) for name, value in pairs}}


def _seen(text: str) -> dict[str, Any]:
    name, _, occurrence = text.partition("=")
    if not occurrence.isdecimal():
        stderr.print(
            f"--alarm {text}: write NAME=OCCURRENCE, as cellgate alarms list shows them", markup=False
        )
        raise typer.Exit(2)
    return {"alarm": name, "occurrence": int(occurrence)}


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _plain(text: str) -> bool | int | float | str:
    """Return an argument as a JSON value, where it is one, else as text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
