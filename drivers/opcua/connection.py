"""One secure channel and session, built from the configuration each time; requests with limits.

asyncua's own reconnection, probe and watchdog are not started (see `limits` in the reference):
a connection that is in doubt is dropped, and the next one is built from nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from config.devices import OpcUaDevice
from drivers.api import DeviceRefused, Disconnected
from drivers.frames import Frames
from drivers.opcua.certificates import Description
from drivers.opcua.errors import DECODE_ERRORS, SECURITY_CHECKS_FAILED, TOO_MUCH, MalformedMessage, translated
from drivers.opcua.identity import activate
from drivers.opcua.plan import Slices
from drivers.opcua.security import secure

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_R = TypeVar("_R")

GOODBYE_S: Final = 0.2
"""What closing may cost: a server that does not answer finds out by its own timeout."""
RENEW_AT: Final = 0.75
"""Share of the channel's lifetime after which it is renewed."""
SHORTEST_SESSION_S: Final = 60.0


class Connection:
    """A session with a server. Broken once means broken for good: make another."""

    def __init__(self, device: OpcUaDevice, name: str, frames: Frames, endpoint: str = "") -> None:
        """`name` is the gateway's name for the device; `endpoint` one of a redundant set."""
        self._device, self._name, self._frames = device, name, frames
        self._endpoint = endpoint or device.endpoint
        self.certificates: list[Description] = []
        """Those that secure the channel, ours first."""
        self._client: Client | None = None
        self._renew_at = float("inf")

    async def open(self) -> None:
        """Connect, secure the channel, create and activate the session.

        Raises:
            DriverError: the server cannot be reached, refuses, or is not trusted.
        """
        client = self._client = Client(self._endpoint, timeout=self._device.timeout)
        client.name = client.description = f"Cellgate {self._name}"
        client.application_uri = f"urn:cellgate:{self._name}"
        longest_s = max(self._device.period, self._device.publishing_interval * self._device.keep_alive_count)
        client.session_timeout = int(1000 * max(SHORTEST_SESSION_S, 4 * longest_s))
        if self._device.security is not None:
            self.certificates = await secure(client, self._device.security, self._within)
        await self._within("connect", client.connect_socket)
        client.uaclient.pre_request_hook = None  # it only guards asyncua's own reconnection
        await self._within("hello", client.send_hello)
        await self._within("open channel", client.open_secure_channel)
        self._renew_at = asyncio.get_running_loop().time() + RENEW_AT * client.secure_channel_timeout / 1000
        await self._create_session(client)

    async def _create_session(self, client: Client) -> None:
        try:
            await self._within("create session", client.create_session)
        except Disconnected as error:
            # asyncua's word for "this server offers no such endpoint" or "another certificate".
            if isinstance(error.__cause__, UaError) and not isinstance(error.__cause__, UaStatusCodeError):
                raise DeviceRefused(str(error), SECURITY_CHECKS_FAILED) from error
            raise
        await activate(client, self._device, self._within)

    async def _within(self, what: str, step: Callable[[], Awaitable[_T]]) -> _T:
        with translated(what):
            async with asyncio.timeout(self._device.timeout):
                return await step()

    async def close(self) -> None:
        """Say good-bye when that is quick, and free the socket in any case."""
        client, self._client = self._client, None
        if client is None:
            return
        protocol = client.uaclient.protocol
        transport = protocol.transport if protocol is not None else None
        if protocol is not None and not protocol.is_closed:
            with contextlib.suppress(OSError, UaError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await client.close_session()
                    await client.close_secure_channel()
        client.disconnect_socket()
        if transport is not None:
            transport.abort()  # a peer that reads nothing would keep a closing socket for minutes

    async def send(self, request: Any, *, limit_s: float | None = None) -> bytes:
        """Send a request and return the answer's bytes; `limit_s` 0 waits without limit.

        Raises:
            DriverError: no answer in time, a lost connection, or a service fault.
        """
        protocol = self._client.uaclient.protocol if self._client is not None else None
        what = type(request).__name__
        if protocol is None:
            raise Disconnected(f"{what}: not connected")
        limit_s = self._device.timeout if limit_s is None else limit_s
        self._frames.sent(what)
        with translated(what):
            async with asyncio.timeout(limit_s or None):
                answer = await protocol.send_request(request, limit_s)
        body = answer.read(len(answer))
        self._frames.received(what, body)
        return body

    async def call(self, request: Any, kind: type[_T]) -> _T:
        """Send a request and return its answer, decoded by asyncua.

        Raises:
            DriverError: as `send`, or the answer is malformed, or its result is bad.
        """
        body = await self.send(request)
        what = kind.__name__
        try:
            response = struct_from_binary(kind, Buffer(body))
        except DECODE_ERRORS as error:
            raise MalformedMessage(f"{what}: {error}") from error
        with translated(what):
            response.ResponseHeader.ServiceResult.check()  # type: ignore[attr-defined]
        return response

    async def in_slices(
        self, slices: Slices, items: Sequence[_T], call: Callable[[Sequence[_T]], Awaitable[Sequence[_R]]]
    ) -> list[_R]:
        """Call with as many items at a time as the server takes; less when it says that it is too much.

        Raises:
            DriverError: of the calls, or a server that answers with another number of results.
        """
        results: list[_R] = []
        while len(results) < len(items):
            part = items[len(results) : len(results) + slices.size]
            try:
                got = await call(part)
            except DeviceRefused as error:
                if error.code in TOO_MUCH and slices.halve():
                    _log.info(
                        "%s: smaller requests from now on: size=%d reason=%s", self._name, slices.size, error
                    )
                    continue
                raise
            if len(got) != len(part):
                raise MalformedMessage(f"{len(part)} operations were asked for and {len(got)} answered")
            results += got
        return results

    async def keep(self) -> None:
        """Renew the channel when it is time to: call this at least each keep-alive or poll.

        Raises:
            DriverError: the channel could not be renewed.
        """
        client, now = self._client, asyncio.get_running_loop().time()
        if client is None or now < self._renew_at:
            return
        await self._within("renew channel", lambda: client.open_secure_channel(renew=True))
        client.uaclient.revolve_security_token()
        self._renew_at = now + RENEW_AT * client.secure_channel_timeout / 1000
