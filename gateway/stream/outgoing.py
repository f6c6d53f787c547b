"""A journal's record as the MQTT message that carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.stream import topics
from gateway.stream.events import with_header
from gateway.stream.line_protocol import Header, Prefixes, UnfitName, encode, prefixes
from gateway.stream.records import DamagedRecord, Dictionary, Kind, Record, unpack


class Unsendable(Exception):
    """A record that no message can be made of; the text says why."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What is needed of a configuration to write its messages."""

    fingerprint: str
    prefixes: Prefixes
    topics: dict[tuple[Kind, str, int], str]
    """Topics made so far, by kind, unit and partition."""
    dictionary: Dictionary


class MessageMaker:
    """Makes messages for one gateway."""

    def __init__(self, site: str, gateway: str, dictionary: Callable[[int], Awaitable[Dictionary]]) -> None:
        """Take the first levels of the topics, and who knows the journal's dictionaries."""
        self._site, self._gateway = site, gateway
        self._dictionary = dictionary
        self._words: dict[int, _Words] = {}

    async def message(self, record: Record, epoch: int) -> tuple[str, bytes]:
        """Return topic and payload.

        Raises:
            Unsendable: the record is damaged, or a name in it cannot be sent.
        """
        try:
            words = await self._words_of(record.dictionary)
            topic = self._topic(words, record)
            if record.kind is Kind.EVENT:
                return topic, with_header(record.data, epoch, record.partition, record.sequence)
            header = Header(
                self._gateway, record.partition, epoch, record.sequence, record.created_ns, words.fingerprint
            )
            return topic, encode(header, unpack(record.data), words.prefixes, record.context)
        except (DamagedRecord, UnfitName, topics.TopicError, KeyError, IndexError, ValueError) as error:
            raise Unsendable(f"{type(error).__name__}: {error}") from error

    def forget(self) -> None:
        """Forget the dictionaries: there is a new journal."""
        self._words.clear()

    async def _words_of(self, number: int) -> _Words:
        words = self._words.get(number)
        if words is None:
            dictionary = await self._dictionary(number)
            words = _Words(dictionary.fingerprint, prefixes(dictionary.names), {}, dictionary)
            self._words[number] = words
        return words

    def _topic(self, words: _Words, record: Record) -> str:
        key = (record.kind, record.unit, record.partition)
        topic = words.topics.get(key)
        if topic is None:
            topic = words.topics[key] = str(self._new_topic(words.dictionary, record))
        return topic

    def _new_topic(self, dictionary: Dictionary, record: Record) -> topics.Topic:
        if record.unit == topics.GATEWAY_LEVEL:
            return topics.GatewayEvent(self._site, self._gateway, record.partition)
        area, cell = dictionary.places[record.unit]
        kind = topics.UnitEvent if record.kind is Kind.EVENT else topics.Telemetry
        return kind(self._site, area, cell, record.unit, self._gateway, record.partition)
