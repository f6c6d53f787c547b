"""Shares of a group: every partition has one taker, who is there, and only what must move moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.historian.shares import SILENT_S, Presence, share

MEMBERS = ["a", "b", "c", "d", "e"]


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.tuples(st.just(MEMBERS[:n]), st.sets(st.sampled_from(MEMBERS[:n])), st.integers(1, 64))
    )
)
def test_everybody_present_has_a_fair_share(case: tuple[list[str], set[str], int]) -> None:
    members, present, partitions = case
    shares = share(members, present, range(partitions))
    if not present:
        assert shares == {}
        return
    assert shares.keys() == set(range(partitions))
    assert set(shares.values()) <= present
    counts = [list(shares.values()).count(member) for member in members if member in present]
    rounds = -(-partitions // len(members))
    assert max(counts) <= rounds + len(members) * -(-rounds // len(present))
    whole = share(members, members, range(partitions))
    assert all(shares[p] == home for p, home in whole.items() if home in present), (
        "who is there keeps its own"
    )


def test_all_present_share_evenly() -> None:
    counts = list(share(MEMBERS[:3], MEMBERS, range(10)).values())
    assert sorted(map(counts.count, "abc")) == [3, 3, 4]


def test_who_is_silent_or_says_farewell_is_away() -> None:
    presence = Presence(["a", "b", "c"], "a")
    assert presence.present(0.0) == {"a"}
    presence.connected(10.0)
    assert presence.present(10.0) == {"a", "b", "c"}
    presence.hear("b", {"online": False}, 11.0)
    assert presence.present(11.0) == {"a", "c"}
    presence.hear("b", {"online": True}, 12.0)
    presence.hear("c", {"online": True}, 12.0 + SILENT_S / 2)
    assert presence.present(12.0 + SILENT_S) == {"a", "c"}
    assert presence.present(20.0 + SILENT_S) == {"a"}
