"""Recorded acquisition: what is written comes back to the bit, and damage is seen where it begins."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.signal import Text
from drivers.replay.recording import Recording, RecordingWriter
from drivers.replay.stretch import COLUMNS, DamagedRecording, Head, RecordedTag, Stretch, decode, encode

HEAD = Head(
    "pilot", "f" * 16, (RecordedTag("u/a", "d", "number", "degC"), RecordedTag("u/b", "d", "text", ""))
)
_TIMES = st.integers(0, 2**62)
_WORDS = st.integers(0, 2**32 - 1)
_ROWS = st.lists(
    st.tuples(_TIMES, _TIMES, st.integers(0, 1), st.floats(width=64), _WORDS, _WORDS), max_size=20
).map(lambda rows: np.array(rows, COLUMNS))
_TEXTS = st.lists(
    st.tuples(
        _TIMES,
        st.builds(
            Text,
            st.just(1),
            st.none() | st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**63), 2**64 - 1),
            _TIMES,
            _WORDS,
            _WORDS,
        ),
    ),
    max_size=4,
).map(tuple)
_STRETCHES = st.builds(Stretch, _ROWS, _TEXTS)


def _same(one: Stretch, other: Stretch) -> bool:
    return one.rows.tobytes() == other.rows.tobytes() and one.texts == other.texts


@given(_STRETCHES)
def test_a_stretch_comes_back_to_the_bit(stretch: Stretch) -> None:
    assert _same(decode(encode(stretch)), stretch)


@given(st.binary(max_size=200))
def test_what_is_no_stretch_is_told(body: bytes) -> None:
    with pytest.raises(DamagedRecording):
        decode(body)


@given(st.lists(_STRETCHES.filter(len), min_size=1, max_size=4), st.data())
def test_a_file_ends_before_what_was_cut_or_changed_and_can_be_gone_on_with(
    stretches: list[Stretch], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.acquired"
        writer = RecordingWriter(path, HEAD)
        ends = [writer.size]
        for stretch in stretches:
            writer.write(stretch)
            ends.append(writer.size)
        writer.close()
        content = bytearray(path.read_bytes())
        hurt = data.draw(st.integers(ends[0], len(content) - 1))
        if data.draw(st.booleans()):
            content[hurt] ^= 0x40
        else:
            del content[hurt:]
        path.write_bytes(content)
        whole = sum(end <= hurt for end in ends[1:])
        with Recording(path) as recording:
            assert recording.head == HEAD
            found = list(recording)
        assert len(found) == whole
        assert all(_same(*pair) for pair in zip(found, stretches[:whole], strict=True))

        again = RecordingWriter(path, HEAD)
        again.write(stretches[0])
        again.close()
        with Recording(path) as recording:
            assert len(list(recording)) == whole + 1
            assert recording.digest == again.digest


@pytest.mark.parametrize("byte", range(4))
def test_a_length_beyond_the_end_is_damage(tmp_path: Path, byte: int) -> None:
    """The last frame's bytes are all there and right, but it says that there are more."""
    path = tmp_path / "x.acquired"
    writer = RecordingWriter(path, HEAD)
    end = writer.size
    stretch = Stretch(np.zeros(3, COLUMNS))
    writer.write(stretch)
    writer.close()
    content = bytearray(path.read_bytes())
    content[end + len(b"CGA1") + byte] ^= 0x40
    path.write_bytes(content)
    with Recording(path) as recording:
        assert list(recording) == []
        assert recording.end == end


def test_another_head_does_not_go_into_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "x.acquired"
    RecordingWriter(path, HEAD).close()
    with pytest.raises(DamagedRecording, match="other tags"):
        RecordingWriter(path, Head("pilot", "f" * 16, HEAD.tags[:1]))
    path.write_bytes(b"device: replay\n")
    with pytest.raises(DamagedRecording, match="no recording"):
        RecordingWriter(path, HEAD)
    assert path.read_bytes() == b"device: replay\n"
