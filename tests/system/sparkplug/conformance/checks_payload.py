"""Checks of messages: topics, flags, names, metrics, values, properties, templates, data sets."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.system.sparkplug.conformance.capture import Message, Session, Setup, covers
from tests.system.sparkplug.conformance.wire import Metric, Template

_DEVICE_KINDS = ("DBIRTH", "DDATA", "DDEATH")
_NODE_KINDS = ("NBIRTH", "NDATA", "NDEATH")
_BIRTHS = ("NBIRTH", "DBIRTH")
_DATA = ("NDATA", "DDATA")
_FIELD_OF = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7), 10),
    **dict.fromkeys((4, 8, 13), 11),
    9: 12, 10: 13, 11: 14,
    **dict.fromkeys((12, 14, 15), 15),
    16: 17, 17: 16, 18: 16, 19: 18,
    **dict.fromkeys(range(22, 35), 16),
}  # fmt: skip
"""Field of a metric that carries each datatype."""
_SIMPLE = range(1, 16)
_FORBIDDEN = set("+/#")
REBIRTH = "Node Control/Rebirth"


def _messages(found: list[Session], *kinds: str) -> Iterator[Message]:
    for session in found:
        yield from session.of(*kinds) if kinds else session.messages


@covers(
    "topic-structure", "topic-structure-namespace-a",
    "topics-nbirth-topic", "message-flow-edge-node-birth-publish-nbirth-topic",
    "topics-dbirth-topic", "message-flow-device-birth-publish-dbirth-topic",
    "message-flow-device-birth-publish-dbirth-match-edge-node-topic",
    "topics-ndata-topic", "topics-ddata-topic", "topics-ddeath-topic",
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
)  # fmt: skip
def topics(setup: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        levels = message.publish.topic.split("/")
        if levels[0] != "spBv1.0" or levels[1] != setup.group or levels[3:4] != [setup.edge_node]:
            yield f"topic {message.publish.topic}"
        elif message.kind in _DEVICE_KINDS:
            if len(levels) != 5 or message.device not in setup.devices:
                yield f"{message.kind} of no device: {message.publish.topic}"
        elif message.kind not in _NODE_KINDS or len(levels) != 4:
            yield f"topic {message.publish.topic}"


@covers(
    "topics-nbirth-mqtt", "payloads-nbirth-qos", "payloads-nbirth-retain",
    "message-flow-edge-node-birth-publish-nbirth-qos",
    "message-flow-edge-node-birth-publish-nbirth-retained",
    "topics-dbirth-mqtt", "payloads-dbirth-qos", "payloads-dbirth-retain",
    "message-flow-device-birth-publish-dbirth-qos",
    "message-flow-device-birth-publish-dbirth-retained",
    "topics-ndata-mqtt", "payloads-ndata-qos", "payloads-ndata-retain",
    "topics-ddata-mqtt", "payloads-ddata-qos", "payloads-ddata-retain",
    "topics-ddeath-mqtt",
)  # fmt: skip
def flags(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        if message.publish.retain or (message.publish.qos and message.kind != "NDEATH"):
            yield f"{message.kind} with QoS {message.publish.qos}, retain {message.publish.retain}"


@covers(
    "intro-group-id-string", "intro-group-id-chars", "topic-structure-namespace-valid-group-id",
    "intro-edge-node-id-string", "intro-edge-node-id-chars",
    "topic-structure-namespace-valid-edge-node-id",
    "intro-device-id-string", "intro-device-id-chars", "topic-structure-namespace-valid-device-id",
)  # fmt: skip
def ids(setup: Setup, found: list[Session]) -> Iterator[str]:
    told = {message.device for message in _messages(found) if message.device is not None}
    for name in {setup.group, setup.edge_node, *setup.devices, *told}:
        if not name or _FORBIDDEN & set(name):
            yield f"{name!r} is no Sparkplug id"


@covers(
    "topic-structure-namespace-unique-device-id",
    "topic-structure-namespace-duplicate-device-id-across-edge-node",
    "case-sensitivity-sparkplug-ids",
)
def ids_differ(_: Setup, found: list[Session]) -> Iterator[str]:
    told = {message.device for message in _messages(found) if message.device is not None}
    if len({name.lower() for name in told}) != len(told):
        yield "device ids that differ in case alone"


@covers(
    "topics-nbirth-timestamp", "payloads-nbirth-timestamp",
    "topics-dbirth-timestamp", "payloads-dbirth-timestamp",
    "topics-ndata-timestamp", "payloads-ndata-timestamp",
    "topics-ddata-timestamp", "payloads-ddata-timestamp",
    "payloads-ddeath-timestamp", "payloads-timestamp-in-UTC",
)  # fmt: skip
def payload_times(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        if not _is_recent(message.payload.timestamp):
            yield f"{message.kind} with timestamp {message.payload.timestamp}"


@covers("payloads-name-birth-data-requirement", "payloads-metric-timestamp-in-UTC")
def metric_times(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, *_BIRTHS, *_DATA):
        for metric in message.payload.all_metrics():
            if not _is_recent(metric.timestamp):
                yield f"{metric.name or metric.alias} with timestamp {metric.timestamp}"


def _is_recent(stamp_ms: int | None) -> bool:
    now_ms = time.time() * 1e3
    return stamp_ms is not None and now_ms - 86_400_000 < stamp_ms < now_ms + 10_000


@covers(
    "message-flow-edge-node-birth-publish-nbirth-payload",
    "message-flow-device-birth-publish-dbirth-payload",
    "topics-nbirth-metrics", "topics-dbirth-metrics",
    "operational-behavior-data-publish-nbirth-values", "operational-behavior-data-publish-dbirth-values",
    "payloads-metric-datatype-value-type", "payloads-metric-datatype-value", "payloads-metric-datatype-req",
)  # fmt: skip
def births_are_whole(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, *_BIRTHS):
        for metric in message.payload.all_metrics():
            if not metric.name:
                yield "a metric of a birth has no name"
            if metric.datatype not in _FIELD_OF:
                yield f"{metric.name} has datatype {metric.datatype}"
            elif metric.null == (metric.carried is not None):
                yield f"{metric.name} is null and has a value, or neither"
            elif metric.carried not in (None, _FIELD_OF[metric.datatype]):
                yield f"{metric.name} of datatype {metric.datatype} is in field {metric.carried}"


@covers(
    "topics-nbirth-metric-reqs", "topics-dbirth-metric-reqs",
    "operational-behavior-data-publish-nbirth", "operational-behavior-data-publish-dbirth",
    "topics-ndata-payload", "topics-ddata-payload",
)  # fmt: skip
def data_were_born(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        born: dict[str | None, set[int | str | None]] = {}
        for message in session.of(*_BIRTHS, *_DATA):
            metrics = message.payload.metrics
            if message.kind in _BIRTHS:
                keys: set[int | str | None] = {m.name for m in metrics}
                born[message.device] = keys | {m.alias for m in metrics}
                continue
            if not metrics:
                yield "data without a metric"
            for metric in metrics:
                key = metric.name if metric.alias is None else metric.alias
                if key not in born.get(message.device, set()):
                    yield f"data of {key!r}, which no birth has"


@covers(
    "operational-behavior-data-publish-nbirth-order",
    "operational-behavior-data-publish-dbirth-order",
)
def metrics_are_in_order(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, *_BIRTHS, *_DATA):
        times = [m.timestamp or 0 for m in message.payload.metrics if not m.historical]
        if times != sorted(times):
            yield f"metrics of a {message.kind} are not in the order of their times"


@covers(
    "principles-rbe-recommended",
    "operational-behavior-data-publish-nbirth-change",
    "operational-behavior-data-publish-dbirth-change",
)
def data_are_news(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        last: dict[object, object] = {}
        for message in session.of(*_BIRTHS, *_DATA):
            for metric in message.payload.metrics:
                if metric.historical or metric.template is not None:
                    continue
                key = (message.device, metric.name if metric.alias is None else metric.alias)
                told = (metric.timestamp, metric.null, metric.raw, metric.keys, metric.values)
                if message.kind in _DATA and last.get(key) == told:
                    yield f"{key} says again what it said"
                last[key] = told


@covers(
    "topics-nbirth-rebirth-metric", "payloads-nbirth-rebirth-req",
    "operational-behavior-data-commands-rebirth-name",
    "operational-behavior-data-commands-rebirth-datatype",
    "operational-behavior-data-commands-rebirth-value",
    "operational-behavior-data-commands-rebirth-name-aliases",
)  # fmt: skip
def births_have_the_rebirth_metric(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, "NBIRTH"):
        told = [metric for metric in message.payload.metrics if metric.name == REBIRTH]
        if len(told) != 1:
            yield f"{len(told)} metrics {REBIRTH}"
        elif (told[0].datatype, told[0].carried, told[0].raw, told[0].alias) != (11, 14, 0, None):
            yield f"{REBIRTH} is not a Boolean, false, without an alias"


@covers("payloads-alias-uniqueness")
def aliases_are_unique(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        owners: dict[int, tuple[str | None, str | None]] = {}
        for message in session.of(*_BIRTHS):
            for metric in message.payload.metrics:
                owner = (message.device, metric.name)
                if metric.alias is not None and owners.setdefault(metric.alias, owner) != owner:
                    yield f"alias {metric.alias} is of {owner} and of {owners[metric.alias]}"


@covers(
    "payloads-name-requirement", "payloads-alias-birth-requirement", "payloads-alias-data-cmd-requirement"
)
def names_or_aliases(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        with_aliases = any(m.alias is not None for b in session.of("DBIRTH") for m in b.payload.metrics)
        for message in session.of(*_BIRTHS, *_DATA):
            for metric in message.payload.metrics:
                is_control = metric.name in ("bdSeq", REBIRTH) or (
                    metric.template is not None and metric.template.is_definition
                )
                if message.kind in _BIRTHS and not is_control and with_aliases != (metric.alias is not None):
                    yield f"{metric.name} of a birth has alias {metric.alias}"
                if message.kind in _DATA and with_aliases == (metric.name is not None):
                    yield f"data with name {metric.name!r} and alias {metric.alias}"


@covers("case-sensitivity-metric-names")
def metric_names_differ(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, *_BIRTHS):
        names = [metric.name or "" for metric in message.payload.metrics]
        if len({name.lower() for name in names}) != len(names):
            yield "metric names that differ in case alone, or not at all"


@covers("payloads-metric-datatype-not-req")
def data_have_no_datatypes(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found, *_DATA):
        if any(metric.datatype is not None for metric in message.payload.metrics):
            yield "data with a datatype"


@covers("payloads-propertyset-keys-array-size", "payloads-propertyset-values-array-size")
def property_sets_are_whole(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        for metric in message.payload.all_metrics():
            if len(metric.keys) != len(metric.values):
                yield f"{len(metric.keys)} keys and {len(metric.values)} values"


@covers(
    "payloads-metric-propertyvalue-type-type",
    "payloads-metric-propertyvalue-type-value",
    "payloads-metric-propertyvalue-type-req",
)
def properties_have_types(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        for metric in message.payload.all_metrics():
            for told in metric.values:
                if told.type not in (*_SIMPLE, 20, 21):
                    yield f"a property of type {told.type}"


@covers("payloads-propertyset-quality-value-type", "payloads-propertyset-quality-value-value")
def qualities_are_known(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        for metric in message.payload.all_metrics():
            told = metric.quality
            if told is not None and (told.type != 3 or told.carried != 3 or told.raw not in (0, 192, 500)):
                yield f"quality {told.raw} of type {told.type}"


def _templates(found: list[Session], *kinds: str) -> Iterator[tuple[Message, Metric, Template]]:
    for message in _messages(found, *kinds):
        for metric in message.payload.all_metrics():
            if metric.template is not None:
                yield message, metric, metric.template


@covers(
    "payloads-template-is-definition", "payloads-template-definition-is-definition",
    "payloads-template-instance-is-definition",
    "payloads-template-is-definition-definition", "payloads-template-is-definition-instance",
    "payloads-template-definition-nbirth-only",
)  # fmt: skip
def templates_say_what_they_are(_: Setup, found: list[Session]) -> Iterator[str]:
    for message, metric, template in _templates(found):
        if template.is_definition is None:
            yield f"template {metric.name} does not say whether it is a definition"
        elif template.is_definition and message.kind != "NBIRTH":
            yield f"a definition in a {message.kind}"


@covers(
    "payloads-template-definition-ref", "payloads-template-ref-definition",
    "payloads-template-instance-ref", "payloads-template-ref-instance",
    "payloads-template-definition-nbirth", "topics-nbirth-templates",
)  # fmt: skip
def instances_name_their_definition(_setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        defined = {m.name for _, m, t in _templates([session], "NBIRTH") if t.is_definition}
        for _, metric, template in _templates([session]):
            if template.is_definition and template.reference is not None:
                yield f"definition {metric.name} refers to {template.reference}"
            if template.is_definition is False and template.reference not in defined:
                yield f"an instance of {template.reference}, which no NBIRTH defines"


@covers(
    "payloads-template-definition-members", "payloads-template-instance-members",
    "payloads-template-instance-members-birth", "payloads-template-instance-members-data",
)  # fmt: skip
def instances_have_their_members(_setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        members = {m.name: {x.name for x in t.metrics} for _, m, t in _templates([session], "NBIRTH")}
        for message, metric, template in _templates([session], "DBIRTH", *_DATA):
            own, wanted = {m.name for m in template.metrics}, members.get(template.reference, set())
            if own - wanted:
                yield f"{metric.name or metric.alias} has {own - wanted}, its definition has not"
            if message.kind == "DBIRTH" and wanted - own:
                yield f"{metric.name} lacks {wanted - own} in its birth"


@covers(
    "payloads-template-definition-parameters", "payloads-template-definition-parameters-default",
    "payloads-template-instance-parameters",
    "payloads-template-parameter-name-required", "payloads-template-parameter-name-type",
    "payloads-template-parameter-value-type", "payloads-template-parameter-type-value",
    "payloads-template-parameter-type-req", "payloads-template-parameter-value",
)  # fmt: skip
def parameters_are_declared(_setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        declared = {m.name: {p.name for p in t.parameters} for _, m, t in _templates([session], "NBIRTH")}
        for _, metric, template in _templates([session]):
            for told in template.parameters:
                if not told.name or told.type not in _SIMPLE:
                    yield f"a parameter {told.name!r} of type {told.type}"
                elif told.carried is not None and told.carried != _FIELD_OF.get(told.type or 0, 0) - 7:
                    yield f"parameter {told.name} of type {told.type} is in field {told.carried}"
                if template.reference and told.name not in declared.get(template.reference, set()):
                    yield f"{metric.name} has parameter {told.name}, its definition has not"


@covers("payloads-template-version")
def versions_are_texts(_setup: Setup, found: list[Session]) -> Iterator[str]:
    for _, metric, template in _templates(found):
        if template.version is not None and not template.version.strip():
            yield f"template {metric.name} has an empty version"


@covers(
    "payloads-dataset-column-size", "payloads-dataset-column-num-headers", "payloads-dataset-types-def",
    "payloads-dataset-types-num", "payloads-dataset-types-type", "payloads-dataset-types-value",
    "payloads-dataset-parameter-type-req", "payloads-template-dataset-value",
)  # fmt: skip
def data_sets_are_whole(_: Setup, found: list[Session]) -> Iterator[str]:
    for message in _messages(found):
        for metric in message.payload.all_metrics():
            told = metric.dataset
            if told is None:
                continue
            if not told.size == len(told.columns) == len(told.types):
                yield f"{told.size} columns, {len(told.columns)} names, {len(told.types)} types"
            if any(kind not in _SIMPLE for kind in told.types):
                yield f"types {told.types}"
            if any(len(row) != len(told.types) for row in told.rows):
                yield "a row of another length"
