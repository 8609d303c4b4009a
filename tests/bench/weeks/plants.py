"""What is planted into the weeks: repeats of public test sets and of earlier weeks, testers and templates."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
import yaml

from tasks.clean.normalise import prompt_ids
from tests.bench.weeks.traffic import WEEK, Message, Row, read_lines

Kind = Literal[
    "exact", "near", "reworded", "light", "free", "again", "again_near", "asker", "template", "akin"
]
HERE = Path(__file__).parent
# Lists of questions that are given as `screen.references`; the last is made of paraphrases.yaml.
LISTS = ("mt_bench", "arena_hard_v0.1", "arena_hard_v2.0", "own")
PER_WEEK = {"exact": 4, "near": 4, "reworded": 4}
AKIN = 4  # a week, prompts of the traffic that are told to be on the subject of a question
AGAIN = 5  # of each kind of repeat, a week
SENDS = 6  # of a tester
MEMBERS = 6  # of a template
_WORDS = range(18, 200)  # of a question that is varied: of fewer, a changed word is a great part
TEMPLATES = (
    "Plan a {n} day trip to {name} for {m} people with a budget of {k} dollars, and list the best museums.",
    'Write a product description of {k} words for "{name}", a bottle that keeps drinks cold for {n} hours.',
    "My landlord in {name} wants {k} dollars a month for {n} rooms. Is that fair, and how can I get it down?",
    "Convert {k} pounds to the currency of {name} as of the year 19{n}, and explain what inflation changes.",
    "Given a list of {k} orders from {name}, write SQL for the {n} customers who spent most in {m} weeks.",
)
NAMES = ("Lisbon", "Kyoto", "Toronto", "Nairobi", "Santiago", "Warsaw", "Hanoi", "Oslo", "Tunis", "Perth")


@dataclass(frozen=True)
class Plant:
    """A planted prompt: its kind and the week that it comes in.

    Attributes:
        like: the question that it means the same as, or is on the subject of, if any.
        nearly: the earlier prompt whose words it nearly repeats, if any.
    """

    kind: Kind
    week: int
    text: str
    like: str = ""
    nearly: str = ""


@dataclass
class Planted:
    """All plants, and the messages that carry them, by week."""

    plants: list[Plant] = field(default_factory=list)
    messages: dict[int, list[Message]] = field(default_factory=lambda: defaultdict(list))
    askers: int = 0

    def add(self, plant: Plant, start: datetime, asker: str = "", times: int = 1) -> None:
        """Plant a prompt; whoever sends it sends nothing else unless named."""
        self.plants.append(plant)
        for _ in range(times):
            self.askers += 1
            # Later in the week than what it may repeat.
            at = start + WEEK * (plant.week + 0.9) + timedelta(seconds=self.askers)
            who = asker or f"planted_{self.askers}"
            row: Row = {"question_id": f"planted-{self.askers}", "turns": [plant.text], "judge": who}
            self.messages[plant.week].append(Message(at, {**row, "tstamp": at.timestamp()}))


def plant_all(weeks: list[list[Message]], start: datetime, lists: dict[str, list[str]], seed: int) -> Planted:
    """Plant into all weeks but the first.

    Args:
        weeks: the messages of each.
        start: when the first begins.
        lists: the questions of each of `LISTS`.
        seed: of all choices.
    """
    chance = random.Random(seed)
    planted = Planted()
    later = range(1, len(weeks))
    for week in later:
        for plant in [
            *_of_lists(lists, week, chance),
            *_of_earlier_weeks(weeks[:week], week, chance),
        ]:
            planted.add(plant, start)
        _add_tester(planted, weeks, week, start, chance)
        planted.plants += _akin(lists, weeks[week], week, chance)
        for plant in _of_template(week, chance):
            planted.add(plant, start)
    for number, (kind, question, paraphrase) in enumerate(read_paraphrases(lists)):
        planted.add(Plant(kind, later[number % len(later)], paraphrase, like=question), start)
    return planted


def read_lists(data: Path) -> dict[str, list[str]]:
    """The questions of each list: of MT-Bench the first turns."""
    lists = {}
    for name in LISTS[:-1]:
        rows = read_lines(data / f"questions/{name}.jsonl")
        turns = [row["turns"][0] if "turns" in row else row["prompt"] for row in rows]
        lists[name] = [turn["content"] if isinstance(turn, dict) else turn for turn in turns]
    return lists | {"own": [pair["question"] for pairs in _own_pairs().values() for pair in pairs]}


def read_paraphrases(lists: dict[str, list[str]]) -> list[tuple[Kind, str, str]]:
    """Kind, question and paraphrase of all pairs whose question is in a list."""
    questions = pl.Series([text for texts in lists.values() for text in texts], dtype=pl.String)
    by_id = dict(zip(prompt_ids(questions), questions, strict=True))
    free = yaml.safe_load((HERE / "free_paraphrases.yaml").read_text(encoding="utf-8"))
    found: list[tuple[Kind, str, str]] = [
        ("free", by_id[pair["question_id"]], pair["paraphrase"])
        for pair in free
        if pair["question_id"] in by_id
    ]
    for kind, pairs in _own_pairs().items():
        found += [(kind, pair["question"], pair["paraphrase"]) for pair in pairs]
    return found


def _own_pairs() -> dict[Kind, list[Row]]:
    path = HERE.parent / "paraphrases.yaml"
    pairs: dict[Kind, list[Row]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return pairs


def _of_lists(lists: dict[str, list[str]], week: int, chance: random.Random) -> list[Plant]:
    """Repeats of questions, from each benchmark in turn."""
    plants = []
    for kind, count in PER_WEEK.items():
        for number in range(count):
            questions = lists[LISTS[(week + number) % 3]]
            question = chance.choice([text for text in questions if len(text.split()) in _WORDS] or questions)
            plants.append(_vary(kind, week, question, chance))  # type: ignore[arg-type]
    return plants


def _of_earlier_weeks(weeks: list[list[Message]], week: int, chance: random.Random) -> list[Plant]:
    earlier = [message.text for messages in weeks for message in messages if message.is_prompt]
    varied = [text for text in earlier if len(text.split()) in _WORDS]
    same = [Plant("again", week, text) for text in chance.sample(earlier, min(AGAIN, len(earlier)))]
    near = chance.sample(varied, min(AGAIN, len(varied)))
    return same + [Plant("again_near", week, nearly(text, chance), nearly=text) for text in near]


def _akin(
    lists: dict[str, list[str]], messages: list[Message], week: int, chance: random.Random
) -> list[Plant]:
    """Prompts that are sent anyway, each on the subject of a question that it does not repeat."""
    texts = sorted({message.text for message in messages if len(message.text.split()) in _WORDS})
    found = chance.sample(texts, min(AKIN, len(texts)))
    return [Plant("akin", week, text, like=chance.choice(lists[chance.choice(LISTS[:3])])) for text in found]


def _vary(kind: Kind, week: int, question: str, chance: random.Random) -> Plant:
    if kind == "exact":
        return Plant(kind, week, question)
    if kind == "near":
        return Plant(kind, week, nearly(question, chance))
    return Plant(kind, week, reworded(question, chance), like=question)


def nearly(text: str, chance: random.Random) -> str:
    """The same text with a greeting, with thanks, or without one of its words."""
    edit = chance.randrange(3)
    if edit == 2:
        words = list(re.finditer(r"\S+", text))
        word = chance.choice(words[1:])
        return text[: word.start()].rstrip() + text[word.end() :]
    return f"Hello! {text}" if edit == 0 else f"{text.rstrip()} Thank you."


def reworded(text: str, chance: random.Random) -> str:
    """The same text in another order: its second half first, a tenth of its words left out, and greeted."""
    words = text.split()
    kept = [word for word in words if chance.random() > 0.1]
    half = len(kept) // 2
    return f"Could you help me with this one? {' '.join(kept[half:])} {' '.join(kept[:half])}"


def _add_tester(
    planted: Planted, weeks: list[list[Message]], week: int, start: datetime, chance: random.Random
) -> None:
    """One asker sends a prompt of the week again and again."""
    if weeks[week]:
        text = chance.choice(weeks[week]).text
        planted.add(Plant("asker", week, text), start, asker=f"tester_{week}", times=SENDS)


def _of_template(week: int, chance: random.Random) -> list[Plant]:
    pattern = TEMPLATES[week % len(TEMPLATES)]
    values = [
        {
            "name": name,
            "n": chance.randint(20, 99),
            "m": chance.randint(2, 19),
            "k": chance.randint(100, 9999),
        }
        for name in chance.sample(NAMES, MEMBERS)
    ]
    return [Plant("template", week, pattern.format(**value)) for value in values]
