"""Values that know where they were written: what the files become before they are models.

A `Map` is a dict and an `Items` is a list, so pydantic takes them as they are; beside its entries
each keeps the place of every one of them. Maps that come from one template share their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A file, a line and a column, both counted from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Map(dict[str, Any]):
    """A mapping with the place of each key."""

    __slots__ = ("place", "places")

    def __init__(self, entries: Mapping[str, Any], place: Place, places: Mapping[str, Place]) -> None:
        super().__init__(entries)
        self.place = place
        self.places = places

    def place_of(self, key: str) -> Place:
        """Return where a key stands, or where the mapping begins when it has no such key."""
        return self.places.get(key, self.place)

    def with_entries(self, other: Map, keys: Iterable[str]) -> Map:
        """Return a copy with some entries of another map, and their places."""
        taken = dict.fromkeys(keys)  # in their order: it becomes the tags' order in the image
        entries = {**self, **{key: other[key] for key in taken}}
        places = {key: other.place_of(key) if key in taken else self.place_of(key) for key in entries}
        return Map(entries, self.place, places)

    def empty(self) -> Map:
        """Return a map without entries in the same place."""
        return Map({}, self.place, {})

    def without(self, *keys: str) -> Map:
        """Return a copy without some keys."""
        return Map({k: v for k, v in self.items() if k not in keys}, self.place, self.places)


class Items(list[Any]):
    """A list with the place of each item."""

    __slots__ = ("place", "places")

    def __init__(self, items: Iterable[Any], place: Place, places: Sequence[Place]) -> None:
        super().__init__(items)
        self.place = place
        self.places = places

    def place_of(self, index: int) -> Place:
        """Return where an item stands."""
        return self.places[index] if 0 <= index < len(self.places) else self.place


class EnvironmentText(str):
    """A text with variables of the environment filled in. Messages show `written`, never the value."""

    __slots__ = ("written",)
    written: str

    @classmethod
    def filled(cls, value: str, written: str) -> EnvironmentText:
        """Return the value, remembering what the file says."""
        text = cls(value)
        text.written = written
        return text


class ParameterText(str):
    """A text that names parameters of a template, as `${device}`; `templates` fills them in."""

    __slots__ = ()


def place_at(root: Map, path: Sequence[str | int]) -> Place:
    """Return the place of what a path names, or of the nearest thing above it that exists."""
    node: Any = root
    place = root.place
    for step in path:
        if isinstance(node, Map) and step in node:
            place = node.place_of(str(step))
            node = node[str(step)]
        elif isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node):
            place = node.place_of(step)
            node = node[step]
        else:
            break
    return place


def plain(value: Any) -> Any:
    """Return a value as ordinary dicts, lists and texts, for fields that hold anything."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


def shown(value: object, limit: int = 60) -> str:
    """Return a value as a message may quote it: short, and never what came from the environment."""
    if isinstance(value, EnvironmentText):
        return f"the value of {value.written}"
    if isinstance(value, Map | dict):
        return "a mapping"
    if isinstance(value, Items | list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = (
        repr(str(value))
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
