"""How well `heuristic-1` agrees with what language models said of real prompts, beside length alone.

    python tests/bench/heuristic_agreement.py [DATA_DIR]

Weights and thresholds were set on the prompts whose hash is even; contrasts are also given for the odd ones,
which were kept back. Prints figures only, never a prompt.
"""

import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, roc_auc_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's

from tasks.annotate.criteria import CRITERIA  # noqa: E402
from tasks.annotate.heuristic import annotate  # noqa: E402
from tasks.clean.language import identify  # noqa: E402

RATERS = ("claude-2", "gpt-3.5-turbo")
PUBLISHED_SCORES = (95.4, 83.5, 61.9, 48.7, 33.8, 17.9, 0.2)
PUBLISHED_CRITERIA = (57.3, 63.4, 35.0, 34.9, 26.1, 39.0, 87.9)
Row = dict[str, Any]
Measure = Callable[[str], float]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def score(text: str) -> float:
    return annotate("", text).score or 0


def identity(text: str) -> str:
    return " ".join(text.lower().split())


def is_kept_back(text: str) -> bool:
    return hashlib.sha256(" ".join(text.split()).encode()).digest()[3] % 2 == 1


def labelled(data: Path) -> list[tuple[str, bool, tuple[bool, ...]]]:
    """Each labelled prompt, whether it is English, and its seven labels."""
    arena = rows(data / "criteria/arena140k_criteria.jsonl")
    blog = rows(data / "criteria/category_hard_blog_examples.jsonl")
    tags = [(row["prompt"], row["language"] == "en", row["category_tag"]["criteria_v0.1"]) for row in arena]
    tags += [(row["prompt"], True, row["criteria"]) for row in blog]
    return [(text, english, tuple(map(bool, map(labels.get, CRITERIA)))) for text, english, labels in tags]


def rating(row: Row, rater: str) -> float | None:
    """The last number in double brackets of a rater's text."""
    found = re.findall(r"\[\[(\d{1,2}(?:\.\d+)?)\]\]", row[rater][0]["turns"][0])
    return float(found[-1]) if found else None


def chosen_as_hard(data: Path) -> dict[str, list[str]]:
    """Prompts chosen as hard, by who chose them."""
    battles = rows(data / "prompts/fastchat_battles.jsonl")
    return {
        "rated 9 of 10 by both": ["\n".join(row["turns"]) for row in battles if len(row["turns"]) == 1],
        "Arena-Hard v0.1": [row["prompt"] for row in rows(data / "questions/arena_hard_v0.1.jsonl")],
    }


def not_chosen(data: Path) -> list[str]:
    """English prompts of that time that nobody chose."""
    chosen = {identity(text) for texts in chosen_as_hard(data).values() for text in texts}
    # Those that it is for come first: to tell a text's language takes milliseconds.
    return [
        row["prompt"]
        for row in rows(data / "prompts/arena_prompts.jsonl")
        if "rulm_arena33k" in row["sources"]
        and row["meta"].get("n_turns", 1) == 1
        and identity(row["prompt"]) not in chosen
        and is_english(row["prompt"])
    ]


def is_english(text: str) -> bool:
    return identify(text)[0] == "en"


def auc(hard: Iterable[str], unselected: Iterable[str], measure: Measure) -> float:
    """The chance that a hard prompt measures higher than an unselected one, ties counted half."""
    positives, negatives = list(map(measure, hard)), list(map(measure, unselected))
    return float(roc_auc_score([1] * len(positives) + [0] * len(negatives), positives + negatives))


def interval(values: list[float], labels: list[int]) -> str:
    """The 95 % bootstrap interval of a rank correlation."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(values), (2_000, len(values)))
    found = [spearmanr(np.take(values, pick), np.take(labels, pick)).statistic for pick in picks]
    return "{:.2f} to {:.2f}".format(*np.nanpercentile(found, [2.5, 97.5]))


def show_labels(data: Path) -> None:
    print("Spearman with the number of labels            n  heuristic      95 %           length")
    for name, only_english in (("all languages", False), ("English", True)):
        chosen = [row for row in labelled(data) if row[1] or not only_english]
        labels = [sum(row[2]) for row in chosen]
        scores = [score(row[0]) for row in chosen]
        by_length = spearmanr([len(row[0]) for row in chosen], labels).statistic
        mine = spearmanr(scores, labels).statistic
        print(
            f"  {name:<40}{len(labels):>5}  {mine:>9.3f}  {interval(scores, labels):>14}  {by_length:>9.3f}"
        )
    english = [
        (annotate("", text).criteria, labels) for text, is_english, labels in labelled(data) if is_english
    ]
    print("\nPer criterion, English                agreement      kappa")
    for place, criterion in enumerate(CRITERIA):
        mine, theirs = zip(*((held and held[place], labels[place]) for held, labels in english), strict=True)
        agreement, kappa = np.equal(mine, theirs).mean(), cohen_kappa_score(mine, theirs)
        print(f"  {criterion:<35} {agreement:>9.2f}  {kappa:>9.2f}")


def show_ratings(data: Path) -> None:
    """Rank correlation with the raters, over the single-turn prompts and over all."""
    print("\nSpearman with the ratings                     n  heuristic     length")
    battles = rows(data / "prompts/fastchat_battles.jsonl")
    for name, limit in (("single-turn", 1), ("all, turns joined", sys.maxsize)):
        rated = [
            row
            for row in battles
            if len(row["turns"]) <= limit and None not in [rating(row, r) for r in RATERS]
        ]
        texts = ["\n".join(row["turns"]) for row in rated]
        for rater in (*RATERS, "mean"):
            given = [
                float(np.mean([rating(row, r) for r in RATERS if rater in (r, "mean")])) for row in rated
            ]
            if len(set(given)) == 1:
                print(f"  {name + ', ' + rater:<40}{len(given):>5}  undefined: every rating is {given[0]:g}")
                continue
            mine, by_length = (spearmanr(list(map(m, texts)), given).statistic for m in (score, len))
            print(f"  {name + ', ' + rater:<40}{len(given):>5}  {mine:>9.3f}  {by_length:>9.3f}")


def show_contrasts(hard: dict[str, list[str]], unselected: list[str]) -> None:
    print("\nAUC, hard against unselected Arena prompts        n      heuristic     length")
    for name, texts in hard.items():
        for part, wanted in (("tuned on", False), ("kept back", True)):
            ours, theirs = ([t for t in some if is_kept_back(t) is wanted] for some in (texts, unselected))
            mine, by_length = auc(ours, theirs, score), auc(ours, theirs, len)
            sizes = f"{len(ours)}/{len(theirs)}"
            print(f"  {name + ', ' + part:<40}{sizes:>12}  {mine:>9.3f}  {by_length:>9.3f}")


def show_shares(english: list[str]) -> None:
    started = time.process_time()
    annotated = [annotate("", text) for text in english]
    rate = len(english) / (time.process_time() - started)
    scores = np.array([annotation.score or 0 for annotation in annotated])
    held = np.array([annotation.criteria for annotation in annotated if annotation.criteria])
    print(f"\nShares over {len(english):,} English Arena prompts, %   heuristic  published")
    for least, published in enumerate(PUBLISHED_SCORES, start=1):
        print(f"  score >= {least:<37} {100 * (scores >= least).mean():>9.1f}  {published:>9.1f}")
    for criterion, share, published in zip(CRITERIA, held.mean(axis=0), PUBLISHED_CRITERIA, strict=True):
        print(f"  {criterion:<46} {100 * share:>9.1f}  {published:>9.1f}")
    mean_length = np.mean(list(map(len, english)))
    print(f"\n{rate:,.0f} prompts a second of processor time, {mean_length:.0f} characters on average")


def main(data: Path) -> None:
    if not data.is_dir():
        sys.exit(f"No folder {data}: give the folder of the measurement data as the first argument.")
    show_labels(data)
    show_ratings(data)
    show_contrasts(chosen_as_hard(data), not_chosen(data))
    prompts = [row["prompt"] for row in rows(data / "prompts/arena_prompts.jsonl")]
    show_shares(list(filter(is_english, prompts)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
