"""Answers made from a JSON schema, and the rules OpenAI has for such schemas."""

from random import Random
from typing import Any, Final

from tests.openai_server.errors import ApiError

_VOCABULARY: Final = """
amber ancient applied basic bright careful classic coastal creative daily deep digital distant early
eastern exact family formal gentle global golden grand hidden honest inner joint keen large local lunar
market mental modern music native ocean open orbit paper plain public quick quiet rapid regional river
rural safe science shared silent simple smart social solar stable summer travel urban useful vivid winter
"""
_WORDS: Final = _VOCABULARY.split()
_UNKNOWN_TO_OPENAI: Final = ("uniqueItems", "allOf", "not", "if", "patternProperties")


def words(draw: Random) -> str:
    """Two or three words."""
    return " ".join(draw.sample(_WORDS, draw.randint(2, 3))).capitalize()


class Generator:
    """Makes a small valid instance of a schema, the same for the same seed."""

    def __init__(self, schema: dict[str, Any], seed: int, criteria: list[int]) -> None:
        self._root = schema
        self._draw = Random(seed)
        self._criteria = criteria

    def value(self, schema: dict[str, Any] | None = None, name: str = "") -> Any:
        """An instance of a schema (none: the whole one); `criteria` is the list of the prompt's criteria."""
        schema = self._resolved(self._root if schema is None else schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._draw.choice(schema["enum"])
        kinds = schema.get("type", "object" if "properties" in schema else "null")
        kind = next((k for k in kinds if k != "null"), "null") if isinstance(kinds, list) else kinds
        return self._of_kind(kind, schema, name)

    def _of_kind(self, kind: str, schema: dict[str, Any], name: str) -> Any:
        made: Any = None
        match kind:
            case "object":
                made = {key: self.value(part, key) for key, part in schema.get("properties", {}).items()}
            case "array":
                made = self._array(schema, name)
            case "string":
                made = words(self._draw)[: schema.get("maxLength")]
            case "integer":
                made = self._draw.randint(*self._bounds(schema))
            case "number":
                made = round(self._draw.uniform(*self._bounds(schema)), 3)
            case "boolean":
                made = self._draw.random() < 0.5
        return made

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        items = self._resolved(schema.get("items", {}))
        if name == "criteria" and items.get("type") == "integer":
            return self._criteria
        least = schema.get("minItems", 0)
        length = self._draw.randint(least, min(least + 2, schema.get("maxItems", least + 2)))
        return [self.value(items) for _ in range(length)]

    @staticmethod
    def _bounds(schema: dict[str, Any]) -> tuple[int, int]:
        least = schema.get("minimum", min(0, schema.get("maximum", 0)))
        return least, schema.get("maximum", least + 10)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self._at(schema["$ref"])
            elif "anyOf" in schema:
                schema = self._draw.choice(schema["anyOf"])
            else:
                return schema

    def _at(self, pointer: str) -> dict[str, Any]:
        found = self._root
        for part in pointer.removeprefix("#").strip("/").split("/"):
            found = found[part] if part else found
        return found


def check_strict(schema: dict[str, Any], where: str = "") -> None:
    """Raise 400 for a schema that OpenAI refuses with `strict`: an open object, a property not required."""
    for word in _UNKNOWN_TO_OPENAI:
        if word in schema:
            raise _refused(where, f"'{word}' is not permitted.")
    properties = schema.get("properties", {})
    if properties and schema.get("additionalProperties") is not False:
        raise _refused(where, "'additionalProperties' is required to be supplied and to be false.")
    if set(schema.get("required", ())) != set(properties):
        raise _refused(where, "'required' is required to include every key in properties.")
    for name, part in (properties | schema.get("$defs", {})).items():
        check_strict(part, f"{where}{name}.")
    items = (schema["items"],) if "items" in schema else ()
    for part in (*schema.get("anyOf", ()), *items):
        check_strict(part, where)


def _refused(where: str, why: str) -> ApiError:
    return ApiError(
        400,
        f"Invalid schema for response_format: In context=({where.rstrip('.')}), {why}",
        param="response_format",
        code=None,
    )
