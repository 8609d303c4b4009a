"""What a batch's input file asks for, and what is wrong with it."""

from typing import Any, Final

import orjson

from tests.openai_server import chat, embeddings
from tests.openai_server.errors import ApiError

Item = tuple[str, dict[str, Any]]  # custom_id, body
ENDPOINTS: Final = ("/v1/chat/completions", "/v1/embeddings")
_MAX_SHOWN: Final = 100


def read(content: bytes, endpoint: str, models: set[str]) -> tuple[list[Item], list[dict[str, Any]]]:
    """The items of a file and its errors, as OpenAI's validation gives them; with errors no item counts."""
    items: list[Item] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = _item(line, endpoint)
            _check(item, items, seen, models)
        except ApiError as error:
            stated = error.body["error"]
            errors.append({key: stated[key] for key in ("code", "message", "param")} | {"line": number})
            continue
        items.append(item)
        seen.add(item[0])
    if not items and not errors:
        errors.append(failure("empty_file", "The batch file has no requests."))
    return items, errors[:_MAX_SHOWN]


def failure(code: str, message: str) -> dict[str, Any]:
    """An error of a whole batch."""
    return {"code": code, "message": message, "param": None, "line": None}


def tokens(items: list[Item], endpoint: str) -> int:
    """About how many input tokens items have."""
    if endpoint == ENDPOINTS[0]:
        return sum(chat.input_tokens(body) for _, body in items)
    return sum(chat.tokens(text) for _, body in items for text in embeddings.texts(body))


def check_body(body: dict[str, Any], endpoint: str) -> None:
    """Raise what the endpoint raises for a malformed request."""
    (chat if endpoint == ENDPOINTS[0] else embeddings).check(body)


def _item(line: bytes, endpoint: str) -> Item:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if not isinstance(row, dict):
        raise ApiError(400, "This line is not parseable as valid JSON.", code="invalid_json_line")
    for key in ("custom_id", "method", "url", "body"):
        if key not in row:
            message = f"Missing required parameter: '{key}'."
            raise ApiError(400, message, param=key, code="missing_required_parameter")
    if row["method"] != "POST":
        raise ApiError(400, "Invalid method, only POST is supported.", param="method", code="invalid_method")
    if row["url"] != endpoint:
        message = f"The URL {row['url']} does not match the batch's endpoint {endpoint}."
        raise ApiError(400, message, param="url", code="mismatched_url")
    if not isinstance(row["body"], dict) or not isinstance(row["body"].get("model"), str):
        raise ApiError(
            400, "You must provide a model.", param="body.model", code="missing_required_parameter"
        )
    return row["custom_id"], row["body"]


def _check(item: Item, before: list[Item], seen: set[str], models: set[str]) -> None:
    custom_id, body = item
    if custom_id in seen:
        message = f"The custom_id '{custom_id}' is used by an earlier request of this batch."
        raise ApiError(400, message, param="custom_id", code="duplicate_custom_id")
    if models and body["model"] not in models:
        message = f"The provided model '{body['model']}' is not supported by the Batch API."
        raise ApiError(400, message, param="body.model", code="model_not_found")
    if before and body["model"] != before[0][1]["model"]:
        message = "The models of a batch's requests must all be the same."
        raise ApiError(400, message, param="body.model", code="mismatched_model")
