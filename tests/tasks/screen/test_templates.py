"""Skeletons are the same where only small parts differ, and only there."""

import polars as pl
import pytest

from tasks.screen.templates import skeletons

BASE = "Write a letter to the mayor of Springfield about the 12 broken lamps in our street, please."


def same(a: str, b: str) -> bool:
    one, other = skeletons(pl.Series([a, b]))
    return one is not None and one == other


@pytest.mark.parametrize(
    "variant",
    [
        BASE.replace("Springfield", "New York City"),
        BASE.replace("12", "3,400"),
        BASE.replace("the mayor of Springfield", "the mayor of O'Fallon").replace(".", "!"),
        BASE.upper().capitalize().replace("springfield", "Shelbyville").replace("12", "7"),
    ],
    ids=["name", "number", "apostrophe", "case"],
)
def test_numbers_names_case_and_punctuation_are_small(variant: str) -> None:
    assert same(BASE, variant)


def test_quotes_links_and_brackets_are_small() -> None:
    frame = "Summarise the text {} in three sentences for readers of a local newspaper."
    assert same(frame.format('"one two three"'), frame.format("(https://example.org/a?b=c) [four five]"))


@pytest.mark.parametrize(
    "other", [BASE.replace("letter", "poem"), BASE.replace("Write", "Read"), BASE + " Be polite."]
)
def test_other_words_make_another_skeleton(other: str) -> None:
    assert not same(BASE, other)


@pytest.mark.parametrize(
    "text", ["", "1 2 3 4 5 6 7 8 9", "Tell me about Paris.", '"all of it is quoted, so what"']
)
def test_what_says_little_has_none(text: str) -> None:
    assert skeletons(pl.Series([text])).to_list() == [None]
