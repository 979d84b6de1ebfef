"""Coming in, going out, and choosing the merchant and the mode in between."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import RedirectView, View

from dashboard.forms.sign_in import SignInForm
from dashboard.services.open_session import open_session
from dashboard.views.page import LIVEMODE_KEY, MERCHANT_KEY, Page, see_other
from gateway.api import ratelimit
from gateway.api.client_address import client_address
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from merchants.errors import TooManyLogins, WrongLogin
from merchants.models import Merchant, User

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignIn(View):
    """Email and password; limited per address and per account, as the API's sign-in is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, or home for who is in already."""
        if request.user.is_authenticated:
            return redirect(_next_page(request))
        return self._form(request, SignInForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check, and open the session under a new id."""
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self._form(request, form, status=422)
        account = User.objects.normalized(form.cleaned_data["email"])
        try:
            ratelimit.require("login_ip", client_address(request), error=TooManyLogins)
            ratelimit.require("login_account", account, error=TooManyLogins)
            person = open_session(email=account, password=form.cleaned_data["password"])
        except TooManyLogins as refusal:
            minutes = math.ceil(refusal.retry_after_s / 60)
            form.add_error(None, f"Too many attempts to sign in. Wait {minutes} min, then try again.")
            response = self._form(request, form, status=429)
            response.headers["Retry-After"] = str(refusal.retry_after_s)
            return response
        except WrongLogin as refusal:
            form.add_error(None, f"{refusal.detail} Check both, then try again.")
            return self._form(request, form, status=422)
        login(request, person, backend=_BACKEND)
        return see_other(_next_page(request))

    def _form(self, request: HttpRequest, form: SignInForm, *, status: int = 200) -> HttpResponse:
        following = request.POST.get("next") or request.GET.get("next", "")
        return render(request, "dashboard/sign_in.html", {"form": form, "next": following}, status=status)


class StaffSignIn(RedirectView):
    """Where the staff pages send whom they do not know, and who is not staff: the first to sign in, the second no further."""

    pattern_name = "dashboard:sign-in"
    query_string = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """To the form; 403 for who is in already, whom the form would send straight back."""
        if isinstance(request.user, User) and not request.user.is_staff:
            raise PermissionDenied
        return super().get(request, *args, **kwargs)


class SignOut(View):
    """The end of the session."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget everything that the session held."""
        logout(request)
        return see_other(reverse("dashboard:sign-in"))


class ModeSwitch(Page):
    """Test or live."""

    http_method_names = ("post",)
    chooses_seat = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice in the session; what is shown next is the other mode's home."""
        request.session[LIVEMODE_KEY] = request.POST.get("mode") == "live"
        return see_other(reverse("dashboard:home"))


class MerchantSwitch(Page):
    """Another merchant of the same person."""

    http_method_names = ("post",)
    chooses_seat = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice in the session, if the person belongs there."""
        chosen = from_public(Merchant.ID_PREFIX, request.POST.get("merchant", ""))
        if chosen not in {self.seat.merchant.id, *(one.id for one in self.seat.others)}:
            raise NotFound
        request.session[MERCHANT_KEY] = str(chosen)
        return see_other(reverse("dashboard:home"))


def _next_page(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if asked and is_ours else reverse("dashboard:home")
