"""Tokens: counts are OpenAI's, cuts are whole, and no text is too odd or too long."""

import pytest
from bpe_openai import get_encoding
from hypothesis import given
from hypothesis import strategies as st

from tasks.llm.tokens import count, count_messages, cut

# Surrogates too: what a JSON file escapes may hold half a character.
ANY_TEXT = st.text(st.characters(), max_size=60)
WORDS = st.lists(
    st.sampled_from(
        [
            "don't",
            " the",
            "  ",
            "\n\n",
            "12345",
            "日本語",
            "👩‍👩‍👧",
            "é",
            "<|endoftext|>",
            "aaaa",
            "'ll",
            "\r\n\t",
        ]
    ),
    max_size=20,
).map("".join)
MODELS = st.sampled_from(["gpt-4-turbo", "gpt-4o-mini"])


# Counts from the worked examples in OpenAI's cookbook.
@pytest.mark.parametrize(
    ("text", "cl100k", "o200k"),
    [("antidisestablishmentarianism", 6, 6), ("2 + 2 = 4", 7, 7), ("お誕生日おめでとう", 9, 8), ("", 0, 0)],
)
def test_counts_are_the_published_ones(text: str, cl100k: int, o200k: int) -> None:
    assert count([text], "gpt-4") == [cl100k]
    assert count([text], "gpt-4o") == [o200k]


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-3.5-turbo-0125", 9),
        ("gpt-4", 9),
        ("gpt-4-turbo-2024-04-09", 9),
        ("openai/gpt-4-0613", 9),
        ("ft:gpt-3.5-turbo:me::1", 9),
        ("text-embedding-3-small", 9),
        ("gpt-4o", 8),
        ("gpt-4.1-mini-2025-04-14", 8),
        ("gpt-5", 8),
        ("Qwen/QwQ-32B", 8),
    ],
)
def test_a_model_is_counted_with_its_own_vocabulary(model: str, tokens: int) -> None:
    assert count(["お誕生日おめでとう"], model) == [tokens]


def test_special_tokens_are_text() -> None:
    (tokens,) = count(["<|endoftext|>"], "gpt-4")
    assert tokens > 1
    assert cut("<|endoftext|> and on", "gpt-4", tokens) == "<|endoftext|>"


@pytest.mark.parametrize(("model", "encoding"), [("gpt-4-0613", "cl100k_base"), ("gpt-4o", "o200k_base")])
def test_a_chat_costs_its_texts_its_roles_and_three_tokens_a_message(model: str, encoding: str) -> None:
    messages = [
        {"role": "system", "content": "Sort the letters by sender, oldest first."},
        {"role": "user", "content": "Grandmother, 1953. The bank, 1961. Grandmother again, 1949."},
    ]
    encoder = get_encoding(encoding)
    texts = sum(len(encoder.encode(value)) for message in messages for value in message.values())
    assert count_messages(messages, model) == texts + 3 * len(messages) + 3


def test_long_texts_are_counted() -> None:
    assert count(["word " * 400_000], "gpt-4")[0] >= 400_000


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_cut_to_nothing_is_empty(tokens: int) -> None:
    assert cut("text", "gpt-4", tokens) == ""


def test_a_short_text_is_left_alone() -> None:
    assert cut("one two three", "gpt-4", 3) == "one two three"


def test_a_cut_does_not_split_a_character() -> None:
    assert cut("日本語" * 3, "gpt-4", 3) == "日本"
    assert cut("👩‍👩‍👧", "gpt-4", 2) == ""


@given(text=ANY_TEXT | WORDS, model=MODELS, tokens=st.integers(0, 30))
def test_a_cut_is_a_beginning_within_the_limit_and_no_shorter_than_it_must_be(
    text: str, model: str, tokens: int
) -> None:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    beginning = cut(text, model, tokens)
    assert whole.startswith(beginning)
    assert count([beginning], model)[0] <= tokens
    if count([text], model)[0] <= tokens:
        assert beginning == whole
    elif tokens:
        # A character is at most four tokens, and an emoji's first may end inside it.
        assert count([beginning], model)[0] >= tokens - 3
