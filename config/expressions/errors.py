"""What is wrong in an expression, where, and what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of the text: from `start` up to, not with, `stop`, counted from 0."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake."""

    message: str
    """What is wrong."""
    fix: str
    """What would be right, or empty where nothing sensible can be proposed."""
    span: Span
    line: int
    """Line within the expression, counted from 1."""
    column: int
    """Column within that line, counted from 1."""

    @classmethod
    def at(cls, text: str, span: Span, message: str, fix: str) -> Problem:
        """Return a problem with the line and column that belong to its place in the text."""
        before = text[: span.start]
        line_start = before.rfind("\n") + 1
        return cls(message, fix, span, before.count("\n") + 1, span.start - line_start + 1)

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}" if self.line > 1 else f"column {self.column}"
        return f"{where}: {self.message}" + (f"; {self.fix}" if self.fix else "")


class ExpressionError(ValueError):
    """An expression that cannot be used; `problems` has every mistake that was found."""

    def __init__(self, text: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.text = text
        self.problems = problems

    @classmethod
    def at(cls, text: str, span: Span, message: str, fix: str = "") -> ExpressionError:
        """Return the error for one mistake."""
        return cls(text, (Problem.at(text, span, message, fix),))

    @property
    def column(self) -> int:
        """Column of the first mistake, counted from 1."""
        return self.problems[0].column

    @property
    def line(self) -> int:
        """Line of the first mistake, counted from 1."""
        return self.problems[0].line

    @property
    def message(self) -> str:
        """What the first mistake is."""
        return self.problems[0].message

    @property
    def fix(self) -> str:
        """What would be right in place of the first mistake."""
        return self.problems[0].fix

    def pointed(self) -> str:
        """Return each mistake under the line it is in, with the place marked."""
        lines = self.text.splitlines() or [""]
        shown = []
        for problem in self.problems:
            line = lines[problem.line - 1] if problem.line <= len(lines) else ""
            width = max(1, min(problem.span.stop - problem.span.start, len(line) - problem.column + 1))
            shown.append(f"{line}\n{' ' * (problem.column - 1)}{'^' * width} {problem.message}")
            if problem.fix:
                shown.append(f"{' ' * (problem.column - 1)}{problem.fix}")
        return "\n".join(shown)
