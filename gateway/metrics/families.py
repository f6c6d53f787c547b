"""What the documents that services make about themselves are called in Prometheus.

Names follow its conventions: base units, `_total` for what only grows. Times of scans are summaries
with fixed quantiles over the latest scans, computed by the gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_QUANTILES = {"p50": "0.5", "p99": "0.99", "p100": "1"}


def gateway_families(document: dict[str, Any]) -> Iterator[Metric]:
    """Yield a gateway's figures."""
    engine = document["engine"]
    yield _counter("cellgate_scans", "Scans of the engine.", engine.get("scans", 0))
    yield _counter(
        "cellgate_scan_overruns", "Periods missed because a scan took too long.", engine["overruns"]
    )
    yield _counter(
        "cellgate_reports_refused", "Reports refused because their ring was full.", engine["reports_refused"]
    )
    for what, text in (("lateness", "How late scans began."), ("duration", "How long scans took.")):
        family = GaugeMetricFamily(f"cellgate_scan_{what}_seconds", text, labels=["quantile"])
        for key, quantile in _QUANTILES.items():
            if (value := engine.get(f"{what}_{key}_us")) is not None:
                family.add_metric([quantile], value * 1e-6)
        yield family
    yield from _devices(document["acquisition"]["devices"])
    yield from _journal(document["journal"])
    forward = document["forward"]
    for key, text in (
        ("sent", "Messages handed to the broker's connection, repetitions included."),
        ("repeated", "Messages sent again."),
        ("acknowledged", "Messages that the broker acknowledged."),
        ("refused", "Messages that the broker did not take at the time."),
        ("quarantined", "Messages that no broker takes, set aside."),
    ):
        yield _counter(f"cellgate_messages_{key}", text, forward[key])
    commands = CounterMetricFamily(
        "cellgate_commands", "Commands by what became of them.", labels=["verdict"]
    )
    for verdict, count in document["commands"].items():
        commands.add_metric([verdict], count)
    yield commands
    lag = GaugeMetricFamily("cellgate_loop_lag_seconds", "Worst lag of an event loop.", labels=["loop"])
    for loop, lag_ms in document["loop_lag_ms"].items():
        lag.add_metric([loop], lag_ms * 1e-3)
    yield lag


def _devices(devices: dict[str, dict[str, Any]]) -> Iterator[Metric]:
    up = GaugeMetricFamily("cellgate_device_connected", "1 while a device is connected.", labels=["device"])
    age = GaugeMetricFamily(
        "cellgate_device_age_seconds", "Time since the last good sample of a device.", labels=["device"]
    )
    for name, device in devices.items():
        up.add_metric([name], float(device["state"] == "connected"))
        if device["age_s"] is not None:
            age.add_metric([name], device["age_s"])
    yield up
    yield age
    for key, text in (
        ("samples", "Samples read from a device."),
        ("refused", "Samples refused because the engine's inbox was full."),
        ("written", "Values written to a device."),
        ("write_failures", "Values that a device did not take."),
        ("superseded", "Values replaced by newer ones before they were written."),
    ):
        family = CounterMetricFamily(f"cellgate_device_{key}", text, labels=["device"])
        for name, device in devices.items():
            family.add_metric([name], device[key])
        yield family


def _journal(journal: dict[str, Any]) -> Iterator[Metric]:
    yield GaugeMetricFamily("cellgate_journal_bytes", "Size of what the journal holds.", journal["bytes"])
    yield _counter("cellgate_journal_points", "Reports journalled.", journal["points"])
    yield _counter("cellgate_journal_events", "Events journalled.", journal["events"])
    yield _counter(
        "cellgate_journal_lost", "Records dropped for room or age that were still wanted.", journal["lost"]
    )
    waiting = GaugeMetricFamily(
        "cellgate_journal_waiting",
        "Messages that some required consumer does not have yet.",
        labels=["partition"],
    )
    for partition, head in journal["heads"].items():
        waiting.add_metric([partition], head + 1 - journal["first"].get(partition, 1))
    yield waiting


def historian_families(document: dict[str, Any]) -> Iterator[Metric]:
    """Yield a historian's figures."""
    yield GaugeMetricFamily(
        "cellgate_historian_well", "1 while nothing is the matter.", float(document["well"])
    )
    for key, text in (
        ("messages", "Messages taken."),
        ("points_stored", "Points in messages that are committed."),
        ("duplicates", "Messages that came again and were discarded."),
        ("quarantined", "Messages and lines set aside."),
        ("shed", "Messages not taken because the hot table was full; they come again."),
        ("commits", "Commits of the hot table."),
        ("resends_asked", "Gaps asked for again."),
        ("given_up", "Sequences that will never come."),
    ):
        yield _counter(f"cellgate_historian_{key}", text, document[key])
    yield GaugeMetricFamily("cellgate_historian_gaps", "Gaps that are open now.", document["gaps"])
    waiting = document["hot"]["waiting_for_store"]
    yield GaugeMetricFamily(
        "cellgate_historian_waiting_for_store", "Messages that the store has not yet.", waiting
    )
    store = document["store"]
    yield GaugeMetricFamily(
        "cellgate_historian_store_well",
        "1 while the store takes what it is given.",
        float(not store["trouble"]),
    )
    yield _counter("cellgate_historian_written", "Messages written to the store.", store["messages_written"])


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value)
