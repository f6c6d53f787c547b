"""What a database's answer to a write means: taken, to be kept, or which lines it will never take. Pure.

A server that refuses some lines has mostly stored the others (InfluxDB 1, 2 from 2.5 and 3), or nothing
(earlier 2). Lines that it names go to quarantine. Where it names none, or not all, the lines are
written again in halves until the bad ones stand alone: equal points overwrite each other, so what had
been stored stays what it was.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

_NAMED: Final = re.compile(r"unable to parse '(.*?)': ([^\n]*)", re.DOTALL)
_DROPPED: Final = re.compile(r"dropped=(\d+)")
_PARTIAL: Final = "partial write"
_STATUS_KEEP: Final = frozenset({401, 403, 408, 429})
_HINTS: Final = {
    401: "the token or password is refused",
    403: "the token or user may not write to this bucket",
}


class Verdict(enum.Enum):
    """What to do after a write."""

    TAKEN = "taken"
    KEEP = "keep"
    """Nothing is wrong with the lines: try again later."""
    REJECTED = "rejected"
    """Some lines will never be taken."""
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer."""

    status: int
    body: str
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer means for the lines that were sent."""

    verdict: Verdict
    reason: str = ""
    bad: dict[int, str] | None = None
    """REJECTED: the positions of the lines that the server named, with its reasons."""
    settled: bool = False
    """REJECTED: all bad lines are named and all others are stored."""


def judge(answer: Answer, lines: Sequence[bytes]) -> Judgement:
    """Return what an answer means."""
    if 200 <= answer.status < 300:
        return Judgement(Verdict.TAKEN)
    if answer.status in (400, 422):
        return _rejected(answer, lines)
    if answer.status == 413:
        return Judgement(Verdict.TOO_LARGE, "the request is too large")
    if answer.status == 404:
        return Judgement(Verdict.KEEP, _not_found(answer.body))
    if answer.status >= 500 or answer.status in _STATUS_KEEP:
        text = _HINTS.get(answer.status, _message(answer.body)[:200])
        return Judgement(Verdict.KEEP, f"answer {answer.status}: {text}")
    return Judgement(Verdict.KEEP, f"unexpected answer {answer.status}: {_message(answer.body)[:200]}")


def _rejected(answer: Answer, lines: Sequence[bytes]) -> Judgement:
    named = _named(answer.body)
    bad = {place: named[line] for place, line in enumerate(lines) if line in named}
    message = _message(answer.body)
    dropped = _DROPPED.search(message)
    settled = bool(bad) and _PARTIAL in message and (dropped is None or int(dropped[1]) == 0)
    return Judgement(Verdict.REJECTED, message[:500], bad, settled)


def _named(body: str) -> dict[bytes, str]:
    """Return the lines that an answer names, with the reasons."""
    message = _message(body)
    named = {line.encode(): reason.strip() for line, reason in _NAMED.findall(message)}
    document = _json(body)
    for entry in document.get("data") or ():
        if isinstance(entry, dict) and "original_line" in entry:  # InfluxDB 3
            named[str(entry["original_line"]).encode()] = str(entry.get("error_message", ""))
    return named


def _not_found(body: str) -> str:
    message = _message(body)
    if "database" in message or "bucket" in message or "org" in message:
        return f"answer 404: {message[:200]}"
    return "answer 404: the server does not have this API; for InfluxDB 1 configure `api: v1`"


def _message(body: str) -> str:
    document = _json(body)
    return str(document.get("message") or document.get("error") or body)


def _json(body: str) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
