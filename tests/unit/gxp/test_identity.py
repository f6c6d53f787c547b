"""Signatures hold for exactly what was signed, and roles may do what the table says."""

from __future__ import annotations

import pytest

from config.access import Role, User
from gateway.gxp import identity

_MESSAGE = {"id": "12345678", "kind": "set_point", "value": 37.0}


def test_a_signed_message_verifies_whatever_the_order_of_its_keys() -> None:
    private, public = identity.generate_key()
    signed = identity.sign(_MESSAGE, private)
    identity.verify(dict(reversed(signed.items())), public)


@pytest.mark.parametrize(
    "change",
    [
        {"value": 37.1},
        {"kind": "mode"},
        {"extra": 1},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "%"},
    ],
)
def test_a_changed_message_does_not(change: dict[str, object]) -> None:
    private, public = identity.generate_key()
    with pytest.raises(identity.NotAuthentic):
        identity.verify({**identity.sign(_MESSAGE, private), **change}, public)


def test_anothers_key_does_not() -> None:
    private, _ = identity.generate_key()
    _, other = identity.generate_key()
    with pytest.raises(identity.NotAuthentic, match="not of this command"):
        identity.verify(identity.sign(_MESSAGE, private), other)


@pytest.mark.parametrize("key", ["", "AAAA", "not base64"])
def test_a_malformed_key_is_said_to_be_malformed(key: str) -> None:
    private, _ = identity.generate_key()
    with pytest.raises(identity.NotAuthentic, match="malformed"):
        identity.verify(identity.sign(_MESSAGE, private), key)


def test_rights_hold_by_role_and_unit() -> None:
    operator = User(role=Role.OPERATOR, public_key="", units=["br1"])
    assert identity.why_not_allowed(operator, "set_point", "br1") is None
    assert identity.why_not_allowed(operator, "set_point", "br2") == "no rights for unit 'br2'"
    assert identity.why_not_allowed(operator, "arm", "br1") == "role operator may not send 'arm' commands"


def test_nobody_who_only_looks_may_command() -> None:
    for role in (Role.QA, Role.CLIENT):
        assert not identity.RIGHTS[role]
    assert set(identity.RIGHTS) == set(Role)
