"""Staff read payments here, and look after provider accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from gateway.audit.admin import AuditedAdmin
from gateway.core.admin import ReadOnlyAdmin
from payments.models import Anomaly, Operation, Order, Payment, ProviderAccount


@admin.register(ProviderAccount)
class ProviderAccountAdmin(AuditedAdmin):
    """Where money goes. Secrets are neither shown nor typed here: the service that makes an account seals them."""

    list_display = ("name", "provider", "merchant", "livemode", "is_active", "is_default", "created_at")
    list_filter = ("provider", "livemode", "is_active")
    list_select_related = ("merchant",)
    fields = ("merchant", "livemode", "provider", "name", "config", "is_active", "is_default", "created_at")
    readonly_fields = ("merchant", "livemode", "provider", "config", "is_default", "created_at")
    search_fields = ("name", "merchant__name")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are made by the service, which seals their secrets."""
        return False


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Demands for money."""

    list_display = ("public_id", "merchant", "livemode", "amount", "currency", "status", "reference", "created_at")
    list_filter = ("status", "livemode")
    list_select_related = ("merchant",)
    search_fields = ("id", "reference")
    ordering = ("-id",)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Attempts to pay."""

    list_display = ("public_id", "merchant", "livemode", "amount", "currency", "status", "late_success", "created_at")
    list_filter = ("status", "livemode", "late_success")
    list_select_related = ("merchant",)
    search_fields = ("id", "provider_reference")
    ordering = ("-id",)


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Requests to providers."""

    list_display = ("public_id", "kind", "status", "amount", "currency", "code", "attempts", "created_at")
    list_filter = ("kind", "status", "livemode")
    search_fields = ("id", "provider_reference")
    ordering = ("-id",)


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnlyAdmin):
    """What a provider did beyond our books."""

    list_display = ("public_id", "kind", "merchant", "amount", "currency", "detail", "created_at", "resolved_at")
    list_filter = ("kind", "livemode")
    list_select_related = ("merchant",)
    ordering = ("-id",)
