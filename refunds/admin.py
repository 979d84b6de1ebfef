"""Staff read refunds here."""

from __future__ import annotations

from django.contrib import admin

from gateway.core.admin import ReadOnlyAdmin
from refunds.models import Refund


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Money on its way back."""

    list_display = ("public_id", "merchant", "livemode", "amount", "currency", "status", "external", "created_at")
    list_filter = ("status", "livemode", "external")
    list_select_related = ("merchant",)
    search_fields = ("id", "provider_reference", "payment_id")
    ordering = ("-id",)
