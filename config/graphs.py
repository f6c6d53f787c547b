"""Circles in what depends on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def cycles(edges: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return circles of a graph, each as the names along it with the first again at the end.

    Every circle shares no node with another one in the list: enough to tell people where to cut.
    Walks with a stack of its own, so that long chains need no deep recursion.
    """
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        on_trail: dict[str, int] = {}
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                trail.pop()
                del on_trail[node]
                done.add(node)
            elif node in on_trail:
                circle = trail[on_trail[node] :]
                if not done.intersection(circle):
                    found.append((*circle, node))
                    done.update(circle)
            elif node not in done:
                on_trail[node] = len(trail)
                trail.append(node)
                stack.append((node, True))
                stack.extend((other, False) for other in edges.get(node, ()) if other in edges)
    return found
