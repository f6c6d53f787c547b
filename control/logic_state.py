"""The state of interlocks and permissives: part of the engine's."""

from __future__ import annotations

from typing import NamedTuple

from control.rings import Rows


class Logic(NamedTuple):
    """Interlocks and permissives; their conditions are entries of the program."""

    interlocks: Rows
    """INTERLOCK rows."""
    bypasses: Rows
    """BYPASS rows, one for each interlock."""
    forces: Rows
    """FORCE rows, an interlock's side by side."""
    groups: Rows
    """FIRST_OUT rows."""
    conditions: Rows
    """CONDITION rows, an interlock's or a permissive's side by side."""
    guards: Rows
    """GUARD rows, in the order of the permissives."""
    units: Rows
    """UNIT rows, in the order of the site."""
    asked: Rows
    """ASKED rows."""
