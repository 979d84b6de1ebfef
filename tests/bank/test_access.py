"""Who may ask, and how wrong questions are answered."""

import httpx2
import pytest

from tests.support.bank import ADMIN_KEY, BankAccount, BankService, http_client


def ask(service: BankService, method: str, path: str, **options: object) -> httpx2.Response:
    with http_client(20) as client:
        return client.request(method, service.base_url + path, **options)  # type: ignore[arg-type]


def test_bearer_and_both_basic_forms_are_accepted(bank_service: BankService, bank_account: BankAccount) -> None:
    headers = {"Authorization": f"Bearer {bank_account.api_key}"}
    answers = [
        ask(bank_service, "GET", "/v1/account", headers=headers),
        ask(bank_service, "GET", "/v1/account", auth=(bank_account.id, bank_account.api_key)),
        ask(bank_service, "GET", "/v1/account", auth=(bank_account.api_key, "")),
    ]

    assert [answer.json()["id"] for answer in answers] == [bank_account.id] * 3


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic !!!", "Basic YWNjdDp3cm9uZw==", "Digest x"])
@pytest.mark.parametrize("path", ["/v1/account", "/v1/journal", "/v1/payments?reference=x", "/v1/faults", "/v1/status"])
def test_anybody_else_is_refused(bank_service: BankService, authorization: str, path: str) -> None:
    answer = ask(bank_service, "GET", path, headers={"Authorization": authorization})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="bank"'


def test_an_account_cannot_be_named_with_the_key_of_another(
    bank_service: BankService, bank_account: BankAccount
) -> None:
    other = bank_service.new_account()

    assert ask(bank_service, "GET", "/v1/account", auth=(other.id, bank_account.api_key)).status_code == 401


def test_only_the_admin_key_opens_accounts(bank_service: BankService, bank_account: BankAccount) -> None:
    refused = bank_account.request("POST", "/v1/accounts", {})
    admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
    opened = ask(bank_service, "POST", "/v1/accounts", headers=admin, json={"name": "Lumen"}).json()
    twice = ask(bank_service, "POST", "/v1/accounts", headers=admin, json={"id": opened["id"]})

    assert refused.status_code == 401
    assert opened["api_key"].startswith("bk_test_")
    assert (twice.status_code, twice.json()["code"]) == (409, "account_exists")


def test_the_webhook_address_can_be_changed_but_not_to_nonsense(bank_account: BankAccount) -> None:
    answer = bank_account.request("PATCH", "/v1/account", {"webhook_url": "file:///etc/passwd"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_url")
    bank_account.send_webhooks_to("http://127.0.0.1:9/hooks")
    assert bank_account.request("GET", "/v1/account").json()["webhook_url"] == "http://127.0.0.1:9/hooks"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("DELETE", "/v1/payments", 405, "method_not_allowed"),
        ("GET", "/v1/payments", 400, "invalid"),
        ("GET", "/v1/journal?limit=x", 400, "invalid"),
        ("GET", "/v1/journal?kind=tip", 400, "invalid"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/tokens/bvt_x", 404, "not_found"),
    ],
)
def test_wrong_questions_get_problems(
    bank_account: BankAccount, method: str, path: str, status: int, code: str
) -> None:
    answer = bank_account.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 30_000])
def test_a_body_that_is_no_json_object_is_refused(
    bank_service: BankService, bank_account: BankAccount, body: bytes
) -> None:
    headers = {"Authorization": f"Bearer {bank_account.api_key}", "Idempotency-Key": "opn_1"}

    answer = ask(bank_service, "POST", "/v1/payments", headers=headers, content=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_health_needs_no_key(bank_service: BankService) -> None:
    assert ask(bank_service, "GET", "/health").json()["status"] == "ok"
