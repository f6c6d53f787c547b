"""Programs of many calculations: order, sharing, periods, and what a site's configuration becomes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from config.expressions import Checked, CycleError, Operand, check, parse
from config.expressions.catalogue import FUNCTIONS
from config.site import Site
from config.tags import TagKind
from control import opcodes, signal
from control.bytecode import Compiled, Source, compile_program
from control.calculations import compile_site
from control.kernels.expression import evaluate
from control.program import Memory

_LOOKUP = {name: Operand() for name in ("a", "b", "first", "second", "third")} | {"on": Operand(TagKind.BOOL)}
_TAGS = {"a": 0, "b": 1, "on": 2}


def _checked(text: str) -> Checked:
    return check(parse(text), _LOOKUP)


def _evaluate(compiled: Compiled, memory: Memory, values: list[float], scan: int = 1) -> None:
    quality = np.zeros(len(values), np.uint32)
    with np.errstate(all="ignore"):  # without compilation NumPy warns of what the kernel checks for
        evaluate(compiled.program, memory, np.array(values), quality, scan, scan * 1_000_000_000)


def _operations(text: str) -> list[int]:
    compiled = compile_program([Source("it", _checked(text))], _TAGS)
    return [int(row["op"]) for row in compiled.program.code]


def test_calculations_run_after_those_they_need_whatever_their_order() -> None:
    texts = {"third": "second + first", "second": "first * 10", "first": "a + 1"}
    for names in itertools.permutations(texts):
        sources = [Source(name, _checked(texts[name])) for name in names]
        compiled = compile_program(sources, _TAGS, conditions=[Source("third", _checked("third > 40"))])
        memory = compiled.memory()
        _evaluate(compiled, memory, [3.0, 0.0, 0.0])
        got = {name: memory.value[part.entry] for name, part in compiled.calculations.items()}
        assert got == {"first": 4.0, "second": 40.0, "third": 44.0}
        assert memory.value[compiled.conditions["third"].entry] == 1.0


def test_calculations_that_need_each_other_are_refused() -> None:
    sources = [Source("first", _checked("second + 1")), Source("second", _checked("first + 1"))]
    with pytest.raises(CycleError, match=r"first -> second -> first|second -> first -> second"):
        compile_program(sources, _TAGS)


def test_what_needs_a_bad_calculation_says_so() -> None:
    compiled = compile_program(
        [Source("first", _checked("a / b")), Source("second", _checked("first + 1"))], _TAGS
    )
    memory = compiled.memory()
    assert set(memory.quality) == {signal.BAD | signal.WAITING}
    _evaluate(compiled, memory, [1.0, 0.0, 0.0])
    assert list(memory.quality) == [
        signal.BAD | signal.NOT_A_NUMBER,
        signal.BAD | signal.NOT_A_NUMBER | signal.INPUT,
    ]
    _evaluate(compiled, memory, [1.0, 2.0, 0.0], scan=2)
    assert list(memory.value) == [0.5, 1.5]
    assert list(memory.quality) == [0, 0]


def test_entries_have_their_own_periods() -> None:
    compiled = compile_program(
        [Source("first", _checked("a")), Source("second", _checked("a"), every=3)], _TAGS
    )
    memory = compiled.memory()
    seen = []
    for scan in range(1, 8):
        _evaluate(compiled, memory, [float(scan), 0.0, 0.0], scan)
        seen.append(tuple(memory.value))
    assert seen == [(1, 1), (2, 1), (3, 3), (4, 3), (5, 3), (6, 6), (7, 6)]


def test_equal_parts_are_computed_once() -> None:
    assert _operations("(a * b) / 2 - (a * b) / 2") == [opcodes.MULTIPLY, opcodes.DIVIDE, opcodes.SUBTRACT]
    compiled = compile_program(
        [Source("it", _checked("if ton(on, 1 s) then lag(a, 1 s) else -lag(a, 1 s)"))], _TAGS
    )
    cells = opcodes.CELLS[opcodes.ON_DELAY] + opcodes.CELLS[opcodes.LAG]
    assert len(compiled.memory().cells) == cells
    assert compiled.calculations["it"][1:] == (0, cells)


def test_tables_and_constants_are_kept_once() -> None:
    compiled = compile_program(
        [Source(name, _checked("interp(a, [0, 5], [1, 7]) + 5 + 0.0")) for name in ("first", "second")], _TAGS
    )
    assert sorted(compiled.constants) == sorted([0.0, 0.0, 5.0, 1.0, 7.0, 5.0])


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("a * b + 1", ["MULTIPLY_ADD"]),
        ("1 + a * b", ["MULTIPLY_ADD"]),
        ("a * b - 1", ["MULTIPLY_SUBTRACT"]),
        ("1 - a * b", ["MULTIPLY", "SUBTRACT"]),
        ("(a + b) * 2", ["ADD_MULTIPLY"]),
        ("2 * (a - b)", ["SUBTRACT_MULTIPLY"]),
        ("(a - b) / 2", ["SUBTRACT_DIVIDE"]),
        ("2 / (a - b)", ["SUBTRACT", "DIVIDE"]),
        ("a + b + 1", ["ADD_ADD"]),
        ("a * b * 2", ["MULTIPLY_MULTIPLY"]),
        ("a", []),
        ("3", []),
        ("min(a, b, 1)", ["MINIMUM", "MINIMUM"]),
        ("mean(a, b)", ["ADD", "DIVIDE"]),
        ("median(a, b, 1)", ["COPY", "COPY", "COPY", "MEDIAN"]),
        ("hysteresis(a, 1, 2)", ["GREATER", "LESS", "SET_RESET"]),
        ("integrate(a, 1 min)", ["DIVIDE", "INTEGRATE"]),
    ],
)
def test_instructions(text: str, operations: list[str]) -> None:
    assert _operations(text) == [getattr(opcodes, name) for name in operations]


def test_two_in_one_rounds_like_two() -> None:
    compiled = compile_program([Source("it", _checked("a * b - 1"))], _TAGS)
    memory = compiled.memory()
    a, b = 1.0 + 2.0**-30, 1.0 - 2.0**-30  # the exact product is 1 - 2^-60
    _evaluate(compiled, memory, [a, b, 0.0])
    assert memory.value[0] == 0.0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_that_remember_say_so(name: str) -> None:
    function = FUNCTIONS[name]
    given = {"duration": "1 s", "one unit of time": "1 s", "condition": "on", "table": "[0, 1]", "tag": "a"}
    arguments = [given.get(parameter.accepts.value, "a") for parameter in function.parameters]
    lookup = _LOOKUP | {"a": Operand(fail_value=1.0)}
    checked = check(parse(f"{name}({', '.join(arguments)})"), lookup)
    compiled = compile_program([Source("it", checked)], _TAGS)
    assert (len(compiled.memory().cells) > 0) == function.remembers


def test_an_empty_program_does_nothing() -> None:
    compiled = compile_program([], _TAGS)
    memory = compiled.memory()
    _evaluate(compiled, memory, [1.0, 2.0, 1.0])
    assert len(memory.value) == 0


def _site() -> Site:
    device = {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True}
    unit = {
        "area": "a",
        "cell": "c",
        "tags": {
            "temp.pv": {"unit": "degC", "device": "fast"},
            "flow.pv": {"unit": "L/min", "device": "real"},
            "run": {"kind": "bool", "device": "fast"},
        },
        "calculations": {
            "late": {"expression": "ton(br1/hot, 10 s)"},
            "hot": {"expression": "br1/temp.pv > 38 degC"},
            "used": {"expression": "integrate(br1/flow.pv, 1 min)", "unit": "mL"},
            "mixed": {"expression": "lag(br1/flow.pv, 1 s) * plain(br1/temp.pv)"},
        },
        "interlocks": {
            "cool": {"when": "br1/late and br1/run", "force": {"br1/flow.pv": 0}},
        },
    }
    return Site.model_validate({
        "site": {"name": "s"},
        "gateway": {"name": "g", "scan_period": "500 ms"},
        "devices": {"fast": device, "real": device},
        "units": {"br1": unit},
        "simulation": {"speed": 30, "devices": {"fast": {"model": "bioreactor", "speed": 60}}},
    })  # fmt: skip


def test_a_sites_program() -> None:
    site = _site()
    compiled = compile_site(site)
    entries = compiled.program.entries
    speeds = {name: float(entries[part.entry]["speed"]) for name, part in compiled.calculations.items()}
    assert speeds == {"br1/hot": 60.0, "br1/late": 60.0, "br1/used": 1.0, "br1/mixed": 30.0}
    shown = {name: int(entries[part.entry]["tag"]) for name, part in compiled.calculations.items()}
    assert shown == {name: site.tag_index[name] for name in site.calculations}
    condition = entries[compiled.conditions["interlock br1/cool: condition"].entry]
    assert (condition["tag"], condition["speed"], condition["gap_ns"]) == (-1, 60.0, 5_000_000_000)


def test_a_sites_results() -> None:
    site = _site()
    compiled = compile_site(site)
    memory = compiled.memory()
    value = np.zeros(len(site.tags))
    for name, of_tag in {"br1/temp.pv": 39.0, "br1/flow.pv": 6.0, "br1/run": 1.0}.items():
        value[site.tag_index[name]] = of_tag
    quality = np.zeros(len(value), np.uint32)
    acts = []
    for scan in range(1, 4):
        evaluate(compiled.program, memory, value, quality, scan, scan * 125_000_000)
        acts.append(memory.value[compiled.conditions["interlock br1/cool: condition"].entry])
    assert acts == [0.0, 0.0, 1.0]  # 10 s of the plant are 0.17 s at its speed
    assert memory.value[compiled.calculations["br1/used"].entry] == pytest.approx(6000 / 60 * 0.25)
