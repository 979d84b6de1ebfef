"""Forget a person in refunds, and keep the books."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gateway.core.personal import PERSONAL_FIELDS, without_personal
from gateway.core.tenancy import Tenant
from payments.models import Payment
from refunds.models import Refund
from refunds.services.audit_refund import audit_refund


def forget_customer(*, tenant: Tenant, customer_id: UUID) -> None:
    """Clear what the merchant wrote about this person into the metadata of refunds. Doing it twice changes nothing."""
    with transaction.atomic():
        theirs = Q(payment__customer_id=customer_id) | Q(order__customer_id=customer_id)
        refunds = Refund.objects.for_merchant(tenant).filter(theirs, metadata__has_any_keys=sorted(PERSONAL_FIELDS))
        # Whoever else writes a refund holds its payment; with these locked, rows of many refunds are in nobody's way.
        payments = Payment.objects.for_merchant(tenant).filter(id__in=refunds.values("payment_id"))
        list(payments.select_for_update(of=("self",)).order_by("pk"))
        for refund in refunds.select_for_update(of=("self",)).order_by("id"):
            cleared = without_personal(refund.metadata)
            kept = cleared if isinstance(cleared, dict) else {}
            refund.metadata = {name: value for name, value in kept.items() if value}
            refund.version += 1
            refund.save(update_fields=["metadata", "version"])
            audit_refund(refund=refund, verb="erased")
