"""A node as the present session found it, or why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from drivers.opcua.views import View


@dataclass(frozen=True, slots=True)
class Node:
    """An item's node as this session found it."""

    node_id: ua.NodeId
    kind: ua.VariantType | None
    """Its type; None when the server does not tell."""
    unwritable: str = ""
    """Why it cannot be written; empty when it can."""
    has_history: bool = False
    """The server lets this user read what it has kept of the node's values."""
    view: View | None = None
    """What of the node's value the tag shows; None is the whole."""
    index: str | None = None
    """The element of an array that the server is asked for, alone; None is the whole value."""

    @property
    def wish(self) -> ua.ReadValueId:
        """Return what the server is asked for, read or followed."""
        return ua.ReadValueId(
            NodeId=self.node_id, AttributeId=ua.UInt32(AttributeIds.Value), IndexRange=self.index_range
        )

    @property
    def index_range(self) -> ua.String | None:
        """Return the element as the services name it; None is the whole value."""
        return None if self.index is None else ua.String(self.index)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an item cannot be used in this session."""

    status: int
    reason: str
