"""Variables of the environment in a configuration: ports, hosts and secrets.

`${CELLGATE_PORT}` stands for the variable, `${CELLGATE_PORT:-4840}` for the variable or, when it is
not set or empty, for what follows `:-` (which may be nothing), as in a shell. Names of variables are
upper case; parameters of templates (`${device}`) are lower case, so that nobody can take one for the
other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from config.errors import Findings, Path
from config.nodes import EnvironmentText, ParameterText, Place

PARAMETER: Final = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")
_VARIABLE: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)(:-[^{}]*)?\}")
_OPENING: Final = re.compile(r"\$\{")


class Environment:
    """The variables that a configuration may name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def fill(self, text: str, place: Place, path: Path, findings: Findings) -> str:
        """Return a text with its variables filled in; a missing one is a finding."""
        variables, parameters = _VARIABLE.findall(text), PARAMETER.findall(text)
        if len(_OPENING.findall(text)) > len(variables) + len(parameters):
            findings.broken(
                place, path, "'${' begins neither a variable nor a parameter",
                "write ${VARIABLE}, ${VARIABLE:-default} or, in a template, ${parameter}",
            )  # fmt: skip
            return ""
        if variables and parameters:
            findings.broken(
                place, path, "a variable and a parameter in one text",
                "give the variable to the template as a parameter",
            )  # fmt: skip
            return ""
        if parameters:
            return ParameterText(text)
        for name, default in variables:
            if not default and name not in self._variables:
                findings.broken(
                    place, path, f"the environment variable {name} is not set",
                    f"set {name}, or give a default: ${{{name}:-value}}",
                )  # fmt: skip
                return ""
        return EnvironmentText.filled(_VARIABLE.sub(self._value, text), text)

    def _value(self, variable: re.Match[str]) -> str:
        name, default = variable.group(1), variable.group(2)
        return self._variables.get(name) or (default or ":-")[2:]
