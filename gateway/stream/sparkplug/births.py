"""Births and deaths: what an edge node and its devices are, with every value as it is now. Pure.

A metric without a value is null, and its quality says why. Metrics stand in the order of their times,
as the specification wants it. Whatever a birth shows is noted in `Shown`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from config.site import Site
from control.image import Image
from control.signal import Text
from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.encode import encode
from drivers.sparkplug.payload import Metric, Payload
from drivers.sparkplug.schema import PayloadMessage
from gateway.stream.sparkplug.layout import NODE, Instance, Layout, ShownDevice
from gateway.stream.sparkplug.shown import Shown, Value, put_sample
from gateway.stream.sparkplug.templates import Definition

REBIRTH: Final = "Node Control/Rebirth"
BD_SEQ: Final = "bdSeq"
Sample = tuple[Value, int, int]
"""Value, source time in ns (0: there is none) and quality."""


def death(bd_seq: int, now_ms: int) -> bytes:
    """Return an NDEATH: it has no sequence number, and one metric."""
    return encode(Payload([Metric(BD_SEQ, bd_seq, Datatype.INT64, timestamp=now_ms)], now_ms))


class Births:
    """Makes the births of one layout."""

    def __init__(
        self, site: Site, layout: Layout, image: Callable[[], Image], text: Callable[[int], Text | None]
    ) -> None:
        """Take where present values are: the engine's image, and the latest text of a tag."""
        self._layout, self._image, self._text = layout, image, text
        self._units = [tag.unit for tag in site.tags.values()]
        self._textual = [tag.kind.value == "text" for tag in site.tags.values()]

    def node(self, bd_seq: int, now_ms: int, shown: Shown) -> Any:
        """Return the NBIRTH, as a protobuf message without its sequence number."""
        message = PayloadMessage(timestamp=now_ms)
        self._put_all(message, NODE, now_ms, shown)
        first_ms = message.metrics[0].timestamp if message.metrics else now_ms
        whole = PayloadMessage(timestamp=now_ms)
        for definition in self._layout.definitions:
            _put_definition(whole, definition, min(first_ms, now_ms))
        whole.metrics.extend(message.metrics)
        last_ms = max(now_ms, message.metrics[-1].timestamp if message.metrics else 0)
        whole.metrics.add(name=BD_SEQ, datatype=Datatype.INT64, timestamp=last_ms).long_value = bd_seq
        control = whole.metrics.add(name=REBIRTH, datatype=Datatype.BOOLEAN, timestamp=last_ms)
        control.boolean_value = False
        return whole

    def device(self, device: int, now_ms: int, shown: Shown) -> Any:
        """Return a DBIRTH, as a protobuf message without its sequence number."""
        message = PayloadMessage(timestamp=now_ms)
        self._put_all(message, device, now_ms, shown)
        return message

    def sample(self, tag: int, image: Image) -> Sample:
        """Return a tag's present sample."""
        text = self._text(tag)
        if text is not None and (self._textual[tag] or text.source_ns >= image.source_ns[tag]):
            return text.value, text.source_ns, text.quality
        value = float(image.value[tag])
        return None if math.isnan(value) else value, int(image.source_ns[tag]), int(image.quality[tag])

    def present(self, tag: int) -> Sample:
        """Return a tag's present sample, from a look at the image of its own."""
        return self.sample(tag, self._image())

    def _put_all(self, message: Any, device: int, now_ms: int, shown: Shown) -> None:
        image = self._image()
        samples = {tag: self.sample(tag, image) for tag in self._layout.tags_of(device)}
        for stamp_ms, item in _timed(self._layout.devices[device], samples, now_ms):
            metric = message.metrics.add(timestamp=stamp_ms)
            if isinstance(item, Instance):
                self._put_instance(metric, item, samples, now_ms)
            else:
                self._put_metric(metric, item, samples[item])
        for tag, (value, source_ns, quality) in samples.items():
            shown.take(tag, value, source_ns, quality)

    def _put_metric(self, metric: Any, tag: int, sample: Sample) -> None:
        layout = self._layout
        metric.name, metric.datatype = layout.names[tag], layout.datatypes[tag]
        if layout.with_aliases and tag not in layout.instance_of:
            metric.alias = layout.alias(tag)
        put_sample(metric, layout.datatypes[tag], sample[0], sample[2])
        if self._units[tag]:
            metric.properties.keys.append("engUnit")
            metric.properties.values.add(type=Datatype.STRING).string_value = self._units[tag]

    def _put_instance(self, metric: Any, instance: Instance, samples: dict[int, Sample], now_ms: int) -> None:
        metric.name, metric.datatype = instance.name, Datatype.TEMPLATE
        if self._layout.with_aliases:
            metric.alias = instance.alias
        template = metric.template_value
        template.is_definition, template.template_ref = False, instance.definition.name
        for name, value in instance.parameters:
            template.parameters.add(name=name, type=Datatype.STRING).string_value = value
        members: Iterator[tuple[int, int]] = ((_ms(samples[tag], now_ms), tag) for tag in instance.tags)
        for stamp_ms, tag in sorted(members):
            self._put_metric(template.metrics.add(timestamp=stamp_ms), tag, samples[tag])


def _ms(sample: Sample, now_ms: int) -> int:
    """Return a sample's time in ms; what never had a value is null from now on."""
    return sample[1] // 1_000_000 if sample[1] > 0 else now_ms


def _timed(what: ShownDevice, samples: Mapping[int, Sample], now_ms: int) -> list[tuple[int, int | Instance]]:
    """Return the metrics of a device, tags and instances, each with its time in ms, in their order."""
    timed: list[tuple[int, int | Instance]] = [(_ms(samples[tag], now_ms), tag) for tag in what.tags]
    timed += [(max(_ms(samples[t], now_ms) for t in made.tags), made) for made in what.instances]
    return sorted(timed, key=lambda item: item[0])


def _put_definition(message: Any, definition: Definition, stamp_ms: int) -> None:
    metric = message.metrics.add(name=definition.name, datatype=Datatype.TEMPLATE, timestamp=stamp_ms)
    template = metric.template_value
    template.is_definition = True
    for name, kind in definition.members:
        template.metrics.add(name=name, datatype=kind, is_null=True, timestamp=stamp_ms)
    for name in definition.parameters:
        template.parameters.add(name=name, type=Datatype.STRING)
