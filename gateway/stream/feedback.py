"""What historians tell the gateway: how far they have the stream safe, and what they miss."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from config.site import Site
from gateway.stream import topics
from gateway.stream.cursors import Cursors
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.watermarks import Verdict

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FeedbackCounters:
    """What happened since the start."""

    watermarks: int = 0
    watermarks_refused: int = 0
    """Claims that cannot be right. The journal was not trimmed on them."""
    resend_requests: int = 0
    malformed: int = 0
    """Messages that cannot be read."""


class Feedback:
    """Takes watermarks to the journal and requests to the cursors."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        client: MqttClient,
        cursors: Cursors,
        announce: Callable[[Notice], None],
        wake: Callable[[], None],
    ) -> None:
        """Subscribe, before the client runs.

        Args:
            site: the effective configuration.
            journal: is trimmed on what is safe.
            client: where historians are heard.
            cursors: know what was sent, and send again.
            announce: told of claims that cannot be right, once each.
            wake: called when there may be something to send.
        """
        self.counters = FeedbackCounters()
        self._journal, self._cursors, self._announce, self._wake = journal, cursors, announce, wake
        self._refused: dict[tuple[str, int], tuple[Verdict, int, int]] = {}
        where = {"site": site.site.name, "gateway": site.gateway.name}
        client.subscribe(topics.Watermark.pattern(**where), self._on_watermark)
        client.subscribe(topics.Resend.pattern(**where), self._on_resend)

    def _on_watermark(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        claim = self._numbers(message, "epoch", "sequence")
        if not isinstance(topic, topics.Watermark) or claim is None:
            return
        epoch, sequence = claim
        cursors = self._cursors
        sent = cursors[topic.partition].sent if topic.partition < len(cursors) else 0
        verdict = self._journal.acknowledge(topic.historian, epoch, topic.partition, sequence, sent)
        self.counters.watermarks += 1
        if verdict.refused:
            self._refuse(topic, verdict, epoch, sequence)
        elif verdict is Verdict.ADVANCED:
            cursors.watch()
            self._wake()

    def _refuse(self, topic: topics.Watermark, verdict: Verdict, epoch: int, sequence: int) -> None:
        self.counters.watermarks_refused += 1
        key, claim = (topic.historian, topic.partition), (verdict, epoch, sequence)
        if self._refused.get(key) == claim:
            return  # retained, it comes again with each connection
        self._refused[key] = claim
        detail = (
            f"{topic.historian}, partition {topic.partition}: {sequence} of epoch {epoch} {verdict.value}"
        )
        self._announce(Notice("watermark_refused", detail))

    def _on_resend(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        request = self._numbers(message, "epoch", "from", "to")
        if not isinstance(topic, topics.Resend) or request is None:
            return
        epoch, first, last = request
        self.counters.resend_requests += 1
        cursors = self._cursors
        if epoch == self._journal.epoch and topic.partition < len(cursors) and first > 0:
            cursors[topic.partition].ask_again(first, last)
            self._wake()

    def _numbers(self, message: Inbound, *names: str) -> tuple[int, ...] | None:
        """Return whole numbers of a JSON object; None, counted, where it is something else."""
        try:
            content = orjson.loads(message.payload)
            values = tuple(content[name] for name in names)
        except (ValueError, KeyError, TypeError):
            values = ()
        if not values or not all(type(value) is int for value in values):
            self.counters.malformed += 1
            log.warning("cannot read %s", message.topic)
            return None
        return values
