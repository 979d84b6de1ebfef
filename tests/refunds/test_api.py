import time
from types import SimpleNamespace

import pytest
from rest_framework.test import APIClient

from gateway.core.ids import new_id, to_public
from gateway.core.tenancy import Tenant
from merchants.rules.permissions import Role
from payments.models import Payment
from refunds.models import Refund
from tests.payments.factories import make_order, make_tenant, pay, reload, start_payment
from tests.support.fake_provider import FakeProvider
from tests.support.merchants import key_caller, person_caller
from tests.support.work import run_due_work

WHY = "a test looks at its own rows"
URL = "/api/v1/refunds"


@pytest.fixture
def caller(tenant: Tenant) -> APIClient:
    return key_caller(tenant)


@pytest.fixture
def payment(tenant: Tenant) -> Payment:
    return pay(tenant, make_order(tenant, 1000))


def create(caller: APIClient, key: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = caller.post(URL, body, headers={"Idempotency-Key": key})
    return answer.status_code, answer.json()


def test_a_refund_is_answered_at_once_and_replayed_by_its_key(
    caller: APIClient, payment: Payment, provider: FakeProvider
) -> None:
    body = {"payment": payment.public_id, "amount": 300, "reason": "duplicate", "metadata": {"ticket": "7"}}

    status, shown = create(caller, "one", **body)
    run_due_work()
    again = caller.post(URL, body, headers={"Idempotency-Key": "one"})

    assert status == 201
    assert {name: shown[name] for name in ("object", "payment", "amount", "currency", "status", "reason", "external")} == {
        "object": "refund",
        "payment": payment.public_id,
        "amount": 300,
        "currency": "EUR",
        "status": "pending",
        "reason": "duplicate",
        "external": False,
    }  # fmt: skip
    assert again.json() == shown
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [verb for verb, _ in provider.sent].count("refund") == 1
    assert caller.get(f"{URL}/{shown['id']}").json()["status"] == "succeeded"
    assert create(caller, "one", **{**body, "amount": 301})[0] == 422


def test_what_is_too_much_is_409_and_says_how_much_is_left(caller: APIClient, payment: Payment) -> None:
    assert create(caller, "one", payment=payment.public_id, amount=600)[0] == 201

    status, problem = create(caller, "two", payment=payment.public_id, amount=600)

    assert (status, problem["code"], problem["amount_refundable"]) == (409, "amount_too_large", 400)
    assert reload(payment).amount_refund_pending == 600
    assert Refund.objects.unscoped(WHY).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "payment"),
        ({"payment": "ord_01h455vb4pex5vsknk084sn02q"}, "payment"),
        ({"amount": 0}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": "300"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"reason": "because"}, "reason"),
        ({"currency": "EUR"}, "currency"),
        ({"metadata": {"a": 1}}, "metadata"),
    ],
)
def test_bad_input_names_the_field_and_keeps_nothing(
    caller: APIClient, payment: Payment, body: dict[str, object], field: str
) -> None:
    complete = {"payment": payment.public_id, **body} if body else {}

    status, problem = create(caller, "one", **complete)

    assert status == 400
    errors: list[dict[str, str]] = problem["errors"]  # type: ignore[assignment]
    assert [error["field"].split(".")[0] for error in errors] == [field]
    assert not Refund.objects.unscoped(WHY).exists()


def test_a_key_is_demanded(caller: APIClient, payment: Payment) -> None:
    answer = caller.post(URL, {"payment": payment.public_id})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_nothing_captured_is_409(caller: APIClient, tenant: Tenant) -> None:
    waiting = start_payment(tenant, make_order(tenant))

    assert create(caller, "one", payment=waiting.public_id)[1]["code"] == "payment_not_captured"


def test_owner_colleague_and_stranger(tenant: Tenant, payment: Payment) -> None:
    support, operator = person_caller(tenant, Role.SUPPORT), person_caller(tenant, Role.OPERATOR)
    stranger = key_caller(make_tenant())

    assert create(operator, "one", payment=payment.public_id)[0] == 403
    assert create(stranger, "one", payment=payment.public_id)[0] == 404
    assert create(APIClient(), "one", payment=payment.public_id)[0] == 401
    assert not Refund.objects.unscoped(WHY).exists()
    status, shown = create(support, "one", payment=payment.public_id)
    assert status == 201
    assert operator.get(f"{URL}/{shown['id']}").status_code == 200
    assert stranger.get(f"{URL}/{shown['id']}").status_code == 404
    assert stranger.get(URL).json()["data"] == []
    assert support.get(f"{URL}/{to_public('rfd', new_id())}").status_code == 404


def test_refunds_are_listed_newest_first_and_filtered(caller: APIClient, tenant: Tenant, payment: Payment) -> None:
    other = pay(tenant, make_order(tenant, 500))
    ids = [create(caller, str(amount), payment=payment.public_id, amount=amount)[1]["id"] for amount in (10, 20)]
    run_due_work()
    ids.append(create(caller, "other", payment=other.public_id)[1]["id"])

    def listed(**parameters: str) -> list[str]:
        return [row["id"] for row in caller.get(URL, parameters).json()["data"]]

    assert listed() == ids[::-1]
    assert listed(payment=payment.public_id) == ids[1::-1]
    assert listed(status="pending") == ids[2:]
    assert listed(amount_gte="15", amount_lte="25") == [ids[1]]
    assert caller.get(URL, {"nonsense": "1"}).status_code == 400


def test_a_pending_refund_can_be_canceled(caller: APIClient, payment: Payment) -> None:
    _, shown = create(caller, "one", payment=payment.public_id)

    canceled = caller.post(f"{URL}/{shown['id']}/cancel", headers={"Idempotency-Key": "two"})
    again = caller.post(f"{URL}/{shown['id']}/cancel", headers={"Idempotency-Key": "three"})

    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    assert again.json()["detail"] == "A refund that is canceled cannot be canceled."
    assert reload(payment).amount_refundable == 1000


def test_a_refund_that_was_sent_cannot_be_canceled(caller: APIClient, payment: Payment) -> None:
    _, shown = create(caller, "one", payment=payment.public_id)
    run_due_work()

    late = caller.post(f"{URL}/{shown['id']}/cancel", headers={"Idempotency-Key": "two"})

    assert (late.status_code, late.json()["code"]) == (409, "refund_already_sent")
    assert reload(payment).amount_refunded == 1000


def test_prefer_wait_holds_the_answer_until_the_bank_has_said_its_word(
    caller: APIClient, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    settling = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: run_due_work())
    monkeypatch.setattr("gateway.api.waiting.time", settling)

    answer = caller.post(URL, {"payment": payment.public_id}, headers={"Idempotency-Key": "one", "Prefer": "wait=10"})

    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=10"
