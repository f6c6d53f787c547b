"""The small state machines of an edge node: bdSeq, sequence numbers, primary host, rebirths, rewinding.

All pure but for `BdSeq`, which keeps a number in a file.
"""

from __future__ import annotations

import enum
import json
import logging
import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

import orjson

_log = logging.getLogger(__name__)
_WRAP: Final = 256
UNKNOWN_TAIL_S: Final = 1.0
"""Beyond what a dead connection stays unnoticed: what was sent so long before its end may be lost."""


class BdSeq:
    """The number that ties an NDEATH to its NBIRTH: one more for each CONNECT, across restarts too."""

    def __init__(self, folder: Path, group: str, edge_node: str) -> None:
        """Nothing is read before `advance`."""
        self._path = folder / f"{quote(group, safe='')}.{quote(edge_node, safe='')}.json"

    def advance(self) -> int:
        """Return the next number, 0 to 255, kept on the disk. Blocks.

        Raises:
            OSError: it cannot be kept.
        """
        number = (self._last() + 1) % _WRAP
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            json.dump({"bdSeq": number}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        return number

    def _last(self) -> int:
        try:
            number = json.loads(self._path.read_bytes())["bdSeq"]
            return int(number) if 0 <= int(number) < _WRAP else -1
        except FileNotFoundError:
            return -1
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("%s is of no use (%s): bdSeq begins with 0", self._path, error)
            return -1


class SequenceNumber:
    """The sequence number of every message but NDEATH: 0 with an NBIRTH, one counter for the edge node."""

    def __init__(self) -> None:
        """Begin with a birth."""
        self._next = 0

    def restart(self) -> None:
        """The next message is an NBIRTH."""
        self._next = 0

    def take(self) -> int:
        """Return the number of the message that is handed to the socket now."""
        number, self._next = self._next, (self._next + 1) % _WRAP
        return number


class HostState(enum.Enum):
    """What a STATE message means."""

    ONLINE = "online"
    OFFLINE = "offline"
    OUTDATED = "outdated"
    """Older than what is known: of an earlier connection of the host."""
    UNREADABLE = "unreadable"


class PrimaryHost:
    """What one server says of the primary host, since the edge node connected to it.

    Times are compared within one server: a host connects to each at a time of its own.
    """

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.online = False
        self.said_offline = False
        self._last_ms: int | None = None

    def take(self, payload: bytes) -> HostState:
        """Judge a STATE message."""
        try:
            said = orjson.loads(payload)
            online, stamp_ms = said["online"], said["timestamp"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return HostState.UNREADABLE
        if not isinstance(online, bool) or isinstance(stamp_ms, bool) or not isinstance(stamp_ms, int):
            return HostState.UNREADABLE
        if self._last_ms is not None and stamp_ms < self._last_ms:
            return HostState.OUTDATED
        self._last_ms, self.online, self.said_offline = stamp_ms, online, not online
        return HostState.ONLINE if online else HostState.OFFLINE


class RebirthGate:
    """Births at least so far apart: requests in between are answered together, the last one always."""

    def __init__(self, min_interval_s: float) -> None:
        """No birth was made yet, and none is asked for."""
        self._min_interval_s = min_interval_s
        self._last: float | None = None
        self._asked = False
        self.requests = 0

    def ask(self) -> None:
        """A host wants a rebirth."""
        self.requests += 1
        self._asked = True

    def wait_s(self, now: float) -> float | None:
        """Return how long until a rebirth is due (0: now); None when nobody asked. `now` is monotonic."""
        if not self._asked:
            return None
        return 0.0 if self._last is None else max(0.0, self._last + self._min_interval_s - now)

    def born(self, now: float) -> None:
        """Births begin: requests so far are answered by them, those that come now are not."""
        self._last, self._asked = now, False


class Rewind:
    """Since when hosts may lack data: what is sent again as historical after a reconnect."""

    def __init__(self, most_s: float, unnoticed_s: float, now_ns: int) -> None:
        """At the start nobody knows what hosts have, so all that may be is sent again.

        Args:
            most_s: never more than this; 0 is nothing at all.
            unnoticed_s: a dead connection may stay unnoticed so long.
            now_ns: UTC.
        """
        self._most_ns = int(most_s * 1e9)
        self._unnoticed_ns = int((unnoticed_s + UNKNOWN_TAIL_S) * 1e9)
        self._since_ns = now_ns - self._most_ns

    def begin(self, now_ns: int) -> int:
        """Return since when records are sent again on the connection that begins now (UTC ns)."""
        self._since_ns = max(self._since_ns, now_ns - self._most_ns)
        return self._since_ns

    def passed(self, created_ns: int) -> None:
        """What was made up to a time has been handed over: it is lost only if the connection was dead."""
        self._since_ns = max(self._since_ns, created_ns - self._unnoticed_ns)
