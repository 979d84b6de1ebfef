"""What is logged, and what is not: whoever logs it."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from gateway.core import context
from gateway.core.context import Actor
from gateway.observability.logs import GunicornLogger, line_formatter, logging_config

SENTINEL = "4242424242424242"
SPELLINGS = [SENTINEL, "4242 4242 4242 4242", "4242-4242-4242-4242", "4242%204242%204242%204242", "4242+4242+4242+4242"]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the root handler writes; gunicorn's own logger class, where a test made one, took its loggers off the root."""
    monkeypatch.setattr(logging.getLogger("gunicorn.error"), "propagate", True)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def last(lines: io.StringIO) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(lines.getvalue().splitlines()[-1])
    return line


@pytest.mark.parametrize("name", ["payments.services", "django.request", "celery.task", "celery", "gunicorn.error"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_card_number_is_masked_whoever_logs_it(lines: io.StringIO, name: str, spelling: str) -> None:
    logging.getLogger(name).error("took %s.", spelling)

    assert last(lines)["event"] == "took [card number]."


def test_an_exception_is_logged_without_numbers_secrets_and_local_variables(lines: io.StringIO) -> None:
    whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    try:
        message = f"no {SENTINEL} with {whsec}"
        raise ValueError(message)
    except ValueError:
        logging.getLogger("anything").exception("failed")

    line = last(lines)
    assert line["exception"].endswith("ValueError: no [card number] with [redacted]")
    assert SENTINEL not in lines.getvalue() and "MfKQ" not in lines.getvalue()


def test_fields_are_redacted_by_name_and_by_content(lines: io.StringIO) -> None:
    logging.getLogger("x").info(
        "request",
        extra={
            "headers": {"Authorization": "Basic a2V5OnM=", "X-Api-Secret": "s3cr3t", "Accept": "*/*"},
            "n": int(SENTINEL),
        },
    )

    line = last(lines)
    assert line["headers"] == {"Authorization": "[redacted]", "X-Api-Secret": "[redacted]", "Accept": "*/*"}
    assert line["n"] == "[card number]"


def test_a_line_says_who_and_in_which_request(lines: io.StringIO) -> None:
    with context.bound(request_id="req_1", actor=Actor("api_key", "key_1")):
        logging.getLogger("x").info("hello")

    line = last(lines)
    assert (line["request_id"], line["actor"], line["level"], line["logger"]) == ("req_1", "api_key:key_1", "info", "x")


def test_the_database_s_copy_of_a_row_is_not_logged(lines: io.StringIO, db: None) -> None:
    address = ["@".join(("ada", "x.test"))]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE person (email text PRIMARY KEY)")
        cursor.execute("INSERT INTO person VALUES (%s)", address)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO person VALUES (%s)", address)
    except IntegrityError:
        logging.getLogger("x").exception("failed")

    assert "duplicate key" in lines.getvalue() and "ada@x.test" not in lines.getvalue()


def test_gunicorn_gets_our_formatter() -> None:
    from gunicorn.config import Config  # type: ignore[import-untyped]

    logger = GunicornLogger(Config())

    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, f"Invalid request {SENTINEL}", (), None)
    shown = [handler.format(record) for handler in logger.error_log.handlers]
    logger.error_log.handlers.clear()
    assert shown and all("[card number]" in line and SENTINEL not in line for line in shown)


def test_no_handler_but_ours_is_configured() -> None:
    config = logging_config("INFO")

    assert list(config["handlers"]) == ["stderr"]
    assert all(not entry.get("handlers") for entry in config["loggers"].values())


def test_what_nobody_catches_is_printed_redacted() -> None:
    code = (
        "import django; django.setup(); import threading\n"
        f"def fail(): raise RuntimeError('thread {SENTINEL}')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        f"raise RuntimeError('main {SENTINEL}')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "thread [card number]" in done.stderr and "main [card number]" in done.stderr
    # The source line shows the literal here because the program's text is the literal; values are never shown.
    assert "RuntimeError: main [card number]" in done.stderr
