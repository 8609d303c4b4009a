"""One identity for all the ways of typing a text, another for every other text."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.clean.normalise import normalise, prompt_ids, tidy

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
WORDS = st.lists(st.from_regex(r"[a-zA-Zäöéßñ0-9]{1,8}", fullmatch=True), min_size=1, max_size=8)
SPACE = st.text(" \t\n\r\u00a0\u2003\u3000", min_size=1, max_size=4)


def tidied(text: str) -> str:
    return tidy(pl.Series([text])).item()


def identity(text: str) -> str:
    return prompt_ids(pl.Series([text])).item()


@given(ANY_TEXT)
def test_any_text_is_tidied_once_and_for_all(text: str):
    once = tidied(text)
    assert tidied(once) == once
    assert identity(once) == identity(text)
    assert unicodedata.normalize("NFC", once) == once
    assert "\0" not in once
    assert "\r" not in once


@given(ANY_TEXT)
def test_composed_and_decomposed_are_one(text: str):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert identity(composed) == identity(decomposed) == identity(text)


@given(ANY_TEXT)
def test_line_endings_do_not_matter(text: str):
    lines = text.replace("\r", "\n")
    assert identity(lines.replace("\n", "\r\n")) == identity(lines) == identity(lines.replace("\n", "\r"))


@given(WORDS, st.data())
def test_white_space_does_not_matter(words: list[str], data: st.DataObject):
    typed = "".join(word + data.draw(SPACE) for word in words)
    assert identity(data.draw(SPACE) + typed) == identity(" ".join(words))


@given(WORDS, WORDS)
def test_different_words_are_different_prompts(some: list[str], others: list[str]):
    assert (identity(" ".join(some)) == identity(" ".join(others))) == (some == others)


def test_inner_layout_is_kept():
    assert tidied("  def f():\r\n    return  1\r\n\r\n") == "def f():\n    return  1"


@pytest.mark.parametrize("text", ["e\0\u0301", "a\r\0\nb"])
def test_a_nul_hides_nothing(text: str):
    assert identity(text) == identity(text.replace("\0", ""))


def test_case_and_punctuation_are_part_of_a_prompt():
    assert len({identity(text) for text in ("Hello there", "hello there", "Hello there!", "Hellothere")}) == 4


def test_a_frame_gets_identities_and_keeps_its_rows():
    frame = pl.DataFrame({"place": [1, 2, 3, 4], "prompt": ["a  b", "c", "a b", "a  b"]})
    result = normalise(frame).sort("place")
    assert result["place"].to_list() == [1, 2, 3, 4]
    assert result["prompt"].to_list() == ["a  b", "c", "a b", "a  b"]
    assert result["prompt_id"].n_unique() == 2
    assert result["prompt_id"].str.contains("^[0-9a-f]{16}$").all()


def test_identities_are_stable():
    # A released uid must be found again years later: this value may not change.
    assert identity(" Écrire\r\nun texte ") == "9e7874585a57feb4"
