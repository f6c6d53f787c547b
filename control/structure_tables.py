"""Cascades, selectors, splits and remote set-points of the site as rows of the engine."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from config.loops import Loop
from config.quantities import Quantity
from config.site import Site
from config.structures import Branch, Choice, Leading, Selector, Split
from config.tags import Access, Tag, TagKind
from control.layout import NOT_A_SLOT
from control.rings import Row, Rows
from control.state import Indices, Loops, Outputs, Structures
from control.structure_layout import LINK, NODE, NODE_HIGH, NODE_LOW, NODE_MEDIAN, NODE_SPLIT, REMOTE
from control.tag_tables import NS, TablesError, in_unit

_KINDS = {Choice.LOW: NODE_LOW, Choice.HIGH: NODE_HIGH, Choice.MEDIAN: NODE_MEDIAN}
_TOLERANCE = 0.02
"""Share of the output's range within which a read-back counts as following."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A link to be: what leads, in which words, from where, and where it lies in the order."""

    key: tuple[int, int, int]
    name: str
    leading: Leading
    from_loop: int
    from_node: int
    unit: str = ""
    """Of the value that comes in, for a branch of a split."""


def build_structures(
    site: Site, loops: Loops, loop_row: Indices, level: dict[str, int], outputs: Outputs
) -> Structures:
    """Return the structures, and enter them into the rows of loops and slots.

    Raises:
        TablesError: an output cannot be written, two own one output, or a line of a split is wrong.
    """
    row_of = {name: int(loop_row[position]) for position, name in enumerate(site.loops)}
    nodes = _Nodes(site, level)
    ways = sorted(_ways(site, row_of, nodes, level), key=lambda way: way.key)
    links = np.zeros(len(ways), LINK)
    builder = _Builder(site, row_of, nodes.number, outputs)
    for k, way in enumerate(ways):
        try:
            builder.fill(links, k, way)
        except TablesError as error:
            raise TablesError(f"{way.name}: {error}") from None
        if way.from_loop >= 0:
            loops.row[way.from_loop]["link"] = k
            safe = loops.row[way.from_loop]["safe"]
            links[k]["value"] = links[k]["actual"] = safe
            if links[k]["slot"] != NOT_A_SLOT:
                outputs.slots[links[k]["slot"]]["safe"] = safe
        if links[k]["loop"] >= 0:
            loops.row[links[k]["loop"]]["fed"] = 1
    return Structures(links, nodes.rows, nodes.connect(links), _remotes(site, loops, row_of))


def needs_link(site: Site, loop: Loop) -> bool:
    """Say whether the output of a loop leads through a structure, or is measured where it acts."""
    return loop.readback is not None or site.tags[loop.output].device is None


class _Nodes:
    """Selectors and splits in the order of execution."""

    def __init__(self, site: Site, level: dict[str, int]) -> None:
        parts: dict[str, Selector | Split] = {**site.selectors, **site.splits}
        self.names = sorted(parts, key=lambda name: level[f"{name}.op"])
        self.number = {f"{name}.op": number for number, name in enumerate(self.names)}
        self.rows = np.zeros(len(parts), NODE)
        for row, name in zip(self.rows, self.names, strict=True):
            part = parts[name]
            tag = site.tags[f"{name}.op"]
            row["shown"], row["blocked"] = site.tag_index[f"{name}.op"], 1
            row["low"], row["high"] = (
                in_unit(tag.low, tag.unit, -math.inf),
                in_unit(tag.high, tag.unit, math.inf),
            )
            if isinstance(part, Selector):
                row["kind"] = _KINDS[part.select]
            else:
                row["kind"], row["value"] = NODE_SPLIT, row["low"]
                row["balance_ns"] = part.balance * NS / site.speed_of_tag(f"{name}.op")

    def connect(self, links: Rows) -> Indices:
        """Enter the links that lead to the nodes and on; return the list of inputs."""
        inputs: list[int] = []
        for number, row in enumerate(self.rows):
            on = np.flatnonzero(links["from_node"] == number)
            row["first_link"], row["last_link"] = on[0], on[-1] + 1
            row["first_input"] = len(inputs)
            inputs += np.flatnonzero(links["node"] == number).tolist()
            row["last_input"] = len(inputs)
        return np.array(inputs, np.uint32)


def _ways(site: Site, row_of: dict[str, int], nodes: _Nodes, level: dict[str, int]) -> list[_Way]:
    ways = [
        _Way((level[f"{name}.sp"], 0, row_of[name]), f"loop {name}", loop, row_of[name], -1)
        for name, loop in site.loops.items()
        if needs_link(site, loop)
    ]
    for number, name in enumerate(nodes.names):
        key = (level[f"{name}.op"], 1, number)
        if name in site.selectors:
            ways.append(_Way(key, f"selector {name}", site.selectors[name], -1, number))
        else:
            split = site.splits[name]
            ways += [_Way(key, f"split {name}", b, -1, number, split.unit) for b in split.branches]
    return ways


class _Builder:
    """Fills the rows of links."""

    def __init__(self, site: Site, row_of: dict[str, int], node_of: dict[str, int], outputs: Outputs) -> None:
        self._site = site
        self._row_of = row_of
        self._node_of = node_of
        self._outputs = outputs
        self._led_to: defaultdict[str, int] = defaultdict(int)

    def fill(self, links: Rows, k: int, way: _Way) -> None:
        """Fill link `k`."""
        link, leading, site = links[k], way.leading, self._site
        link["from_loop"], link["from_node"] = way.from_loop, way.from_node
        link["loop"] = link["node"] = link["readback"] = -1
        link["slot"], link["blocked"] = NOT_A_SLOT, 1
        tag = site.tags[leading.output]
        link["tag"] = site.tag_index[leading.output]
        link["actual"] = link["value"] = in_unit(
            leading.safe_output, tag.unit, in_unit(tag.low, tag.unit, 0.0)
        )
        if isinstance(leading, Branch):
            self._line(link, leading, tag, way.unit)
        if leading.output in self._node_of:
            link["node"] = self._node_of[leading.output]
            if leading.output.removesuffix(".op") in site.splits:
                self._claim(leading.output)
        elif tag.device is None:
            owner = leading.output.removesuffix(".sp")
            if owner not in self._row_of:
                raise TablesError(f"{leading.output} is no writable tag of a device, and no loop's set-point")
            self._claim(leading.output)
            link["loop"] = self._row_of[owner]
        else:
            self._actuator(link, k, leading, tag)

    def _claim(self, output: str) -> None:
        self._led_to[output] += 1
        if self._led_to[output] > 1:
            raise TablesError(f"another one already moves {output}")

    def _actuator(self, link: Row, k: int, leading: Leading, tag: Tag) -> None:
        if tag.access is Access.READ or tag.kind is not TagKind.NUMBER:
            raise TablesError(f"{leading.output} is no writable tag of a device")
        self._claim(leading.output)
        s = link["slot"] = self._outputs.slot_of_tag[link["tag"]]
        if leading.readback is not None:
            link["readback"] = self._site.tag_index[leading.readback]
            span = in_unit(tag.high, tag.unit, math.nan) - in_unit(tag.low, tag.unit, math.nan)
            given = leading.readback_tolerance
            link["tolerance"] = _TOLERANCE * span if given is None else given.span_to(tag.unit)
            if not math.isfinite(link["tolerance"]):
                raise TablesError("its readback needs a tolerance")
        if s == NOT_A_SLOT:
            return
        slot = self._outputs.slots[s]
        if slot["loop"] >= 0:
            raise TablesError(f"another loop already moves {leading.output}")
        slot["link"], slot["safe"] = k, link["value"]

    def _line(self, link: Row, branch: Branch, tag: Tag, unit: str) -> None:
        """Enter the straight line of a branch, in the units of split and output."""
        link["start"] = branch.start.to(unit)
        link["at_start"] = in_unit(branch.at_start, tag.unit, in_unit(tag.low, tag.unit, math.nan))
        link["at_stop"] = in_unit(branch.at_stop, tag.unit, in_unit(tag.high, tag.unit, math.nan))
        if branch.stop is not None:
            link["stop"] = branch.stop.to(unit)
        else:
            link["stop"] = link["start"] + abs(link["at_stop"] - link["at_start"]) / (branch.gain or math.nan)
        slope = (link["at_stop"] - link["at_start"]) / (link["stop"] - link["start"])
        if not math.isfinite(slope) or slope == 0.0:
            raise TablesError(f"the part of {branch.output} has no finite slope")
        link["actual"] = link["value"] = in_unit(branch.safe_output, tag.unit, float(link["at_start"]))


def _remotes(site: Site, loops: Loops, row_of: dict[str, int]) -> Rows:
    remotes = np.zeros(sum(loop.remote is not None for loop in site.loops.values()), REMOTE)
    with_one = sorted((row_of[name], name) for name, loop in site.loops.items() if loop.remote is not None)
    for number, (i, name) in enumerate(with_one):
        row, loop = remotes[number], site.loops[name]
        remote = loop.remote
        assert remote is not None
        source, pv = site.tags[remote.tag], site.tags[loop.pv]
        row["loop"], row["tag"], row["shown"] = i, site.tag_index[remote.tag], -1
        loops.row[i]["remote"] = number
        row["bias"] = remote.bias.span_to(pv.unit)
        if remote.ratio is None:
            zero, one = (Quantity(value, source.unit).to(pv.unit) for value in (0.0, 1.0))
            row["ratio"] = one - zero
            row["bias"] += zero
        else:
            row["ratio"] = remote.ratio
            row["back_calculates"] = 0 if remote.keep_ratio else 1
            row["shown"] = site.tag_index[f"{name}.ratio"]
    return remotes
