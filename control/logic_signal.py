"""The vocabulary of interlocks and permissives on the engine's rings: commands, transitions, refusals.

The numbers go on from those of `control.signal`.
"""

from __future__ import annotations

from typing import Final

# Kinds of command.
BYPASS: Final = 70  # an interlock (index), value: seconds, 0 ends it
ENTER_PHASE: Final = 71  # a unit (index), value: code of the phase, 0 is none
RESET_GROUP: Final = 70
"""Parameter of RESET: the index is that of a first-out group of interlocks."""

# Kinds of transition.
KIND_BYPASS: Final = 70  # an interlock's bypass; onset_ns: UTC of its end
KIND_FIRST_OUT: Final = 71  # of a group (index); after: the member, or a FIRST_OUT_* of control.layout

# Refusals.
REFUSED_PERMISSIVE: Final = 70  # permissives do not hold; occurrence: which conditions, as bits
