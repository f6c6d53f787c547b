"""Figures for Prometheus are well formed and those of the document; `/healthz` says what is wrong."""

from __future__ import annotations

import http.client
import time
from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics.families import gateway_families, historian_families
from gateway.metrics.server import MetricsAddress, health, serving

GATEWAY: dict[str, Any] = {
    "time_ns": 0,
    "engine": {
        "scans": 1200,
        "overruns": 2,
        "reports_refused": 0,
        "lateness_p50_us": 80.0,
        "lateness_p99_us": 600.0,
        "duration_p50_us": 50.0,
    },
    "acquisition": {
        "devices": {
            "br1": {
                "state": "connected",
                "age_s": 0.25,
                "samples": 4000,
                "refused": 0,
                "written": 7,
                "write_failures": 1,
                "superseded": 3,
            },
            "fill": {
                "state": "waiting",
                "age_s": None,
                "samples": 0,
                "refused": 0,
                "written": 0,
                "write_failures": 0,
                "superseded": 0,
            },
        }
    },
    "journal": {
        "heads": {"0": 90},
        "first": {"0": 81},
        "bytes": 4096,
        "points": 5000,
        "events": 12,
        "lost": 0,
    },
    "forward": {"sent": 90, "repeated": 1, "acknowledged": 89, "refused": 0, "quarantined": 0},
    "commands": {"accepted": 3, "refused": 1},
    "loop_lag_ms": {"drivers": 1.5, "stream": 2.0},
}
HISTORIAN: dict[str, Any] = {
    "time_ns": 0,
    "well": False,
    "messages": 90,
    "points_stored": 5000,
    "duplicates": 1,
    "quarantined": 0,
    "shed": 0,
    "commits": 40,
    "gaps": 1,
    "resends_asked": 1,
    "given_up": 0,
    "hot": {"waiting_for_store": 8},
    "store": {"trouble": "no answer", "messages_written": 82},
}


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and label values, as Prometheus reads it."""
    families = text_string_to_metric_families(text.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_gateway_serves_its_figures() -> None:
    with serving(MetricsAddress("127.0.0.1", 0), lambda: GATEWAY, gateway_families) as port:
        status, text = get(port, "/metrics")
        assert get(port, "/else")[0] == 404
    assert status == 200
    found = samples(text)
    assert found["cellgate_scans_total",] == 1200
    assert found["cellgate_scan_lateness_seconds", "0.99"] == pytest.approx(600e-6)
    assert found["cellgate_device_connected", "br1"] == 1
    assert found["cellgate_device_connected", "fill"] == 0
    assert ("cellgate_device_age_seconds", "fill") not in found
    assert found["cellgate_device_write_failures_total", "br1"] == 1
    assert found["cellgate_journal_waiting", "0"] == 10
    assert found["cellgate_commands_total", "refused"] == 1
    assert found["cellgate_loop_lag_seconds", "drivers"] == pytest.approx(0.0015)


def test_a_historian_serves_its_figures() -> None:
    with serving(MetricsAddress("127.0.0.1", 0), lambda: HISTORIAN, historian_families) as port:
        found = samples(get(port, "/metrics")[1])
    assert found["cellgate_historian_well",] == 0
    assert found["cellgate_historian_store_well",] == 0
    assert found["cellgate_historian_waiting_for_store",] == 8
    assert found["cellgate_historian_points_stored_total",] == 5000


def test_before_the_first_document_there_are_no_figures_and_it_is_not_well() -> None:
    with serving(MetricsAddress("127.0.0.1", 0), dict, gateway_families) as port:
        assert get(port, "/metrics") == (200, b"")
        status, told = get(port, "/healthz")
    assert (status, orjson.loads(told)["why"]) == (503, "starting")


def test_a_document_that_is_old_is_not_well() -> None:
    now_ns = time.time_ns()
    assert health(GATEWAY | {"time_ns": now_ns - 10**9}, now_ns)[0]
    well, told = health(GATEWAY | {"time_ns": now_ns - 30 * 10**9}, now_ns)
    assert (well, told["why"]) == (False, "nothing new for 30 s")
    assert not health(HISTORIAN | {"time_ns": now_ns}, now_ns)[0]


def test_nobody_asked_for_figures() -> None:
    with serving(None, dict, gateway_families) as port:
        assert port == 0
