"""Browse paths: nodes found by the names on the way to them, anew in every session.

A path begins below the Objects folder: `Plant/Reactor 1/Temp`. Its names are of the address' own
namespace; `0:` before a name says the standard's. `&` takes the meaning from the character after it,
as in the relative paths of Part 4, A.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from drivers.opcua.attributes import Limits, standard
from drivers.opcua.connection import Connection
from drivers.opcua.status import BAD_NO_MATCH, name_of

_STANDARD: Final = "0:"
_TRUE: Final[Any] = True  # the library's Boolean cannot be made
_FALSE: Final[Any] = False


class NoSuchPathError(Exception):
    """A path leads nowhere; `status` is the server's code for it."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.status = status


def split(path: str) -> list[tuple[bool, str]]:
    """Return a path's names, each with whether it is of the standard's namespace."""
    names: list[tuple[bool, str]] = []
    text, plain, escaped = "", True, False
    for character in [*path, "/"]:
        if escaped:
            text, escaped, plain = text + character, False, plain and bool(text)
        elif character == "&":
            escaped = True
        elif character == "/":
            if text:
                is_standard = plain and text.startswith(_STANDARD)
                names.append((is_standard, text.removeprefix(_STANDARD) if is_standard else text))
            text, plain = "", True
        else:
            text += character
    return names


def escaped(name: str) -> str:
    """Return a name as a path spells it."""
    return "".join(f"&{character}" if character in "&/" else character for character in name)


async def find(
    connection: Connection,
    limits: Limits,
    starts: Sequence[ua.NodeId | None],
    paths: Sequence[Sequence[tuple[int, str]]],
) -> list[ua.NodeId | NoSuchPathError]:
    """Find the nodes at the ends of paths of (namespace index, name).

    Args:
        connection: to the server.
        limits: the server's.
        starts: where each begins; None is the Objects folder.
        paths: the names.

    Raises:
        DriverError: the whole device.
    """

    async def translate(part: Sequence[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        request = ua.TranslateBrowsePathsToNodeIdsRequest()
        request.Parameters.BrowsePaths = list(part)
        return list((await connection.call(request, ua.TranslateBrowsePathsToNodeIdsResponse)).Results)

    wanted = [_wish(start, path) for start, path in zip(starts, paths, strict=True)]
    found: list[ua.NodeId | NoSuchPathError] = []
    for result in await connection.in_slices(limits.paths, wanted, translate):
        whole = [each for each in result.Targets or [] if each.RemainingPathIndex == 2**32 - 1]
        if whole:
            node = whole[0].TargetId
            found.append(ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType))
        else:
            status = int(result.StatusCode.value) or BAD_NO_MATCH
            found.append(NoSuchPathError(f"the path leads nowhere: {name_of(status)}", status))
    return found


def with_indices(path: str, namespace: str, namespaces: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return a path's names with the present index of their namespace."""
    return [(0 if is_standard else namespaces[namespace], name) for is_standard, name in split(path)]


def _wish(start: ua.NodeId | None, path: Sequence[tuple[int, str]]) -> ua.BrowsePath:
    elements = [
        ua.RelativePathElement(
            ReferenceTypeId=standard(ObjectIds.HierarchicalReferences),
            IsInverse=_FALSE,
            IncludeSubtypes=_TRUE,
            TargetName=ua.QualifiedName(ua.String(name), ua.UInt16(index)),
        )
        for index, name in path
    ]
    return ua.BrowsePath(
        StartingNode=start if start is not None else standard(ObjectIds.ObjectsFolder),
        RelativePath=ua.RelativePath(Elements=elements),
    )
