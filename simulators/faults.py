"""Faults on command: the client of the control channel, `python -m simulators.faults ...`.

python -m simulators.faults status
python -m simulators.faults sensor br1 Temp.PV bias 0.5
python -m simulators.faults link br1 half_open --seconds 20
python -m simulators.faults process line1 clog needle=3 active=true
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

from simulators.link_faults import LinkFaultKind
from simulators.sensor_faults import SensorFaultKind

CONTROL_VARIABLE = "CELLGATE_SIMULATOR_CONTROL"
"""Environment variable with the port of the control channel."""


class ControlChannel:
    """A connection to the control channel of a simulated plant."""

    def __init__(self, port: int, timeout_s: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> ControlChannel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; repeatable."""
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **fields: object) -> dict[str, Any]:
        """Send a command and return the reply.

        Raises:
            ValueError: the simulator refused it; the message says why.
            OSError: it cannot be reached any more.
        """
        self._socket.sendall(json.dumps({"command": command, **fields}).encode() + b"\n")
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the simulator closed the control channel")
        reply: dict[str, Any] = json.loads(line)
        if not reply.pop("ok"):
            raise ValueError(reply["error"])
        return reply


def _setting(text: str) -> tuple[str, float | bool | str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    if value in ("true", "false"):
        return name, value == "true"
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.faults", description="Faults on command.")
    port = os.environ.get(CONTROL_VARIABLE)
    parser.add_argument(
        "--control", type=int, default=port, help=f"port of the control channel (${CONTROL_VARIABLE})"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="devices, their sensors and disturbances")
    commands.add_parser("status", help="state of every device")
    sensor = commands.add_parser("sensor", help="make a sensor wrong")
    sensor.add_argument("device")
    sensor.add_argument("signal")
    sensor.add_argument("kind", choices=[kind.value for kind in SensorFaultKind])
    sensor.add_argument("amount", type=float, nargs="?")
    link = commands.add_parser("link", help="break the link to a device")
    link.add_argument("device")
    link.add_argument("kind", choices=[kind.value for kind in LinkFaultKind])
    link.add_argument("amount", type=float, nargs="?")
    link.add_argument("--seconds", type=float, help="mend it after this time")
    restart = commands.add_parser("restart", help="restart a device")
    restart.add_argument("device")
    restart.add_argument("--seconds", type=float, default=2.0, help="how long it is down")
    process = commands.add_parser("process", help="disturb the process (see list)")
    process.add_argument("device")
    process.add_argument("kind")
    process.add_argument("settings", type=_setting, nargs="*", metavar="name=value")
    speed = commands.add_parser("speed", help="plant seconds per wall-clock second")
    speed.add_argument("speed", type=float)
    speed.add_argument("--device")
    clear = commands.add_parser("clear", help="mend sensors and links")
    clear.add_argument("--device")
    clear.add_argument("--signal")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Send one command to a running simulator and print its reply."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    port = given.pop("control")
    if port is None:
        parser.error(f"give --control PORT, or set {CONTROL_VARIABLE}")
    if "settings" in given:
        given["settings"] = dict(given["settings"])
    try:
        with ControlChannel(int(port)) as channel:
            reply = channel.ask(**given)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(reply, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
