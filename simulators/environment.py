"""The simulated clean-room monitoring: four rooms, their doors, fans and particle counters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from config.model import Model
from simulators.air import (
    COUNTER_L_MIN,
    DESIGN,
    NOMINAL_FAN_PERCENT,
    SAMPLE_S,
    Particles,
    RoomDesign,
    step_cascade,
)
from simulators.dynamics import approach, chance_within
from simulators.environment_signals import ROOMS, environment_registers
from simulators.model import DisturbanceError, ProcessModel, Settings
from simulators.signals import Value

FAN_TAU_S = 8.0
ROOM_AIR_TAU_S = 600.0
SAFE_FAN_PERCENT = 80.0
"""Fans never stop by themselves: in the safe state they run fast enough to hold the cascade."""
EXHAUST = 40.0
"""Air that each room's exhaust takes, in the units of the cascade (a closed door: 1 per Pa)."""
LARGE_PARTICLE_SHARE = 0.01
"""Large particles in a burst, per small one."""
DOOR_INFLOW = 0.05
"""Share of the next room's particle level that an open door brings in."""
OUTSIDE_PARTICLES = (35e6, 2e5)
"""Small and large particles per m3 outside."""
LONGEST_STEP_S = 5.0


class EnvironmentParameters(Model):
    """A suite of four clean rooms."""

    doors_per_h: float = Field(default=6.0, ge=0)
    """Openings of each of the doors B-C, C-D and D-outside."""
    door_open_s: float = Field(default=15.0, gt=0)
    """Mean time that a door stays open."""
    bursts_per_h: float = Field(default=0.1, ge=0)
    """Particle events in each of the rooms B, C and D."""
    particles: float = Field(default=1.0, gt=0)
    """Factor on the particle levels of all rooms."""
    temperature_degc: float = Field(default=20.0, ge=15, le=30)
    humidity_percent: float = Field(default=45.0, ge=20, le=70)
    noise: float = Field(default=1.0, ge=0)


@dataclasses.dataclass
class Room:
    """State of one room."""

    design: RoomDesign
    small: Particles
    large: Particles
    fan_percent: float = NOMINAL_FAN_PERCENT
    temperature: float = 20.0
    humidity: float = 45.0
    door_s: float = 0.0
    """Plant time until its outer door closes."""
    flow_fault: bool = False

    @property
    def air_changes_per_h(self) -> float:
        """Air changes at the present fan speed."""
        return self.design.air_changes_per_h * self.fan_percent / NOMINAL_FAN_PERCENT


class Environment(ProcessModel):
    """Clean-room monitoring with the registers of `environment_signals`."""

    safe_commands: Mapping[str, Value] = {f"{room}.FanCommand": SAFE_FAN_PERCENT for room in ROOMS}
    disturbances: ClassVar[Mapping[str, str]] = {
        "particle_burst": "room: A, B, C or D; particles: per m3 (>= 0.5 um) added at once",
        "door_open": "room: A, B, C or D (its door outwards); seconds: plant time",
        "counter_fault": "room: A, B, C or D; active: true or false; the counter's flow is out of range",
    }

    def __init__(self, parameters: EnvironmentParameters, seed: int = 1) -> None:
        super().__init__((register.signal for register in environment_registers()), seed)
        self.parameters = p = parameters
        factor = p.particles
        self.rooms = {
            design.name: Room(
                design,
                Particles(factor * design.particles_small, factor * design.particles_small),
                Particles(factor * design.particles_large, factor * design.particles_large),
                temperature=p.temperature_degc,
                humidity=p.humidity_percent,
            )
            for design in DESIGN
        }
        self.pressures_pa = [sum(d.step_pa for d in DESIGN[i:]) for i in range(len(DESIGN))]
        self.surplus = [d.step_pa - (DESIGN[i - 1].step_pa if i else 0.0) for i, d in enumerate(DESIGN)]
        self.sample_s = 0.0
        for room in ROOMS:
            self.values[f"{room}.FanCommand"] = NOMINAL_FAN_PERCENT
            self.values[f"{room}.TemperatureSP"] = p.temperature_degc
        self.values["HumiditySP"] = p.humidity_percent
        self._show()

    def step(self, seconds: float) -> None:
        """Move the rooms on by `seconds` of plant time."""
        left = seconds
        while left > 1e-9:
            short = min(left, LONGEST_STEP_S, SAMPLE_S - self.sample_s)
            self._advance(short)
            self.sample_s += short
            if self.sample_s >= SAMPLE_S - 1e-9:
                self.sample_s = 0.0
                self._sample()
            left -= short
        self._show()

    def apply_disturbance(self, kind: str, settings: Settings) -> None:
        """Act on a disturbance (see `disturbances`)."""
        name = str(settings["room"])
        if name not in self.rooms:
            raise DisturbanceError(f"room must be one of {', '.join(ROOMS)}")
        room = self.rooms[name]
        if kind == "particle_burst":
            particles = float(settings["particles"])
            room.small.per_m3 += particles
            room.large.per_m3 += particles * LARGE_PARTICLE_SHARE
        elif kind == "door_open":
            room.door_s = float(settings["seconds"])
        else:
            room.flow_fault = bool(settings["active"])

    def _advance(self, seconds: float) -> None:
        self._happen(seconds)
        rooms = list(self.rooms.values())
        supplies = []
        for room, surplus in zip(rooms, self.surplus, strict=True):
            wanted = self.wanted(f"{room.design.name}.FanCommand")
            room.fan_percent = approach(room.fan_percent, wanted, seconds, FAN_TAU_S)
            supplies.append((EXHAUST + surplus) * room.fan_percent / NOMINAL_FAN_PERCENT - EXHAUST)
        step_cascade(self.pressures_pa, supplies, [room.door_s > 0.0 for room in rooms], seconds)
        for index, room in enumerate(rooms):
            outwards = rooms[index + 1] if index + 1 < len(rooms) else None
            self._move_air(room, outwards, seconds)

    def _happen(self, seconds: float) -> None:
        p = self.parameters
        for name, room in self.rooms.items():
            room.door_s = max(0.0, room.door_s - seconds)
            if name == "A":  # nobody opens the filling zone in operation
                continue
            if room.door_s <= 0.0 and chance_within(self.chance, p.doors_per_h, seconds):
                room.door_s = 3.0 + self.chance.expovariate(1.0 / p.door_open_s)
            if chance_within(self.chance, p.bursts_per_h, seconds):
                room.small.per_m3 += 5.0 * room.small.normal
                room.large.per_m3 += 5.0 * room.large.normal

    def _move_air(self, room: Room, outwards: Room | None, seconds: float) -> None:
        small, large = (
            OUTSIDE_PARTICLES if outwards is None else (outwards.small.per_m3, outwards.large.per_m3)
        )
        share = DOOR_INFLOW if room.door_s > 0.0 else 0.0
        nominal = room.design.air_changes_per_h
        room.small.step(seconds, room.air_changes_per_h, nominal, share * small)
        room.large.step(seconds, room.air_changes_per_h, nominal, share * large)
        wanted = self.wanted(f"{room.design.name}.TemperatureSP")
        room.temperature = approach(room.temperature, wanted, seconds, ROOM_AIR_TAU_S)
        room.humidity = approach(room.humidity, self.wanted("HumiditySP"), seconds, ROOM_AIR_TAU_S)

    def _sample(self) -> None:
        """Complete the counters' samples (every minute of the plant)."""
        for name, room in self.rooms.items():
            small, large = room.small.sample(self.chance), room.large.sample(self.chance)
            volume_l = COUNTER_L_MIN
            if room.flow_fault:  # half the air, half the particles
                small, large, volume_l = small // 2, large // 2, volume_l / 2.0
            small = max(small, large)  # a particle >= 5 um is also one >= 0.5 um
            self.values.update(
                {
                    f"{name}.Count05": small,
                    f"{name}.Count5": large,
                    f"{name}.Conc05": small / volume_l * 1000.0,
                    f"{name}.Conc5": large / volume_l * 1000.0,
                    f"{name}.SampleVolume": volume_l,
                    f"{name}.SampleNumber": (int(self.values[f"{name}.SampleNumber"]) + 1) % 65536,
                }
            )

    def _show(self) -> None:
        noise, gauss = self.parameters.noise, self.chance.gauss
        outside = [*self.pressures_pa[1:], 0.0]
        for (name, room), pressure, beyond in zip(
            self.rooms.items(), self.pressures_pa, outside, strict=True
        ):
            flow = room.fan_percent / NOMINAL_FAN_PERCENT
            self.values.update(
                {
                    f"{name}.Pressure": pressure + gauss(0.0, 0.2 * noise),
                    f"{name}.Differential": pressure - beyond + gauss(0.0, 0.2 * noise),
                    f"{name}.Temperature": room.temperature + gauss(0.0, 0.02 * noise),
                    f"{name}.Humidity": room.humidity + gauss(0.0, 0.1 * noise),
                    f"{name}.AirSpeed": max(
                        0.0, room.design.air_speed_m_s * flow * (1.0 + gauss(0.0, 0.01 * noise))
                    ),
                    f"{name}.FanSpeed": room.fan_percent,
                    f"{name}.AirChanges": room.air_changes_per_h,
                    f"{name}.FlowFault": room.flow_fault,
                    f"{name}.FanRunning": room.fan_percent > 5.0,
                    f"Door.{name}.Open": room.door_s > 0.0,
                }
            )
