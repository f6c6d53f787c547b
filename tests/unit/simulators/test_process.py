"""`python -m simulators` as a process: readiness, clean end, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from config.site import Site
from gateway.demo.processes import free_port
from simulators.plant import PlantError, build_plant


def written(folder: pathlib.Path, **extra: str) -> pathlib.Path:
    """Write a site with a fill line and clean rooms on free ports."""
    text = f"""
    site: {{name: test}}
    gateway: {{name: gw}}
    devices:
      line: {{driver: modbus, host: 127.0.0.1, port: {free_port()}}}
      rooms: {{driver: modbus, host: 127.0.0.1, port: {free_port()}, unit_id: 3}}
    units:
      cell:
        area: filling
        cell: line1
        tags:
          state.pv: {{device: line, address: {{table: input, address: 0}}}}
          rooms.a: {{device: rooms, address: {{table: input, address: 0, type: uint32}}}}
    simulation:
      speed: 20
      devices:
        line: {{model: fill_line, parameters: {{{extra.get("parameters", "")}}}}}
        rooms: {{model: environment, speed: 5}}
    """
    path = folder / "site.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start the simulator and wait until it is ready."""
    command = [sys.executable, "-m", "simulators", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_when_told(tmp_path: pathlib.Path, how: signal.Signals) -> None:
    with started(str(written(tmp_path))) as (process, ready):
        assert ready["ready"] is True
        assert {name: d["speed"] for name, d in ready["devices"].items()} == {"line": 20.0, "rooms": 5.0}
        for port in (ready["control"], *(device["port"] for device in ready["devices"].values())):
            socket.create_connection(("127.0.0.1", port), 2.0).close()
        process.send_signal(how)
        assert process.wait(5.0) == 0


def test_one_device_at_another_speed_on_a_given_control_port(tmp_path: pathlib.Path) -> None:
    port = free_port()
    arguments = (str(written(tmp_path)), "--only", "rooms", "--speed", "3", "--control", str(port))
    with started(*arguments) as (_, ready):
        assert ready["control"] == port
        assert {name: d["speed"] for name, d in ready["devices"].items()} == {"rooms": 3.0}


def test_it_ends_with_the_process_that_started_it(tmp_path: pathlib.Path) -> None:
    launcher = """
import subprocess, sys
command = [sys.executable, "-m", "simulators", *sys.argv[1:]]
child = subprocess.Popen(command, stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), end="", flush=True)
child.wait()
"""
    command = [sys.executable, "-c", launcher, str(written(tmp_path)), "--exit-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        control = json.loads(parent.stdout.readline())["control"]
        with socket.create_connection(("127.0.0.1", control), 2.0) as watched:
            parent.kill()
            watched.settimeout(5.0)
            with contextlib.suppress(ConnectionError):
                assert watched.recv(1) == b""


def refused(*arguments: str) -> str:
    """Run the simulator on something wrong; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "simulators", *arguments],
        capture_output=True,
        text=True,
        timeout=20.0,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_mistakes_are_told_before_anything_starts(tmp_path: pathlib.Path) -> None:
    assert "not simulated: br9 (there are: line, rooms)" in refused(str(written(tmp_path)), "--only", "br9")
    wrong = refused(str(written(tmp_path, parameters="colour: red")))
    assert "simulation.devices.line.parameters: colour" in wrong
    assert "nothing.yaml" in refused(str(tmp_path / "nothing.yaml"))


def test_a_taken_port_is_told(tmp_path: pathlib.Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "address already in use" in refused(
            str(written(tmp_path)), "--control", str(taken.getsockname()[1])
        )


def site_with(device: dict[str, Any] | None, model: str) -> Site:
    devices = {} if device is None else {"dev": device}
    return Site.model_validate(
        {
            "site": {"name": "s"},
            "gateway": {"name": "g"},
            "devices": devices,
            "simulation": {"devices": {"dev": {"model": model}}},
        }
    )


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        (site_with(None, "bioreactor"), "no device 'dev'"),
        (site_with({"driver": "modbus", "host": "plc7"}, "fill_line"), "the site says plc7"),
        (site_with({"driver": "modbus", "host": "x"}, "bioreactor"), "speaks opcua, not modbus"),
        (
            site_with({"driver": "opcua", "endpoint": "opc.tcp://x:1"}, "fill_line"),
            "speaks modbus, not opcua",
        ),
        (Site.model_validate({"site": {"name": "s"}, "gateway": {"name": "g"}}), "no simulation"),
    ],
)
def test_a_plant_that_cannot_be_built(site: Site, problem: str) -> None:
    with pytest.raises(PlantError, match=problem):
        build_plant(site)
