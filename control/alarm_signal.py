"""The vocabulary of alarms on the engine's rings: their commands, transitions and refusals.

The numbers go on from those of `control.signal`.
"""

from __future__ import annotations

from typing import Final

# Kinds of command. Those on an alarm carry the occurrence that was seen; 0 stands for none, where a
# command does not need one.
SHELVE: Final = 40  # value: seconds
UNSHELVE: Final = 41
REMOVE_FROM_SERVICE: Final = 42
RETURN_TO_SERVICE: Final = 43
RESET_FIRST_OUT: Final = 44  # index: of the first-out group
SET_LIMIT: Final = 45  # value: trip, value2: clear, both in units of sign * value

# Kinds of transition.
KIND_ALARM_FIRST_OUT: Final = 40  # of a group; after: alarm that came first, or -1; cause: 1 unclear

# Refusals.
REFUSED_SHELVED: Final = 40  # it is on the shelf already
REFUSED_NOT_SHELVED: Final = 41  # it is not on the shelf
REFUSED_SHELF_TIME: Final = 42  # longer than the alarm may be shelved, or it must not be at all
REFUSED_OUT_OF_SERVICE: Final = 43  # it is out of service already
REFUSED_IN_SERVICE: Final = 44  # it is in service
REFUSED_SILENT: Final = 45  # it is not annunciated: shelved, suppressed or out of service
REFUSED_STANDING: Final = 46  # an alarm of the first-out group still stands, or none came
