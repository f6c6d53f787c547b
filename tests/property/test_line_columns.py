"""The quick way through a message gives what the careful way gives, or nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.batch.context import Context
from gateway.stream import line_decoder
from gateway.stream.line_columns import Columns, Reader
from gateway.stream.line_decoder import Decoder, Message
from tests.messages import START_NS, Sample, payload

NAMES = st.sampled_from(["br1/a", "br1/b.pv", "br1/c d", "br1/e,f=g"])
STRINGS = st.text(st.sampled_from('a1 ,="\\\nvalue=cellgate,name'), max_size=12)
SAMPLES = st.builds(
    Sample,
    NAMES,
    st.one_of(st.floats(allow_infinity=False), STRINGS, st.integers(2**53, 2**64 - 1)),
    st.integers(START_NS, START_NS + 10**12),
    quality=st.sampled_from([0, 0, 0, 0x80000001]),
    status=st.sampled_from([0, 0, 7]),
    ordinal=st.sampled_from([0, 0, 0, 2]),
)
PLAIN = st.builds(Sample, NAMES, st.floats(allow_infinity=False, allow_nan=False), st.integers(0, 2**62))
MESSAGES = st.one_of(st.lists(SAMPLES, min_size=1, max_size=6), st.lists(PLAIN, min_size=1, max_size=6))


def decoded(data: bytes, *, quick: bool) -> tuple[Message, list[str]]:
    """Return a message, and the name of each of its points."""
    numbers: dict[str, int] = {}
    decoder = Decoder(lambda name: numbers.setdefault(name, len(numbers)))
    if quick:
        message = decoder.decode(data)
    else:
        header, end = line_decoder._checked(data)
        message = decoder._message(header, *line_decoder._lines(data[end:]))
    names = list(numbers)
    tags = [*message.points.tag.tolist(), *(text.tag for text in message.points.texts)]
    return message, [names[tag] for tag in tags]


@given(MESSAGES, st.builds(Context, st.sampled_from(["", "c1", "c 1"]), st.just(""), STRINGS))
def test_both_ways_agree(samples: list[Sample], context: Context) -> None:
    data = payload(samples, 1, context=context)
    quick, names = decoded(data, quick=True)
    careful, careful_names = decoded(data, quick=False)
    ordered = [s for s in samples if not s.is_text] + [s for s in samples if s.is_text]
    assert names == careful_names == [sample.tag for sample in ordered]
    assert quick.context == careful.context == context
    texts = [[replace(text, tag=0) for text in m.points.texts] for m in (quick, careful)]
    assert texts[0] == texts[1]
    for name in ("value", "quality", "source_ns", "status", "ordinal"):
        column = getattr(quick.points, name)
        assert column.tobytes() == getattr(careful.points, name).tobytes(), name
        assert column.dtype == getattr(careful.points, name).dtype


def read(body: bytes, count: int) -> Columns | None:
    """Return what the quick way makes of lines."""
    names: dict[bytes, int] = {}
    return Reader(lambda name: names.setdefault(name, len(names))).read(body, 0, count)


def test_plain_messages_go_the_quick_way() -> None:
    data = payload([Sample(f"br1/t{n}", n / 7, START_NS + n) for n in range(700)], 1)
    names: dict[bytes, int] = {}
    reader = Reader(lambda name: names.setdefault(name, len(names)))
    for _ in range(2):
        columns = reader.read(data, data.index(b"\n") + 1, 700)
        assert columns is not None
        assert columns.tag.tolist() == list(range(700))
        assert columns.value.tolist() == [n / 7 for n in range(700)]
        assert columns.source_ns.tolist() == [START_NS + n for n in range(700)]
        assert columns.contexts == {Context()}
        assert {*columns.quality.tolist(), *columns.status.tolist()} == {0}
    assert list(names) == [f"br1/t{n}".encode() for n in range(700)]


DIGITS = st.text("0123456789", min_size=1, max_size=25)
NUMBERS = st.one_of(
    st.floats(allow_infinity=False, allow_nan=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}"),
    st.builds(
        "{}{}.{}{}".format, st.sampled_from(["", "-"]), DIGITS, DIGITS, st.sampled_from(["", "e-7", "e22"])
    ),
    st.builds("{}.{}".format, st.integers(2**53 - 2, 2**53 + 2), st.just(0)),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["1.", ".5", "-", "--1.0", "1.0.0", "01.5", "1e5", "1.5E+3", "true", "null", "[1]", "1 2"]
    ),
)


@given(st.lists(st.tuples(NUMBERS, st.integers(-(2**63), 2**63 - 1).map(str)), min_size=1, max_size=5))
def test_numbers_are_equal_to_the_bit(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"cellgate,name=br1/t{n} value={v},quality=0i {t}\n" for n, (v, t) in enumerate(lines))
    columns = read(text.encode(), len(lines))
    if columns is not None:
        expected = np.array([float(value) for value, _ in lines])
        assert columns.value.tobytes() == expected.tobytes()
        assert columns.source_ns.tolist() == [int(time) for _, time in lines]
    elif all(re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", value) for value, _ in lines):
        assert str(-(2**63)) in dict(lines).values(), "plain numbers go the quick way"


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_bytes_are_read_or_not(body: bytes, count: int) -> None:
    assert read(body, count) is None or body.count(b"\n") == count


@given(st.data())
def test_changed_lines_are_read_as_they_are_or_not(data: st.DataObject) -> None:
    whole = payload([Sample(f"br1/t{n}", n / 8, START_NS + n) for n in range(3)], 1)
    body = bytearray(whole[whole.index(b"\n") + 1 :])
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    columns = read(bytes(body), 3)
    found = re.fullmatch(rb"(?:cellgate,name=([^ ,=\\\n]+) value=([^ ,\n]+),([^ \n]+) (-?\d+)\n){3}", body)
    assert columns is None or found
