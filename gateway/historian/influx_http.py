"""The two ways to write lines to a database over HTTP, each giving the server's plain answer.

Neither retries nor batches by itself: the historian's hot table is what remembers, and a library that
repeats a write by itself, or drops it after some repeats, would hide what happened.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any, Final, Protocol
from urllib.parse import quote

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from config.streams import InfluxStore as InfluxConfig
from gateway.historian.api import StoreError
from gateway.historian.influx_answers import Answer

_START_TIME: Final = re.compile(r"^process_start_time_seconds(?:\{[^}]*\})? (\S+)", re.MULTILINE)


class Connection(Protocol):
    """A way to write lines."""

    def write(self, lines: bytes, bucket: str) -> Answer:
        """Send lines to a bucket or database, and return the answer.

        Raises:
            StoreError: there was none.
        """
        ...

    def prepare(self) -> None:
        """Do what must be done once before the first write.

        Raises:
            StoreError: it cannot be done now.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


def connect(config: InfluxConfig) -> Connection:
    """Return the connection that the configuration asks for."""
    return ConnectionV2(config) if config.api == "v2" else ConnectionV1(config)


class ConnectionV2:
    """InfluxDB 2 and 3, and VictoriaMetrics, through influxdb-client: synchronous, bytes, no retries."""

    def __init__(self, config: InfluxConfig) -> None:
        self._config = config
        token = config.token.get_secret_value() if config.token else ""
        timeout_ms = round(config.timeout * 1000)
        self._open = ExitStack()
        client = self._open.enter_context(
            InfluxDBClient(config.url, token=token, org=config.org, timeout=timeout_ms, retries=False)
        )
        self._writer = self._open.enter_context(client.write_api(write_options=SYNCHRONOUS))

    def prepare(self) -> None:
        """Do nothing: buckets are made by whoever runs the server, with their retention."""

    def write(self, lines: bytes, bucket: str) -> Answer:
        """Send lines to a bucket."""
        try:
            self._writer.write(bucket, self._config.org, lines)
        except InfluxDBError as error:
            return _answer_of(error)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreError(f"{self._config.url}: {error}") from error
        return Answer(204, "")

    def close(self) -> None:
        """Let go of the connections."""
        self._open.close()


class ConnectionV1:
    """InfluxDB 1 through `/write`."""

    def __init__(self, config: InfluxConfig) -> None:
        self._config = config
        self._http = http_pool(config)

    def prepare(self) -> None:
        """Make the databases if they are not there."""
        for bucket in dict.fromkeys((self._config.bucket, self._config.events_bucket or self._config.bucket)):
            fields = {"q": f"CREATE DATABASE {identifier(bucket)}"}
            response = request(self._http, self._config, "POST", "/query", fields)
            if response.status not in (200, 401, 403):  # who may write need not be allowed to make databases
                raise StoreError(f"answer {response.status} to CREATE DATABASE")

    def write(self, lines: bytes, bucket: str) -> Answer:
        """Send lines to a database."""
        fields = {"db": bucket, "precision": "ns"}
        response = request(self._http, self._config, "POST", "/write", fields, body=lines)
        body = response.data.decode("utf-8", "replace")
        return Answer(response.status, body, _seconds(response.headers.get("Retry-After")))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.clear()


def identifier(name: str) -> str:
    """Return a name as InfluxQL writes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def http_pool(config: InfluxConfig) -> urllib3.PoolManager:
    """Return a pool of connections that neither retries nor follows."""
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=config.timeout), retries=False, maxsize=2)


def request(
    http: urllib3.PoolManager,
    config: InfluxConfig,
    method: str,
    path: str,
    fields: dict[str, str],
    body: bytes | None = None,
) -> urllib3.BaseHTTPResponse:
    """Send one request; the fields go into the address, the token into a header.

    Raises:
        StoreError: no answer.
    """
    headers = _authorization(config)
    url = config.url.rstrip("/") + path
    try:
        if body is None:
            return http.request_encode_url(method, url, fields=fields, headers=headers)
        return http.urlopen(method, f"{url}?{_encoded(fields)}", body=body, headers=headers)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreError(f"{config.url}: {error}") from error


def start_of_server(http: urllib3.PoolManager, config: InfluxConfig) -> str:
    """Return when the server's process was started, as its metrics tell.

    Raises:
        StoreError: no answer, or no such metric: then a restart, and what it lost, would go unseen.
    """
    response = request(http, config, "GET", "/metrics", {})
    match = _START_TIME.search(response.data.decode("utf-8", "replace"))
    if match is None or response.status != 200:
        raise StoreError(
            f"{config.url}/metrics does not tell when the server was started; set durable_after 0"
        )
    return match[1]


def is_influxdb(config: InfluxConfig) -> bool:
    """Tell InfluxDB, which gives its version in the answer to a ping, from VictoriaMetrics.

    Raises:
        StoreError: no answer.
    """
    http = http_pool(config)
    try:
        return "X-Influxdb-Version" in request(http, config, "GET", "/ping", {}).headers
    finally:
        http.clear()


def _authorization(config: InfluxConfig) -> dict[str, str]:
    """Return the header that says who we are: InfluxDB 1 has `user:password`, the others a token."""
    if config.token is None:
        return {}
    token = config.token.get_secret_value()
    if config.api == "v1":
        return dict(urllib3.make_headers(basic_auth=token))
    return {"Authorization": f"Token {token}"}


def _encoded(fields: dict[str, str]) -> str:
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in fields.items())


def _answer_of(error: InfluxDBError) -> Answer:
    response: Any = error.response
    if response is None:
        return Answer(0, str(error.message))
    body = response.data if isinstance(response.data, str) else response.data.decode("utf-8", "replace")
    return Answer(response.status, body, _seconds(error.retry_after))


def _seconds(retry_after: str | None) -> float:
    """Return a Retry-After in seconds; a date, or nonsense, is none."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
