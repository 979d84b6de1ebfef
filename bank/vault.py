"""The vault: turns a published test input into a reference, and forgets the number at once."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from bank.cards import CARDS_BY_NAME, CARDS_BY_NUMBER, HOLDER_NAMES, NAMED_CARDS, UPI_ADDRESSES, Card, passes_luhn
from bank.errors import Problem, invalid, not_found
from bank.models import Account, VaultEntry, new_id
from bank.parsing import Body

REFERENCE_LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CardDetails:
    """A card as typed, for the length of one request."""

    number: str = field(repr=False)
    exp_month: int
    exp_year: int
    cvc: str = field(repr=False)
    holder_name: str = field(repr=False)

    @classmethod
    def read(cls, body: Body) -> CardDetails:
        """Parse and check the form of the fields; the issuer's opinion comes with the payment."""
        number = body.text("number", longest=40).replace(" ", "").replace("-", "")
        details = cls(
            number=number,
            exp_month=body.integer("exp_month"),
            exp_year=body.integer("exp_year"),
            cvc=body.text("cvc", default="", longest=40),
            holder_name=body.text("holder_name", default="", longest=255),
        )
        body.text("postal_code", default="")
        body.text("line1", default="")
        body.finish()
        return details


def tokenize_card(account: Account, details: CardDetails) -> VaultEntry:
    """Keep a reference to a published test card for 30 days. Raises a problem, and keeps nothing, for anything else."""
    if not (details.number.isascii() and details.number.isdigit() and 12 <= len(details.number) <= 19):
        raise invalid("card.number", "incorrect_number", "A card number has 12 to 19 digits.")
    if not passes_luhn(details.number):
        raise invalid("card.number", "incorrect_number", "The card number has a wrong digit.")
    card = CARDS_BY_NUMBER.get(details.number)
    if card is None:
        raise invalid("card.number", "test_mode_live_card", "Only published test card numbers are taken in test mode.")
    _check_expiry(details.exp_month, details.exp_year, timezone.now())
    _check_cvc(card, details.cvc)
    return VaultEntry.objects.create(
        id=new_id("bvt"),
        account=account,
        type="card",
        scenario=card.name,
        last4=card.number[-4:],
        exp_month=details.exp_month,
        exp_year=details.exp_year,
        fingerprint=_fingerprint(account, card.number),
        cvc_check=card.cvc_check if details.cvc else "unchecked",
        forced_decline=HOLDER_NAMES.get(details.holder_name.strip(), ""),
        expires_at=timezone.now() + REFERENCE_LIFETIME,
    )


def tokenize_named_card(account: Account, name: str) -> VaultEntry:
    """The same, for a name such as `pm_card_visa`: a CVC counts as given, the expiry is next year's end."""
    card = NAMED_CARDS.get(name)
    if card is None:
        raise invalid("card.name", "unknown_test_card", "There is no test card of that name.")
    cvc = "1234" if card.brand == "amex" else "123"
    year = timezone.now().year + 1
    return tokenize_card(account, CardDetails(card.number, 12, year, cvc, ""))


def tokenize_upi(account: Account, address: str) -> VaultEntry:
    """Keep a reference to one of the test addresses."""
    address = address.strip().lower()
    if address not in UPI_ADDRESSES:
        raise invalid("upi.vpa", "invalid_vpa", "Only the test UPI addresses are known here.")
    return VaultEntry.objects.create(
        id=new_id("bvt"),
        account=account,
        type="upi",
        scenario=address,
        fingerprint=_fingerprint(account, address),
        expires_at=timezone.now() + REFERENCE_LIFETIME,
    )


def resolve_source(account: Account, source: str) -> VaultEntry:
    """The entry behind a payment's `source`: a reference, or the name of a test card (kept as a new reference)."""
    if source in NAMED_CARDS:
        return tokenize_named_card(account, source)
    entry = VaultEntry.objects.filter(account=account, id=source).first()
    if entry is None:
        raise not_found("source")
    if entry.expires_at <= timezone.now():
        raise Problem(410, "source_expired", "The bank keeps a reference for 30 days; this one is gone.")
    return entry


def forget_expired_references() -> int:
    """Delete references whose 30 days are over; returns how many."""
    deleted, _ = VaultEntry.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted


def method_details(entry: VaultEntry) -> dict[str, Any]:
    """The masked form that answers show."""
    if entry.type == "upi":
        user, _, handle = entry.scenario.partition("@")
        return {"vpa_masked": f"{user[:2]}***@{handle}", "fingerprint": entry.fingerprint}
    card = card_of(entry)
    return {
        "brand": card.brand,
        "last4": entry.last4,
        "exp_month": entry.exp_month,
        "exp_year": entry.exp_year,
        "funding": card.funding,
        "country": card.country,
        "fingerprint": entry.fingerprint,
    }


def card_of(entry: VaultEntry) -> Card:
    """The table's line for a card entry."""
    return CARDS_BY_NAME[entry.scenario]


def _check_expiry(month: int, year: int, now: datetime) -> None:
    if not 1 <= month <= 12:
        raise invalid("card.exp_month", "invalid_expiry_month", "The expiry month is 1 to 12.")
    if not now.year <= year <= now.year + 50:
        raise invalid("card.exp_year", "invalid_expiry_year", "The expiry year lies in the past, or too far ahead.")
    if (year, month) < (now.year, now.month):
        raise invalid("card.exp_month", "invalid_expiry_month", "The card's last month has passed.")


def _check_cvc(card: Card, cvc: str) -> None:
    digits = 4 if card.brand == "amex" else 3
    if cvc and not (cvc.isascii() and cvc.isdigit() and len(cvc) == digits):
        raise invalid("card.cvc", "invalid_cvc", f"The security code of this card has {digits} digits.")


def _fingerprint(account: Account, value: str) -> str:
    key = b"bank.fingerprint:" + settings.SECRET_KEY.encode()
    return hmac.new(key, f"{account.id}:{value}".encode(), hashlib.sha256).hexdigest()[:32]
