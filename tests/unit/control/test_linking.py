"""Parts are lowered once, whatever constants they are called with, and linked into the kernels above them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from control.kernels.jit import columns, inlined, part
from control.kernels.linking import KernelCompiler, KernelLibrary, PartLibrary

_njit: Any = numba.njit
Values = npt.NDArray[np.float64]


@inlined
def _shifted(value: float, by: int) -> float:
    return value + by


@part
def _scaled(value: float, by: int) -> float:
    return by * _shifted(value, 1)


@part
def _twice(value: float) -> float:
    return _scaled(value, 2) + _shifted(value, 3)


def _all(value: float) -> float:
    return _twice(value) + _scaled(value, 10) + _shifted(value, -4)


@columns
def _add(into: Values, values: Values, first: int, last: int) -> None:
    for i in range(np.uintp(first), np.uintp(last)):
        into[i] += _scaled(values[i], 2)


def test_a_kernel_has_what_is_below_it_once() -> None:
    above: Any = _njit(_nrt=False, pipeline_class=KernelCompiler)(_all)  # a `kernel` may come from the cache
    assert above(5.0) == (2 * 6.0 + 8.0) + 10 * 6.0 + 1.0
    below: list[Any] = [_shifted, _scaled, _twice]
    for one in below:
        (compiled,) = one.overloads.values()  # not one for each constant
        assert type(compiled.library) is PartLibrary
    (compiled,) = above.overloads.values()
    assert type(compiled.library) is KernelLibrary


def test_columns_count_from_the_first_to_before_the_last() -> None:
    into, values = np.arange(20.0), np.arange(20.0) * 3.0
    expected = into.copy()
    expected[3:17] += 2.0 * (values[3:17] + 1.0)
    _add(into, values, 3, 17)
    assert into.tolist() == expected.tolist()
