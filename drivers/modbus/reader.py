"""Reads what is due and keeps trouble where it belongs.

A read that the device refuses because of one address is halved until that address stands alone;
a unit behind a gateway that does not answer is left alone while the others are read; only when no
unit answers is the device itself silent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from control.signal import BAD, COMM, Columns
from drivers.api import DeviceTimeout
from drivers.modbus.answers import Answers, Cycles
from drivers.modbus.codec import Field
from drivers.modbus.link import Exchange, Link, ask
from drivers.modbus.pdu import MALFORMED, SILENT, Action, describe, fault, read_answer
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
    ) -> None:
        """`fields` and `names` are by tag."""
        self._device, self._link, self._schedule = device, link, schedule
        self._fields, self._names = fields, names
        self._dead_after_s = dead_after_s
        self._todo: list[Poll] = []
        self._unanswered = False
        """A request of the read under way had no answer."""
        self._cycles = Cycles()
        if polls := [poll for unit in schedule.units.values() for poll in unit.polls]:
            self._cycles.layout(polls)  # the first cycle's, which is the largest: now, not on the loop
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
        until, answers = began + SLICE_S, Answers()
        for unit in self._schedule.newly_dead(began, self._dead_after_s):
            self._mark(unit.polls, answers, BAD | COMM, 0)
        if not self._todo:
            self._todo = self._schedule.due(began)
        self._unanswered = False
        while self._todo:
            polls = self._todo
            exchange = await self._link.exchange([poll.request for poll in polls], until)
            self._todo = polls[exchange.sent :]
            if not self._take_all(polls, exchange, answers):
                self._settle_each(polls, exchange, answers)
            if exchange.lost is not None:
                if not answers:
                    raise exchange.lost
                break  # the rest stays due, so that the host reads again at once, which raises
            if time.monotonic() >= until:
                break
        if self._unanswered and not answers and self._schedule.silent():
            raise DeviceTimeout("no answer in time")
        return answers.columns()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read tags one by one, due or not.

        Raises:
            DeviceTimeout: no answer.
            Disconnected: the link is gone.
        """
        answers = Answers()
        for poll in filter(None, map(self._alone, tags)):
            pdu, stamp_ns = await ask(self._link, poll.unit_id, poll.request.pdu)
            data, code = read_answer(pdu, poll.answer)
            if code or not answers.data(poll.layout, bytearray(data), [stamp_ns]):
                code = code or MALFORMED
                answers.bad(poll.layout, BAD | fault(code).reason, stamp_ns, code)
        return answers.columns()

    def _alone(self, tag: int) -> Poll | None:
        """Return a poll of one tag, if it is one that is read."""
        if tag not in self._back:
            polls = [poll for unit in self._schedule.units.values() for poll in unit.polls]
            for group, span in ((poll.block.group, span) for poll in polls for span in poll.block.spans):
                if span.tag == tag:
                    self._back[tag] = Poll.of(Block(group, (span,)), self._fields)
        return self._back.get(tag)

    def _take_all(self, polls: list[Poll], exchange: Exchange, answers: Answers) -> bool:
        """Take the answers of an undisturbed exchange together, as nearly all are."""
        if exchange.disturbed:
            return False
        if exchange.sent < len(polls):
            polls = polls[: exchange.sent]
        layout = self._cycles.layout(polls)
        pdus = bytearray().join(filter(None, exchange.answers))
        if len(pdus) != layout.size or not answers.data(layout, pdus, exchange.stamps_ns[: len(polls)]):
            return False
        self._read(polls)
        return True

    def _settle_each(self, polls: list[Poll], exchange: Exchange, answers: Answers) -> None:
        """Take what became of each request; what was lost with the connection is due again."""
        again: list[Poll] = []
        sent = slice(exchange.sent)
        for poll, pdu, stamp_ns in zip(
            polls[sent], exchange.answers[sent], exchange.stamps_ns[sent], strict=True
        ):
            if pdu is not None:
                self._settle(poll, pdu, stamp_ns, answers)
            elif exchange.lost is not None:
                again.append(poll)
            else:
                self._unanswered = True
                self._timed_out(poll, answers)
        self._todo[:0] = again

    def _settle(self, poll: Poll, pdu: bytes, stamp_ns: int, answers: Answers) -> None:
        """Take an answer."""
        data, code = read_answer(pdu, poll.answer)
        if code or not answers.data(poll.layout, bytearray(data), [stamp_ns]):
            self._refused(poll, code or MALFORMED, time.monotonic(), stamp_ns, answers)
        else:
            self._read([poll])

    def _read(self, polls: list[Poll]) -> None:
        for poll in polls:
            if poll.fault:
                self._log_edge("value can be read again", poll, 0)
        self._todo += self._schedule.read(polls, time.monotonic())

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
            self._todo[:0] = self._schedule.split(poll, self._fields)
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
        self._todo = [poll for poll in self._todo if poll.unit_id != unit_id]

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
