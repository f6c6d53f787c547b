"""Texts are reported like numbers: on change, on quality, at the heartbeat; never silently lost."""

from __future__ import annotations

import pytest

from config.site import Site
from control.signal import BAD, COMM, GOOD, HISTORY, OVERFLOW, STALE, Text
from gateway import texts


@pytest.fixture
def site() -> Site:
    """A unit with one text tag: heartbeat 10 s, stale after 5 s."""
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "units": {
                "u": {
                    "area": "a",
                    "cell": "c",
                    "tags": {
                        "phase": {
                            "device": "d",
                            "kind": "text",
                            "stale_after": "5 s",
                            "report": {"heartbeat": "10 s"},
                        }
                    },
                }
            },
        }
    )


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _text(value: str | None, source_ns: int, quality: int = GOOD) -> Text:
    return Text(0, value, source_ns, quality)


def test_only_changes_are_reported(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    for source_ns, value in enumerate(("growth", "growth", "harvest", "harvest")):
        image.take(_text(value, source_ns))
        clock.now += 0.5
    assert [(t.value, t.source_ns) for t in image.drain()] == [("growth", 0), ("harvest", 2)]
    assert image.drain() == []


def test_a_heartbeat_repeats_with_the_latest_source_time(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    for second in range(12):
        image.take(_text("growth", second))
        clock.now += 1.0
    assert [t.source_ns for t in image.drain()] == [0, 10]


def test_a_quality_change_is_a_report_of_its_own(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    image.take(_text("growth", 1))
    image.take(_text(None, 2, BAD | COMM))
    assert [(t.value, t.quality) for t in image.drain()] == [("growth", GOOD), (None, BAD | COMM)]


def test_silence_becomes_stale_with_a_time_of_its_own(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    image.take(_text("growth", 1))
    clock.now += 4.9
    image.tick()
    assert len(image.drain()) == 1
    clock.now += 0.2
    image.tick()
    (stale,) = image.drain()
    assert (stale.value, stale.quality) == (None, BAD | STALE)
    assert stale.source_ns > 1
    assert image.latest(0) == stale


def test_a_full_queue_refuses_the_newest_counts_and_marks(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_QUEUE_LIMIT", 2)
    image = texts.TextImage(site, clock)
    for value in "abc":
        image.take(_text(value, 0))
    assert image.refused == 1
    assert [t.value for t in image.drain()] == ["a", "b"]
    image.take(_text("d", 0))
    (report,) = image.drain()
    assert (report.value, report.quality) == ("d", GOOD | OVERFLOW)


def test_a_quiet_subscription_that_lives_is_not_stale(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    image.take(_text("growth", 1))
    for _ in range(4):
        clock.now += 2.0
        image.device_is_alive("d")
        image.tick()
    assert [t.quality for t in image.drain()] == [GOOD]


def test_a_text_from_history_is_reported_and_never_taken_for_the_present(site: Site, clock: Clock) -> None:
    image = texts.TextImage(site, clock)
    image.take(_text("harvest", 9))
    image.take(_text("growth", 5, HISTORY))
    assert [(t.value, t.source_ns, t.quality) for t in image.drain()] == [
        ("harvest", 9, GOOD),
        ("growth", 5, HISTORY),
    ]
    latest = image.latest(0)
    assert latest is not None
    assert latest.value == "harvest"
