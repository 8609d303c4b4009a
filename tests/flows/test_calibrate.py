"""`calibrate` on labels that the loopback server agrees with in part, and on a server with faults."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.calibrate import calibrate
from flows.cli import app
from tasks.calibrate.calibration import Calibration
from tasks.config import override
from tasks.errors import InputError
from tasks.settings import AnnotateSettings, Settings
from tests.flows.forks import Command
from tests.openai_server.criteria import criteria
from tests.openai_server.process import OpenAIServer

PROMPTS = [f"Write a function number {n} that sorts a list, and prove its bound." for n in range(60)]
LABELLER = "a third model"
REJECTED = '{"prompt": "no labels here"}\n{"criteria": [1]}\nno JSON\n'


@dataclass(frozen=True)
class Place:
    """A home, a file of labels and the settings of two annotators on the server."""

    home: Path
    labels: Path
    settings: Settings


@pytest.fixture
def place(server: str, openai_server: OpenAIServer, tmp_path: Path) -> Place:
    labels, file = tmp_path / "labels.jsonl", tmp_path / "endpoints.yaml"
    # The text that annotators are asked about is in a frame, and their answers are drawn from all of it.
    rows = [{"prompt": prompt, "criteria": criteria(LABELLER, prompt)} for prompt in PROMPTS]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows) + REJECTED)
    common: dict[str, Any] = {"base_url": openai_server.base_url, "api_key_env": "", "max_attempts": 2}
    entries = {name: {"model": name, **common, "price": {"input": 1, "output": 2}} for name in ("m1", "m2")}
    file.write_text(yaml.safe_dump(entries))
    settings = Settings(annotate=AnnotateSettings(annotator="m1", second_annotator="m2"))
    return Place(tmp_path / "home", labels, override(settings, llm__endpoints=str(file)))


def run(place: Place, settings: Settings | None = None) -> Calibration:
    return calibrate(str(place.labels), str(place.home), settings or place.settings)


def test_all_annotators_are_compared_and_asked_once(place: Place, openai_server: OpenAIServer) -> None:
    first = run(place)
    assert [one.annotator.split(":")[0] for one in first.annotators] == ["m1", "m2", "heuristic-1"]
    assert (first.labelled, first.rejects) == (60, {"bad_json": 1, "no_labels": 1, "no_prompt": 1})
    for one in first.annotators:
        assert one.outcomes == {"ok": 60}
        assert [row["n"] for row in one.criteria] == [60] * 7 + [420]
    assert openai_server.stats()["answered"] == 120
    again = run(place)
    assert again == first
    assert openai_server.stats()["requests"] == 120


def test_failures_of_a_server_are_counted_and_not_scored(place: Place, openai_server: OpenAIServer) -> None:
    openai_server.set_plan({"content_refusal": 0.2, "garbage": 0.2, "persistent": True})
    one = run(place, override(place.settings, annotate__second_annotator="")).annotators[0]
    assert set(one.outcomes) == {"ok", "refused", "unparsable"}
    assert sum(one.outcomes.values()) == 60
    assert [row["n"] for row in one.criteria] == [one.outcomes["ok"]] * 7 + [7 * one.outcomes["ok"]]
    assert one.scores.n == one.outcomes["ok"] < 60


def test_the_command_prints_kappa_by_criterion_without_a_model(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    app(["calibrate", str(place.labels), "--home", str(place.home)], exit_on_error=False)
    printed = capsys.readouterr().out.splitlines()
    heading = next(line.split() for line in printed if "kappa" in line)
    assert heading[:4] == ["criterion", "n", "agreement", "kappa"]
    rows = {line.split()[0]: line.split() for line in printed if " 60 " in line}
    assert {"specificity", "creativity", "real_world"} <= set(rows)
    assert -1 <= float(rows["specificity"][3]) <= 1
    assert printed[-1].endswith("60 labelled prompts; rejected: bad_json 1, no_labels 1, no_prompt 1")


def test_the_command_ends_with_one_object_of_the_same_figures(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["calibrate", str(place.labels), "--home", str(place.home), "--json"], exit_on_error=False)
    (one,) = json.loads(capsys.readouterr().out.splitlines()[-1])["annotators"]
    assert (one["annotator"], one["outcomes"]) == ("heuristic-1", {"ok": 60})
    assert len({row["kappa"] for row in one["criteria"]}) > 1


def test_a_file_without_labels_is_told(place: Place) -> None:
    place.labels.write_text("{}\n")
    with pytest.raises(InputError, match="no labelled prompt"):
        app(["calibrate", str(place.labels), "--home", str(place.home)], exit_on_error=False)


def test_a_file_that_is_not_there_is_exit_code_2(command: Command, tmp_path: Path) -> None:
    done = command("calibrate", tmp_path / "labels.jsonl", "--home", tmp_path / "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file" in done.stderr
