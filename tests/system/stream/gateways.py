"""The stream of a gateway for tests: journal, reporter and forwarding as they are, reports made up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import SAMPLE
from gateway.batch.context import ContextBook
from gateway.stream import presence
from gateway.stream.forward import Forward
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.records import Dictionary
from gateway.stream.report import Reporter
from tests.servers.recorder import Recorder
from tests.unit.stream.journals import until
from tests.unit.stream.sites import small_site


def quick_site(port: int, protocol: str = "3.1.1", **streams: Any) -> Site:
    """Return a site whose stream is quick about everything."""
    telemetry = {"flush_period": "10 ms", "stall_after": "500 ms", **streams.pop("telemetry", {})}
    return small_site(
        streams={
            "broker": {"port": port, "protocol": protocol, "connect_timeout": "1 s", "keep_alive": "2 s"},
            "telemetry": telemetry,
            "journal": {"commit_period": "5 ms"},
            **streams,
        }
    )


class Gateway:
    """A gateway's stream that is running."""

    def __init__(self, site: Site, journal: Journal, contexts: ContextBook) -> None:
        self.site, self.journal, self.contexts = site, journal, contexts
        options = Options(
            site.streams.broker, "gw1", will=presence.will(site), window=site.streams.telemetry.window
        )
        self.client = MqttClient(options)
        self.reporter = Reporter(site, journal, contexts, self._pop, list)
        journal.on_notice.append(self.reporter.take_notice)
        self.notices: list[Notice] = []
        self.forward = Forward(site, journal, self.client, self._announce)
        self.reported = 0
        self._waiting: list[npt.NDArray[Any]] = []

    def report(self, count: int, unit: int = 0, source_ns: int | None = None) -> None:
        """Report `count` samples of a unit's first tag, from now or another time on; values go on from 0."""
        rows = np.zeros(count, SAMPLE)
        rows["tag"] = self.site.tag_index[f"u{unit}/m0.pv"]
        rows["value"] = np.arange(self.reported, self.reported + count)
        rows["source_ns"] = (time.time_ns() if source_ns is None else source_ns) + np.arange(count)
        self.reported += count
        self._waiting.append(rows)

    async def flow(self, seconds: float, rate: int = 20) -> None:
        """Report a little, often."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for unit in range(len(self.site.units)):
                self.report(rate, unit)
            await asyncio.sleep(0.02)

    async def journalled(self) -> None:
        """Wait until everything reported is in the journal."""
        await until(lambda: self.reporter.points == self.reported)
        await self.journal.flush()

    async def confirmed(self, recorder: Recorder, within_s: float = 20.0) -> None:
        """Wait until a recorder has everything, and the gateway knows it."""
        await self.journalled()
        journal = self.journal
        await until(lambda: recorder.has(journal.epoch, journal.heads), within_s)
        await until(lambda: all(journal.watermarks.safe(p) >= h for p, h in journal.heads.items()), within_s)

    def _pop(self, limit: int) -> npt.NDArray[Any]:
        del limit
        waiting, self._waiting = self._waiting, []
        return np.concatenate([np.empty(0, SAMPLE), *waiting])

    def _announce(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.reporter.take_notice(notice)


@asynccontextmanager
async def gateway(folder: Path, site: Site, *, connect: bool = True) -> AsyncIterator[Gateway]:
    """Run a gateway's stream; leaving is as rude as a kill, but for the journal."""
    contexts = ContextBook(folder / "contexts.sqlite")
    try:
        journal = await Journal.open(
            folder / "journal.sqlite", site.streams, Dictionary.of(site), tap=folder / "tap"
        )
        async with journal:
            made = Gateway(site, journal, contexts)
            runs = [made.reporter.run(), made.forward.run(), made.client.run()]
            tasks = [asyncio.create_task(run) for run in runs]
            try:
                if connect:
                    async with asyncio.timeout(10):
                        await made.client.wait_connected()
                yield made
            finally:
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [r for r in results if not isinstance(r, asyncio.CancelledError)] == []
    finally:
        contexts.close()


def check(recorder: Recorder, made: Gateway) -> None:
    """Every sample that was reported is stored once, in order, with its value."""
    values = [v for message in recorder.messages() for v in message.points.value.tolist()]
    assert sorted(values) == list(range(made.reported))
    for unit in ("u0", "u1"):
        own = [
            value
            for message in recorder.messages()
            for value in message.points.value.tolist()
            if message.points.tag[0] == _tag_of(recorder, unit)
        ]
        assert own == sorted(own)


def _tag_of(recorder: Recorder, unit: str) -> int:
    """Return the id that `messages` gave the unit's tag: names count in the order they appear."""
    names: list[str] = []
    for _, payload in sorted(recorder.stored.items()):
        if payload.startswith(b"cellgate_message"):
            name = payload.split(b"\n")[1].split(b" ")[0].decode()
            if name not in names:
                names.append(name)
    return next((index for index, name in enumerate(names) if f"name={unit}/" in name), -1)
