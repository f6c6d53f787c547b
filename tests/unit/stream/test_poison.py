"""A record is condemned only when it is to blame."""

from __future__ import annotations

from gateway.stream.poison import Suspects

RECORD, OTHER = (0, 5), (0, 6)


def test_a_record_that_ends_the_connection_twice_while_alone_is_condemned() -> None:
    suspects = Suspects()
    assert suspects.connection_ended(RECORD, alone=False) is None
    assert suspects.connection_ended(RECORD, alone=True) is None
    assert suspects.suspect == RECORD
    assert suspects.connection_ended(RECORD, alone=True) == RECORD
    assert [suspects.suspect] == [None]


def test_an_acknowledgement_acquits() -> None:
    suspects = Suspects()
    suspects.connection_ended(RECORD, alone=False)
    suspects.connection_ended(RECORD, alone=True)
    seen = []
    for acknowledged in (OTHER, RECORD):
        suspects.acquit(acknowledged)
        seen.append(suspects.suspect)
    assert seen == [RECORD, None]
    assert suspects.connection_ended(RECORD, alone=True) is None, "it begins again"


def test_a_broker_that_is_killed_over_and_over_condemns_nobody() -> None:
    suspects = Suspects()
    for sequence in range(100):
        assert suspects.connection_ended((0, sequence), alone=False) is None
        suspects.acquit((0, sequence))


def test_the_same_record_in_a_crowd_is_never_condemned() -> None:
    suspects = Suspects()
    assert [suspects.connection_ended(RECORD, alone=False) for _ in range(10)] == [None] * 10


def test_a_connection_that_left_nothing_open_says_nothing() -> None:
    suspects = Suspects()
    suspects.connection_ended(RECORD, alone=False)
    assert suspects.connection_ended(None, alone=False) is None
    assert suspects.suspect == RECORD
