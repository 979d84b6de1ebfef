"""Parts that not every machine has: tests use them where they are, and say so where they are not."""

import os
import shutil

import pytest

NAMES = {
    "chromium": ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    "redis-server": ["redis-server"],
}


def require(part: str) -> str:
    """The path of `chromium` or `redis-server`. Skips the test without it, or fails where TESTS_DEMAND names the part."""
    found = next(filter(None, map(shutil.which, NAMES[part])), "")
    if not found and part in os.environ.get("TESTS_DEMAND", "").split():
        pytest.fail(f"{part} is demanded (TESTS_DEMAND) and not installed")
    if not found:
        pytest.skip(f"{part} is not installed")
    return found
