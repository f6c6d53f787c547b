"""What is forced and simulated, by whom and why: noted when it begins, audited when it ends by itself.

The engine knows the values, the book the people. At a start, and under a changed configuration, the two are
compared: what the engine does not have any more has ended, and that is put on record too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from config.site import Site
from control.actuation_signal import BY_DISARMING, BY_EXPIRY, KIND_OVERRIDE, OVERRIDE_NONE
from gateway.commands.message import CommandMessage
from gateway.devices.book import OverrideNote, RestrictionBook
from gateway.gxp.audit import AuditEntry

SYSTEM: Final = "cellgate"
"""Who acted where no person did."""
_WHY: Final = {BY_EXPIRY: "its time is over", BY_DISARMING: "writes were disarmed"}


def note_override(book: RestrictionBook, command: CommandMessage, role: str, answer: Any) -> None:
    """Note that a tag was forced, simulated or released by a command; touches the disk."""
    if int(answer["kind"]) != KIND_OVERRIDE:
        return
    if command.kind == "release":
        book.remove("overrides", command.target)
        return
    note = OverrideNote(
        kind=command.kind,
        value=float(answer["value"]),
        who=command.user,
        role=role,
        reason=command.reason,
        since_ns=int(answer["utc_ns"]),
        until_ns=int(answer["onset_ns"]),
    )
    book.put("overrides", command.target, note)


def ended_by_itself(book: RestrictionBook, site: Site, row: Any) -> AuditEntry | None:
    """Take a transition; return what is to be audited where an override ended without a command.

    Touches the disk.
    """
    if int(row["kind"]) != KIND_OVERRIDE or int(row["after"]) != OVERRIDE_NONE or int(row["ticket"]):
        return None
    tag = list(site.tags)[int(row["index"])]
    note = book.now.overrides.get(tag)
    book.remove("overrides", tag)
    return _ended(tag, note, float(row["value"]), _WHY.get(int(row["cause"]), "it ended"))


def missing(book: RestrictionBook, held: Iterable[str], why: str) -> list[tuple[str, AuditEntry]]:
    """Return what was noted and is not held by the engine any more, to be audited; touches the disk."""
    gone = [tag for tag in book.now.overrides if tag not in set(held)]
    entries = [(tag, _ended(tag, book.now.overrides[tag], None, why)) for tag in gone]
    if gone:
        kept = {tag: note for tag, note in book.now.overrides.items() if tag not in gone}
        book.change(overrides=kept)
    return entries


def _ended(tag: str, note: OverrideNote | None, value: float | None, why: str) -> AuditEntry:
    return AuditEntry(
        who=SYSTEM,
        role="system",
        action="release",
        target=tag,
        outcome="done",
        old=value if note is None else note.value,
        reason=why,
        detail="" if note is None else f"{note.kind} by {note.who}: {note.reason}",
    )
