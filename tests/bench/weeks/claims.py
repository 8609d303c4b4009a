"""What the twenty weeks must have come to: a verdict on each claim."""

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from scipy.sparse import csr_matrix

from tasks.clean.normalise import prompt_ids
from tasks.release.bundle import sha256
from tasks.settings import STATIC
from tests.bench.weeks.plants import MEMBERS, Kind, Plant
from tests.bench.weeks.simulate import Simulation
from tests.bench.weeks.store import TARGET

UNRELATED = 0.5  # Jaccard similarity of words below which a prompt and a question have little in common
MOST_FLAGGED = 0.02
# Kinds of which, without vectors of a model, some are not found.
BY_MEANING = ("free",)


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and what was seen."""

    claim: str
    holds: bool
    seen: str


@dataclass(frozen=True)
class Fate:
    """What became of a plant: `barred_by` is a kind of verdict or a rule of clean; empty if eligible."""

    plant: Plant
    prompt_id: str
    barred_by: str
    released: bool


def judge(done: Simulation, plants: list[Plant], lists: dict[str, list[str]]) -> list[Verdict]:
    """Verdicts on all claims."""
    fates = find_fates(done, plants)
    again, akin = ([fate for fate in fates if fate.plant.kind == kind] for kind in ("again", "akin"))
    others = [fate for fate in fates if fate.plant.kind not in ("again", "akin")]
    return [
        _policy(done),
        _again(done, again),
        *_plants(others, is_by_meaning=done.settings.embed.model != STATIC),
        _akin(done, akin),
        _unrelated(done, plants, lists),
        _topics(done),
        _calls(done),
        _sources(done),
        _hashes(done),
    ]


def _policy(done: Simulation) -> Verdict:
    """Prompts that serve in several releases do so within the policy."""
    rotation, size = done.settings.rotation, done.settings.select.size
    served: Counter[str] = Counter()
    anchors: set[str] = set()
    broken = []
    releases = [_roles(done, week.release_id) for week in done.weeks]
    for before, after in itertools.pairwise(releases):
        stay = before.keys() & after.keys()
        if len(stay) > rotation.share_kept * size:
            broken.append(f"{len(stay)} stay")
        broken += ["new, but served"] * sum(
            role == "new" and served[prompt] + (prompt in before) > 0 for prompt, role in after.items()
        )
        served.update(before.keys())
        anchors |= {prompt for prompt, role in after.items() if role == "anchor"}
    served.update(releases[-1].keys())
    longest = max((count for prompt, count in served.items() if prompt not in anchors), default=0)
    returned = sum("returned" in release.values() for release in releases)
    holds = (
        not broken and longest <= rotation.max_releases and len(releases) == len({*map(frozenset, releases)})
    )
    seen = (
        f"{len(releases)} releases, {len(served)} prompts; the longest serves in {longest} of at most "
        f"{rotation.max_releases}, {len(anchors)} anchors apart; "
        f"{returned} releases with prompts that came back"
    )
    return Verdict(
        "no prompt is in more releases than the policy lets it", holds, seen + "; ".join(["", *broken])
    )


def _roles(done: Simulation, release_id: str) -> dict[str, str]:
    return dict(done.rows(f"select prompt_id, role from core.services where release_id = '{release_id}'"))


def find_fates(done: Simulation, plants: list[Plant]) -> list[Fate]:
    """What became of each plant, but for repeats of what clean had not kept: those are new."""
    ids = prompt_ids(pl.Series([plant.text for plant in plants], dtype=pl.String)).to_list()
    barred: dict[str, str] = dict(done.rows("select prompt_id, rule from core.flags"))
    barred |= dict(done.rows("select prompt_id, kind from core.contaminated_prompts"))
    eligible = {row[0] for row in done.rows("select prompt_id from core.eligible_prompts")}
    released = {row[0] for row in done.rows("select distinct prompt_id from core.release_prompts")}
    originals = prompt_ids(pl.Series([plant.nearly for plant in plants], dtype=pl.String)).to_list()
    return [
        Fate(plant, prompt, barred.get(prompt, "" if prompt in eligible else "clean"), prompt in released)
        for plant, prompt, original in zip(plants, ids, originals, strict=True)
        if not plant.nearly or original in eligible
    ]


def _again(done: Simulation, fates: list[Fate]) -> Verdict:
    """What was sent in an earlier week is no new prompt."""
    taken = sum(fate.prompt_id in done.weeks[fate.plant.week].added for fate in fates)
    return Verdict("planted again: no new prompt", not taken, f"{taken} of {len(fates)} taken for new")


def _akin(done: Simulation, fates: list[Fate]) -> Verdict:
    """What is on the subject of a question is not called a repeat of it."""
    repeats = {
        row[0] for row in done.rows("select prompt_id from core.contamination where kind = 'repeat_semantic'")
    }
    called = sum(fate.prompt_id in repeats for fate in fates)
    seen = f"{called} of {len(fates)} called repeats"
    return Verdict("on the subject of a question, but no repeat", not called, seen)


def _plants(fates: list[Fate], *, is_by_meaning: bool) -> list[Verdict]:
    """One verdict a kind of plant."""
    kinds: dict[Kind, list[Fate]] = defaultdict(list)
    for fate in fates:
        kinds[fate.plant.kind].append(fate)
    return [_of_kind(kind, found, is_by_meaning=is_by_meaning) for kind, found in kinds.items()]


def _of_kind(kind: Kind, fates: list[Fate], *, is_by_meaning: bool) -> Verdict:
    ways = Counter(fate.barred_by for fate in fates if fate.barred_by)
    told = ", ".join(f"{way} {count}" for way, count in ways.most_common())
    caught, planted = ways.total(), len(fates)
    if kind == "template":
        # Of each template the first stays, whatever week it comes in.
        weeks = {fate.plant.week for fate in fates}
        planted -= min(len(weeks), planted // MEMBERS, 5)
    released = sum(fate.released and fate.plant.kind != "asker" for fate in fates if fate.barred_by)
    is_expected = is_by_meaning or kind not in BY_MEANING
    seen = f"{caught} of {planted} ({told}); {released} released"
    return Verdict(f"planted {kind}: caught", (caught >= planted or not is_expected) and not released, seen)


def _unrelated(done: Simulation, plants: list[Plant], lists: dict[str, list[str]]) -> Verdict:
    """Prompts with few words in common with any question are hardly ever called repeats of one."""
    rows = done.rows("select prompt_id, prompt from core.eligible_prompts order by prompt_id")
    planted = set(prompt_ids(pl.Series([plant.text for plant in plants], dtype=pl.String)))
    rows = [row for row in rows if row[0] not in planted]
    nearest = nearest_jaccard(
        [text for _, text in rows], [text for texts in lists.values() for text in texts]
    )
    unrelated = {
        prompt for (prompt, _), similarity in zip(rows, nearest, strict=True) if similarity < UNRELATED
    }
    flagged: dict[str, set[str]] = defaultdict(set)
    for prompt, kind in done.rows("select prompt_id, kind from core.contamination"):
        flagged[kind].add(prompt)
    kinds = {kind: len(prompts & unrelated) for kind, prompts in sorted(flagged.items())}
    repeats = set().union(*(prompts for kind, prompts in flagged.items() if kind.startswith("repeat_")))
    share = len(repeats & unrelated) / max(len(unrelated), 1)
    told = ", ".join(f"{kind} {count}" for kind, count in kinds.items() if count)
    seen = f"{share:.2%} of {len(unrelated):,} repeat a list ({told})"
    return Verdict("at most 2 % of unrelated prompts are called repeats", share <= MOST_FLAGGED, seen)


def nearest_jaccard(texts: list[str], others: list[str]) -> np.ndarray:
    """The greatest Jaccard similarity of the words of each text with those of another, by all pairs."""
    places: dict[str, int] = {}
    sets = [
        {places.setdefault(word, len(places)) for word in text.lower().split()} for text in texts + others
    ]
    ends = np.cumsum([0, *map(len, sets)])
    words = np.fromiter(itertools.chain.from_iterable(sets), dtype=np.int64, count=ends[-1])
    matrix = csr_matrix((np.ones(len(words), np.float32), words, ends), shape=(len(sets), len(places)))
    sizes = np.diff(ends)
    own, theirs = matrix[: len(texts)], matrix[len(texts) :].T.tocsc()
    best = []
    for start in range(0, len(texts), 500):
        shared = (own[start : start + 500] @ theirs).toarray()
        union = sizes[start : start + 500][: len(shared), None] + sizes[None, len(texts) :] - shared
        best.append((shared / np.maximum(union, 1)).max(axis=1))
    return np.concatenate(best)


def _topics(done: Simulation) -> Verdict:
    """Topics and prompts keep their ids; a fit is new only where a drift said so."""
    later = done.weeks[1:]
    pairs = list(itertools.pairwise(done.weeks))
    refits = [after.number + 1 for before, after in pairs if before.taxonomy != after.taxonomy]
    said = [week.number + 1 for week in later if week.drift]
    kept = [week.placed_again for week in later if week.number + 1 not in refits]
    topics = sum(week.topics_gone for week in later if week.number + 1 not in refits)
    seen = f"fitted again in weeks {refits or 'none'}; drift said so in {said or 'none'}"
    if kept:
        seen += f"; else {topics} topics go, and {min(kept):.1%} of prompts keep theirs at least"
    if refits:
        again = [week for week in later if week.number + 1 in refits]
        seen += "; over a refit " + ", ".join(
            f"{week.topics_gone} topics go, {week.placed_again:.0%} of prompts keep theirs" for week in again
        )
    return Verdict(
        "topics keep their ids, but for refits that drift asked for",
        refits == said and not topics and min(kept, default=1) == 1,
        seen,
    )


def _calls(done: Simulation) -> Verdict:
    """A prompt is asked about once, in the week that it became eligible."""
    asked = done.llm.counts()
    twice = sum(count > 1 for count in asked["asked"].values()) + sum(n > 1 for n in asked["texts"].values())
    [(annotated,)] = done.rows("select count(*) from core.annotations")
    calls = sum(week.calls for week in done.weeks)
    odd = [week.number + 1 for week in done.weeks if week.calls > len(week.added)]
    seen = (
        f"{calls:,} calls for {annotated:,} prompts annotated; {twice} asked twice; "
        f"weeks with more calls than new prompts: {odd or 'none'}"
    )
    return Verdict(
        "each week costs what is new: no call for an old prompt",
        calls == annotated and not (twice or odd),
        seen,
    )


def _sources(done: Simulation) -> Verdict:
    """Each object is read once, late and rewritten ones too, and the lag is told right."""
    lags = {round(week.lag_hours, 1) for week in done.weeks}
    unread = [week.number + 1 for week in done.weeks if week.files_read != week.files_put]
    seen = (
        f"lag {min(lags)} to {max(lags)} h where 3 h is right; weeks with unread objects: {unread or 'none'}"
    )
    return Verdict("sources are read to the end, and their lag is right", lags == {3.0} and not unread, seen)


def _hashes(done: Simulation) -> Verdict:
    """Every release is whole, here and at its target, and is what its manifest says."""
    faults = []
    for week in done.weeks:
        for folder in (done.home / "releases" / week.release_id, done.pulled / week.release_id):
            faults += [f"{week.release_id}: {fault}" for fault in _faults(folder)]
    seen = (
        f"{len(done.weeks)} releases at home and {len(done.weeks)} pulled from {TARGET}: {len(faults)} faults"
    )
    return Verdict(
        "each release's files are as its manifest says", not faults, "; ".join([seen, *faults[:3]])
    )


def _faults(folder: Path) -> list[str]:
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    wrong = [
        name
        for name, told in manifest["files"].items()
        if sha256((folder / name).read_bytes()) != told["sha256"]
    ]
    if not folder.name.endswith(manifest["content_sha256"][:10]):
        wrong.append("content_sha256")
    return wrong
