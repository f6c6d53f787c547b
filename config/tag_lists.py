"""Tag lists: tags as engineers keep them, in a spreadsheet, saved as CSV.

The first row names the columns: `name`, then any field of a tag, with a dot before the fields of what
it holds (`address.table`, `scaling.raw_high`, `report.deadband`). An empty cell is a field that is not
given. Commas or semicolons separate the cells, whichever the first row has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from config.environment import Environment
from config.errors import Findings
from config.nodes import Map, Place, shown
from config.suggest import did_you_mean, listed
from config.tags import Reporting, Scaling, Tag
from config.yaml_source import scalar

_NESTED: Final[dict[str, type[BaseModel]]] = {"scaling": Scaling, "report": Reporting}
COLUMNS: Final = (
    "name",
    *(field for field in Tag.model_fields if field not in {"address", *_NESTED}),
    *(f"{part}.{field}" for part, model in _NESTED.items() for field in model.model_fields),
)
"""Every column but those of the address, `address.…`, which the device's driver knows."""

_FIELD: Final = ("tag_lists",)


def read_tag_list(path: Path, named_at: Place, environment: Environment, findings: Findings) -> Map:
    """Return the tags of a CSV file by name, each with the place of its cells.

    Args:
        path: the file.
        named_at: where the configuration names it.
        environment: the variables that cells may name.
        findings: where mistakes are recorded; a broken row is left out.
    """
    file = str(path)
    tags = Map({}, Place(file, 1), {})
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        fix = f"the path is relative to the folder of {named_at.file}"
        findings.error(named_at, _FIELD, f"no file {shown(str(path))}", fix)
        return tags
    except UnicodeDecodeError:
        findings.error(Place(file, 1), _FIELD, "the file is not UTF-8 text", "save it as 'CSV UTF-8'")
        return tags
    rows = _rows(text, file, findings)
    header = next(rows, None)
    if header is None:
        findings.error(Place(file, 1), _FIELD, "the file is empty", "begin with a row of column names")
        return tags
    columns = [cell.strip() for cell in header[1]]
    if not _header_is_right(columns, Place(file, header[0]), findings):
        return tags
    reader = _RowReader(file, columns, environment, findings)
    places: dict[str, Place] = {}
    for line, cells in rows:
        row = reader.row(line, cells, places)
        if row is not None:
            name, tag = row
            tags[name] = tag
            places[name] = Place(file, line)
    return Map(tags, tags.place, places)


def _rows(text: str, file: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty with the line it begins in."""
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=";" if first.count(";") > first.count(",") else ",",
        strict=True,
    )
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        fix = "check the quotes: a quote inside a quoted cell is written twice"
        findings.error(Place(file, line), _FIELD, f"is not CSV from here on: {error}", fix)


def _header_is_right(columns: list[str], place: Place, findings: Findings) -> bool:
    right = True
    for index, column in enumerate(columns):
        at = place._replace(column=index + 1)
        if column in columns[:index]:
            findings.error(at, (*_FIELD, column), "this column stands twice", "remove one of them")
        elif column not in COLUMNS and not (column.startswith("address.") and column != "address."):
            fix = did_you_mean(
                column,
                (*COLUMNS, "address.table", "address.address", "address.type"),
                f"columns are {listed(COLUMNS, 40)} and address.…",
            )
            findings.error(at, (*_FIELD, column), f"there is no column {column!r}", fix)
        else:
            continue
        right = False
    if "name" not in columns:
        findings.error(place, _FIELD, "there is no column 'name'", "the first row names the columns")
        right = False
    return right


class CellPlaces(Mapping[str, Place]):
    """The places of a row's cells, made when somebody asks: hardly anybody does."""

    __slots__ = ("_columns", "_prefix", "_row")

    def __init__(self, row: Place, columns: Mapping[str, int], prefix: str) -> None:
        self._row, self._columns, self._prefix = row, columns, prefix

    def __getitem__(self, key: str) -> Place:
        return self._row._replace(column=self._columns[self._prefix + key])

    def __iter__(self) -> Iterator[str]:
        return (c.removeprefix(self._prefix) for c in self._columns if c.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _RowReader:
    """Turns rows of one file into tags."""

    def __init__(self, file: str, columns: list[str], environment: Environment, findings: Findings) -> None:
        self._file = file
        self._columns = columns
        self._index = {column: index + 1 for index, column in enumerate(columns)}
        self._environment = environment
        self._findings = findings

    def row(self, line: int, cells: list[str], known: dict[str, Place]) -> tuple[str, Map] | None:
        place = Place(self._file, line)
        if len(cells) != len(self._columns):
            message = f"the row has {len(cells)} cells, the first row {len(self._columns)}"
            fix = "add or remove separators; put a text that holds one in double quotes"
            self._findings.error(place, _FIELD, message, fix)
            return None
        texts = dict(zip(self._columns, (cell.strip() for cell in cells), strict=True))
        name = texts.pop("name")
        if not name or name in known:
            message = (
                f"{name!r} is already written in line {known[name].line}" if name else "the name is empty"
            )
            at = place._replace(column=self._index["name"])
            self._findings.error(at, (*_FIELD, "name"), message, "give every tag a name of its own")
            return None
        return name, self._tag(place, name, {c: text for c, text in texts.items() if text})

    def _tag(self, place: Place, name: str, texts: dict[str, str]) -> Map:
        entries: dict[str, Any] = {}
        for column, text in texts.items():
            part, _, field = column.partition(".")
            value: Any = text
            if "${" in text:
                at = place._replace(column=self._index[column])
                value = self._environment.fill(text, at, (*_FIELD, name, column), self._findings)
            elif part == "address":
                value = scalar(text)
            if field:
                nested = entries.get(part)
                if nested is None:
                    nested = entries[part] = Map({}, place, CellPlaces(place, self._index, f"{part}."))
                nested[field] = value
            else:
                entries[column] = value
        return Map(entries, place, CellPlaces(place, self._index, ""))
