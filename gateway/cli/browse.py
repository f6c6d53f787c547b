"""`cellgate browse`: what a device holds, on the screen or as a list of tags to begin with."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from config.site import Site
from drivers import registry
from drivers.api import DriverError
from drivers.inspection import Browses, Offered
from gateway.cli.browse_listing import listing
from gateway.cli.site import EXIT_CONFIG, SiteArgument, load_or_exit, stderr


def browse(
    site: SiteArgument,
    device: Annotated[str, typer.Argument(help="Name of the device in the configuration.")],
    under: Annotated[
        str,
        typer.Argument(help="Where: a path of an OPC UA server, a range as holding:0-99 of a Modbus device."),
    ] = "",
    *,
    match: Annotated[str, typer.Option("--match", "-m", help="Only paths like this, as '*/Temp*'.")] = "*",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write tags to a .csv or .yaml file.", dir_okay=False),
    ] = None,
) -> None:
    """Show what a device holds, with the address a tag would have; or write it as a list of tags."""
    effective = load_or_exit(site)
    if output is not None and output.suffix not in _WRITERS:
        stderr.print(f"{output}: write to a file that ends in {' or '.join(_WRITERS)}", markup=False)
        raise typer.Exit(EXIT_CONFIG)
    try:
        everything = asyncio.run(_found(effective, device, under))
    except (DriverError, ValueError) as error:
        stderr.print(f"{device}: {error}", markup=False)
        raise typer.Exit(1) from None
    found = [each for each in everything if fnmatchcase(each.path, match)]
    if output is None:
        _print(found)
        return
    tags = [each for each in found if each.kind]
    output.write_text(_WRITERS[output.suffix](device, tags), encoding="utf-8")
    left = len(found) - len(tags)
    rest = f"; {left} that are no plain values are left out" if left else ""
    Console(highlight=False, soft_wrap=True).print(
        f"{len(tags)} tags in {output}{rest}. Names, units, ranges and access are yours to decide.",
        markup=False,
    )


async def _found(site: Site, device: str, under: str) -> list[Offered]:
    settings = site.devices.get(device)
    if settings is None:
        raise ValueError(f"there is no such device; there are {', '.join(site.devices)}")
    driver = registry.create(device, settings)
    if not isinstance(driver, Browses):
        raise ValueError("this kind of device cannot be browsed")
    return [each async for each in driver.browse(under)]


def _print(found: Sequence[Offered]) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in listing(found, console.width if console.is_terminal else None):
        console.print(line)
    console.print(f"{len(found)} found")


def _fields(device: str, each: Offered) -> dict[str, Any]:
    """Return a tag as the configuration writes it; it is read only until somebody decides otherwise."""
    fields: dict[str, Any] = {"description": each.path, "unit": each.unit}
    if each.kind != "number":
        fields["kind"] = each.kind
    if each.low is not None and each.high is not None and each.low < each.high:
        fields["low"], fields["high"] = each.low, each.high
    fields["device"] = device
    return {key: value for key, value in fields.items() if value != ""}


def _as_yaml(device: str, found: Sequence[Offered]) -> str:
    tags = {each.name: _fields(device, each) | {"address": _plain(each.address)} for each in found}
    return yaml.safe_dump({"tags": tags}, sort_keys=False, allow_unicode=True, width=110)


def _as_csv(device: str, found: Sequence[Offered]) -> str:
    rows = [
        {"name": each.name}
        | _fields(device, each)
        | {f"address.{key}": value for key, value in _plain(each.address).items()}
        for each in found
    ]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns or ["name"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _plain(address: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in address.items() if value != ""}


_WRITERS = {".csv": _as_csv, ".yaml": _as_yaml}
