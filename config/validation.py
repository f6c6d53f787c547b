"""Values to models: pydantic finds what is wrong, this file says it in words, with place and remedy."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from config.errors import Findings, Path
from config.nodes import Items, Map, Place, shown
from config.quantities import FROM_FILE
from config.suggest import did_you_mean, listed

M = TypeVar("M", bound=BaseModel)


def validated(
    model: type[M], value: Any, path: Path, findings: Findings, place: Place | None = None
) -> M | None:
    """Return a model made of a value of the file, or None when the findings say what is wrong."""
    if value is None:
        value = Map({}, place or findings.place(path), {})  # `temp.pv:` with nothing after it
    try:
        return model.model_validate(value, context=FROM_FILE)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(model, value, detail, path, findings, place)
        return None


def _report(
    model: type[BaseModel],
    value: Any,
    detail: ErrorDetails,
    path: Path,
    findings: Findings,
    place: Place | None,
) -> None:
    walked = _Walk(model, value, place or findings.place(path))
    walked.follow(detail["loc"])
    words = _WORDS.get(detail["type"], _other)
    message, fix = words(detail, walked)
    findings.error(walked.place, (*path, *walked.path), message, fix)


class _Walk:
    """Follows pydantic's location through value and models, to the place and its possible keys."""

    def __init__(self, model: type[BaseModel], value: Any, place: Place) -> None:
        self.models: list[type[BaseModel]] = [model]
        """Models that the value at hand may be."""
        self.place = place
        self.path: Path = ()
        self.secret = False
        self._value = value

    def follow(self, location: tuple[str | int, ...]) -> None:
        for index, step in enumerate(location):
            last = index == len(location) - 1
            exists = self._exists(step)
            if not exists and not last:
                continue  # the tag of a union: no level of the file
            if not exists and not any(step in m.model_fields for m in self.models):
                continue
            self.path = (*self.path, step)
            if exists:
                self.place = self._value.place_of(step)
            self._value = self._value[step] if exists else None
            self._descend(step, last)

    def _exists(self, step: str | int) -> bool:
        if isinstance(self._value, Map):
            return step in self._value
        return isinstance(self._value, Items) and isinstance(step, int) and step < len(self._value)

    def _descend(self, step: str | int, last: bool) -> None:
        annotations = [m.model_fields[str(step)].annotation for m in self.models if step in m.model_fields]
        self.secret = self.secret or any(SecretStr in _parts(a) for a in annotations)
        if annotations and not last:
            self.models = [m for a in annotations for m in _parts(a) if issubclass(m, BaseModel)]

    @property
    def fields(self) -> list[str]:
        return [name for model in self.models for name in model.model_fields]

    @property
    def shown(self) -> str:
        return "a secret that does not fit" if self.secret else shown(self._value)


def _parts(annotation: Any) -> Iterator[type]:
    """Yield the classes within an annotation."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)


_Words = tuple[str, str]
"""What is wrong, and what would be right."""


def _unknown(detail: ErrorDetails, walked: _Walk) -> _Words:
    key = str(detail["loc"][-1])
    return f"unknown key {key!r}", did_you_mean(key, walked.fields, f"known here: {listed(walked.fields)}")


def _missing(detail: ErrorDetails, walked: _Walk) -> _Words:
    return "is missing", f"add {detail['loc'][-1]!r}"


def _value(detail: ErrorDetails, walked: _Walk) -> _Words:
    """Words of the models' own validators, which put the remedy after a semicolon or in brackets."""
    text = detail["msg"].removeprefix("Value error, ")
    if walked.secret or walked.shown.startswith("the value of"):
        return f"{walked.shown} does not fit here", ""
    message, _, fix = text.partition("; ") if "; " in text else text.partition(" (examples: ")
    return message, f"examples: {fix.rstrip(')')}" if "(examples: " in text and fix else fix


def _choice(detail: ErrorDetails, walked: _Walk) -> _Words:
    expected = str(detail.get("ctx", {}).get("expected", "")).replace("' or '", "', '")
    words = [word.strip("' ") for word in expected.split(",")]
    given = detail["input"]
    otherwise = f"one of {', '.join(words)}" if len(words) > 1 else f"write {words[0]}"
    fix = otherwise if not isinstance(given, str) else did_you_mean(given, words, otherwise)
    return f"{walked.shown} is not allowed here", fix


def _bound(detail: ErrorDetails, walked: _Walk) -> _Words:
    ((kind, limit),) = detail.get("ctx", {}).items()
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}[kind]
    return f"{walked.shown} is out of bounds", f"it must be {words} {limit:g}"


def _type(article: str) -> Callable[[ErrorDetails, _Walk], _Words]:
    return lambda _, walked: (f"{walked.shown} is not {article}", f"write {article}")


def _other(detail: ErrorDetails, walked: _Walk) -> _Words:
    return f"{walked.shown} does not fit", detail["msg"][:1].lower() + detail["msg"][1:]


_WORDS: Final[Mapping[str, Callable[[ErrorDetails, _Walk], _Words]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "value_error": _value,
    "enum": _choice,
    "literal_error": _choice,
    "union_tag_invalid": lambda d, w: (
        f"{shown(d.get('ctx', {}).get('tag'))} is not allowed here",
        f"one of {d.get('ctx', {}).get('expected_tags')}",
    ),
    "union_tag_not_found": lambda d, w: ("is missing", f"add {d.get('ctx', {}).get('discriminator')}"),
    "greater_than": _bound,
    "greater_than_equal": _bound,
    "less_than": _bound,
    "less_than_equal": _bound,
    "string_type": _type("a text"),
    "int_type": _type("a whole number"),
    "int_parsing": _type("a whole number"),
    "int_from_float": _type("a whole number"),
    "float_type": _type("a number"),
    "float_parsing": _type("a number"),
    "bool_type": _type("true or false"),
    "bool_parsing": _type("true or false"),
    "dict_type": _type("a mapping"),
    "model_type": _type("a mapping"),
    "list_type": _type("a list"),
    "tuple_type": _type("a list"),
}
