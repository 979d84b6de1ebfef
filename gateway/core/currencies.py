"""ISO 4217: which currencies exist and how many decimal digits their minor unit has.

>>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("BHD"), minor_digits("CLF")
(2, 0, 3, 4)
>>> is_currency("EUR"), is_currency("eur"), is_currency("XXX")
(True, False, False)
"""

from __future__ import annotations

from functools import lru_cache

import iso4217

# Codes for metals, bond units, tests and "no currency": they have no minor unit and nobody can pay in them.
_EXCLUDED_PREFIX = "X"
_REAL_X_CODES = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})


@lru_cache(maxsize=1)
def _digits() -> dict[str, int]:
    return {
        currency.code: currency.exponent
        for currency in iso4217.Currency
        if currency.exponent is not None and (currency.code[0] != _EXCLUDED_PREFIX or currency.code in _REAL_X_CODES)
    }


def is_currency(code: str) -> bool:
    """Whether `code` is a current ISO 4217 currency that people can pay in (upper case)."""
    return code in _digits()


def minor_digits(code: str) -> int:
    """Decimal digits of the minor unit: 2 for EUR, 0 for JPY. KeyError for an unknown code."""
    return _digits()[code]


def all_currencies() -> tuple[str, ...]:
    """Every accepted code, sorted."""
    return tuple(sorted(_digits()))
