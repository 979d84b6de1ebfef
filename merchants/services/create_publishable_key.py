"""A new key for web pages."""

import secrets

from django.db import transaction

from gateway.audit.services.record import record
from gateway.core.tenancy import Tenant
from merchants.models import PublishableKey
from merchants.rules import credentials


def create_publishable_key(*, tenant: Tenant, name: str) -> PublishableKey:
    """Create a publishable key. It is no secret: it can be shown again at any time."""
    with transaction.atomic():
        key = PublishableKey.objects.unscoped("a new key of this very tenant").create(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            name=name,
            value=credentials.publishable_value(secrets.token_bytes(16), livemode=tenant.livemode),
        )
        record(
            action="publishable_key.created",
            subject_type="publishable_key",
            subject_id=key.id,
            tenant=tenant,
            data={"value": key.value},
        )
    return key
