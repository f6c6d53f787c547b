"""Guessing passwords takes longer and longer, and locks nobody out from elsewhere."""

from __future__ import annotations

import pytest

from gateway.hmi.throttle import Throttle


def fail(throttle: Throttle, user: str, address: str, times: int, now_s: float = 0.0) -> None:
    for _ in range(times):
        throttle.failed(user, address, now_s)


def test_waits_double_after_the_free_failures_up_to_a_bound() -> None:
    throttle = Throttle()
    waits = []
    for _ in range(16):
        throttle.failed("ann", "a", 0)
        waits.append(throttle.wait_s("ann", "a", 0))
    assert waits[:8] == [0, 0, 0, 0, 5, 10, 20, 40]
    assert waits[-1] == 900
    assert throttle.wait_s("ann", "a", 901) <= 0


def test_the_user_elsewhere_and_others_here_need_not_wait() -> None:
    throttle = Throttle()
    fail(throttle, "ann", "a", 6)
    assert throttle.wait_s("ann", "a", 0) == 10
    assert throttle.wait_s("ann", "b", 0) == 0
    assert throttle.wait_s("bob", "a", 0) == 0


def test_an_address_that_tries_many_users_waits_for_all() -> None:
    throttle = Throttle()
    for number in range(20):
        fail(throttle, f"user {number}", "a", 1)
    assert throttle.wait_s("another", "a", 0) == 5
    assert throttle.wait_s("another", "b", 0) == 0


def test_a_user_who_is_guessed_from_many_addresses_waits_at_last() -> None:
    throttle = Throttle()
    for number in range(50):
        fail(throttle, "ann", f"address {number}", 1)
    assert throttle.wait_s("ann", "another", 0) == 5


def test_a_success_counts_as_no_failure() -> None:
    throttle = Throttle()
    for second in range(100):
        throttle.failed("ann", "a", second)
        throttle.succeeded("ann", "a")
    assert throttle.wait_s("ann", "a", 100) == 0


def test_what_is_old_is_forgotten() -> None:
    throttle = Throttle()
    fail(throttle, "ann", "a", 9)
    throttle.failed("bob", "b", 3601)
    throttle.failed("ann", "a", 3602)
    assert throttle.wait_s("ann", "a", 3602) == 0


def test_names_without_end_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(11_000):
        throttle.failed(f"user {number}", f"address {number}", number / 100)
    assert len(throttle._failures) <= 10_003


@pytest.mark.parametrize("user", ["ann", "address", ""])
def test_a_user_is_no_address(user: str) -> None:
    throttle = Throttle()
    fail(throttle, user, "a", 20)
    assert throttle.wait_s("x", user, 0) == 0
