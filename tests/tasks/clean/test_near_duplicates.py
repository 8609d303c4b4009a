"""Near-duplicates against a definition of their own, by brute force."""

import random
import re
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.clean.near_duplicates import bands, find_near_duplicates, find_repeats

BASE = (
    "Explain to a new colleague how the garbage collector of a virtual machine finds objects that are not "
    "used any more, and what it costs while the program runs."
)
OTHER = "Plan a week of cheap vegetarian dinners for a family of four with one nut allergy and little time."


def find(texts: list[str], threshold: float = 0.7) -> dict[int, int]:
    return {position: original for position, (original, _) in compare(texts, threshold).items()}


def compare(texts: list[str], threshold: float) -> dict[int, tuple[int, float]]:
    series = pl.Series(texts, dtype=pl.String)
    return find_near_duplicates(series, bands(series), threshold)


def shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {*words, *(f"{a} {b}" for a, b in pairwise(words))}


def similarity(a: str, b: str) -> float:
    return len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))


def by_brute_force(texts: list[str], threshold: float) -> dict[int, int]:
    kept: list[int] = []
    found = {}
    for position, text in enumerate(texts):
        alike = {other: similarity(text, texts[other]) for other in kept}
        best = max(alike.values(), default=0.0)
        if best >= threshold:
            found[position] = min(other for other in kept if alike[other] == best)
        else:
            kept.append(position)
    return found


@pytest.mark.parametrize(
    "variant",
    [
        BASE.upper(),
        BASE + " Thanks!",
        BASE.replace("new", "young"),
        BASE.replace(" ", "  ").replace(",", ";"),
    ],
    ids=["case", "addition", "word", "punctuation"],
)
def test_a_planted_pair_is_found_and_the_first_stays(variant: str):
    assert find([BASE, OTHER, variant]) == {2: 0}
    assert find([variant, OTHER, BASE]) == {2: 0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Write a function in {} that reverses a list of numbers", ("C++", "C#")),
        ("What is 7 {} 5?", ("+", "-")),
        ("What is 7{}5?", ("*", "/")),
        ("Keep the rows of the table where x {} 3", ("<", ">")),
        ("Which is larger, 9.11 or 9.{}?", ("9", "11")),
    ],
)
def test_a_sign_that_changes_the_question_makes_another_text(one: str, other: tuple[str, str]):
    assert find([one.format(sign) for sign in other], 0.99) == {}
    assert find([one.format(sign) for sign in other[:1] * 2], 0.99) == {1: 0}


def test_typography_makes_no_other_text():
    plain = "Don't list the user's well-known options - only: \n- bread and/or oats\n- tea\n> quoted"
    typed = "# Don’t list the user’s **well known** options – only\n\n* bread and or oats\n* tea\n---\nquoted"  # noqa: RUF001
    assert find([plain, typed], 1.0) == {1: 0}


def test_unrelated_texts_stay():
    assert find([BASE, OTHER, "Write a haiku about a rainy harbour at dawn.", ""]) == {}


def test_the_same_words_in_another_order_are_another_text():
    words = BASE.split()
    random.Random(0).shuffle(words)
    assert find([BASE, " ".join(words)]) == {}


def test_similarity_is_exact_and_the_threshold_included():
    changed = BASE.replace("colleague", "neighbour")
    exact = similarity(BASE, changed)
    [(_, given_similarity)] = compare([BASE, changed], exact).values()
    assert given_similarity == pytest.approx(exact, abs=1e-4)
    assert find([BASE, changed], exact + 1e-6) == {}


def test_a_chain_is_measured_against_what_stays():
    words = [f"word{number}" for number in range(40)]
    first, second, third = (" ".join(words[start : start + 30]) for start in (0, 5, 10))
    assert similarity(first, second) > 0.65 > similarity(first, third)
    # The second goes, so it drops nothing itself, and the third stays.
    assert find([first, second, third], 0.65) == {1: 0}


def test_the_most_similar_is_named():
    close, closer = BASE + " Be brief and use one example from daily life.", BASE + " Be brief and use one."
    assert find([close, OTHER, BASE], 0.99) == {}
    assert find([close, BASE, closer], 0.85)[2] in (0, 1)
    assert find([OTHER, BASE, BASE + " Thanks!"]) == {2: 1}


def test_texts_without_spaces_or_words():
    chinese = "请用简单的语言解释一下垃圾回收器是如何工作的以及它的成本"
    assert find([chinese, chinese + "吗", "???", "!!!", "???"]) == {1: 0, 4: 2}


def test_texts_without_spaces_that_share_a_clause_differ_elsewhere():
    clause = "请用简单的语言解释一下"
    garbage, photosynthesis = "垃圾回收器是如何工作的", "植物为什么需要阳光和水"
    assert find([clause + garbage, clause + photosynthesis], 0.5) == {}
    assert find([clause + "，" + garbage, clause + "：" + garbage], 0.99) == {1: 0}  # noqa: RUF001


@pytest.mark.parametrize("texts", [[], [BASE], ["", ""]])
def test_small_corpora(texts: list[str]):
    assert find(texts) == ({1: 0} if len(texts) == 2 else {})


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=12))
@settings(max_examples=50)
def test_any_text_is_fine(texts: list[str]):
    found = find(texts)
    assert all(original < position and original not in found for position, original in found.items())


def test_equals_brute_force_apart_from_rare_misses():
    wanted = missed = 0
    for seed in range(40):
        rng = random.Random(seed)
        bases = [[f"w{rng.randrange(60)}" for _ in range(rng.randrange(8, 40))] for _ in range(8)]
        texts = [
            " ".join(f"w{rng.randrange(60)}" if rng.random() < 0.06 else word for word in rng.choice(bases))
            for _ in range(40)
        ]
        truth, found = by_brute_force(texts, 0.7), find(texts, 0.7)
        wanted += len(truth)
        missed += sum(found.get(position) != original for position, original in truth.items())
        # A miss may make a text stay that drops others; nothing else is called a near-duplicate.
        assert all(
            similarity(texts[position], texts[original]) >= 0.7 for position, original in found.items()
        )
    assert wanted > 500
    assert missed <= 0.02 * wanted


def test_repeats_of_references_are_those_of_all_pairs() -> None:
    rng = random.Random(5)
    words = [f"w{number}" for number in range(40)]
    references = [" ".join(rng.choices(words, k=rng.randint(3, 15))) for _ in range(60)]
    texts = [*references[:10], *(" ".join([*text.split()[1:], "new"]) for text in references), BASE, "", "?!"]
    found = find_repeats(pl.Series(texts), bands(pl.Series(texts)), pl.Series(references), 0.7)
    pairs = {
        (i, j): similarity(a, b)
        for i, a in enumerate(texts)
        for j, b in enumerate(references)
        if shingles(a) and similarity(a, b) >= 0.7
    }
    assert {(i, j) for i, j, _ in found.iter_rows()} == pairs.keys()
    assert len(pairs) >= 20
    assert all(value == round(pairs[i, j], 4) for i, j, value in found.iter_rows())


@pytest.mark.parametrize(("texts", "references"), [([], [BASE]), ([BASE], []), ([BASE, BASE], [OTHER])])
def test_nothing_repeats_where_there_is_nothing_to_repeat(texts: list[str], references: list[str]) -> None:
    own, others = pl.Series(texts, dtype=pl.String), pl.Series(references, dtype=pl.String)
    assert find_repeats(own, bands(own), others, 0.7).is_empty()
