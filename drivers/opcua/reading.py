"""Reads of many nodes at once: requests put together from encoded parts, answers decoded in one call."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import struct_to_binary

from control.signal import Columns
from drivers.opcua.attributes import standard
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, faulty, joined
from drivers.opcua.errors import MalformedMessage
from drivers.opcua.messages import read_response
from drivers.opcua.node import Fault, Node
from drivers.opcua.plan import Item, Slices


class EncodedElements(ua.ByteString):
    """Elements of an array that are encoded already, in the place of a ByteString.

    On the wire an array is the number of its elements and then they, a ByteString the number of
    its bytes and then they: so this one only has to say the number of elements for its length.
    """

    _elements: int

    @classmethod
    def of(cls, elements: Sequence[bytes]) -> Self:
        """Join encoded elements."""
        joint = cls(b"".join(elements))
        joint._elements = len(elements)
        return joint

    def __len__(self) -> int:
        return self._elements


@dataclass(slots=True)
class _Parameters:
    """ReadParameters, as asyncua encodes them, but for the nodes."""

    MaxAge: ua.Double
    TimestampsToReturn: ua.TimestampsToReturn
    NodesToRead: ua.ByteString


@dataclass(slots=True)
class ReadRequest:
    """A read request whose nodes are encoded already."""

    TypeId: ua.NodeId
    RequestHeader: ua.RequestHeader
    Parameters: _Parameters

    @classmethod
    def of(cls, elements: Sequence[bytes]) -> Self:
        """Return a request to read these nodes now, with their source times."""
        nodes = EncodedElements.of(elements)
        parameters = _Parameters(ua.Double(0.0), ua.TimestampsToReturn.Both, nodes)
        return cls(standard(ObjectIds.ReadRequest_Encoding_DefaultBinary), ua.RequestHeader(), parameters)


class Reader:
    """Reads the items of one session."""

    def __init__(
        self, connection: Connection, slices: Slices, decoder: Decoder, nodes: Mapping[int, Node | Fault]
    ) -> None:
        """`nodes` are by handle, and may change."""
        self._connection, self._slices, self._decoder, self._nodes = connection, slices, decoder, nodes
        self._encoded: dict[int, tuple[Node, bytes]] = {}

    async def read(self, items: Sequence[Item]) -> Columns:
        """Read the items now. Those that cannot be read answer with the status that says why.

        Raises:
            DriverError: the whole device.
        """
        parts: list[Columns] = []
        broken = [
            (item, node.status) for item in items if isinstance(node := self._nodes[item.handle], Fault)
        ]
        if broken:
            statuses = [status for _, status in broken]
            parts.append(faulty([item for item, _ in broken], statuses, time.time_ns()))
        asked = [item.handle for item in items if isinstance(self._nodes[item.handle], Node)]

        async def read(part: Sequence[int]) -> Sequence[int]:
            parts.append(await self._read(part))
            return part

        await self._connection.in_slices(self._slices, asked, read)
        return joined(parts)

    async def _read(self, handles: Sequence[int]) -> Columns:
        data = await self._connection.send(ReadRequest.of([self._element(handle) for handle in handles]))
        stretch = read_response(data)
        if stretch.count != len(handles):
            raise MalformedMessage(f"{len(handles)} values were asked for and {stretch.count} answered")
        return self._decoder.columns(data, stretch, time.time_ns(), np.array(handles, np.int32))

    def _element(self, handle: int) -> bytes:
        """Return a node's part of a read request."""
        node = self._nodes[handle]
        known = self._encoded.get(handle)
        if known is not None and known[0] is node:
            return known[1]
        if isinstance(node, Fault):
            raise TypeError(f"item {handle} has no node")
        element = struct_to_binary(node.wish)
        self._encoded[handle] = node, element
        return element
