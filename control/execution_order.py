"""In which order loops, selectors and splits are executed: what feeds others comes before them."""

from __future__ import annotations

from collections import Counter

from config.graphs import cycles
from config.site import Site
from control.tag_tables import TablesError


def levels(site: Site) -> dict[str, int]:
    """Return how many loops, selectors and splits are above each, at the most, by its entrance.

    The entrance of a loop is its `.sp`, that of a selector or split its `.op`.

    Raises:
        TablesError: they feed one another in a circle.
    """
    leads = {f"{name}.sp": [loop.output] for name, loop in site.loops.items()}
    leads |= {f"{name}.op": [selector.output] for name, selector in site.selectors.items()}
    leads |= {f"{n}.op": [branch.output for branch in split.branches] for n, split in site.splits.items()}
    for circle in cycles(leads):
        names = [entrance.rpartition(".")[0] for entrance in circle]
        raise TablesError(f"the cascade goes round in a circle: {' → '.join(names)}")
    above = Counter(output for outputs in leads.values() for output in outputs if output in leads)
    level = dict.fromkeys(leads, 0)
    ready = [entrance for entrance in leads if not above[entrance]]
    while ready:
        entrance = ready.pop()
        for output in leads[entrance]:
            if output in leads:
                level[output] = max(level[output], level[entrance] + 1)
                above[output] -= 1
                if not above[output]:
                    ready.append(output)
    return level
