"""An amount that somebody types: read as the pages print it, refused where it could be two."""

from __future__ import annotations

import doctest

import pytest
from django.forms import ValidationError
from django.http import QueryDict
from django.test import Client

from dashboard.forms.fields import AmountField
from dashboard.forms.filters import MoneyFilters
from dashboard.rules import typed_amount
from gateway.core.currencies import all_currencies
from gateway.core.display import money_parts
from gateway.core.money import MAX_AMOUNT
from gateway.core.tenancy import Tenant
from tests.dashboard.test_payment_actions import form_key
from tests.payments.factories import pay, reload
from tests.support.work import run_due_work


def test_the_examples_in_the_code_hold() -> None:
    result = doctest.testmod(typed_amount)
    assert (result.failed, result.attempted > 3) == (0, True)


@pytest.mark.parametrize("currency", all_currencies())
def test_what_a_page_or_a_form_shows_is_read_as_what_it_was(currency: str) -> None:
    field = AmountField(currency)
    for amount in (1, 99, 1000, 999_999, 1_000_000, 123_456_789, MAX_AMOUNT):
        figure, _code, _code_first = money_parts(amount, currency, "en")
        assert field.clean(field.prepare_value(amount)) == amount
        assert field.clean(figure) == amount


@pytest.mark.parametrize(
    ("currency", "typed", "minor"),
    [
        ("EUR", "1,000", 100_000),
        ("EUR", "1,000.00", 100_000),
        ("EUR", "1000", 100_000),
        ("EUR", "4,99", 499),
        ("EUR", " 1 000.50 ", 100_050),
        ("JPY", "1,000", 1000),
        ("JPY", "1000", 1000),
        ("KWD", "1.000", 1000),
        ("KWD", "1,000.000", 1_000_000),
        ("KWD", "1,000,000", 1_000_000_000),
        ("INR", "12,34,567.00", 123_456_700),
        ("INR", "1,234,567.00", 123_456_700),
        ("INR", "1,00,000", 10_000_000),
    ],
)
def test_an_amount_is_read_in_its_currency(currency: str, typed: str, minor: int) -> None:
    assert AmountField(currency).clean(typed) == minor


@pytest.mark.parametrize(
    ("currency", "typed", "words"),
    [
        ("EUR", "1.000", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("EUR", "1.000,00", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("EUR", "10,00.00", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("EUR", "1,0000", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("EUR", "12 50", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("EUR", "\N{ARABIC-INDIC DIGIT ONE}", "Write the amount in figures, like 25.00 or 1,000.00."),
        ("JPY", "1.000", "Write the amount in figures, like 25 or 1,000."),
        ("JPY", "1,5", "Write the amount in figures, like 25 or 1,000."),
        ("KWD", "1,000", "Write the amount in figures, like 25.000 or 1,000.000."),
        ("INR", "12,34.00", "Write the amount in figures, like 25.00 or 1,000.00."),
    ],
)
def test_what_could_be_another_amount_is_refused_with_the_way_to_write_it(
    currency: str, typed: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        AmountField(currency).clean(typed)
    assert refusal.value.messages == [words]


def test_a_capture_of_a_grouped_amount_takes_all_of_it(tenant: Tenant, owner: Client) -> None:
    payment = pay(tenant, amount=200_000, capture_method="manual")
    path = f"/dashboard/payments/{payment.public_id}/capture"
    form = {"capture-key": form_key(owner, path), "capture-amount": "1,000", "capture-final": "on"}
    assert owner.post(path, form).status_code == 303
    run_due_work()
    assert reload(payment).amount_captured == 100_000


def test_a_list_is_filtered_by_grouped_amounts() -> None:
    filters = MoneyFilters(QueryDict("currency=EUR&least=1,000&most=2.000"), statuses=())
    assert filters.lookups() == {"currency": "EUR", "amount__gte": 100_000}
    assert filters.errors["most"] == ["Write the amount in figures, like 25.00 or 1,000.00."]
