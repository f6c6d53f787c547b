"""What of a node's value a tag shows: the whole, an element of an array, a field, an enumeration's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua

from drivers.opcua.structures import Types, value_at


@dataclass(frozen=True, slots=True)
class View:
    """How a tag's value is taken out of what the server sends for its node."""

    element: tuple[int, ...] = ()
    """Element of an array, by dimension."""
    is_ranged: bool = False
    """The server was asked for this element alone, and sends an array of one."""
    path: tuple[str, ...] = ()
    """Field of a structure."""
    data_type: ua.NodeId = field(default_factory=ua.NodeId)
    """The structure's."""
    types: Types = field(default_factory=lambda: Types({}, {}))
    names: Mapping[int, str] = field(default_factory=dict)
    """Of an enumeration that a text tag shows."""

    def of(self, content: Any) -> Any:
        """Return what the tag shows of a Variant's content.

        Raises:
            Exception: one of `errors.DECODE_ERRORS`: the content is not as the server said.
        """
        for at in self.element:
            if not isinstance(content, list) or (self.is_ranged and len(content) != 1):
                raise ValueError("not the array that was asked for")
            content = content[0 if self.is_ranged else at]
        if self.path:
            content = value_at(self.types, self.data_type, self.path, content)
        if self.names and isinstance(content, int):
            content = self.names.get(content, int(content))
        return content

    def number_of(self, name: str) -> int | None:
        """Return the number that an enumeration's name stands for."""
        return next((number for number, known in self.names.items() if known == name), None)
