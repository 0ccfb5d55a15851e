"""`screen`: one line in, one line out."""

from bot.concerns import Concern
from bot.understanding import Screen
from bot.understanding.command import explain, lines


def test_every_line_gets_exactly_one_answer(screen: Screen) -> None:
    said = ["I want to die\n", "\n", "hello\r\n", "", "I relapsed last night", "kill myself jk"]
    assert list(lines(said, screen)) == [
        "urgent\tsuicide",
        "none\tnone",
        "none\tnone",
        "none\tnone",
        "watch\tlapse",
        "watch\task",
    ]


def test_a_line_break_of_another_kind_does_not_make_two(screen: Screen) -> None:
    assert len(list(lines(["one\u2028two\x0bthree\x85four"], screen))) == 1


def test_an_explanation_names_words_verdict_and_the_line_of_the_list(screen: Screen) -> None:
    first, *why = explain(["I am not feeling suicidal"], screen)
    assert first == "none\tnone"
    assert "denied: 'feeling suicidal' is urgent suicide" in why[0]
    assert "en/suicide.txt:" in why[0]


def test_any_hearer_can_be_asked() -> None:
    def deaf(text: str, *, planning: bool = False) -> Concern | None:
        return None

    assert list(lines(["x"], deaf)) == ["none\tnone"]
