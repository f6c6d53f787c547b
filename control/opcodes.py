"""The bytecode of calculations and conditions: its instructions, its rows, and what each needs.

A register machine without jumps: every instruction of an entry runs at every evaluation, so a
timer in a branch that is not chosen goes on, and an evaluation always takes the same time. Each
register has a value and a quality. `x`, `y`, `z` are the registers that `a`, `b`, `c` name.
"""

from __future__ import annotations

from typing import Final

import numpy as np

INSTRUCTION = np.dtype(
    [
        ("op", "u2"),
        ("into", "u2"),  # register of the result, one of the entry's own
        ("a", "u4"),
        ("b", "u4"),
        ("c", "u4"),  # a register, or what the instruction says
    ]
)

ENTRY = np.dtype(
    [
        ("first", "u4"),  # of its instructions
        ("last", "u4"),  # one after the last
        ("first_input", "u4"),  # of its inputs, which are put into registers 0, 1, …
        ("last_input", "u4"),
        ("result", "u4"),  # register that has the result in the end
        ("shared", "u4"),  # register where other entries find the result
        ("tag", "i4"),  # that shows the result, -1 for a condition
        ("every", "i4"),  # scans from one evaluation to the next
        ("speed", "f8"),  # plant seconds in a second
        ("gap_ns", "i8"),  # a longer time between two evaluations is a gap
    ]
)
"""One calculation or condition."""

# Arithmetic of x and y.
ADD: Final = 0
SUBTRACT: Final = 1
MULTIPLY: Final = 2
DIVIDE: Final = 3
NEGATE: Final = 4
POWER: Final = 5
# Two operations in one instruction, rounded twice as two are.
MULTIPLY_ADD: Final = 6  # x * y + z
MULTIPLY_SUBTRACT: Final = 7  # x * y - z
ADD_MULTIPLY: Final = 8  # (x + y) * z
SUBTRACT_MULTIPLY: Final = 9  # (x - y) * z
SUBTRACT_DIVIDE: Final = 10  # (x - y) / z
ADD_ADD: Final = 11  # x + y + z
MULTIPLY_MULTIPLY: Final = 12  # x * y * z
# Comparisons give 1 or 0.
LESS: Final = 13
LESS_EQUAL: Final = 14
GREATER: Final = 15
GREATER_EQUAL: Final = 16
EQUAL: Final = 17
UNEQUAL: Final = 18
# Conditions.
AND: Final = 19
OR: Final = 20
NOT: Final = 21
SELECT: Final = 22  # y while x, else z
# Functions of numbers.
MINIMUM: Final = 23
MAXIMUM: Final = 24
LIMIT: Final = 25  # x, not below y, not above z
ABSOLUTE: Final = 26
SIGN: Final = 27
SQUARE_ROOT: Final = 28
EXPONENTIAL: Final = 29
LOGARITHM: Final = 30
LOGARITHM_10: Final = 31
ROUND: Final = 32
FLOOR: Final = 33
CEILING: Final = 34
MODULO: Final = 35
INTERPOLATE: Final = 36  # x; b: first of the table's registers; c: its points
# Quality.
IS_GOOD: Final = 37
IS_UNCERTAIN: Final = 38
IS_BAD: Final = 39
VALUE_OR: Final = 40

# Several registers side by side: a: the first of them, c: how many. They are sorted in place.
COPY: Final = 41
MEDIAN: Final = 42
MEDIAN_GOOD: Final = 43
MEAN_GOOD: Final = 44

# From here on: instructions that remember. c: the first of their cells in the state.
FIRST_REMEMBERING: Final = 45
ON_DELAY: Final = 45
OFF_DELAY: Final = 46
PULSE: Final = 47
ON_TIME: Final = 48
UNCHANGED: Final = 49
SET_RESET: Final = 50
RESET_SET: Final = 51
RISING: Final = 52
FALLING: Final = 53
CHANGED: Final = 54
SAMPLE: Final = 55
COUNT: Final = 56
LAST_GOOD: Final = 57
LAG: Final = 58
RATE: Final = 59
INTEGRATE: Final = 60
HIGHEST: Final = 61
LOWEST: Final = 62
MOVING_AVERAGE: Final = 63
MOVING_MINIMUM: Final = 64
MOVING_MAXIMUM: Final = 65

STEPS: Final = 60
"""Steps in which a moving window moves."""

CELLS: Final[dict[int, int]] = {
    ON_DELAY: 2,
    OFF_DELAY: 2,
    PULSE: 3,
    ON_TIME: 2,
    UNCHANGED: 3,
    SET_RESET: 1,
    RESET_SET: 1,
    RISING: 1,
    FALLING: 1,
    CHANGED: 2,
    SAMPLE: 4,
    COUNT: 2,
    LAST_GOOD: 4,
    LAG: 2,
    RATE: 3,
    INTEGRATE: 4,
    HIGHEST: 2,
    LOWEST: 2,
    MOVING_AVERAGE: 7 + 2 * STEPS,
    MOVING_MINIMUM: 4 + STEPS,
    MOVING_MAXIMUM: 4 + STEPS,
}
"""Cells of state that an instruction keeps; all are 0 at a cold start."""
