"""Names of tags within models, by what the tag may be, and the way through a model to each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from config.model import Model
from config.tags import TagKind

M = TypeVar("M", bound=Model)
Path = tuple[str | int, ...]


class TagName(str):
    """Name of a tag, within the unit or full; the loader gives it its full name."""

    __slots__ = ()
    kinds: frozenset[TagKind] = frozenset(TagKind)
    """What the tag may be."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take any text; whether there is such a tag only the whole configuration can tell."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class NumberName(TagName):
    """Name of a tag that is a number."""

    __slots__ = ()
    kinds = frozenset({TagKind.NUMBER})


class BoolName(TagName):
    """Name of a tag that is true or false."""

    __slots__ = ()
    kinds = frozenset({TagKind.BOOL})


def tag_names(value: Any, path: Path = ()) -> Iterator[tuple[Path, TagName]]:
    """Yield every tag that a screen, or a part of one, names, with its path."""
    if isinstance(value, TagName):
        yield path, value
    elif isinstance(value, Model):
        for field in type(value).model_fields:
            yield from tag_names(getattr(value, field), (*path, field))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from tag_names(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from tag_names(entry, (*path, index))


def with_tag_names(screen: M, full: Callable[[str], str]) -> M:
    """Return a screen in which every tag has its full name."""
    changed: M = _changed(screen, full)
    return changed


def _changed(value: Any, full: Callable[[str], str]) -> Any:
    if isinstance(value, TagName):
        return type(value)(full(value))
    if isinstance(value, Model):
        fields = type(value).model_fields
        return value.model_copy(update={name: _changed(getattr(value, name), full) for name in fields})
    if isinstance(value, dict):
        return {key: _changed(entry, full) for key, entry in value.items()}
    return [_changed(entry, full) for entry in value] if isinstance(value, list) else value
