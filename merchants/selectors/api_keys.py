"""Reading API keys."""

from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.tenancy import Tenant
from merchants.models import ApiKey, PublishableKey


def api_keys_of(tenant: Tenant) -> QuerySet[ApiKey]:
    """Every key of this merchant and mode, revoked ones included."""
    return ApiKey.objects.for_merchant(tenant)


def get_api_key(tenant: Tenant, api_key_id: UUID) -> ApiKey:
    """One key of this merchant and mode. Raises `NotFound`."""
    return _found(api_keys_of(tenant).filter(pk=api_key_id).first())


def api_key_for_update(tenant: Tenant, api_key_id: UUID) -> ApiKey:
    """The same, locked until the transaction ends. Raises `NotFound`."""
    return _found(api_keys_of(tenant).select_for_update().filter(pk=api_key_id).first())


def publishable_keys_of(tenant: Tenant) -> QuerySet[PublishableKey]:
    """Every publishable key of this merchant and mode."""
    return PublishableKey.objects.for_merchant(tenant)


def api_key_by_key_id(key_id: str) -> ApiKey | None:
    """The key that a caller names, of whatever merchant: who it belongs to is the question."""
    return ApiKey.objects.unscoped("authentication finds out the tenant").filter(key_id=key_id).first()


def publishable_key_by_value(value: str) -> PublishableKey | None:
    """The publishable key that a caller shows, of whatever merchant."""
    return PublishableKey.objects.unscoped("authentication finds out the tenant").filter(value=value).first()


def _found(key: ApiKey | None) -> ApiKey:
    if key is None:
        raise NotFound
    return key
