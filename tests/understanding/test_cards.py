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
BELOW = {"enrolled": "plan", "enrolling": "exercise", "unreached": "plan"}
ALONE = ["discharged", "declined", "stranger", "staff"]
SITUATIONS = [*BELOW, *ALONE, "unsaved", "pressed"]


def card(block: str, situation: str, category: Category | None, language: str, region: str = "US") -> str:
    below = BELOW.get(situation, "")
    return WORDS.text(
        language,
        "crisis",
        block,
        lines=LINES.about(region, language, category),
        program="Riverside Recovery <&> Friends",
        situation=situation,
        below=below,
        hide=category is Category.ABUSE and below != "",
        duty=WORDS.text(language, "crisis", "duty", on=True, back=None, minutes=15, again=False)
        if below
        else "",
        news="now",
        again=False,
        answer_minutes=15,
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
        assert "I alert them until someone answers" in said("enrolled")
    else:
        assert "I am telling your team; nobody has confirmed reading it yet." in said("enrolled")
    assert "not your words" in said("enrolling")
    for nobody in ALONE:
        assert "I keep none of your words" in said(nobody)
        assert "I am telling your team" not in said(nobody)
    assert "nobody has been told about this yet" in said("unsaved")
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
    assert "48 hours" in text
    assert "hold this chat in your list" in card("card_abuse", "unsaved", Category.ABUSE, "en")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_card_names_only_what_is_below_it(situation: str) -> None:
    """Outside the program there are no buttons: an exercise stands in the words, and nothing is promised."""
    suicide = card("card_suicide", situation, Category.SUICIDE, "en")
    asks = card("card_ask", situation, Category.ASK, "en")
    abuse = card("card_abuse", situation, Category.ABUSE, "en")
    here = situation in BELOW
    assert ("safety plan" in suicide) == (BELOW.get(situation) == "plan")
    assert ("right below" in suicide) == ("I'll ask right below" in asks) == here
    assert ("name five things that you see" in suicide) != here
    assert ("press Hide below" in abuse.replace("<b>", "").replace("</b>", "")) == here


def test_whoever_never_joined_is_not_told_that_they_left() -> None:
    text = card("card_suicide", "declined", Category.SUICIDE, "en")
    assert "any more" not in text
    assert "You have not joined" in text


@pytest.mark.parametrize("category", Category)
def test_no_card_knows_what_time_of_day_it_is(category: Category) -> None:
    text = card(f"card_{category}", "enrolled", category, "en").lower()
    assert not re.search(r"\b(tonight|this morning|this evening)\b", text)


@pytest.mark.parametrize("block", ["voice", "unseen", "sos"])
def test_what_cannot_be_read_is_answered_with_the_lines(block: str) -> None:
    text = card(block, "enrolled", None, "en")
    assert "988" in text
    assert "911" in text
