"""What a loop check looks at, what it refuses, and the sheet that it writes."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from config.site import Site
from control.signal import BAD, FORCED, GOOD, UNCERTAIN
from gateway.loopcheck.points import (
    CannotCheck,
    Result,
    Step,
    input_point,
    loop_of,
    output_point,
    percents_of,
)
from gateway.loopcheck.sheet import Sheet, digest

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"unit": "degC", "low": "0 degC", "high": "50 degC", "access": "read"},
    "valve": {"unit": "%", "low": "0 %", "high": "100 %", "access": "read_write"},
    "pump": {"unit": "%", "low": "0 %", "high": "100 %", "access": "write"},
    "pump.shown": {"unit": "%", "low": "0 %", "high": "100 %", "access": "read"},
    "run": {"kind": "bool", "access": "read_write"},
    "free": {"access": "read_write"},
    "coarse": {"low": 0, "high": 10, "access": "read_write", "report": {"deadband": 1}},
    "note": {"kind": "text", "access": "read"},
}


@pytest.fixture(scope="module")
def site() -> Site:
    tags = {
        name: {"device": "d", "address": {"address": 10 * n}} | tag
        for n, (name, tag) in enumerate(TAGS.items())
    }
    loops = {"t": {"pv": "u/pv", "output": "u/valve", "kp": 1.0, "sp": "37 degC"}}
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "devices": {"d": {"driver": "modbus", "host": "h", "writes_armed": True}},
            "units": {"u": {"area": "a", "cell": "c", "tags": tags, "loops": loops}},
        }
    )


def test_an_output_is_driven_in_per_cent_of_its_range(site: Site) -> None:
    point = output_point(site, "u/valve", [0, 50, 100], 1.0, None)
    assert (point.values, point.tolerance, point.indicated_by) == ((0.0, 50.0, 100.0), 1.0, "u/valve")
    assert loop_of(site, "u/valve") == "u/t"
    assert output_point(site, "u/run", [0, 25, 100], 1.0, None).values == (0.0, 1.0)
    assert output_point(site, "u/pump", [0], 1.0, "u/pump.shown").indicated_by == "u/pump.shown"


def test_an_input_is_compared_with_references(site: Site) -> None:
    point = input_point(site, "u/pv", [10.0, 40.0], 2.0, simulated=False)
    assert (point.kind, point.values, point.tolerance) == ("input", (10.0, 40.0), 1.0)
    assert input_point(site, "u/pv", percents_of(site, "u/pv", [50]), 2.0, simulated=True).values == (25.0,)


@pytest.mark.parametrize(
    ("name", "readback", "why"),
    [
        ("u/none", None, "there is no tag 'u/none'"),
        ("u/pv", None, "is not written to a device"),
        ("u/pump", None, "--readback u/pump=TAG"),
        ("u/pump", "u/pv", "they must agree"),
        ("u/free", None, "has no range"),
        ("u/coarse", None, "make its deadband smaller"),
        ("u/note", None, "is a text"),
    ],
)
def test_what_cannot_be_checked_says_why(site: Site, name: str, readback: str | None, why: str) -> None:
    with pytest.raises(CannotCheck, match=why.replace("'", ".")):
        output_point(site, name, [0, 100], 1.0, readback)


def test_an_input_that_is_only_written_is_none(site: Site) -> None:
    with pytest.raises(CannotCheck, match="is not read from a device"):
        input_point(site, "u/pump", [1.0], 1.0, simulated=False)


@pytest.mark.parametrize(
    ("indicated", "quality", "passed"),
    [
        (50.9, GOOD | FORCED, True),
        (49.0, UNCERTAIN, True),
        (51.1, GOOD, False),
        (50.0, BAD, False),
        (None, BAD, False),
    ],
)
def test_a_step_passes_within_its_tolerance_and_with_a_usable_value(
    indicated: float | None, quality: int, passed: bool
) -> None:
    assert Step(50.0, indicated, quality, 0.1, 1.0).passed is passed


def _sheet(site: Site, **change: Any) -> Sheet:
    point = output_point(site, "u/valve", [0, 100], 1.0, None)
    result = Result(
        point, [Step(0.0, 0.25, FORCED, 0.5, 1.0), Step(100.0, 99.5, FORCED, 0.7, 1.0)], restored=True
    )
    for name, value in change.items():
        setattr(result, name, value)
    return Sheet("20261130T000000Z", site, "anna", 1, 2, "Fluke | 7", [result], ["id-1"])


def test_the_sheet_has_every_number_and_ties_its_files_together(site: Site) -> None:
    sheet = _sheet(site)
    assert sheet.passed
    rows = list(csv.DictReader(sheet.to_csv().splitlines()))
    assert [(row["asked"], row["indicated"], row["error"], row["result"]) for row in rows] == [
        ("0.0", "0.25", "0.25", "pass"), ("100.0", "99.5", "-0.5", "pass"),
    ]  # fmt: skip
    text = sheet.to_markdown()
    for part in (
        digest(sheet.to_csv()),
        "**PASSED**",
        "anna",
        "Fluke / 7",
        "`id-1`",
        "reviewed by",
        site.fingerprint,
    ):
        assert part in text


@pytest.mark.parametrize(
    "change",
    [
        {"restored": False},
        {"trouble": "the loop was put in auto"},
        {"steps": []},
        {"steps": [Step(0, 9, 0, 1, 1)]},
    ],
)
def test_a_point_that_was_not_checked_to_its_end_or_not_restored_does_not_pass(
    site: Site, change: dict[str, Any]
) -> None:
    sheet = _sheet(site, **change)
    assert not sheet.passed
    assert "**FAILED**" in sheet.to_markdown()
    assert not Sheet("c", site, "anna", 1, 2, "", [], []).passed
