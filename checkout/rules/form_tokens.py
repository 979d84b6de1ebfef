"""The proof in a form that we made it: for this session, this attempt and this amount. It needs no cookie.

It keeps strangers' pages from sending a customer's form and ties the click to the amount on the button. It is no secret
of the customer's: whoever has the session's address has the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing

_SALT = "checkout.form"


@dataclass(frozen=True, slots=True)
class FormToken:
    """What a form was made for."""

    session: str
    attempt: int
    amount: int


def sign_form(token: FormToken) -> str:
    """The hidden field of a form."""
    return signing.Signer(salt=_SALT).sign(f"{token.session}.{token.attempt}.{token.amount}")


def read_form(text: str, session: str) -> FormToken | None:
    """What the form was made for; None for a token that is not ours or of another session."""
    try:
        of_session, attempt, amount = signing.Signer(salt=_SALT).unsign(text).split(".")
    except (signing.BadSignature, ValueError):
        return None
    return FormToken(of_session, int(attempt), int(amount)) if of_session == session else None
