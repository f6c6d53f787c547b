"""The file of recorded acquisition: what devices gave, as it came out of their drivers.

    file  = frame*
    frame = magic, bytes of the body, SHA-256 of (the digest before it, the body), the body deflated

The first body is the head as JSON; every other one is a stretch of samples (`stretch.py`). A file that
was cut by a kill ends before the frame that was cut, and can be gone on with. The digests are a chain:
the last one stands for the whole file.

This is not what `cellgate replay` runs again: that is the record of the engine's own scans.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import orjson

from drivers.replay.stretch import DamagedRecording, Head, RecordedTag, Stretch, decode, encode

SUFFIX: Final = ".acquired"
_MAGIC: Final = b"CGA1"
_FRAME: Final = struct.Struct("<4sI32s")
_LEVEL: Final = 6
_LARGEST: Final = 256 << 20
"""Bytes of a body, deflated or not: more is no file of ours."""


class Recording:
    """A file that is read frame by frame; use it in a `with`."""

    def __init__(self, path: Path) -> None:
        """Open it and read its head.

        Raises:
            DamagedRecording: it is no recorded acquisition.
            OSError: it cannot be read.
        """
        self._file: BinaryIO = path.open("rb")
        self._digest = b""
        self.end = 0
        """Bytes up to where the file is whole, as far as it was read."""
        try:
            body = self._next()
            if body is None:
                raise DamagedRecording(f"{path} is no recording made by cellgate record")
            fields = orjson.loads(body)
            tags = tuple(RecordedTag(**each) for each in fields["tags"])
            self.head = Head(fields["site"], fields["fingerprint"], tags)
        except (KeyError, TypeError, ValueError) as error:
            self._file.close()
            raise DamagedRecording(f"{path} is no recording made by cellgate record: {error}") from error

    @property
    def digest(self) -> str:
        """The chain's last digest, as far as the file was read."""
        return self._digest.hex()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; may be repeated."""
        self._file.close()

    def rewind(self) -> None:
        """Go back to the first samples."""
        self._file.seek(0)
        self._digest, self.end = b"", 0
        self._next()

    def __iter__(self) -> Iterator[Stretch]:
        """Yield what follows, up to the first frame that is not whole."""
        while (body := self._next()) is not None:
            yield decode(body)

    def is_of(self, path: Path) -> bool:
        """Return whether the path still names the file that was opened."""
        try:
            there = path.stat()
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._file.fileno()))

    def _next(self) -> bytes | None:
        start = self._file.read(_FRAME.size)
        if len(start) < _FRAME.size:
            return None
        magic, length, digest = _FRAME.unpack(start)
        if magic != _MAGIC or length > _LARGEST:
            return None
        packed = self._file.read(length)
        if len(packed) != length or hashlib.sha256(self._digest + packed).digest() != digest:
            return None  # the digest does not cover the length: the last frame could claim more than there is
        self._digest = digest
        self.end += _FRAME.size + length
        return zlib.decompressobj().decompress(packed, _LARGEST)


class RecordingWriter:
    """Writes a new file, or goes on with one of the same tags; what was written is on disk."""

    def __init__(self, path: Path, head: Head) -> None:
        """Begin, or go on where the file is whole.

        Raises:
            DamagedRecording: there is a file, and it is none of these, or of other tags.
            OSError: it cannot be written.
        """
        self.samples = 0
        self._digest = b""
        self._file: BinaryIO
        if not path.exists() or path.stat().st_size == 0:
            self._file = path.open("wb")
            tags = [asdict(tag) for tag in head.tags]
            self._append(orjson.dumps({"site": head.site, "fingerprint": head.fingerprint, "tags": tags}))
            return
        with Recording(path) as there:
            if not there.head.is_same_as(head):
                raise DamagedRecording(f"{path} is a recording of other tags: write to another file")
            for _ in there:
                pass
            self._digest, end = bytes.fromhex(there.digest), there.end
        self._file = path.open("r+b")
        self._file.truncate(end)
        self._file.seek(0, io.SEEK_END)

    @property
    def digest(self) -> str:
        """The chain's last digest: it stands for the whole file."""
        return self._digest.hex()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._file.tell()

    def write(self, stretch: Stretch) -> None:
        """Append samples.

        Raises:
            OSError: the disk does not take them.
        """
        if len(stretch):
            self._append(encode(stretch))
            self.samples += len(stretch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, body: bytes) -> None:
        packed = zlib.compress(body, _LEVEL)
        digest = hashlib.sha256(self._digest + packed).digest()
        self._file.write(_FRAME.pack(_MAGIC, len(packed), digest) + packed)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._digest = digest
