"""Reading tokens."""

from __future__ import annotations

from uuid import UUID

from gateway.core.errors import NotFound
from gateway.core.tenancy import Tenant
from payments.models import Token


def get_token(tenant: Tenant, token_id: UUID) -> Token:
    """The merchant's token. Raises `NotFound`."""
    token = Token.objects.for_merchant(tenant).filter(id=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    return token


def token_for_update(tenant: Tenant, token_id: UUID) -> Token:
    """The merchant's token, locked. Raises `NotFound`."""
    rows = Token.objects.for_merchant(tenant).select_for_update(of=("self",)).select_related("provider_account")
    token = rows.filter(id=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    return token
