"""An edge node as its births and data show it: aliases, datatypes, which device is alive. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.tags import TagKind
from control.signal import BAD, CLOCK, COMM, CONFIG, DEVICE, HISTORY, STALE, UNCERTAIN
from drivers.api import TagRef
from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.decode import decode
from drivers.sparkplug.payload import Metric, Payload, Template, Value
from drivers.sparkplug.sequence import Sequence as Numbers
from drivers.sparkplug.values import MalformedPayload

UNKNOWN_METRIC: Final = 1
"""Our status code for a metric that no birth has."""
UNSUITABLE: Final = 2
"""Our status code for a value that the tag's kind cannot show."""
_GOOD_FROM: Final = 192
_UNCERTAIN_FROM: Final = 64
_STALE: Final = 500
_EXACT: Final = 1 << 53


class Wants(enum.Enum):
    """What a message calls for."""

    NOTHING = "nothing"
    REBIRTH = "rebirth"
    END = "end"
    """The edge node is dead."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A tag's value as it arrived; None is no value."""

    tag: int
    value: float | int | str | None
    quality: int
    source_ns: int
    status: int = 0


Address = tuple[str, str]
"""Device (empty: the edge node) and metric."""


class EdgeNodeView:
    """What one edge node has said."""

    def __init__(self, refs: Mapping[int, TagRef], addresses: Mapping[int, Address]) -> None:
        """Take the tags, by index, and where they live."""
        self._refs = refs
        self._tags: dict[Address, list[int]] = {}
        for tag, address in addresses.items():
            self._tags.setdefault(address, []).append(tag)
        self.clear()

    def clear(self) -> None:
        """Forget everything: another connection begins."""
        self.numbers = Numbers()
        self.born = False
        self.unreadable = 0
        """Messages that were no payload."""
        self._bd_seq: int | None = None
        self._known: dict[str, dict[int | str, Datatype]] = {}
        self._names: dict[int, str] = {}

    def datatype(self, address: Address) -> Datatype | None:
        """Return what the birth says of a metric; None where it has none."""
        return self._known.get(address[0], {}).get(address[1])

    def alias(self, address: Address) -> int | None:
        """Return a metric's alias, if it has one."""
        known = self._known.get(address[0], {})
        for alias, name in self._names.items():
            if name == address[1] and alias in known:
                return alias
        return None

    def take(self, kind: str, device: str, data: bytes, now_ns: int) -> tuple[list[Sample], Wants]:
        """Take a message; return what it says of our tags, and what it calls for."""
        try:
            payload = decode(data, self._known.get(device))
        except MalformedPayload:
            self.unreadable += 1
            return [], Wants.REBIRTH
        if kind == "NDEATH":
            return self._died(payload, now_ns)
        if kind == "NBIRTH":
            self._begin(payload)
            return list(self._birth("", payload, now_ns)), Wants.NOTHING
        if not self.born:
            return [], Wants.REBIRTH
        samples: list[Sample] = []
        wants = Wants.NOTHING
        for late_kind, late_device, late in self.numbers.take(payload.seq, (kind, device, payload)):
            more, wanted = self._apply(late_kind, late_device, late, now_ns)
            samples += more
            wants = wants if wanted is Wants.NOTHING else wanted
        return samples, wants

    @property
    def complete(self) -> bool:
        """True when the node, and every device that has one of our tags, has been born."""
        return self.born and all(device in self._known for device, _ in self._tags)

    def absent(self, now_ns: int) -> list[Sample]:
        """Return samples for the tags of devices that have not been born."""
        return [
            Sample(tag, None, BAD | COMM, now_ns)
            for (device, _), tags in self._tags.items()
            if device not in self._known
            for tag in tags
        ]

    def _begin(self, payload: Payload) -> None:
        numbers = [metric.value for metric in payload.metrics if metric.name == "bdSeq"]
        self._bd_seq = numbers[0] if numbers and isinstance(numbers[0], int) else None
        self._known, self._names, self.born = {}, {}, True
        self.numbers.born(payload.seq)

    def _died(self, payload: Payload, now_ns: int) -> tuple[list[Sample], Wants]:
        numbers = [metric.value for metric in payload.metrics if metric.name == "bdSeq"]
        if not self.born or (self._bd_seq is not None and numbers and numbers[0] != self._bd_seq):
            return [], Wants.NOTHING  # of an earlier connection
        self.born = False
        return self._lost(None, now_ns), Wants.END

    def _apply(self, kind: str, device: str, payload: Payload, now_ns: int) -> tuple[list[Sample], Wants]:
        if kind == "DBIRTH":
            return list(self._birth(device, payload, now_ns)), Wants.NOTHING
        if kind == "DDEATH":
            self._known.pop(device, None)
            stamp_ns = now_ns if payload.timestamp is None else payload.timestamp * 1_000_000
            return self._lost(device, stamp_ns), Wants.NOTHING
        if device and device not in self._known:
            return [], Wants.REBIRTH
        return list(self._samples(device, payload.metrics, payload, now_ns)), Wants.NOTHING

    def _birth(self, device: str, payload: Payload, now_ns: int) -> Iterator[Sample]:
        known = self._known.setdefault(device, {})
        for name, metric in _flat("", payload.metrics):
            known[name] = metric.datatype
            known.setdefault(metric.name, metric.datatype)
            if metric.alias is not None:
                known[metric.alias], self._names[metric.alias] = metric.datatype, name
        yield from self._samples(device, payload.metrics, payload, now_ns)
        for (owner, name), tags in self._tags.items():
            if owner == device and name not in known:
                yield from (Sample(tag, None, BAD | CONFIG, now_ns, UNKNOWN_METRIC) for tag in tags)

    def _lost(self, device: str | None, stamp_ns: int) -> list[Sample]:
        return [
            Sample(tag, None, BAD | COMM, stamp_ns)
            for (owner, _), tags in self._tags.items()
            if device is None or owner == device
            for tag in tags
        ]

    def _samples(
        self, device: str, metrics: Sequence[Metric], payload: Payload, now_ns: int
    ) -> Iterator[Sample]:
        for metric in metrics:
            own = metric.name or (self._names.get(metric.alias, "") if metric.alias is not None else "")
            if isinstance(metric.value, Template):
                told = [(name, member) for name, member in _flat(f"{own}/", metric.value.metrics)]
            else:
                told = [(own, metric)]
            for name, one in told:
                for tag in self._tags.get((device, name), ()):
                    historical = metric.is_historical or one.is_historical
                    yield self._sample(tag, one, payload, now_ns, historical=historical)

    def _sample(self, tag: int, metric: Metric, payload: Payload, now_ns: int, *, historical: bool) -> Sample:
        stamp_ms = payload.timestamp if metric.timestamp is None else metric.timestamp
        quality, status = _quality(metric)
        value, suits = _shown(metric.value, text=self._refs[tag].tag.kind is TagKind.TEXT)
        if not suits or metric.fault:
            quality, status = BAD | CONFIG, UNSUITABLE
        elif value is None and quality < BAD:
            quality |= BAD | DEVICE
        if quality >= BAD:
            value = None
        if stamp_ms is None:
            quality |= CLOCK
        source_ns = now_ns if stamp_ms is None else stamp_ms * 1_000_000
        return Sample(tag, value, quality | (HISTORY if historical else 0), source_ns, status)


def _flat(prefix: str, metrics: Sequence[Metric]) -> Iterator[tuple[str, Metric]]:
    """Yield metrics with their names, members of templates as `instance/member`."""
    for metric in metrics:
        yield prefix + metric.name, metric
        if isinstance(metric.value, Template):
            yield from _flat(f"{prefix}{metric.name}/", metric.value.metrics)


def _quality(metric: Metric) -> tuple[int, int]:
    """Return a metric's quality and Sparkplug's own number of it, where that is not good."""
    told = metric.properties.get("Quality")
    code = None if told is None else told.value
    if not isinstance(code, int) or _GOOD_FROM <= code < _STALE:
        return 0, 0
    if code == _STALE:
        return BAD | STALE, code
    return (UNCERTAIN | DEVICE, code) if _UNCERTAIN_FROM <= code < _GOOD_FROM else (BAD | DEVICE, code)


def _shown(value: Value | None, *, text: bool) -> tuple[float | int | str | None, bool]:
    """Return a value as a tag shows it, and whether the tag can."""
    if value is None:
        return None, True
    if isinstance(value, str):
        return (value, True) if text else (None, False)
    if isinstance(value, bool):
        return float(value), not text
    if isinstance(value, int):
        return (value, True) if text or abs(value) > _EXACT else (float(value), True)
    if isinstance(value, float) and not text:
        return (value, True) if abs(value) != float("inf") and value == value else (None, True)  # noqa: PLR0124
    return None, False
