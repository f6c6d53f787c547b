"""Brings a server's conditions through one of the session's subscriptions, and has them told anew."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from asyncua import ua

from config.opcua import OpcUaAddress, OpcUaEvents
from drivers.api import DeviceRefused
from drivers.notices import Condition
from drivers.opcua.conditions import Conditions, event_item, refresh_request
from drivers.opcua.connection import Connection
from drivers.opcua.messages import Notification
from drivers.opcua.nodes import node_id
from drivers.opcua.status import BAD_NODE_ID_INVALID, name_of

_log = logging.getLogger(__name__)
_BAD: Final = 0x8000_0000


class EventFeed:
    """The events of one subscription."""

    def __init__(self, connection: Connection, subscription: int, namespaces: Mapping[str, int]) -> None:
        """`namespaces` are the session's."""
        self._connection, self._subscription, self._namespaces = connection, subscription, namespaces
        self._conditions = Conditions(namespaces)
        self._told: list[Condition] = []

    async def start(self, events: OpcUaEvents) -> None:
        """Ask for events; the next `refresh` has the server tell those conditions that stand.

        Raises:
            DriverError: the whole device, or it gives no events at the configured node.
        """
        index = self._namespaces.get(events.namespace)
        if index is None:
            why = f"events: the server has no namespace {events.namespace}"
            raise DeviceRefused(why, BAD_NODE_ID_INVALID)
        node = node_id(OpcUaAddress(namespace=events.namespace, identifier=events.source), index)
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters.SubscriptionId = ua.UInt32(self._subscription)
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
        request.Parameters.ItemsToCreate = [event_item(node, events.severity)]
        (result,) = (await self._connection.call(request, ua.CreateMonitoredItemsResponse)).Results
        status = int(result.StatusCode.value)
        if status >= _BAD:
            raise DeviceRefused(f"events are not given: {name_of(status)}", status)
        self._conditions.wants_refresh = True

    def lost(self) -> None:
        """Events may have been lost."""
        self._conditions.wants_refresh = True

    async def refresh(self) -> None:
        """Have the server tell its conditions anew, where that is wanted.

        Raises:
            DriverError: the whole device; a server that cannot refresh is no trouble.
        """
        if not self._conditions.wants_refresh:
            return
        self._conditions.wants_refresh = False
        answer = await self._connection.call(refresh_request(self._subscription), ua.CallResponse)
        status = int(answer.Results[0].StatusCode.value) if answer.Results else 0
        if status >= _BAD:
            _log.warning("conditions cannot be told anew: reason=%s", name_of(status))

    def read(self, data: bytes, notification: Notification) -> None:
        """Read the events of a message.

        Raises:
            MalformedMessage: the bytes are not what they claim to be.
        """
        for stretch in notification.events:
            self._told += self._conditions.take(data[stretch.start : stretch.end])

    def take(self) -> list[Condition]:
        """Return what has changed of the server's conditions, in order."""
        told, self._told = self._told, []
        return told
