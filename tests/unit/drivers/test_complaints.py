"""The page of complaints names tests that there are."""

from __future__ import annotations

import ast
import re

from tests.servers.process import ROOT

PAGE = ROOT / "docs" / "reference" / "complaints.md"


def test_every_complaint_is_answered_by_tests_that_there_are() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 30
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert test in functions, f"{file}::{test}"
