"""What a server says about itself, looked at now and then: its clock, its state, its service level.

The clock's offset is that of the time in the answer's header from the middle between request and
answer; half the round trip is what the measurement may be wrong by. Service levels are Part 4, 6.6.2.4.2:
200 and more is healthy, below that degraded, 1 no data, 0 maintenance.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from config.opcua import OpcUaDevice
from drivers.api import Disconnected
from drivers.notices import Announce, Matter, Notice
from drivers.opcua.attributes import number_of, standard
from drivers.opcua.certificates import WARN_DAYS, Description
from drivers.opcua.connection import Connection
from drivers.opcua.errors import MalformedMessage

LOOK_S: Final = 5.0
HEALTHY: Final = 200
"""Service level from which on a server is well."""
RUNNING: Final = 0
_LEVEL_UNKNOWN: Final = 255
_NODES: Final = (ObjectIds.Server_ServerStatus_State, ObjectIds.Server_ServiceLevel)
_EARLIEST: Final = datetime(2001, 1, 1, tzinfo=UTC)
"""A server that says it is earlier has never had its clock set, or does not tell."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a server said of itself."""

    state: int = RUNNING
    level: int = _LEVEL_UNKNOWN
    clock_offset_s: float | None = None
    """How far its clock is ahead of ours; None where it does not tell."""
    doubt_s: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether it is in order by its own word."""
        return self.state == RUNNING and self.level >= HEALTHY

    @property
    def rank(self) -> int:
        """What it is worth among others: its level, nothing when it does not run."""
        return self.level if self.state == RUNNING else 0

    @property
    def words(self) -> str:
        """Return what is to be said of it."""
        state = ua.ServerState(self.state).name if self.state in set(ua.ServerState) else str(self.state)
        return f"server state {state}, service level {self.level}"


async def look(connection: Connection) -> Sight:
    """Ask a server how it is; what it does not tell counts as well.

    Raises:
        DriverError: the whole device.
    """
    request = ua.ReadRequest()
    request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
    request.Parameters.NodesToRead = [
        ua.ReadValueId(NodeId=standard(node), AttributeId=AttributeIds.Value) for node in _NODES
    ]
    asked_s = time.time()
    answer = await connection.call(request, ua.ReadResponse)
    answered_s = time.time()
    if len(answer.Results) != len(_NODES):
        raise MalformedMessage(f"{len(_NODES)} values were asked for and {len(answer.Results)} answered")
    state, level = answer.Results
    told = answer.ResponseHeader.Timestamp
    told = told.replace(tzinfo=told.tzinfo or UTC)
    offset_s = told.timestamp() - (asked_s + answered_s) / 2 if told >= _EARLIEST else None
    return Sight(
        number_of(state, RUNNING), number_of(level, _LEVEL_UNKNOWN), offset_s, (answered_s - asked_s) / 2
    )


class Vigil:
    """Keeps an eye on one server, and announces what people should know."""

    def __init__(self, device: OpcUaDevice) -> None:
        """Nothing has been seen yet."""
        self._limit_s = device.clock_alarm
        self._is_off = self._is_degraded = False
        self.sight = Sight()
        self.next = float("inf")
        """When to look again, on the loop's clock."""

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """What was seen last."""
        return {
            "clock_offset_s": self.sight.clock_offset_s,
            "service_level": self.sight.level,
            "server_state": self.sight.state,
        }

    def take(self, sight: Sight, now: float, announce: Announce) -> None:
        """Take what was seen, and announce what has changed."""
        self.sight, self.next = sight, now + LOOK_S
        self._judge_clock(sight, announce)
        if sight.is_well == self._is_degraded:
            self._is_degraded = not sight.is_well
            matter = Matter.DEGRADED if self._is_degraded else Matter.RECOVERED
            announce(Notice(matter, sight.words, time.time_ns(), float(sight.level)))

    def _judge_clock(self, sight: Sight, announce: Announce) -> None:
        """Announce a clock that is surely off, and one that is surely right again (half the limit)."""
        if sight.clock_offset_s is None:
            return
        away_s = abs(sight.clock_offset_s)
        was_off = self._is_off
        if away_s - sight.doubt_s > self._limit_s:
            self._is_off = True
        elif away_s + sight.doubt_s < self._limit_s / 2:
            self._is_off = False
        if self._is_off != was_off:
            matter = Matter.CLOCK_OFF if self._is_off else Matter.CLOCK_RIGHT
            side = "ahead of" if sight.clock_offset_s > 0 else "behind"
            detail = f"the server's clock is {away_s:.3f} s {side} the gateway's"
            announce(Notice(matter, detail, time.time_ns(), sight.clock_offset_s))

    def check_state(self) -> None:
        """Give a server up that says that it is about to end.

        Raises:
            Disconnected: it shuts down.
        """
        if self.sight.state == ua.ServerState.Shutdown:
            raise Disconnected(f"the server ends: {self.sight.words}")


def warn_of_ends(certificates: Sequence[Description], told: dict[str, int], announce: Announce) -> None:
    """Announce certificates that end within 60, 30 and 7 days, each once a stage.

    Args:
        certificates: those in use.
        told: by thumbprint, the stage of which people know; changed here.
        announce: takes the notices.
    """
    now = datetime.now(UTC)
    for each in certificates:
        days = each.days_left(now)
        stage = min((limit for limit in WARN_DAYS if days < limit), default=None)
        if stage is None or told.get(each.thumbprint) == stage:
            continue
        told[each.thumbprint] = stage
        detail = f"the certificate {each.subject} ({each.thumbprint[:12]}) ends in {days:.1f} days"
        announce(Notice(Matter.CERTIFICATE_ENDS, detail, time.time_ns(), days))
