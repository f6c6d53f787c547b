"""The interpreter of calculations and conditions: one compiled loop for every configuration.

Quality, for every instruction that does not say otherwise: the result has the worst severity of
its operands and the reasons of all of them; a result that is no finite number is bad. While an
operand is bad the value is what its last value gives, or NaN, and never counts.

Severities are joined with `|` inside an entry: bad (10) with uncertain (01) makes 11, which is
bad, too; it becomes 10 when the entry ends.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from control import opcodes as op
from control.kernels.expression_choice import chosen, decided, gather, interpolate
from control.kernels.expression_memory import remember
from control.kernels.jit import inlined, kernel
from control.program import Memory, Program, Qualities, Reals
from control.rings import Rows
from control.signal import (
    BAD,
    CLOCK,
    COMM,
    CONFIG,
    DEVICE,
    GOOD,
    HISTORY,
    INPUT,
    NOT_A_NUMBER,
    OUT_OF_SERVICE,
    OVERFLOW,
    REASON_BITS,
    SENSOR,
    STALE,
    UNCERTAIN,
    WAITING,
)

PASSED: Final = 0xFFFF_FFFF ^ (OVERFLOW | CLOCK | HISTORY)
"""What a result takes over of the quality of a tag: all but what is said of one sample."""
LARGEST_EXPONENT: Final = 709.782712893384
"""Beyond it `exp` is no finite number; plain Python raises there."""
FAILED: Final = COMM | STALE | DEVICE | SENSOR | CONFIG | NOT_A_NUMBER | OUT_OF_SERVICE
"""Reasons beside which it does not matter that another input still waits for its first value."""


@kernel
def evaluate(
    program: Program, memory: Memory, value: Reals, quality: Qualities, scan: int, now_ns: int
) -> None:
    """Evaluate every entry that is due.

    Args:
        program: what to compute.
        memory: results and state.
        value: of the image, by tag.
        quality: of the image, by tag.
        scan: number of the scan.
        now_ns: monotonic time of the scan.
    """
    entries = program.entries
    for e in range(len(entries)):
        entry = entries[e]
        before_ns = memory.evaluated_ns[e]
        if before_ns != 0 and scan % entry["every"] != 0:
            continue
        gone_ns = now_ns - before_ns if before_ns != 0 else 0
        gap = before_ns == 0 or gone_ns > entry["gap_ns"]
        memory.evaluated_ns[e] = now_ns
        _load(program, memory, entry, value, quality)
        _run(program.code, memory, entry, gone_ns * 1e-9 * entry["speed"], gap)
        _finish(memory, entry, e)


@inlined
def _word(quality: int) -> int:
    """Return a quality as the signed integer that compiled code computes qualities with."""
    return int(np.int64(quality))


@inlined
def inherited(quality: int) -> int:
    """Return the quality that something computed from a value takes over from it."""
    passed = quality & PASSED
    return passed | INPUT if passed >= UNCERTAIN else passed


@inlined
def _load(program: Program, memory: Memory, entry: Rows, value: Reals, quality: Qualities) -> None:
    """Put the entry's inputs into its first registers."""
    first = entry["first_input"]
    for i in range(first, entry["last_input"]):
        tag = program.inputs[i]
        found = inherited(_word(quality[tag]))
        if found < BAD and not math.isfinite(value[tag]):
            found = BAD | INPUT | NOT_A_NUMBER
        memory.register[i - first] = value[tag]
        memory.register_quality[i - first] = found


@inlined
def _finish(memory: Memory, entry: Rows, e: int) -> None:
    """Show the result, and share it with the entries that need it."""
    value = memory.register[entry["result"]]
    quality = _word(memory.register_quality[entry["result"]])
    reasons = quality & REASON_BITS
    if quality >= BAD:
        if reasons & FAILED != 0:
            reasons &= REASON_BITS ^ WAITING
        quality = BAD | reasons
    memory.value[e] = value
    memory.quality[e] = quality
    memory.register[entry["shared"]] = value
    memory.register_quality[entry["shared"]] = inherited(quality)


@inlined
def _run(code: Rows, memory: Memory, entry: Rows, elapsed_s: float, gap: bool) -> None:
    """Run the entry's instructions from the first to the last."""
    register, register_quality = memory.register, memory.register_quality
    for i in range(entry["first"], entry["last"]):
        row = code[i]
        kind = row["op"]
        a, b, c = row["a"], row["b"], row["c"]
        x, y = register[a], register[b]
        x_quality, y_quality = _word(register_quality[a]), _word(register_quality[b])
        quality = x_quality | y_quality
        if kind == op.ADD:
            result = x + y
        elif kind == op.SUBTRACT:
            result = x - y
        elif kind == op.MULTIPLY:
            result = x * y
        elif kind == op.DIVIDE:
            result = x / y
        elif kind == op.NEGATE:
            result = -x
        elif kind == op.POWER:
            result = x**y
        elif kind == op.MULTIPLY_ADD:
            result = x * y + register[c]
            quality |= register_quality[c]
        elif kind == op.MULTIPLY_SUBTRACT:
            result = x * y - register[c]
            quality |= register_quality[c]
        elif kind == op.ADD_MULTIPLY:
            result = (x + y) * register[c]
            quality |= register_quality[c]
        elif kind == op.SUBTRACT_MULTIPLY:
            result = (x - y) * register[c]
            quality |= register_quality[c]
        elif kind == op.SUBTRACT_DIVIDE:
            result = (x - y) / register[c]
            quality |= register_quality[c]
        elif kind == op.ADD_ADD:
            result = x + y + register[c]
            quality |= register_quality[c]
        elif kind == op.MULTIPLY_MULTIPLY:
            result = x * y * register[c]
            quality |= register_quality[c]
        elif kind == op.LESS:
            result = 1.0 if x < y else 0.0
        elif kind == op.LESS_EQUAL:
            result = 1.0 if x <= y else 0.0
        elif kind == op.GREATER:
            result = 1.0 if x > y else 0.0
        elif kind == op.GREATER_EQUAL:
            result = 1.0 if x >= y else 0.0
        elif kind == op.EQUAL:
            result = 1.0 if x == y else 0.0
        elif kind == op.UNEQUAL:
            result = 1.0 if x != y else 0.0
        elif kind == op.AND:
            quality = decided(x, x_quality, y, y_quality, 0.0)
            result = 1.0 if x != 0.0 and y != 0.0 else 0.0
        elif kind == op.OR:
            quality = decided(x, x_quality, y, y_quality, 1.0)
            result = 1.0 if x != 0.0 or y != 0.0 else 0.0
        elif kind == op.NOT:
            result = 1.0 - x
        elif kind == op.SELECT:
            branch = b if x != 0.0 else c
            result = register[branch]
            quality = x_quality if x_quality >= BAD else x_quality | register_quality[branch]
        elif kind == op.MINIMUM:
            result = y if y < x else x
        elif kind == op.MAXIMUM:
            result = y if y > x else x
        elif kind == op.LIMIT:
            raised = y if y > x else x
            result = register[c] if register[c] < raised else raised
            quality |= register_quality[c]
        elif kind == op.ABSOLUTE:
            result = abs(x)
        elif kind == op.SIGN:
            result = 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0
        elif kind == op.SQUARE_ROOT:
            result = np.sqrt(x)
        elif kind == op.EXPONENTIAL:
            result = math.inf if x > LARGEST_EXPONENT else math.exp(x)
        elif kind == op.LOGARITHM:
            result = math.log(x) if x > 0.0 else math.nan
        elif kind == op.LOGARITHM_10:
            result = math.log10(x) if x > 0.0 else math.nan
        elif kind == op.ROUND:
            result = np.rint(x)
        elif kind == op.FLOOR:
            result = np.floor(x)
        elif kind == op.CEILING:
            result = np.ceil(x)
        elif kind == op.MODULO:
            result = np.fmod(x, y)
            if result != 0.0 and (result < 0.0) != (y < 0.0):
                result += y
        elif kind == op.INTERPOLATE:
            result = interpolate(register, x, b, c)
        elif kind == op.IS_GOOD:
            result = 1.0 if quality < UNCERTAIN else 0.0
            quality = GOOD
        elif kind == op.IS_UNCERTAIN:
            result = 1.0 if UNCERTAIN <= quality < BAD else 0.0
            quality = GOOD
        elif kind == op.IS_BAD:
            result = 1.0 if quality >= BAD else 0.0
            quality = GOOD
        elif kind == op.VALUE_OR:
            result, quality = chosen(x, x_quality, y, y_quality)
        elif kind == op.COPY:
            result = x
        elif kind < op.FIRST_REMEMBERING:
            result, quality = gather(kind, register, register_quality, a, c)
        else:
            result, quality = remember(kind, x, x_quality, y, y_quality, memory.cells, c, elapsed_s, gap)
        if not math.isfinite(result):
            result = math.nan
            if quality < BAD:
                quality |= BAD | NOT_A_NUMBER
        register[row["into"]] = result
        register_quality[row["into"]] = quality
