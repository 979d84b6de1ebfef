"""Whatever is sent, an answer is what the description of the API says, and never a failure of ours."""

from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.database import TestDatabase
from tests.support.merchants import make_key, make_tenant

load_all_checks()
CHECKED: Any = CHECKS.get_by_names(["not_a_server_error", "content_type_conformance"])
WHOLE_OBJECTS: Any = CHECKS.get_by_names(["response_schema_conformance"])
api = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())


@pytest.fixture
def credentials(committed_db: TestDatabase, settings: Any) -> dict[str, str]:
    """A key that may do everything, and limits that nobody reaches."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))
    key, secret = make_key(make_tenant())
    return {"X-Api-Key": key.key_id, "X-Api-Secret": secret, "Accept-Encoding": "identity"}


@api.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_any_input_gets_an_answer_that_is_described(case: schemathesis.Case[Any], credentials: dict[str, str]) -> None:
    is_cut_down = "fields" in (case.query or {})
    case.call_and_validate(headers=credentials, checks=CHECKED if is_cut_down else [*CHECKED, *WHOLE_OBJECTS])
