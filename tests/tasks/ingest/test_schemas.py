"""Every schema is known by its columns, and its conversation is found in it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tasks.ingest.schemas import Conversation, RecordError, to_conversation
from tests.tasks.ingest.examples import (
    ARENA_33K,
    ARENA_55K,
    ARENA_140K,
    ASKED,
    EXAMPLES,
    FIRST,
    TSTAMP,
    WILDCHAT,
)


@pytest.mark.parametrize(("row", "expected"), EXAMPLES, ids=[expected.schema for _, expected in EXAMPLES])
def test_a_schema_is_known_by_its_columns(row: dict[str, Any], expected: Conversation) -> None:
    assert to_conversation(row) == expected
    assert to_conversation({**row, "a_column_of_ours": 1}) == expected


@pytest.mark.parametrize(("row", "expected"), EXAMPLES, ids=[expected.schema for _, expected in EXAMPLES])
def test_csv_cells_hold_nested_values_as_pythons_repr(row: dict[str, Any], expected: Conversation) -> None:
    cells = {
        name: "" if value is None else str(value) for name, value in row.items() if name != "conversation"
    }
    if "conversation" in row:
        cells["conversation"] = repr(row["conversation"])
    assert to_conversation(cells) == expected


@pytest.mark.parametrize(
    "tags",
    [
        {"openai_moderation": {"flagged": True}},
        {"toxic_chat_tag": {"roberta-large": {"flagged": False}, "t5-large": {"flagged": True}}},
        {"toxic_chat_tag": "{'roberta-large': {'flagged': True}}"},
    ],
)
def test_a_moderation_flag_of_a_battle_is_kept(tags: dict[str, object]) -> None:
    assert to_conversation({**ARENA_33K, **tags}).is_toxic


@pytest.mark.parametrize(
    "tags",
    [{"openai_moderation": [{"flagged": False}, {"flagged": True}]}, {"toxic": True}, {"toxic": "True"}],
)
def test_a_moderation_flag_of_a_chat_is_kept(tags: dict[str, object]) -> None:
    assert to_conversation({**WILDCHAT, **tags}).is_toxic


def test_the_text_of_parts_is_joined_and_an_image_is_told() -> None:
    parts = [
        {"type": "text", "text": "What is"},
        {"type": "image", "image": "a.png"},
        {"type": "text", "text": "it?"},
    ]
    row = {**ARENA_140K, "conversation_a": [{"role": "user", "content": parts}]}
    conversation = to_conversation(row)
    assert (conversation.prompt, conversation.has_image) == ("What is\nit?", True)


def test_a_prompt_that_is_only_an_image_is_left_to_the_rule_for_images() -> None:
    turns = [{"role": "user", "content": [{"type": "image", "image": "a.png"}]}]
    conversation = to_conversation({**ARENA_140K, "conversation_a": turns})
    assert (conversation.prompt, conversation.has_image) == ("", True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TSTAMP, ASKED),
        (str(TSTAMP), ASKED),
        (int(TSTAMP * 1_000), ASKED),
        (int(TSTAMP * 1_000_000), ASKED),
        ("2023-04-24T17:20:00+02:00", ASKED),
        (ASKED, ASKED),
        (float("nan"), None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_as_utc(value: object, expected: datetime | None) -> None:
    assert to_conversation({"prompt": FIRST, "asked_at": value}).asked_at == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "unknown_schema"),
        ({"text": FIRST}, "unknown_schema"),
        ({"prompt": ""}, "no_user_text"),
        ({"prompt": " \n"}, "no_user_text"),
        ({"prompt": None}, "wrong_type"),
        ({"prompt": 7}, "wrong_type"),
        ({"prompt": FIRST, "asked_at": "yesterday"}, "wrong_type"),
        ({"prompt": FIRST, "asked_at": float("inf")}, "wrong_type"),
        ({"prompt": FIRST, "asked_at": [1]}, "wrong_type"),
        ({"prompt": FIRST, "n_turns": "many"}, "wrong_type"),
        ({"prompt": FIRST, "n_turns": 10**30}, "wrong_type"),
        ({"prompt": FIRST, "meta": "none"}, "wrong_type"),
        ({"prompt": "half \ud83d"}, "bad_encoding"),
        ({**ARENA_55K, "prompt": r'["half \ud83d"]'}, "bad_encoding"),
        ({**ARENA_33K, "conversation_a": None}, "wrong_type"),
        ({**ARENA_33K, "conversation_a": []}, "no_user_text"),
        ({**ARENA_33K, "conversation_a": [{"role": "assistant", "content": "Hello"}]}, "no_user_text"),
        ({**ARENA_33K, "conversation_a": [{"role": "user", "content": ""}]}, "no_user_text"),
        ({**ARENA_33K, "conversation_a": [{"role": "user"}]}, "wrong_type"),
        ({**ARENA_33K, "conversation_a": [{"role": "user", "content": 5}]}, "wrong_type"),
        ({**ARENA_33K, "conversation_a": "[{'role': 'user'"}, "wrong_type"),
        ({**ARENA_33K, "conversation_a": "[" * 5_000}, "wrong_type"),
        ({**ARENA_55K, "prompt": "[]"}, "no_user_text"),
        ({**ARENA_55K, "prompt": "not a list"}, "wrong_type"),
        ({"id": "s", "conversations": [{"from": "gpt", "value": "Hi"}]}, "no_user_text"),
        ({"id": "s", "conversations": [None]}, "wrong_type"),
        ({"question_id": 1, "turns": [[FIRST]]}, "wrong_type"),
    ],
)
def test_a_record_without_a_usable_conversation_says_why(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        to_conversation(row)
    assert caught.value.reason == reason


def test_a_reason_never_quotes_the_users_text() -> None:
    for row in ({"prompt": FIRST, "asked_at": FIRST}, {"prompt": FIRST, "n_turns": FIRST}):
        with pytest.raises(RecordError) as caught:
            to_conversation(row)
        assert FIRST not in str(caught.value)


def _spoilt(value: Any, secret: Any) -> Iterator[Any]:
    """The value with the secret in the place of one part of it, each in turn; keys are parts too."""
    yield secret
    if isinstance(value, dict):
        for name, part in value.items():
            yield {secret if key == name else key: other for key, other in value.items()}
            yield from ({**value, name: other} for other in _spoilt(part, secret))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in _spoilt(part, secret))


@pytest.mark.parametrize(
    "secret", ["Ann's secret", "['Ann's secret'", "{['Ann']: 'secret'}", "{'Ann': secret()}"]
)
@pytest.mark.parametrize(
    "row", [row for row, _ in EXAMPLES], ids=[expected.schema for _, expected in EXAMPLES]
)
def test_no_reason_quotes_a_value_wherever_it_stands(row: dict[str, Any], secret: str) -> None:
    for spoilt in _spoilt(row, secret):
        rows = [spoilt] if isinstance(spoilt, dict) else []
        for values in (*rows, *({name: repr(value) for name, value in row.items()} for row in rows)):
            try:
                to_conversation(values)
            except RecordError as error:
                assert "secret" not in str(error)
                assert "Ann" not in str(error)


def test_only_column_names_of_known_schemas_are_told() -> None:
    with pytest.raises(RecordError) as caught:
        to_conversation({"\x1b[2J": 1, FIRST: 2, "id": 3, "turns": 4})
    assert str(caught.value) == "4 columns, of which known: id, turns"
