"""An operator's work, in a real browser, on a plant that runs: look, command, acknowledge, look back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Browser, browser_at
from tests.system.conftest import Running, running_plant, until

PAGES = {
    "overview": "/",
    "bioreactor": "/unit/br1",
    "filling": "/unit/fill",
    "rooms": "/unit/rooms",
    "trend": "/trend?tags=br1/temp.pv,br1/temp.sp,br1/do.pv,br1/ph.pv&span=60",
    "alarms": "/alarms",
    "events": "/events",
    "health": "/health",
}
SIZES = ((1920, 1080), (1280, 800), (1024, 768))


@pytest.mark.timeout(240)
async def test_an_operator_works(tmp_path: Path) -> None:
    """One plant, one shift: starting a plant is dear, so what needs one is done in one test."""
    async with running_plant(tmp_path) as running:
        password = await asyncio.to_thread(running.plant.add_login, "operator")
        await running.plant.start_hmi()
        async with browser_at(running.plant.hmi_address) as browser:
            await logs_in(browser, password)
            await sees_live_values(browser, running)
            await changes_a_set_point(browser, running)
            await acknowledges_an_alarm(browser, running)
            await looks_back_in_a_trend(browser, running)
            assert await photographs_every_page(browser) == []
            assert browser.errors == []
            assert browser.abroad == []
            await sees_that_the_gateway_is_gone(browser, running)


async def logs_in(browser: Browser, password: str) -> None:
    await browser.go("/unit/br1")
    await browser.page.wait_for_url("**/login?next=/unit/br1")
    await browser.log_in("operator", "a guess")
    await expect(browser.page.get_by_role("alert")).to_contain_text("wrong")
    await browser.log_in("operator", password)
    await browser.page.wait_for_url(f"{browser.address}/unit/br1")


async def sees_live_values(browser: Browser, running: Running) -> None:
    """What is shown is what the gateway reports, and nothing is left without a value."""

    async def shown() -> bool:
        text = await browser.text("br1/temp.pv")
        return text == f"{running.value('br1/temp.pv'):.2f}"

    await eventually(shown, 15.0)
    await browser.page.wait_for_function(
        "document.querySelectorAll('.num.good[data-tag]').length > 50", timeout=30_000
    )


async def changes_a_set_point(browser: Browser, running: Running) -> None:
    page = browser.page
    await page.locator('[data-loop="br1/air"]').click()
    entry = page.get_by_label("New set-point")
    await entry.fill("99")
    await page.get_by_role("button", name="Change …").first.click()
    await expect(page.locator(".q-notification").last).to_contain_text("Outside")
    await entry.fill("5")
    await page.get_by_role("button", name="Change …").first.click()
    await expect(page.get_by_role("alert").filter(has_text="Set br1/air")).to_contain_text("to 5 L/min")
    await page.get_by_label("Reason").fill("more air")
    await page.get_by_role("button", name="Confirm").click()
    await until(lambda: running.value("br1/air.sp") == 5.0, 10.0, "the set-point")
    await until(lambda: abs(running.value("br1/gas.air.pv") - 5.0) < 0.2, 30.0, "the PV following")
    await expect(page.locator('.num[data-tag="br1/air.sp"]').last).to_have_text("5.000")
    commands = [e for e in running.view.events if e["type"] == "command" and e["target"] == "br1/air"]
    assert [(e["user"], e["accepted"]) for e in commands] == [("operator", True)]
    await page.get_by_role("button", name="Close").click()


async def acknowledges_an_alarm(browser: Browser, running: Running) -> None:
    """At its start the plant has alarms; one of them is acknowledged, by its occurrence."""
    await browser.go("/alarms")
    button = browser.page.locator("[data-acknowledge]").first
    await button.wait_for(timeout=30_000)
    name = await button.get_attribute("data-acknowledge")
    await button.click()

    def acknowledged() -> bool:
        return any(
            e["type"] == "alarm" and e["name"] == name and e["acknowledged"] and e["command"]
            for e in running.view.events
        )

    await until(acknowledged, 10.0, f"{name} acknowledged")


async def looks_back_in_a_trend(browser: Browser, running: Running) -> None:
    """The chart has what is stored; the wheel zooms, and the address follows."""
    page = browser.page
    await browser.go("/trend?tags=br1/temp.pv,br1/air.sp&span=60")
    await page.wait_for_function(f"{_POINTS}.length > 20", timeout=15_000)
    stored = await page.evaluate(_POINTS)
    assert all(30.0 < value < 45.0 for _, value in stored if value is not None)
    await page.locator("[data-trend]").hover()
    await page.mouse.wheel(0, -400)
    await page.wait_for_function("Number(new URL(location).searchParams.get('span')) < 60", timeout=10_000)
    await page.get_by_role("button", name="Earlier").click()
    await page.wait_for_function("new URL(location).searchParams.has('end')")
    await page.get_by_role("button", name="Live").click()
    await page.wait_for_function("!new URL(location).searchParams.has('end')")


_CHART = "getElement(document.querySelector('[data-trend]').id.slice(1))?.chart"
_POINTS = f"({_CHART}?.getOption()?.series?.[0]?.data ?? [])"


async def photographs_every_page(browser: Browser) -> list[str]:
    found = []
    for name, path in PAGES.items():
        await browser.go(path)
        await browser.page.locator("[data-link]").wait_for()
        if name == "trend":
            await browser.page.wait_for_function(f"{_POINTS}.length > 20")
        for width, height in SIZES:
            found += await browser.photograph(name, width, height)
    await browser.page.set_viewport_size({"width": 1920, "height": 1080})
    return found


async def sees_that_the_gateway_is_gone(browser: Browser, running: Running) -> None:
    """Killed: no value looks good any more. Started again: they come back."""
    await browser.go("/unit/br1")
    await running.plant.gateway.kill()

    async def none_good() -> bool:
        return not any(" good" in state for state in await browser.states())

    await eventually(none_good, 15.0)
    await expect(browser.page.locator("[data-link]")).to_contain_text("stale")
    await browser.photograph("gateway-gone", 1920, 1080)
    await running.plant.gateway.start()
    await expect(browser.page.locator("[data-link]")).to_have_text("live", timeout=40_000)
    await browser.page.wait_for_function(
        "document.querySelectorAll('.num.good[data-tag]').length > 50", timeout=30_000
    )


async def eventually(condition: object, within_s: float) -> None:
    """Wait until an asynchronous condition holds."""
    assert callable(condition)
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.2)
