"""Whether the gateway is online: retained, and by the broker's last will when it is not."""

from __future__ import annotations

import orjson

from config.site import Site
from gateway.stream.mqtt_options import Will
from gateway.stream.topics import State


def topic(site: Site) -> str:
    """Return where the state is published."""
    return str(State(site.site.name, site.gateway.name))


def payload(*, online: bool, since_ns: int | None, epoch: int | None, config: str) -> bytes:
    """Return a state. `since_ns` and `epoch` are None where nobody knows: in the last will."""
    return orjson.dumps({"online": online, "since_ns": since_ns, "epoch": epoch, "config": config})


def will(site: Site) -> Will:
    """Return the last will for the gateway's client."""
    return Will(topic(site), payload(online=False, since_ns=None, epoch=None, config=site.fingerprint))
