"""API keys: list, create, rotate, revoke. A secret is shown in the one answer that made it, and never again."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from dashboard.forms.api_keys import ApiKeyForm, RotateForm
from dashboard.forms.refusals import add_refusal
from dashboard.presenters.api_keys import api_key_row, publishable_key_row
from dashboard.services.once import Outcome, once
from dashboard.views.page import Page
from gateway.core.errors import DomainError, Forbidden, NotFound
from gateway.core.ids import from_public
from merchants.models import ApiKey
from merchants.rules.permissions import permissions_of
from merchants.selectors.api_keys import api_keys_of, get_api_key, publishable_keys_of
from merchants.services.create_api_key import create_api_key
from merchants.services.revoke_api_key import revoke_api_key
from merchants.services.rotate_api_key import rotate_api_key

_SHOWN_AT_MOST = 100


class ApiKeyPage(Page):
    """What the pages of this resource have in common."""

    needs = "keys:read"
    needs_to_write = "keys:write"
    place = "api-keys"

    def key(self, public_id: str) -> ApiKey:
        """The merchant's key. Raises `NotFound`."""
        return get_api_key(self.tenant, from_public(ApiKey.ID_PREFIX, public_id))

    def revealed(self, outcome: Outcome[tuple[ApiKey, str]], *, was_rotated: bool) -> HttpResponse:
        """The page that shows the secret; for the second click on the same button, one that says why it cannot."""
        key, secret = outcome.result or (get_api_key(self.tenant, outcome.id), "")
        data = {"key": api_key_row(key, timezone.now()), "secret": secret, "was_rotated": was_rotated}
        response = self.show("dashboard/api_keys/secret.html", {**data, "base_url": settings.PUBLIC_URL})
        response.headers["Cache-Control"] = "no-store"
        return response


class ApiKeyList(ApiKeyPage):
    """Every key of this mode."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        at = timezone.now()
        rows = [api_key_row(key, at) for key in api_keys_of(self.tenant).order_by("-id")[:_SHOWN_AT_MOST]]
        data = {
            "live_rows": [row for row in rows if row["status"] == "active"],
            "ended_rows": [row for row in rows if row["status"] != "active"],
            "publishable": [publishable_key_row(key) for key in publishable_keys_of(self.tenant).order_by("-id")[:10]],
            "may_change": self.seat.may("keys:write"),
        }
        return self.show("dashboard/api_keys/list.html", data)


class ApiKeyCreate(ApiKeyPage):
    """A new key."""

    needs = "keys:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.show("dashboard/api_keys/create.html", {"form": ApiKeyForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create it and show the secret."""
        form = ApiKeyForm(request.POST)
        if not form.is_valid():
            return self.show("dashboard/api_keys/create.html", {"form": form}, status=422)
        wanted = form.wanted()
        try:
            outcome = once(
                tenant=self.tenant,
                key=form.cleaned_data["key"],
                path=request.path,
                body=wanted,
                run=lambda call: create_api_key(
                    tenant=self.tenant, held=permissions_of(self.seat.role), call=call, **wanted
                ),
                id_of=lambda made: made[0].id,
            )
        except DomainError as refusal:
            form = add_refusal(form, refusal, {"expires_at": "expires"})
            return self.show("dashboard/api_keys/create.html", {"form": form}, status=422)
        return self.revealed(outcome, was_rotated=False)


class ApiKeyRotate(ApiKeyPage):
    """A new secret for an old key."""

    needs = "keys:write"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The form."""
        return self._form(self.key(key), RotateForm())

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Rotate it and show the secret."""
        row = self.key(key)
        form = RotateForm(request.POST)
        if not form.is_valid():
            return self._form(row, form, status=422)
        overlap: timedelta = form.period()
        try:
            outcome = once(
                tenant=self.tenant,
                key=form.cleaned_data["key"],
                path=request.path,
                body={"overlap_s": overlap.total_seconds()},
                run=lambda call: rotate_api_key(
                    tenant=self.tenant,
                    api_key_id=row.id,
                    overlap=overlap,
                    held=permissions_of(self.seat.role),
                    call=call,
                ),
                id_of=lambda made: made[0].id,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._form(row, add_refusal(form, refusal), status=422)
        return self.revealed(outcome, was_rotated=True)

    def _form(self, key: ApiKey, form: RotateForm, *, status: int = 200) -> HttpResponse:
        data = {"key": api_key_row(key, timezone.now()), "form": form}
        return self.show("dashboard/api_keys/rotate.html", data, status=status)


class ApiKeyRevoke(ApiKeyPage):
    """The end of a key."""

    needs = "keys:write"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask whether it is meant."""
        return self.show("dashboard/api_keys/revoke.html", {"key": api_key_row(self.key(key), timezone.now())})

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Revoke it."""
        row = self.key(key)
        return self.act(
            lambda: revoke_api_key(tenant=self.tenant, api_key_id=row.id),
            done=f"{row.name} was revoked. Requests with it are refused from now on.",
            to=reverse("dashboard:api-keys"),
        )
