"""Staff read the audit log here; and what staff change or decide in other apps is written into it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from gateway.audit.models import AuditEntry, Seal
from gateway.audit.services.record import record
from gateway.core import clock, context
from gateway.core.admin import ReadOnlyAdmin
from gateway.core.errors import DomainError
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


class DecidingAdmin(ReadOnlyAdmin):
    """Rows of merchants that staff read, with one button: a decision that a service carries out in their name.

    A subclass names it, says of which rows it is offered, what it asks, and which service carries it out. Who may only
    read may not decide.
    """

    change_form_template = "admin/decidable.html"
    decision: str  # the last part of the address
    decision_words: str  # the button
    decision_template: str

    def may_be_decided(self, row: Any) -> bool:
        """Whether the button is offered."""
        raise NotImplementedError

    def decision_form(self, row: Any, data: Any) -> forms.Form:
        """What is asked."""
        raise NotImplementedError

    def carry_out(self, row: Any, answers: dict[str, Any]) -> None:
        """Call the service. Raises its `DomainError`."""
        raise NotImplementedError

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """The right to change the row, which nobody uses otherwise."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_urls(self) -> list[URLPattern]:
        """The rows, and the page behind the button."""
        view = self.admin_site.admin_view(self.decide)
        name = f"{self.opts.app_label}_{self.opts.model_name}_{self.decision}"
        return [path(f"<uuid:row_id>/{self.decision}", view, name=name), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The row, with the button where it is offered."""
        row = kwargs.get("obj")
        if row is not None and self.has_decide_permission(request) and self.may_be_decided(row):
            context["decision"] = {"url": self._url(self.decision, row), "words": self.decision_words}
        return super().render_change_form(request, context, *args, **kwargs)

    def decide(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """Ask for the decision, and carry it out."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        row: Any = self.get_queryset(request).filter(pk=row_id).first()
        if row is None:
            raise Http404
        form = self.decision_form(row, request.POST or None)
        if request.method == "POST" and form.is_valid() and self._carried_out(request, row, form):
            self.message_user(request, f"{self.decision_words}: {row.public_id}. Done.", messages.SUCCESS)
            return HttpResponseRedirect(self._url("change", row))
        page = {
            **self.admin_site.each_context(request),
            "title": f"{self.decision_words}: {row.public_id}",
            "words": self.decision_words,
            "row": row,
            "row_url": self._url("change", row),
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, self.decision_template, page)

    def _url(self, name: str, row: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=[row.pk])

    def _carried_out(self, request: HttpRequest, row: Any, form: forms.Form) -> bool:
        bound = context.bound(actor=actor_of(request), merchant_id=row.merchant_id, livemode=row.livemode)
        with bound, clock.of_merchant(row.merchant_id, row.livemode):
            try:
                self.carry_out(row, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, refusal.detail)
        return form.is_valid()


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
