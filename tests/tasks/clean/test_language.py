"""Languages are told apart by prose, not by the code, the links and the few foreign words in it."""

# ruff: noqa: RUF001  (letters of other alphabets are the point)

import polars as pl
import pytest

from tasks.clean.language import CONFIDENT, identify, identify_all, stated_code

FOREIGN = {
    "de": "Kannst du mir bitte erklären, wie man einen guten Lebenslauf für eine Bewerbung schreibt?",
    "fr": "Peux-tu m'expliquer comment rédiger une bonne lettre de motivation pour un emploi ?",
    "es": "¿Puedes explicarme cómo escribir una buena carta de presentación para un trabajo?",
    "pt": "Você pode me explicar como escrever uma boa carta de apresentação para um emprego?",
    "it": "Puoi spiegarmi come scrivere una buona lettera di presentazione per un lavoro?",
    "ru": "Объясни, пожалуйста, как написать хорошее сопроводительное письмо для работы.",
    "zh": "请解释一下如何写一封好的求职信，并给我一个简短的例子。",
    "ja": "就職活動のための良い自己紹介文の書き方を教えてください。",
    "ko": "취업을 위한 좋은 자기소개서를 쓰는 방법을 설명해 주세요.",
    "ar": "هل يمكنك أن تشرح لي كيف أكتب رسالة جيدة للتقدم إلى وظيفة؟",
    "tr": "Bir iş başvurusu için iyi bir ön yazının nasıl yazılacağını açıklar mısın?",
    "vi": "Bạn có thể giải thích cho tôi cách viết một lá thư xin việc tốt không?",
}
ENGLISH = {
    "plain": "Can you explain to me how to write a good cover letter for a job?",
    "code": "Why does this fail?\n```python\nfür = {k: v for k, v in größe.items()}\nprint(für)\n```",
    "unclosed code": "Please fix the bug in this function for me.\n```js\nconst años = (día) => día * 2",
    "maths": "Prove that $\\sum_{n=1}^\\infty 1/n^2 = \\pi^2/6$ and say where absolute convergence is used.",
    "foreign quote": "I came across this in a novel and can't make sense of it. What does the phrase "
    '"je ne sais quoi" mean in English, and where would somebody use it?',
    "capitals": "PLEASE EXPLAIN TO ME HOW I CAN WRITE A GOOD COVER LETTER FOR THIS JOB",
    "link": "What is this page about and is it right? https://de.wikipedia.org/wiki/Größe_einer_Straße",
    "markup": "Centre the text in this: <div lang='de' title='Überschrift der Seite'>x</div> please.",
}


@pytest.mark.parametrize(("code", "text"), FOREIGN.items())
def test_other_languages_are_named(code: str, text: str):
    language, probability = identify(text)
    assert language == code
    assert probability >= CONFIDENT


@pytest.mark.parametrize("text", ENGLISH.values(), ids=ENGLISH.keys())
def test_english_stays_english(text: str):
    assert identify(text)[0] == "en"


@pytest.mark.parametrize("text", ["", "   \n", "12 + 30 = ?", "!!! ??? 😀", "```\n1\n```"])
def test_without_letters_there_is_no_language(text: str):
    assert identify(text) == ("und", 0.0)


def test_code_alone_is_looked_at():
    assert identify("```\nSELECT name FROM users WHERE age > 30\n```")[0] != "und"


def test_a_column_is_identified_in_its_order():
    texts = [*FOREIGN.values(), *ENGLISH.values(), ""]
    assert identify_all(pl.Series(texts)).rows() == [identify(text) for text in texts]


def test_a_long_foreign_text_is_told_by_its_beginning():
    assert identify(FOREIGN["de"] * 1_000)[0] == "de"


@pytest.mark.parametrize(
    ("stated", "code"),
    [("English", "en"), ("en-US", "en"), ("German", "de"), ("zh-cn", "zh"), ("unknown", None), (None, None)],
)
def test_what_a_source_states(stated: str | None, code: str | None):
    frame = pl.DataFrame({"stated": [stated]}, schema={"stated": pl.String})
    assert frame.select(stated_code("stated")).item() == code
