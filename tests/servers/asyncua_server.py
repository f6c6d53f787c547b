"""An OPC UA server for the driver tests, asyncua's own, in a process of its own.

Started as `python -m tests.servers.asyncua_server SETTINGS`, it says `ready` and then obeys one JSON
command a line on its standard input, answering each with a line.
"""

from __future__ import annotations

import asyncio
import ctypes
import dataclasses
import datetime
import json
import os
import signal
import sys
from typing import Any

import asyncua.ua
from asyncua.common.node import Node
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server import internal_session, uaprocessor
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509

from tests.servers.asyncua_types import TypedNodes

ua: Any = asyncua.ua
"""The library's types, without its aliases for numbers and strings."""

PR_SET_PDEATHSIG = 1
SIGNALS = {"freeze": signal.SIGSTOP, "thaw": signal.SIGCONT}
NAMESPACE = "urn:cellgate:test:plant"


@dataclasses.dataclass
class Behaviour:
    """What asyncua's server cannot be set to by itself."""

    read: int = 0
    """Nodes that one read may name; 0 is any number."""
    write: int = 0
    items: int = 0
    answer_s: float = 0.0
    """Every read is answered so late."""
    clock_s: float = 0.0
    """The server's clock is so far ahead."""
    lose: int = 0
    """So many of the next notifications are not sent."""
    forget: bool = False
    """Lost notifications cannot be had again."""
    publish_requests: int = 0
    """More Publish requests than this are refused; 0 is asyncua's own limit."""
    largest: dict[str, int] = dataclasses.field(default_factory=dict)
    """The largest request of each service that was served."""


BEHAVIOUR = Behaviour()


def behave() -> None:
    """Make the services do what `BEHAVIOUR` says."""
    session: Any = internal_session.InternalSession
    processor: Any = uaprocessor.UaProcessor
    read, write, create = session.read, session.write, session.create_monitored_items
    publish, limit = processor.forward_publish_response, processor.publish_request_limit
    respond = processor.send_response

    def check(service: str, count: int) -> None:
        most = getattr(BEHAVIOUR, service)
        if most and count > most:
            raise ServiceError(StatusCodes.BadTooManyOperations)
        BEHAVIOUR.largest[service] = max(count, BEHAVIOUR.largest.get(service, 0))

    async def limited_read(self: Any, params: Any) -> Any:
        await asyncio.sleep(BEHAVIOUR.answer_s)
        check("read", len(params.NodesToRead))
        return await read(self, params)

    async def limited_write(self: Any, params: Any) -> Any:
        check("write", len(params.NodesToWrite))
        return await write(self, params)

    async def limited_create(self: Any, params: Any) -> Any:
        check("items", len(params.ItemsToCreate))
        return await create(self, params)

    async def losing_publish(self: Any, result: Any, request: Any) -> Any:
        if not BEHAVIOUR.lose or not result.NotificationMessage.NotificationData:
            return await publish(self, result, request)
        BEHAVIOUR.lose -= 1
        self._publish_requests.appendleft(request)
        if BEHAVIOUR.forget:
            kept = self.session.subscription_service.subscriptions[result.SubscriptionId]
            kept._not_acknowledged_results.pop(result.NotificationMessage.SequenceNumber)
        return None

    def send(self: Any, handle: Any, header: Any, response: Any, *rest: Any) -> Any:
        response.ResponseHeader.Timestamp += datetime.timedelta(seconds=BEHAVIOUR.clock_s)
        return respond(self, handle, header, response, *rest)

    processor.send_response = send
    session.read, session.write, session.create_monitored_items = limited_read, limited_write, limited_create
    processor.forward_publish_response = losing_publish
    processor.publish_request_limit = lambda self, count: BEHAVIOUR.publish_requests or limit(self, count)


class Users:
    """Knows one user."""

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        # An anonymous user comes with the application's certificate.
        if username is None and certificate:
            name = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
            return None if name == "CN=stranger" else User(role=UserRole.User)
        known = username is None or (username, password) == ("operator", "secret")
        return User(role=UserRole.User) if known else None


class Plant(TypedNodes):
    """The address space, and the commands on it."""

    def __init__(self, server: Server, index: int) -> None:
        self.server, self.index = server, index
        self.nodes: dict[str, Node] = {}

    async def add(
        self,
        names: list[str],
        kind: str = "Double",
        value: Any = 0.0,
        *,
        writable: bool = False,
        readable: bool = True,
        data_type: int = 0,
    ) -> None:
        for name in names:
            node = await self.server.nodes.objects.add_variable(
                ua.NodeId(ua.String(name), ua.Int16(self.index)),
                ua.QualifiedName(ua.String(name), ua.UInt16(self.index)),
                ua.Variant(value, ua.VariantType[kind]),
                datatype=ua.NodeId(ua.Int32(data_type)) if data_type else None,
            )
            if writable:
                await node.set_writable()
            if not readable:
                for attribute in (AttributeIds.AccessLevel, AttributeIds.UserAccessLevel):
                    await node.write_attribute(attribute, ua.DataValue(ua.Variant(0, ua.VariantType.Byte)))
            self.nodes[name] = node

    async def set(
        self,
        name: str,
        value: Any = None,
        *,
        status: int = 0,
        source_s: float | None = None,
        kind: str = "Double",
    ) -> None:
        """Write a value with a status; source time 0 is none, None is now."""
        now = datetime.datetime.now(datetime.UTC)
        stamp = now if source_s is None else datetime.datetime.fromtimestamp(source_s, datetime.UTC)
        variant = (
            ua.Variant(None, ua.VariantType.Null)
            if value is None
            else ua.Variant(value, ua.VariantType[kind])
        )
        node = self.nodes[name]
        code = ua.StatusCode(ua.UInt32(status))
        known = None if source_s == 0 else stamp
        await self.server.write_attribute_value(
            node.nodeid, ua.DataValue(variant, code, SourceTimestamp=known, ServerTimestamp=now)
        )

    async def historize(self, names: list[str]) -> None:
        """Keep every value of these nodes from now on."""
        forever: Any = None
        for name in names:
            await self.server.historize_node_data_change(self.nodes[name], period=forever, count=0)

    async def get(self, name: str) -> Any:
        found: Any = await self.nodes[name].read_data_value()
        return [found.Value.Value, found.Value.VariantType.name, found.SourceTimestamp is not None]

    async def names(self) -> list[str]:
        return list(self.nodes)

    async def delete(self, name: str) -> None:
        await self.server.delete_nodes([self.nodes.pop(name)])

    async def behave(self, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(BEHAVIOUR, name, value)

    async def largest(self) -> dict[str, int]:
        found, BEHAVIOUR.largest = BEHAVIOUR.largest, {}
        return found

    async def tell(self, limit: str, value: int) -> None:
        """State an operation limit."""
        identifier = getattr(ObjectIds, f"Server_ServerCapabilities_OperationLimits_{limit}")
        await self.server.get_node(ua.NodeId(identifier)).write_value(
            ua.Variant(value, ua.VariantType.UInt32)
        )

    async def tell_of_itself(self, level: int, state: int = 0) -> None:
        """Have another service level and state."""
        for node, value, kind in (
            (ObjectIds.Server_ServiceLevel, level, ua.VariantType.Byte),
            (ObjectIds.Server_ServerStatus_State, state, ua.VariantType.Int32),
        ):
            await self.server.get_node(ua.NodeId(node)).write_value(ua.Variant(value, kind))

    async def subscriptions(self) -> list[Any]:
        """Return interval, keep-alive count and lifetime of each subscription there is."""
        every = self.server.iserver.subscription_service.subscriptions.values()
        return [
            [
                each.data.RevisedPublishingInterval,
                each.data.RevisedMaxKeepAliveCount,
                each.data.RevisedLifetimeCount,
            ]
            for each in every
        ]

    async def connections(self) -> int:
        assert self.server.bserver is not None
        return len(self.server.bserver.clients)

    async def load(self, names: list[str], pause_s: float) -> None:
        """Let the values count up for ever, each within a million of its own."""

        async def run() -> None:
            count = 0
            while True:
                count += 1
                for at, name in enumerate(names):
                    await self.nodes[name].write_value(1e6 * at + count % 1e6)
                await asyncio.sleep(pause_s)

        self.loading = asyncio.create_task(run())

    async def ramp(self, names: list[str], count: int, pause_s: float) -> None:
        """Let the values count up."""
        for number in range(count):
            for name in names:
                await self.nodes[name].write_value(float(number + 1))
            await asyncio.sleep(pause_s)


async def prepare(settings: dict[str, Any]) -> Server:
    """Build the standard's address space, which takes longest by far."""
    users: Any = Users() if settings.get("users") else None
    server = Server(user_manager=users)
    await server.init()
    return server


async def serve(server: Server, settings: dict[str, Any], commands: int, answers: int) -> None:
    """Serve, and obey the commands that come through a pipe."""
    server.set_endpoint(f"opc.tcp://127.0.0.1:{settings['port']}/test")
    await server.set_application_uri("urn:cellgate:test:server")
    if "certificate" in settings:
        await server.load_certificate(settings["certificate"])
        await server.load_private_key(settings["private_key"])
        server.set_security_policy([ua.SecurityPolicyType[name] for name in settings["policies"]])
    if settings.get("anonymous_only"):
        server.set_identity_tokens([ua.AnonymousIdentityToken])
    for number in range(settings.get("fillers", 0)):
        await server.register_namespace(f"urn:filler:{number}")
    behave()
    plant = Plant(server, await server.register_namespace(NAMESPACE))
    await server.start()
    os.write(answers, b"started\n")
    reader = asyncio.StreamReader()
    pipe = os.fdopen(commands)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            answer = {"ok": await getattr(plant, command.pop("do"))(**command)}
        except Exception as error:  # noqa: BLE001 - the test that sent the command is told
            answer = {"error": f"{type(error).__name__}: {error}"}
        os.write(answers, json.dumps(answer).encode() + b"\n")
    await server.stop()


class Child:
    """The server itself: a fork of the prepared process, so that a restart takes milliseconds."""

    def __init__(self, server: Server, settings: dict[str, Any]) -> None:
        commands, self._commands = os.pipe()
        answers, to_answers = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.close(self._commands)
            asyncio.run(serve(server, settings, commands, to_answers))
            os._exit(0)
        os.close(commands)
        os.close(to_answers)
        self._answers = os.fdopen(answers)
        self._answers.readline()

    def ask(self, line: str) -> str:
        os.write(self._commands, line.encode())
        return self._answers.readline()

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._commands)
        self._answers.close()


def main(settings: dict[str, Any]) -> None:
    """Start the server and pass commands on; `kill`, `start`, `freeze` and `thaw` are obeyed here."""
    server = asyncio.run(prepare(settings))
    child: Child | None = Child(server, settings)
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        do = command["do"]
        if do == "start" and child is None:
            child = Child(server, settings | command["settings"])
        elif do == "kill" and child is not None:
            child.kill()
            child = None
        elif do in SIGNALS and child is not None:
            child.signal(SIGNALS[do])
        elif child is not None and do != "start":
            sys.stdout.write(child.ask(line))
            sys.stdout.flush()
            continue
        say('{"ok": null}')


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
