"""A record of each schema, and the conversation that it is."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tasks.ingest.schemas import Conversation

FIRST, SECOND = "How do I prove that 2 is prime?", "And 3?"
AWARE = datetime(2023, 4, 24, 15, 20, tzinfo=UTC)
ASKED = AWARE.replace(tzinfo=None)
TSTAMP = AWARE.timestamp()
TURNS = [
    {"role": "user", "content": FIRST},
    {"role": "assistant", "content": "Try it."},
    {"role": "user", "content": SECOND},
    {"role": "assistant", "content": "Too."},
]
PARTS = [
    {"role": "user", "content": [{"type": "text", "text": FIRST, "image": None}]},
    {"role": "assistant", "content": [{"type": "text", "text": "Try it."}]},
]

ARENA_33K: dict[str, Any] = {
    "question_id": "q1",
    "model_a": "alpaca-13b",
    "model_b": "koala-13b",
    "winner": "tie",
    "judge": "arena_user_7",
    "conversation_a": TURNS,
    "conversation_b": TURNS,
    "turn": 2,
    "anony": True,
    "language": "English",
    "tstamp": TSTAMP,
    "openai_moderation": {"categories": {"hate": False}, "category_scores": {"hate": 0.1}, "flagged": False},
    "toxic_chat_tag": {
        "roberta-large": {"flagged": False, "probability": 0.01},
        "t5-large": {"flagged": False},
    },
}
ARENA_55K: dict[str, Any] = {
    "id": 30192,
    "model_a": "gpt-4",
    "model_b": "koala-13b",
    "prompt": '["How do I prove that 2 is prime?","And 3?"]',
    "response_a": '["Try it.","Too."]',
    "response_b": "[null]",
    "winner_model_a": 1,
    "winner_model_b": 0,
    "winner_tie": 0,
}
ARENA_140K: dict[str, Any] = {
    "id": "c4b9",
    "model_a": "a",
    "model_b": "b",
    "winner": "both_bad",
    "conversation_a": PARTS,
    "conversation_b": PARTS,
    "language": "en",
    "is_code": False,
    "timestamp": "2023-04-24 15:20:00",
    "category_tag": {"math_v0.1": {"math": False}},
    "conv_metadata": {"sum_user_tokens": 9},
}
LMSYS_CHAT: dict[str, Any] = {
    "conversation_id": "c1",
    "model": "vicuna-13b",
    "conversation": TURNS,
    "turn": 2,
    "language": "English",
    "openai_moderation": [{"categories": {"hate": False}, "flagged": False}, {"flagged": False}],
    "redacted": False,
}
WILDCHAT: dict[str, Any] = {
    "conversation_hash": "h1",
    "model": "gpt-4",
    "timestamp": datetime(2023, 4, 24, 17, 20, tzinfo=timezone(timedelta(hours=2))),
    "conversation": [{**turn, "language": "English", "toxic": False, "redacted": False} for turn in TURNS],
    "turn": 2,
    "language": "English",
    "openai_moderation": [{"flagged": False}],
    "toxic": False,
    "redacted": False,
    "hashed_ip": "ab12",
}
EXAMPLES: list[tuple[dict[str, Any], Conversation]] = [
    (ARENA_33K, Conversation("arena_battle", "q1", FIRST, 2, ASKED, "arena_user_7", "English")),
    (ARENA_55K, Conversation("arena_preference", "30192", FIRST, 2)),
    (ARENA_140K, Conversation("arena_battle", "c4b9", FIRST, 1, ASKED, None, "en")),
    (LMSYS_CHAT, Conversation("lmsys_chat", "c1", FIRST, 2, None, None, "English")),
    (WILDCHAT, Conversation("wildchat", "h1", FIRST, 2, ASKED, "ab12", "English")),
    (
        {"uid": "u1", "category": "hard_prompt", "subcategory": "math", "cluster": "Primes", "prompt": FIRST},
        Conversation("arena_hard", "u1", FIRST, 1),
    ),
    (
        {"question_id": "u1", "category": "arena-hard", "cluster": "Primes", "turns": [{"content": FIRST}]},
        Conversation("question_turns", "u1", FIRST, 1),
    ),
    (
        {"question_id": 81, "category": "math", "turns": [FIRST, SECOND], "reference": ["Yes.", "Yes."]},
        Conversation("question_turns", "81", FIRST, 2),
    ),
    (
        {
            "id": "s1",
            "conversations": [
                {"from": "human", "value": FIRST},
                {"from": "gpt", "value": "Try it."},
                {"from": "user", "value": SECOND},
            ],
        },
        Conversation("sharegpt", "s1", FIRST, 2),
    ),
    ({"idx": 0, "instruction": FIRST, "dataset": "helpful_base"}, Conversation("alpaca_eval", "0", FIRST, 1)),
    ({"prompt": FIRST}, Conversation("plain", None, FIRST, 1)),
    (
        {"id": 7, "prompt": FIRST, "asked_at": "2023-04-24T15:20:00Z"},
        Conversation("plain", "7", FIRST, 1, ASKED),
    ),
    (
        {"id": "p", "prompt": FIRST, "meta": {"n_turns": 2, "language": "English"}},
        Conversation("plain", "p", FIRST, 2, None, None, "English"),
    ),
]
