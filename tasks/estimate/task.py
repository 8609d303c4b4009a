"""The Prefect task of estimate: core.prompts, and answers that there are → a forecast, without a call."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import polars as pl

from tasks import warehouse
from tasks.annotate import rubric
from tasks.annotate.rubric import RubricTemplate
from tasks.annotate.task import annotator_id
from tasks.embed.batches import embedder_name
from tasks.estimate import count
from tasks.estimate.count import Annotator, Tally
from tasks.estimate.forecast import ASSUMED, Answers, Forecast, Step, answers_of
from tasks.llm import endpoint as endpoints
from tasks.llm.call import Template
from tasks.llm.endpoint import Endpoint
from tasks.llm.pending import pending
from tasks.llm.task import Models, load_journals, spent_usd
from tasks.refs import Ref, Run
from tasks.screen.references import read_references
from tasks.screen.repeats import unique_texts
from tasks.settings import HEURISTIC, KEYWORDS, STATIC, Settings
from tasks.stage import progress, stage
from tasks.topics import naming
from tasks.topics.naming import NameTemplate, describe
from tasks.vectors.shards import shard_folder
from tasks.vectors.static import static_name

_PAGE_ROWS = 10_000
_SAMPLE_ROWS = 300


@stage("estimate")
def estimate(run: Run, prompts: Ref, settings: Settings) -> Forecast:
    """Reckon what the stages would still ask of models, from the tokens of what they would send."""
    load_journals(run)
    with progress("estimate", 2 * prompts.rows) as advance:
        return _Estimate(run, prompts.rows, settings, advance).forecast()


@dataclass(frozen=True)
class _Marked:
    """What two passes have to ask: the second surely, and of prompts that the first has still to mark."""

    first: Tally
    second: Tally
    unsure: Tally
    known: int
    passing: int


class _Estimate:
    """One estimate of one home."""

    def __init__(self, run: Run, prompts: int, settings: Settings, advance: Callable[[int], None]) -> None:
        self._run = run
        self._prompts = prompts
        self._settings = settings
        self._advance = advance
        self._endpoints = endpoints.load(settings.llm.endpoints)
        self._models = Models(run, settings.llm)
        self._past = self._read("past_calls", {"format": settings.annotate.format})
        self._notes: list[str] = []

    def forecast(self) -> Forecast:
        """All steps in the order of the build."""
        taxonomy_id = self._taxonomy()
        steps = (self._embed(), self._topics(taxonomy_id), *self._annotate(taxonomy_id))
        for step in steps:
            if step.endpoint and step.calls:
                made = f"{step.answers.output_tokens:.1f} tokens and " if step.max_tokens else ""
                self._notes.append(
                    f"{step.name}: {made}{step.answers.seconds:.1f} s an answer: {step.answers.source}"
                )
        self._notes.append("no answer has to be asked for twice, and no input is cached")
        return Forecast(
            self._prompts, steps, tuple(self._notes), self._settings.llm.max_usd, spent_usd(self._run)
        )

    def _embed(self) -> Step:
        endpoint = self._endpoint(self._settings.embed.model, STATIC)
        if endpoint is None:
            self._advance(self._prompts)
            return Step("embed")
        # Shards that the warehouse has not heard of count too: the build registers them before it asks.
        files = sorted(shard_folder(self._run.home, embedder_name(endpoint)).glob("*.parquet"))
        done = [pl.read_parquet(file, columns=["prompt_id"]) for file in files]
        known = pl.concat([pl.DataFrame(schema={"prompt_id": pl.String}), *done])
        pages = (
            page.join(known, on="prompt_id", how="anti", maintain_order="left")
            for page in chain(self._pages("prompts", {}), [self._questions()])
        )
        step = self._step("embed", endpoint, count.of_vectors(pages, endpoint), 0, ASSUMED["embed"])
        return replace(step, modes=("sync",))  # as the stage asks, whatever the endpoint is set to

    def _questions(self) -> pl.DataFrame:
        """What the screen compares prompts with by meaning: public test sets, as rows of `prompts` are."""
        screen = self._settings.screen
        texts = unique_texts(read_references(screen.references if screen.semantic else ()))
        if texts.height:
            self._notes.append(f"embed: with {texts.height:,} questions of public test sets, to compare with")
        return texts.select(prompt_id="text_id", prompt="text")

    def _topics(self, taxonomy_id: str) -> Step:
        endpoint = self._endpoint(self._settings.topics.namer, KEYWORDS)
        if endpoint is None:
            return Step("topics")
        template = NameTemplate(naming.load(self._settings.topics.naming_prompt), endpoint.json_schema)
        if taxonomy_id:
            rows = warehouse.read(self._run.home, "topics/to_name", {"taxonomy_id": taxonomy_id})
            self._notes.append(
                f"topics: the {rows.height:,} of taxonomy {taxonomy_id}, which has these prompts"
            )
            texts = [describe(keywords, prompts) for _, keywords, prompts in rows.iter_rows()]
            tally = self._unanswered(pl.DataFrame({"text": texts}), template, endpoint)
        else:
            sample = self._read("prompts", {"after": "", "rows": _SAMPLE_ROWS})["prompt"].to_list()
            asked = self._settings.topics
            topics = count.expected_topics(min(self._prompts, asked.fit_rows), asked.min_topic_size)
            self._notes.append(
                f"topics: about {topics:,} to come, as real prompts made one for 3 * min_topic_size"
            )
            typical = count.of_texts(count.typical_topics(sample), template, endpoint)
            tally = typical * (topics / typical.calls) if typical.calls else typical
        return self._step("topics", endpoint, tally, template.max_tokens, ASSUMED["name"])

    def _annotate(self, taxonomy_id: str) -> list[Step]:
        settings = self._settings.annotate
        first, second = self._annotator(settings.annotator), self._annotator(settings.second_annotator)
        marked = self._count_marked(first, second, taxonomy_id)
        steps = [self._pass(1, first, marked.first)]
        if settings.second_annotator:
            share = self._share(marked, taxonomy_id)
            steps.append(self._pass(2, second, marked.second + marked.unsure * share))
        return steps

    def _count_marked(self, first: Annotator, second: Annotator, taxonomy_id: str) -> _Marked:
        """Go through all prompts once, for both passes."""
        parameters = {
            "first": first.id,
            "second": second.id,
            "taxonomy_id": taxonomy_id,
            "min_score": self._settings.annotate.second_min_score,
            "min_topic_mean": self._settings.annotate.second_min_topic_mean,
        }
        asked = sure = unsure = Tally()
        known = passing = 0
        for page in self._pages("marked", parameters):
            due = self._due(page.filter(~pl.col("has_first")), first)
            asked += count.of_prompts(due, first)
            is_due = pl.col("prompt_id").is_in(due["prompt_id"].to_list())
            fated = page.with_columns(passes=pl.when(~is_due).then("passes"))
            known += fated["passes"].count()
            passing += int(fated["passes"].sum())
            if second.endpoint and second.id != first.id:
                left = fated.filter(~pl.col("has_second"))
                sure += count.of_prompts(self._due(left.filter("passes"), second), second)
                unsure += count.of_prompts(self._due(left.filter(pl.col("passes").is_null()), second), second)
        return _Marked(asked, sure, unsure, known, passing)

    def _share(self, marked: _Marked, taxonomy_id: str) -> float:
        """The share of prompts that the first pass lets through, of those that it has not marked."""
        least = self._settings.annotate.second_min_score
        weak = "" if taxonomy_id else "; weak topics, which are not known yet, will keep some back"
        if marked.known:
            self._notes.append(
                f"annotate 2: the first pass lets {marked.passing:,} of {marked.known:,} prompts through, "
                f"as it has marked them{weak}"
            )
            return marked.passing / marked.known
        measure = "score_7" if least == 7 else f"score_{least}_or_more"
        published = self._read("published_share", {"measure": measure})
        share = float(published.item()) if published.height else 1.0  # all have a score of 0 or more
        self._notes.append(
            f"annotate 2: {share:.1%} of the prompts, the share of scores of {least} or more that was "
            f"published for GPT-3.5-Turbo{weak}"
        )
        return share

    def _annotator(self, name: str) -> Annotator:
        endpoint = self._endpoint(name, HEURISTIC)
        if endpoint is None:
            return Annotator(name)
        settings = self._settings.annotate
        template = RubricTemplate(rubric.load(settings.rubric), settings.format, endpoint.json_schema)
        return Annotator(annotator_id(endpoint, template), endpoint, template)

    def _pass(self, number: int, annotator: Annotator, tally: Tally) -> Step:
        assumed = ASSUMED[self._settings.annotate.format]
        most = annotator.template.max_tokens if annotator.template else 0
        return self._step(f"annotate {number}", annotator.endpoint, tally, most, assumed)

    def _step(
        self, name: str, endpoint: Endpoint | None, tally: Tally, max_tokens: int, assumed: Answers
    ) -> Step:
        if endpoint is None:
            return Step(name)
        answers = answers_of(self._past, name.partition(" ")[0], endpoint, assumed)
        return Step(name, endpoint, round(tally.calls), round(tally.input_tokens), max_tokens, answers)

    def _due(self, page: pl.DataFrame, annotator: Annotator) -> pl.DataFrame:
        """The prompts that an annotator is still to be asked about: no journal has its answer."""
        if not (annotator.endpoint and annotator.template):
            return page
        asked = count.with_keys(page.rename({"prompt": "text"}), annotator.template, annotator.endpoint)
        return pending(asked, self._models.answers(asked)).rename({"text": "prompt"})

    def _unanswered(self, texts: pl.DataFrame, template: Template, endpoint: Endpoint) -> Tally:
        asked = count.with_keys(texts, template, endpoint)
        return count.of_texts(pending(asked, self._models.answers(asked))["text"], template, endpoint)

    def _taxonomy(self) -> str:
        """The taxonomy that the build will find there already; empty if it has to make one."""
        settings = self._settings.topics.of_the_fit()
        recipe = {
            "embedder": self._embedder(),
            "settings": json.dumps(settings),
            "seed": self._run.seed,
        }
        found = self._read("taxonomy", recipe)
        return str(found.item()) if found.height else ""

    def _embedder(self) -> str:
        endpoint = self._endpoint(self._settings.embed.model, STATIC)
        return embedder_name(endpoint) if endpoint else static_name()

    def _endpoint(self, name: str, no_model: str) -> Endpoint | None:
        """An endpoint by its name; none for what is no model. Its key may be missing: it is not called."""
        return None if name in {"", no_model} else endpoints.get(self._endpoints, name)

    def _pages(self, query: str, parameters: dict[str, object]) -> Iterator[pl.DataFrame]:
        """All eligible prompts, some thousands at a time."""
        after = ""
        while True:
            page = self._read(query, {**parameters, "after": after, "rows": _PAGE_ROWS})
            if page.is_empty():
                return
            yield page
            self._advance(page.height)
            after = page["prompt_id"][-1]

    def _read(self, query: str, parameters: dict[str, object]) -> pl.DataFrame:
        return warehouse.read(self._run.home, f"estimate/{query}", parameters, self._run.lock_wait_seconds)
