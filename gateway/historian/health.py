"""What the historian says of itself every two seconds, retained, for people and the gateway's screens."""

from __future__ import annotations

import time
from typing import Any

from config.streams import Historian
from gateway.historian.announce import Announcer
from gateway.historian.bridge import Bridge
from gateway.historian.drain import DrainState
from gateway.historian.gap_asker import GapAsker


def document(
    config: Historian,
    bridge: Bridge,
    announcer: Announcer,
    gaps: GapAsker,
    store: DrainState,
    depth: int,
) -> dict[str, Any]:
    """Return the historian's health."""
    counters = bridge.counters
    trouble = bridge.trouble or store.trouble
    return {
        "online": True,
        "time_ns": time.time_ns(),
        "well": not trouble and not gaps.open,
        "messages": counters.messages,
        "points_stored": counters.points,
        "duplicates": counters.duplicates,
        "quarantined": counters.quarantined + store.rejected,
        "shed": counters.shed,
        "commits": counters.commits,
        "gaps": gaps.open,
        "resends_asked": gaps.asked,
        "given_up": counters.given_up + gaps.given_up,
        "watermarks": [
            {**source._asdict(), "sequence": sequence}
            for source, sequence in sorted(announcer.watermarks.items())
        ],
        "hot": {"trouble": bridge.trouble, "waiting_for_store": depth},
        "store": {
            "type": config.store.type,
            "trouble": store.trouble,
            "messages_written": store.written,
            "messages_replayed": store.replayed,
        },
    }
