"""The door's records: the audit trail and the first replies, written off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from gateway.gxp.audit import AuditEntry, AuditTrail

_log = logging.getLogger(__name__)


class Record:
    """Writes what happens to commands."""

    def __init__(self, audit: AuditTrail, executor: Executor) -> None:
        """`executor` is one thread."""
        self._audit, self._executor = audit, executor

    async def write(self, entry: AuditEntry, command_id: str | None = None) -> None:
        """Append an entry, and the identity of the command that it is about."""

        def append() -> None:
            self._audit.append(entry, command_id=command_id)

        await self.on_disk(append)
        if entry.outcome.startswith("refused"):
            _log.warning(
                "command refused: who=%s action=%s target=%s why=%s",
                entry.who,
                entry.action,
                entry.target,
                entry.outcome,
            )

    async def first_reply(self, command_id: str) -> tuple[bool, bytes | None]:
        """Return (was this command seen before, the reply it got)."""
        seen: tuple[bool, bytes | None] = await self.on_disk(self._audit.first_reply, command_id)
        return seen

    async def keep_reply(self, command_id: str, reply: bytes) -> None:
        """Keep what redeliveries of a command get."""
        await self.on_disk(self._audit.keep_reply, command_id, reply)

    async def on_disk(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something that touches the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
