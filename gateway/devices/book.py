"""What people took away or put in, so that it outlives the process: disarmed, out of service, forced.

One small file, replaced as a whole. It is read before the engine begins: what a person disarmed or took
out of service stays so, whatever else a start does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.continuity.keeper import replace_file

_log = logging.getLogger(__name__)

FILE: Final = "restrictions.json"
_DAMAGED: Final = ".damaged"


@dataclass(frozen=True, slots=True)
class Note:
    """Who did it, why, and since when (UTC)."""

    who: str
    reason: str
    since_ns: int


@dataclass(frozen=True, slots=True)
class OverrideNote:
    """A tag that is forced or simulated, by whom and why."""

    kind: str
    """`force` or `simulate`."""
    value: float
    who: str
    role: str
    reason: str
    since_ns: int
    until_ns: int
    """UTC, for people: what ends it is the engine's monotonic clock."""


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All of it."""

    gateway: Note | None = None
    """The gateway was disarmed by a person."""
    disarmed: Mapping[str, Note] = field(default_factory=dict)
    """Devices whose writes a person disarmed."""
    out_of_service: Mapping[str, Note] = field(default_factory=dict)
    """Devices that a person disabled."""
    overrides: Mapping[str, OverrideNote] = field(default_factory=dict)
    """Tags that are forced or simulated."""


class RestrictionBook:
    """Keeps the restrictions. `change` touches the disk; `now` may be read by any thread."""

    def __init__(self, data: Path) -> None:
        """Read what holds.

        A file that cannot be understood is set aside, and the gateway counts as disarmed: what was
        restricted is not known any more.
        """
        self._path = data / FILE
        self.now = self._read()

    def change(self, **fields: Any) -> None:
        """Replace some fields, on the disk first.

        Raises:
            OSError: the disk does not take it; nothing has changed.
        """
        changed = replace(self.now, **fields)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, orjson.dumps(asdict(changed), option=orjson.OPT_INDENT_2))
        self.now = changed

    def put(self, where: str, name: str, note: Note | OverrideNote) -> None:
        """Add a note on a device or a tag."""
        self.change(**{where: {**getattr(self.now, where), name: note}})

    def remove(self, where: str, name: str) -> None:
        """Take away the note on a device or a tag, where there is one."""
        notes = getattr(self.now, where)
        if name in notes:
            self.change(**{where: {other: note for other, note in notes.items() if other != name}})

    def _read(self) -> Restrictions:
        try:
            content = orjson.loads(self._path.read_bytes())
            return Restrictions(
                gateway=None if content["gateway"] is None else Note(**content["gateway"]),
                disarmed={name: Note(**note) for name, note in content["disarmed"].items()},
                out_of_service={name: Note(**note) for name, note in content["out_of_service"].items()},
                overrides={name: OverrideNote(**note) for name, note in content["overrides"].items()},
            )
        except FileNotFoundError:
            return Restrictions()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            aside = self._path.with_name(FILE + _DAMAGED)
            self._path.replace(aside)
            _log.error(
                "%s cannot be understood (%s): set aside as %s; writes stay off", FILE, error, aside.name
            )
            why = f"{FILE} was damaged: look at {aside.name}, and arm again"
            return Restrictions(gateway=Note("cellgate", why, 0))
