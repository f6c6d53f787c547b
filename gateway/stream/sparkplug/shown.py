"""What hosts were shown last of each tag, and how a value and its quality are put into a metric.

Quality: 192 is good, 500 that the last value is all there is (no communication, stale), 0 everything
else that is not good, uncertain values among them: the specification knows no number for those, and a
value never looks better than it is. `Reason` says it in words. Hosts keep properties, so a metric that
is good again says so once.
"""

from __future__ import annotations

from typing import Any, Final

from control.signal import BAD, COMM, OUT_OF_SERVICE, STALE, UNCERTAIN, describe_quality
from drivers.sparkplug.datatypes import Datatype

GOOD_CODE: Final = 192
STALE_CODE: Final = 500
BAD_CODE: Final = 0
_OLD: Final = COMM | STALE
_EXACT: Final = 1 << 53

Value = float | int | str | None


def quality_code(quality: int) -> int:
    """Return Sparkplug's number for a quality."""
    if quality < UNCERTAIN:
        return GOOD_CODE
    return STALE_CODE if quality >= BAD and quality & _OLD and not quality & OUT_OF_SERVICE else BAD_CODE


class Shown:
    """The last live sample of each tag that hosts have; lists, as they are read one by one."""

    def __init__(self, tags: int) -> None:
        """Nothing was shown yet."""
        self.source_ns = [0] * tags
        self.value: list[Value] = [None] * tags
        self.quality = [0] * tags

    def take(self, tag: int, value: Value, source_ns: int, quality: int) -> None:
        """Note what was shown."""
        self.value[tag], self.source_ns[tag], self.quality[tag] = value, source_ns, quality


def put_sample(message: Any, kind: Datatype, value: Value, quality: int, *, tell: bool = False) -> None:
    """Fill in a protobuf metric's value and, where not good or asked to `tell`, its quality."""
    trouble = ""
    if value is None or value != value:  # noqa: PLR0124 - NaN: there is no value
        message.is_null = True
    elif kind is Datatype.DOUBLE:
        if isinstance(value, int) and abs(value) > _EXACT and float(value) != value:
            message.is_null = True
            trouble = f"{value} is beyond the digits of a Double"
        else:
            message.double_value = value
    elif kind is Datatype.BOOLEAN:
        message.boolean_value = bool(value)
    else:
        message.string_value = str(value)
    if quality or tell or trouble:
        put_quality(message, quality, trouble)


def put_quality(message: Any, quality: int, trouble: str = "") -> None:
    """Give a protobuf metric its properties of quality."""
    properties = message.properties
    _put_property(properties, "Quality", Datatype.INT32).int_value = (
        BAD_CODE if trouble else quality_code(quality)
    )
    if quality or trouble:
        words = trouble or describe_quality(quality)
        _put_property(properties, "Reason", Datatype.STRING).string_value = words


def put_refusal(message: Any, reason: str) -> None:
    """Give a protobuf metric the property that says why a command to it was refused."""
    _put_property(message.properties, "Refused", Datatype.STRING).string_value = reason


def _put_property(properties: Any, key: str, kind: Datatype) -> Any:
    properties.keys.append(key)
    return properties.values.add(type=kind)
