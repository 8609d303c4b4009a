"""What a model's answer says of the seven criteria.

A list of criteria counts in three places: as all of the answer, under the key `criteria` of a JSON object at
its end, or on a last line `Criteria: [1, 4]`. A list anywhere else may be the prompt's or an example. So an
answer without one in its place is `unparsable`: it is never guessed at, and never a score of 0.
"""

from collections.abc import Sequence
from typing import Final

from tasks.annotate.criteria import CRITERIA
from tasks.llm.answer_text import bare_lines, declines, parse_json
from tasks.llm.outcome import Outcome

Criteria = tuple[bool, ...]

_PLACES: Final = {
    **{str(number): number - 1 for number in range(1, len(CRITERIA) + 1)},
    **{criterion.value: place for place, criterion in enumerate(CRITERIA)},
}
_LABEL: Final = "criteria"
# What Markdown and habit put around a line, a label or an item.
_DECORATION: Final = " \t*_`#>\"'.-"
_ITEM_DECORATION: Final = " \t\"'\\"
# A list that can't be read, or two that differ: other than each of the 128 that can.
_UNREADABLE: Final[Criteria] = ()


def read_criteria(answer: str) -> tuple[Outcome, Criteria | None]:
    """Read an answer in any of the forms asked for, however spaced, quoted or fenced.

    Returns:
        `ok` and the criteria in the order of `CRITERIA`; an empty list is a score of 0. Or None, and `empty`
        (white space), `refused` (it plainly declines), or `unparsable`: no list in its place, lists that
        differ, or one with anything but the numbers 1 to 7 and the names of criteria.
    """
    lines = bare_lines(answer)
    if not lines:
        return (Outcome.UNPARSABLE if answer.strip() else Outcome.EMPTY), None
    start, criteria = _final_list(lines)
    if criteria is None:
        return (Outcome.REFUSED if declines(answer) else Outcome.UNPARSABLE), None
    earlier = {stated for line in lines[:start] if (stated := _stated_list(line)) is not None}
    if criteria == _UNREADABLE or earlier - {criteria}:
        return Outcome.UNPARSABLE, None
    return Outcome.OK, criteria


def criteria_from(values: Sequence[object]) -> Criteria | None:
    """The criteria that numbers from 1 to 7 and names stand for; None if there is anything else."""
    places = {_PLACES.get(str(value)) if type(value) in (int, str) else None for value in values}
    return None if None in places else tuple(place in places for place in range(len(CRITERIA)))


def _final_list(lines: list[str]) -> tuple[int, Criteria | None]:
    """The list that the answer ends in, if there is one, and the line on which it begins."""
    start = next((number for number, line in enumerate(lines) if line[0] in "{["), len(lines))
    value = parse_json("\n".join(lines[start:]))
    if isinstance(value, tuple):
        return start, _from_object(value)
    if isinstance(value, list) and _may_stand_alone(lines, start):
        return start, _from_list(value)
    last = len(lines) - 1
    if _may_stand_alone(lines, last) and (text := lines[last].strip(_DECORATION)).startswith("["):
        return last, _from_text(text)
    return last, _stated_list(lines[last])


def _may_stand_alone(lines: list[str], start: int) -> bool:
    """Whether a list needs no label of its own: it is all of the answer, or the label is the line above."""
    return start == 0 or lines[start - 1].strip(_DECORATION + ":").lower() == _LABEL


def _stated_list(line: str) -> Criteria | None:
    """The list that a line states for its own part: `Criteria: [1, 4]`, or the JSON object of that."""
    if line.startswith("{"):
        value = parse_json(line)
        return _from_object(value) if isinstance(value, tuple) else None
    label, _, rest = line.partition(":")
    text = rest.strip(_DECORATION)
    return _from_text(text) if label.strip(_DECORATION).lower() == _LABEL and text.startswith("[") else None


def _from_object(pairs: tuple[tuple[str, object], ...]) -> Criteria | None:
    values = [value for key, value in pairs if key.strip().lower() == _LABEL]
    lists = {
        _from_list(value) if isinstance(value, list) else _from_text(str(value).strip()) for value in values
    }
    return None if not lists else lists.pop() if len(lists) == 1 else _UNREADABLE


def _from_text(text: str) -> Criteria:
    if not (text.startswith("[") and text.endswith("]")):
        return _UNREADABLE
    inner = text[1:-1].strip()
    return _from_list(inner.split(",")) if inner else _from_list([])


def _from_list(values: Sequence[object]) -> Criteria:
    items = [value.strip(_ITEM_DECORATION) if isinstance(value, str) else value for value in values]
    found = criteria_from(items)
    return _UNREADABLE if found is None else found
