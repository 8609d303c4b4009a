"""The Prefect task of annotate: core.prompts → core.annotations, core.annotators and core.screenings."""

import logging
from collections.abc import Iterable, Iterator

import polars as pl

from tasks import warehouse
from tasks.annotate import heuristic, rubric
from tasks.annotate.annotation import Annotation
from tasks.annotate.answer import read_criteria
from tasks.annotate.criteria import CRITERIA
from tasks.annotate.rubric import RubricTemplate
from tasks.llm.call import request_key
from tasks.llm.endpoint import Endpoint
from tasks.llm.outcome import Outcome
from tasks.llm.requests import chat_body
from tasks.llm.task import Models
from tasks.refs import Ref, Run
from tasks.settings import HEURISTIC, AnnotateSettings, LlmSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)

_BATCH_PROMPTS = 20_000
_SCHEMA = {
    "prompt_id": pl.String,
    "outcome": pl.String,
    **{str(criterion): pl.Boolean for criterion in CRITERIA},
    "score": pl.Int32,
    "raw": pl.String,
}


@stage("annotate")
def annotate(run: Run, prompts: Ref, topics: Ref, settings: AnnotateSettings, llm: LlmSettings) -> Ref:
    """Mark all prompts, then have those that pass marked by a second annotator, if there is one.

    Only prompts without an `ok` annotation are asked about, and of models only what no journal has.
    """
    models = Models(run, llm)
    logger.info("%d eligible prompts to have marks", prompts.rows)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for name in ("annotators", "screenings"):
            warehouse.run(con, f"annotate/forget_{name}", {"run_id": run.id})
    annotator = _pass(run, 1, settings.annotator, settings, models)
    # Below the coverage that is asked for, the gate refuses: nothing is to be paid for before that.
    if settings.second_annotator and _coverage(run, annotator) >= settings.min_coverage:
        thresholds = {
            "run_id": run.id,
            "taxonomy_id": topics.key,
            "annotator": annotator,
            "min_score": settings.second_min_score,
            "min_topic_mean": settings.second_min_topic_mean,
        }
        warehouse.read(run.home, "annotate/screen", thresholds, run.lock_wait_seconds)
        annotator = _pass(run, 2, settings.second_annotator, settings, models)
    keys = {"run_id": run.id, "annotator": annotator}
    rows = warehouse.read(run.home, "annotate/count", keys, run.lock_wait_seconds).item()
    return Ref(stage="annotate", table="core.annotations", key=annotator, rows=rows)


def _pass(run: Run, number: int, name: str, settings: AnnotateSettings, models: Models) -> str:
    """Have the prompts of a pass marked; returns who marked them, as core.annotations names them."""
    row: dict[str, object] = {"run_id": run.id, "pass": number}
    if name == HEURISTIC:
        missing = _missing(run, row | {"annotator": name, "rubric_sha256": None})
        marked = _by_heuristic(missing)
        annotator = name
    else:
        endpoint = models.endpoint(name)
        template = RubricTemplate(rubric.load(settings.rubric), settings.format, endpoint.json_schema)
        annotator = annotator_id(endpoint, template)
        missing = _missing(run, row | {"annotator": annotator, "rubric_sha256": template.rubric.sha256})
        marked = _by_model(missing, endpoint, template, models)
    for frame in marked:
        with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
            warehouse.run(con, "annotate/add", {"annotator": annotator}, {"annotations": frame})
    logger.info("pass %d: %d prompts marked by %s", number, missing.height, annotator)
    return annotator


def _coverage(run: Run, annotator: str) -> float:
    """Share of the eligible prompts whose annotation is ok."""
    found = warehouse.read(run.home, "annotate/coverage", {"annotator": annotator}, run.lock_wait_seconds)
    return float(found.item())


def annotator_id(endpoint: Endpoint, template: RubricTemplate) -> str:
    """A model with its rubric, its format and a hash of all that is the same in its requests."""
    constant = request_key(endpoint.model, chat_body(template, endpoint, ""))[:8]
    return f"{endpoint.model}:{template.rubric.name}:{template.format}:{constant}"


def _missing(run: Run, row: dict[str, object]) -> pl.DataFrame:
    """Note who marks in a pass; returns the prompts that it has not marked yet."""
    keys = {name: row[name] for name in ("run_id", "annotator")}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "annotate/add_annotator", row)
        return warehouse.run(con, "annotate/missing", keys)


def _by_heuristic(prompts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    with progress("annotate", prompts.height) as advance:
        for batch in prompts.iter_slices(_BATCH_PROMPTS):
            yield to_frame(heuristic.annotate(*row) for row in batch.iter_rows())
            advance(batch.height)


def _by_model(
    prompts: pl.DataFrame, endpoint: Endpoint, template: RubricTemplate, models: Models
) -> Iterator[pl.DataFrame]:
    texts = prompts.select(id="prompt_id", text="prompt")
    answers = models.ask_texts("annotate", endpoint, template, texts)
    for batch in answers.iter_slices(_BATCH_PROMPTS):
        yield to_frame(read_annotation(*row) for row in batch.iter_rows())


def read_annotation(prompt_id: str, outcome: str, answer: str) -> Annotation:
    """The annotation in a model's answer."""
    criteria = read_criteria(answer)[1] if outcome == Outcome.OK else None
    return Annotation(prompt_id, Outcome(outcome), criteria, answer)


def to_frame(annotations: Iterable[Annotation]) -> pl.DataFrame:
    """`prompt_id`, `outcome`, a boolean a criterion, `score` and `raw`."""
    rows = [
        (a.prompt_id, str(a.outcome), *(a.criteria or [None] * len(CRITERIA)), a.score, a.raw)
        for a in annotations
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
