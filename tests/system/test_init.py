"""What `cellgate init` writes runs as it is: checked, simulated, acquired, commanded, logged in to."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from config.load import load
from control.signal import GOOD
from gateway.cli.main import app
from gateway.demo.processes import Child, free_port, listens
from gateway.hmi.accounts import accounts_of
from gateway.subscriber import Subscriber
from tests.servers.process import ROOT
from tests.system.conftest import until

_CLI = [sys.executable, "-m", "gateway.cli.main"]


def _cellgate(*arguments: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}
    return subprocess.run(
        [*_CLI, *arguments], capture_output=True, text=True, env=environment, check=False, timeout=100
    )


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder that `init` has filled, and what it printed."""
    folder = tmp_path_factory.mktemp("sites") / "pilot-1"
    done = _cellgate("init", str(folder), "-u", "ann")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def environment() -> dict[str, str]:
    names = ("BROKER", "BIOREACTOR", "FILLING")
    return {f"CELLGATE_PORT_{name}": str(free_port()) for name in names}


@pytest.fixture
async def running(
    said: tuple[Path, str], environment: dict[str, str], tmp_path: Path
) -> AsyncIterator[Subscriber]:
    """The site's processes, each started as its README says, and a subscriber that sees values."""
    folder, _ = said
    site, data = str(folder / "site.yaml"), ("--data", str(folder / "data"))
    commands = {"broker": data, "simulate": (), "run": data}
    children = {
        name: Child(name, [*_CLI, name, site, *more], environment, tmp_path / f"{name}.log")
        for name, more in commands.items()
    }
    ports = {name: int(environment[f"CELLGATE_PORT_{name}"]) for name in ("BROKER", "BIOREACTOR", "FILLING")}
    try:
        await children["broker"].start(lambda: listens(ports["BROKER"]))
        await children["simulate"].start(lambda: listens(ports["BIOREACTOR"]) and listens(ports["FILLING"]))
        view = Subscriber(load(folder / "site.yaml", {**os.environ, **environment}).site, "test")
        async with view.following(connect_within_s=20.0):
            await children["run"].start()
            seen = ("bioreactor/temp.pv", "filling/product.pressure", "bioreactor/temp.sp")
            await until(lambda: view.values.keys() >= {*seen}, 60.0, "first values")
            yield view
    finally:
        statuses = [await children[name].stop() for name in ("run", "simulate", "broker")]
    assert statuses[0] == 0, children["run"].tail(20)


async def test_it_runs_at_once(
    said: tuple[Path, str], running: Subscriber, environment: dict[str, str]
) -> None:
    folder, _ = said
    for name in ("bioreactor/temp.pv", "bioreactor/jacket.pv", "filling/product.pressure"):
        assert running.values[name].quality == GOOD
    site = str(folder / "site.yaml")
    tags = await asyncio.to_thread(_cellgate, "tags", site, more=environment)
    assert tags.returncode == 0
    assert "temp.pv" in tags.stdout
    sign = ("-u", "ann", "-k", str(folder / "keys" / "ann.key"), "-r", "first start")
    listed = await asyncio.to_thread(_cellgate, "device", "list", site, more=environment)
    assert re.search(r"bioreactor +connected +disarmed", listed.stdout), listed.stdout
    for command in (
        ("device", "arm", site, "gw1"),
        ("device", "arm", site, "bioreactor"),
        ("send", site, "set_point", "bioreactor/temp", "36.5"),
    ):
        sent = await asyncio.to_thread(_cellgate, *command, *sign, more=environment)
        assert sent.returncode == 0, sent.stdout + sent.stderr
    await until(lambda: running.values["bioreactor/temp.sp"].value == 36.5, 20.0, "the set-point")
    listed = await asyncio.to_thread(_cellgate, "device", "list", site, more=environment)
    assert re.search(r"bioreactor +connected +armed", listed.stdout), listed.stdout
    assert re.search(r"filling +connected +disarmed", listed.stdout), listed.stdout


def test_the_login_is_new_and_is_shown_once(said: tuple[Path, str]) -> None:
    folder, text = said
    (password,) = re.findall(r"^user ann, password (\S+)$", text, re.MULTILINE)
    account = accounts_of(folder / "data").log_in("ann", password)
    assert account is not None
    key = folder / "keys" / "ann.key"
    assert account.private_key == key.read_text(encoding="ascii").strip()
    assert key.stat().st_mode & 0o077 == 0
    others = [path for path in folder.rglob("*") if path.is_file() and path != key]
    assert not [path for path in others if password.encode() in path.read_bytes()]


def test_the_readme_tells_the_commands_that_there_are(said: tuple[Path, str]) -> None:
    text = (said[0] / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"cellgate ([a-z]+)", text))
    assert commands >= {
        "check",
        "broker",
        "simulate",
        "historian",
        "run",
        "hmi",
        "tags",
        "doctor",
        "device",
        "send",
    }
    assert commands <= set(get_command(app).commands)  # type: ignore[attr-defined]  # a click group
    assert "@{" not in "".join(
        path.read_text(encoding="utf-8") for path in said[0].iterdir() if path.is_file()
    )


@pytest.mark.parametrize("protocol", ["modbus", "opcua"])
def test_one_protocol_alone_is_right(protocol: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "one"), "-p", protocol]).exit_code == 0
    site = load(tmp_path / "one" / "site.yaml", {}).site
    assert {device.driver for device in site.devices.values()} == {protocol}


def test_nothing_is_written_over_and_nothing_by_halves(tmp_path: Path) -> None:
    there = tmp_path / "filling.yaml"
    there.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["init", str(tmp_path), "--name", "pilot"])
    assert (done.exit_code, "filling.yaml" in done.output) == (1, True)
    assert (list(tmp_path.iterdir()), there.read_text(encoding="utf-8")) == ([there], "mine")


def test_a_name_that_is_no_level_of_a_topic_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", str(tmp_path / "x"), "--name", "a/b", "-p", "profinet"])
    assert done.exit_code == 2
    assert "--name 'a/b'" in done.output
    assert "--protocol profinet: there are opcua, modbus" in done.output
    assert not (tmp_path / "x").exists()
