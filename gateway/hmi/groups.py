"""Groups of tags that users have saved: a file in the HMI's data folder."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from gateway.hmi.accounts import folder_of

_LONGEST_NAME = 60
_MOST_EACH = 100


class TooMany(Exception):
    """A user has as many groups as anybody may have, or the name is no name."""


class Groups:
    """Each user's groups by name; a group is the address of a trend. Read anew each time: it is small."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist yet."""
        self._path = path

    def of(self, user: str) -> dict[str, str]:
        """Return a user's groups, by name."""
        return dict(sorted(self._read().get(user, {}).items()))

    def save(self, user: str, name: str, address: str) -> None:
        """Keep a group, in place of the one of that name.

        Raises:
            TooMany: there are too many, or the name is empty or too long.
        """
        name, everybody = name.strip(), self._read()
        groups = everybody.setdefault(user, {})
        if not name or len(name) > _LONGEST_NAME or (name not in groups and len(groups) >= _MOST_EACH):
            raise TooMany(
                f"a name has 1 to {_LONGEST_NAME} characters, and nobody has more than {_MOST_EACH} groups"
            )
        groups[name] = address
        self._write(everybody)

    def remove(self, user: str, name: str) -> None:
        """Forget a group, if there is one of that name."""
        everybody = self._read()
        if everybody.get(user, {}).pop(name, None) is not None:
            self._write(everybody)

    def _read(self) -> dict[str, dict[str, str]]:
        if not self._path.exists():
            return {}
        found: dict[str, dict[str, str]] = orjson.loads(self._path.read_bytes())
        return found

    def _write(self, everybody: dict[str, dict[str, str]]) -> None:
        """Replace the file as a whole: whoever reads it, or cuts the power, finds the old or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(everybody, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def groups_of(data: Path) -> Groups:
    """Return the groups of a data folder."""
    return Groups(folder_of(data) / "trend-groups.json")
