"""`screen`: one line in, one line out."""

from bot.concerns import Concern
from bot.understanding import Hearing, Screen
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
    first, *why = explain(["I am not feeling suicidal"], Hearing(screen=screen))
    assert first == "none\tnone"
    assert "denied: 'feeling suicidal' is urgent suicide" in why[0]
    assert "en/suicide.txt:" in why[0]


def test_any_hearer_can_be_asked() -> None:
    def deaf(text: str, *, planning: bool = False) -> Concern | None:
        return None

    assert list(lines(["x"], deaf)) == ["none\tnone"]


def test_an_explanation_shows_the_scores_of_what_is_not_known_as_ordinary(hearing: Hearing) -> None:
    _, *why = explain(
        ["The light was lovely. We had soup. When they are asleep I will jump off the bridge."], hearing
    )
    assert "When they are asleep" in why[-1]
    assert "heard 0." in why[-1]
    assert "model: 'The light" not in "".join(why)
