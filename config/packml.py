"""How a machine with PackML states (ISA-TR88.00.02) takes its commands."""

from __future__ import annotations

from config.model import Model
from config.tag_names import BoolName, NumberName


class PackMl(Model):
    """The tags that a machine is commanded by. All are of one device."""

    state: NumberName
    """PackML state, 1 to 17: says which commands the machine takes now (`Status.StateCurrent`)."""
    command: NumberName
    """Takes the number of a command, 1 (reset) to 10 (complete) (`Command.CntrlCmd`)."""
    request: BoolName | None = None
    """Set to true after the command; the machine resets it (`Command.CmdChangeRequest`). None: the number
    alone is the command."""
