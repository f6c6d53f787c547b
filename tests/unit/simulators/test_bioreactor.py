"""The bioreactor as its client sees it: commands in, measurements out."""

from __future__ import annotations

import math

import pytest

from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.gas_transfer import effective_kla, oxygen_saturation
from simulators.model import DisturbanceError

QUIET = {"noise": 0.0, "drift": 0.0}


def reactor(**parameters: float) -> Bioreactor:
    return Bioreactor(BioreactorParameters.model_validate({**QUIET, **parameters}))


def run(model: Bioreactor, hours: float, step_s: float = 6.0) -> None:
    for _ in range(round(hours * 3600.0 / step_s)):
        model.step(step_s)


def number(model: Bioreactor, name: str) -> float:
    return float(model.values[name])


def test_the_same_seed_gives_the_same_plant() -> None:
    first, second, other = (Bioreactor(BioreactorParameters(), seed) for seed in (7, 7, 8))
    for model in (first, second, other):
        run(model, 0.05)
    assert first.values == second.values
    assert first.values["Temp.PV"] != other.values["Temp.PV"]


def test_oxygen_settles_where_transfer_equals_uptake() -> None:
    model = reactor(viable_cells=4.0)
    for name, value in (("Gas.Air.SP", 6.0), ("Gas.O2.SP", 1.0), ("Stir.Speed.SP", 100.0)):
        model.command(name, value)
    run(model, 3.0)
    vessel = model.vessel
    pressure = 1013.25 + vessel.pressure_mbar
    solubility = oxygen_saturation(vessel.temperatures.vessel) / 0.2095 * pressure / 1013.25
    fraction = (0.2095 * 6.0 + 1.0) / 7.0
    gas = 7.0 * 60.0 / 22.414 * 1000.0 / vessel.culture.volume_l * 32.0
    rate = effective_kla(vessel.kla_per_h, solubility, gas)
    assert rate * (solubility * fraction - vessel.broth.oxygen) == pytest.approx(
        vessel.oxygen_uptake, rel=0.01
    )
    # 0.3 pmol per cell and hour is 9.6 mg/L/h for each 1e9 cells/L, at 37 degC
    demand = 9.6 * vessel.culture.viable * 2.0 ** ((vessel.temperatures.vessel - 37.0) / 10.0)
    assert vessel.oxygen_uptake == pytest.approx(demand, rel=0.03)
    assert number(model, "DO.PV") == pytest.approx(
        100.0 * vessel.broth.oxygen / oxygen_saturation(vessel.temperatures.vessel), abs=0.1
    )


def test_shown_ph_and_pco2_agree() -> None:
    model = reactor(viable_cells=2.0)
    model.command("Gas.CO2.SP", 0.3)
    run(model, 2.0)
    expected = 6.1 + math.log10(model.vessel.broth.alkalinity / (0.0307 * number(model, "pCO2.PV")))
    assert number(model, "pH.PV") == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("command", "value", "signal", "sign"),
    [
        ("Jacket.Valve", 70.0, "Temp.PV", 1),
        ("Jacket.Valve", 20.0, "Temp.PV", -1),
        ("Gas.CO2.SP", 1.0, "pH.PV", -1),
        ("Base.Pump", 80.0, "pH.PV", 1),
        ("Gas.O2.SP", 3.0, "DO.PV", 1),
        ("Stir.Speed.SP", 150.0, "DO.PV", 1),
        ("Feed.Pump", 100.0, "Weight.PV", 1),
        ("Pressure.Valve", 5.0, "Pressure.PV", 1),
        ("Gas.Air.SP", 15.0, "Foam.PV", 1),
    ],
)
def test_each_actuator_moves_what_it_should(command: str, value: float, signal: str, sign: int) -> None:
    moved, still = reactor(viable_cells=3.0), reactor(viable_cells=3.0)
    for model in (moved, still):
        run(model, 0.5)
    moved.command(command, value)
    for model in (moved, still):
        run(model, 1.0)
    assert sign * (number(moved, signal) - number(still, signal)) > 0.0


def test_volume_is_what_the_pumps_have_added() -> None:
    model = reactor()
    model.command("Feed.Pump", 50.0)
    model.command("Base.Pump", 10.0)
    run(model, 10.0)
    assert number(model, "Feed.Total") == pytest.approx(50.0 * 0.5 * 600.0 / 1000.0, rel=1e-3)
    added = sum(number(model, f"{pump}.Total") for pump in ("Feed", "Base", "Antifoam"))
    assert model.vessel.culture.volume_l == pytest.approx(200.0 + added, rel=1e-6)


def test_safe_state_replaces_the_commands_until_they_are_written_again() -> None:
    model = reactor()
    model.command("Feed.Pump", 100.0)
    model.command("Jacket.Valve", 90.0)
    run(model, 0.1)
    model.set_safe(True)
    run(model, 0.1)
    assert model.values["SafeState"] is True
    assert model.values["Feed.Pump"] == 0.0
    assert number(model, "Feed.Flow") == pytest.approx(0.0, abs=0.01)
    assert number(model, "Jacket.Position") == pytest.approx(50.0, abs=0.1)
    assert number(model, "Gas.Air.PV") == pytest.approx(1.0, abs=0.01)
    assert number(model, "Stir.Speed.PV") == pytest.approx(30.0, abs=0.1)
    model.command("Jacket.Valve", 60.0)
    run(model, 0.1)
    assert number(model, "Jacket.Position") == pytest.approx(50.0, abs=0.1)
    model.set_safe(False)
    run(model, 0.1)
    assert number(model, "Jacket.Position") == pytest.approx(60.0, abs=0.1)
    assert number(model, "Feed.Flow") == pytest.approx(0.0, abs=0.01)


def test_disturbances_act_and_end() -> None:
    model = reactor(viable_cells=4.0)
    model.command("Gas.O2.SP", 2.0)
    model.disturb("stirrer_trip", {"active": True})
    model.disturb("gas_loss", {"active": True})
    model.disturb("foam", {"percent": 95.0})
    run(model, 0.02)
    assert number(model, "Stir.Speed.PV") == pytest.approx(0.0, abs=0.1)
    assert number(model, "Gas.O2.PV") == pytest.approx(0.0, abs=0.01)
    assert [model.values[f"Fault.{name}"] for name in ("Stirrer", "Gas", "Foam")] == [True] * 3
    model.disturb("stirrer_trip", {"active": False})
    model.disturb("gas_loss", {"active": False})
    run(model, 0.1)
    assert number(model, "Stir.Speed.PV") == pytest.approx(30.0, abs=0.1)
    assert number(model, "Gas.O2.PV") == pytest.approx(2.0, abs=0.01)


def test_service_loss_takes_the_jacket_away() -> None:
    model = reactor()
    model.disturb("service_loss", {"active": True})
    model.command("Jacket.Valve", 100.0)
    run(model, 1.0)
    assert number(model, "Temp.PV") < 37.0


def test_unknown_disturbances_are_refused() -> None:
    model = reactor()
    with pytest.raises(DisturbanceError, match="known: stirrer_trip"):
        model.disturb("earthquake", {})
    with pytest.raises(DisturbanceError, match="percent"):
        model.disturb("foam", {})
    with pytest.raises(DisturbanceError, match="percent"):
        model.disturb("foam", {"percent": "much"})


def test_inoculation_starts_a_new_culture() -> None:
    model = reactor(viable_cells=5.0)
    model.command("Feed.Pump", 100.0)
    run(model, 20.0)
    model.command("Culture.Inoculate", True)
    model.step(1.0)
    assert model.values["Culture.Inoculate"] is False
    assert number(model, "Culture.Hours") < 0.01
    assert model.vessel.culture.volume_l == pytest.approx(200.0, abs=0.01)
    assert number(model, "Analyser.ViableCells") == pytest.approx(5.0, abs=0.01)


def test_analyser_shows_samples() -> None:
    model = reactor(sample_interval_h=1.0)
    run(model, 5.5)
    assert model.values["Analyser.SampleCount"] == 6
    shown = number(model, "Analyser.Glucose")
    assert shown > model.vessel.culture.glucose
    run(model, 0.4)
    assert number(model, "Analyser.Glucose") == shown


def test_phase_names_what_the_culture_lives_on() -> None:
    model = reactor()
    assert model.values["Culture.Phase"] == "batch"
    model.command("Feed.Pump", 10.0)
    run(model, 0.01)
    assert model.values["Culture.Phase"] == "fed"
    hungry = reactor(glucose_mmol_l=0.0)
    hungry.step(6.0)
    assert hungry.values["Culture.Phase"] == "starving"


def test_small_and_large_vessels_behave_alike() -> None:
    for volume_l in (2.0, 5.0, 2000.0):
        model = reactor(volume_l=volume_l, viable_cells=1.0)
        model.command("Gas.Air.SP", 4.0 * volume_l / 200.0)
        model.command("Stir.Speed.SP", 0.5 * model.signals["Stir.Speed.SP"].high)
        run(model, 2.0)
        assert 10.0 < number(model, "DO.PV") < 110.0
        assert 33.0 < number(model, "Temp.PV") < 37.5  # nobody heats


def test_noise_is_what_the_sensor_says() -> None:
    model = Bioreactor(BioreactorParameters())
    readings = []
    for _ in range(400):
        model.step(0.1)
        readings.append(number(model, "Weight.PV") - model.vessel.culture.volume_l)
    mean = sum(readings) / len(readings)
    deviation = math.sqrt(sum((r - mean) ** 2 for r in readings) / len(readings))
    assert abs(mean) < 0.03
    assert deviation == pytest.approx(0.0005 * 300.0, rel=0.15)
