"""An OPC UA server that answers every Publish at once with values it has encoded before.

It knows just enough of the protocol for a client to open a session and follow or read doubles, so
that what a benchmark sees is the client's cost. Run as `python -m benchmarks.opcua_replay`; it prints
its port.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import struct
import sys
from collections.abc import Callable
from typing import Any

import asyncua.ua
from asyncua.common.connection import SecureConnection, TransportLimits
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import (
    header_from_binary,
    nodeid_from_binary,
    struct_from_binary,
    struct_to_binary,
    uatcp_to_binary,
)

ua: Any = asyncua.ua
PORT_LINE = "port"
NAMESPACE = "urn:cellgate:benchmark"
KEEP_ALIVE_S = 2.0


class Replay(asyncio.Protocol):
    """One client's connection; a quiet one sends each value once, and keep-alives from then on."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        policy: Any = SecurityPolicyNone
        self._connection = SecureConnection(policy(), TransportLimits())
        self._buffer = b""
        self._handles: list[int] = []
        self._changes = b""
        self._sequence = 0
        self._values: dict[int, bytes] = {}
        self._services: dict[int, Callable[[Any, Any], Any]] = {
            ObjectIds.GetEndpointsRequest_Encoding_DefaultBinary: self._endpoints,
            ObjectIds.CreateSessionRequest_Encoding_DefaultBinary: self._create_session,
            ObjectIds.ActivateSessionRequest_Encoding_DefaultBinary: lambda *_: ua.ActivateSessionResponse(),
            ObjectIds.CloseSessionRequest_Encoding_DefaultBinary: lambda *_: ua.CloseSessionResponse(),
            ObjectIds.CreateSubscriptionRequest_Encoding_DefaultBinary: self._subscribe,
            ObjectIds.DeleteSubscriptionsRequest_Encoding_DefaultBinary: self._unsubscribe,
            ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary: self._monitor,
            ObjectIds.PublishRequest_Encoding_DefaultBinary: self._publish,
            ObjectIds.ReadRequest_Encoding_DefaultBinary: self._read,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 8:
            size = struct.unpack_from("<I", self._buffer, 4)[0]
            if len(self._buffer) < size:
                return
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            self._frame(Buffer(frame))

    def _frame(self, frame: Buffer) -> None:
        header = header_from_binary(frame)
        message = self._connection.receive_from_header_and_body(header, frame)
        if isinstance(message, ua.Hello):
            acknowledge = ua.Acknowledge(0, 65535, 65535, 0, 0)
            self._transport.write(uatcp_to_binary(ua.MessageType.Acknowledge, acknowledge))
        elif header.MessageType == ua.MessageType.SecureOpen:
            request = struct_from_binary(ua.OpenSecureChannelRequest, message.body())
            opened = self._connection.open(request.Parameters, self)
            response = ua.OpenSecureChannelResponse(Parameters=opened)
            response.ResponseHeader.RequestHandle = request.RequestHeader.RequestHandle
            self._send(struct_to_binary(response), message.request_id(), ua.MessageType.SecureOpen)
        elif header.MessageType == ua.MessageType.SecureClose:
            self._transport.close()
        elif message is not None:
            self._serve(message)

    def get_new_channel_id(self) -> int:
        return 7

    def _serve(self, message: Any) -> None:
        body = message.body()
        kind: Any = nodeid_from_binary(body).Identifier
        request = struct_from_binary(ua.RequestHeader, body)
        response = self._services[kind](request, body)
        if response is None:
            loop = asyncio.get_running_loop()
            loop.call_later(KEEP_ALIVE_S, self._keep_alive, request.RequestHandle, message.request_id())
            return
        if not isinstance(response, bytes):
            response.ResponseHeader.RequestHandle = request.RequestHandle
            response = struct_to_binary(response)
        self._send(response, message.request_id(), ua.MessageType.SecureMessage)

    def _keep_alive(self, handle: int, request_id: int) -> None:
        response = ua.PublishResponse()
        response.ResponseHeader.RequestHandle = handle
        response.Parameters.SubscriptionId = 3
        response.Parameters.NotificationMessage.SequenceNumber = self._sequence + 1
        if not self._transport.is_closing():
            self._send(struct_to_binary(response), request_id, ua.MessageType.SecureMessage)

    def _send(self, body: bytes, request_id: int, kind: Any) -> None:
        self._transport.write(self._connection.message_to_binary(body, kind, request_id))

    def _endpoint(self) -> Any:
        endpoint = ua.EndpointDescription(EndpointUrl="opc.tcp://127.0.0.1")
        endpoint.SecurityMode = ua.MessageSecurityMode.None_
        endpoint.SecurityPolicyUri = SecurityPolicyNone.URI
        endpoint.UserIdentityTokens = [ua.UserTokenPolicy(PolicyId="anonymous")]
        return endpoint

    def _endpoints(self, _header: Any, _body: Any) -> Any:
        return ua.GetEndpointsResponse(Endpoints=[self._endpoint()])

    def _create_session(self, _header: Any, _body: Any) -> Any:
        response = ua.CreateSessionResponse()
        response.Parameters.SessionId = response.Parameters.AuthenticationToken = ua.NodeId(1, 1)
        response.Parameters.RevisedSessionTimeout = 3_600_000
        response.Parameters.ServerNonce = bytes(32)
        response.Parameters.ServerEndpoints = [self._endpoint()]
        return response

    def _subscribe(self, _header: Any, body: Any) -> Any:
        wanted = struct_from_binary(ua.CreateSubscriptionParameters, body)
        self._handles, self._sequence = [], 0
        response = ua.CreateSubscriptionResponse()
        response.Parameters.SubscriptionId = 3
        response.Parameters.RevisedPublishingInterval = wanted.RequestedPublishingInterval
        response.Parameters.RevisedLifetimeCount = wanted.RequestedLifetimeCount
        response.Parameters.RevisedMaxKeepAliveCount = wanted.RequestedMaxKeepAliveCount
        return response

    def _unsubscribe(self, _header: Any, _body: Any) -> Any:
        return ua.DeleteSubscriptionsResponse(Results=[ua.StatusCode()])

    def _monitor(self, _header: Any, body: Any) -> Any:
        wanted = struct_from_binary(ua.CreateMonitoredItemsParameters, body)
        self._handles += [each.RequestedParameters.ClientHandle for each in wanted.ItemsToCreate]
        self._changes = b""
        result = ua.MonitoredItemCreateResult(RevisedQueueSize=16)
        return ua.CreateMonitoredItemsResponse(Results=[result] * len(wanted.ItemsToCreate))

    def _encode_changes(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        values = b"".join(
            struct_to_binary(
                ua.MonitoredItemNotification(
                    handle, ua.DataValue(ua.Variant(float(at)), SourceTimestamp=now, ServerTimestamp=now)
                )
            )
            for at, handle in enumerate(self._handles)
        )
        change = struct.pack("<i", len(self._handles)) + values + struct.pack("<i", 0)
        response = ua.PublishResponse()
        response.Parameters.SubscriptionId = 3
        response.Parameters.MoreNotifications = False
        response.Parameters.NotificationMessage.SequenceNumber = 0x5E_5E_5E_5E
        response.Parameters.NotificationMessage.NotificationData = [
            ua.ExtensionObject(TypeId=ua.FourByteNodeId(811), Body=change)
        ]
        self._changes = struct_to_binary(response)

    def _publish(self, header: Any, _body: Any) -> bytes | None:
        if self._is_quiet and self._sequence:
            return None
        if not self._changes:
            self._encode_changes()
        self._sequence += 1
        handle = struct.pack("<I", header.RequestHandle)
        answer = self._changes[:12] + handle + self._changes[16:]  # after type id (4) and time (8)
        return answer.replace(b"\x5e\x5e\x5e\x5e", struct.pack("<I", self._sequence), 1)

    def _read(self, _header: Any, body: Any) -> Any:
        wanted = struct_from_binary(ua.ReadParameters, body).NodesToRead
        count = len(wanted)
        if wanted[0].AttributeId == AttributeIds.Value and wanted[0].NodeId.NamespaceIndex == 1:
            if count not in self._values:
                now = datetime.datetime.now(datetime.UTC)
                value = ua.DataValue(ua.Variant(1.5), SourceTimestamp=now)
                self._values[count] = struct_to_binary(ua.ReadResponse(Results=[value] * count))
            return self._values[count]
        return ua.ReadResponse(Results=[ua.DataValue(_attribute(each)) for each in wanted])


def _attribute(asked: Any) -> Any:
    node = asked.NodeId.Identifier
    if asked.AttributeId == AttributeIds.DataType:
        return ua.Variant(ua.NodeId(ObjectIds.Double))
    if asked.AttributeId == AttributeIds.ValueRank:
        return ua.Variant(-1, ua.VariantType.Int32)
    if asked.AttributeId in (AttributeIds.AccessLevel, AttributeIds.UserAccessLevel):
        return ua.Variant(3, ua.VariantType.Byte)
    if node == ObjectIds.Server_ServerStatus_State:
        return ua.Variant(0, ua.VariantType.Int32)
    if node == ObjectIds.Server_ServiceLevel:
        return ua.Variant(255, ua.VariantType.Byte)
    if node == ObjectIds.Server_NamespaceArray:
        return ua.Variant(["", NAMESPACE])
    return ua.Variant(10_000, ua.VariantType.UInt32)  # operation limits


async def main() -> None:
    make = functools.partial(Replay, is_quiet="quiet" in sys.argv)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(f"{PORT_LINE} {server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
