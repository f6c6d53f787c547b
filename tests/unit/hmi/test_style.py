"""The pages' classes: each is known to a style sheet, since nothing is made up for them in the browser."""

from __future__ import annotations

import re
from pathlib import Path

import nicegui

from gateway import hmi

_CLASSES = re.compile(r"""classes\((?:add=)?"([^"{]*)"|\bclass=["']([\w -]+)["']""")
_BROUGHT = ("quasar.unimportant.prod.css", "quasar.important.prod.css", "nicegui.css", "fonts.css")
_FOR_OTHERS = {"notranslate"}
"""Told to the browser, or to who translates: it has no style."""


def test_every_class_has_a_style() -> None:
    ours = Path(hmi.__file__).parent
    static = Path(nicegui.__file__).parent / "static"
    sheets = [*ours.glob("*.css"), *(static / name for name in _BROUGHT)]
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(sheet.read_text("utf-8") for sheet in sheets)))
    sources = [*ours.glob("*.py"), *ours.glob("*.js"), *(ours / "trend_js").glob("*.js")]
    used = {
        name: source.name
        for source in sources
        for found in _CLASSES.findall(source.read_text("utf-8"))
        for name in " ".join(found).split()
    }
    assert {name: source for name, source in used.items() if name not in known | _FOR_OTHERS} == {}
