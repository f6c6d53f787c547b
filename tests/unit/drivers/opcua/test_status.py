"""Every status code has a quality, by one table, and the reference page is that table."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncua.ua.status_codes import StatusCodes

from control.signal import BAD, CLAMPED, COMM, CONFIG, DEVICE, FORCED, GOOD, OVERFLOW, SEVERITY, UNCERTAIN
from drivers.opcua.status import CODES, TABLE, documentation, name_of, quality_of

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "quality-opcua.md"
EVERY_CODE = {name: code for name, code in vars(StatusCodes).items() if isinstance(code, int)}


def test_the_reference_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == documentation()


def test_the_table_is_in_order_and_names_its_codes_rightly() -> None:
    assert CODES.tolist() == sorted(set(CODES.tolist()))
    for row in TABLE:
        named = row.what.replace(",", ":").partition(":")[0]
        assert EVERY_CODE[named] == row.code


@pytest.mark.parametrize("code", EVERY_CODE.values(), ids=EVERY_CODE.keys())
def test_the_severity_is_the_codes_own_and_bad_says_why(code: int) -> None:
    quality = quality_of(code)
    assert quality & SEVERITY == code & SEVERITY
    assert (quality & ~SEVERITY != 0) or code < BAD


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (0, GOOD),
        (0x0000_00C0, GOOD),  # information that is not about the value
        (0x0096_0000, GOOD | FORCED),
        (0x0000_0480, GOOD | OVERFLOW),
        (0x0000_0080, GOOD),
        (0x0000_0500, GOOD | CLAMPED),
        (0x0000_0700, GOOD),  # constant
        (0x0000_4000, UNCERTAIN | CONFIG),
        (0x4000_8000, UNCERTAIN | CONFIG | DEVICE),
        (0x8031_0480, BAD | COMM | OVERFLOW),
        (0x80FF_0000, BAD | DEVICE),  # no code of the table
        (0xC000_0000, BAD | DEVICE),  # reserved
    ],
)
def test_the_lower_half_is_read_bit_by_bit(status: int, quality: int) -> None:
    assert quality_of(status) == quality


def test_codes_are_shown_by_name() -> None:
    assert name_of(0x8034_0001) == "BadNodeIdUnknown (0x80340001)"
