"""A changed configuration is applied to a gateway that runs: all or nothing, and without a bump."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.site import Site
from gateway.commands.message import Reply, make
from gateway.demo.plant import DEMO_SITE
from tests.system.conftest import Running, running_plant, until

LOOP = "br1/temp"


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def _site(running: Running) -> Site:
    return load(running.plant.site_file, {**os.environ, **running.plant.environment}).site


async def _apply(running: Running, value: str, user: str = "engineer") -> Reply:
    plant = running.plant
    gateway = plant.site.gateway.name
    message = make(user, plant.keys[user], "apply", gateway, value=value, reason="test", valid_s=25.0)
    return await running.view.command(message, within_s=60.0)


def _events(running: Running, kind: str) -> list[dict[str, Any]]:
    return [event for event in running.view.events if event["type"] == kind]


@pytest.mark.timeout(300)
async def test_a_running_gateway_takes_another_configuration_or_refuses_it(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(DEMO_SITE.parent, folder)
    plant_file = folder / DEMO_SITE.name
    async with running_plant(tmp_path / "data", plant_file) as running:
        view, plant = running.view, running.plant
        await until(lambda: running.quality(f"{LOOP}.op") == 0, 30.0, "the loop writes")
        await until(lambda: "rooms/a.count05" in view.values, 30.0, "the rooms are read")
        setting = make("operator", plant.keys["operator"], "set_point", LOOP, value=36.25, reason="test")
        assert (await view.command(setting)).accepted
        before, scans = plant.site.fingerprint, running.scans()

        good = plant_file.read_text(encoding="utf-8")
        _edit(plant_file, "scan_period:", "scan_perid:")
        refused = await _apply(running, "0" * 16)
        assert (refused.accepted, "scan_perid" in refused.reason) == (False, True)
        plant_file.write_text(good, encoding="utf-8")
        assert "runs already" in (await _apply(running, before)).reason
        refused = await _apply(running, "0" * 16)
        assert "as reviewed" in refused.reason
        assert not (await _apply(running, before, user="operator")).accepted

        _edit(
            plant_file,
            "port: ${CELLGATE_PORT_EMS:-5022}",
            "port: ${CELLGATE_PORT_EMS:-5022}\n    timeout: 1500 ms",
        )
        site = _site(running)
        assert site.fingerprint != before
        lost = len(_events(running, "device"))
        output = running.value(f"{LOOP}.op")
        reply = await _apply(running, site.fingerprint)
        assert reply.accepted, reply.reason
        await until(lambda: bool(_events(running, "configuration")), 20.0, "the event")
        (event,) = _events(running, "configuration")
        assert (event["before"], event["after"], event["user"]) == (before, site.fingerprint, "engineer")
        assert event["devices"] == ["ems"], event
        await until(lambda: view.gateway["config"] == site.fingerprint, 20.0, "health under it")
        assert running.scans() >= scans
        assert running.value(f"{LOOP}.sp") == 36.25
        assert abs(running.value(f"{LOOP}.op") - output) < 10.0
        seen = view.values["br1/do.pv"].source_ns
        rooms = view.values["rooms/a.count05"].source_ns
        await until(lambda: view.values["br1/do.pv"].source_ns > seen, 20.0, "br1 is followed on")
        await until(lambda: view.values["rooms/a.count05"].source_ns > rooms, 30.0, "ems is read again")
        assert len(_events(running, "device")) == lost, "no device was lost"
        assert [e for e in _events(running, "gateway") if e["state"] == "stopped"] == []
        assert view.malformed == 0
        await until(running.has_all, 30.0, "the historian has everything")
