"""The second encoder reads as its makers' does, alone or together, and nothing makes it stumble."""

import numpy as np
import pytest

from bot.understanding.minilm import MOST, WIDTH, MiniLM
from bot.understanding.pieces import Pieces

SMALL = ["[UNK]", "[CLS]", "[SEP]", "una", "##ffa", "##ble", "i", "'", "m", "café", "cafe", "?", "3", "##0"]


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM.load()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("unaffable", ["una", "##ffa", "##ble"]),
        ("I'm UNA", ["i", "'", "m", "una"]),
        ("Café?", ["cafe", "?"]),
        ("30 kids", ["3", "##0", "[UNK]"]),
        ("  \t\n", []),
        ("\u200b\x00una\u0301", ["una"]),
        ("x" * 5000, ["[UNK]"]),
    ],
)
def test_the_longest_known_piece_comes_first(text: str, cut: list[str]) -> None:
    numbers = Pieces(SMALL).numbers(text, MOST)
    assert [SMALL[number] for number in numbers] == ["[CLS]", *cut, "[SEP]"]


def test_a_text_is_read_up_to_its_limit_and_closed() -> None:
    numbers = Pieces(SMALL).numbers("una " * 500, 10)
    assert len(numbers) == 10
    assert SMALL[numbers[-1]] == "[SEP]"


def test_many_texts_together_are_read_as_one_by_one(minilm: MiniLM) -> None:
    texts = ["I gave the dog away", "", "ya no puedo más", "word " * 400, "\U0001f600", "a"]
    together = minilm.encode(texts)
    assert together.shape == (len(texts), WIDTH)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in zip(together, texts, strict=True):
        assert np.allclose(row, minilm.encode([text])[0], atol=1e-4)


def test_no_texts_are_no_rows(minilm: MiniLM) -> None:
    assert minilm.encode([]).shape == (0, WIDTH)


@pytest.mark.parametrize(
    ("one", "alike", "other"),
    [
        ("A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."),
        ("I can't sleep at night", "I lie awake until morning", "My sister bought a red car"),
        ("the bank of the river", "the shore of the stream", "the bank refused my loan"),
    ],
)
def test_what_means_the_same_is_nearer(minilm: MiniLM, one: str, alike: str, other: str) -> None:
    vectors = minilm.encode([one, alike, other])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.02


def test_the_vectors_are_those_of_the_public_model(minilm: MiniLM) -> None:
    """Cosines by the third layer of sentence-transformers' all-MiniLM-L6-v2 in full precision, whole bytes
    apart."""
    said = ["This is an example sentence", "Each sentence is converted", "I want to go home"]
    vectors = minilm.encode(said)
    assert (vectors @ vectors.T)[np.triu_indices(3, 1)] == pytest.approx([0.661, 0.457, 0.518], abs=0.005)
