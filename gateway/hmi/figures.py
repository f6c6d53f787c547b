"""The screens' own figures: `/metrics` for Prometheus and `/healthz`, without a login and without values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Response
from nicegui import Client
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.hmi.desk import Desk
from gateway.hmi.live import Link


def register_figures(application: FastAPI, desk: Desk) -> None:
    """Add both addresses to the pages' web server."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(desk))

    @application.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @application.get("/healthz")
    def health(response: Response) -> dict[str, Any]:
        well = desk.live.link is Link.LIVE
        response.status_code = 200 if well else 503
        return {"well": well, "link": desk.live.link.value}


class _Figures(Collector):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Yield what the screens are like now."""
        live = self._desk.live
        yield GaugeMetricFamily(
            "cellgate_hmi_live", "1 while values come from a running gateway.", float(live.link is Link.LIVE)
        )
        yield GaugeMetricFamily("cellgate_hmi_browsers", "Pages that are open.", len(Client.instances))
        yield GaugeMetricFamily("cellgate_hmi_tags", "Tags with a live value.", len(live.subscriber.values))
        events = CounterMetricFamily("cellgate_hmi_events", "Events received.", labels=["type"])
        for kind, count in live.subscriber.event_counts.items():
            events.add_metric([kind], count)
        yield events
        logins = CounterMetricFamily(
            "cellgate_hmi_logins", "What was done to logins and sessions.", labels=["act", "outcome"]
        )
        for labels, count in self._desk.record.counts.items():
            logins.add_metric(list(labels), count)
        yield logins
