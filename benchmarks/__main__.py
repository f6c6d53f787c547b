"""Run groups of benchmarks: `python -m benchmarks [GROUP ...]`, all of them when none is named.

Each benchmark prints one JSON object a line with at least `bench`, `ratio` (or `figure`), `limit`
and `holds`. The exit status is 1 when a stated limit is missed.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Callable, Iterator
from typing import Any

import orjson

GROUPS: dict[str, tuple[str, ...]] = {
    "config": ("benchmarks.bench_config",),
    "control": (
        "benchmarks.bench_control",
        "benchmarks.bench_expression",
        "benchmarks.bench_scan",
        "benchmarks.bench_replay",
    ),
    "drivers": (
        "benchmarks.bench_drivers",
        "benchmarks.bench_modbus_scale",
        "benchmarks.bench_opcua",
        "benchmarks.bench_opcua_scale",
    ),
    "hmi": ("benchmarks.bench_hmi", "benchmarks.bench_screens"),
    "stream": (
        "benchmarks.bench_stream",
        "benchmarks.bench_historian",
        "benchmarks.bench_path",
        "benchmarks.bench_hundred_million",
        "benchmarks.bench_walk",
    ),
}


def main(arguments: list[str]) -> int:
    """Run the groups and print a line for each result."""
    unknown = [name for name in arguments if name not in GROUPS]
    if unknown:
        print(f"unknown group {', '.join(unknown)}; there are: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    held = True
    for group in arguments or GROUPS:
        for module in GROUPS[group]:
            run: Callable[[], Iterator[dict[str, Any]]] = importlib.import_module(module).run
            for result in run():
                line = {"group": group, **result, "machine": platform.machine()}
                print(orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY).decode(), flush=True)
                held = held and result.get("holds") is not False
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
