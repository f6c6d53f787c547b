"""Dark belongs to the user, size to the screen; lengths of charts grow with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.hmi.line_charts import pareto_options
from gateway.hmi.looks import Looks, Size, looks_of, resize


def test_what_a_user_likes_follows_them_to_another_browser_and_over_a_restart(tmp_path: Path) -> None:
    (tmp_path / "hmi").mkdir()
    desk: dict[str, Any] = {}
    tablet: dict[str, Any] = {}
    looks_of(tmp_path).turn("ann", desk)
    book = looks_of(tmp_path)
    assert book.here("ann", tablet).dark
    assert not book.here("bob", tablet).dark
    book.turn("ann", tablet)
    assert not looks_of(tmp_path).here("ann", desk).dark


@pytest.mark.parametrize("torn", [b"", b'{"ann":tr', b"[1]"])
def test_a_torn_file_costs_preferences_and_no_screens(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "hmi").mkdir()
    (tmp_path / "hmi" / "looks.json").write_bytes(torn)
    book = looks_of(tmp_path)
    assert not book.here("ann", {}).dark
    book.turn("ann", {})
    assert looks_of(tmp_path).here("ann", {}).dark


def test_a_screen_that_fingers_touch_has_room_for_them(tmp_path: Path) -> None:
    book = looks_of(tmp_path)
    assert book.here("ann", {}, "coarse").coarse
    assert not book.here("ann", {}, "fine").coarse
    assert not book.here("ann", {}).coarse


def test_whoever_is_not_logged_in_finds_what_was_last_seen_at_that_browser(tmp_path: Path) -> None:
    (tmp_path / "hmi").mkdir()
    book, wall = looks_of(tmp_path), dict[str, Any]()
    book.turn("ann", wall)
    assert book.here(None, wall).dark
    assert not book.here(None, {}).dark
    book.turn(None, wall)
    assert (book.here(None, wall).dark, book.here("ann", wall).dark) == (False, True)


def test_the_size_stays_with_the_screen(tmp_path: Path) -> None:
    book, wall = looks_of(tmp_path), dict[str, Any]()
    resize(wall, Size.WALL)
    assert [book.here(user, wall).size for user in ("ann", "bob", None)] == [Size.WALL] * 3
    assert book.here("ann", {}).size is Size.NORMAL


def test_charts_grow_with_the_type_and_keep_their_data() -> None:
    rejects = [("crimp", 6.0, 0.6)]
    normal, wall = (
        pareto_options(rejects, "vial", looks=Looks(size=size)) for size in (Size.NORMAL, Size.WALL)
    )
    assert wall["xAxis"]["axisLabel"]["fontSize"] == 1.75 * normal["xAxis"]["axisLabel"]["fontSize"]
    assert wall["grid"]["left"] == 1.75 * normal["grid"]["left"]
    assert wall["series"][0]["data"] == normal["series"][0]["data"] == [6.0]
