"""Which sequences have arrived, and how far the record is complete."""

from __future__ import annotations

from gateway.historian.spans import Arrivals, Spans


def test_neighbours_become_one_span() -> None:
    spans = Spans()
    for sequence in (1, 2, 5, 3, 7, 6):
        spans.add(sequence)
    assert list(spans) == [(1, 3), (5, 7)]
    spans.add(4)
    assert list(spans) == [(1, 7)]


def test_a_range_swallows_what_it_covers() -> None:
    spans = Spans([(1, 1), (4, 6), (9, 12), (20, 21)])
    spans.add(3, 14)
    assert list(spans) == [(1, 1), (3, 14), (20, 21)]
    assert 14 in spans
    assert 15 not in spans


def test_spans_survive_their_text_form() -> None:
    spans = Spans([(1, 10), (12, 12)])
    assert Spans.of_json(spans.to_json()) == spans


def test_the_watermark_stops_at_the_first_gap() -> None:
    arrivals = Arrivals()
    assert [arrivals.accept(sequence) for sequence in (1, 2, 4)] == [True, True, True]
    assert arrivals.watermark == 2
    assert arrivals.missing() == [(3, 3)]
    assert arrivals.accept(3)
    assert arrivals.watermark == 4
    assert arrivals.missing() == []


def test_a_double_is_told_behind_and_ahead_of_the_watermark() -> None:
    arrivals = Arrivals([(1, 5), (8, 9)])
    assert not arrivals.accept(3)
    assert not arrivals.accept(9)
    assert arrivals.accept(7)


def test_a_stream_whose_beginning_is_missing_has_a_gap_from_one() -> None:
    arrivals = Arrivals()
    arrivals.accept(17)
    assert arrivals.watermark == 0
    assert arrivals.missing() == [(1, 16)]


def test_what_is_given_up_is_passed_but_may_still_arrive() -> None:
    arrivals = Arrivals()
    for sequence in (1, 5, 9):
        arrivals.accept(sequence)
    assert arrivals.give_up(1, 6) == [(2, 4), (6, 6)]
    assert arrivals.watermark == 6
    assert arrivals.accept(3), "what was given up is stored when it comes after all"
    assert not arrivals.accept(3)
    assert arrivals.watermark == 6
    assert arrivals.missing() == [(7, 8)]


def test_giving_up_reaches_beyond_what_has_arrived() -> None:
    arrivals = Arrivals()
    assert arrivals.give_up(1, 4) == [(1, 4)]
    assert arrivals.watermark == 4


def test_a_message_that_was_only_heard_of_is_a_gap() -> None:
    arrivals = Arrivals([(1, 3)])
    arrivals.hear_of(5)
    assert arrivals.missing() == [(4, 5)]
