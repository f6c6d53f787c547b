"""An expression in the compiled kernel, evaluated step by step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from config.expressions import Expression, Operand, check, parse
from config.tags import TagKind
from control.bytecode import Source, compile_program
from control.kernels.expression import evaluate
from tests.expressions.oracle import Sample
from tests.expressions.trees import CONDITIONS, NUMBERS

LOOKUP = {
    **{name: Operand(TagKind.NUMBER) for name in NUMBERS},
    **{name: Operand(TagKind.BOOL) for name in CONDITIONS},
}
TAGS = {name: index for index, name in enumerate(LOOKUP)}
START_NS = 5_000_000_000


class Rig:
    """One expression, with an image of its own and a clock that the test moves."""

    def __init__(
        self,
        expression: str | Expression,
        lookup: Mapping[str, Operand] = LOOKUP,
        *,
        speed: float = 1.0,
        unit: str = "",
    ) -> None:
        parsed = parse(expression) if isinstance(expression, str) else expression
        self.checked = check(parsed, lookup, unit=unit)
        self.tags = {name: index for index, name in enumerate(lookup)}
        self.compiled = compile_program(
            [Source("it", self.checked, speed=speed)], self.tags, scan_period_s=1.0
        )
        self.memory = self.compiled.memory()
        self.value = np.zeros(len(self.tags))
        self.quality = np.zeros(len(self.tags), np.uint32)
        self.now_ns = START_NS
        self.scan = 0

    def set(self, **samples: Sample | float) -> None:
        """Give tags their samples; a number is a good one."""
        for name, sample in samples.items():
            given = sample if isinstance(sample, Sample) else Sample(float(sample))
            self.value[self.tags[name]] = given.value
            self.quality[self.tags[name]] = given.word

    def step(self, elapsed_s: float = 0.0, /, **samples: Sample | float) -> Sample:
        """Evaluate once, so long after the time before, with these tags changed; return the result."""
        self.set(**samples)
        self.now_ns += round(elapsed_s * 1e9)
        self.scan += 1
        with np.errstate(all="ignore"):  # without compilation NumPy warns of what the kernel checks for
            evaluate(self.compiled.program, self.memory, self.value, self.quality, self.scan, self.now_ns)
        return result(float(self.memory.value[0]), int(self.memory.quality[0]))


def result(value: float, quality: int) -> Sample:
    """Return a result with its quality taken apart."""
    reasons = frozenset(1 << bit for bit in range(30) if quality >> bit & 1)
    return Sample(value, quality >> 30, reasons)
