"""Is this a card that we may hand to a provider? Format, Luhn, expiry, and the list of published test numbers.

What is refused here is never kept: no error carries a number.
"""

from __future__ import annotations

import re
from datetime import datetime

from stdnum import luhn
from stdnum.exceptions import ValidationError

from gateway.core.errors import FieldError
from payments.errors import IncorrectNumber, InvalidCvc, InvalidExpiry, LiveCardRefused
from payments.rules.test_numbers import is_published

_SEPARATORS = re.compile(r"[ \-]")
_YEARS_AHEAD = 50


def bare_number(typed: str) -> str:
    """The digits without the spaces and dashes that people type.

    >>> bare_number("4242 4242-4242 4242")
    '4242424242424242'
    """
    return _SEPARATORS.sub("", typed)


def full_year(year: int) -> int:
    """A two-digit year in this century.

    >>> full_year(34), full_year(2034)
    (2034, 2034)
    """
    return 2000 + year if 0 <= year < 100 else year


def check_card(number: str, *, exp_month: int, exp_year: int, cvc: str | None, now: datetime) -> None:
    """Raise the `Invalid` that names the wrong field. `now` is real time: cards expire by the calendar.

    >>> from datetime import UTC
    >>> today = datetime(2026, 11, 21, tzinfo=UTC)
    >>> check_card("4242424242424242", exp_month=11, exp_year=2026, cvc="123", now=today)
    >>> check_card("4242424242424242", exp_month=10, exp_year=2026, cvc="123", now=today)
    Traceback (most recent call last):
    ...
    payments.errors.InvalidExpiry: The card has expired.
    """
    if not re.fullmatch(r"[0-9]{12,19}", number) or not _passes_luhn(number):
        raise IncorrectNumber(errors=(FieldError("card.number", "incorrect_number", IncorrectNumber.message),))
    if not 1 <= exp_month <= 12:
        raise _expiry("card.exp_month", "invalid_expiry_month", "The expiry month must be 1 to 12.")
    if not now.year <= exp_year <= now.year + _YEARS_AHEAD:
        raise _expiry("card.exp_year", "invalid_expiry_year", "The expiry year is in the past or too far away.")
    if (exp_year, exp_month) < (now.year, now.month):
        raise _expiry("card.exp_month", "invalid_expiry_month", "The card has expired.")
    if cvc is not None and not re.fullmatch(_cvc_format(number), cvc):
        raise InvalidCvc(errors=(FieldError("card.cvc", "invalid_cvc", InvalidCvc.message),))
    if not is_published(number):
        raise LiveCardRefused(errors=(FieldError("card.number", "test_mode_live_card", LiveCardRefused.message),))


def _cvc_format(number: str) -> str:
    is_amex = len(number) == 15 and number.startswith(("34", "37"))
    return r"[0-9]{4}" if is_amex else r"[0-9]{3}"


def _passes_luhn(number: str) -> bool:
    try:
        luhn.validate(number)
    except ValidationError:
        return False
    return True


def _expiry(field: str, code: str, message: str) -> InvalidExpiry:
    return InvalidExpiry(message, errors=(FieldError(field, code, message),))
