"""Staff read events here."""

from __future__ import annotations

from django.contrib import admin

from gateway.core.admin import ReadOnlyAdmin
from gateway.events.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Public facts. The sealed form with personal data is not shown."""

    list_display = ("public_id", "type", "subject_type", "subject_id", "merchant", "livemode", "timestamp")
    list_filter = ("livemode", "subject_type")
    list_select_related = ("merchant",)
    search_fields = ("type", "subject_id", "request_id")
    exclude = ("sealed_body",)
    ordering = ("-id",)
