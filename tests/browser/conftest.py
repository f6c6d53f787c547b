"""A real browser in front of the screens of a running plant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import ConsoleMessage, Page, Request, async_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SHOTS = Path(__file__).parents[2] / "artefacts" / "hmi"


@dataclass
class Browser:
    """A page, and what went wrong in it."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)
    abroad: list[str] = field(default_factory=list)
    """Addresses of other hosts that were asked for something."""

    async def go(self, path: str) -> None:
        """Open a page of the screens."""
        await self.page.goto(self.address + path)

    async def log_in(self, user: str, password: str) -> None:
        """Fill in the login page."""
        await self.page.get_by_label("User").fill(user)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Log in").click()

    async def text(self, tag: str) -> str:
        """Return the value that is shown for a tag, the first of several."""
        return (await self.page.locator(f'.num[data-tag="{tag}"]').first.inner_text()).strip()

    async def states(self) -> list[str]:
        """Return the CSS classes of every value."""
        found: list[str] = await self.page.locator(".num[data-tag]").evaluate_all(
            "all => all.map(each => each.className)"
        )
        return found

    async def photograph(self, name: str, width: int, height: int, within: str = "body") -> list[str]:
        """Keep a picture of the page at a size; return what is cut off within a part of it."""
        await self.page.set_viewport_size({"width": width, "height": height})
        await self.page.evaluate(_SETTLED)
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}-{width}x{height}.png")
        cut: list[str] = await self.page.evaluate(_CUT_OFF, within)
        return [f"{name} {width}x{height}: {each}" for each in cut]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.abroad.append(request.url)

    def listen(self) -> None:
        """Take note of errors and requests."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)


_SETTLED = """async () => {
  const drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const place = (chart) => chart.closest('[data-plot], [data-chart]') ?? chart;
  const fits = (chart) => Math.abs(chart.clientWidth - place(chart).clientWidth) < 2;
  do await drawn(); while (![...document.querySelectorAll('canvas')].every(fits));
}"""
"""Charts follow the size of the window a little later."""

_CUT_OFF = """within => {
  const found = [], part = document.querySelector(within);
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
  for (const each of part.querySelectorAll('.num[data-tag], .mark, .unit, .nav, .section, .alarm-box')) {
    const box = each.getBoundingClientRect();
    if (!box.width) continue;
    if (box.right > innerWidth + 1) found.push('outside: ' + each.outerHTML.slice(0, 120));
    if (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflow === 'hidden')
      found.push('cut: ' + each.outerHTML.slice(0, 120));
  }
  const values = [...part.querySelectorAll('.num[data-tag]')].map(e => [e, e.getBoundingClientRect()]);
  for (const [a, one] of values) for (const [b, two] of values)
    if (a !== b && one.width && one.left < two.right - 1 && two.left < one.right - 1
        && one.top < two.bottom - 1 && two.top < one.bottom - 1)
      found.push('overlap: ' + a.dataset.tag + ' and ' + b.dataset.tag);
  return found;
}"""


@asynccontextmanager
async def browser_at(address: str) -> AsyncIterator[Browser]:
    """Start a browser."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        try:
            context = await chromium.new_context(viewport={"width": 1920, "height": 1080})
            found = Browser(await context.new_page(), address)
            found.listen()
            yield found
        finally:
            await chromium.close()
