"""The reference page of the language, made from its tables: `python -m config.expressions.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from config.expressions.catalogue import FUNCTIONS
from config.expressions.functions import Function, Group
from config.expressions.library import SOFT_SENSORS, SOURCES, SoftSensor
from config.expressions.states import STATES

_HEAD = """\
# Expressions

Made by `python -m config.expressions.reference`; a test holds the two together.

Calculations and the conditions of interlocks are expressions. `cellgate check` tells every mistake in
them with line, column and what would be right. What bad inputs do is in
[quality rules](../explanation/quality-rules.md).

```yaml
calculations:
  otr:
    expression: otr(gas.flow, 20.95 %, 0.04 %, offgas.o2, offgas.co2, volume)
    unit: mmol/L/h
  volume:
    expression: volume_from_weight(scale.gross, 412 kg, 1.02 kg/L)
    unit: L
interlocks:
  overheated:
    when: ton(temp.pv > 39 degC, 10 s) or bad(temp.pv)
    force: { heater.out: 0 }
```

## Names, numbers, slashes

- A tag of the same unit is written by its name, `temp.pv`; one of another unit with it, `br2/temp.pv`.
- Names with `-`, names that begin with a digit, and names that are words of the language (`and or not if
  then else true false in`) are quoted: `'br-2/temp.pv'`.
- A number directly before a word is a quantity: `37 degC`, `500 ms`, `2 L/min`, `10 %`, `0.04 1/h`.
- **A slash without blanks between two words joins them** into one name or one unit. A division has blanks
  around its slash: `volume / flow`. Beside a number, a bracket, or after a name with a dot none are
  needed: `flow.pv/2`, `(a + b)/(c + d)`, `flow.pv/volume.pv`.
- `#` begins a comment; line ends are blanks.

## Operators

From loosest to tightest:

| | |
|---|---|
| `if a then b else c` | a choice; in brackets inside an expression |
| `or` | |
| `and` | |
| `not` | |
| `<` `<=` `>` `>=` `==` `!=` | comparison; not chained |
| `+` `-` | |
| `*` `/` | |
| `-x` | |
| `^` | power, from the right: `2 ^ 3 ^ 2` is `2 ^ 9` |
| `x in K` | converts to a unit; a value without a unit gets it |

Numbers and conditions are two kinds: `x != 0` makes a condition of a number, `if c then 1 else 0` a
number of a condition. Everything is evaluated in every scan, also what is not chosen, so a timer in a
branch that is not chosen goes on.

## Units

Units are checked wherever they are known, and values are converted wherever two units meet.

- `+ -`, comparisons, `min`, `limit` and the like bring their arguments into the unit of the first that
  has one. What measures different things is refused.
- `*` and `/` multiply and divide units; what measures the same thing cancels: `L/h` times `min` is `L`,
  half of it (`50 %`) is `L` too.
- A number without a unit takes that of what it is added to or compared with: `temp.pv > 38`. A tag
  without a unit is checked against nothing.
- On `degC` and `degF`, whose zero is arbitrary: two values have a difference (in `delta_degC`) and no
  sum; `mean(a, b)` is their mean; `2 K` can be added; a multiple has no unit. Take `temp.pv in K` where a
  formula needs an absolute temperature.
- The result is converted to the unit that the calculation declares. A difference declared in `degC` stays
  a difference.
- `exp`, `ln` and `log10` take numbers without a unit: divide by one unit, or write `plain(x)`.

## Time

Durations have a unit, `5 s`, or come from a tag that has one. Time is that of the plant: where a
simulated plant runs faster than the clock, timers, totals and rates run with it. It is measured by the
clock that nobody can set. After a start, or when more than ten periods are missed, rates and totals do
not reach over the gap.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *_functions(), *_states(), *_library(), ""])


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    yield "Arguments are given in order or by name: `count(pump.start, reset=shift.start)`.\n"
    for group in Group:
        yield f"### {group.value}\n"
        for function in FUNCTIONS.values():
            if function.group is group:
                yield from _function(function)


def _function(function: Function) -> Iterator[str]:
    yield f"#### `{function.signature}`\n"
    memory = " Remembers from scan to scan." if function.remembers else ""
    yield f"{function.summary}{memory}\n"
    yield f"- Result: {function.gives.value}."
    yield "- Takes: " + "; ".join(f"`{p.name}` {p.accepts.value}" for p in function.parameters) + "."
    if function.quality:
        yield f"- Quality: {function.quality}"
    if function.example:
        yield f"- Example: `{function.example}`"
    yield ""


def _states() -> Iterator[str]:
    yield "## States\n"
    yield (
        "Functions of a name. An alarm, interlock or phase of another unit is written with its unit. They "
        "are always good, and tell what the scan before left.\n"
    )
    for state in STATES.values():
        yield f"### `{state.name}(name)`\n"
        yield f"{state.summary}\n"
        yield f"- Result: {state.gives}.\n- Takes: the name of one {state.of}."
        yield f"- Example: `{state.example}`\n"


def _library() -> Iterator[str]:
    yield "## Soft sensors\n"
    yield (
        "Library functions that are expressions themselves; the formula is put in place of the call. An "
        "argument with a unit is converted to the parameter's, one without is taken to be in it. Gas "
        "balances are over dry gas, with nitrogen as what passes through.\n"
    )
    for sensor in SOFT_SENSORS.values():
        yield from _sensor(sensor)
    yield "### Sources\n"
    yield from (f"- {name}: {text}" for name, text in SOURCES.items())


def _sensor(sensor: SoftSensor) -> Iterator[str]:
    yield f"### `{sensor.signature}`\n"
    yield f"{sensor.summary} Result in {sensor.unit or 'no unit'}.\n"
    yield "| parameter | unit | |\n|---|---|---|"
    for parameter in sensor.parameters:
        yield f"| `{parameter.name}` | {parameter.unit or ''} | {parameter.meaning} |"
    yield f"\n```\n{sensor.formula}\n```\n"
    yield f"Source: {sensor.source}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
