"""Moments and lengths of time on the command line."""

from __future__ import annotations

import datetime

import typer

from config.quantities import QuantityError, parse_duration
from gateway.cli.site import stderr


def moment_ns(text: str) -> int:
    """Return a moment as UTC ns; a text that is none is told, and ends the command with 2."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        stderr.print(
            f"{text!r} is no time: write 2026-11-22T08:00 or 2026-11-22T08:00:00+01:00", markup=False
        )
        raise typer.Exit(2) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000


def length_ns(text: str) -> int:
    """Return a length as ns, at least 1; a text that is none is told, and ends the command with 2."""
    try:
        return max(1, round(parse_duration(text) * 1e9))
    except QuantityError as error:
        stderr.print(f"{text!r}: {error}", markup=False)
        raise typer.Exit(2) from None


def moment_or_none_ns(text: str | None) -> int | None:
    """Return a moment as `moment_ns` does, or None where none was given."""
    return None if text is None else moment_ns(text)
