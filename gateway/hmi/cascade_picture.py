"""The pressure cascade as SVG: rooms from the outside inwards, and which way the air goes between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.screens import OUTSIDE, Room
from gateway.hmi import texts
from gateway.hmi.grades import Flow, columns

_STEP_X: Final = 232
_ROOM: Final = 128
_ROOM_HEIGHT: Final = 96
_STEP_Y: Final = 116
_GAP: Final = _STEP_X - _ROOM


@dataclass(frozen=True, slots=True)
class Box:
    """Where a room stands."""

    name: str
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Cascade:
    """Where the rooms and the differences between them stand."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    """The outside among them."""
    values: tuple[Box, ...]
    """Where the differential of each room is written: beside its arrow."""


def plan(rooms: Mapping[str, Room]) -> Cascade:
    """Return where everything stands: a column for each step inwards."""
    found = columns(rooms)
    rows = max(len(names) for names in found)
    height = rows * _STEP_Y - (_STEP_Y - _ROOM_HEIGHT) + 4.0
    middle = (height - _ROOM_HEIGHT) / 2.0
    boxes = [Box(OUTSIDE, 2.0, middle)]
    values: list[Box] = []
    for number, names in enumerate(found, 1):
        first = (height - (len(names) - 1) * _STEP_Y - _ROOM_HEIGHT) / 2.0
        for row, name in enumerate(names):
            top = first + row * _STEP_Y
            boxes.append(Box(name, number * _STEP_X + 2.0, top))
            values.append(Box(name, number * _STEP_X - _GAP + 14.0, top + 4.0))
    width = len(found) * _STEP_X + _ROOM + 4.0
    return Cascade(width, height, tuple(boxes), tuple(values))


def cascade_picture(
    drawn: Cascade, rooms: Mapping[str, Room], flows: Mapping[str, Flow], doors: Mapping[str, bool | None]
) -> str:
    """Return the drawing.

    Args:
        drawn: where everything stands.
        rooms: by name.
        flows: which way the air goes between each room and the one it holds its pressure over.
        doors: whether the door of each room that has one is open; None when nobody knows.
    """
    places = {box.name: box for box in drawn.boxes}
    parts = [
        f'<svg viewBox="0 0 {drawn.width:g} {drawn.height:g}" role="img" aria-label="cascade">',
        '<defs><marker id="air" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="5" markerHeight="5" '
        'orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="context-stroke"/></marker></defs>',
    ]
    for name, room in rooms.items():
        parts.append(_arrow(places[name], places[room.over], flows[name]))
        if name in doors:
            parts.append(_door(places[name], doors[name]))
    for box in drawn.boxes:
        outside = box.name == OUTSIDE
        kind = "room outside" if outside else f"room grade-{rooms[box.name].grade.lower()}"
        parts.append(
            f'<rect class="{kind}" x="{box.left}" y="{box.top:g}" width="{_ROOM}" '
            f'height="{_ROOM_HEIGHT}" rx="4"/>'
        )
        if not outside:
            parts += _names(box, rooms[box.name])
        else:
            parts.append(
                f'<text class="room-name" x="{box.left + _ROOM / 2}" y="{box.top + 54:g}">'
                f"{texts.OUTSIDE}</text>"
            )
    return "".join(parts) + "</svg>"


def _names(box: Box, room: Room) -> list[str]:
    middle, title = box.left + _ROOM / 2, room.display_name or box.name
    grade = texts.GRADE.format(grade=room.grade)
    name = f'<text class="room-name" x="{middle}" y="{box.top + 44:g}">{title}</text>'
    if title.casefold() == grade.casefold():
        return [name]
    return [name, f'<text class="room-grade" x="{middle}" y="{box.top + 66:g}">{grade}</text>']


def _arrow(inner: Box, outer: Box, way: Flow) -> str:
    """Draw the air: from the inner room to the outer one, or back where it should not go."""
    start, end = inner.left - 4.0, outer.left + _ROOM + 4.0
    y, to_y = inner.top + _ROOM_HEIGHT * 0.58, outer.top + _ROOM_HEIGHT * 0.58
    ends = 'marker-start="url(#air)"' if way is Flow.INWARDS else 'marker-end="url(#air)"'
    ends = "" if way is Flow.UNKNOWN else ends
    return f'<path class="air {way}" d="M{start} {y:g} L{end} {to_y:g}" {ends}/>'


def _door(box: Box, is_open: bool | None) -> str:
    state = "unknown" if is_open is None else "open" if is_open else "closed"
    x, y = box.left - 1.0, box.top + _ROOM_HEIGHT - 26.0
    leaf = f"M{x} {y} l-14 -12" if is_open else f"M{x} {y} v18"
    return f'<path class="door {state}" d="{leaf}"/>'
