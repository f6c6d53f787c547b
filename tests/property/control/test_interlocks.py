"""Interlocks under any conditions and commands, against an oracle in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from control import logic_signal as logic
from control import signal as s
from control.logic_layout import FIRST_OUT_NONE, FIRST_OUT_UNKNOWN
from tests.unit.control.plant import Plant, site

Holding = dict[str, tuple[bool, bool]]
"""Which of its two conditions hold for each interlock."""
NAMES = ("a", "b", "c")
LATCHED = {"a": False, "b": True, "c": True}
MOST_S = 1.0
SCAN_S = 0.1
FORCED = {"a": 1.0, "b": 2.0, "c": 3.0}
GROUP = ("a", "c")
"""Of a first-out group; b is alone."""


@dataclass
class Lock:
    """An interlock with two conditions, as it should be."""

    latched: bool
    active: bool = False
    first: int = FIRST_OUT_NONE
    left: int = 0
    """Scans of bypass that are left."""
    order: int = 0


@dataclass
class Oracle:
    """What the interlocks should do, scan by scan."""

    locks: dict[str, Lock] = field(default_factory=lambda: {n: Lock(LATCHED[n]) for n in NAMES})
    first: int = FIRST_OUT_NONE
    order: int = 0

    def command(self, kind: int, name: str, value: float, holds: tuple[bool, bool]) -> bool:
        """Carry out a command before a scan; return whether it is accepted."""
        lock = self.locks[name]
        if kind == logic.BYPASS:
            if not 0.0 <= value <= MOST_S or (value == 0.0 and lock.left == 0):
                return False
            lock.left = round(value / SCAN_S)
            return True
        if not lock.active or any(holds):
            return False
        lock.active = False
        return True

    def reset_group(self) -> bool:
        """Reset the first-out group before a scan; return whether it is accepted."""
        if self.first == FIRST_OUT_NONE or any(self.locks[name].active for name in GROUP):
            return False
        self.first, self.order = FIRST_OUT_NONE, 0
        return True

    def scan(self, holds: Holding) -> float | None:
        """Judge; return what the output is forced to."""
        began = []
        for name, lock in self.locks.items():
            if any(holds[name]) and not lock.active:
                lock.first = FIRST_OUT_UNKNOWN if all(holds[name]) else holds[name].index(True)
                lock.order = 0
                if name in GROUP and lock.left == 0:
                    began.append(name)
            lock.active = any(holds[name]) or (lock.active and lock.latched)
        if began:
            self.order += 1
            if self.order == 1:
                self.first = GROUP.index(began[0]) if len(began) == 1 else FIRST_OUT_UNKNOWN
            for name in began:
                self.locks[name].order = self.order
        forcing = [FORCED[name] for name, lock in self.locks.items() if lock.active and lock.left == 0]
        return forcing[0] if forcing else None

    def tick(self) -> None:
        """Let the time of one scan pass."""
        for lock in self.locks.values():
            lock.left = max(0, lock.left - 1)


TIMES_S = (0.0, 0.2, 0.5, 1.0, 1.1, -1.0)
CONDITIONS = st.fixed_dictionaries({name: st.tuples(st.booleans(), st.booleans()) for name in NAMES})
COMMANDS = st.one_of(
    st.tuples(
        st.just(logic.BYPASS), st.sampled_from(NAMES), st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.1, -1.0])
    ),
    st.tuples(st.just(s.RESET), st.sampled_from(NAMES), st.just(0.0)),
    st.tuples(st.just(s.RESET), st.just("group"), st.just(0.0)),
    st.none(),
)
STORY = st.lists(st.tuples(CONDITIONS, COMMANDS, st.integers(1, 4)), min_size=1, max_size=25)


def plant() -> Plant:
    condition = {"kind": "bool", "stale_after": "1 h"}
    tags: dict[str, dict[str, Any]] = {f"{name}{c}": condition for name in NAMES for c in "01"}
    tags["out"] = {"access": "write", "low": 0, "high": 100}
    interlocks = {
        name: {
            "when": {"first": f"u/{name}0", "second": f"u/{name}1"},
            "force": {"u/out": FORCED[name]},
            "latched": LATCHED[name],
            "max_bypass": f"{MOST_S} s",
            "first_out": "u/group" if name in GROUP else "",
        }
        for name in NAMES
    }
    tested = Plant(site(tags, interlocks=interlocks))
    tested.scan(1, 100_000_000, **{tag: 0.0 for tag in tags if tag != "out"})
    return tested


@settings(max_examples=120)
@given(story=STORY)
def test_interlocks_do_what_the_oracle_does(story: list[tuple[Holding, Any, int]]) -> None:
    tested, oracle = plant(), Oracle()
    before = dict.fromkeys(NAMES, (False, False))
    for holds, command, scans in story:
        tested.transitions.pop(1000)
        accepted = ticket = None
        if command is not None:
            kind, name, value = command
            if name == "group":
                accepted = oracle.reset_group()
                ticket = tested.command(s.RESET, 0, parameter=logic.RESET_GROUP)
            else:
                accepted = oracle.command(kind, name, value, before[name])
                ticket = tested.command(kind, NAMES.index(name), value, parameter=1)
        values = {f"{name}{c}": float(holds[name][c]) for name in NAMES for c in (0, 1)}
        for _ in range(scans):
            tested.scan(1, 100_000_000, **values)
            forced = oracle.scan(holds)
            check(tested, oracle, forced)
            oracle.tick()
        if ticket is not None:
            (answer,) = [row for row in tested.transitions.pop(1000) if row["ticket"] == ticket]
            assert (answer["kind"] != s.KIND_REFUSED) == accepted
        before = holds


def check(tested: Plant, oracle: Oracle, forced: float | None) -> None:
    """Compare the engine with the oracle."""
    logic = tested.state.logic
    for row, lock in zip(logic.interlocks, oracle.locks.values(), strict=True):
        assert row["active"] == lock.active
        assert (row["first_out"], row["order"]) == (lock.first, lock.order)
    bypassed = [lock.left > 0 for lock in oracle.locks.values()]
    assert [row["until_ns"] != 0 for row in logic.bypasses] == bypassed
    assert logic.groups[0]["first"] == oracle.first
    slot = tested.state.outputs.slots[0]
    assert slot["forced"] == (forced is not None)
    assert forced is None or slot["force"] == forced


@settings(max_examples=60)
@given(
    times=st.lists(
        st.tuples(st.floats(0.0, 1.5), st.integers(1, 15), st.integers(1, 300_000_000)), max_size=12
    )
)
def test_a_bypass_never_outlasts_its_time(times: list[tuple[float, int, int]]) -> None:
    tested = plant()
    ends_ns = 0
    for duration_s, scans, step_ns in times:
        ticket = tested.command(logic.BYPASS, 0, duration_s)
        for n in range(scans):
            tested.scan(1, step_ns, a0=1.0)
            if n == 0:
                (answer,) = [row for row in tested.transitions.pop(1000) if row["ticket"] == ticket]
                if answer["kind"] == logic.KIND_BYPASS:
                    ends_ns = tested.now_ns + round(duration_s * 1e9)
            if tested.now_ns >= ends_ns:
                assert tested.state.outputs.slots[0]["forced"] == 1
