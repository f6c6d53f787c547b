"""The screens: who may look, and when a session ends."""

from __future__ import annotations

from config.model import Model
from config.quantities import PositiveDuration


class Hmi(Model):
    """The operator's screens (`cellgate hmi`)."""

    view_without_login: bool = False
    """Anybody who reaches the screens may look at every unit. Acting needs a login anyhow."""
    lock_after: PositiveDuration = 900.0
    """A session in which nothing was done for so long is locked: its user's password opens it again."""
    sign_out_after: PositiveDuration = 43200.0
    """A session ends this long after its login, whatever was done in it: a shift."""
    behind_tls: bool = False
    """A proxy gives browsers the screens over TLS: cookies are then never sent without it."""
