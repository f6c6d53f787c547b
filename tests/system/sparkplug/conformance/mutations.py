"""Ways to break a good capture: each check must find at least one of them, or it checks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from drivers.sparkplug.schema import PayloadMessage
from tests.servers.mqtt_packets import Connect, Disconnect, Publish, Subscribe
from tests.system.sparkplug.tap import Seen

Mutation = Callable[[list[Seen]], list[Seen]]


def _kind(seen: Seen) -> str:
    return seen.packet.topic.split("/")[2] if isinstance(seen.packet, Publish) and seen.by_node else ""


def connects(**changes: Any) -> Mutation:
    """Change every CONNECT."""
    return lambda all_seen: [
        replace(seen, packet=replace(seen.packet, **changes)) if isinstance(seen.packet, Connect) else seen
        for seen in all_seen
    ]


def publishes(kind: str, **changes: Any) -> Mutation:
    """Change every PUBLISH of a kind."""
    return lambda all_seen: [
        replace(seen, packet=replace(seen.packet, **changes))
        if isinstance(seen.packet, Publish) and _kind(seen) == kind
        else seen
        for seen in all_seen
    ]


def _edited(payload: bytes, change: Callable[[Any], None]) -> bytes:
    message = PayloadMessage.FromString(payload)
    change(message)
    return bytes(message.SerializeToString())


def payloads(kind: str, change: Callable[[Any], None]) -> Mutation:
    """Change the payload of every message of a kind."""
    return lambda all_seen: [
        replace(seen, packet=replace(seen.packet, payload=_edited(seen.packet.payload, change)))
        if isinstance(seen.packet, Publish) and _kind(seen) == kind
        else seen
        for seen in all_seen
    ]


def wills(change: Callable[[Any], None]) -> Mutation:
    """Change the payload of every will."""
    return lambda all_seen: [
        replace(seen, packet=replace(seen.packet, will_payload=_edited(seen.packet.will_payload, change)))
        if isinstance(seen.packet, Connect)
        else seen
        for seen in all_seen
    ]


def without(*kinds: str, keep: int = 0) -> Mutation:
    """Leave out the messages of some kinds, but for the first `keep` of them."""

    def mutate(all_seen: list[Seen]) -> list[Seen]:
        kept, left = [], keep
        for seen in all_seen:
            if _kind(seen) in kinds:
                left -= 1
                if left < 0:
                    continue
            kept.append(seen)
        return kept

    return mutate


def swapped(first: str, second: str) -> Mutation:
    """Put the first message of a kind before the first of another."""

    def mutate(all_seen: list[Seen]) -> list[Seen]:
        changed = list(all_seen)
        late = next(n for n, seen in enumerate(changed) if _kind(seen) == first)
        moved = changed.pop(late)
        early = next(n for n, seen in enumerate(changed) if _kind(seen) == second)
        changed.insert(early, moved)
        return changed

    return mutate


def subscriptions(change: Callable[[dict[str, int]], dict[str, int]]) -> Mutation:
    """Change every SUBSCRIBE."""
    return lambda all_seen: [
        replace(seen, packet=Subscribe(change(seen.packet.filters)))
        if isinstance(seen.packet, Subscribe)
        else seen
        for seen in all_seen
    ]


def ends_at(kind: str) -> Mutation:
    """End the capture with the first message of a kind."""

    def mutate(all_seen: list[Seen]) -> list[Seen]:
        return list(all_seen[: 1 + next(n for n, seen in enumerate(all_seen) if _kind(seen) == kind)])

    return mutate


def _first(message: Any) -> Any:
    return message.metrics[0]


def _named(message: Any, name: str) -> Any:
    return next(metric for metric in message.metrics if metric.name == name)


def _a_template(message: Any, *, definition: bool) -> Any:
    found = [m for m in message.metrics if m.HasField("template_value")]
    found = [m for m in found if m.template_value.is_definition == definition]
    return found[0].template_value if found else None


def _on_template(change: Callable[[Any], None], *, definition: bool) -> Callable[[Any], None]:
    def mutate(message: Any) -> None:
        template = _a_template(message, definition=definition)
        if template is not None:
            change(template)

    return mutate


def _set(metric: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(metric, name, value)


def _renumbered(message: Any) -> None:
    message.seq = (message.seq + 1) % 256


def _reversed_times(message: Any) -> None:
    latest = max((metric.timestamp for metric in message.metrics), default=0)
    for place, metric in enumerate(message.metrics):
        metric.timestamp = latest - place
    if len(message.metrics) == 1:
        message.metrics.add(alias=message.metrics[0].alias, timestamp=message.metrics[0].timestamp - 1)


def _broken_dataset(message: Any) -> None:
    table = message.metrics.add(name="table", timestamp=message.timestamp, datatype=16).dataset_value
    table.num_of_columns = 2
    table.columns.append("a")


def _first_twice(message: Any) -> None:
    message.metrics.add().CopyFrom(message.metrics[0])


def _last_twice(message: Any) -> None:
    message.metrics.add().CopyFrom(message.metrics[-1])


def _half_a_property(message: Any) -> None:
    message.metrics[0].properties.keys.append("more")


def _untyped_property(message: Any) -> None:
    message.metrics[0].properties.keys.append("more")
    message.metrics[0].properties.values.add(int_value=1)


def _odd_quality(message: Any) -> None:
    message.metrics[0].properties.keys.append("Quality")
    message.metrics[0].properties.values.add(type=3, int_value=64)


def _delayed(all_seen: list[Seen]) -> list[Seen]:
    """Let data go on for long after a rebirth was asked for."""
    asked = next(
        n
        for n, s in enumerate(all_seen)
        if not s.by_node and isinstance(s.packet, Publish) and "/NCMD/" in s.packet.topic
    )
    data = next(s for s in all_seen if _kind(s) == "DDATA")
    late = replace(data, connection=all_seen[asked].connection, at_s=all_seen[asked].at_s + 60)
    return [*all_seen[: asked + 1], late, *all_seen[asked + 1 :]]


def _state_online(all_seen: list[Seen]) -> list[Seen]:
    """Leave out that the host ever was online."""
    return [
        s for s in all_seen if not (isinstance(s.packet, Publish) and b'"online": true' in s.packet.payload)
    ]


def _without_farewell(all_seen: list[Seen]) -> list[Seen]:
    return [s for s in all_seen if _kind(s) != "NDEATH" and not isinstance(s.packet, Disconnect)]


def _backwards_connections(all_seen: list[Seen]) -> list[Seen]:
    return [replace(s, connection=-s.connection) for s in all_seen]


def _leaves_early(all_seen: list[Seen]) -> list[Seen]:
    """Disconnect on a STATE that is older than the host's online."""
    place = next(
        n
        for n, s in enumerate(all_seen)
        if isinstance(s.packet, Publish) and b'"timestamp": 999}' in s.packet.payload
    )
    gone = Seen(all_seen[place].connection, True, Disconnect(), all_seen[place].at_s)
    return [*all_seen[: place + 1], gone, *all_seen[place + 1 :]]


MUTATIONS: dict[str, Sequence[Mutation]] = {
    "clean_session": [connects(clean=False), connects(version=5, expiry_s=60)],
    "will_topic": [connects(will_topic=None), connects(will_topic="spBv1.0/x/NDEATH/y")],
    "will_qos": [connects(will_qos=0)],
    "will_retain": [connects(will_retain=True)],
    "death_is_bd_seq": [
        wills(lambda m: m.ClearField("metrics")),
        wills(_first_twice),
        payloads("NDEATH", lambda m: _set(_first(m), long_value=256)),
        wills(lambda m: _set(_first(m), datatype=10)),
    ],
    "death_has_no_seq": [wills(lambda m: _set(m, seq=0)), payloads("NDEATH", lambda m: _set(m, seq=3))],
    "bd_seq_increments": [wills(lambda m: _set(_first(m), long_value=7))],
    "subscribes_to_node_commands": [
        subscriptions(lambda f: dict.fromkeys(f, 0)),
        subscriptions(lambda f: {t: q for t, q in f.items() if "NCMD" not in t}),
    ],
    "subscribes_to_device_commands": [
        subscriptions(lambda f: {t: q for t, q in f.items() if "DCMD" not in t}),
    ],
    "subscribes_to_state": [subscriptions(lambda f: {t: q for t, q in f.items() if "STATE" not in t})],
    "births_come_first": [without("NBIRTH"), swapped("DBIRTH", "NBIRTH")],
    "birth_begins_the_sequence": [payloads("NBIRTH", _renumbered)],
    "sequence_has_no_holes": [
        without("DDATA", keep=1),
        payloads("DDATA", lambda m: m.ClearField("seq")),
        payloads("DBIRTH", _renumbered),
        payloads("DDEATH", lambda m: m.ClearField("seq")),
    ],
    "births_repeat_the_wills_bd_seq": [
        payloads("NBIRTH", lambda m: _set(_named(m, "bdSeq"), long_value=200)),
        payloads("NBIRTH", lambda m: m.metrics.remove(_named(m, "bdSeq"))),
    ],
    "deaths_repeat_the_wills_bd_seq": [payloads("NDEATH", lambda m: _set(_first(m), long_value=200))],
    "farewells_say_the_death": [without("NDEATH")],
    "device_births_follow_the_nodes": [swapped("DBIRTH", "NBIRTH"), swapped("DDATA", "DBIRTH")],
    "data_follow_births": [without("DBIRTH")],
    "lost_devices_die": [without("DDEATH")],
    "rebirths_are_whole": [_delayed, without("NBIRTH", keep=1), swapped("DDATA", "DBIRTH")],
    "births_wait_for_the_primary_host": [_state_online],
    "it_leaves_when_the_primary_host_is_offline": [_without_farewell],
    "an_outdated_offline_is_ignored": [_leaves_early],
    "one_connection_at_a_time": [_backwards_connections],
    "topics": [
        publishes("NBIRTH", topic="spAv1.0/Plant 1/NBIRTH/gw1"),
        publishes("DDATA", topic="spBv1.0/Plant 1/DDATA/gw1"),
        publishes("DBIRTH", topic="spBv1.0/other/DBIRTH/gw1/br1"),
        publishes("NBIRTH", topic="spBv1.0/Plant 1/NBIRTH/gw1/br1"),
    ],
    "flags": [publishes("NBIRTH", qos=1), publishes("DDATA", retain=True), publishes("DDEATH", qos=1)],
    "ids": [publishes("DBIRTH", topic="spBv1.0/Plant 1/DBIRTH/gw1/b+r")],
    "ids_differ": [lambda s: [*s, *publishes("DDATA", topic="spBv1.0/Plant 1/DDATA/gw1/BR1")(s)]],
    "payload_times": [
        payloads(kind, lambda m: m.ClearField("timestamp"))
        for kind in ("NBIRTH", "DBIRTH", "DDATA", "DDEATH")
    ],
    "metric_times": [
        payloads("DBIRTH", lambda m: _first(m).ClearField("timestamp")),
        payloads("DDATA", lambda m: _set(_first(m), timestamp=m.timestamp // 1000)),
    ],
    "births_are_whole": [
        payloads("DBIRTH", lambda m: _first(m).ClearField("name")),
        payloads("NBIRTH", lambda m: m.metrics[-1].ClearField("datatype")),
        payloads("DBIRTH", lambda m: _set(_first(m), datatype=99)),
        payloads("NBIRTH", lambda m: _set(m.metrics[-1], is_null=True)),
        payloads("NBIRTH", lambda m: _set(_named(m, "bdSeq"), int_value=1)),
    ],
    "data_were_born": [
        payloads("DDATA", lambda m: _set(_first(m), alias=4711)),
        payloads("DDATA", lambda m: m.ClearField("metrics")),
    ],
    "metrics_are_in_order": [payloads("DDATA", _reversed_times), payloads("DBIRTH", _reversed_times)],
    "data_are_news": [payloads("DDATA", _last_twice)],
    "births_have_the_rebirth_metric": [
        payloads("NBIRTH", lambda m: m.metrics.remove(_named(m, "Node Control/Rebirth"))),
        payloads("NBIRTH", lambda m: _set(_named(m, "Node Control/Rebirth"), boolean_value=True)),
        payloads("NBIRTH", lambda m: _set(_named(m, "Node Control/Rebirth"), alias=3)),
    ],
    "aliases_are_unique": [payloads("DBIRTH", lambda m: _set(_first(m), alias=1))],
    "names_or_aliases": [
        payloads("DDATA", lambda m: _set(_first(m), name="temp/pv")),
        payloads("DBIRTH", lambda m: _first(m).ClearField("alias")),
    ],
    "metric_names_differ": [payloads("DBIRTH", _first_twice)],
    "data_have_no_datatypes": [payloads("DDATA", lambda m: _set(_first(m), datatype=10))],
    "property_sets_are_whole": [payloads("DBIRTH", _half_a_property)],
    "properties_have_types": [payloads("DDATA", _untyped_property)],
    "qualities_are_known": [payloads("DDATA", _odd_quality)],
    "templates_say_what_they_are": [
        payloads("NBIRTH", _on_template(lambda t: t.ClearField("is_definition"), definition=True)),
        payloads("DBIRTH", _on_template(lambda t: _set(t, is_definition=True), definition=False)),
    ],
    "instances_name_their_definition": [
        payloads("NBIRTH", _on_template(lambda t: _set(t, template_ref="x"), definition=True)),
        payloads("DBIRTH", _on_template(lambda t: t.ClearField("template_ref"), definition=False)),
        payloads("DDATA", _on_template(lambda t: _set(t, template_ref="x"), definition=False)),
    ],
    "instances_have_their_members": [
        payloads("DBIRTH", _on_template(lambda t: t.metrics.pop(), definition=False)),
        payloads("DDATA", _on_template(lambda t: t.metrics.add(name="x"), definition=False)),
    ],
    "parameters_are_declared": [
        payloads("NBIRTH", _on_template(lambda t: t.ClearField("parameters"), definition=True)),
        payloads("DBIRTH", _on_template(lambda t: t.parameters[0].ClearField("type"), definition=False)),
        payloads("DBIRTH", _on_template(lambda t: t.parameters[0].ClearField("name"), definition=False)),
    ],
    "versions_are_texts": [payloads("NBIRTH", _on_template(lambda t: _set(t, version=""), definition=True))],
    "data_sets_are_whole": [payloads("DDATA", _broken_dataset)],
}
"""By the name of the check."""
