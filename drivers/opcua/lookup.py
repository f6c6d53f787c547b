"""The nodes of a plan as the present session found them, and when to look again for those it did not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from control.signal import Columns
from drivers.opcua.attributes import Limits, read_namespaces
from drivers.opcua.connection import Connection
from drivers.opcua.node import Fault, Node
from drivers.opcua.nodes import verify
from drivers.opcua.plan import Item, Plan
from drivers.opcua.status import BAD_NODE_ID_INVALID, BAD_NODE_ID_UNKNOWN, BAD_OBJECT_DELETED, name_of
from drivers.opcua.views import View

_log = logging.getLogger(__name__)

AGAIN_FIRST_S: Final = 0.5
AGAIN_LAST_S: Final = 60.0
"""What could not be used is looked up again, soon and then ever more rarely: many servers answer
before they have loaded their nodes."""
NAMED: Final = 10
"""Faults that are named in the log; the others are counted."""
_GONE: Final = np.array((BAD_NODE_ID_INVALID, BAD_NODE_ID_UNKNOWN, BAD_OBJECT_DELETED), np.uint32)


class Lookup:
    """What is known of every item's node, by handle."""

    def __init__(self, name: str, plan: Plan, views: dict[int, View]) -> None:
        """`name` is the device's; `views` is kept up to date for the decoder."""
        self._name, self._plan, self._views = name, plan, views
        self.nodes: dict[int, Node | Fault] = {}
        self.namespaces: Mapping[str, int] = {}
        """Index of every namespace URI in this session."""
        self.again_at = float("inf")
        """When to look again (the loop's clock); infinity while nothing is missing."""
        self._again_s = AGAIN_FIRST_S
        self._told: dict[int, int] = {}

    def begin(self) -> None:
        """Forget what an earlier session found."""
        self.nodes.clear()
        self._again_s = AGAIN_FIRST_S

    async def look_up(self, connection: Connection, limits: Limits, items: Sequence[Item]) -> None:
        """Find the items' nodes.

        Raises:
            DriverError: the whole device.
        """
        self.namespaces = await read_namespaces(connection)
        found = await verify(connection, limits, self.namespaces, items)
        self.nodes |= found
        for handle, node in found.items():
            self._views.pop(handle, None)
            if isinstance(node, Node) and node.view is not None:
                self._views[handle] = node.view
        self._tell(found)
        self._plan_next()

    async def look_again(self, connection: Connection, limits: Limits) -> list[Item]:
        """When it is time, look up what could not be used; returns what was looked up.

        Raises:
            DriverError: the whole device.
        """
        if asyncio.get_running_loop().time() < self.again_at:
            return []
        missing = [item for item in self._plan.items if isinstance(self.nodes[item.handle], Fault)]
        self._again_s = min(2 * self._again_s, AGAIN_LAST_S)
        await self.look_up(connection, limits, missing)
        return missing

    def heed(self, columns: Columns) -> None:
        """Take note of samples that say that their node is gone: it may come back as another."""
        gone = np.isin(columns.status & np.uint32(0xFFFF_0000), _GONE) & (columns.status != 0)
        if not gone.any():
            return
        lost: dict[int, Node | Fault] = {}
        for tag, status in zip(columns.tag[gone].tolist(), columns.status[gone].tolist(), strict=True):
            handle = self._plan.by_tag[tag].handle
            if isinstance(self.nodes[handle], Node):
                lost[handle] = Fault(status, f"the node has gone: {name_of(status)}")
        if lost:
            self.nodes |= lost
            self._tell(lost)
            self._again_s = AGAIN_FIRST_S
            self._plan_next()

    def _plan_next(self) -> None:
        has_faults = any(isinstance(node, Fault) for node in self.nodes.values())
        now = asyncio.get_running_loop().time()
        self.again_at = now + self._again_s if has_faults else float("inf")

    def _tell(self, found: Mapping[int, Node | Fault]) -> None:
        """Log what cannot be used, once for each tag and reason."""
        faults = {handle: node for handle, node in found.items() if isinstance(node, Fault)}
        news = [(handle, fault) for handle, fault in faults.items() if self._told.get(handle) != fault.status]
        for handle, fault in news[:NAMED]:
            _log.warning("tag cannot be used: tag=%s reason=%s", self._plan.items[handle].name, fault.reason)
        if len(news) > NAMED:
            _log.warning("further tags cannot be used: device=%s count=%d", self._name, len(news) - NAMED)
        self._told = {handle: status for handle, status in self._told.items() if handle not in found}
        self._told |= {handle: fault.status for handle, fault in faults.items()}
