"""The sheet of a loop check: Markdown to be signed, CSV to be read, a hash that ties them together. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from config.site import Site
from gateway.loopcheck.points import Result
from gateway.stream.event_model import rfc3339
from gateway.version import VERSION

_COLUMNS = (
    "check", "kind", "tag", "indicated_by", "unit", "asked", "indicated", "error", "tolerance",
    "seconds", "result", "remark",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was checked, by whom, with what."""

    check: str
    """Id of the check; it is the reason of each of its commands in the audit trail."""
    site: Site
    user: str
    began_ns: int
    ended_ns: int
    instrument: str
    results: Sequence[Result]
    commands: Sequence[str]

    @property
    def passed(self) -> bool:
        """Return whether every point passed; nothing checked is no pass."""
        return bool(self.results) and all(result.passed for result in self.results)

    def to_csv(self) -> str:
        """Return a row for every value of every point."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_COLUMNS)
        for result in self.results:
            point = result.point
            for step in result.steps:
                rows.writerow(
                    [
                        self.check, point.kind, point.tag, point.indicated_by, point.unit, repr(step.asked),
                        "" if step.indicated is None else repr(step.indicated),
                        "" if step.error is None else repr(step.error), repr(step.tolerance),
                        f"{step.took_s:.3f}", "pass" if step.passed else "fail", step.remark,
                    ]
                )  # fmt: skip
            if result.trouble:
                rows.writerow([self.check, point.kind, point.tag, *[""] * 7, "fail", result.trouble])
        return text.getvalue()

    def to_markdown(self) -> str:
        """Return the sheet as people sign it; it names the hash of the CSV."""
        lines = [
            f"# Loop check {self.check}",
            "",
            f"**{'PASSED' if self.passed else 'FAILED'}**",
            "",
            "| | |",
            "|---|---|",
            f"| site, gateway | {self.site.site.name}, {self.site.gateway.name} |",
            f"| configuration | {self.site.fingerprint} |",
            f"| program | cellgate {VERSION} |",
            f"| checked by | {self.user} |",
            f"| from, to (UTC) | {rfc3339(self.began_ns)}, {rfc3339(self.ended_ns)} |",
            f"| instrument | {_cell(self.instrument) or 'none named'} |",
            f"| SHA-256 of the CSV | `{digest(self.to_csv())}` |",
        ]
        for result in self.results:
            lines += _point(result)
        lines += [
            "",
            "## Commands",
            "",
            f"Each is in the audit trail, with the reason `loop check {self.check}`.",
            "",
        ]
        lines += [f"- `{command}`" for command in self.commands] or ["None was sent."]
        lines += ["", "## Signatures", "", "| | name | date | signature |", "|---|---|---|---|"]
        lines += ["| performed by | | | |", "| reviewed by | | | |", ""]
        return "\n".join(lines)


def digest(text: str) -> str:
    """Return the SHA-256 of a text as it is written to a file."""
    return hashlib.sha256(text.encode()).hexdigest()


def _point(result: Result) -> list[str]:
    point = result.point
    through = "" if point.indicated_by == point.tag else f", indicated by {point.indicated_by}"
    lines = ["", f"## {point.tag}: {'passed' if result.passed else 'FAILED'}", ""]
    lines += [f"{point.kind}{through}; tolerance {point.tolerance:g} {point.unit}", ""]
    lines += [
        f"| asked ({point.unit or '1'}) | indicated | error | after | result | |",
        "|---|---|---|---|---|---|",
    ]
    for step in result.steps:
        indicated = "–" if step.indicated is None else f"{step.indicated:.6g}"
        error = "–" if step.error is None else f"{step.error:+.3g}"
        verdict = "pass" if step.passed else "FAIL"
        cells = [f"{step.asked:.6g}", indicated, error, f"{step.took_s:.1f} s", verdict, _cell(step.remark)]
        lines.append(f"| {' | '.join(cells)} |")
    if result.restored is not None:
        lines += ["", f"Restored afterwards: {'yes' if result.restored else 'NO'}."]
    if result.trouble:
        lines += ["", f"Not checked to the end: {_cell(result.trouble)}."]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
