"""Overlapping registers: the sweep finds what looking at every pair finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.checks.registers import Claim, agree, overlaps
from config.devices import BIT_TABLES, ModbusAddress, RegisterType, Table, WordOrder

_TYPES = [kind for kind in RegisterType if kind not in (RegisterType.STRING, RegisterType.BITS)]


@st.composite
def _addresses(draw: st.DrawFn) -> ModbusAddress:
    address = draw(st.integers(0, 12))
    if draw(st.booleans()):
        return ModbusAddress(address=address, bit=draw(st.integers(0, 15)))
    if draw(st.integers(0, 9)) == 0:
        return ModbusAddress(address=address, type=RegisterType.STRING, length=draw(st.integers(1, 6)))
    kind = draw(st.sampled_from(_TYPES))
    return ModbusAddress(address=address, type=kind, word_order=draw(st.sampled_from(WordOrder)))


def _claims(addresses: list[ModbusAddress]) -> list[Claim]:
    return [Claim(a.address, a.address + a.count, f"t{n}", a) for n, a in enumerate(addresses)]


def _conflicts(one: Claim, other: Claim) -> bool:
    return one.start < other.stop and other.start < one.stop and not agree(one.address, other.address)


@given(st.lists(_addresses(), max_size=12))
def test_a_conflict_is_found_exactly_when_there_is_one(addresses: list[ModbusAddress]) -> None:
    claims = _claims(addresses)
    pairs = [(a, b) for n, a in enumerate(claims) for b in claims[n + 1 :] if _conflicts(a, b)]
    found = overlaps(claims)
    assert bool(found) == bool(pairs)
    for first, second in found:
        assert _conflicts(first, second)


@given(st.lists(_addresses(), max_size=12))
def test_leaving_out_what_is_told_leaves_no_conflict(addresses: list[ModbusAddress]) -> None:
    """Correcting the second of each pair, and of what is just like it, is enough."""
    claims = _claims(addresses)
    told = {(o.second.start, o.second.stop, o.second.address.bit is None, o.second.address.type,
             o.second.address.word_order) for o in overlaps(claims)}  # fmt: skip
    left = [
        c for c in claims
        if (c.start, c.stop, c.address.bit is None, c.address.type, c.address.word_order) not in told
    ]  # fmt: skip
    assert not [(a, b) for n, a in enumerate(left) for b in left[n + 1 :] if _conflicts(a, b)]


@given(_addresses(), _addresses())
def test_agreeing_is_mutual(one: ModbusAddress, other: ModbusAddress) -> None:
    assert agree(one, other) == agree(other, one)
    assert agree(one, one)


def test_bits_are_not_compared_with_registers() -> None:
    assert {Table.COIL, Table.DISCRETE} == BIT_TABLES
    many = [ModbusAddress(address=5) for _ in range(20_000)]
    assert overlaps(_claims(many)) == []
