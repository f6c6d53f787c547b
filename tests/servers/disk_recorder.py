"""What a process asked the disk and the network to do, in order; and what a power cut would have left.

`environment` makes a process record itself (`disk_recorder.c` stands between it and libc). `Disk`
plays the record: a write is certain once its file was synced after it, until then a power cut may
leave none, a part, or any selection of them.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import compiled

_HEAD = struct.Struct("<BHIq")


def environment(folder: Path, log: Path) -> dict[str, str]:
    """Return what makes a process record what it does to the files in a folder."""
    shim = compiled.build(Path(__file__).with_suffix(".c"), "-shared", "-fPIC", "-ldl", "-pthread")
    return {
        "LD_PRELOAD": str(shim),
        "DISK_RECORDER_FOLDER": str(folder.resolve()),
        "DISK_RECORDER_LOG": str(log.resolve()),
    }


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was done: W write, T truncate, S sync, U unlink of a file; N send."""

    kind: str
    path: str
    offset: int
    data: bytes


def acts(log: Path) -> Iterator[Act]:
    """Return what a process did; what its killing cut off is left out."""
    content, at = log.read_bytes(), 0
    while at + _HEAD.size <= len(content):
        kind, path, data, offset = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        if at + path + data > len(content):
            return
        name = content[at : at + path].decode()
        yield Act(chr(kind), name, offset, content[at + path : at + path + data])
        at += path + data


@dataclass(slots=True)
class Disk:
    """The files as a power cut may leave them."""

    certain: dict[str, bytearray] = field(default_factory=dict)
    unsynced: dict[str, list[Act]] = field(default_factory=dict)

    def take(self, act: Act) -> None:
        """Let something be done to a file."""
        match act.kind:
            case "S":
                content = self.certain.setdefault(act.path, bytearray())
                for waiting in self.unsynced.pop(act.path, []):
                    _apply(content, waiting)
            case "U":
                self.certain.pop(act.path, None)
                self.unsynced.pop(act.path, None)
            case "W" | "T":
                self.unsynced.setdefault(act.path, []).append(act)

    def cut(self, into: Path, chance: random.Random | None = None) -> None:
        """Write into a folder what a power cut leaves: of the unsynced writes none, or what chance leaves.

        With chance each file gets its writes up to a random one, which is torn at a random byte; or
        any selection of them.
        """
        for path in {*self.certain, *self.unsynced}:
            if path.endswith("-shm"):
                continue  # shared memory: made anew from the log
            content = bytearray(self.certain.get(path, b""))
            for act in _survivors(self.unsynced.get(path, []), chance):
                _apply(content, act)
            (into / Path(path).name).write_bytes(content)


def _survivors(waiting: list[Act], chance: random.Random | None) -> list[Act]:
    if chance is None or not waiting:
        return []
    if chance.random() < 0.5:
        return [act for act in waiting if chance.random() < 0.5]
    count = chance.randrange(len(waiting))
    torn = waiting[count]
    part = Act(torn.kind, torn.path, torn.offset, torn.data[: chance.randrange(len(torn.data) + 1)])
    return [*waiting[:count], *([part] if torn.kind == "W" else [])]


def _apply(content: bytearray, act: Act) -> None:
    if act.kind == "T":
        del content[act.offset :]
        return
    if len(content) < act.offset:
        content.extend(bytes(act.offset - len(content)))
    content[act.offset : act.offset + len(act.data)] = act.data
