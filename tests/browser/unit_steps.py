"""Work on the pages of units: the picture opens faceplates, a profile is run, a line and rooms are read."""

from __future__ import annotations

import re
from functools import partial

from playwright.async_api import expect

from gateway.commands.message import make
from tests.browser.conftest import Browser
from tests.system.conftest import Running, until

SIZES = ((1920, 1080), (1280, 800), (1024, 768))
_CHART = "getElement(document.querySelector('[data-chart={name}]').id.slice(1))?.chart"
_DATA = f"({_CHART}?.getOption()?.series?.[0]?.data ?? [])"


async def opens_a_loop_from_the_picture(browser: Browser) -> list[str]:
    """A valve in the picture leads to its loop; return what is cut off on any of its tabs."""
    page, found = browser.page, []
    await browser.go("/unit/br1")
    await page.locator('[data-plate="br1/jacket.valve"]').click()
    plate = page.locator(".faceplate")
    await expect(plate.locator(".bars .fill")).to_have_count(3)
    for tab in ("Operate", "Trend", "Guards", "Tuning", "Performance", "Profiles"):
        await turns_to(browser, tab)
        for width, height in SIZES:
            name = f"faceplate-{tab.lower()}"
            found += await browser.photograph(name, width, height, within=".faceplate")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await turns_to(browser, "Guards")
    await expect(plate).to_contain_text("ton(br1/volume.pv < 60 L, 30 s)")
    await expect(plate).to_contain_text(re.compile(r"now br1/volume\.pv = \d+\.\d L"))
    await turns_to(browser, "Tuning")
    await expect(plate.locator('[data-parameter="ti"]')).to_have_text("1500 s")
    await expect(plate.get_by_role("button", name="Change …")).to_be_disabled()  # no right of an operator
    return found


async def turns_to(browser: Browser, tab: str) -> None:
    """Turn to a tab of the faceplate that is open."""
    title = browser.page.locator(".faceplate").get_by_role("tab", name=tab)
    await title.click()
    await expect(title).to_have_attribute("aria-selected", "true")


async def runs_a_profile(browser: Browser, running: Running) -> None:
    """Started, seen to run, and aborted: the faceplate of the loop is open."""
    plate = browser.page.locator(".faceplate")
    await turns_to(browser, "Profiles")
    for action, state in (("Start", "RUNNING"), ("Abort", "aborted")):
        await plate.get_by_role("button", name=action, exact=True).click()
        await expect(plate.get_by_role("alert").filter(has_text=f"{action} br1/temp.shift")).to_be_visible()
        await plate.get_by_role("button", name="Confirm").click()
        await expect(plate.locator("[data-profile]")).to_contain_text(state, timeout=15_000)
    told = [e["after"] for e in running.view.events if e["type"] == "profile"]
    assert (told[0], told[-1]) == ("running", "aborted")
    await plate.get_by_role("button", name="Close", exact=True).click()
    await expect(plate).to_have_count(0)


async def reads_the_line(browser: Browser, running: Running) -> None:
    """State, counters and effectiveness are those of the gateway and the store."""
    page = browser.page
    await browser.go("/unit/fill")
    state = {6: "EXECUTE", 5: "SUSPENDED", 11: "HELD"}

    def known() -> bool:
        return int(running.value("fill/packml.state")) in state

    await until(known, 30.0, "the line in a state that lasts")
    await expect(page.locator('[data-doing="fill"]')).to_contain_text(re.compile("|".join(state.values())))
    await expect(page.locator(".packml rect.here")).to_have_count(1)
    await expect(page.locator("[data-oee]")).to_contain_text(re.compile(r"OEE\s*\d+\.\d %"), timeout=60_000)
    await page.wait_for_function(f"{_DATA.format(name='histogram')}.some(bar => bar[1] > 0)", timeout=60_000)
    weights = await page.evaluate(_DATA.format(name="run"))
    assert all(4.0 < weight < 6.0 for _, weight in weights)
    rejects = await page.evaluate(_DATA.format(name="rejects"))
    assert len(rejects) == 5
    await reads_this_batch(browser, running)


async def reads_this_batch(browser: Browser, running: Running) -> None:
    """Without a batch there are no figures of one; named, its effectiveness counts from its beginning."""
    card = browser.page.locator(".hmi-card").filter(has=browser.page.locator("[data-oee]"))
    await card.get_by_role("button", name="This batch").click()
    await expect(card).to_contain_text("In no batch now")
    context = {"campaign": "C-9", "batch": "B-9", "phase": "filling"}
    key = running.plant.keys["batch"]
    assert (await running.view.command(make("batch", key, "context", "fill", context=context))).accepted
    await expect(card).to_contain_text("B-9 since", timeout=30_000)
    await expect(card.locator("[data-oee]")).to_contain_text(re.compile(r"OEE\s*\d+\.\d %"), timeout=30_000)
    await card.get_by_role("button", name="8 h").click()


async def commands_the_line(browser: Browser, running: Running) -> None:
    """Held and let go on by its operator; what its state does not take is grey."""
    page, execute, held = browser.page, 6, 11
    await until(lambda: running.value("fill/packml.state") == execute, 60.0, "the line in Execute")
    for command, state in (("Hold", held), ("Unhold", execute)):
        button = page.get_by_role("button", name=command, exact=True)
        await expect(button).to_be_enabled()
        await expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
        await button.click()
        await expect(page.get_by_role("alert").filter(has_text=f"{command} Filling line 1?")).to_be_visible()
        await page.get_by_role("button", name="Confirm").click()
        await until(partial(_stands_in, running, state), 20.0, command)
    modes = page.get_by_role("group", name="Mode")
    await expect(modes.get_by_role("button", name="Production")).to_have_class(re.compile("present"))
    await expect(modes.get_by_role("button", name="Maintenance")).to_be_disabled()  # not while it runs
    commands = [e for e in running.view.events if e["type"] == "command" and e["kind"] == "packml"]
    assert [(e["user"], e["accepted"]) for e in commands] == [("operator", True)] * 2


def _stands_in(running: Running, state: int) -> bool:
    return running.value("fill/packml.state") == state


async def reads_the_rooms(browser: Browser) -> None:
    """Four rooms; each arrow has a direction; counts stand against their limits."""
    page = browser.page
    await browser.go("/unit/rooms")
    await expect(page.locator("[data-room]")).to_have_count(4)
    await expect(page.locator(".cascade .air:not(.unknown)")).to_have_count(4, timeout=60_000)
    await expect(page.locator('[data-room="a"]')).to_contain_text("limit 29 1/m^3")
    await page.locator('[data-plate="rooms/a.dp"]').click()
    await expect(page.locator(".faceplate")).to_contain_text("Pressure of grade A")
    await page.get_by_role("button", name="Close", exact=True).click()
