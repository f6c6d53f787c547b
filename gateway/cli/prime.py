"""`cellgate prime`: compile ahead of the first start."""

from __future__ import annotations

import time

from rich.console import Console


def prime() -> None:
    """Compile the engine and the drivers' decoders into the cache, so that the first start is quick."""
    from control import cache, engine
    from drivers import registry

    console = Console(highlight=False)
    began = time.monotonic()
    with console.status("compiling control kernels and decoders (about a minute, once) ..."):
        engine.prime()
        for driver in registry.available():
            registry.prepare(driver)
    console.print(f"compiled kernels are ready in {cache.folder()} ({time.monotonic() - began:.1f} s)")
