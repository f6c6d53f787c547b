"""The states of a PackML machine as SVG: which it is in, and which way leads where."""

from __future__ import annotations

from typing import Final

from config.phases import PACKML_STATES

_WIDTH, _HEIGHT = 132, 34
_STEP_X, _STEP_Y = 152, 56
_PLACES: Final = {
    "unholding": (2, 0), "held": (3, 0), "holding": (4, 0),
    "resetting": (0, 1), "idle": (1, 1), "starting": (2, 1), "execute": (3, 1), "completing": (4, 1),
    "complete": (5, 1),
    "unsuspending": (2, 2), "suspended": (3, 2), "suspending": (4, 2),
    "stopping": (0, 3), "stopped": (1, 3), "clearing": (2, 3), "aborted": (3, 3), "aborting": (4, 3),
}  # fmt: skip
"""Column and row of each state."""
_WAYS: Final = (
    ("resetting", "idle"), ("idle", "starting"), ("starting", "execute"), ("execute", "completing"),
    ("completing", "complete"), ("execute", "holding"), ("holding", "held"), ("held", "unholding"),
    ("unholding", "execute"), ("execute", "suspending"), ("suspending", "suspended"),
    ("suspended", "unsuspending"), ("unsuspending", "execute"), ("stopping", "stopped"),
    ("aborting", "aborted"), ("aborted", "clearing"), ("clearing", "stopped"), ("stopped", "resetting"),
)  # fmt: skip
"""From and to; Stop and Abort lead out of every state, and are not drawn."""


def states_picture(state: int | None) -> str:
    """Return the drawing, with the present state filled.

    Args:
        state: PackML number; None when nobody knows.
    """
    width, height = 5 * _STEP_X + _WIDTH + 4, 3 * _STEP_Y + _HEIGHT + 4
    parts = [
        f'<svg class="packml" viewBox="-2 -2 {width} {height}" role="img" aria-label="PackML">',
        '<defs><marker id="way" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
    ]
    parts += [_way(start, end) for start, end in _WAYS]
    for name, (column, row) in _PLACES.items():
        x, y = column * _STEP_X, row * _STEP_Y
        here = " here" if PACKML_STATES[name] == state else ""
        parts.append(
            f'<rect class="state{here}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
        )
        parts.append(
            f'<text class="state{here}" x="{x + _WIDTH / 2}" y="{y + 22}">{name.capitalize()}</text>'
        )
    return "".join(parts) + "</svg>"


def _way(start: str, end: str) -> str:
    (from_column, from_row), (to_column, to_row) = _PLACES[start], _PLACES[end]
    x, y = from_column * _STEP_X + _WIDTH / 2, from_row * _STEP_Y + _HEIGHT / 2
    to_x, to_y = to_column * _STEP_X + _WIDTH / 2, to_row * _STEP_Y + _HEIGHT / 2
    if from_row == to_row:  # along a row, from side to side
        side = _WIDTH / 2 if to_x > x else -_WIDTH / 2
        path = f"M{x + side} {y} H{to_x - side}"
    else:  # between rows, from edge to edge
        side = _HEIGHT / 2 if to_y > y else -_HEIGHT / 2
        path = f"M{x} {y + side} L{to_x} {to_y - side}"
    return f'<path class="way" d="{path}" marker-end="url(#way)"/>'
