"""Words as users see them."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.words import words

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# Much that the rules look at, side by side.
TRICKY = st.text("ab1. ,\n-*/%+<>=#'_()我人カอเ\u0301\u200d\ue000\ue001", max_size=30)


def words_of(text: str) -> list[str]:
    [own] = words(pl.Series([text])).to_list()
    return list(own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bread, BREAD and bread!", "bread bread and bread"),
        ("C, C++, C# and F#", "c c++ c# and f#"),
        ("C++20's and g++; notepad++", "c++ 20 and g++ notepad++"),
        (".NET, ASP.NET, Node.js, the net", ".net asp.net node.js the net"),
        ("my_snake_case in __init__ and _x_", "my_snake_case in init and x"),
        ("fill the ____ in", "fill the in"),
        ("the end.Start", "the end start"),
    ],
)
def test_words_and_names(text: str, expected: str) -> None:
    assert words_of(text) == expected.split()


@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_apostrophes_belong_to_words_but_for_a_final_s(apostrophe: str) -> None:
    text = "Don't say 'it' to the users' dog: it's O'Neil's. How many r's?".replace("'", apostrophe)
    expected = "don't say it to the users dog it o'neil how many r"
    assert words_of(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 or 3.14, or 1,000 or 2,500,000.75.", "3 or 3.14 or 1,000 or 2,500,000.75"),
        ("[1,2,3]", "1 2 3"),
        ("v1.2, GPT-3.5 and 192.168.1.1", "v1.2 gpt 3.5 and 192.168.1.1"),
        ("3D, 2nd, x²", "3d 2nd x²"),
        ("on 2024-01-05 or 5/1/24 or 05-01-2024", "on 2024-01-05 or 5/1/24 or 05-01-2024"),
    ],
)
def test_numbers_and_dates(text: str, expected: str) -> None:
    assert words_of(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is 7 + 5?", "what is 7 + 5"),
        ("What is 7 - 5?", "what is 7 - 5"),
        ("7-5*3/2", "7 - 5 * 3 / 2"),
        ("a * b * c - d, n % 2, 5 * -3", "a * b * c - d n % 2 5 * 3"),
        ("f(x) / 2 - (y)", "f x / 2 - y"),
        ("2**8 // 3", "2 ** 8 // 3"),
        ("x < 3 && y >= 4 || z != 5", "x < 3 && y >= 4 || z != 5"),
        ("x == 1, x === 1, x = 1, x += 1", "x == 1 x === 1 x = 1 x += 1"),
        ("i++, j--, a ^ b", "i ++ j -- a ^ b"),
        ("p->next => value <- c(1)", "p -> next => value <- c 1"),
        ("x ≤ 3 × 4", "x ≤ 3 × 4"),  # noqa: RUF001
    ],
)
def test_operators_are_words_in_code_and_formulas(text: str, expected: str) -> None:
    assert words_of(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a well-known e-mail and/or letter", "a well known e mail and or letter"),
        ("Paris - the city -- is big", "paris the city is big"),
        ("**bold** and *italic*", "bold and italic"),
        ("# Title\n---\n- one\n* two\n+ three\n  - x\n", "title one two three x"),
        ("> quote\n>> deeper\n> - 5\nTitle\n=====", "quote deeper 5 title"),
        ("| a | b |\n|---|:-:|", "a b"),
        ("git commit --amend", "git commit amend"),
        ("7 -\n- 5", "7 5"),
    ],
)
def test_dashes_and_marks_of_prose_are_no_words(text: str, expected: str) -> None:
    assert words_of(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我爱北京。我", "我爱 爱北 北京 我"),
        ("用Python3写", "用 python3 写"),
        ("コンピューターは速い", "コンピューター は速 速い"),
        ("ไทยง่าย", "ไท ทย ยง่ ง่า าย"),
        ("ລາວ ខ្មែរ မြန်မာ", "ລາ າວ ខ្មែ មែរ မြန် န်မာ"),
        ("안녕하세요 세계", "안녕하세요 세계"),
    ],
)
def test_scripts_without_spaces_are_cut_into_pairs(text: str, expected: str) -> None:
    assert words_of(text) == expected.split()


@pytest.mark.parametrize(
    "text",
    ["नमस्ते दुनिया", "كِتَاب", unicodedata.normalize("NFD", "tiếng việt"), "می\u200cخواهم"],  # noqa: RUF001
)
def test_combining_marks_and_joiners_stay_in_their_word(text: str) -> None:
    assert words_of(text) == text.split()


@pytest.mark.parametrize("text", ["", " \n", "?!…", "👩\u200d💻 ❤️ 🇺🇸 ✓", "---", "____"])
def test_punctuation_and_emoji_are_no_words(text: str) -> None:
    assert words_of(text) == []


def test_a_keycap_is_its_digit() -> None:
    assert words_of("1\ufe0f\u20e3 bread") == ["1", "bread"]


def test_each_text_has_its_list() -> None:
    assert words(pl.Series(["two words", "", "a - b"])).to_list() == [["two", "words"], [], ["a", "-", "b"]]
    assert words(pl.Series([], dtype=pl.String)).dtype == pl.List(pl.String)


@given(st.lists(ANY_TEXT | TRICKY, max_size=6))
def test_any_text_has_words_without_white_space_whatever_the_other_texts_are(texts: list[str]) -> None:
    found = words(pl.Series(texts, dtype=pl.String)).to_list()
    assert found == [words_of(text) for text in texts]
    every = [word for own in found for word in own]
    assert all(word and word == word.lower() and len(word.split()) == 1 for word in every)
    assert not any(mark in word for word in every for mark in "\ue000\ue001")
