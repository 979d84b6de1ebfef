"""What checkout refuses."""

from __future__ import annotations

from gateway.core.errors import Conflict, RateLimited


class SessionNotOpen(Conflict):
    """The session is complete or expired, or its order no longer takes money."""

    code = "checkout_session_not_open"
    message = "This checkout session is no longer open."


class AttemptAlreadyMade(Conflict):
    """This form was sent before: its attempt is on its way, or has ended. Nothing was done again."""

    code = "checkout_attempt_already_made"
    message = "This attempt was already made."
    transient = True


class AmountChanged(Conflict):
    """The order asks for another amount than the page said."""

    code = "checkout_amount_changed"
    message = "The amount to pay has changed."


class TooManyAttempts(RateLimited):
    """Too many attempts or declines from one place: it looks like somebody trying cards."""

    code = "checkout_too_many_attempts"
    message = "Too many attempts. Wait a few minutes, then try again."
