"""`cellgate loopcheck`: drive outputs, compare inputs with a reference, and write the sheet to be signed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config.quantities import Quantity, QuantityError, parse_duration
from config.site import Site
from gateway.cli.site import SiteArgument, load_or_exit, stderr
from gateway.continuity.keeper import replace_file
from gateway.loopcheck.check import LoopCheck, Skipped, Terms
from gateway.loopcheck.points import CannotCheck, Point, input_point, output_point, percents_of
from gateway.loopcheck.sheet import Sheet
from gateway.subscriber import NoReply, Subscriber

_SKIP = "skip"


def loopcheck(
    site: SiteArgument,
    *,
    user: Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")],
    key: Annotated[Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)],
    output: Annotated[list[str] | None, typer.Option("--output", help="Tag to be driven; repeat it.")] = None,
    readback: Annotated[
        list[str] | None,
        typer.Option("--readback", help="OUTPUT=TAG: the tag that shows what an output does."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="TAG=VALUE,VALUE…: compare with references that you apply, in its unit."
        ),
    ] = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option("--simulate", help="Input to be simulated by the gateway instead; repeat it."),
    ] = None,
    steps: Annotated[str, typer.Option(help="Values, in per cent of the range.")] = "0,25,50,75,100",
    tolerance: Annotated[str, typer.Option(help="In per cent of the range.")] = "1 %",
    within: Annotated[str, typer.Option(help="Each value has to be indicated within this.")] = "10 s",
    instrument: Annotated[
        str, typer.Option(help="What the references come from: type, number, due date.")
    ] = "",
    out: Annotated[Path, typer.Option(help="Folder for the sheet.", file_okay=False)] = Path(),
) -> None:
    """Check points end to end and write a sign-off sheet; exits with 1 when one did not pass."""
    effective = load_or_exit(site)
    try:
        percents = [float(text) for text in steps.split(",")]
        tolerance_percent = Quantity.parse(tolerance).magnitude
        terms = Terms(user, key.read_text(encoding="ascii").strip(), _check_id(), parse_duration(within))
        points = _points(effective, output, readback, inputs, simulate, percents, tolerance_percent)
        if not points:
            raise CannotCheck("nothing to check: name --output, --input or --simulate")
        sheet = asyncio.run(_check(effective, points, terms, instrument))
    except (CannotCheck, QuantityError, ValueError) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(2) from None
    except (NoReply, TimeoutError) as error:
        stderr.print(str(error) or "no broker", markup=False)
        raise typer.Exit(1) from None
    _write(sheet, out)
    if not sheet.passed:
        raise typer.Exit(1)


def _points(
    site: Site,
    outputs: list[str] | None,
    readbacks: list[str] | None,
    inputs: list[str] | None,
    simulated: list[str] | None,
    percents: list[float],
    tolerance_percent: float,
) -> list[Point]:
    shown = dict(_pair("--readback", text) for text in readbacks or [])
    points = [
        output_point(site, name, percents, tolerance_percent, shown.get(name)) for name in outputs or []
    ]
    for text in inputs or []:
        name, values = _pair("--input", text)
        references = [float(value) for value in values.split(",")]
        points.append(input_point(site, name, references, tolerance_percent, simulated=False))
    for name in simulated or []:
        simulated_values = percents_of(site, name, percents)
        points.append(input_point(site, name, simulated_values, tolerance_percent, simulated=True))
    return points


def _pair(option: str, text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not value:
        raise CannotCheck(f"{option} {text}: write TAG=VALUE")
    return name, value


async def _check(site: Site, points: list[Point], terms: Terms, instrument: str) -> Sheet:
    subscriber, console = Subscriber(site, "loopcheck"), Console(highlight=False, markup=False)
    began_ns = time.time_ns()
    async with subscriber.following():
        check = LoopCheck(site, subscriber, terms, _ask)
        await check.refuse_early(points)
        results = []
        for point in points:
            console.print(f"{point.tag} ({point.kind}) …")
            result = await check.run(point)
            console.print(f"{point.tag}: {'passed' if result.passed else 'FAILED'}")
            results.append(result)
    return Sheet(terms.check, site, terms.user, began_ns, time.time_ns(), instrument, results, check.commands)


async def _ask(point: Point, reference: float) -> str:
    """Have a person apply a reference; waits in a thread, so that reports go on coming.

    Raises:
        Skipped: the person does not.
    """
    text = f"apply {reference:g} {point.unit} to {point.tag}, then Enter (or {_SKIP}, or a remark)"
    answer = str(await asyncio.to_thread(typer.prompt, text, default="", show_default=False)).strip()
    if answer == _SKIP:
        raise Skipped("skipped by the person who checked")
    return answer


def _write(sheet: Sheet, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"loopcheck-{sheet.check}.{ending}" for ending in ("csv", "md")]
    for path, text in zip(paths, (sheet.to_csv(), sheet.to_markdown()), strict=True):
        replace_file(path, text.encode())
    verdict = "passed" if sheet.passed else "FAILED"
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"loop check {sheet.check} {verdict}: {', '.join(map(str, paths))}")


def _check_id() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
