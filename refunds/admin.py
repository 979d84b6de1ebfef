"""Staff read refunds here, and tell what became of one where the provider no longer can."""

from __future__ import annotations

from django.contrib import admin

from gateway.core import clock
from payments.admin import OutcomeAdmin
from payments.rules.told_outcomes import ToldOutcome
from refunds.models import Refund
from refunds.selectors.refunds import waits_for_a_person
from refunds.services.tell_refund_outcome import tell_refund_outcome


@admin.register(Refund)
class RefundAdmin(OutcomeAdmin):
    """Money on its way back."""

    list_display = ("public_id", "merchant", "livemode", "amount", "currency", "status", "external", "created_at")
    list_filter = ("status", "livemode", "external")
    list_select_related = ("merchant",)
    search_fields = ("id", "provider_reference", "payment_id")
    ordering = ("-id",)

    def may_be_decided(self, row: Refund) -> bool:
        """Where a person was asked."""
        return waits_for_a_person(row)

    def tell(self, row: Refund, told: ToldOutcome) -> None:
        """Settle it."""
        tell_refund_outcome(refund_id=row.id, told=told, now=clock.now())
