"""YAML text to values that know their places.

Plain scalars are read by the core schema of YAML 1.2: `yes`, `on` and `12:30` are texts, `true` and
`12` are not. A key that stands twice in one mapping is an error here, where PyYAML would silently
keep the last one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from config.environment import Environment
from config.errors import Findings
from config.nodes import Items, Map, Place

_TAG: Final = "tag:yaml.org,2002:"
_SYNTAX: Final = "YAML"


class _Loader(yaml.CSafeLoader):
    """PyYAML's compiled composer with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _name, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), list(_first))


def scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar of YAML means: `12` is a number, `12 L` a text."""
    return _scalar(_tag(text), text)


def read(path: Path, environment: Environment, findings: Findings) -> Map | None:
    """Return what a file holds; None when it cannot be read, and the findings say why.

    Tells of syntax errors (a parser stops at the first), repeated keys and missing variables.
    """
    file = str(path)
    text = _text(path, findings)
    if text is None:
        return None
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        place, message, fix = _syntax(error, text, file)
        findings.error(place, (_SYNTAX,), message, fix)
        return None
    if root is None:
        return Map({}, Place(file, 1), {})
    value = _Reader(file, environment, findings).value(root, Place(file, 1))
    if isinstance(value, Map):
        return value
    findings.error(
        Place(file, 1), (_SYNTAX,), "the file is not a mapping", "begin with a key such as 'units:'"
    )
    return None


def _text(path: Path, findings: Findings) -> str | None:
    try:
        raw = path.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        findings.error(Place(str(path), 1), ("file",), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        place = Place(str(path), raw.count(b"\n", 0, error.start) + 1)
        findings.error(place, ("file",), "the file is not UTF-8 text", "save it as UTF-8")
    return None


def _syntax(error: yaml.YAMLError, text: str, file: str) -> tuple[Place, str, str]:
    """Return place, message and remedy; never a piece of the text, which may be a secret."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        return Place(file, line), "a character that YAML does not allow", "remove the control character"
    place = Place(file, mark.line + 1, mark.column + 1)
    problem = str(getattr(error, "problem", None) or "cannot be read")
    if "alias" in problem or "anchor" in problem:
        return place, "an alias (*) without its anchor (&), or an anchor twice", "quote a text that begins so"
    line_text = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if "tab character" in problem or ("cannot start any token" in problem and "\t" in line_text):
        return place, "a tab in the indentation", "indent with spaces"
    if "single document" in str(getattr(error, "context", "")):
        return place, "a second document begins here", "remove the line '---'"
    return place, f"syntax error: {problem}", "check the indentation, brackets and quotes around this line"


class _Reader:
    """Turns the nodes of one file into values."""

    def __init__(self, file: str, environment: Environment, findings: Findings) -> None:
        self._file = file
        self._environment = environment
        self._findings = findings
        self._path: list[str | int] = []
        self._open: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            self._broken(place, "an alias within what it stands for", "write the value out")
            return None
        self._open.add(id(node))
        value = self._map(node) if isinstance(node, yaml.MappingNode) else self._items(node)
        self._open.discard(id(node))
        return value

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _broken(self, place: Place, message: str, fix: str) -> None:
        self._findings.broken(place, tuple(self._path) or (_SYNTAX,), message, fix)

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text: str = node.value
        if "${" in text:
            return self._environment.fill(text, place, tuple(self._path), self._findings)
        try:
            return _scalar(node.tag, text)
        except ValueError:
            self._broken(
                place, "a YAML tag (!) that has no meaning here", "quote a text that begins with '!'"
            )
            return None

    def _map(self, node: yaml.MappingNode) -> Map:
        entries: dict[str, Any] = {}
        places: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._broken(place, "a key that is not a text", "write 'name: value'")
                continue
            key: str = key_node.value
            self._path.append(key)
            if key == "<<":
                self._broken(place, "YAML's merge key is not used here", "make a template of what is shared")
            elif key in places:
                first = f"stands twice, the first time in line {places[key].line}"
                self._broken(place, first, "keep one of them, or give one another name")
            else:
                places[key] = place
                entries[key] = self.value(value_node, place)
            self._path.pop()
        return Map(entries, self._place(node), places)

    def _items(self, node: yaml.Node) -> Items:
        items: list[Any] = []
        places = [self._place(item) for item in node.value]
        for index, item in enumerate(node.value):
            self._path.append(index)
            items.append(self.value(item, places[index]))
            self._path.pop()
        return Items(items, self._place(node), places)


def _scalar(tag: str, text: str) -> str | int | float | bool | None:
    """Return the value of a scalar whose tag is known.

    Raises:
        ValueError: the tag is none of YAML's own, or the text is not what it says.
    """
    match tag.removeprefix(_TAG):
        case "str":
            return text
        case "int":
            return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
        case "float":
            return float(text)
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "null":
            return None
    raise ValueError(tag)


def _tag(text: str) -> str:
    for tag, pattern in _Loader.yaml_implicit_resolvers.get(text[:1], []):
        if pattern.match(text):
            return tag
    return _TAG + "str"
