"""A command to a set-point profile as a row for the engine."""

from __future__ import annotations

from typing import Final

from config.site import Site
from control import signal
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused, position

_ACTIONS: Final = {
    "start": signal.PROFILE_START,
    "hold": signal.PROFILE_HOLD,
    "resume": signal.PROFILE_RESUME,
    "abort": signal.PROFILE_ABORT,
}


def profile_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for a command to a profile.

    Raises:
        Refused: no such profile, or nothing that can be done with one.
    """
    index = position(site.profiles, command.target, "profile")
    if command.value not in _ACTIONS:
        raise Refused(f"{command.value!r} is nothing to do with a profile: {', '.join(_ACTIONS)}")
    shown = f"{site.profiles[command.target].loop}.sp"
    return EngineRow(signal.RUN_PROFILE, index, value=float(_ACTIONS[str(command.value)]), shown_by=shown)
