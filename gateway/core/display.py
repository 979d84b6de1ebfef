"""How amounts and moments are written for people. Display only: nothing is ever computed or parsed from these texts.

>>> money_text(4999, "EUR", "en"), money_text(500, "JPY", "en"), money_text(1234567, "BHD", "en")
('EUR\\xa049.99', 'JPY\\xa0500', 'BHD\\xa01,234.567')
>>> money_text(123456, "EUR", "de")
'1.234,56\\xa0EUR'
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, tzinfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import NumberPattern, parse_pattern

from gateway.core.currencies import minor_digits
from gateway.core.money import Money

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def locale_of(language: str) -> Locale:
    """Babel's locale for a Django language code; English for what Babel does not know."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def money_parts(amount: int, currency: str, language: str) -> tuple[str, str, bool]:
    """The figure, the currency code, and whether the code goes first in this language.

    The digits after the point come from ISO 4217, like the amount itself; CLDR disagrees on some currencies.
    """
    locale = locale_of(language)
    digits = minor_digits(currency)
    pattern: NumberPattern = copy(parse_pattern(locale.decimal_formats[None].pattern))
    pattern.frac_prec = (digits, digits)
    figure = pattern.apply(Money(amount, currency).decimal(), locale)
    sample = locale.currency_formats["standard"].pattern.split(";")[0]
    return figure, currency, sample.index("¤") < sample.index("#")


def money_text(amount: int, currency: str, language: str) -> str:
    """An amount of minor units with its currency code, in the order of the language: `EUR 49.99`, `49,99 EUR`."""
    figure, code, code_first = money_parts(amount, currency, language)
    return NO_BREAK_SPACE.join((code, figure) if code_first else (figure, code))


def moment_text(moment: datetime, language: str, zone: tzinfo = UTC) -> str:
    """Date and time to the minute, with the zone named."""
    return format_datetime(moment, "d MMM y, HH:mm zzz", tzinfo=zone, locale=locale_of(language))
