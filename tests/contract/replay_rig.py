"""Recorded acquisition for the contract suite: a file that can be taken away, and put back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.devices import ReplayDevice
from config.tags import Tag, TagKind
from control.signal import GOOD, Columns, Text
from drivers.api import Driver, TagRef
from drivers.replay.driver import ReplayDriver
from drivers.replay.recording import RecordingWriter
from drivers.replay.stretch import Head, RecordedTag, stretch_of
from tests.contract.rig import Value

_VALUES: dict[str, Value] = {
    "u/temp": 36.6,
    "u/zero": -0.0,
    "u/tiny": 5e-324,
    "u/large": 1.7976931348623157e308,
    "u/phase": "Füllung 7",
    "u/serial": 2**60 + 1,
}
_TEXTS = frozenset({"u/phase", "u/serial"})
_UNWANTED = "u/unwanted"
BROKEN = "u/broken"


class ReplayRig:
    """A recording of one moment, played again and again."""

    def __init__(self) -> None:
        self._file = Path(tempfile.mkdtemp(prefix="cellgate-replay-")) / "line.acquired"
        self.device = ReplayDevice(
            driver="replay",
            file=self._file,
            repeat=True,
            timeout=0.5,
            dead_after=1.0,
            reconnect_min=0.05,
            reconnect_max=0.2,
        )
        names = [*list(_VALUES)[:2], BROKEN, *list(_VALUES)[2:]]
        self.refs = [TagRef(2 * n + 3, name, _tag(name)) for n, name in enumerate(names)]
        self.values = _VALUES
        self.writable: dict[str, Sequence[Value]] = {}
        self.refused: list[tuple[str, Value]] = []
        self.broken = BROKEN
        self.unplannable = [
            TagRef(1000, "u/number", Tag(device="d", address={"recorded": 7})),
            TagRef(1001, "u/empty", Tag(device="d", address={"recorded": ""})),
        ]

    def driver(self) -> Driver:
        return ReplayDriver("rig", self.device)

    def start(self) -> None:
        write_recording(self._file, [(0.0, {_UNWANTED: 1.0, **_VALUES})])

    def reset(self) -> None:
        self.start()

    def stop(self) -> None:
        self.kill()

    def kill(self) -> None:
        self._file.unlink(missing_ok=True)

    def freeze(self) -> None:
        raise NotImplementedError("a file is never silent")

    def thaw(self) -> None:
        raise NotImplementedError("a file is never silent")

    def holds(self, name: str) -> Value:
        return self.values[name]

    def change(self, name: str, value: Value) -> None:
        raise NotImplementedError("what was recorded does not change")


def _tag(name: str) -> Tag:
    kind = TagKind.TEXT if name in _TEXTS else TagKind.NUMBER
    # An address of the device that was recorded is left alone.
    return Tag(device="rig", kind=kind, address={"table": "holding", "address": 3})


def write_recording(
    path: Path, moments: Sequence[tuple[float, dict[str, Value]]], *, began_ns: int | None = None
) -> Head:
    """Write a file anew: at each second that is given, these values, 0.1 s old; return its head."""
    began_ns = time.time_ns() - 86_400_000_000_000 if began_ns is None else began_ns
    names = list(dict.fromkeys(name for _, values in moments for name in values))
    kinds = ["text" if name in _TEXTS else "number" for name in names]
    head = Head(
        "pilot", "0" * 16, tuple(RecordedTag(n, "d", k, "") for n, k in zip(names, kinds, strict=True))
    )
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    writer = RecordingWriter(fresh, head)
    for at_s, values in moments:
        arrival_ns = began_ns + int(at_s * 1e9)
        numbers = {names.index(n): v for n, v in values.items() if n not in _TEXTS}
        texts = [(names.index(n), v) for n, v in values.items() if n in _TEXTS]
        columns = Columns.filled(
            np.array(list(numbers), np.int32),
            quality=GOOD,
            source_ns=arrival_ns - 100_000_000,
            texts=tuple(Text(tag, v, arrival_ns - 100_000_000, GOOD) for tag, v in texts),  # type: ignore[arg-type]
        )
        columns.value[:] = list(numbers.values())
        writer.write(stretch_of(arrival_ns, columns))
    writer.close()
    fresh.replace(path)
    return head
