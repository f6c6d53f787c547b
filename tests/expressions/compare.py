"""The compiled kernel beside plain Python, scan after scan."""

from __future__ import annotations

from config.expressions import Expression
from config.expressions.printer import to_text
from config.expressions.syntax import Node
from control import signal
from control.signal import describe_quality
from tests.expressions.oracle import Oracle, Sample
from tests.expressions.rig import Rig
from tests.expressions.trees import Trees

GAP_S = 10.0


def compare(root: Node, trees: Trees, *, steps: int) -> None:
    """Assert that both give the same quality at every step, and the same value unless it is bad."""
    text, speed = to_text(root), trees.random.choice((1.0, 2.0))
    rig, oracle = Rig(Expression(text, root), speed=speed), Oracle(root)
    for step in range(steps):
        elapsed_s, samples = trees.elapsed_s(), trees.samples()
        got = rig.step(elapsed_s, **samples)
        first = step == 0
        wanted = oracle.step(samples, 0.0 if first else elapsed_s * speed, gap=first or elapsed_s > GAP_S)
        assert _alike(got, wanted), (
            f"step {step} of {text}: {describe_quality(got.word)}, wanted {describe_quality(wanted.word)}"
        )
        assert wanted.bad or got.value == wanted.value, f"step {step} of {text}"


def _alike(got: Sample, wanted: Sample) -> bool:
    """Compare qualities.

    Two operations in one instruction do not tell whether the first alone had no finite result when
    the second is bad for another reason as well.
    """
    difference = got.reasons ^ wanted.reasons
    if got.bad and wanted.bad and signal.NOT_A_NUMBER in difference:
        return difference <= {signal.NOT_A_NUMBER, signal.WAITING}
    return got.word == wanted.word
