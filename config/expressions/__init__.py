"""The language of calculations and interlocks: text to tree, names, kinds and units.

`control.bytecode` compiles what `check` returns. `docs/reference/expressions.md` is the language's
reference, made from its tables.
"""

from config.expressions.checker import Checked, Operand
from config.expressions.errors import ExpressionError, Problem
from config.expressions.expression import Expression, Mention, check, parse, rewrite
from config.expressions.order import CycleError, evaluation_order

__all__ = [
    "Checked",
    "CycleError",
    "Expression",
    "ExpressionError",
    "Mention",
    "Operand",
    "Problem",
    "check",
    "evaluation_order",
    "parse",
    "rewrite",
]
