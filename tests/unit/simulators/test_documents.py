"""The reference names everything that can be set, and nothing that cannot."""

from __future__ import annotations

import pathlib
import re

import pytest

import simulators
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.environment import Environment, EnvironmentParameters
from simulators.fill_line import FillLine
from simulators.link_faults import LinkFaultKind
from simulators.sensor_faults import SensorFaultKind
from simulators.stops import StopReason
from simulators.vials import FillLineParameters

REFERENCE = (pathlib.Path(simulators.__file__).parents[1] / "docs/reference/simulators.md").read_text(
    encoding="utf-8"
)


def section(title: str) -> str:
    """Return the text under a heading, up to the next one."""
    return re.split(r"^#+ ", REFERENCE.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def named(text: str) -> set[str]:
    """Return what the first column of the tables names."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row)}


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("`bioreactor`", BioreactorParameters),
        ("`fill_line`", FillLineParameters),
        ("`environment`", EnvironmentParameters),
    ],
)
def test_every_parameter_is_listed(title: str, model: type[BioreactorParameters]) -> None:
    assert named(section(title)) == set(model.model_fields)


def test_every_fault_is_listed() -> None:
    assert named(section("Sensor faults")) == {kind.value for kind in SensorFaultKind}
    assert named(section("Link faults")) == {kind.value for kind in LinkFaultKind}
    kinds = {kind for model in (Bioreactor, FillLine, Environment) for kind in model.disturbances}
    assert {kind for kind in kinds if f"`{kind}`" not in section("Disturbances of the process")} == set()


def test_every_stop_reason_is_listed() -> None:
    listed = {
        int(number)
        for number in re.findall(r"^\| (\d+) \|", section("Stop reasons of the fill line"), re.MULTILINE)
    }
    assert listed == {int(reason) for reason in StopReason if reason is not StopReason.NONE}
