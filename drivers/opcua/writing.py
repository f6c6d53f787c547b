"""Writes: the value alone, in exactly the node's type, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from drivers.api import Holds, Write, WriteResult
from drivers.opcua.codec import NotEncodableError, encode
from drivers.opcua.connection import Connection
from drivers.opcua.node import Fault, Node
from drivers.opcua.plan import Plan, Slices
from drivers.opcua.status import (
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    BAD_TYPE_MISMATCH,
    GOOD_CLAMPED,
    name_of,
)

_UNCERTAIN = 0x4000_0000


async def write_all(
    connection: Connection,
    slices: Slices,
    plan: Plan,
    nodes: Mapping[int, Node | Fault],
    writes: Sequence[Write],
) -> list[WriteResult]:
    """Write in order. Values for different nodes share a request; a node's second value waits its turn.

    Raises:
        DriverError: the whole device; nothing is known of what was not answered.
    """
    results: list[WriteResult] = []

    async def send(part: Sequence[tuple[Write, ua.WriteValue, float | str]]) -> list[WriteResult]:
        request = ua.WriteRequest()
        request.Parameters.NodesToWrite = [value for _, value, _ in part]
        answer = await connection.call(request, ua.WriteResponse)
        return [
            _result(write, int(status.value), wrote)
            for (write, _, wrote), status in zip(part, answer.Results, strict=False)
        ]

    for group in _without_repeats(writes):
        prepared = [_prepare(plan, nodes, write) for write in group]
        ready = [each for each in prepared if not isinstance(each, WriteResult)]
        answered = iter(await connection.in_slices(slices, ready, send))
        results += [each if isinstance(each, WriteResult) else next(answered) for each in prepared]
    return results


def _without_repeats(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Split into runs in which no tag occurs twice: the order inside a request is the server's affair."""
    run: dict[int, Write] = {}
    for write in writes:
        if write.tag in run:
            yield list(run.values())
            run = {}
        run[write.tag] = write
    if run:
        yield list(run.values())


def _prepare(
    plan: Plan, nodes: Mapping[int, Node | Fault], write: Write
) -> tuple[Write, ua.WriteValue, float | str] | WriteResult:
    """Return what goes on the wire, or the refusal of what cannot."""
    item = plan.by_tag.get(write.tag)
    if item is None:
        return WriteResult(write.tag, "this device has no such tag")
    if not item.is_written:
        return WriteResult(write.tag, "the tag is configured as read only", BAD_NOT_WRITABLE)
    node = nodes[item.handle]
    if isinstance(node, Fault):
        return WriteResult(write.tag, node.reason, node.status)
    if node.unwritable:
        return WriteResult(write.tag, node.unwritable, BAD_NOT_WRITABLE)
    if node.kind is None:
        return WriteResult(write.tag, "the server does not tell the node's type", BAD_TYPE_MISMATCH)
    try:
        variant, wrote = _encode(write.value, node, node.kind)
    except NotEncodableError as error:
        return WriteResult(write.tag, str(error), BAD_OUT_OF_RANGE)
    # No status and no times: few servers take them, and those that do would store ours for theirs.
    value = ua.WriteValue(
        NodeId=node.node_id,
        AttributeId=ua.UInt32(AttributeIds.Value),
        IndexRange=node.index_range,
        Value=ua.DataValue(Value=variant, StatusCode=None),
    )
    return write, value, wrote


def _encode(value: float | str, node: Node, kind: ua.VariantType) -> tuple[ua.Variant, float | str]:
    """Return the Variant for the node: a name of an enumeration as its number, an element as an array."""
    told: float | str | None = None
    if isinstance(value, str) and node.view is not None and node.view.names:
        number = node.view.number_of(value)
        if number is None:
            known = ", ".join(node.view.names.values())
            raise NotEncodableError(f"{value!r} is no value of the enumeration (it has {known})")
        value, told = number, value
    variant, wrote = encode(value, kind)
    if node.view is not None and node.view.element:
        dimensions = [ua.Int32(1)] * len(node.view.element)
        variant = ua.Variant([variant.Value], kind, Dimensions=dimensions if len(dimensions) > 1 else None)
    return variant, wrote if told is None else told


def _result(write: Write, status: int, wrote: float | str) -> WriteResult:
    code = status & 0xFFFF_0000
    if code == GOOD_CLAMPED:
        told = f"the device clamped the value: {name_of(status)}"
        return WriteResult(write.tag, told, status, holds=Holds.ANOTHER)
    if code >= _UNCERTAIN:
        return WriteResult(write.tag, f"the device refused the value: {name_of(status)}", status)
    return WriteResult(write.tag, None, status, wrote)
