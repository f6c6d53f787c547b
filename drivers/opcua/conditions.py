"""Alarms and conditions of a server (Part 9): what is selected of their events, and how those are read.

After each (re)connection the server is asked to tell every condition that is still of interest anew
(ConditionRefresh), so that none is missed that came or went in between.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIdNames, ObjectIds
from asyncua.ua.ua_binary import struct_from_binary

from drivers.notices import Condition
from drivers.opcua.attributes import standard
from drivers.opcua.errors import DECODE_ERRORS, MalformedMessage

QUEUE_SIZE: Final = 1000
"""Events that the server keeps between two publications; when more come it says so."""
HANDLE: Final = 2**32 - 1
"""Client handle of the item that brings events; no tag has it."""

_BASE: Final = int(ObjectIds.BaseEventType)
_CONDITION: Final = int(ObjectIds.ConditionType)
_ACKNOWLEDGEABLE: Final = int(ObjectIds.AcknowledgeableConditionType)
_ALARM: Final = int(ObjectIds.AlarmConditionType)
_SELECTED: Final[tuple[tuple[str, int, tuple[str, ...]], ...]] = (
    ("event", _BASE, ("EventId",)),
    ("type", _BASE, ("EventType",)),
    ("source", _BASE, ("SourceName",)),
    ("time", _BASE, ("Time",)),
    ("message", _BASE, ("Message",)),
    ("severity", _BASE, ("Severity",)),
    ("condition", _CONDITION, ()),
    ("name", _CONDITION, ("ConditionName",)),
    ("retain", _CONDITION, ("Retain",)),
    ("acknowledged", _ACKNOWLEDGEABLE, ("AckedState", "Id")),
    ("confirmed", _ACKNOWLEDGEABLE, ("ConfirmedState", "Id")),
    ("active", _ALARM, ("ActiveState", "Id")),
    ("suppressed_or_shelved", _ALARM, ("SuppressedOrShelved",)),
)
_REFRESH_START: Final = int(ObjectIds.RefreshStartEventType)
_REFRESH_END: Final = int(ObjectIds.RefreshEndEventType)
_REFRESH_REQUIRED: Final = int(ObjectIds.RefreshRequiredEventType)
_OVERFLOW: Final = int(ObjectIds.EventQueueOverflowEventType)


def event_item(notifier: ua.NodeId, severity: int) -> ua.MonitoredItemCreateRequest:
    """Return what asks a server for the events of a node, from a severity on."""
    wish = ua.MonitoredItemCreateRequest()
    wish.ItemToMonitor = ua.ReadValueId(NodeId=notifier, AttributeId=ua.UInt32(AttributeIds.EventNotifier))
    wish.MonitoringMode = ua.MonitoringMode.Reporting
    wish.RequestedParameters = ua.MonitoringParameters(
        ClientHandle=ua.UInt32(HANDLE),
        SamplingInterval=ua.Double(0.0),
        Filter=_filter(severity),
        QueueSize=ua.UInt32(QUEUE_SIZE),
        DiscardOldest=True,
    )
    return wish


def refresh_request(subscription: int) -> ua.CallRequest:
    """Return the call that has the server tell its conditions anew in a subscription."""
    request = ua.CallRequest()
    wish = ua.CallMethodRequest(
        ObjectId=standard(_CONDITION),
        MethodId=standard(int(ObjectIds.ConditionType_ConditionRefresh)),
        InputArguments=[ua.Variant(subscription, ua.VariantType.UInt32)],
    )
    request.Parameters.MethodsToCall = [wish]
    return request


def _filter(severity: int) -> ua.EventFilter:
    wanted = ua.EventFilter()
    wanted.SelectClauses = [_operand(type_id, path) for _, type_id, path in _SELECTED]
    if severity > 1:
        element = ua.ContentFilterElement()
        element.FilterOperator = ua.FilterOperator.GreaterThanOrEqual
        limit = ua.LiteralOperand(Value=ua.Variant(severity, ua.VariantType.UInt16))
        element.FilterOperands = [_operand(_BASE, ("Severity",)), limit]
        wanted.WhereClause.Elements = [element]
    return wanted


def _operand(type_id: int, path: Sequence[str]) -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = standard(type_id)
    operand.BrowsePath = [ua.QualifiedName(ua.String(name), ua.UInt16(0)) for name in path]
    # The condition's own NodeId is asked for by an empty path (Part 9, 5.5.2.13).
    operand.AttributeId = ua.UInt32(AttributeIds.Value if path else AttributeIds.NodeId)
    return operand


class Conditions:
    """Reads the events of one session; remembers whether they are told anew."""

    def __init__(self, namespaces: Mapping[str, int]) -> None:
        """`namespaces` are the session's."""
        self._uris = {index: uri for uri, index in namespaces.items()}
        self._is_refreshing = False
        self.wants_refresh = False
        """The server has lost events, or says that a refresh is needed."""

    def take(self, data: bytes) -> list[Condition]:
        """Return the changes of conditions in an event notification's body.

        Raises:
            MalformedMessage: the bytes are not what they claim to be.
        """
        try:
            events = struct_from_binary(ua.EventNotificationList, Buffer(data)).Events or []
            found = [self._condition([field.Value for field in each.EventFields or []]) for each in events]
        except DECODE_ERRORS as error:
            raise MalformedMessage(f"events: {error}") from error
        return [condition for condition in found if condition is not None]

    def _condition(self, values: Sequence[Any]) -> Condition | None:
        event = dict(zip((name for name, _, _ in _SELECTED), values, strict=False))
        kind = event.get("type")
        number = int(kind.Identifier) if isinstance(kind, ua.NodeId) and _is_standard(kind) else -1
        if number in (_REFRESH_START, _REFRESH_END):
            self._is_refreshing = number == _REFRESH_START
        if number in (_REFRESH_REQUIRED, _OVERFLOW):
            self.wants_refresh = True
        condition = event.get("condition")
        if not isinstance(condition, ua.NodeId) or event.get("name") is None:
            return None  # an event, but no condition's
        event_id = event.get("event")
        return Condition(
            name=str(event["name"]),
            source=str(event.get("source") or ""),
            identifier=self._spelt(condition),
            event=event_id.hex() if isinstance(event_id, bytes) else "",
            type=ObjectIdNames.get(number, "") if number >= 0 else self._spelt(kind),
            severity=int(event.get("severity") or 0),
            message=str(getattr(event.get("message"), "Text", None) or ""),
            active=_flag(event.get("active")),
            acknowledged=_flag(event.get("acknowledged")),
            confirmed=_flag(event.get("confirmed")),
            retain=bool(event.get("retain")),
            suppressed_or_shelved=_flag(event.get("suppressed_or_shelved")),
            utc_ns=_stamp_ns(event.get("time")),
            refreshed=self._is_refreshing,
        )

    def _spelt(self, node: Any) -> str:
        """Return a NodeId with its namespace's URI, which stays when the index does not."""
        if not isinstance(node, ua.NodeId):
            return ""
        own = ua.NodeId(node.Identifier, ua.Int16(0), node.NodeIdType).to_string()
        uri = self._uris.get(int(node.NamespaceIndex), "")
        return f"nsu={uri};{own}" if uri else own


def _is_standard(node: ua.NodeId) -> bool:
    return node.NamespaceIndex == 0 and isinstance(node.Identifier, int)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _stamp_ns(moment: Any) -> int:
    if not isinstance(moment, datetime):
        return 0
    return calendar.timegm(moment.utctimetuple()) * 1_000_000_000 + moment.microsecond * 1000
