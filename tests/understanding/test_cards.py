"""Every card is there for everyone it may meet, short, whole, and leads with help."""

import re
from pathlib import Path

import pytest

from bot.concerns import Category
from bot.lines import read
from bot.wording import Wording

CONTENT = Path(__file__).parents[2] / "content"
WORDS = Wording(CONTENT)
LINES = read(CONTENT / "lines.toml")
SITUATIONS = ["enrolled", "enrolling", "discharged", "stranger", "staff", "unsaved", "unreached"]


def card(block: str, situation: str, category: Category | None, language: str, region: str = "US") -> str:
    return WORDS.text(
        language,
        "crisis",
        block,
        lines=LINES.about(region, language, category),
        program="Riverside Recovery <&> Friends",
        situation=situation,
    )


@pytest.mark.parametrize("language", sorted(WORDS.languages))
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("category", Category)
def test_a_card_leads_with_help_and_fits_one_look(category: Category, situation: str, language: str) -> None:
    text = card(f"card_{category}", situation, category, language)
    assert len(text) <= 900 or language != "en"
    assert len(text) <= 1000
    if category is Category.VIOLENCE:
        assert text.startswith("<b>Get away first.</b>") or language != "en"
        assert LINES.about("US", language, category)[0] in text[:300]
    elif category is not Category.ASK:
        assert text.startswith(f"<b>{LINES.about('US', language, category)[0]}</b>")
    assert sorted(re.findall(r"<(\w+)>", text)) == sorted(re.findall(r"</(\w+)>", text))


@pytest.mark.parametrize("category", Category)
def test_who_knows_is_said_as_it_is(category: Category) -> None:
    def said(situation: str) -> str:
        return card(f"card_{category}", situation, category, "en")

    if category is Category.ASK:
        assert "I tell your team at once" in said("enrolled")
    else:
        assert "I am telling your team; nobody has confirmed reading it yet." in said("enrolled")
    assert "not your words" in said("enrolling")
    for nobody in ("discharged", "stranger", "staff"):
        assert "I keep none of your words" in said(nobody)
        assert "I am telling your team" not in said(nobody)
    assert "nobody has been told yet" in said("unsaved")
    assert "I can't reach anyone on your team" in said("unreached")
    assert "not watched around the clock" in said("unsaved")


def test_the_overdose_card_keeps_the_order_that_saves_lives() -> None:
    text = card("card_overdose", "enrolled", Category.OVERDOSE, "en")
    order = ["ambulance", "Naloxone", "Rescue breaths", "2 to 3 minutes", "on their side", "Stay"]
    places = [text.index(step) for step in order]
    assert places == sorted(places)


def test_the_abuse_card_asks_whether_the_phone_is_safe_and_shows_how_to_hide() -> None:
    text = card("card_abuse", "enrolled", Category.ABUSE, "en")
    assert "Is this phone safe to use?" in text
    assert text.index("don't call from it") < text.index("1-800-799-7233")
    assert "notification" in text
    hidden = WORDS.text(
        "en", "crisis", "card_abuse", lines=("x",), program="p", situation="enrolled", hide=True
    )
    assert "48 hours" in hidden


@pytest.mark.parametrize("category", Category)
def test_no_card_knows_what_time_of_day_it_is(category: Category) -> None:
    text = card(f"card_{category}", "enrolled", category, "en").lower()
    assert not re.search(r"\b(tonight|this morning|this evening)\b", text)


@pytest.mark.parametrize("block", ["voice", "unseen", "sos"])
def test_what_cannot_be_read_is_answered_with_the_lines(block: str) -> None:
    text = card(block, "enrolled", None, "en")
    assert "988" in text
    assert "911" in text
