"""Subscriptions as the server keeps them: asked for explicitly, and checked for what it made of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Final

from asyncua import ua

from config.devices import OpcUaDevice
from drivers.opcua.connection import Connection
from drivers.opcua.errors import TOO_MANY_MONITORED_ITEMS
from drivers.opcua.node import Fault, Node
from drivers.opcua.plan import Item, Slices
from drivers.opcua.status import name_of

_log = logging.getLogger(__name__)

SLACK: Final = 1.5
"""A revised interval is worth a warning when it is so many times what was asked for."""
LIFETIME_IN_KEEP_ALIVES: Final = 3  # Part 4, 5.14.2: at least
SEQUENCE_NUMBERS: Final = 2**32 - 1  # from 1 to 4294967295, then 1 again
_BAD: Final = 0x8000_0000


@dataclass(slots=True)
class Subscription:
    """A subscription in this session."""

    identifier: int
    interval_s: float
    keep_alive_s: float
    heard_at: float
    """When the server last answered for it (monotonic)."""
    expected: int | None = None
    """Sequence number of the next message; None before the first."""
    items: dict[int, int] = field(default_factory=dict)
    """The server's number of each item, by our handle."""

    def missing_before(self, sequence: int) -> int:
        """Return how many messages lie between the last one and this; -1 when this one is an old one."""
        if self.expected is None:
            return 0
        ahead = (sequence - self.expected) % SEQUENCE_NUMBERS
        return ahead if ahead < SEQUENCE_NUMBERS // 2 else -1

    def advance(self, sequence: int, *, is_keep_alive: bool) -> None:
        """Move on past a message. A keep-alive has the number of the next one already (trap T2)."""
        self.expected = sequence if is_keep_alive else following(sequence)


def following(sequence: int) -> int:
    """Return the sequence number after this one; 0 is never used."""
    return sequence % SEQUENCE_NUMBERS + 1


def wanted_keep_alive_count(device: OpcUaDevice) -> int:
    """Return the configured count, or less: a quiet device must be heard twice before it counts as dead."""
    most = floor(device.dead_after / 2 / device.publishing_interval)
    return max(1, min(device.keep_alive_count, most))


async def create_subscription(connection: Connection, device: OpcUaDevice, now: float) -> Subscription:
    """Create a subscription; one whose keep-alives would come too slowly is asked to change.

    Raises:
        DriverError: the server does not.
    """
    count = wanted_keep_alive_count(device)
    request = ua.CreateSubscriptionRequest()
    request.Parameters = ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=ua.Double(1000 * device.publishing_interval),
        RequestedMaxKeepAliveCount=ua.UInt32(count),
        RequestedLifetimeCount=ua.UInt32(max(device.lifetime_count, LIFETIME_IN_KEEP_ALIVES * count)),
        MaxNotificationsPerPublish=ua.UInt32(0),
        PublishingEnabled=True,
    )
    made = (await connection.call(request, ua.CreateSubscriptionResponse)).Parameters
    identifier = int(made.SubscriptionId)
    interval_s, count_made = made.RevisedPublishingInterval / 1000, int(made.RevisedMaxKeepAliveCount)
    wanted_s = count * device.publishing_interval
    if interval_s * count_made > SLACK * wanted_s:
        fewer = max(1, floor(wanted_s / interval_s))
        interval_s, count_made = await _modify(
            connection, identifier, interval_s, fewer, made.RevisedLifetimeCount
        )
    if interval_s > SLACK * device.publishing_interval:
        _log.warning(
            "the server publishes more slowly than asked for: asked_s=%g gives_s=%g",
            device.publishing_interval,
            interval_s,
        )
    if made.RevisedLifetimeCount < LIFETIME_IN_KEEP_ALIVES * count_made:
        _log.warning(
            "the subscription lives for less than three keep-alives: lifetime=%d keep_alive=%d",
            made.RevisedLifetimeCount,
            count_made,
        )
    return Subscription(identifier, interval_s, interval_s * count_made, now)


async def _modify(
    connection: Connection, identifier: int, interval_s: float, count: int, lifetime: int
) -> tuple[float, int]:
    request = ua.ModifySubscriptionRequest()
    request.Parameters = ua.ModifySubscriptionParameters(
        SubscriptionId=ua.UInt32(identifier),
        RequestedPublishingInterval=ua.Double(1000 * interval_s),
        RequestedMaxKeepAliveCount=ua.UInt32(count),
        RequestedLifetimeCount=ua.UInt32(max(lifetime, LIFETIME_IN_KEEP_ALIVES * count)),
        MaxNotificationsPerPublish=ua.UInt32(0),
    )
    made = (await connection.call(request, ua.ModifySubscriptionResponse)).Parameters
    return made.RevisedPublishingInterval / 1000, int(made.RevisedMaxKeepAliveCount)


async def add_items(
    connection: Connection,
    slices: Slices,
    subscription: Subscription,
    entries: Sequence[tuple[Item, Node]],
) -> tuple[dict[int, Fault], list[tuple[Item, Node]]]:
    """Follow items in a subscription.

    Returns:
        The faults of those that the server refused, by handle; and those that are too many for this
        subscription.

    Raises:
        DriverError: the whole device.
    """

    async def create(part: Sequence[tuple[Item, Node]]) -> list[ua.MonitoredItemCreateResult]:
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters.SubscriptionId = ua.UInt32(subscription.identifier)
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.ItemsToCreate = [_wish(item, node) for item, node in part]
        return list((await connection.call(request, ua.CreateMonitoredItemsResponse)).Results)

    results = await connection.in_slices(slices, entries, create)
    faults: dict[int, Fault] = {}
    too_many: list[tuple[Item, Node]] = []
    unseen = slow = 0
    for (item, node), result in zip(entries, results, strict=True):
        status = int(result.StatusCode.value)
        if status & 0xFFFF_0000 == TOO_MANY_MONITORED_ITEMS:
            too_many.append((item, node))
        elif status >= _BAD:
            faults[item.handle] = Fault(status, f"the server does not let it be followed: {name_of(status)}")
        else:
            subscription.items[item.handle] = int(result.MonitoredItemId)
            unseen += result.RevisedQueueSize <= 1 < item.queue_size
            slow += result.RevisedSamplingInterval > 1000 * SLACK * item.period_s
    if unseen:
        _log.warning("the server keeps one value an item, lost samples go unseen: items=%d", unseen)
    if slow:
        _log.warning("the server samples more slowly than asked for: items=%d", slow)
    return faults, too_many


def _wish(item: Item, node: Node) -> ua.MonitoredItemCreateRequest:
    wish = ua.MonitoredItemCreateRequest()
    wish.ItemToMonitor = node.wish
    wish.MonitoringMode = ua.MonitoringMode.Reporting
    wish.RequestedParameters = ua.MonitoringParameters(
        ClientHandle=ua.UInt32(item.handle),
        SamplingInterval=ua.Double(1000 * item.period_s),
        QueueSize=ua.UInt32(item.queue_size),
        DiscardOldest=True,
    )
    return wish


async def drop_items(connection: Connection, subscription: Subscription, handles: Sequence[int]) -> None:
    """Follow these items no longer, as far as they are in the subscription.

    Raises:
        DriverError: the whole device; what the server no longer knows is no error.
    """
    numbers = [subscription.items.pop(handle) for handle in handles if handle in subscription.items]
    if numbers:
        request = ua.DeleteMonitoredItemsRequest()
        request.Parameters.SubscriptionId = ua.UInt32(subscription.identifier)
        request.Parameters.MonitoredItemIds = [ua.UInt32(number) for number in numbers]
        await connection.call(request, ua.DeleteMonitoredItemsResponse)
