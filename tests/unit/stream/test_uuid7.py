"""Event ids: version 7, always increasing, whatever the clock does."""

from __future__ import annotations

import threading
import time
import uuid

from gateway.stream.uuid7 import uuid7


def test_it_is_a_uuid_of_version_seven_with_its_time() -> None:
    now_ns = time.time_ns() + 3600 * 10**9  # later than any other id of this process
    made = uuid7(now_ns)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == now_ns // 1_000_000


def test_ids_increase_within_a_millisecond_and_when_the_clock_is_set_back() -> None:
    now_ns = time.time_ns() + 7200 * 10**9
    made = [uuid7(now_ns) for _ in range(2000)] + [uuid7(now_ns - 10**12) for _ in range(2000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_get_different_ids() -> None:
    made: list[uuid.UUID] = []

    def make() -> None:
        made.extend([uuid7() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000
