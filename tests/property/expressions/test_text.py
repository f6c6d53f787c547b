"""Texts: a printed tree parses to the same tree, and no text does anything but parse or be refused."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.expressions import ExpressionError, Operand, check, parse, rewrite
from config.expressions.printer import to_text
from config.expressions.syntax import Convert, Node, Number, Reference
from config.tags import TagKind
from tests.expressions.trees import CONDITIONS, NUMBERS, Trees

_UNITS = ("degC", "L/min", "%", "1/h", "m^3", "mmol/L/h", "kg", "h^-1")
_NAMES = ("br2/temp.pv", "br-2/temp.pv", "2nd", "if", "min", "in.out", "a-b.c", "u/9", "not", "x_1.y")


class _Texts(Trees):
    """Trees with units and names of every kind; they need not make sense."""

    def _leaf(self, *, condition: bool) -> Node:
        kind = self.random.random()
        if kind < 0.3:
            return Reference(self.random.choice(_NAMES))
        if kind < 0.5:
            return Number(abs(self._value()), self.random.choice(_UNITS))
        if kind < 0.65:
            return Convert(super()._leaf(condition=condition), self.random.choice(_UNITS))
        return super()._leaf(condition=condition)

    def _interp(self, depth: int) -> Node:
        return Convert(super()._interp(depth), self.random.choice(_UNITS))


@settings(max_examples=500)
@given(seed=st.integers(0, 2**63))
def test_printed_tree_parses_to_itself(seed: int) -> None:
    root = _Texts(seed).any(7)
    text = to_text(root)
    assert parse(text).root == root
    assert to_text(parse(text).root) == text


@settings(max_examples=100)
@given(seed=st.integers(0, 2**63))
def test_renamed_tags_are_the_only_change(seed: int) -> None:
    text = to_text(_Texts(seed).any(6))
    there = {
        mention.name: f"unit-{number}/tag.{number}" for number, mention in enumerate(parse(text).references())
    }
    back = {new: old for old, new in there.items()}
    moved = rewrite(text, there)
    assert {mention.name for mention in parse(moved).references()} == set(there.values())
    assert parse(rewrite(moved, back)).root == parse(text).root


_TAGS = {
    **{name: Operand(unit=unit) for name, unit in zip(NUMBERS, ("degC", "L", "", "%"), strict=True)},
    **dict.fromkeys(CONDITIONS, Operand(TagKind.BOOL)),
}
_WORDS = (
    "and or not if then else in true limit( ton( interp( otr( reset= 5 5e 2_L/min degC K 1e a/b é <= != == "
    "** + - * / ^ ( ) [ ] , = < > ' \" . # %"
)
_PIECES = st.sampled_from([*NUMBERS, *CONDITIONS, *_WORDS.split(), "5 s", "\n", " "])


@settings(max_examples=1500)
@given(
    st.one_of(
        st.lists(_PIECES, max_size=14).map("".join),
        st.lists(_PIECES, max_size=9).map(" ".join),
        st.text(max_size=30),
    )
)
@example("1" * 400)
@example("5 m^99999999999")
@example("n1 in m^-9^9")
@example("0x10 + 1_000")
def test_any_text_is_an_expression_or_is_refused_at_a_place_in_it(text: str) -> None:
    refused: ExpressionError | None = None
    try:
        checked = check(parse(text), _TAGS)
        assert checked.kind in {TagKind.NUMBER, TagKind.BOOL}
    except ExpressionError as error:
        refused = error
    if refused is not None:
        assert refused.message
        assert refused.pointed()
        assert all(0 <= p.span.start <= p.span.stop <= len(text) for p in refused.problems if text)
