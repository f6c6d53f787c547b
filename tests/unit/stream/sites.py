"""A small site for the tests of the stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.site import Site


def small_site(
    *, units: int = 2, tags: int = 3, port: int = 1883, streams: Mapping[str, Any] | None = None
) -> Site:
    """Return a site with `units` units of `tags` number tags and one text tag each."""
    own: dict[str, Any] = {f"m{number}.pv": {} for number in range(tags)}
    return Site.model_validate(
        {
            "site": {"name": "works"},
            "gateway": {"name": "gw1"},
            "units": {
                f"u{number}": {"area": "a", "cell": "c", "tags": {**own, "recipe": {"kind": "text"}}}
                for number in range(units)
            },
            "streams": {"broker": {"port": port}, **(streams or {})},
        }
    )
