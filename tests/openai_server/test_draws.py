"""What is left to chance is drawn by hash, with the shares that were asked for."""

from collections import Counter

import pytest

from tests.openai_server.criteria import AGREEMENT, SHARES, criteria
from tests.openai_server.faults import plan


def test_criteria_hold_as_often_as_published() -> None:
    texts = [f"prompt {n}" for n in range(20_000)]
    lists = [criteria("one", text) for text in texts]
    others = [criteria("two", text) for text in texts]
    for k, share in enumerate(SHARES, 1):
        assert sum(k in held for held in lists) / len(texts) == pytest.approx(share, abs=0.02)
        same = sum((k in a) == (k in b) for a, b in zip(lists, others, strict=True)) / len(texts)
        assert same == pytest.approx(AGREEMENT, abs=0.02)
    scores = Counter(map(len, lists))
    assert set(scores) == set(range(8))
    assert 0.25 < sum(scores[score] for score in (5, 6, 7)) / len(texts) < 0.35


def test_a_persistent_plan_fails_the_same_requests_each_time() -> None:
    fickle, stubborn = plan({"cut": 0.5}), plan({"cut": 0.5, "persistent": True})
    drawn = [
        [made.choose(f"key {n}", nth) for n in range(50)] for made in (fickle, stubborn) for nth in (1, 2)
    ]
    assert drawn[0] != drawn[1]
    assert drawn[2] == drawn[3]
    assert {None, "cut"} == set(drawn[2])


@pytest.mark.parametrize("wrong", [{"cuts": 1}, {"cut": 1.5}, {"cut": 0.6, "stall": 0.6}, {"cut": -1}])
def test_a_wrong_plan_is_no_plan(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fault plan"):
        plan(wrong)
