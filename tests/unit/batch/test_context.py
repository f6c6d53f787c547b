"""A report belongs to the context that held when its value was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gateway.batch.context import NO_CONTEXT, Context, ContextBook


def test_values_are_matched_by_source_time_not_by_order_of_entry(tmp_path: Path) -> None:
    book = ContextBook(tmp_path / "context.sqlite")
    later = book.enter("br1", 200, Context("c2", "b2", "growth"))
    earlier = book.enter("br1", 100, Context("c1", "b1", "growth"))
    found = book.resolve("br1", np.array([99, 100, 199, 200, 10**18], np.int64))
    assert found.tolist() == [NO_CONTEXT, earlier, earlier, later, later]
    book.close()


def test_units_do_not_share_contexts(tmp_path: Path) -> None:
    book = ContextBook(tmp_path / "context.sqlite")
    book.enter("br1", 100, Context("c1"))
    assert book.resolve("br2", np.array([150], np.int64)).tolist() == [NO_CONTEXT]
    book.close()


def test_contexts_survive_a_restart(tmp_path: Path) -> None:
    book = ContextBook(tmp_path / "context.sqlite")
    number = book.enter("br1", 100, Context("c1", "b1", "harvest"))
    book.close()
    book = ContextBook(tmp_path / "context.sqlite")
    assert book.resolve("br1", np.array([100], np.int64)).tolist() == [number]
    assert book.describe(number) == Context("c1", "b1", "harvest")
    assert book.describe(NO_CONTEXT) == Context()
    book.close()


def test_the_last_of_two_contexts_with_one_start_holds(tmp_path: Path) -> None:
    book = ContextBook(tmp_path / "context.sqlite")
    book.enter("br1", 100, Context("c1"))
    second = book.enter("br1", 100, Context("c2"))
    assert book.resolve("br1", np.array([100], np.int64)).tolist() == [second]
    book.close()
