"""Move a merchant's test clock forward, and with it the timers of its test mode."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.tenancy import Tenant
from gateway.work.services.pull_forward import pull_forward
from merchants.errors import ClockOnlyForward
from merchants.models import Merchant


def advance_test_clock(*, merchant_id: UUID, to: datetime) -> Merchant:
    """Let the merchant's test mode live at `to` from now on. Raises `ClockOnlyForward`."""
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update(no_key=True).get(id=merchant_id)
        offset = to - timezone.now()
        if offset < merchant.test_clock_offset:
            raise ClockOnlyForward
        merchant.test_clock_offset = offset
        merchant.save(update_fields=["test_clock_offset"])
        tenant = Tenant(merchant_id, livemode=False)
        data = {"offset_s": round(offset.total_seconds())}
        record(action="test_clock.advanced", subject_type="merchant", subject_id=merchant_id, tenant=tenant, data=data)
        pull_forward(tenant)
    return merchant
