"""The parts of a running gateway, as the start wires them and a change of configuration exchanges some."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from config.site import Site
from control.engine import Engine
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.continuity.keeper import SnapshotKeeper
from gateway.continuity.recorder import Recorder
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import DeviceKeeper
from gateway.stream.service import StreamService
from gateway.texts import TextImage


@dataclass(slots=True)
class Parts:
    """What runs now. Only the drivers' loop touches it."""

    site: Site
    data: Path
    engine: Engine
    texts: TextImage
    acquisition: Acquisition
    actuation: Actuation
    stream: StreamService
    keeper: SnapshotKeeper
    devices: DeviceKeeper
    book: RestrictionBook
    recorder: Recorder | None
    device_tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begin_session(self, tasks: asyncio.TaskGroup, name: str) -> None:
        """Let a device's session run."""
        session = self.acquisition.sessions[name]
        self.device_tasks[name] = tasks.create_task(session.run(), name=f"device {name}")
