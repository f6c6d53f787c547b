"""What a connected server says of itself and of the nodes of a plan, for commissioning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from drivers.inspection import Inspection, TagFinding
from drivers.opcua.attributes import Limits
from drivers.opcua.connection import Connection
from drivers.opcua.engineering import Engineering, read_engineering
from drivers.opcua.node import Fault, Node
from drivers.opcua.plan import Item, Plan
from drivers.opcua.vigil import Sight


async def inspect(
    connection: Connection,
    limits: Limits,
    plan: Plan,
    nodes: Mapping[int, Node | Fault],
    sight: Sight,
) -> Inspection:
    """Return what the server says; the nodes have been looked up already.

    Raises:
        DriverError: the whole device.
    """
    found = {handle: node for handle, node in nodes.items() if isinstance(node, Node)}
    meanings = await read_engineering(connection, limits, [node.node_id for node in found.values()])
    meaning = dict(zip(found, meanings, strict=True))
    tags = [_finding(item, nodes[item.handle], meaning.get(item.handle)) for item in plan.items]
    sizes = ", ".join(f"{field.name} {getattr(limits, field.name).size}" for field in fields(limits))
    facts = {"server": sight.words, "operations in one request": sizes}
    if sight.clock_offset_s is not None:
        facts["clock"] = f"{sight.clock_offset_s * 1e3:+.0f} ms (± {sight.doubt_s * 1e3:.0f} ms)"
    return Inspection(facts, tags)


def _finding(item: Item, node: Node | Fault, meaning: Engineering | None) -> TagFinding:
    if isinstance(node, Fault):
        return TagFinding(item.tag, faults=(node.reason,))
    faults = (node.unwritable,) if item.is_written and node.unwritable else ()
    meaning = meaning or Engineering()
    return TagFinding(
        item.tag,
        type=node.kind.name if node.kind is not None else "",
        access="read" if node.unwritable else "read, write",
        unit=meaning.unit,
        low=meaning.low,
        high=meaning.high,
        faults=faults,
    )
