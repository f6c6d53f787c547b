"""A small web server beside a service: `/metrics` for Prometheus, `/healthz` for whoever restarts things.

It runs in a thread of its own and only reads the document that the service makes about itself each
second, so a slow or hostile reader disturbs nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

Document = dict[str, Any]
_STALE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Where the figures are served."""

    host: str
    port: int


class _FromDocument(Collector):
    def __init__(
        self, document: Callable[[], Document], families: Callable[[Document], Iterable[Metric]]
    ) -> None:
        self._document, self._families = document, families

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of the latest document; none before the first."""
        document = self._document()
        if document:
            yield from self._families(document)


def health(document: Document, now_ns: int) -> tuple[bool, Document]:
    """Return whether a service is well by its own latest document, and what to tell."""
    if not document:
        return False, {"well": False, "why": "starting"}
    age_s = (now_ns - int(document["time_ns"])) / 1e9
    if age_s > _STALE_S:
        return False, {**document, "well": False, "why": f"nothing new for {age_s:.0f} s"}
    return bool(document.get("well", True)), {"well": True, **document}


@contextlib.contextmanager
def serving(
    address: MetricsAddress | None,
    document: Callable[[], Document],
    families: Callable[[Document], Iterable[Metric]],
) -> Iterator[int]:
    """Serve while inside; yields the port, 0 where nothing is served.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    if address is None:
        yield 0
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromDocument(document, families))

    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_GET(self) -> None:
            """Answer one request."""
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                well, told = health(document(), time.time_ns())
                self._answer(200 if well else 503, "application/json", orjson.dumps(told))
            else:
                self._answer(404, "text/plain", b"/metrics or /healthz\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet: who reads figures is no news."""

    server = ThreadingHTTPServer((address.host, address.port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="metrics")
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
