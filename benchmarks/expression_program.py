"""The program that the expression benchmark runs: units of a plant, each with the same logic."""

from __future__ import annotations

from config.expressions import Checked, Operand, check, parse
from config.expressions.syntax import Binary, Call, Conditional, Scale, Unary, walk
from config.tags import TagKind
from control.bytecode import Compiled, Source, compile_program

TAGS = {
    "temp": Operand(unit="degC"), "temp_b": Operand(unit="degC"), "sp": Operand(unit="degC"),
    "ph": Operand(unit="pH"), "do": Operand(unit="%"), "air": Operand(unit="NL/min"),
    "o2_in": Operand(unit="%"), "co2_in": Operand(unit="%"), "o2_out": Operand(unit="%"),
    "co2_out": Operand(unit="%"), "gross": Operand(unit="kg"), "feed": Operand(unit="mL/h"),
    "rpm": Operand(unit="rpm"), "level": Operand(unit="%"), "running": Operand(TagKind.BOOL),
    "valve": Operand(TagKind.BOOL),
}  # fmt: skip

CALCULATIONS = {
    "volume": ("volume_from_weight({u}/gross, 12.5 kg, 1.02 kg/L)", "L"),
    "otr": ("otr({u}/air, {u}/o2_in, {u}/co2_in, {u}/o2_out, {u}/co2_out, {u}/volume)", "mmol/L/h"),
    "cer": ("cer({u}/air, {u}/o2_in, {u}/co2_in, {u}/o2_out, {u}/co2_out, {u}/volume)", "mmol/L/h"),
    "rq": ("if {u}/otr > 0.01 then {u}/cer / {u}/otr else 0", ""),
    "kla": ("kla({u}/otr, 0.21 mmol/L, {u}/do * 0.21 mmol/L)", "1/h"),
    "deviation": ("mean({u}/temp, {u}/temp_b) - {u}/sp", "K"),
    "smooth": ("lag({u}/do, 20 s) * 0.98 + 0.4", ""),
    "fed": ("integrate({u}/feed, 1 h)", "mL"),
    "tip": ("interp({u}/rpm, [0, 100, 200, 400] rpm, [0, 0.4, 0.8, 1.7] m/s)", "m/s"),
    "demand": ("limit(4 * ({u}/sp - {u}/temp) / 1 K + 30 + 0.1 * {u}/deviation / 1 K, 0, 100)", ""),
    "best": ("median({u}/temp, {u}/temp_b, {u}/sp)", "degC"),
    "spread": ("max({u}/temp, {u}/temp_b, {u}/best) - min({u}/temp, {u}/temp_b, {u}/best)", "K"),
    "charge": ("10 ^ (-plain({u}/ph)) - 10 ^ (plain({u}/ph) - 14)", ""),
}
CONDITIONS = {
    "hot": "{u}/running and ({u}/temp > 39 degC or {u}/temp_b > 39 degC) and not {u}/valve",
    "dry": "ton({u}/level < 10 and {u}/running, 5 s) or {u}/level < 2",
    "adrift": "abs({u}/deviation) > 0.5 K and {u}/running and good({u}/temp) and {u}/ph > 6",
    "foam": "hysteresis({u}/level, 80 %, 92 %) and {u}/air > 1 NL/min and rate({u}/level, 1 min) > 0",
}  # fmt: skip

CENTRES = {
    "temp": 37.0, "temp_b": 37.1, "sp": 37.0, "ph": 7.0, "do": 40.0, "air": 5.0, "o2_in": 20.95,
    "co2_in": 0.04, "o2_out": 20.3, "co2_out": 0.6, "gross": 120.0, "feed": 30.0, "rpm": 180.0,
    "level": 85.0, "running": 1.0, "valve": 0.0,
}  # fmt: skip
"""Where each tag usually is."""


def operations(checked: Checked) -> int:
    """Return the operations of an expression: operators, calls, choices and conversions."""
    counted = Unary | Binary | Call | Conditional | Scale
    return sum(isinstance(node, counted) for node in walk(checked.root))


def program(wanted: int) -> tuple[Compiled, list[str], int]:
    """Return a program of at least so many operations, its tags, and how many operations it has."""
    tags: list[str] = []
    lookup: dict[str, Operand] = {}
    calculations: list[Source] = []
    conditions: list[Source] = []
    total = unit = 0
    while total < wanted:
        name = f"u{unit}"
        unit += 1
        for tag, operand in TAGS.items():
            lookup[f"{name}/{tag}"] = operand
            tags.append(f"{name}/{tag}")
        for calculation, (text, result) in CALCULATIONS.items():
            checked = check(parse(text.format(u=name)), lookup, unit=result)
            lookup[f"{name}/{calculation}"] = Operand(checked.kind, checked.unit)
            calculations.append(Source(f"{name}/{calculation}", checked))
            total += operations(checked)
        for condition, text in CONDITIONS.items():
            checked = check(parse(text.format(u=name)), lookup, kind=TagKind.BOOL)
            conditions.append(Source(f"{name}/{condition}", checked))
            total += operations(checked)
    index = {tag: position for position, tag in enumerate(tags)}
    return compile_program(calculations, index, conditions=conditions), tags, total
