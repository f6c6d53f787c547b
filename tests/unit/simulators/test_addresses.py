"""The address list in the repository is the one that the simulators serve."""

from __future__ import annotations

import pathlib

import simulators
from simulators.addresses import address_list
from simulators.bioreactor import Bioreactor
from simulators.bioreactor_parameters import BioreactorParameters
from simulators.bioreactor_signals import bioreactor_signals


def test_the_list_is_up_to_date() -> None:
    written = pathlib.Path(simulators.__file__).with_name("ADDRESSES.md").read_text(encoding="utf-8")
    assert written == address_list(), "run: python -m simulators.addresses > simulators/ADDRESSES.md"


def test_every_node_is_named_once_and_has_a_value() -> None:
    names = [signal.name for signal in bioreactor_signals()]
    assert len(names) == len(set(names))
    assert set(Bioreactor(BioreactorParameters()).values) == set(names)
