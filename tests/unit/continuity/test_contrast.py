"""What a replay under another configuration tells, of rows that were made up: no engine runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from config.site import Site
from control import signal as s
from control.rings import Rows
from gateway.continuity.contrast import contrast
from gateway.continuity.playback import Stretch
from gateway.continuity.recording import Kind
from tests.unit.control.plant import Tags, site

TAGS: Final[Tags] = {"pv": {}, "out": {"access": "write", "low": 0, "high": 100}}


def test_a_relay_test_that_only_one_side_had_is_told_without_its_result() -> None:
    """The result lay in the engine's state, and is gone with it."""
    made = site(TAGS, loops={"l": {"pv": "u/pv", "output": "u/out", "kp": 2, "ti": "2 s", "sp": 50}})
    rows = np.zeros(2, s.TRANSITION)
    rows["kind"], rows["utc_ns"], rows["after"] = s.KIND_RELAY, [10**18, 2 * 10**18], [1, 2]
    told = contrast([stretch(made, rows)])
    assert [event.split(" ", 1)[1] for event in told.events_only_then] == [
        "autotune name=u/l state=started",
        "autotune name=u/l state=finished",
    ]
    assert told.events_only_now == ()


def stretch(made: Site, recorded: Rows) -> Stretch:
    kinds = {Kind.OUTPUTS: s.OUTPUT, Kind.REPORTS: s.SAMPLE, Kind.TRANSITIONS: s.TRANSITION}
    nothing = {kind: np.zeros(0, dtype) for kind, dtype in kinds.items()}
    return Stretch(
        path=Path("1.recording"), before=made, after=made, scans=1,
        recorded=nothing | {Kind.TRANSITIONS: recorded}, replayed=nothing,
        same_build=True, state_agreed=None, last=True, ended="",
    )  # fmt: skip
