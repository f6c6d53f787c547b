"""How a machine with PackML states (ISA-TR88.00.02) takes its commands."""

from __future__ import annotations

from pydantic import Field

from config.alarms import PackMLState
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
    mode: NumberName | None = None
    """PackML mode: 1 production, 2 maintenance, 3 manual (`Status.UnitModeCurrent`)."""
    mode_command: NumberName | None = None
    """Takes the number of a mode (`Command.UnitMode`). None: the mode is not changed from here."""
    mode_request: BoolName | None = None
    """Set to true after the mode; the machine resets it (`Command.UnitModeChangeRequest`). None: the number
    alone is the command."""
    mode_changes_in: list[PackMLState] = Field(
        default_factory=lambda: ["stopped", "idle", "aborted"], min_length=1
    )
    """States in which the machine takes another mode."""

    @property
    def written(self) -> dict[str, str]:
        """Return the tags that commands are written to, by their field."""
        fields = {
            "command": self.command, "request": self.request,
            "mode_command": self.mode_command, "mode_request": self.mode_request,
        }  # fmt: skip
        return {field: str(name) for field, name in fields.items() if name is not None}
