"""The kinds of content that a column of the state can have, and what its rows can stand for."""

from __future__ import annotations

import enum


class Nature(enum.Enum):
    """Where a field's content comes from, and where it goes."""

    DEFINITION = "definition"
    """From the configuration: never carried."""
    DERIVED = "derived"
    """Computed anew by the next scan: never carried."""
    STATE = "state"
    """Carried while the definition is the same."""
    CLOCK = "clock"
    """As STATE; a monotonic time."""
    OPERATED = "operated"
    """As STATE, and kept when the definition changed: what people set, and what acts on the plant."""
    ALARM_ROW = "alarm row"
    """As STATE; the position of an alarm, which may be another one under another configuration."""
    TAG_ROW = "tag row"
    """As LIVE; the index of a tag, which may be another one under another configuration."""
    LIVE = "live"
    """What is known of the world at this moment: carried to a changed configuration, not over a restart."""
    LIVE_CLOCK = "live clock"
    """As LIVE; a monotonic time."""

    @property
    def outlives_process(self) -> bool:
        """Whether it holds after a restart."""
        return self in (Nature.STATE, Nature.CLOCK, Nature.OPERATED, Nature.ALARM_ROW)

    @property
    def is_carried(self) -> bool:
        """Whether it is ever carried."""
        return self not in (Nature.DEFINITION, Nature.DERIVED)

    @property
    def is_clock(self) -> bool:
        """Whether it is a monotonic time, which counts from another zero after a reboot."""
        return self in (Nature.CLOCK, Nature.LIVE_CLOCK)


class Axis(enum.StrEnum):
    """What the rows of an array stand for: they are matched by the names of these things."""

    TAG = "tag"
    DEVICE = "device"
    LOOP = "loop"
    GROUP = "group"
    LINK = "link"
    NODE = "node"
    REMOTE = "remote"
    ALARM = "alarm"
    ALARM_GROUP = "alarm group"
    INTERLOCK = "interlock"
    FIRST_OUT = "first-out group"
    UNIT = "unit"
    PROFILE = "profile"
    SLOT = "output"
    OVERRIDE = "override"
    ENTRY = "expression"
    CELL = "cell"
    REGISTER = "register"
    ENGINE = "engine"
    NOTHING = "nothing"
    """Definitions only, or derived."""
