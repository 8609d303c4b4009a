"""The command `topics`: what a maintainer sees of a planted home, and what it says where there is none."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.topics_report import draw_topics, print_topics, read_topics
from tasks import warehouse
from tasks.errors import InputError
from tests.flows.forks import Command
from tests.plugins.homes import PROMPT_ID, Copy

SICK = """
update core.topics set coherence = 0.25, tightness = 0.75;
update core.topics set is_catch_all = true, size = 30, coherence = null where topic_id = 4;
insert into core.similar_topics values ('tax-1', 2, 3, 0.953);
delete from core.drift;
delete from core.topic_drift;
insert into core.drift values
('tax-1', 'run-0', 100, 9, 0, 0, 0, false, 'old news', timestamp '2026-01-01 10:00:00'),
('tax-1', 'run-1', 100, 50, 0, 0.26, 0.1, true, 'too many have none', timestamp '2026-01-08 10:00:00');
insert into core.topic_drift values ('tax-1', 'run-1', 6, 10, 20, 0.1, 0.4, 4.0, 0.001, 'growing');
insert into core.topic_drift values ('tax-1', 'run-1', 7, 10, 5, 0.1, 0.1, 1.0, 0.9, 'steady');
"""
NASTY = """
update core.topics set name = '[bold]bread[/] ' || chr(27) || '[31m' || chr(8238) where topic_id = 1;
update core.prompts
set prompt = 'two' || chr(10) || 'lines ' || chr(27) || ']0;title' || chr(7) || ' [link=x]y[/link]'
where prompt_id = prompt_id(1);
"""

PlantedHome = Callable[..., str]


@pytest.fixture
def planted(good_home: Path, copy: Copy) -> PlantedHome:
    """Makes a home of ten topics, changes it, and publishes the analysts' copy."""

    def plant(*changes: str) -> str:
        home = str(copy(good_home))
        with warehouse.transaction(home) as con:
            con.execute(PROMPT_ID)
            for text in changes:
                con.execute(text)
        warehouse.publish_analytics(home)
        return home

    return plant


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    monkeypatch.setenv("COLUMNS", "200")

    def show(home: str, limit: int = 30, examples: int = 0) -> str:
        print_topics(read_topics(home, ""), limit, examples)
        return capsys.readouterr().out

    return show


def line_of(text: str, start: str) -> str:
    """The only line that begins with it, its spaces evened."""
    (line,) = [" ".join(line.split()) for line in text.splitlines() if line.split()[:1] == [start]]
    return line


def test_healthy_topics_are_a_table_without_warnings(
    planted: PlantedHome, printed: Callable[..., str]
) -> None:
    home = planted("delete from core.drift; update core.topics set coherence = 0.25, tightness = 0.75")
    out = printed(home)
    assert "Taxonomy tax-1 of static" in out
    assert "10 topics of 150 prompts: cluster 66.7%, nearest 33.3%" in out
    assert line_of(out, "3") == "3 15 0.25 0.75 6.00 100.0% 2 SENTINEL words 3"
    assert not [word for word in ("Nearly", "catch-all", "Drift", "Growing") if word in out]


def test_what_to_look_at_is_said_beside_the_topic_and_below(
    planted: PlantedHome, printed: Callable[..., str]
) -> None:
    out = printed(planted(SICK))
    assert line_of(out, "4") == "4 30 - 0.75 6.00 100.0% 2 SENTINEL words 4 [catch-all]"
    assert line_of(out, "0.95") == "0.95 2 · SENTINEL words 2 3 · SENTINEL words 3"
    assert out.count("near-identical") == 2
    assert "Catch-alls (large, loose and incoherent), with 18.2% of the prompts that have a topic: 4\n" in out
    assert "Drift: refit recommended (too many have none); 50 prompts came since the fit, 26.0%" in out
    assert "old news" not in out
    assert "SENTINEL words 6 [growing]" in " ".join(out.split())
    assert "steady" not in out


def test_domains_are_a_table_of_their_own(planted: PlantedHome, printed: Callable[..., str]) -> None:
    out = printed(planted())
    assert "Domains" in out
    assert "9 135 90.0% 6.00 18 SENTINEL" in " ".join(out.split())


def test_the_largest_topics_are_shown_and_the_rest_counted(
    planted: PlantedHome, printed: Callable[..., str]
) -> None:
    out = printed(planted("update core.topics set size = 99 where topic_id = 8"), limit=2)
    assert out.index("SENTINEL words 8") < out.index("SENTINEL words 0")
    assert "SENTINEL words 1" not in out
    assert "… and 8 smaller ones" in out


def test_examples_are_shown_unless_their_prompt_is_not_eligible_any_more(
    planted: PlantedHome, printed: Callable[..., str]
) -> None:
    home = planted("insert into core.flags values (prompt_id(2), 'personal_data', '')")
    out = printed(home, examples=3)
    assert "- SENTINEL prompt 3\n" in out
    assert "SENTINEL prompt 2" not in out
    assert "SENTINEL prompt" not in printed(home)
    text = json.dumps(read_topics(home, "").as_json(examples=3))
    assert "SENTINEL prompt 3" in text
    assert "SENTINEL prompt 2" not in text


def test_names_and_prompts_cannot_steer_the_terminal(
    planted: PlantedHome, printed: Callable[..., str]
) -> None:
    out = printed(planted(NASTY), examples=1)
    assert "[bold]bread[/] \\x1b[31m\\u202e" in out
    assert "- two lines \\x1b]0;title\\x07 [link=x]y[/link]\n" in out
    assert not set(out) & {"\x1b", "\x07", "\u202e"}


def test_json_has_all_topics_and_no_prompt(planted: PlantedHome) -> None:
    found = json.loads(json.dumps(read_topics(planted(SICK), "tax-1").as_json(examples=0)))
    assert (found["taxonomy_id"], found["topic_count"], len(found["topics"])) == ("tax-1", 10, 10)
    assert [topic["topic_id"] for topic in found["topics"] if topic["is_catch_all"]] == [4]
    assert [(pair["topic_id"], pair["other_topic_id"]) for pair in found["pairs"]] == [(2, 3)]
    assert found["drift"][0]["is_refit_recommended"]
    assert "SENTINEL prompt" not in json.dumps(found)


def test_pictures_are_drawn_into_a_folder_that_can_be_written_to(
    planted: PlantedHome, tmp_path: Path
) -> None:
    home = planted()
    drawn = draw_topics(home, "tax-1", str(tmp_path / "new" / "pictures"))
    assert {Path(path).suffix for path in drawn} == {".png", ".html"}
    assert all(Path(path).stat().st_size for path in drawn)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--pictures .*file/pictures: cannot be written"):
        draw_topics(home, "tax-1", str(tmp_path / "file" / "pictures"))


@pytest.mark.parametrize(
    ("changes", "taxonomy_id", "says"),
    [
        (None, "", "no run has ended there yet"),
        ("", "tax-9", "no taxonomy tax-9"),
        ("delete from core.topics; delete from core.taxonomies", "", "no topics were found there yet"),
    ],
)
def test_a_home_without_such_topics_is_one_clear_line(
    planted: PlantedHome, tmp_path: Path, changes: str | None, taxonomy_id: str, says: str
) -> None:
    home = str(tmp_path) if changes is None else planted(changes)
    with pytest.raises(InputError, match=says):
        read_topics(home, taxonomy_id)


@pytest.mark.parametrize("damage", ["of another version", "cannot be opened"])
def test_a_copy_that_cannot_be_read_says_so(planted: PlantedHome, damage: str) -> None:
    copy = Path(planted()) / warehouse.ANALYTICS
    if damage == "cannot be opened":
        copy.write_bytes(b"no database" * 1000)
    else:
        with duckdb.connect(copy) as con:
            con.execute("drop view out.similar_topics")
    with pytest.raises(InputError, match=damage):
        read_topics(str(copy.parent), "")


def test_the_command_prints_ends_with_json_and_fails_in_one_line(
    command: Command, planted: PlantedHome
) -> None:
    home = planted()
    shown = command("topics", "--home", home, "--limit", "3", COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert "… and 7 smaller ones" in shown.stdout
    as_json = command("topics", "--home", home, "--json")
    assert json.loads(as_json.stdout.splitlines()[-1])["taxonomy_id"] == "tax-1"
    for arguments in (("--taxonomy", "tax-9"), ("--limit", "-1")):
        failed = command("topics", "--home", home, *arguments)
        assert (failed.returncode, failed.stdout) == (2, "")
        assert failed.stderr.count("\n") == 1
        assert arguments[0] in failed.stderr
