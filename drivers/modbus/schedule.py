"""Which reads are due, what was learned about them, and which units are left alone for a while.

No I/O and no clock: the driver says what happened and when. What is learned (a block that had to
be halved, a value that the device does not have) is kept over a reconnect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from drivers.modbus.codec import Answer, Field, Layout
from drivers.modbus.link import Request
from drivers.modbus.pdu import answer_to, read_request
from drivers.modbus.plan import Block
from drivers.pacing import Backoff

SELDOM_S: Final = 60.0
"""How often a value is tried that the device says it does not have."""
LATER_S: Final = 5.0
"""How often a block is tried that the device fails to read."""
SOON_S: Final = 0.1
"""The first wait for a device that says it is busy; it doubles."""
BUSY_LIMIT: Final = 5
"""A device that is busy so often in a row has failed."""
SILENCE_LIMIT: Final = 3
"""A read without answer so often in a row, from a unit that answers others, cannot be read."""
UNIT_SILENCE_LIMIT: Final = 2
"""So many reads in a row without answer: the unit is silent, not the read."""
_TOLERANCE_S: Final = 0.001


@dataclass(eq=False, slots=True)
class Poll:
    """A read that is repeated."""

    block: Block
    request: Request
    answer: Answer
    layout: Layout
    """Decodes its answer when it is taken alone."""
    unit_id: int
    period_s: float
    due: float = 0.0
    busy: int = 0
    """Times in a row that the device was busy."""
    silences: int = 0
    """Times in a row that it had no answer."""
    fault: int = 0
    """Code of the last answer; 0 when it was data."""

    @classmethod
    def of(cls, block: Block, fields: Mapping[int, Field]) -> Poll:
        """Return the poll of a block; `fields` gives each tag's address with offset 0."""
        group, start = block.group, block.start
        members = [
            Field(span.tag, span.start - start, fields[span.tag].address, fields[span.tag].text)
            for span in block.spans
        ]
        answer = answer_to(group.table, block.count)
        return cls(
            block,
            Request(group.unit_id, read_request(group.table, start, block.count, group.file)),
            answer,
            Layout([(answer, members)]),
            group.unit_id,
            group.period_s,
        )


@dataclass(eq=False, slots=True)
class Unit:
    """A unit id: does it answer, and when may it be asked again."""

    unit_id: int
    backoff: Backoff
    heard: float = 0.0
    """When it last answered (monotonic)."""
    timeouts: int = 0
    """Requests in a row without an answer."""
    retry_at: float = 0.0
    marked: bool = False
    """Its tags have been marked bad."""
    polls: list[Poll] = field(default_factory=list)

    @property
    def silent(self) -> bool:
        """Whether the unit does not answer, and not only one read of several."""
        return self.timeouts >= min(UNIT_SILENCE_LIMIT, len(self.polls))


_silences = attrgetter("silences")


class Schedule:
    """All polls of a device, by unit."""

    def __init__(self, polls: Iterable[Poll], *, retry_least_s: float, retry_most_s: float) -> None:
        """Units that do not answer are tried again after a back-off between the two."""
        self.units: dict[int, Unit] = {}
        for poll in polls:
            if poll.unit_id not in self.units:
                self.units[poll.unit_id] = Unit(poll.unit_id, Backoff(retry_least_s, retry_most_s))
            self.units[poll.unit_id].polls.append(poll)
        self._several = len(self.units) > 1

    def begin(self, now: float) -> None:
        """A connection begins: everything is due, every unit may be asked."""
        for unit in self.units.values():
            unit.heard, unit.timeouts, unit.retry_at, unit.marked = now, 0, 0.0, False
            unit.backoff.reset()
            for poll in unit.polls:
                poll.due, poll.busy, poll.silences = now, 0, 0

    def due(self, now: float) -> list[Poll]:
        """Return what is to be read now by unit and address, what had no answer last."""
        due = [
            poll
            for unit in self.units.values()
            if unit.retry_at <= now + _TOLERANCE_S
            for poll in unit.polls
            if poll.due <= now + _TOLERANCE_S
        ]
        due.sort(key=_silences)
        return due

    def silent(self) -> bool:
        """Return whether no unit answers any more."""
        return all(unit.silent for unit in self.units.values())

    def heard(self, poll: Poll, now: float) -> list[Poll]:
        """The poll's unit answered. Returns polls to add: all of a unit that was marked bad."""
        unit = self.units[poll.unit_id]
        unit.heard, unit.timeouts, unit.retry_at = now, 0, 0.0
        if not unit.marked:
            return []
        unit.marked = False
        unit.backoff.reset()
        return [other for other in unit.polls if other is not poll]

    def timed_out(self, poll: Poll, now: float) -> bool:
        """The poll had no answer. Returns whether its unit is silent, and not only the poll.

        Where other units answer, a silent one is left alone for a while.
        """
        unit = self.units[poll.unit_id]
        poll.silences += 1
        unit.timeouts += 1
        if unit.silent and self._several:
            unit.retry_at = now + unit.backoff.next_delay_s()
        return unit.silent

    def hopeless(self, poll: Poll) -> bool:
        """Return whether the poll alone has no answer, again and again, while its unit has others.

        The unit is cleared of it: the halves of the poll may time out in turn.
        """
        unit = self.units[poll.unit_id]
        if poll.silences < SILENCE_LIMIT or unit.silent:
            return False
        unit.timeouts = 0
        return True

    def unreachable(self, poll: Poll, now: float) -> Unit:
        """A gateway says that the poll's unit cannot be reached."""
        unit = self.units[poll.unit_id]
        unit.heard, unit.timeouts = now, 0
        unit.marked = True
        unit.retry_at = now + unit.backoff.next_delay_s()
        return unit

    def newly_dead(self, now: float, dead_after_s: float) -> list[Unit]:
        """Return the units whose silence has become too long since the last call.

        Where no unit answers, the whole device is silent, and that is the host's to say.
        """
        if not self._several or self.silent():
            return []
        dead = [
            unit
            for unit in self.units.values()
            if unit.timeouts and not unit.marked and now - unit.heard >= dead_after_s
        ]
        for unit in dead:
            unit.marked = True
        return dead

    def read(self, polls: Sequence[Poll], now: float) -> list[Poll]:
        """The polls brought data: next time one period on, without drift; missed ones are skipped.

        Returns polls to add, as `heard` does.
        """
        for poll in polls:
            poll.busy = poll.silences = poll.fault = 0
            poll.due += poll.period_s * max(1, int((now - poll.due) // poll.period_s) + 1)
        units = {poll.unit_id: poll for poll in polls}
        return [other for poll in units.values() for other in self.heard(poll, now) if other not in polls]

    def postpone(self, poll: Poll, now: float, delay_s: float) -> None:
        """Try the poll again after a delay, or at its period where that is longer."""
        poll.due = now + max(delay_s, poll.period_s)

    def retry_busy(self, poll: Poll, now: float) -> bool:
        """Try again soon; False when the device has been busy too often in a row."""
        poll.busy += 1
        if poll.busy > BUSY_LIMIT:
            poll.busy = 0
            return False
        poll.due = now + min(SOON_S * 2 ** (poll.busy - 1), poll.period_s)
        return True

    def split(self, poll: Poll, fields: Mapping[int, Field]) -> list[Poll]:
        """Replace a poll by two with half of its values each, due now."""
        halves = [Poll.of(block, fields) for block in poll.block.halves()]
        for half in halves:
            half.due, half.silences = poll.due, poll.silences
        polls = self.units[poll.unit_id].polls
        at = polls.index(poll)
        polls[at : at + 1] = halves
        return halves
