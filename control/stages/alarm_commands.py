"""Commands on alarms: acknowledge, reset, shelve, take out of service.

A command carries the occurrence that was seen. Acknowledging and resetting need it; for the others
it counts where one is given: nobody answers for what he has not seen.
"""

from __future__ import annotations

from control.alarm_signal import (
    REFUSED_IN_SERVICE,
    REFUSED_NOT_SHELVED,
    REFUSED_OUT_OF_SERVICE,
    REFUSED_SHELF_TIME,
    REFUSED_SHELVED,
    REFUSED_SILENT,
    REMOVE_FROM_SERVICE,
    RESET_FIRST_OUT,
    RETURN_TO_SERVICE,
    SET_LIMIT,
    SHELVE,
    UNSHELVE,
)
from control.alarm_states import ACTIVE, OUT_OF_SERVICE, SHELVED, SILENT, Trigger
from control.image import Image
from control.kernels.jit import inlined, part
from control.rings import RingArrays, Row
from control.signal import (
    ACKNOWLEDGE,
    REFUSED_INVALID,
    REFUSED_OCCURRENCE,
    REFUSED_RANGE,
    REFUSED_STATE,
    RESET,
)
from control.stages.alarm_first_out import reset_group
from control.stages.alarms import announce_pending, apply
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, done
from control.state import Alarms

_ACKNOWLEDGE = int(Trigger.ACKNOWLEDGE)
_RESET = int(Trigger.RESET)
_SHELVE = int(Trigger.SHELVE)
_UNSHELVE = int(Trigger.UNSHELVE)
_REMOVE = int(Trigger.REMOVE)
_RETURN = int(Trigger.RETURN)
_UNKNOWN = -1


@inlined
def is_on_alarms(kind: int) -> bool:
    """Say whether a kind of command is carried out here."""
    return kind == ACKNOWLEDGE or kind == RESET or SHELVE <= kind <= SET_LIMIT  # noqa: PLR1714  # compiled


@part
def carry_out_on_alarms(
    alarms: Alarms,
    image: Image,
    transitions: RingArrays,
    counters: Counters,
    command: Row,
    now_ns: int,
    utc_ns: int,
) -> int:
    """Carry out a command on an alarm or a first-out group; or return why not."""
    if command["kind"] == RESET_FIRST_OUT:
        return reset_group(alarms, transitions, counters, command, utc_ns)
    i = int(command["index"])
    if not 0 <= i < len(alarms.row):
        return REFUSED_INVALID
    if command["kind"] == SET_LIMIT:
        return _set_limit(alarms, transitions, command, i, utc_ns)
    cause = _why_not(alarms.row[i], command)
    if cause != ANSWERED:
        return cause
    announce_pending(alarms, transitions, counters, i)
    value = image.value[alarms.tag[i]]
    trigger = _trigger_of(command["kind"])
    if not apply(alarms, counters, i, trigger, value, command["ticket"], now_ns, utc_ns):
        return REFUSED_STATE
    if trigger == _SHELVE:
        time_ns = int(command["value"] * 1e9)
        alarms.row[i]["shelved_until_ns"] = now_ns + time_ns
        alarms.row[i]["until_ns"] = utc_ns + time_ns
    announce_pending(alarms, transitions, counters, i)
    return ANSWERED


@part
def _set_limit(alarms: Alarms, transitions: RingArrays, command: Row, i: int, utc_ns: int) -> int:
    """Give an alarm another limit; its state follows at the next look, with its delays."""
    row, trip, clear = alarms.row[i], command["value"], command["value2"]
    if not clear <= trip:
        return REFUSED_RANGE
    row["trip"] = trip
    row["clear"] = clear
    row["limit"] = alarms.sign[i] * trip
    alarms.threshold[i] = clear if row["flags"] & ACTIVE != 0 else trip
    done(transitions, command["ticket"], i, row["limit"], utc_ns)
    return ANSWERED


@part
def _trigger_of(kind: int) -> int:
    if kind == ACKNOWLEDGE:
        return _ACKNOWLEDGE
    if kind == RESET:
        return _RESET
    if kind == SHELVE:
        return _SHELVE
    if kind == UNSHELVE:
        return _UNSHELVE
    return _REMOVE if kind == REMOVE_FROM_SERVICE else _RETURN


@part
def _why_not(row: Row, command: Row) -> int:
    """Return why the state of an alarm does not allow a command, or ANSWERED."""
    kind, flags, seen = command["kind"], row["flags"], command["occurrence"]
    if seen != row["occurrence"] and (seen != 0 or kind in (ACKNOWLEDGE, RESET)):
        return REFUSED_OCCURRENCE
    if kind in (ACKNOWLEDGE, RESET) and flags & SILENT != 0:
        return REFUSED_SILENT
    if kind == RESET and row["since_ns"] != 0:
        return REFUSED_STATE
    if kind == SHELVE and flags & SHELVED == 0:
        return ANSWERED if 0.0 < command["value"] * 1e9 <= row["shelve_ns"] else REFUSED_SHELF_TIME
    return _why_not_silent(kind, flags)


@part
def _why_not_silent(kind: int, flags: int) -> int:
    """Return why an alarm's silence cannot begin or end, or ANSWERED."""
    if kind == SHELVE:
        return REFUSED_SHELVED
    if kind == UNSHELVE and flags & SHELVED == 0:
        return REFUSED_NOT_SHELVED
    if kind == REMOVE_FROM_SERVICE and flags & OUT_OF_SERVICE != 0:
        return REFUSED_OUT_OF_SERVICE
    if kind == RETURN_TO_SERVICE and flags & OUT_OF_SERVICE == 0:
        return REFUSED_IN_SERVICE
    return ANSWERED
