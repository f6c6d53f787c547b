"""What every check works with: the site, the findings, and the ways between names and paths."""

from __future__ import annotations

import math
from typing import Final

from config.errors import Findings, Path
from config.nodes import Map, Place
from config.quantities import Quantity, QuantityError
from config.site import Site
from config.tags import Access, Tag, TagKind

WRITABLE: Final = frozenset({Access.WRITE, Access.READ_WRITE})


class Context:
    """A site under examination."""

    def __init__(self, site: Site, findings: Findings) -> None:
        self.site = site
        self.findings = findings

    def path(self, kind: str, full: str, *rest: str) -> Path:
        """Return the path of a tag, loop, alarm… by its full name."""
        unit, _, name = full.partition("/")
        return ("units", unit, kind, name, *rest)

    def place_of_tag(self, full: str) -> Place:
        """Return where a tag is written."""
        return self.findings.place(self.path("tags", full))

    def error(self, path: Path, message: str, fix: str = "") -> None:
        """Record a mistake at a path."""
        self.findings.error(None, path, message, fix)

    def warn(self, path: Path, message: str, fix: str = "") -> None:
        """Record a warning at a path."""
        self.findings.warn(None, path, message, fix)

    def declared(self, section: str) -> Map | dict[str, object]:
        """Return a section as it is written, with the entries that were left out for their mistakes."""
        root = self.findings.root
        written = root.get(section) if root is not None else None
        return written if isinstance(written, Map) else {}

    def number(self, value: Quantity | None, unit: str, path: Path, *, span: bool = False) -> float | None:
        """Return a quantity in the unit of its tag; None without one, or when it does not fit.

        Args:
            value: as it is written.
            unit: of the tag.
            path: of the quantity.
            span: it is a difference, such as a deadband.
        """
        if value is None:
            return None
        if not value.unit or value.unit == unit:
            return value.magnitude
        try:
            return value.span_to(unit) if span else value.to(unit)
        except QuantityError as error:
            self._misfit(error, unit, path)
            return None

    def rate(self, value: Quantity | None, unit: str, path: Path) -> float | None:
        """Return a quantity as a change of the tag's unit per second."""
        if value is None:
            return None
        try:
            return value.rate_to(unit)
        except QuantityError as error:
            self._misfit(error, f"{unit}/min", path)
            return None

    def period(self, period_s: float | None, path: Path) -> None:
        """Record a period that is no multiple of the scan's."""
        scan = self.site.gateway.scan_period
        if period_s is None:
            return
        scans = period_s / scan
        if scans < 1 or not math.isclose(scans, round(scans), rel_tol=1e-9):
            nearest = max(1, round(scans)) * scan * 1000
            self.error(
                path,
                f"{period_s * 1000:g} ms is not a multiple of the scan period, {scan * 1000:g} ms",
                f"write {nearest:g} ms",
            )

    def _misfit(self, error: QuantityError, unit: str, path: Path) -> None:
        fix = f"write it in {unit}, or in what converts to it" if unit else "give the tag its unit"
        self.error(path, str(error).partition(" (examples")[0], fix)

    def is_configured(self, full: str) -> bool:
        """Tell whether a tag is written in the configuration, not brought by a loop or calculation."""
        unit, _, name = full.partition("/")
        return name in self.site.units[unit].tags

    def writable(self, full: str, path: Path, *, momentary: bool = False) -> Tag | None:
        """Return a tag that may be written; None with the reason recorded otherwise.

        Args:
            full: its name.
            path: what names it.
            momentary: it need not keep what is written to it.
        """
        tag = self.site.tags[full]
        if not self.is_configured(full):
            what = "a calculation" if full in self.site.calculations else "a tag of a loop"
            self.error(path, f"{full!r} is {what}, not written to a device", "name the tag of an actuator")
        elif tag.kind is TagKind.TEXT:
            self.error(path, f"{full!r} is a text", "the engine writes numbers and bools")
        elif tag.device is None:
            self.error(path, f"{full!r} belongs to no device", "give the tag its device and address")
        elif tag.access not in WRITABLE:
            self.error(
                path, f"{full!r} cannot be written: its access is {tag.access}",
                "give the tag access: read_write (or write)",
            )  # fmt: skip
        elif tag.momentary and not momentary:
            self.error(
                path, f"{full!r} is momentary: its device resets it, so nothing can hold it",
                "name an output that keeps its value, or remove momentary from the tag",
            )  # fmt: skip
        else:
            return tag
        return None

    def range_of(self, tag: Tag) -> tuple[float, float]:
        """Return the range of a tag in its unit, infinite where it has none or a wrong one."""
        return self._end(tag.low, tag.unit, -math.inf), self._end(tag.high, tag.unit, math.inf)

    def _end(self, value: Quantity | None, unit: str, otherwise: float) -> float:
        try:
            return otherwise if value is None else value.to(unit)
        except QuantityError:
            return otherwise  # reported for the tag itself


def text(value: float, unit: str) -> str:
    """Return a number with its unit as a message shows it."""
    return f"{value:g} {unit}".rstrip()
