"""Use that goes on, or did within the last hours, is told from use that is over: then somebody looks in."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.concerns import Category, Concern, Level
from bot.understanding import Hearing, Screen

NOW = [
    "I'm high right now",
    "im so wasted rn",
    "I'm drunk",
    "I just used heroin and I'm high",
    "just shot up",
    "shot up an hour ago",
    "used about 20 min ago",
    "hit the pipe half an hour ago in the car",
    "I've been drinking all day",
    "had a few beers tonight",
    "I relapsed last night and I'm still drunk",
    "I am using again right now",
    "smoking meth right now, don't tell anyone",
    "getting high as I write this",
    "estoy drogado ahorita",
    "recaí, estoy tomando ahora mismo",
    "me inyecté hace una hora",
    "acabo de consumir",
]
OVER = [
    "I relapsed last night",
    "I drank last night and I feel awful right now",
    "I just drank two beers last night",
    "I used on Saturday, told my sponsor already",
    "I slipped yesterday",
    "I got high with my ex on Friday",
    "back to counting day 1 after the cookout",
    "I used",
    "I smoked meth this morning",
    "I drank three days ago",
    "I was so high last weekend",
    "I'm not high right now, but I was last night",
    "recaí anoche",
    "acabo de recaer este fin de semana",
]


@pytest.mark.parametrize(("said", "now"), [*((one, True) for one in NOW), *((one, False) for one in OVER)])
def test_use_that_goes_on_or_has_just_been_is_told_from_use_that_is_over(
    screen: Screen, said: str, now: bool
) -> None:
    heard = screen.timed(Concern(Level.WATCH, Category.LAPSE, said), said)
    assert heard == Concern(Level.WATCH, Category.LAPSE, said, now=now)


def test_any_sentence_may_say_that_it_is_now(screen: Screen) -> None:
    concern = screen("I relapsed. I'm still high.")
    assert concern == Concern(Level.WATCH, Category.LAPSE, "I relapsed.", now=True)


def test_what_is_fine_now_makes_no_use_of_the_past_present(screen: Screen) -> None:
    concern = screen("I relapsed last week. I'm okay right now.")
    assert concern == Concern(Level.WATCH, Category.LAPSE, "I relapsed last week.")


def test_no_other_concern_has_a_time(screen: Screen) -> None:
    concern = screen("I'm drunk right now and I want to kill myself")
    assert concern is not None
    assert concern.category is Category.SUICIDE
    assert not concern.now


def test_what_only_the_model_hears_has_its_time_from_the_same_words(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Model:
        def concerns(self, messages: Sequence[Any]) -> list[tuple[Concern, float]]:
            return [
                (Concern(Level.WATCH, Category.LAPSE, sentences[0].typed), 0.5) for sentences, _ in messages
            ]

    hearing = Hearing(screen=screen)
    monkeypatch.setattr(hearing, "_model", Model())
    recent, old = hearing.listen(["the needle came out ten minutes ago", "the needle came out on Sunday"])
    assert recent is not None
    assert old is not None
    assert (recent.now, old.now) == (True, False)
