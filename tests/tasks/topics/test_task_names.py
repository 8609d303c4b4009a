"""Names of topics by a model: asked once, unlike each other, and keywords where it fails."""

from pathlib import Path
from typing import Any

import pytest

from tasks import warehouse
from tasks.errors import EvergreenError
from tasks.settings import LlmSettings
from tasks.topics.naming import MAX_WORDS
from tasks.topics.task import topics
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import write_endpoints
from tests.tasks.prompts import KeepOpen
from tests.tasks.topics import planted
from tests.tasks.topics.homes import Found

NAMER = "gpt-4o-mini"
COUNT = len(planted.SUBJECTS)


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers()


class Home:
    """A home in which topics may be named anew; without vectors, none can be found anew."""

    def __init__(self, found: Found, server: OpenAIServer) -> None:
        self.run, self._vectors, self.ref = found.run, found.vectors, found.ref
        self._server = server

    def name(self, namer: str = NAMER, **fields: Any) -> dict[str, str]:
        """Run the stage; each topic's name and who gave it, in the order of topics."""
        path = write_endpoints(Path(self.run.home), self._server, **{NAMER: fields, "other": fields})
        settings = planted.SETTINGS.model_copy(update={"namer": namer})
        assert topics.fn(self.run, self._vectors, settings, LlmSettings(endpoints=path)) == self.ref
        with warehouse.transaction(self.run.home) as con:
            leaves = con.sql("select name from core.topic_tree where topic_id is not null order by topic_id")
            names = con.sql("select name, named_by from core.topics order by topic_id").fetchall()
            assert [(name,) for name, _ in names] == leaves.fetchall()
            assert warehouse.run(con, "gate/topic_names_unique", {"key": self.ref.key}).is_empty()
        assert len({name.casefold() for name, _ in names}) == COUNT
        return dict(names)


@pytest.fixture
def home(tmp_path: Path, server: OpenAIServer, found: Found, keep_open: KeepOpen) -> Home:
    """A copy of the home of the planted prompts, whose topics are named by keywords."""
    copied = found.copied_to(tmp_path)
    keep_open(tmp_path)
    return Home(copied, server)


@pytest.mark.parametrize("json_schema", [True, False])
def test_a_model_names_topics_in_few_words_and_is_asked_once(
    home: Home, server: OpenAIServer, json_schema: bool
) -> None:
    names = home.name(json_schema=json_schema)
    assert set(names.values()) == {NAMER}
    assert all(1 <= len(name.split()) <= MAX_WORDS for name in names)
    assert server.stats()["requests"] == COUNT
    assert home.name(json_schema=json_schema) == names
    assert server.stats()["requests"] == COUNT


def test_another_namer_and_back_is_the_same_taxonomy_and_asks_no_one_twice(
    home: Home, server: OpenAIServer
) -> None:
    by_keywords = home.name("keywords")
    assert set(by_keywords.values()) == {"keywords"}
    by_model = home.name()
    assert home.name("keywords") == by_keywords
    assert home.name() == by_model
    assert server.stats()["requests"] == COUNT
    assert set(home.name("other").values()) == {"other"}
    assert server.stats()["requests"] == 2 * COUNT


FAILURES = (
    "garbage",
    "truncated",
    "refusal",
    "content_refusal",
    "empty",
    "bad_request",
    "server_error",
    "bad_json",
)


@pytest.mark.parametrize("fault", FAILURES)
def test_keywords_stay_where_a_model_fails(home: Home, server: OpenAIServer, fault: str) -> None:
    by_keywords = home.name("keywords")
    server.set_plan({fault: 1})
    assert home.name(max_attempts=1) == by_keywords


def test_only_the_topics_that_a_model_failed_have_their_keywords(home: Home, server: OpenAIServer) -> None:
    by_keywords = home.name("keywords")
    server.set_plan({"bad_request": 0.5, "persistent": True, "seed": 1})
    names = home.name()
    assert set(names.values()) == {"keywords", NAMER}
    kept = [name for name, namer in names.items() if namer == "keywords"]
    assert set(kept) < set(by_keywords)
    server.set_plan({})
    healed = home.name()  # an error is asked about again, an answer is not
    assert set(healed.values()) == {NAMER}
    assert server.stats()["requests"] == COUNT + len(kept)
    assert {name for name, namer in names.items() if namer == NAMER} <= set(healed)


def test_a_refused_name_is_not_asked_for_again(home: Home, server: OpenAIServer) -> None:
    server.set_plan({"refusal": 1})
    names = home.name()
    server.set_plan({})
    assert home.name() == names
    assert server.stats()["requests"] == COUNT


def test_without_credit_the_topics_stay_as_they_were(home: Home, server: OpenAIServer) -> None:
    by_keywords = home.name("keywords")
    server.set_plan({"quota": 1})
    with pytest.raises(EvergreenError, match="no credit"):
        home.name()
    assert home.name("keywords") == by_keywords
