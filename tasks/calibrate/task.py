"""The Prefect task of calibrate: labelled prompts → annotations, through the journals → agreement."""

import logging

import polars as pl
from prefect.artifacts import create_table_artifact

from tasks.annotate import heuristic, rubric
from tasks.annotate.labels import read_labels
from tasks.annotate.rubric import RubricTemplate
from tasks.annotate.task import annotator_id, read_annotation, to_frame
from tasks.calibrate.calibration import Agreement, Calibration, compare, count_rejects
from tasks.llm.endpoint import Endpoint
from tasks.llm.task import Models
from tasks.refs import Run
from tasks.settings import HEURISTIC, AnnotateSettings, Settings
from tasks.stage import best_effort, stage

logger = logging.getLogger(__name__)


@stage("calibrate")
def calibrate(run: Run, labels: str, settings: Settings) -> Calibration:
    """Compare the annotators of both passes, and the heuristic in any case, with the labels in a file."""
    found = read_labels(labels)
    prompts = found.labelled["prompt"].unique(maintain_order=True)
    models = Models(run, settings.llm)
    names = (settings.annotate.annotator, settings.annotate.second_annotator)
    endpoints = [models.endpoint(name) for name in dict.fromkeys(names) if name not in {"", HEURISTIC}]
    agreements = []
    for endpoint in endpoints:
        annotator, annotated = _by_model(prompts, endpoint, settings.annotate, models)
        agreements.append(compare(annotator, annotated, found))
    by_heuristic = to_frame(heuristic.annotate(prompt, prompt) for prompt in prompts)
    agreements.append(compare(HEURISTIC, by_heuristic.rename({"prompt_id": "prompt"}), found))
    logger.info("%d labelled prompts, %d annotators", found.labelled.height, len(agreements))
    _show(agreements, labels)
    return Calibration(labels, found.labelled.height, count_rejects(found), tuple(agreements))


def _by_model(
    prompts: pl.Series, endpoint: Endpoint, settings: AnnotateSettings, models: Models
) -> tuple[str, pl.DataFrame]:
    """Who annotated, and its annotations by `prompt`: the text itself is the id here."""
    template = RubricTemplate(rubric.load(settings.rubric), settings.format, endpoint.json_schema)
    texts = pl.DataFrame({"id": prompts, "text": prompts})
    answers = models.ask_texts("calibrate", endpoint, template, texts)
    annotated = to_frame(read_annotation(*row) for row in answers.iter_rows())
    return annotator_id(endpoint, template), annotated.rename({"prompt_id": "prompt"})


def _show(agreements: list[Agreement], labels: str) -> None:
    rows = [{"annotator": one.annotator, **row} for one in agreements for row in one.criteria]
    with best_effort("showing the agreement"):
        create_table_artifact(rows, key="agreement", description=f"Annotators against the labels of {labels}")
