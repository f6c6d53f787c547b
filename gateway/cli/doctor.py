"""`cellgate doctor`: is everything there that a site needs?"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from config.devices import DeviceBase
from config.site import Site
from config.streams import InfluxStore, Store
from drivers import registry
from drivers.api import DriverError
from gateway.cli.device import armed_text, override_lines
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit
from gateway.clock import read_clock_state
from gateway.historian.query import service_name
from gateway.subscriber import Subscriber

_FREE_BYTES_WANTED = 2_000_000_000
_CLOCK_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and what to do where it is not."""

    subject: str
    well: bool
    says: str


def doctor(site: SiteArgument, data: DataOption = None) -> None:
    """Look at the broker, the store, each device, the disk and the clock; exit with 1 if any is not well."""
    effective = load_or_exit(site)
    folder = data_folder(data)
    findings = asyncio.run(examine(effective, folder))
    table = Table("", "what", "finding", box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]ok[/]" if finding.well else "[red]no[/]"
        table.add_row(mark, finding.subject, finding.says, style="" if finding.well else "red")
    Console(highlight=False).print(table)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


async def examine(site: Site, folder: Path) -> list[Finding]:
    """Return a finding for everything; devices, broker and stores are looked at side by side."""
    for driver in {device.driver for device in site.devices.values()}:
        await asyncio.to_thread(registry.prepare, driver)  # compiling is no slowness of the device
    checks: list[Awaitable[Finding]] = [_broker(site), _restrictions(site)]
    checks += [_store(h.name, h.store, folder) for h in site.streams.historians]
    checks += [_device(name, device) for name, device in site.devices.items()]
    return [*_machine(folder), *await asyncio.gather(*checks)]


def _machine(folder: Path) -> Iterator[Finding]:
    clock = read_clock_state()
    if clock is None:
        yield Finding("clock", True, "this platform does not tell whether the clock is kept")
    elif not clock.synchronised:
        yield Finding("clock", False, "no time service keeps this clock: install chrony, or start it")
    else:
        bound = clock.error_bound_s or 0.0
        yield Finding("clock", bound < _CLOCK_LIMIT_S, f"kept; error at most {bound * 1e3:.0f} ms")
    existing = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    says = f"{folder}: {free / 1e9:.1f} GB free" + ("" if writable else ", but not writable")
    yield Finding("data folder", writable and free > _FREE_BYTES_WANTED, says)


async def _broker(site: Site) -> Finding:
    broker = site.streams.broker
    where = f"{broker.host}:{broker.port}"
    subscriber = Subscriber(site, "doctor")
    try:
        async with subscriber.following(connect_within_s=broker.connect_timeout + 1.0):
            await asyncio.sleep(0.5)  # retained messages follow the subscription
    except TimeoutError:
        return Finding("broker", False, f"{where} does not answer as an MQTT {broker.protocol} broker")
    gateway = "not running"
    if subscriber.online:
        gateway = "online"
        if subscriber.gateway:
            gateway += f", writes {armed_text(subscriber.gateway)}"
    says = f"{where}: connected; gateway {site.gateway.name} is {gateway}"
    return Finding("broker", True, "; ".join([says, *_historians(site, subscriber.historians)]))


def _historians(site: Site, told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say of each historian's process whether it is there, by what it last said of itself."""
    for historian in site.streams.historians:
        for member in historian.processes:
            name = service_name(historian, member)
            online = told.get(name, {}).get("online", False)
            yield f"historian {name} is {'online' if online else 'not running'}"


async def _restrictions(site: Site) -> Finding:
    """Return what people have taken out of service, disarmed, forced or simulated."""
    subscriber, subject = Subscriber(site, "doctor"), "restrictions"
    try:
        async with subscriber.following(connect_within_s=site.streams.broker.connect_timeout + 1.0):
            await asyncio.sleep(0.5)
    except TimeoutError:
        return Finding(subject, True, "not known without the broker")
    if not subscriber.gateway:
        return Finding(subject, True, "no gateway has told of any")
    health = subscriber.gateway
    devices = health["acquisition"]["devices"].items()
    off = [f"{name}: {device['writes']}" for name, device in devices if device["writes"] != "armed"]
    told = [*off, *override_lines(health)]
    return Finding(subject, not health["overrides"], "; ".join(told) or "none: every device is armed")


async def _store(name: str, store: Store, folder: Path) -> Finding:
    subject = f"store of {name}"
    if not isinstance(store, InfluxStore):
        kept = "keeps every bit"
        return Finding(subject, True, f"embedded, in {folder / 'historian' / name}: {kept}")
    return await asyncio.to_thread(_influx, subject, store)


def _influx(subject: str, store: InfluxStore) -> Finding:
    from gateway.historian.influx_probe import probe

    well, says = probe(store)
    return Finding(subject, well, says)


async def _device(name: str, device: DeviceBase) -> Finding:
    subject = f"device {name}"
    driver = registry.create(name, device)
    limit_s = max(5.0, 3 * device.timeout)
    try:
        async with asyncio.timeout(limit_s):
            await driver.open()
    except TimeoutError:
        return Finding(subject, False, f"no answer within {limit_s:g} s")
    except DriverError as error:
        return Finding(subject, False, str(error))
    finally:
        await driver.close()
    return Finding(subject, True, "connected")
