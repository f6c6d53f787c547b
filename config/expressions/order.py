"""Which calculation needs which: the order in which they are evaluated."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping


class CycleError(ValueError):
    """Calculations that need each other; `path` names them, the first again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            f"calculations need each other: {' -> '.join(path)}; one of them must do without the others"
        )
        self.path = path


def evaluation_order(needs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the names of the calculations so that each comes after those it needs.

    Args:
        needs: for each calculation the names that it refers to; those that are no calculations do
            not matter.

    Raises:
        CycleError: some of them need each other.
    """
    sorter = graphlib.TopologicalSorter(
        {name: [n for n in needed if n in needs] for name, needed in needs.items()}
    )
    try:
        return tuple(sorter.static_order())
    except graphlib.CycleError as error:
        cycle: list[str] = error.args[1]
        raise CycleError(tuple(reversed(cycle))) from None
