"""`cellgate prime`: compile ahead of the first start."""

from __future__ import annotations

import time

from rich.console import Console


def prime() -> None:
    """Compile the engine, decoders and the stream's kernels into the cache: the first start is quick then."""
    from control import cache, engine
    from drivers import registry
    from gateway.kernels import ready

    console = Console(highlight=False)
    began = time.monotonic()
    with console.status("compiling control kernels and decoders (about a minute, once) ..."):
        engine.prime()
        for driver in registry.available():
            registry.prepare(driver)
        ready.prepare_writing()
        ready.prepare_keeping()
    console.print(f"compiled kernels are ready in {cache.folder()} ({time.monotonic() - began:.1f} s)")
