"""The vocabulary of arming, forcing and simulating on the engine's rings: commands, transitions, refusals.

The numbers go on from those of `control.signal`.
"""

from __future__ import annotations

from typing import Final

# Kinds of command.
ARM_DEVICE: Final = 50  # a device (index); value: 1 arms its writes, 0 disarms them
FORCE: Final = 51  # a tag (index); value; value2: seconds
SIMULATE: Final = 52  # likewise
RELEASE: Final = 53  # a tag (index): what was forced or simulated ends
RETRACT: Final = 54  # a tag (index) whose device refused the value; value2: what stands again; RETRACT_*

# Parameters of RETRACT.
RETRACT_UNTOUCHED: Final = 0  # the device is as it was
RETRACT_TOUCHED: Final = 1  # it holds another value than it was given

# Kinds of transition.
KIND_DEVICE_ARMED: Final = 50  # a device (index); before, after: 1 where its writes are armed
KIND_OVERRIDE: Final = 51  # a tag (index); before, after: OVERRIDE_*; value; onset_ns: UTC of the end; cause

OVERRIDE_NONE: Final = 0
OVERRIDE_FORCED: Final = 1
OVERRIDE_SIMULATED: Final = 2

# Causes of KIND_OVERRIDE.
BY_COMMAND: Final = 1
BY_EXPIRY: Final = 2
BY_DISARMING: Final = 3  # a forced output whose writes are off

# Refusals.
REFUSED_FORCED: Final = 50  # a person forces this output
REFUSED_NO_ROOM: Final = 51  # OVERRIDE_LIMIT tags are forced or simulated
REFUSED_NOT_OVERRIDDEN: Final = 52  # it is neither forced nor simulated
REFUSED_NOT_SIMULATED: Final = 53  # only what a device is read for can be simulated
REFUSED_DEVICE_OFF: Final = 54  # writes to this device are off
REFUSED_ENDING: Final = 55  # the end of the force before is not announced yet
