"""The vocabulary of the hot path: quality words and the rows that travel between its parts.

Quality is one 32-bit word laid out like an OPC UA status code: the two top bits are the severity,
the low ones say why. So `quality < UNCERTAIN` is good, `quality >= BAD` is bad, and a good value
can still carry a reason (FORCED, SIMULATED) that must follow it to the chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

GOOD: Final = 0x0000_0000
UNCERTAIN: Final = 0x4000_0000
BAD: Final = 0x8000_0000
SEVERITY: Final = 0xC000_0000
REASON_BITS: Final = 0x3FFF_FFFF

# Reasons: bits that may be combined.
COMM: Final = 0x0000_0001  # no communication with the device
STALE: Final = 0x0000_0002  # no new sample for longer than the tag allows
DEVICE: Final = 0x0000_0004  # the device reports its own failure
SENSOR: Final = 0x0000_0008  # the device reports a sensor's failure
CONFIG: Final = 0x0000_0010  # no such address or node, or of another type than configured
RANGE: Final = 0x0000_0020  # outside the engineering range
SUBSTITUTE: Final = 0x0000_0040  # a substitute or last usable value
SIMULATED: Final = 0x0000_0080  # simulated by the device or the gateway
FORCED: Final = 0x0000_0100  # forced by a person or an interlock
NOT_A_NUMBER: Final = 0x0000_0200  # the value is not finite
WAITING: Final = 0x0000_0400  # no value has arrived yet
OUT_OF_SERVICE: Final = 0x0000_0800  # taken out of service
INPUT: Final = 0x0000_1000  # computed from an input of that quality
CLAMPED: Final = 0x0000_2000  # clamped to the range
OVERFLOW: Final = 0x0000_4000  # samples before this one were refused or lost at the source
CLOCK: Final = 0x0000_8000  # the source's time is missing or implausible (arrival time is used), or doubtful
FROZEN: Final = 0x0002_0000  # the value has not changed at all for longer than the tag allows
HISTORY: Final = 0x0001_0000  # backfilled: reported, never taken into the image

REASONS: Final[dict[int, str]] = {
    COMM: "no communication",
    STALE: "stale",
    DEVICE: "device failure",
    SENSOR: "sensor failure",
    CONFIG: "configuration",
    RANGE: "out of range",
    SUBSTITUTE: "substitute value",
    SIMULATED: "simulated",
    FORCED: "forced",
    NOT_A_NUMBER: "not a number",
    WAITING: "waiting for first value",
    OUT_OF_SERVICE: "out of service",
    INPUT: "from a bad input",
    CLAMPED: "clamped",
    OVERFLOW: "samples lost before",
    CLOCK: "source clock",
    HISTORY: "backfilled",
    FROZEN: "frozen",
}


def describe_quality(quality: int) -> str:
    """Return a quality in words, as `bad: no communication, stale`."""
    word = "good" if quality < UNCERTAIN else "uncertain" if quality < BAD else "bad"
    reasons = [text for bit, text in REASONS.items() if quality & bit]
    return f"{word}: {', '.join(reasons)}" if reasons else word


SAMPLE = np.dtype(
    [
        ("value", "f8"),
        ("source_ns", "i8"),  # UTC, from the source
        ("tag", "i4"),  # index in the image
        ("quality", "u4"),
        ("status", "u4"),  # the protocol's own code (OPC UA's 32 bits, Modbus' exception)
        ("ordinal", "u4"),  # 0, or n for the n-th further sample of this tag and source time
    ]
)
"""A row of the inbox and of the reports, 32 bytes. In the inbox a negative tag is `alive_tag`."""


def alive_tag(device: int) -> int:
    """Return the tag of an inbox row that says: the site's device number `device` is alive.

    A subscription is silent while nothing changes; its keep-alive becomes this row, and the
    device's tags do not go stale (`stale_after` runs from the later of sample and keep-alive).
    """
    return -1 - device


COMMAND = np.dtype(
    [
        ("ticket", "i8"),  # comes back in the transition that answers the command
        ("value", "f8"),
        ("value2", "f8"),
        ("occurrence", "i8"),  # of the alarm, as it was seen; 0: none is meant
        ("kind", "i4"),
        ("index", "i4"),  # of the loop, alarm, interlock or tag
        ("parameter", "i4"),
        ("following", "i4"),  # rows after it that are the same act: all of them are carried out, or none
    ]
)

# Kinds of command.
SET_POINT: Final = 1  # value: set-point in PV units
SET_MODE: Final = 2  # value: MODE_*
SET_OUTPUT: Final = 3  # value: output of a loop in manual
SET_TUNING: Final = 4  # parameter: which; value
ACKNOWLEDGE: Final = 5  # occurrence: what was seen
RESET: Final = 6  # a latched alarm (index), interlock (parameter 1) or logic_signal.RESET_GROUP
ARM: Final = 7  # value: 1 arms the outputs, 0 disarms
WRITE_TAG: Final = 8  # value for a writable tag that no loop owns

START_RELAY: Final = 90  # value: step of the output, 0 for what is configured
STOP_RELAY: Final = 91

RUN_PROFILE: Final = 30  # index: of the profile; value: PROFILE_START, …

# Values of RUN_PROFILE.
PROFILE_START: Final = 1
PROFILE_HOLD: Final = 2
PROFILE_RESUME: Final = 3
PROFILE_ABORT: Final = 4

# Parameters of SET_TUNING. Times are plant seconds, as in the configuration.
TUNE_KP: Final = 1  # positive; the loop's action gives the sign
TUNE_TI: Final = 2
TUNE_TD: Final = 3
TUNE_N: Final = 4
TUNE_B: Final = 5
TUNE_C: Final = 6
TUNE_TT: Final = 7
TUNE_BIAS: Final = 8
TUNE_OUT_LOW: Final = 9
TUNE_OUT_HIGH: Final = 10
TUNE_OUT_RATE: Final = 11
TUNE_OUT_RATE_DOWN: Final = 12
TUNE_SP_LOW: Final = 13
TUNE_SP_HIGH: Final = 14
TUNE_SP_RATE: Final = 30
TUNE_SP_HOLD: Final = 31
TUNE_PV_FILTER: Final = 32
TUNE_GAP: Final = 33
TUNE_GAP_GAIN: Final = 34
TUNE_FEED_GAIN: Final = 35
TUNE_FEED_LEAD: Final = 36
TUNE_FEED_LAG: Final = 37
TUNE_RATIO: Final = 20  # of the remote set-point: PV unit per unit of its tag
TUNE_RATIO_BIAS: Final = 21  # PV unit

MODE_MANUAL: Final = 0
MODE_AUTO: Final = 1
MODE_CASCADE: Final = 2  # another loop gives the set-point
MODE_REMOTE: Final = 3  # a tag gives the set-point
MODE_OUT_OF_SERVICE: Final = 4  # nothing is controlled or written
MODE_TUNING: Final = 9  # only shown: the output follows a relay test
MODE_TRACKING: Final = 5  # only shown: the output follows what really holds, until the law can act

OUTPUT = np.dtype(
    [
        ("value", "f8"),
        ("scan", "i8"),  # number of the scan that decided it
        ("tag", "i4"),
        ("reason", "u4"),  # OUTPUT_*
    ]
)
OUTPUT_LOOP: Final = 0
OUTPUT_INTERLOCK: Final = 1
OUTPUT_SAFE: Final = 2
OUTPUT_WATCHDOG: Final = 3
OUTPUT_COMMAND: Final = 4  # a person wrote it: once
OUTPUT_RESUMED: Final = 5  # where an output without a loop goes back to: once, as soon as the device takes it

TRANSITION = np.dtype(
    [
        ("utc_ns", "i8"),  # when the transition happened
        ("onset_ns", "i8"),  # when the condition was first violated (alarms)
        ("occurrence", "i8"),  # alarms: unique for each activation; else bits of conditions
        ("ticket", "i8"),  # the command that caused it, or 0
        ("value", "f8"),
        ("limit", "f8"),  # of an alarm; the set-point before, for KIND_SET_POINT
        ("annunciated_ns", "i8"),  # alarms: when the occurrence was annunciated; 0: it was not
        ("until_ns", "i8"),  # alarms: UTC until which it is shelved; 0: it is not
        ("kind", "i4"),  # KIND_*
        ("index", "i4"),  # of the alarm, interlock or loop
        ("before", "i4"),  # flags of an alarm
        ("after", "i4"),
        ("count", "i4"),  # transitions that this row stands for (coalesced while the ring was full)
        ("cause", "i4"),  # REFUSED_* for KIND_REFUSED, the trigger of an alarm's last transition
        ("order", "i4"),  # of an alarm in its first-out group; 0: none
        ("spare", "i4"),
    ]
)
KIND_ALARM: Final = 1
KIND_INTERLOCK: Final = 2
KIND_MODE: Final = 3
KIND_SET_POINT: Final = 4
KIND_DONE: Final = 5  # a command that leaves no other transition has been carried out
KIND_REFUSED: Final = 6
KIND_ARMED: Final = 7
KIND_PROFILE: Final = 31  # value: the set-point; occurrence: the segment; cause: PROFILE_BY_*
KIND_TUNED: Final = 30  # index: of the loop; before: the parameter; limit: its value before
KIND_RELAY: Final = 90  # before, after: RELAY_*; value: step of the output; limit: its centre; cause: ABORT_*

REFUSED_OCCURRENCE: Final = 1  # the alarm's present occurrence is another one
REFUSED_STATE: Final = 2  # nothing to acknowledge or reset in the present state
REFUSED_MODE: Final = 3  # the loop's mode does not allow it
REFUSED_RANGE: Final = 4  # outside the limits
REFUSED_INTERLOCK: Final = 5  # an interlock forces this output
REFUSED_OWNED: Final = 6  # a loop owns this tag
REFUSED_DISARMED: Final = 7  # the outputs are not armed
REFUSED_NO_SOURCE: Final = 20  # nothing gives the loop such a set-point, or what gives it is bad
REFUSED_TRACKING: Final = 21  # what the output leads to does not take it
REFUSED_DEVIATION: Final = 90  # the PV is too far from the set-point for a relay test
REFUSED_PROFILE: Final = 30  # a set-point profile moves this set-point
REFUSED_TESTED: Final = 91  # a relay test runs on the loop, or its output still goes back
REFUSED_INVALID: Final = 8  # no such object or parameter, or a value that is no number

STATISTICS = np.dtype(
    [
        ("scan", "i8"),
        ("monotonic_ns", "i8"),
        ("utc_ns", "i8"),
        ("lateness_ns", "i8"),
        ("duration_ns", "i8"),
        ("inbox_index", "i8"),  # rows of the inbox consumed up to and with this scan
        ("command_index", "i8"),
        ("overruns", "i8"),  # periods missed since the start
        ("reports_refused", "i8"),  # reports refused since the start because the ring was full
    ]
)


@dataclass(frozen=True, slots=True)
class Text:
    """A sample that is not a double: a string, or an integer beyond 2^53."""

    tag: int
    value: str | int | None
    source_ns: int
    quality: int
    status: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Many samples as arrays of equal length. Only these travel from a driver to the engine."""

    tag: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    """NaN where there is no value (bad quality)."""
    quality: npt.NDArray[np.uint32]
    source_ns: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint32]
    texts: tuple[Text, ...] = ()
    """Samples of text tags that came with these."""

    def __len__(self) -> int:
        """Return the number of numeric samples."""
        return len(self.tag)

    @classmethod
    def empty(cls, texts: tuple[Text, ...] = ()) -> Self:
        """Return columns without numeric samples."""
        return cls.filled(np.empty(0, np.int32), quality=GOOD, source_ns=0, texts=texts)

    @classmethod
    def filled(
        cls,
        tag: npt.NDArray[np.int32],
        *,
        quality: int,
        source_ns: int,
        value: float = float("nan"),
        status: int = 0,
        texts: tuple[Text, ...] = (),
    ) -> Self:
        """Return one sample for each of the tags, all alike: a lost device marks its tags so."""
        n = len(tag)
        return cls(
            tag=tag,
            value=np.full(n, value, np.float64),
            quality=np.full(n, quality, np.uint32),
            source_ns=np.full(n, source_ns, np.int64),
            status=np.full(n, status, np.uint32),
            texts=texts,
        )

    def rows(self) -> npt.NDArray[Any]:
        """Return the numeric samples as rows of SAMPLE."""
        rows = np.zeros(len(self.tag), SAMPLE)
        rows["tag"], rows["value"], rows["quality"] = self.tag, self.value, self.quality
        rows["source_ns"], rows["status"] = self.source_ns, self.status
        return rows
