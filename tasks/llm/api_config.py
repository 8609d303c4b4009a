"""Entries of arena-hard-auto's `api_config.yaml`, as fields of an endpoint.

Its `api_type` says which API a model has. `openai` is any server that speaks chat/completions, and
`openai_thinking` one that takes a reasoning effort in place of a temperature. The others are other APIs.
"""

from typing import Any, TypeGuard

from tasks.errors import InputError

COMPATIBLE = ("openai", "openai_thinking")

# What people write where a server wants no key.
NO_KEY = {"", "-", "empty", "none", "null"}

# Fields that are read here by name, and `tokenizer`, which only names a counter of tokens.
READ = {"api_type", "endpoints", "model", "model_name", "parallel", "parameters", "tokenizer"}
SAMPLING = {"temperature", "max_tokens", "reasoning_effort"}
SERVER = {"api_base", "api_key", "api_key_env", "model_name"}


def is_entry(entry: object) -> TypeGuard[dict[str, Any]]:
    """Whether an entry is in arena-hard-auto's format."""
    return isinstance(entry, dict) and bool({"api_type", "endpoints"} & set(entry))


def translate(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry in our format; fields unknown here are passed on, so ours, such as `price`, may be added.

    Raises:
        InputError: an API that is not OpenAI's, several servers, no model, or a key written in the file.
    """
    api_type = entry.get("api_type", "openai")
    if api_type not in COMPATIBLE:
        raise InputError(
            f"api_type {api_type} is not OpenAI-compatible; if its server is, "
            "write `api_type: openai` and the server's api_base"
        )
    server = _server(entry.get("endpoints"))
    model = server.get("model_name") or entry.get("model") or entry.get("model_name")
    if not model:
        raise InputError("model: missing; name the model that the server is asked for")
    return {
        "model": model,
        "concurrency": entry.get("parallel", 1),
        "parameters": _parameters(entry),
        **_address(server),
        **{field: value for field, value in entry.items() if field not in READ | SAMPLING},
    }


def _server(servers: object) -> dict[str, Any]:
    """The one server of an entry; empty for OpenAI's own."""
    if not servers:
        return {}
    if not isinstance(servers, list) or not all(isinstance(server, dict) for server in servers):
        raise InputError("endpoints: not a list of tables with api_base and api_key")
    if len(servers) > 1:
        # arena-hard-auto draws one at random for each question, so nobody knows which one answered.
        raise InputError("endpoints: several servers; write one entry for each, under its own name")
    if unknown := sorted(str(field) for field in servers[0] if field not in SERVER):
        raise InputError(f"endpoints: {unknown[0]}: unknown setting")
    return dict(servers[0])


def _address(server: dict[str, Any]) -> dict[str, Any]:
    """Where a server is, and the variable with its key."""
    if not server:
        return {}
    if str(server.get("api_key") or "").strip().lower() not in NO_KEY:
        raise InputError(
            "endpoints: api_key: keys stay out of files; put it in an environment variable and write "
            "`api_key_env: THE_VARIABLE` in its place"
        )
    return {"base_url": server.get("api_base"), "api_key_env": server.get("api_key_env")}


def _parameters(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry adds to requests, or keeps out of them with null."""
    own = entry.get("parameters") or {}
    if not isinstance(own, dict):
        raise InputError("parameters: not a table")
    theirs: dict[str, Any] = {field: entry[field] for field in sorted(SAMPLING) if field in entry}
    if entry.get("api_type") == "openai_thinking":
        # These models refuse a temperature, and know the limit of tokens by another name.
        limit = {"max_completion_tokens": theirs["max_tokens"]} if "max_tokens" in theirs else {}
        effort = theirs.get("reasoning_effort", "medium")
        theirs = {"temperature": None, "max_tokens": None, "reasoning_effort": effort, **limit}
    return theirs | own
