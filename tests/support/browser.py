"""A real browser: Debian's Chromium under Playwright. Tests that use it are skipped, and say so, where it is missing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.support.parts import require

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
TIMEOUT_MS = 60_000  # only a test that fails waits so long
expect.set_options(timeout=TIMEOUT_MS)


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """Chromium for the length of the block.

    Playwright keeps a loop in this thread, so Django is told that it may block it. While a loop runs, Django's database
    connections are other ones than before and after it; they are closed here, because nobody sees them later.
    """
    executable = require("chromium")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            try:
                yield browser
            finally:
                connections.close_all()
                browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@contextlib.contextmanager
def visitor(
    browser: Browser,
    *,
    script: bool = True,
    phone: bool = False,
    dark: bool = False,
    forced_colors: bool = False,
) -> Iterator[Page]:
    """A fresh visitor. What the page's own policy or scripts complain about fails the test at the end."""
    context = browser.new_context(
        java_script_enabled=script,
        viewport=PHONE if phone else DESKTOP,
        color_scheme="dark" if dark else "light",
        forced_colors="active" if forced_colors else "none",
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(TIMEOUT_MS)
    complaints = _listen(context)
    page = context.new_page()
    yield page
    context.close()
    assert not complaints, complaints


def _listen(context: BrowserContext) -> list[str]:
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "status of 4" not in message.text  # a refused form is an answer, not a fault
            else None
        ),
    )
    return complaints
