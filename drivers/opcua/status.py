"""What an OPC UA status code says about a sample: the one table from status code to quality.

The severity is always the code's own (its two top bits). The table adds the reasons, by the
code's upper half; the lower half (limits, overflow) is read bit by bit. The code itself
travels beside the quality, all 32 bits of it.
"""

from __future__ import annotations

import functools
import sys
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from asyncua.ua.status_codes import get_name_and_doc

from control import signal as s

INFO_IS_OF_VALUE: Final = 0x0000_0400  # InfoType DataValue: the bits below mean something
INFO_OVERFLOW: Final = 0x0000_0080
INFO_LIMITED: Final = 0x0000_0300  # low, high, or (both) constant
SEMANTICS_CHANGED: Final = 0x0000_4000  # of unit or range: the number means something else now
STRUCTURE_CHANGED: Final = 0x0000_8000

BAD_TYPE_MISMATCH: Final = 0x8074_0000
BAD_NOT_READABLE: Final = 0x803A_0000
BAD_NOT_WRITABLE: Final = 0x803B_0000
BAD_NODE_ID_INVALID: Final = 0x8033_0000
BAD_NODE_ID_UNKNOWN: Final = 0x8034_0000
BAD_OBJECT_DELETED: Final = 0x803F_0000
BAD_BROWSE_NAME_INVALID: Final = 0x8060_0000
BAD_NO_MATCH: Final = 0x806F_0000
BAD_OUT_OF_RANGE: Final = 0x803C_0000
GOOD_CLAMPED: Final = 0x0030_0000


class Meaning(NamedTuple):
    """A row of the table."""

    code: int
    reasons: int
    what: str


TABLE: Final = (
    Meaning(0x0096_0000, s.FORCED, "GoodLocalOverride: a person has overridden the input"),
    Meaning(0x00EB_0000, s.SENSOR, "GoodSubNormal: fewer sources than usual"),
    Meaning(0x0407_0000, s.DEVICE, "GoodFaultStateActive: the actuator is in its fault state"),
    Meaning(0x4000_0000, s.DEVICE, "Uncertain, without a reason"),
    Meaning(0x408F_0000, s.COMM | s.STALE | s.SUBSTITUTE, "UncertainNoCommunicationLastUsableValue"),
    Meaning(0x4090_0000, s.STALE | s.SUBSTITUTE, "UncertainLastUsableValue"),
    Meaning(0x4091_0000, s.SUBSTITUTE, "UncertainSubstituteValue"),
    Meaning(0x4092_0000, s.SUBSTITUTE, "UncertainInitialValue"),
    Meaning(0x4093_0000, s.SENSOR, "UncertainSensorNotAccurate"),
    Meaning(0x4094_0000, s.RANGE, "UncertainEngineeringUnitsExceeded"),
    Meaning(0x4095_0000, s.SENSOR, "UncertainSubNormal: fewer sources than required"),
    Meaning(0x40A4_0000, s.SENSOR, "UncertainDataSubNormal"),
    Meaning(0x40DE_0000, s.DEVICE, "UncertainDominantValueChanged"),
    Meaning(0x40E2_0000, s.DEVICE, "UncertainDependentValueChanged"),
    Meaning(0x40F2_0000, s.RANGE, "UncertainOverRange"),
    Meaning(0x40F3_0000, s.RANGE, "UncertainUnderRange"),
    Meaning(0x4208_0000, s.FORCED, "UncertainTransducerInManual"),
    Meaning(0x4209_0000, s.SIMULATED, "UncertainSimulatedValue"),
    Meaning(0x420A_0000, s.SENSOR, "UncertainSensorCalibration"),
    Meaning(0x420F_0000, s.CONFIG, "UncertainConfigurationError"),
    Meaning(0x8005_0000, s.COMM, "BadCommunicationError"),
    Meaning(0x800A_0000, s.COMM, "BadTimeout"),
    Meaning(0x800C_0000, s.COMM, "BadShutdown"),
    Meaning(0x800D_0000, s.COMM, "BadServerNotConnected"),
    Meaning(0x800E_0000, s.COMM, "BadServerHalted"),
    Meaning(0x801F_0000, s.CONFIG, "BadUserAccessDenied"),
    Meaning(0x8031_0000, s.COMM, "BadNoCommunication"),
    Meaning(0x8032_0000, s.WAITING, "BadWaitingForInitialData"),
    Meaning(0x8033_0000, s.CONFIG, "BadNodeIdInvalid"),
    Meaning(0x8034_0000, s.CONFIG, "BadNodeIdUnknown"),
    Meaning(0x8035_0000, s.CONFIG, "BadAttributeIdInvalid"),
    Meaning(0x8036_0000, s.CONFIG, "BadIndexRangeInvalid"),
    Meaning(0x8037_0000, s.CONFIG, "BadIndexRangeNoData"),
    Meaning(0x803A_0000, s.CONFIG, "BadNotReadable"),
    Meaning(0x803C_0000, s.RANGE, "BadOutOfRange"),
    Meaning(0x803D_0000, s.CONFIG, "BadNotSupported"),
    Meaning(0x803E_0000, s.CONFIG, "BadNotFound"),
    Meaning(0x803F_0000, s.CONFIG, "BadObjectDeleted"),
    Meaning(0x8060_0000, s.CONFIG, "BadBrowseNameInvalid: the node is called something else"),
    Meaning(0x806F_0000, s.CONFIG, "BadNoMatch: the browse path leads nowhere"),
    Meaning(0x8074_0000, s.CONFIG, "BadTypeMismatch: the node's type does not fit the tag"),
    Meaning(0x8089_0000, s.CONFIG, "BadConfigurationError"),
    Meaning(0x808A_0000, s.COMM, "BadNotConnected"),
    Meaning(0x808B_0000, s.DEVICE, "BadDeviceFailure"),
    Meaning(0x808C_0000, s.SENSOR, "BadSensorFailure"),
    Meaning(0x808D_0000, s.OUT_OF_SERVICE, "BadOutOfService"),
    Meaning(0x809B_0000, s.WAITING, "BadNoData"),
    Meaning(0x809D_0000, s.OVERFLOW, "BadDataLost"),
    Meaning(0x80DB_0000, s.CONFIG, "BadTooManyMonitoredItems"),
)
"""Codes with reasons of their own, in rising order. Any other bad code is reason DEVICE."""

CODES: Final[npt.NDArray[np.uint32]] = np.array([row.code for row in TABLE], np.uint32)
REASONS: Final[npt.NDArray[np.uint32]] = np.array([row.reasons for row in TABLE], np.uint32)


@functools.cache
def quality_of(status: int) -> int:
    """Return the quality that a status code stands for."""
    quality = status & s.SEVERITY
    if quality == s.SEVERITY:  # reserved by the specification: nobody knows, so it is bad
        quality = s.BAD
    at = int(np.searchsorted(CODES, status & 0xFFFF_0000))
    if at < len(CODES) and CODES[at] == status & 0xFFFF_0000:
        quality |= int(REASONS[at])
    elif quality == s.BAD:
        quality |= s.DEVICE
    if status & (SEMANTICS_CHANGED | STRUCTURE_CHANGED):
        quality |= s.CONFIG | (s.UNCERTAIN if quality < s.UNCERTAIN else 0)
    if status & INFO_IS_OF_VALUE:
        quality |= s.OVERFLOW if status & INFO_OVERFLOW else 0
        quality |= s.CLAMPED if status & INFO_LIMITED in (0x100, 0x200) else 0
    return quality


def name_of(status: int) -> str:
    """Return a status code as people read it: `BadNodeIdUnknown (0x80340000)`."""
    name, _ = get_name_and_doc(status & 0xFFFF_0000)
    return f"{name} (0x{status:08X})"


def documentation() -> str:
    """Return the reference page of the table, in Markdown."""
    lines = [_HEAD, "| status | code | severity | reasons |", "|---|---|---|---|"]
    for row in TABLE:
        severity, _, reasons = s.describe_quality(quality_of(row.code)).partition(": ")
        lines.append(f"| {row.what} | `0x{row.code:08X}` | {severity} | {reasons} |")
    return "\n".join(lines) + "\n"


_HEAD: Final = """# OPC UA status codes as quality

Made by `python -m drivers.opcua.status`; a test holds the two together.

The severity (good, uncertain, bad) is always the code's own, its two top bits; a code with both set is
bad. The table adds the reasons. A bad code that it does not name is `device failure`, any other code
that it does not name has no reason. The code itself is kept with every sample, all 32 bits of it
(`status`), so nothing is lost by the mapping. A value with a bad code never passes as current: it is
dropped.

Bits of the lower half:

| bits | meaning | effect |
|---|---|---|
| `0x0480` | the server's queue has overflown | `samples lost before` |
| `0x0500`, `0x0600` | the value is at its low or high limit | `clamped` |
| `0x4000` | semantics changed (unit, range) | at least uncertain, `configuration` |
| `0x8000` | structure changed | at least uncertain, `configuration` |

What the gateway adds by itself:

| situation | quality |
|---|---|
| no such node, no such namespace, not readable, wrong type, an array | bad: `configuration`, with the code |
| good status without a value | bad: `waiting for first value` |
| NaN or infinite | bad: `not a number` |
| no source time, or before 2001, or ahead by more than `clock_tolerance` | `source clock`; arrival time |
| source time ahead of the server's own by more than `clock_tolerance` | `source clock`; its time is kept |
| messages of the subscription were lost for good | `samples lost before`, once for each item |
"""


if __name__ == "__main__":
    sys.stdout.write(documentation())
