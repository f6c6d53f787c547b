"""Nodes of the less plain kinds for asyncua's server: paths, Guids, structures, enumerations."""

from __future__ import annotations

import uuid
from typing import Any

import asyncua.ua
from asyncua.common.node import Node
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.server.server import Server

ua: Any = asyncua.ua


class TypedNodes:
    """Commands that add nodes; the server's plant inherits them."""

    server: Server
    index: int
    nodes: dict[str, Node]

    async def add_tree(self, folders: list[str], name: str, value: Any) -> None:
        """Add a variable below folders, with an identifier that nobody would guess."""
        parent = self.server.nodes.objects
        for depth in range(1, len(folders) + 1):
            identifier = ua.NodeId(ua.String("/".join(folders[:depth])), ua.Int16(self.index))
            known = self.nodes.get(str(identifier))
            if known is None:
                named = ua.QualifiedName(ua.String(folders[depth - 1]), ua.UInt16(self.index))
                known = self.nodes[str(identifier)] = await parent.add_folder(identifier, named)
            parent = known
        identifier = ua.NodeId(ua.Guid(bytes=uuid.uuid4().bytes), ua.Int16(self.index))
        named = ua.QualifiedName(ua.String(name), ua.UInt16(self.index))
        self.nodes[name] = await parent.add_variable(identifier, named, ua.Variant(value))

    async def add_named(self, kind: str, identifier: str, name: str, value: float) -> None:
        """Add a variable with a Guid or an opaque identifier (hexadecimal)."""
        made = ua.Guid(identifier) if kind == "Guid" else bytes.fromhex(identifier)
        await self.server.nodes.objects.add_variable(
            ua.NodeId(made, ua.Int16(self.index), ua.NodeIdType[kind]),
            ua.QualifiedName(ua.String(name), ua.UInt16(self.index)),
            ua.Variant(value),
        )

    async def add_enumeration(self, name: str, values: list[str], value: int) -> None:
        kind = await new_enum(self.server, self.index, f"{name}Type", list[Any](values))
        node = await self.server.nodes.objects.add_variable(
            ua.NodeId(ua.String(name), ua.Int16(self.index)),
            ua.QualifiedName(ua.String(name), ua.UInt16(self.index)),
            ua.Variant(value, ua.VariantType.Int32),
            datatype=kind.nodeid,
        )
        await node.set_writable()
        self.nodes[name] = node

    async def add_structure(self, name: str, speed: float, state: int, label: str) -> None:
        """Add a variable that holds a drive: a state, a motor with its speed, an optional label."""
        motor, _ = await new_struct(
            self.server,
            self.index,
            f"{name}Motor",
            [
                new_struct_field("Starts", ua.VariantType.UInt32, array=True),
                new_struct_field("Speed", ua.VariantType.Double),
            ],
        )
        drive, _ = await new_struct(
            self.server,
            self.index,
            f"{name}Drive",
            [
                new_struct_field("State", ua.VariantType.Int16),
                new_struct_field("Label", ua.VariantType.String, optional=True),
                new_struct_field("Motor", motor),
            ],
        )
        made = await self.server.load_data_type_definitions()
        value = made[f"{name}Drive"]()
        value.State, value.Label = state, label or None
        value.Motor = made[f"{name}Motor"](Starts=[1, 2, 3], Speed=speed)
        self.nodes[name] = await self.server.nodes.objects.add_variable(
            ua.NodeId(ua.String(name), ua.Int16(self.index)),
            ua.QualifiedName(ua.String(name), ua.UInt16(self.index)),
            ua.Variant(value, ua.VariantType.ExtensionObject),
            datatype=drive.nodeid,
        )
