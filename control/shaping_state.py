"""What stands before the laws of the loops: arrays, allocated once, by loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from control.rings import Rows

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.uint32]


class Shaping(NamedTuple):
    """What may stand before the law of a loop, in columns by loop. Neutral values switch it off."""

    sp_hold: Reals
    """The set-point's ramp waits while PV and set-point are further apart; inf: it never does."""
    filter_s: Reals
    """Time constant of the PV filter; 0: none."""
    filtered: Reals
    """State of the PV filter; NaN before the first usable PV."""
    gap: Reals
    """Half the width of the gap around the set-point; 0: none."""
    gap_gain: Reals
    """Share of the deviation that acts within the gap."""
    bias: Reals
    """Bias as configured or tuned, without the feed-forward."""
    gain: Reals
    """Of the feed-forward, output unit per unit of the disturbance; 0: none."""
    lead: Reals
    """Its lead as a share of its lag, 0 without a lag."""
    lag_s: Reals
    lagged: Reals
    """State of the feed-forward's lag; NaN: it begins anew, without a bump."""
    feed: Reals
    """The feed-forward as it acts now."""
    disturbance: Indices
    """Its tag."""
    over: Indices
    """Tag of its gain schedule."""
    over_step: Reals
    """Movement of that tag that asks for another look at the table; inf: there is no schedule."""
    looked_up: Reals
    """Value of that tag when the table was last looked up; inf: never."""
    points: Rows
    """GAIN_POINT rows, each schedule's side by side and ascending."""
