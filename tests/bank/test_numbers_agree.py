"""The gateway and the bank share no code, so each has its own list of the published numbers: they must be the same."""

from bank.cards import CARDS_BY_NUMBER
from payments.rules.test_numbers import PUBLISHED_NUMBERS


def test_the_gateway_takes_exactly_the_numbers_that_the_bank_knows() -> None:
    assert frozenset(CARDS_BY_NUMBER) == PUBLISHED_NUMBERS
