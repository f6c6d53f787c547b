"""The alarm's life written a second time, in plain words, straight from the text.

Nothing is shared with the kernel or its table. Time goes in ticks of a scan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class LimitAlarm:
    """One alarm in words: is the condition true, how long, and what does that change?"""

    limit: float
    deadband: float = 0.0
    on: int = 0
    off: int = 0
    re_alarm: int = 0
    latching: bool = False
    now: int = 0
    active: bool = False
    acknowledged: bool = True
    latched: bool = False
    suppressed: bool = False
    out_of_service: bool = False
    shelved_until: int | None = None
    accepted_at: int = 0
    differs: int | None = None
    annunciations: int = 0

    @property
    def silent(self) -> bool:
        return self.suppressed or self.out_of_service or self.shelved_until is not None

    @property
    def letter(self) -> str:
        if self.silent:
            return "I" if self.out_of_service else "H" if self.suppressed else "G"
        if self.active:
            return "C" if self.acknowledged else "B"
        if self.latched:
            return "F" if self.acknowledged else "E"
        return "A" if self.acknowledged else "D"

    def violated(self, value: float) -> bool:
        if self.active and self.deadband > 0.0:
            return value > self.limit - self.deadband
        return value >= self.limit

    def see(self, value: float, good: bool) -> None:
        """Look at the value of this tick, then at the clock."""
        if good and not math.isnan(value):
            self._time(self.violated(value))
        elif self.differs is not None:
            self.differs += 1  # the timer stands still
        if self.shelved_until is not None and self.now >= self.shelved_until:
            self.shelved_until = None
            self._speak()
        waits = self.letter == "C" and self.re_alarm
        if waits and self.now - self.accepted_at >= self.re_alarm:
            self._annunciate()

    def _time(self, violated: bool) -> None:
        if violated == self.active:
            self.differs = None
            return
        self.differs = self.now if self.differs is None else self.differs
        if self.now - self.differs < (self.on if violated else self.off):
            return
        self.differs = None
        self.active = violated
        if violated and not self.silent:
            self._annunciate()

    def _annunciate(self) -> None:
        self.acknowledged = False
        self.latched = self.latching
        self.annunciations += 1

    def _hush(self) -> None:
        self.acknowledged, self.latched = True, False

    def _speak(self) -> None:
        if not self.silent and self.active:
            self._annunciate()

    def acknowledge(self) -> bool:
        if self.acknowledged or self.silent:
            return False
        self.acknowledged = True
        self.accepted_at = self.now
        return True

    def reset(self) -> bool:
        if self.letter != "F" or self.differs is not None:
            return False
        self.latched = False
        return True

    def shelve(self, ticks: int) -> bool:
        if self.shelved_until is not None:
            return False
        self._hush()
        self.shelved_until = self.now + ticks
        return True

    def unshelve(self) -> bool:
        if self.shelved_until is None:
            return False
        self.shelved_until = None
        self._speak()
        return True

    def remove(self) -> bool:
        if self.out_of_service:
            return False
        self._hush()
        self.out_of_service = True
        return True

    def put_back(self) -> bool:
        if not self.out_of_service:
            return False
        self.out_of_service = False
        self._speak()
        return True

    def suppress(self, wanted: bool) -> None:
        if wanted and not self.suppressed:
            self._hush()
        ends = self.suppressed and not wanted
        self.suppressed = wanted
        if ends:
            self._speak()
