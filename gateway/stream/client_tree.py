"""A client's own stream: what was made for its campaigns, copied into a journal and sent under its topics.

The copy has a journal of its own, so its numbers are the client's alone: sequences of the owner's stream
would show it how busy the plant is for others. Copying moves on with the transaction that keeps the copies,
so a kill neither loses nor doubles a record. Nothing of a client's tree is retained but whether the gateway
is there: after line clearance there is nothing left of a campaign on the broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from config.site import Site
from config.streams import Client
from gateway.batch.context import Context, ContextBook
from gateway.stream import presence, topics
from gateway.stream.event_model import Event
from gateway.stream.events import GapEvent, to_json
from gateway.stream.forward import Forward
from gateway.stream.grouping import Contexts
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.records import Dictionary, Draft, Kind, Record
from gateway.stream.watermarks import client_consumer

_CHUNK: Final = 256


class Sight:
    """What one client may see. Pure."""

    def __init__(self, client: Client, contexts: Contexts) -> None:
        """Take the client's rights, and which campaign held when."""
        self._campaigns, self._events = frozenset(client.campaigns), frozenset(client.events)
        self._units = None if client.units is None else frozenset(client.units)
        self._contexts = contexts

    def shows(self, record: Record) -> bool:
        """Tell whether a record is the client's: by the campaign at its source time, never by its arrival."""
        if record.unit == topics.GATEWAY_LEVEL or (
            self._units is not None and record.unit not in self._units
        ):
            return False
        if record.kind is Kind.TELEMETRY:
            return record.context.campaign in self._campaigns
        event = orjson.loads(record.data)
        return (
            event["type"] in self._events and self._campaign(record.unit, event["time_ns"]) in self._campaigns
        )

    def _campaign(self, unit: str, time_ns: int) -> str:
        number = int(self._contexts.resolve(unit, np.array([time_ns], np.int64))[0])
        return self._contexts.describe(number).campaign


class ClientTree:
    """The stream of one client."""

    def __init__(
        self,
        name: str,
        site: Site,
        owner: Journal,
        own: Journal,
        sight: Sight,
        announce: Callable[[Notice], None],
    ) -> None:
        """Wire it; nothing runs yet.

        Args:
            name: the client's opaque name.
            site: the configuration as this stream has it: its consumers are the client's.
            owner: the journal that is copied from.
            own: the client's journal.
            sight: what the client may see.
            announce: told of what the owner should hear of this stream.
        """
        self.name, self._site, self._owner, self._own, self._sight = name, site, owner, own, sight
        self._announce = announce
        mount = topics.client_mount(name)
        self.client = MqttClient(
            Options(
                site.streams.broker,
                f"cellgate-{site.site.name}-{site.gateway.name}-client-{name}",
                will=presence.will(site),
                window=site.streams.telemetry.window,
                mount=mount,
            )
        )
        self.forward = Forward(site, own, self.client, self._take_notice)
        own.on_notice.append(self._take_notice)
        self._gaps: list[Draft] = []
        self._news = asyncio.Event()
        owner.on_commit.append(self._news.set)
        self._epoch = 0
        self._positions: dict[int, int] = {}
        self.copied = 0
        """Records since the start."""

    async def run(self) -> None:
        """Copy and send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.client.run(), name=f"client {self.name} mqtt")
            tasks.create_task(self.forward.run(), name=f"client {self.name} forward")
            tasks.create_task(self.copy(), name=f"client {self.name} copy")

    async def copy(self) -> None:
        """Copy what is the client's until cancelled."""
        while True:
            self._news.clear()
            if self._epoch != self._owner.epoch:
                self._begin_epoch()
            await self._write_gaps()
            if not any([await self._copy(partition) for partition in range(self._owner.partitions)]):
                await self._news.wait()

    async def settle(self, within_s: float) -> None:
        """Give `run` a little time to copy and send what is left; the rest is sent after the next start."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while any(self._positions.get(p, 0) < head for p, head in self._owner.heads.items()):
                    await asyncio.sleep(0.02)
        await self.forward.settle(within_s)

    def health(self) -> dict[str, Any]:
        """Return what the gateway's health says of it."""
        own = self._own
        waiting = sum(head - own.watermarks.safe(p) for p, head in own.heads.items())
        return {
            "connected": self.client.connected,
            "copied": self.copied,
            "waiting": waiting,
            "bytes": own.used_bytes,
            "lost": own.lost,
        }

    async def _copy(self, partition: int) -> bool:
        """Copy a chunk of a partition; False when there is nothing new."""
        after = self._positions.get(partition, 0)
        records = await self._owner.read(partition, after, _CHUNK)
        if not records or self._epoch != self._owner.epoch:
            return False
        drafts = [await self._draft(record) for record in records if self._sight.shows(record)]
        last = records[-1].sequence
        await self._own.append(drafts, {(self._source, partition): last})
        await self._own.flush()
        self._positions[partition] = last
        self.copied += len(drafts)
        self._owner.acknowledge(client_consumer(self.name), self._epoch, partition, last, last)
        return True

    async def _draft(self, record: Record) -> Draft:
        dictionary = await self._owner.dictionary(record.dictionary)
        kept = (record.created_ns, record.count, record.data, record.context)
        return Draft(record.kind, record.partition, record.unit, *kept, dictionary=dictionary)

    @property
    def _source(self) -> str:
        """Name under which the client's journal keeps how far it has copied."""
        return f"owner/{self._epoch}"

    def _begin_epoch(self) -> None:
        """Go on behind what was copied of this epoch, or was trimmed because it had been."""
        self._epoch = self._owner.epoch
        consumer = client_consumer(self.name)
        for partition in range(self._owner.partitions):
            copied = self._own.positions.get((self._source, partition), 0)
            known = self._owner.watermarks.positions.get((consumer, partition), 0)
            self._positions[partition] = max(copied, known)

    def _take_notice(self, notice: Notice) -> None:
        """Tell the owner; whoever waits for a record that is gone is told in the client's stream."""
        self._announce(replace(notice, detail=f"client {self.name}: {notice.detail}", spans=()))
        for span in notice.spans:
            event: Event = GapEvent(
                gateway=self._site.gateway.name,
                unit=topics.GATEWAY_LEVEL,
                config=self._site.fingerprint,
                time_ns=time.time_ns(),
                first=span.first,
                last=span.last,
                reason=notice.what,
            )
            self._gaps.append(
                Draft(Kind.EVENT, span.partition, event.unit, event.time_ns, 1, to_json(event), Context())
            )
        self._news.set()

    async def _write_gaps(self) -> None:
        gaps, self._gaps = self._gaps, []
        if gaps:
            await self._own.append(gaps)


@asynccontextmanager
async def client_trees(
    site: Site, data: Path, owner: Journal, contexts: ContextBook, announce: Callable[[Notice], None]
) -> AsyncIterator[list[ClientTree]]:
    """Open the journals of all clients, and close them in the end.

    Raises:
        JournalError: a file is another program's, of another version, or in use.
        sqlite3.Error: a file cannot be opened.
    """
    trees = []
    async with AsyncExitStack() as opened:
        for name, client in site.streams.clients.items():
            streams = site.streams.model_copy(
                update={
                    "historians": [] if client.historian is None else [client.historian],
                    "consumers": None,
                    "journal": client.journal,
                    "clients": {},
                }
            )
            own_site = site.model_copy(update={"streams": streams})
            path = data / "clients" / name / "journal.sqlite"
            own = await opened.enter_async_context(await Journal.open(path, streams, Dictionary.of(site)))
            trees.append(ClientTree(name, own_site, owner, own, Sight(client, contexts), announce))
        yield trees
