"""The example's soft sensors, evaluated on what the simulated bioreactor shows, find what it hides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from config.devices import OpcUaAddress
from config.load import load
from config.tags import TagKind
from control.calculations import compile_site
from control.kernels.expression import evaluate
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.gas_transfer import O2_MG_PER_MMOL

EXAMPLE = Path(__file__).parents[4] / "config" / "examples" / "cmo" / "plant.yaml"
STEP_S = 6.0
HOURS = 8.0
COMMANDS = {
    "Stir.Speed.SP": 90.0,
    "Gas.Air.SP": 5.0,
    "Gas.O2.SP": 0.3,
    "Pressure.Valve": 40.0,
    "Feed.Pump": 10.0,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the sensors show in the end, and the truth in the vessel."""

    shown: dict[str, float]
    uptake: float
    """Of oxygen, mmol/L/h."""
    evolution: float
    """Of carbon dioxide, mmol/L/h."""
    kla: float
    growth_per_h: float
    """Of the oxygen uptake of the whole vessel, over the last two hours."""
    volume_l: float


@pytest.fixture(scope="module")
def found() -> Found:
    site = load(EXAMPLE, {}).site
    quiet = {"noise": 0.0, "drift": 0.0, "viable_cells": 4.0}
    model = Bioreactor(BioreactorParameters.model_validate(quiet))
    for name, command in COMMANDS.items():
        model.command(name, command)
    compiled = compile_site(site)
    memory, program = compiled.memory(), compiled.program
    nodes = {
        site.tag_index[name]: str(tag.address.identifier)
        for name, tag in site.tags_of_device("br1").items()
        if tag.kind is not TagKind.TEXT and isinstance(tag.address, OpcUaAddress)
    }
    value, quality = np.zeros(len(site.tags)), np.zeros(len(site.tags), np.uint32)
    scans = round(HOURS * 3600.0 / STEP_S)
    whole_uptake = []
    for scan in range(1, scans + 1):
        model.command("Jacket.Valve", 50.0 + 20.0 * (37.0 - model.vessel.temperatures.vessel))
        model.step(STEP_S)
        for index, node in nodes.items():
            value[index] = float(model.values[node])
        evaluate(program, memory, value, quality, scan, scan * round(STEP_S / 60.0 * 1e9))
        whole_uptake.append(model.vessel.oxygen_uptake * model.vessel.culture.volume_l)
    gas = model.vessel.gas_flow_l_min * 60.0 / 22.414 * 1000.0 / model.vessel.culture.volume_l
    two_hours = round(2 * 3600.0 / STEP_S)
    return Found(
        {name: float(memory.value[part.entry]) for name, part in compiled.calculations.items()},
        model.vessel.oxygen_uptake / O2_MG_PER_MMOL,
        model.vessel.broth.gas_carbon_dioxide * gas,
        model.vessel.kla_per_h,
        float(np.log(whole_uptake[-1] / whole_uptake[-1 - two_hours])) / 2.0,
        model.vessel.culture.volume_l,
    )


def test_oxygen_transfer_and_uptake_are_those_of_the_cells(found: Found) -> None:
    assert found.shown["br1/culture.otr"] == pytest.approx(found.uptake, rel=0.03)
    assert found.shown["br1/culture.our"] == pytest.approx(found.uptake, rel=0.03)
    assert found.shown["br1/culture.cer"] == pytest.approx(found.evolution, rel=0.03)
    assert found.shown["br1/culture.rq"] == pytest.approx(found.evolution / found.uptake, rel=0.03)


def test_the_transfer_coefficient_is_that_of_stirrer_and_gas(found: Found) -> None:
    assert found.shown["br1/culture.kla"] == pytest.approx(found.kla, rel=0.05)


def test_the_growth_rate_is_that_of_the_culture(found: Found) -> None:
    assert found.shown["br1/culture.mu"] == pytest.approx(found.growth_per_h, abs=0.004)


def test_the_volume_follows_from_the_weight(found: Found) -> None:
    assert found.shown["br1/volume.by_weight"] == pytest.approx(found.volume_l, rel=0.005)
