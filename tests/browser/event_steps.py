"""Steps of somebody who looks into the log of events, and whether all is well."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Browser


async def looks_into_the_log(browser: Browser) -> None:
    """Filters narrow the log, the address keeps them, and what happens now appears."""
    page = browser.page
    rows = page.locator("[data-events] tbody tr")
    await browser.go("/events")
    await rows.nth(5).wait_for()
    await page.get_by_label("Filter").fill("br1/feed set point")
    await expect(rows.filter(has_text="done")).to_have_count(1)
    await page.wait_for_function("new URL(location).searchParams.get('text') === 'br1/feed set point'")
    await page.reload()
    await expect(rows.filter(has_text="done")).to_have_count(1)
    await browser.go("/events?kinds=context&units=br2")
    await expect(rows.filter(has_text="Batch B-1")).to_have_count(1)
    await expect(rows.filter(has_text="Bioreactor 1")).to_have_count(0)


async def looks_whether_all_is_well(browser: Browser) -> None:
    """Devices with their quality, scans in classes, clocks."""
    page = browser.page
    await browser.go("/health")
    device = page.get_by_role("row", name="(br1)")
    await expect(device).to_contain_text("connected")
    await expect(device).to_contain_text("good")
    await expect(page.locator(".histogram").first.locator("tr").first).to_contain_text("s")
    await expect(page.get_by_text("Clocks", exact=True)).to_be_visible()
