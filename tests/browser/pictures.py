"""Make the pictures of the README anew, from a demo that runs: `python -m tests.browser.pictures ADDRESS`.

The password of the demo's operator is read from the standard input. A demo that has run for some minutes has
batches to show.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Final

from tests.browser.conftest import Browser, browser_at
from tests.browser.unit_steps import turns_to

_FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"
_USER: Final = "operator"
_TREND: Final = (
    "/trend?tags=br1/temp.pv,br1/temp.sp,br1/do.pv,br1/stir.speed.pv,br1/feed.flow&span=300"
    "&marks=phases,alarms,events"
)
_PAGES: Final = {
    "overview": "/",
    "bioreactor": "/unit/br1",
    "filling": "/unit/fill",
    "rooms": "/unit/rooms",
    "alarms": "/alarms",
}
_SETTLES_S: Final = 6.0
"""Sparklines and charts come from the store."""


async def main(address: str, password: str) -> None:
    """Take them one by one."""
    async with browser_at(address) as browser:
        await browser.go("/login")
        await browser.log_in(_USER, password)
        await browser.page.locator("[data-link]").wait_for()
        for name, path in _PAGES.items():
            await _take(browser, name, path)
        await _take(browser, "trend", _TREND, 1440, 720, cursors=True)
        await browser.page.set_viewport_size({"width": 1280, "height": 800})
        await browser.go("/unit/br1")
        await browser.page.locator('[data-loop="br1/temp"]').click()
        await turns_to(browser, "Guards")
        await asyncio.sleep(1.0)
        await browser.page.screenshot(path=_FOLDER / "screen-faceplate.png")


async def _take(
    browser: Browser, name: str, path: str, width: int = 1280, height: int = 800, *, cursors: bool = False
) -> None:
    await browser.page.set_viewport_size({"width": width, "height": height})
    await browser.go(path)
    await asyncio.sleep(_SETTLES_S)
    if cursors:
        for x in (430, 760):
            await browser.page.locator("[data-plot]").click(position={"x": x, "y": 200})
        await asyncio.sleep(1.0)
    await browser.page.screenshot(path=_FOLDER / f"screen-{name}.png")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().strip()))
