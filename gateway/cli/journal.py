"""`cellgate journal`: what waits on disk, is it whole, out into a file, again onto a broker."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from config.broker import Broker
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr

app = typer.Typer(
    help="Look into the journal: what waits, is it whole, export, replay.", no_args_is_help=True
)

PartitionOption = Annotated[int | None, typer.Option(help="Only this partition.", min=0)]
AfterOption = Annotated[int, typer.Option(help="Only sequences behind this one.", min=0)]
Result = TypeVar("Result")


def _path(data: Path | None) -> Path:
    path = data_folder(data) / "journal.sqlite"
    if not path.exists():
        stderr.print(f"there is no journal at {path}", markup=False)
        raise typer.Exit(1)
    return path


def _read(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except sqlite3.Error as error:
        stderr.print(f"the journal cannot be read: {error}", markup=False)
        raise typer.Exit(1) from None


@app.command()
def show(data: DataOption = None) -> None:
    """Print what the journal holds, and how far each consumer is. May be asked while a gateway runs."""
    from gateway.stream.journal_look import survey

    path = _path(data)
    held = _read(lambda: survey(path))
    console, now_ns = Console(highlight=False), time.time_ns()
    console.print(f"epoch {held.epoch}; configurations: {', '.join(held.configurations)}", soft_wrap=True)
    shares = Table(
        "partition", "first", "last", "records", "points", "MB", "oldest", box=None, pad_edge=False
    )
    for share in held.partitions:
        oldest = "" if share.oldest_ns is None else f"{(now_ns - share.oldest_ns) / 1e9:,.1f} s ago"
        first = "–" if share.first is None else str(share.first)
        numbers = (f"{share.records:,}", f"{share.points:,}", f"{share.data_bytes / 1e6:,.2f}")
        shares.add_row(str(share.partition), first, str(share.head), *numbers, oldest)
    console.print(shares)
    heads = {share.partition: share.head for share in held.partitions}
    cursors = Table("consumer", "partition", "has up to", "behind", "said", box=None, pad_edge=False)
    for consumer, partition, sequence, updated_ns in held.cursors:
        behind = heads.get(partition, 0) - sequence
        said = f"{(now_ns - updated_ns) / 1e9:,.1f} s ago"
        cursors.add_row(consumer, str(partition), str(sequence), f"{behind:,}", said)
    console.print(cursors)
    if held.quarantined:
        stderr.print(
            f"{held.quarantined} record(s) in quarantine: cellgate journal quarantine", style="yellow"
        )


@app.command()
def verify(site: SiteArgument, data: DataOption = None) -> None:
    """Check file, sequences, cursors and every record; exits with 1 when something is wrong."""
    from gateway.stream.journal_look import verify as verify_journal

    effective, path = load_or_exit(site), _path(data)
    wrong = _read(lambda: asyncio.run(verify_journal(path, effective.site.name, effective.gateway.name)))
    for line in wrong:
        stderr.print(line, markup=False)
    if wrong:
        stderr.print(f"NOT WHOLE: {len(wrong)} finding(s)", style="bold red")
        raise typer.Exit(1)
    print("whole")


@app.command()
def export(
    site: SiteArgument,
    data: DataOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; none prints.")] = None,
    partition: PartitionOption = None,
    after: AfterOption = 0,
) -> None:
    """Write every record as a line of JSON: its identity, topic and message as it is published."""
    from gateway.stream.journal_look import as_json, messages
    from gateway.stream.journal_reader import JournalReader

    effective, path = load_or_exit(site), _path(data)

    async def written() -> int:
        count = 0
        with JournalReader(path) as reader, _open(output) as file:
            names = effective.site.name, effective.gateway.name
            async for record, topic, payload in messages(reader, *names, after, partition):
                file.write(as_json(record, topic, payload))
                count += 1
        return count

    count = _read(lambda: asyncio.run(written()))
    stderr.print(f"{count} record(s)")


@app.command()
def quarantine(
    site: SiteArgument,
    data: DataOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write them as lines of JSON into this file.")
    ] = None,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry", help="Put them back to be sent, as new records. The gateway must be stopped."
        ),
    ] = False,
) -> None:
    """Print what was set aside, and why; export it, or have it sent again."""
    from gateway.stream.journal_quarantine import export_quarantine, list_quarantine, retry_quarantine
    from gateway.stream.journal_schema import JournalError

    effective, path = load_or_exit(site), _path(data)
    if retry:
        try:
            count = _read(lambda: retry_quarantine(path, time.time_ns()))
        except JournalError as error:
            stderr.print(f"{error}: stop the gateway first", markup=False)
            raise typer.Exit(1) from None
        print(f"{count} record(s) are sent again when the gateway starts")
        return
    if output is not None:
        names = effective.site.name, effective.gateway.name
        with _open(output) as file:
            count = _read(lambda: asyncio.run(export_quarantine(path, *names, file)))
        print(f"{count} record(s)")
        return
    table = Table("partition", "sequence", "kind", "unit", "when (UTC)", "why", box=None, pad_edge=False)
    for row in _read(lambda: list_quarantine(path)):
        table.add_row(*row)
    Console(highlight=False).print(table)


@app.command()
def replay(
    site: SiteArgument,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Another broker than the site's.")] = None,
    port: Annotated[int | None, typer.Option(help="Its port.")] = None,
    partition: PartitionOption = None,
    after: AfterOption = 0,
) -> None:
    """Publish what the journal holds again, under its identity: for a consumer that has none of it yet.

    A historian that has a message already discards it. Retained messages are not touched.
    """
    from gateway.stream.journal_look import replay as replay_journal
    from gateway.stream.mqtt import MqttClient
    from gateway.stream.mqtt_options import Options

    effective, path = load_or_exit(site), _path(data)
    other = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    broker: Broker = effective.streams.broker.model_copy(update=other | ({"others": []} if other else {}))
    client = MqttClient(Options(broker, f"cellgate-{effective.gateway.name}-replay-{time.time_ns()}"))

    async def publish(topic: str, payload: bytes) -> None:
        await client.publish(topic, payload)

    async def replayed() -> tuple[int, int]:
        running = asyncio.create_task(client.run(), name="replay")
        try:
            async with asyncio.timeout(broker.connect_timeout + 1.0):
                await client.wait_connected()
            names = effective.site.name, effective.gateway.name
            return await replay_journal(path, *names, publish, after=after, only=partition)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    published, unsendable = _served(broker, replayed)
    print(f"{published} message(s) published" + (f", {unsendable} cannot be sent" if unsendable else ""))


def _served(broker: Broker, work: Callable[[], Awaitable[tuple[int, int]]]) -> tuple[int, int]:
    from gateway.stream.mqtt_options import BrokerUnavailable

    async def main() -> tuple[int, int]:
        return await work()

    try:
        return _read(lambda: asyncio.run(main()))
    except (TimeoutError, BrokerUnavailable) as error:
        stderr.print(f"no broker at {broker.host}:{broker.port}: {error}", markup=False)
        raise typer.Exit(1) from None


@contextlib.contextmanager
def _open(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with output.open("wb") as file:
        yield file
