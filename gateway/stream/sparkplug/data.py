"""Reports as data messages: chronological, by alias, what is late marked historical. Pure.

A sample is live where it is newer than what hosts were shown of its tag; older ones (out of order, read
back from a device's history, sent again after a reconnect) are historical, and hosts do not take them
for the present. What a birth has shown already is not said again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from control.signal import HISTORY
from drivers.sparkplug.schema import PayloadMessage
from gateway.stream.records import Points
from gateway.stream.sparkplug.births import Sample
from gateway.stream.sparkplug.layout import Instance, Layout
from gateway.stream.sparkplug.shown import Shown, Value, put_refusal, put_sample


class Entry(NamedTuple):
    """A sample on its way into a message."""

    source_ns: int
    tag: int
    value: Value
    quality: int
    historical: bool
    tell: bool
    """Say that it is good: it was not."""


class Message(NamedTuple):
    """A data message without its sequence number."""

    device: int
    payload: Any
    samples: int


class DataMaker:
    """Makes data messages of one layout."""

    def __init__(self, layout: Layout, shown: Shown, max_metrics: int) -> None:
        """Take what hosts were shown; it is kept up to date."""
        self._layout, self._shown, self._max = layout, shown, max_metrics
        self.repeated = 0
        """Samples left out, as a birth had shown them."""

    def messages(
        self, points: Points, born: Collection[int], now_ms: int, *, again: bool = False
    ) -> Iterator[Message]:
        """Yield the messages of points whose tags count as the layout's do.

        Args:
            points: a run of reports; tags of -1 are left out.
            born: devices that have been born; what belongs to others is left out.
            now_ms: time of the messages.
            again: all of it is sent again, and so historical.
        """
        by_device: dict[int, list[Entry]] = {}
        places = self._layout.device_of.tolist()
        for tag, value, source_ns, quality, ordinal in _samples(points):
            device = places[tag] if tag >= 0 else -1
            if device not in born:
                continue
            entry = self._entry(tag, value, source_ns, quality, ordinal, again=again)
            if entry is not None:
                by_device.setdefault(device, []).append(entry)
        for device, entries in by_device.items():
            entries.sort(key=lambda entry: entry.source_ns)
            for start in range(0, len(entries), self._max):
                batch = entries[start : start + self._max]
                yield Message(device, self._payload(batch, now_ms), len(batch))

    def refusal(self, tag: int, sample: Sample, reason: str, now_ms: int) -> Any:
        """Return a message that says again what holds, and why it was not changed."""
        value, source_ns, quality = sample
        message = PayloadMessage(timestamp=now_ms)
        stamp_ns = source_ns or now_ms * 1_000_000
        entry = Entry(stamp_ns, tag, value, quality, historical=False, tell=True)
        instance = self._layout.instance_of.get(tag)
        if instance is None:
            metric = self._put_single(message, entry)
        else:
            metric = self._put_members(message, instance, [entry])[-1]
        put_refusal(metric, reason)
        return message

    def _entry(
        self, tag: int, value: Value, source_ns: int, quality: int, ordinal: int, *, again: bool
    ) -> Entry | None:
        shown = self._shown
        before_ns = shown.source_ns[tag]
        if again or quality & HISTORY:
            return Entry(source_ns, tag, value, quality & ~HISTORY, historical=True, tell=False)
        if source_ns < before_ns or (source_ns == before_ns and not ordinal):
            if source_ns == before_ns and value == shown.value[tag] and quality == shown.quality[tag]:
                self.repeated += 1
                return None
            if source_ns < before_ns:
                return Entry(source_ns, tag, value, quality, historical=True, tell=False)
        tell = shown.quality[tag] != 0 and quality == 0
        shown.take(tag, value, source_ns, quality)
        return Entry(source_ns, tag, value, quality, historical=False, tell=tell)

    def _payload(self, batch: list[Entry], now_ms: int) -> Any:
        message = PayloadMessage(timestamp=now_ms)
        if not self._layout.instance_of:
            for entry in batch:
                self._put_single(message, entry)
            return message
        for instance, entries in self._runs(batch):
            if instance is None:
                self._put_single(message, entries[0])
            else:
                self._put_members(message, instance, entries)
        return message

    def _runs(self, batch: list[Entry]) -> list[tuple[Instance | None, list[Entry]]]:
        """Return a batch with members of one instance together, as long as no member comes twice."""
        runs: list[tuple[Instance | None, list[Entry]]] = []
        open_runs: dict[tuple[str, bool], tuple[set[int], list[Entry]]] = {}
        for entry in batch:
            instance = self._layout.instance_of.get(entry.tag)
            if instance is None:
                runs.append((None, [entry]))
                continue
            key = (instance.name, entry.historical)
            members, entries = open_runs.get(key, (set(), []))
            if not entries or entry.tag in members:
                members, entries = open_runs[key] = (set(), [])
                runs.append((instance, entries))
            members.add(entry.tag)
            entries.append(entry)
        runs.sort(key=lambda run: run[1][-1].source_ns)
        return runs

    def _put_single(self, message: Any, entry: Entry) -> Any:
        layout, tag = self._layout, entry.tag
        if layout.with_aliases:
            metric = message.metrics.add(alias=tag + 1, timestamp=entry.source_ns // 1_000_000)
        else:
            metric = message.metrics.add(name=layout.names[tag], timestamp=entry.source_ns // 1_000_000)
        if entry.historical:
            metric.is_historical = True
        put_sample(metric, layout.datatypes[tag], entry.value, entry.quality, tell=entry.tell)
        return metric

    def _put_members(self, message: Any, instance: Instance, entries: list[Entry]) -> list[Any]:
        layout = self._layout
        metric = message.metrics.add(timestamp=entries[-1].source_ns // 1_000_000)
        if layout.with_aliases:
            metric.alias = instance.alias
        else:
            metric.name = instance.name
        if entries[0].historical:
            metric.is_historical = True
        template = metric.template_value
        template.is_definition, template.template_ref = False, instance.definition.name
        members = []
        for entry in entries:
            member = template.metrics.add(
                name=layout.names[entry.tag], timestamp=entry.source_ns // 1_000_000
            )
            put_sample(member, layout.datatypes[entry.tag], entry.value, entry.quality, tell=entry.tell)
            members.append(member)
        return members


def _samples(points: Points) -> Iterator[tuple[int, Value, int, int, int]]:
    """Yield each point's tag, value (None where there is none), source time, quality and ordinal."""
    values: list[Value] = points.value.tolist()
    for row in np.flatnonzero(np.isnan(points.value)).tolist():
        values[row] = None
    yield from zip(
        points.tag.tolist(),
        values,
        points.source_ns.tolist(),
        points.quality.tolist(),
        points.ordinal.tolist(),
        strict=True,
    )
    for text in points.texts:
        yield text.tag, text.value, text.source_ns, text.quality, text.ordinal
