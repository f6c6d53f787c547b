"""The OPC UA server of a simulated device."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.status_codes import StatusCodes

from simulators.opcua_space import VARIANTS, CheckedWrites, add_signal, build_server, node_id_of
from simulators.signals import Kind, Signal, Value
from simulators.wire import HOST, OnCommand

_FAILED = ua.StatusCode(ua.UInt32(StatusCodes.BadSensorFailure))
_GOOD = ua.StatusCode(ua.UInt32(StatusCodes.Good))


def _now() -> ua.DateTime:
    return ua.DateTime.now(datetime.UTC)


class OpcUaWire:
    """Serves the signals of one device under one namespace; only what changes is written.

    The source time of a value is the wall-clock time at which it last changed.
    """

    def __init__(self, name: str, namespace: str, signals: Iterable[Signal], path: str = "/") -> None:
        self.name = name
        self.namespace = namespace
        self.signals = {signal.name: signal for signal in signals}
        self.path = path
        self.starts = 0
        self._server: Server | None = None
        self._ids: dict[str, ua.NodeId] = {}
        self._shown: dict[str, Value | None] = {}
        self._on_command: OnCommand | None = None
        self._clock_s = 0

    async def start(self, on_command: OnCommand) -> int:
        """Build the address space, listen on a free port and return it."""
        server = await build_server(f"urn:cellgate:simulator:{self.name}", f"Simulated {self.name}")
        # Whoever remembers the index of the namespace instead of its URI notices after a restart.
        for number in range(self.starts % 3):
            await server.register_namespace(f"urn:cellgate:simulator:filler:{number}")
        index = await server.register_namespace(self.namespace)
        self.starts += 1
        parent = await server.nodes.objects.add_object(
            node_id_of("Device", index), ua.QualifiedName(self.name, index)
        )
        self._shown = {name: _as_kind(signal, 0) for name, signal in self.signals.items()}
        self._ids = {
            name: await add_signal(server, parent, index, signal, _as_kind(signal, 0))
            for name, signal in self.signals.items()
        }
        by_id = {self._ids[name]: signal for name, signal in self.signals.items()}
        self._on_command = on_command
        server.iserver.attribute_service = CheckedWrites(server.iserver.aspace, by_id, self._written, _now)
        server.set_endpoint(f"opc.tcp://{HOST}:0{self.path}")
        await server.start()
        self._server = server
        listener = server.bserver
        assert listener is not None, "a started server listens"
        return listener.port

    async def stop(self) -> None:
        """Close every session and stop listening; repeatable."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    async def publish(self, values: Mapping[str, Value], overlay: Mapping[str, Value | None]) -> None:
        """Write what has changed since the last time."""
        server = self._server
        if server is None:
            return
        now = _now()
        for name, signal in self.signals.items():
            value = overlay[name] if name in overlay else _as_kind(signal, values[name])
            if value == self._shown[name]:
                continue
            self._shown[name] = value
            shown = None if value is None else ua.Variant(value, VARIANTS[signal.kind])
            data = ua.DataValue(
                shown,
                StatusCode=_FAILED if value is None else _GOOD,
                SourceTimestamp=now,
                ServerTimestamp=now,
            )
            await server.iserver.write_attribute_value(self._ids[name], data)
        await self._show_time(server, now)

    async def _show_time(self, server: Server, now: ua.DateTime) -> None:
        second = int(now.timestamp())
        if second != self._clock_s:
            self._clock_s = second
            await server.iserver.current_time_node.write_value(now)

    def _written(self, signal: Signal, value: Value) -> None:
        self._shown[signal.name] = value
        if self._on_command is not None:
            self._on_command(signal.name, value)


def _as_kind(signal: Signal, value: Value) -> Value:
    """Return the value in the Python type of the signal's kind."""
    if signal.kind is Kind.TEXT:
        return value if isinstance(value, str) else ""
    if signal.kind is Kind.BOOL:
        return bool(value)
    return int(value) if signal.kind is Kind.UINT32 else float(value)
