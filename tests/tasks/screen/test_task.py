"""Which prompts get a verdict, that it is kept, and that screening again changes nothing."""

import logging
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tasks import warehouse
from tasks.errors import InputError
from tasks.screen import task
from tasks.settings import ScreenSettings
from tests.tasks.screen.homes import Home, id_of
from tests.tasks.screen.questions import PAIRS, QUESTIONS, UNRELATED

Write = Callable[..., str]


@pytest.fixture
def questions(write_list: Write) -> str:
    """Invented questions, the first half in the new format and the others in the old one."""
    new = [
        {"uid": f"q{n}", "category": "c", "cluster": "c", "prompt": q} for n, q in enumerate(QUESTIONS[:12])
    ]
    old = [{"question_id": n, "turns": [q, "And now shorter."]} for n, q in enumerate(QUESTIONS[12:], 12)]
    return write_list("questions.jsonl", new + old)


def near(question: str) -> str:
    return f"{question} Thanks!"


def test_planted_repeats_are_caught_by_kind_and_unrelated_prompts_are_not(home: Home, questions: str) -> None:
    paraphrases = [pair["paraphrase"] for pair in PAIRS["light"][16:]]
    exact = [question.replace(" ", "  ") for question in QUESTIONS[:8]]
    home.add([*exact, *map(near, QUESTIONS[8:16]), *paraphrases, *UNRELATED])
    ref = home.screen(references=(questions,))
    assert home.verdicts() == sorted(
        [(id_of(text), "repeat_exact", f"q{n}") for n, text in enumerate(exact)]
        + [
            (id_of(near(q)), "repeat_near", f"q{n}" if n < 12 else str(n))
            for n, q in enumerate(QUESTIONS[8:16], 8)
        ]
        + [(id_of(text), "repeat_semantic", str(n)) for n, text in enumerate(paraphrases, 16)]
    )
    assert (ref.stage, ref.rows) == ("screen", 24)
    assert home.execute("select distinct reference from core.contamination") == [(questions,)]


def test_evidence_and_logs_have_no_word_of_a_prompt(
    home: Home, questions: str, caplog: pytest.LogCaptureFixture
) -> None:
    home.add([QUESTIONS[0], near(QUESTIONS[1]), PAIRS["light"][2]["paraphrase"]])
    with caplog.at_level(logging.INFO):
        home.screen(references=(questions,))
    evidence = [str(row) for (row,) in home.execute("select evidence from core.contamination")]
    assert len(evidence) == 3
    said = " ".join([*evidence, caplog.text]).lower()
    assert not [word for word in ("python", "pump", "library") if word in said]
    assert "repeat_semantic of" in said


def test_row_order_does_not_matter(home: Home, new_home: Callable[[], Home], questions: str) -> None:
    texts = [*QUESTIONS[:3], *map(near, QUESTIONS[3:9]), *UNRELATED[:9]]
    home.add(texts)
    home.screen(references=(questions,))
    other = new_home()
    other.add(random.Random(7).sample(texts, len(texts)))
    other.screen(references=(questions,))
    assert other.verdicts() == home.verdicts() != []


def test_no_list_and_no_release_give_no_verdict(home: Home) -> None:
    home.add(UNRELATED[:5])
    assert home.screen().rows == 0
    assert home.execute("select count(*) from core.screened where is_screened") == [(5,)]


def test_a_home_without_prompts_is_screened(home: Home, questions: str) -> None:
    home.add(UNRELATED[:1])
    home.execute(f"insert into core.flags values ('{id_of(UNRELATED[0])}', 'toxic', '')")
    assert home.screen(references=(questions,)).rows == 0


def test_equal_references_and_prompts_of_unknown_words_do_no_harm(home: Home, write_list: Write) -> None:
    rows = [{"uid": f"u{n}", "prompt": QUESTIONS[0]} for n in range(5)]
    lists = (
        write_list("a.jsonl", rows),
        write_list("b.jsonl", [*rows, {"uid": "x", "prompt": "!!! ??? ..."}]),
    )
    home.add([near(QUESTIONS[0]), "?!? ?!? ?!? ?!? ?!?", *UNRELATED[:4]])
    home.screen(references=lists)
    assert home.verdicts() == [(id_of(near(QUESTIONS[0])), "repeat_near", "u0")] * 2
    assert home.execute("select distinct reference from core.contamination order by all") == [
        (x,) for x in lists
    ]


def test_only_new_prompts_are_compared_until_a_list_changes(
    home: Home, questions: str, write_list: Write, caplog: pytest.LogCaptureFixture
) -> None:
    home.add([near(QUESTIONS[0]), *UNRELATED[:4]])
    with caplog.at_level(logging.INFO, task.__name__):
        home.screen(references=(questions,))
        home.start(2)
        home.add([near(QUESTIONS[1])])
        home.screen(references=(questions,), semantic=False)
        home.screen(references=(questions,), semantic=False)
        home.start(3)
        home.add([near(QUESTIONS[2])])
        home.screen(references=(questions,), semantic=False)
        longer = write_list("longer.jsonl", [{"uid": "u", "prompt": UNRELATED[0]}])
        home.screen(references=(questions, longer), semantic=False)
    counts = [r.message.split(" prompts")[0] for r in caplog.records if "prompts to screen" in r.message]
    assert counts == ["5 of 5", "6 of 6", "0 of 6", "1 of 7", "7 of 7"]
    assert [kind for _, kind, _ in home.verdicts()].count("repeat_near") == 3
    assert (id_of(UNRELATED[0]), "repeat_exact", "u") in home.verdicts()


def test_a_new_prompt_that_nearly_repeats_a_release_is_barred_and_what_the_home_knew_is_not(
    home: Home,
) -> None:
    home.add([QUESTIONS[0], PAIRS["light"][0]["paraphrase"], *UNRELATED[:4]])
    home.screen()
    home.release("rel-1", [QUESTIONS[0]])
    assert home.screen().rows == 0
    home.start(2)
    fresh = (
        "Write a Python function which merges two lists of sorted intervals and returns the gaps in between."
    )
    home.add([near(QUESTIONS[0]), fresh])
    home.screen()
    assert home.verdicts() == sorted(
        [
            (id_of(near(QUESTIONS[0])), "released_near", id_of(QUESTIONS[0])),
            (id_of(fresh), "released_semantic", id_of(QUESTIONS[0])),
        ]
    )
    before = home.verdicts()
    home.start(3)
    home.screen(near_jaccard=0.71)  # another recipe: all are compared again, each with what was before it
    assert home.verdicts() == before


def test_a_repeat_of_a_candidate_bars_once_that_is_published(home: Home) -> None:
    home.add([QUESTIONS[0]])
    home.release("rel-1", [QUESTIONS[0]], published=False)
    home.start(2)
    home.add([near(QUESTIONS[0]), *UNRELATED[:3]])
    home.screen()
    barred = "select prompt_id, kind from core.contaminated_prompts"
    assert home.execute(barred) == []
    home.execute("update core.releases set published_at = timestamp '2026-02-02'")
    assert home.execute(barred) == [(id_of(near(QUESTIONS[0])), "released_near")]


def test_old_prompts_are_stale_and_those_without_a_date_are_not(home: Home) -> None:
    home.add(UNRELATED[:2], datetime(2024, 12, 31, 23))  # noqa: DTZ001  (the warehouse's times have no zone)
    home.add(UNRELATED[2:4], datetime(2025, 1, 1))  # noqa: DTZ001
    home.add(UNRELATED[4:6])
    home.screen(seen_since="2025-01-01")
    assert {(prompt, kind) for prompt, kind, _ in home.verdicts()} == {
        (id_of(t), "stale") for t in UNRELATED[:2]
    }
    home.screen()
    assert home.verdicts() == []


def test_a_prompt_that_one_asker_sends_many_times_is_barred(home: Home) -> None:
    home.add(UNRELATED[:3])
    ids = [id_of(text) for text in UNRELATED[:3]]
    for number, (prompt, asker) in enumerate(
        [(ids[0], "'a'")] * 3 + [(ids[1], "'a'"), (ids[1], "'b'"), (ids[1], "'c'")] + [(ids[2], "null")] * 3
    ):
        home.execute(f"insert into core.sightings values ('f', {number}, '{prompt}', null, {asker}, null)")
    counts = "select kind, prompt_count, barring_count from core.contamination_counts"
    home.screen(asker_repeats=3)
    assert home.verdicts() == [(ids[0], "repeated_asker", "")]
    assert home.execute(counts) == [("repeated_asker", 1, 1)]
    home.screen(asker_repeats=4)
    assert home.verdicts() == []
    assert home.execute(counts) == []  # the same run, tried again


def test_one_conversation_in_many_files_was_sent_once(home: Home) -> None:
    home.add(UNRELATED[:2])
    often, once = (id_of(text) for text in UNRELATED[:2])
    for file in range(4):  # the same source, delivered again each week
        for minute in range(3):
            asked_at = f"timestamp '2026-01-01 10:0{minute}'"
            home.execute(
                f"insert into core.sightings values ('f{file}', {minute}, '{often}', {asked_at}, 'a', null)"
            )
        home.execute(f"insert into core.sightings values ('f{file}', 9, '{once}', null, 'b', null)")
    home.screen(asker_repeats=3)
    assert home.verdicts() == [(often, "repeated_asker", "")]
    home.screen(asker_repeats=4)
    assert home.verdicts() == []


def test_a_run_that_was_killed_before_it_wrote_leaves_nothing_and_the_next_has_the_same_verdicts(
    home: Home, questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.add([near(QUESTIONS[0]), *UNRELATED[:4]])
    home.screen(references=(questions,))
    whole = home.verdicts()
    home.execute("delete from core.contamination; delete from core.screened; delete from core.recipes")
    real = warehouse.run

    def stop(con: object, name: str, *rest: object) -> object:
        if name == "screen/add_templates":
            raise KeyboardInterrupt
        return real(con, name, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(task.warehouse, "run", stop)
        with pytest.raises(KeyboardInterrupt):
            home.screen(references=(questions,))
    assert home.execute("select count(*) from core.screened") == [(0,)]
    home.screen(references=(questions,))
    assert home.verdicts() == whole != []


def test_verdicts_on_prompts_that_are_gone_go_too(home: Home, questions: str) -> None:
    home.add([near(QUESTIONS[0]), *UNRELATED[:4]])
    home.screen(references=(questions,))
    home.execute(f"delete from core.prompts where prompt_id = '{id_of(near(QUESTIONS[0]))}'")
    home.screen(references=(questions,))
    assert home.verdicts() == []


def test_a_list_that_is_not_there_is_named(home: Home, tmp_path: Path) -> None:
    home.add(UNRELATED[:3])
    with pytest.raises(InputError, match=r"missing\.jsonl: no such file"):
        home.screen(references=(str(tmp_path / "missing.jsonl"),))


def test_a_place_with_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern"):
        ScreenSettings(references=("https://me:secret@host/questions.jsonl",))
