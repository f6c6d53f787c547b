"""One block of memory for all state that changes, so that a consistent copy of it is one copy.

The engine copies the block between two scans, in well under a millisecond for a thousand tags; the
arrays that kernels see are views of it. Definitions and rings stay outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from control.carry.natures import NATURES, Nature
from control.kernels.atomic import Words
from control.state import State

_LINE: Final = 64
"""Bytes of a cache line: every array begins on one."""
_BLOCK: Final = 1 << 21
"""Where the block begins: the bits of an address that processors tell cached lines apart by are then the
same in every process, and those of neighbouring columns differ."""
_RINGS: Final = "rings"


class Place(NamedTuple):
    """Where an array is in the block."""

    path: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    """In bytes."""

    def of(self, block: Words) -> npt.NDArray[Any]:
        """Return the array in a block."""
        size = self.dtype.itemsize * int(np.prod(self.shape))
        return block.view(np.uint8)[self.offset : self.offset + size].view(self.dtype).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Arena:
    """The block, and what lies where in it."""

    block: Words
    places: tuple[Place, ...]

    def arrays(self, block: Words | None = None) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of this block, or of a copy of it, by their paths."""
        source = self.block if block is None else block
        return {place.path: place.of(source) for place in self.places}


def walk(node: Any, path: str = "") -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield every array of a state but the rings, as `loops.kp`, in the order of its declaration."""
    for name in node._fields:
        below = getattr(node, name)
        here = f"{path}.{name}" if path else name
        if isinstance(below, np.ndarray):
            yield here, below
        elif name != _RINGS:
            yield from walk(below, here)


def fields_of(path: str, array: npt.NDArray[Any]) -> list[str]:
    """Return what natures are declared for: the array as a whole, or each of its fields."""
    names = array.dtype.names
    return [path] if names is None or path in NATURES else [f"{path}.{name}" for name in names]


def changes(path: str, array: npt.NDArray[Any]) -> bool:
    """Say whether an array holds anything but definitions."""
    return any(NATURES.get(field) is not Nature.DEFINITION for field in fields_of(path, array))


def consolidate(state: State) -> tuple[State, Arena]:
    """Return the state with all its changing arrays in one block, and the block.

    Every array begins on a cache line, and the columns lie side by side before all rows: passes over
    columns took up to a third longer where they did not, and differed from process to process.
    """
    places, size = [], 0
    changing = [(path, array) for path, array in walk(state) if changes(path, array)]
    for path, array in sorted(changing, key=lambda found: found[1].dtype.names is not None):
        places.append(Place(path, array.dtype, array.shape, size))
        size += -(-array.nbytes // _LINE) * _LINE
    arena = Arena(_aligned(size, _BLOCK).view(np.int64), tuple(places))
    moved = arena.arrays()
    for path, array in walk(state):
        if path not in moved:
            moved[path] = _aligned(array.nbytes, _LINE).view(array.dtype).reshape(array.shape)
        moved[path][...] = array
    return cast("State", _replaced(state, moved, "")), arena


def _aligned(size: int, boundary: int) -> npt.NDArray[np.uint8]:
    """Return so many bytes, all zero, that begin at a multiple of a boundary."""
    spare = np.zeros(size + boundary, np.uint8)
    first = -spare.ctypes.data % boundary
    return spare[first : first + size]


def _replaced(node: Any, moved: Mapping[str, npt.NDArray[Any]], path: str) -> Any:
    fields = {}
    for name in node._fields:
        below = getattr(node, name)
        here = f"{path}.{name}" if path else name
        if isinstance(below, np.ndarray):
            fields[name] = moved[here]
        else:
            fields[name] = below if name == _RINGS else _replaced(below, moved, here)
    return type(node)(**fields)
