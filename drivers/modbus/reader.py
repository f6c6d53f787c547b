"""Reads what is due and keeps trouble where it belongs.

A read that the device refuses because of one address is halved until that address stands alone;
a unit behind a gateway that does not answer is left alone while the others are read; only when no
unit answers is the device itself silent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from control.signal import BAD, COMM, Columns
from drivers.api import DeviceTimeout, Disconnected
from drivers.modbus.answers import Answers
from drivers.modbus.codec import Field
from drivers.modbus.link import Link, Reply
from drivers.modbus.pdu import SILENT, Action, describe, fault, read_answer
from drivers.modbus.plan import Block
from drivers.modbus.schedule import LATER_S, SELDOM_S, Poll, Schedule

_log = logging.getLogger(__name__)

SLICE_S: Final = 0.1
"""A read ends after this when more is due, so that writes do not wait for all of it."""


class Reader:
    """The reading half of the driver, for one plan."""

    def __init__(
        self,
        device: str,
        link: Link,
        schedule: Schedule,
        *,
        fields: Mapping[int, Field],
        names: Mapping[int, str],
        dead_after_s: float,
        depth: int,
    ) -> None:
        """`fields` and `names` are by tag; `depth` is how many requests may be under way."""
        self._device, self._link, self._schedule = device, link, schedule
        self._fields, self._names = fields, names
        self._dead_after_s, self._depth = dead_after_s, depth
        self._todo: deque[Poll] = deque()
        self._back: dict[int, Poll] = {}

    @property
    def more_due(self) -> bool:
        """True: the last read stopped early."""
        return bool(self._todo)

    def begin(self) -> None:
        """A connection begins: everything is due."""
        self._todo.clear()
        self._schedule.begin(time.monotonic())

    def end(self) -> None:
        """The connection is closed."""
        self._todo.clear()

    async def read(self) -> Columns:
        """Read what is due, for the length of a slice.

        Raises:
            DeviceTimeout: no unit answered.
            Disconnected: the link is gone.
        """
        began = time.monotonic()
        todo, until = self._todo, began + SLICE_S
        answers = Answers()
        for unit in self._schedule.newly_dead(began, self._dead_after_s):
            self._mark(unit.polls, answers, BAD | COMM, 0)
        if not todo:
            todo.extend(self._schedule.due(began))
        under_way: deque[tuple[Poll, asyncio.Future[Reply]]] = deque()
        timeout: DeviceTimeout | None = None
        try:
            while True:
                while todo and len(under_way) < self._depth and time.monotonic() < until:
                    poll = todo.popleft()
                    under_way.append((poll, self._link.send(poll.unit_id, poll.request)))
                if not under_way:
                    break
                poll, reply = under_way.popleft()
                try:
                    self._settle(poll, await reply, answers)
                except DeviceTimeout as error:
                    timeout = error
                    self._timed_out(poll, answers)
        except Disconnected:
            if not answers:
                raise
            todo.append(poll)  # so that the host reads again at once, which raises
        finally:
            for _, reply in under_way:
                _abandon(reply)
        if timeout is not None and not answers and self._schedule.silent():
            raise timeout
        return answers.columns()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read tags one by one, due or not.

        Raises:
            DeviceTimeout: no answer.
            Disconnected: the link is gone.
        """
        answers = Answers()
        for poll in filter(None, map(self._alone, tags)):
            pdu, stamp_ns = await self._link.send(poll.unit_id, poll.request)
            data, code = read_answer(pdu, poll.size)
            if code:
                answers.bad(poll.layout, BAD | fault(code).reason, stamp_ns, code)
            else:
                answers.data(poll.layout, data, stamp_ns)
        return answers.columns()

    def _alone(self, tag: int) -> Poll | None:
        """Return a poll of one tag, if it is one that is read."""
        if tag not in self._back:
            polls = [poll for unit in self._schedule.units.values() for poll in unit.polls]
            for group, span in ((poll.block.group, span) for poll in polls for span in poll.block.spans):
                if span.tag == tag:
                    self._back[tag] = Poll.of(Block(group, (span,)), self._fields)
        return self._back.get(tag)

    def _settle(self, poll: Poll, reply: Reply, answers: Answers) -> None:
        """Take an answer."""
        now = time.monotonic()
        pdu, stamp_ns = reply
        data, code = read_answer(pdu, poll.size)
        if code:
            self._refused(poll, code, now, stamp_ns, answers)
            return
        if poll.fault:
            self._log_edge("value can be read again", poll, 0)
        answers.data(poll.layout, data, stamp_ns)
        if more := self._schedule.read(poll, now):
            self._todo.extend(more)

    def _refused(self, poll: Poll, code: int, now: float, stamp_ns: int, answers: Answers) -> None:
        """Take an exception (or a silence): mark what it concerns, and only that."""
        meaning = fault(code)
        if meaning.action is Action.UNIT:
            unit = self._schedule.unreachable(poll, now)
            self._drop(poll.unit_id)
            self._mark(unit.polls, answers, BAD | meaning.reason, code, stamp_ns)
            return
        if code != SILENT:
            self._todo.extend(self._schedule.heard(poll, now))
        if meaning.action is Action.BISECT and len(poll.block.spans) > 1:
            self._todo.extendleft(reversed(self._schedule.split(poll, self._fields)))
            return
        if meaning.action is Action.BUSY and self._schedule.retry_busy(poll, now):
            return
        if poll.fault != code:
            poll.fault = code
            self._log_edge("value cannot be read", poll, code)
        answers.bad(poll.layout, BAD | meaning.reason, stamp_ns, code)
        seldom = meaning.action in (Action.BISECT, Action.SELDOM)
        self._schedule.postpone(poll, now, SELDOM_S if seldom else LATER_S)

    def _timed_out(self, poll: Poll, answers: Answers) -> None:
        now = time.monotonic()
        if self._schedule.timed_out(poll, now):
            self._drop(poll.unit_id)
        elif self._schedule.hopeless(poll):
            self._refused(poll, SILENT, now, time.time_ns(), answers)

    def _drop(self, unit_id: int) -> None:
        """Ask this unit nothing more in this round; what is due stays due."""
        kept = [poll for poll in self._todo if poll.unit_id != unit_id]
        self._todo.clear()
        self._todo.extend(kept)

    def _mark(
        self, polls: Sequence[Poll], answers: Answers, quality: int, status: int, stamp_ns: int | None = None
    ) -> None:
        for poll in polls:
            answers.bad(poll.layout, quality, time.time_ns() if stamp_ns is None else stamp_ns, status)

    def _log_edge(self, what: str, poll: Poll, code: int) -> None:
        group = poll.block.group
        tags = ",".join(self._names[span.tag] for span in poll.block.spans)
        _log.warning(
            "%s: device=%s unit_id=%d table=%s address=%d count=%d tags=%s reason=%s",
            *(what, self._device, group.unit_id, group.table, poll.block.start, poll.block.count, tags),
            describe(code) if code else "",
        )


def _abandon(reply: asyncio.Future[Reply]) -> None:
    """Nobody waits for this answer any more; an error in it has been told by another."""
    if not reply.cancel() and not reply.cancelled():
        reply.exception()
