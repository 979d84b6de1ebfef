"""What this app refuses."""

from gateway.core.errors import Conflict, Forbidden, RateLimited, Unauthenticated


class ApiKeyRevoked(Unauthenticated):
    """The API key was right once; it has been revoked."""

    code = "api_key_revoked"
    message = "This API key has been revoked."


class ApiKeyExpired(Unauthenticated):
    """The API key was right once; its time is over."""

    code = "api_key_expired"
    message = "This API key has expired."


class ApiKeyNotUsable(Conflict):
    """A key that is revoked, expired or already replaced cannot be rotated."""

    code = "api_key_not_usable"
    message = "This API key is revoked, expired or already replaced; create a new one."


class ScopesBeyondCaller(Forbidden):
    """Nobody can hand out more than they hold."""

    code = "scopes_beyond_caller"
    message = "A key cannot be given more than the caller itself may do."


class WrongLogin(Unauthenticated):
    """The address and the password do not belong together, or that person may not sign in."""

    code = "wrong_login"
    message = "The email address or the password is wrong."


class MerchantChoiceNeeded(Conflict):
    """The person works for several merchants (or none) and did not say for which they sign in."""

    code = "merchant_choice_needed"
    message = "Say for which merchant you sign in: send `merchant`."


class TokenInvalid(Unauthenticated):
    """The access or refresh token is malformed, expired, of the wrong kind, or its session has ended."""

    code = "token_invalid"
    message = "The token is invalid, expired, or its session has ended. Sign in again."


class RefreshTokenReused(Unauthenticated):
    """A refresh token that had been used before came back: somebody copied it, so the whole session was ended."""

    code = "refresh_token_reused"
    message = "This refresh token had been used before. For safety the session was ended; sign in again."


class TooManyLogins(RateLimited):
    """Too many attempts to sign in, from this address or to this account."""

    code = "too_many_logins"
    message = "Too many attempts to sign in. Wait before you try again."


class EmailTaken(Conflict):
    """A person with this address exists."""

    code = "email_taken"
    message = "There is a user with this email address already."


class SlugTaken(Conflict):
    """A merchant with this short name exists."""

    code = "slug_taken"
    message = "There is a merchant with this short name already."


class ClockOnlyForward(Conflict):
    """A clock that went back would make facts happen before their causes."""

    code = "clock_only_forward"
    message = "A test clock moves forward only."
