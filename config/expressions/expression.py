"""An expression as the rest of the program holds it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from config.expressions.checker import Checked, Operand, check_tree
from config.expressions.errors import Span
from config.expressions.parser import parse_tree
from config.expressions.printer import name_text, to_text
from config.expressions.syntax import Node, Reference, State, walk
from config.tags import TagKind


class Mention(NamedTuple):
    """A tag, or what has a state, that an expression names, and where."""

    name: str
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1."""
    span: Span
    function: str = ""
    """The function that asks for its state; none for a tag."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A text that is an expression, with its tree."""

    text: str
    root: Node

    def references(self) -> tuple[Mention, ...]:
        """Return the tags that it names, each place once, in the order of the text."""
        places = {node.span: node.name for node in walk(self.root) if isinstance(node, Reference)}
        return tuple(self._mention(name, span) for span, name in sorted(places.items()))

    def states(self) -> tuple[Mention, ...]:
        """Return what it asks the state of, each place once, in the order of the text."""
        places = {node.name_span: node for node in walk(self.root) if isinstance(node, State)}
        return tuple(self._mention(places[s].name, s, places[s].function) for s in sorted(places))

    def _mention(self, name: str, span: Span, function: str = "") -> Mention:
        before = self.text[: span.start]
        return Mention(name, before.count("\n") + 1, span.start - before.rfind("\n"), span, function)

    def __str__(self) -> str:
        return to_text(self.root)


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Return the expression that a text is.

    Raises:
        ExpressionError: it is none; line, column, message and fix say why.
    """
    return Expression(text, parse_tree(text))


def rewrite(
    expression: str | Expression, names: Mapping[str, str], states: Mapping[str, str] | None = None
) -> str:
    """Return the text with names changed; what is not in `names` or `states` stays as it is.

    Args:
        expression: what to rewrite.
        names: new names of tags.
        states: new names of alarms, interlocks and phases.

    Raises:
        ExpressionError: a text is no expression.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    text = parsed.text
    mentions = sorted((*parsed.references(), *parsed.states()), key=lambda mention: mention.span)
    for mention in reversed(mentions):
        new = ((states or {}) if mention.function else names).get(mention.name)
        if new is not None:
            text = text[: mention.span.start] + name_text(new) + text[mention.span.stop :]
    return text


def check(
    expression: Expression, lookup: Mapping[str, Operand], *, unit: str = "", kind: TagKind | None = None
) -> Checked:
    """Return the expression checked, its numbers in one unit each, ready to be compiled.

    Args:
        expression: what to check.
        lookup: every tag that it may name.
        unit: unit that the result is declared in; it is converted, or refused where it measures
            something else. Empty is whatever comes out.
        kind: what the result must be; none is either.

    Raises:
        ExpressionError: with every mistake that was found.
    """
    return check_tree(expression.text, expression.root, lookup, unit=unit, kind=kind)
