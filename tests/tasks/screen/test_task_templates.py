"""Prompts that a program made of one template: the first seen stays."""

from datetime import datetime

from tests.tasks.screen.homes import Home, id_of
from tests.tasks.screen.questions import UNRELATED


def test_of_a_template_the_first_seen_stays(home: Home) -> None:
    texts = [
        f'Write a product description of at least {n} words for the brand {name}, and call it "{name} {n}".'
        for n, name in enumerate(("Acme", "Globex", "Initech", "Umbrella Corp"), 100)
    ]
    home.add(texts[1:])
    home.add(texts[:1], datetime(2025, 1, 1))  # noqa: DTZ001
    home.add(UNRELATED[:5])
    home.screen(template_prompts=4)
    assert home.verdicts() == sorted((id_of(text), "template", id_of(texts[0])) for text in texts[1:])
    home.screen(template_prompts=5)
    assert home.verdicts() == []


def test_slots_of_a_template_may_hold_plain_words_and_prompts_be_of_two_templates(home: Home) -> None:
    slots = ("hide delegate", "move field", "rename variable", "extract class")
    texts = [f"{slot} refactoring method with code example in java" for slot in slots]
    more = f"{slots[0]} refactoring method with code example in python"
    home.add(texts[:1], datetime(2025, 1, 1))  # noqa: DTZ001
    home.add([*texts[1:], more, *UNRELATED[:5]])
    home.screen(template_prompts=4)
    assert home.verdicts() == sorted((id_of(text), "template", id_of(texts[0])) for text in texts[1:])
    home.screen(template_prompts=2)
    found = sorted((id_of(text), "template", id_of(texts[0])) for text in [*texts[1:], more])
    assert home.verdicts() == found
