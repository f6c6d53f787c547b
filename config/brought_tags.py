"""The tags that loops, selectors and splits bring: set-points, outputs, modes."""

from __future__ import annotations

from collections.abc import Mapping

from config.loops import Loop
from config.structures import Selector, Split
from config.tags import Tag


class BroughtTags:
    """Makes the tags that the control structures of a site bring, each with the unit of its origin."""

    def __init__(
        self,
        tags: Mapping[str, Tag],
        loops: Mapping[str, Loop],
        selectors: Mapping[str, Selector],
        splits: Mapping[str, Split],
    ) -> None:
        """Take what a site has, by full name; `tags` are those of the plant and of calculations."""
        self._tags = tags
        self._loops = loops
        self._selectors = selectors
        self._splits = splits

    def tags(self) -> dict[str, Tag]:
        """Return the tags, those of a loop side by side: `.sp`, `.op`, `.mode`, and `.ratio` if any.

        Raises:
            ValueError: a tag takes its unit from itself (`config.load` reports it as a circle).
        """
        brought: dict[str, Tag] = {}
        for name, loop in self._loops.items():
            brought |= self._of_loop(name, loop)
        for name, selector in self._selectors.items():
            output = self._origin(selector.output)
            brought[f"{name}.op"] = Tag(
                description=f"Output of {name}", unit=output.unit, format=output.format,
                low=output.low, high=output.high,
            )  # fmt: skip
            brought[f"{name}.selected"] = Tag(
                description=f"Number of the input that {name} lets through", format=".0f"
            )
        for name, split in self._splits.items():
            brought[f"{name}.op"] = _split_tag(name, split)
        return brought

    def _of_loop(self, name: str, loop: Loop) -> dict[str, Tag]:
        pv, output = self._origin(loop.pv), self._origin(loop.output)
        tags = {
            f"{name}.sp": Tag(
                description=f"Set-point of {name}",
                unit=pv.unit,
                low=pv.low if loop.sp_low is None else loop.sp_low,
                high=pv.high if loop.sp_high is None else loop.sp_high,
                format=pv.format,
            ),
            f"{name}.op": Tag(description=f"Output of {name}", unit=output.unit, format=output.format),
            f"{name}.mode": Tag(description=f"Mode of {name}", format=".0f"),
        }
        if loop.remote is not None and loop.remote.ratio is not None:
            tags[f"{name}.ratio"] = Tag(description=f"Ratio of {name}", format=".4g")
        return tags

    def _origin(self, name: str) -> Tag:
        """Follow a `.sp` to the loop's PV and a `.op` to what it moves, to a tag with its own unit."""
        for _ in range(2 * len(self._loops) + len(self._selectors) + 1):
            if name in self._tags:
                return self._tags[name]
            owner, _, part = name.rpartition(".")
            if part == "op" and owner in self._splits:
                return _split_tag(owner, self._splits[owner])
            if part not in ("sp", "op"):
                return Tag(format=".0f")
            if owner in self._selectors:
                name = self._selectors[owner].output
            else:
                loop = self._loops[owner]
                name = loop.pv if part == "sp" else loop.output
        raise ValueError(f"{name} takes its unit from itself")


def _split_tag(name: str, split: Split) -> Tag:
    return Tag(
        description=f"What {name} spreads", unit=split.unit, low=split.low, high=split.high, format=".1f"
    )
