"""Between sample rows, variants and columns: quality, odd values, and what a write puts on the wire."""

from __future__ import annotations

import math
import struct
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import variant_from_binary
from asyncua.ua.uaerrors import UaError

from control.signal import BAD, SEVERITY, UNCERTAIN, WAITING, Columns, Text
from drivers.opcua.plan import Plan
from drivers.opcua.status import BAD_TYPE_MISMATCH, quality_of
from drivers.opcua.wire import NO_VALUE, PLAIN, TEXT

REASON_BITS: Final = ~SEVERITY & 0xFFFF_FFFF

DECODE_ERRORS: Final = (
    UaError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the library's decoder raises on bytes that are not what they claim to be."""

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


def columns(rows: npt.NDArray[Any], data: bytes, plan: Plan) -> Columns:
    """Return decoded rows as columns, with odd values looked at one by one."""
    quality = rows["quality"]
    for code in np.unique(rows["status"][rows["status"] != 0]):
        quality[rows["status"] == code] |= np.uint32(quality_of(int(code)))
    quality[quality >= SEVERITY] &= np.uint32(~UNCERTAIN & 0xFFFF_FFFF)  # bad outweighs uncertain
    texts: list[Text] = []
    if (rows["variant"] != PLAIN).any():
        rows = _settle_odd(rows, data, plan, texts)
    return Columns(
        tag=plan.tag_of[rows["handle"]],
        value=rows["value"].copy(),
        quality=rows["quality"].copy(),
        source_ns=rows["source_ns"].copy(),
        status=rows["status"].copy(),
        texts=tuple(texts),
    )


def _settle_odd(rows: npt.NDArray[Any], data: bytes, plan: Plan, texts: list[Text]) -> npt.NDArray[Any]:
    """Make texts of the odd rows that are text or big integers; return the rows that stay."""
    stays = np.ones(len(rows), np.bool_)
    for at in np.flatnonzero(rows["variant"] != PLAIN):
        row = rows[at]
        is_text = bool(plan.kind_of[row["handle"]] == TEXT)
        seen: str | int | None = None
        if row["quality"] < BAD:
            seen = _text_at(data, int(row["variant"])) if is_text else _integer_at(data, int(row["variant"]))
            if seen is None and row["variant"] == NO_VALUE:
                row["quality"] = (row["quality"] & REASON_BITS) | BAD | WAITING
            elif seen is None:
                row["quality"] = (row["quality"] & REASON_BITS) | quality_of(BAD_TYPE_MISMATCH)
                row["status"] = BAD_TYPE_MISMATCH
        if is_text or seen is not None:
            stays[at] = False
            stamp, quality, status = int(row["source_ns"]), int(row["quality"]), int(row["status"])
            texts.append(Text(int(plan.tag_of[row["handle"]]), seen, stamp, quality, status))
    return rows[stays]


def _variant_at(data: bytes, at: int) -> ua.Variant | None:
    if at == NO_VALUE:
        return None
    try:
        return variant_from_binary(Buffer(data, at))
    except DECODE_ERRORS:
        return None  # well-formed, but a content that the library cannot represent


def _integer_at(data: bytes, at: int) -> int | None:
    """Return an integer beyond 2^53, None when the Variant holds anything else."""
    variant = _variant_at(data, at)
    if variant is None or variant.is_array or variant.VariantType not in _INTEGERS:
        return None
    return int(variant.Value)


def _text_at(data: bytes, at: int) -> str | int | None:
    """Return what a text tag shows, None when the Variant holds nothing that is text or an integer."""
    variant = _variant_at(data, at)
    if variant is None or variant.is_array or variant.VariantType not in TEXTUAL:
        return None
    content = variant.Value
    if isinstance(content, ua.LocalizedText):
        content = content.Text
    elif isinstance(content, ua.QualifiedName):
        content = content.Name
    elif isinstance(content, ua.NodeId):
        content = content.to_string()
    elif isinstance(content, datetime):
        content = content.isoformat()
    elif isinstance(content, bytes | UUID):
        content = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    if isinstance(content, int):
        return int(content)
    # A null string is an empty one. Bytes that are no UTF-8 must not travel on as surrogates.
    return (content or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
