"""Methods of a server: called with arguments of exactly the types that it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from config.opcua import OpcUaAddress, OpcUaMethod
from drivers.api import Argument, MethodResult
from drivers.opcua.attributes import Limits, is_good, read_attributes
from drivers.opcua.codec import NotEncodableError, encode, shown
from drivers.opcua.connection import Connection
from drivers.opcua.datatypes import built_in_types
from drivers.opcua.nodes import node_id
from drivers.opcua.paths import find
from drivers.opcua.status import name_of

_BAD = 0x8000_0000
_SCALAR = -1


async def call_method(
    connection: Connection,
    limits: Limits,
    namespaces: Mapping[str, int],
    method: OpcUaMethod,
    arguments: Sequence[Argument],
) -> MethodResult:
    """Call a method and return what it answers; what it refuses is in the result.

    Raises:
        DriverError: the whole device; whether the method was carried out is not known.
    """
    index = namespaces.get(method.namespace)
    if index is None:
        return MethodResult(f"the server has no namespace {method.namespace}")
    owner, called = (
        node_id(OpcUaAddress(namespace=method.namespace, identifier=each), index)
        for each in (method.object, method.method)
    )
    try:
        inputs = await _encoded(connection, limits, called, arguments)
    except NotEncodableError as error:
        return MethodResult(str(error))
    request = ua.CallRequest()
    wish = ua.CallMethodRequest(ObjectId=owner, MethodId=called, InputArguments=inputs)
    request.Parameters.MethodsToCall = [wish]
    (result,) = (await connection.call(request, ua.CallResponse)).Results
    status = int(result.StatusCode.value)
    outputs = tuple(_plain(each) for each in result.OutputArguments or [])
    if status < _BAD:
        return MethodResult(None, status, outputs)
    wrong = [
        f"argument {number}: {name_of(int(each.value))}"
        for number, each in enumerate(result.InputArgumentResults or [], 1)
        if int(each.value) >= _BAD
    ]
    return MethodResult("; ".join([f"the device refused: {name_of(status)}", *wrong]), status)


async def _encoded(
    connection: Connection, limits: Limits, method: ua.NodeId, arguments: Sequence[Argument]
) -> list[ua.Variant]:
    declared = await _declared(connection, limits, method)
    if declared is None:
        if arguments:
            raise NotEncodableError("the server declares no arguments for the method: give none")
        return []
    if len(declared) != len(arguments):
        names = ", ".join(str(each.Name) for each in declared)
        raise NotEncodableError(f"the method takes {len(declared)} arguments ({names}), not {len(arguments)}")
    kinds = await built_in_types(connection, limits.browse, {each.DataType for each in declared})
    encoded = []
    for argument, wanted in zip(arguments, declared, strict=True):
        kind = kinds.get(wanted.DataType)
        if kind is None or wanted.ValueRank > _SCALAR:
            raise NotEncodableError(f"argument {wanted.Name} is no plain value: it cannot be given")
        try:
            encoded.append(encode(argument, kind)[0])
        except NotEncodableError as error:
            raise NotEncodableError(f"argument {wanted.Name}: {error}") from None
    return encoded


async def _declared(connection: Connection, limits: Limits, method: ua.NodeId) -> list[ua.Argument] | None:
    """Return what the method takes, None where the server does not tell (it then takes nothing)."""
    (place,) = await find(connection, limits, [method], [[(0, "InputArguments")]])
    if not isinstance(place, ua.NodeId):
        return None
    (value,) = await read_attributes(connection, limits.read, [(place, AttributeIds.Value)])
    content = value.Value.Value if value.Value is not None and is_good(value) else None
    return list(content) if isinstance(content, list) else None


def _plain(variant: ua.Variant) -> Argument:
    """Return an output as a number or a text; what is neither is described."""
    content: Any = variant.Value
    plain = None if variant.is_array else shown(content)
    return plain if plain is not None else repr(content)
