"""A program as straight-line C: what a compiler would make of the expressions, had it known them.

It includes the interpreter's source for what an instruction does, and names the operands; every
choice that the interpreter makes at run time is made by the compiler here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from control import opcodes as op
from control.bytecode import Compiled

_HEAD = """#include "expression_interpreter.c"
#define CHECK(r, q) if (!isfinite(r)) { r = NAN; if (q < BAD) q |= BAD | NOT_A_NUMBER; }
static const double table[] = {%s};
"""
_ENTRY = """static void entry_%d(const double *restrict image, const uint32_t *restrict image_quality,
    double *restrict value, uint32_t *restrict quality, double *restrict cells, double dt, int gap)
{
%s
}
"""
_ALL = """void straight(const entry *restrict entries, double *restrict value, uint32_t *restrict quality,
    double *restrict cells, int64_t *restrict evaluated_ns, const double *restrict image,
    const uint32_t *restrict image_quality, int64_t now_ns)
{
    int64_t before, gone; int gap; double dt;
%s
}
"""
_CALL = """    before = evaluated_ns[{0}]; evaluated_ns[{0}] = now_ns;
    gone = before != 0 ? now_ns - before : 0;
    gap = before == 0 || gone > entries[{0}].gap_ns; dt = (double)gone * 1e-9 * entries[{0}].speed;
    entry_{0}(image, image_quality, value, quality, cells, dt, gap);"""

_VALUES = {
    op.ADD: "x + y", op.SUBTRACT: "x - y", op.MULTIPLY: "x * y", op.DIVIDE: "x / y", op.NEGATE: "-x",
    op.POWER: "pow(x, y)", op.LESS: "x < y", op.LESS_EQUAL: "x <= y", op.GREATER: "x > y",
    op.GREATER_EQUAL: "x >= y", op.EQUAL: "x == y", op.UNEQUAL: "x != y", op.NOT: "1.0 - x",
    op.MINIMUM: "(y < x ? y : x)", op.MAXIMUM: "(y > x ? y : x)",
    op.ABSOLUTE: "fabs(x)", op.COPY: "x",
}  # fmt: skip
_VALUES_OF_THREE = {
    op.MULTIPLY_ADD: "x * y + z", op.MULTIPLY_SUBTRACT: "x * y - z", op.ADD_MULTIPLY: "(x + y) * z",
    op.SUBTRACT_MULTIPLY: "(x - y) * z", op.SUBTRACT_DIVIDE: "(x - y) / z", op.ADD_ADD: "x + y + z",
    op.MULTIPLY_MULTIPLY: "x * y * z", op.LIMIT: "(z < (y > x ? y : x) ? z : (y > x ? y : x))",
}  # fmt: skip
_OTHERS = {
    op.AND: "r = x != 0 && y != 0; q = decided(x, qx, y, qy, 0.0);",
    op.OR: "r = x != 0 || y != 0; q = decided(x, qx, y, qy, 1.0);",
    op.SELECT: "r = x != 0 ? y : {z}; q = qx >= BAD ? qx : qx | (x != 0 ? qy : {zq});",
    op.IS_GOOD: "r = q < UNCERTAIN; q = 0;",
    op.IS_BAD: "r = q >= BAD; q = 0;",
    op.INTERPOLATE: "r = interpolate(table, x, {b}, {c});",
}


def straight_c(compiled: Compiled) -> str:
    """Return the C source of a program."""
    program = compiled.program
    table = ", ".join(float(value).hex() for value in compiled.constants)
    entries = (_ENTRY % (e, "\n".join(_lines(compiled, e))) for e in range(len(program.entries)))
    calls = "\n".join(_CALL.format(e) for e in range(len(program.entries)))
    return "\n".join([_HEAD % table, *entries, _ALL % calls])


def _lines(compiled: Compiled, e: int) -> Iterator[str]:
    entry = compiled.program.entries[e]
    tags = compiled.program.inputs[entry["first_input"] : entry["last_input"]]
    for own, tag in enumerate(tags):
        yield f"    double r{own} = image[{tag}]; uint32_t q{own} = inherited(image_quality[{tag}]);"
        yield f"    if (q{own} < BAD && !isfinite(r{own})) q{own} = BAD | INPUT | NOT_A_NUMBER;"
    for row in compiled.program.code[entry["first"] : entry["last"]]:
        yield f"    double r{row['into']}; uint32_t q{row['into']};"
        yield f"    {{ {_instruction(compiled, row)} CHECK(r, q) r{row['into']} = r; q{row['into']} = q; }}"
    result, reasons = _operand(compiled, int(entry["result"]))
    yield f"    uint32_t result = {reasons}, why = result & REASONS;"
    yield "    if (result >= BAD) { if (why & FAILED) why &= REASONS ^ WAITING; result = BAD | why; }"
    yield f"    value[{e}] = {result}; quality[{e}] = result;"


def _operand(compiled: Compiled, number: int) -> tuple[str, str]:
    """Return the value and the quality of a register as C."""
    if number < compiled.own_registers:
        return f"r{number}", f"q{number}"
    constant = number - compiled.own_registers
    if constant < len(compiled.constants):
        return float(compiled.constants[constant]).hex(), "0u"
    shared = constant - len(compiled.constants)
    return f"value[{shared}]", f"inherited(quality[{shared}])"


def _instruction(compiled: Compiled, row: Any) -> str:
    kind, a, b, c = (int(row[name]) for name in ("op", "a", "b", "c"))
    if kind == op.MEDIAN:
        parts = [_operand(compiled, number) for number in range(a, a + c)]
        values, qualities = (", ".join(column) for column in zip(*parts, strict=True))
        return (
            f"double m[] = {{{values}}}; uint32_t k[] = {{{qualities}}}, q; "
            f"double r = middle_of_good(m, k, 0, {c}, &q);"
        )
    (x, x_quality), (y, y_quality) = _operand(compiled, a), _operand(compiled, b)
    text = f"double x = {x}, y = {y}, r; uint32_t qx = {x_quality}, qy = {y_quality}, q = qx | qy; "
    if kind in _VALUES:
        return f"{text} r = {_VALUES[kind]};"
    if kind in _VALUES_OF_THREE:
        z, z_quality = _operand(compiled, c)
        return f"{text} double z = {z}; q |= {z_quality}; r = {_VALUES_OF_THREE[kind]};"
    if kind in _OTHERS:
        z, z_quality = _operand(compiled, c) if kind == op.SELECT else ("", "")
        table = b - compiled.own_registers
        return text + _OTHERS[kind].format(z=z, zq=z_quality, b=table, c=c)
    return f"{text} r = remember({kind}, x, qx, y, qy, cells + {c}, dt, gap, &q);"
