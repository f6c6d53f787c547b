"""Steps of an operator's work with trends."""

from __future__ import annotations

import asyncio
import csv
import re

import pytest
from playwright.async_api import expect

from gateway.commands.message import make
from gateway.gxp.audit import read_entries
from gateway.hmi.access_record import path_of
from tests.browser.conftest import Browser
from tests.system.conftest import Running

TREND = "/trend?tags=br1/temp.pv,br1/feed.sp"
_CHART = "getElement(document.querySelector('[data-trend]').id.slice(1))"
_RUNS = f"({_CHART}?.values?.('br1/temp.pv') ?? [])"
_LOST_IS_SEEN = f"""() => {{
  const trend = {_CHART}, at = (trend.state.window[0] + trend.state.window[1]) / 2;
  const bad = getComputedStyle(document.body).getPropertyValue("--bad").trim();
  const seen = () => trend.chart.getZr().storage.getDisplayList().some(each => each.style.fill === bad);
  const before = seen();
  trend.state.marks.push({{ kind: "events", from: at, to: at, text: "gap", lost: true }});
  trend.draw();
  return !before && seen();
}}"""
TIMES = f"{_RUNS}.flatMap((run) => run.t)"


async def looks_back_in_a_trend(browser: Browser) -> None:
    """The chart has what is stored and goes on live; the wheel zooms into history, a button leads back."""
    page = browser.page
    await browser.go(f"{TREND}&span=60")
    await page.wait_for_function(f"{TIMES}.length > 20", timeout=15_000)
    shown = await page.evaluate(f"{_RUNS}.flatMap((run) => run.v)")
    assert all(30.0 < value < 45.0 for value in shown if value is not None)
    newest = await page.evaluate(f"{TIMES}.at(-1)")
    await page.wait_for_function(f"{TIMES}.at(-1) > {newest + 1000}", timeout=15_000)
    plot = page.locator("[data-plot]")
    await plot.hover()
    await page.mouse.wheel(0, -400)
    await page.wait_for_function("Number(new URL(location).searchParams.get('span')) < 60", timeout=10_000)
    assert "end=" not in page.url, "zoomed at the present, it follows it"
    while not await page.evaluate("Number(new URL(location).searchParams.get('span')) < 15"):
        await page.mouse.wheel(0, -400)  # so close that what is earlier has been recorded too
        await asyncio.sleep(0.3)
    await page.get_by_role("button", name="Earlier").click()
    await page.wait_for_function("new URL(location).searchParams.has('end')")
    await reads_with_cursors(browser)
    await page.get_by_role("button", name="Live").click()
    await page.wait_for_function("!new URL(location).searchParams.has('end')")
    await page.wait_for_function(f"{TIMES}.length > 5")
    assert await page.evaluate(_LOST_IS_SEEN), "what is lost for good is drawn in the colour of bad values"


async def reads_with_cursors(browser: Browser) -> None:
    """Two cursors, by pointer and by key; what they read is in the table, and in the address."""
    page = browser.page
    plot = page.locator("[data-plot]")
    await page.wait_for_function(f"{TIMES}.length > 5")
    await plot.click(position={"x": 700, "y": 200})
    await plot.click(position={"x": 900, "y": 200})
    row = page.locator('[data-trace="br1/temp.pv"]')
    await expect(row.locator('[data-at="B"]')).to_have_text(re.compile(r"^3\d\.\d\d$"))
    read = [
        float(await row.locator(each).inner_text())
        for each in ('[data-at="A"]', '[data-at="B"]', "[data-delta]")
    ]
    assert read[1] - read[0] == pytest.approx(read[2], abs=0.011)
    before = float(await page.get_by_role("slider", name="Cursor A").get_attribute("aria-valuenow") or "nan")
    await page.get_by_role("slider", name="Cursor A").press("ArrowLeft")
    told = "(new URL(location).searchParams.get('cursors') ?? '').split(',').map(Number)"
    await page.wait_for_function(f"{told}.length === 2 && {told}[0] < {before} - 1")
    difference = await row.locator("[data-delta]").inner_text()
    address, window = page.url, await page.evaluate(f"{_CHART}.seenWindow()")
    await page.goto("about:blank")
    await page.goto(address)
    await page.wait_for_function(f"{TIMES}.length > 5")
    assert await page.evaluate(f"{_CHART}.seenWindow()") == pytest.approx(window, abs=0.01)
    await expect(row.locator("[data-delta]")).to_have_text(difference)


async def keeps_a_group_and_exports(browser: Browser, running: Running) -> None:
    """A saved group is opened from another trend; the file has what is stored."""
    page = browser.page
    await browser.go(f"{TREND}&span=60")
    await page.get_by_role("button", name="Saved groups").click()
    await page.get_by_label("Name", exact=True).fill("Jacket")
    await page.get_by_role("button", name="Save these").click()
    await expect(page.get_by_role("button", name="Jacket", exact=True)).to_be_visible()
    await browser.go("/trend")
    await page.get_by_role("button", name="Saved groups").click()
    await page.get_by_role("button", name="Jacket", exact=True).click()
    await page.wait_for_function("new URL(location).searchParams.get('tags') === 'br1/temp.pv,br1/feed.sp'")
    await page.wait_for_function(f"{TIMES}.length > 20", timeout=15_000)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as download:
        await page.get_by_text("CSV").click()
    rows = list(csv.DictReader((await (await download.value).path()).read_text().splitlines()))
    assert {row["tag"] for row in rows} <= {"br1/temp.pv", "br1/feed.sp"}
    assert len(rows) > 10
    assert all(row["quality"] == "good" and row["unit"] for row in rows)
    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as download:
        await page.get_by_text("PNG").click()
    assert (await (await download.value).path()).read_bytes().startswith(b"\x89PNG")
    taken = [e for e in read_entries(path_of(running.plant.data)) if e["action"] == "export"]
    assert [(e["who"], e["target"]) for e in taken] == [("operator", "trend.csv"), ("operator", "trend.png")]
    assert all(e["new"].startswith("br1/temp.pv, br1/feed.sp from 2") for e in taken)


async def lays_batches_over_one_another(browser: Browser, running: Running) -> None:
    """Two batches were named by a batch system; they are chosen from the list, and start together."""
    page = browser.page
    for batch in ("B-1", "B-2", ""):
        context = {"campaign": "C-1", "batch": batch, "phase": ""}
        key = running.plant.keys["batch"]
        assert (await running.view.command(make("batch", key, "context", "br2", context=context))).accepted
        await asyncio.sleep(1.0)  # a batch that has a length
    await browser.go("/trend?tags=br2/temp.pv&span=60")
    await page.wait_for_function(
        f"{_CHART}?.state?.marks.filter((mark) => mark.kind === 'phases').length >= 2"
    )
    await page.get_by_role("button", name="Lay over").click()
    for name in ("B-1", "B-2"):
        await page.get_by_role("dialog").get_by_role("row", name=name).get_by_role("checkbox").click()
    await page.get_by_role("dialog").get_by_role("button", name="Lay over").click()
    await expect(page.locator("[data-trace]")).to_have_count(2)
    await expect(page.locator("[data-trace]").first).to_contain_text("B-1 (br2)")
    starts = await page.evaluate(f"Object.values({_CHART}.state.runs).map((runs) => runs[0].t[0])")
    assert starts == [0, 0]
