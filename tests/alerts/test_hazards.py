"""Each hazard has a control, and each control a test that is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (Path(__file__).parent / "HAZARDS.md").read_text("utf-8").splitlines()
    if line.startswith("| H")
]


def test_every_hazard_has_a_control() -> None:
    assert {row[0].split()[0] for row in ROWS} == {f"H{number}" for number in range(1, 11)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2].rpartition("::")[2])
def test_no_control_is_orphaned(row: list[str]) -> None:
    path, _, name = row[2].partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name.startswith("test_")
    assert name in {node.name for node in found}, row[1]
