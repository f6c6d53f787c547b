"""The control channel: each command, its client, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest

from gateway.demo.processes import listens
from simulators.faults import CONTROL_VARIABLE, ControlChannel, main
from simulators.plant import Plant
from tests.unit.simulators.plants import running, site, until

PLANT: dict[str, dict[str, Any]] = {
    "line": {"model": "fill_line", "parameters": {"stops_per_h": 0.0}},
    "rooms": {"model": "environment"},
}


async def ask(plant: Plant, command: str, **fields: object) -> dict[str, Any]:
    def blocking() -> dict[str, Any]:
        with ControlChannel(plant.control_port) as channel:
            return channel.ask(command, **fields)

    return await asyncio.to_thread(blocking)


async def test_list_and_status_say_what_there_is() -> None:
    async with running(site(PLANT)) as plant:
        devices = (await ask(plant, "list"))["devices"]
        assert devices["rooms"]["model"] == "environment"
        assert "A.Pressure" in devices["rooms"]["sensors"]
        assert "A.FanCommand" not in devices["rooms"]["sensors"]
        assert set(devices["line"]["disturbances"]) >= {"line_stop", "clog"}
        status = (await ask(plant, "status"))["devices"]["line"]
        assert status["port"] == plant.devices["line"].link.port
        assert status["link"] is None
        assert status["values"]["Fill.Target"] == 5.0


async def test_sensor_faults_show_on_the_wire_and_are_cleared() -> None:
    async with running(site(PLANT)) as plant:
        device = plant.devices["rooms"]
        await ask(plant, "sensor", device="rooms", signal="A.Pressure", kind="stuck", amount=12.5)
        await ask(plant, "sensor", device="rooms", signal="B.Humidity", kind="fail")
        await until(lambda: device.wire.image.words["input"].get(8) == 125)  # type: ignore[attr-defined]
        assert (await ask(plant, "status"))["devices"]["rooms"]["sensors"] == {
            "A.Pressure": {"kind": "stuck", "amount": 12.5},
            "B.Humidity": {"kind": "fail", "amount": None},
        }
        await ask(plant, "clear", device="rooms", signal="A.Pressure")
        assert set(device.sensors.active) == {"B.Humidity"}
        await ask(plant, "clear")
        assert device.sensors.active == {}


async def test_link_faults_come_and_go() -> None:
    async with running(site(PLANT)) as plant:
        device = plant.devices["line"]
        await ask(plant, "link", device="line", kind="delay", amount=0.5)
        assert (await ask(plant, "status"))["devices"]["line"]["link"] == {"kind": "delay", "amount": 0.5}
        await ask(plant, "link", device="line", kind="refuse", seconds=0.2)
        await until(lambda: device.link.fault is None and listens(device.link.port))
        _, writer = await asyncio.open_connection("127.0.0.1", device.link.port)
        writer.close()
        await writer.wait_closed()


async def test_process_speed_and_restart() -> None:
    async with running(site(PLANT)) as plant:
        line, rooms = plant.devices["line"], plant.devices["rooms"]
        await ask(plant, "process", device="rooms", kind="door_open", settings={"room": "C", "seconds": 600})
        await until(lambda: rooms.model.values["Door.C.Open"] is True)
        await ask(plant, "speed", speed=5.0)
        await ask(plant, "speed", speed=7.0, device="line")
        assert (line.speed, rooms.speed) == (7.0, 5.0)
        await ask(plant, "restart", device="line", seconds=0.1)
        await until(lambda: line.restarts == 1 and not line.down)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"command": "explode"}, "explode"),
        ({"command": "restart"}, "device"),
        ({"command": "restart", "device": "line", "colour": "red"}, "colour"),
        ({"command": "restart", "device": "nowhere"}, "there are: line, rooms"),
        (
            {"command": "sensor", "device": "line", "signal": "Fill.Target", "kind": "fail"},
            "not a measured signal",
        ),
        ({"command": "link", "device": "line", "kind": "delay"}, "positive amount"),
        ({"command": "process", "device": "line", "kind": "rain"}, "known: line_stop"),
        ({"command": "speed", "speed": 0}, "greater than 0"),
    ],
)
async def test_mistakes_are_answered_with_what_is_wrong(fields: dict[str, Any], problem: str) -> None:
    async with running(site(PLANT)) as plant:
        with pytest.raises(ValueError, match=problem):
            await ask(plant, **fields)


async def test_nonsense_gets_an_answer_and_endless_lines_are_dropped() -> None:
    async with running(site(PLANT)) as plant:
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.control_port)
        writer.write(b"hello\n")
        assert json.loads(await reader.readline())["ok"] is False
        writer.write(b"x" * 200_000)
        async with asyncio.timeout(5.0):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_the_command_line_client(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(site(PLANT)) as plant:
        monkeypatch.setenv(CONTROL_VARIABLE, str(plant.control_port))
        line = ["process", "line", "clog", "needle=3", "active=true"]
        assert await asyncio.to_thread(main, line) == 0
        assert plant.devices["line"].model.filler.clogged == {2}  # type: ignore[attr-defined]
        assert await asyncio.to_thread(main, ["status"]) == 0
        assert "rooms" in json.loads(capsys.readouterr().out.split("{}\n")[-1])["devices"]
        assert await asyncio.to_thread(main, ["restart", "nowhere"]) == 1
        assert "there are: line, rooms" in capsys.readouterr().err


def test_the_command_line_client_says_when_nobody_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(CONTROL_VARIABLE, raising=False)
    with pytest.raises(SystemExit):
        main(["status"])
    assert CONTROL_VARIABLE in capsys.readouterr().err
    assert main(["--control", "1", "status"]) == 1
    assert "refused" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--control", "1", "process", "line", "clog", "needle"])
    assert "name=value" in capsys.readouterr().err
