"""Between sample rows, variants and columns: quality, odd values, and what a write puts on the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import variant_from_binary

from control.signal import BAD, NOT_A_NUMBER, SEVERITY, UNCERTAIN, WAITING, Columns, Text
from drivers.opcua.errors import DECODE_ERRORS
from drivers.opcua.plan import Plan
from drivers.opcua.status import BAD_TYPE_MISMATCH, quality_of
from drivers.opcua.views import View
from drivers.opcua.wire import EXACT, NO_VALUE, PLAIN, TEXT

REASON_BITS: Final = ~SEVERITY & 0xFFFF_FFFF

_INTEGERS: Final = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}
_FLOATS: Final = (ua.VariantType.Float, ua.VariantType.Double)
_TEXTS: Final = (
    ua.VariantType.String,
    ua.VariantType.LocalizedText,
    ua.VariantType.XmlElement,
    ua.VariantType.QualifiedName,
    ua.VariantType.DateTime,
    ua.VariantType.Guid,
    ua.VariantType.NodeId,
    ua.VariantType.ExpandedNodeId,
)
NUMERIC: Final = frozenset((ua.VariantType.Boolean, *_INTEGERS, *_FLOATS))
"""Types that a number tag may have."""
WHOLE: Final = frozenset((ua.VariantType.Boolean, *_INTEGERS))
"""Types that a bool tag may have."""
TEXTUAL: Final = frozenset((*_TEXTS, *_INTEGERS))
"""Types that a text tag may have; integers keep all their digits there."""


class NotEncodableError(ValueError):
    """A value that cannot be written to the node as it is; the message says why."""


def columns(rows: npt.NDArray[Any], data: bytes, plan: Plan, views: Mapping[int, View]) -> Columns:
    """Return decoded rows as columns, with odd values looked at one by one."""
    quality = rows["quality"]
    for code in np.unique(rows["status"][rows["status"] != 0]):
        quality[rows["status"] == code] |= np.uint32(quality_of(int(code)))
    quality[quality >= SEVERITY] &= np.uint32(~UNCERTAIN & 0xFFFF_FFFF)  # bad outweighs uncertain
    texts: list[Text] = []
    if (rows["variant"] != PLAIN).any():
        rows = _settle_odd(rows, data, plan, views, texts)
    return Columns(
        tag=plan.tag_of[rows["handle"]],
        value=rows["value"].copy(),
        quality=rows["quality"].copy(),
        source_ns=rows["source_ns"].copy(),
        status=rows["status"].copy(),
        texts=tuple(texts),
    )


def _settle_odd(
    rows: npt.NDArray[Any], data: bytes, plan: Plan, views: Mapping[int, View], texts: list[Text]
) -> npt.NDArray[Any]:
    """Look at the odd rows: texts and big integers leave, elements and fields get their value."""
    stays = np.ones(len(rows), np.bool_)
    for at in np.flatnonzero(rows["variant"] != PLAIN):
        row = rows[at]
        handle = int(row["handle"])
        is_text = bool(plan.kind_of[handle] == TEXT)
        seen: float | str | None = None
        if row["quality"] < BAD:
            found = _shown_at(data, int(row["variant"]), views.get(handle))
            seen = _text(found) if is_text else _number(found)
            if seen is None and row["variant"] == NO_VALUE:
                row["quality"] = (row["quality"] & REASON_BITS) | BAD | WAITING
            elif seen is None:
                row["quality"] = (row["quality"] & REASON_BITS) | quality_of(BAD_TYPE_MISMATCH)
                row["status"] = BAD_TYPE_MISMATCH
        if isinstance(seen, float):
            row["value"] = seen if math.isfinite(seen) else math.nan
            row["quality"] |= 0 if math.isfinite(seen) else BAD | NOT_A_NUMBER
        elif is_text or seen is not None:
            stays[at] = False
            stamp, quality, status = int(row["source_ns"]), int(row["quality"]), int(row["status"])
            texts.append(Text(int(plan.tag_of[handle]), seen, stamp, quality, status))
    return rows[stays]


def _shown_at(data: bytes, at: int, view: View | None) -> Any:
    """Return what the tag shows of the Variant here, None when that cannot be told."""
    if at == NO_VALUE:
        return None
    try:
        variant = variant_from_binary(Buffer(data, at))
        if view is not None:
            return view.of(variant.Value)
    except DECODE_ERRORS:
        return None  # well-formed, but a content that the library cannot represent, or that does not fit
    if variant.is_array or variant.VariantType not in NUMERIC | TEXTUAL:
        return None
    is_null_text = variant.Value is None and variant.VariantType in _TEXTS
    return "" if is_null_text else variant.Value


def shown(content: Any) -> bool | int | float | str | None:
    """Return a plain value as people and commands see it; None for what is neither number nor text."""
    return content if isinstance(content, bool | int | float) else _text(content)


def _number(content: Any) -> float | int | None:
    """Return a number: a float, or an integer that a double cannot hold."""
    if not isinstance(content, bool | int | float):
        return None
    if isinstance(content, int) and abs(content) > EXACT:
        return int(content)
    return float(content)


def _text(content: Any) -> str | int | None:
    """Return what a text tag shows; None for what is neither text nor an integer."""
    if isinstance(content, ua.LocalizedText):
        content = content.Text or ""
    elif isinstance(content, ua.QualifiedName):
        content = content.Name or ""
    elif isinstance(content, ua.NodeId):
        content = content.to_string()
    elif isinstance(content, datetime):
        content = content.isoformat()
    elif isinstance(content, bytes):
        content = content.decode("utf-8", "replace")
    elif isinstance(content, UUID):
        content = str(content)
    if isinstance(content, int) and not isinstance(content, bool):
        return int(content)
    if not isinstance(content, str):
        return None
    # Bytes that are no UTF-8 must not travel on as surrogates.
    return content.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def encode(value: float | str, kind: ua.VariantType) -> tuple[ua.Variant, float | str]:
    """Return the Variant of exactly the node's type, and the value that it holds after rounding.

    Raises:
        NotEncodableError: the value does not fit the type.
    """
    if isinstance(value, str):
        return _encode_text(value, kind)
    if not math.isfinite(value):
        raise NotEncodableError(f"{value} is not a number that can be written")
    if kind is ua.VariantType.Boolean:
        if value not in (0, 1):
            raise NotEncodableError(f"{value:g} is neither 0 nor 1 (Boolean)")
        return ua.Variant(bool(value), kind), float(value)
    if kind in _INTEGERS:
        low, high = _INTEGERS[kind]
        whole = round(value)
        if not low <= whole <= high:
            raise NotEncodableError(f"{value:g} does not fit {kind.name} ({low} to {high})")
        return ua.Variant(whole, kind), whole
    if kind is ua.VariantType.Float:
        with np.errstate(over="ignore"):
            rounded = float(np.float32(value))
        if not math.isfinite(rounded):
            raise NotEncodableError(f"{value:g} does not fit Float")
        return ua.Variant(rounded, kind), rounded
    if kind is ua.VariantType.Double:
        return ua.Variant(float(value), kind), float(value)
    raise NotEncodableError(f"a number cannot be written to a {kind.name}")


def _encode_text(value: str, kind: ua.VariantType) -> tuple[ua.Variant, str]:
    if kind is ua.VariantType.String:
        return ua.Variant(value, kind), value
    if kind is ua.VariantType.LocalizedText:
        return ua.Variant(ua.LocalizedText(value), kind), value
    raise NotEncodableError(f"a text cannot be written to a {kind.name}")
