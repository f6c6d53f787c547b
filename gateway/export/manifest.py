"""What an export holds, how it was asked for, and whether its files are still what they were.

`manifest.json` describes the export; `SHA256SUMS` has the hash of every file, the manifest's too, in the
format that `sha256sum --check` reads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet

from gateway.export.reading import read_csv

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """What `verify` found."""

    files: int
    rows: int
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every file is there as it was written, and no other."""
        return not self.problems


def describe(path: Path, rows: int) -> dict[str, Any]:
    """Return a file's entry in the manifest."""
    return {"name": path.name, "sha256": digest(path), "bytes": path.stat().st_size, "rows": rows}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the sums: the last act of an export."""
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
    sums = [(file["sha256"], file["name"]) for file in manifest["files"]]
    sums.append((digest(folder / MANIFEST), MANIFEST))
    (folder / SUMS).write_text("".join(f"{value}  {name}\n" for value, name in sums), encoding="utf-8")


def verify(folder: Path) -> Checked:
    """Compare an export's files with its manifest, by hash and by counting rows anew.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: the manifest is none.
    """
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    files: dict[str, dict[str, Any]] = {file["name"]: file for file in manifest["files"]}
    lines = (line.partition("  ") for line in (folder / SUMS).read_text("utf-8").splitlines())
    sums = {name: value for value, _, name in lines}
    problems = []
    if sums.get(MANIFEST) != digest(folder / MANIFEST):
        problems.append(f"{MANIFEST} is not the one that was written")
    there = {path.name for path in folder.iterdir()} - {MANIFEST, SUMS}
    problems += [f"{name} is missing" for name in sorted(files.keys() - there)]
    problems += [f"{name} is not of this export" for name in sorted(there - files.keys())]
    rows = 0
    for name in sorted(files.keys() & there):
        path, entry = folder / name, files[name]
        if not digest(path) == entry["sha256"] == sums.get(name):
            problems.append(f"{name} was altered: its SHA-256 is {digest(path)}, and was {entry['sha256']}")
        elif (count := _rows(path)) != entry["rows"]:
            problems.append(f"{name} has {count} rows, and the manifest says {entry['rows']}")
        else:
            rows += count
    return Checked(len(files), rows, tuple(problems))


def _rows(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    if path.suffix == ".csv":
        return sum(len(part) for part in read_csv(path))
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
