"""What outlives a restart of what people restrict, the lock among gateways, and the lease's logic."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.site import Site
from control.actuation_layout import COMMANDED_OFF, COMMANDED_ON, NOTHING_COMMANDED
from control.tables import build
from gateway.devices.book import FILE, Note, OverrideNote, RestrictionBook, Restrictions
from gateway.devices.lease import COUNTS, NOBODY, Claimable, LeaseWatch, Seen, counted
from gateway.devices.lock import VARIABLE, DeviceLock
from gateway.devices.start import hold_back

NOTE = Note("anna", "why", 5)


def site(**gateway: Any) -> Site:
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g", **gateway},
            "devices": {
                name: {"driver": "modbus", "host": name, "writes_armed": True} for name in ("a", "b")
            },
        }
    )


def test_the_book_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    book = RestrictionBook(tmp_path)
    assert book.now == Restrictions()
    force = OverrideNote("force", 1.5, "anna", "engineer", "why", 5, 6)
    book.change(gateway=NOTE)
    book.put("disarmed", "a", NOTE)
    book.put("out_of_service", "b", NOTE)
    book.put("overrides", "u/t", force)
    again = RestrictionBook(tmp_path)
    assert again.now == book.now == Restrictions(NOTE, {"a": NOTE}, {"b": NOTE}, {"u/t": force})
    again.remove("overrides", "u/t")
    again.remove("overrides", "u/t")
    assert RestrictionBook(tmp_path).now.overrides == {}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"gateway": 3}', b'{"gateway": {"who": 1}}', b"null"]
)
def test_a_book_that_cannot_be_understood_disarms(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    book = RestrictionBook(tmp_path)
    assert book.now.gateway is not None
    assert "was damaged" in book.now.gateway.reason
    assert (tmp_path / f"{FILE}.damaged").read_bytes() == content
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("configured", "warm_armed", "restrictions", "armed", "arm_at_start"),
    [
        (False, False, Restrictions(), 0, 0),
        (False, True, Restrictions(), 1, 0),
        (True, False, Restrictions(), 0, 1),
        (True, True, Restrictions(gateway=NOTE), 0, 0),
    ],
)
def test_what_was_armed_before_a_restart(
    configured: bool, warm_armed: bool, restrictions: Restrictions, armed: int, arm_at_start: int
) -> None:
    of = site(outputs_armed=configured, warm_start_armed=warm_armed)
    state = build(of).state
    state.counters["armed"] = 1
    hold_back(of, state, restrictions)
    assert (state.counters[0]["armed"], state.counters[0]["arm_at_start"]) == (armed, arm_at_start)


@pytest.mark.parametrize("warm_armed", [False, True])
def test_a_device_that_was_disarmed_stays_so_and_one_that_was_armed_only_where_configured(
    warm_armed: bool,
) -> None:
    of = site(warm_start_armed=warm_armed)
    state = build(of).state
    state.outputs.devices["commanded"] = [COMMANDED_ON, COMMANDED_OFF]
    hold_back(of, state, Restrictions(disarmed={"b": NOTE}))
    kept = COMMANDED_ON if warm_armed else NOTHING_COMMANDED
    assert state.outputs.devices["commanded"].tolist() == [kept, COMMANDED_OFF]
    hold_back(of, state, Restrictions(disarmed={"a": NOTE}))
    assert state.outputs.devices["commanded"].tolist() == [COMMANDED_OFF, NOTHING_COMMANDED]


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def _other_process(file: Path) -> subprocess.Popen[bytes]:
    """Return another process that holds a lock file."""
    other = subprocess.Popen(["flock", str(file), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write(b"!")
    other.stdin.flush()
    assert other.stdout.read(1) == b"!"
    return other


def test_a_lock_names_who_holds_it_and_is_free_when_that_one_is_gone(locks: Path) -> None:
    first = DeviceLock(site().devices["a"], "first")
    assert first.take() is None
    assert first.take() is None
    (file,) = locks.iterdir()
    second = DeviceLock(site().devices["a"], "second")
    assert second.take() == f"gateway 'first' on this machine (process {os.getpid()})"
    assert not second.held
    neighbour = DeviceLock(site().devices["b"], "second")
    assert neighbour.take() is None
    neighbour.release()
    first.release()
    first.release()
    with _other_process(file) as other:
        assert "gateway 'first'" in str(second.take())
        file.write_bytes(b"?")
        assert second.take() == "another gateway on this machine"
        other.kill()
    deadline = time.monotonic() + 10.0  # the system may take a moment to close what the killed one had open
    while (holder := second.take()) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holder is None
    second.release()


def test_a_lease_of_nobody_or_of_ours_can_be_claimed_at_once() -> None:
    assert LeaseWatch(1, 10.0).look(Seen(NOBODY, 7), 0.0) is Claimable.YES
    assert LeaseWatch(1, 10.0).look(Seen(1, 7), 0.0) is Claimable.YES


def test_a_holder_that_counts_keeps_its_lease_and_one_that_stands_still_loses_it() -> None:
    watch = LeaseWatch(1, 10.0)
    assert watch.look(Seen(2, 7), 0.0) is Claimable.UNKNOWN
    assert watch.look(Seen(2, 8), 1.0) is Claimable.HELD
    assert watch.look(Seen(2, 8), 10.9) is Claimable.UNKNOWN
    assert watch.look(Seen(2, 8), 11.0) is Claimable.YES
    assert watch.look(Seen(3, 8), 11.1) is Claimable.UNKNOWN


@given(
    st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
)
def test_a_lease_of_another_is_claimable_exactly_when_it_stood_still_long_enough(
    looks: list[tuple[float, int, int]],
) -> None:
    watch, now_s, still_since_s, before = LeaseWatch(1, 6.0), 0.0, 0.0, None
    for wait_s, owner, counter in looks:
        now_s += wait_s
        if (owner, counter) != before:
            still_since_s = now_s
        before = (owner, counter)
        free = owner in (NOBODY, 1) or now_s - still_since_s >= 6.0
        assert (watch.look(Seen(owner, counter), now_s) is Claimable.YES) == free


@given(st.integers(-(2**31), 2**31))
def test_the_counter_stays_within_a_register_and_always_moves(counter: int) -> None:
    assert 1 <= counted(counter) <= COUNTS
    assert counted(counter) != counter
