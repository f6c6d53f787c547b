"""The quick way through a message gives what the careful way gives, or nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.batch.context import Context
from gateway.stream import line_decoder
from gateway.stream.line_columns import columns_of
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
        header, body = line_decoder._checked(data)
        message = decoder._message(header, *line_decoder._lines(body))
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


def test_plain_messages_go_the_quick_way() -> None:
    data = payload([Sample(f"br1/t{n}", n / 7, START_NS + n) for n in range(50)], 1)
    body = data[data.index(b"\n") + 1 :]
    columns = columns_of(body, 50)
    assert columns is not None
    assert columns.value.tolist() == [n / 7 for n in range(50)]
    assert columns.middle == b"quality=0i"


def test_what_is_not_alike_does_not() -> None:
    odd = [Sample("br1/a", 1.0, 5), Sample("br1/b", 2.0, 5, quality=1)]
    data = payload(odd, 1)
    assert columns_of(data[data.index(b"\n") + 1 :], 2) is None
    assert columns_of(b"", 0) is None
