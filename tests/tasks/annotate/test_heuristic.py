"""What a user relies on: the same answer every time, hard above trivial, no text that breaks or stalls it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tasks.annotate.annotation import Annotation
from tasks.annotate.criteria import CRITERIA, Criterion
from tasks.annotate.heuristic import annotate
from tasks.llm.outcome import Outcome
from tests.bench import heuristic_agreement as bench

SCHEDULER = (
    "Implement a job scheduler class in Python that runs tasks with dependencies on at most N threads. "
    "It must detect cycles, retry a failed task twice, and return a report as JSON. Include unit tests."
)

HARD_AND_TRIVIAL = [
    (SCHEDULER, "hello"),
    (
        "My Postgres query joins orders with customers and takes 40 seconds on 20 million rows. Given the "
        "plan below, explain why the index is not used and rewrite the query:\n"
        "Seq Scan on orders (cost=0.00..98123)",
        "what is sql?",
    ),
    (
        "Derive the closed form of the expected number of rolls of a fair die until every face was seen, "
        "then generalise it to n faces and estimate the variance for n = 100.",
        "how many sides has a die",
    ),
    (
        "Design a rate limiter for an HTTP API behind three servers: compare token bucket with sliding "
        "window, choose one, and give the Redis commands that keep it consistent.",
        "Who invented the internet?",
    ),
    (
        "A patient of 70 kg takes a drug with a half-life of 6 hours. Calculate the dose every 8 hours "
        "that keeps the concentration between 10 and 20 mg/L, and show each step.",
        "are pills bad",
    ),
    (
        "Fix this function: it should merge overlapping intervals but raises an IndexError on an empty "
        "list.\n"
        "```python\ndef merge(xs):\n    out = [xs[0]]\n    for a, b in xs[1:]:\n        pass\n```",
        "can you code?",
    ),
    (
        "Draft a one-year marketing plan for a bakery with a budget of 12,000 euros: goals, channels, a "
        "table of costs a month, and how to measure the return of each channel.",
        "I like bread",
    ),
    (
        "Write a dialogue between a lighthouse keeper and a ghost in exactly 14 lines, where each line "
        "starts with the last word of the one before and the plot turns in line 9.",
        "tell me a joke",
    ),
    (
        "Prove that the sum of two convex functions is convex, then give a counterexample for the product "
        "and state under which conditions it holds.",
        "2+2",
    ),
    (
        "Refactor this React component to TypeScript with hooks, memoise the expensive list, and explain "
        "which re-renders are avoided and why: class List extends Component { render() { return null; } }",
        "hi, how are you today?",
    ),
]

EXAMPLES = {
    Criterion.SPECIFICITY: (
        "Write a table in CSV format with exactly 12 rows and 3 columns of ports.",
        "thoughts?",
    ),
    Criterion.DOMAIN_KNOWLEDGE: (
        "Explain how an enzyme inhibitor changes the reaction kinetics.",
        "I am bored",
    ),
    Criterion.COMPLEXITY: (SCHEDULER, "What is the capital of Peru?"),
    Criterion.PROBLEM_SOLVING: (SCHEDULER, "Who painted this?"),
    Criterion.CREATIVITY: (
        "Write a short story in verse about a character who must invent an original song for a dragon.",
        "Calculate 3*x + 4 = 19 for x with the code `solve(x)`.",
    ),
    Criterion.TECHNICAL_ACCURACY: (SCHEDULER, "Write me a lovely poem about a friend's smile"),
    Criterion.REAL_WORLD: (
        "Plan a weekly budget for my family so that we save money for a new car.",
        "hey you",
    ),
}


def score(text: str) -> int:
    found = annotate("p", text).score
    assert found is not None
    return found


def test_the_criteria_keep_their_order() -> None:
    names = "specificity domain_knowledge complexity problem_solving creativity technical_accuracy real_world"
    assert list(CRITERIA) == names.split()


def test_the_same_text_gets_the_same_annotation() -> None:
    assert annotate("p", SCHEDULER) == annotate("p", SCHEDULER)


def test_the_raw_text_names_the_criteria_that_hold() -> None:
    annotation = annotate("p", SCHEDULER)
    assert annotation.criteria is not None
    assert annotation.raw == ", ".join(
        c for c, holds in zip(CRITERIA, annotation.criteria, strict=True) if holds
    )


@pytest.mark.parametrize("text", ["", " ", "\n\t \n"])
def test_no_text_is_empty_and_has_no_score(text: str) -> None:
    annotation = annotate("p", text)
    assert annotation == Annotation("p", Outcome.EMPTY, None, "")
    assert annotation.score is None


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_only_ok_has_a_score(outcome: Outcome) -> None:
    assert Annotation("p", outcome, (True,) * 7, "").score is None
    assert Annotation("p", Outcome.OK, (False,) * 7, "").score == 0


@pytest.mark.parametrize(("hard", "trivial"), HARD_AND_TRIVIAL)
def test_a_hard_prompt_scores_above_a_trivial_one(hard: str, trivial: str) -> None:
    assert score(hard) > score(trivial)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_each_criterion_tells_a_clear_example_from_a_counterexample(criterion: Criterion) -> None:
    place = CRITERIA.index(criterion)
    held = [annotate("p", text).criteria for text in EXAMPLES[criterion]]
    assert [criteria and criteria[place] for criteria in held] == [True, False]


@given(st.text(max_size=3_000))
def test_any_text_is_ok_or_empty(text: str) -> None:
    annotation = annotate("p", text)
    assert annotation.outcome is (Outcome.OK if text.strip() else Outcome.EMPTY)
    assert annotation.outcome is Outcome.EMPTY or 0 <= score(text) <= 7


@pytest.mark.timeout(60)  # a look back at each character would take hours
@pytest.mark.parametrize("bit", ["a", "((((", "7", "=_<", "\n \t", "- 1.\n"])
def test_pathological_text_takes_no_time(bit: str) -> None:
    text = bit * (1_000_000 // len(bit))
    score(text if text.strip() else f"{text}x")


def test_it_ranks_english_prompts_as_labels_do(real_data: Path) -> None:
    english = [(text, sum(labels)) for text, is_english, labels in bench.labelled(real_data) if is_english]
    texts, labels = zip(*english, strict=True)
    assert spearmanr(list(map(score, texts)), labels).statistic >= 0.45


def test_prompts_chosen_as_hard_score_above_unselected_ones(real_data: Path) -> None:
    kept_back = list(filter(bench.is_kept_back, bench.not_chosen(real_data)))
    for texts in bench.chosen_as_hard(real_data).values():
        assert bench.auc(filter(bench.is_kept_back, texts), kept_back, score) >= 0.75
