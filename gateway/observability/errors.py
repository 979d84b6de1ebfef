"""Unexpected exceptions: they are reported by type, message and place, never with the values of local variables."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from gateway.core.redaction import redact_traceback


def formatted(error: BaseException) -> str:
    """The traceback as it may be written down."""
    return redact_traceback("".join(traceback.format_exception(error)))


def print_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """`sys.excepthook`: the end of a process, on standard error."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(formatted(error.with_traceback(trace)))


def print_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    """`threading.excepthook`: the end of a thread."""
    if arguments.exc_value is not None and not issubclass(arguments.exc_type, SystemExit):
        name = arguments.thread.name if arguments.thread else "a thread"
        sys.stderr.write(f"{name} ended: {formatted(arguments.exc_value)}")


class QuietReporter(ExceptionReporter):
    """Replaces Django's report (page and mail), which shows settings, the request's fields and every local variable."""

    def get_traceback_data(self) -> dict[str, Any]:
        """Only what the two renderings below show."""
        return {"report": formatted(self.exc_value) if isinstance(self.exc_value, BaseException) else ""}

    def get_traceback_text(self) -> SafeString:
        """The redacted traceback, as plain text."""
        return mark_safe(str(self.get_traceback_data()["report"]))  # noqa: S308  (never HTML)

    def get_traceback_html(self) -> SafeString:
        """A page that says that something went wrong, and nothing else."""
        return mark_safe(
            "<!doctype html><title>Server error</title><h1>Server error</h1><p>The error was recorded.</p>"
        )
