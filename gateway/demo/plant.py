"""The processes of a whole site on this machine: broker, equipment, historian, gateway, screens.

The demo runs it, and so do the system tests, which kill parts of it. Every server listens on a
loopback port that was free a moment ago; ports and public keys reach the configuration through
the environment, as they would on a real machine: `CELLGATE_PORT_<DEVICE>`, `CELLGATE_PORT_BROKER`
and `CELLGATE_KEY_<USER>`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.load import load
from config.site import Site
from gateway.broker import Broker
from gateway.demo.processes import Child, free_port, listens
from gateway.gxp.identity import generate_key
from gateway.historian.query import service_name
from gateway.hmi.accounts import accounts_of
from gateway.stream.journal_reader import JournalReader

DEMO_SITE = Path(__file__).parents[2] / "config" / "examples" / "cmo" / "plant.yaml"
DEVICES = ("BR1", "BR2", "FILL", "EMS")
USERS = ("operator", "supervisor", "engineer", "batch")


class Plant:
    """A site's processes. Start and stop them together, or one by one."""

    def __init__(
        self,
        site_file: Path,
        data: Path,
        *,
        devices: Sequence[str] = DEVICES,
        speed: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Choose ports, make keys, load the site with them.

        Args:
            site_file: the site's configuration.
            data: folder for everything that the processes keep.
            devices: names in capitals of the devices that get a port.
            speed: plant seconds per second, instead of the configuration's.
            environment: variables that the site's file needs beside ports and keys.

        Raises:
            ConfigError: the site's file is not right.
        """
        self.data, self.site_file = data, site_file
        pairs = {user: generate_key() for user in USERS}
        self.keys = {user: private for user, (private, _) in pairs.items()}
        self.ports = {name: free_port() for name in (*devices, "BROKER", "CONTROL", "HMI")}
        self.environment = {
            **{f"CELLGATE_PORT_{name}": str(port) for name, port in self.ports.items()},
            **{f"CELLGATE_KEY_{user.upper()}": public for user, (_, public) in pairs.items()},
            "CELLGATE_DATA": str(data),
            "CELLGATE_SIMULATOR_CONTROL": str(self.ports["CONTROL"]),
            **(environment or {}),
        }
        if speed is not None:
            self.environment["CELLGATE_SPEED"] = str(speed)
        self.site: Site = load(site_file, {**os.environ, **self.environment}).site
        self.broker = Broker(data / "broker", self.ports["BROKER"])
        self.simulators = self._child("simulators", "simulators", str(site_file), "--exit-with-parent")
        self.historians = {
            service_name(h, member): self._child(
                service_name(h, member), "gateway.cli.main", "historian", str(site_file), "--name", h.name,
                *(["--member", member] if member else []),
            )
            for h in self.site.streams.historians
            for member in h.processes
        }  # fmt: skip
        self.gateway = self._child("gateway", "gateway.cli.main", "run", str(site_file), "--tap")
        self.hmi = self._child("hmi", "gateway.cli.main", "hmi", str(site_file))

    @property
    def historian(self) -> Child:
        """Return the process of the first historian."""
        return next(iter(self.historians.values()))

    async def start(self) -> None:
        """Start everything but the screens.

        Raises:
            DidNotStart: a process ended, or was not ready in time.
        """
        await self.broker.start()
        await self.start_simulators()
        for historian in self.historians.values():
            await historian.start()
        await self.gateway.start()

    async def start_simulators(self) -> None:
        """Start the simulated equipment and wait until every device listens."""
        ports = [port for name, port in self.ports.items() if name not in ("BROKER", "HMI")]
        await self.simulators.start(lambda: all(listens(port) for port in ports))

    async def start_hmi(self) -> None:
        """Start the operator's screens, and wait until they are served.

        Raises:
            DidNotStart: they ended, or were not served in time.
        """
        await self.hmi.start(lambda: listens(self.ports["HMI"]))

    @property
    def hmi_address(self) -> str:
        """Return where the screens are."""
        return f"http://127.0.0.1:{self.ports['HMI']}"

    def add_login(self, user: str) -> str:
        """Make a login for a user and return its password, which is kept nowhere."""
        return accounts_of(self.data).add(user, self.keys[user])

    async def stop(self) -> dict[str, int]:
        """Stop everything gently, from the source to the store; return the exit statuses."""
        children = (self.hmi, self.gateway, *self.historians.values(), self.simulators)
        statuses = {child.name: await child.stop() for child in children}
        await self.broker.stop()
        return statuses

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that each process has used."""
        children = (self.simulators, self.gateway, *self.historians.values(), self.hmi)
        return {"broker": self.broker.cpu_s(), **{child.name: child.cpu_s() for child in children}}

    def last_sequences(self) -> dict[int, int]:
        """Return the last sequence that the gateway has journalled, by partition."""
        with JournalReader(self.data / "journal.sqlite") as reader:
            return reader.heads()

    def write_keys(self, folder: Path) -> None:
        """Write the private keys, each to a file that only its owner reads."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for user, key in self.keys.items():
            path = folder / f"{user}.key"
            path.touch(mode=0o600)
            path.write_text(key + "\n", encoding="ascii")

    def write_environment(self, path: Path) -> None:
        """Write the variables that let another shell talk to this plant."""
        lines = [f"export {name}={value}" for name, value in sorted(self.environment.items())]
        path.write_text("\n".join(lines) + "\n", encoding="ascii")

    def _child(self, name: str, module: str, *arguments: str) -> Child:
        command = [sys.executable, "-m", module, *arguments]
        return Child(name, command, self.environment, self.data / "logs" / f"{name}.log")
