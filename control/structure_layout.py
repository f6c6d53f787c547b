"""Rows of the control structures: links, nodes and remote set-points, with the meaning of each field."""

from __future__ import annotations

from typing import Final

import numpy as np

LINK = np.dtype(
    [
        ("value", "f8"),  # sent last, or what the destination has while it takes nothing
        ("actual", "f8"),  # what the destination really has
        ("start", "f8"),  # a branch of a split: the split's value where it begins to move
        ("stop", "f8"),
        ("at_start", "f8"),  # what it gives there
        ("at_stop", "f8"),
        ("offset", "f8"),  # fading: where it was beside its line when it was taken again
        ("tolerance", "f8"),  # of the read-back
        ("blocked", "i8"),  # 1: the destination does not take the value
        ("ready", "i8"),  # READY, NOT_READY or WITHDRAWN: may the destination's actuator be written?
        ("from_loop", "i8"),  # where it comes from: one of two, the other is -1
        ("from_node", "i8"),
        ("loop", "i8"),  # where it leads to: an inner loop, a node, or an actuator
        ("node", "i8"),
        ("slot", "i8"),  # of the actuator; NOT_A_SLOT when it must not be written
        ("tag", "i8"),  # of the actuator
        ("readback", "i8"),  # tag, or -1
    ]
)
"""A way of a value from a loop or node to an actuator, an inner loop or another node.

In the order of their sources' execution: backwards, every destination comes before what leads to it.
"""
NOT_READY: Final = 0
READY: Final = 1
WITHDRAWN: Final = -1

NODE = np.dtype(
    [
        ("value", "f8"),  # what comes in (split), or is let through (selector)
        ("actual", "f8"),  # what became of it, in the same unit
        ("low", "f8"),
        ("high", "f8"),
        ("balance_ns", "f8"),  # time constant with which offsets of branches fade
        ("kind", "i8"),  # NODE_*
        ("blocked", "i8"),  # 1: nothing that it leads to takes its value
        ("ready", "i8"),
        ("selected", "i8"),  # which input is let through, from 1; 0: none
        ("shown", "i8"),  # tag `.op`; a selector's `.selected` follows it
        ("first_input", "i8"),  # of the links that lead to it, in the list of inputs
        ("last_input", "i8"),
        ("first_link", "i8"),  # of the links that lead on
        ("last_link", "i8"),
    ]
)
"""A selector or a split, in the order of execution."""
NODE_LOW: Final = 0
NODE_HIGH: Final = 1
NODE_MEDIAN: Final = 2
NODE_SPLIT: Final = 3

REMOTE = np.dtype(
    [
        ("ratio", "f8"),
        ("bias", "f8"),
        ("loop", "i8"),
        ("tag", "i8"),
        ("back_calculates", "i8"),  # 1: the ratio becomes what leaves the set-point where it is
        ("joins", "i8"),  # 1: the mode has just begun, or the source was bad
        ("bad_since_ns", "i8"),  # monotonic; 0: the source is usable
        ("shown", "i8"),  # tag `.ratio`, or -1
    ]
)
"""A set-point that a tag gives: ratio * tag + bias."""
