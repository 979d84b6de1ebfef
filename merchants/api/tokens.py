"""The JWTs of people: 15 minutes of access, 7 days of refresh, signed with a named key (`kid`) that can be rotated.

The signing keys are derived from `FINGERPRINT_KEYS`: its first signs, its first two verify, so putting a new one in
front rotates them without ending anybody's session.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token

from gateway.core import ids
from merchants.errors import TokenInvalid
from merchants.models import LoginSession, Merchant

ALGORITHM = "HS256"
VALID_KEYS = 2
ISSUER = "payment-gateway"


class KeyRingBackend(TokenBackend):
    """simplejwt's backend with a `kid`: signs with the newest key, verifies with the one the token names."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        super().__init__(ALGORITHM, issuer=ISSUER)
        self.keys = dict(keys)

    @cached_property
    def newest(self) -> str:
        """The id of the key that signs."""
        return next(iter(self.keys))

    def encode(self, payload: dict[str, Any]) -> str:
        """The signed token."""
        claims = payload | {"iss": self.issuer}
        return jwt.encode(claims, self.keys[self.newest], algorithm=ALGORITHM, headers={"kid": self.newest})

    def get_verifying_key(self, token: Any) -> bytes:
        """The key that the token's header names. Raises TokenBackendError when it is not (or no longer) valid."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError as error:
            raise TokenBackendError("Token is invalid") from error
        key = self.keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise TokenBackendError("Token is signed with an unknown key")
        return key


def signing_keys() -> dict[str, bytes]:
    """The keys that are valid now, the newest first."""
    ring = list(settings.FINGERPRINT_KEYS.items())[:VALID_KEYS]
    return {key_id: hmac.new(key, b"merchants.api.tokens", hashlib.sha256).digest() for key_id, key in ring}


class SessionToken(Token):
    """A token of a session: claims `sid`, `merchant`, `livemode`, `sub`."""

    def get_token_backend(self) -> TokenBackend:
        """Ours."""
        return KeyRingBackend(signing_keys())

    @property
    def jti(self) -> str:
        """The id of this very token."""
        return str(self.payload["jti"])

    @property
    def session_id(self) -> UUID:
        """Whose session it is. Raises `TokenInvalid`."""
        try:
            return ids.from_public(LoginSession.ID_PREFIX, str(self.payload["sid"]))
        except Exception as error:
            raise TokenInvalid from error

    def name_session(self, session: LoginSession) -> None:
        """Write the session into the claims."""
        self.payload["sid"] = session.public_id
        self.payload["sub"] = ids.to_public("usr", session.user_id)
        self.payload["merchant"] = ids.to_public(Merchant.ID_PREFIX, session.merchant_id)
        self.payload["livemode"] = session.livemode

    def speaks_for(self, session: LoginSession) -> bool:
        """Whether the claims are those of this session."""
        return (
            self.payload.get("merchant") == ids.to_public(Merchant.ID_PREFIX, session.merchant_id)
            and self.payload.get("livemode") is session.livemode
        )


class AccessToken(SessionToken):
    """Sent with every request."""

    token_type = "access"  # noqa: S105  (a kind, not a secret)
    lifetime = timedelta(minutes=15)


class RefreshToken(SessionToken):
    """Good for one exchange."""

    token_type = "refresh"  # noqa: S105  (a kind, not a secret)
    lifetime = timedelta(days=7)


def read_access_token(text: str) -> AccessToken:
    """The verified token. Raises `TokenInvalid`."""
    try:
        return AccessToken(text)  # type: ignore[arg-type]  # simplejwt's annotation is wrong: it takes the encoded text
    except TokenError as error:
        raise TokenInvalid from error


def read_refresh_token(text: str) -> RefreshToken:
    """The verified token. Raises `TokenInvalid`."""
    try:
        return RefreshToken(text)  # type: ignore[arg-type]  # as above
    except TokenError as error:
        raise TokenInvalid from error
