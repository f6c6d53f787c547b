"""A snapshot: the engine's state as bytes that say what they are, whole or refused.

Layout: a mark, the CRC-32 of all that follows, the length of the head, the head (JSON: when, under
which configuration and build, the names of all things, what lies where), the block of state, deflated.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from control.carry.arena import Arena, Place
from control.carry.held import Held
from control.carry.roster import Roster
from control.kernels.atomic import Words
from control.pacing import Moment

_MAGIC: Final = b"CGS1"
_HEAD: Final = struct.Struct("<4sIQ")
_CHECKED_FROM: Final = 8
_LEVEL: Final = 1


class DamagedSnapshot(ValueError):
    """Bytes that are no snapshot, or are not what was written."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State, with all that is needed to go on from it elsewhere."""

    gateway: str
    build: str
    """Hash over everything that decides the engine's machine code."""
    boot: str
    """Which start of the machine the monotonic time counts from; empty where it is not known."""
    moment: Moment
    roster: Roster
    places: tuple[Place, ...]
    block: Words

    def held(self) -> Held:
        """Return the state by names."""
        return Held(self.roster, {place.path: place.of(self.block) for place in self.places})


class Encoder:
    """Makes bytes of snapshots under one configuration; what never changes is encoded once."""

    def __init__(self, gateway: str, build: str, boot: str, roster: Roster, arena: Arena) -> None:
        places = [[p.path, _described(p.dtype), p.shape, p.offset] for p in arena.places]
        fixed = {
            "gateway": gateway,
            "build": build,
            "boot": boot,
            "roster": roster.to_json(),
            "places": places,
        }
        self._fixed = orjson.dumps(fixed)

    def encode(self, block: Words, moment: Moment) -> bytes:
        """Return a snapshot as bytes."""
        head = orjson.dumps({"moment": list(moment), "fixed": orjson.Fragment(self._fixed)})
        body = zlib.compress(block.tobytes(), _LEVEL)
        start = _HEAD.pack(_MAGIC, 0, len(head))
        checked = b"".join([start[_CHECKED_FROM:], head, body])
        return _MAGIC + zlib.crc32(checked).to_bytes(4, "little") + checked


def decode(data: bytes) -> Snapshot:
    """Return the snapshot in bytes.

    Raises:
        DamagedSnapshot: they are cut, changed, or of another program.
    """
    if len(data) < _HEAD.size:
        raise DamagedSnapshot(f"{len(data)} bytes are too few")
    magic, checksum, length = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise DamagedSnapshot(f"it begins with {magic!r}, not with {_MAGIC!r}")
    if zlib.crc32(memoryview(data)[_CHECKED_FROM:]) != checksum:
        raise DamagedSnapshot("its checksum is wrong: it was cut or changed")
    try:
        head = orjson.loads(data[_HEAD.size : _HEAD.size + length])
        fixed = head["fixed"]
        return Snapshot(
            gateway=fixed["gateway"],
            build=fixed["build"],
            boot=fixed["boot"],
            moment=Moment(*head["moment"]),
            roster=Roster.from_json(fixed["roster"]),
            places=tuple(_place(*row) for row in fixed["places"]),
            block=np.frombuffer(zlib.decompress(data[_HEAD.size + length :]), np.int64),
        )
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise DamagedSnapshot(f"it is of another version of the program ({error})") from error


def _described(dtype: np.dtype[Any]) -> Any:
    return dtype.str if dtype.names is None else dtype.descr


def _place(path: str, described: Any, shape: list[int], offset: int) -> Place:
    fields = described if isinstance(described, str) else [tuple(field) for field in described]
    return Place(path, np.dtype(fields), tuple(shape), offset)
