"""What the historian itself has to tell: events of its own, stored beside those of the gateways."""

from __future__ import annotations

import time
from typing import Final, Literal

from gateway.stream.event_model import Event

What = Literal["quarantined", "given_up", "expired"]
HISTORIAN_UNIT: Final = "_historian"


class HistorianEvent(Event):
    """Something about the record that somebody should look at."""

    type: Literal["historian"] = "historian"
    what: What
    """`quarantined`: a message or line that cannot be stored was set aside; `given_up`: sequences that
    nobody has any more; `expired`: data past their retention were taken out of the store."""
    detail: str
    records: int = 0
    """How many messages, lines, or points and events it concerns."""


def note(historian: str, config: str, what: What, detail: str, records: int) -> HistorianEvent:
    """Return an event of now."""
    return HistorianEvent(
        gateway=historian,
        unit=HISTORIAN_UNIT,
        config=config,
        time_ns=time.time_ns(),
        what=what,
        detail=detail,
        records=records,
    )
