"""The process picture of a stirred vessel, made from its page in the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from config.screens import BioreactorScreen
from config.site import Site
from gateway.hmi import plate
from gateway.hmi.frame import Screen
from gateway.hmi.live import Live
from gateway.hmi.picture_layout import (
    LEFT,
    RIGHT,
    ROW,
    ROW_FOR_FINGERS,
    TOP,
    WIDTH,
    Layout,
    Pipe,
    Symbol,
    layout,
)
from gateway.hmi.scales import range_of
from gateway.hmi.widgets import AlarmMark, ValueText, hint, tag_title


@dataclass(frozen=True, slots=True)
class Now:
    """What moves in the picture, coarsely, so that it is drawn anew only when one can see a difference."""

    level: float = 0.0
    """Share of the vessel that is filled."""
    foam: float = 0.0
    """Share of the space above the liquid."""
    stirs: bool = False
    open: tuple[tuple[str, float], ...] = ()
    """Pumps, valves and flows by their tag: share of the range."""


def build(screen: Screen, unit: str, page: BioreactorScreen) -> None:
    """Make the picture of a unit."""
    live, site = screen.desk.live, screen.desk.site
    plan = layout(page, ROW_FOR_FINGERS if screen.looks.coarse else ROW)
    with ui.element("div").classes("picture").style(f"aspect-ratio:{WIDTH}/{plan.height}"):
        drawing = ui.html(sanitize=False)
        for place in plan.places:
            where = f"left:{100 * place.left / WIDTH:.2f}%;top:{100 * place.top / plan.height:.2f}%"
            caption = tag_title(site, place.tag) if place.caption == place.tag else place.caption
            _value(screen, place.tag, caption, where)
    title = site.units[unit].display_name or unit
    shown: Now | None = None

    def refresh() -> None:
        nonlocal shown
        now = look(live, site, page, plan)
        if now != shown:
            shown = now
            drawing.set_content(draw(plan, now, title))

    screen.refresher.add(refresh)


def _value(screen: Screen, tag: str, caption: str, where: str) -> None:
    """Write a value into the picture; it opens the faceplate of its loop, or what is known of the tag."""
    opened: Callable[[], None] = partial(plate.show, screen, tag)
    box = ui.element("div").classes("at").style(where).props(f'tabindex=0 role=button data-plate="{tag}"')
    box.on("click", opened).on("keydown.enter", opened)
    with box:
        with ui.element("span").classes("box"):
            ValueText(screen.desk.live, tag, screen.refresher)
        AlarmMark(lambda: screen.desk.live.alarms.by_tag().get(tag), screen.refresher)
        if caption:
            hint(ui.label(caption).classes("caption"), caption)


def look(live: Live, site: Site, page: BioreactorScreen, plan: Layout) -> Now:
    """Return what the picture shows now."""
    stirrer = None if page.stirrer is None else live.number(page.stirrer.speed)
    moving = [symbol.tag for symbol in (*plan.pumps, *plan.valves)]
    moving += [pipe.tag for pipe in plan.pipes if pipe.tag is not None]
    return Now(
        level=_share(live, site, page.volume, 0.005),
        foam=0.0 if page.foam is None else _share(live, site, page.foam, 0.05),
        stirs=bool(stirrer and stirrer > 0.0),
        open=tuple((name, _share(live, site, name, 0.05)) for name in dict.fromkeys(moving)),
    )


def _share(live: Live, site: Site, name: str, step: float) -> float:
    """Return a tag's value as a share of its range in steps; a little above nothing is the first step."""
    value = live.number(name)
    low, high = range_of(site.tags[name])
    low = 0.0 if low == float("-inf") else low
    if value is None or not low < value or high == float("inf"):
        return 1.0 if value is not None and value > low and high == float("inf") else 0.0
    return round(max(step, round(min((value - low) / (high - low), 1.0) / step) * step), 3)


def draw(plan: Layout, now: Now, title: str) -> str:
    """Return the drawing.

    Args:
        plan: where everything stands.
        now: what moves.
        title: what the picture is of, for those who hear it.
    """
    shares = dict(now.open)
    bottom, middle = plan.bottom, (LEFT + RIGHT) / 2
    vessel = (
        f"M{LEFT} {TOP} h{RIGHT - LEFT} V{bottom - 50} q0 50 -50 50 h{100 - (RIGHT - LEFT)} q-50 0 -50 -50 z"
    )
    surface = bottom - (bottom - TOP) * min(now.level, 1.0)
    foam = (surface - TOP) * min(now.foam, 1.0)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {plan.height:.0f}" role="img" aria-label="{title}">',
        f'<clipPath id="vessel"><path d="{vessel}"/></clipPath>',
        f'<rect class="pic-body" x="{LEFT - 15}" y="{TOP + 80}" width="{RIGHT - LEFT + 30}" '
        f'height="{bottom - TOP - 66}" rx="46"/>',
        f'<path class="pic-body" d="{vessel}"/>',
        f'<g clip-path="url(#vessel)"><rect class="pic-liquid" x="{LEFT}" y="{surface:.1f}" '
        f'width="{RIGHT - LEFT}" height="{bottom - surface:.1f}"/>',
        f'<rect class="pic-foam" x="{LEFT}" y="{surface - foam:.1f}" width="{RIGHT - LEFT}" '
        f'height="{foam:.1f}"/></g>',
        *(_pipe(pipe, shares) for pipe in plan.pipes),
        f'<path class="pic-vessel" d="{vessel}"/>',
        *_stirrer(middle, bottom, stirs=now.stirs),
        f'<path class="pic-line" d="M{middle - 32} {bottom - 22} h64"/>',
        *(_pump(pump, shares.get(pump.tag, 0.0)) for pump in plan.pumps),
        *(_valve(valve, shares.get(valve.tag, 0.0)) for valve in plan.valves),
        *(
            f'<text class="pic-text" x="{each.left}" y="{each.top}">{each.text}</text>'
            for each in plan.labels
        ),
        "</svg>",
    ]
    return "".join(parts)


def _pipe(pipe: Pipe, shares: dict[str, float]) -> str:
    flows = pipe.tag is None or shares.get(pipe.tag, 0.0) > 0.0
    return f'<path class="pic-line{"" if flows else " idle"}" d="{pipe.path}"/>'


def _stirrer(middle: float, bottom: float, *, stirs: bool) -> list[str]:
    state = "on" if stirs else "off"
    return [
        f'<path class="pic-line" d="M{middle} 44 V{bottom - 52}"/>',
        f'<rect class="pic-actor {state}" x="{middle - 18}" y="20" width="36" height="28" rx="4"/>',
        f'<path class="pic-actor {state}" d="M{middle - 42} {bottom - 62} h84 v13 h-84 z"/>',
        f'<path class="pic-actor {state}" d="M{middle - 34} {bottom - 150} h68 v11 h-68 z"/>',
    ]


def _pump(pump: Symbol, share: float) -> str:
    x, y = pump.left, pump.top
    state = "on" if share > 0.0 else "off"
    return (
        f'<circle class="pic-actor {state}" cx="{x}" cy="{y}" r="12"/>'
        f'<path class="pic-arrow {state}" d="M{x - 5} {y - 7} L{x + 8} {y} L{x - 5} {y + 7} z"/>'
    )


def _valve(valve: Symbol, share: float) -> str:
    x, y = valve.left, valve.top
    return (
        f'<path class="pic-actor off" d="M{x - 14} {y - 9} L{x + 14} {y + 9} V{y - 9} L{x - 14} {y + 9} z"/>'
        f'<rect class="pic-open" x="{x - 14}" y="{y + 13}" width="{28 * share:.1f}" height="4"/>'
        f'<rect class="pic-frame" x="{x - 14}" y="{y + 13}" width="28" height="4"/>'
    )
