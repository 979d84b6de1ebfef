"""Logs: one JSON object per line, with request id and actor, redacted whatever logger wrote it.

`logging_config()` is Django's `LOGGING`; it has one handler, at the root, so that the lines of Django, Celery, gunicorn and
libraries pass the same redaction. Nothing here needs Django to be set up: gunicorn's master logs before it is.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from gunicorn.glogging import Logger as PlainGunicornLogger  # type: ignore[import-untyped]

from gateway.core import context
from gateway.core.redaction import redact, redact_traceback

LogForm = Literal["json", "console"]
EventDict = MutableMapping[str, Any]

# Loggers that bring handlers of their own, or get them from Django's default configuration (which mails reports).
_HANDLED_AT_THE_ROOT = (
    "celery", "celery.app.trace", "celery.task", "celery.worker", "django", "django.request", "django.security",
    "django.server", "gunicorn.access", "gunicorn.error", "kombu", "py.warnings",
)  # fmt: skip


def logging_config(level: str, form: LogForm = "json") -> dict[str, Any]:
    """The value of `settings.LOGGING`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "gateway.observability.logs.line_formatter", "form": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"handlers": [], "level": "NOTSET", "propagate": True} for name in _HANDLED_AT_THE_ROOT},
            # Statements with their parameters hold personal data: never, not even for debugging.
            "django.db.backends": {"handlers": [], "level": "WARNING", "propagate": True},
            # A line per ring of the bell says nothing: what a worker did is in the metrics and in its own lines.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "httpcore2": {"level": "WARNING"},
            # Our own line says more (`gateway.observability.middleware`).
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def line_formatter(form: LogForm = "json") -> logging.Formatter:
    """The formatter that every handler must have."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _add_context,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
    )


class GunicornLogger(PlainGunicornLogger):  # type: ignore[misc]
    """gunicorn's own lines in the same form (`--logger-class gateway.observability.logs.GunicornLogger`)."""

    def setup(self, cfg: Any) -> None:
        """Give gunicorn's handlers our formatter."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(line_formatter())


def _add_context(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """Who acts in which request. Django's own extra, the request object, is left out."""
    event.pop("request", None)
    known = context.current()
    if known.request_id:
        event.setdefault("request_id", known.request_id)
    event.setdefault("actor", f"{known.actor.kind}:{known.actor.id}" if known.actor.id else known.actor.kind)
    if known.merchant_id is not None:
        event.setdefault("merchant", str(known.merchant_id))
        event.setdefault("livemode", known.livemode)
    return event


def _redact(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """The last word before rendering: every value, the message and the traceback included."""
    for name in ("exception", "stack"):
        if isinstance(event.get(name), str):
            event[name] = redact_traceback(event[name])
    redacted: EventDict = redact(event)
    return {name: str(value) if not isinstance(value, _PLAIN) else value for name, value in redacted.items()}


_PLAIN = (str, int, float, bool, list, dict, type(None))
