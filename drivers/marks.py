"""Samples without a value: what a device's tags are given when the device cannot speak for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from config.tags import TagKind
from control.signal import Columns, Text
from drivers.api import TagRef


def marks(refs: Sequence[TagRef], quality: int, stamp_ns: int, status: int = 0) -> Columns:
    """Return one sample without value for each tag, all of one quality and time."""
    numbers = [ref.index for ref in refs if ref.tag.kind is not TagKind.TEXT]
    texts = [ref.index for ref in refs if ref.tag.kind is TagKind.TEXT]
    return Columns.filled(
        np.array(numbers, np.int32),
        quality=quality,
        source_ns=stamp_ns,
        status=status,
        texts=tuple(Text(index, None, stamp_ns, quality, status) for index in texts),
    )
