"""A host application for tests, of paho alone: what it heard in order, and what it is told to say."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.decode import decode
from drivers.sparkplug.encode import encode
from drivers.sparkplug.payload import Metric, Payload

_Known = dict[int | str, Datatype]


class Host:
    """Hears everything below `spBv1.0/` and keeps datatypes of births, as a host does."""

    def __init__(self, port: int, group: str = "Plant 1", edge_node: str = "gw1") -> None:
        self.heard: list[MQTTMessage] = []
        self._port, self._node = port, (group, edge_node)
        self._known: dict[str, _Known] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"host-{time.time_ns()}")
        self._client.on_message = lambda _client, _data, message: self.heard.append(message)

    def messages(self, kind: str, device: str = "") -> list[Payload]:
        """Return what was heard of a kind, decoded with what the births before it said."""
        group, edge_node = self._node
        wanted = "/".join(["spBv1.0", group, kind, edge_node, *([device] if device else [])])
        found = []
        for message in list(self.heard):
            payload = self._decode(message)
            if message.topic == wanted and payload is not None:
                found.append(payload)
        return found

    def metrics(self, kind: str, device: str = "") -> list[Metric]:
        """Return the metrics of what was heard of a kind, in order."""
        return [metric for payload in self.messages(kind, device) for metric in payload.metrics]

    def birth(self, device: str = "") -> dict[str, Metric]:
        """Return the metrics of the latest birth by name."""
        kind = "DBIRTH" if device else "NBIRTH"
        return {metric.name: metric for metric in self.messages(kind, device)[-1].metrics}

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        """Publish."""
        self._client.publish(topic, payload, qos, retain)

    def command(self, *metrics: Metric, device: str = "", stamped: bool = True) -> None:
        """Send an NCMD, or a DCMD to a device."""
        group, edge_node = self._node
        kind = "DCMD" if device else "NCMD"
        topic = "/".join(["spBv1.0", group, kind, edge_node, *([device] if device else [])])
        now_ms = time.time_ns() // 1_000_000 if stamped else None
        self.publish(topic, encode(Payload(metrics, now_ms), typed=stamped))

    def rebirth(self, *, stamped: bool = True) -> None:
        """Ask for a rebirth."""
        self.command(Metric("Node Control/Rebirth", value=True, datatype=Datatype.BOOLEAN), stamped=stamped)

    def say_state(self, host: str, *, online: bool, stamp_ms: int) -> None:
        """Publish a STATE, retained."""
        state = json.dumps({"online": online, "timestamp": stamp_ms}).encode()
        self.publish(f"spBv1.0/STATE/{host}", state, retain=True, qos=1)

    def _decode(self, message: MQTTMessage) -> Payload | None:
        levels = message.topic.split("/")
        if levels[1] == "STATE":
            return None
        known: _Known = self._known.setdefault("/".join(levels[4:]), {})
        payload = decode(bytes(message.payload), known)
        if levels[2] in ("NBIRTH", "DBIRTH"):
            for metric in payload.metrics:
                known[metric.name] = metric.datatype
                if metric.alias is not None:
                    known[metric.alias] = metric.datatype
        return payload

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Host]:
        """Be connected and subscribed while inside."""
        subscribed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def done(*_: Any) -> None:
            loop.call_soon_threadsafe(subscribed.set)

        self._client.on_subscribe = done
        self._client.on_connect = lambda client, *_: client.subscribe("spBv1.0/#", 1)
        await asyncio.to_thread(self._client.connect, "127.0.0.1", self._port)
        self._client.loop_start()
        try:
            async with asyncio.timeout(10):
                await subscribed.wait()
            yield self
        finally:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)
