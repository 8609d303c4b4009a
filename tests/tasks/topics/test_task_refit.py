"""Topics when prompts come in: places among the old ones, or a refit that carries ids over."""

import logging
import shutil
from pathlib import Path

import pytest

from tasks import warehouse
from tasks.embed.task import embed
from tasks.errors import InputError
from tasks.refs import Ref
from tasks.settings import EmbedSettings
from tasks.topics.task import topics
from tasks.topics.taxonomy import folder
from tasks.vectors.shards import shard_folder
from tests.plugins.homes import Copy, run_on
from tests.tasks.prompts import HomeOf, KeepOpen
from tests.tasks.topics import planted
from tests.tasks.topics.refits import LLM, MODEL, OF_A_FIT, SETTINGS, Home, about, bring

FIRST, LATER = list(planted.SUBJECTS)[:3], list(planted.SUBJECTS)[3:]
FITTED = "tfidf-svd-32-0123456789ab"


@pytest.fixture(scope="module")
def fitted(migrated: Path, copy: Copy) -> Home:
    """Three subjects, with the topics that were found in them; it is copied."""
    made = Home(run_on(copy(migrated)))
    bring(made, about(FIRST))
    assert made.ids_of_subjects(made.topics("always")).keys() == set(FIRST)
    return made


@pytest.fixture
def home(fitted: Home, copy: Copy, keep_open: KeepOpen) -> Home:
    """Such a home, in the run that comes next."""
    home = keep_open(copy(Path(fitted.run.home)))
    return Home(fitted.run.model_copy(update={"id": "run-2", "home": str(home)}))


def test_prompts_that_come_later_get_places_among_the_topics_that_are_there(home_of: HomeOf) -> None:
    home = Home(home_of(about(FIRST)))
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
    first = embed.fn(home.run, prompts, EmbedSettings(), LLM)
    taxonomy_id = home.topics("always", first.key)
    members, fitted = home.table("prompt_topics", taxonomy_id), home.table("topics", taxonomy_id)
    ids = home.ids_of_subjects(taxonomy_id)
    home = home.as_run("run-2")
    known = about(FIRST[:2], range(20, 25))
    mixed = {"mixed-00": " ".join(planted.SUBJECTS[subject].split()[1] for subject in FIRST)}
    home.arrive(known | mixed | about(LATER[:1], range(2)))
    kept = embed.fn(home.run, prompts, EmbedSettings(), LLM)
    assert kept.key == first.key
    assert home.topics("never", kept.key) == taxonomy_id

    now = home.table("prompt_topics", taxonomy_id)
    old, new = now.filter(run_id="run-1"), now.filter(run_id="run-2")
    assert old.equals(members)
    placed = new.filter(assigned_by="assigned")
    assert dict(placed.select("prompt_id", "topic_id").iter_rows()) == {
        prompt_id: ids[prompt_id.split("-")[0]] for prompt_id in known
    }
    assert placed["similarity"].is_between(0.4, 1).all()
    none = new.filter(assigned_by="none")
    assert none["prompt_id"].to_list() == ["mixed-00", "sailing-00", "sailing-01"]
    assert none["topic_id"].null_count() == none["similarity"].null_count() == 3
    assert new.select("x", "y").null_count().row(0) == (0, 0)

    grown = home.table("topics", taxonomy_id)
    assert grown.drop("size").equals(fitted.drop("size"))
    sizes = now.drop_nulls("topic_id")["topic_id"].value_counts().sort("topic_id")
    assert grown.select("topic_id", "size").rows() == sizes.rows()
    drift = home.table("drift").row(0, named=True)
    assert (drift["run_id"], drift["fitted_count"], drift["assigned_count"]) == ("run-2", 36, 13)
    assert drift["assigned_none_share"] == pytest.approx(3 / 13)
    counts = home.table("topic_drift").select("topic_id", "assigned_count").rows()
    assert dict(counts) == {ids[FIRST[0]]: 5, ids[FIRST[1]]: 5, ids[FIRST[2]]: 0}

    before = home.tables()
    assert home.topics("never", kept.key) == taxonomy_id
    assert home.tables() == before


def test_prompts_of_new_subjects_are_a_drift_that_makes_a_refit(home: Home) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    old_ids, old_members = home.ids_of_subjects(before), home.table("prompt_topics", before)
    bring(home, about(LATER))
    after = home.topics("on_drift")
    assert after != before
    ids = home.ids_of_subjects(after)
    assert {subject: ids.pop(subject) for subject in FIRST} == old_ids
    assert ids.keys() == set(LATER)
    assert sorted(ids.values()) == [3, 4, 5]
    lineage = home.table("topic_lineage", after)
    assert set(lineage["parent_id"]) == {before}
    assert lineage.select("topic_id", "parent_topic_id", "relation").rows() == [
        *((topic_id, topic_id, "same") for topic_id in range(3)),
        *((topic_id, None, "new") for topic_id in range(3, 6)),
    ]
    assert lineage["shared_count"].to_list() == [12, 12, 12, 0, 0, 0]
    parents = home.table("taxonomies").select("taxonomy_id", "parent_id", "prompt_count").rows()
    assert sorted(parents) == sorted([(before, None, 36), (after, before, 72)])
    assert home.table("prompt_topics", before).filter(run_id="run-1").equals(old_members)
    assert home.topics("on_drift") == home.topics("never") == after  # it is the last one now


def test_prompts_of_the_same_subjects_are_no_drift(home: Home) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    bring(home, about(FIRST, range(20, 32)))
    assert home.topics("on_drift") == before
    assert home.table("drift")["is_refit_recommended"].to_list() == [False]
    assert home.table("topics", before)["size"].to_list() == [24, 24, 24]


def test_without_a_refit_a_drift_is_only_reported(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    bring(home, about(LATER))
    with caplog.at_level(logging.WARNING, "tasks.topics.task"):
        assert home.topics("never") == before
    assert "a refit is recommended" in caplog.text
    [drift] = home.table("drift").rows(named=True)
    assert drift["is_refit_recommended"]
    assert drift["assigned_none_share"] == 1


@pytest.mark.parametrize(
    ("model", "dimensions", "is_lost", "message"),
    [
        ("b-model", 12, False, "of a-model, these are of b-model: run again with topics.refit"),
        (MODEL, 20, False, "of 12 dimensions, these of a-model have 20: run again with topics.refit"),
        (MODEL, 12, True, "is not there; run again with topics.refit"),
    ],
    ids=["another embedder", "other dimensions", "no files"],
)
def test_a_taxonomy_that_cannot_be_used_stops_the_run_or_is_fitted_anew(
    home: Home, model: str, dimensions: int, is_lost: bool, message: str
) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    later = about(FIRST[2:], range(20, 23))
    home.arrive(later)
    shutil.rmtree(shard_folder(home.run.home, MODEL))
    home.embed(list(about(FIRST) | later), model, dimensions)
    if is_lost:
        shutil.rmtree(folder(home.run.home, before))
    rows = home.tables()
    with pytest.raises(InputError, match=message):
        home.topics("never", model)
    assert home.tables() == rows
    after = home.topics("on_drift", model)
    assert after != before
    assert home.ids_of_subjects(after) == home.ids_of_subjects(before)  # by their members
    assert home.topics("never", model) == after


def test_new_vectors_of_other_dimensions_than_the_old_ones_are_refused(home: Home) -> None:
    later = about(FIRST, range(20, 25))
    home.arrive(later)
    home.embed(list(later), dimensions=20)
    for refit in ("never", "on_drift", "always"):
        with pytest.raises(InputError, match=r"have 20: run again|delete the shard and build again"):
            home.topics(refit)
    assert home.table("taxonomies").height == 1


@pytest.mark.parametrize("lost", [(), ("taxonomy.json",)], ids=["after the files", "between the files"])
def test_a_refit_that_was_killed_before_its_rows_were_stored_ends_as_an_undisturbed_one(
    home: Home, lost: tuple[str, ...]
) -> None:
    bring(home, about(LATER))
    after = home.topics("on_drift")
    rows, path = home.tables(), folder(home.run.home, after)
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    with warehouse.transaction(home.run.home) as con:
        for name in OF_A_FIT:
            con.execute(f"delete from core.{name} where taxonomy_id = ?", [after])
    for name in lost:
        (path / name).unlink()
    assert home.topics("on_drift") == after
    assert home.tables() == rows
    assert {file.name: file.read_bytes() for file in path.iterdir()} == files


def test_a_fit_of_the_same_prompts_adds_nothing(home: Home) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    rows = home.tables()
    assert home.topics("always") == before
    assert home.tables() == rows


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_fit_that_is_asked_for_again_gets_its_files_back_and_is_the_last_one(
    home: Home, is_damaged: bool
) -> None:
    [(before, *_)] = home.table("taxonomies").rows()
    path = folder(home.run.home, before)
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    vectors = Ref(stage="embed", table="core.vectors", key=MODEL, rows=0)
    other = topics.fn(home.run, vectors, SETTINGS.model_copy(update={"n_neighbors": 9}), LLM).key
    assert other != before
    rows = home.tables()
    if is_damaged:
        (path / "centroids.parquet").write_bytes(b"no Parquet")
    else:
        shutil.rmtree(path)
    assert home.topics("always") == home.topics("never") == before
    assert {file.name: file.read_bytes() for file in path.iterdir()} == files
    assert home.tables() == rows


@pytest.mark.parametrize("refit", ["always", "on_drift", "never"])
def test_ids_go_on_by_members_where_the_embedder_was_the_fitted_one_of_version_0_1(
    home_of: HomeOf, refit: str
) -> None:
    home = Home(home_of(about(FIRST)))
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
    home.embed(list(about(FIRST)), FITTED)
    before = home.topics("always", FITTED)
    labelled, ids = home.table("prompt_topics", before), home.ids_of_subjects(before)
    with warehouse.transaction(home.run.home) as con:
        con.execute(
            "insert into core.release_prompts by name "
            "select 'r1' as release_id, prompt_id as uid, prompt_id, topic_id, topic, 7 as score, "
            "'' as prompt from out.prompt_topics"
        )
    released = home.table("release_prompts")
    home = home.as_run("run-2")
    home.arrive(about(LATER) | about(FIRST[2:], range(20, 23)))  # the third is now the greatest
    static = embed.fn(home.run, prompts, EmbedSettings(), LLM)
    after = home.topics(refit, static.key)
    assert after != before
    now = home.ids_of_subjects(after)
    assert {subject: now.pop(subject) for subject in FIRST} == ids
    assert sorted(now.values()) == [3, 4, 5]
    relations = home.table("topic_lineage", after).select("topic_id", "relation").rows()
    assert relations == [(number, "same" if number < 3 else "new") for number in range(6)]
    assert released.height == 36
    assert home.table("release_prompts").equals(released)
    assert home.table("prompt_topics", before).equals(labelled)
    assert home.topics("never", static.key) == after
