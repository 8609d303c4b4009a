"""Prompts kept as Markdown files, and the fence around text that a model must not take for instructions."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import InputError

_HEADING = "## "


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt: its file's stem, its sections by their headings, and the SHA-256 of its text."""

    name: str
    sections: dict[str, str]
    sha256: str


def load(name_or_path: str, shipped: Path, headings: Iterable[str], what: str) -> PromptFile:
    """Load a prompt that is shipped, by its name, or one's own, by its path.

    Args:
        name_or_path: which.
        shipped: the folder of those that are shipped.
        headings: of its sections.
        what: what to call it in an error.

    Raises:
        InputError: there is none, it can't be read, or a section is missing, empty, unknown or there twice.
    """
    known = {file.stem: file for file in shipped.glob("*.md") if file.stem != "README"}
    path = known.get(name_or_path, Path(name_or_path))
    if not path.is_file():
        names = ", ".join(sorted(known))
        raise InputError(f"no {what} {name_or_path!r}: name one of {names}, or the path of a Markdown file")
    text = _read(path)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return PromptFile(path.stem, sections(text, headings, f"the {what} {path}"), digest)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"can't read {path}: it is not UTF-8 text") from None


def sections(text: str, names: Iterable[str], where: str) -> dict[str, str]:
    """Split a prompt file at its headings of the second level; what is above the first is left out.

    Args:
        text: the file's.
        names: the headings there must be, and no others.
        where: what to call the file in an error.

    Raises:
        InputError: a section is missing, empty, unknown or there twice.
    """
    expected = tuple(names)
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith(_HEADING):
            lines.append(line)
            continue
        name = line.removeprefix(_HEADING).strip()
        if name not in expected or name in found:
            fault = "comes twice" if name in found else f"is none of: {'; '.join(expected)}"
            raise InputError(f"{where}: the section {name[:60]!r} {fault}")
        lines = found[name] = []
    bodies = {name: "\n".join(found.get(name, [])).strip() for name in expected}
    if missing := [name for name, body in bodies.items() if not body]:
        raise InputError(f"{where}: write the section '{_HEADING}{missing[0]}', which is missing or empty")
    return bodies


def fenced(text: str, label: str) -> str:
    """Text between two marked lines that it can't imitate; the same text always has the same mark.

    The mark is from the text's own hash. A random one would make each request new, and bought answers lost.
    """
    mark = _mark(text)
    while mark in text:
        mark = _mark(mark + text)
    return f"BEGIN {label} {mark}\n{text}\nEND {label} {mark}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def chat_body(
    system: str, user: str, max_tokens: int, schema: tuple[str, dict[str, Any]] | None
) -> dict[str, Any]:
    """A chat completion's body without its model.

    The system message comes first and is the same for each text, so that a server can cache it.

    Args:
        system: the instructions.
        user: what they are about.
        max_tokens: the answer's.
        schema: its name and its properties, all required; None: the server knows no JSON schema.
    """
    body: dict[str, Any] = {
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "temperature": 0,
        "max_tokens": max_tokens,
    }
    if schema is None:
        return body
    name, properties = schema
    strict = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    body["response_format"] = {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": strict},
    }
    return body
