"""The checks of axe in a page: nothing serious may be left."""

from __future__ import annotations

from pathlib import Path

from tests.browser.conftest import Browser

AXE = Path(__file__).parents[1] / "foreign" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = "['serious', 'critical']"
_RUN = f"""async only => (await axe.run(document, {{resultTypes: ['violations'], ...only}})).violations
  .filter(found => {_GRAVE}.includes(found.impact))
  .flatMap(found => found.nodes.map(node => found.id + ': ' + node.html.slice(0, 160)))"""


async def obstacles(browser: Browser, *rules: str) -> list[str]:
    """Return what axe finds grave in the page, as rule and element; without rules by all of them."""
    await browser.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await browser.page.evaluate(_RUN, {"runOnly": list(rules)} if rules else {})
    return [f"{browser.page.url}: {each}" for each in found]


async def without_focus(browser: Browser) -> list[str]:
    """Go through a page with the tabulator; return what it stops at without showing that it does."""
    page, found, before = browser.page, [], ""
    await page.evaluate("document.activeElement?.blur()")
    for _ in range(40):
        await page.keyboard.press("Tab")
        here: str = await page.evaluate(_FOCUSED)
        if not here or here == before:
            break
        before = here
        if here.startswith("unseen "):
            found.append(here)
    return found


_FOCUSED = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return '';
  const shown = [here, ...here.querySelectorAll('.q-focus-helper'), here.closest('.q-field__control') ?? here]
    .some(each => { const style = getComputedStyle(each);
      return style.outlineStyle !== 'none' || style.boxShadow !== 'none' ||
        each.matches('.q-focus-helper, .q-field__control'); });
  return (shown ? '' : 'unseen ') + here.outerHTML.slice(0, 120);
}"""
