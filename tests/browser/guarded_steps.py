"""Work that not everybody may do: tuning, a ramp, a relay test, a bypass; and what is refused to whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.conftest import Browser
from tests.browser.unit_steps import turns_to
from tests.system.conftest import Running, until


@asynccontextmanager
async def another_browser(
    browser: Browser, user: str, password: str, *, tablet: bool = False
) -> AsyncIterator[Browser]:
    """Open the temperature's faceplate at another browser, as somebody else, on request with fingers."""
    assert browser.page.context.browser is not None
    size: ViewportSize = {"width": 1024, "height": 768} if tablet else {"width": 1280, "height": 800}
    context = await browser.page.context.browser.new_context(viewport=size, has_touch=tablet)
    try:
        other = Browser(await context.new_page(), browser.address)
        other.listen()
        await other.go("/login?next=/unit/br1")
        await other.log_in(user, password)
        await other.page.locator('[data-loop="br1/temp"]').click()
        yield other
        assert other.errors == []
    finally:
        await context.close()


async def too_small_for_fingers(browser: Browser, within: str) -> list[str]:
    """Return what can be touched on less than 44 px, in a part of the page, with gloves on."""
    found: list[str] = []
    for _ in range(50):
        found = await browser.page.evaluate(_TOO_SMALL, within)
        if not found:
            break
        await asyncio.sleep(0.2)  # a dialog that opens, tabs that move
    return found


_TOO_SMALL = """within => {
  const found = [], part = document.querySelector(within);
  for (const each of part.querySelectorAll('a[href], button, [role=button], [role=tab], input')) {
    if (!each.checkVisibility({visibilityProperty: true}) || each.closest('[aria-hidden=true]')) continue;
    each.scrollIntoView({block: 'center', inline: 'center'});
    const whole = each.closest('.q-field, .q-checkbox') ?? each, box = whole.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    const reaches = (dx, dy) => whole.contains(document.elementFromPoint(x + dx, y + dy));
    const short = [[0, -21], [0, 21], [-21, 0], [21, 0]].filter(([dx, dy]) => !reaches(dx, dy));
    const size = `${Math.round(box.width)}x${Math.round(box.height)} `;
    if (short.length) found.push(size + each.outerHTML.slice(0, 160));
  }
  scrollTo(0, 0);
  return found;
}"""


async def works_as_an_engineer(browser: Browser, running: Running) -> None:
    """Tunes, sets a ramp, begins and ends a relay test: each is confirmed, audited, and seen."""
    password = await asyncio.to_thread(running.plant.add_login, "engineer")
    async with another_browser(browser, "engineer", password, tablet=True) as other:
        plate = other.page.locator(".faceplate")
        await turns_to(other, "Tuning")
        assert await too_small_for_fingers(other, ".faceplate") == []
        await plate.get_by_label("New value").fill("21")
        await _does(plate, "Change …", "br1/temp")
        await expect(plate.locator('[data-parameter="kp"]')).to_have_text(re.compile("^21"), timeout=15_000)
        await _does(plate, "Start", "br1/temp")
        await expect(plate.locator("[data-relay]")).to_contain_text("test runs", timeout=15_000)
        await _does(plate, "Stop", "br1/temp")
        await expect(plate.locator("[data-relay]")).to_contain_text("test aborted", timeout=15_000)
        await turns_to(other, "Operate")
        await plate.get_by_label("Ramp of the set-point").fill("2")
        await _does(plate, "Change …", "br1/temp", last=True)
        await expect(plate).to_contain_text("2 degC/min", timeout=15_000)
        await turns_to(other, "Guards")
        await _is_refused(plate.get_by_role("button", name="Bypass for 10 min").first, "engineer", "bypass")
        await plate.get_by_role("button", name="Close", exact=True).click()
        await expect(plate).to_have_count(0)
        assert await too_small_for_fingers(other, "body") == []
        await other.photograph("bioreactor-tablet", 1024, 768)
    told = [(e["kind"], e["accepted"]) for e in _commands(running, "engineer")]
    assert told == [("tune", True), ("autotune", True), ("autotune", True), ("tune", True)]


async def bypasses_as_a_supervisor(browser: Browser, running: Running) -> None:
    """An interlock is bypassed with a reason; everybody sees it, until it ends."""
    password = await asyncio.to_thread(running.plant.add_login, "supervisor")
    async with another_browser(browser, "supervisor", password) as other:
        plate = other.page.locator(".faceplate")
        await turns_to(other, "Guards")
        await plate.get_by_role("button", name="Bypass for 10 min").first.click()
        await plate.get_by_label("Reason").fill("level probe is being cleaned")
        await plate.get_by_role("button", name="Confirm").click()
        await expect(plate).to_contain_text(re.compile("bypassed until", re.IGNORECASE), timeout=15_000)
        await browser.go("/unit/br1")
        await expect(browser.page.locator(".hmi-card .acting").first).to_contain_text(
            re.compile("bypassed until", re.IGNORECASE), timeout=15_000
        )
        await _does(plate, "End the bypass", "br1/")
        await expect(plate).not_to_contain_text(re.compile("bypassed until", re.IGNORECASE), timeout=15_000)
    assert [(e["kind"], e["accepted"]) for e in _commands(running, "supervisor")] == [("bypass", True)] * 2


async def is_refused_as_an_operator(browser: Browser, running: Running) -> None:
    """What an operator has no right to is grey and says why; so does what the plant does not allow."""
    await browser.go("/unit/br1")
    await browser.page.locator('[data-loop="br1/feed"]').click()
    plate = browser.page.locator(".faceplate")
    await turns_to(browser, "Tuning")
    await _is_refused(plate.get_by_role("button", name="Change …"), "operator", "tune")
    await turns_to(browser, "Operate")
    await plate.get_by_label("New output").fill("20")
    await plate.get_by_role("button", name="Change …").nth(1).click()
    await plate.get_by_role("button", name="Confirm").click()
    await expect(browser.page.locator(".q-notification").last).to_contain_text("Refused", timeout=15_000)
    await until(lambda: any(not e["accepted"] for e in _commands(running, "operator")), 10.0, "the refusal")
    refused = [e for e in _commands(running, "operator") if not e["accepted"]]
    assert [(e["kind"], e["target"]) for e in refused] == [("output", "br1/feed")]
    await plate.get_by_role("button", name="Close", exact=True).click()


async def _does(plate: Locator, name: str, asked: str, *, last: bool = False) -> None:
    """Press a button and confirm what it asks."""
    buttons = plate.get_by_role("button", name=name, exact=True)
    await (buttons.last if last else buttons.first).click()
    await expect(plate.get_by_role("alert").filter(has_text=asked)).to_be_visible()
    await plate.get_by_role("button", name="Confirm").click()


async def _is_refused(button: Locator, role: str, kind: str) -> None:
    """A button that is grey and says why."""
    await expect(button).to_be_disabled()
    await button.hover(force=True)
    reason = f"role {role} may not send '{kind}' commands"
    await expect(button.page.get_by_role("tooltip").filter(has_text=reason)).to_be_visible()
    await button.page.mouse.move(0, 0)


def _commands(running: Running, user: str) -> list[dict[str, Any]]:
    return [e for e in running.view.events if e["type"] == "command" and e["user"] == user]
