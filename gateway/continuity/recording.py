"""The format of a recording: files of frames, each whole or not there.

A file begins with a head (what made it, under which configuration) and a snapshot of the engine's
state; then come the rows of the engine's rings as they passed, each run of rows with the number of its
first. A file that was cut by a kill ends before the frame that was cut.
"""

from __future__ import annotations

import enum
import platform
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
import orjson

from config.site import Site
from control import cache, signal
from control.replay import Tape
from control.rings import Rows
from gateway.version import VERSION

SUFFIX: Final = ".recording"
_FRAME: Final = struct.Struct("<4sIIqII")
"""Mark, CRC-32 of what follows it, kind, number of the first row, rows, bytes of the body."""
_MAGIC: Final = b"CGR1"
_MAGIC_COLUMNS: Final = b"CGC1"
"""Rows whose first bytes stand together, then their second ones, and so on."""
_CHECKED_FROM: Final = 8
_LEVEL: Final = 1
_LEVEL_COLUMNS: Final = 6


class Kind(enum.IntEnum):
    """What a frame holds."""

    HEAD = 0
    SNAPSHOT = 1
    INBOX = 2
    COMMANDS = 3
    OUTPUTS = 4
    REPORTS = 5
    TRANSITIONS = 6
    STATISTICS = 7


ROWS: Final[dict[Kind, np.dtype[Any]]] = {
    Kind.INBOX: signal.SAMPLE,
    Kind.COMMANDS: signal.COMMAND,
    Kind.OUTPUTS: signal.OUTPUT,
    Kind.REPORTS: signal.SAMPLE,
    Kind.TRANSITIONS: signal.TRANSITION,
    Kind.STATISTICS: signal.STATISTICS,
}
RINGS: Final[dict[Kind, str]] = {kind: kind.name.lower() for kind in ROWS}
"""Name of the engine's ring whose rows a kind is."""


class DamagedRecording(ValueError):
    """A file that is no recording, or of another version of the program."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, its body inflated; of rows the body is row after row, however it was written."""

    kind: Kind
    first: int
    body: bytes
    end: int
    """Bytes of the file up to its end."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a recording was made by."""

    gateway: str
    run: int
    """UTC in ns at which this engine began: the numbers of rows count from there."""
    began_ns: int
    fingerprint: str
    site: bytes
    """The effective configuration as JSON."""
    build: str
    made_by: dict[str, str]
    """Versions and processor."""


def head_of(site: Site, run: int, began_ns: int) -> Head:
    """Return the head of a file that begins now."""
    made_by = {
        "cellgate": VERSION,
        "python": platform.python_version(),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
        "libc": " ".join(platform.libc_ver()),
        "machine": platform.machine(),
        "cpu": llvm.get_host_cpu_name(),
        "cpu_features": llvm.get_host_cpu_features().flatten(),
    }
    text = site.model_dump_json().encode()
    return Head(site.gateway.name, run, began_ns, site.fingerprint, text, cache.fingerprint(), made_by)


def encode_head(head: Head) -> bytes:
    """Return a head as a frame."""
    fields = {name: getattr(head, name) for name in ("gateway", "run", "began_ns", "fingerprint")}
    fields |= {"site": orjson.Fragment(head.site), "build": head.build, "made_by": head.made_by}
    return encode(Kind.HEAD, 0, 1, orjson.dumps(fields))


def encode_rows(kind: Kind, first: int, rows: Rows) -> bytes:
    """Return rows as a frame."""
    return encode(kind, first, len(rows), rows.tobytes())


def encode(kind: Kind, first: int, count: int, body: bytes) -> bytes:
    """Return a frame."""
    return _framed(_MAGIC, kind, first, count, zlib.compress(body, _LEVEL))


def encode_columns(kind: Kind, first: int, count: int, body: bytes) -> bytes:
    """Return a frame in columns, as packed files have them."""
    planes = np.frombuffer(body, np.uint8).reshape(count, -1).T
    return _framed(_MAGIC_COLUMNS, kind, first, count, zlib.compress(planes.tobytes(), _LEVEL_COLUMNS))


def is_packed(path: Path) -> bool:
    """Return whether a file's frames are in columns.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(_MAGIC_COLUMNS)) == _MAGIC_COLUMNS


def _framed(magic: bytes, kind: Kind, first: int, count: int, packed: bytes) -> bytes:
    head = _FRAME.pack(magic, 0, kind, first, count, len(packed))
    checked = head[_CHECKED_FROM:] + packed
    return magic + zlib.crc32(checked).to_bytes(4, "little") + checked


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the whole frames of a file, up to the first that is not."""
    position = 0
    while position + _FRAME.size <= len(data):
        magic, checksum, kind, first, count, length = _FRAME.unpack_from(data, position)
        end = position + _FRAME.size + length
        checked = memoryview(data)[position + _CHECKED_FROM : end]
        if magic not in (_MAGIC, _MAGIC_COLUMNS) or end > len(data) or zlib.crc32(checked) != checksum:
            return
        body = zlib.decompress(data[position + _FRAME.size : end])
        if magic == _MAGIC_COLUMNS:
            body = np.frombuffer(body, np.uint8).reshape(-1, count).T.tobytes()
        yield Frame(Kind(kind), first, body, end)
        position = end


def rows_of(frame: Frame) -> Rows:
    """Return the rows of a frame that holds some."""
    return np.frombuffer(frame.body, ROWS[frame.kind])


@dataclass(frozen=True, slots=True)
class Segment:
    """A file that was read."""

    head: Head
    snapshot: bytes
    runs: dict[Kind, list[tuple[int, Rows]]]
    """Rows with the number of the first, as they were written."""


def read_segment(path: Path) -> Segment:
    """Read a file.

    Raises:
        DamagedRecording: it does not begin with a head and a snapshot.
        OSError: it cannot be read.
    """
    found = list(frames(path.read_bytes()))
    if len(found) < 2 or (found[0].kind, found[1].kind) != (Kind.HEAD, Kind.SNAPSHOT):
        raise DamagedRecording(f"{path.name} does not begin as a recording does")
    runs: dict[Kind, list[tuple[int, Rows]]] = {kind: [] for kind in ROWS}
    for frame in found[2:]:
        runs[frame.kind].append((frame.first, rows_of(frame)))
    return Segment(_head(found[0].body), found[1].body, runs)


def read_head(path: Path) -> Head:
    """Read what a file says of itself.

    Raises:
        DamagedRecording: it does not begin with a head.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_FRAME.size)
        length = _FRAME.unpack(start)[5] if len(start) == _FRAME.size else 0
        first = next(frames(start + file.read(length)), None)
    if first is None or first.kind is not Kind.HEAD:
        raise DamagedRecording(f"{path.name} is no recording")
    return _head(first.body)


def _head(body: bytes) -> Head:
    fields = orjson.loads(body)
    return Head(**{**fields, "site": orjson.dumps(fields["site"])})


def joined(kind: Kind, runs: Iterable[tuple[int, Rows]], begin: int) -> Tape:
    """Return rows in the order of their numbers from `begin` on, up to the first that is missing."""
    parts: list[Rows] = []
    reached = begin
    for first, rows in sorted(runs, key=lambda run: run[0]):
        if first + len(rows) <= reached:
            continue
        if first > reached:
            break
        parts.append(rows[reached - first :])
        reached = first + len(rows)
    return Tape(begin, np.concatenate(parts) if parts else np.empty(0, ROWS[kind]))


def side_by_side(runs: Iterable[tuple[int, Rows]]) -> list[tuple[int, Rows]]:
    """Return runs of rows with those that follow each other put together."""
    found: list[tuple[int, list[Rows], int]] = []
    for first, rows in runs:
        if found and found[-1][2] == first:
            begin, parts, end = found[-1]
            found[-1] = (begin, [*parts, rows], end + len(rows))
        else:
            found.append((first, [rows], first + len(rows)))
    return [(first, np.concatenate(parts)) for first, parts, _ in found]
