"""Words are recognised through slips and disguises, and ordinary words stay what they are."""

import pytest

from bot.understanding import Screen


def words(screen: Screen, text: str) -> str:
    return " ".join(word for sentence in screen.book.speller.sentences(text) for word in sentence.words)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("I'm gonna", "i am going to"),
        ("can’t won’t", "can not will not"),
        ("KMS", "kill myself"),
        ("k i l l", "kill"),
        ("k.i.l.l m-y-s-e-l-f", "kill myself"),
        ("k1ll my s3lf", "kill myself"),
        ("su1c1de", "suicide"),
        ("s*icide", "suicide"),
        ("suicde", "suicide"),
        ("siucide", "suicide"),
        ("killllll", "kill"),
        ("killmyself", "kill myself"),
        ("sui cide", "suicide"),
        ("over dose", "overdose"),
        ("𝐤𝐢𝐥𝐥", "kill"),
        ("ｄｉｅ", "die"),
        ("dіе", "die"),
        ("d\u200bie", "die"),
        ("dïé", "die"),
        ("my self", "myself"),
        ("any more", "anymore"),
    ],
)
def test_a_disguise_is_seen_through(screen: Screen, typed: str, meant: str) -> None:
    assert words(screen, typed) == meant


@pytest.mark.parametrize(
    "word", ["shouting", "diet", "skill", "butter", "suite", "hopeful", "drying", "weekend"]
)
def test_an_ordinary_word_is_not_taken_for_a_dangerous_one(screen: Screen, word: str) -> None:
    assert words(screen, word) == word


def test_sentences_end_where_people_end_them(screen: Screen) -> None:
    typed = [
        sentence.typed
        for sentence in screen.book.speller.sentences("Hi there! ok...\nI want out;now. 8.30 pm")
    ]
    assert typed == ["Hi there!", "ok...", "I want out", "now.", "8.30 pm"]


def test_what_was_typed_stays_as_evidence(screen: Screen) -> None:
    concern = screen("Ok. I want to D1E!! Bye")
    assert concern is not None
    assert concern.evidence == "I want to D1E!!"
