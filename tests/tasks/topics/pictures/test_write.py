"""The pictures of a small home: what files there are, and what is and is not in them."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tasks import warehouse
from tasks.errors import InputError
from tasks.topics.pictures.write import write_pictures

PNG = b"\x89PNG\r\n\x1a\n"
TOPICS = 6
PROMPTS = 300
HOSTILE = "</script><b>bold</b>"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Six topics in two domains, and prompts without a topic; the name of topic 3 is markup."""
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        con.execute(
            "insert into core.topics "
            "(taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y, domain_id) "
            "select 'tax-1', 10 + i, if(i = 3, ?, 'topic ' || i), [], 40, 40, [], 0, 0, if(i < 3, 8, 9) "
            "from range(?) as t (i)",
            [HOSTILE, TOPICS],
        )
        con.execute(
            "insert into core.topic_tree values "
            "('tax-1', 0, 6, 10, 'topic 0', 0, 1), ('tax-1', 1, 6, 11, 'topic 1', 0, 1), "
            "('tax-1', 2, 8, 12, 'topic 2', 0, 1), ('tax-1', 3, 7, 13, 'topic 3', 0, 1), "
            "('tax-1', 4, 7, 14, 'topic 4', 0, 1), ('tax-1', 5, 9, 15, 'topic 5', 0, 1), "
            "('tax-1', 6, 8, null, 'bread', 0.2, 2), ('tax-1', 7, 9, null, 'rooks', 0.3, 2), "
            "('tax-1', 8, 10, null, 'kitchen', 0.8, 3), ('tax-1', 9, 10, null, 'games', 0.9, 3), "
            "('tax-1', 10, null, null, 'all topics', 2, 6)"
        )
        con.execute(
            "insert into core.prompts (prompt_id, prompt, char_count, run_id) "
            "select i, 'SENTINEL prompt ' || i, 20, 'run-1' from range(?) as t (i)",
            [PROMPTS],
        )
        con.execute(
            "insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, x, y) "
            "select 'tax-1', i, if(i % 7 = 6, null, 10 + i % 7), 'cluster', sin(i) + i % 7, cos(i) "
            "from range(?) as t (i)",
            [PROMPTS],
        )
        yield con


@pytest.fixture(scope="module")
def pictures(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = write_pictures(con, "tax-1", tmp_path_factory.mktemp("home") / "new" / "pictures")
    return {path.name: path for path in paths}


def own_script(page: Path) -> str:
    """What is on a page but not Plotly itself."""
    return page.read_text(encoding="utf-8").rsplit('<div id="topic-', 1)[1]


def test_both_pictures_are_there_in_both_formats(pictures: dict[str, Path]) -> None:
    assert sorted(pictures) == ["topic_map.html", "topic_map.png", "topic_tree.html", "topic_tree.png"]
    for name in ("topic_map.png", "topic_tree.png"):
        assert pictures[name].read_bytes().startswith(PNG)


@pytest.mark.parametrize("name", ["topic_map.html", "topic_tree.html"])
def test_a_page_loads_nothing_from_elsewhere_and_has_no_text_of_a_prompt(
    pictures: dict[str, Path], name: str
) -> None:
    text = pictures[name].read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)=", text)
    assert "SENTINEL" not in text
    assert "http" not in own_script(pictures[name])


def test_the_map_has_a_trace_a_domain_and_the_topic_of_each_prompt(pictures: dict[str, Path]) -> None:
    script = own_script(pictures["topic_map.html"])
    assert script.count('"type":"scattergl"') == 3
    names = json.loads(re.search(r"const names = (.*);", script)[1])
    packed = json.loads(re.search(r"const texts = (\[.*?\])\.map", script)[1])
    shown = [names[number] for trace in packed for number in np.frombuffer(base64.b64decode(trace), "<i4")]
    assert len(shown) == PROMPTS
    assert shown.count("topic 0") == -(-PROMPTS // 7)
    assert shown.count("no topic") == PROMPTS // 7


def test_a_name_cannot_be_markup(pictures: dict[str, Path]) -> None:
    for name in ("topic_map.html", "topic_tree.html"):
        assert HOSTILE not in own_script(pictures[name])
        assert "<b>bold" not in own_script(pictures[name]).replace("\\u003c", "<")


def test_the_tree_names_its_domains_and_nodes(pictures: dict[str, Path]) -> None:
    script = own_script(pictures["topic_tree.html"])
    for name in ("kitchen", "games", "bread", "all topics", "topic 5"):
        assert name in script


def test_the_same_home_gives_the_same_pictures(
    con: duckdb.DuckDBPyConnection, pictures: dict[str, Path], tmp_path: Path
) -> None:
    for path in write_pictures(con, "tax-1", tmp_path):
        assert path.read_bytes() == pictures[path.name].read_bytes()


def test_a_taxonomy_that_is_not_there_is_said(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no taxonomy tax-9"):
        write_pictures(con, "tax-9", tmp_path)
