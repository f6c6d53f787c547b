"""Which instruction an operator or a function of the language becomes."""

from __future__ import annotations

from typing import Final

from control import opcodes as op

BINARY: Final = {
    "+": op.ADD,
    "-": op.SUBTRACT,
    "*": op.MULTIPLY,
    "/": op.DIVIDE,
    "^": op.POWER,
    "<": op.LESS,
    "<=": op.LESS_EQUAL,
    ">": op.GREATER,
    ">=": op.GREATER_EQUAL,
    "==": op.EQUAL,
    "!=": op.UNEQUAL,
    "and": op.AND,
    "or": op.OR,
}
"""Operators with two operands."""

CALLS: Final = {
    "abs": op.ABSOLUTE,
    "sign": op.SIGN,
    "sqrt": op.SQUARE_ROOT,
    "exp": op.EXPONENTIAL,
    "ln": op.LOGARITHM,
    "log10": op.LOGARITHM_10,
    "round": op.ROUND,
    "floor": op.FLOOR,
    "ceil": op.CEILING,
    "mod": op.MODULO,
    "limit": op.LIMIT,
    "good": op.IS_GOOD,
    "uncertain": op.IS_UNCERTAIN,
    "bad": op.IS_BAD,
    "value_or": op.VALUE_OR,
    "last_good": op.LAST_GOOD,
    "ton": op.ON_DELAY,
    "tof": op.OFF_DELAY,
    "tp": op.PULSE,
    "on_time": op.ON_TIME,
    "unchanged": op.UNCHANGED,
    "sr": op.SET_RESET,
    "rs": op.RESET_SET,
    "rising": op.RISING,
    "falling": op.FALLING,
    "changed": op.CHANGED,
    "sample": op.SAMPLE,
    "count": op.COUNT,
    "lag": op.LAG,
    "rate": op.RATE,
    "highest": op.HIGHEST,
    "lowest": op.LOWEST,
    "moving_average": op.MOVING_AVERAGE,
    "moving_min": op.MOVING_MINIMUM,
    "moving_max": op.MOVING_MAXIMUM,
}
"""Functions that are one instruction."""
FOLDED: Final = {"min": op.MINIMUM, "max": op.MAXIMUM}
"""Functions of many arguments that are an instruction for each two."""
GATHERED: Final = {"median": op.MEDIAN, "median_good": op.MEDIAN_GOOD, "mean_good": op.MEAN_GOOD}
"""Functions over registers side by side."""

FUSED: Final = {
    (op.ADD, "left", op.MULTIPLY): op.MULTIPLY_ADD,
    (op.ADD, "right", op.MULTIPLY): op.MULTIPLY_ADD,
    (op.SUBTRACT, "left", op.MULTIPLY): op.MULTIPLY_SUBTRACT,
    (op.MULTIPLY, "left", op.ADD): op.ADD_MULTIPLY,
    (op.MULTIPLY, "right", op.ADD): op.ADD_MULTIPLY,
    (op.MULTIPLY, "left", op.SUBTRACT): op.SUBTRACT_MULTIPLY,
    (op.MULTIPLY, "right", op.SUBTRACT): op.SUBTRACT_MULTIPLY,
    (op.DIVIDE, "left", op.SUBTRACT): op.SUBTRACT_DIVIDE,
    (op.ADD, "left", op.ADD): op.ADD_ADD,
    (op.MULTIPLY, "left", op.MULTIPLY): op.MULTIPLY_MULTIPLY,
}
"""(outer operation, the side on which the inner one is, inner operation) to both in one."""
