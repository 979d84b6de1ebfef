"""Webhook endpoints: list, one with its health, create, change, rotate the secret, try, switch off, delete."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dashboard.forms.endpoints import EndpointForm, RotateSecretForm
from dashboard.forms.refusals import add_refusal
from dashboard.presenters.webhooks import delivery_row, endpoint_page, endpoint_row
from dashboard.services.once import Outcome, once
from dashboard.views.page import Page, see_other
from gateway.core import clock
from gateway.core.errors import DomainError, Forbidden, NotFound
from gateway.core.ids import from_public
from webhooks import states
from webhooks.models import Endpoint
from webhooks.selectors.deliveries import deliveries_of
from webhooks.selectors.endpoints import endpoints_of, get_endpoint
from webhooks.services.create_endpoint import CreatedEndpoint, create_endpoint
from webhooks.services.delete_endpoint import delete_endpoint
from webhooks.services.rotate_secret import rotate_secret
from webhooks.services.send_test_event import send_test_event
from webhooks.services.update_endpoint import update_endpoint

_LATEST = 10


class EndpointPage(Page):
    """What the pages of this resource have in common."""

    needs = "webhooks:read"
    needs_to_write = "webhooks:write"
    place = "endpoints"

    def endpoint(self, public_id: str) -> Endpoint:
        """The merchant's endpoint. Raises `NotFound`."""
        return get_endpoint(self.tenant, from_public(Endpoint.ID_PREFIX, public_id))

    def url_of(self, endpoint: Endpoint) -> str:
        """The page of this endpoint."""
        return reverse("dashboard:endpoint", args=[endpoint.public_id])

    def revealed(self, outcome: Outcome[CreatedEndpoint], *, was_rotated: bool) -> HttpResponse:
        """The page that shows the secret; for the second click, one that says why it cannot."""
        endpoint = outcome.result.endpoint if outcome.result else get_endpoint(self.tenant, outcome.id)
        data = {
            "endpoint": endpoint_page(endpoint),
            "secret": outcome.result.secret if outcome.result else "",
            "was_rotated": was_rotated,
        }
        response = self.show("dashboard/webhooks/secret.html", data)
        response.headers["Cache-Control"] = "no-store"
        return response


class EndpointList(EndpointPage):
    """Every endpoint of this mode."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        rows = [endpoint_row(endpoint) for endpoint in endpoints_of(self.tenant)]
        data = {"rows": rows, "may_change": self.seat.may("webhooks:write")}
        return self.show("dashboard/webhooks/list.html", data)


class EndpointDetail(EndpointPage):
    """One endpoint."""

    def get(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """The page; for htmx its latest deliveries alone, with their tag."""
        row = self.endpoint(endpoint)
        latest = deliveries_of(self.tenant).filter(endpoint=row)[:_LATEST]
        data = {
            "endpoint": endpoint_page(row),
            "rows": [delivery_row(delivery) for delivery in latest],
            "is_first": True,
            "poll_url": request.get_full_path(),
            "may_change": self.seat.may("webhooks:write"),
        }
        if self.wants_fragment:
            return self.polled("dashboard/webhooks/_deliveries.html", data)
        return self.show("dashboard/webhooks/detail.html", data, polled="dashboard/webhooks/_deliveries.html")


class EndpointCreate(EndpointPage):
    """A new endpoint."""

    needs = "webhooks:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(EndpointForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create it and show the secret."""
        form = EndpointForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        wanted = form.wanted()
        try:
            outcome = once(
                tenant=self.tenant,
                key=form.cleaned_data["key"],
                path=request.path,
                body=wanted,
                run=lambda call: create_endpoint(tenant=self.tenant, now=clock.now(), call=call, **wanted),
                id_of=lambda made: made.endpoint.id,
            )
        except DomainError as refusal:
            return self._form(add_refusal(form, refusal), status=422)
        return self.revealed(outcome, was_rotated=False)

    def _form(self, form: EndpointForm, *, status: int = 200) -> HttpResponse:
        return self.show("dashboard/webhooks/form.html", {"form": form, "endpoint": None}, status=status)


class EndpointEdit(EndpointPage):
    """Another address, other events, another note."""

    needs = "webhooks:write"

    def get(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """The form."""
        row = self.endpoint(endpoint)
        initial: dict[str, Any] = {
            "url": row.url,
            "enabled_events": "\n".join(row.enabled_events),
            "description": row.description,
        }
        return self._form(row, EndpointForm(initial=initial))

    def post(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Change it."""
        row = self.endpoint(endpoint)
        form = EndpointForm(request.POST)
        if not form.is_valid():
            return self._form(row, form, status=422)
        try:
            update_endpoint(tenant=self.tenant, endpoint_id=row.id, **form.wanted())
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._form(row, add_refusal(form, refusal), status=422)
        return see_other(self.url_of(row))

    def _form(self, row: Endpoint, form: EndpointForm, *, status: int = 200) -> HttpResponse:
        data = {"form": form, "endpoint": endpoint_page(row)}
        return self.show("dashboard/webhooks/form.html", data, status=status)


class EndpointRotate(EndpointPage):
    """A new signing secret."""

    needs = "webhooks:write"

    def get(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """The form."""
        return self._form(self.endpoint(endpoint), RotateSecretForm())

    def post(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Rotate and show the secret."""
        row = self.endpoint(endpoint)
        form = RotateSecretForm(request.POST)
        if not form.is_valid():
            return self._form(row, form, status=422)
        overlap = form.period()
        try:
            outcome = once(
                tenant=self.tenant,
                key=form.cleaned_data["key"],
                path=request.path,
                body={"overlap_s": overlap.total_seconds()},
                run=lambda call: rotate_secret(tenant=self.tenant, endpoint_id=row.id, overlap=overlap, call=call),
                id_of=lambda made: made.endpoint.id,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._form(row, add_refusal(form, refusal), status=422)
        return self.revealed(outcome, was_rotated=True)

    def _form(self, row: Endpoint, form: RotateSecretForm, *, status: int = 200) -> HttpResponse:
        return self.show(
            "dashboard/webhooks/rotate.html", {"form": form, "endpoint": endpoint_page(row)}, status=status
        )


class EndpointTest(EndpointPage):
    """Something to try the receiver with."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Send a test event."""
        row = self.endpoint(endpoint)
        return self.act(
            lambda: send_test_event(tenant=self.tenant, endpoint_id=row.id, now=clock.now()),
            done="A test event is on its way. Its delivery appears below in a moment.",
            to=self.url_of(row),
        )


class EndpointStatus(EndpointPage):
    """Enabled or disabled."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Switch it."""
        row = self.endpoint(endpoint)
        status = states.ENABLED if request.POST.get("status") == states.ENABLED else states.DISABLED
        done = {
            states.ENABLED: "The endpoint is enabled. The next event goes to it.",
            states.DISABLED: "The endpoint is disabled. Nothing is sent to it until you enable it again.",
        }
        return self.act(
            lambda: update_endpoint(tenant=self.tenant, endpoint_id=row.id, status=status),
            done=done[status],
            to=self.url_of(row),
        )


class EndpointDelete(EndpointPage):
    """Never send there again."""

    needs = "webhooks:write"

    def get(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Ask whether it is meant."""
        return self.show("dashboard/webhooks/delete.html", {"endpoint": endpoint_page(self.endpoint(endpoint))})

    def post(self, request: HttpRequest, endpoint: str) -> HttpResponse:
        """Delete it."""
        row = self.endpoint(endpoint)
        return self.act(
            lambda: delete_endpoint(tenant=self.tenant, endpoint_id=row.id),
            done="The endpoint was deleted. Its deliveries stay readable.",
            to=reverse("dashboard:endpoints"),
        )
