"""Staff read payments here, look after provider accounts, and decide what becomes of money that nobody can explain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from gateway.audit.admin import AuditedAdmin, DecidingAdmin
from gateway.core import clock
from gateway.core.admin import ReadOnlyAdmin
from payments.models import Anomaly, Operation, Order, Payment, ProviderAccount
from payments.rules.anomaly_postings import choices_for
from payments.rules.notes import NOTE_LENGTH
from payments.rules.told_outcomes import REFERENCE_LENGTH, ToldOutcome, told_outcome
from payments.selectors.operations import waits_for_a_person
from payments.services.resolve_anomaly import resolve_anomaly
from payments.services.tell_operation_outcome import tell_operation_outcome


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


class OutcomeForm(forms.Form):
    """What the provider's own records say."""

    outcome = forms.ChoiceField(
        label="The provider's records say that it was",
        choices=[("done", "done, in full"), ("not_done", "not done, and never will be")],
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label="Its id there, where it was done", max_length=REFERENCE_LENGTH, required=False, widget=forms.TextInput
    )
    note = forms.CharField(label="How you know", max_length=NOTE_LENGTH, widget=forms.Textarea({"rows": 4}))


class OutcomeAdmin(DecidingAdmin):
    """Requests of which the provider can no longer say what became of them: staff look it up there, and tell."""

    decision, decision_words, decision_template = "outcome", "Tell the outcome", "admin/tell_outcome.html"

    def decision_form(self, row: Any, data: Any) -> forms.Form:
        """Done or not, under which id, and how one knows."""
        return OutcomeForm(data)

    def carry_out(self, row: Any, answers: dict[str, Any]) -> None:
        """Hand over what was told."""
        was_done = answers["outcome"] == "done"
        self.tell(row, told_outcome(was_done=was_done, reference=answers["reference"], note=answers["note"]))

    def tell(self, row: Any, told: ToldOutcome) -> None:
        """Call the service."""
        raise NotImplementedError


@admin.register(Operation)
class OperationAdmin(OutcomeAdmin):
    """Requests to providers."""

    list_display = ("public_id", "kind", "status", "amount", "currency", "code", "attempts", "created_at")
    list_filter = ("kind", "status", "livemode")
    search_fields = ("id", "provider_reference")
    ordering = ("-id",)

    def may_be_decided(self, row: Operation) -> bool:
        """Where a person was asked."""
        return waits_for_a_person(row)

    def tell(self, row: Operation, told: ToldOutcome) -> None:
        """Settle it."""
        tell_operation_outcome(operation_id=row.id, told=told, now=clock.now())


class ResolveForm(forms.Form):
    """What was found out, and where money is in suspense, what becomes of it."""

    note = forms.CharField(label="What you found out", max_length=NOTE_LENGTH, widget=forms.Textarea({"rows": 4}))
    field_order = ("posting", "note")

    def __init__(self, *args: Any, anomaly: Anomaly, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if choices := choices_for(anomaly.amount, is_staff=True):
            named = [(str(choice), choice.replace("_", " ").capitalize()) for choice in choices]
            self.fields["posting"] = forms.ChoiceField(
                label="What becomes of the money", choices=[("", "Choose"), *named]
            )
            self.order_fields(self.field_order)


@admin.register(Anomaly)
class AnomalyAdmin(DecidingAdmin):
    """What a provider did beyond our books. Read only, but for one button: resolving it."""

    list_display = ("public_id", "kind", "merchant", "amount", "currency", "detail", "created_at", "resolved_at")
    list_filter = ("kind", "livemode", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    ordering = ("-id",)
    decision, decision_words, decision_template = "resolve", "Resolve", "admin/resolve_anomaly.html"

    def may_be_decided(self, row: Anomaly) -> bool:
        """While it is open."""
        return row.resolved_at is None

    def decision_form(self, row: Anomaly, data: Any) -> forms.Form:
        """The reason, and what becomes of the money."""
        return ResolveForm(data, anomaly=row)

    def carry_out(self, row: Anomaly, answers: dict[str, Any]) -> None:
        """Resolve it."""
        posting = answers.get("posting", "")
        resolve_anomaly(tenant=row.tenant, anomaly_id=row.id, note=answers["note"], posting=posting, now=clock.now())
