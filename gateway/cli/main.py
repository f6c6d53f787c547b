"""The `cellgate` command and its subcommands."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from gateway.cli import (
    acl,
    alarms,
    apply,
    audit,
    broker,
    browse,
    check,
    complete,
    demo,
    device,
    diff,
    doctor,
    export,
    grafana,
    historian,
    hmi,
    influx,
    init,
    journal,
    loopcheck,
    loops,
    pki,
    prime,
    quarantine,
    record,
    replay,
    run,
    send,
    simulate,
    tags,
    trend,
    tune,
)

app = typer.Typer(
    name="cellgate",
    help="Shop-floor equipment integration and process-control gateway.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
)
app.command()(demo.demo)
app.command()(init.init)
app.command()(broker.broker)
app.command()(run.run)
app.command()(historian.historian)
app.command()(simulate.simulate)
app.command()(check.check)
app.command()(check.schema)
app.command()(browse.browse)
app.command()(record.record)
app.command()(tags.tags)
app.command()(trend.trend)
app.command()(send.send)
app.add_typer(device.app, name="device")
app.command()(loopcheck.loopcheck)
app.command()(loops.loops)
app.command()(complete.complete)
app.command()(quarantine.quarantine)
app.command()(doctor.doctor)
app.command()(prime.prime)
app.command()(acl.acl)
app.command()(grafana.grafana)
app.command()(influx.influx)
app.add_typer(export.app, name="export")
app.add_typer(alarms.app, name="alarms")
app.add_typer(hmi.app, name="hmi")
app.command()(diff.diff)
app.command()(apply.apply)
app.command()(replay.replay)
app.add_typer(audit.app, name="audit")
app.add_typer(tune.app, name="tune")
app.add_typer(pki.app, name="pki")
app.add_typer(journal.app, name="journal")


def why_packages_are_mixed() -> str | None:
    """Return why the top-level packages are not all ours, or None if they are.

    Their names are plain words (`control` is also python-control's), so another package of the
    same name in the environment would be imported instead without a sign.
    """
    import config
    import control
    import drivers
    import gateway

    roots = {Path(str(module.__file__)).parents[1] for module in (config, control, drivers, gateway)}
    if len(roots) == 1:
        return None
    return (
        "packages come from different places: "
        + ", ".join(sorted(map(str, roots)))
        + ". Install Cellgate in an environment of its own."
    )


def main() -> None:
    """Run the command line."""
    trouble = why_packages_are_mixed()
    if trouble is not None:
        sys.exit(f"cellgate: {trouble}")
    app()


if __name__ == "__main__":
    main()
