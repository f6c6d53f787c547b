"""Which Sparkplug devices are there: as long as one of the devices behind each has not been lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from drivers.states import State, StateChange
from gateway.stream.sparkplug.layout import Layout

_HERE: Final = (State.CONNECTED, State.DEGRADED)
_GONE: Final = (State.LOST, State.DISABLED, State.STOPPED)


class Device(Protocol):
    """A device's session, as far as births ask for it."""

    @property
    def state(self) -> State:
        """How it is."""
        ...

    @property
    def age_s(self) -> float | None:
        """Seconds since its last good sample; None when there was none."""
        ...


class Presence:
    """Follows the devices' states: here from the first good sample, gone when lost, disabled or stopped."""

    def __init__(self, layout: Layout, devices: Mapping[str, Device]) -> None:
        """Nothing is known before `look`."""
        self._layout, self._devices = layout, devices
        self._here: set[str] = set()

    def look(self) -> None:
        """Take the devices as they are now."""
        self._here = {
            name
            for name, device in self._devices.items()
            if device.state in _HERE and device.age_s is not None
        }

    def changed(self, change: StateChange) -> None:
        """Take a device's change of state."""
        if change.after is State.CONNECTED:
            self._here.add(change.device)
        elif change.after in _GONE:
            self._here.discard(change.device)

    def is_alive(self, device: int) -> bool:
        """Return whether a Sparkplug device, by its position in the layout, is there."""
        backing = self._layout.devices[device].backing
        return not backing or not backing.isdisjoint(self._here)
