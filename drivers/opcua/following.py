"""Follows a server's changes: subscriptions with items, their messages in order, gaps, silence.

A session that falls silent is given up as a whole; nothing is resumed. Within a session a
message that did not arrive is asked for again, and if the server has it no longer, the items it
may have concerned carry the reason OVERFLOW on their next sample and are read at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from config.opcua import OpcUaDevice, OpcUaEvents
from control.signal import OVERFLOW, Columns
from drivers.api import DeviceRefused, Disconnected
from drivers.opcua.attributes import Limits, read_attributes, standard
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder
from drivers.opcua.errors import MESSAGE_NOT_AVAILABLE, TOO_MANY_MONITORED_ITEMS
from drivers.opcua.event_feed import EventFeed
from drivers.opcua.messages import Notification, publish_response, republish_response
from drivers.opcua.node import Fault, Node
from drivers.opcua.plan import Item
from drivers.opcua.publishing import Answer, Publisher
from drivers.opcua.status import name_of
from drivers.opcua.subscription import Subscription, add_items, create_subscription, drop_items, following

_log = logging.getLogger(__name__)

SILENT_KEEP_ALIVES: Final = 2
GRACE_S: Final = 0.2
"""A process that was held up itself listens once more before it calls the server silent."""
MOST_REPUBLISHED: Final = 50
"""Messages that are asked for again at once; a longer gap is read over."""


class Follower:
    """The subscriptions of one session."""

    def __init__(
        self, connection: Connection, device: OpcUaDevice, name: str, limits: Limits, decoder: Decoder
    ) -> None:
        """`name` is the device's."""
        self._connection, self._device, self._limits, self._decoder = connection, device, limits, decoder
        self._publisher = Publisher(connection, name)
        self._subscriptions: dict[int, Subscription] = {}
        self._probe_at = float("inf")
        self.gaps = 0
        """Messages that were lost for good."""
        self.republished = 0
        self._suspects: set[int] = set()
        self._feed: EventFeed | None = None

    def start(self) -> None:
        """Begin to publish, once there is something to follow."""
        if self._subscriptions:
            self._publisher.start()

    async def add(self, entries: Sequence[tuple[Item, Node]], most: int) -> dict[int, Fault]:
        """Follow further items, in as many subscriptions as the server wants to have them in.

        Args:
            entries: the items and their nodes.
            most: how many may be followed in all; 0 is any number.

        Returns:
            Why some are not followed, by handle.

        Raises:
            DriverError: the whole device.
        """
        for known in self._subscriptions.values():
            await drop_items(self._connection, known, [item.handle for item, _ in entries])
        room_for = (
            most - sum(len(each.items) for each in self._subscriptions.values()) if most else len(entries)
        )
        too_many = Fault(TOO_MANY_MONITORED_ITEMS, f"this kind of server bears {most} followed items")
        faults = {item.handle: too_many for item, _ in entries[max(room_for, 0) :]}
        entries = entries[: max(room_for, 0)]
        loop = asyncio.get_running_loop()
        room = list(self._subscriptions.values())[-1:]
        while entries:
            is_new = not room
            subscription = (
                room.pop() if room else await create_subscription(self._connection, self._device, loop.time())
            )
            self._subscriptions[subscription.identifier] = subscription
            refused, left = await add_items(self._connection, self._limits.items, subscription, entries)
            faults |= refused
            if is_new and len(left) == len(entries):
                reason = f"the server follows no more items: {name_of(TOO_MANY_MONITORED_ITEMS)}"
                return faults | {item.handle: Fault(TOO_MANY_MONITORED_ITEMS, reason) for item, _ in left}
            entries = left
        return faults

    async def follow_events(self, events: OpcUaEvents, namespaces: Mapping[str, int]) -> EventFeed:
        """Follow the server's conditions as well.

        Raises:
            DriverError: the whole device, or it has no events at the configured node.
        """
        subscription = next(iter(self._subscriptions.values()), None)
        if subscription is None:
            now = asyncio.get_running_loop().time()
            subscription = await create_subscription(self._connection, self._device, now)
            self._subscriptions[subscription.identifier] = subscription
        self._feed = EventFeed(self._connection, subscription.identifier, namespaces)
        await self._feed.start(events)
        return self._feed

    def take_suspects(self) -> list[int]:
        """Return the handles whose last change may have been lost: they are to be read now."""
        suspects, self._suspects = self._suspects, set()
        return sorted(suspects)

    async def stop(self) -> None:
        """End publishing. May be repeated."""
        await self._publisher.stop()

    async def changes(self, until: float) -> list[Columns]:
        """Return what has changed; empty columns for a keep-alive, nothing when `until` has come.

        Raises:
            DriverError: the server fell silent or ended the subscription, or the whole device.
        """
        now = asyncio.get_running_loop().time()
        deadline = min(self._silent_at(), until, self._probe(now))
        answers = await self._publisher.take(deadline)
        if not answers and self._is_silent():
            answers = await self._publisher.take(asyncio.get_running_loop().time() + GRACE_S)
        if not answers:
            return await self._nothing_came()
        self._probe_at = float("inf")
        columns: list[Columns] = []
        for subscription, notification, answer in self._in_order(answers):
            columns += [each async for each in self._accept(subscription, notification, answer)]
        return columns

    def _silent_at(self) -> float:
        return min(
            (each.heard_at + SILENT_KEEP_ALIVES * each.keep_alive_s for each in self._subscriptions.values()),
            default=float("inf"),
        )

    def _is_silent(self) -> bool:
        return asyncio.get_running_loop().time() >= self._silent_at()

    def _probe(self, now: float) -> float:
        """Return when to ask the server whether it lives: when its keep-alives are too slow to tell."""
        longest_s = self._device.dead_after / 2
        slow = any(each.keep_alive_s > longest_s for each in self._subscriptions.values())
        if slow or not self._subscriptions:
            self._probe_at = min(self._probe_at, now + longest_s)
        return self._probe_at

    async def _nothing_came(self) -> list[Columns]:
        if self._is_silent():
            raise Disconnected(f"no publish response for {SILENT_KEEP_ALIVES} keep-alive intervals")
        if asyncio.get_running_loop().time() < self._probe_at:
            return []
        state = (standard(ObjectIds.Server_ServerStatus_State), AttributeIds.Value)
        await read_attributes(self._connection, self._limits.read, [state])
        self._probe_at = float("inf")
        return [Columns.empty()]

    def _in_order(self, answers: Iterable[Answer]) -> list[tuple[Subscription, Notification, Answer]]:
        """Return the messages by sequence number, each with its subscription."""
        now = asyncio.get_running_loop().time()
        messages = []
        for answer in answers:
            published = publish_response(answer.data)
            subscription = self._subscriptions.get(published.subscription)
            if subscription is None:
                _log.warning("message of an unknown subscription: id=%d", published.subscription)
                continue
            subscription.heard_at = now
            messages.append((subscription, published.notification, answer))
        messages.sort(key=lambda each: (each[0].identifier, each[0].missing_before(each[1].sequence)))
        return messages

    async def _accept(
        self, subscription: Subscription, notification: Notification, answer: Answer
    ) -> AsyncIterator[Columns]:
        """Take one message, after those that are missing before it."""
        missing = subscription.missing_before(notification.sequence)
        if missing < 0:
            return  # an old one: it has been taken already
        if missing:
            async for columns in self._fetch_missing(subscription, missing, answer.arrival_ns):
                yield columns
        subscription.advance(notification.sequence, is_keep_alive=notification.is_empty)
        if notification.is_empty:
            yield Columns.empty()
            return
        self._publisher.acknowledge(subscription.identifier, notification.sequence)
        for stretch in notification.changes:
            yield self._decoder.columns(answer.data, stretch, answer.arrival_ns)
        if self._feed is not None:
            self._feed.read(answer.data, notification)
        if notification.status is not None:
            raise Disconnected(f"the server ended the subscription: {name_of(notification.status)}")

    async def _fetch_missing(
        self, subscription: Subscription, missing: int, arrival_ns: int
    ) -> AsyncIterator[Columns]:
        """Ask for messages that did not arrive; mark the items where they cannot be had."""
        lost = max(0, missing - MOST_REPUBLISHED)
        sequence = following((subscription.expected or 1) + lost - 1)
        for _ in range(missing - lost):
            data = await self._republish(subscription.identifier, sequence)
            notification = republish_response(data) if data else None
            if data is None or notification is None or notification.sequence != sequence:
                lost += 1
            else:
                self.republished += 1
                self._publisher.acknowledge(subscription.identifier, sequence)
                for stretch in notification.changes:
                    yield self._decoder.columns(data, stretch, arrival_ns)
                if self._feed is not None:
                    self._feed.read(data, notification)
            sequence = following(sequence)
        if lost:
            self.gaps += lost
            if self._feed is not None:
                self._feed.lost()
            self._suspects.update(subscription.items)
            self._decoder.mark(list(subscription.items), OVERFLOW)
            _log.warning(
                "messages of the subscription are lost: count=%d items=%d", lost, len(subscription.items)
            )

    async def _republish(self, identifier: int, sequence: int) -> bytes | None:
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = ua.UInt32(identifier)
        request.Parameters.RetransmitSequenceNumber = ua.UInt32(sequence)
        try:
            return await self._connection.send(request)
        except DeviceRefused as error:
            if error.code != MESSAGE_NOT_AVAILABLE:
                _log.warning("the server does not republish: reason=%s", error)
            return None
