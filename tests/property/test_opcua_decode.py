"""Compiled decoding equals the library's, and hostile bytes cost a protocol error and nothing else."""

from __future__ import annotations

import datetime
import math
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncua.ua
import numpy as np
import pytest
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary, variant_from_binary, variant_to_binary
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.devices import OpcUaDevice
from config.tags import Tag, TagKind
from control.signal import BAD, CLOCK, CONFIG, NOT_A_NUMBER, SEVERITY, UNCERTAIN, WAITING, Columns
from drivers.api import DriverError, TagRef
from drivers.opcua.decoder import Decoder
from drivers.opcua.errors import MalformedMessage
from drivers.opcua.messages import Stretch, publish_response, read_response
from drivers.opcua.plan import Plan, make_plan
from drivers.opcua.status import quality_of

ua: Any = asyncua.ua
"""The library's types, without its aliases for numbers and strings."""

ARRIVAL_NS = 1_800_000_000_000_000_000
DEVICE = OpcUaDevice(driver="opcua", endpoint="opc.tcp://127.0.0.1:1")
EXAMPLES = 40 if "NUMBA_DISABLE_JIT" in os.environ else 200  # plain Python is a hundred times slower
MANY = settings(max_examples=EXAMPLES)

INTEGERS = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}


def make(kinds: list[TagKind]) -> Plan:
    tags = [Tag(device="d", address={"identifier": at + 1}, kind=kind) for at, kind in enumerate(kinds)]
    return make_plan(DEVICE, [TagRef(100 + at, f"u/{at}", tag) for at, tag in enumerate(tags)])


PLAN = make([TagKind.NUMBER] * 6 + [TagKind.TEXT] * 2)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.one_of(
    *[st.builds(ua.Variant, st.integers(low, high), st.just(kind)) for kind, (low, high) in INTEGERS.items()],
    st.builds(ua.Variant, st.booleans(), st.just(ua.VariantType.Boolean)),
    st.builds(ua.Variant, st.floats(width=32), st.just(ua.VariantType.Float)),
    st.builds(ua.Variant, st.floats(), st.just(ua.VariantType.Double)),
)
node_ids = st.builds(ua.NodeId, st.integers(0, 2**31), st.integers(0, 9)) | st.builds(
    ua.NodeId, texts, st.integers(0, 9)
)
strange = st.one_of(
    st.builds(ua.Variant, texts, st.just(ua.VariantType.String)),
    st.just(ua.Variant(None, ua.VariantType.String)),
    st.builds(lambda text: ua.Variant(ua.LocalizedText(text, "en")), texts),
    st.builds(lambda name: ua.Variant(ua.QualifiedName(name, 1)), texts),
    st.builds(ua.Variant, st.binary(max_size=9), st.just(ua.VariantType.ByteString)),
    st.builds(ua.Variant, st.uuids(), st.just(ua.VariantType.Guid)),
    st.builds(ua.Variant, node_ids, st.just(ua.VariantType.NodeId)),
    st.builds(ua.Variant, st.lists(st.floats(), max_size=4), st.just(ua.VariantType.Double)),
    st.builds(ua.Variant, st.lists(texts, max_size=3), st.just(ua.VariantType.String)),
    st.just(ua.Variant([[1, 2], [3, 4]], ua.VariantType.Int16)),
    st.builds(lambda name: ua.Variant(ua.Argument(Name=name)), texts),
    st.builds(lambda inner: ua.Variant(ua.DataValue(inner)), numbers),
    st.builds(
        lambda some: ua.Variant(some, ua.VariantType.Variant), st.lists(numbers, min_size=1, max_size=3)
    ),
    st.just(ua.Variant(None, ua.VariantType.Null)),
)
stamps = st.none() | st.datetimes(
    datetime.datetime.fromisoformat("1990-01-01"),
    datetime.datetime.fromisoformat("2040-01-01"),
    timezones=st.just(datetime.UTC),
)
statuses = st.sampled_from(
    [0, 0x480, 0x0096_0000, 0x4093_0000, 0x4000_0100, 0x8034_0000, 0x808C_0000, 0x8000_0000, 0xC012_0000]
) | st.integers(0, 2**32 - 1)
items = st.lists(
    st.tuples(
        st.integers(0, len(PLAN.items)), st.none() | numbers | strange, st.none() | statuses, stamps, stamps
    ),
    max_size=12,
)


def encoded(
    value: ua.Variant | None, status: int | None, source: Any, server: Any, picoseconds: int | None = None
) -> bytes:
    """Return a DataValue as the specification has it (asyncua misplaces picoseconds, trap T6)."""
    mask = (
        (value is not None)
        | (status is not None) << 1
        | (source is not None) << 2
        | (server is not None) << 3
    )
    parts = [variant_to_binary(value)] if value is not None else []
    parts += [struct.pack("<I", status)] if status is not None else []
    parts += [struct.pack("<q", ua.datetime_to_win_epoch(source))] if source is not None else []
    if picoseconds is not None and source is not None:
        mask |= 0x10
        parts.append(struct.pack("<H", picoseconds))
    parts += [struct.pack("<q", ua.datetime_to_win_epoch(server))] if server is not None else []
    return bytes([mask]) + b"".join(parts)


def notification(bodies: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack("<I", handle) + body for handle, body in bodies)


def decoded(data: bytes, count: int, plan: Plan = PLAN) -> Columns:
    return Decoder(plan, 10.0).columns(data, Stretch(0, len(data), count), ARRIVAL_NS)


def expected(handle: int, value: ua.DataValue) -> tuple[int, Any, int, int, int]:
    """Return tag, value, quality, source time and status as the rules say, from the library's decoding."""
    status = int(value.StatusCode.value) if value.StatusCode is not None else 0
    quality = quality_of(status)
    content: Any = value.Value.Value if value.Value is not None else None
    kind = value.Value.VariantType if value.Value is not None else ua.VariantType.Null
    is_array = value.Value is not None and value.Value.is_array
    seen: Any = math.nan
    ticks = ua.datetime_to_win_epoch(value.SourceTimestamp) if value.SourceTimestamp is not None else 0
    source_ns = (ticks - 116_444_736_000_000_000) * 100
    if source_ns < 978_307_200_000_000_000 or source_ns > ARRIVAL_NS + 10_000_000_000:
        source_ns = ARRIVAL_NS
        quality |= CLOCK
    elif value.ServerTimestamp is not None:
        server_ns = (ua.datetime_to_win_epoch(value.ServerTimestamp) - 116_444_736_000_000_000) * 100
        if server_ns >= 978_307_200_000_000_000 and source_ns - server_ns > 10_000_000_000:
            quality |= CLOCK
    is_text = PLAN.items[handle].kind is TagKind.TEXT
    if quality < BAD:
        if kind is ua.VariantType.Null and not is_array:
            quality = (quality & ~SEVERITY) | BAD | WAITING
        elif not is_text and not is_array and kind in INTEGERS:
            seen = float(content) if abs(content) <= 2**53 else content
        elif (
            not is_text
            and not is_array
            and kind in (ua.VariantType.Boolean, ua.VariantType.Float, ua.VariantType.Double)
        ):
            seen = float(content)
            if not math.isfinite(seen):
                seen, quality = math.nan, (quality & ~UNCERTAIN) | BAD | NOT_A_NUMBER
        elif is_text and not is_array and kind in INTEGERS:
            seen = content
        elif is_text and not is_array and kind in TEXT_OF:
            seen = TEXT_OF[kind](content)
        else:
            quality, status = (quality & ~SEVERITY) | BAD | CONFIG, 0x8074_0000
    return 100 + handle, None if is_text and quality >= BAD else seen, quality, source_ns, status


TEXT_OF: dict[Any, Any] = {
    ua.VariantType.String: lambda content: content or "",
    ua.VariantType.LocalizedText: lambda content: content.Text or "",
    ua.VariantType.QualifiedName: lambda content: content.Name or "",
    ua.VariantType.Guid: str,
    ua.VariantType.NodeId: lambda content: content.to_string(),
    ua.VariantType.DateTime: lambda content: content.isoformat(),
}


def seen(columns: Columns) -> list[tuple[int, Any, int, int, int]]:
    fields = (columns.tag, columns.value, columns.quality, columns.source_ns, columns.status)
    rows = [tuple(row) for row in zip(*(field.tolist() for field in fields), strict=True)]
    return rows + [
        (text.tag, text.value, text.quality, text.source_ns, text.status) for text in columns.texts
    ]


def comparable(rows: Any) -> list[str]:
    return sorted(repr(row) for row in rows)


def _whole(value: int) -> Any:
    return (0, ua.Variant(value, ua.VariantType.Int64), None, None, None)


@MANY
@given(items)
@example([_whole(value) for value in (2**53, 2**53 + 1, -(2**53), -(2**53) - 1)])
def test_equals_the_librarys_decoding(drawn: Any) -> None:
    data = notification([(handle, encoded(*rest)) for handle, *rest in drawn])
    buffer = Buffer(data)
    library = [struct_from_binary(ua.MonitoredItemNotification, buffer) for _ in drawn]
    known = [each for each in library if each.ClientHandle < len(PLAN.items)]
    assert comparable(seen(decoded(data, len(drawn)))) == comparable(
        expected(each.ClientHandle, each.Value) for each in known
    )


@MANY
@given(st.lists(st.tuples(numbers, stamps, stamps, st.integers(0, 9999)), min_size=1, max_size=6))
def test_picoseconds_are_read_in_the_specifications_order(drawn: Any) -> None:
    data = notification([(0, encoded(value, 0, *rest)) for value, *rest in drawn])
    plain = notification([(0, encoded(value, 0, source, server)) for value, source, server, _ in drawn])
    assert comparable(seen(decoded(data, len(drawn)))) == comparable(seen(decoded(plain, len(drawn))))


def test_trap_t6_the_library_alone_reads_picoseconds_wrongly() -> None:
    source = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    data = encoded(ua.Variant(1.0), None, source, source, picoseconds=7)
    library = struct_from_binary(ua.DataValue, Buffer(data))
    assert library.ServerTimestamp != source
    columns = decoded(notification([(0, data)]), 1)
    assert columns.source_ns.tolist() == [int(source.timestamp()) * 1_000_000_000]


@MANY
@given(items, st.data())
def test_cut_or_bent_bytes_raise_a_protocol_error_or_decode(drawn: Any, data: st.DataObject) -> None:
    whole = notification([(handle, encoded(*rest)) for handle, *rest in drawn])
    bent = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(bent) - 1)), max_size=4)) if bent else []:
        bent[at] = data.draw(st.integers(0, 255))
    try:
        columns = decoded(bytes(bent), len(drawn))
    except MalformedMessage:
        return
    assert len(columns) + len(columns.texts) <= len(drawn)


@MANY
@given(st.binary(max_size=120), st.integers(0, 30))
@example(bytes.fromhex("00000000 01 80ffffff7f"), 1)  # two thousand million nulls
@example(bytes.fromhex("00000000 01 98ffffff7f"), 1)  # as many Variants
@example(bytes.fromhex("00000000 01 0cfeffffff"), 1)  # a String of length -2
@example(b"\0\0\0\0\x01" + b"\x17\x01" * 100, 1)  # DataValues within DataValues
def test_random_values_raise_a_protocol_error_or_decode(data: bytes, count: int) -> None:
    try:
        decoded(data, count)
    except MalformedMessage:
        return


@MANY
@given(st.binary(max_size=200))
@example(bytes.fromhex("01003d03") + bytes(16) + b"\xff" * 8)
def test_random_messages_raise_a_driver_error_or_decode(data: bytes) -> None:
    for read in (publish_response, read_response):
        try:
            read(data)
        except DriverError:
            continue


@MANY
@given(items, st.data())
def test_bent_publish_responses_raise_a_driver_error_or_decode(drawn: Any, data: st.DataObject) -> None:
    body = notification([(handle, encoded(*rest)) for handle, *rest in drawn])
    whole = bytearray(published(body, len(drawn)))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[at] = data.draw(st.integers(0, 255))
    try:
        message = publish_response(bytes(whole)).notification
        for stretch in message.changes:
            Decoder(PLAN, 10.0).columns(bytes(whole), stretch, ARRIVAL_NS)
    except DriverError:
        return


def published(body: bytes, count: int) -> bytes:
    """Return a publish response with these items, as asyncua encodes one around them."""
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 7
    response.Parameters.AvailableSequenceNumbers = [4, 5]
    response.Parameters.NotificationMessage.SequenceNumber = 5
    change = struct.pack("<i", count) + body + struct.pack("<i", 0)
    response.Parameters.NotificationMessage.NotificationData = [
        ua.ExtensionObject(TypeId=ua.FourByteNodeId(811), Body=change)
    ]
    return struct_to_binary(response)


def test_the_frame_of_a_publish_response_is_found() -> None:
    body = notification([(3, encoded(ua.Variant(1.5), None, None, None))])
    data = published(body, 1)
    found = publish_response(data)
    assert (found.subscription, found.notification.sequence, found.notification.is_empty) == (7, 5, False)
    (stretch,) = found.notification.changes
    assert data[stretch.start : stretch.start + len(body)] == body


def test_ten_thousand_values_of_a_message_all_arrive() -> None:
    """Trap T5: asyncua's iterator keeps a thousand of them."""
    plan = make([TagKind.NUMBER] * 10_000)
    data = notification([(at, encoded(ua.Variant(float(at)), None, None, None)) for at in range(10_000)])
    columns = decoded(data, 10_000, plan)
    assert np.array_equal(columns.value, np.arange(10_000.0))
    assert np.array_equal(columns.tag, np.arange(100, 10_100))


def test_an_undecodable_value_costs_its_own_tag() -> None:
    """Trap T7: in asyncua it costs the whole message."""
    unknown = ua.ExtensionObject(
        TypeId=ua.NodeId(889, 0), Body=b"\x01"
    )  # announced as EUInformation, and is not
    odd = bytes([1]) + b"\x16" + struct_to_binary(unknown)
    data = notification([(0, odd), (1, encoded(ua.Variant(2.0), None, None, None))])
    with pytest.raises(NotEnoughData):
        variant_from_binary(Buffer(odd, 1))
    columns = decoded(data, 2)
    assert columns.quality.tolist() == [BAD | CONFIG | CLOCK, CLOCK]
    assert columns.value.tolist()[1] == 2.0


def test_nothing_is_read_beyond_the_end() -> None:
    """Compiled code checks no index: the same tests run as plain Python, where NumPy does."""
    tests = ["-k", "bent or random or librarys", "-W", "ignore::RuntimeWarning"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, *tests],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
