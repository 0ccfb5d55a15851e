"""A clinician's list is read as written, and a line that cannot be read is named."""

from pathlib import Path

import pytest

from bot.understanding import Screen
from bot.understanding.matching import Automaton
from bot.understanding.phrasebook import BadList, read


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "en" / "phrases"
    folder.mkdir(parents=True)
    (folder / "spellings.txt").write_text("can not: can't, cant\nguarded: kraken\n")
    (folder / "lists.txt").write_text("sea: sea|deep (blue|green) ocean\n")
    (folder / "turns.txt").write_text("[denied]\nnot\n[bridge]\nto\n")
    (folder / "suicide.txt").write_text(
        "[urgent]\nkraken in the @sea  # a note\n[not]\nkraken in the sea bar\n"
    )
    return tmp_path


def lines(content: Path, *more: str) -> None:
    file = content / "en" / "phrases" / "suicide.txt"
    file.write_text("\n".join(("[urgent]", *more)))


def test_a_phrase_is_heard_as_the_list_says(content: Path) -> None:
    screen = Screen(content)
    assert screen("A krakn in the deep green ocean!") is not None
    assert screen("A kraken in the red ocean!") is None
    assert screen("A kraken in the sea bar") is None
    assert screen("not kraken in the sea") is None


@pytest.mark.parametrize(
    ("phrase", "heard", "unheard"),
    [
        ("a (b|c d) e", ["a b e", "a c d e", "x a b e y"], ["a e", "a c e", "a d e"]),
        ("a (b|) c", ["a b c", "a c"], ["a b b c"]),
        ("a (b c)? d", ["a d", "a b c d"], ["a b d"]),
        ("a ... b", ["a b", "a x b", "a x y z b"], ["a w x y z b"]),
        ("over* now", ["overdose now", "overboard now"], ["over. dose", "rover now"]),
        ("< help me >", ["help me", "Help me!"], ["do help me", "help me up"]),
        ("(a|b (c|d)) e", ["a e", "b c e", "b d e"], ["b e", "c e"]),
    ],
)
def test_the_marks_of_a_phrase(content: Path, phrase: str, heard: list[str], unheard: list[str]) -> None:
    lines(content, phrase)
    screen = Screen(content)
    assert [text for text in heard if screen(text) is None] == []
    assert [text for text in unheard if screen(text) is not None] == []


@pytest.mark.parametrize(
    "line",
    ["a (b", "a b)", "a @nothing", "... a", "(a|)", "[perhaps]", "[urgent, sometimes]", "ab*", "?"],
)
def test_a_line_that_cannot_be_read_is_named_with_its_place(content: Path, line: str) -> None:
    lines(content, "good words", line)
    with pytest.raises(BadList, match=r"en/suicide\.txt:3"):
        read(content)


def test_a_list_must_be_called_after_a_category(content: Path) -> None:
    (content / "en" / "phrases" / "sadness.txt").write_text("[urgent]\nblue\n")
    with pytest.raises(BadList, match=r"sadness"):
        read(content)


def test_no_lists_at_all_is_an_error_and_not_a_deaf_screen(tmp_path: Path) -> None:
    with pytest.raises(BadList):
        read(tmp_path)


def test_every_category_of_a_crisis_has_explicit_phrases(screen: Screen) -> None:
    crisis = {"suicide", "self_harm", "overdose", "withdrawal", "violence", "abuse", "psychosis"}
    heard = {p.category.value for p in screen.book.phrases if p.level.rank >= 2}
    assert heard == crisis
    assert len(screen.book.phrases) > 500


def test_the_automaton_agrees_with_trying_every_place() -> None:
    """One walk finds what a search from every word would find."""
    phrases = {"a b": ["a", "b"], "b a b": ["b", "a", "b"], "b": ["b"], "a a": ["a", "a"]}
    machine = Automaton()
    for phrase in phrases:
        machine.add(phrase, {}, lambda word: [word])
    machine.close()
    words = list("abbabaabab")
    found = {(hit.phrase, hit.start, hit.end) for hit in machine.find(words)}
    expected = {
        (number, at, at + len(phrase))
        for number, phrase in enumerate(phrases.values())
        for at in range(len(words))
        if words[at : at + len(phrase)] == phrase
    }
    assert found == expected
