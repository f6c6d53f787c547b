"""Expressions of calculations and interlocks: parsed, their kinds and units checked, names made full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.assembly import assemble
from config.draft import Draft
from config.errors import Findings, Path
from config.expressions import (
    Checked,
    Expression,
    ExpressionError,
    Operand,
    check,
    evaluation_order,
    parse,
    rewrite,
)
from config.graphs import cycles
from config.loops import Calculation
from config.names import Names
from config.quantities import QuantityError
from config.tags import Tag, TagKind


def link_logic(draft: Draft, names: Names, findings: Findings) -> None:
    """Check every expression and give the tags in it their full names; what is wrong is left out."""
    logic = _Logic(draft, names, findings)
    logic.calculations()
    logic.interlocks()


class _Logic:
    def __init__(self, draft: Draft, names: Names, findings: Findings) -> None:
        self._draft = draft
        self._names = names
        self._findings = findings
        self._tags = assemble(draft).tags

    def calculations(self) -> None:
        """Check the calculations in the order in which they need one another."""
        parsed: dict[str, tuple[Path, Expression]] = {}
        for unit, parts in self._draft.units.items():
            for name, calculation in parts.calculations.items():
                path: Path = ("units", unit, "calculations", name, "expression")
                expression = self._parsed(calculation.expression, path)
                if expression is not None:
                    parsed[f"{unit}/{name}"] = (path, expression)
        needs = {full: self._references(full, e) for full, (_, e) in parsed.items()}
        for circle in cycles(needs):
            path = parsed[circle[0]][0]
            self._findings.error(
                None, path, f"calculations need one another in a circle: {' → '.join(circle)}",
                "let one of them do without the others",
            )  # fmt: skip
            for member in circle:
                needs.pop(member, None)
        right: dict[str, Calculation] = {}
        for full in evaluation_order(needs):
            linked = self._calculation(full, *parsed[full])
            if linked is not None:
                right[full] = linked
        for unit, parts in self._draft.units.items():
            parts.calculations = {
                n: right[f"{unit}/{n}"] for n in parts.calculations if f"{unit}/{n}" in right
            }

    def interlocks(self) -> None:
        """Check the conditions of the interlocks."""
        for unit, parts in self._draft.units.items():
            for name, interlock in list(parts.interlocks.items()):
                path: Path = ("units", unit, "interlocks", name, "when")
                expression = self._parsed(interlock.when, path)
                wrong = expression is None or self._checked(unit, path, expression, TagKind.BOOL) is None
                if expression is not None and not wrong:
                    text = self._rewritten(unit, expression)
                    parts.interlocks[name] = interlock.model_copy(update={"when": text})
                else:
                    del parts.interlocks[name]

    def _calculation(self, full: str, path: Path, expression: Expression) -> Calculation | None:
        unit, _, name = full.partition("/")
        calculation = self._draft.units[unit].calculations[name]
        checked = self._checked(unit, path, expression, calculation.kind, calculation.unit)
        if checked is None:
            self._tags.pop(full, None)  # what needs it is left out too
            return None
        self._tags[full] = Tag(unit=checked.unit, kind=checked.kind)  # known also where none is declared
        text = self._rewritten(unit, expression)
        return calculation.model_copy(update={"expression": text, "kind": checked.kind})

    def _parsed(self, text: str, path: Path) -> Expression | None:
        try:
            return parse(text)
        except ExpressionError as error:
            self._report(path, error)
            return None

    def _references(self, full: str, expression: Expression) -> list[str]:
        unit = full.partition("/")[0]
        return [self._names.full(unit, mention.name) for mention in expression.references()]

    def _rewritten(self, unit: str, expression: Expression) -> str:
        mentioned = {mention.name for mention in expression.references()}
        return rewrite(expression, {name: self._names.full(unit, name) for name in mentioned})

    def _checked(
        self, unit: str, path: Path, expression: Expression, kind: TagKind | None, result_unit: str = ""
    ) -> Checked | None:
        """Return an expression with its kind and unit; None when it is wrong, or names what is wrong."""
        mentioned = [self._names.full(unit, mention.name) for mention in expression.references()]
        if any(name not in self._tags and self._names.exists(name) for name in mentioned):
            return None
        try:
            return check(expression, _Operands(unit, self._tags), unit=result_unit, kind=kind)
        except ExpressionError as error:
            self._report(path, error)
            return None

    def _report(self, path: Path, error: ExpressionError) -> None:
        for problem in error.problems:
            where = (
                f"line {problem.line}, column {problem.column}"
                if problem.line > 1
                else f"column {problem.column}"
            )
            self._findings.error(None, path, f"{where}: {problem.message}", problem.fix)


class _Operands(Mapping[str, Operand]):
    """The tags as an expression in a unit may name them: its own without the unit."""

    def __init__(self, unit: str, tags: Mapping[str, Tag]) -> None:
        self._prefix = f"{unit}/"
        self._tags = tags

    def __getitem__(self, name: str) -> Operand:
        tag = self._tags[name if "/" in name else self._prefix + name]
        try:
            return Operand.of_tag(tag)
        except QuantityError:  # its fail value is in a wrong unit, which is reported for the tag itself
            return Operand(tag.kind, tag.unit)

    def __iter__(self) -> Iterator[str]:
        own = [name for name in self._tags if name.startswith(self._prefix)]
        yield from (name.removeprefix(self._prefix) for name in own)
        yield from self._tags

    def __len__(self) -> int:
        return sum(1 for _ in self)
