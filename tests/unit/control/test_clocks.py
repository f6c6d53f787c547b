"""UTC may be set while the plant runs: nothing that measures time may move with it."""

from __future__ import annotations

import pytest

from control.kernels.atomic import Words
from tests.unit.control.plant import Plant, Tags, site

HOUR_NS = 3600 * 10**9


def plant() -> Plant:
    tags: Tags = {
        "pv": {"stale_after": "2 s", "filter_time": "3 s"},
        "still": {"stale_after": "4 s"},
        "out": {"access": "write", "low": 0, "high": 100},
    }
    return Plant(
        site(
            tags,
            loops={
                "l": {
                    "pv": "u/pv",
                    "output": "u/out",
                    "kp": 1,
                    "ti": "30 s",
                    "td": "2 s",
                    "sp": 50,
                    "sp_rate": 3,
                }
            },
            alarms={
                "a": {"tag": "u/pv", "type": "high", "limit": 60, "on_delay": "1 s", "off_delay": "700 ms"}
            },
            calculations={"average": {"expression": "moving_average(u/pv, 2 s)"}},
        )
    )


def run(tested: Plant, step_utc_ns: int) -> list[tuple[float, ...]]:
    """Run a scenario in which UTC is set at the worst moments; return what every scan decided."""
    seen: list[tuple[float, ...]] = []
    tested.sample("still", 1.0)
    for n in range(120):
        if n % 17 == 8:
            tested.utc_ns += step_utc_ns
        value = 45.0 + 20.0 * (20 <= n < 60) + 0.01 * n
        if not 85 <= n < 110:
            tested.scan(pv=value)
        else:
            tested.scan()
        loops, image = tested.state.loops, tested.state.image
        row = tested.state.alarms.row[0]
        seen.append(
            (
                *(float(column[0]) for column in (loops.output, loops.integral, loops.sp, loops.derivative)),
                float(row["flags"]),
                float(row["since_ns"]),
                *(float(quality) for quality in image.quality[:3]),
                float(image.value[0]),
            )
        )
    return seen


@pytest.mark.parametrize("step_utc_ns", [HOUR_NS, -HOUR_NS, 10**9])
def test_utc_moves_no_timer_no_staleness_and_no_integral(step_utc_ns: int) -> None:
    assert run(plant(), step_utc_ns) == run(plant(), 0)


def test_the_scan_is_a_pure_function() -> None:
    first, second = plant(), plant()
    assert run(first, 0) == run(second, 0)
    for one, other in zip(flat(first.state), flat(second.state), strict=True):
        assert one.tobytes() == other.tobytes()


def flat(part: object) -> list[Words]:
    """Return every array of a state."""
    if isinstance(part, tuple):
        return [array for member in part for array in flat(member)]
    assert hasattr(part, "tobytes")
    return [part]  # type: ignore[list-item]  # leaves are arrays
