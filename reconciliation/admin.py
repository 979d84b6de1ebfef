"""Staff read settlement files and their lines here."""

from __future__ import annotations

from django.contrib import admin

from gateway.core.admin import ReadOnlyAdmin
from reconciliation.models import SettlementFile, SettlementLine


@admin.register(SettlementFile)
class SettlementFileAdmin(ReadOnlyAdmin):
    """What providers say they paid out."""

    list_display = (
        "external_id",
        "merchant",
        "date",
        "state",
        "line_count",
        "difference_count",
        "imported_at",
        "error",
    )
    list_filter = ("state", "livemode", "date")
    list_select_related = ("merchant",)
    search_fields = ("external_id", "sha256")
    ordering = ("-id",)


@admin.register(SettlementLine)
class SettlementLineAdmin(ReadOnlyAdmin):
    """Movement by movement."""

    list_display = ("file", "number", "type", "provider_object", "gross", "fee", "net", "currency", "state")
    list_filter = ("state", "type", "is_duplicate")
    list_select_related = ("file",)
    search_fields = ("provider_object", "our_id", "file__external_id")
    ordering = ("-id",)
