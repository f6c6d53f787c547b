"""What `doctor` says of a database: is it there, does it take us, and what will it not keep."""

from __future__ import annotations

from config.streams import InfluxStore as InfluxConfig
from gateway.historian.api import StoreError
from gateway.historian.influx_answers import Verdict, judge
from gateway.historian.influx_http import connect, http_pool, is_influxdb, start_of_server


def probe(config: InfluxConfig) -> tuple[bool, str]:
    """Return whether the database can be used, and a sentence about it.

    Writes one point of measurement `cellgate_probe`: nothing less tells whether a token may write.
    """
    connection = connect(config)
    try:
        connection.prepare()
        line = b"cellgate_probe ok=1i 1000000000\n"
        judgement = judge(connection.write(line, config.bucket), [line])
        if judgement.verdict is not Verdict.TAKEN:
            return False, f"{config.url}: {judgement.reason}"
        return _what_it_keeps(config)
    except StoreError as error:
        return False, str(error)
    finally:
        connection.close()


def _what_it_keeps(config: InfluxConfig) -> tuple[bool, str]:
    where = f"{config.url}, bucket {config.bucket}"
    if is_influxdb(config):
        return True, f"{where}: InfluxDB, keeps every bit and nanosecond"
    lossy = "VictoriaMetrics, keeps milliseconds and about 12 digits, no texts, no contexts, no events"
    if not config.durable_after:
        return False, f"{where}: {lossy}; it forgets the last seconds when killed: set durable_after: 60 s"
    http = http_pool(config)
    try:
        start_of_server(http, config)
    finally:
        http.clear()
    return True, f"{where}: {lossy}; needs -dedup.minScrapeInterval=1ms"
