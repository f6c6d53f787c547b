"""Reads of many nodes at once, decoded by the compiled decoder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from control.signal import Columns
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, faulty, joined
from drivers.opcua.errors import MalformedMessage
from drivers.opcua.messages import read_response
from drivers.opcua.nodes import Fault, Node
from drivers.opcua.plan import Item, Slices


async def read_items(
    connection: Connection,
    slices: Slices,
    decoder: Decoder,
    nodes: Mapping[int, Node | Fault],
    items: Sequence[Item],
) -> Columns:
    """Read the items now. Those that cannot be read answer with the status that says why.

    Raises:
        DriverError: the whole device.
    """
    parts: list[Columns] = []
    broken = [(item, node.status) for item in items if isinstance(node := nodes[item.handle], Fault)]
    if broken:
        parts.append(faulty([item for item, _ in broken], [status for _, status in broken], time.time_ns()))
    asked = [(item.handle, node.node_id) for item in items if isinstance(node := nodes[item.handle], Node)]

    async def read(part: Sequence[tuple[int, ua.NodeId]]) -> Sequence[None]:
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=node, AttributeId=ua.UInt32(AttributeIds.Value)) for _, node in part
        ]
        data = await connection.send(request)
        stretch = read_response(data)
        if stretch.count != len(part):
            raise MalformedMessage(f"{len(part)} values were asked for and {stretch.count} answered")
        handles = np.array([handle for handle, _ in part], np.int32)
        parts.append(decoder.columns(data, stretch, time.time_ns(), handles))
        return [None] * len(part)

    await connection.in_slices(slices, asked, read)
    return joined(parts)
