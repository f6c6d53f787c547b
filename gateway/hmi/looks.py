"""Light or dark as each user likes it, and type as large as the distance to each screen needs."""

from __future__ import annotations

import enum
import logging
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.hmi.accounts import folder_of, write_private

_log = logging.getLogger(__name__)

_DARK: Final = "dark"
_SIZE: Final = "size"
POINTER: Final = "pointer"
"""Cookie that says how somebody points at a browser's screen."""


class Size(enum.StrEnum):
    """How large everything is. It belongs to a screen, not to who stands before it."""

    NORMAL = "normal"
    LARGE = "large"
    WALL = "wall"

    @property
    def scale(self) -> float:
        """Return how many times the normal size it is."""
        return _SCALES[self]


_SCALES: Final = {Size.NORMAL: 1.0, Size.LARGE: 1.25, Size.WALL: 1.75}


@dataclass(frozen=True, slots=True)
class Looks:
    """How a page looks."""

    dark: bool = False
    size: Size = Size.NORMAL
    coarse: bool = False
    """Fingers touch it: what opens or acts stands further apart."""


class LooksBook:
    """What users like, in a file; what a browser's screen needs, in the browser's own settings."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist yet."""
        self._path = path
        self._dark = _kept(path)

    def here(self, user: str | None, browser: Mapping[str, Any], pointer: str = "") -> Looks:
        """Return how a page looks.

        Args:
            user: who looks; None is whoever stands there.
            browser: what is kept for the browser.
            pointer: what its last page has found out (`hmi.js`): `coarse` where fingers touch it.
        """
        dark = self._dark.get(user) if user is not None else None
        size = Size(browser.get(_SIZE, Size.NORMAL))
        coarse = pointer == "coarse"
        return Looks(bool(browser.get(_DARK, False)) if dark is None else dark, size, coarse)

    def turn(self, user: str | None, browser: MutableMapping[str, Any]) -> None:
        """Turn light into dark, or back: for the user at every browser, and for this browser's login page."""
        dark = not self.here(user, browser).dark
        browser[_DARK] = dark
        if user is not None:
            self._dark[user] = dark
            write_private(self._path, orjson.dumps(self._dark), durable=False)


def _kept(path: Path) -> dict[str, bool]:
    """Return what a file says of each user; nothing where a power cut has left it torn."""
    try:
        kept = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except orjson.JSONDecodeError as error:
        _log.warning("preferences begin anew: %s is damaged: %s", path, error)
        return {}
    return {user: dark is True for user, dark in kept.items()} if isinstance(kept, dict) else {}


def resize(browser: MutableMapping[str, Any], size: Size) -> None:
    """Make everything on a browser's screen another size."""
    browser[_SIZE] = str(size)


def looks_of(data: Path) -> LooksBook:
    """Return what the users of a data folder like."""
    return LooksBook(folder_of(data) / "looks.json")
