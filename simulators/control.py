"""The control channel of the simulated plant: faults on command, over TCP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from simulators.control_messages import (
    CONTROL_COMMAND,
    ClearCommand,
    ControlCommand,
    LinkCommand,
    ListCommand,
    ProcessCommand,
    RestartCommand,
    SensorCommand,
    SpeedCommand,
    StatusCommand,
)
from simulators.device import Device
from simulators.link_faults import LinkFault
from simulators.sensor_faults import SensorFault
from simulators.wire import HOST

_LONGEST_LINE = 65536


class ControlServer:
    """Answers each line with one line: `{"ok": true, ...}` or `{"ok": false, "error": "..."}`."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self.devices = devices
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> int:
        """Listen and return the port."""
        self._server = await asyncio.start_server(self._serve, HOST, port, limit=_LONGEST_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and stop listening; repeatable."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self.answer(line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # the client is gone, or sent a line without end
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Do what a line asks for and return the reply."""
        try:
            command = CONTROL_COMMAND.validate_json(line)
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            return {"ok": False, "error": problems}
        try:
            return {"ok": True, **await self._do(command)}
        except ValueError as error:
            return {"ok": False, "error": str(error)}

    async def _do(self, command: ControlCommand) -> dict[str, Any]:
        match command:
            case ListCommand():
                return {"devices": {name: _catalogue(device) for name, device in self.devices.items()}}
            case StatusCommand():
                return {"devices": {name: _status(device) for name, device in self.devices.items()}}
            case SensorCommand():
                self._device(command.device).sensors.set(
                    command.signal, SensorFault(command.kind, command.amount)
                )
            case LinkCommand():
                until_s = None if command.seconds is None else time.monotonic() + command.seconds
                fault = LinkFault(command.kind, command.amount, until_s)
                await self._device(command.device).link.set_fault(fault)
            case RestartCommand():
                self._device(command.device).restart(command.seconds)
            case ProcessCommand():
                self._device(command.device).model.disturb(command.kind, command.settings)
            case SpeedCommand():
                for device in self._chosen(command.device):
                    device.speed = command.speed
            case ClearCommand():
                await self._clear(command)
        return {}

    async def _clear(self, command: ClearCommand) -> None:
        for device in self._chosen(command.device):
            device.sensors.clear(command.signal)
            if command.signal is None:
                await device.link.clear()

    def _device(self, name: str) -> Device:
        device = self.devices.get(name)
        if device is None:
            raise ValueError(f"no device {name!r} (there are: {', '.join(self.devices)})")
        return device

    def _chosen(self, name: str | None) -> Iterable[Device]:
        return list(self.devices.values()) if name is None else [self._device(name)]


def _catalogue(device: Device) -> dict[str, Any]:
    return {
        "model": device.identity.model,
        "sensors": [signal.name for signal in device.model.signals.values() if signal.measured],
        "disturbances": dict(device.model.disturbances),
    }


def _status(device: Device) -> dict[str, Any]:
    fault = device.link.fault
    return {
        "model": device.identity.model,
        "port": device.link.port,
        "speed": device.speed,
        "plant_s": round(device.plant_s, 3),
        "steps": device.steps,
        "steps_late": device.pacer.late,
        "steps_skipped": device.pacer.skipped,
        "down": device.down,
        "restarts": device.restarts,
        "safe": device.model.safe,
        "watchdog_armed": device.watchdog.armed,
        "connections": device.link.connections,
        "connections_accepted": device.link.accepted,
        "link": None if fault is None else {"kind": fault.kind, "amount": fault.amount},
        "sensors": {name: {"kind": f.kind, "amount": f.amount} for name, f in device.sensors.active.items()},
        "values": dict(device.model.values),
    }
