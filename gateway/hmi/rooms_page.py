"""The page of clean rooms: the pressure cascade, and each room with its particles, climate and door."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from config.screens import CleanRoomsScreen, Room
from gateway.alarms.book import AlarmLine
from gateway.hmi import plate, texts
from gateway.hmi.cascade_picture import cascade_picture, plan
from gateway.hmi.frame import Screen
from gateway.hmi.grades import Flow, flow, particle_limits, share_of_limit
from gateway.hmi.live import Live
from gateway.hmi.widgets import AlarmMark, ValueText, hint, tag_title, value_row


def build(screen: Screen, page: CleanRoomsScreen) -> None:
    """Make the page."""
    with ui.element("section").classes("hmi-card w-full"):
        ui.label(texts.CASCADE).classes("section")
        _cascade(screen, page)
    with ui.element("div").classes("tiles rooms"):
        for name, room in page.rooms.items():
            outer = page.rooms.get(room.over)
            over = texts.OUTSIDE if outer is None else outer.display_name or room.over
            _room(screen, name, room, over)


def _cascade(screen: Screen, page: CleanRoomsScreen) -> None:
    live = screen.desk.live
    drawn = plan(page.rooms)
    with ui.element("div").classes("picture cascade").style(f"aspect-ratio:{drawn.width:g}/{drawn.height:g}"):
        drawing = ui.html(sanitize=False)
        for box in drawn.values:
            where = f"left:{100 * box.left / drawn.width:.2f}%;top:{100 * box.top / drawn.height:.2f}%"
            tag = page.rooms[box.name].differential
            opened = partial(plate.show, screen, tag)
            value = (
                ui.element("div")
                .classes("at")
                .style(where)
                .props(f'tabindex=0 role=button data-plate="{tag}"')
            )
            value.on("click", opened).on("keydown.enter", opened)
            with value, ui.element("span").classes("box"):
                ValueText(live, tag, screen.refresher)

    def refresh() -> None:
        flows = {name: flow_of(live, room) for name, room in page.rooms.items()}
        doors = {
            name: None if (number := live.good_number(room.door)) is None else bool(number)
            for name, room in page.rooms.items()
            if room.door is not None
        }
        drawing.set_content(cascade_picture(drawn, page.rooms, flows, doors))

    screen.refresher.add(refresh)


def flow_of(live: Live, room: Room) -> Flow:
    """Return which way air goes between a room and the one it holds its pressure over."""
    unit = live.site.tags[room.differential].unit
    lowest = room.lowest_differential
    return flow(live.good_number(room.differential), lowest.to(unit) if lowest.unit else lowest.magnitude)


def _room(screen: Screen, name: str, room: Room, over: str) -> None:
    """Make the card of a room; `over` is what people call the room that it holds its pressure over."""
    live, refresher = screen.desk.live, screen.refresher
    tags = {
        room.differential, room.particles_05, room.particles_5, room.temperature, room.humidity, *room.others,
    }  # fmt: skip

    def worst() -> AlarmLine | None:
        return next((line for line in live.alarms.lines() if line.tag in tags), None)

    with ui.element("section").classes("hmi-card min-w-0").props(f'data-room="{name}"'):
        with ui.row().classes("items-center w-full no-wrap"):
            ui.label(room.display_name or name).classes("font-bold text-lg")
            AlarmMark(worst, refresher)
            ui.space()
            if room.door is not None:
                _door(screen, room.door)
        small, large = particle_limits(room)
        for tag, limit, title in (
            (room.particles_05, small, texts.PARTICLES_05),
            (room.particles_5, large, texts.PARTICLES_5),
        ):
            if tag is not None:
                _particles(screen, tag, limit, title)
        for tag, title in (
            (room.differential, texts.OVER_ROOM.format(room=over)),
            (room.temperature, texts.TEMPERATURE),
            (room.humidity, texts.HUMIDITY),
        ):
            if tag is not None:
                value_row(live, tag, refresher, spark=True, title=title)
        for other in room.others:
            title = tag_title(screen.desk.site, other).removeprefix(f"{room.display_name}: ")
            value_row(live, other, refresher, title=title[:1].upper() + title[1:])


def _door(screen: Screen, tag: str) -> None:
    label = ui.label().props(f'data-door="{tag}"')
    hint(label, tag_title(screen.desk.site, tag))

    def refresh() -> None:
        number = screen.desk.live.good_number(tag)
        label.set_text(
            texts.DOOR_UNKNOWN if number is None else texts.DOOR_OPEN if number else texts.DOOR_CLOSED
        )
        label.classes("acting" if number else "soft", remove="acting soft")

    screen.refresher.add(refresh)


def _particles(screen: Screen, tag: str, limit: float | None, title: str) -> None:
    """Show a count against the limit of the grade, on a logarithmic bar."""
    live = screen.desk.live
    opened = partial(plate.show, screen, tag)
    box = ui.element("div").classes("particles touch").props("tabindex=0 role=button")
    box.on("click", opened).on("keydown.enter", opened)
    with box:
        value_row(live, tag, screen.refresher, title=title)
        if limit is None:
            ui.label(texts.NO_LIMIT).classes("soft")
            return
        bar = ui.html(sanitize=False).classes("w-full")
        grouped = f"{limit:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        ui.label(texts.LIMIT_IS.format(limit=grouped)).classes("soft")

    def refresh() -> None:
        bar.set_content(limit_bar(live.number(tag), limit))
        bar.classes(*(() if live.holds(tag) else ("old",)), remove="old")

    screen.refresher.add(refresh)


def limit_bar(value: float | None, limit: float) -> str:
    """Return the bar of a count in 1/m^3 on a logarithmic scale, with the limit as a line."""
    share = 0.0 if value is None else share_of_limit(value, limit)
    over = " over" if value is not None and value > limit else ""
    return (
        '<svg class="limit-bar" viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" x="0" y="2" width="200" height="10"/>'
        f'<rect class="fill{over}" x="0" y="2" width="{200 * share:.1f}" height="10"/>'
        '<path class="limit" d="M150 0 V14"/></svg>'
    )
