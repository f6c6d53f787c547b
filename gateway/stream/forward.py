"""From the journal to the broker: in order, as fast as the broker acknowledges, again where needed.

One task. On each new connection the gateway's retained state is published first; its acknowledgement
proves the connection. Then every partition goes on behind what is safe. What the broker has
acknowledged but no historian confirms is sent again (`cursor`); what no broker takes is set aside
(`poison`). While there is no broker the journal keeps everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.site import Site
from gateway.kernels.ready import prepare_writing
from gateway.stream import presence
from gateway.stream.cursor import Turn
from gateway.stream.cursors import Cursors
from gateway.stream.feedback import Feedback
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.journal_schema import Span
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable, Delivery
from gateway.stream.outgoing import MessageMaker, Unsendable
from gateway.stream.poison import Key, Suspects
from gateway.stream.records import Record

_WATCH_PERIOD_S: Final = 0.5
_REFUSED_PAUSE_S: Final = 2.0
_FAREWELL_S: Final = 1.0


@dataclass(slots=True)
class ForwardCounters:
    """What happened since the start."""

    sent: int = 0
    """Messages handed to the connection, repetitions included."""
    repeated: int = 0
    """Messages sent again because a historian asked, or its watermark stood still."""
    acknowledged: int = 0
    refused: int = 0
    """Messages that the broker would not take at the time (MQTT 5)."""
    quarantined: int = 0


class Forward:
    """The sink that carries the journal to MQTT."""

    def __init__(
        self, site: Site, journal: Journal, client: MqttClient, announce: Callable[[Notice], None]
    ) -> None:
        """Wire it, before the client runs.

        Args:
            site: the effective configuration.
            journal: what is read.
            client: subscriptions are added to it; somebody else runs it.
            announce: told of what somebody should hear of.
        """
        self._site, self._journal, self._client, self._announce = site, journal, client, announce
        self.counters = ForwardCounters()
        self._wake = asyncio.Event()
        self.cursors = Cursors(journal, site.streams.telemetry)
        self.feedback = Feedback(site, journal, client, self.cursors, announce, self._wake.set)
        journal.on_commit.append(self._wake.set)
        client.on_disconnected.append(lambda _reason: self._wake.set())
        self._maker = MessageMaker(site.site.name, site.gateway.name, journal.dictionary)
        self._suspects = Suspects()
        self._trial: Key | None = None
        self._first_lost: Key | None = None
        self._set_aside: set[Key] = set()
        self._missing: set[Span] = set()
        self._pause_until = 0.0

    async def run(self) -> None:
        """Forward until cancelled."""
        await asyncio.to_thread(prepare_writing)
        while True:
            await self._client.wait_connected()
            self._first_lost = None
            proven = False
            with contextlib.suppress(BrokerUnavailable):
                await self._publish_state(online=True)
                proven = True
                await self._serve(self._client.counters.connections)
            await asyncio.sleep(0)  # the deliveries that were lost report first
            if proven:
                self._judge()

    async def settle(self, within_s: float) -> None:
        """Give `run` a little time to send what is left, then say farewell; nothing is lost without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._client.connected and not self.cursors.all_taken:
                    await asyncio.sleep(0.02)
        with contextlib.suppress(TimeoutError, BrokerUnavailable):
            async with asyncio.timeout(_FAREWELL_S):
                await self._publish_state(online=False)

    async def _serve(self, connection: int) -> None:
        """Send on one connection.

        Raises:
            BrokerUnavailable: it has ended.
        """
        self.cursors.rewind()
        await self._try_suspect()
        while self._client.counters.connections == connection:
            self._wake.clear()
            if not self._client.connected:
                raise BrokerUnavailable("not connected")
            if self.cursors.epoch != self._journal.epoch:
                self._begin_epoch()
            if time.monotonic() < self._pause_until:
                await asyncio.sleep(self._pause_until - time.monotonic())
                self.cursors.rewind()
            busy = [await self._take_turn(partition) for partition in range(len(self.cursors))]
            if not any(busy):
                await self._rest()

    async def _rest(self) -> None:
        """Wait for something to do, and look whether the watermarks move."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WATCH_PERIOD_S):
                await self._wake.wait()
        self.cursors.watch()

    async def _take_turn(self, partition: int) -> bool:
        """Send one chunk of a partition; False when there is nothing to send."""
        turn = self.cursors.turn(partition)
        if turn is None:
            return False
        records = await self._journal.read(partition, turn.after, turn.limit)
        records = [record for record in records if record.sequence <= turn.last]
        for record in records:
            if (partition, record.sequence) not in self._set_aside:
                await self._send(record, repeat=turn.repeat)
        if turn.repeat:
            self._tell_missing(partition, turn, records)
        else:
            full = len(records) == turn.limit
            self.cursors[partition].passed(records[-1].sequence if full else turn.last)
        return True

    async def _send(self, record: Record, *, repeat: bool) -> None:
        key = (record.partition, record.sequence)
        try:
            topic, payload = await self._maker.message(record, self.cursors.epoch)
        except Unsendable as error:
            self._put_aside(key, str(error))
            return
        delivery = await self._client.send(topic, payload)
        self.cursors[record.partition].sending(record.sequence, repeat=repeat)
        self.counters.sent += 1
        self.counters.repeated += repeat
        delivery.add_done_callback(functools.partial(self._delivered, key))

    def _delivered(self, key: Key, delivery: asyncio.Future[Delivery]) -> None:
        match delivery.result():
            case Delivery.ACKNOWLEDGED:
                self.counters.acknowledged += 1
                self._suspects.acquit(key)
                self.cursors.acknowledged(*key)
            case Delivery.LOST:
                self._first_lost = self._first_lost or key
            case Delivery.REFUSED:
                self.counters.refused += 1
                self._pause_until = time.monotonic() + _REFUSED_PAUSE_S
            case Delivery.REJECTED:
                self._put_aside(key, "the broker rejects it")

    async def _try_suspect(self) -> None:
        """Send alone the record that may have ended the last connection.

        Raises:
            BrokerUnavailable: it has ended this one too.
        """
        self._trial = self._suspects.suspect
        if self._trial is None:
            return
        partition, sequence = self._trial
        records = await self._journal.read(partition, sequence - 1, 1)
        if records and records[0].sequence == sequence:
            topic, payload = await self._maker.message(records[0], self.cursors.epoch)
            if await self._client.publish(topic, payload) is Delivery.LOST:
                self._first_lost = self._trial
                raise BrokerUnavailable("ended with one message on the way")
        self._suspects.acquit(self._trial)
        self._trial = None

    def _judge(self) -> None:
        """Learn from how a connection ended."""
        condemned = self._suspects.connection_ended(self._first_lost, alone=self._trial is not None)
        self._trial = None
        if condemned is not None:
            self._put_aside(condemned, "the connection ended each time it was sent")

    def _put_aside(self, key: Key, reason: str) -> None:
        self.counters.quarantined += 1
        self._set_aside.add(key)
        self._journal.quarantine(*key, reason)

    def _tell_missing(self, partition: int, turn: Turn, records: list[Record]) -> None:
        """Announce, once, what a historian asked for and the journal no longer has."""
        expected = turn.after + 1
        for sequence in [*(record.sequence for record in records), turn.last + 1]:
            if sequence > expected:
                span = Span(partition, expected, sequence - 1)
                if span not in self._missing:
                    self._missing.add(span)
                    self._announce(Notice("trimmed", "asked for again, and no longer kept", (span,)))
            expected = sequence + 1

    def _begin_epoch(self) -> None:
        """The journal was replaced: everything counts from 1 again."""
        self.cursors.begin_epoch()
        self._maker.forget()
        self._set_aside.clear()
        self._missing.clear()

    async def _publish_state(self, *, online: bool) -> None:
        """Publish the retained state.

        Raises:
            BrokerUnavailable: the connection ended before the broker acknowledged it.
        """
        now_ns, config = time.time_ns(), self._site.fingerprint
        payload = presence.payload(online=online, since_ns=now_ns, epoch=self.cursors.epoch, config=config)
        if await self._client.publish(presence.topic(self._site), payload, retain=True) is Delivery.LOST:
            raise BrokerUnavailable("ended before it acknowledged anything")
