"""A serial port as an asyncio transport: raw bytes, eight data bits, nobody else on it.

What `termios` offers is all that Modbus needs, so no library stands between: a port is opened
without blocking, set up, locked against other programs and watched by the loop.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import termios
from typing import Any, Final

from config.devices import ModbusSerial

_READ_AT_ONCE: Final = 4096
_VIRTUAL: Final = "/dev/pts/"
"""Pseudo-terminals, as of a network serial port: they refuse to be asked for parity."""
_PARITY: Final = {"even": termios.PARENB, "odd": termios.PARENB | termios.PARODD, "none": 0}


def open_port(line: ModbusSerial) -> int:
    """Open and set up a port; return its file descriptor.

    Raises:
        OSError: it is not there, not ours to open, in use, or does not take the settings.
    """
    fd = os.open(line.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        speed = getattr(termios, f"B{line.baud}")
        control = termios.CS8 | termios.CREAD | termios.CLOCAL
        if not os.path.realpath(line.port).startswith(_VIRTUAL):
            stop = line.stop_bits or (2 if line.parity == "none" else 1)
            control |= _PARITY[line.parity] | (termios.CSTOPB if stop == 2 else 0)
        characters = termios.tcgetattr(fd)[6]
        termios.tcsetattr(fd, termios.TCSANOW, [0, 0, control, 0, speed, speed, characters])
        termios.tcflush(fd, termios.TCIOFLUSH)
    except termios.error as error:
        os.close(fd)
        raise OSError(error.args[0], str(error.args[1])) from error
    except OSError:
        os.close(fd)
        raise
    return fd


class SerialTransport(asyncio.Transport):
    """Carries a protocol's bytes over an open port."""

    def __init__(self, fd: int, protocol: asyncio.Protocol) -> None:
        """Begin to read at once; the port is closed with the transport."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._fd, self._protocol = fd, protocol
        self._unsent = bytearray()
        self._closing = False
        protocol.connection_made(self)
        self._loop.add_reader(fd, self._readable)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return nothing: there is no socket."""
        return default

    def is_closing(self) -> bool:
        """Return whether it is closed or about to be."""
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; what the port does not take at once follows when it does."""
        if self._closing:
            return
        if self._unsent:
            self._unsent += data
            return
        try:
            taken = os.write(self._fd, data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            self._end(error)
            return
        if taken < len(data):
            self._unsent += data[taken:]
            self._loop.add_writer(self._fd, self._writable)

    def close(self) -> None:
        """Close the port; what is not sent by now never will be."""
        self._end(None)

    def abort(self) -> None:
        """Close the port."""
        self._end(None)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._end(OSError(errno.EIO, "the serial port is gone"))

    def _writable(self) -> None:
        try:
            taken = os.write(self._fd, self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        del self._unsent[:taken]
        if not self._unsent:
            self._loop.remove_writer(self._fd)

    def _end(self, error: Exception | None) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        os.close(self._fd)
        self._loop.call_soon(self._protocol.connection_lost, error)
