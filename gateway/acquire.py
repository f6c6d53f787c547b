"""From drivers to the engine: one session a device, whose columns go into the inbox as they are.

Everything here runs on the drivers' loop and nothing waits. A full inbox (the engine has stopped)
refuses the newest samples; they are counted per device, and the next sample of each of those tags
carries the reason OVERFLOW, so that the gap is seen downstream. Texts go beside the engine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.carry.roster import FOR_PEOPLE, REPORTING
from control.signal import BAD, OVERFLOW, SAMPLE, Columns, alive_tag
from drivers import registry
from drivers.api import Driver, TagRef
from drivers.notices import News
from drivers.session import Session
from drivers.states import StateChange
from gateway.numbering import Numbering
from gateway.texts import TextImage

_log = logging.getLogger(__name__)


def _life(device: int) -> npt.NDArray[Any]:
    rows = np.zeros(1, SAMPLE)
    rows["tag"] = alive_tag(device)
    return rows


def _lives(site: Site) -> dict[str, npt.NDArray[Any]]:
    """Return for each device the row that says it is alive."""
    return {name: _life(number) for number, name in enumerate(site.devices)}


def _as_driven(site: Site, device: str) -> dict[str, Any]:
    """Return the tags of a device without what leaves no trace in their state.

    A tag whose scaling, say, is another one begins anew in the engine: a subscription must begin anew
    with it, or a value that does not change would never come again.
    """
    return {
        name: tag.model_dump(mode="json", exclude=set(FOR_PEOPLE | REPORTING))
        for name, tag in site.tags_of_device(device).items()
    }


class Inbox(Protocol):
    """The engine's ring of samples."""

    def push(self, rows: npt.NDArray[Any]) -> int:
        """Add rows; return how many there was room for."""
        ...


Planned = tuple[Session, Numbering]
"""A session that does not run yet, and the numbers of its tags."""


class Acquisition:
    """The sessions of every device of a site, and the way of their samples into the engine."""

    def __init__(
        self,
        site: Site,
        inbox: Inbox,
        texts: TextImage,
        changed: Callable[[StateChange], None],
        announced: Callable[[str, News], None],
    ) -> None:
        """Plan every device; nothing is connected until the sessions' `run`.

        Args:
            site: the effective configuration.
            inbox: takes the samples.
            texts: takes the texts.
            changed: told of every device's change of state.
            announced: told what devices tell besides values.

        Raises:
            DriverError: a device names a driver that does not exist, or settings it does not take.
        """
        self._site, self._inbox, self._texts = site, inbox, texts
        self._changed, self._announced = changed, announced
        self._lost_before = np.zeros(len(site.tags), np.bool_)
        self.samples: dict[str, int] = dict.fromkeys(site.devices, 0)
        self.refused: dict[str, int] = dict.fromkeys(site.devices, 0)
        self._life = _lives(site)
        self.numbering: dict[str, Numbering] = {}
        self.sessions: dict[str, Session] = {}
        self._take({name: self._planned(site, name) for name in site.devices})

    def renewed(self, site: Site) -> dict[str, Planned]:
        """Return new sessions for the devices that another configuration defines otherwise, or adds.

        Nothing is connected, and what there is stays as it is.

        Raises:
            DriverError: a device names a driver that does not exist, or settings it does not take.
        """
        return {name: self._planned(site, name) for name in site.devices if not self._is_kept(site, name)}

    def change(
        self,
        site: Site,
        inbox: Inbox,
        texts: TextImage,
        renewed: Mapping[str, Planned],
        places: npt.NDArray[np.int32],
    ) -> list[str]:
        """Go on under another configuration; return the devices whose sessions are over.

        Args:
            site: the other configuration.
            inbox: takes the samples from now on.
            texts: takes the texts from now on.
            renewed: from `renewed`.
            places: where each tag of the present configuration is in the other.
        """
        over = [name for name in self.sessions if name in renewed or name not in site.devices]
        for name in over:
            del self.sessions[name]
            self.numbering.pop(name).over = True
        for numbering in self.numbering.values():
            numbering.renumber(places)
        self._take(renewed)
        self.samples = {name: self.samples.get(name, 0) for name in site.devices}
        self.refused = {name: self.refused.get(name, 0) for name in site.devices}
        self._lost_before = np.zeros(len(site.tags), np.bool_)
        self._site, self._inbox, self._texts, self._life = site, inbox, texts, _lives(site)
        return over

    def _is_kept(self, site: Site, name: str) -> bool:
        """Say whether a session can go on: the same device with the same tags, as far as it sees them."""
        before = self._site
        if name not in before.devices:
            return False
        # Compared as they are: written down, their secrets are masked.
        devices = (before.devices[name], site.devices[name])
        was, becomes = ({k: value for k, value in each if k not in FOR_PEOPLE} for each in devices)
        return was == becomes and _as_driven(before, name) == _as_driven(site, name)

    def _take(self, planned: Mapping[str, Planned]) -> None:
        for name, (session, numbering) in planned.items():
            self.sessions[name], self.numbering[name] = session, numbering

    def _planned(self, site: Site, name: str) -> Planned:
        device, numbering = site.devices[name], Numbering()
        refs = [TagRef(site.tag_index[t], t, tag) for t, tag in site.tags_of_device(name).items()]
        driver = registry.create(name, device)
        deliver = self._door_of(name, driver, numbering)
        session = Session(
            name, device, driver, refs, deliver, changed=self._changed, announced=self._announced
        )
        return session, numbering

    def _door_of(self, device: str, driver: Driver, numbering: Numbering) -> Callable[[Columns], None]:
        """Return what takes a device's columns.

        A subscription is silent about what does not change, so whatever it says is a sign of life
        for all its tags, except when it says that the device is lost. Whether a driver subscribes is
        known once its session has planned the tags, which is after this.
        """

        def deliver(numbered: Columns) -> None:
            if numbering.over:
                return
            columns = numbering.columns(numbered)
            if driver.subscribes and not (len(columns) and (columns.quality >= BAD).all()):
                self._inbox.push(self._life[device])
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
