"""A lease in a device: two numbers of it that are read and written, and times that fit together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import HEAD, loaded, told

_TAGS = """\
units:
  u:
    area: a
    cell: c
    tags:
      owner: {device: plc, access: read_write, address: {address: 10}}
      counter: {device: plc, access: read_write, address: {address: 11}}
      shown: {device: plc, address: {address: 12}}
      switch: {device: plc, access: read_write, kind: bool, address: {table: coil, address: 1}}
      level:
        device: plc
        access: read_write
        address: {address: 13}
        scaling: {raw_low: 0, raw_high: 100, low: 0, high: 10}
      other: {device: ua, access: read_write, address: {identifier: T}}
"""


def _text(lease: str) -> str:
    assert "host: 127.0.0.1}" in HEAD
    return HEAD.replace("host: 127.0.0.1}", f"host: 127.0.0.1, lease: {{{lease}}}}}") + _TAGS


def test_a_lease_that_is_in_order(tmp_path: Path) -> None:
    site = loaded(tmp_path, _text("owner: u/owner, counter: u/counter, number: 2")).site
    lease = site.devices["plc"].lease
    assert lease is not None
    assert (lease.number, lease.period, lease.expires_after) == (2, 1.0, 10.0)


@pytest.mark.parametrize(
    ("lease", "message"),
    [
        ("owner: u/none, counter: u/counter, number: 1", "owner: there is no tag 'u/none'"),
        ("owner: u/shown, counter: u/counter, number: 1", "'u/shown' is no number of 'plc' that is read and"),
        ("owner: u/switch, counter: u/counter, number: 1", "'u/switch' is no number of 'plc'"),
        ("owner: u/other, counter: u/counter, number: 1", "'u/other' is no number of 'plc'"),
        ("owner: u/owner, counter: u/level, number: 1", "counter: 'u/level' is scaled"),
        ("owner: u/owner, counter: u/owner, number: 1", "owner and counter are one tag"),
        ("owner: u/owner, counter: u/counter, number: 0", "lease.number"),
        (
            "owner: u/owner, counter: u/counter, number: 1, period: 5 s",
            "expires_after: 10 s is less than three periods",
        ),
    ],
)
def test_a_lease_that_is_not_says_why(lease: str, message: str, tmp_path: Path) -> None:
    assert any(message in text for text in told(tmp_path, _text(lease)))
