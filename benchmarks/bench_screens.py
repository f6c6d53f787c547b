"""The screens as browsers have them: the first page, and twenty browsers with live values."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import async_playwright

from benchmarks.hmi_browsers import open_pages
from benchmarks.hmi_plant import TAGS, ScreenPlant, screen_plant
from tests.browser.conftest import CHROMIUM, FLAGS

_BROWSERS = 20
_SETTLE_S, _WATCH_S = 5.0, 30.0
_SHARE_LIMIT = 0.25
_PAGES, _PAGE_LIMIT_MS = 5, 1000.0
_SEEN = f"document.querySelectorAll('.num.good[data-tag]').length >= {TAGS}"


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    yield from asyncio.run(_screens())


async def _screens() -> list[dict[str, Any]]:
    """Measure the service of the screens alone, with values that all change each second."""
    with TemporaryDirectory() as name:
        async with screen_plant(Path(name)) as plant:
            return [await _first_page(plant), await _twenty_browsers(plant)]


async def _first_page(plant: ScreenPlant) -> dict[str, Any]:
    """Load a page in a real Chromium that has nothing of it yet, until every value is there."""
    times = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        for _ in range(_PAGES):
            context = await chromium.new_context()
            page = await context.new_page()
            began = time.perf_counter()
            await page.goto(f"{plant.address}/unit/u", wait_until="commit")
            await page.wait_for_function(_SEEN)
            times.append(time.perf_counter() - began)
            await context.close()
        await chromium.close()
    figure = statistics.median(times) * 1e3
    return {
        "bench": f"first page with {TAGS} live values in a Chromium without a cache, until all are seen",
        "figure": round(figure, 1),
        "unit": "ms",
        "limit": _PAGE_LIMIT_MS,
        "holds": figure <= _PAGE_LIMIT_MS,
    }


async def _twenty_browsers(plant: ScreenPlant) -> dict[str, Any]:
    """Count what the service's process needs, and that every browser was told every value."""
    async with open_pages(plant.address, "/unit/u", _BROWSERS) as browsers:
        await asyncio.sleep(_SETTLE_S)
        before = [(browser.updates, browser.bytes) for browser in browsers]
        cpu_s, began = plant.hmi.cpu_s(), time.monotonic()
        await asyncio.sleep(_WATCH_S)
        used_s, seconds = plant.hmi.cpu_s() - cpu_s, time.monotonic() - began
        told = min(b.updates - updates for b, (updates, _) in zip(browsers, before, strict=True)) / seconds
        sent = sum(b.bytes - count for b, (_, count) in zip(browsers, before, strict=True)) / seconds
    return {
        "bench": f"share of a core for {_BROWSERS} browsers with {TAGS} values that change each second",
        "figure": round(used_s / seconds, 3),
        "unit": "cores",
        "limit": _SHARE_LIMIT,
        "holds": used_s / seconds <= _SHARE_LIMIT and told >= 0.9 * TAGS,
        "updates_per_browser_s": round(told, 1),
        "bytes_per_browser_s": round(sent / _BROWSERS),
    }
