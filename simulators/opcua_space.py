"""The address space of a simulated OPC UA server, and who may write into it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService, AttributeValue, NodeData
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from simulators.signals import Kind, Signal, Value

VARIANTS = {
    Kind.BOOL: ua.VariantType.Boolean,
    Kind.UINT32: ua.VariantType.UInt32,
    Kind.FLOAT32: ua.VariantType.Float,
    Kind.FLOAT64: ua.VariantType.Double,
    Kind.TEXT: ua.VariantType.String,
}


_ADMIN = User(role=UserRole.Admin)


class Operators(UserManager):
    """Every client is an operator: it may write what is writable, and nothing else."""

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User:
        """Return the one role there is."""
        return User(role=UserRole.User)


class PlantServer(InternalServer):
    """An internal server that starts in 0.05 s instead of 1.7 s, from the second on.

    The standard address space (6000 nodes) is filled once a process and copied for each server.
    """

    _standard: AddressSpace | None = None

    async def load_standard_address_space(self, shelf_file: Path | None = None) -> None:
        """Fill this server's address space with a copy of the standard one."""
        cls = type(self)
        if cls._standard is None:
            await super().load_standard_address_space(shelf_file)
            cls._standard = _copied(self.aspace, AddressSpace())
        else:
            _copied(cls._standard, self.aspace)


def _copied(source: AddressSpace, into: AddressSpace) -> AddressSpace:
    for node_id in source.keys():  # noqa: SIM118  (an AddressSpace is no dict and cannot be iterated)
        node = source[node_id]
        copy = NodeData(node.nodeid)
        copy.references = list(node.references)
        copy.attributes = {
            key: AttributeValue(held.value) for key, held in node.attributes.items() if held.value
        }
        into[node_id] = copy
    return into


class CheckedWrites(AttributeService):
    """Refuses what a device of the field would refuse, and says what was taken."""

    def __init__(
        self,
        aspace: AddressSpace,
        signals: Mapping[ua.NodeId, Signal],
        on_write: Callable[[Signal, Value], None],
        now: Callable[[], Any],
    ) -> None:
        super().__init__(aspace)
        self.signals = signals
        self.on_write = on_write
        self.now = now

    async def write(self, params: ua.WriteParameters, user: User = _ADMIN) -> list[ua.StatusCode]:
        """Write node by node; a refused one gets its own status and does not stop the others."""
        return [await self._write_one(item, user) for item in params.NodesToWrite]

    async def _write_one(self, item: ua.WriteValue, user: User) -> ua.StatusCode:
        signal = self.signals.get(item.NodeId)
        value: Any = item.Value.Value.Value if item.Value.Value is not None else None
        if signal is not None and user.role is not UserRole.Admin and item.AttributeId == AttributeIds.Value:
            refused = _refusal(signal, item, value)
            if refused is not None:
                return ua.StatusCode(ua.UInt32(refused))
            item.Value = ua.DataValue(item.Value.Value, SourceTimestamp=self.now())
        result: ua.StatusCode = (await super().write(ua.WriteParameters(NodesToWrite=[item]), user))[0]
        if signal is not None and user.role is not UserRole.Admin and result.is_good():
            self.on_write(signal, value)
        return result


def _refusal(signal: Signal, item: ua.WriteValue, value: Any) -> int | None:
    """Return the status with which a client's write is refused, or None to let it pass."""
    if not signal.writable:
        return int(StatusCodes.BadUserAccessDenied)
    status = item.Value.StatusCode
    if status is not None and not status.is_good():
        return int(StatusCodes.BadWriteNotSupported)
    if value is None or item.Value.Value.VariantType != VARIANTS[signal.kind] or isinstance(value, list):
        return int(StatusCodes.BadTypeMismatch)
    if signal.high > signal.low and not signal.low <= value <= signal.high:
        return int(StatusCodes.BadOutOfRange)
    return None


def node_id_of(identifier: str, index: int) -> ua.NodeId:
    """Return the node id of a string identifier."""
    return ua.NodeId(ua.String(identifier), ua.Int16(index))


async def build_server(application_uri: str, name: str) -> Server:
    """Return a server with the standard address space, not listening yet."""
    collecting = gc.isenabled()
    gc.disable()  # filling the address space allocates 50,000 objects that all stay
    try:
        server = Server(PlantServer(user_manager=Operators()))
        await server.init()
    finally:
        if collecting:
            gc.enable()
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    server.set_identity_tokens([ua.AnonymousIdentityToken])
    server.set_server_name(name)
    server.disable_clock()  # its task would hold every stop up for a second
    await server.set_application_uri(application_uri)
    return server


async def add_signal(server: Server, parent: Any, index: int, signal: Signal, value: Value) -> ua.NodeId:
    """Add the node of a signal with its range and unit; return its id."""
    node_id = node_id_of(signal.name, index)
    variant = ua.Variant(value, VARIANTS[signal.kind])
    node = await parent.add_variable(node_id, ua.QualifiedName(signal.name, index), variant)
    await node.write_attribute(
        AttributeIds.Description, ua.DataValue(ua.Variant(ua.LocalizedText(signal.description)))
    )
    if signal.writable:
        await node.set_writable()
    if signal.high > signal.low:
        span = ua.Range(Low=float(signal.low), High=float(signal.high))
        await node.add_property(node_id_of(f"{signal.name}.EURange", index), "0:EURange", span)
    if signal.unit:
        unit = ua.EUInformation(
            DisplayName=ua.LocalizedText(signal.unit), Description=ua.LocalizedText(signal.unit)
        )
        await node.add_property(
            node_id_of(f"{signal.name}.EngineeringUnits", index), "0:EngineeringUnits", unit
        )
    return node_id
