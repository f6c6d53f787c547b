"""The base of every configuration model: strict about unknown keys, frozen once loaded."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema

NAME_PATTERN = re.compile(r"^[A-Za-z0-9_-]+$")


class Model(BaseModel):
    """Unknown keys are errors; field docstrings become the descriptions in the JSON Schema."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _topic_level(value: str) -> str:
    if not NAME_PATTERN.fullmatch(value):
        raise ValueError(
            f"{value!r} cannot be a level of a topic; use letters, digits, '_' and '-' only, "
            "and put free text in display_name"
        )
    return value


Name = Annotated[
    str,
    AfterValidator(_topic_level),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN.pattern}, "validation"),
]
"""A name that becomes a topic level: letters, digits, `_` and `-`."""
