"""Web pages of any origin may call what a publishable key may call, and nothing else."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example"


def preflight(path: str, method: str = "POST") -> str | None:
    answer = Client().options(path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": method})
    return answer.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize(("path", "method"), [("/api/v1/tokens", "POST"), ("/api/v1/checkout/sessions/cs_1", "GET")])
def test_publishable_paths_answer_to_any_origin_without_cookies(path: str, method: str) -> None:
    answer = Client().options(path, headers={"Origin": ORIGIN, "Access-Control-Request-Method": method})

    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.has_header("Access-Control-Allow-Credentials")
    assert "x-api-secret" not in answer["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/api_keys",
        "/api/v1/payments",
        "/api/v1/orders",
        "/api/v1/tokens/tok_1",
        "/api/v1/checkout/sessions",
        "/api/v1/checkout/sessions/cs_1/expire",
        "/auth/token",
        "/dashboard/",
    ],
)
def test_no_other_path_does(path: str) -> None:
    assert preflight(path) is None
    assert Client().get(path, headers={"Origin": ORIGIN}).get("Access-Control-Allow-Origin") is None
