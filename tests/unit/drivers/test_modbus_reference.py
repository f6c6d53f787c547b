"""The reference's tables of exceptions and of profiles are the driver's."""

from __future__ import annotations

from pathlib import Path

from config.modbus_line import PROFILES
from control.signal import BAD, describe_quality
from drivers.modbus.pdu import FAULTS, Action
from drivers.modbus.schedule import BUSY_LIMIT, LATER_S, SELDOM_S, SOON_S

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "modbus.md"
FOLLOWS = {
    Action.BISECT: "halved until one value is left; that one is tried once a minute",
    Action.SELDOM: "the read is tried once a minute",
    Action.LATER: "the read is tried every 5 s",
    Action.BUSY: "tried again after 0.1, 0.2, … s; bad after five times",
    Action.UNIT: "this unit is left alone for a while, the others are read",
}


def test_the_table_is_the_drivers() -> None:
    text = PAGE.read_text()
    table = text.split("<!-- exceptions: begin -->")[1].split("<!-- exceptions: end -->")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.split("\n") if line]
    assert rows[2:] == [
        (str(code), fault.text, describe_quality(BAD | fault.reason), FOLLOWS[fault.action])
        for code, fault in FAULTS.items()
    ]
    assert (SELDOM_S, LATER_S, SOON_S, BUSY_LIMIT) == (60.0, 5.0, 0.1, 5)


def test_the_profiles_are_the_configurations() -> None:
    text = PAGE.read_text().split("<!-- profiles: begin -->")[1].split("<!-- profiles: end -->")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.split("\n") if line]
    assert rows[2:] == [
        (f"`{name}`", ", ".join(f"`{key}: {value}`" for key, value in quirks.items()))
        for name, quirks in PROFILES.items()
    ]
