"""Steps around the login: lock, unlock, a restart of the screens."""

from __future__ import annotations

from playwright.async_api import expect

from gateway.gxp.audit import read_entries
from gateway.hmi.access_record import path_of
from tests.browser.conftest import Browser
from tests.system.conftest import Running


async def locks_and_unlocks(browser: Browser, password: str) -> None:
    """The page stays where it is and goes on showing; only the password of its user opens it."""
    page = browser.page
    await browser.go("/unit/br1")
    await page.locator("[data-user]").click()
    await page.get_by_text("Lock", exact=True).click()
    lock = page.get_by_role("dialog")
    await expect(lock).to_contain_text("Locked")
    await expect(page.locator("[data-link]")).to_be_visible()
    await lock.get_by_label("Password").fill("a guess")
    await lock.get_by_role("button", name="Unlock").click()
    await expect(lock.get_by_role("alert")).to_contain_text("wrong")
    await lock.get_by_label("Password").fill(password)
    await lock.get_by_label("Password").press("Enter")
    await expect(lock).to_be_hidden()
    assert page.url == f"{browser.address}/unit/br1"


async def makes_everything(browser: Browser, size: str) -> None:
    """Choose how large everything is on this screen."""
    page = browser.page
    scale = {"Normal": 16, "Wall screen": 28}[size]
    await page.get_by_label("Size of type", exact=True).click()
    await page.get_by_text(size, exact=True).click()
    await page.wait_for_function(
        f"getComputedStyle(document.documentElement).fontSize === '{scale}px' && "
        "Boolean(document.querySelector('[data-link]'))"
    )


async def loses_nothing_with_the_screens(browser: Browser, running: Running) -> None:
    """The service is killed and started: the browser is back where it was, and its user logged in."""
    page = browser.page
    await browser.go("/alarms?unit=br1&unacknowledged=1")
    await expect(page.locator("[data-link]")).to_have_text("live")
    await running.plant.hmi.kill()
    heard = len(browser.errors)
    await running.plant.start_hmi()
    await page.wait_for_function(
        "performance.getEntriesByType('navigation')[0].type === 'reload'", timeout=60_000
    )
    await expect(page.locator("[data-link]")).to_have_text("live", timeout=30_000)
    assert page.url == f"{browser.address}/alarms?unit=br1&unacknowledged=1"
    await expect(page.locator("[data-user]")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="unacknowledged only")).to_be_checked()
    del browser.errors[heard:]  # that nobody answered meanwhile is what was to be seen


async def signs_out(browser: Browser, running: Running) -> None:
    """Whoever comes next must log in; it is all in the record."""
    page = browser.page
    await page.locator("[data-user]").click()
    await page.get_by_text("Sign out", exact=True).click()
    await page.wait_for_url("**/login")
    await browser.go("/alarms")
    await page.wait_for_url("**/login?next=/alarms")
    acts = [(e["action"], e["outcome"]) for e in read_entries(path_of(running.plant.data))]
    assert acts[:2] == [("log_in", "refused: wrong user or password"), ("log_in", "done")]
    assert acts[-1] == ("log_out", "done")
