"""Logging set-up: one line an event, time in UTC, facts as `key=value`, secrets never.

What is logged is a change of state (lost, restored, refused), never each cycle of a normal one.
"""

from __future__ import annotations

import logging
import sys
import time

_NOISY = ("pymodbus", "numba", "matplotlib", "influxdb_client", "urllib3", "paho")


def set_up(level: str = "INFO", process: str = "cellgate") -> None:
    """Send the log to stderr; libraries only from WARNING up (their INFO costs a core)."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        f"%(asctime)s.%(msecs)03dZ {process} %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every revised timeout and every service fault; the driver says what matters.
    logging.getLogger("asyncua").setLevel(logging.ERROR)
