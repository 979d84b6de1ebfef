"""Staff read the audit log here; and what staff change in other apps is written into it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from gateway.audit.models import AuditEntry, Seal
from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.admin import ReadOnlyAdmin
from gateway.core.tenancy import MerchantOwned


def actor_of(request: HttpRequest) -> context.Actor:
    """The member of staff who asks."""
    return context.Actor("staff", getattr(request.user, "public_id", ""))


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows that staff may change. Every change is recorded, with the names of the fields; nothing is deleted here."""

    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: what existed stays readable."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: forms.Form, change: bool) -> None:
        """Save and record in one transaction."""
        with transaction.atomic(), context.bound(actor=actor_of(request)):
            super().save_model(request, obj, form, change)
            name = str(obj._meta.model_name)
            record(
                action=f"{name}.{'changed' if change else 'created'}_by_staff",
                subject_type=name,
                subject_id=obj.pk,
                tenant=obj.tenant if isinstance(obj, MerchantOwned) else None,
                data={"fields": sorted(form.changed_data)},
            )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what."""

    list_display = ("recorded_at", "actor_kind", "actor_id", "action", "subject_type", "subject_id", "merchant_id")
    list_filter = ("actor_kind", "livemode")
    search_fields = ("action", "subject_id", "actor_id", "request_id")
    ordering = ("-id",)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """The chain over the log."""

    list_display = ("number", "hash", "previous", "sealed_at")
    ordering = ("-number",)
