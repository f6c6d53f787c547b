"""The simulated plant of a site: one device per entry of its `simulation`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

from pydantic import ValidationError

from config.devices import ModbusDevice, OpcUaDevice, OtherDevice, ReplayDevice
from config.simulation import SimulatedDevice
from config.site import Site
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.bioreactor_signals import NAMESPACE
from simulators.control import ControlServer
from simulators.device import Device, Identity
from simulators.environment import Environment, EnvironmentParameters
from simulators.environment_signals import environment_registers
from simulators.fill_line import FillLine
from simulators.fill_line_signals import fill_line_registers
from simulators.link import Link
from simulators.modbus_server import ModbusWire
from simulators.model import ProcessModel
from simulators.opcua_server import OpcUaWire
from simulators.vials import FillLineParameters
from simulators.wire import HOST, Wire

_LOOPBACK = frozenset({HOST, "localhost"})


class PlantError(ValueError):
    """The site's simulation cannot be built; the message says which device and why."""


def build_device(name: str, simulated: SimulatedDevice, site: Site, seed: int) -> Device:
    """Return the simulator that takes the place of a device of the site.

    Raises:
        PlantError: there is no such device, it speaks another protocol, or a parameter is wrong.
    """
    configured = site.devices.get(name)
    if configured is None:
        raise PlantError(f"simulation.devices.{name}: the site has no device {name!r}")
    try:
        model = _model(simulated, seed)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PlantError(f"simulation.devices.{name}.parameters: {problems}") from error
    wire, port = _wire(name, simulated, configured, model)
    return Device(
        Identity(name, simulated.model, seed),
        model,
        wire,
        Link(port, seed),
        speed=site.speed_of(name),
        timeout_s=simulated.watchdog_timeout,
    )


def _model(simulated: SimulatedDevice, seed: int) -> ProcessModel:
    match simulated.model:
        case "bioreactor":
            return Bioreactor(BioreactorParameters.model_validate(simulated.parameters), seed)
        case "fill_line":
            return FillLine(FillLineParameters.model_validate(simulated.parameters), seed)
        case "environment":
            return Environment(EnvironmentParameters.model_validate(simulated.parameters), seed)


def _wire(
    name: str,
    simulated: SimulatedDevice,
    configured: ModbusDevice | OpcUaDevice | ReplayDevice | OtherDevice,
    model: ProcessModel,
) -> tuple[Wire, int]:
    if simulated.model == "bioreactor" and isinstance(configured, OpcUaDevice):
        endpoint = urlsplit(configured.endpoint)
        _check_host(name, endpoint.hostname)
        return OpcUaWire(name, NAMESPACE, model.signals.values(), endpoint.path or "/"), endpoint.port or 4840
    if simulated.model != "bioreactor" and isinstance(configured, ModbusDevice):
        _check_host(name, configured.host)
        registers = fill_line_registers() if simulated.model == "fill_line" else environment_registers()
        return ModbusWire(name, registers, configured.unit_id), configured.port
    wanted = "opcua" if simulated.model == "bioreactor" else "modbus"
    raise PlantError(
        f"devices.{name}.driver: model {simulated.model} speaks {wanted}, not {configured.driver}"
    )


def _check_host(name: str, host: str | None) -> None:
    if host not in _LOOPBACK:
        raise PlantError(f"devices.{name}: simulators listen on {HOST} only, and the site says {host}")


def build_plant(site: Site, only: Collection[str] = ()) -> dict[str, Device]:
    """Return the simulators of a site by device, all or only the named ones.

    Raises:
        PlantError: the site has no simulation, or a device cannot be simulated.
    """
    if site.simulation is None:
        raise PlantError("the site has no simulation")
    unknown = sorted(set(only) - set(site.simulation.devices))
    if unknown:
        raise PlantError(
            f"not simulated: {', '.join(unknown)} (there are: {', '.join(site.simulation.devices)})"
        )
    return {
        name: build_device(name, simulated, site, site.simulation.seed + number)
        for number, (name, simulated) in enumerate(site.simulation.devices.items())
        if not only or name in only
    }


class Plant:
    """Runs the devices and the control channel."""

    def __init__(self, devices: dict[str, Device]) -> None:
        self.devices = devices
        self.control = ControlServer(devices)
        self.control_port = 0

    async def start(self, control_port: int = 0) -> None:
        """Start every protocol server and the control channel."""
        for device in self.devices.values():
            await device.start()
        self.control_port = await self.control.start(control_port)

    async def stop(self) -> None:
        """Stop everything; repeatable."""
        await self.control.stop()
        await asyncio.gather(*(device.stop() for device in self.devices.values()))

    async def run(self) -> None:
        """Step all devices until cancelled; the failure of one ends all."""
        async with asyncio.TaskGroup() as group:
            for name, device in self.devices.items():
                group.create_task(device.run(), name=f"simulate {name}")
