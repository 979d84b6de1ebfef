"""From the headers of a request to a `Principal`."""

import base64
import binascii

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from gateway.api import ratelimit
from gateway.api.client_address import client_address
from gateway.api.errors import TooManyWrongKeys
from gateway.core.context import Actor
from gateway.core.errors import Unauthenticated
from gateway.core.principal import Principal
from gateway.core.secrets import secret_matches
from merchants.api.tokens import read_access_token
from merchants.errors import ApiKeyExpired, ApiKeyRevoked, TokenInvalid
from merchants.models import User
from merchants.rules.credentials import PUBLISHABLE_PREFIX
from merchants.rules.permissions import PUBLISHABLE_PERMISSIONS, granted_to_key, permissions_of
from merchants.selectors.api_keys import api_key_by_key_id, publishable_key_by_value
from merchants.selectors.login_sessions import login_session
from merchants.selectors.members import membership_of
from merchants.services.note_key_use import note_key_use

_NO_SUCH_HASH = "0" * 64  # an unknown key costs the same comparison as a wrong secret


class ApiKeyAuthentication(BaseAuthentication):
    """Key id and secret by HTTP Basic or by `X-Api-Key` / `X-Api-Secret`; a publishable key stands alone.

    Wrong ones are counted per address, and beyond the limit nothing from there is even looked at (429).
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Principal] | None:
        """The caller; None when there is no key. Raises `Unauthenticated`, or a 429 after too many wrong ones."""
        presented = _presented(request)
        if presented is None:
            return None
        address = client_address(request._request)
        verdict = ratelimit.allow("wrong_key", address, cost=0)
        if not verdict.allowed:
            raise TooManyWrongKeys(retry_after_s=verdict.reset_s)
        key_id, secret = presented
        try:
            if key_id.startswith(PUBLISHABLE_PREFIX):
                return AnonymousUser(), _publishable(key_id)
            return AnonymousUser(), _secret(key_id, secret)
        except Unauthenticated:
            ratelimit.allow("wrong_key", address)
            raise

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Basic realm="API key id and secret", charset="UTF-8"'


class PersonAuthentication(BaseAuthentication):
    """`Authorization: Bearer` with the access token of a person; its session is looked up every time."""

    def authenticate(self, request: Request) -> tuple[User, Principal] | None:
        """The caller; None when the request brings no bearer token. Raises `TokenInvalid`."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = read_access_token(text.strip())
        session = login_session(token.session_id)
        if (
            session is None
            or session.revoked_at is not None
            or session.expires_at <= timezone.now()
            or not session.user.is_active
            or not token.speaks_for(session)
        ):
            raise TokenInvalid
        membership = membership_of(session.user_id, session.merchant_id)
        if membership is None:
            raise TokenInvalid
        user = session.user
        return user, Principal(
            tenant=session.tenant,
            caller_class="dashboard",
            permissions=permissions_of(membership.role),
            actor=Actor("person", user.public_id),
            credential_id=session.public_id,
            sees_all_tenants=user.is_staff,
        )

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


def _presented(request: Request) -> tuple[str, str] | None:
    if key_id := request.headers.get("X-Api-Key"):
        return key_id.strip(), request.headers.get("X-Api-Secret", "").strip()
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return key_id, secret


def _secret(key_id: str, secret: str) -> Principal:
    key = api_key_by_key_id(key_id) if _may_exist(key_id) else None
    if not secret_matches(secret, key.secret_hash if key else _NO_SUCH_HASH) or key is None:
        raise Unauthenticated
    if key.revoked_at is not None:
        raise ApiKeyRevoked
    if not key.is_usable(timezone.now()):
        raise ApiKeyExpired
    note_key_use(key=key)
    return Principal(
        tenant=key.tenant,
        caller_class="secret",
        permissions=granted_to_key(key.scopes),
        actor=Actor("api_key", key.public_id),
        credential_id=key.public_id,
    )


def _publishable(value: str) -> Principal:
    key = publishable_key_by_value(value) if _may_exist(value) else None
    if key is None or key.revoked_at is not None:
        raise Unauthenticated
    note_key_use(key=key)
    return Principal(
        tenant=key.tenant,
        caller_class="publishable",
        permissions=PUBLISHABLE_PERMISSIONS,
        actor=Actor("customer", key.public_id),
        credential_id=key.public_id,
    )


def _may_exist(text: str) -> bool:
    """Whether the database can be asked for it at all: it refuses NUL, and no key is longer."""
    return len(text) <= 40 and text.isascii() and text.replace("_", "").isalnum()
