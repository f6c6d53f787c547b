"""Messages on the wire: exact bytes, exact values, and nothing that a device says becomes a point."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from control.signal import SAMPLE
from gateway.batch.context import Context
from gateway.stream.line_decoder import Decoder, MalformedMessage, Message, read_header
from gateway.stream.line_protocol import Header, UnfitName, encode, escape_tag, prefixes
from gateway.stream.records import Points, TextPoint

NAMES = ["br1/temp.pv", "br1/a b,c=d", "br1/recipe"]
HEADER = Header("gw1", 0, 17, 5, 1_700_000_000_000_000_009, "00ff00ff00ff00ff")
T = 1_700_000_000_000_000_001


def points(*rows: tuple[float, int, int, int, int, int], texts: tuple[TextPoint, ...] = ()) -> Points:
    """Return points of (value, source_ns, tag, quality, status, ordinal)."""
    return Points.of_rows(np.array(list(rows), SAMPLE), texts)


NO_CONTEXT = Context()


def lines(of: Points, context: Context = NO_CONTEXT) -> list[str]:
    return encode(HEADER, of, prefixes(NAMES), context).decode().split("\n")


def read(payload: bytes) -> Message:
    names: list[str] = []

    def intern(name: str) -> int:
        names.append(name)
        return NAMES.index(name)

    message = Decoder(intern).decode(payload)
    assert len(names) == len(set(names)), "asked twice for the same name"
    return message


def test_a_message_is_a_header_line_and_a_line_for_each_point() -> None:
    header, point, end = lines(points((37.02, T, 0, 0, 0, 0)))
    checksum = zlib.crc32(f"{point}{end}".encode() + b"\n")
    assert header == (
        "cellgate_message,gateway=gw1,partition=0 epoch=17i,sequence=5i,count=1i,"
        f'checksum="{checksum:08x}",config="00ff00ff00ff00ff" 1700000000000000009'
    )
    assert point == f"cellgate,name=br1/temp.pv value=37.02,quality=0i {T}"
    assert end == ""


def test_status_ordinal_and_context_appear_where_they_are() -> None:
    context = Context("c-17", "b-3", "")
    _, point, _ = lines(points((1.0, T, 0, 0x8000_0002, 0x80AB_0000, 2)), context)
    assert point == (
        "cellgate,name=br1/temp.pv,ordinal=2 value=1.0,quality=2147483650i,status=2158690304i,"
        f'campaign="c-17",batch="b-3" {T}'
    )


def test_no_value_is_no_field() -> None:
    _, point, _ = lines(points((float("nan"), T, 0, 0x8000_0001, 0, 0)))
    assert point == f"cellgate,name=br1/temp.pv quality=2147483649i {T}"


def test_names_are_escaped() -> None:
    _, point, _ = lines(points((1.0, T, 1, 0, 0, 0)))
    assert point == f"cellgate,name=br1/a\\ b\\,c\\=d value=1.0,quality=0i {T}"


@pytest.mark.parametrize("name", ["", "a\\", "a\nb", "a\tb"])
def test_names_that_cannot_be_written_are_refused(name: str) -> None:
    with pytest.raises(UnfitName):
        escape_tag(name)


def test_texts_and_long_integers_have_fields_of_their_own() -> None:
    texts = (
        TextPoint(2, 'say "x" \\ y', T, 0),
        TextPoint(2, -(2**63), T, 0, 7, 1),
        TextPoint(2, 2**64 - 1, T, 0),
    )
    _, text, integer, unsigned, _ = lines(points(texts=texts))
    assert text == f'cellgate,name=br1/recipe text="say \\"x\\" \\\\ y",quality=0i {T}'
    assert integer == (
        f"cellgate,name=br1/recipe,ordinal=1 integer=-9223372036854775808i,quality=0i,status=7i {T}"
    )
    assert unsigned == f'cellgate,name=br1/recipe unsigned="18446744073709551615",quality=0i {T}'


def test_everything_comes_back() -> None:
    context = Context("c", 'b "1"', "p,h=\\")
    sent = points(
        (-0.0, T, 0, 0, 0, 0),
        (5e-324, T, 0, 0, 0, 1),
        (1e308, -T, 1, 0x4000_0020, 9, 0),
        (float("nan"), T + 1, 1, 0x8000_0000, 0, 0),
        texts=(TextPoint(2, "two\nlines", T, 0), TextPoint(2, 2**63, T, 0, 0, 3)),
    )
    message = read(encode(HEADER, sent, prefixes(NAMES), context))
    assert message.context == context
    assert (message.header.sequence, message.header.count) == (5, 6)
    assert message.points.texts == sent.texts
    for name in ("tag", "quality", "source_ns", "status", "ordinal"):
        np.testing.assert_array_equal(getattr(message.points, name), getattr(sent, name))
    np.testing.assert_array_equal(message.points.value.view(np.uint64), sent.value.view(np.uint64))


def test_an_empty_message_comes_back() -> None:
    assert len(read(encode(HEADER, points(), prefixes(NAMES), Context())).points) == 0


def test_the_header_is_read_alone() -> None:
    payload = encode(HEADER, points((1.0, T, 0, 0, 0, 0)), prefixes(NAMES), Context())
    header = read_header(payload)
    assert (header.gateway, header.partition, header.epoch, header.sequence) == ("gw1", 0, 17, 5)
    assert (header.count, header.created_ns, header.config) == (1, HEADER.created_ns, HEADER.config)


@pytest.mark.parametrize(
    "said",
    [
        "cellgate,name=br1/temp.pv value=1,quality=0i 5",
        "\ncellgate,name=br1/temp.pv value=1,quality=0i 5\n",
        '",quality=0i 5\ncellgate,name=br1/temp.pv value=1,quality=0i 5\ncellgate,name=br1/recipe text="',
        "cellgate,name=br1/temp.pv value=1,quality=0i",
        "\n\n\n",
    ],
)
def test_a_text_that_looks_like_a_point_is_a_text(said: str) -> None:
    sent = points((2.0, T, 0, 0, 0, 0), texts=(TextPoint(2, said, T, 0),))
    message = read(encode(HEADER, sent, prefixes(NAMES), Context()))
    assert message.points.texts == sent.texts
    assert message.points.value.tolist() == [2.0]


@pytest.fixture
def payload() -> bytes:
    return encode(HEADER, points((1.0, T, 0, 0, 0, 0), (2.0, T, 1, 0, 0, 0)), prefixes(NAMES), Context())


@pytest.mark.parametrize("position", range(0, 330, 7))
def test_a_changed_byte_is_seen(payload: bytes, position: int) -> None:
    at = position % len(payload)
    changed = payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]
    try:
        message = read(changed)
    except (MalformedMessage, ValueError):
        return
    assert message.points.value.tolist() == [1.0, 2.0], "the header's numbers are outside the checksum"


@pytest.mark.parametrize("cut", [0, 10, 100, 150, 200, 250])
def test_a_cut_message_is_seen(payload: bytes, cut: int) -> None:
    with pytest.raises(MalformedMessage):
        read(payload[:cut])


def test_a_wrong_count_is_seen(payload: bytes) -> None:
    with pytest.raises(MalformedMessage, match="3 were announced"):
        read(payload.replace(b"count=2i", b"count=3i"))


def resealed(body: bytes, count: int) -> bytes:
    """Return a message with any body, its checksum right."""
    empty = encode(HEADER, points(), prefixes(NAMES), Context())
    head = empty.split(b"\n")[0].replace(b"count=0i", b"count=%di" % count)
    start = head.index(b'checksum="') + 10
    return head[:start] + b"%08x" % zlib.crc32(body) + head[start + 8 :] + b"\n" + body


@pytest.mark.parametrize(
    "body",
    [
        b"other,name=x value=1.0,quality=0i 5\n",
        b"cellgate,name=br1/temp.pv value=1.0,quality=0i,more=1i 5\n",
        b"cellgate,name=br1/temp.pv value=one,quality=0i 5\n",
        b"cellgate,name=br1/temp.pv value=1.0,quality=0i 99999999999999999999\n",
        b"cellgate,name=br1/temp.pv value=1.0,quality=0i\n",
        b"cellgate,name=br1/temp.pv value=1.0,quality=99999999999i 5\n",
        b"\n",
    ],
)
def test_a_foreign_line_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read(resealed(body, 1))


def test_points_of_two_contexts_are_refused() -> None:
    line = b'cellgate,name=br1/temp.pv value=1.0,quality=0i,campaign="%b" 5\n'
    with pytest.raises(MalformedMessage, match="2 contexts"):
        read(resealed(line % b"a" + line % b"b", 2))


def test_a_number_behind_a_text_is_refused() -> None:
    body = b'cellgate,name=br1/recipe text="x",quality=0i 5\n'
    body += b"cellgate,name=br1/temp.pv value=1.0,quality=0i 5\n"
    with pytest.raises(MalformedMessage, match="behind a text"):
        read(resealed(body, 2))
