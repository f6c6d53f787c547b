"""Checks of sessions: CONNECT, subscriptions, births, sequence, deaths, rebirths, primary host."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.servers.mqtt_packets import Disconnect
from tests.system.sparkplug.conformance.capture import (
    Command,
    Message,
    Session,
    Setup,
    State,
    bd_seq,
    covers,
)

_WRAP = 256


@covers("principles-persistence-clean-session-311", "principles-persistence-clean-session-50")
def clean_session(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        if not session.connect.clean:
            yield "the session is not clean"
        if session.connect.version == 5 and session.connect.expiry_s:
            yield "the session does not expire with the connection"


@covers(
    "message-flow-edge-node-birth-publish-connect",
    "message-flow-edge-node-birth-publish-will-message",
    "payloads-ndeath-will-message",
    "message-flow-edge-node-birth-publish-will-message-topic",
    "topics-ndeath-topic",
)
def will_topic(setup: Setup, found: list[Session]) -> Iterator[str]:
    wanted = f"spBv1.0/{setup.group}/NDEATH/{setup.edge_node}"
    for session in found:
        if session.connect.will_topic != wanted:
            yield f"the will is on {session.connect.will_topic}"


@covers("message-flow-edge-node-birth-publish-will-message-qos", "payloads-ndeath-will-message-qos")
def will_qos(_: Setup, found: list[Session]) -> Iterator[str]:
    yield from (f"QoS {s.connect.will_qos}" for s in found if s.connect.will_qos != 1)


@covers(
    "message-flow-edge-node-birth-publish-will-message-will-retained", "payloads-ndeath-will-message-retain"
)
def will_retain(_: Setup, found: list[Session]) -> Iterator[str]:
    yield from ("the will is retained" for s in found if s.connect.will_retain)


@covers(
    "message-flow-edge-node-birth-publish-will-message-payload",
    "message-flow-edge-node-birth-publish-will-message-payload-bdSeq",
    "payloads-ndeath-bdseq",
    "topics-ndeath-payload",
)
def death_is_bd_seq(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        deaths = [session.will, *(message.payload for message in session.of("NDEATH"))]
        for death in deaths:
            number = bd_seq(death)
            if death is None or number is None or not 0 <= number < _WRAP or len(death.metrics) != 1:
                yield "an NDEATH is not one bdSeq of 0 to 255"
            elif death.metrics[0].datatype not in (4, 8):
                yield "bdSeq is no Int64"


@covers("topics-ndeath-seq", "payloads-ndeath-seq")
def death_has_no_seq(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        deaths = [session.will, *(message.payload for message in session.of("NDEATH"))]
        yield from ("an NDEATH has a seq" for death in deaths if death is not None and death.seq is not None)


@covers("topics-nbirth-bdseq-increment")
def bd_seq_increments(_: Setup, found: list[Session]) -> Iterator[str]:
    numbers = [bd_seq(session.will) for session in found]
    for before, after in itertools.pairwise(numbers):
        if before is None or after != (before + 1) % _WRAP:
            yield f"bdSeq goes from {before} to {after}"


@covers("message-flow-edge-node-ncmd-subscribe")
def subscribes_to_node_commands(setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        if session.filters.get(f"spBv1.0/{setup.group}/NCMD/{setup.edge_node}") != 1:
            yield "not subscribed to its NCMD with QoS 1 before it is born"


@covers("message-flow-device-dcmd-subscribe")
def subscribes_to_device_commands(setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        for message in session.of("DBIRTH"):
            if session.filters.get(f"spBv1.0/{setup.group}/DCMD/{setup.edge_node}/{message.device}") != 1:
                yield f"not subscribed to the DCMD of {message.device} with QoS 1"


@covers("operational-behavior-primary-application-state-with-multiple-servers-state-subs")
def subscribes_to_state(setup: Setup, found: list[Session]) -> Iterator[str]:
    if setup.primary_host is not None:
        for session in found:
            if session.filters.get(f"spBv1.0/STATE/{setup.primary_host}") is None:
                yield "not subscribed to the STATE of its primary host"


@covers("principles-birth-certificates-order")
def births_come_first(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        if session.messages and session.messages[0].kind != "NBIRTH":
            yield f"the first message is {session.messages[0].kind}"


@covers(
    "topics-nbirth-seq-num",
    "payloads-nbirth-seq",
    "message-flow-edge-node-birth-publish-nbirth-payload-seq",
    "payloads-sequence-num-req-nbirth",
)
def birth_begins_the_sequence(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        yield from (f"seq {m.payload.seq}" for m in session.of("NBIRTH") if m.payload.seq != 0)


@covers(
    "payloads-sequence-num-always-included",
    "payloads-sequence-num-incrementing",
    "topics-dbirth-seq",
    "payloads-dbirth-seq",
    "payloads-dbirth-seq-inc",
    "message-flow-device-birth-publish-dbirth-payload-seq",
    "topics-ndata-seq-num",
    "payloads-ndata-seq",
    "payloads-ndata-seq-inc",
    "topics-ddata-seq-num",
    "payloads-ddata-seq",
    "payloads-ddata-seq-inc",
    "topics-ddeath-seq-num",
    "payloads-ddeath-seq",
    "payloads-ddeath-seq-inc",
    "payloads-ddeath-seq-number",
)
def sequence_has_no_holes(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        last: int | None = None
        for message in session.messages:
            seq = message.payload.seq
            if message.kind == "NDEATH":
                continue
            if message.kind != "NBIRTH" and (last is None or seq != (last + 1) % _WRAP):
                yield f"{message.kind} has seq {seq} after {last}"
            last = seq


@covers(
    "topics-nbirth-bdseq-included",
    "topics-nbirth-bdseq-matching",
    "payloads-nbirth-bdseq",
    "payloads-nbirth-bdseq-repeat",
    "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq",
    "operational-behavior-data-commands-rebirth-action-3",
)
def births_repeat_the_wills_bd_seq(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        for message in session.of("NBIRTH"):
            if bd_seq(message.payload) is None or bd_seq(message.payload) != bd_seq(session.will):
                yield "bdSeq of an NBIRTH is not the will's"


@covers("payloads-ndeath-will-message-publisher")
def deaths_repeat_the_wills_bd_seq(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        for message in session.of("NDEATH"):
            if bd_seq(message.payload) != bd_seq(session.will):
                yield "bdSeq of an NDEATH is not the will's"


@covers(
    "operational-behavior-edge-node-intentional-disconnect-ndeath",
    "operational-behavior-edge-node-intentional-disconnect-packet",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt311",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt50",
)
def farewells_say_the_death(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        born = bool(session.of("NBIRTH"))
        for before, event in zip([None, *session.events], session.events, strict=False):
            if not isinstance(event, Disconnect) or not born or event.reason == 4:
                continue
            if not (isinstance(before, Message) and before.kind == "NDEATH"):
                yield "DISCONNECT without an NDEATH just before it"


@covers(
    "message-flow-device-birth-publish-nbirth-wait",
    "payloads-dbirth-order",
)
def device_births_follow_the_nodes(setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        born, data = False, False
        missing: set[str | None] = set()
        for message in session.messages:
            if message.kind == "NBIRTH":
                born, data, missing = True, False, set(setup.devices)
            elif message.kind == "DBIRTH":
                if not born:
                    yield "a DBIRTH before the NBIRTH"
                if data and message.device in missing:
                    yield f"the DBIRTH of {message.device} comes after data"
                missing.discard(message.device)
            elif message.kind in ("NDATA", "DDATA"):
                data = True


@covers("payloads-ndata-order", "payloads-ddata-order")
def data_follow_births(_: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        born: set[str | None] = set()
        for message in session.messages:
            if message.kind == "NBIRTH":
                born = {None}
            elif message.kind == "DBIRTH":
                born.add(message.device)
            elif message.kind == "DDEATH":
                born.discard(message.device)
            elif message.kind in ("NDATA", "DDATA") and message.device not in born:
                yield f"data of {message.device or 'the node'} without a birth"


@covers("operational-behavior-device-ddeath")
def lost_devices_die(setup: Setup, found: list[Session]) -> Iterator[str]:
    dead = {message.device for session in found for message in session.of("DDEATH")}
    yield from (f"no DDEATH of {device}, which was lost" for device in setup.lost - dead)


@covers(
    "operational-behavior-data-commands-rebirth-action-1",
    "operational-behavior-data-commands-rebirth-action-2",
)
def rebirths_are_whole(setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        asked: Command | None = None
        last_birth_s = 0.0
        bearing: set[str | None] | None = None
        for event in session.events:
            if isinstance(event, Command) and _asks_rebirth(event):
                asked = asked or event
            if not isinstance(event, Message):
                continue
            if event.kind == "NBIRTH":
                asked, last_birth_s, bearing = None, event.at_s, set(setup.devices)
            elif event.kind == "DBIRTH" and bearing is not None:
                bearing.discard(event.device)
            elif event.kind in ("NDATA", "DDATA"):
                if bearing:
                    yield f"data before all births: {sorted(map(str, bearing))} are missing"
                bearing = None
                due = asked is not None and asked.at_s - last_birth_s >= setup.min_rebirth_s
                if asked is not None and due and event.at_s - asked.at_s > 1.0:
                    yield "data go on after a rebirth was asked for"
        if asked is not None:
            yield "a rebirth was asked for and never made"


def _asks_rebirth(event: Command) -> bool:
    return event.kind == "NCMD" and any(m.name == "Node Control/Rebirth" for m in event.payload.metrics)


@covers(
    "message-flow-edge-node-birth-publish-phid-wait",
    "message-flow-edge-node-birth-publish-phid-wait-id",
    "message-flow-edge-node-birth-publish-phid-wait-online",
    "message-flow-edge-node-birth-publish-phid-wait-timestamp",
    "operational-behavior-edge-node-birth-sequence-wait",
)
def births_wait_for_the_primary_host(setup: Setup, found: list[Session]) -> Iterator[str]:
    if setup.primary_host is None:
        return
    for session in found:
        online, newest = False, -1
        for event in session.events:
            if isinstance(event, State) and event.host == setup.primary_host and event.timestamp >= newest:
                online, newest = event.online, event.timestamp
            elif isinstance(event, Message) and event.kind in ("NBIRTH", "DBIRTH") and not online:
                yield "born while the primary host is not online"


@covers(
    "message-flow-edge-node-birth-publish-phid-offline",
    "operational-behavior-edge-node-termination-host-offline",
    "operational-behavior-edge-node-termination-host-offline-reconnect",
    "operational-behavior-primary-application-state-with-multiple-servers-walk",
)
def it_leaves_when_the_primary_host_is_offline(setup: Setup, found: list[Session]) -> Iterator[str]:
    for number, session in enumerate(found):
        newest, born, offline, said_death, left = -1, False, False, False, False
        for event in session.events:
            if isinstance(event, State) and event.host == setup.primary_host and event.timestamp >= newest:
                newest, offline = event.timestamp, born and not event.online
            elif isinstance(event, Message):
                born = born or event.kind == "NBIRTH"
                said_death = event.kind == "NDEATH"
            elif isinstance(event, Disconnect):
                left = True
        if offline and not (said_death and left):
            yield "the primary host went offline, and it did not say NDEATH and disconnect"
        if offline and number + 1 == len(found):
            yield "the primary host went offline, and it did not connect again"


@covers("operational-behavior-edge-node-termination-host-offline-timestamp")
def an_outdated_offline_is_ignored(setup: Setup, found: list[Session]) -> Iterator[str]:
    for session in found:
        online_at, outdated = -1, False
        for event in session.events:
            if isinstance(event, State) and event.host == setup.primary_host:
                if event.online:
                    online_at = max(online_at, event.timestamp)
                outdated = not event.online and event.timestamp < online_at
            elif isinstance(event, Disconnect) and outdated:
                yield "it left because of a STATE older than the host's online"


@covers(
    "operational-behavior-primary-application-state-with-multiple-servers-single-server",
    "payloads-nbirth-edge-node-descriptor",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "intro-edge-node-id-uniqueness",
)
def one_connection_at_a_time(_: Setup, found: list[Session]) -> Iterator[str]:
    numbers = [session.connection for session in found]
    if len(set(numbers)) != len(numbers) or numbers != sorted(numbers):
        yield "connections overlap"
