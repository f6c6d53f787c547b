"""How long values take from their source to the screens, by device."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from config.site import Site
from gateway.stream.records import Points

_KEPT: Final = 240
"""Messages that a device's figures are taken over."""
_NO_DEVICE: Final = -1


class Latency(NamedTuple):
    """Of the newest value in each of the latest messages, in seconds; with the clocks' offset in it."""

    median_s: float
    worst_s: float


class Latencies:
    """Looks at every message; the newest value of a device in it has not waited for others."""

    def __init__(self, site: Site, numbers: Mapping[str, int]) -> None:
        """Take the devices.

        Args:
            site: says which device a tag is read from.
            numbers: of tags in messages; it grows as tags arrive.
        """
        self._site, self._numbers = site, numbers
        self._devices: Sequence[str] = list(site.devices)
        self._device_of = np.empty(0, np.int32)
        self._found: list[deque[float]] = [deque(maxlen=_KEPT) for _ in self._devices]

    def take(self, points: Points) -> None:
        """Take a message's points, as they arrive."""
        now_ns = time.time_ns()
        if len(self._numbers) != len(self._device_of):
            self._device_of = np.array([self._number_of(name) for name in self._numbers], np.int32)
        device = self._device_of[points.tag]
        for number in np.unique(device[device != _NO_DEVICE]).tolist():
            newest_ns = int(points.source_ns[device == number].max())
            self._found[number].append((now_ns - newest_ns) / 1e9)

    def of(self, device: str) -> Latency | None:
        """Return a device's figures; None before its first message."""
        found = self._found[self._devices.index(device)]
        return Latency(float(np.median(found)), max(found)) if found else None

    def _number_of(self, name: str) -> int:
        tag = self._site.tags.get(name)
        return _NO_DEVICE if tag is None or tag.device is None else self._devices.index(tag.device)
