"""Templates: filling in, laying over, and that nothing that is shared is ever changed."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.environment import Environment
from config.errors import Findings
from config.nodes import Items, Map, ParameterText, Place, plain
from config.templates import instantiate, overlay

_PLACE = Place("f.yaml", 1)
_NAMES = st.sampled_from(["a", "b", "c"])
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
_VALUES = st.fixed_dictionaries({"a": _SCALARS, "b": _SCALARS, "c": _SCALARS})
_TEXTS = st.lists(st.one_of(st.sampled_from(["x", " ", "/"]), _NAMES.map(lambda n: f"${{{n}}}")), min_size=1)


def _written(text: str) -> Any:
    return Environment({}).fill(text, _PLACE, (), Findings()) if "${" in text else text


def _map(entries: dict[str, Any]) -> Map:
    return Map(entries, _PLACE, {key: Place("f.yaml", n + 2) for n, key in enumerate(entries)})


_LEAVES = st.one_of(_SCALARS, _TEXTS.map("".join).map(_written))
_TREES = st.recursive(
    _LEAVES,
    lambda part: st.one_of(
        st.dictionaries(st.text("pqrst", min_size=1, max_size=2), part, max_size=4).map(_map),
        st.lists(part, max_size=3).map(lambda items: Items(items, _PLACE, [_PLACE] * len(items))),
    ),
    max_leaves=12,
)


def _expected(value: Any, values: dict[str, Any]) -> Any:
    """Fill in by other means: replace every parameter, one after the other."""
    if isinstance(value, dict):
        return {key: _expected(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [_expected(part, values) for part in value]
    if not isinstance(value, ParameterText):
        return value
    for name, given_value in values.items():
        if value == f"${{{name}}}":
            return given_value
    text = "".join(value)
    pieces = text.split("${")
    filled = pieces[0]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        part = values[name]
        filled += (str(part).lower() if isinstance(part, bool) else str(part)) + rest
    return filled


@given(_TREES, _VALUES)
def test_every_parameter_is_filled_in(tree: Any, values: dict[str, Any]) -> None:
    before = copy.deepcopy(plain(tree))
    assert plain(instantiate(tree, values)) == plain(_expected(tree, values))
    assert plain(tree) == before


@given(_TREES, _VALUES)
def test_what_names_no_parameter_is_shared(tree: Any, values: dict[str, Any]) -> None:
    filled = instantiate(tree, values)
    if "${" not in repr(plain(tree)):
        assert filled is tree
    if isinstance(tree, Map):
        assert filled.places == tree.places


_MAPS = st.recursive(
    st.integers(),
    lambda part: st.dictionaries(st.sampled_from("pqrs"), part, max_size=4).map(_map),
    max_leaves=10,
).map(lambda value: value if isinstance(value, Map) else _map({"p": value}))


@given(_MAPS, _MAPS)
def test_a_unit_lies_over_its_template(base: Map, own: Map) -> None:
    before = plain(base), plain(own)
    merged = overlay(base, own)
    assert set(merged) == set(base) | set(own)
    for key, value in merged.items():
        if key not in own:
            assert value is base[key]
            assert merged.place_of(key) == base.place_of(key)
        elif isinstance(own[key], Map) and isinstance(base.get(key), Map):
            assert plain(value) == plain(overlay(base[key], own[key]))
        else:
            assert value is own[key]
    assert (plain(base), plain(own)) == before


@given(_MAPS)
def test_laying_a_map_over_itself_or_nothing_changes_nothing(tree: Map) -> None:
    assert plain(overlay(tree, tree)) == plain(tree)
    assert plain(overlay(tree, tree.empty())) == plain(tree)
    assert plain(overlay(tree.empty(), tree)) == plain(tree)
