"""Ranges and units that a server gives its values (Part 8: EURange, EngineeringUnits)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from drivers.opcua.attributes import Limits, is_good, read_attributes
from drivers.opcua.connection import Connection
from drivers.opcua.paths import find

_PROPERTIES = ("EURange", "EngineeringUnits")


@dataclass(frozen=True, slots=True)
class Engineering:
    """What a value means; None and empty where the server does not tell."""

    low: float | None = None
    high: float | None = None
    unit: str = ""


async def read_engineering(
    connection: Connection, limits: Limits, nodes: Sequence[ua.NodeId]
) -> list[Engineering]:
    """Return range and unit of each node.

    Raises:
        DriverError: the whole device.
    """
    starts = [node for node in nodes for _ in _PROPERTIES]
    paths = [[(0, name)] for _ in nodes for name in _PROPERTIES]
    places = await find(connection, limits, starts, paths)
    there = [place for place in places if isinstance(place, ua.NodeId)]
    asked = [(place, AttributeIds.Value) for place in there]
    values = dict(zip(there, await read_attributes(connection, limits.read, asked), strict=True))
    found = []
    for span, units in zip(places[::2], places[1::2], strict=True):
        low = high = None
        unit = ""
        extent = _content(values, span)
        if isinstance(extent, ua.Range):
            low, high = float(extent.Low), float(extent.High)
        told = _content(values, units)
        if isinstance(told, ua.EUInformation):
            unit = str(told.DisplayName.Text or "")
        found.append(Engineering(low, high, unit))
    return found


def _content(values: dict[ua.NodeId, ua.DataValue], place: object) -> object:
    value = values.get(place) if isinstance(place, ua.NodeId) else None
    return value.Value.Value if value is not None and value.Value is not None and is_good(value) else None
