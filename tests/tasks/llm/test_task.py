"""A stage that asks models: nothing is asked twice in the life of a home, whatever became of earlier runs."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from tasks import warehouse
from tasks.errors import EvergreenError, InputError
from tasks.llm.journal import journal_folder, journal_path
from tasks.llm.task import Models, load_journals
from tasks.refs import Run
from tasks.settings import LlmSettings
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import ask, call_of, endpoint_of, requests_of, server_key
from tests.tasks.llm.stage_calls import TEXTS, again, ask_texts, calls


def test_each_text_has_its_answer_in_the_order_asked(run: Run, openai_server: OpenAIServer) -> None:
    answers = ask_texts(run, endpoint_of(openai_server))
    assert answers.columns == ["id", "outcome", "answer"]
    assert answers["id"].to_list() == TEXTS["id"].to_list()
    assert set(answers["outcome"]) == {"ok"}
    kept = {row["key"]: row["text"] for row in calls(run).iter_rows(named=True)}
    keys = [request.key for request in requests_of(endpoint_of(openai_server), TEXTS["text"])]
    assert answers["answer"].to_list() == [kept[key] for key in keys]


def test_a_second_run_asks_nothing_and_says_the_same(run: Run, openai_server: OpenAIServer) -> None:
    first = ask_texts(run, endpoint_of(openai_server))
    second = ask_texts(again(run, 2), endpoint_of(openai_server))
    assert second.equals(first)
    assert openai_server.stats()["requests"] == 30
    assert calls(run)["run_id"].unique().to_list() == ["run-1"]


def test_only_texts_without_an_answer_are_asked(run: Run, openai_server: OpenAIServer) -> None:
    ask_texts(run, endpoint_of(openai_server), TEXTS.head(20))
    ask_texts(again(run, 2), endpoint_of(openai_server))
    assert set(openai_server.counts()["asked"].values()) == {1}
    assert calls(run)["run_id"].value_counts(sort=True).rows() == [("run-1", 20), ("run-2", 10)]


def test_texts_that_are_the_same_are_asked_once(run: Run, openai_server: OpenAIServer) -> None:
    texts = pl.DataFrame({"id": ["a", "b", "c"], "text": ["one", "two", "one"]})
    answers = ask_texts(run, endpoint_of(openai_server), texts)
    assert openai_server.stats()["requests"] == 2
    assert answers["id"].to_list() == ["a", "b", "c"]
    assert answers["answer"][0] == answers["answer"][2] != answers["answer"][1]


def test_no_text_is_no_request(run: Run, openai_server: OpenAIServer) -> None:
    assert ask_texts(run, endpoint_of(openai_server), TEXTS.clear()).height == 0
    assert openai_server.stats()["requests"] == 0


def test_another_model_is_asked_anew(run: Run, openai_server: OpenAIServer) -> None:
    ask_texts(run, endpoint_of(openai_server))
    ask_texts(run, endpoint_of(openai_server, model="other"))
    assert openai_server.stats()["requests"] == 60


def test_errors_are_asked_again_and_answers_are_not(run: Run, openai_server: OpenAIServer) -> None:
    openai_server.set_plan({"bad_request": 0.4, "persistent": True})
    first = ask_texts(run, endpoint_of(openai_server))
    failed = first.filter(outcome="error")
    assert 0 < failed.height < 30
    assert set(failed["answer"]) == {""}
    openai_server.set_plan({})
    assert set(ask_texts(again(run, 2), endpoint_of(openai_server))["outcome"]) == {"ok"}
    asked = openai_server.counts()["asked"]
    for row in first.join(TEXTS, on="id").iter_rows(named=True):
        assert asked[server_key(row["text"])] == (2 if row["outcome"] == "error" else 1)


@pytest.mark.parametrize(
    ("fault", "outcome", "times"),
    [
        ("garbage", "unparsable", 2),
        ("truncated", "truncated", 2),
        ("empty", "empty", 1),
        ("refusal", "refused", 1),
    ],
)
def test_a_failure_that_is_settled_stays_with_its_text(
    run: Run, openai_server: OpenAIServer, fault: str, outcome: str, times: int
) -> None:
    openai_server.set_plan({fault: 1})
    first = ask_texts(run, endpoint_of(openai_server))
    openai_server.set_plan({})
    second = ask_texts(again(run, 2), endpoint_of(openai_server))
    assert set(first["outcome"]) == {outcome}
    assert second.equals(first)
    assert set(openai_server.counts()["asked"].values()) == {times}
    assert all(second["answer"]) is (fault != "empty")


@pytest.mark.parametrize("fault", ["garbage", "truncated"])
def test_a_second_round_that_was_cut_off_comes_in_the_next_run(
    run: Run, openai_server: OpenAIServer, fault: str
) -> None:
    openai_server.set_plan({fault: 1})
    endpoint = endpoint_of(openai_server)
    path = journal_path(run.home, "annotate", "killed")
    ask(endpoint, requests_of(endpoint, TEXTS["text"]), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"round":1' in line))  # killed before the second
    assert set(ask_texts(again(run, 2), endpoint_of(openai_server))["outcome"]) <= {"unparsable", "truncated"}
    assert set(openai_server.counts()["asked"].values()) == {3}
    assert calls(run).filter(run_id="run-2")["round"].unique().to_list() == [2]
    ask_texts(again(run, 3), endpoint_of(openai_server))
    assert set(openai_server.counts()["asked"].values()) == {3}


def test_calls_of_a_killed_process_are_loaded_and_never_paid_again(
    run: Run, openai_server: OpenAIServer
) -> None:
    endpoint = endpoint_of(openai_server)
    path = journal_path(run.home, "annotate", "killed")
    ask(endpoint, requests_of(endpoint, TEXTS["text"][:20]), path)
    with path.open("ab") as file:
        file.write(path.read_bytes()[:50])  # half a line
    assert calls(run).is_empty()
    answers = ask_texts(again(run, 2), endpoint)
    assert set(answers["outcome"]) == {"ok"}
    assert set(openai_server.counts()["asked"].values()) == {1}
    assert calls(run).height == 30


def test_a_journal_that_grows_is_loaded_from_where_it_ended(run: Run) -> None:
    path = journal_path(run.home, "annotate", "run-0")
    path.parent.mkdir(parents=True)
    for number in range(3):
        with path.open("ab") as file:
            file.write(line_of(f"k{number}"))
        load_journals(run)
        load_journals(run)
        assert calls(run).height == number + 1
    with path.open("ab") as file:
        file.write(b"no call\n" + line_of("k9"))
    load_journals(run)
    assert calls(run)["key"].sort().to_list() == ["k0", "k1", "k2", "k9"]


def test_a_last_line_that_is_no_call_is_warned_about_once(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    path = journal_path(run.home, "annotate", "run-0")
    path.parent.mkdir(parents=True)
    path.write_bytes(line_of("k0") + b"no call\n" + line_of("torn")[:40])
    load_journals(run)
    load_journals(run)
    assert calls(run)["key"].to_list() == ["k0"]
    assert len([record for record in caplog.records if "no calls" in record.getMessage()]) == 1
    path.write_bytes(line_of("k0") + b"no call\n" + line_of("torn"))
    load_journals(run)
    assert calls(run)["key"].to_list() == ["k0", "torn"]


def test_a_line_of_an_older_version_is_loaded(run: Run) -> None:
    path = journal_path(run.home, "annotate", "run-0")
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"call_id": "1", "key": "k", "outcome": "ok", "text": "[1]"}\n')
    load_journals(run)
    assert calls(run).select("key", "outcome", "text").rows() == [("k", "ok", "[1]")]


def line_of(key: str, **fields: Any) -> bytes:
    return orjson.dumps(call_of(key, **fields)) + b"\n"


def test_a_home_without_its_warehouse_gets_its_calls_back(run: Run, openai_server: OpenAIServer) -> None:
    first = ask_texts(run, endpoint_of(openai_server))
    before = calls(run)
    Path(run.home, warehouse.WAREHOUSE).unlink()
    warehouse.migrate(run.home)
    assert ask_texts(again(run, 2), endpoint_of(openai_server)).equals(first)
    assert openai_server.stats()["requests"] == 30
    assert calls(run).equals(before)


def test_what_a_model_said_survives_the_way_through_journal_and_warehouse(run: Run) -> None:
    text = 'a "quote", a \\ and a line\nbreak, \u2028, \x00, \U0001f600'
    path = journal_path(run.home, "annotate", "run-0")
    path.parent.mkdir(parents=True)
    path.write_bytes(line_of("k", text=text, usd=0.1 + 0.2))
    load_journals(run)
    assert calls(run).select("text", "usd").row(0) == (text, 0.1 + 0.2)


def test_a_stop_keeps_what_was_answered_and_the_next_run_goes_on(
    run: Run, openai_server: OpenAIServer
) -> None:
    openai_server.set_plan({"quota_after": 10})
    with pytest.raises(EvergreenError, match="insufficient_quota"):
        ask_texts(run, endpoint_of(openai_server))
    kept = calls(run)
    assert kept.height == sum(openai_server.counts()["answered"].values()) >= 10
    openai_server.set_plan({})
    ask_texts(again(run, 2), endpoint_of(openai_server))
    assert set(openai_server.counts()["answered"].values()) == {1}


def test_a_model_that_cannot_be_called_is_known_before_anything_is_sent(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "endpoints.yaml"
    file.write_text("mine:\n  model: m\n  api_key_env: MY_KEY\n")
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(InputError, match="no endpoint 'other'"):
        Models(run, LlmSettings(endpoints=str(file))).endpoint("other")
    with pytest.raises(InputError, match="MY_KEY"):
        Models(run, LlmSettings(endpoints=str(file))).endpoint("mine")
    monkeypatch.setenv("MY_KEY", "k")
    assert Models(run, LlmSettings(endpoints=str(file))).endpoint("mine").model == "m"
    with pytest.raises(InputError, match="a budget needs its price"):
        Models(run, LlmSettings(endpoints=str(file), max_usd=1)).endpoint("mine")


def test_a_home_that_cannot_be_written_to_is_one_clear_error(run: Run, openai_server: OpenAIServer) -> None:
    journal_folder(run.home).write_text("a file in the place of the folder")
    with pytest.raises(EvergreenError, match="journal"):
        ask_texts(run, endpoint_of(openai_server))
    assert openai_server.stats()["requests"] == 0


def test_a_copied_home_asks_nothing(run: Run, openai_server: OpenAIServer, tmp_path: Path) -> None:
    first = ask_texts(run, endpoint_of(openai_server))
    shutil.copytree(run.home, tmp_path / "copy")
    copy = Run(id="run-2", home=str(tmp_path / "copy"), seed=42, lock_wait_seconds=5)
    assert ask_texts(copy, endpoint_of(openai_server)).equals(first)
    assert openai_server.stats()["requests"] == 30
