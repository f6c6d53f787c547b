"""Mistakes in the settings of an OPC UA server, each told with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.writing import told

_SITE = """\
site: {name: basel}
gateway: {name: gw1}
devices:
  ua: {driver: opcua, endpoint: 'opc.tcp://127.0.0.1:4840', SETTINGS}
units:
  u: {area: a, cell: c, tags: {t.pv: {device: ua, address: {identifier: T}}}}
"""
_USER = "user_certificate: {certificate: u.pem, private_key: u.key}"
_SECURITY = "security: {certificate: c.pem, private_key: c.key, trusted: t}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            _USER,
            "devices.ua.user_certificate: a user certificate needs a secured channel; configure security",
        ),
        (
            f"{_USER}, {_SECURITY}, username: jo, password: x",
            "devices.ua.user_certificate: a user is known by a name or by a certificate, not both; "
            "remove username and password, or user_certificate",
        ),
    ],
)
def test_mistake(tmp_path: Path, settings: str, message: str) -> None:
    assert [line.partition(": ")[2] for line in told(tmp_path, _SITE.replace("SETTINGS", settings))] == [
        message
    ]
