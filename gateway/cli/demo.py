"""`cellgate demo`: a simulated site, whole, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.live import Live

from config.quantities import QuantityError, parse_duration
from gateway.cli.site import stderr
from gateway.demo import step as demo_step
from gateway.demo.batches import USER, Batches
from gateway.demo.outcome import is_whole, outcome
from gateway.demo.plant import DEMO_SITE, Plant
from gateway.demo.processes import DidNotStart
from gateway.demo.screen import describe, screen
from gateway.subscriber import NoReply, Subscriber

_STEP_AFTER_S = 10.0
_STEP_AT_LAST_S = 22.0
_AT_REST = 0.03
"""In units of the PV."""
_FIRST_VALUES_WITHIN_S = 180.0
"""The first start compiles the control kernels."""
_REFRESH_S = 0.5
_PICTURE_EVERY_S = 20.0
_PICTURE = "trend.png"
_LOGIN = "operator"


def demo(
    duration: Annotated[
        str | None, typer.Option("--for", help="Stop by itself after this, as 60s or 5 min.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end alone.")] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder for what it keeps (default: a temporary one)."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Plant seconds per second for the bioreactors.", min=1.0)
    ] = None,
) -> None:
    """Run a simulated site: equipment, gateway, broker, historian, store, live in the terminal."""
    try:
        seconds = None if duration is None else parse_duration(duration)
    except QuantityError as error:
        stderr.print(f"--for: {error}", markup=False)
        raise typer.Exit(2) from None
    folder = data or Path(tempfile.mkdtemp(prefix="cellgate-demo-"))
    try:
        result = asyncio.run(_Demo(folder, seconds, speed, quiet=json).run())
    except (DidNotStart, TimeoutError, NoReply) as error:
        stderr.print(f"the demo did not start: {error}", markup=False)
        raise typer.Exit(1) from None
    if json:
        print(orjson.dumps(result).decode())
    else:
        Console(highlight=False).print_json(orjson.dumps(result).decode())
    if not is_whole(result):
        stderr.print("the store does not have exactly what was journalled", style="bold red")
        raise typer.Exit(1)


class _Demo:
    """One run."""

    def __init__(self, folder: Path, seconds: float | None, speed: float | None, *, quiet: bool) -> None:
        self._folder, self._seconds, self._quiet = folder, seconds, quiet
        self._plant = Plant(DEMO_SITE, folder, speed=speed)
        self._view = Subscriber(self._plant.site, "demo")
        self._console = Console(highlight=False)
        self._stop = asyncio.Event()
        self._step: demo_step.Step | None = None
        self._drawn_at = 0.0
        self._printed = 0
        self._login = ""

    async def run(self) -> dict[str, Any]:
        """Start everything, watch, stop everything, and return the outcome."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        plant, view = self._plant, self._view
        plant.write_keys(self._folder / "keys")
        plant.write_environment(self._folder / "environment")
        self._say(f"starting a simulated site in {self._folder} …")
        try:
            await plant.start()
            self._login = await asyncio.to_thread(plant.add_login, _LOGIN)
            await plant.start_hmi()
            self._say(f"screens: {plant.hmi_address}  user {_LOGIN}, password {self._login}")
            async with view.following(connect_within_s=30.0):
                await self._wait_for(lambda: f"{demo_step.LOOP}.sp" in view.values, _FIRST_VALUES_WITHIN_S)
                if not view.values:
                    raise DidNotStart(f"no values yet; the gateway says:\n{plant.gateway.tail()}")
                await self._watch()
                self._say("stopping …")
                cpu_s = plant.cpu_s()
                await plant.gateway.stop()
                await self._wait_for(self._historian_has_all, 15.0)
        finally:
            await plant.stop()
        comparison = await self._compare()
        result = await asyncio.to_thread(outcome, plant, view, comparison)
        return {**result, "cpu_s": cpu_s, "data": str(self._folder)}

    async def _watch(self) -> None:
        began = time.monotonic()
        batches = Batches(self._view, self._plant.keys[USER])
        live = (
            None if self._quiet or not self._console.is_terminal else Live(console=self._console, screen=True)
        )
        with live or contextlib.nullcontext():
            while not self._stop.is_set():
                elapsed = time.monotonic() - began
                if self._seconds is not None and elapsed >= self._seconds:
                    return
                if self._step is None and (elapsed >= _STEP_AT_LAST_S or self._is_at_rest(elapsed)):
                    self._step = await demo_step.make_step(self._view, self._plant.keys["operator"])
                await batches.follow(elapsed)
                if elapsed - self._drawn_at > _PICTURE_EVERY_S and self._step is not None:
                    self._drawn_at = elapsed
                    await asyncio.to_thread(self._draw)
                self._show(live)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_REFRESH_S):
                        await self._stop.wait()

    def _is_at_rest(self, elapsed_s: float) -> bool:
        """Return whether the loop that will be stepped has found its set-point."""
        pv = self._view.values.get(self._plant.site.loops[demo_step.LOOP].pv)
        set_point = self._view.values[f"{demo_step.LOOP}.sp"].value
        if elapsed_s < _STEP_AFTER_S or pv is None or not isinstance(pv.value, float):
            return False
        assert isinstance(set_point, float)
        return abs(pv.value - set_point) < _AT_REST

    def _show(self, live: Live | None) -> None:
        """Update the screen; where there is no terminal, print new events as lines."""
        if live is not None:
            live.update(screen(self._view, self._note()))
            return
        if self._quiet:
            return
        total = sum(self._view.event_counts.values())
        for event in list(self._view.events)[-(total - self._printed) :] if total > self._printed else []:
            self._say(describe(event, self._plant.site))
        self._printed = total

    def _note(self) -> str:
        site = self._plant.site
        picture = f"picture: {self._folder / _PICTURE}" if (self._folder / _PICTURE).exists() else ""
        return (
            f"screens: {self._plant.hmi_address}  user {_LOGIN}, password {self._login}\n"
            f"{site.site.display_name}: the bioreactors run at {site.speed_of('br1'):g} times real time; "
            f"data in {self._folder}; Ctrl-C stops; {picture}"
        )

    def _draw(self) -> None:
        assert self._step is not None
        series = demo_step.read_step(self._plant.site, self._folder, self._step)
        demo_step.draw_step(series, self._folder / _PICTURE)

    async def _compare(self) -> demo_step.Comparison | str:
        if self._step is None:
            return "no step was made: the run was too short"
        self._draw()
        try:
            return await demo_step.compare(self._plant.site, self._folder, self._step)
        except demo_step.NoStep as error:
            return str(error)

    def _historian_has_all(self) -> bool:
        """Return whether the historian has published the watermark of everything that was journalled."""
        reader = self._plant.last_sequences()
        return all(self._view.watermarks.get(p, 0) >= sequence for p, sequence in reader.items())

    async def _wait_for(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until a condition holds, for at most a time: what is missing then, the outcome says."""
        deadline = time.monotonic() + within_s
        while not condition() and time.monotonic() < deadline and not self._stop.is_set():
            await asyncio.sleep(0.1)

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._console.print(text, markup=False)
