"""The scripts and styles that every page needs: packed once, then answered out of memory."""

from __future__ import annotations

import asyncio
import gzip
from typing import Final, NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TIGHT: Final = 6
"""Of 9: what it takes is paid once."""
_WORTH_IT: Final = 0.95
"""Fonts are packed already: they are kept as they are."""
_MOST_BYTES: Final = 32_000_000
"""Kept in all; what comes beyond is answered as if nothing were kept."""
_OWN: Final = ("set-cookie", "content-length", "content-encoding", "vary")
"""Headers that belong to one browser, or to how one answer was packed."""


class _Kept(NamedTuple):
    headers: list[tuple[bytes, bytes]]
    body: bytes


class KeptFiles:
    """Stands before an application, whose files below a path never change while it runs."""

    def __init__(self, app: ASGIApp, folder: str, changing: str) -> None:
        """Begin with nothing kept.

        Args:
            app: the application.
            folder: path below which an address always has the same answer.
            changing: path within it where that is not so.
        """
        self._app, self._folder, self._changing = app, folder, changing
        self._kept: dict[str, _Kept] = {}
        self.bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer out of memory, or let the application answer."""
        if not self._is_file(scope):
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(scope["path"])
        if kept is None:
            kept = await self._fetch(scope, receive, send)
        if kept is not None:
            await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
            await send({"type": "http.response.body", "body": kept.body})

    def _is_file(self, scope: Scope) -> bool:
        """Return whether a request is for one of the files, by a browser that takes it packed and whole."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
            return False
        path: str = scope["path"]
        if not path.startswith(self._folder) or path.startswith(self._changing):
            return False
        headers = Headers(scope=scope)
        asks_for_part = "range" in headers or "if-none-match" in headers or "if-modified-since" in headers
        return "gzip" in headers.get("accept-encoding", "") and not asks_for_part

    async def _fetch(self, scope: Scope, receive: Receive, send: Send) -> _Kept | None:
        """Let the application answer and keep it; None: it was no file, and its answer has been sent."""
        told: list[Message] = []

        async def hear(message: Message) -> None:
            told.append(message)

        plain = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, hear)
        body = b"".join(message.get("body", b"") for message in told[1:])
        if told[0]["status"] != 200 or self.bytes + len(body) > _MOST_BYTES:
            for message in told:
                await send(message)
            return None
        kept = _Kept(*await asyncio.to_thread(_packed, told[0], body))
        self.bytes += len(kept.body)
        self._kept[scope["path"]] = kept
        return kept


def _packed(start: Message, body: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers and the body of an answer, packed where that makes it smaller."""
    headers = MutableHeaders(raw=[each for each in start["headers"] if each[0].decode("latin-1") not in _OWN])
    packed = gzip.compress(body, _TIGHT, mtime=0)
    if len(packed) < _WORTH_IT * len(body):
        headers["content-encoding"], body = "gzip", packed
    headers["vary"] = "Accept-Encoding"
    headers["content-length"] = str(len(body))
    return headers.raw, body
