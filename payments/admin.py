"""Staff read payments here, look after provider accounts, and decide what becomes of money that nobody can explain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from gateway.audit.admin import AuditedAdmin, actor_of
from gateway.core import clock, context
from gateway.core.admin import ReadOnlyAdmin
from gateway.core.errors import DomainError
from payments.models import Anomaly, Operation, Order, Payment, ProviderAccount
from payments.rules.anomaly_postings import choices_for
from payments.services.resolve_anomaly import NOTE_LENGTH, resolve_anomaly


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
class AnomalyAdmin(ReadOnlyAdmin):
    """What a provider did beyond our books. Read only, but for one button: resolving it."""

    list_display = ("public_id", "kind", "merchant", "amount", "currency", "detail", "created_at", "resolved_at")
    list_filter = ("kind", "livemode", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    ordering = ("-id",)
    change_form_template = "admin/anomaly.html"

    def get_urls(self) -> list[URLPattern]:
        """The rows, and the page behind the button."""
        resolve = self.admin_site.admin_view(self.resolve)
        return [path("<uuid:anomaly_id>/resolve", resolve, name="payments_anomaly_resolve"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The row, with the button while it is open."""
        anomaly = kwargs.get("obj")
        is_open = anomaly is not None and anomaly.resolved_at is None
        context["may_resolve"] = is_open and self.has_resolve_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def resolve(self, request: HttpRequest, anomaly_id: UUID) -> HttpResponse:
        """Ask for the decision, and let the service carry it out in the name of the member of staff."""
        if not self.has_resolve_permission(request):
            raise PermissionDenied
        anomaly = self.get_queryset(request).filter(id=anomaly_id).first()
        if anomaly is None:
            raise Http404
        form = ResolveForm(request.POST or None, anomaly=anomaly)
        if request.method == "POST" and form.is_valid() and self._resolved(request, anomaly, form):
            self.message_user(request, f"{anomaly.public_id} is resolved.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:payments_anomaly_change", args=[anomaly.id]))
        page = {
            **self.admin_site.each_context(request),
            "title": f"Resolve {anomaly.public_id}",
            "anomaly": anomaly,
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/resolve_anomaly.html", page)

    def _resolved(self, request: HttpRequest, anomaly: Anomaly, form: ResolveForm) -> bool:
        bound = context.bound(actor=actor_of(request), merchant_id=anomaly.merchant_id, livemode=anomaly.livemode)
        with bound, clock.of_merchant(anomaly.merchant_id, anomaly.livemode):
            try:
                resolve_anomaly(
                    tenant=anomaly.tenant,
                    anomaly_id=anomaly.id,
                    note=form.cleaned_data["note"],
                    posting=form.cleaned_data.get("posting", ""),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, refusal.detail)
        return form.is_valid()

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Who may only read may not move money."""
        return request.user.has_perm("payments.change_anomaly")
