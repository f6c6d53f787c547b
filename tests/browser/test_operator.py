"""An operator's work, in a real browser, on a plant that runs: look, command, acknowledge, look back."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import (
    accessibility,
    alarm_steps,
    event_steps,
    guarded_steps,
    session_steps,
    trend_steps,
    unit_steps,
)
from tests.browser.conftest import Browser, browser_at
from tests.system.conftest import Running, running_plant, until

PAGES = {
    "overview": "/",
    "bioreactor": "/unit/br1",
    "filling": "/unit/fill",
    "rooms": "/unit/rooms",
    "trend": "/trend?tags=br1/temp.pv,br1/temp.sp,br1/do.pv,br1/ph.pv&span=60",
    "alarms": "/alarms",
    "alarms-silent": "/alarms/silent",
    "alarms-journal": "/alarms/journal",
    "alarms-performance": "/alarms/performance",
    "events": "/events",
    "health": "/health",
}
SIZES = ((1920, 1080), (1280, 800), (1024, 768))


@pytest.mark.timeout(600)
async def test_an_operator_works(tmp_path: Path) -> None:
    """One plant, one shift: starting a plant is dear, so what needs one is done in one test."""
    async with running_plant(tmp_path) as running:
        password = await asyncio.to_thread(running.plant.add_login, "operator")
        await running.plant.start_hmi()
        async with browser_at(running.plant.hmi_address) as browser:
            await logs_in(browser, password)
            await sees_live_values(browser, running)
            await serves_figures(browser, running)
            await changes_a_set_point(browser, running)
            await asyncio.to_thread(alarm_steps.sensors_go_wrong, running)
            await alarm_steps.hears_an_alarm(browser)
            await alarm_steps.shelves_an_alarm(browser, running)
            await browser.go("/alarms")
            await alarm_steps.acknowledges_an_alarm(browser, running)
            await alarm_steps.acknowledges_a_page(browser, running)
            await alarm_steps.reads_what_to_do(browser)
            await alarm_steps.looks_into_the_journal(browser)
            await alarm_steps.sees_how_well_it_goes(browser)
            await session_steps.locks_and_unlocks(browser, password)
            await trend_steps.looks_back_in_a_trend(browser)
            await trend_steps.keeps_a_group_and_exports(browser, running)
            await trend_steps.lays_batches_over_one_another(browser, running)
            await event_steps.looks_into_the_log(browser)
            await event_steps.looks_whether_all_is_well(browser)
            assert await unit_steps.opens_a_loop_from_the_picture(browser) == []
            await unit_steps.runs_a_profile(browser, running)
            await unit_steps.reads_the_line(browser, running)
            await unit_steps.commands_the_line(browser, running)
            await unit_steps.reads_the_rooms(browser)
            await guarded_steps.works_as_an_engineer(browser, running)
            await guarded_steps.bypasses_as_a_supervisor(browser, running)
            await guarded_steps.is_refused_as_an_operator(browser, running)
            assert await looks_at_every_page(browser) == []
            assert browser.errors == []
            assert browser.abroad == []
            await sees_that_the_gateway_is_gone(browser, running)
            await session_steps.loses_nothing_with_the_screens(browser, running)
            await session_steps.signs_out(browser, running)


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
    await page.locator('[data-loop="br1/feed"]').click()
    entry = page.get_by_label("New set-point")
    await entry.fill("99")
    await page.get_by_role("button", name="Change …").first.click()
    await expect(page.locator(".q-notification").last).to_contain_text("Outside")
    await entry.fill("5")
    await page.get_by_role("button", name="Change …").first.click()
    await expect(page.get_by_role("alert").filter(has_text="Set br1/feed")).to_contain_text("to 5 mL/min")
    await page.get_by_label("Reason").fill("less feed")
    await page.get_by_role("button", name="Confirm").click()
    await until(lambda: running.value("br1/feed.sp") == 5.0, 10.0, "the set-point")
    await until(lambda: abs(running.value("br1/feed.flow") - 5.0) < 0.2, 30.0, "the PV following")
    await expect(page.locator('.num[data-tag="br1/feed.sp"]').last).to_have_text("5.00")
    commands = [e for e in running.view.events if e["type"] == "command" and e["target"] == "br1/feed"]
    assert [(e["user"], e["accepted"]) for e in commands] == [("operator", True)]
    await page.get_by_role("button", name="Close", exact=True).click()


async def serves_figures(browser: Browser, running: Running) -> None:
    """Beside the pages there are figures for Prometheus, and whether the screens are well."""
    health = await browser.page.request.get(f"{running.plant.hmi_address}/healthz")
    assert (health.status, await health.json()) == (200, {"well": True, "link": "live"})
    figures = await browser.page.request.get(f"{running.plant.hmi_address}/metrics")
    assert "cellgate_hmi_live 1.0" in await figures.text()


async def looks_at_every_page(browser: Browser) -> list[str]:
    """Keep pictures of every page; return what is cut off, and what some could not use.

    Light as desks and tablets have it; dark, where only the colours are others, as large as on a wall.
    """
    found = []
    for look, sizes, rules in (("light", SIZES, ()), ("dark-wall", SIZES[:1], ("color-contrast",))):
        for name, path in PAGES.items():
            await browser.go(path)
            await browser.page.locator("[data-link]").wait_for()
            if name == "trend":
                await browser.page.wait_for_function(f"{trend_steps.TIMES}.length > 20")
            found += [f"{look} {each}" for each in await accessibility.obstacles(browser, *rules)]
            for width, height in sizes:
                found += await browser.photograph(f"{name}-{look}", width, height)
        await browser.page.set_viewport_size({"width": 1920, "height": 1080})
        await browser.page.get_by_label("Light or dark").click()
        theme = look.split("-", maxsplit=1)[0]
        await expect(browser.page.locator("body")).not_to_have_class(re.compile(f"body--{theme}"))
        await session_steps.makes_everything(browser, "Wall screen" if theme == "light" else "Normal")
    for path in ("/unit/br1", "/alarms"):
        await browser.go(path)
        await browser.page.locator("[data-link]").wait_for()
        found += await accessibility.without_focus(browser)
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
