"""What a device holds, as lines for people: one for each thing, below it what does not fit in. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from drivers.inspection import Offered

_GAP: Final = "  "
_INDENT: Final = "    "
_LONGEST_VALUE: Final = 24
"""On a terminal, with its unit."""
_NARROWEST_PATH: Final = 20
_HEADS: Final = ("path", "value", "type", "access")


def listing(found: Sequence[Offered], width: int | None) -> Iterator[str]:
    """Yield the lines.

    Args:
        found: what is there.
        width: of the terminal; None for a file or another program, where nothing is folded.
    """
    if not found:
        return
    common = _common(found)
    if common:
        yield from _folded("all: " + _told(common), "", width)
    rows = [_HEADS, *((each.path, _value(each, width), each.type, _access(each)) for each in found)]
    _, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    longest = max(len(row[0]) for row in rows)
    rest = sum(widths) + len(_GAP) * len(widths)
    path_width = longest if width is None else min(longest, max(width - rest, _NARROWEST_PATH))
    yield _row(_HEADS, path_width, widths)
    for each, row in zip(found, rows[1:], strict=True):
        if len(row[0]) > path_width:
            yield row[0]
            yield _row(("", *row[1:]), path_width, widths)
        else:
            yield _row(row, path_width, widths)
        own = {key: part for key, part in each.address.items() if key not in common and not _shown(each, key)}
        for text in (_told(own), each.note):
            yield from _folded(text, _INDENT, width)


def _row(cells: Sequence[str], path_width: int, widths: Sequence[int]) -> str:
    path, *others = cells
    padded = [path.ljust(path_width), *(cell.ljust(size) for cell, size in zip(others, widths, strict=True))]
    return _GAP.join(padded).rstrip()


def _common(found: Sequence[Offered]) -> dict[str, Any]:
    """Return what all the addresses have, where there are several."""
    if len(found) < 2:
        return {}
    first, *others = (each.address for each in found)
    return {
        key: part
        for key, part in first.items()
        if part != "" and all(other.get(key) == part for other in others)
    }


def _shown(each: Offered, key: str) -> bool:
    """Say whether a part of an address stands in the line above already."""
    part = each.address[key]
    table = each.address.get("table")
    above = {
        "browse_name": each.path.rpartition("/")[2],
        "data_type": each.type,
        "type": each.type,
        "table": each.path.partition(":")[0],
        "address": f"{each.path}" if table is None else each.path.removeprefix(f"{table}:"),
    }
    return part == "" or str(part) == above.get(key)


def _told(address: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {part}" for key, part in address.items())


def _value(each: Offered, width: int | None) -> str:
    value = each.value
    text = "" if value is None else f"{value:.8g}" if isinstance(value, float) else str(value)
    most = None if width is None else _LONGEST_VALUE - len(each.unit)
    short = text if most is None or len(text) <= most else text[: most - 1] + "…"
    return f"{short} {each.unit}".strip()


def _access(each: Offered) -> str:
    return "read, write" if each.is_writable else "read"


def _folded(text: str, indent: str, width: int | None) -> Iterator[str]:
    if not text:
        return
    if width is None:
        yield indent + text
        return
    yield from textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
