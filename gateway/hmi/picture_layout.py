"""Where everything stands in the picture of a stirred vessel, from what its page lists.

Pure; lengths in the picture's own units, 860 wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from config.screens import BioreactorScreen

WIDTH: Final = 860
LEFT: Final = 320
"""Wall of the vessel."""
RIGHT: Final = 520
TOP: Final = 112
ROW: Final = 25
"""From one value to the next below it."""
ROW_FOR_FINGERS: Final = 40
"""The same where fingers touch them: 44 px on a tablet that is 1024 px wide."""
_RIGHT_COLUMN: Final = 594


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tag's value stands; `caption` is said behind it."""

    tag: str
    left: float
    top: float
    caption: str = ""
    """Empty: nothing is said; the name of a tag stands for its title."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text in the drawing."""

    text: str
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Pipe:
    """A line from what is listed to the vessel; `tag` makes it flow."""

    path: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A pump (filled while it turns) or a valve (filled as far as it is open)."""

    tag: str
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture."""

    height: float
    bottom: float
    """Of the vessel, inside."""
    places: tuple[Place, ...]
    labels: tuple[Label, ...]
    pipes: tuple[Pipe, ...]
    pumps: tuple[Symbol, ...]
    valves: tuple[Symbol, ...]


class _Drawing:
    def __init__(self, row: float) -> None:
        self.row = row
        self.axis = row / 2 - 2.5
        """Where the pipe of a value lies, from the top of its row."""
        self.places: list[Place] = []
        self.labels: list[Label] = []
        self.pipes: list[Pipe] = []
        self.pumps: list[Symbol] = []
        self.valves: list[Symbol] = []

    def place(self, tag: str, left: float, top: float, caption: str = "") -> None:
        """Place a value in the middle of its row."""
        self.places.append(Place(tag, left, top + (self.row - ROW) / 2, caption))


def layout(page: BioreactorScreen, row: float = ROW) -> Layout:
    """Return where everything stands; the picture grows with what is listed.

    Args:
        page: what is listed.
        row: from one value to the next below it.
    """
    drawing = _Drawing(row)
    left = _inlets(drawing, page, 26.0)
    right = _right(drawing, page)
    height = max(470.0, left + 46.0 + drawing.row * len(page.gases), right + 10.0)
    bottom = height - 82.0
    _gases(drawing, page, height - 18.0 - drawing.row * len(page.gases), bottom)
    _inside(drawing, page, bottom)
    if page.stirrer is not None:
        drawing.labels.append(Label("Stirrer", 450, 14))
        drawing.place(page.stirrer.speed, 450, 20)
        if page.stirrer.power is not None:
            drawing.place(page.stirrer.power, 450, 20 + drawing.row)
    return Layout(height, bottom, tuple(drawing.places), tuple(drawing.labels), tuple(drawing.pipes),
                  tuple(drawing.pumps), tuple(drawing.valves))  # fmt: skip


def _inlets(drawing: _Drawing, page: BioreactorScreen, top: float) -> float:
    """Place what is pumped in, from the top downwards; return where it ends."""
    count = len(page.inlets)
    for number, inlet in enumerate(page.inlets):
        drawing.labels.append(Label(inlet.name, 14, top))
        drawing.place(inlet.flow, 14, top + 6)
        pipe_y = top + 6 + drawing.row / 2
        enters = LEFT + 18 + 13 * number
        # The lowest inlet goes up nearest to the vessel, so that no pipes cross.
        up = LEFT - 14 - 11 * (count - 1 - number) if number else None
        over = TOP - 34 + 8 * number
        way = (
            f"M172 {pipe_y} H{enters} V{TOP}"
            if up is None
            else f"M172 {pipe_y} H{up} V{over} H{enters} V{TOP}"
        )
        drawing.pipes.append(Pipe(way, inlet.flow))
        if inlet.pump is not None:
            drawing.pumps.append(Symbol(inlet.pump, 186, pipe_y))
            drawing.place(inlet.pump, 14, top + 6 + drawing.row, "pump")
        top += 6 + 2 * drawing.row + 18
    return top


def _gases(drawing: _Drawing, page: BioreactorScreen, top: float, bottom: float) -> None:
    """Place the gases at the lower left and lead them to the sparger."""
    middle = (LEFT + RIGHT) / 2
    for number, gas in enumerate(page.gases):
        y = top + drawing.row * number
        drawing.place(gas.flow, 14, y, gas.name)
        drawing.pipes.append(Pipe(f"M190 {y + drawing.row / 2} H214", gas.flow))
    if page.gases:
        first, last = top + drawing.row / 2, top + drawing.row * (len(page.gases) - 0.5)
        base = bottom + 42
        drawing.pipes.append(
            Pipe(f"M214 {min(first, base)} V{max(last, base)} M214 {base} H{middle} V{bottom - 22}")
        )


def _right(drawing: _Drawing, page: BioreactorScreen) -> float:
    """Place exhaust, probes and jacket in the right column; return where it ends."""
    top = first = max(92.0, 24.0 + 2 * drawing.row)  # below the stirrer's values
    if page.exhaust is not None:
        exhaust = page.exhaust
        drawing.labels.append(Label("Exhaust", _RIGHT_COLUMN, top - 6))
        drawing.pipes.append(Pipe(f"M{RIGHT - 14} {TOP} V{top + drawing.axis} H{_RIGHT_COLUMN}"))
        for name in (exhaust.pressure, exhaust.valve, exhaust.position, *exhaust.analyses):
            if name is not None:
                drawing.place(name, _RIGHT_COLUMN, top, name)
                top += drawing.row
        if exhaust.valve is not None:
            drawing.valves.append(Symbol(exhaust.valve, 566, first + drawing.axis))
        top += 22
    for number, name in enumerate(page.probes):
        drawing.place(name, _RIGHT_COLUMN, top, name)
        middle = top + drawing.row / 2
        enters = max(middle, TOP + 60 + 22 * number)
        drawing.pipes.append(Pipe(f"M{RIGHT - 26} {enters} H556 L572 {middle} H{_RIGHT_COLUMN}"))
        top += max(drawing.row, ROW + 5)
    if page.jacket is not None:
        top += 22
        drawing.labels.append(Label("Jacket", _RIGHT_COLUMN, top - 6))
        drawing.pipes.append(Pipe(f"M{RIGHT + 16} {top + drawing.axis} H{_RIGHT_COLUMN}"))
        for value in (page.jacket.temperature, page.jacket.valve, page.jacket.position):
            if value is not None:
                drawing.place(value, _RIGHT_COLUMN, top, value)
                top += drawing.row
        if page.jacket.valve is not None:
            drawing.valves.append(Symbol(page.jacket.valve, 566, top - drawing.row * 3 + drawing.axis))
    return top


def _inside(drawing: _Drawing, page: BioreactorScreen, bottom: float) -> None:
    drawing.place(page.volume, LEFT + 12, bottom - 100)
    if page.foam is not None:
        drawing.place(page.foam, LEFT + 12, TOP + 14, "foam")
