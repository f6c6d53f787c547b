"""Killing any process at any time loses nothing that was journalled, and doubles nothing.

One scenario with real processes: broker, historian and gateway are killed (SIGKILL) while data flow,
each comes back, and in the end the store is compared, point by point, with an untrimmed copy of what
the gateway journalled.
"""

from __future__ import annotations

import asyncio
import time

from gateway.completeness import reconcile
from gateway.demo.plant import Plant
from gateway.ledger.ledger import keep_ledger
from gateway.ledger.spans import GATEWAY_DOWN, State
from tests.system.conftest import Running, until


async def test_killing_broker_historian_and_gateway_loses_and_doubles_nothing(running: Running) -> None:
    plant, view, began_ns = running.plant, running.view, time.time_ns()
    await until(running.has_all, 20.0, "the historian keeps up")

    scans, moment = running.scans(), time.monotonic()
    await plant.broker.kill()
    await asyncio.sleep(2.0)
    await plant.broker.start()
    await until(lambda: running.scans() > scans, 20.0, "the gateway is back on the broker")
    await until(running.has_all, 20.0, "the historian has what the broker's death held up")
    _loops_kept_running(running, scans, moment)

    scans, moment = running.scans(), time.monotonic()
    await plant.historian.kill()
    await asyncio.sleep(2.0)
    await plant.historian.start()
    await until(running.has_all, 30.0, "the historian has caught up")
    _loops_kept_running(running, scans, moment)

    before = plant.last_sequences()
    await plant.gateway.kill()
    await plant.gateway.start()
    await until(
        lambda: any(s > before.get(p, 0) + 5 for p, s in plant.last_sequences().items()),
        30.0,
        "the gateway goes on",
    )
    await until(running.has_all, 30.0, "the historian has everything")
    assert view.malformed == 0

    await plant.gateway.stop()
    await until(running.has_all, 20.0, "the last reports")
    await plant.historian.stop()
    verdict = await asyncio.to_thread(
        reconcile, plant.data / "tap", plant.site, plant.site.streams.historians[0], plant.data
    )
    assert verdict.journalled > 3000
    assert (verdict.missing, verdict.altered, verdict.doubled) == (0, 0, 0)
    await asyncio.to_thread(_the_ledger_agrees, plant, began_ns)


def _the_ledger_agrees(plant: Plant, began_ns: int) -> None:
    """No message is missing, and the time without a gateway is known to be that."""
    ledger = keep_ledger(plant.site, plant.data, ["br1/do.pv"], began_ns, time.time_ns(), 3600 * 10**9)
    assert (ledger.unexplained, ledger.waiting) == (0, 0), ledger.runs
    assert ledger.runs is not None
    assert sum(run.stored for run in ledger.runs) > 100
    assert all(run.holes == () for run in ledger.runs)
    (account,) = ledger.tags["br1/do.pv"]
    assert account.causes[GATEWAY_DOWN] > 0.1
    assert account.seconds[State.GOOD] > 5.0


def _loops_kept_running(running: Running, scans: int, moment: float) -> None:
    """As many scans as there were periods: an outage of the stream is nothing to the engine."""
    elapsed_s = time.monotonic() - moment
    period_s = running.plant.site.gateway.scan_period
    assert running.scans() - scans > 0.7 * (elapsed_s - 2.0) / period_s
