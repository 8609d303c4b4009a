"""Reading answers: every way of writing a list, and nothing that is none. A failure is never a score of 0."""

import json
import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.annotate.answer import read_criteria
from tasks.annotate.criteria import CRITERIA
from tasks.llm.outcome import Outcome

Held = tuple[bool, ...]
SUBSETS: list[Held] = list(product((False, True), repeat=7))
NO_CRITERIA = [
    *("0", "8", "1, 8", "-1", "10", "1.0", "1.5", "1e0", "01", "9" * 5_000, "²", "٣"),
    *("1 2", "1; 2", "1-3", "1,,2", "1,", "[1]", "{}", "..."),
    *("one", "true", "null", "specificity and complexity"),
]
REASONS = 'It asks for x[0], 1. and [2, 3]; 4 holds, "5" and 6/7 do not: Criteria: [1] says the text.'


def numbers(held: Held) -> list[int]:
    return [place for place, holds in enumerate(held, start=1) if holds]


def held(*wanted: int) -> Held:
    return tuple(number in wanted for number in range(1, 8))


def text_list(held: Held, separator: str = ", ", quote: str = "") -> str:
    return f"[{separator.join(f'{quote}{number}{quote}' for number in numbers(held))}]"


RENDERINGS: dict[str, Callable[[Held], str]] = {
    "json": lambda h: json.dumps({"criteria": numbers(h)}),
    "compact json": lambda h: json.dumps({"criteria": numbers(h)}, separators=(",", ":")),
    "indented json": lambda h: json.dumps({"criteria": numbers(h)}, indent=2),
    "json with reasons": lambda h: json.dumps({"reasons": REASONS, "criteria": numbers(h)}),
    "json with reasons last": lambda h: json.dumps({"criteria": numbers(h), "reasons": REASONS}),
    "json of names": lambda h: json.dumps({"criteria": [CRITERIA[n - 1] for n in numbers(h)]}),
    "json of strings": lambda h: json.dumps({"criteria": [str(n) for n in numbers(h)]}),
    "json with a list in a string": lambda h: json.dumps({"criteria": str(numbers(h))}),
    "fenced json": lambda h: f"```json\n{json.dumps({'criteria': numbers(h)}, indent=1)}\n```\n",
    "json on a fence's line": lambda h: f"```json{json.dumps({'criteria': numbers(h)})}```",
    "json behind prose": lambda h: f"Here you are [1]:\n\n```\n{json.dumps({'criteria': numbers(h)})}\n```",
    "bare list": text_list,
    "bare list, no spaces": lambda h: text_list(h, ","),
    "bare list, spaces": lambda h: f"\n [ {text_list(h, ' , ')[1:-1]} ]  \n",
    "bare list, quotes": lambda h: text_list(h, quote='"'),
    "bare list, single quotes": lambda h: text_list(h, quote="'"),
    "list in quotes": lambda h: f'"{text_list(h)}"',
    "fenced list": lambda h: f"```\n{text_list(h)}\n```",
    "labelled": lambda h: f"Criteria: {text_list(h)}",
    "labelled, no spaces": lambda h: f"criteria:{text_list(h, ',')}",
    "labelled, with a full stop": lambda h: f"Criteria: {text_list(h)}.",
    "labelled, quotes": lambda h: f'Criteria: "{text_list(h)}"',
    "labelled, bold": lambda h: f"**Criteria:** {text_list(h)}",
    "labelled, all bold": lambda h: f"**Criteria: {text_list(h)}**",
    "labelled, as code": lambda h: f"{REASONS}\n\n```\nCriteria: {text_list(h)}\n```",
    "label above": lambda h: f"{REASONS}\n\n## Criteria\n\n{text_list(h)}",
    "labelled after reasons": lambda h: f"1. {REASONS}\n2. [7] no\r\n\r\nCriteria: {text_list(h)}\n",
    "labelled twice alike": lambda h: f"Criteria: {text_list(h)}\nSo:\nCriteria: {text_list(h, ',')}",
    "in another order": lambda h: f"Criteria: {list(reversed(numbers(h)))}",
    "each number twice": lambda h: f"Criteria: {numbers(h) * 2}",
    "byte order mark": lambda h: f"\ufeff{text_list(h)}",
}


@pytest.mark.parametrize("render", RENDERINGS.values(), ids=list(RENDERINGS))
def test_every_subset_is_read_as_written(render: Callable[[Held], str]) -> None:
    for subset in SUBSETS:
        assert read_criteria(render(subset)) == (Outcome.OK, subset)


@given(
    st.sampled_from(SUBSETS),
    st.sampled_from([" ", "\t", "\n", ""]),
    st.text(),
    st.sampled_from([json.dumps, lambda value: json.dumps(value, ensure_ascii=False, indent=2)]),
)
def test_reasons_may_say_anything(subset: Held, space: str, reasons: str, dump: Callable[..., str]) -> None:
    answer = dump({"reasons": reasons, "criteria": numbers(subset)})
    assert read_criteria(f"{space}{answer}{space}") == (Outcome.OK, subset)


@pytest.mark.parametrize(
    "answer",
    [
        "Criteria: [1, 2]\nCriteria: [1, 3]",
        "Criteria: []\n\nOn second thoughts:\n\nCriteria: [4]",
        '{"criteria": [1]}\n{"criteria": [2]}',
        '{"criteria": [1], "criteria": [2]}',
        'Criteria: [1]\n{"criteria": [1, 2]}',
        '{"criteria": [1]}\nCriteria: [2]',
        "Criteria: [1] or [2]",
        "Criteria: [1], Criteria: [2]",
        "Criteria: [9]\nCriteria: [1]",
    ],
)
def test_two_answers_are_none(answer: str) -> None:
    assert read_criteria(answer) == (Outcome.UNPARSABLE, None)


@pytest.mark.parametrize("items", NO_CRITERIA)
@pytest.mark.parametrize("form", ["[{}]", '{{"criteria": [{}]}}', "Criteria: [{}]", "So:\nCriteria: [{}]"])
def test_a_list_of_anything_else_is_unparsable(items: str, form: str) -> None:
    assert read_criteria(form.format(items)) == (Outcome.UNPARSABLE, None)


@pytest.mark.parametrize(
    "answer",
    [
        "The text meets criteria 1, 2 and 5.",
        "Criteria: 1, 2",
        "Criteria: none",
        "Criteria:",
        "```\n```",
        "1",
        "7 of 7",
        "{}",
        "null",
        '{"criteria": null}',
        '{"criteria": 3}',
        '{"criteria": "1, 2"}',
        '{"criteria": {"1": true}}',
        '{"reasons": "Criteria: [1]"}',
        '{"answer": {"criteria": [1]}}',
        '[{"criteria": [1]}]',
        '{"criteria": [1, 2',
        "Criteria: [1, 2",
        "Criteria not met: [1, 2]",
        "Criteria: [1, 4]\nCriteria that fail: [2, 3]",
        "Criteria: [1, 4]\nBut 2 holds as well.",
        "I can't say: it could be [1, 2] or [1].",
        # A weak model answers the prompt itself: "Give the first three numbers as a Python list."
        "Sure! Here is the list:\n\n```python\n[1, 2, 3]\n```",
        "[1, 2, 3] are the first three numbers.",
        "As the text demands, Criteria: [1, 2, 3, 4, 5, 6, 7]",
        # It counts criteria, and names them as they come.
        "Complexity: no\nCreativity: yes",
        "I can't help but notice that 1 and 4 hold.",
        "I cannot find a reason for 3; 1 and 2 hold.",
    ],
)
def test_prose_and_other_lists_are_unparsable(answer: str) -> None:
    assert read_criteria(answer) == (Outcome.UNPARSABLE, None)


@pytest.mark.parametrize(
    "answer",
    [
        "I can't help with that.",
        "I can’t assist with this request.",  # noqa: RUF001
        "I'm sorry, but I cannot assist with that.",
        "I am very sorry, I won't do that.",
        "Sorry, I can't.",
        "I'm sorry.",
        "Unfortunately, I am unable to help with this text.",
        "As an AI language model, I cannot engage with this content.",
        "I must decline to rate this.",
        "I'm unable to process this request.\n\nPlease send another one.",
    ],
)
def test_a_plain_refusal_is_refused(answer: str) -> None:
    assert read_criteria(answer) == (Outcome.REFUSED, None)


def test_a_refusal_that_the_list_overrules_is_an_answer() -> None:
    answer = "I can't help with making a bomb, but the text is specific.\nCriteria: [1]"
    assert read_criteria(answer) == (Outcome.OK, held(1))


@pytest.mark.parametrize("answer", ["", " \n\t", "\n\n"])
def test_nothing_is_empty(answer: str) -> None:
    assert read_criteria(answer) == (Outcome.EMPTY, None)


PIECES = [
    "Criteria",
    "criteria",
    ":",
    "[",
    "]",
    "{",
    "}",
    '"',
    ",",
    "1",
    "8",
    "\n",
    " ",
    "```",
    "json",
    "I can't",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
def test_only_an_explicit_list_is_ok(answer: str) -> None:
    outcome, criteria = read_criteria(answer)
    assert (criteria is not None) == (outcome is Outcome.OK)
    if criteria is not None:
        lists = re.findall(r"\[[^\[\]]*\]", answer)
        assert any({str(n) for n in numbers(criteria)} == set(re.findall(r"\d", each)) for each in lists)


@pytest.mark.timeout(60)  # a look back at each character would take longer
@pytest.mark.parametrize(
    "bit", ["[", "{", '{"a":', '{"criteria":', "Criteria: [", "\nCriteria: [1]x", "`", ": "]
)
def test_a_long_answer_takes_no_time(bit: str) -> None:
    outcome, _ = read_criteria(bit * (400_000 // len(bit)))
    assert outcome is Outcome.UNPARSABLE


@pytest.mark.timeout(60)
def test_a_long_apology_takes_no_time() -> None:
    assert read_criteria("i'm sorry " * 100_000)[0] is Outcome.UNPARSABLE
