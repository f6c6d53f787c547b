"""Hears everything on a broker and holds it against the AsyncAPI document."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from jsonschema import Draft7Validator

from config.broker import Broker
from gateway.stream import topics
from gateway.stream.asyncapi import document, messages_of
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options

_ENOUGH = 20
"""Messages of one kind that are looked at: the rest is made by the same code."""


class Witness:
    """Keeps some messages of each kind, and says what is not as it is described."""

    def __init__(self) -> None:
        self._heard: defaultdict[tuple[type[topics.Topic], str], list[bytes]] = defaultdict(list)
        self.strangers: list[str] = []
        """Topics that are not of the tree."""

    def __call__(self, message: Inbound) -> None:
        """Take a message."""
        try:
            kind = type(topics.parse(message.topic))
        except topics.TopicError:
            self.strangers.append(message.topic)
            return
        names = messages_of(kind)
        name = names[0] if len(names) == 1 else f"event_{orjson.loads(message.payload)['type']}"
        kept = self._heard[kind, name]
        if message.payload and len(kept) < _ENOUGH:
            kept.append(message.payload)

    @property
    def kinds(self) -> set[str]:
        """Return the names of the messages that were heard."""
        return {name for _, name in self._heard}

    def complaints(self) -> list[str]:
        """Return what is not as the document says."""
        described = document()["components"]["messages"]
        found = [f"{topic}: no topic of the document" for topic in self.strangers]
        for (kind, name), payloads in self._heard.items():
            if name not in messages_of(kind):
                found.append(f"{name} came by a topic of {kind.__name__}")
                continue
            payload_schema = described[name]["payload"]
            schema = payload_schema.get("schema", payload_schema)
            validator = Draft7Validator(schema)
            for payload in payloads:
                content = payload.decode() if "schema" not in payload_schema else orjson.loads(payload)
                found += [
                    f"{name}: {error.json_path}: {error.message}" for error in validator.iter_errors(content)
                ]
        return found


@asynccontextmanager
async def witnessing(broker: Broker) -> AsyncIterator[Witness]:
    """Hear everything of the tree while the block runs."""
    witness = Witness()
    client = MqttClient(Options(broker, "witness"))
    client.subscribe(f"{topics.ROOT}/#", witness)
    task = asyncio.create_task(client.run(), name="witness")
    try:
        async with asyncio.timeout(20.0):
            await client.wait_connected()
        yield witness
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
