"""What stands in `deploy/` fits the program: commands and options exist, brokers take the settings."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.servers.process import ROOT

COMPOSE = ROOT / "deploy" / "compose"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def section(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit, encoding="utf-8")
    return parser["Service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    program, command, site, *options = shlex.split(section(unit)["ExecStart"])
    assert program == "/opt/cellgate/.venv/bin/cellgate"
    assert site == "/etc/cellgate/site.yaml"
    explained = CliRunner().invoke(app, [command, site, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert explained.exit_code == 0, explained.output
    for option in (word for word in options if word.startswith("--")):
        assert option in explained.output
    assert section(unit)["Type"] == "notify"
    assert float(section(unit)["WatchdogSec"]) > 0


def test_every_service_has_a_unit() -> None:
    assert {shlex.split(section(unit)["ExecStart"])[1] for unit in UNITS} == {"run", "historian", "hmi"}


def test_systemd_finds_no_mistake_in_the_units(tmp_path: Path) -> None:
    """The program and the user are not on this machine: everything else must be right."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        text = re.sub("^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@", "@x")).write_text(text, encoding="utf-8")
    files = [str(file) for file in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "cellgate" in line]
    assert ours == []


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


def test_containers_run_commands_that_exist() -> None:
    commands = {name: service["command"] for name, service in services().items() if "command" in service}
    assert {command[0] for command in commands.values()} == {"run", "historian", "hmi"}
    for command, site, *options in commands.values():
        assert site == "/etc/cellgate/site.yaml"
        explained = CliRunner().invoke(app, [command, site, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        for option in (word for word in options if word.startswith("--")):
            assert option in explained.output


def test_what_containers_mount_is_here_or_made_by_the_how_to() -> None:
    how_to = (ROOT / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    made = re.search("^mkdir ([a-z ]+?) *#", how_to, re.MULTILINE)
    assert made is not None
    named = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))["volumes"]
    for service in services().values():
        for volume in service.get("volumes", []):
            source = volume.split(":", 1)[0]
            if source.startswith("."):
                assert source.removeprefix("./") in made[1].split() or (COMPOSE / source).exists(), source
            else:
                assert source in named


def test_what_prometheus_asks_is_served() -> None:
    asked = yaml.safe_load((COMPOSE / "prometheus.yml").read_text(encoding="utf-8"))
    (targets,) = [config["targets"] for job in asked["scrape_configs"] for config in job["static_configs"]]
    for target in targets:
        name, port = target.split(":")
        assert port in services()[name]["command"]
