"""Templates: what many units have in common, written once, with typed parameters.

A parameter stands in a template as `${name}`. A value that is nothing but `${name}` takes the
parameter's own type; within a longer text the parameter is written out. That is all: no arithmetic,
no conditions. What a unit writes itself is laid over what its template gave.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from config.environment import PARAMETER
from config.errors import Findings, Path
from config.nodes import EnvironmentText, Items, Map, ParameterText, Place, shown
from config.quantities import Quantity, QuantityError
from config.suggest import did_you_mean, listed
from config.units import Parameter, ParameterType
from config.yaml_source import scalar

Arguments = Mapping[str, Any]
"""A template's parameters by name, with the values of one unit."""

PARAMETER_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def arguments(
    declared: Mapping[str, Parameter],
    given: Map,
    place: Place,
    path: Path,
    devices: Collection[str],
    findings: Findings,
) -> Arguments | None:
    """Return a unit's values for the parameters of its template; None when one is missing or wrong.

    Args:
        declared: the template's parameters.
        given: what the unit says.
        place: where it says it.
        path: of the unit's parameters.
        devices: names of the devices that a parameter of type device may have.
        findings: where mistakes are recorded.
    """
    complete = True
    for name in given:
        if name not in declared:
            fix = did_you_mean(name, declared, f"it has {listed(declared)}" if declared else "it has none")
            findings.error(given.place_of(name), (*path, name), "the template has no such parameter", fix)
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        value = given.get(name, parameter.default)
        if value is None:
            what = f"{parameter.type} {f'in {parameter.unit}' if parameter.unit else ''}".strip()
            findings.error(place, (*path, name), "the template needs this parameter", f"give a {what}")
            complete = False
            continue
        try:
            values[name] = typed(parameter, value, devices)
        except ValueError as error:
            message, _, fix = str(error).partition("; ")
            findings.error(given.place_of(name), (*path, name), message, fix)
            complete = False
    return values if complete else None


def typed(parameter: Parameter, value: Any, devices: Collection[str]) -> Any:
    """Return a parameter's value in its type.

    Raises:
        ValueError: it is of another type, unit or no device; after `; ` the text says what is right.
    """
    if isinstance(value, EnvironmentText) and parameter.type in {ParameterType.NUMBER, ParameterType.BOOL}:
        plain = scalar(value)
    else:
        plain = value
    check = _CHECKS[parameter.type]
    return check(parameter, plain, value, devices)


def _text(_: Parameter, plain: Any, value: Any, __: Collection[str]) -> Any:
    if not isinstance(plain, str):
        raise ValueError(f"{shown(value)} is not a text; put it in quotes")
    return plain


def _number(_: Parameter, plain: Any, value: Any, __: Collection[str]) -> Any:
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise ValueError(f"{shown(value)} is not a number; write a number without a unit")
    return plain


def _bool(_: Parameter, plain: Any, value: Any, __: Collection[str]) -> Any:
    if not isinstance(plain, bool):
        raise ValueError(f"{shown(value)} is neither true nor false; write true or false")
    return plain


def _quantity(parameter: Parameter, plain: Any, value: Any, _: Collection[str]) -> Any:
    example = f"write a number with a unit that converts to {parameter.unit or 'no unit'}"
    if isinstance(plain, bool) or not isinstance(plain, int | float | str):
        raise ValueError(f"{shown(value)} is not a quantity; {example}")
    try:
        Quantity.parse(plain).to(parameter.unit)
    except QuantityError as error:
        from_file = str(error).partition(" (examples")[0]
        reason = f"{shown(value)} does not fit" if isinstance(value, EnvironmentText) else from_file
        raise ValueError(f"{reason}; {example}") from error
    return plain


def _device(_: Parameter, plain: Any, value: Any, devices: Collection[str]) -> Any:
    if not isinstance(plain, str):
        raise ValueError(f"{shown(value)} is not the name of a device; write one of {listed(devices)}")
    if plain not in devices:
        fix = did_you_mean(plain, devices, f"the devices are {listed(devices)}")
        raise ValueError(f"there is no device {shown(value)}; {fix}")
    return plain


_CHECKS: Final[dict[ParameterType, Callable[[Parameter, Any, Any, Collection[str]], Any]]] = {
    ParameterType.TEXT: _text,
    ParameterType.NUMBER: _number,
    ParameterType.BOOL: _bool,
    ParameterType.QUANTITY: _quantity,
    ParameterType.DEVICE: _device,
}


def instantiate(value: Any, values: Arguments) -> Any:
    """Return a part of a template with its parameters filled in.

    Whatever names no parameter is shared with the template, not copied.

    Raises:
        KeyError: the part names a parameter that the template does not declare (see `undeclared`).
    """
    if isinstance(value, ParameterText):
        return _filled(value, values)
    if isinstance(value, Map):
        changed = {k: new for k, v in value.items() if (new := instantiate(v, values)) is not v}
        return Map({**value, **changed}, value.place, value.places) if changed else value
    if isinstance(value, Items):
        items = [instantiate(item, values) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else Items(items, value.place, value.places)
    return value


def _filled(text: str, values: Arguments) -> Any:
    whole = PARAMETER.fullmatch(text)
    if whole is not None:
        return values[whole.group(1)]
    return PARAMETER.sub(lambda match: _written(values[match.group(1)]), text)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def report_parameters(
    content: Map | Items, path: Path, declared: Collection[str] | None, findings: Findings
) -> bool:
    """Report parameters that are named where there are none; tell whether all is well.

    Args:
        content: any part of a configuration.
        path: what it is.
        declared: the parameters of the template, None outside a template.
        findings: where mistakes are recorded.
    """
    right = True
    parts = content.items() if isinstance(content, Map) else enumerate(content)
    for key, value in parts:
        if isinstance(value, Map | Items):
            right = report_parameters(value, (*path, key), declared, findings) and right
        elif type(value) is ParameterText:
            unknown = [name for name in PARAMETER.findall(value) if name not in (declared or ())]
            for name in unknown:
                message, fix = _misplaced(name, declared)
                findings.broken(_place_of(content, key), (*path, key), message, fix)
            right = right and not unknown
    return right


def _misplaced(name: str, declared: Collection[str] | None) -> tuple[str, str]:
    if declared is None:
        return f"${{{name}}} outside a template", "variables of the environment are upper case"
    fix = did_you_mean(name, declared, "declare it under the template's parameters")
    return f"the template declares no parameter {name!r}", fix


def _place_of(content: Map | Items, key: str | int) -> Place:
    if isinstance(content, Map):
        return content.place_of(str(key))
    return content.place_of(int(key))


def overlay(base: Map, own: Map) -> Map:
    """Return what a template gave with what the unit writes itself laid over it, at every depth."""
    merged = base.with_entries(own, own)
    for key, mine in own.items():
        given = base.get(key)
        if isinstance(given, Map) and isinstance(mine, Map):
            merged[key] = overlay(given, mine)
    return Map(merged, own.place, merged.places)
