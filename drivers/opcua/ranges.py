"""Elements of arrays: whether the server gives and takes them alone, or only the whole array.

Not every server heeds an index range. One that ignores it answers a read with the whole array, and
would take a write of one element for a new array, of length one. So it is tried, in every session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from asyncua import ua

from drivers.opcua.attributes import Limits, is_good
from drivers.opcua.connection import Connection
from drivers.opcua.node import Node
from drivers.opcua.plan import Item

NO_RANGES = "the server does not heed index ranges: it would replace the whole array"


async def try_ranges(
    connection: Connection, limits: Limits, elements: Sequence[tuple[Item, Node]]
) -> dict[int, Node]:
    """Return the nodes of items that are elements, by handle, set up for what the server can do.

    Raises:
        DriverError: the whole device.
    """

    async def read(part: Sequence[ua.ReadValueId]) -> list[ua.DataValue]:
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
        request.Parameters.NodesToRead = list(part)
        return list((await connection.call(request, ua.ReadResponse)).Results)

    ranged = [replace(node, index=item.address.index) for item, node in elements]
    wishes = [each.wish for (_, node), alone in zip(elements, ranged, strict=True) for each in (node, alone)]
    values = await connection.in_slices(limits.read, wishes, read)
    return {
        item.handle: _judge(node, alone, whole, element)
        for (item, node), alone, whole, element in zip(
            elements, ranged, values[::2], values[1::2], strict=True
        )
    }


def _judge(node: Node, alone: Node, whole: ua.DataValue, element: ua.DataValue) -> Node:
    size, found = _elements(whole), _elements(element)
    if size > 1 and found == 1 and node.view is not None:
        return replace(alone, view=replace(node.view, is_ranged=True))
    if size == 1 or node.unwritable:
        return node
    return replace(node, unwritable=NO_RANGES)


def _elements(value: ua.DataValue) -> int:
    """Return how many elements a value has in all its dimensions; 0 when it is none, or no array."""
    content = value.Value.Value if value.Value is not None and is_good(value) else None
    return _count(content) if isinstance(content, list) else 0


def _count(content: Any) -> int:
    return sum(map(_count, content)) if isinstance(content, list) else 1
