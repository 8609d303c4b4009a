"""Errors as OpenAI's API words them: a status, and `{"error": {message, type, param, code}}`."""

from typing import Any


class ApiError(Exception):
    """What the server says instead of an answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }


def malformed() -> ApiError:
    return ApiError(400, "We could not parse the JSON body of your request. The API expects a JSON payload.")


def missing(param: str) -> ApiError:
    return ApiError(
        400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def wrong_type(param: str, expected: str) -> ApiError:
    return ApiError(
        400, f"Invalid type for '{param}': expected {expected}.", param=param, code="invalid_type"
    )


def wrong_key(key: str) -> ApiError:
    # OpenAI masks most of the key. All of it here, so that a test sees whether a client logs such messages.
    return ApiError(401, f"Incorrect API key provided: {key}.", code="invalid_api_key")


def no_key() -> ApiError:
    return ApiError(401, "You didn't provide an API key.")


def no_model(model: str) -> ApiError:
    return ApiError(
        404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
    )


def not_found(what: str, name: str) -> ApiError:
    return ApiError(404, f"No {what} found with id '{name}'.", param="id")


def rate_limited(model: str, wait_seconds: float) -> ApiError:
    # OpenAI's `retry-after` is in whole seconds; fractions keep tests short.
    return ApiError(
        429,
        f"Rate limit reached for {model} in organization org-loopback on requests per min (RPM). "
        f"Please try again in {wait_seconds:g}s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers={"retry-after": f"{wait_seconds:g}", "retry-after-ms": f"{wait_seconds * 1000:.0f}"},
    )


def no_quota() -> ApiError:
    return ApiError(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        kind="insufficient_quota",
        code="insufficient_quota",
    )


def no_resources() -> ApiError:
    return ApiError(
        429,
        "Flex processing has no resources for this request now.",
        kind="resource_unavailable",
        code="resource_unavailable",
    )


def server_failed() -> ApiError:
    return ApiError(
        500, "The server had an error while processing your request. Sorry about that!", kind="server_error"
    )


def refused_prompt(text: str) -> ApiError:
    # Quotes the prompt, as some servers do, so that a test sees whether a client logs such messages.
    return ApiError(400, f"Invalid prompt: {text[:200]}", code="invalid_prompt")
