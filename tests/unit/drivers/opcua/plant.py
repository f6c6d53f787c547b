"""A driver for the tests' servers, and what it sees of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from config.devices import OpcUaAddress, OpcUaDevice
from config.tags import Access, Tag, TagKind
from control.signal import Columns
from drivers.api import TagRef
from drivers.opcua.driver import OpcUaDriver
from tests.servers.opcua import NAMESPACE


def device(port: int, **settings: Any) -> OpcUaDevice:
    fast: dict[str, Any] = {
        "driver": "opcua",
        "endpoint": f"opc.tcp://127.0.0.1:{port}/test",
        "period": 0.1,
        "timeout": 2.0,
        "dead_after": 2.0,
        "reconnect_min": 0.05,
        "reconnect_max": 0.3,
        "publishing_interval": 0.05,
        "keep_alive_count": 6,
        "writes_armed": True,
    }
    return OpcUaDevice.model_validate(fast | settings)


def ref(
    index: int,
    name: str,
    /,
    *,
    kind: TagKind = TagKind.NUMBER,
    access: Access = Access.READ,
    namespace: str = NAMESPACE,
    **more: Any,
) -> TagRef:
    where = {key: more.pop(key) for key in set(more) & set(OpcUaAddress.model_fields)}
    if not {"guid", "opaque", "path"} & set(where):
        where["identifier"] = name
    address = OpcUaAddress(namespace=namespace, **where)
    return TagRef(index, f"u/{name}", Tag(device="d", address=address, kind=kind, access=access, **more))


@contextlib.asynccontextmanager
async def opened(settings: OpcUaDevice, refs: Iterable[TagRef]) -> AsyncIterator[OpcUaDriver]:
    driver = OpcUaDriver("d", settings)
    driver.plan(list(refs))
    try:
        await driver.open()
        yield driver
    finally:
        await driver.close()


class Seen:
    """What a subscription has brought, by tag."""

    def __init__(self) -> None:
        self.columns: list[Columns] = []
        self.values: dict[int, list[float]] = {}
        self.qualities: dict[int, list[int]] = {}
        self.statuses: dict[int, list[int]] = {}
        self.stamps: dict[int, list[int]] = {}
        self.texts: dict[int, list[Any]] = {}
        self.keep_alives = 0

    def __call__(self, columns: Columns) -> None:
        self.columns.append(columns)
        self.keep_alives += not len(columns) and not columns.texts
        for at, tag in enumerate(columns.tag.tolist()):
            self.values.setdefault(tag, []).append(float(columns.value[at]))
            self.qualities.setdefault(tag, []).append(int(columns.quality[at]))
            self.statuses.setdefault(tag, []).append(int(columns.status[at]))
            self.stamps.setdefault(tag, []).append(int(columns.source_ns[at]))
        for text in columns.texts:
            self.texts.setdefault(text.tag, []).append(text.value)
            self.qualities.setdefault(text.tag, []).append(text.quality)

    def last(self, tag: int) -> float:
        return self.values.get(tag, [float("nan")])[-1]


async def follow(driver: OpcUaDriver, seen: Seen, done: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Take what a subscription brings until the test has what it waits for."""
    deadline = time.monotonic() + limit_s
    stream = driver.subscribe()
    try:
        async for columns in stream:
            seen(columns)
            if done():
                return
            assert time.monotonic() < deadline, (seen.values, seen.qualities)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
