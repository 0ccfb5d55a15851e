"""ruff, mypy --strict and the import contracts pass, and each contract is seen to break."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# One forbidden import for each contract, in a module that a hasty developer might write.
BREAKS = {
    "pure-dialogs": ("dialogs/hasty.py", "from bot import rows"),
    "edges": ("bot/hasty.py", "from bot.store import tables"),
    "telegram": ("bot/hasty.py", "from telegram import Update"),
    "sql": ("bot/hasty.py", "from sqlalchemy import select"),
    "apscheduler": ("bot/hasty.py", "import apscheduler"),
    "understanding-is-offline": ("bot/understanding/hasty.py", "from urllib.request import urlopen"),
}


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(cwd), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def contracts() -> dict[str, str]:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return {contract["id"]: contract["name"] for contract in tools["importlinter"]["contracts"]}


def test_ruff_finds_nothing() -> None:
    ran = python("-m", "ruff", "check", "--no-cache", "--output-format=concise", ".")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_mypy_is_content_in_strict_mode() -> None:
    ran = python("-m", "mypy")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_import_contracts_are_kept() -> None:
    ran = python("-c", LINT, "--no-cache")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_import_contract_is_seen_to_break(tmp_path: Path) -> None:
    assert set(BREAKS) == set(contracts())
    for part in ("bot", "dialogs"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in BREAKS.values():
        with (tmp_path / name).open("a") as module:
            module.write(f"{line}\n")
    ran = python("-c", LINT, "--no-cache", cwd=tmp_path)
    for name in contracts().values():
        assert re.search(rf"^{re.escape(name)} +BROKEN", ran.stdout, re.MULTILINE), ran.stdout


@pytest.mark.parametrize("pins", ["tests/requirements.txt", "tests/bench/requirements.txt"])
def test_the_tests_run_on_the_very_versions_that_people_run(pins: str) -> None:
    if not (ROOT / pins).exists():
        return
    version = re.compile(r"^([a-z0-9-]+==\S+)", re.MULTILINE)
    ours = set(version.findall((ROOT / "requirements.txt").read_text()))
    assert ours
    # One of the peers allows no newer pydantic than its own; the race compares, and serves nobody.
    held_back = {one for one in ours if "bench" in pins and one.startswith("pydantic")}
    assert ours - held_back <= set(version.findall((ROOT / pins).read_text()))


@pytest.mark.parametrize("pins", ["requirements.txt", "tests/requirements.txt"])
def test_pins_carry_hashes_and_name_no_registry(pins: str) -> None:
    text = (ROOT / pins).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    for requirement in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in requirement
