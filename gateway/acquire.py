"""From drivers to the engine: one session a device, whose columns go into the inbox as they are.

Everything here runs on the drivers' loop and nothing waits. A full inbox (the engine has stopped)
refuses the newest samples; they are counted per device, and the next sample of each of those tags
carries the reason OVERFLOW, so that the gap is seen downstream. Texts go beside the engine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import BAD, OVERFLOW, SAMPLE, Columns, alive_tag
from drivers import registry
from drivers.api import Driver, TagRef
from drivers.session import Session
from drivers.states import StateChange
from gateway.texts import TextImage

_log = logging.getLogger(__name__)


def _life(device: int) -> npt.NDArray[Any]:
    rows = np.zeros(1, SAMPLE)
    rows["tag"] = alive_tag(device)
    return rows


class Inbox(Protocol):
    """The engine's ring of samples."""

    def push(self, rows: npt.NDArray[Any]) -> int:
        """Add rows; return how many there was room for."""
        ...


class Acquisition:
    """The sessions of every device of a site, and the way of their samples into the engine."""

    def __init__(
        self, site: Site, inbox: Inbox, texts: TextImage, changed: Callable[[StateChange], None]
    ) -> None:
        """Plan every device; nothing is connected until the sessions' `run`.

        Raises:
            DriverError: a device names a driver that does not exist, or settings it does not take.
        """
        self._inbox, self._texts = inbox, texts
        self._lost_before = np.zeros(len(site.tags), np.bool_)
        self.samples: dict[str, int] = dict.fromkeys(site.devices, 0)
        self.refused: dict[str, int] = dict.fromkeys(site.devices, 0)
        self.sessions: dict[str, Session] = {}
        for number, (name, device) in enumerate(site.devices.items()):
            refs = [TagRef(site.tag_index[t], t, tag) for t, tag in site.tags_of_device(name).items()]
            driver = registry.create(name, device)
            deliver = self._door_of(name, driver, _life(number))
            self.sessions[name] = Session(name, device, driver, refs, deliver, changed=changed)

    def _door_of(self, device: str, driver: Driver, life: npt.NDArray[Any]) -> Callable[[Columns], None]:
        """Return what takes a device's columns; `life` is the row that says it is alive.

        A subscription is silent about what does not change, so whatever it says is a sign of life
        for all its tags, except when it says that the device is lost. Whether a driver subscribes is
        known once its session has planned the tags, which is after this.
        """

        def deliver(columns: Columns) -> None:
            if driver.subscribes and not (len(columns) and (columns.quality >= BAD).all()):
                self._inbox.push(life)
                self._texts.device_is_alive(device)
            self.samples[device] += len(columns) + len(columns.texts)
            if len(columns):
                self._push(device, columns)
            for text in columns.texts:
                self._texts.take(text)

        return deliver

    def _push(self, device: str, columns: Columns) -> None:
        rows = columns.rows()
        marked = self._lost_before[rows["tag"]]
        if marked.any():
            rows["quality"][marked] |= np.uint32(OVERFLOW)
        accepted = self._inbox.push(rows)
        self._lost_before[rows["tag"][:accepted]] = False
        if accepted < len(rows):
            if not self.refused[device]:
                _log.error("inbox full: samples of %s are refused, the engine does not take them", device)
            self.refused[device] += len(rows) - accepted
            self._lost_before[rows["tag"][accepted:]] = True
