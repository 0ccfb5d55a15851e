"""The README stays true in what a machine can compare."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def first_cells(heading: str) -> list[str]:
    """The first column of the table under a heading, without its own head."""
    section = re.split(r"\n#+ ", README.split(f"# {heading}\n", 1)[1])[0]
    rows = [line.split("|")[1].strip(" `") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert sorted(first_cells("Settings")) == sorted(name.upper() for name in Settings.model_fields)


def test_every_dependency_has_its_line_and_nothing_else_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[=; ]", requirement)[0] for requirement in project["dependencies"]]
    assert sorted(first_cells("What it stands on")) == sorted(names)


def test_every_command_of_make_that_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_five_lines_come_first_and_then_a_picture() -> None:
    about = README.split("\n\n")[1].splitlines()
    assert len(about) == 5
    assert README.split("\n\n")[2].startswith("![")


def test_every_word_of_the_glossary_is_explained_once() -> None:
    words = [word for cell in first_cells("Glossary") for word in cell.split(", ")]
    assert len(words) == len(set(words)) > 15
