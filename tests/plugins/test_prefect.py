"""The Prefect server of the tests."""

import httpx


def test_it_phones_nobody(server: str) -> None:
    settings = httpx.get(f"{server}/admin/settings", timeout=30).json()
    assert settings["server"]["analytics_enabled"] is False
