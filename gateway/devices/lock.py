"""A lock on a device's address among the gateways of one machine: two of them never write to one device.

A file in a folder that all users share, locked for as long as its process lives (`flock`), with the name of
who holds it inside. Gateways on other machines do not see it: that takes a lease in the device.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO, Final

import orjson

from config.device_base import DeviceBase
from config.modbus_device import ModbusDevice
from config.opcua import OpcUaDevice

VARIABLE: Final = "CELLGATE_LOCKS"
_SHARED: Final = Path("/run/lock")


def folder() -> Path:
    """Return where the locks are: $CELLGATE_LOCKS, /run/lock, or the folder for temporary files."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return _SHARED if os.access(_SHARED, os.W_OK) else Path(tempfile.gettempdir())


def address_of(device: DeviceBase) -> str:
    """Return what two configurations of the same device have in common."""
    if isinstance(device, ModbusDevice):
        line = f"{device.host}:{device.port}" if device.serial is None else device.serial.port
        return f"modbus {line} unit {device.unit_id}"
    if isinstance(device, OpcUaDevice):
        return f"opcua {device.endpoint}"
    settings = device.model_dump_json(include={"driver", "settings"})
    return f"other {settings}"


class DeviceLock:
    """The lock on one device, for one gateway."""

    def __init__(self, device: DeviceBase, gateway: str) -> None:
        """Prepare; `take` locks."""
        self._address, self._gateway = address_of(device), gateway
        name = hashlib.sha256(self._address.encode()).hexdigest()[:16]
        self._path = folder() / f"cellgate-{name}.lock"
        self._file: IO[bytes] | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._file is not None

    def take(self) -> str | None:
        """Lock; return who holds it instead, or None when it is ours.

        Raises:
            OSError: the folder cannot be written to.
        """
        if self._file is not None:
            return None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                return _holder(file.read())
        with contextlib.suppress(OSError):  # another user's file stays as it is
            os.fchmod(file.fileno(), 0o666)
        file.truncate(0)
        file.write(orjson.dumps({"gateway": self._gateway, "process": os.getpid(), "device": self._address}))
        self._file = file
        return None

    def release(self) -> None:
        """Let others have it. May be repeated."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(content: bytes) -> str:
    try:
        holder = orjson.loads(content)
        return f"gateway {holder['gateway']!r} on this machine (process {holder['process']})"
    except (ValueError, KeyError, TypeError):
        return "another gateway on this machine"
