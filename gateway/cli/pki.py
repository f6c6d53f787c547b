"""`cellgate pki`: the certificates of the gateway, its users and the servers that it trusts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from config.devices import OpcUaDevice
from drivers.opcua.certificates import (
    WARN_DAYS,
    Description,
    describe,
    load_certificate,
    make_certificate,
    save,
)
from drivers.opcua.folders import Folders, Kept, certificates
from gateway.cli.site import load_or_exit, stderr

app = typer.Typer(help="Certificates for secured OPC UA: make, look at, trust, reject.", no_args_is_help=True)

Where = Annotated[
    Path,
    typer.Argument(
        metavar="WHERE", help="A folder made by `pki create`, or a site's configuration.", exists=True
    ),
]
Which = Annotated[
    str, typer.Argument(metavar="WHICH", help="File, file name, or the first 8 digits of the thumbprint.")
]


class Found(NamedTuple):
    """A certificate, and what it is there for."""

    role: str
    kept: Kept


@app.command()
def create(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for own, trusted and rejected.")],
    name: Annotated[str, typer.Option(help="Common name, and name of the files.")] = "cellgate",
    uri: Annotated[str, typer.Option(help="Application URI (default: urn:HOST:cellgate:NAME).")] = "",
    host: Annotated[list[str] | None, typer.Option(help="Host name or address; may be repeated.")] = None,
    days: Annotated[int, typer.Option(min=1, max=7300, help="How long it holds.")] = 730,
    bits: Annotated[int, typer.Option(min=2048, max=4096, help="Length of the RSA key.")] = 3072,
    *,
    user: Annotated[
        bool, typer.Option("--user", help="A user's certificate, for logging in with it.")
    ] = False,
) -> None:
    """Make a certificate and its key for the gateway (or a user), and the folders beside it."""
    machine = socket.gethostname()
    names = [] if user else host or [machine]
    application = "" if user else uri or f"urn:{machine}:cellgate:{name}"
    certificate, key = make_certificate(name, application, names, days=days, bits=bits)
    try:
        for part in ("trusted", "rejected"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        certificate_file, key_file = save(certificate, key, folder / "own" / name)
    except OSError as error:
        stderr.print(f"nothing was made: {error}", markup=False)
        raise typer.Exit(1) from None
    console = Console(highlight=False, soft_wrap=True)
    _show(console, certificate_file, describe(certificate))
    console.print(f"private key  {key_file} (readable by you alone)", markup=False)


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A certificate.", exists=True, dir_okay=False)]) -> None:
    """Show what is in a certificate, to compare it with what the other side shows."""
    try:
        certificate = load_certificate(file)
    except ValueError as error:
        stderr.print(f"{file} is no certificate: {error}", markup=False)
        raise typer.Exit(1) from None
    _show(Console(highlight=False, soft_wrap=True), file, describe(certificate))


@app.command("list")
def list_(where: Where) -> None:
    """List the certificates: own, trusted and rejected, with what is left of their time."""
    _print_table(set(_everything(where)))


@app.command()
def expiring(
    where: Where,
    within: Annotated[int, typer.Option(help="Days.")] = WARN_DAYS[0],
) -> None:
    """List the certificates, own and trusted, that end soon or have ended; exit with 1 if there are any."""
    now = datetime.now(UTC)
    soon = {
        each
        for each in _everything(where)
        if each.role != "rejected" and each.kept.description.days_left(now) < within
    }
    if not soon:
        Console().print(f"no certificate ends within {within} days")
        return
    _print_table(soon)
    raise typer.Exit(1)


@app.command()
def trust(where: Where, which: Which) -> None:
    """Trust a certificate that was rejected. Compare its thumbprint with the server's own display first."""
    _move(where, which, to_trusted=True)


@app.command()
def reject(where: Where, which: Which) -> None:
    """Trust a certificate no longer: the next connection to that server is refused."""
    _move(where, which, to_trusted=False)


def _move(where: Path, which: str, *, to_trusted: bool) -> None:
    for folders in _folders(where):
        try:
            moved = folders.move(which, trust=to_trusted)
        except OSError as error:
            stderr.print(f"it stays where it is: {error}", markup=False)
            raise typer.Exit(1) from None
        if moved is not None:
            word = "trusted" if to_trusted else "rejected"
            Console(highlight=False, soft_wrap=True).print(
                f"{word} from the next connection on: {moved.description.subject}, "
                f"thumbprint {moved.description.thumbprint} ({moved.path})",
                markup=False,
            )
            return
    word = "rejected" if to_trusted else "trusted"
    stderr.print(f"there is no {word} certificate {which!r}: see cellgate pki list {where}", markup=False)
    raise typer.Exit(1)


def _folders(where: Path) -> list[Folders]:
    if where.is_dir():
        return [Folders(where / "trusted", where / "rejected")]
    return list(
        dict.fromkeys(
            Folders(device.security.trusted, device.security.rejected_folder)
            for device in _secured(where)
            if device.security is not None
        )
    )


def _secured(site: Path) -> list[OpcUaDevice]:
    devices = load_or_exit(site).devices.values()
    return [each for each in devices if isinstance(each, OpcUaDevice) and each.security is not None]


def _everything(where: Path) -> Iterator[Found]:
    for folders in _folders(where):
        yield from (Found("trusted", kept) for kept in certificates(folders.trusted))
        yield from (Found("rejected", kept) for kept in certificates(folders.rejected))
    if where.is_dir():
        yield from (Found("own", kept) for kept in certificates(where / "own"))
        return
    for device in _secured(where):
        for part in (device.security, device.user_certificate):
            if part is not None:
                yield from (
                    Found("own", kept)
                    for kept in certificates(part.certificate.parent)
                    if kept.path == part.certificate
                )


def _print_table(found: set[Found]) -> None:
    now = datetime.now(UTC)
    table = Table("", box=None, pad_edge=False)
    for column in ("subject", "days left", "thumbprint", "file"):
        table.add_column(column, overflow="fold")  # what is to be typed has to be seen whole
    for role, kept in sorted(found, key=lambda each: (each.role, each.kept.path)):
        days = kept.description.days_left(now)
        style = "red" if days < 0 else "yellow" if days < WARN_DAYS[0] else ""
        table.add_row(
            role,
            kept.description.subject,
            f"{days:.0f}",
            kept.description.thumbprint[:12],
            str(kept.path),
            style=style,
        )
    Console(highlight=False, soft_wrap=True).print(table)


def _show(console: Console, path: Path, described: Description) -> None:
    left = described.days_left(datetime.now(UTC))
    rows = {
        "file": str(path),
        "subject": described.subject,
        "issuer": described.issuer,
        "application": ", ".join(described.uris) or "none (a user's certificate)",
        "hosts": ", ".join(described.hosts) or "none",
        "valid": f"{described.not_before:%Y-%m-%d} to {described.not_after:%Y-%m-%d} ({left:.0f} days left)",
        "thumbprint": f"{described.thumbprint} (SHA-1)",
        "fingerprint": f"{described.fingerprint} (SHA-256)",
    }
    for key, value in rows.items():
        console.print(f"{key:<12} {value}", markup=False)
