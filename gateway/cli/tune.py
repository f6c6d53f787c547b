"""`cellgate tune`: start a relay test, see what it proposes, accept a proposal. Nothing tunes itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from config.site import Site
from gateway.cli.deliver import deliver
from gateway.cli.site import DataOption, SiteArgument, data_folder, load_or_exit, stderr
from gateway.commands.tuning import listed
from gateway.tuning.rules import tune_parameters

app = typer.Typer(help="Tune a loop by a relay test: start, show, accept.", no_args_is_help=True)
LoopArgument = Annotated[str, typer.Argument(metavar="LOOP", help="Full name, as br1/temp.")]
UserOption = Annotated[str, typer.Option("--user", "-u", help="Name in the configuration's access section.")]
KeyOption = Annotated[
    Path, typer.Option("--key", "-k", help="File with the user's private key.", exists=True)
]
_KEPT_NS: Final = 400 * 86_400 * 1_000_000_000
"""How far back a proposal is looked for."""


@app.command()
def start(
    site: SiteArgument,
    loop: LoopArgument,
    *,
    user: UserOption,
    key: KeyOption,
    step: Annotated[
        float | None, typer.Option(help="Step of the output; none takes the configured one.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
) -> None:
    """Start a relay test on a loop that is in auto and at rest."""
    value = "start" if step is None else step
    deliver(load_or_exit(site), user, key, "autotune", loop, value=value, reason=reason)


@app.command()
def stop(site: SiteArgument, loop: LoopArgument, *, user: UserOption, key: KeyOption) -> None:
    """End a relay test; the output goes back to where it was."""
    deliver(load_or_exit(site), user, key, "autotune", loop, value="stop")


@app.command()
def show(site: SiteArgument, loop: LoopArgument, data: DataOption = None) -> None:
    """Show what the last relay test of a loop measured and what each rule proposes."""
    effective = load_or_exit(site)
    event = latest(effective, data_folder(data), loop)
    console = Console(highlight=False)
    pv_unit, out_unit = (effective.tags[tag].unit for tag in _tags_of(effective, loop))
    step = f"{event['amplitude']:g} {out_unit}".rstrip()
    console.print(f"{loop}: {event['state']} {event['time']}, step {step}", markup=False)
    if event["reason"]:
        console.print(event["reason"], markup=False)
    if event["cycle"]:
        cycle, model = event["cycle"], event["model"]
        per = f" {out_unit or 1}/{pv_unit or 1}" if out_unit or pv_unit else ""
        swing = f"{cycle['swing']:.4g} {pv_unit}".rstrip()
        console.print(
            f"period {cycle['period_s']:.4g} s, swing {swing}, Ku {cycle['ultimate_gain']:.4g}{per}",
            markup=False,
        )
        lag = "" if model["lag_s"] is None else f", lag {model['lag_s']:.4g} s"
        console.print(f"{model['kind']}: gain {model['gain']:.4g}{lag}, delay {model['delay_s']:.4g} s")
        console.print(_table(effective, loop, event["proposals"]))


@app.command()
def accept(
    site: SiteArgument,
    loop: LoopArgument,
    rule: Annotated[str, typer.Argument(help="As `show` names it: simc-pi, amigo-pid …")],
    *,
    user: UserOption,
    key: KeyOption,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    data: DataOption = None,
) -> None:
    """Send what a rule proposes as one signed command: all of it takes effect, or nothing."""
    effective = load_or_exit(site)
    event = latest(effective, data_folder(data), loop)
    if rule not in event["proposals"]:
        known = ", ".join(event["proposals"]) or "none: the last test gave no proposal"
        stderr.print(f"{rule!r} is not proposed for {loop}; there are: {known}", markup=False)
        raise typer.Exit(2)
    why = f"{rule} of relay test {event['id']}" + (f": {reason}" if reason else "")
    settings = tune_parameters(event["proposals"][rule])
    deliver(effective, user, key, "tune", loop, parameters=settings, reason=why)
    Console(highlight=False, markup=False).print(listed(settings))


def latest(site: Site, data: Path, loop: str) -> dict[str, Any]:
    """Return the last event of a relay test of a loop that has ended; exits with 1 when there is none."""
    from gateway.cli.stored import ask_or_exit
    from gateway.historian.api import EventFilter

    if loop not in site.loops:
        stderr.print(f"there is no loop {loop!r}", markup=False)
        raise typer.Exit(2)
    now_ns = time.time_ns()
    units = frozenset({site.unit_of(loop)})
    which = EventFilter(now_ns - _KEPT_NS, now_ns, frozenset({"autotune"}), units)
    events = ask_or_exit(site, data, lambda history: history.events(which))
    own = [event for event in events if event["name"] == loop]
    ended = [event for event in own if event["state"] != "started"]
    if own and own[-1]["state"] == "started":
        stderr.print(f"a relay test of {loop} runs since {own[-1]['time']}", markup=False)
    elif not ended:
        stderr.print(f"no relay test of {loop} is stored", markup=False)
    if not ended:
        raise typer.Exit(1)
    return ended[-1]


def _tags_of(site: Site, loop: str) -> tuple[str, str]:
    return site.loops[loop].pv, site.loops[loop].output


def _table(site: Site, loop: str, proposals: dict[str, dict[str, float]]) -> Table:
    table = Table("rule", "kp", "ti [s]", "td [s]", "b", box=None, pad_edge=False, header_style="bold")
    configured = site.loops[loop]
    now = (configured.kp, configured.ti, configured.td, configured.b)
    table.add_row("(configured)", *(f"{number:.4g}" for number in now), style="dim")
    for rule, settings in proposals.items():
        table.add_row(rule, *(f"{settings[name]:.4g}" for name in ("kp", "ti_s", "td_s", "b")))
    return table
