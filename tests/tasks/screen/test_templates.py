"""Skeletons and frames are the same where only small parts differ, and only there."""

import polars as pl
import pytest

from tasks.screen.templates import frames, shapes, skeletons

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


FRAME = "please explain {} to a small child in a few words"


def share_a_frame(a: str, b: str) -> bool:
    one, other = frames(pl.Series([a, b]))
    return bool(set(one) & set(other))


@pytest.mark.parametrize("slot", ["rain", "how rain falls", "the old Roman roads", "42"])
def test_a_slot_of_up_to_four_plain_words_is_small(slot: str) -> None:
    assert share_a_frame(FRAME.format("love"), FRAME.format(slot).upper() + "!")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (FRAME.format("rain"), FRAME.format("why the sky looks so blue")),
        (FRAME.format("rain"), FRAME.format("snow").replace("small", "big").replace("few", "dozen")),
        ("tell me more about the old town", "tell me more about the new bridge"),
    ],
    ids=["a slot of six words", "two other words", "too few words"],
)
def test_larger_parts_share_no_frame(a: str, b: str) -> None:
    assert not share_a_frame(a, b)


def test_a_slot_may_be_where_a_text_begins_or_ends() -> None:
    frame = "refactoring method with code example in java"
    assert share_a_frame(f"hide delegate {frame}", f"encapsulate record {frame}")
    assert share_a_frame(f"{frame} for hide delegate", f"{frame} for encapsulate record")


def test_frames_of_words_in_another_order_differ() -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    assert not share_a_frame(" ".join([*words, "x"]), " ".join([*reversed(words), "y"]))


def test_long_texts_have_no_frame_and_short_ones_no_shape() -> None:
    texts = pl.Series(["", "so what", "word " * 25, "a " * 8])
    assert frames(texts).list.len().to_list() == [0, 0, 0, 8]
    assert shapes(texts).list.len().to_list() == [0, 0, 1, 9]
