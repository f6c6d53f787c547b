"""The engine's whole state: arrays, allocated once, owned by the engine's thread.

`State` is all that a scan reads and writes. It holds nothing but arrays, so a scan is a pure
function of it and of two clocks, and saving, comparing or carrying it over is copying arrays.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from control.image import Image
from control.kernels.atomic import Words
from control.logic_state import Logic
from control.profile_state import Profiles
from control.program import Memory, Program
from control.rings import RingArrays, Rows
from control.shaping_state import Shaping

Reals = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.uint32]
"""Unsigned, so that compiled code need not ask whether an index counts from the end."""


class Rings(NamedTuple):
    """The engine's doors."""

    inbox: RingArrays
    commands: RingArrays
    outputs: RingArrays
    reports: RingArrays
    transitions: RingArrays
    statistics: RingArrays


class Tags(NamedTuple):
    """What the engine knows of each tag beside its latest sample."""

    definition: Rows
    """TAG rows."""
    reported: Rows
    """REPORTED rows."""
    deadline_ns: Words
    """Monotonic time, not later than the next at which the tag needs a look without a sample."""
    block_deadline_ns: Words
    """Not later than the earliest deadline in each block of tags."""
    alive_ns: Words
    """Monotonic time of the last sign of life of each device."""
    patience_ns: Words
    """Shortest `stale_after` of each device's tags."""


class Loops(NamedTuple):
    """Loops in the order of their execution, one column a quantity."""

    kp: Reals
    """Gain with the sign of the action: positive for reverse."""
    ki: Reals
    """kp / ti, 0 without integral action."""
    td: Reals
    n: Reals
    b: Reals
    c: Reals
    kt: Reals
    """1 / tt of the anti-windup, 0 without integral action."""
    leak: Reals
    """1 / tt, at which the offset of a bumpless transfer fades; 0 with integral action."""
    bias: Reals
    """What is added to the law: the bias and the feed-forward."""
    out_low: Reals
    out_high: Reals
    out_rate: Reals
    """Largest rise a second."""
    out_rate_down: Reals
    """Largest fall a second."""
    sp_rate: Reals
    y: Reals
    """PV as the law sees it: the last usable one, where asked for filtered and with its gap."""
    target: Reals
    """Set-point that was asked for."""
    sp: Reals
    """Set-point that acts, on its ramp towards the target."""
    integral: Reals
    derivative: Reals
    weighted: Reals
    """c * sp - y of the execution before."""
    output: Reals
    """After limits, rate and force."""
    goal: Reals
    """What the output follows when it does not follow the law; what the law wanted of it within its
    limits, before the rate, when it does."""
    applied: Reals
    """What really became of the output: behind a selector, an inner loop, a split, an actuator."""
    mode: Bytes
    track: Bytes
    """TRACK_*: what the output follows in this execution."""
    special: Bytes
    """1: something in the loop's row wants a look before the law may act."""
    pv: Indices
    """Tag of the PV."""
    shown: Indices
    """Tag `.sp` of the loop; `.op` and `.mode` follow it."""
    row: Rows
    """LOOP rows."""


class Structures(NamedTuple):
    """What lies between loops and actuators, and where set-points come from."""

    links: Rows
    """LINK rows."""
    nodes: Rows
    """NODE rows."""
    inputs: Indices
    """Links that lead to nodes, those of a node side by side."""
    remotes: Rows
    """REMOTE rows, in the order of their loops."""


class Performance(NamedTuple):
    """How well loops have done since the start, in their order; see `kernels.performance`.

    Seconds are the wall clock's, PV and output in their units. Outputs travel in every mode; errors
    count while the law acts.
    """

    band: Reals
    """Amplitude of an oscillation that matters, 1 % of the PV's range; inf without a range."""
    normal_mode: Bytes
    """Mode in which the loop is meant to be."""
    observed_s: Reals
    in_control_s: Reals
    """Time in which the law acted."""
    normal_s: Reals
    saturated_s: Reals
    """Time in which the law acted and the output was at a limit."""
    pv: Reals
    """Integral of the PV."""
    error: Reals
    """Integral of set-point - PV."""
    absolute_error: Reals
    square_error: Reals
    travel: Reals
    """Sum of the output's movements."""
    output_before: Reals
    lobe: Reals
    """Integral of the error since it last crossed zero."""
    crossings: Reals
    detections: Reals
    """Faded count of large lobes."""


class Alarms(NamedTuple):
    """Alarms in the order of the site: hot columns, and a row for when something happens."""

    tag: Indices
    sign: Reals
    """1 for high alarms, -1 for low ones: an alarm is a threshold on sign * value."""
    threshold: Reals
    """sign * value at or above it is the condition: the trip, or the clear while active."""
    hot: Bytes
    """0: not active, 1: active; with BUSY a timer runs or a transition waits."""
    row: Rows
    """ALARM rows."""
    derived: Rows
    """DERIVED rows."""
    watched: Indices
    """Tags whose quality alarms watch, a DERIVED row's side by side."""
    suppressions: Rows
    """SUPPRESSION rows."""
    suppressed: Indices
    """Alarms, a SUPPRESSION row's side by side."""
    phases: Words
    """Codes of phases, a SUPPRESSION row's side by side."""
    groups: Rows
    """FIRST_OUT rows."""
    members: Indices
    """Alarms, a FIRST_OUT row's side by side."""


class Overrides(NamedTuple):
    """What people force and simulate. Nothing of it is looked at while `counters.overrides` is 0."""

    rows: Rows
    """OVERRIDE rows."""
    place: npt.NDArray[np.int16]
    """By tag: its row, or NO_OVERRIDE."""


class Outputs(NamedTuple):
    """Writable tags, and the watchdogs."""

    slots: Rows
    """SLOT rows."""
    slot_of_tag: npt.NDArray[np.int32]
    """By tag; NOT_A_SLOT where the engine never writes."""
    watchdogs: Rows
    """WATCHDOG rows."""
    devices: Rows
    """DEVICE rows, in the order of the site."""


class Maps(NamedTuple):
    """From the site's order to the engine's."""

    loop_row: Indices


class State(NamedTuple):
    """Everything a scan reads and writes."""

    rings: Rings
    image: Image
    tags: Tags
    loops: Loops
    shaping: Shaping
    groups: Rows
    """GROUP rows, in the order of execution."""
    structures: Structures
    performance: Performance
    relays: Rows
    """RELAY rows: loops that may be tuned by a relay test."""
    alarms: Alarms
    program: Program
    """Calculations, and the conditions of interlocks after them."""
    memory: Memory
    logic: Logic
    profiles: Profiles
    outputs: Outputs
    overrides: Overrides
    maps: Maps
    counters: npt.NDArray[Any]
    """One COUNTERS row."""
