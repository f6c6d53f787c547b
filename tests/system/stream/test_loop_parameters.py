"""The parameters of loops on a real broker: retained for each unit, and again when one was tuned."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import orjson

from config.broker import Broker as Address
from gateway.stream.loop_parameters import LoopParameters
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.brokers import nats
from tests.unit.control.shaped_plant import running
from tests.unit.stream.journals import until


async def test_parameters_are_retained_and_follow_what_is_tuned(tmp_path: Path) -> None:
    plant = running(ti="30 s", gap=0.5)
    broker = nats(tmp_path / "broker")
    await broker.start()
    address = Address.model_validate({"port": broker.port, "protocol": "3.1.1"})
    heard: list[dict[str, Any]] = []

    def hear(message: Inbound) -> None:
        assert message.topic == "cellgate/v1/s/a/c/u/loops/g"
        heard.append(orjson.loads(message.payload)["loops"]["u/l"])

    speaker = MqttClient(Options(address, "speaker"))
    listener = MqttClient(Options(address, "listener"))
    listener.subscribe("cellgate/v1/+/+/+/+/loops/+", hear)
    running_now = [
        asyncio.create_task(work)
        for work in (speaker.run(), LoopParameters(plant.site, speaker, plant.state).run(), listener.run())
    ]
    try:
        await until(lambda: heard)
        assert (heard[0]["ti"], heard[0]["gap"], heard[0]["out_rate"]) == (30.0, 0.5, None)
        plant.state.loops.row["ti"][0] = 45.0
        await until(lambda: heard[-1]["ti"] == 45.0)
        assert len(heard) == 2
    finally:
        for task in running_now:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running_now, return_exceptions=True)
        await broker.kill()
