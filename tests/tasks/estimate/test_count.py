"""What is counted is what stages send."""

import polars as pl
import pytest

from tasks.annotate import rubric
from tasks.annotate.rubric import RubricTemplate
from tasks.embed.batches import batches
from tasks.estimate.count import Tally, expected_topics, of_texts, of_vectors, typical_topics, with_keys
from tasks.llm import tokens
from tasks.llm.endpoint import Endpoint
from tasks.topics.naming import describe

CHAT = Endpoint(name="chat", model="gpt-3.5-turbo-0125")
VECTORS = Endpoint(name="vectors", model="text-embedding-3-small", max_input_tokens=1_000)
RUBRIC = RubricTemplate(rubric.load("criteria-1"), "list", json_schema=False)


def prompts(number: int, text: str) -> pl.DataFrame:
    ids = [f"{place:05d}" for place in range(number)]
    return pl.DataFrame({"prompt_id": ids, "prompt": [f"{text} {place}" for place in ids]})


@pytest.mark.parametrize("page_rows", [1, 700, 2_048, 5_000])
def test_pages_change_nothing_in_the_requests_for_vectors(page_rows: int) -> None:
    # A page a row only where there are few: each is counted again with the next one.
    given = prompts(30 if page_rows == 1 else 5_000, "a short question")
    whole = list(batches(given, VECTORS))
    tally = of_vectors(given.iter_slices(page_rows), VECTORS)
    assert tally == Tally(len(whole), sum(sum(batch.token_counts) for batch in whole))


def test_a_long_text_counts_as_what_is_sent_of_it() -> None:
    given = pl.DataFrame({"prompt_id": ["a"], "prompt": ["word " * 5_000]})
    assert of_vectors([given], VECTORS) == Tally(1, 1_000)


def test_a_chat_request_counts_with_its_rubric_and_its_frame() -> None:
    texts = ["Which of these is a prime?", "Write a sonnet on cheese."]
    expected = sum(tokens.count_messages(RUBRIC.body(text)["messages"], CHAT.model) for text in texts)
    assert of_texts(texts, RUBRIC, CHAT) == Tally(2, expected)


def test_what_asks_the_same_is_asked_once() -> None:
    keyed = with_keys(pl.DataFrame({"text": ["one", "two", "one"]}), RUBRIC, CHAT)
    assert keyed["text"].to_list() == ["one", "two"]


def test_shares_of_calls_add_up() -> None:
    assert Tally(10, 400) + Tally(20, 1_000) * 0.25 == Tally(15, 650)


def test_topics_are_expected_as_real_prompts_made_them() -> None:
    assert expected_topics(7_687, 5) == pytest.approx(493, rel=0.1)
    assert expected_topics(7_687, 10) == pytest.approx(256, rel=0.1)


def test_a_typical_topic_is_described_by_three_prompts_and_their_words() -> None:
    (text, rest) = typical_topics(
        ["How do I bake bread?", "Is rye bread healthy?", "Why is dough sticky?", "And?"]
    )
    words = ["bake", "bread?", "bread", "healthy?", "dough", "sticky?"]
    assert text == describe(words, ["How do I bake bread?", "Is rye bread healthy?", "Why is dough sticky?"])
    assert rest == describe(["and?"], ["And?"])
