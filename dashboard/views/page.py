"""What every page of the dashboard is: for a signed-in member, for one merchant and mode, with one permission."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.generic import View

from dashboard.presenters.shell import shell
from dashboard.selectors.seats import Seat, seat_of
from gateway.core import clock, context
from gateway.core.errors import DomainError, Forbidden, NotFound
from gateway.core.tenancy import Tenant
from merchants.models import User

MERCHANT_KEY, LIVEMODE_KEY = "merchant", "livemode"
_R = TypeVar("_R")


class Page(View):
    """Base of every page. Another merchant's object is 404, a missing permission 403, both inside the shell."""

    # What one must hold to see the page, and to send it a form.
    needs: ClassVar[str] = ""
    needs_to_write: ClassVar[str] = ""
    # The entry of the navigation that is marked.
    place: ClassVar[str] = ""
    # Whether it only chooses where to sit, and so may be sent from a page of any merchant and mode.
    chooses_seat: ClassVar[bool] = False

    seat: Seat

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the seat, check the permission, and answer on the merchant's clock, in the person's name."""
        if not isinstance(request.user, User):
            return _sign_in_first(request)
        seat = seat_of(
            request.user,
            merchant_id=_chosen_merchant(request),
            livemode=request.session.get(LIVEMODE_KEY) is True,
        )
        response: HttpResponseBase
        if seat is None:
            return render(request, "dashboard/no_merchant.html", {"user_name": request.user.email}, status=403)
        self.seat = seat
        with (
            context.bound(actor=seat.actor, merchant_id=seat.merchant.id, livemode=seat.livemode),
            clock.of_merchant(seat.merchant.id, seat.livemode),
        ):
            try:
                self._require_permission(request)
                if self._is_from_elsewhere(request):
                    response = self._elsewhere(request)
                else:
                    response = super().dispatch(request, *args, **kwargs)
            except Forbidden as refusal:
                response = self._refused(403, "You may not do that", refusal.detail)
            except NotFound as refusal:
                response = self._refused(404, "There is nothing here", refusal.detail)
        patch_vary_headers(response, ["Cookie", "HX-Request", "X-Seat"])
        if not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-cache"
        return response

    @property
    def tenant(self) -> Tenant:
        """Whose data this page shows."""
        return self.seat.tenant

    @property
    def wants_fragment(self) -> bool:
        """Whether htmx asked, and so a part of the page is enough."""
        return self.request.headers.get("HX-Request") == "true" and "HX-Boosted" not in self.request.headers

    def show(self, template: str, data: Mapping[str, Any], *, status: int = 200, polled: str = "") -> HttpResponse:
        """The page: `data` within the shell. `polled` is the part of it that will be asked for again: it carries its tag
        from the first, so that what has not changed is never drawn anew below somebody's hands.
        """
        whole = {**shell(self.seat, self.place), "seat": self.seat, **data}
        if polled:
            whole["etag"] = etag_of(polled, data, self.request)
        return render(self.request, template, whole, status=status)

    def fragment(self, template: str, data: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        """A part of the page."""
        return render(self.request, template, {"seat": self.seat, **data}, status=status)

    def polled(self, template: str, data: Mapping[str, Any]) -> HttpResponse:
        """A part of the page that is asked for again and again: 304 while it has not changed.

        The fragment carries its own tag as `etag`, which the browser's next request sends as If-None-Match.
        """
        etag = etag_of(template, data, self.request)
        if self.request.headers.get("If-None-Match") == etag:
            unchanged = HttpResponseNotModified()
            unchanged.headers["ETag"] = etag
            return unchanged
        response = self.fragment(template, {**data, "etag": etag})
        response.headers["ETag"] = etag
        return response

    def act(self, run: Callable[[], _R], *, done: str, to: str) -> HttpResponse:
        """For a button without fields: do it, say so on the page `to`; a refusal is said there too."""
        try:
            run()
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            messages.error(self.request, refusal.detail)
        else:
            messages.success(self.request, done)
        return see_other(to)

    def _require_permission(self, request: HttpRequest) -> None:
        is_reading = request.method in ("GET", "HEAD", "OPTIONS")
        needed = self.needs if is_reading else (self.needs_to_write or self.needs)
        if not self.seat.may(needed):
            raise Forbidden(f"Your role, {self.seat.role.label}, does not include this. Ask an administrator.")

    def _is_from_elsewhere(self, request: HttpRequest) -> bool:
        """Whether a form or a poll comes from a page that was drawn for another merchant or mode: the session has one
        choice for all windows, and what one window shows must not act on what another one chose.
        """
        if self.chooses_seat:
            return False
        if request.method == "POST":
            return request.POST.get("seat") != self.seat.mark
        return self.wants_fragment and request.headers.get("X-Seat") != self.seat.mark

    def _elsewhere(self, request: HttpRequest) -> HttpResponse:
        """A form is refused with the reason; a poll makes the browser load the page that is true now."""
        if request.method != "POST":
            reload = HttpResponse(status=204)
            reload.headers["HX-Refresh"] = "true"
            return reload
        mode = _("live mode") if self.seat.livemode else _("test mode")
        text = _(
            "You sent this from a page of another merchant or mode. In this browser you are now at %(merchant)s, in "
            "%(mode)s. Switch back to send it there, or open the page again to do it here."
        ) % {"merchant": self.seat.merchant.name, "mode": mode}
        return self._refused(409, _("Nothing was done"), text)

    def _refused(self, status: int, title: str, text: str) -> HttpResponse:
        if self.wants_fragment:
            data = {"title": title, "text": text, "in_dialog": self.request.method == "POST"}
            response = self.fragment("dashboard/_refused.html", data, status=status)
            response.headers["X-Fragment"] = "true"
            return response
        return self.show("dashboard/refused.html", {"refusal_title": title, "text": text}, status=status)


def etag_of(template: str, data: Mapping[str, Any], request: HttpRequest) -> str:
    """A tag of the fragment as it would be drawn now."""
    drawn = render_to_string(template, {**data, "etag": ""}, request)
    return f'"{hashlib.blake2s(drawn.encode(), digest_size=12).hexdigest()}"'


def see_other(to: str) -> HttpResponseRedirect:
    """303: the answer to a form is another page."""
    response = HttpResponseRedirect(to)
    response.status_code = 303
    return response


def _chosen_merchant(request: HttpRequest) -> UUID | None:
    kept = request.session.get(MERCHANT_KEY)
    return UUID(kept) if isinstance(kept, str) else None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = reverse("dashboard:sign-in")
        return response
    if request.method != "GET":
        return redirect("dashboard:sign-in")
    return redirect_to_login(request.get_full_path(), reverse("dashboard:sign-in"))
