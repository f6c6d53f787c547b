"""What of an edge node waits for the host: in order, bounded, with the last of each tag known."""

from __future__ import annotations

import pytest

from control.signal import GOOD, HISTORY
from drivers.sparkplug import arrivals
from drivers.sparkplug.arrivals import Arrivals
from drivers.sparkplug.view import Sample


def test_too_much_goes_as_a_whole_is_counted_and_asks_for_the_present(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "_LIMIT", 3)
    waiting = Arrivals()
    messages = [[Sample(0, float(number), GOOD, number)] for number in range(5)]
    assert [waiting.put(message) for message in messages] == [True, True, True, False, True]
    assert list(waiting.take()) == messages[3:]
    assert waiting.overflows == 1
    assert waiting.last[0] is messages[4][0]


def test_what_is_historical_is_handed_over_and_is_never_the_last() -> None:
    waiting = Arrivals()
    now, before = Sample(0, 2.0, GOOD, 2), Sample(0, 1.0, GOOD | HISTORY, 1)
    with waiting.echo(0) as echo:
        assert waiting.put([before])
        assert not echo.is_set()
        assert waiting.put([now, before])
        assert echo.is_set()
    assert list(waiting.take()) == [[before], [now, before]]
    assert waiting.last == {0: now}
