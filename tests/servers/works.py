"""A gateway's stream (journal, forwarding) for tests, and historians in processes of their own.

Also a process: `python -m tests.servers.works SITE.json` reports until SIGTERM, then waits until
everything is confirmed, and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pytest

from config.site import Site
from control.signal import SAMPLE, Text
from gateway import lifeline, logs
from gateway.batch.context import Context
from gateway.completeness import Verdict, reconcile
from gateway.demo.processes import Child
from gateway.historian.query import service_name
from gateway.historian.service import run_historian
from gateway.process import run_service
from gateway.stream import presence
from gateway.stream.forward import Forward
from gateway.stream.journal import Journal
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.records import Dictionary
from gateway.stream.report import Reporter

UNITS, TAGS = 3, 4


class _OneContext:
    def resolve(self, unit: str, source_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        del unit
        return np.zeros(len(source_ns), np.int32)

    def describe(self, number: int) -> Context:
        assert number == 0
        return Context("c-1", "b-1", "growth")


class Works:
    """A small site: what the gateway streams is made up here, the way from there on is the real one."""

    def __init__(
        self,
        data: Path,
        port: int,
        streams: dict[str, Any],
        file: str = "site.json",
        *,
        units: int = UNITS,
        tags: int = TAGS,
    ) -> None:
        """Write the site's file; `port`: where its broker is; `tags`: of each unit, beside a text."""
        self.data = data
        numbers: dict[str, Any] = {f"m{number}.pv": {} for number in range(tags)}
        own = {**numbers, "recipe": {"kind": "text"}}
        document = {
            "site": {"name": "works"},
            "gateway": {"name": "gw1"},
            "units": {f"u{number}": {"area": "a", "cell": "c", "tags": own} for number in range(units)},
            "streams": {
                "broker": {"port": port, "connect_timeout": "2 s", **streams.pop("broker", {})},
                "telemetry": {"flush_period": "20 ms", **streams.pop("telemetry", {})},
                "journal": {"commit_period": "10 ms"},
                **streams,
            },
        }
        self.file = data / file
        data.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(orjson.dumps(document))
        self._begin(Site.model_validate(document))

    @classmethod
    def load(cls, file: Path) -> Works:
        """Take a site's file that another process has written."""
        works = cls.__new__(cls)
        works.data, works.file = file.parent, file
        works._begin(Site.model_validate(orjson.loads(file.read_bytes())))
        return works

    def _begin(self, site: Site) -> None:
        self.site = site
        self.journal: Journal
        self.forward: Forward
        self.reporter: Reporter
        self._rows: list[npt.NDArray[Any]] = []
        self._texts: list[Text] = []
        self._steps = 0
        self._clock_ns = time.time_ns()
        self.step_ns = 1_000_000_000
        """Between the source times of two reports of a tag, about."""
        self._random = np.random.default_rng(1)

    def historian(
        self, name: str = "historian", member: str | None = None, prefix: Sequence[str] = ()
    ) -> Child:
        """Return a historian's process, not started; `prefix`: what its command begins with."""
        arguments = [
            *prefix,
            sys.executable,
            "-m",
            "tests.servers.historian",
            str(self.file),
            str(self.data),
            name,
        ]
        arguments += [member] if member else []
        own = service_name(next(h for h in self.site.streams.historians if h.name == name), member)
        return Child(own, arguments, {}, self.data / f"{own}.log")

    @contextlib.asynccontextmanager
    async def serving(self, name: str = "historian") -> AsyncIterator[None]:
        """Run a historian in this process, where nobody has to die."""
        config = next(h for h in self.site.streams.historians if h.name == name)
        stop = asyncio.Event()
        running = asyncio.create_task(run_historian(self.site, config, self.data, stop))
        try:
            yield
        finally:
            stop.set()
            await running

    @contextlib.asynccontextmanager
    async def streaming(self) -> AsyncIterator[None]:
        """Run journal, forwarding and reporter."""
        journal = await Journal.open(
            self.data / "journal.sqlite", self.site.streams, Dictionary.of(self.site), tap=self.data / "tap"
        )
        options = Options(self.site.streams.broker, "cellgate-works-gw1", will=presence.will(self.site))
        client = MqttClient(options)
        async with journal:
            self.journal = journal
            self.reporter = Reporter(self.site, journal, _OneContext(), self._pop, self._take_texts)
            journal.on_notice.append(self.reporter.take_notice)
            self.forward = Forward(self.site, journal, client, self.reporter.take_notice)
            running = [
                asyncio.create_task(run) for run in (client.run(), self.forward.run(), self.reporter.run())
            ]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    def report(self, steps: int = 1) -> None:
        """Report every tag's next values; now and then bad ones, a double time, and a text."""
        for _ in range(steps):
            rows = self.plain_rows()
            if self._steps % 7 == 0:
                rows["quality"][3], rows["value"][3], rows["status"][3] = 0x80000001, np.nan, 0x80AB0000
            if self._steps % 5 == 0:
                rows = np.concatenate([rows, rows[:2]])
                rows["ordinal"][-2:], rows["value"][-2:] = 1, rows["value"][-2:] + 1
            if self._steps % 11 == 0:
                self._texts.append(
                    Text(self.site.tag_index["u1/recipe"], f"r{self._steps}", self._clock_ns, 0)
                )
            self._rows.append(rows)

    def plain_rows(self) -> npt.NDArray[Any]:
        """Return a next value of every tag that is a number."""
        self._steps += 1
        self._clock_ns += self.step_ns + int(self._random.integers(1000))
        names = [name for name in self.site.tags if not name.endswith("recipe")]
        rows = np.zeros(len(names), SAMPLE)
        rows["tag"] = [self.site.tag_index[name] for name in names]
        rows["source_ns"] = self._clock_ns
        rows["value"] = self._random.normal(size=len(names))
        return rows

    def push(self, rows: npt.NDArray[Any]) -> None:
        """Have rows reported."""
        self._rows.append(rows)

    @property
    def journalled(self) -> bool:
        """Whether everything that was reported is in the journal."""
        journal = self.journal
        return not (self._rows or self.reporter._count or journal.appended != journal.committed)

    async def flow(self, seconds: float, pause_s: float = 0.02) -> None:
        """Report as often as fits into a time; on a busy machine it takes longer."""
        for _ in range(round(seconds / pause_s)):
            self.report()
            await asyncio.sleep(pause_s)

    async def confirmed(self, within_s: float = 30.0) -> None:
        """Wait until everything reported is journalled, and confirmed by all required consumers."""

        quiet_since = time.monotonic()

        def done() -> bool:
            nonlocal quiet_since
            journal = self.journal
            safe = all(journal.watermarks.safe(p) >= s for p, s in journal.heads.items())
            if not self.journalled or not safe or not journal.heads:
                quiet_since = time.monotonic()
            return time.monotonic() > quiet_since + 0.1

        await until(done, within_s, "every message is confirmed")

    def verdict(self, name: str | None = "historian") -> Verdict:
        """Compare the tap with a historian's store; none: with what all of them have together."""
        config = next((h for h in self.site.streams.historians if h.name == name), None)
        return reconcile(self.data / "tap", self.site, config, self.data)

    def _pop(self, limit: int) -> npt.NDArray[Any]:
        del limit
        rows, self._rows = self._rows, []
        return np.concatenate(rows) if rows else np.zeros(0, SAMPLE)

    def _take_texts(self) -> Sequence[Text]:
        texts, self._texts = self._texts, []
        return texts


async def until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait until a condition holds; fail the test when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        await asyncio.sleep(0.02)


async def main(file: Path) -> None:
    """Report in real time until SIGTERM; then have everything confirmed."""
    works, ending = Works.load(file), asyncio.Event()
    works.step_ns = 4_000_000
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    async with works.streaming():
        while not ending.is_set():
            works.report()
            await asyncio.sleep(0.005)
        await works.confirmed(90.0)


if __name__ == "__main__":
    lifeline.hold()
    logs.set_up("INFO", "works")
    run_service(main(Path(sys.argv[1])))
