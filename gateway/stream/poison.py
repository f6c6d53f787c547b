"""Which record may be what ends the connections. Pure.

A broker that cannot bear a message drops the client, without a reason on MQTT 3.1.1, and everything
behind that message would wait for ever. But a broker also drops clients because it is killed, over
and over, and then no record is to blame. So the first record that a connection left unacknowledged
becomes a suspect; on the next connection, once that has proved itself by acknowledging another message, the
suspect is sent alone. Twice dropped while alone condemns it.
"""

from __future__ import annotations

from typing import Final

Key = tuple[int, int]
"""Partition and sequence."""
_TRIALS: Final = 2


class Suspects:
    """The one suspect that there can be at a time."""

    def __init__(self) -> None:
        """Begin without one."""
        self.suspect: Key | None = None
        self._trials = 0

    def connection_ended(self, first_unacknowledged: Key | None, *, alone: bool) -> Key | None:
        """Learn how a proven connection ended; return a record that is condemned, if one is.

        Args:
            first_unacknowledged: the record that was sent first of those not acknowledged.
            alone: it was sent alone, on trial.
        """
        if first_unacknowledged is None:
            return None
        if first_unacknowledged != self.suspect:
            self.suspect, self._trials = first_unacknowledged, 0
        elif alone:
            self._trials += 1
            if self._trials >= _TRIALS:
                self.suspect = None
                return first_unacknowledged
        return None

    def acquit(self, key: Key) -> None:
        """Learn that the broker has acknowledged a record."""
        if key == self.suspect:
            self.suspect = None
