"""Answers to a server's own conditions (Part 9): acknowledge, confirm, comment.

Each names the change that was seen by its EventId: a server refuses it when the condition has gone on
since (BadEventIdUnknown), so that nobody acknowledges what he has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from drivers.api import ACKNOWLEDGE, COMMENT, CONFIRM, Argument, MethodResult
from drivers.opcua.attributes import standard
from drivers.opcua.connection import Connection
from drivers.opcua.status import name_of

ANSWERS: Final = {
    ACKNOWLEDGE: int(ObjectIds.AcknowledgeableConditionType_Acknowledge),
    CONFIRM: int(ObjectIds.AcknowledgeableConditionType_Confirm),
    COMMENT: int(ObjectIds.ConditionType_AddComment),
}
"""The methods of the types, which every condition of theirs has (5.5.6, 5.7.3, 5.7.4)."""
_BAD: Final = 0x8000_0000


async def answer_condition(
    connection: Connection, namespaces: Mapping[str, int], method: str, arguments: Sequence[Argument]
) -> MethodResult:
    """Answer a condition; what the server refuses is in the result.

    Args:
        connection: to the server.
        namespaces: the session's.
        method: a key of `ANSWERS`.
        arguments: the condition's id and the change's, as they were told, and a comment.

    Raises:
        DriverError: the whole device; whether it was carried out is not known.
    """
    condition, event, comment = map(str, arguments)
    try:
        node, event_id = condition_node(condition, namespaces), bytes.fromhex(event)
    except ValueError as error:
        return MethodResult(str(error))
    request = ua.CallRequest()
    given = [ua.Variant(event_id, ua.VariantType.ByteString), ua.Variant(ua.LocalizedText(comment))]
    wish = ua.CallMethodRequest(ObjectId=node, MethodId=standard(ANSWERS[method]), InputArguments=given)
    request.Parameters.MethodsToCall = [wish]
    (result,) = (await connection.call(request, ua.CallResponse)).Results
    status = int(result.StatusCode.value)
    return MethodResult(None if status < _BAD else f"the device refused: {name_of(status)}", status)


def condition_node(text: str, namespaces: Mapping[str, int]) -> ua.NodeId:
    """Return the node of a condition whose id was told as `nsu=URI;s=…`.

    Raises:
        ValueError: it is no such id, or the server has no such namespace any more.
    """
    index = 0
    if text.startswith("nsu="):
        uri, _, text = text[4:].rpartition(";")
        if uri not in namespaces:
            raise ValueError(f"the server has no namespace {uri}")
        index = namespaces[uri]
    try:
        node = ua.NodeId.from_string(text)
    except (UaError, ValueError) as error:
        raise ValueError(f"{text!r} is no id of a condition: {error}") from None
    return ua.NodeId(node.Identifier, ua.Int16(index), node.NodeIdType)
