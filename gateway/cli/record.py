"""`cellgate record`: what devices give, into a file that `driver: replay` plays back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.quantities import parse_duration
from gateway.cli.site import EXIT_CONFIG, SiteArgument, load_or_exit, stderr
from gateway.cli.times import moment_or_none_ns

if TYPE_CHECKING:
    from config.site import Site
    from drivers.replay.recording import RecordingWriter


def record(
    site: SiteArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write, or to go on with.", dir_okay=False)
    ],
    device: Annotated[
        list[str] | None, typer.Option("--device", "-d", help="Record this device (default: all); repeat it.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", help="End after this time, as '10 min' (default: on Ctrl-C).")
    ] = None,
    scans: Annotated[
        Path | None,
        typer.Option(
            "--scans",
            help="Not from the devices, but out of the scans that a gateway recorded (DATA/recordings).",
            exists=True,
        ),
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="With --scans: UTC, as 2026-11-22T15:30.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="With --scans: UTC.")] = None,
) -> None:
    """Record what devices give, to be played back by `driver: replay`.

    To run a gateway's own scans again, with its loops and alarms, there is `cellgate replay`.
    """
    effective = load_or_exit(site)
    from drivers.api import DriverError
    from drivers.replay.stretch import DamagedRecording

    try:
        duration_s = None if duration is None else parse_duration(duration)
        if scans is None:
            asyncio.run(_from_devices(effective, device or list(effective.devices), output, duration_s))
        else:
            _from_scans(scans, device or [], output, moment_or_none_ns(begin), moment_or_none_ns(end))
    except (DriverError, DamagedRecording, OSError) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(1) from None
    except ValueError as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(EXIT_CONFIG) from None


async def _from_devices(site: Site, devices: list[str], output: Path, duration_s: float | None) -> None:
    from drivers.replay.recording import RecordingWriter
    from gateway.record import DeviceRecorder, head_of

    with contextlib.closing(RecordingWriter(output, head_of(site, devices))) as writer:
        recorder = DeviceRecorder(site, devices, writer)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        if duration_s is not None:
            loop.call_later(duration_s, stop.set)
        await recorder.run(stop)
        for name, reason in recorder.troubles.items():
            stderr.print(f"{name}: {reason}", markup=False)
        if recorder.refused:
            stderr.print(f"{recorder.refused} samples are missing: the disk was too slow", markup=False)
        _tell(output, writer)


def _from_scans(
    scans: Path, devices: list[str], output: Path, begin_ns: int | None, end_ns: int | None
) -> None:
    from drivers.replay.recording import RecordingWriter
    from gateway.record import from_scans

    head, stretches = from_scans(scans, devices, begin_ns, end_ns)
    with contextlib.closing(RecordingWriter(output, head)) as writer:
        for stretch in stretches:
            writer.write(stretch)
        _tell(output, writer)


def _tell(output: Path, writer: RecordingWriter) -> None:
    print(f"{writer.samples} samples added to {output}, {writer.size} bytes; digest {writer.digest}")
