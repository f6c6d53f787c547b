"""What a device holds fits into a terminal, and is whole where no terminal is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.inspection import Offered
from gateway.cli.browse_listing import listing


def offered(path: str, value: Any = 1.5, note: str = "", **address: Any) -> Offered:
    given = {"namespace": "urn:maker", "identifier": path, "browse_name": path, "data_type": "Double"}
    return Offered(path, path, given | address, "Double", "number", False, value, "bar", note=note)


def test_a_line_for_each_and_what_all_have_in_common_once() -> None:
    assert list(listing([offered("A"), offered("Line/B", browse_name="B", identifier=7)], 80)) == [
        "all: namespace: urn:maker, data_type: Double",
        "path    value    type    access",
        "A       1.5 bar  Double  read",
        "    identifier: A",
        "Line/B  1.5 bar  Double  read",
        "    identifier: 7",
    ]
    assert list(listing([], 80)) == []


def test_registers_show_their_readings_below_them() -> None:
    found = [
        Offered(
            f"holding:{at}", f"holding.{at}", {"table": "holding", "address": at, "type": "uint16"},
            "uint16", "number", True, 17224, note="float32 ABCD 200; float32 BADC 199680; bcd16 4348",
        )
        for at in range(2)
    ]  # fmt: skip
    assert list(listing(found, 50)) == [
        "all: table: holding, type: uint16",
        "path       value  type    access",
        "holding:0  17224  uint16  read, write",
        "    float32 ABCD 200; float32 BADC 199680; bcd16",
        "    4348",
        "holding:1  17224  uint16  read, write",
        "    float32 ABCD 200; float32 BADC 199680; bcd16",
        "    4348",
    ]


def test_nothing_is_folded_or_cut_without_a_terminal() -> None:
    found = [offered("P" * 90, "x" * 90, "n" * 90)]
    lines = list(listing(found, None))
    assert lines[1].startswith(f"{'P' * 90}  {'x' * 90} bar")
    assert lines[-1].strip() == "n" * 90


PATHS = st.lists(st.text("ab/ .", min_size=1, max_size=120), min_size=1, max_size=6, unique=True)


@given(paths=PATHS, value=st.text("xy ", max_size=100) | st.floats() | st.none(), width=st.integers(70, 120))
def test_no_line_of_what_is_shown_of_them_is_wider_than_the_terminal(
    paths: list[str], value: Any, width: int
) -> None:
    lines = list(listing([offered(path, value, "word " * 30) for path in paths], width))
    assert all(len(line) <= width or line in paths or "identifier" in line for line in lines)
    assert all(any(line.startswith(path) for line in lines) for path in paths)
