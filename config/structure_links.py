"""References of control structures, and the circles in which they may lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from config.draft import Draft
from config.errors import Findings, Path
from config.graphs import cycles
from config.loops import Loop
from config.structures import Leading, Selector, Split

Full = Callable[..., str | None]
"""Gives the full name of a reference in a unit, or None; takes the reference and its path in the unit."""

_KINDS = {"sp": ("loops",), "op": ("selectors", "splits", "loops")}


def linked_loop(full: Full, name: str, loop: Loop) -> Loop | None:
    """Return a loop with the full names of its references; None when one leads nowhere."""
    at = ("loops", name)
    pv, output = full(loop.pv, *at, "pv"), full(loop.output, *at, "output")
    readback = _optional(full, loop.readback, *at, "readback")
    remote = loop.remote
    if remote is not None:
        tag = full(remote.tag, *at, "remote", "tag")
        remote = None if tag is None else remote.model_copy(update={"tag": tag})
    law = _linked_law(full, name, loop)
    if pv is None or output is None or readback == "" or (remote is None) != (loop.remote is None):
        return None
    if None in law.values():
        return None
    update = {"pv": pv, "output": output, "readback": readback or None, "remote": remote}
    return loop.model_copy(update={**update, **law})


def _linked_law(full: Full, name: str, loop: Loop) -> dict[str, Any]:
    """Return feed-forward and gain schedule with full names; None for one that leads nowhere."""
    linked: dict[str, Any] = {}
    for part, field in (("feed_forward", "tag"), ("schedule", "over")):
        model = getattr(loop, part)
        if model is not None:
            tag = full(getattr(model, field), "loops", name, part, field)
            linked[part] = None if tag is None else model.model_copy(update={field: tag})
    return linked


def linked_selector(full: Full, name: str, selector: Selector) -> Selector | None:
    """Return a selector with the full names of its references; None when one leads nowhere."""
    update = _leading(full, selector, "selectors", name)
    return None if update is None else selector.model_copy(update=update)


def linked_split(full: Full, name: str, split: Split) -> Split | None:
    """Return a split with the full names of its references; None when one leads nowhere."""
    branches = []
    for index, branch in enumerate(split.branches):
        update = _leading(full, branch, "splits", name, "branches", index)
        if update is not None:
            branches.append(branch.model_copy(update=update))
    return split.model_copy(update={"branches": branches}) if len(branches) == len(split.branches) else None


def _leading(full: Full, leading: Leading, *at: str | int) -> dict[str, str | None] | None:
    output = full(leading.output, *at, "output")
    readback = _optional(full, leading.readback, *at, "readback")
    return None if output is None or readback == "" else {"output": output, "readback": readback}


def _optional(full: Full, reference: str | None, *at: str | int) -> str | None:
    """Return a reference's full name, None without one, and the empty text when it leads nowhere."""
    return None if reference is None else full(reference, *at) or ""


def references(part: Loop | Selector | Split) -> set[str]:
    """Return the full names that a loop or structure refers to."""
    if isinstance(part, Split):
        return {name for branch in part.branches for name in (branch.output, branch.readback) if name}
    names = {part.output, part.readback}
    if isinstance(part, Loop):
        names |= {part.pv, None if part.remote is None else part.remote.tag}
        names |= {None if part.feed_forward is None else part.feed_forward.tag}
        names |= {None if part.schedule is None else part.schedule.over}
    return {name for name in names if name}


def report_circles(draft: Draft, findings: Findings) -> None:
    """Report loops and structures whose outputs go round in a circle, and leave them out.

    First those that move one another. Beside, a loop is followed from its `.op` to its output and
    from its `.sp` to its PV: a tag that comes back to itself on that way has neither unit nor meaning.
    """
    moves: dict[str, list[str]] = {}
    origins: dict[str, list[str]] = {}
    for unit, parts in draft.units.items():
        for name, loop in parts.loops.items():
            moves[f"{unit}/{name}.sp"] = [loop.output]
            origins |= {f"{unit}/{name}.op": [loop.output], f"{unit}/{name}.sp": [loop.pv]}
        for name, selector in parts.selectors.items():
            moves[f"{unit}/{name}.op"] = origins[f"{unit}/{name}.op"] = [selector.output]
        for name, split in parts.splits.items():
            moves[f"{unit}/{name}.op"] = [branch.output for branch in split.branches]
    circles = cycles(moves)
    seen = {tag.rpartition(".")[0] for circle in circles for tag in circle}
    for circle in cycles(origins):
        if not seen.intersection(tag.rpartition(".")[0] for tag in circle):
            circles.append(circle)
    for circle in circles:
        _report(draft, circle, findings)


def _report(draft: Draft, circle: Iterable[str], findings: Findings) -> None:
    members = [_member(draft, tag) for tag in circle]
    names = [f"{unit}/{name}" for unit, _, name in members]
    unit, kind, name = members[0]
    path: Path = ("units", unit, kind, name, *(() if kind == "splits" else ("output",)))
    findings.error(
        None, path,
        f"the cascade goes round in a circle: {' → '.join(dict.fromkeys(names))} → {names[0]}",
        "let one of them move an actuator" if kind != "loops" else "let one of these loops move an actuator",
    )  # fmt: skip
    for unit, kind, name in members:
        getattr(draft.units[unit], kind).pop(name, None)


def _member(draft: Draft, tag: str) -> tuple[str, str, str]:
    """Return unit, kind and name of what brings a tag."""
    owner, _, part = tag.rpartition(".")
    unit, _, name = owner.partition("/")
    kinds = (kind for kind in _KINDS[part] if name in getattr(draft.units[unit], kind))
    return unit, next(kinds, "loops"), name
