"""InfluxDB (1, 2, 3) or VictoriaMetrics as the historian's store: the message's own lines, in one POST.

Batching, waiting and repeating are the historian's, by its hot table and cursor; here a write is tried
once, and its answer understood. Writing the same lines again is harmless: equal points overwrite each
other (VictoriaMetrics: with deduplication on, see `docs/reference/stores.md`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from config.streams import InfluxStore as InfluxConfig
from gateway.historian.api import Appetite, Message, Outcome, Rejected, StoreError
from gateway.historian.decoding import decode_events
from gateway.historian.influx_answers import Answer, Verdict, judge
from gateway.historian.influx_http import connect, http_pool, start_of_server
from gateway.historian.influx_lines import Line, Piece, body, event_line, is_whole, split
from gateway.stream.records import Kind

_log = logging.getLogger(__name__)

_WAIT_S = 0.25
_NO_HEADER = "no header: its row in the hot table has changed on the disk"


class _Kept(Exception):
    """The database takes nothing now."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class InfluxStore:
    """Writes to a bucket or database; events to one of their own where they have it. One thread at a time."""

    def __init__(self, config: InfluxConfig) -> None:
        self.name = f"{config.api} {config.url} {config.bucket}"
        self.appetite = Appetite(points=config.max_points, wait_s=_WAIT_S, most=config.max_points)
        self.durable_after_s = config.durable_after
        self._config = config
        self._connection = connect(config)
        self._http = http_pool(config)
        self._prepared = False

    def write(self, messages: Sequence[Message]) -> Outcome:
        """Write the messages' lines; on a refusal find out which lines it was about."""
        events, rejected = decode_events(messages)
        telemetry = [message for message in messages if message.kind is Kind.TELEMETRY]
        pieces: list[Piece] = [(message, body(message)) for message in telemetry if is_whole(message)]
        rejected += [
            Rejected(message, _NO_HEADER, message.data) for message in telemetry if not is_whole(message)
        ]
        pieces += [(message, event_line(message, event)) for message, event in events]
        try:
            self._prepare()
            apart = self._config.events_bucket
            refused = self._put(
                pieces if apart is None else pieces[: len(pieces) - len(events)], self._config.bucket
            )
            if apart is not None:
                refused += self._put(pieces[len(pieces) - len(events) :], apart)
        except StoreError as error:
            return Outcome(0, keep=str(error))
        except _Kept as kept:
            return Outcome(0, keep=str(kept), wait_s=kept.wait_s)
        if refused:
            rejected += [Rejected(line.message, reason, line.data) for line, reason in refused]
            _log.warning("the database refuses %d lines", len(refused))
        return Outcome(len(messages), rejected)

    def generation(self) -> str:
        """Return when the server's process was started."""
        return start_of_server(self._http, self._config)

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()
        self._http.clear()

    def _prepare(self) -> None:
        if not self._prepared:
            self._connection.prepare()
            self._prepared = True

    def _put(self, pieces: Sequence[Piece], bucket: str) -> list[tuple[Line, str]]:
        """Write pieces of messages to a bucket; return the lines that are refused for good."""
        answer = self._post(b"".join(piece for _, piece in pieces), bucket)
        return [] if 200 <= answer.status < 300 else self._settle(split(pieces), answer, bucket)

    def _post(self, lines: bytes, bucket: str) -> Answer:
        return self._connection.write(lines, bucket) if lines else Answer(204, "")

    def _settle(self, lines: Sequence[Line], answer: Answer, bucket: str) -> list[tuple[Line, str]]:
        """Return the lines that are refused for good, once all others are stored.

        Raises:
            StoreError: no answer to one of the writes that this takes.
            _Kept: the database takes nothing now.
        """
        judgement = judge(answer, [line.data for line in lines])
        if judgement.verdict is Verdict.TAKEN:
            return []
        if judgement.verdict is Verdict.KEEP:
            self._prepared = answer.status != 404
            raise _Kept(judgement.reason, answer.retry_after_s)
        if len(lines) == 1:
            return [(lines[0], judgement.reason)]
        bad = judgement.bad or {}
        refused = [(lines[place], reason) for place, reason in bad.items()]
        if judgement.settled:
            return refused
        rest = [line for place, line in enumerate(lines) if place not in bad]
        middle = len(rest) if bad else len(rest) // 2
        for part in (rest[:middle], rest[middle:]):
            if part:
                again = self._post(b"".join(line.data + b"\n" for line in part), bucket)
                refused += self._settle(part, again, bucket)
        return refused
