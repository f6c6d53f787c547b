"""Makes connections to a Modbus server, by TCP, TLS or a serial port, and carries exchanges."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Final

from config.devices import ModbusDevice, ModbusTls
from drivers.api import DeviceRefused, Disconnected, DriverError
from drivers.modbus.link import AT_ONCE, Exchange, Request, frame_text
from drivers.modbus.mbap import MbapWire, UnnumberedMbapWire
from drivers.modbus.rtu import RtuWire
from drivers.modbus.serial_port import SerialTransport, open_port
from drivers.modbus.wire import Pace, Wire

_FRAMES_KEPT: Final = 20
UNTRUSTED: Final = 0x102
"""Our own code, outside the protocol's: the certificates do not fit, trying again is useless."""


class WireLink:
    """The link of a device as its configuration says."""

    def __init__(self, device: ModbusDevice) -> None:
        """Nothing is connected yet."""
        self._device = device
        self._pace = Pace(device.timeout, device.max_outstanding, device.pause)
        self._frames: deque[tuple[bool, bytes]] = deque(maxlen=_FRAMES_KEPT)
        self._wire: Wire | None = None
        self._strays_before = 0

    @property
    def strays(self) -> int:
        """Answers that nothing waited for: they came too late, or belong to nobody."""
        return self._strays_before + (0 if self._wire is None else self._wire.strays)

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: refused, unreachable, or no answer in time; the message says which.
            DeviceRefused: the device's certificate is not trusted, or ours is not there.
        """
        await self.close()
        device = self._device
        try:
            async with asyncio.timeout(device.timeout):
                await (self._open_port() if device.serial is not None else self._connect())
        except TimeoutError:
            raise Disconnected(f"{self._where}: no answer to connect within {device.timeout:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise DeviceRefused(
                f"{self._where}: its certificate is not trusted: {error.verify_message}", UNTRUSTED
            ) from error
        except OSError as error:
            raise Disconnected(f"{self._where}: {_why(error)}") from error

    async def close(self) -> None:
        """Disconnect."""
        wire, self._wire = self._wire, None
        if wire is not None:
            self._strays_before += wire.strays
            await wire.close()

    async def exchange(self, requests: Sequence[Request], until: float = AT_ONCE) -> Exchange:
        """Send requests and return when the last one sent is answered or overdue."""
        wire = self._wire
        exchange = Exchange(requests, asyncio.get_running_loop().create_future())
        if self._is_to_be_made_anew(wire):
            try:
                await self.open()
            except DriverError as error:
                exchange.lost = error if isinstance(error, Disconnected) else Disconnected(str(error))
                exchange.end, exchange.disturbed = 0, True
                return exchange
            wire = self._wire
        if wire is None:
            exchange.lost = Disconnected("not connected")
            exchange.end, exchange.disturbed = 0, True
            return exchange
        wire.begin(exchange, until)
        try:
            await exchange.done
        except asyncio.CancelledError:
            wire.forsake(exchange)
            raise
        return exchange

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire, oldest first."""
        return [frame_text(sent, frame) for sent, frame in self._frames]

    def _is_to_be_made_anew(self, wire: Wire | None) -> bool:
        """Whether the device closes between two rounds, or an answer without a number may still come."""
        device = self._device
        if device.close_after_cycle and (wire is None or not wire.is_open):
            return True
        return wire is not None and wire.owes and device.serial is None

    @property
    def _where(self) -> str:
        device = self._device
        return str(device.serial.port) if device.serial is not None else f"{device.host}:{device.port}"

    def _make_wire(self) -> Wire:
        device = self._device
        if device.serial is not None:
            return RtuWire(self._pace, self._frames, (device.serial.character_s, device.serial.silence_s))
        if device.framing == "rtu":
            return RtuWire(self._pace, self._frames, None)
        kind = UnnumberedMbapWire if device.ignore_transaction_id else MbapWire
        return kind(self._pace, self._frames)

    async def _connect(self) -> None:
        device, tls = self._device, self._device.tls
        context = None if tls is None else await asyncio.to_thread(_context, tls)
        _, self._wire = await asyncio.get_running_loop().create_connection(
            self._make_wire,
            device.host,
            device.port,
            ssl=context,
            server_hostname=None if tls is None else tls.server_name or device.host,
        )

    async def _open_port(self) -> None:
        assert self._device.serial is not None
        fd = open_port(self._device.serial)
        self._wire = self._make_wire()
        SerialTransport(fd, self._wire)


def _context(tls: ModbusTls) -> ssl.SSLContext:
    """Return what TLS needs: both certificates, nothing below TLS 1.2. Reads files.

    Raises:
        OSError: a file is missing, or is none of what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (tls.trusted, tls.certificate, tls.private_key):
        path.stat()  # names the file that is missing, which the library does not
    context.load_verify_locations(tls.trusted)
    password = tls.private_key_password
    context.load_cert_chain(
        tls.certificate, tls.private_key, "" if password is None else password.get_secret_value()
    )
    return context


def _why(error: OSError) -> str:
    """Return the system's own words: asyncio says only that the call failed."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)
