"""A published card number, sent wherever a request has room for one, is refused by every endpoint and found nowhere."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from gateway.api.openapi import document
from gateway.observability.logs import line_formatter
from tests.support.database import TestDatabase
from tests.support.merchants import make_key, make_tenant

CARD = "4242424242424242"
SOME_ID = "00000000000000000000000000"
METHODS = ("get", "post", "put", "patch", "delete")
# Reads the provider's signed bytes, never a merchant's words; nothing unsigned is read or kept.
SIGNED_BY_THE_PROVIDER = {"/api/payments/webhook"}


def every_operation() -> list[tuple[str, str]]:
    return [(method, path) for path, methods in document()["paths"].items() for method in METHODS if method in methods]


def concrete(path: str) -> str:
    parts = [f"some_{SOME_ID}" if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


@pytest.fixture
def client(committed_db: TestDatabase, settings: Any) -> APIClient:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))
    key, secret = make_key(make_tenant())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_X_API_KEY=key.key_id, HTTP_X_API_SECRET=secret)
    return client


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What every log handler of ours writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def test_no_endpoint_takes_a_card_number_and_no_table_keeps_one(client: APIClient, log_lines: io.StringIO) -> None:
    refused = 0
    for method, path in every_operation():
        call = getattr(client, method)
        url = concrete(path)
        attempts: list[Any] = [
            call(f"{url}?note={CARD}"),
            call(url, headers={"X-Note": f"card {CARD}"}),
            call(url, headers={"Idempotency-Key": CARD}),
            call(f"{url}/{CARD}"),
        ]
        if method in ("post", "put", "patch") and path not in SIGNED_BY_THE_PROVIDER:
            attempts += [
                call(url, {"metadata": {"note": f"4242 4242 4242 4242 {method}"}}),
                call(url, {"description": CARD}),
                call(url, {CARD: {"deep": [CARD]}}),
                call(url, {"card": {"holder_name": CARD}}),
            ]
        for answer in attempts:
            assert (answer.status_code, answer.json()["code"]) == (400, "card_number_not_allowed"), (method, path)
            assert CARD not in answer.content.decode()
            refused += 1

    assert refused > 20
    assert tables_with(CARD) == []
    assert tables_with("4242 4242 4242 4242") == []
    written = log_lines.getvalue()
    assert '"status": 400' in written
    assert CARD not in written
    assert "4242 4242 4242 4242" not in written


def tables_with(text: str) -> list[str]:
    """Every table that holds this text anywhere, in clear or as bytes."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT count(*) FROM {name} AS t WHERE t::text LIKE %s OR t::text LIKE %s",
                [
                    f"%{text}%",
                    f"%{text.encode().hex()}%",
                ],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found
