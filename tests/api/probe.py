"""A small resource that uses everything the base view offers; its URLs stand beside the real ones."""

from typing import Any

from django.db import transaction
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.urls import urlpatterns as real_urlpatterns
from gateway.api.fields import Expansion
from gateway.api.filters import ListFilters
from gateway.api.idempotent import IdempotentMixin
from gateway.api.serializers import (
    AmountField,
    CurrencyField,
    MetadataField,
    StrictSerializer,
    TextField,
    TypeIdField,
)
from gateway.api.views import GatewayView
from gateway.core import clock, context
from gateway.core.errors import Conflict
from gateway.core.opening import NO_CALL, OpeningCall
from gateway.core.tenancy import Tenant
from merchants.models import ApiKey
from merchants.services.create_api_key import issue_api_key


class CardInput(StrictSerializer):
    number = TextField()
    holder_name = TextField(required=False)


class ProbeInput(StrictSerializer):
    amount = AmountField()
    currency = CurrencyField()
    metadata = MetadataField(required=False)
    card = CardInput(required=False)
    order = TypeIdField("ord", required=False)
    tags = serializers.ListField(child=TextField(max_length=5), required=False)


class ProbeFilters(ListFilters):
    name = TextField(required=False)
    search_in = ("name",)


def load_owners(tenant: Tenant, wanted: Any) -> dict[str, dict[str, Any]]:
    return {one: {"id": one, "object": "owner", "merchant": str(tenant.merchant_id)} for one in wanted if one != "gone"}


class Probe(GatewayView):
    required_permission = {"GET": "payments:read", "POST": "payments:write"}
    card_fields = ("card.number",)
    expandable = {"owner": Expansion("payments:read", load_owners)}
    filters = ProbeFilters

    def get(self, request: Request) -> Response:
        rows = ApiKey.objects.for_merchant(self.tenant)
        return self.page(
            rows,
            lambda key: {
                "id": key.public_id,
                "object": "probe",
                "name": key.name,
                "owner": "own_1",
                "deep": {"a": 1, "b": 2},
            },
        )

    def post(self, request: Request) -> Response:
        given = self.body(ProbeInput)
        bound = context.current()
        return self.answer(
            {
                "id": "probe_1",
                "object": "probe",
                "amount": given["amount"],
                "merchant": str(bound.merchant_id),
                "livemode": bound.livemode,
                "actor": bound.actor.kind,
                "now": clock.now(),
                "filler": "x" * 2000,
            },
            status=201,
        )


class ThingInput(StrictSerializer):
    name = TextField()


class Passing(Conflict):
    """A conflict of the tests that passes by itself."""

    code = "passing"
    transient = True


def make_thing(*, tenant: Tenant, name: str, call: OpeningCall = NO_CALL) -> ApiKey:
    with transaction.atomic():
        call.begin()
        thing, _ = issue_api_key(tenant=tenant, name=name, scopes=["*"], expires_at=None)
        if name == "decided":
            raise Conflict
        if name == "passing":
            raise Passing
        if name == "crash":
            raise RuntimeError("half-way")
        call.remember(thing)
    return thing


def thing_object(thing: ApiKey) -> dict[str, Any]:
    return {"id": thing.public_id, "object": "thing", "name": thing.name}


class Things(IdempotentMixin, GatewayView):
    required_permission = "keys:write"
    can_wait = True

    def post(self, request: Request) -> Response:
        name = self.body(ThingInput)["name"]
        return self.idempotent(
            request,
            run=lambda call: make_thing(tenant=self.tenant, name=name, call=call),
            render=thing_object,
            settled=self.settled,
            reload=lambda thing_id: ApiKey.objects.for_merchant(self.tenant).get(pk=thing_id),
        )

    def settled(self, thing: ApiKey) -> ApiKey | None:
        return ApiKey.objects.for_merchant(self.tenant).filter(pk=thing.pk, name__startswith="settled").first()


class Broken(GatewayView):
    required_permission = "payments:read"

    def get(self, request: Request) -> Response:
        raise RuntimeError("4242 is not the whole story")


class DatabaseDown(GatewayView):
    required_permission = "payments:read"

    def get(self, request: Request) -> Response:
        from django.db import OperationalError

        raise OperationalError("connection refused")


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/probe", Probe.as_view()),
    path("api/v1/things", Things.as_view()),
    path("api/v1/broken", Broken.as_view()),
    path("api/v1/database_down", DatabaseDown.as_view()),
    *real_urlpatterns,
]
