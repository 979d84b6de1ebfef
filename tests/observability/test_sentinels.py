"""Card numbers sent everywhere are found nowhere: no table, no log line, no message of the broker, no page sent back."""

import base64
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.core.tenancy import Tenant
from payments.providers.simulated_bank.adapter import SimulatedBank
from payments.services.create_provider_account import create_provider_account
from tests.checkout.visits import Visit
from tests.payments.factories import make_order
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.merchants import key_caller, make_tenant
from tests.support.work import run_due_work

SENTINELS = ("4242424242424242", "378282246310005", "36227206271667", "6205500000000000004", "5555555555554444")
CVC = "739"


def spelled(number: str) -> list[str]:
    """As people and programs write it."""
    groups = [number[index : index + 4] for index in range(0, len(number), 4)]
    return [number, " ".join(groups), "-".join(groups)]


def found_in(text: str) -> list[str]:
    """The sentinels in a text, whatever stands between their digits."""
    squeezed = re.sub(r"(?<=\d)(?:[ \-+.]|%20)(?=\d)", "", text)
    return [number for number in SENTINELS if number in squeezed or number.encode().hex() in squeezed]


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What the one configured handler writes."""
    stream = io.StringIO()
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if type(handler) is logging.StreamHandler and type(handler.formatter).__name__ == "ProcessorFormatter"
    ]
    assert handlers, "the root logger has our handler"
    before = [handler.setStream(stream) for handler in handlers]
    yield stream
    for handler, old in zip(handlers, before, strict=True):
        handler.setStream(old)


@pytest.fixture
def tenant(committed_db: TestDatabase, bank_account: BankAccount) -> Tenant:
    """A merchant whose default account is at a real bank."""
    merchant = make_tenant()
    create_provider_account(
        tenant=merchant,
        provider="simulated_bank",
        name="Bank",
        config={"base_url": bank_account.base_url, "account": bank_account.id},
        secrets={"api_key": bank_account.api_key, "webhook_secret": bank_account.webhook_secret},
        now=timezone.now(),
    )
    return merchant


@pytest.fixture
def caller(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


def tables() -> str:
    """Every row of every table, as text."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT format('%I', c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                       " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition")  # fmt: skip
        names = [name for (name,) in cursor.fetchall()]
        assert len(names) > 30
        dump = []
        for name in names:
            cursor.execute(f"SELECT '{name} ' || to_jsonb(t)::text FROM {name} t")
            dump += [row for (row,) in cursor.fetchall()]
    return "\n".join(dump)


def broker_messages() -> str:
    """Every message that waits in the broker, its body decoded."""
    if "socket" not in django_settings.CELERY_BROKER_URL:
        return ""
    path = django_settings.CELERY_BROKER_URL.removeprefix("redis+socket://").split("?")[0]
    prefix = django_settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    texts = []
    with redis.Redis(unix_socket_path=path, db=0) as broker:
        for key in broker.scan_iter(match=f"{prefix}*"):
            if broker.type(key) == b"list":
                for raw in broker.lrange(key, 0, -1):
                    message = json.loads(raw)
                    texts += [raw.decode(), base64.b64decode(message["body"]).decode()]
    return "\n".join(texts)


def assert_nowhere(log_lines: io.StringIO) -> None:
    dump = tables()
    assert found_in(dump) == [], [line[:300] for line in dump.splitlines() if found_in(line)]
    assert found_in(log_lines.getvalue()) == [], [line for line in log_lines.getvalue().splitlines() if found_in(line)]
    assert found_in(broker_messages()) == []


def test_a_card_number_in_its_own_field_is_kept_nowhere(
    caller: APIClient, tenant: Tenant, log_lines: io.StringIO
) -> None:
    for number in SENTINELS[:3]:
        cvc = f"{CVC}9" if number.startswith("37") else CVC
        card = {
            "number": number,
            "exp_month": 12,
            "exp_year": timezone.now().year + 3,
            "cvc": cvc,
            "holder_name": "Ada",
        }
        token = caller.post("/api/v1/tokens", {"type": "card", "card": card}, format="json")
        assert token.status_code == 201, token.content
        payment = caller.post(
            "/api/v1/payments",
            {"amount": 1000, "currency": "EUR", "payment_method_data": {"token": token.json()["id"]}},
            format="json",
            HTTP_IDEMPOTENCY_KEY=f"key-{number[-4:]}",
        )
        assert payment.status_code == 201, payment.content
        assert found_in(token.content.decode() + payment.content.decode()) == []
    assert broker_messages() != "" or "socket" not in django_settings.CELERY_BROKER_URL
    run_due_work()

    assert_nowhere(log_lines)


def test_a_card_number_anywhere_else_is_refused_by_every_endpoint_and_kept_nowhere(
    caller: APIClient, tenant: Tenant, log_lines: io.StringIO
) -> None:
    document = json.loads((django_settings.BASE_DIR / "docs" / "openapi.json").read_text())
    refused = 0
    for template, methods in document["paths"].items():
        for number, method in zip(
            SENTINELS * 2, sorted(set(methods) & {"get", "post", "patch", "delete"}), strict=False
        ):
            for text in spelled(number):
                path = re.sub(r"{[^}]+}", "x", template)
                body = {"description": f"pay {text}", "metadata": {"note": text}, "name": text, "card": {"num": text}}
                send = getattr(caller, method)
                for answer in (
                    send(re.sub(r"{[^}]+}", text, template) + f"?q={text}&{text}=1"),
                    send(f"{path}?q={text.replace(' ', '%20')}"),
                    send(
                        path, HTTP_X_NOTE=text, HTTP_IDEMPOTENCY_KEY=text, HTTP_X_REQUEST_ID=text, HTTP_USER_AGENT=text
                    ),
                    *(
                        [send(path, body, format="json", HTTP_IDEMPOTENCY_KEY="k")]
                        if method in ("post", "patch")
                        else []
                    ),
                ):
                    assert answer.status_code >= 400, (method, path, answer.content)
                    assert found_in(answer.content.decode()) == [], (method, path)
                    assert found_in(str(answer.headers)) == []
                    refused += b"card_number_not_allowed" in answer.content
    assert refused > 300

    assert_nowhere(log_lines)


def test_a_card_number_in_an_exception_is_kept_nowhere(
    caller: APIClient, log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = SENTINELS[0]

    def explode(*_: Any, **__: Any) -> None:
        local_variable = f"{number} {CVC}"
        message = f"cannot tokenise {local_variable}"
        raise RuntimeError(message)

    monkeypatch.setattr(SimulatedBank, "tokenize", explode)
    card = {"number": number, "exp_month": 12, "exp_year": timezone.now().year + 3, "cvc": CVC}

    answer = caller.post("/api/v1/tokens", {"type": "card", "card": card}, format="json")

    assert answer.status_code == 500
    assert found_in(answer.content.decode()) == []
    assert "cannot tokenise [card number]" in log_lines.getvalue()
    assert_nowhere(log_lines)


def test_the_checkout_keeps_no_card_number_and_sends_none_back(tenant: Tenant, log_lines: io.StringIO) -> None:
    order = make_order(tenant, 4999, description="Brass desk lamp")
    visit = Visit(Client(enforce_csrf_checks=True)).enter(order)
    for number, fields in (
        (SENTINELS[0], {"expiry": "13 / 99"}),
        (SENTINELS[1], {"name": SENTINELS[1]}),
        ("4000000000009995", {}),
        (SENTINELS[0], {}),
    ):
        visit.pay(number, **fields)
        assert found_in(visit.html) == []
        run_due_work()
        visit.enter(order)
    run_due_work()

    assert_nowhere(log_lines)


def test_the_sign_in_keeps_no_card_number(tenant: Tenant, log_lines: io.StringIO) -> None:
    for number in SENTINELS:
        answer = APIClient(raise_request_exception=False).post(
            "/auth/token", {"email": f"{number}@demo.test", "password": number, "livemode": False}, format="json"
        )
        assert answer.status_code in (400, 401)
        assert found_in(answer.content.decode()) == []
    assert_nowhere(log_lines)
