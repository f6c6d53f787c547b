"""The last minutes of the tags that the screens draw small: one memory for all browsers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.historian.api import StoreError
from gateway.historian.buckets import Buckets
from gateway.hmi.stored import Stored

SAMPLES: Final = 120
PERIOD_S: Final = 2.5
"""Between samples; together they are five minutes."""


class Recent:
    """Rings of samples; a tag is followed from the first time that somebody asks for it.

    What was before that is read from the store once. Any tag may be followed: the memory is bounded by the
    number of tags.
    """

    def __init__(self, stored: Stored, number_of: Callable[[str], float | None]) -> None:
        """Prepare; `run` samples.

        Args:
            stored: history, for what was before.
            number_of: returns the good number that a tag has now; None when there is none.
        """
        self._stored, self._number_of = stored, number_of
        self._rows: dict[str, int] = {}
        self._new: list[str] = []
        self._samples = np.full((0, SAMPLES), np.nan)
        self.version = 0
        """Counts the samples."""

    def line(self, name: str) -> npt.NDArray[np.float64]:
        """Return a tag's samples, the oldest first; NaN where nothing good was known."""
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = len(self._rows)
            self._samples = np.vstack([self._samples, np.full((1, SAMPLES), np.nan)])
            self._new.append(name)
        samples: npt.NDArray[np.float64] = self._samples[row]
        return samples

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            self.sample()
            if self._new:
                await self._read_store()
            await asyncio.sleep(PERIOD_S)

    def sample(self) -> None:
        """Take the present numbers of all followed tags."""
        samples = np.roll(self._samples, -1, axis=1)
        for name, row in self._rows.items():
            number = self._number_of(name)
            samples[row, -1] = np.nan if number is None else number
        self._samples = samples
        self.version += 1

    async def _read_store(self) -> None:
        """Fill in what was before; what was sampled meanwhile stays."""
        names, self._new = self._new, []
        to_ns = time.time_ns()
        from_ns = to_ns - int(SAMPLES * PERIOD_S * 1e9)
        try:
            found = await self._stored.buckets(names, from_ns, to_ns, SAMPLES)
        except StoreError:
            return  # the line grows from now on
        for name, buckets in zip(names, found, strict=True):
            row = self._samples[self._rows[name]]
            before = held(buckets)
            # Between asking and answering samples went on; the newest of both are of the same time.
            row[:] = np.where(np.isnan(row), before[-SAMPLES:], row)
        self.version += 1


def held(buckets: Buckets) -> npt.NDArray[np.float64]:
    """Return the last value of each bucket; an empty one repeats the one before, which held."""
    filled = buckets.count > 0
    latest = np.maximum.accumulate(np.where(filled, np.arange(len(filled)), -1))
    values: npt.NDArray[np.float64] = np.where(latest >= 0, buckets.last[np.maximum(latest, 0)], np.nan)
    return values
