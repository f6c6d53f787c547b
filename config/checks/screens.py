"""Screens: tags of the kind and unit that their part needs, rooms that lead outside, ranges to draw in."""

from __future__ import annotations

from collections.abc import Iterator

from config.checks.context import Context
from config.errors import Path
from config.quantities import Quantity, QuantityError
from config.screens import (
    OUTSIDE,
    BioreactorScreen,
    CleanRoomsScreen,
    FillingLineScreen,
    Room,
)
from config.suggest import did_you_mean, listed
from config.tag_names import TagName, tag_names
from config.tags import TagKind


def check(context: Context) -> None:
    """Check every unit's page."""
    for unit, content in context.site.units.items():
        path: Path = ("units", unit, "screen")
        screen = content.screen
        if screen is None:
            continue
        for where, name in tag_names(screen):
            _kind(context, name, (*path, *where))
        if isinstance(screen, BioreactorScreen):
            _bioreactor(context, screen, path)
        elif isinstance(screen, FillingLineScreen):
            _filling_line(context, screen, path)
        elif isinstance(screen, CleanRoomsScreen):
            _clean_rooms(context, screen, path)


def _kind(context: Context, name: TagName, path: Path) -> None:
    tag = context.site.tags.get(name)
    if tag is not None and tag.kind not in name.kinds:
        wanted = " or ".join(sorted(name.kinds))
        context.error(path, f"{name!r} is a {tag.kind}", f"name a tag that is a {wanted}")


def _bioreactor(context: Context, screen: BioreactorScreen, path: Path) -> None:
    tag = context.site.tags.get(screen.volume)
    if tag is not None and tag.kind is TagKind.NUMBER and tag.high is None:
        fix = "give the tag its range: high is a full vessel"
        context.error((*path, "volume"), f"{screen.volume!r} has no upper end to draw the level against", fix)


def _filling_line(context: Context, screen: FillingLineScreen, path: Path) -> None:
    _measures(context, screen.design_speed, screen.speed, (*path, "design_speed"))
    processed = context.site.tags.get(screen.counters.processed)
    if processed is not None:
        _unit(context, screen.speed, f"{processed.unit or '1'}/s", (*path, "speed"))
    for where, name in tag_names(screen.counters):
        _same_unit(context, name, screen.counters.processed, (*path, "counters", *where))
    for reason, name in screen.rejects.items():
        _same_unit(context, name, screen.counters.processed, (*path, "rejects", reason))
    if screen.weights is not None:
        for where, name in tag_names(screen.weights):
            wanted = None if where == ("tolerance",) else screen.weights.target
            if wanted is not None:
                _same_unit(context, name, wanted, (*path, "weights", *where))
        _unit(context, screen.weights.tolerance, "%", (*path, "weights", "tolerance"))
    for index, planned in enumerate(screen.planned_reasons):
        if planned not in screen.stop_reasons:
            fix = f"the stop reasons are {listed([str(number) for number in screen.stop_reasons])}"
            context.error((*path, "planned_reasons", index), f"there is no stop reason {planned}", fix)


def _clean_rooms(context: Context, screen: CleanRoomsScreen, path: Path) -> None:
    for name, room in screen.rooms.items():
        where: Path = (*path, "rooms", name)
        if room.over != OUTSIDE and room.over not in screen.rooms:
            fix = did_you_mean(room.over, [*screen.rooms, OUTSIDE], f"name a room, or {OUTSIDE}")
            context.error((*where, "over"), f"there is no room {room.over!r}", fix)
        elif name in list(_outwards(screen.rooms, name)):
            fix = f"each room's way outwards must end at {OUTSIDE}"
            context.error((*where, "over"), f"room {name!r} holds its pressure over itself in the end", fix)
        _unit(context, room.differential, "Pa", (*where, "differential"))
        context.number(room.lowest_differential, "Pa", (*where, "lowest_differential"))
        for field, limit in (("particles_05", room.limit_05), ("particles_5", room.limit_5)):
            particles = getattr(room, field)
            if particles is not None:
                _unit(context, particles, "1/m^3", (*where, field))
            if particles is not None and limit is not None:
                _measures(context, limit, particles, (*where, field.replace("particles", "limit")))


def _outwards(rooms: dict[str, Room], name: str) -> Iterator[str]:
    """Yield the rooms on the way outwards, each once."""
    seen: set[str] = set()
    while (name := rooms[name].over) in rooms and name not in seen:
        seen.add(name)
        yield name


def _unit(context: Context, name: str, unit: str, path: Path) -> None:
    """Record a tag whose unit does not convert to what the page shows."""
    tag = context.site.tags.get(name)
    if tag is not None:
        try:
            Quantity(1.0, tag.unit).to(unit)
        except QuantityError:
            context.error(path, f"{name!r} is in {tag.unit or 'no unit'}", f"name a tag in {unit}")


def _same_unit(context: Context, name: str, other: str, path: Path) -> None:
    tag, model = context.site.tags.get(name), context.site.tags.get(other)
    if tag is not None and model is not None and tag.unit != model.unit:
        message = f"{name!r} is in {tag.unit or 'no unit'}, {other!r} in {model.unit or 'no unit'}"
        context.error(path, message, "name tags of one unit")


def _measures(context: Context, value: Quantity, name: str, path: Path) -> None:
    tag = context.site.tags.get(name)
    if tag is not None:
        context.number(value, tag.unit, path)
