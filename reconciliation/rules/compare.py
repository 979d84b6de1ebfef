"""Pure comparison of two sets of facts.

>>> compare_facts("bank", {("capture", "opn_1"): (500, "EUR")}, "ledger", {("capture", "opn_1"): (400, "EUR")})
['capture opn_1: bank has 500 EUR, ledger has 400 EUR.']
>>> compare_facts("bank", {("refund", "rfd_1"): (500, "EUR")}, "ledger", {})
['refund rfd_1: bank has 500 EUR, ledger has nothing.']
>>> compare_facts("bank", {}, "ledger", {("refund", "rfd_1"): (500, "EUR")})
['refund rfd_1: bank has nothing, ledger has 500 EUR.']
"""

from __future__ import annotations

from collections.abc import Mapping

FactKey = tuple[str, str]  # what happened, and our id of it
Fact = tuple[int, str]  # amount in minor units, currency


def compare_facts(
    left_name: str, left: Mapping[FactKey, Fact], right_name: str, right: Mapping[FactKey, Fact]
) -> list[str]:
    """Every fact that is missing on one side or differs, as a plain sentence."""
    return [
        f"{kind} {subject}: {left_name} has {_words(left.get((kind, subject)))}, "
        f"{right_name} has {_words(right.get((kind, subject)))}."
        for kind, subject in sorted({*left, *right})
        if left.get((kind, subject)) != right.get((kind, subject))
    ]


def _words(fact: Fact | None) -> str:
    return "nothing" if fact is None else f"{fact[0]} {fact[1]}"
