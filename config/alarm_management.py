"""How a site manages its alarms: classes, consoles, and the matrix that gives a priority."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from config.access import Role
from config.alarms import Priority, Severity
from config.model import Model, Name
from config.quantities import Duration

RESPONSE_TIMES_S: Final = (180.0, 600.0, 1800.0)
"""Bounds of the matrix's columns: less than 3 min, 3 to 10 min, 10 to 30 min, more."""


class AlarmClass(Model):
    """Alarms that are managed alike: safety, environmental, GMP-critical, business."""

    display_name: str = ""
    """What people see."""
    max_shelve: Duration = 28800.0
    """Longest time on the shelf; 0 forbids it."""
    out_of_service: list[Role] = Field(default_factory=lambda: [Role.SUPERVISOR, Role.ENGINEER])
    """Roles that may take its alarms out of service and return them."""
    comment_required: bool = False
    """An acknowledgement needs a comment."""


class Console(Model):
    """What one operator looks after: alarm performance is computed for each."""

    display_name: str = ""
    """What people see."""
    units: list[Name] = Field(min_length=1)
    """Units whose alarms it shows."""


_L, _M, _H, _C = Priority
MATRIX: Final[dict[Severity, list[Priority]]] = {
    Severity.MINOR: [_M, _L, _L, _L],
    Severity.MAJOR: [_H, _H, _M, _L],
    Severity.SEVERE: [_C, _C, _H, _M],
}


class AlarmManagement(Model):
    """Classes, consoles and priorities of the site's alarms."""

    classes: dict[Name, AlarmClass] = Field(default_factory=dict)
    """Classes of alarms, by name."""
    consoles: dict[Name, Console] = Field(default_factory=dict)
    """Consoles, by name; none is one console with every unit."""
    priorities: dict[Severity, list[Priority]] = Field(default_factory=lambda: dict(MATRIX))
    """Priority by severity, and by the time to respond: under 3 min, to 10 min, to 30 min, longer."""

    def priority(self, severity: Severity, time_to_respond_s: float) -> Priority:
        """Return the priority that the matrix gives."""
        column = sum(time_to_respond_s >= bound for bound in RESPONSE_TIMES_S)
        return self.priorities[severity][column]
