"""Steps of an operator's work with alarms."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from simulators.faults import ControlChannel
from tests.browser.conftest import Browser
from tests.system.conftest import Running, until


def sensors_go_wrong(running: Running) -> None:
    """Let three probes of a bioreactor show what is not so: alarms that stand for as long as they do."""
    with ControlChannel(running.plant.ports["CONTROL"]) as control:
        for signal, shown in (("DO.PV", 150.0), ("pH.PV", 7.6), ("Temp.PV", 39.5)):
            control.ask("sensor", device="br2", signal=signal, kind="stuck", amount=shown)


async def acknowledges_an_alarm(browser: Browser, running: Running) -> None:
    """At its start the plant has alarms; one of them is acknowledged, by its occurrence."""
    name = await _press_first(browser, "acknowledge")
    await _comments(browser, running, [name])
    await until(lambda: _became(running, name, "acknowledge"), 10.0, f"{name} acknowledged")


async def acknowledges_a_page(browser: Browser, running: Running) -> None:
    """What a page shows is acknowledged, several alarms of a unit with one command."""
    page = browser.page
    buttons = page.locator('[data-act^="acknowledge "]')
    await buttons.first.wait_for(timeout=30_000)
    acts = [await button.get_attribute("data-act") or "" for button in await buttons.all()]
    names = [act.split()[1] for act in acts]
    await page.get_by_label("Mark all of the page").click()
    await page.get_by_role("button", name="Acknowledge marked").click()
    await _comments(browser, running, names)
    await until(
        lambda: all(_became(running, name, "acknowledge") for name in names), 10.0, f"{names} acknowledged"
    )
    targets = [
        event["target"]
        for event in running.view.events
        if event["type"] == "command" and event["kind"] == "acknowledge" and event["accepted"]
    ]
    assert len(names) == 1 or set(targets) & running.plant.site.units.keys()


async def hears_an_alarm(browser: Browser) -> None:
    """What nobody has acknowledged sounds, until it is silenced; the browser remembers that."""
    page = browser.page
    await page.wait_for_function("hmi.isSounding()", timeout=30_000)
    async with asyncio.timeout(30.0):
        while await page.evaluate("hmi.isSounding()"):  # an alarm that comes meanwhile calls anew
            await page.get_by_role("button", name="Silence").click()
    await expect(page.get_by_role("button", name="Silence")).to_be_hidden()
    mute = page.get_by_role("button", name="Alarm sound off")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "false")


async def shelves_an_alarm(browser: Browser, running: Running) -> None:
    """For a time and a reason; it is found again among the silent ones, and brought back."""
    page = browser.page
    await browser.go("/alarms")
    name = await _press_first(browser, "shelve")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Reason is needed")
    await dialog.get_by_role("button", name="15 min").click()
    await dialog.get_by_label("Reason").fill("probe is cleaned")
    await dialog.get_by_label("Reason").press("Enter")
    await until(lambda: _became(running, name, "shelve"), 10.0, f"{name} shelved")
    await browser.go("/alarms/silent")
    shelved = page.locator('[data-silent="G"]')
    await expect(shelved.locator("[data-until]")).to_have_text(re.compile(r"1[45] min"), timeout=10_000)
    await expect(shelved).to_contain_text("operator")
    await shelved.locator(f'[data-act="unshelve {name}"]').click()
    await until(lambda: _became(running, name, "unshelve"), 10.0, f"{name} unshelved")
    await expect(shelved.locator("[data-act]")).to_have_count(0)


async def reads_what_to_do(browser: Browser) -> None:
    """An alarm's name opens its rationalisation."""
    await browser.go("/alarms/journal")
    await browser.page.locator("button.link").first.click()
    dialog = browser.page.get_by_role("dialog")
    for heading in ("Cause", "Consequence", "Action", "Time to respond"):
        await expect(dialog.get_by_text(heading, exact=True)).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()


async def looks_into_the_journal(browser: Browser) -> None:
    """Filters leave what was asked for; the address keeps them."""
    page = browser.page
    await browser.go("/alarms/journal?kind=shelve")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("operator")
    await page.get_by_label("Filter").fill("no such alarm")
    await expect(page.get_by_text("nothing in this time")).to_be_visible()
    await page.wait_for_function("new URL(location).searchParams.get('text') === 'no such alarm'")


async def sees_how_well_it_goes(browser: Browser) -> None:
    """The measures of a console, computed from what is stored."""
    await browser.go("/alarms/performance")
    await expect(browser.page.get_by_role("status").filter(has_text="alarms called")).to_be_visible(
        timeout=15_000
    )
    await expect(browser.page.locator("tbody tr").filter(has_text="alarms a day")).to_have_count(1)
    assert await browser.page.locator(".bar-row").count() > 4


async def _comments(browser: Browser, running: Running, names: list[str]) -> None:
    """Say something where an alarm's class wants it."""
    site = running.plant.site
    if any(site.class_of(site.alarms[name]).comment_required for name in names):
        entry = browser.page.get_by_role("dialog").locator("input").first
        await entry.fill("probe looked at")
        await entry.press("Enter")


async def _press_first(browser: Browser, act: str) -> str:
    """Press the first button of a kind that may be pressed; return the alarm's name."""
    button = browser.page.locator(f'[data-act^="{act} "]:not([disabled])').first
    await button.wait_for(timeout=30_000)
    name = (await button.get_attribute("data-act") or "").split()[1]
    await browser.page.locator(f'[data-act="{act} {name}"]').click()
    return name


def _became(running: Running, name: str, cause: str) -> bool:
    return any(
        e["type"] == "alarm" and e["name"] == name and e["cause"] == cause and e["user"] == "operator"
        for e in running.view.events
    )
