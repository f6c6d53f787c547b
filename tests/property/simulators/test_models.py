"""What holds for the process models whatever is done to them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.air import step_cascade
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.cell_culture import CellCulture, Inflow, Kinetics
from simulators.environment import Environment, EnvironmentParameters
from simulators.environment_signals import environment_registers
from simulators.fill_line import FillLine
from simulators.fill_line_signals import fill_line_registers
from simulators.gas_transfer import Broth
from simulators.model import ProcessModel
from simulators.packml import Command, PackMl, State, target
from simulators.registers import Image, decode, encode
from simulators.signals import Kind, Register, Signal, Table
from simulators.vials import FillLineParameters

SECONDS = st.floats(0.01, 120.0)


def commands(model: ProcessModel) -> list[tuple[str, st.SearchStrategy[float | bool]]]:
    """Return every command of a model with values within its range."""
    found: list[tuple[str, st.SearchStrategy[float | bool]]] = []
    for signal in model.signals.values():
        if not signal.writable or signal.name == "Watchdog":
            continue
        if signal.kind is Kind.BOOL:
            found.append((signal.name, st.booleans()))
        elif signal.kind in (Kind.FLOAT32, Kind.FLOAT64):
            found.append((signal.name, st.floats(signal.low, signal.high)))
        else:
            found.append((signal.name, st.integers(int(signal.low), int(signal.high))))
    return found


def acts(model: ProcessModel) -> st.SearchStrategy[list[tuple[str, float | bool, float]]]:
    """Return lists of (command, value, seconds until the next)."""
    one = st.one_of([st.tuples(st.just(name), values, SECONDS) for name, values in commands(model)])
    return st.lists(one, max_size=12)


def check_shown(model: ProcessModel) -> None:
    """Every value has its kind, is finite and, where measured, within its range."""
    for signal in model.signals.values():
        value = model.values[signal.name]
        if signal.kind is Kind.TEXT:
            assert isinstance(value, str)
        elif signal.kind is Kind.BOOL:
            assert isinstance(value, bool), signal.name
        else:
            assert math.isfinite(float(value)), signal.name


REACTOR = Bioreactor(BioreactorParameters())
LINE = FillLine(FillLineParameters())
ROOMS = Environment(EnvironmentParameters())
LINE_IMAGE, ROOMS_IMAGE = Image(fill_line_registers()), Image(environment_registers())


@settings(max_examples=100)
@given(acts(REACTOR), st.floats(0.05, 20.0))
def test_bioreactor_stays_physical_at_any_step(
    done: list[tuple[str, float | bool, float]], cells: float
) -> None:
    model = Bioreactor(BioreactorParameters(viable_cells=cells))
    for name, value, seconds in done:
        model.command(name, value)
        model.step(seconds)
        check_shown(model)
        vessel = model.vessel
        assert vessel.broth.oxygen >= 0.0
        assert vessel.broth.dissolved_co2 > 0.0
        assert 3.0 < vessel.broth.ph < 11.0
        assert 0.0 <= vessel.off_gas_oxygen <= 1.0
        assert 0.0 <= vessel.off_gas_carbon_dioxide <= 1.0
        assert 5.0 < vessel.temperatures.vessel < 75.0
        assert vessel.pressure_mbar >= 0.0
        assert vessel.culture.viable <= vessel.culture.total * (1.0 + 1e-9)
        for signal in model.signals.values():
            if signal.measured and signal.high > signal.low:
                assert signal.low <= float(model.values[signal.name]) <= signal.high, signal.name


@settings(max_examples=100)
@given(acts(LINE), st.integers(0, 1000))
def test_every_vial_is_accounted_for(done: list[tuple[str, float | bool, float]], seed: int) -> None:
    model = FillLine(FillLineParameters(stops_per_h=60.0, starved_per_h=60.0, destroy_after_s=30.0), seed)
    good = 0
    for name, value, seconds in [("Command.CntrlCmd", 0, 60.0), *done]:
        model.command(name, value)
        model.step(0.1)
        model.step(seconds)
        check_shown(model)
        LINE_IMAGE.show(model.values, {})
        counters, inside = model.filler.counters, model.filler.inside
        parts = counters.good + counters.defective + counters.samples + counters.destroyed
        assert counters.consumed == parts + inside
        assert counters.processed == parts
        assert 0 <= inside <= model.parameters.transport_vials
        assert counters.good >= good or name == "Command.ResetCounters"
        good = counters.good
        assert State(int(model.values["Status.StateCurrent"])) is model.machine.state


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(Command), st.floats(0.0, 5.0)), max_size=60))
def test_packml_moves_only_along_the_table(orders: list[tuple[Command, float]]) -> None:
    machine = PackMl(dict.fromkeys(State, 1.0))
    passed = 0.0
    for command, seconds in orders:
        before = machine.state
        accepted = machine.command(command)
        assert accepted is (target(before, command) is not None)
        machine.step(seconds)
        passed += seconds
    assert sum(machine.cumulative_s.values()) == pytest.approx(passed)
    for _ in range(3):
        machine.step(1.0)
    assert not machine.in_transition


@settings(max_examples=60)
@given(acts(ROOMS), st.integers(0, 1000))
def test_rooms_show_sane_values(done: list[tuple[str, float | bool, float]], seed: int) -> None:
    model = Environment(EnvironmentParameters(doors_per_h=60.0, bursts_per_h=10.0), seed)
    for name, value, seconds in done:
        model.command(name, value)
        model.step(seconds)
        check_shown(model)
        ROOMS_IMAGE.show(model.values, {})
        for room in model.rooms.values():
            assert room.small.per_m3 >= 0.0
            assert 0.0 <= room.fan_percent <= 100.0
        for room_name in model.rooms:
            assert int(model.values[f"{room_name}.Count05"]) >= int(model.values[f"{room_name}.Count5"])


@settings(max_examples=60)
@given(
    st.lists(st.floats(-200.0, 200.0), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.floats(1e-3, 1e4),
)
def test_cascade_pressures_go_to_rest_without_supply(
    start: list[float], doors: list[bool], seconds: float
) -> None:
    pressures = list(start)
    largest = max(abs(p) for p in pressures)
    for _ in range(20):
        step_cascade(pressures, [0.0] * 4, doors, seconds)
        assert max(abs(p) for p in pressures) <= largest + 1e-9
        largest = max(abs(p) for p in pressures)


@settings(max_examples=60)
@given(
    st.floats(0.0, 10.0),
    st.floats(0.0, 50.0),
    st.floats(0.0, 5000.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1000.0),
    st.floats(1e-6, 10.0),
)
def test_oxygen_is_never_negative_and_never_above_saturation(
    oxygen: float, kla: float, gas: float, fraction: float, wanted: float, hours: float
) -> None:
    broth = Broth(oxygen=oxygen, alkalinity=15.0, carbonates=17.0)
    for _ in range(5):
        uptake = broth.step_oxygen(hours, kla, 32.0, (gas, fraction), (wanted, 0.05))
        assert 0.0 <= broth.oxygen <= max(oxygen, 32.0 * fraction) + 1e-9
        assert 0.0 <= uptake <= wanted


@settings(max_examples=25)
@given(
    st.floats(0.1, 5.0),
    st.floats(0.0, 40.0),
    st.floats(0.0, 0.01),
    st.floats(0.0, 300.0),
    st.floats(0.1, 20.0),
)
def test_mass_is_balanced(cells: float, glucose: float, flow: float, fed: float, hours: float) -> None:
    """Lactate made comes from glucose taken, at the yield; volume is what flowed in."""
    culture = CellCulture(viable=cells, total=cells, glucose=glucose)
    before = culture.glucose * culture.volume_l, culture.lactate * culture.volume_l, culture.volume_l
    culture.advance(hours, Inflow(flow, fed, 10.0))
    assert culture.volume_l == pytest.approx(before[2] + flow * hours)
    made = culture.lactate * culture.volume_l - before[1]
    taken = before[0] + flow * hours * fed - culture.glucose * culture.volume_l
    assert made == pytest.approx(Kinetics().y_lactate_glucose * taken, rel=1e-5, abs=1e-5)
    assert made == pytest.approx(culture.lactate_made_mmol, rel=1e-6, abs=1e-8)
    assert culture.antibody >= 0.0
    assert culture.total >= culture.viable


KINDS = [kind for kind in Kind if kind not in (Kind.TEXT, Kind.BOOL)]


@given(st.sampled_from(KINDS), st.booleans(), st.sampled_from([1.0, 0.1, 0.01]), st.floats(-3e9, 3e9))
def test_registers_round_trip(kind: Kind, little: bool, factor: float, value: float) -> None:
    if kind in (Kind.FLOAT32, Kind.FLOAT64):
        factor = 1.0
    register = Register(Signal("x", kind), Table.INPUT, 0, little, factor)
    words = encode(register, value)
    assert all(0 <= word <= 0xFFFF for word in words)
    again = decode(register, words)
    assert encode(register, again) == words
