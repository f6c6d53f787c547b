"""The image: the latest sample of every tag, in columns indexed by tag.

After the tags come the values that are derived for alarms (`layout.DERIVED`): nobody outside sees them.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from control import signal


class Image(NamedTuple):
    """The latest sample of every tag, in engineering units.

    The engine's thread alone writes it. Other threads may read: a cell is 8 or 4 aligned bytes,
    so a cell is never torn, but value, quality and time of a tag may belong to two neighbouring
    samples. What must agree (history, events) comes through the rings.
    """

    value: npt.NDArray[np.float64]
    """NaN where there is none."""
    source_ns: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint32]
    status: npt.NDArray[np.uint32]

    @classmethod
    def allocate(cls, tags: int) -> Self:
        """Return the image of so many tags and derived values, all of them waiting for their first value."""
        return cls(
            value=np.full(tags, np.nan),
            source_ns=np.zeros(tags, np.int64),
            quality=np.full(tags, signal.BAD | signal.WAITING, np.uint32),
            status=np.zeros(tags, np.uint32),
        )

    def copy(self) -> Image:
        """Return a copy that the engine no longer changes."""
        return Image(self.value.copy(), self.source_ns.copy(), self.quality.copy(), self.status.copy())
