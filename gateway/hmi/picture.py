"""The process picture of a stirred bioreactor, made from its template: no drawing for a new one."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from gateway.hmi.frame import Screen
from gateway.hmi.widgets import ValueText

TEMPLATE: Final = "bioreactor"
_WIDTH, _HEIGHT = 760, 470
_TOP, _BOTTOM = 110, 390
"""Inner height of the vessel."""

_PLACES: Final = (
    ("feed.flow", 20, 60), ("feed.pump", 20, 84),
    ("base.flow", 20, 130), ("base.pump", 20, 154),
    ("antifoam.flow", 20, 200), ("antifoam.pump", 20, 224),
    ("gas.air.pv", 20, 360), ("gas.o2.pv", 20, 386), ("gas.co2.pv", 20, 412),
    ("stir.speed.pv", 400, 14), ("stir.power", 400, 38),
    ("pressure.pv", 580, 40), ("pressure.valve", 580, 64), ("offgas.o2", 580, 88), ("offgas.co2", 580, 112),
    ("temp.pv", 580, 172), ("ph.pv", 580, 202), ("do.pv", 580, 232), ("pco2.pv", 580, 262),
    ("jacket.pv", 580, 350), ("jacket.valve", 580, 374),
    ("volume.pv", 330, 300), ("foam.pv", 330, 130),
)  # fmt: skip
"""Tag, left, top of what is written into the picture."""

_LABELS: Final = (
    ("Feed", 20, 54), ("Base", 20, 124), ("Antifoam", 20, 194), ("Air, O₂, CO₂", 20, 352),
    ("Stirrer", 400, 10), ("Exhaust", 580, 34), ("Temp, pH, DO, pCO₂", 580, 166), ("Jacket", 580, 344),
)  # fmt: skip

_STATIC: Final = """
<rect class="pic-body" x="262" y="190" width="236" height="212" rx="40"/>
<path class="pic-body" d="M276 100 h208 v240 q0 50 -50 50 h-108 q-50 0 -50 -50 z"/>
{liquid}
<path class="pic-line" d="M380 40 V345"/>
<rect class="pic-solid" x="364" y="26" width="32" height="26" rx="4"/>
<path class="pic-solid" d="M340 335 h80 v12 h-80 z"/><path class="pic-solid" d="M348 245 h64 v10 h-64 z"/>
<path class="pic-line" d="M150 72 H300 V100"/><path class="pic-line" d="M150 142 H240 V84 H316 V100"/>
<path class="pic-line" d="M150 212 H252 V90 H332 V100"/>
<path class="pic-line" d="M150 398 H210 V430 H380 V368 M352 368 h56"/>
<path class="pic-line" d="M472 100 V52 H572"/>
<path class="pic-line" d="M484 184 H572 M484 214 H572 M484 244 H572
 M484 274 H572"/><path class="pic-line" d="M498 362 H572"/>
"""


def build(screen: Screen, unit: str) -> None:
    """Make the picture of a unit."""
    live, site = screen.desk.live, screen.desk.site
    with ui.element("div").classes("picture"):
        drawing = ui.html(sanitize=False)
        for name, left, top in _PLACES:
            tag = f"{unit}/{name}"
            if tag in site.tags:
                place = f"left:{100 * left / _WIDTH:.2f}%;top:{100 * top / _HEIGHT:.2f}%"
                with ui.element("div").classes("at").style(place):
                    ValueText(live, tag, screen.refresher)
    level_tag = site.tags.get(f"{unit}/volume.pv")
    full = level_tag.high.to(level_tag.unit) if level_tag is not None and level_tag.high is not None else None

    def refresh() -> None:
        level = live.number(f"{unit}/volume.pv")
        drawing.set_content(draw(0.0 if level is None or not full else round(level / full, 2)))

    screen.refresher.add(refresh)


def draw(level: float) -> str:
    """Return the drawing, filled up to a share of the vessel."""
    top = _BOTTOM - (_BOTTOM - _TOP) * min(max(level, 0.0), 1.0)
    liquid = (
        '<clipPath id="vessel"><path d="M278 102 h204 v238 q0 48 -48 48 h-108 q-48 0 -48 -48 z"/></clipPath>'
        f'<rect class="pic-liquid" clip-path="url(#vessel)" x="276" y="{top:.0f}" width="208" '
        f'height="{_BOTTOM - top:.0f}"/>'
    )
    labels = "".join(f'<text class="pic-text" x="{x}" y="{y}">{text}</text>' for text, x, y in _LABELS)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{TEMPLATE}">'
        f"{_STATIC.format(liquid=liquid)}{labels}</svg>"
    )
