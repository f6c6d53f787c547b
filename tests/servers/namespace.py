"""A network of its own for a process: a namespace and a cable to it that can be pulled (needs root)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


class Namespace:
    """One end of the cable is here with the address `host`, the other one is in the namespace."""

    def __init__(self, name: str, number: int) -> None:
        """Name it. `number`: below 256, different for each."""
        self.host = f"10.213.{number}.1"
        self.prefix = ["ip", "netns", "exec", name]
        """What a command begins with to run inside."""
        self._name, self._ours, self._theirs = name, f"{name}0", f"{name}1"
        self._inside = f"10.213.{number}.2/30"

    def make(self) -> None:
        """Make namespace and cable; what an earlier run left is removed."""
        self.remove()
        self._ip("netns", "add", self._name)
        self._ip("link", "add", self._ours, "type", "veth", "peer", "name", self._theirs)
        self._ip("link", "set", self._theirs, "netns", self._name)
        self._ip("addr", "add", f"{self.host}/30", "dev", self._ours)
        self._ip("-n", self._name, "addr", "add", self._inside, "dev", self._theirs)
        self._ip("-n", self._name, "link", "set", "lo", "up")
        self._ip("-n", self._name, "link", "set", self._theirs, "up")
        self.plug()

    def remove(self) -> None:
        """Remove both; the other end of a cable goes with its namespace."""
        subprocess.run(["ip", "link", "del", self._ours], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self._name], check=False, capture_output=True)

    def unplug(self) -> None:
        """Pull the cable: nothing arrives, and nobody is told."""
        self._ip("link", "set", self._ours, "down")

    def plug(self) -> None:
        """Put it back."""
        self._ip("link", "set", self._ours, "up")

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def namespace(name: str, number: int) -> Iterator[Namespace]:
    """Have one while inside."""
    made = Namespace(name, number)
    try:
        made.make()
        yield made
    finally:
        made.remove()
