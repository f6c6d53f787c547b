"""A configuration as Sparkplug sees it: devices, metrics, their names, aliases and datatypes. Pure.

Aliases follow from a tag's place in the configuration, so a rebirth repeats them; they are unique over
the whole edge node. `bdSeq` and the node's controls have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from config.sparkplug import SparkplugNode
from config.tags import TagKind
from drivers.sparkplug.datatypes import Datatype
from gateway.stream.sparkplug.templates import Definition, definitions, parameters_of

NAMESPACE: Final = "spBv1.0"
NODE: Final = 0
"""Position of the edge node itself among the devices."""
_DATATYPES: Final = {
    TagKind.NUMBER: Datatype.DOUBLE,
    TagKind.BOOL: Datatype.BOOLEAN,
    TagKind.TEXT: Datatype.STRING,
}


@dataclass(frozen=True, slots=True)
class Instance:
    """A unit as an instance of its class."""

    name: str
    alias: int
    definition: Definition
    tags: tuple[int, ...]
    """Of its members, in the definition's order."""
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """A Sparkplug device, or the edge node itself (without a name)."""

    name: str
    backing: frozenset[str]
    """Devices of the configuration behind it; while all are lost, so is it. None is always there."""
    tags: tuple[int, ...]
    """Shown as metrics of their own."""
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """All that an edge node shows."""

    group: str
    edge_node: str
    devices: tuple[ShownDevice, ...]
    definitions: tuple[Definition, ...]
    device_of: npt.NDArray[np.int32]
    """Position of each tag's device; -1 where a tag is not shown."""
    names: tuple[str, ...]
    """Metric of each tag; a member's name where it belongs to an instance."""
    datatypes: tuple[Datatype, ...]
    instance_of: dict[int, Instance]
    """By tag, for members of instances."""
    with_aliases: bool

    @classmethod
    def of(cls, site: Site, node: SparkplugNode) -> Layout:
        """Return what an edge node of a site shows."""
        by_unit = node.devices == "unit"
        shown = set(site.units) if node.units is None else set(node.units)
        owners = [_owner(site, name, by_unit=by_unit) for name in site.tags]
        owners = [o if site.unit_of(t) in shown else None for o, t in zip(owners, site.tags, strict=True)]
        devices = list(dict.fromkeys(["", *(owner for owner in owners if owner)]))
        places = {name: place for place, name in enumerate(devices)}
        names = tuple(_metric_name(name, by_unit=by_unit) for name in site.tags)
        datatypes = tuple(_DATATYPES[tag.kind] for tag in site.tags.values())
        classes = definitions(site, shown, names, datatypes) if node.templates and by_unit else {}
        members: dict[int, Instance] = {}
        for number, (unit, definition) in enumerate(classes.items()):
            instance = _instance(site, unit, definition, names, len(site.tags) + 1 + number)
            members |= dict.fromkeys(instance.tags, instance)
        tags: list[list[int]] = [[] for _ in devices]
        for tag, owner in enumerate(owners):
            if owner is not None and tag not in members:
                tags[places[owner]].append(tag)
        return cls(
            node.group,
            node.edge_node or site.gateway.name,
            tuple(
                ShownDevice(
                    name,
                    _backing(site, name, by_unit=by_unit),
                    tuple(tags[place]),
                    tuple(i for i in dict.fromkeys(members.values()) if by_unit and i.name == name),
                )
                for place, name in enumerate(devices)
            ),
            tuple(dict.fromkeys(classes.values())),
            np.array([-1 if o is None else places[o] for o in owners], np.int32),
            names,
            datatypes,
            members,
            node.aliases,
        )

    def topic(self, kind: str, device: int = NODE) -> str:
        """Return the topic of a message, as `NBIRTH`, or `DDATA` of a device by its position."""
        node = f"{NAMESPACE}/{self.group}/{kind}/{self.edge_node}"
        return node if device == NODE else f"{node}/{self.devices[device].name}"

    def alias(self, tag: int) -> int:
        """Return a tag's alias."""
        return tag + 1

    def tags_of(self, device: int) -> Sequence[int]:
        """Return every tag that a device shows, members of instances included."""
        shown = self.devices[device]
        return [*shown.tags, *(tag for instance in shown.instances for tag in instance.tags)]


def _owner(site: Site, tag: str, *, by_unit: bool) -> str | None:
    return site.unit_of(tag) if by_unit else site.tags[tag].device or ""


def _metric_name(tag: str, *, by_unit: bool) -> str:
    """Return a tag's name with `/` for `.`: hosts make folders of it."""
    return (tag.partition("/")[2] if by_unit else tag).replace(".", "/")


def _backing(site: Site, name: str, *, by_unit: bool) -> frozenset[str]:
    if not by_unit:
        return frozenset((name,)) if name else frozenset()
    return frozenset(
        tag.device for full, tag in site.tags.items() if tag.device and site.unit_of(full) == name
    )


def _instance(site: Site, unit: str, definition: Definition, names: Sequence[str], alias: int) -> Instance:
    wanted = {name for name, _ in definition.members}
    place = {names[tag]: tag for full, tag in site.tag_index.items() if site.unit_of(full) == unit}
    return Instance(
        unit,
        alias,
        definition,
        tuple(place[name] for name, _ in definition.members if name in wanted),
        parameters_of(site.units[unit]),
    )
