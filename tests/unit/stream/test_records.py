"""Records: small, and no damage goes unseen."""

from __future__ import annotations

import numpy as np
import pytest

from control.signal import SAMPLE
from gateway.stream.records import DamagedRecord, Dictionary, Points, TextPoint, pack, unpack
from tests.unit.stream.sites import small_site


def rows(count: int, **columns: int) -> Points:
    made = np.zeros(count, SAMPLE)
    for name, value in columns.items():
        made[name] = value
    return Points.of_rows(made)


def test_a_plain_point_takes_twenty_bytes() -> None:
    assert len(pack(rows(1000))) == 20 * 1000 + 20
    assert len(pack(rows(1000, quality=5))) == 24 * 1000 + 20


@pytest.mark.parametrize("change", [b"", b"x" * 15, b"wrong"])
def test_other_bytes_are_no_record(change: bytes) -> None:
    with pytest.raises(DamagedRecord):
        unpack(change)


def test_a_cut_longer_or_changed_record_is_damaged() -> None:
    data = pack(Points.of_rows(np.zeros(3, SAMPLE), [TextPoint(0, "x", 1, 0)]))
    changed = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]
    for damaged in (data[:-1], data + b"x", *changed):
        with pytest.raises(DamagedRecord):
            unpack(damaged)


def test_a_dictionary_comes_back() -> None:
    site = small_site()
    dictionary = Dictionary.of(site)
    assert dictionary.names == tuple(site.tags)
    assert dictionary.places == {"u0": ("a", "c"), "u1": ("a", "c")}
    assert Dictionary.from_bytes(dictionary.fingerprint, dictionary.to_bytes()) == dictionary
