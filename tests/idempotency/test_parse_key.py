"""Which headers are keys."""

import pytest

from gateway.core.errors import Conflict, DomainError, Invalid, RateLimited, Unavailable
from gateway.idempotency.errors import KeyInUse, KeyMalformed, KeyMissing
from gateway.idempotency.rules import is_decided, parse_key


@pytest.mark.parametrize(
    ("header", "key"),
    [("a", "a"), (' "a" ', "a"), ("a b", "a b"), (r'"a\\b"', "a\\b"), ("x" * 255, "x" * 255), ('a"b', 'a"b')],
)
def test_the_bare_and_the_quoted_form_are_the_same_key(header: str, key: str) -> None:
    assert parse_key(header) == key


@pytest.mark.parametrize("header", [None, "", "  "])
def test_no_header_is_a_missing_key(header: str | None) -> None:
    with pytest.raises(KeyMissing):
        parse_key(header)


@pytest.mark.parametrize("header", ["x" * 256, "é", "a\x00", '"', '"a', '""', '"a"b"', "a\tb"])
def test_anything_else_is_malformed(header: str) -> None:
    with pytest.raises(KeyMalformed):
        parse_key(header)


def test_only_conflicts_that_stay_are_kept_as_answers() -> None:
    refusals: list[DomainError] = [Conflict(), KeyInUse(), Invalid(), RateLimited(), Unavailable()]

    assert [is_decided(error) for error in refusals] == [True, False, False, False, False]
