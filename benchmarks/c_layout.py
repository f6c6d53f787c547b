"""The engine's state as C declares it: generated, so that C and Python cannot disagree on a layout."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from control.carry.arena import walk
from control.layout import COUNTERS, GROUP, LOOP, REPORTED, SLOT, TAG
from control.opcodes import ENTRY, INSTRUCTION
from control.signal import OUTPUT, SAMPLE, TRANSITION
from control.state import State
from control.structure_layout import LINK

_ROWS: Mapping[str, np.dtype[Any]] = {
    "tag_row": TAG, "reported_row": REPORTED, "loop_row": LOOP, "group_row": GROUP, "link_row": LINK,
    "slot_row": SLOT, "counters_row": COUNTERS, "sample_row": SAMPLE, "output_row": OUTPUT,
}  # fmt: skip
_ELSEWHERE = (INSTRUCTION, ENTRY, TRANSITION)
"""Rows that the hand-written files declare."""
_SCALARS = {
    "<f8": "double", "<i8": "int64_t", "<i4": "int32_t", "<u4": "uint32_t",
    "<i2": "int16_t", "|u1": "uint8_t",
}  # fmt: skip


def arrays(state: State) -> dict[str, npt.NDArray[Any]]:
    """Return every array of a state, the rings' as well, by the name that C has for it."""
    found = {path.replace(".", "_"): array for path, array in walk(state)}
    for name, ring in state.rings._asdict().items():
        found[f"{name}_rows"], found[f"{name}_ring"] = ring.rows, ring.counters
    return found


def header(state: State, folder: Path) -> None:
    """Write `layout.h`: the row types, and a struct of pointers to every array and their lengths."""
    lines = ["#include <stdint.h>"]
    for name, row in _ROWS.items():
        fields = " ".join(f"{_SCALARS[row[field].str]} {field};" for field in row.names or ())
        lines.append(f"typedef struct {{ {fields} }} {name};")
    pointers = " ".join(f"{_type(array)} *{name};" for name, array in arrays(state).items())
    lengths = " ".join(f"int64_t {name}_count;" for name in arrays(state))
    lines.append(f"typedef struct {{ {pointers} {lengths} }} state;")
    (folder / "layout.h").write_text("\n".join(lines) + "\n", encoding="ascii")


def pointers(state: State) -> ctypes.Array[ctypes.c_int64]:
    """Return a state as the struct of the header."""
    found = arrays(state)
    words = [array.ctypes.data for array in found.values()] + [len(array) for array in found.values()]
    return (ctypes.c_int64 * len(words))(*words)


def _type(array: npt.NDArray[Any]) -> str:
    if array.dtype.names is None:
        return _SCALARS[array.dtype.str]
    return next((name for name, row in _ROWS.items() if row == array.dtype), "void")
