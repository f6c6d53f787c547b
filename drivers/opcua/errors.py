"""How asyncua's errors become the driver's: lost, too late, or refused."""

from __future__ import annotations

import asyncio
import struct
from types import TracebackType
from typing import Final, Literal

from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from drivers.api import DeviceRefused, DeviceTimeout, Disconnected
from drivers.opcua.status import name_of

TOO_MUCH: Final = frozenset((0x8008_0000, 0x8010_0000, 0x80B8_0000, 0x80B9_0000))
"""BadEncodingLimitsExceeded, -TooManyOperations, -RequestTooLarge, -ResponseTooLarge: ask for less."""

TOO_MANY_PUBLISH_REQUESTS: Final = 0x8078_0000
TOO_MANY_MONITORED_ITEMS: Final = 0x80DB_0000
MESSAGE_NOT_AVAILABLE: Final = 0x807B_0000
TIMEOUT: Final = 0x800A_0000
SECURITY_CHECKS_FAILED: Final = 0x8013_0000

_LOST: Final = frozenset(
    (
        0x8005_0000,  # BadCommunicationError
        0x800C_0000,  # BadShutdown
        0x800D_0000,  # BadServerNotConnected
        0x800E_0000,  # BadServerHalted
        0x8022_0000,  # BadSecureChannelIdInvalid
        0x8025_0000,  # BadSessionIdInvalid
        0x8026_0000,  # BadSessionClosed
        0x8027_0000,  # BadSessionNotActivated
        0x8028_0000,  # BadSubscriptionIdInvalid
        0x8079_0000,  # BadNoSubscription
        0x807F_0000,  # BadTcpSecureChannelUnknown
        0x8086_0000,  # BadSecureChannelClosed
        0x8087_0000,  # BadSecureChannelTokenUnknown
        0x8088_0000,  # BadSequenceNumberInvalid
        0x808A_0000,  # BadNotConnected
        0x80AD_0000,  # BadDisconnect
        0x80AE_0000,  # BadConnectionClosed
    )
)


DECODE_ERRORS: Final = (
    UaError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the library's decoder raises on bytes that are not what they claim to be."""


class MalformedMessage(Disconnected):
    """The server sent bytes that are not what they claim to be; the stream cannot be trusted further."""


class translated:  # noqa: N801 - a context manager, used like a function
    """Turn what asyncua raises inside the block into a DriverError that says what was tried."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Raise the driver's error in place of the library's."""
        if isinstance(error, TimeoutError | asyncio.TimeoutError):
            raise DeviceTimeout(f"{self._what}: no answer in time") from error
        if isinstance(error, UaStatusCodeError):
            text = f"{self._what}: {name_of(error.code)}"
            if error.code == TIMEOUT:
                raise DeviceTimeout(text) from error
            if error.code in _LOST:
                raise Disconnected(text) from error
            raise DeviceRefused(text, error.code) from error
        if isinstance(error, OSError | UaError):
            raise Disconnected(f"{self._what}: {error or type(error).__name__}") from error
        return False
