"""Money rules, whatever the numbers are: exponents, splits, taxes, fees, partial captures and what the border lets in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rest_framework import serializers

from gateway.api.errors import MalformedBody
from gateway.api.json_body import read_json
from gateway.api.serializers import AmountField
from gateway.core.currencies import all_currencies, minor_digits
from gateway.core.display import money_text
from gateway.core.money import MAX_AMOUNT, Money, split
from merchants.selectors.fee_policy import FeePolicy
from refunds.rules.legs import CaptureShare, by_account, draw

AMOUNTS = st.integers(1, MAX_AMOUNT)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)
EXPONENTS = {"JPY": 0, "EUR": 2, "BHD": 3, "KWD": 3, "CLF": 4, "UYW": 4}


@pytest.mark.parametrize(("currency", "digits"), EXPONENTS.items())
def test_currencies_have_their_iso_exponents(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@given(st.integers(-MAX_AMOUNT, MAX_AMOUNT), st.sampled_from(all_currencies()))
def test_an_amount_is_exactly_its_decimal_in_every_currency(amount: int, currency: str) -> None:
    shown = Money(amount, currency).decimal()
    assert shown * 10 ** minor_digits(currency) == amount
    assert -shown.as_tuple().exponent == minor_digits(currency)  # type: ignore[operator]


@given(AMOUNTS, st.sampled_from(tuple(EXPONENTS)))
def test_what_people_read_is_the_amount(amount: int, currency: str) -> None:
    figure = money_text(amount, currency, "en").partition("\N{NO-BREAK SPACE}")[2]
    assert Decimal(figure.replace(",", "")) == Money(amount, currency).decimal()


@given(AMOUNTS, AMOUNTS)
def test_currencies_never_mix(one: int, other: int) -> None:
    with pytest.raises(ValueError, match="do not mix"):
        Money(one, "EUR") + Money(other, "JPY")
    assert (Money(one, "EUR") + Money(other, "EUR")) - Money(other, "EUR") == Money(one, "EUR")


@given(st.integers(-MAX_AMOUNT, MAX_AMOUNT), WEIGHTS)
def test_the_parts_of_a_split_are_the_whole_and_each_is_fair(total: int, weights: Sequence[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or part == 0


@given(st.integers(0, MAX_AMOUNT), WEIGHTS, st.data())
def test_a_split_is_stable_and_treats_equals_alike(total: int, weights: list[int], data: st.DataObject) -> None:
    parts = split(total, weights)
    assert split(total, weights) == parts
    for one, other in zip(range(len(weights)), range(1, len(weights)), strict=False):
        if weights[one] == weights[other]:
            assert 0 <= parts[one] - parts[other] <= 1  # the odd unit goes to the earlier
    order = data.draw(st.permutations(range(len(weights))))
    moved = split(total, [weights[index] for index in order])
    assert all(abs(moved[place] - parts[index]) <= 1 for place, index in enumerate(order))


@given(st.integers(-1000, 1000), st.lists(st.integers(-5, 5), max_size=6))
def test_weights_that_mean_nothing_are_refused(total: int, weights: list[int]) -> None:
    assume(any(weight < 0 for weight in weights) or not any(weights))
    with pytest.raises(ValueError, match="weights"):
        split(total, weights)


@given(AMOUNTS, st.integers(0, 5_000))
def test_tax_included_in_a_price_and_its_net_are_the_price(gross: int, basis_points: int) -> None:
    """Nothing computes tax yet; when something does, it splits: net and tax weigh 10,000 and the rate."""
    net, tax = split(gross, (10_000, basis_points))
    assert net + tax == gross
    assert abs(tax - Fraction(gross * basis_points, 10_000 + basis_points)) < 1


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=10).filter(any), st.integers(0, 5_000))
def test_tax_on_top_divides_over_the_lines_without_a_rest(lines: list[int], basis_points: int) -> None:
    tax = (sum(lines) * basis_points + 5_000) // 10_000
    assert sum(split(tax, lines)) == tax


@given(AMOUNTS, st.integers(0, 10_000), st.integers(0, 1_000))
def test_a_fee_is_never_negative_and_never_more_than_the_amount(amount: int, basis_points: int, fixed: int) -> None:
    fee = FeePolicy(basis_points, fixed).fee_on(amount)
    assert 0 <= fee <= amount
    share = Fraction(amount * basis_points, 10_000)
    assert fee == amount or abs(fee - fixed - share) <= Fraction(1, 2)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10_000)), min_size=1, max_size=6), st.data())
def test_refunds_of_partial_captures_draw_everything_and_nothing_twice(
    captures: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Refunds until nothing is left: each sums to its amount, and in all each capture gives what it brought."""
    policy = {index: FeePolicy(points, 0).fee_on(amount) for index, (amount, points) in enumerate(captures)}
    drawn, pending = [0] * len(captures), [0] * len(captures)
    left = sum(amount for amount, _ in captures)
    while left:
        amount = data.draw(st.integers(min(left, left // 8 + 1), left))
        shares = [
            CaptureShare(str(index), captured, policy[index], pending[index], drawn[index])
            for index, (captured, _) in reversed(list(enumerate(captures)))
        ]
        legs = draw(amount, shares, available=0)
        assert sum(by_account(legs).values()) == amount
        for leg in legs:
            drawn[int(leg.capture)] += leg.amount
            pending[int(leg.capture)] += leg.amount if leg.account == "merchant_pending" else 0
        left -= amount
    assert drawn == [amount for amount, _ in captures]
    assert pending == [amount - policy[index] for index, (amount, _) in enumerate(captures)]


def accepted(spelled: str) -> int | None:
    """What the border makes of this JSON number as an amount; None when it refuses it."""
    try:
        value = AmountField().run_validation(read_json(b'{"amount": ' + spelled.encode() + b"}")["amount"])
    except (serializers.ValidationError, MalformedBody):
        return None
    assert type(value) is int
    return value


@given(AMOUNTS)
def test_the_border_takes_every_amount_as_it_is(amount: int) -> None:
    assert accepted(str(amount)) == amount


@given(
    st.one_of(
        st.integers(max_value=0).map(str),
        st.integers(min_value=MAX_AMOUNT + 1).map(str),
        st.floats().map(repr),
        st.integers(1, 10**6).map(lambda amount: f"{amount}.0"),
        st.tuples(st.integers(1, 999), st.sampled_from("eE"), st.integers(0, 9)).map(lambda one: "{}{}{}".format(*one)),
        st.decimals(allow_nan=False, allow_infinity=False).map(str).filter(lambda text: "." in text or "E" in text),
        st.sampled_from(("true", "false", "null", "[]", "{}", "NaN", "Infinity", "-0", "007", "+1", '"100"', '"1e3"')),
    )
)
def test_the_border_refuses_every_other_spelling(spelled: str) -> None:
    assert accepted(spelled) is None
