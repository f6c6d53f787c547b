"""Calculations: run the program of the site's expressions, and give their tags the results."""

from __future__ import annotations

from control.image import Image
from control.kernels.expression import evaluate
from control.kernels.jit import part
from control.program import Memory, Program
from control.rings import RingArrays
from control.stages.reports import Counters, publish
from control.state import Tags


@part
def calculate(
    program: Program,
    memory: Memory,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Evaluate calculations and conditions; conditions have no tag to show."""
    evaluate(program, memory, image.value, image.quality, counters[0]["scan"], now_ns)
    for e in range(len(program.entries)):
        tag = int(program.entries[e]["tag"])
        if tag >= 0:
            quality = int(memory.quality[e])
            publish(image, tags, reports, counters, tag, memory.value[e], quality, now_ns, utc_ns)
