"""The entries of a collection in a configuration, and which names they may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from config.errors import Findings, Path
from config.model import NAME_PATTERN
from config.nodes import Map, shown

_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def entries(
    owner: Map, key: str, path: Path, findings: Findings, *, dots: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a collection whose names can be used."""
    collection = owner.get(key)
    if collection is None:
        return
    if not isinstance(collection, Map):
        place = owner.place_of(key)
        findings.error(
            place, (*path, key), f"{shown(collection)} is not a mapping", "write 'name: …' in each line"
        )
        return
    for name, value in collection.items():
        if (_LOCAL_NAME if dots else NAME_PATTERN).fullmatch(name):
            yield name, value
            continue
        what = "a name" if dots else "a level of a topic"
        letters = "letters, digits, '_' and '-'" + (" with dots between them" if dots else "")
        findings.error(
            collection.place_of(name), (*path, key, name), f"{name!r} cannot be {what}",
            f"use {letters} only, and put free text in display_name",
        )  # fmt: skip
