"""Expressions of calculations, interlocks, permissives: parsed, kinds and units checked, names made full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.alarm_expressions import derived_expression, suppressing_expression
from config.alarms import Alarm, Suppression
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
from config.interlocks import ONLY
from config.loops import Calculation
from config.names import Names
from config.nodes import Map
from config.profiles import Segment
from config.quantities import QuantityError
from config.state_names import StateNames
from config.tags import Tag, TagKind


def link_logic(draft: Draft, names: Names, findings: Findings) -> None:
    """Check every expression and give the tags in it their full names; what is wrong is left out."""
    logic = _Logic(draft, names, findings)
    logic.calculations()
    logic.interlocks()
    logic.permissives()
    logic.profiles()
    logic.alarms()


class _Logic:
    def __init__(self, draft: Draft, names: Names, findings: Findings) -> None:
        self._draft = draft
        self._names = names
        self._findings = findings
        self._tags = assemble(draft).tags
        units = draft.root.get("units")
        self._states = StateNames(units if isinstance(units, Map) else draft.root.empty())

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
                when = self._conditions(unit, ("units", unit, "interlocks", name, "when"), interlock.when)
                if when is not None:
                    parts.interlocks[name] = interlock.model_copy(update={"when": when})
                else:
                    del parts.interlocks[name]

    def permissives(self) -> None:
        """Check the conditions of the permissives."""
        for unit, parts in self._draft.units.items():
            for name, permissive in list(parts.permissives.items()):
                when = self._conditions(unit, ("units", unit, "permissives", name, "when"), permissive.when)
                if when is not None:
                    parts.permissives[name] = permissive.model_copy(update={"when": when})
                else:
                    del parts.permissives[name]

    def profiles(self) -> None:
        """Check the conditions of the segments of profiles."""
        for unit, parts in self._draft.units.items():
            for name, profile in list(parts.profiles.items()):
                path: Path = ("units", unit, "profiles", name, "segments")
                segments = [
                    self._segment(unit, (*path, index, "until"), segment)
                    for index, segment in enumerate(profile.segments)
                ]
                right = [segment for segment in segments if segment is not None]
                if len(right) == len(segments):
                    parts.profiles[name] = profile.model_copy(update={"segments": right})
                else:
                    del parts.profiles[name]

    def _segment(self, unit: str, path: Path, segment: Segment) -> Segment | None:
        if segment.until is None:
            return segment
        until = self._conditions(unit, path, {ONLY: segment.until})
        return None if until is None else segment.model_copy(update={"until": until[ONLY]})

    def _conditions(self, unit: str, path: Path, when: Mapping[str, str]) -> dict[str, str] | None:
        """Return named conditions with full names; None when one of them is wrong."""
        right: dict[str, str] = {}
        for name, text in when.items():
            where = path if name == ONLY else (*path, name)
            expression = self._parsed(text, where)
            if expression is not None and self._checked(unit, where, expression, TagKind.BOOL) is not None:
                right[name] = self._rewritten(unit, expression)
        return right if len(right) == len(when) else None

    def alarms(self) -> None:
        """Check what alarms compare, and the conditions that suppress them."""
        for unit, parts in self._draft.units.items():
            for name, alarm in list(parts.alarms.items()):
                linked = self._alarm(unit, ("units", unit, "alarms", name), alarm)
                if linked is None:
                    del parts.alarms[name]
                else:
                    parts.alarms[name] = linked

    def _alarm(self, unit: str, path: Path, alarm: Alarm) -> Alarm | None:
        if alarm.suppress is not None:
            suppress = self._suppression(unit, (*path, "suppress"), alarm, alarm.suppress)
            if suppress is None:
                return None
            alarm = alarm.model_copy(update={"suppress": suppress})
        watched = self._tags.get(alarm.tag or "")
        derived = None if watched is None else derived_expression(alarm, watched.kind)
        where = (*path, "reference" if alarm.reference else "command" if alarm.command else "tag")
        if derived is not None and self._checked(unit, where, parse(derived), None) is None:
            return None
        return alarm

    def _suppression(self, unit: str, path: Path, alarm: Alarm, suppress: Suppression) -> Suppression | None:
        if suppress.packml is not None:
            states = alarm.model_copy(update={"suppress": suppress.model_copy(update={"when": None})})
            text = suppressing_expression(states) or ""
            if self._checked(unit, (*path, "packml", "tag"), parse(text), TagKind.BOOL) is None:
                return None
        if suppress.when is None:
            return suppress
        expression = self._parsed(suppress.when, (*path, "when"))
        if expression is None or self._checked(unit, (*path, "when"), expression, TagKind.BOOL) is None:
            return None
        return suppress.model_copy(update={"when": self._rewritten(unit, expression)})

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
        tags, states = (
            {mention.name: self._names.full(unit, mention.name) for mention in mentions}
            for mentions in (expression.references(), expression.states())
        )
        return rewrite(expression, tags, states)

    def _checked(
        self, unit: str, path: Path, expression: Expression, kind: TagKind | None, result_unit: str = ""
    ) -> Checked | None:
        """Return an expression with its kind and unit; None when it is wrong, or names what is wrong."""
        mistakes = [(m, self._states.mistake(unit, m)) for m in expression.states()]
        for mention, mistake in mistakes:
            if mistake is not None:
                self._tell(path, mention.line, mention.column, *mistake)
        if any(mistake is not None for _, mistake in mistakes):
            return None
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
            self._tell(path, problem.line, problem.column, problem.message, problem.fix)

    def _tell(self, path: Path, line: int, column: int, message: str, fix: str) -> None:
        where = f"line {line}, column {column}" if line > 1 else f"column {column}"
        self._findings.error(None, path, f"{where}: {message}", fix)


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
