"""How the screens look (ISA-101): grey and calm; colour means that something is abnormal."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CSS: Final = "".join(
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("base.css", "hmi.css", "pages.css")
)
WALL: Final = ".beside { grid-template-columns:minmax(0, 1fr); }"
"""What else is so on a wall screen: a picture takes the whole width, since what is in it grows with it."""
SCRIPT: Final = Path(__file__).with_name("hmi.js").read_text(encoding="utf-8")
"""What a page does by itself."""

CHART_COLOURS: Final = {
    False: ("#1f4e79", "#7a3e00", "#3c6e47", "#6a3d7c", "#8a1c3c", "#2e6f78", "#5a5a5a", "#7a6a00"),
    True: ("#7fb2e5", "#e0a366", "#8fc79b", "#c29fd3", "#e08aa3", "#84c5cf", "#c0c0c0", "#d3c46a"),
}
"""Trace colours by dark mode: muted, and apart for colour-blind eyes by brightness."""
