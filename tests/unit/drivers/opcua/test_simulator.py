"""The driver against the simulated bioreactor: its whole address space, read and moved."""

from __future__ import annotations

import asyncio

from config.devices import OpcUaAddress
from config.tags import Access, Tag, TagKind
from control.signal import BAD, SENSOR
from drivers.api import TagRef, Write
from drivers.opcua.driver import OpcUaDriver
from drivers.session import Session
from simulators.bioreactor_signals import NAMESPACE, bioreactor_signals
from simulators.sensor_faults import SensorFault, SensorFaultKind
from simulators.signals import Kind
from tests.unit.drivers.opcua.plant import Seen, device
from tests.unit.simulators.plants import running_device, until

SIGNALS = list(bioreactor_signals())
INDEX = {signal.name: at for at, signal in enumerate(SIGNALS)}
TAG_KINDS = {Kind.TEXT: TagKind.TEXT, Kind.BOOL: TagKind.BOOL}
REFS = [
    TagRef(
        INDEX[signal.name],
        f"br1/{signal.name}",
        Tag(
            device="br1",
            address=OpcUaAddress(namespace=NAMESPACE, identifier=signal.name),
            kind=TAG_KINDS.get(signal.kind, TagKind.NUMBER),
            access=Access.READ_WRITE if signal.writable else Access.READ,
        ),
    )
    for signal in SIGNALS
]


async def test_every_signal_arrives_and_every_command_is_taken() -> None:
    async with running_device(model="bioreactor") as bioreactor:
        settings = device(bioreactor.link.port)
        seen = Seen()
        session = Session("br1", settings, OpcUaDriver("br1", settings), REFS, seen)
        task = asyncio.create_task(session.run(), name="session")
        try:
            await until(lambda: len(seen.values) + len(seen.texts) == len(SIGNALS))
            assert session.unreadable == {}
            assert all(qualities[-1] < BAD for qualities in seen.qualities.values())

            valve, watchdog, phase = INDEX["Jacket.Valve"], INDEX["Watchdog"], INDEX["Culture.Phase"]
            results = await session.write([Write(valve, 61.5), Write(watchdog, 7), Write(phase, "x")])
            assert [result.error is None for result in results] == [True, True, False]
            await until(lambda: seen.last(valve) == 61.5 and seen.last(watchdog) == 7.0)
            (refused,) = await session.write([Write(valve, 250.0)])
            assert refused.error is not None
            assert "BadOutOfRange" in refused.error

            bioreactor.sensors.set("DO.PV", SensorFault(SensorFaultKind.FAIL))
            await until(lambda: seen.qualities[INDEX["DO.PV"]][-1] == BAD | SENSOR)
            bioreactor.sensors.clear("DO.PV")
            await until(lambda: seen.qualities[INDEX["DO.PV"]][-1] < BAD)
        finally:
            task.cancel()
            await asyncio.wait([task])
