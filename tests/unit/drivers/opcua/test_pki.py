"""Certificates made, shown, trusted, rejected and expiring, as `cellgate pki` does it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from drivers.opcua import folders
from drivers.opcua.certificates import describe, load_certificate
from drivers.opcua.folders import certificates, keep_rejected
from gateway.cli.main import app
from tests.servers.certificates import make
from tests.unit.config.writing import HEAD, write

SITE = (
    HEAD.replace(
        "'opc.tcp://127.0.0.1:4840'",
        "'opc.tcp://127.0.0.1:4840', "
        "security: {certificate: pki/own/gw1.pem, private_key: pki/own/gw1.key.pem, trusted: pki/trusted}",
    )
    + "units:\n  u: {area: a, cell: c, tags: {t.pv: {device: ua, address: {identifier: T}}}}\n"
)


def cellgate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["pki", *map(str, arguments)])


def test_create_makes_what_a_server_wants_to_see(tmp_path: Path) -> None:
    done = cellgate("create", tmp_path / "pki", "--name", "gw1", "--uri", "urn:us:gw1", "--host", "10.0.3.2")
    assert done.exit_code == 0, done.output
    certificate = load_certificate(tmp_path / "pki" / "own" / "gw1.pem")
    told = describe(certificate)
    assert (told.subject, told.uris, told.hosts) == ("CN=gw1", ("urn:us:gw1",), ("10.0.3.2",))
    assert told.thumbprint in done.output
    key = tmp_path / "pki" / "own" / "gw1.key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = cellgate("create", tmp_path / "pki", "--name", "gw1")
    assert again.exit_code == 1
    assert "exists already" in again.output
    assert load_certificate(tmp_path / "pki" / "own" / "gw1.pem") == certificate


def test_a_users_certificate_names_no_application(tmp_path: Path) -> None:
    assert cellgate("create", tmp_path, "--name", "jo", "--user", "--bits", "2048").exit_code == 0
    shown = cellgate("show", tmp_path / "own" / "jo.pem")
    assert "a user's certificate" in shown.output


def test_what_is_no_certificate_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.pem").write_text("nothing")
    shown = cellgate("show", tmp_path / "notes.pem")
    assert shown.exit_code == 1
    assert "is no certificate" in shown.output


def test_a_rejected_certificate_is_trusted_by_its_thumbprint_and_back(tmp_path: Path) -> None:
    certificate = make("plc 7").certificate
    kept = keep_rejected(tmp_path / "rejected", certificate)
    assert keep_rejected(tmp_path / "rejected", certificate) == kept, "kept once"
    thumbprint = describe(certificate).thumbprint
    spelt = ":".join(thumbprint[at : at + 2] for at in range(0, 12, 2)).lower()
    assert "rejected" in cellgate("list", tmp_path).output
    assert cellgate("trust", tmp_path, thumbprint[:4]).exit_code == 1, "too short to be sure"
    assert cellgate("trust", tmp_path, spelt).exit_code == 0
    assert [each.certificate for each in certificates(tmp_path / "trusted")] == [certificate]
    assert not list((tmp_path / "rejected").iterdir())
    assert cellgate("reject", tmp_path, kept.name).exit_code == 0
    assert not list((tmp_path / "trusted").iterdir())
    missing = cellgate("reject", tmp_path, kept.name)
    assert missing.exit_code == 1
    assert "no trusted certificate" in missing.output


def test_what_ends_soon_is_listed_with_a_code_for_scripts(tmp_path: Path) -> None:
    make("long", days=(-1, 200)).save(tmp_path / "trusted", "long")
    assert cellgate("expiring", tmp_path).exit_code == 0
    make("soon", days=(-1, 20)).save(tmp_path / "trusted", "soon")
    make("ended", days=(-9, -1)).save(tmp_path / "own", "ended")
    make("elsewhere", days=(-9, -1)).save(tmp_path / "rejected", "elsewhere")
    told = cellgate("expiring", tmp_path)
    assert told.exit_code == 1
    assert "CN=soon" in told.output
    assert "CN=ended" in told.output
    assert "CN=long" not in told.output
    assert "CN=elsewhere" not in told.output
    assert "CN=soon" not in cellgate("expiring", tmp_path, "--within", "10").output


def test_a_sites_own_folders_are_found_through_its_configuration(tmp_path: Path) -> None:
    path = write(tmp_path, SITE)
    cellgate("create", tmp_path / "pki", "--name", "gw1", "--bits", "2048")
    make("soon", days=(-1, 20)).save(tmp_path / "pki" / "own", "of somebody else")
    make("plc").save(tmp_path / "pki" / "rejected", "plc")
    listed = cellgate("list", path).output
    assert "CN=gw1" in listed
    assert "CN=plc" in listed
    assert "CN=soon" not in listed
    assert cellgate("trust", path, "plc.der").exit_code == 0
    assert (tmp_path / "pki" / "trusted" / "plc.der").is_file()


def test_the_folder_of_rejected_certificates_keeps_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_REJECTED", 3)
    kept = [keep_rejected(tmp_path, make(f"server {n}").certificate) for n in range(3)]
    for age, path in enumerate(kept):
        os.utime(path, (age, age))
    newest = keep_rejected(tmp_path, make("server 3").certificate)
    assert sorted(tmp_path.iterdir()) == sorted([*kept[1:], newest])
