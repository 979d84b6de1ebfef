"""Staff read endpoints, deliveries and the inbox here. Secrets have no page."""

from __future__ import annotations

from django.contrib import admin

from gateway.core.admin import ReadOnlyAdmin
from webhooks.models import Delivery, DeliveryAttempt, Endpoint, InboxEvent


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Where events go."""

    list_display = ("public_id", "merchant", "livemode", "url", "status", "disabled_reason", "created_at")
    list_filter = ("status", "livemode")
    list_select_related = ("merchant",)
    search_fields = ("id", "url")
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """One event on its way to one endpoint."""

    list_display = (
        "public_id",
        "event_type",
        "endpoint",
        "sequence",
        "status",
        "attempts",
        "response_status",
        "created_at",
    )
    list_filter = ("status", "livemode")
    list_select_related = ("endpoint",)
    search_fields = ("id", "event_type", "event_id")
    ordering = ("-id",)


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    """What happened when it was tried."""

    list_display = ("delivery", "number", "url", "response_status", "error_code", "elapsed_ms", "started_at")
    list_filter = ("livemode",)
    search_fields = ("delivery__id",)
    ordering = ("-id",)


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """What providers told us."""

    list_display = ("public_id", "provider", "event_id", "type", "state", "received_at", "processed_at")
    list_filter = ("provider", "state", "livemode")
    search_fields = ("event_id", "payment_reference")
    ordering = ("-id",)
