"""Acquisition: what devices say reaches the engine, and silence of a live subscription is no staleness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from config.load import load
from control.signal import BAD, GOOD, Columns, alive_tag
from gateway.acquire import Acquisition
from gateway.texts import TextImage

CMO = Path(__file__).parents[3] / "config" / "examples" / "cmo" / "plant.yaml"


class _Inbox:
    """Keeps the tags of the rows that it is given."""

    def __init__(self) -> None:
        self.tags: list[int] = []

    def push(self, rows: npt.NDArray[Any]) -> int:
        self.tags += rows["tag"].tolist()
        return len(rows)


def test_whatever_a_subscription_says_is_a_sign_of_life() -> None:
    """Whether a driver subscribes is known only once its tags are planned."""
    site = load(CMO, {}).site
    inbox = _Inbox()
    acquisition = Acquisition(site, inbox, TextImage(site), changed=lambda _: None, announced=lambda *_: None)
    tag = site.tag_index["br1/temp.pv"]
    one = np.array([tag], np.int32)
    say = acquisition.sessions["br1"]._deliver
    say(Columns.empty())
    assert inbox.tags == [alive_tag(0)]
    say(Columns.filled(one, quality=GOOD, source_ns=1, value=37.0))
    assert inbox.tags[1:] == [alive_tag(0), tag]
    say(Columns.filled(one, quality=BAD, source_ns=2))
    assert inbox.tags[3:] == [tag]


def test_a_polled_device_lives_by_its_samples_alone() -> None:
    site = load(CMO, {}).site
    inbox = _Inbox()
    acquisition = Acquisition(site, inbox, TextImage(site), changed=lambda _: None, announced=lambda *_: None)
    tag = site.tag_index["fill/speed.pv"]
    acquisition.sessions["fill"]._deliver(
        Columns.filled(np.array([tag], np.int32), quality=GOOD, source_ns=1)
    )
    assert inbox.tags == [tag]
