"""Numbers stand in lines.toml alone, so that nobody is shown one that does not work where they are."""

import re
from pathlib import Path

import pytest

from bot.preview import occasions
from bot.wording import Wording, unmarked
from dialogs import CATALOGUE
from dialogs.engine import Turn
from dialogs.explore import explore
from dialogs.facts import Facts

CONTENT = Path(__file__).parents[2] / "content"
NUMBER = re.compile(r"(?<!#)\b(911|988|999|112|000|\d{5,6}|1-\d{3}-\d{3}-\d{4})\b")


@pytest.mark.parametrize("path", sorted(CONTENT.glob("*/*.jinja")), ids=lambda path: path.stem)
def test_no_template_holds_a_number_to_call(path: Path) -> None:
    assert NUMBER.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize(("region", "shown"), [("US", True), ("ZZ", False)])
def test_a_dialog_names_the_lines_of_its_region_and_no_others(region: str, shown: bool) -> None:
    words = Wording(CONTENT, region)
    said: list[str] = []

    def visit(facts: Facts, turn: Turn[object]) -> None:
        prompts = (*turn.says, *([turn.prompt] if turn.prompt else []))
        said.extend(words.prompt("en", turn.dialog.name, prompt, turn, facts) for prompt in prompts)
        if turn.done:
            said.append(words.end("en", turn, facts))

    for name in ("asq", "safety", "used", "using_now", "enrolment", "trigger_followup"):
        explore(CATALOGUE[name], occasions()[:2], 5, visit=visit)
    whole = unmarked("\n".join(said))
    assert ("call 911" in whole, "call or text 988" in whole) == (shown, shown)
    assert ("your emergency number" in whole, "findahelpline.com" in whole) == (not shown, not shown)


def test_the_words_of_asq_are_its_authors_whatever_the_region() -> None:
    asked = ("asq_wished", "asq_better_off", "asq_thoughts", "asq_tried", "asq_now")
    here, there = Wording(CONTENT, "US"), Wording(CONTENT, "ZZ")
    assert [here.text("en", "asq", key) for key in asked] == [there.text("en", "asq", key) for key in asked]
    assert here.text("en", "asq", "asq_wished") == "In the past few weeks, have you wished you were dead?"
