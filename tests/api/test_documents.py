"""The descriptions of the API are made from the code, and say what it does today."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from gateway.api.error_codes import as_markdown, every_error_code
from gateway.api.openapi import document
from gateway.core.errors import all_error_types

DOCS = Path(settings.BASE_DIR) / "docs"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document()


def operations(api: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_openapi_snapshot_is_current() -> None:
    """If the change is meant: `python manage.py openapi --write docs/openapi.json`."""
    call_command("openapi", check=DOCS / "openapi.json")


def test_every_operation_says_in_one_line_what_it_does(api: dict[str, Any]) -> None:
    without = [(method, path) for method, path, operation in operations(api) if not operation.get("summary")]
    assert without == []


def test_the_error_code_page_is_current() -> None:
    """If the change is meant: `python manage.py error_codes --write docs/errors.md`."""
    assert (DOCS / "errors.md").read_text() == as_markdown()


def test_the_permission_page_is_current() -> None:
    """If the change is meant: `python manage.py permissions --write docs/permissions.md`."""
    from merchants.rules.permissions import as_markdown as permissions_page

    assert (DOCS / "permissions.md").read_text() == permissions_page()


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(api: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(api)]

    assert api["openapi"].startswith("3.1")
    assert len(names) == len(set(names))
    assert [path for _, path, operation in operations(api) if not operation.get("description")] == []


def test_every_operation_below_v1_names_its_problems_and_its_permission(api: dict[str, Any]) -> None:
    for method, path, operation in operations(api):
        if path.startswith("/api/v1/"):
            assert {"400", "401", "403", "429", "503"} <= set(operation["responses"]), (method, path)
            assert operation["x-required-permission"], (method, path)
            assert "404" in operation["responses"] or "{" not in path, (method, path)


def test_every_reference_in_the_document_leads_somewhere(api: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(api)))

    assert references <= set(api["components"]["schemas"])


def test_every_code_has_one_status_a_meaning_and_a_message() -> None:
    codes = every_error_code()

    assert len({one.code for one in codes}) == len(codes)
    assert [one.code for one in codes if not one.meaning or not one.message] == []
    statuses = {one.code: one.status for one in codes}
    assert statuses["card_number_not_allowed"] == 400
    assert statuses["unauthenticated"] == 401
    assert statuses["not_found"] == 404
    assert statuses["invalid_state"] == 409


def test_errors_are_kept_where_the_page_looks_for_them() -> None:
    """An error class elsewhere would be on the page or not, depending on what had been imported."""
    every_error_code()
    homes = {kind.__module__ for kind in all_error_types() if not kind.__module__.startswith("tests.")}

    assert {home for home in homes if not home.endswith(".errors")} == {"gateway.core.states"}


@pytest.mark.django_db
def test_the_document_is_served_to_anybody_as_json() -> None:
    answer = Client().get("/api/v1/openapi.json")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == document()
    assert Client().get("/api/v1/openapi.json", headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.django_db
def test_the_browsable_page_loads_from_here_only_and_has_nothing_inline() -> None:
    page = Client().get("/api/docs").content.decode()
    script = Client().get("/api/docs?script=")

    assert "http://" not in page
    assert "https://" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert 'src="/api/docs?script="' in page
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/openapi.json" in script.content.decode()


@pytest.mark.django_db
def test_the_type_of_a_problem_leads_to_its_line_on_the_error_page() -> None:
    page = Client().get("/api/docs/errors")

    assert page.status_code == 200
    assert 'id="card_number_not_allowed"' in page.content.decode()
